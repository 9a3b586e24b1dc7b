//! One message on its way into a stream: attempts under the same id until it is stored, refused, or too late.
//!
//! Knows nothing of events: dead letters and redrives go this way too. Who reads the answers is `acks`.

use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::{Message, PublishErrorKind, StatusCode};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::{Instant, sleep};
use tracing::{Instrument, Span};

use crate::bus::{Bus, within};
use crate::connection::Events;
use crate::error::Error;
use crate::outbox::Sink;
use crate::outgoing::Outgoing;
use crate::receipt::{Pending, Receipt};
use crate::spans;

/// The pause after the first attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Time for which a server without a cluster is asked again for the stream of a subject: it has no leader to wait for.
const PATIENCE_WITHOUT_CLUSTER: Duration = Duration::from_secs(2);

/// A publish in flight.
#[derive(Debug)]
pub(crate) struct Publish {
    bus: Bus,
    message: Outgoing,
    deadline: Instant,
    outcome: oneshot::Sender<Result<Receipt, Error>>,
    /// It goes on until the outcome.
    span: Span,
    /// Permit of the window; released with the outcome.
    place: Option<OwnedSemaphorePermit>,
    /// Number of attempts that the client has accepted.
    sent: u32,
    pause: Duration,
    no_stream_since: Option<Instant>,
    /// Mark of refusals at the start of the attempt: earlier ones do not concern it.
    refusals: u64,
    connections: u64,
    /// Deadline of its acknowledgement.
    until: Instant,
}

/// Result of one attempt.
pub(crate) enum Attempt {
    Done(Receipt),
    Failed(Error),
    /// The event may be stored or not; another attempt under the same id will tell.
    Again,
    /// No stream took the subject: there is none, or none has a leader yet.
    NoStream,
}

/// Acknowledgement of a stream.
#[derive(Deserialize)]
struct Answer {
    stream: Option<String>,
    seq: Option<u64>,
    #[serde(default)]
    duplicate: bool,
    error: Option<async_nats::jetstream::Error>,
}

impl Bus {
    /// Sends a message with retries until its outcome is known; returns when it is sent for the first time.
    pub(crate) async fn store(
        &self,
        message: Outgoing,
        deadline: Instant,
        place: Option<OwnedSemaphorePermit>,
        span: Span,
    ) -> Result<Pending, Error> {
        let (outcome, pending) = oneshot::channel();
        let publish = Publish {
            bus: self.clone(),
            message,
            deadline,
            outcome,
            span,
            place,
            sent: 0,
            pause: FIRST_PAUSE,
            no_stream_since: None,
            refusals: 0,
            connections: 0,
            until: deadline,
        };
        match publish.send().await {
            None => {}
            // Known at once, and told at once.
            Some((publish, Attempt::Failed(error))) => {
                publish.count_failure();
                return Err(error);
            }
            Some((publish, attempt)) => publish.after(attempt),
        }
        Ok(Pending(pending))
    }

    fn no_stream_patience(&self) -> Duration {
        match self.inner.client.server_info().cluster {
            Some(_) => self.inner.config.publish_timeout,
            None => PATIENCE_WITHOUT_CLUSTER,
        }
    }
}

impl Publish {
    /// Hands the message to the client, once there is a connection. Gives back what the client did not take, and why.
    async fn send(mut self) -> Option<(Box<Self>, Attempt)> {
        let bus = self.bus.clone();
        if let Sink::Outbox(outbox) = &bus.inner.sink {
            let stored = match bus.fits(&self.message) {
                Ok(()) => outbox.stored(&self.message),
                Err(error) => Err(error),
            };
            match stored {
                Ok(stored) => {
                    let stream = self.message.stream.to_owned();
                    self.finish(Ok(Receipt {
                        stream,
                        sequence: stored.sequence,
                        duplicate: stored.duplicate,
                    }));
                }
                Err(error) => return Some((Box::new(self), Attempt::Failed(error))),
            }
            return None;
        }
        // Sent now, it would wait in the client and be stored long after the caller was told that it failed.
        if !bus.connected(self.deadline).await {
            return Some((Box::new(self), Attempt::Again));
        }
        let acks = match within(|| self.deadline, pin!(bus.acks())).await {
            Some(Ok(acks)) => acks,
            Some(Err(error)) => return Some((Box::new(self), Attempt::Failed(error))),
            None => return Some((Box::new(self), Attempt::Again)),
        };
        let events = &bus.inner.events;
        self.refusals = events.mark();
        self.connections = *events.connections.borrow();
        self.sent += 1;
        let (deadline, patience) = (self.deadline, bus.inner.config.publish_timeout / 5);
        self.until = deadline.min(Instant::now() + patience.max(Duration::from_millis(100)));
        let (subject, headers, payload) = (
            self.message.subject.clone(),
            self.message.headers.clone(),
            self.message.payload.clone(),
        );
        let ticket = match acks.keep(self) {
            Ok(ticket) => ticket,
            Err(publish) => return Some((publish, Attempt::Failed(Error::Closed))),
        };
        let sending = bus.inner.client.publish_with_reply_and_headers(
            subject,
            ticket.reply(),
            headers,
            payload,
        );
        let failed = match within(|| deadline, pin!(sending)).await {
            Some(Ok(())) => {
                ticket.sent();
                return None;
            }
            Some(Err(error)) => Some(error.kind()),
            None => None,
        };
        let mut publish = ticket.take_back()?;
        publish.sent -= 1;
        let attempt = match failed {
            Some(PublishErrorKind::MaxPayloadExceeded) => {
                let message = &publish.message;
                Attempt::Failed(bus.too_large(&message.subject, message.size()))
            }
            Some(_) => Attempt::Failed(Error::Closed),
            None => Attempt::Again,
        };
        Some((Box::new(publish), attempt))
    }

