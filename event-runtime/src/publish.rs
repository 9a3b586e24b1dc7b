//! From an event to a place in a stream: `publish`, `enqueue`, `publish_all`; and `emit` for those that nobody stores.
//!
//! Retries only under the same id, and never beyond one deadline. Says nothing about an event's content.

use std::borrow::Cow;
use std::mem::take;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::{HeaderMap, PublishErrorKind, Subject};
use bytes::Bytes;
use event_wire::{Envelope, Ephemeral, Event, MessageId, Stored};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument, Span};

use crate::bus::{Bus, within};
use crate::cloudevents;
use crate::error::Error;
use crate::outbox::Sink;
use crate::outgoing::Outgoing;
use crate::receipt::{Pending, Receipt};
use crate::spans::{self, Operation};

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

/// Converts the subject of an event to the client's, without a copy.
#[inline]
pub(crate) fn on_nats(subject: event_wire::Subject) -> Subject {
    match subject.into_inner() {
        Cow::Borrowed(text) => Subject::from_static(text),
        Cow::Owned(text) => Subject::from(text),
    }
}

impl Outgoing {
    pub(crate) fn stored<E: Stored>(event: &E, bus: &Bus) -> Result<Self, Error> {
        let payload = encode(event)?;
        let at = |problem| Error::Subject {
            event: E::NAME,
            problem,
        };
        let subject = on_nats(event.subject().map_err(at)?);
        let id = event.message_id().map_err(at)?;
        let mut headers = HeaderMap::new();
        headers.insert(async_nats::header::NATS_MESSAGE_ID, id.as_str());
        if E::ENVELOPE == Envelope::CloudEvents {
            cloudevents::write(&mut headers, E::NAME, id.as_str(), bus.source(E::NAME)?);
        }
        Ok(Self {
            subject,
            headers,
            payload,
            stream: E::STREAM.unwrap_or_default(),
        })
    }

    pub(crate) fn ephemeral<E: Ephemeral>(event: &E, bus: &Bus) -> Result<Self, Error> {
        let payload = encode(event)?;
        let subject = event.subject().map_err(|problem| Error::Subject {
            event: E::NAME,
            problem,
        })?;
        let subject = on_nats(subject);
        let mut headers = HeaderMap::new();
        if E::ENVELOPE == Envelope::CloudEvents {
            // Nobody de-duplicates it; a CloudEvent has an id all the same.
            let id = MessageId::random(E::NAME);
            cloudevents::write(&mut headers, E::NAME, id.as_str(), bus.source(E::NAME)?);
        }
        Ok(Self {
            subject,
            headers,
            payload,
            stream: "",
        })
    }
}

fn encode<E: Event>(event: &E) -> Result<Bytes, Error> {
    event.validate().map_err(|violations| Error::Invalid {
        event: E::NAME,
        violations,
    })?;
    event_wire::encode(event).map_err(|error| Error::Encode {
        event: E::NAME,
        reason: error.to_string(),
    })
}

impl Bus {
    /// Stores the event and waits until its stream has it. Retries under the same id until the publish time-out, also when
    /// the future is dropped before.
    ///
    /// # Errors
    /// Nothing was sent: [`Error::Invalid`], [`Error::Subject`], [`Error::Encode`], [`Error::NoSource`],
    /// [`Error::TooLarge`], [`Error::NotConnected`], [`Error::Closed`]. Not stored: [`Error::NoStream`], [`Error::Refused`],
    /// [`Error::Server`]. Unknown, and safe to repeat: [`Error::TimedOut`].
    pub async fn publish<E: Stored>(&self, event: &E) -> Result<Receipt, Error> {
        self.enqueue(event).await?.await
    }

    /// Sends the event and waits for its acknowledgement in the background. Waits itself only for a place in the window
    /// of unacknowledged publishes. Events arrive in the order of the calls as long as none is retried.
    ///
    /// # Errors
    /// Those of [`publish`](Bus::publish) that are known before the event is sent; the others come from the [`Pending`].
    pub async fn enqueue<E: Stored>(&self, event: &E) -> Result<Pending, Error> {
        self.open()?;
        self.enqueue_as(Operation::Publish, event).await
    }

    async fn enqueue_as<E: Stored>(
        &self,
        operation: Operation,
        event: &E,
    ) -> Result<Pending, Error> {
        let mut message = Outgoing::stored(event, self);
        let span = spans::publish::<E>(operation, &mut message);
        self.enqueue_message(message, span).await
    }

