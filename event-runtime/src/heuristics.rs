//! Heuristics of a listener, with their constants: the decisions that no contract makes, and that change speed but no guarantee.
//!
//! | heuristic | question | switched off by |
//! |---|---|---|
//! | inline execution ([`Trust`]) | does a handler run in the worker's own task, or in a task of its own? | `Service::inline(false)` |
//! | prefetch ([`Prefetch`]) | how many deliveries wait for a slot in this process? | nothing: it has an upper bound |
//! | quarantine ([`is_suspect`], [`is_poison`], [`turn`]) | which redeliveries run alone, and when does one become a dead letter? | nothing: it protects other deliveries |
//!
//! **Inline execution.** A task per delivery costs about a third of a quick handler. So after [`SURE`]` / 2` quick handlers in a row
//! the worker polls the next handler once, in its own task. If that completes it, its acknowledgement leaves with those of the same
//! turn. If it is pending or has failed, it moves to a task of its own and the worker starts to learn anew. A slow handler costs the worker half of
//! its trust at once, because it delays the deliveries behind it. Large bodies always get a task.
//!
//! **Prefetch.** Deliveries wait in the process so that no slot is idle while a request is on its way to the server. Their leases
//! run meanwhile, so no more wait than the measured handlers clear in a quarter of ack_wait, and never more than [`MAX_PREFETCH`].
//!
//! **Quarantine.** A poison message aborts its process, and the server counts a delivery for everything that ran beside it. A delivery
//! beyond the service's attempts is a suspect: it takes all slots and runs alone, in an order that is reversed with each attempt.
//! Of any two suspects, each is therefore the first in every other life of the process: a harmless one is handled and acknowledged
//! before the poison message runs. After [`SPARE_ATTEMPTS`] more it is dead-lettered without its handler.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use event_wire::streams::Service;

/// Longest run of a quick handler: up to here inline execution costs less than a task.
const QUICK: Duration = Duration::from_micros(50);
/// Quick handlers in a row that give full trust. Half of it is enough for inline execution; a slow handler costs as much.
const SURE: u32 = 32;
/// Largest body that is decoded inline, in bytes.
const LARGE: usize = 16 * 1_024;
/// Maximum number of deliveries that wait for a slot.
pub(crate) const MAX_PREFETCH: usize = 512;
/// Maximum number of requested bytes on their way. The server buffers up to 64 MiB for a slow client and then drops the rest: with large
/// events that would be a pause of ack_wait for each.
const MAX_ON_THE_WAY: usize = 32 * 1_024 * 1_024;
/// Deliveries beyond the service's attempts before one is a suspect: a NAK at shutdown counts as a delivery too.
const BENEFIT_OF_DOUBT: u64 = 1;
/// Deliveries beyond the service's attempts before a suspect is dead-lettered as a poison message.
const SPARE_ATTEMPTS: u64 = 5;
/// Time over which the suspects of a process are spread.
pub(crate) const SPREAD: Duration = Duration::from_secs(1);

/// Measure of how reliably handlers are quick, for inline execution.
#[derive(Debug)]
pub(crate) struct Trust {
    earned: u32,
    /// False for a service that has switched inline execution off.
    allowed: bool,
}

impl Trust {
    /// Starts without trust.
    pub(crate) fn of(service: &Service) -> Self {
        Self {
            earned: 0,
            allowed: service.inline,
        }
    }

    /// Returns true if the next event, with a body of that size, is handled inline.
    pub(crate) fn covers(&self, size: usize) -> bool {
        self.earned >= SURE / 2 && size <= LARGE && self.allowed
    }

    /// Learns from a handler that completed.
    pub(crate) fn learn(&mut self, took: Duration) {
        self.earned = if took <= QUICK {
            (self.earned + 1).min(SURE)
        } else {
            self.earned.saturating_sub(SURE / 2)
        };
    }

    /// Returns true if quick handlers, of which the last was one, have nothing more to teach.
    pub(crate) fn is_whole(&self) -> bool {
        self.earned == SURE
    }

    /// Loses all trust: a handler is pending, or has failed.
    pub(crate) fn lose(&mut self) {
        self.earned = 0;
    }
}

