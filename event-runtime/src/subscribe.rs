//! `subscribe`: every subscriber sees every event, and nothing is acknowledged.
//!
//! Ephemeral events come from a core subscription, stored ones in the order of the stream from a place in it. For work
//! that must be done once there is the listener.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_nats::{Message, Subscriber};
use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;

use crate::bus::Bus;
use crate::cloudevents;
use crate::decode::decode;
use crate::delivery::{AckSubject, Delivery, Meta};
use crate::error::Error;
use crate::event::{Envelope, Event};
use crate::ordered::{Ordered, Place};
use crate::streams::{Start, pattern_of};

/// Which events of a type to subscribe to, and how.
#[derive(Clone, Debug)]
pub struct Filter<E> {
    pattern: String,
    queue_group: Option<String>,
    start: Start,
    event: PhantomData<fn() -> E>,
}

impl<E: Event> Filter<E> {
    /// All events of the type.
    #[must_use]
    pub fn all() -> Self {
        Self::from_pattern(pattern_of(E::SUBJECT, None))
    }
}

impl<E> Filter<E> {
    pub(crate) fn from_pattern(pattern: String) -> Self {
        Self {
            pattern,
            queue_group: None,
            start: Start::New,
            event: PhantomData,
        }
    }

    /// The pattern of subjects.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Ephemeral events only: the members of the group share the events. Stored events are shared by a listener.
    #[must_use]
    pub fn queue_group(mut self, group: impl Into<String>) -> Self {
        self.queue_group = Some(group.into());
        self
    }

    /// Stored events only: where in the stream to start. Default: with the next event.
    #[must_use]
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }
}

/// A stream of events. What cannot be decoded is an `Err`, and the stream goes on.
///
/// An ephemeral subscription that is read too slowly drops the newest events ([`Stats::dropped`](crate::Stats::dropped)).
#[derive(Debug)]
pub struct Subscription<E> {
    source: Source,
    event: PhantomData<fn() -> E>,
}

#[derive(Debug)]
enum Source {
    Core(Subscriber),
    Ordered(mpsc::Receiver<Result<Place, Error>>),
}

impl<E: Event> Stream for Subscription<E> {
    type Item = Result<Delivery<E>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.source {
            Source::Core(subscriber) => subscriber
                .poll_next_unpin(context)
                .map(|message| message.map(|message| read(&message, None))),
            Source::Ordered(places) => places
                .poll_recv(context)
                .map(|place| Some(place?.and_then(|(message, info)| read(&message, Some(&info))))),
        }
    }
}

impl<E: Event> Subscription<E> {
    /// The next event; `None` once the bus is closed. The same as `StreamExt::next`, without the import.
    pub async fn next(&mut self) -> Option<Result<Delivery<E>, Error>> {
        StreamExt::next(self).await
    }
}

fn read<E: Event>(message: &Message, stored: Option<&AckSubject>) -> Result<Delivery<E>, Error> {
    let mut meta = Meta::of(message, E::STREAM.zip(stored));
    let event = match E::ENVELOPE {
        Envelope::Plain => decode(&message.payload)?,
        Envelope::CloudEvents => {
            let opened = cloudevents::open(E::NAME, message).map_err(|(_, error)| error)?;
            meta.cloud_event = opened.cloud_event;
            decode(&opened.body)?
        }
    };
    Ok(Delivery::new(event, meta))
}

impl Bus {
    /// Subscribes to events of a type: each subscriber sees each of them.
    ///
    /// # Errors
    /// [`Error::Closed`]; for stored events those of creating a consumer: the connection needs the permission to.
    pub async fn subscribe<E: Event>(&self, filter: Filter<E>) -> Result<Subscription<E>, Error> {
        self.open()?;
        let source = match E::STREAM {
            None => Source::Core(self.subscribe_core(&filter).await?),
            Some(stream) => {
                let patterns = vec![filter.pattern];
                let ordered = Ordered::open(self, stream, patterns, filter.start).await?;
                // One event waits in the channel: reading ahead is the pull's part.
                let (sender, receiver) = mpsc::channel(1);
                tokio::spawn(ordered.run(sender));
                Source::Ordered(receiver)
            }
        };
        Ok(Subscription {
            source,
            event: PhantomData,
        })
    }

    pub(crate) async fn subscribe_core<E>(&self, filter: &Filter<E>) -> Result<Subscriber, Error> {
        self.has_server(&filter.pattern)?;
        let client = self.client();
        let subscriber = match &filter.queue_group {
            Some(group) => {
                client
                    .queue_subscribe(filter.pattern.clone(), group.clone())
                    .await
            }
            None => client.subscribe(filter.pattern.clone()).await,
        };
        let subscriber = subscriber.map_err(|_| Error::Closed)?;
        // Whoever publishes after this function has returned is heard.
        let deadline = tokio::time::Instant::now() + self.inner.config.request_timeout;
        let subject = &filter.pattern;
        let mark = self.inner.events.mark();
        let refused = self.inner.events.refused(mark, |operation| {
            operation
                .strip_prefix("Subscription to \"")
                .is_some_and(|rest| rest.starts_with(&**subject))
        });
        tokio::select! {
            biased;
            operation = refused => Err(Error::Refused { operation }),
            _ = self.round_trip(deadline) => Ok(subscriber),
        }
    }
}
