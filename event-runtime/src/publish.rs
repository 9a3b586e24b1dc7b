//! Publishing: `publish`, `enqueue` and `publish_all` for stored events, `emit` for ephemeral ones.
//!
//! Retries use the same message id and end at one deadline. Never logs the content of an event.

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

/// Outcomes of a batch.
#[derive(Debug, Default)]
#[non_exhaustive]
#[must_use = "some events of a batch may have failed"]
pub struct BatchReport {
    /// Number of events that are stored now, duplicates included.
    pub stored: usize,
    /// Number of these that the stream deduplicated.
    pub duplicates: usize,
    /// Events that failed, by their index in the batch.
    pub failed: Vec<(usize, Error)>,
}

impl BatchReport {
    /// Returns the number of stored events if none has failed.
    ///
    /// # Errors
    /// Returns the error of the first event that failed.
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
    /// Publishes an event and waits until its stream has acknowledged it. Retries with the same message id until the publish
    /// time-out.
    ///
    /// # Errors
    /// Returns [`Error::Invalid`], [`Error::Subject`], [`Error::Encode`], [`Error::NoSource`], [`Error::TooLarge`],
    /// [`Error::NotConnected`] or [`Error::Closed`] if nothing was sent; [`Error::NoStream`], [`Error::Refused`] or
    /// [`Error::Server`] if the event was not stored; [`Error::TimedOut`] if that is unknown: publishing again is safe then.
    ///
    /// # Cancel safety
    /// Dropped before the event is sent, nothing is published. Dropped later, the publish and its retries go on in the
    /// background, and a failure is logged. Publishing the same event again is deduplicated.
    ///
    /// # Examples
    /// ```no_run
    /// # use event_runtime::{Bus, Event, serde::{Deserialize, Serialize}};
    /// # #[derive(Debug, Serialize, Deserialize, Event)]
    /// # #[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
    /// # #[event(name = "shop.OrderPlaced", subject = "orders.placed", stream = "ORDERS", id = "order_id")]
    /// # struct OrderPlaced { order_id: event_runtime::Uuid }
    /// # async fn place(bus: &Bus, order: OrderPlaced) -> Result<(), event_runtime::Error> {
    /// let receipt = bus.publish(&order).await?;
    /// println!("{} in {}", receipt.sequence, receipt.stream);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn publish<E: Stored>(&self, event: &E) -> Result<Receipt, Error> {
        self.enqueue(event).await?.await
    }

    /// Sends an event; its acknowledgement comes with the returned [`Pending`]. When the window of unacknowledged publishes is
    /// full, it applies backpressure. Events arrive in the order of the calls as long as none is retried.
    ///
    /// # Errors
    /// Returns the errors of [`publish`](Bus::publish) that are known before the event is sent; the [`Pending`] returns the others.
    ///
    /// # Cancel safety
    /// Dropped before the event is sent, nothing is published.
    ///
    /// # Examples
    /// ```no_run
    /// # use event_runtime::{Bus, Event, serde::{Deserialize, Serialize}};
    /// # #[derive(Debug, Serialize, Deserialize, Event)]
    /// # #[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
    /// # #[event(name = "shop.OrderPlaced", subject = "orders.placed", stream = "ORDERS", id = "order_id")]
    /// # struct OrderPlaced { order_id: event_runtime::Uuid }
    /// # async fn place(bus: &Bus, first: OrderPlaced, second: OrderPlaced) -> Result<(), event_runtime::Error> {
    /// let (first, second) = (bus.enqueue(&first).await?, bus.enqueue(&second).await?);
    /// println!("{} and {}", first.await?.sequence, second.await?.sequence);
    /// # Ok(())
    /// # }
    /// ```
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

    /// Sends a message. Independent of the event's type, so that it is compiled once. The span lasts until the outcome.
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

    /// Publishes many events, with as many in flight as the window allows. A failed event does not stop the others.
    ///
    /// # Cancel safety
    /// Not cancel safe: events already sent are stored, and the report of their outcomes is lost.
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

    /// Sends an ephemeral event to the current subscribers. `Ok` means that it was sent, not that anybody received it.
    ///
    /// # Errors
    /// Returns [`Error::Invalid`], [`Error::Subject`], [`Error::Encode`], [`Error::NoSource`], [`Error::TooLarge`],
    /// [`Error::NotConnected`] or [`Error::Closed`] if nothing was sent.
    ///
    /// # Cancel safety
    /// Cancel safe: dropped before it completes, the event may or may not have been sent.
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
            outbox.sent(message);
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

    /// Returns an error if a server would reject its size.
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

    /// Acquires a permit of the window, with enough time left to use it: sent at the last moment, the event would be stored or
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
