//! The handling of a message that begins where it has arrived, and goes on in a task where it has to wait.

use std::ops::ControlFlow;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::Instant;
use tracing::Span;

use crate::route::{self, Failed, Handling, Rejection};
use crate::spans;
use crate::trace::Trace;

/// A handling, inside its span and, around that, inside its trace.
pub(crate) struct Begun {
    pub(crate) span: Span,
    pub(crate) trace: Option<Trace>,
    pub(crate) since: Instant,
    pub(crate) step: Progress,
}

/// Progress of a handling.
pub(crate) enum Progress {
    /// No handler gets it.
    Rejected(Rejection),
    Running(Handling),
    Failed(Failed),
}

impl Begun {
    /// Begins now, with the handler's call or the reason for which there is none.
    #[inline]
    pub(crate) fn new(
        span: Span,
        trace: Option<Trace>,
        ready: Result<Handling, Rejection>,
    ) -> Self {
        Self {
            span,
            trace,
            since: Instant::now(),
            step: match ready {
                Ok(handling) => Progress::Running(handling),
                Err(rejection) => Progress::Rejected(rejection),
            },
        }
    }

    /// Begins, and goes on here and now as far as that is possible. A break: it is handled, and took so long. What goes on needs a
    /// task of its own, in which the handler is polled again at once: nobody is woken before that.
    #[inline]
    pub(crate) fn advance(
        span: Span,
        trace: Option<Trace>,
        ready: Result<Handling, Rejection>,
    ) -> ControlFlow<(Span, Duration), Self> {
        let since = Instant::now();
        // It is put together when it goes on only: moving it costs every delivery.
        let step = match ready {
            Err(rejection) => Progress::Rejected(rejection),
            Ok(mut handling) => {
                let context = &mut Context::from_waker(Waker::noop());
                let poll = || route::poll(&mut handling, context);
                match spans::entered(trace.as_ref(), &span, poll) {
                    Poll::Ready(Ok(())) => return ControlFlow::Break((span, since.elapsed())),
                    Poll::Ready(Err(failed)) => Progress::Failed(failed),
                    Poll::Pending => Progress::Running(handling),
                }
            }
        };
        ControlFlow::Continue(Self {
            span,
            trace,
            since,
            step,
        })
    }
}
