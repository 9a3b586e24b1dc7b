//! What a worker holds of its durable, in the sight of the keeper: messages that nobody has looked at, deliveries that wait or are being
//! handled, acknowledgements that have not left.
//!
//! Who sends a word about a delivery holds the lock while doing so, and whoever decides its outcome takes it out first: no extension can
//! follow an outcome.

use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, Message, Subject, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::task::{Id, coop};
use tokio::time::Instant;

use crate::process::Arrived;

/// An acknowledgement: a body without a word means the same as `+ACK`.
pub(crate) const ACK: Bytes = Bytes::new();
/// The lease begins anew.
const IN_PROGRESS: Bytes = Bytes::from_static(b"+WPI");

/// Lease of a delivery: the server redelivers it after ack_wait unless it is acknowledged or extended.
pub(crate) struct Lease {
    pub(crate) reply: Subject,
    pub(crate) extended: Instant,
}

/// Messages that the server has sent.
pub(crate) struct Inbox {
    subscriber: Subscriber,
    /// Messages read by the keeper while the worker could not: before everything in the subscriber.
    read: VecDeque<Message>,
}

impl Inbox {
    pub(crate) fn new(subscriber: Subscriber) -> Self {
        Self {
            subscriber,
            read: VecDeque::new(),
        }
    }

    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Message>> {
        match self.read.pop_front() {
            Some(message) => Poll::Ready(Some(message)),
            None => self.subscriber.poll_next_unpin(context),
        }
    }

    /// Closes it for what is on its way; what has arrived can still be read.
    pub(crate) fn subscriber(&mut self) -> &mut Subscriber {
        &mut self.subscriber
    }
}

/// Deliveries that a worker holds.
pub(crate) struct Held {
    /// Until the stop: then the worker has it for itself.
    pub(crate) inbox: Option<Inbox>,
    /// Of the deliveries that have tasks of their own.
    pub(crate) leases: HashMap<Id, Lease>,
    /// Deliveries that wait for a slot, in order of arrival.
    pub(crate) waiting: VecDeque<(Lease, Arrived)>,
    /// Of the delivery that the worker itself is handling.
    pub(crate) current: Option<Lease>,
    /// Reply subjects of handled deliveries whose acknowledgements have not left.
    pub(crate) handled: Vec<Subject>,
}

impl Held {
    /// The next message that the server has sent.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Message>> {
        match &mut self.inbox {
            Some(inbox) => inbox.poll(context),
            None => Poll::Pending,
        }
    }
}

/// The place where a worker keeps it.
pub(crate) struct Desk {
    held: Mutex<Held>,
    client: Client,
    ack_wait: Duration,
}

impl Desk {
    pub(crate) fn new(client: Client, ack_wait: Duration, inbox: Inbox) -> Self {
        Self {
            held: Mutex::new(Held {
                inbox: Some(inbox),
                leases: HashMap::new(),
                waiting: VecDeque::new(),
                current: None,
                handled: Vec::new(),
            }),
            client,
            ack_wait,
        }
    }

    #[inline]
    pub(crate) fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the interval at which leases are checked.
    pub(crate) fn tick(&self) -> Duration {
        (self.ack_wait / 4).max(Duration::from_millis(10))
    }

    /// Extends every lease that needs it. While the worker is in a handler, also does what it cannot do: sends its acknowledgements, and
    /// reads its inbox, so that the leases of what has arrived are extended as well.
    pub(crate) fn keep(&self) {
        // Without a connection it would only fill the client, in the way of publishes.
        if self.client.connection_state() != State::Connected {
            return;
        }
        let mut held = self.held();
        let Held {
            inbox,
            leases,
            waiting,
            current,
            handled,
        } = &mut *held;
        if let (Some(_), Some(inbox)) = (&current, inbox) {
            let sent = handled.iter().take_while(|reply| self.send(reply, ACK));
            let sent = sent.count();
            handled.drain(..sent);
            let context = &mut Context::from_waker(Waker::noop());
            // The worker is running, so it looks at the inbox again before it waits: nobody needs to be woken.
            while let Poll::Ready(Some(message)) = inbox.subscriber.poll_next_unpin(context) {
                inbox.read.push_back(message);
            }
            let deliveries = inbox.read.iter().filter(|message| message.status.is_none());
            for reply in deliveries.filter_map(|message| message.reply.as_ref()) {
                self.send(reply, IN_PROGRESS);
            }
        }
        let now = Instant::now();
        let waiting = waiting.iter_mut().map(|(lease, _)| lease);
        for lease in leases.values_mut().chain(waiting).chain(current) {
            if now.duration_since(lease.extended) >= self.ack_wait / 4
                && self.send(&lease.reply, IN_PROGRESS)
            {
                lease.extended = now;
            }
        }
    }

    /// Hands it to the client if that takes it at once; a client that does not has no connection, and is asked again later.
    fn send(&self, reply: &Subject, body: Bytes) -> bool {
        let publish = pin!(coop::unconstrained(
            self.client.publish(reply.clone(), body)
        ));
        let context = &mut Context::from_waker(Waker::noop());
        matches!(publish.poll(context), Poll::Ready(Ok(())))
    }
}
