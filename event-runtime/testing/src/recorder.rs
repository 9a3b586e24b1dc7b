//! Handlers without a server: an event goes in, the outcome and the events that follow from it come out.
//!
//! Deliveries go through the code of the listener, and follow-up events through that of the publisher; only the way to
//! a server and back is missing. So it shows nothing about time: no lease, no redelivery, no concurrency.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{HeaderMap, Subject};
use bytes::Bytes;
use event_runtime::by_hand::{self, Hand, Outgoing};
use event_runtime::dead_letter::{Cause, MESSAGE_ID};
use event_runtime::{Bus, Ephemeral, Error, Event, Listener, MessageId, Stored, Trace};
use event_wire::streams::DEAD_LETTERS;

use crate::records::{Recorded, Records};

/// A service's handlers on a bus that records instead of sending.
///
/// ```
/// use std::sync::Arc;
///
/// use event_runtime::serde::{Deserialize, Serialize};
/// use event_runtime::{Bus, Delivery, Event, Failure, Listener, Service};
/// use event_testing::{Outcome, Recorder};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
/// #[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
/// #[event(name = "shop.OrderPlaced", subject = "orders:placed", stream = "ORDERS", id = "order_id")]
/// struct OrderPlaced {
///     order_id: u64,
///     cents: u64,
/// }
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
/// #[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
/// #[event(name = "shop.InvoiceSent", subject = "invoices:sent", stream = "INVOICES", id = "order_id")]
/// struct InvoiceSent {
///     order_id: u64,
/// }
///
/// struct Billing {
///     bus: Bus,
/// }
///
/// impl Billing {
///     async fn order_placed(&self, delivery: Delivery<OrderPlaced>) -> Result<(), Failure> {
///         let order = delivery.event;
///         if order.cents == 0 {
///             return Err(Failure::dead("there is nothing to pay"));
///         }
///         InvoiceSent { order_id: order.order_id }.publish(&self.bus).await?;
///         Ok(())
///     }
/// }
///
/// // The same function that the service calls, with its own bus, in `main`.
/// fn listener(bus: &Bus) -> Listener<Billing> {
///     Listener::new(bus, Service::new("billing"), Billing { bus: bus.clone() })
///         .on(|billing: Arc<Billing>, delivery| async move { billing.order_placed(delivery).await })
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), event_runtime::Error> {
/// let mut recorder = Recorder::new(listener).await?;
///
/// let delivered = recorder.deliver(&OrderPlaced { order_id: 7, cents: 995 }).await?;
/// assert_eq!(delivered.outcome, Outcome::Handled);
/// assert_eq!(delivered.events::<InvoiceSent>()?, [InvoiceSent { order_id: 7 }]);
///
/// let delivered = recorder.deliver(&OrderPlaced { order_id: 8, cents: 0 }).await?;
/// assert_eq!(delivered.dead_reason(), Some("there is nothing to pay"));
/// assert!(delivered.published.is_empty());
///
/// // What a publisher of another language may send.
/// let delivered = recorder.deliver_raw("orders:placed", r#"{"orderId":"7"}"#).await?;
/// assert_eq!(delivered.dead_reason(), Some("shop.OrderPlaced: at orderId: expected u64"));
/// # Ok(())
/// # }
/// ```
///
/// Several deliveries of one recorder share the streams that it stands for: an event that a handler publishes a second
/// time under the same id is a duplicate, and not recorded again.
pub struct Recorder<H> {
    hand: Hand<H>,
    records: Arc<Records>,
    sequence: u64,
}

impl<H> fmt::Debug for Recorder<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("service", self.hand.service())
            .field("deliveries", &self.sequence)
            .finish_non_exhaustive()
    }
}

/// Outcome of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The handler succeeded: the delivery is acknowledged.
    Handled,
    /// It would be delivered again.
    Retried {
        /// After this delay: the handler's own, or that of the service's policy and up to a half more.
        after: Duration,
        /// Reason.
        reason: String,
    },
    /// It is in the dead letters.
    Dead {
        /// Kind of the reason.
        cause: Cause,
        /// Reason.
        reason: String,
    },
    /// An ephemeral event was not handled, and nobody tries it again.
    Dropped {
        /// Reason.
        reason: String,
    },
}

