//! Subscriptions: each subscriber receives every event, without acknowledgements.
//!
//! Ephemeral events come from a core subscription, stored ones in stream order from a start position. To handle each event
//! once, use the listener.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_nats::{Message, Subscriber};
use event_wire::{Envelope, Event, Filter, decode};
use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;

use crate::bus::Bus;
use crate::cloudevents;
use crate::delivery::{AckSubject, Delivery, Meta};
use crate::error::Error;
use crate::ordered::{Ordered, Place};

/// A stream of events. An event that cannot be decoded is an `Err`, and the stream goes on.
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
    /// Returns the next event; `None` once the bus is closed. Equivalent to `StreamExt::next`, without the import.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost.
    pub async fn next(&mut self) -> Option<Result<Delivery<E>, Error>> {
        StreamExt::next(self).await
    }
}

fn read<E: Event>(message: &Message, stored: Option<&AckSubject>) -> Result<Delivery<E>, Error> {
    let mut meta = Meta::of(message, E::STREAM.zip(stored));
    let event = match E::ENVELOPE {
        Envelope::CloudEvents => {
            let opened = cloudevents::open(E::NAME, message).map_err(|(_, error)| error)?;
            meta.cloud_event = opened.cloud_event;
            decode(&opened.body)?
        }
        _ => decode(&message.payload)?,
    };
    Ok(Delivery::new(event, meta))
}

impl Bus {
    /// Subscribes to events of a type: each subscriber receives every event.
    ///
    /// # Errors
    /// Returns [`Error::Closed`] if the bus is closed, and [`Error::Refused`] if the connection may not subscribe or, for stored events,
    /// create a consumer.
    ///
    /// # Cancel safety
    /// Cancel safe: dropping the future ends the subscription.
    ///
    /// # Examples
    /// ```no_run
    /// # use event_runtime::{Bus, Event, Filter, serde::{Deserialize, Serialize}};
    /// # #[derive(Debug, Serialize, Deserialize, Event)]
    /// # #[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
    /// # #[event(name = "shop.OrderPlaced", subject = "orders.placed", stream = "ORDERS", id = "order_id")]
    /// # struct OrderPlaced { order_id: event_runtime::Uuid }
    /// # async fn watch(bus: &Bus) -> Result<(), event_runtime::Error> {
    /// let mut orders = bus.subscribe(Filter::<OrderPlaced>::all()).await?;
    /// while let Some(order) = orders.next().await {
    ///     println!("{}", order?.event.order_id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn subscribe<E: Event>(&self, filter: Filter<E>) -> Result<Subscription<E>, Error> {
        self.open()?;
        let (pattern, queue_group, start) = filter.into_parts();
        let source = match E::STREAM {
            None => Source::Core(self.subscribe_core(&pattern, queue_group).await?),
            Some(stream) => {
                let ordered = Ordered::open(self, stream, vec![pattern], start).await?;
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

    pub(crate) async fn subscribe_core(
        &self,
        pattern: &str,
        queue_group: Option<String>,
    ) -> Result<Subscriber, Error> {
        self.has_server(pattern)?;
        let client = self.client();
        let subscriber = match queue_group {
            Some(group) => client.queue_subscribe(pattern.to_owned(), group).await,
            None => client.subscribe(pattern.to_owned()).await,
        };
        let subscriber = subscriber.map_err(|_| Error::Closed)?;
        // Whoever publishes after this function has returned is heard.
        let deadline = tokio::time::Instant::now() + self.inner.config.request_timeout;
        let mark = self.inner.events.mark();
        let refused = self.inner.events.refused(mark, |operation| {
            operation
                .strip_prefix("Subscription to \"")
                .is_some_and(|rest| rest.starts_with(pattern))
        });
        tokio::select! {
            biased;
            operation = refused => Err(Error::Refused { operation }),
            _ = self.round_trip(deadline) => Ok(subscriber),
        }
    }
}
