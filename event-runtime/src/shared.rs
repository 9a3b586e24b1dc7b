//! State that the workers of a listener share, and the one place where a handler is called: route, hook, handler.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_nats::Message;
use event_wire::streams::Service;
use tokio::sync::Semaphore;

use crate::blocked::Blocked;
use crate::bus::Bus;
use crate::delivery::Meta;
use crate::failure::Failure;
use crate::route::{Handling, Rejection, Route};
use crate::shutdown::Shutdown;

/// A handler call that an [`around`](crate::Listener::around) hook wraps: await [`run`](Next::run) once.
pub struct Next(Handling);

impl Next {
    /// Runs the handler.
    ///
    /// # Errors
    /// Returns the handler's [`Failure`].
    ///
    /// # Cancel safety
    /// Not cancel safe: dropping the future cancels the handler, which counts as a failure.
    pub async fn run(self) -> Result<(), Failure> {
        self.0.await
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Next")
    }
}

/// The hook around every handler call.
pub(crate) type Around = dyn Fn(Arc<Meta>, Next) -> Handling + Send + Sync;

/// State that all workers of a listener share.
pub(crate) struct Shared {
    pub(crate) bus: Bus,
    pub(crate) service: Service,
    pub(crate) routes: Vec<Route>,
    pub(crate) around: Option<Box<Around>>,
    pub(crate) handler_limit: Option<Duration>,
    pub(crate) grace: Duration,
    /// A slot for each handler that may run at once.
    pub(crate) slots: Arc<Semaphore>,
    pub(crate) stop: Shutdown,
    /// The handlers that have blocked their thread, and when that was said.
    pub(crate) blocked: Blocked,
}

impl Shared {
    /// The handler's call for a message, with the hook around it. The hook is called inside the future, where its panics are
    /// caught like the handler's.
    #[inline]
    pub(crate) fn handling(
        self: &Arc<Self>,
        route: &Route,
        message: &Message,
        mut meta: Meta,
    ) -> Result<Handling, Rejection> {
        let body = route.open(message, &mut meta)?;
        if self.around.is_none() {
            return route.call(&body, meta);
        }
        let (shared, known) = (Arc::clone(self), Arc::new(meta.clone()));
        let handling = route.call(&body, meta)?;
        Ok(Box::pin(async move {
            match &shared.around {
                Some(around) => around(known, Next(handling)).await,
                None => handling.await,
            }
        }))
    }

    /// Warns that a handler of the event has blocked its thread for so long.
    #[cold]
    pub(crate) fn blocked(&self, event: &'static str, took: Duration) {
        self.blocked.warn(self.service.name, event, took);
    }
}
