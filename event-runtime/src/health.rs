//! What a bus has done and how it is: for an endpoint of the service, and for its metrics.
//!
//! Only counts and asks; keeps no history.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use serde::Serialize;
use tokio::time::timeout;

use crate::bus::{Bus, DurableName};
use crate::error::Error;

/// How long the server may take to say how far a durable is: who asks for the health has a time-out too.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the bus has done since it connected. Every number only grows.
///
/// `delivered = acknowledged + retried + dead_lettered + returned + failed`, and what is in a handler now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Stats {
    /// Stored events, duplicates included.
    pub published: u64,
    /// Publishes that the stream already knew.
    pub duplicates: u64,
    /// Further attempts of publishes.
    pub publish_retries: u64,
    /// Publishes that failed after all attempts.
    pub publish_failures: u64,
    /// Failed publishes whose [`Pending`](crate::Pending) nobody awaited; each is logged too.
    pub unseen_failures: u64,
    /// Ephemeral events sent.
    pub emitted: u64,
    /// Deliveries that arrived at listeners.
    pub delivered: u64,
    /// Deliveries that were handled, and acknowledged where their event is a stored one.
    pub acknowledged: u64,
    /// Deliveries given back with a delay, after a failure.
    pub retried: u64,
    /// Deliveries stored as dead letters.
    pub dead_lettered: u64,
    /// Deliveries that stopping listeners gave back.
    pub returned: u64,
    /// Ephemeral events that were not handled: nobody tries them again.
    pub failed: u64,
    /// Messages that a slow subscription of this connection dropped: at least so many, as the client does not report each
    /// one of a burst.
    pub dropped: u64,
    /// Operations that the server refused for permissions.
    pub refused: u64,
    /// Reconnections.
    pub reconnects: u64,
}

/// The state of a bus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Health {
    /// Whether there is a connection.
    pub connected: bool,
    /// Durables (`<stream>/<durable>`) that deliver nothing now: as many deliveries as may be in flight wait for a retry
    /// that this process asked for.
    pub paused: Vec<String>,
    /// How far the durables of this bus's running listeners are, sorted by name.
    pub consumers: Vec<Lag>,
}

/// How far a durable is, over all replicas that share it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Lag {
    /// Its stream.
    pub stream: String,
    /// Its name.
    pub durable: String,
    /// Events that it has not delivered yet; `None` when the server did not say within a second.
    pub waiting: Option<u64>,
    /// Deliveries that have no outcome yet: in a handler, or waiting for a retry.
    pub in_flight: Option<u64>,
}

impl Health {
    /// Whether there is a connection and no durable is paused. A lag is no illness: what is too much only the service
    /// knows.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.connected && self.paused.is_empty()
    }
}

impl Bus {
    /// What it has done so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let counters = &self.inner.events.counters;
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            published: get(&counters.published),
            duplicates: get(&counters.duplicates),
            publish_retries: get(&counters.publish_retries),
            publish_failures: get(&counters.publish_failures),
            unseen_failures: get(&counters.unseen_failures),
            emitted: get(&counters.emitted),
            delivered: get(&counters.delivered),
            acknowledged: get(&counters.acknowledged),
            retried: get(&counters.retried),
            dead_lettered: get(&counters.dead_lettered),
            returned: get(&counters.returned),
            failed: get(&counters.failed),
            dropped: get(&counters.dropped),
            refused: get(&counters.refused),
            reconnects: get(&counters.reconnects),
        }
    }

    /// Whether it is in a state to do its work, and how far its durables are. Asks the server once per durable, and takes
    /// no longer than a second. Whoever needs the connection alone has [`is_connected`](Bus::is_connected).
    pub async fn health(&self) -> Health {
        let connected = self.is_connected();
        let durables: Vec<DurableName> = {
            let durables = self.inner.durables.lock();
            let durables = durables.unwrap_or_else(PoisonError::into_inner);
            durables.keys().cloned().collect()
        };
        let lags = durables.into_iter().map(|(stream, durable)| async move {
            let info = match connected {
                true => timeout(PATIENCE, self.consumer(stream, &durable)).await,
                false => Ok(Err(Error::Closed)),
            };
            let info = info.ok().and_then(Result::ok);
            Lag {
                stream: stream.to_owned(),
                durable,
                waiting: info.as_ref().map(|info| info.num_pending),
                in_flight: info.as_ref().map(|info| info.num_ack_pending),
            }
        });
        let consumers = join_all(lags).await;
        let paused = self.inner.paused.lock();
        let paused = paused.unwrap_or_else(PoisonError::into_inner);
        Health {
            connected,
            paused: paused.iter().cloned().collect(),
            consumers,
        }
    }

    /// Has these durables among the consumers of the health.
    pub(crate) fn watch(&self, names: &[DurableName]) {
        let durables = self.inner.durables.lock();
        let mut durables = durables.unwrap_or_else(PoisonError::into_inner);
        for name in names {
            *durables.entry(name.clone()).or_default() += 1;
        }
    }

    /// The opposite: a listener of theirs has ended.
    pub(crate) fn unwatch(&self, names: &[DurableName]) {
        let durables = self.inner.durables.lock();
        let mut durables = durables.unwrap_or_else(PoisonError::into_inner);
        for name in names {
            if let Some(listeners) = durables.get_mut(name) {
                *listeners -= 1;
                if *listeners == 0 {
                    durables.remove(name);
                }
            }
        }
    }
}
