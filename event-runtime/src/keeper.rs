//! The keeper of leases: a thread of its own for each listener, because a handler can block the threads of the runtime.
//!
//! What it hands to the client leaves as soon as the runtime has one thread that is not blocked: handing it over wakes that one.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use crate::held::Desk;

/// Keeps the leases at these desks until it is dropped.
pub(crate) struct Keeper {
    _end: mpsc::Sender<()>,
}

impl Keeper {
    /// # Errors
    /// The system has no thread for it.
    pub(crate) fn start(desks: Vec<Weak<Desk>>) -> std::io::Result<Self> {
        let (end, ended) = mpsc::channel();
        let ticks = desks.iter().filter_map(Weak::upgrade);
        let tick = ticks.map(|desk| desk.tick()).min();
        let Some(tick) = tick else {
            return Ok(Self { _end: end });
        };
        let keep = move || keep(&desks, &ended, tick);
        let thread = thread::Builder::new().name("event-leases".to_owned());
        thread.spawn(keep)?;
        Ok(Self { _end: end })
    }
}

fn keep(desks: &[Weak<Desk>], ended: &mpsc::Receiver<()>, tick: Duration) {
    while ended.recv_timeout(tick) == Err(RecvTimeoutError::Timeout) {
        desks
            .iter()
            .filter_map(Weak::upgrade)
            .for_each(|desk: Arc<Desk>| desk.keep());
    }
}
