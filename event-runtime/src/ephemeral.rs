//! The ephemeral events of a listener: a core subscription in the service's queue group.
//!
//! Nothing is acknowledged, retried or buried: a failure is logged and counted.

use std::pin::pin;
use std::sync::Arc;

use async_nats::{Message, Subscriber};
use futures_util::StreamExt;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout_at};

use crate::delivery::Meta;
use crate::error::Error;
use crate::listener::{Fate, ListenReport, Shared};
use crate::route::{self, Route};
use crate::spans;
use crate::subscribe::Filter;

/// Subscribes to the events of a route; `None` when they are stored.
pub(crate) async fn subscribe(shared: &Shared, route: usize) -> Result<Option<Subscriber>, Error> {
    let Some(route) = shared
        .routes
        .get(route)
        .filter(|route| route.stream.is_none())
    else {
        return Ok(None);
    };
    let filter =
        Filter::<()>::from_pattern(route.pattern.clone()).queue_group(shared.service.queue_group);
    shared.bus.subscribe_core(&filter).await.map(Some)
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
    let mut tasks: JoinSet<Result<(), String>> = JoinSet::new();
    let room = (shared.service.max_in_flight as usize).max(shared.service.concurrency as usize);
    loop {
        // What there is no room for stays in the subscription, which has a bound of its own.
        let message = tokio::select! {
            message = subscriber.next(), if tasks.len() < room => message,
            () = shared.stop.wait() => break,
            Some(done) = tasks.join_next() => {
                report.count(fate(done), 1, counters);
                continue;
            }
        };
        let Some(message) = message else { break };
        report.count(Fate::Delivered, 1, counters);
        let shared = Arc::clone(&shared);
        tasks.spawn(async move {
            let _slot = Arc::clone(&shared.slots).acquire_owned().await;
            let Some(route) = shared.routes.get(route) else {
                return Ok(());
            };
            handle(&shared, route, &message).await
        });
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

/// Handles one message. An error says why it was not handled.
pub(crate) async fn handle(
    shared: &Arc<Shared>,
    route: &Route,
    message: &Message,
) -> Result<(), String> {
    let meta = Meta::of(message, None);
    let group = shared.service.queue_group;
    let span = spans::process(
        Some(route.template),
        &meta,
        message.payload.len(),
        group,
        None,
    );
    let trace = meta.trace.clone();
    let handled = pin!(async {
        let handling = shared
            .handling(route, message, meta)
            .map_err(|rejection| (rejection.cause.as_str(), rejection.detail))?;
        let limit = shared.handler_limit.unwrap_or(shared.service.ack_wait * 10);
        let handled = route::run(handling, limit).await;
        handled.map_err(|failed| (failed.kind, failed.failure.reason().to_owned()))
    });
    let handled = spans::traced(trace, &span, handled).await;
    handled.map_err(|(kind, reason)| {
        span.in_scope(|| {
            tracing::warn!(subject = %message.subject, reason, "an ephemeral event was not handled");
        });
        spans::failed(&span, kind, &reason);
        reason
    })
}

fn fate(done: Result<Result<(), String>, JoinError>) -> Fate {
    match done {
        Ok(Ok(())) => Fate::Handled,
        _ => Fate::Failed,
    }
}