/// Number of deliveries that may wait for a slot, as far as measured handlers clear them in time.
#[derive(Debug, Default)]
pub(crate) struct Prefetch {
    /// Deliveries that may wait beyond those that have a slot.
    depth: usize,
    /// Events that the durable had behind the last delivery.
    behind: u64,
    /// Size of deliveries, in bytes: the largest of late.
    size: usize,
    /// Smoothed time of a handler, in seconds.
    handler_time: f64,
}

impl Prefetch {
    /// Learns from a delivery that arrived: its size, and the number of events behind it.
    #[inline]
    pub(crate) fn arrived(&mut self, size: usize, behind: u64) {
        self.behind = behind;
        self.size = size.max(self.size - self.size / 64);
    }

    /// Returns true if further handlers of the same speed would change nothing.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.depth == MAX_PREFETCH
    }

    /// Learns from a handler that completed: the depth becomes what handlers clear in a quarter of ack_wait.
    pub(crate) fn learn(&mut self, took: Duration, ack_wait: Duration, concurrency: u32) {
        let took = took.as_secs_f64();
        self.handler_time = if self.handler_time == 0.0 {
            took
        } else {
            (self.handler_time * 4.0 + took) / 5.0
        };
        let quarter = ack_wait.as_secs_f64() / 4.0;
        let clears = quarter / self.handler_time * f64::from(concurrency);
        // Before a backlog it grows at once, since until then every few events cost a request. Where events come one by one it takes
        // its time: what was requested and has not come is what a shutdown has to wait for.
        let backlog = self.behind > MAX_PREFETCH as u64;
        let grown = self.depth + if backlog { self.depth + 1 } else { 1 };
        // A cast saturates.
        self.depth = grown.min(clears as usize).min(MAX_PREFETCH);
    }

    /// Returns the number of deliveries to request now, with `held` in the process and `asked` requested before.
    pub(crate) fn wanted(
        &self,
        slots: usize,
        max_in_flight: usize,
        held: usize,
        asked: usize,
    ) -> usize {
        let target = slots + self.depth;
        // Small requests are expensive: they wait until half of the target is free, unless a slot would be idle.
        let wanted = if target >= max_in_flight {
            // The server delivers no more than that at once, whatever was requested.
            if asked <= MAX_PREFETCH / 2 {
                MAX_PREFETCH
            } else {
                0
            }
        } else {
            let taken = held + asked;
            let free = target.saturating_sub(taken);
            if free * 2 >= target || taken < slots {
                free
            } else {
                0
            }
        };
        let most = (MAX_ON_THE_WAY / self.size.max(1)).max(1);
        wanted.min(most.saturating_sub(asked))
    }
}

/// Returns true if a delivery of that number runs in quarantine.
#[inline]
pub(crate) fn is_suspect(attempt: u64, max_attempts: u32) -> bool {
    attempt > u64::from(max_attempts) + BENEFIT_OF_DOUBT
}

/// Returns true if a delivery of that number is dead-lettered as a poison message, without its handler.
#[inline]
pub(crate) fn is_poison(attempt: u64, max_attempts: u32) -> bool {
    attempt > u64::from(max_attempts) + SPARE_ATTEMPTS
}

/// Returns the position of a suspect in the order of suspects, from 0 to 1.
pub(crate) fn turn(durable: &str, sequence: Option<u64>, attempt: u64) -> f64 {
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
    fn trust_is_earned_and_soon_lost() {
        let mut trust = Trust::of(&Service::new("quick"));
        let quick = |trust: &mut Trust, times| (0..times).for_each(|_| trust.learn(QUICK));
        quick(&mut trust, SURE / 2 - 1);
        assert!(!trust.covers(0));
        quick(&mut trust, 1);
        assert!(trust.covers(LARGE) && !trust.covers(LARGE + 1));
        trust.learn(QUICK * 2);
        assert!(!trust.covers(0));
        quick(&mut trust, SURE * 10);
        assert!(trust.is_whole());
        trust.learn(QUICK * 2);
        assert!(trust.covers(0));
        trust.learn(QUICK * 2);
        assert!(!trust.covers(0));
        quick(&mut trust, SURE);
        trust.lose();
        assert!(!trust.covers(0));
    }

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