/// A delivery that is over.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivered {
    /// Outcome.
    pub outcome: Outcome,
    /// Events that the handler published and emitted, in order; also when it failed afterwards.
    pub published: Vec<Recorded>,
    /// The dead letter that was stored.
    pub dead_letter: Option<Recorded>,
}

impl Delivered {
    /// Those of the published events that are of this type, in their order.
    ///
    /// # Errors
    /// When one is on a subject of the type's and is not the event.
    pub fn events<E: Event>(&self) -> Result<Vec<E>, Error> {
        let of_type = self.published.iter().filter(|recorded| recorded.is::<E>());
        Ok(of_type.map(Recorded::read).collect::<Result<_, _>>()?)
    }

    /// Returns whether the handler succeeded.
    #[must_use]
    pub fn is_handled(&self) -> bool {
        self.outcome == Outcome::Handled
    }

    /// After which delay it would be delivered again; `None` when it would not.
    #[must_use]
    pub fn retried_after(&self) -> Option<Duration> {
        match &self.outcome {
            Outcome::Retried { after, .. } => Some(*after),
            _ => None,
        }
    }

    /// Why it is a dead letter; `None` when it is not.
    #[must_use]
    pub fn dead_reason(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Dead { reason, .. } => Some(reason),
            _ => None,
        }
    }
}

impl<H: Send + Sync + 'static> Recorder<H> {
    /// The listener that `listener` builds, on a bus that records. Must be called on a Tokio runtime.
    ///
    /// Handlers publish through this bus or clones of it. What only a server can answer fails on it with
    /// [`Error::NotConnected`]: subscriptions, `ensure`, [`Bus::redrive`]; its client never connects. The `ce-source`
    /// of CloudEvents is `recorder`.
    ///
    /// # Errors
    /// None that is known; the client's own.
    pub async fn new(listener: impl FnOnce(&Bus) -> Listener<H>) -> Result<Self, Error> {
        let records = Arc::new(Records::default());
        let bus = by_hand::bus("recorder", Arc::clone(&records) as _).await?;
        Ok(Self {
            hand: Hand::of(listener(&bus)),
            records,
            sequence: 0,
        })
    }

    /// The handlers, to see what they have done.
    #[must_use]
    pub fn handlers(&self) -> &H {
        self.hand.handlers()
    }

    /// Delivers a stored event. Await it; before, it can be changed: `recorder.deliver(&event).attempt(5).await`.
    pub fn deliver<E: Stored>(&mut self, event: &E) -> Delivering<'_, H> {
        let message = self.hand.stored(event);
        Delivering::new(self, message)
    }

    /// Delivers an ephemeral event.
    pub fn deliver_ephemeral<E: Ephemeral>(&mut self, event: &E) -> Delivering<'_, H> {
        let message = self.hand.ephemeral(event);
        Delivering::new(self, message)
    }

    /// Delivers any bytes on any subject, as another publisher may have sent them: without an id and a trace, unless
    /// they are given. The stream is that of the event with such a subject.
    pub fn deliver_raw(
        &mut self,
        subject: impl Into<Subject>,
        body: impl Into<Bytes>,
    ) -> Delivering<'_, H> {
        let subject = subject.into();
        let message = Outgoing {
            stream: self.hand.stream_of(&subject),
            subject,
            headers: HeaderMap::new(),
            payload: body.into(),
        };
        Delivering::new(self, Ok(message))
    }

    /// Makes publishes of handlers fail from now on, or not any more, with [`Error::TimedOut`]. Dead letters are still stored.
    pub fn fail_publishes(&mut self, failing: bool) {
        self.records.fail(failing);
    }
}

