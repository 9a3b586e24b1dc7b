//! The listener of a service: its handlers, its durables, and their common start and stop.
//!
//! At start it only reads: durables belong to operators. What happens to one delivery is in `worker`.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use event_wire::Event;
use event_wire::streams::Service;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::blocked::Blocked;
use crate::bus::{Bus, DurableName};
use crate::delivery::{Delivery, Meta};
use crate::durable::Durable;
use crate::ephemeral;
use crate::error::Error;
use crate::failure::Failure;
use crate::keeper::Keeper;
use crate::report::ListenReport;
use crate::route::Route;
use crate::shared::{Next, Shared};
use crate::shutdown::Shutdown;
use crate::worker::Worker;

/// The listener of one service: built by generated code, run until its shutdown.
pub struct Listener<H> {
    pub(crate) handlers: Arc<H>,
    /// All else does without the type of the handlers.
    shared: Shared,
}

impl<H> fmt::Debug for Listener<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("service", &self.shared.service)
            .field("routes", &self.shared.routes.len())
            .finish_non_exhaustive()
    }
}

impl<H: Send + Sync + 'static> Listener<H> {
    /// A listener without handlers yet.
    #[must_use]
    pub fn new(bus: &Bus, service: Service, handlers: H) -> Self {
        Self {
            handlers: Arc::new(handlers),
            shared: Shared {
                bus: bus.clone(),
                slots: Arc::new(Semaphore::new(service.concurrency as usize)),
                service,
                routes: Vec::new(),
                around: None,
                handler_limit: None,
                grace: Duration::from_secs(20),
                stop: Shutdown::new(),
                blocked: Blocked::default(),
            },
        }
    }

    /// What is done with the events of one type.
    #[must_use]
    pub fn on<E, F, Fut>(mut self, handler: F) -> Self
    where
        E: Event,
        F: Fn(Arc<H>, Delivery<E>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let route = Route::new(Arc::clone(&self.handlers), handler);
        self.shared.routes.push(route);
        self
    }

    /// Wraps every handler call: for logging, authentication, a database transaction.
    #[must_use]
    pub fn around<F, Fut>(mut self, hook: F) -> Self
    where
        F: Fn(Arc<Meta>, Next) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        self.shared.around = Some(Box::new(move |meta, next| Box::pin(hook(meta, next))));
        self
    }

    /// How long a handler may take. Default: 10 times the durable's ack_wait.
    ///
    /// Until then its lease is extended; then the handler is cancelled, which counts as a failure.
    #[must_use]
    pub fn handler_limit(mut self, limit: Duration) -> Self {
        self.shared.handler_limit = Some(limit);
        self
    }

    /// How long handlers may still run after the stop. Then they are cancelled and their deliveries given back.
    /// Default: 20 s.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.shared.grace = grace;
        self
    }

    /// Handles events until `shutdown` stops or the bus closes; then gives back what it has not begun, lets the running
    /// handlers end, and waits until the server has every outcome.
    ///
    /// Dropping the future instead strands what it holds until ack_wait.
    ///
    /// # Errors
    /// Returns, at the start, [`Error::MissingStream`], [`Error::MissingDurable`] or [`Error::Unfit`] if the server lacks one thing that
    /// the service needs, and [`Error::Unprovisioned`] with all of them if it lacks several; [`Error::NoJetStream`];
    /// [`Error::Refused`] if the connection may not consume. Later, [`Error::ConsumerGone`] if a durable was deleted.
    pub async fn run(self, shutdown: Shutdown) -> Result<ListenReport, Error> {
        self.share().running(shutdown).await
    }

    /// What its workers share.
    pub(crate) fn share(self) -> Arc<Shared> {
        Arc::new(self.shared)
    }
}

impl Shared {
    /// A box keeps the future, and with it all that works on deliveries, in this crate: else each service would compile it again.
    fn running(
        self: Arc<Self>,
        shutdown: Shutdown,
    ) -> Pin<Box<dyn Future<Output = Result<ListenReport, Error>> + Send>> {
        Box::pin(self.run(shutdown))
    }

