//! The ephemeral events of a listener: a core subscription in the service's queue group.
//!
//! Nothing is acknowledged, retried or buried: a failure is logged and counted.

use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{Message, Subscriber};
use futures_util::StreamExt;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout_at};
use tracing::Span;

use crate::begun::{Begun, Progress};
use crate::blocked::LONG;
use crate::delivery::Meta;
use crate::error::Error;
use crate::heuristics::Trust;
use crate::report::{Fate, ListenReport};
use crate::route::{self, Handling, Rejection, Route};
use crate::shared::Shared;
use crate::spans;
use crate::trace::Trace;

/// Subscribes to the events of a route; `None` when they are stored.
pub(crate) async fn subscribe(shared: &Shared, route: usize) -> Result<Option<Subscriber>, Error> {
    let Some(route) = shared
        .routes
        .get(route)
        .filter(|route| route.stream.is_none())
    else {
        return Ok(None);
    };
    let group = Some(shared.service.queue_group.to_owned());
    let subscriber = shared.bus.subscribe_core(&route.pattern, group).await?;
    Ok(Some(subscriber))
}

/// Handles what arrives until the stop.
pub(crate) async fn run(
    shared: Arc<Shared>,
    route: usize,
    mut subscriber: Subscriber,
) -> (ListenReport, Result<(), Error>) {
    let bus = shared.bus.clone();
    let counters = &bus.inner.events.counters;
    let mut report = ListenReport::default();
    let mut tasks: JoinSet<Handled> = JoinSet::new();
    let mut trust = Trust::of(&shared.service);
    let room = (shared.service.max_in_flight as usize).max(shared.service.concurrency as usize);
    loop {
        // What there is no room for stays in the subscription, which has a bound of its own.
        let message = tokio::select! {
            message = subscriber.next(), if tasks.len() < room => message,
            () = shared.stop.wait() => break,
            Some(done) = tasks.join_next() => {
                if let Ok(handled) = &done {
                    trust.learn(handled.took);
                }
                report.count(fate(done), 1, counters);
                continue;
            }
        };
        let Some(message) = message else { break };
        report.count(Fate::Delivered, 1, counters);
        let inline = trust.covers(message.payload.len());
        let Some(slot) = inline.then(|| shared.free_slot()).flatten() else {
            tasks.spawn(in_turn(Arc::clone(&shared), route, message));
            continue;
        };
        let Some(known) = shared.routes.get(route) else {
            break;
        };
        let (span, trace, ready) = ready(&shared, known, &message);
        match Begun::advance(span, trace, ready) {
            ControlFlow::Break((_, took)) => {
                if took > LONG {
                    shared.blocked(known.event, took);
                }
                trust.learn(took);
                report.count(Fate::Handled, 1, counters);
            }
            ControlFlow::Continue(begun) => {
                trust.lose();
                let took = begun.since.elapsed();
                if took > LONG {
                    shared.blocked(known.event, took);
                }
                let event = known.event;
                let shared = Arc::clone(&shared);
                tasks.spawn(async move {
                    let handled = go_on(&shared, event, &message, begun).await;
                    drop(slot);
                    handled
                });
            }
        }
    }
    let _ = subscriber.drain().await;
    let deadline = Instant::now() + shared.grace;
    while let Ok(Some(done)) = timeout_at(deadline, tasks.join_next()).await {
        report.count(fate(done), 1, counters);
    }
    report.count(Fate::Failed, tasks.len() as u64, counters);
    while let Ok(Some(_)) = timeout_at(deadline, subscriber.next()).await {
        report.count(Fate::Delivered, 1, counters);
        report.count(Fate::Failed, 1, counters);
    }
    (report, Ok(()))
}

/// Result of a message.
pub(crate) struct Handled {
    /// An error says why it was not handled.
    pub(crate) result: Result<(), String>,
    took: Duration,
}

/// Waits for a slot, then handles a message.
async fn in_turn(shared: Arc<Shared>, route: usize, message: Message) -> Handled {
    let _slot = Arc::clone(&shared.slots).acquire_owned().await;
    match shared.routes.get(route) {
        Some(route) => handle(&shared, route, &message).await,
        None => Handled {
            result: Ok(()),
            took: Duration::ZERO,
        },
    }
}

/// Handles one message.
pub(crate) async fn handle(shared: &Arc<Shared>, route: &Route, message: &Message) -> Handled {
    let (span, trace, ready) = ready(shared, route, message);
    go_on(shared, route.event, message, Begun::new(span, trace, ready)).await
}

/// Everything before the handler runs: its span, its trace, and its call unless there is a reason not to make it.
fn ready(
    shared: &Arc<Shared>,
    route: &Route,
    message: &Message,
) -> (Span, Option<Trace>, Result<Handling, Rejection>) {
    let meta = Meta::of(message, None);
    let (group, size) = (shared.service.queue_group, message.payload.len());
    let span = spans::process(Some(route.template), &meta, size, group, None);
    let trace = meta.trace.clone();
    let ready = spans::entered(trace.as_ref(), &span, || {
        shared.handling(route, message, meta)
    });
    (span, trace, ready)
}

/// Goes on with it to its end.
async fn go_on(shared: &Shared, event: &'static str, message: &Message, begun: Begun) -> Handled {
    let Begun {
        span,
        trace,
        since,
        step,
    } = begun;
    let limit = shared.handler_limit.unwrap_or(shared.service.ack_wait * 10);
    let handled = pin!(async {
        let failed = match step {
            Progress::Rejected(Rejection { cause, detail }) => {
                return Err((cause.as_str(), detail));
            }
            Progress::Running(handling) => {
                route::run(handling, limit, |took| shared.blocked(event, took)).await
            }
            Progress::Failed(failed) => Err(failed),
        };
        failed.map_err(|failed| (failed.kind, failed.failure.reason().to_owned()))
    });
    let handled = spans::traced(trace, &span, handled).await;
    let result = handled.map_err(|(kind, reason)| {
        span.in_scope(|| {
            tracing::warn!(subject = %message.subject, reason, "an ephemeral event was not handled");
        });
        spans::failed(&span, kind, &reason);
        reason
    });
    Handled {
        result,
        took: since.elapsed(),
    }
}

fn fate(done: Result<Handled, JoinError>) -> Fate {
    match done {
        Ok(Handled { result: Ok(()), .. }) => Fate::Handled,
        _ => Fate::Failed,
    }
}
