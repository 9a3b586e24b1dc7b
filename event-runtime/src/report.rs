//! Counts of what a listener did with its deliveries.

use std::sync::atomic::Ordering;

use crate::connection::Counters;

/// Outcomes of the deliveries of a listener:
/// `delivered = handled + retried + dead_lettered + returned + failed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenReport {
    /// Deliveries that arrived.
    pub delivered: u64,
    /// Handled, and acknowledged where they were stored.
    pub handled: u64,
    /// NAKed with a delay, after a failure.
    pub retried: u64,
    /// Stored as dead letters.
    pub dead_lettered: u64,
    /// NAKed at shutdown without an outcome: another replica, or the next start, receives them.
    pub returned: u64,
    /// Ephemeral events whose handler failed, that could not be decoded, or that shutdown left unhandled: they are not
    /// retried.
    pub failed: u64,
}

/// Arrival or outcome of deliveries.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    Delivered,
    Handled,
    Retried,
    DeadLettered,
    Returned,
    Failed,
}

impl ListenReport {
    /// Counts deliveries, here and for the whole bus.
    pub(crate) fn count(&mut self, fate: Fate, deliveries: u64, bus: &Counters) {
        let (here, all) = match fate {
            Fate::Delivered => (&mut self.delivered, &bus.delivered),
            Fate::Handled => (&mut self.handled, &bus.acknowledged),
            Fate::Retried => (&mut self.retried, &bus.retried),
            Fate::DeadLettered => (&mut self.dead_lettered, &bus.dead_lettered),
            Fate::Returned => (&mut self.returned, &bus.returned),
            Fate::Failed => (&mut self.failed, &bus.failed),
        };
        *here += deliveries;
        all.fetch_add(deliveries, Ordering::Relaxed);
    }

    /// Adds the counts of another worker.
    pub(crate) fn add(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.handled += other.handled;
        self.retried += other.retried;
        self.dead_lettered += other.dead_lettered;
        self.returned += other.returned;
        self.failed += other.failed;
    }
}
