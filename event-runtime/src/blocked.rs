//! Says when a handler blocks its thread: nothing else runs on it meanwhile.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A handler that keeps its thread for longer without awaiting anything is told about.
pub(crate) const LONG: Duration = Duration::from_millis(100);
/// For how long the handler of the same event is not told about again.
const PAUSE: Duration = Duration::from_secs(10);

/// Time of the last warning and number of occurrences since, for each event.
#[derive(Default)]
pub(crate) struct Blocked(Mutex<HashMap<&'static str, (Instant, u64)>>);

impl Blocked {
    /// Says that a handler has kept its thread for so long, unless that was said just now.
    pub(crate) fn warn(&self, service: &'static str, event: &'static str, took: Duration) {
        let now = Instant::now();
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let times = match said.get_mut(event) {
            Some((since, times)) if now.duration_since(*since) < PAUSE => {
                *times += 1;
                return;
            }
            Some((_, times)) => *times + 1,
            None => 1,
        };
        said.insert(event, (now, 0));
        drop(said);
        tracing::warn!(
            service,
            event,
            blocked = ?took,
            times,
            "a handler blocked its thread: nothing else ran on it; use async calls, or `tokio::task::spawn_blocking`"
        );
    }
}