/// A delivery that is about to happen: await it.
///
/// # Errors
/// That the event could not have been published: it is invalid, or a field's value cannot be part of its subject or id.
#[must_use = "nothing is delivered until it is awaited"]
#[derive(Debug)]
pub struct Delivering<'a, H> {
    recorder: &'a mut Recorder<H>,
    message: Result<Outgoing, Error>,
    attempt: u64,
    redriven: bool,
}

impl<'a, H> Delivering<'a, H> {
    fn new(recorder: &'a mut Recorder<H>, message: Result<Outgoing, Error>) -> Self {
        Self {
            recorder,
            message,
            attempt: 1,
            redriven: false,
        }
    }

    /// Sets the number of the attempt, from 1, which is the default.
    pub fn attempt(mut self, attempt: u64) -> Self {
        self.attempt = attempt;
        self
    }

    /// Its message id.
    pub fn id(mut self, id: &MessageId) -> Self {
        if let Ok(message) = &mut self.message {
            message
                .headers
                .insert(async_nats::header::NATS_MESSAGE_ID, id.as_str());
        }
        self
    }

    /// Headers beside those that it has, or instead of them: the envelope of another publisher.
    pub fn headers(mut self, headers: &HeaderMap) -> Self {
        if let Ok(message) = &mut self.message {
            for (name, values) in headers.iter() {
                let mut values = values.iter();
                if let Some(first) = values.next() {
                    message.headers.insert(name.clone(), first.clone());
                }
                for value in values {
                    message.headers.append(name.clone(), value.clone());
                }
            }
        }
        self
    }

    /// The trace that it belongs to.
    pub fn trace(mut self, trace: &Trace) -> Self {
        if let Ok(message) = &mut self.message {
            trace.to_headers(&mut message.headers);
        }
        self
    }

    /// It was a dead letter, and somebody has sent it on its way again.
    pub fn redriven(mut self) -> Self {
        self.redriven = true;
        self
    }
}

impl<'a, H: Send + Sync + 'static> IntoFuture for Delivering<'a, H> {
    type Output = Result<Delivered, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<H: Send + Sync + 'static> Delivering<'_, H> {
    async fn run(self) -> Result<Delivered, Error> {
        let mut outgoing = self.message?;
        let Recorder {
            hand,
            records,
            sequence,
        } = self.recorder;
        *sequence += 1;
        // What tasks of earlier handlers have published since is not this one's.
        records.take();
        if self.redriven {
            let (service, subject) = (hand.service().name, &outgoing.subject);
            outgoing.subject = format!("redrive.{service}.{subject}").into();
            outgoing.stream = DEAD_LETTERS;
            if let Some(id) = outgoing.headers.get(async_nats::header::NATS_MESSAGE_ID) {
                let id = id.clone();
                outgoing.headers.insert(MESSAGE_ID, id);
            }
        }
        let outcome = match outgoing.stream {
            "" => match hand.deliver_ephemeral(outgoing).await {
                Ok(()) => Outcome::Handled,
                Err(reason) => Outcome::Dropped { reason },
            },
            _ => settled(hand.deliver(outgoing, self.attempt, *sequence).await),
        };
        let (dead_letters, published): (Vec<_>, Vec<_>) = records
            .take()
            .into_iter()
            .partition(|recorded| recorded.stream == Some(DEAD_LETTERS));
        Ok(Delivered {
            outcome,
            published,
            dead_letter: dead_letters.into_iter().next(),
        })
    }
}

fn settled(outcome: by_hand::Outcome) -> Outcome {
    match outcome {
        by_hand::Outcome::Ack => Outcome::Handled,
        by_hand::Outcome::Retry { delay, reason } => Outcome::Retried {
            after: delay,
            reason,
        },
        by_hand::Outcome::Dead { cause, reason } => Outcome::Dead { cause, reason },
        // Only a shutdown returns a delivery without an outcome, and a recorder's never comes.
        by_hand::Outcome::Return => Outcome::Retried {
            after: Duration::ZERO,
            reason: "returned at the shutdown".to_owned(),
        },
    }
}
