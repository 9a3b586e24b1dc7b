//! From a message to the handler that takes it.
//!
//! Finds, decodes and checks; runs nothing.

use std::any::Any;
use std::borrow::Cow;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_nats::Message;
use event_wire::streams::{covers, pattern_of};
use event_wire::{Envelope, Event, decode};
use tokio::time::{Instant, timeout};

use crate::blocked::LONG;
use crate::cause::Cause;
use crate::cloudevents;
use crate::delivery::{Delivery, Meta};
use crate::failure::Failure;

/// A handler that is about to run.
pub(crate) type Handling = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

type Call = dyn Fn(&[u8], Meta) -> Result<Handling, Rejection> + Send + Sync;

/// A message that no handler gets, and why.
#[derive(Debug)]
pub(crate) struct Rejection {
    pub(crate) cause: Cause,
    pub(crate) detail: String,
}

/// One subscribed event and what is done with it. The types of handlers and event end here, in `call`: what works on routes is
/// compiled with this crate, and not again for each service.
pub(crate) struct Route {
    pub(crate) event: &'static str,
    pub(crate) template: &'static str,
    pub(crate) pattern: String,
    /// Whether there are placeholders.
    is_pattern: bool,
    pub(crate) stream: Option<&'static str>,
    pub(crate) partitions: Option<u32>,
    envelope: Envelope,
    call: Box<Call>,
}

impl Route {
    /// Whether a subject is one of its events'.
    fn takes(&self, subject: &str) -> bool {
        if self.is_pattern {
            covers(&self.pattern, subject)
        } else {
            self.pattern == subject
        }
    }
}

impl Route {
    pub(crate) fn new<H, E, F, Fut>(handlers: Arc<H>, handler: F) -> Self
    where
        H: Send + Sync + 'static,
        E: Event,
        F: Fn(Arc<H>, Delivery<E>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let handler = Arc::new(handler);
        let call = move |body: &[u8], meta: Meta| {
            let event: E = decode(body).map_err(|error| Rejection {
                cause: Cause::Undecodable,
                detail: error.to_string(),
            })?;
            event.validate().map_err(|violations| Rejection {
                cause: Cause::Invalid,
                detail: violations.to_string(),
            })?;
            let (handlers, handler) = (Arc::clone(&handlers), Arc::clone(&handler));
            // Called inside the future, so that a panic before its first await is caught too.
            let handling: Handling =
                Box::pin(async move { handler(handlers, Delivery::new(event, meta)).await });
            Ok(handling)
        };
        Self {
            event: E::NAME,
            template: E::SUBJECT,
            pattern: pattern_of(E::SUBJECT, None),
            is_pattern: E::SUBJECT.contains('{'),
            stream: E::STREAM,
            partitions: E::PARTITIONS,
            envelope: E::ENVELOPE,
            call: Box::new(call),
        }
    }

    /// The body of a message without its envelope. `meta` learns what the envelope says.
    pub(crate) fn open<'a>(
        &self,
        message: &'a Message,
        meta: &mut Meta,
    ) -> Result<Cow<'a, [u8]>, Rejection> {
        match self.envelope {
            Envelope::CloudEvents => {
                let opened =
                    cloudevents::open(self.event, message).map_err(|(cause, error)| Rejection {
                        cause,
                        detail: error.to_string(),
                    })?;
                meta.cloud_event = opened.cloud_event;
                Ok(opened.body)
            }
            _ => Ok(Cow::Borrowed(&message.payload[..])),
        }
    }

    /// The handler's call for a body.
    #[inline]
    pub(crate) fn call(&self, body: &[u8], meta: Meta) -> Result<Handling, Rejection> {
        // A `Deserialize` or `validate` of the user's may panic as well.
        let call = AssertUnwindSafe(|| (self.call)(body, meta));
        std::panic::catch_unwind(call).unwrap_or_else(|panic| {
            Err(Rejection {
                cause: Cause::Undecodable,
                detail: panic_text(&*panic),
            })
        })
    }
}

/// The route of a message: by its subject, or by the name in its id or its `ce-type` where a mirror has changed the subject.
pub(crate) fn find<'a>(
    routes: &'a [Route],
    message: &Message,
    meta: &Meta,
) -> Result<&'a Route, Rejection> {
    let id = meta.id.as_deref();
    let named = id.and_then(|id| routes.iter().find(|route| names(id, route.event)));
    if let Some(route) = named
        && route.takes(&meta.subject)
    {
        return Ok(route);
    }
    let name = id.and_then(|id| id.split_once(':')).map(|(name, _)| name);
    let by_subject = routes.iter().find(|route| route.takes(&meta.subject));
    match (by_subject, name) {
        (Some(route), Some(name)) if name != route.event => Err(Rejection {
            cause: Cause::Contradiction,
            detail: format!(
                "the subject is that of {}, and the message id names another event",
                route.event
            ),
        }),
        (Some(route), _) => Ok(route),
        (None, Some(_)) => named.ok_or_else(unknown),
        (None, None) => {
            let name = message.headers.as_ref().and_then(cloudevents::event_type);
            routes
                .iter()
                .filter(|route| route.envelope == Envelope::CloudEvents)
                .find(|route| name.as_deref() == Some(route.event))
                .ok_or_else(unknown)
        }
    }
}

/// Whether a message id is one of an event.
fn names(id: &str, event: &str) -> bool {
    id.strip_prefix(event)
        .is_some_and(|rest| rest.starts_with(':'))
}

fn unknown() -> Rejection {
    Rejection {
        cause: Cause::Unknown,
        detail: "this build has no handler for the subject".to_owned(),
    }
}

/// A handler that did not handle its event.
pub(crate) struct Failed {
    /// Why it is a dead letter, should it become one.
    pub(crate) cause: Cause,
    pub(crate) failure: Failure,
    /// What a span has as `error.type`.
    pub(crate) kind: &'static str,
}

/// Runs a handler to its end, or to the limit; a panic is a failure. `blocked` learns for how long it has kept its thread, if that was
/// long.
pub(crate) async fn run(
    mut handling: Handling,
    limit: Duration,
    blocked: impl Fn(Duration),
) -> Result<(), Failed> {
    let run = poll_fn(|context| {
        let since = Instant::now();
        let polled = poll(&mut handling, context);
        let took = since.elapsed();
        if took > LONG {
            blocked(took);
        }
        polled
    });
    timeout(limit, run).await.unwrap_or_else(|_| {
        let text = format!("the handler took longer than {limit:?} and was cancelled");
        Err(Failed {
            cause: Cause::Attempts,
            failure: Failure::retry(text),
            kind: "timed-out",
        })
    })
}

/// Goes on with a handler until it ends or waits; a panic is a failure.
pub(crate) fn poll(handling: &mut Handling, context: &mut Context<'_>) -> Poll<Result<(), Failed>> {
    let poll = AssertUnwindSafe(|| handling.as_mut().poll(context));
    let (cause, failure, kind) = match std::panic::catch_unwind(poll) {
        Ok(Poll::Pending) => return Poll::Pending,
        Ok(Poll::Ready(Ok(()))) => return Poll::Ready(Ok(())),
        Ok(Poll::Ready(Err(failure @ Failure::Retry { .. }))) => {
            (Cause::Attempts, failure, "failed")
        }
        Ok(Poll::Ready(Err(failure @ Failure::Dead { .. }))) => (Cause::Dead, failure, "dead"),
        Err(panic) => {
            let failure = Failure::retry(panic_text(&*panic));
            (Cause::Panic, failure, "panic")
        }
    };
    Poll::Ready(Err(Failed {
        cause,
        failure,
        kind,
    }))
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a text"))
}
