//! The shutdown signal of a service. Listeners and the bus implement the shutdown itself.

use tokio_util::sync::CancellationToken;

/// A shutdown signal that any number of tasks can wait for. Clones share the signal; it cannot be reset.
///
/// # Examples
/// ```
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// use event_runtime::Shutdown;
///
/// let shutdown = Shutdown::new();
/// let waiting = tokio::spawn({
///     let shutdown = shutdown.clone();
///     async move { shutdown.wait().await }
/// });
/// shutdown.stop();
/// waiting.await.unwrap();
/// assert!(shutdown.is_stopped());
/// # });
/// ```
#[derive(Clone, Debug, Default)]
pub struct Shutdown(CancellationToken);

/// A service that has a token already listens until that is cancelled.
impl From<CancellationToken> for Shutdown {
    fn from(token: CancellationToken) -> Self {
        Self(token)
    }
}

impl Shutdown {
    /// Creates a signal that [`stop`](Shutdown::stop) triggers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a signal that SIGTERM and SIGINT trigger (Ctrl-C on other systems than Unix). Requires a tokio runtime.
    ///
    /// If the signals cannot be watched, that is logged, and only [`stop`](Shutdown::stop) triggers it.
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

    /// Triggers the signal for all current and future waiters.
    pub fn stop(&self) {
        self.0.cancel();
    }

    /// Returns true if it has been triggered.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits until it is triggered.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn wait(&self) {
        self.0.cancelled().await;
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