    /// Returns the result of this attempt if no acknowledgement can come any more.
    pub(crate) fn lost(&self, now: Instant, events: &Events) -> Option<Attempt> {
        let subject = &self.message.subject;
        let concerns = |operation: &str| is_publish_to(operation, subject);
        if let Some(operation) = events.find_refusal(self.refusals, &concerns) {
            return Some(Attempt::Failed(Error::Refused { operation }));
        }
        // Over the old connection no answer comes.
        let reconnected = *events.connections.borrow() != self.connections;
        (reconnected || now >= self.until).then_some(Attempt::Again)
    }

    /// Interprets an acknowledgement.
    pub(crate) fn answer(&self, message: &Message) -> Attempt {
        if message.status == Some(StatusCode::NO_RESPONDERS) {
            return Attempt::NoStream;
        }
        match serde_json::from_slice(&message.payload) {
            Ok(Answer {
                error: Some(error), ..
            }) if is_passing(&error) => Attempt::Again,
            Ok(Answer {
                error: Some(error), ..
            }) => Attempt::Failed(Error::Server {
                what: format!("publishing to {}", self.message.subject),
                code: error.error_code().0,
                description: words(&error),
            }),
            Ok(Answer {
                stream: Some(stream),
                seq: Some(sequence),
                duplicate,
                ..
            }) => Attempt::Done(Receipt {
                stream,
                sequence,
                // What the stream knows already may well be an earlier attempt of this very publish.
                duplicate: duplicate && self.sent <= 1,
            }),
            // No stream speaks like this.
            _ => Attempt::Again,
        }
    }

    /// Continues after an attempt: to the outcome, or to a retry after a pause.
    pub(crate) fn after(mut self, attempt: Attempt) {
        let now = Instant::now();
        let in_time = now + self.pause < self.deadline;
        match attempt {
            Attempt::Done(receipt) => return self.finish(Ok(receipt)),
            Attempt::Failed(error) => return self.finish(Err(error)),
            Attempt::Again => self.no_stream_since = None,
            Attempt::NoStream => {
                let since = *self.no_stream_since.get_or_insert(now);
                if !in_time || now - since >= self.bus.no_stream_patience() {
                    let error = Error::NoStream {
                        subject: self.message.subject.to_string(),
                        stream: self.message.stream,
                    };
                    return self.finish(Err(error));
                }
            }
        }
        if !in_time {
            let after = self.bus.inner.config.publish_timeout;
            let error = if self.sent > 0 {
                Error::TimedOut {
                    subject: self.message.subject.to_string(),
                    stream: self.message.stream,
                    after,
                }
            } else {
                self.message.not_connected(after)
            };
            return self.finish(Err(error));
        }
        let span = self.span.clone();
        tokio::spawn(self.again().instrument(span));
    }

    /// The next attempt.
    async fn again(mut self) {
        sleep(jittered(self.pause)).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        let counters = &self.bus.inner.events.counters;
        counters.publish_retries.fetch_add(1, Ordering::Relaxed);
        if let Some((publish, attempt)) = self.send().await {
            publish.after(attempt);
        }
    }

    /// The outcome.
    pub(crate) fn finish(mut self, result: Result<Receipt, Error>) {
        let counters = &self.bus.inner.events.counters;
        match &result {
            Ok(receipt) => {
                counters.published.fetch_add(1, Ordering::Relaxed);
                if receipt.duplicate {
                    counters.duplicates.fetch_add(1, Ordering::Relaxed);
                }
            }
            Err(_) => self.count_failure(),
        }
        spans::published(&self.span, &result);
        // Before anybody learns of it: who does may want the place for the next event.
        self.place = None;
        if let Err(Err(error)) = self.outcome.send(result) {
            counters.unseen_failures.fetch_add(1, Ordering::Relaxed);
            self.span.in_scope(|| {
                tracing::error!(subject = %self.message.subject, %error, "an event was not published, and nobody waits for it");
            });
        }
    }

    fn count_failure(&self) {
        let failures = &self.bus.inner.events.counters.publish_failures;
        failures.fetch_add(1, Ordering::Relaxed);
    }
}

/// Returns true if the server's message `Publish to "…"` is about this subject.
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

/// Returns true if the error is transient: no leader, no resources, overload, or the same id is being stored at this
/// moment.
fn is_passing(error: &async_nats::jetstream::Error) -> bool {
    // A full stream says "store failed" with the code of an outage, and does not get emptier by waiting.
    let full = error.error_code() == ErrorCode::STREAM_STORE_FAILED;
    (error.code() == 503 && !full)
        || matches!(
            error.error_code(),
            ErrorCode::STREAM_DUPLICATE_MESSAGE_CONFLICT | ErrorCode::STREAM_TOO_MANY_REQUESTS
        )
}

/// The pause and up to a half more: those that failed together shall not come back together.
pub fn jittered(pause: Duration) -> Duration {
    use std::hash::{BuildHasher, Hasher};
    let random = std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish();
    pause + pause.mul_f64((random % 1_000) as f64 / 2_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_tried_again_and_nothing_else() {
        for (code, err_code, passing) in [
            (503, 10_008, true),  // no leader
            (503, 10_077, false), // the stream is full
            (400, 10_158, true),  // the same id is being stored
            (429, 10_167, true),  // too much to do
            (400, 10_060, false), // another last sequence than the one expected
        ] {
            let answer = format!(r#"{{"code":{code},"err_code":{err_code},"description":""}}"#);
            let error: async_nats::jetstream::Error = serde_json::from_str(&answer).unwrap();
            assert_eq!(is_passing(&error), passing, "{answer}");
        }
    }
}
