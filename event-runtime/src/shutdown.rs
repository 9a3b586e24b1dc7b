//! The stop signal of a service.
//!
//! It only says when; how listeners and the bus come to rest is theirs.

use std::sync::Arc;

use tokio::sync::watch;

/// A stop signal that any number of tasks can wait for. Clones are the same signal. It stops once and for all.
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<watch::Sender<bool>>);

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// A signal that stops when [`stop`](Shutdown::stop) is called.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// A signal that stops on SIGTERM and SIGINT (elsewhere than on Unix: on Ctrl-C). Needs a tokio runtime.
    ///
    /// When the signals cannot be watched, that is logged and only [`stop`](Shutdown::stop) stops.
    #[must_use]
    pub fn on_signals() -> Self {
        let shutdown = Self::new();
        let on_signal = shutdown.clone();
        tokio::spawn(async move {
            tokio::select! {
                result = signalled() => match result {
                    Ok(()) => on_signal.stop(),
                    Err(error) => tracing::error!(%error, "signals cannot be watched"),
                },
                () = on_signal.wait() => {}
            }
        });
        shutdown
    }

    /// Stops everybody who waits, now and later.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether it has stopped.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it stops.
    pub async fn wait(&self) {
        // The sender lives in `self`, so that waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|stopped| *stopped).await;
    }
}

#[cfg(unix)]
async fn signalled() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn signalled() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
