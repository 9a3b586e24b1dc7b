//! From an event to a place in a stream: `publish`, `enqueue`, `publish_all`; and `emit` for those that nobody stores.
//!
//! Retries only under the same id, and never beyond one deadline. Says nothing about an event's content.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::{HeaderMap, Subject};
use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::{Instant, sleep, timeout_at};

use crate::bus::Bus;
use crate::delivery::Trace;
use crate::error::Error;
use crate::event::{Ephemeral, Event, Stored};

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long one server without a cluster may take to find the stream of a subject: it has no leader to wait for.
const PATIENCE_WITHOUT_CLUSTER: Duration = Duration::from_secs(2);

/// The stream has the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The stream.
    pub stream: String,
    /// The event's place in it, from 1.
    pub sequence: u64,
    /// The stream already had an event under this id: this publish stored nothing. `false` when only a retry inside this
    /// publish met its own earlier attempt, or may have.
    pub duplicate: bool,
}

/// A publish that was sent and whose acknowledgement is awaited in the background, retries included.
///
/// Await it for the outcome. When it is dropped, a failure is logged and counted in
/// [`Stats::unseen_failures`](crate::Stats::unseen_failures).
#[must_use = "a publish may fail: await it for the outcome"]
#[derive(Debug)]
pub struct Pending(oneshot::Receiver<Result<Receipt, Error>>);

impl Future for Pending {
    type Output = Result<Receipt, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // The task ends without an answer only when its runtime does.
        Pin::new(&mut self.0)
            .poll(context)
            .map(|result| result.unwrap_or(Err(Error::Closed)))
    }
}

/// The outcome of a batch.
#[derive(Debug, Default)]
#[must_use = "some events of a batch may have failed"]
pub struct BatchReport {
    /// How many are stored now, duplicates included.
    pub stored: usize,
    /// How many of these the stream already had.
    pub duplicates: usize,
    /// Those that failed, by their place in the batch, from 0.
    pub failed: Vec<(usize, Error)>,
}

impl BatchReport {
    /// `Ok` when every event is stored.
    ///
    /// # Errors
    /// The first failure.
    pub fn into_result(self) -> Result<usize, Error> {
        match self.failed.into_iter().next() {
            Some((_, error)) => Err(error),
            None => Ok(self.stored),
        }
    }
}

/// A message on its way into a stream.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) subject: Subject,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Bytes,
    pub(crate) stream: &'static str,
}

impl Outgoing {
    fn stored<E: Stored>(event: &E) -> Result<Self, Error> {
        let payload = encode(event)?;
        let at = |problem| Error::Subject {
            event: E::NAME,
            problem,
        };
        let subject = event.subject().map_err(at)?;
        let id = event.message_id().map_err(at)?;
        let mut headers = HeaderMap::new();
        headers.insert(async_nats::header::NATS_MESSAGE_ID, id.as_str());
        if let Some(trace) = Trace::current() {
            trace.write(&mut headers);
        }
        Ok(Self {
            subject,
            headers,
            payload,
            stream: E::STREAM.unwrap_or_default(),
        })
    }

    /// What the server counts: headers and payload.
    pub(crate) fn size(&self) -> usize {
        let lines = self.headers.iter().flat_map(|(name, values)| {
            let name: &str = name.as_ref();
            values
                .iter()
                .map(move |value| name.len() + value.as_str().len() + 4)
        });
        "NATS/1.0\r\n\r\n".len() + lines.sum::<usize>() + self.payload.len()
    }
}