    /// The subjects of its ephemeral events as a line, if there are any.
    fn ephemeral(&self) -> Option<String> {
        let routes = self.routes.iter().filter(|route| route.stream.is_none());
        let subjects: Vec<&str> = routes.map(|route| &*route.pattern).collect();
        (!subjects.is_empty()).then(|| subjects.join(", "))
    }

    async fn run(self: Arc<Self>, shutdown: Shutdown) -> Result<ListenReport, Error> {
        let (shared, stop) = (&self, &self.stop);
        let bus = &self.bus;
        bus.open()?;
        if bus.inner.stop.is_stopped() {
            return Err(Error::Closed);
        }
        let durables = self.durables().await?;
        let probe = durables
            .first()
            .map(|durable| (durable.stream, durable.name.clone()));
        let names = durables
            .iter()
            .map(|durable| (durable.stream, durable.name.clone()));
        let _running = Running::start(bus, names.collect());
        tracing::info!(
            service = self.service.name,
            queue_group = self.service.queue_group,
            durables = shown(&durables),
            ephemeral = self.ephemeral(),
            "listening"
        );
        let mut workers = JoinSet::new();
        let mut desks = Vec::new();
        for durable in durables {
            let worker = Worker::open(Arc::clone(shared), durable).await?;
            desks.push(worker.desk());
            workers.spawn(worker.run());
        }
        let _keeper = Keeper::start(desks).map_err(|error| Error::NoThread {
            reason: error.to_string(),
        })?;
        for route in 0..shared.routes.len() {
            if let Some(subscriber) = ephemeral::subscribe(shared, route).await? {
                workers.spawn(ephemeral::run(Arc::clone(shared), route, subscriber));
            }
        }
        let mut report = ListenReport::default();
        let mut failure = None;
        let mut stopping = false;
        loop {
            tokio::select! {
                () = shutdown.wait(), if !stopping => { stopping = true; stop.stop(); }
                () = bus.inner.stop.wait(), if !stopping => { stopping = true; stop.stop(); }
                ended = workers.join_next() => match ended {
                    None if shared.routes.is_empty() && !stopping => { shutdown.wait().await; break }
                    None => break,
                    Some(Ok((counts, result))) => {
                        report.add(counts);
                        if let Err(error) = result {
                            tracing::error!(service = shared.service.name, %error, "the listener stops");
                            failure.get_or_insert(error);
                            stopping = true;
                            stop.stop();
                        }
                    }
                    Some(Err(error)) => {
                        tracing::error!(service = shared.service.name, %error, "a worker of the listener ended");
                        failure.get_or_insert(Error::Closed);
                        stopping = true;
                        stop.stop();
                    }
                }
            }
        }
        // The outcomes are on their way; the service may end its process right after this.
        let _ = timeout(Duration::from_secs(2), bus.client().flush()).await;
        match &probe {
            Some((stream, durable)) => {
                let _ = timeout(Duration::from_secs(2), bus.consumer(stream, durable)).await;
            }
            None => {
                bus.round_trip(Instant::now() + Duration::from_secs(2))
                    .await;
            }
        }
        let ListenReport {
            delivered,
            handled,
            retried,
            dead_lettered,
            returned,
            failed,
        } = report;
        tracing::info!(
            service = shared.service.name,
            delivered,
            handled,
            retried,
            dead_lettered,
            returned,
            failed,
            "stopped listening"
        );
        failure.map_or(Ok(report), Err)
    }
}

/// Durables as a line: `ORDERS/billing, DEAD_LETTERS/redrive-billing`.
fn shown(durables: &[Durable]) -> String {
    let names = durables.iter();
    let names = names.map(|durable| format!("{}/{}", durable.stream, durable.name));
    names.collect::<Vec<_>>().join(", ")
}

/// Counts a running listener, and its durables among those whose health is asked, until it is dropped.
struct Running<'a> {
    bus: &'a Bus,
    durables: Vec<DurableName>,
}

impl<'a> Running<'a> {
    fn start(bus: &'a Bus, durables: Vec<DurableName>) -> Self {
        bus.inner.listeners.send_modify(|running| *running += 1);
        bus.watch(&durables);
        Self { bus, durables }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.bus.unwatch(&self.durables);
        let listeners = &self.bus.inner.listeners;
        listeners.send_modify(|running| *running = running.saturating_sub(1));
    }
}
