//! What the client reports on the side: reconnects, refusals, dropped messages.
//!
//! Only sees, counts and lets others wait for it; decides nothing.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use async_nats::ServerError;
use tokio::sync::watch;

use crate::error::INBOX_HELP;

/// How many refusals are remembered: those that wait look at the newest ones only.
const REFUSALS: usize = 64;

/// What happened on the connection, as seen so far.
#[derive(Debug, Default)]
pub(crate) struct Events {
    /// Grows with every (re)connection.
    pub(crate) connections: watch::Sender<u64>,
    /// Grows with every refusal.
    refusals: watch::Sender<u64>,
    mark_at_connect: AtomicU64,
    inbox_prefix: String,
    recent: Mutex<VecDeque<(u64, String)>>,
    pub(crate) closed: watch::Sender<bool>,
    pub(crate) counters: Counters,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) published: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) publish_retries: AtomicU64,
    pub(crate) publish_failures: AtomicU64,
    pub(crate) unseen_failures: AtomicU64,
    pub(crate) emitted: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) reconnects: AtomicU64,
    pub(crate) delivered: AtomicU64,
    pub(crate) acknowledged: AtomicU64,
    pub(crate) retried: AtomicU64,
    pub(crate) dead_lettered: AtomicU64,
    pub(crate) returned: AtomicU64,
    pub(crate) failed: AtomicU64,
}

impl Events {
    pub(crate) fn new(inbox_prefix: String) -> Self {
        Self {
            inbox_prefix,
            ..Self::default()
        }
    }

    pub(crate) fn see(&self, event: async_nats::Event) {
        match event {
            async_nats::Event::Connected => {
                self.mark_at_connect.store(self.mark(), Ordering::Relaxed);
                self.connections.send_modify(|n| *n += 1);
                if *self.connections.borrow() > 1 {
                    let reconnects = self.counters.reconnects.fetch_add(1, Ordering::Relaxed) + 1;
                    tracing::info!(reconnects, "reconnected");
                }
            }
            async_nats::Event::Disconnected => {
                tracing::warn!("disconnected; reconnecting until a server is there");
            }
            async_nats::Event::LameDuckMode => {
                tracing::info!("the server is about to shut down; the client goes to another one");
            }
            async_nats::Event::SlowConsumer(_) => {
                let dropped = self.counters.dropped.fetch_add(1, Ordering::Relaxed) + 1;
                // One line per message would drown the log in the moment when it is needed.
                if dropped.is_power_of_two() {
                    tracing::warn!(
                        dropped,
                        "a subscription is too slow: its newest messages are dropped"
                    );
                }
            }
            async_nats::Event::ServerError(ServerError::Other(text)) => self.server_error(&text),
            async_nats::Event::Closed => {
                self.closed.send_replace(true);
            }
            _ => {}
        }
    }

    fn server_error(&self, text: &str) {
        let lower = text.to_ascii_lowercase();
        let Some(operation) = lower
            .find("permissions violation for ")
            .and_then(|at| text.get(at + 26..))
        else {
            tracing::warn!(error = text, "the server reports an error");
            return;
        };
        let operation = operation.trim_end_matches('\'').to_owned();
        // A round trip goes to an inbox of our own, and its refusal is as good an answer as any.
        let to_inbox = operation
            .strip_prefix("Publish to \"")
            .is_some_and(|to| to.starts_with(&self.inbox_prefix));
        if !to_inbox {
            tracing::error!(
                operation,
                help = self.concerns_inbox(&operation).then_some(INBOX_HELP),
                "the server refuses this for the permissions of the connection"
            );
            self.counters.refused.fetch_add(1, Ordering::Relaxed);
        }
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        self.refusals.send_modify(|n| *n += 1);
        recent.push_back((*self.refusals.borrow(), operation));
        if recent.len() > REFUSALS {
            recent.pop_front();
        }
    }

    /// Whether the server's words are about a subscription to an inbox of this connection.
    fn concerns_inbox(&self, operation: &str) -> bool {
        operation
            .strip_prefix("Subscription to \"")
            .is_some_and(|to| to.starts_with(&self.inbox_prefix))
    }

    pub(crate) fn find_refusal(
        &self,
        mark: u64,
        concerns: &impl Fn(&str) -> bool,
    ) -> Option<String> {
        if *self.refusals.borrow() == 0 {
            return None;
        }
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let since_connected = self.mark_at_connect.load(Ordering::Relaxed);
        let found = recent.iter().find(|(n, operation)| {
            (*n > mark && concerns(operation))
                || (*n > since_connected && self.concerns_inbox(operation))
        });
        found.map(|(_, operation)| operation.clone())
    }

    /// The place in time after which refusals count, and a way to learn of those that follow.
    pub(crate) fn watch_refusals(&self) -> (u64, watch::Receiver<u64>) {
        let seen = self.refusals.subscribe();
        let mark = *seen.borrow();
        (mark, seen)
    }

    /// The place in time after which refusals count.
    pub(crate) fn mark(&self) -> u64 {
        *self.refusals.borrow()
    }

    /// Waits for a refusal after `mark` that concerns the caller, or one of this connection's inboxes: without those
    /// no answer ever comes.
    pub(crate) async fn refused(&self, mark: u64, concerns: impl Fn(&str) -> bool) -> String {
        let mut seen = self.refusals.subscribe();
        loop {
            if let Some(operation) = self.find_refusal(mark, &concerns) {
                return operation;
            }
            if seen.changed().await.is_err() {
                // The sender lives as long as `self`.
                std::future::pending::<()>().await;
            }
        }
    }
}
