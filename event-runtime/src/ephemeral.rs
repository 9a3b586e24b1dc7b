//! The ephemeral events of a listener: a core subscription in the service's queue group.
//!
//! Nothing is acknowledged, retried or buried: a failure is logged and counted.

use std::sync::Arc;

use async_nats::{Message, Subscriber};
use futures_util::StreamExt;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::delivery::Meta;
use crate::error::Error;
use crate::listener::{ListenReport, Shared};
use crate::route;
use crate::subscribe::Filter;

/// Subscribes to the events of a route; `None` when they are stored.
pub(crate) async fn subscribe<H>(
    shared: &Shared<H>,
    route: usize,
) -> Result<Option<Subscriber>, Error> {
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
pub(crate) async fn run<H: Send + Sync + 'static>(
    shared: Arc<Shared<H>>,
    route: usize,
    mut subscriber: Subscriber,
) -> (ListenReport, Result<(), Error>) {
    let mut report = ListenReport::default();
    let mut tasks = JoinSet::new();
    let room = (shared.service.max_in_flight as usize).max(shared.service.concurrency as usize);
    loop {
        // What there is no room for stays in the subscription, which has a bound of its own.
        let message = tokio::select! {
            message = subscriber.next(), if tasks.len() < room => message,
            () = shared.stop.wait() => break,
            Some(done) = tasks.join_next() => {
                report.count(done.is_ok_and(|handled| handled));
                continue;
            }
        };
        let Some(message) = message else { break };
        report.delivered += 1;
        let shared = Arc::clone(&shared);
        tasks.spawn(async move {
            let _slot = Arc::clone(&shared.slots).acquire_owned().await;
            handle(&shared, route, &message).await
        });
    }
    let _ = subscriber.drain().await;
    let deadline = Instant::now() + shared.grace;
    while let Ok(Some(done)) = timeout_at(deadline, tasks.join_next()).await {
        report.count(done.is_ok_and(|handled| handled));
    }
    report.failed += tasks.len() as u64;
    while let Ok(Some(_)) = timeout_at(deadline, subscriber.next()).await {
        report.delivered += 1;
        report.failed += 1;
    }
    (report, Ok(()))
}

async fn handle<H: Send + Sync + 'static>(
    shared: &Arc<Shared<H>>,
    route: usize,
    message: &Message,
) -> bool {
    let Some(found) = shared.routes.get(route) else {
        return false;
    };
    let meta = Meta::of(message, None);
    let handling = match found.call(Arc::clone(&shared.handlers), message, meta.clone()) {
        Ok(handling) => handling,
        Err(rejection) => {
            tracing::warn!(subject = %message.subject, reason = rejection.detail, "an ephemeral event was not read");
            return false;
        }
    };
    let handling = shared.wrap(&meta, handling);
    let limit = shared.handler_limit.unwrap_or(shared.service.ack_wait * 10);
    match tokio::time::timeout(limit, route::run(handling)).await {
        Ok(Ok(())) => true,
        Ok(Err((_, failure))) => {
            tracing::warn!(subject = %message.subject, reason = failure.reason(), "an ephemeral event was not handled");
            false
        }
        Err(_) => {
            tracing::warn!(subject = %message.subject, "the handler of an ephemeral event took too long");
            false
        }
    }
}

impl ListenReport {
    fn count(&mut self, handled: bool) {
        if handled {
            self.handled += 1;
        } else {
            self.failed += 1;
        }
    }
}
