//! Whether handlers are quick: then they run where their events arrive, which costs less than a task for each.
//!
//! Learned from the handlers themselves, and unlearned sooner: one that is slow holds up what arrives behind it.

use std::time::Duration;

/// A handler that takes no longer than this costs less than a task of its own.
const QUICK: Duration = Duration::from_micros(50);
/// How many quick handlers in a row are known for sure to be quick. Half of it is enough, and what a slow one costs.
const SURE: u32 = 32;
/// The largest body, in bytes, that is read where it arrives.
const LARGE: usize = 16 * 1_024;

/// How far handlers are known to be quick.
#[derive(Debug, Default)]
pub(crate) struct Trust(u32);

impl Trust {
    /// Whether the next event, with a body of that size, is handled where it arrives.
    pub(crate) fn covers(&self, size: usize) -> bool {
        self.0 >= SURE / 2 && size <= LARGE
    }

    /// A handler took so long.
    pub(crate) fn learn(&mut self, took: Duration) {
        self.0 = if took <= QUICK {
            (self.0 + 1).min(SURE)
        } else {
            self.0.saturating_sub(SURE / 2)
        };
    }

    /// Whether there is nothing more to learn from quick handlers, of which the last was one.
    pub(crate) fn is_whole(&self) -> bool {
        self.0 == SURE
    }

    /// A handler waits, or has failed.
    pub(crate) fn lose(&mut self) {
        self.0 = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_is_earned_and_soon_lost() {
        let mut trust = Trust::default();
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
}
