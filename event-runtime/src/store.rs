//! One message on its way into a stream: attempts under the same id until it is stored, refused, or too late.
//!
//! Knows nothing of events: dead letters and redrives go this way too.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use tokio::time::{Instant, sleep, timeout_at};

use crate::bus::Bus;
#[cfg(feature = "testing")]
use crate::bus::Sink;
use crate::error::Error;
use crate::publish::{Outgoing, Receipt};

/// How long an acknowledgement is waited for before anything else is.
const AT_ONCE: Duration = Duration::from_millis(25);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long one server without a cluster may take to find the stream of a subject: it has no leader to wait for.
const PATIENCE_WITHOUT_CLUSTER: Duration = Duration::from_secs(2);

/// A message that is on its way.
pub(crate) enum Sent {
    /// The client has taken it.
    Waiting(Waiting),
    /// Recorded, and not sent anywhere.
    #[cfg(feature = "testing")]
    Recorded(Receipt),
}

/// A message that the client has taken, and the moment: what happened before does not concern it.
pub(crate) struct Waiting {
    acknowledgement: PublishAckFuture,
    refusals: u64,
    connections: u64,
}

/// What one attempt came to.
enum Attempt {
    Done(Receipt),
    Failed(Error),
    /// The event may be stored or not; another attempt under the same id will tell.
    Again,
    /// No stream took the subject: there is none, or none has a leader yet.
    NoStream,
}

impl Bus {
    /// Sends until it is stored, or until it is known that it will not be.
    pub(crate) async fn store(
        &self,
        message: &Outgoing,
        deadline: Instant,
    ) -> Result<Receipt, Error> {
        self.store_from(message, deadline, None).await
    }

    pub(crate) async fn store_from(
        &self,
        message: &Outgoing,
        deadline: Instant,
        first: Option<Sent>,
    ) -> Result<Receipt, Error> {
        let result = self.attempts(message, deadline, first).await;
        let counters = &self.inner.events.counters;
        match &result {
            Ok(receipt) => {
                counters.published.fetch_add(1, Ordering::Relaxed);
                counters
                    .duplicates
                    .fetch_add(u64::from(receipt.duplicate), Ordering::Relaxed);
            }
            Err(_) => {
                counters.publish_failures.fetch_add(1, Ordering::Relaxed);
            }
        }
        result
    }

