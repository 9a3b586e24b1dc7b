//! Slots of a listener: the permits that handlers run with, and all of them at once for a suspect in quarantine.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep;

use crate::delivery::Meta;
use crate::heuristics::{SPREAD, is_suspect, turn};
use crate::shared::Shared;

/// Permit to run a handler.
#[derive(Debug)]
pub(crate) struct Slot {
    /// True for a suspect, which has all slots.
    pub(crate) alone: bool,
    _permits: OwnedSemaphorePermit,
}

impl Slot {
    fn one(permit: OwnedSemaphorePermit) -> Self {
        Self {
            alone: false,
            _permits: permit,
        }
    }
}

impl Shared {
    /// Returns true if a delivery of that number runs in quarantine.
    pub(crate) fn suspects(&self, attempt: u64) -> bool {
        is_suspect(attempt, self.service.max_attempts)
    }

    /// Takes a slot if one is free. Not for a suspect.
    pub(crate) fn free_slot(&self) -> Option<Slot> {
        Arc::clone(&self.slots)
            .try_acquire_owned()
            .ok()
            .map(Slot::one)
    }

    /// Waits for the next free slot. Not for a suspect.
    pub(crate) fn next_slot(&self) -> impl Future<Output = Option<Slot>> + use<> {
        let permit = Arc::clone(&self.slots).acquire_owned();
        async { permit.await.ok().map(Slot::one) }
    }

    /// Waits for a slot, or for all of them in quarantine; `None` if the listener has no slots any more.
    pub(crate) async fn slot(&self, durable: &str, meta: &Meta) -> Option<Slot> {
        let slots = self.slots.clone();
        let alone = self.suspects(meta.attempt);
        let taken = if alone {
            sleep(SPREAD.mul_f64(turn(durable, meta.sequence, meta.attempt))).await;
            slots.acquire_many_owned(self.service.concurrency).await
        } else {
            slots.acquire_owned().await
        };
        taken.ok().map(|_permits| Slot { alone, _permits })
    }
}
