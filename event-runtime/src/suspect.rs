//! Deliveries that may kill their process, and those that died beside them: nobody can tell which is which.
//!
//! Both come again without an outcome. So that only the one that kills is buried in the end, suspects run alone, one after
//! the other, and in an order that turns around with each attempt: of any two, each is the first in every other life of the
//! process. The harmless one is handled and acknowledged then, before the other one runs.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep;

use crate::delivery::Meta;
use crate::shared::Shared;

/// Deliveries beyond the service's attempts before one is a suspect: a return at a stop is one too.
const BENEFIT_OF_DOUBT: u64 = 1;
/// Over how much time the suspects of a process are spread.
const SPREAD: Duration = Duration::from_secs(1);

/// A place to run in.
#[derive(Debug)]
pub(crate) struct Place {
    /// All of the slots, for a suspect.
    pub(crate) alone: bool,
    _slots: OwnedSemaphorePermit,
}

impl Place {
    fn one(slot: OwnedSemaphorePermit) -> Self {
        Self {
            alone: false,
            _slots: slot,
        }
    }
}

impl Shared {
    /// Whether a delivery of that number is one of a suspect.
    pub(crate) fn suspects(&self, attempt: u64) -> bool {
        attempt > u64::from(self.service.max_attempts) + BENEFIT_OF_DOUBT
    }

    /// A place, if one is free. Not for a suspect.
    pub(crate) fn free_place(&self) -> Option<Place> {
        Arc::clone(&self.slots)
            .try_acquire_owned()
            .ok()
            .map(Place::one)
    }

    /// The next place that is free. Not for a suspect.
    pub(crate) fn next_place(&self) -> impl Future<Output = Option<Place>> + use<> {
        let slot = Arc::clone(&self.slots).acquire_owned();
        async { slot.await.ok().map(Place::one) }
    }

    /// Waits for a place; `None` when there is none any more.
    pub(crate) async fn place(&self, durable: &str, meta: &Meta) -> Option<Place> {
        let slots = self.slots.clone();
        let alone = self.suspects(meta.attempt);
        let taken = if alone {
            sleep(SPREAD.mul_f64(turn(durable, meta.sequence, meta.attempt))).await;
            slots.acquire_many_owned(self.service.concurrency).await
        } else {
            slots.acquire_owned().await
        };
        taken.ok().map(|_slots| Place { alone, _slots })
    }
}

/// Its place among the suspects, from 0 to 1.
fn turn(durable: &str, sequence: Option<u64>, attempt: u64) -> f64 {
    let mut hasher = DefaultHasher::new();
    (durable, sequence).hash(&mut hasher);
    let turn = (hasher.finish() >> 11) as f64 / (1_u64 << 53) as f64;
    if attempt.is_multiple_of(2) {
        turn
    } else {
        1.0 - turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_any_two_each_is_first_in_every_other_life() {
        for other in 1..100 {
            for attempt in 3..6 {
                // Both die in each life, and may have died a different number of times.
                for apart in [0, 1] {
                    let first = |life: u64| {
                        turn("workers", Some(0), attempt + life)
                            < turn("workers", Some(other), attempt + apart + life)
                    };
                    assert_ne!(first(0), first(1), "{other} {attempt} {apart}");
                }
            }
        }
    }
}