fn encode<E: Event>(event: &E) -> Result<Bytes, Error> {
    event.validate().map_err(|violations| Error::Invalid {
        event: E::NAME,
        violations,
    })?;
    let encoded = serde_json::to_vec(event).map_err(|error| Error::Encode {
        event: E::NAME,
        reason: error.to_string(),
    })?;
    Ok(encoded.into())
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
    /// Stores the event and waits until its stream has it. Retries under the same id until the publish time-out.
    ///
    /// # Errors
    /// Nothing was sent: [`Error::Invalid`], [`Error::Subject`], [`Error::Encode`], [`Error::TooLarge`],
    /// [`Error::NotConnected`], [`Error::Closed`]. Not stored: [`Error::NoStream`], [`Error::Refused`],
    /// [`Error::Server`]. Unknown, and safe to repeat: [`Error::TimedOut`].
    pub async fn publish<E: Stored>(&self, event: &E) -> Result<Receipt, Error> {
        self.open()?;
        let message = Outgoing::stored(event)?;
        let deadline = self.publish_deadline();
        let _place = self.place(&message, deadline).await?;
        self.store(&message, deadline).await
    }

    /// Sends the event and waits for its acknowledgement in the background. Waits itself only for a place in the window
    /// of unacknowledged publishes. Events arrive in the order of the calls as long as none is retried.
    ///
    /// # Errors
    /// Those of [`publish`](Bus::publish) that are known before the event is sent; the others come from the [`Pending`].
    pub async fn enqueue<E: Stored>(&self, event: &E) -> Result<Pending, Error> {
        self.open()?;
        let message = Outgoing::stored(event)?;
        let deadline = self.publish_deadline();
        let place = self.place(&message, deadline).await?;
        let mark = self.inner.events.mark();
        let first = match self.send(&message, deadline).await {
            Ok(acknowledgement) => Some((acknowledgement, mark)),
            Err(Some(error)) => return Err(error),
            Err(None) => None,
        };
        let (outcome, pending) = oneshot::channel();
        let bus = self.clone();
        tokio::spawn(async move {
            let result = bus.store_from(&message, deadline, first).await;
            drop(place);
            if let Err(Err(error)) = outcome.send(result) {
                bus.inner
                    .events
                    .counters
                    .unseen_failures
                    .fetch_add(1, Ordering::Relaxed);
                tracing::error!(subject = %message.subject, %error, "an event was not published, and nobody waits for it");
            }
        });
        Ok(Pending(pending))
    }

    /// Stores many events, with many on their way at once. One that fails does not stop the others.
    pub async fn publish_all<E: Stored>(&self, events: impl IntoIterator<Item = E>) -> BatchReport {
        let mut report = BatchReport::default();
        let mut pending = std::collections::VecDeque::new();
        for (index, event) in events.into_iter().enumerate() {
            match self.enqueue(&event).await {
                Ok(publish) => pending.push_back((index, publish)),
                Err(error) => report.failed.push((index, error)),
            }
            // Outcomes are collected on the way, so that a long batch does not pile them up.
            while pending.len() > self.inner.config.window {
                if let Some((index, publish)) = pending.pop_front() {
                    report.add(index, publish.await);
                }
            }
        }
        for (index, publish) in pending {
            report.add(index, publish.await);
        }
        report.failed.sort_by_key(|(index, _)| *index);
        report
    }

    /// Sends an ephemeral event to whoever listens now. `Ok` says that it was sent, not that anybody got it.
    ///
    /// # Errors
    /// Nothing was sent: [`Error::Invalid`], [`Error::Subject`], [`Error::Encode`], [`Error::TooLarge`],
    /// [`Error::NotConnected`], [`Error::Closed`].
    pub async fn emit<E: Ephemeral>(&self, event: &E) -> Result<(), Error> {
        self.open()?;
        let payload = encode(event)?;
        let subject = event.subject().map_err(|problem| Error::Subject {
            event: E::NAME,
            problem,
        })?;
        let mut headers = HeaderMap::new();
        if let Some(trace) = Trace::current() {
            trace.write(&mut headers);
        }
        let message = Outgoing {
            subject,
            headers,
            payload,
            stream: "",
        };
        let patience = self.inner.config.request_timeout;
        // Buffering for a later connection would deliver late what is only worth something now.
        if !self.is_connected() {
            return Err(Error::NotConnected {
                subject: message.subject.to_string(),
                after: Duration::ZERO,
            });
        }
        let client = &self.inner.client;
        let sent = async {
            if message.headers.is_empty() {
                client
                    .publish(message.subject.clone(), message.payload.clone())
                    .await
            } else {
                client
                    .publish_with_headers(
                        message.subject.clone(),
                        message.headers.clone(),
                        message.payload.clone(),
                    )
                    .await
            }
        };
        match timeout_at(Instant::now() + patience, sent).await {
            Ok(Ok(())) => {
                self.inner
                    .events
                    .counters
                    .emitted
                    .fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Ok(Err(error)) if error.kind() == async_nats::PublishErrorKind::MaxPayloadExceeded => {
                Err(self.too_large(&message))
            }
            Ok(Err(_)) => Err(Error::Closed),
            Err(_) => Err(Error::NotConnected {
                subject: message.subject.to_string(),
                after: patience,
            }),
        }
    }

    fn publish_deadline(&self) -> Instant {
        Instant::now() + self.inner.config.publish_timeout
    }

    fn too_large(&self, message: &Outgoing) -> Error {
        let limit = self.inner.client.max_payload();
        Error::TooLarge {
            subject: message.subject.to_string(),
            size: message.size(),
            limit,
        }
    }

    fn not_connected(&self, message: &Outgoing) -> Error {
        Error::NotConnected {
            subject: message.subject.to_string(),
            after: self.inner.config.publish_timeout,
        }
    }

    /// A place in the window, with enough time left to use it: sent at the last moment, the event would be stored or
    /// not, and its publisher could only guess.
    async fn place(
        &self,
        message: &Outgoing,
        deadline: Instant,
    ) -> Result<OwnedSemaphorePermit, Error> {
        let latest = deadline - self.inner.config.publish_timeout / 10;
        match timeout_at(latest, self.inner.window.clone().acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(Error::Closed),
            Err(_) => Err(self.not_connected(message)),
        }
    }

    /// Sends until it is stored, or until it is known that it will not be.
    pub(crate) async fn store(
        &self,
        message: &Outgoing,
        deadline: Instant,
    ) -> Result<Receipt, Error> {
        self.store_from(message, deadline, None).await
    }

    async fn store_from(
        &self,
        message: &Outgoing,
        deadline: Instant,
        first: Option<(PublishAckFuture, u64)>,
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
        mut first: Option<(PublishAckFuture, u64)>,
    ) -> Result<Receipt, Error> {
        let (mut pause, mut sent, mut no_stream_since) = (Duration::from_millis(20), false, None);
        loop {
            let mark = self.inner.events.mark();
            let sending = match first.take() {
                Some(earlier) => Ok(earlier),
                None => self
                    .send(message, deadline)
                    .await
                    .map(|acknowledgement| (acknowledgement, mark)),
            };
            let repeated = sent;
            let outcome = match sending {
                Ok((acknowledgement, mark)) => {
                    sent = true;
                    self.acknowledged(message, acknowledgement, mark, deadline)
                        .await
                }
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
    async fn send(
        &self,
        message: &Outgoing,
        deadline: Instant,
    ) -> Result<PublishAckFuture, Option<Error>> {
        // Sent now, it would wait in the client and be stored long after the caller was told that it failed.
        if !self.connected(deadline).await {
            return Err(None);
        }
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
            Ok(Ok(acknowledgement)) => Ok(acknowledgement),
            Ok(Err(error)) => Err(match error.kind() {
                PublishErrorKind::MaxPayloadExceeded => Some(self.too_large(message)),
                PublishErrorKind::TimedOut => None,
                _ => Some(Error::Closed),
            }),
            Err(_) => Err(None),
        }
    }

    /// Waits for the acknowledgement, until it can no longer come.
    async fn acknowledged(
        &self,
        message: &Outgoing,
        acknowledgement: PublishAckFuture,
        mark: u64,
        deadline: Instant,
    ) -> Attempt {
        let events = &self.inner.events;
        let mut connections = events.connections.subscribe();
        let patience = (self.inner.config.publish_timeout / 5).max(Duration::from_millis(100));
        let subject = &message.subject;
        let refused = events.refused(mark, |operation| is_publish_to(operation, subject));
        tokio::select! {
            biased;
            result = acknowledgement.into_future() => self.answer(message, result),
            operation = refused => Attempt::Failed(Error::Refused { operation }),
            // Over the old connection no answer comes any more.
            _ = connections.changed() => Attempt::Again,
            () = tokio::time::sleep_until(deadline.min(Instant::now() + patience)) => Attempt::Again,
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

impl BatchReport {
    fn add(&mut self, index: usize, outcome: Result<Receipt, Error>) {
        match outcome {
            Ok(receipt) => {
                self.stored += 1;
                self.duplicates += usize::from(receipt.duplicate);
            }
            Err(error) => self.failed.push((index, error)),
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