    async fn attempts(
        &self,
        message: &Outgoing,
        deadline: Instant,
        mut first: Option<Sent>,
    ) -> Result<Receipt, Error> {
        let (mut pause, mut sent, mut no_stream_since) = (Duration::from_millis(20), false, None);
        loop {
            let sending = match first.take() {
                Some(earlier) => Ok(earlier),
                None => self.send(message, deadline).await,
            };
            let repeated = sent;
            let outcome = match sending {
                Ok(Sent::Waiting(waiting)) => {
                    sent = true;
                    self.acknowledged(message, waiting, deadline).await
                }
                #[cfg(feature = "testing")]
                Ok(Sent::Recorded(receipt)) => Attempt::Done(receipt),
                Err(Some(error)) => Attempt::Failed(error),
                Err(None) => Attempt::Again,
            };
            match outcome {
                // What the stream knows already may well be an earlier attempt of this very publish.
                Attempt::Done(receipt) => {
                    return Ok(Receipt {
                        duplicate: receipt.duplicate && !repeated,
                        ..receipt
                    });
                }
                Attempt::Failed(error) => return Err(error),
                Attempt::Again => no_stream_since = None,
                Attempt::NoStream => {
                    let since = *no_stream_since.get_or_insert_with(Instant::now);
                    if since.elapsed() >= self.no_stream_patience()
                        || Instant::now() + pause >= deadline
                    {
                        return Err(Error::NoStream {
                            subject: message.subject.to_string(),
                            stream: message.stream,
                        });
                    }
                }
            }
            if Instant::now() + pause >= deadline {
                let after = self.inner.config.publish_timeout;
                let subject = message.subject.to_string();
                return Err(if sent {
                    Error::TimedOut {
                        subject,
                        stream: message.stream,
                        after,
                    }
                } else {
                    self.not_connected(message)
                });
            }
            sleep(jittered(pause)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            self.inner
                .events
                .counters
                .publish_retries
                .fetch_add(1, Ordering::Relaxed);
        }
    }

    fn no_stream_patience(&self) -> Duration {
        match self.inner.client.server_info().cluster {
            Some(_) => self.inner.config.publish_timeout,
            None => PATIENCE_WITHOUT_CLUSTER,
        }
    }

    /// Hands the message to the client, once there is a connection. An error without a reason may pass.
    pub(crate) async fn send(
        &self,
        message: &Outgoing,
        deadline: Instant,
    ) -> Result<Sent, Option<Error>> {
        #[cfg(feature = "testing")]
        if let Sink::Records(records) = &self.inner.sink {
            return match message.size() > self.max_payload() {
                true => Err(Some(self.too_large(message))),
                false => records.store(message).map(Sent::Recorded).map_err(Some),
            };
        }
        // Sent now, it would wait in the client and be stored long after the caller was told that it failed.
        if !self.connected(deadline).await {
            return Err(None);
        }
        let events = &self.inner.events;
        let (refusals, connections) = (events.mark(), *events.connections.borrow());
        let publish = PublishMessage::build()
            .headers(message.headers.clone())
            .payload(message.payload.clone());
        match timeout_at(
            deadline,
            self.inner
                .jetstream
                .send_publish(message.subject.clone(), publish),
        )
        .await
        {
            Ok(Ok(acknowledgement)) => Ok(Sent::Waiting(Waiting {
                acknowledgement,
                refusals,
                connections,
            })),
            Ok(Err(error)) => Err(match error.kind() {
                PublishErrorKind::MaxPayloadExceeded => Some(self.too_large(message)),
                PublishErrorKind::TimedOut => None,
                _ => Some(Error::Closed),
            }),
            Err(_) => Err(None),
        }
    }

    /// Waits for the acknowledgement, until it can no longer come.
    async fn acknowledged(&self, message: &Outgoing, sent: Waiting, deadline: Instant) -> Attempt {
        let began = Instant::now();
        let mut acknowledgement = sent.acknowledgement.into_future();
        // Nearly always the answer is there at once; watching for everything else costs more than the answer.
        if let Ok(result) = timeout_at(deadline.min(began + AT_ONCE), &mut acknowledgement).await {
            return self.answer(message, result);
        }
        let events = &self.inner.events;
        let mut connections = events.connections.subscribe();
        let patience = (self.inner.config.publish_timeout / 5).max(Duration::from_millis(100));
        let subject = &message.subject;
        let refused = events.refused(sent.refusals, |operation| is_publish_to(operation, subject));
        tokio::select! {
            biased;
            result = acknowledgement => self.answer(message, result),
            operation = refused => Attempt::Failed(Error::Refused { operation }),
            // Over the old connection no answer comes any more.
            _ = connections.wait_for(|now| *now != sent.connections) => Attempt::Again,
            () = tokio::time::sleep_until(deadline.min(began + patience)) => Attempt::Again,
        }
    }

    fn answer(
        &self,
        message: &Outgoing,
        result: Result<async_nats::jetstream::publish::PublishAck, PublishError>,
    ) -> Attempt {
        let error = match result {
            Ok(ack) => {
                return Attempt::Done(Receipt {
                    stream: ack.stream,
                    sequence: ack.sequence,
                    duplicate: ack.duplicate,
                });
            }
            Err(error) => error,
        };
        match error.kind() {
            PublishErrorKind::StreamNotFound => Attempt::NoStream,
            PublishErrorKind::TimedOut | PublishErrorKind::BrokenPipe => Attempt::Again,
            PublishErrorKind::MaxPayloadExceeded => Attempt::Failed(self.too_large(message)),
            _ => {
                let source = std::error::Error::source(&error)
                    .and_then(|e| e.downcast_ref::<async_nats::jetstream::Error>());
                match source {
                    Some(source) if is_passing(source) => Attempt::Again,
                    Some(source) => Attempt::Failed(Error::Server {
                        what: format!("publishing to {}", message.subject),
                        code: source.error_code().0,
                        description: words(source),
                    }),
                    None => Attempt::Again,
                }
            }
        }
    }
}

/// Whether the server's words `Publish to "…"` are about this subject.
pub(crate) fn is_publish_to(operation: &str, subject: &str) -> bool {
    operation
        .strip_prefix("Publish to \"")
        .and_then(|rest| rest.strip_suffix('"'))
        == Some(subject)
}

/// The server's words without its numbers.
fn words(error: &async_nats::jetstream::Error) -> String {
    let text = error.to_string();
    text.split_once(" (code ")
        .map_or(text.as_str(), |(words, _)| words)
        .to_owned()
}

/// Whether the server only cannot do it now: no leader, no resources, or the same id is being stored at this moment.
fn is_passing(error: &async_nats::jetstream::Error) -> bool {
    // A full stream says "store failed" with the code of an outage, and does not get emptier by waiting.
    let full = error.error_code() == ErrorCode::STREAM_STORE_FAILED;
    (error.code() == 503 && !full)
        || error.error_code() == ErrorCode::STREAM_DUPLICATE_MESSAGE_CONFLICT
}

/// The pause and up to a half more: those that failed together shall not come back together.
pub(crate) fn jittered(pause: Duration) -> Duration {
    use std::hash::{BuildHasher, Hasher};
    let random = std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish();
    pause + pause.mul_f64((random % 1_000) as f64 / 2_000.0)
}
