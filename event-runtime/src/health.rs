//! Counters and health of a bus, for a service's metrics and health endpoint. Keeps no history.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use serde::Serialize;
use tokio::time::timeout;

use crate::bus::{Bus, DurableName};
use crate::error::Error;

/// Time-out of the request for the state of a durable: a health endpoint has one too.
const PATIENCE: Duration = Duration::from_secs(1);

/// Counters of a bus since it connected. Each is monotonic.
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
    /// Deliveries NAKed with a delay, after a failure.
    pub retried: u64,
    /// Deliveries stored as dead letters.
    pub dead_lettered: u64,
    /// Deliveries that listeners NAKed at shutdown.
    pub returned: u64,
    /// Ephemeral events that were not handled: they are not retried.
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
    /// True if there is a connection.
    pub connected: bool,
    /// Durables (`<stream>/<durable>`) that deliver nothing now: as many deliveries as may be in flight wait for a retry
    /// that this process asked for.
    pub paused: Vec<String>,
    /// Lag of the durables of this bus's running listeners, sorted by name.
    pub consumers: Vec<Lag>,
}

/// Lag of a durable, over all replicas that share it.
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
    /// Returns true if there is a connection and no durable is paused. Lag is not considered: only the service knows how much is
    /// too much.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.connected && self.paused.is_empty()
    }
}

impl Bus {
    /// Returns the counters.
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

    /// Returns the state of the connection and the lag of its durables. Asks the server once per durable, and takes no longer than
    /// a second. For the connection alone, use [`is_connected`](Bus::is_connected).
    ///
    /// # Cancel safety
    /// Cancel safe.
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

    /// Adds these durables to the consumers of the health.
    pub(crate) fn watch(&self, names: &[DurableName]) {
        let durables = self.inner.durables.lock();
        let mut durables = durables.unwrap_or_else(PoisonError::into_inner);
        for name in names {
            *durables.entry(name.clone()).or_default() += 1;
        }
    }

    /// Removes these durables when a listener has ended.
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
