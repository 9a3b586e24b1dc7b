//! The listener against a real server: sharing, order, retries, dead letters, leases, start and stop.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::type_complexity
)]

mod backlog;
mod durables;
mod handling;
mod order;
mod retries;
#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;

use event_runtime::{Bus, Delivery, Error, Failure, ListenReport, Listener, Service, Shutdown};
use support::OrderPlaced;
use tokio::task::JoinHandle;

type Running = (Shutdown, JoinHandle<Result<ListenReport, Error>>);

/// Runs a listener for placed orders.
fn listen<F, Fut>(bus: &Bus, service: Service, handler: F) -> Running
where
    F: Fn(Delivery<OrderPlaced>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), Failure>> + Send + 'static,
{
    start(
        Listener::new(bus, service, handler)
            .on(|h: Arc<F>, d: Delivery<OrderPlaced>| async move { h(d).await }),
    )
}

fn start<H: Send + Sync + 'static>(listener: Listener<H>) -> Running {
    let shutdown = Shutdown::new();
    let running = tokio::spawn(listener.run(shutdown.clone()));
    (shutdown, running)
}

async fn stop((shutdown, running): Running) -> ListenReport {
    shutdown.stop();
    let report = running.await.unwrap().unwrap();
    adds_up(&report);
    report
}

fn adds_up(report: &ListenReport) {
    let sum =
        report.handled + report.retried + report.dead_lettered + report.returned + report.failed;
    assert_eq!(report.delivered, sum, "{report:?}");
}