    /// What does not depend on the event's type is compiled once. The span goes on until the outcome.
    pub(crate) async fn enqueue_message(
        &self,
        message: Result<Outgoing, Error>,
        span: Span,
    ) -> Result<Pending, Error> {
        let enqueuing = pin!(async {
            let message = message?;
            let deadline = self.publish_deadline();
            let place = self.place(&message, deadline).await?;
            self.store(message, deadline, Some(place), span.clone())
                .await
        });
        let result = spans::inside(&span, enqueuing).await;
        if let Err(error) = &result {
            spans::failed(&span, error.kind(), error);
        }
        result
    }

    /// Stores many events, with many on their way at once. One that fails does not stop the others.
    pub async fn publish_all<E: Stored>(&self, events: impl IntoIterator<Item = E>) -> BatchReport {
        let span = spans::batch::<E>();
        let mut count = 0_usize;
        let events = events.into_iter().inspect(|_| count += 1);
        let report = self.publish_batch(events).instrument(span.clone()).await;
        span.record("messaging.batch.message_count", spans::number(count));
        if let Some((_, error)) = report.failed.first() {
            let failed = report.failed.len();
            let description = format_args!("{failed} of {count} events failed, the first: {error}");
            spans::failed(&span, error.kind(), &description);
        }
        report
    }

    async fn publish_batch<E: Stored>(&self, events: impl Iterator<Item = E>) -> BatchReport {
        let mut report = BatchReport::default();
        let mut pending = std::collections::VecDeque::new();
        for (index, event) in events.enumerate() {
            let enqueued = match self.open() {
                Ok(()) => self.enqueue_as(Operation::Create, &event).await,
                Err(error) => Err(error),
            };
            match enqueued {
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
    /// Nothing was sent: [`Error::Invalid`], [`Error::Subject`], [`Error::Encode`], [`Error::NoSource`],
    /// [`Error::TooLarge`], [`Error::NotConnected`], [`Error::Closed`].
    pub async fn emit<E: Ephemeral>(&self, event: &E) -> Result<(), Error> {
        self.open()?;
        let mut message = Outgoing::ephemeral(event, self);
        let span = spans::publish::<E>(Operation::Publish, &mut message);
        let result = match &mut message {
            Ok(message) => spans::inside(&span, pin!(self.emit_message(message))).await,
            Err(_) => message.map(|_| ()),
        };
        if let Err(error) = &result {
            spans::failed(&span, error.kind(), error);
        }
        result
    }

    /// Takes headers and payload out of the message.
    pub(crate) async fn emit_message(&self, message: &mut Outgoing) -> Result<(), Error> {
        let emitted = &self.inner.events.counters.emitted;
        if let Sink::Outbox(outbox) = &self.inner.sink {
            self.fits(message)?;
            outbox.emit(message);
            emitted.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        // Buffering for a later connection would deliver late what is only worth something now.
        if !self.is_connected() {
            return Err(message.not_connected(Duration::ZERO));
        }
        let (client, patience) = (&self.inner.client, self.inner.config.request_timeout);
        let until = || Instant::now() + patience;
        let (size, subject) = (message.size(), message.subject.clone());
        let payload = take(&mut message.payload);
        let sent = if message.headers.is_empty() {
            within(until, pin!(client.publish(subject, payload))).await
        } else {
            let headers = take(&mut message.headers);
            let sending = client.publish_with_headers(subject, headers, payload);
            within(until, pin!(sending)).await
        };
        match sent {
            Some(Ok(())) => {
                emitted.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Some(Err(error)) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
                Err(self.too_large(&message.subject, size))
            }
            Some(Err(_)) => Err(Error::Closed),
            None => Err(message.not_connected(patience)),
        }
    }

    pub(crate) fn publish_deadline(&self) -> Instant {
        Instant::now() + self.inner.config.publish_timeout
    }

    /// An error when a server would not take it.
    pub(crate) fn fits(&self, message: &Outgoing) -> Result<(), Error> {
        let size = message.size();
        if size > self.max_payload() {
            return Err(self.too_large(&message.subject, size));
        }
        Ok(())
    }

    pub(crate) fn too_large(&self, subject: &str, size: usize) -> Error {
        Error::TooLarge {
            subject: subject.to_owned(),
            size,
            limit: self.max_payload(),
        }
    }

    /// A place in the window, with enough time left to use it: sent at the last moment, the event would be stored or
    /// not, and its publisher could only guess.
    async fn place(
        &self,
        message: &Outgoing,
        deadline: Instant,
    ) -> Result<OwnedSemaphorePermit, Error> {
        if let Ok(place) = Arc::clone(&self.inner.window).try_acquire_owned() {
            return Ok(place);
        }
        let latest = deadline - self.inner.config.publish_timeout / 10;
        match timeout_at(latest, Arc::clone(&self.inner.window).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(Error::Closed),
            Err(_) => Err(message.not_connected(self.inner.config.publish_timeout)),
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
