//! The listener of a service: its handlers, its durables, and their common start and stop.
//!
//! At start it only reads: durables belong to operators. What happens to one delivery is in `worker`.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::Message;
use event_wire::Event;
use event_wire::streams::Service;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::blocked::Blocked;
use crate::bus::Bus;
use crate::connection::Counters;
use crate::delivery::{Delivery, Meta};
use crate::durable::Durable;
use crate::ephemeral;
use crate::error::Error;
use crate::failure::Failure;
use crate::health::DurableName;
use crate::keeper::Keeper;
use crate::route::{Handling, Rejection, Route};
use crate::shutdown::Shutdown;
use crate::worker::Worker;

/// A handler call that an [`around`](Listener::around) hook wraps: await [`run`](Next::run) once.
pub struct Next(Handling);

impl Next {
    /// Runs the handler.
    ///
    /// # Errors
    /// The handler's failure.
    pub async fn run(self) -> Result<(), Failure> {
        self.0.await
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Next")
    }
}

type Around = dyn Fn(Arc<Meta>, Next) -> Handling + Send + Sync;

/// What became of the deliveries of a listener:
/// `delivered = handled + retried + dead_lettered + returned + failed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenReport {
    /// Deliveries that arrived.
    pub delivered: u64,
    /// Handled, and acknowledged where they were stored.
    pub handled: u64,
    /// Given back with a delay, after a failure.
    pub retried: u64,
    /// Stored as dead letters.
    pub dead_lettered: u64,
    /// Given back at the stop without an outcome: another replica, or the next start, gets them.
    pub returned: u64,
    /// Ephemeral events whose handler failed, that could not be read, or that the stop left unhandled: nobody tries
    /// them again.
    pub failed: u64,
}

/// That deliveries arrived, or what became of them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    Delivered,
    Handled,
    Retried,
    DeadLettered,
    Returned,
    Failed,
}

impl ListenReport {
    /// Counts, here and for the whole bus.
    pub(crate) fn count(&mut self, fate: Fate, deliveries: u64, bus: &Counters) {
        let (here, all) = match fate {
            Fate::Delivered => (&mut self.delivered, &bus.delivered),
            Fate::Handled => (&mut self.handled, &bus.acknowledged),
            Fate::Retried => (&mut self.retried, &bus.retried),
            Fate::DeadLettered => (&mut self.dead_lettered, &bus.dead_lettered),
            Fate::Returned => (&mut self.returned, &bus.returned),
            Fate::Failed => (&mut self.failed, &bus.failed),
        };
        *here += deliveries;
        all.fetch_add(deliveries, Ordering::Relaxed);
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.handled += other.handled;
        self.retried += other.retried;
        self.dead_lettered += other.dead_lettered;
        self.returned += other.returned;
        self.failed += other.failed;
    }
}

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

/// What all workers of a listener share.
pub(crate) struct Shared {
    pub(crate) bus: Bus,
    pub(crate) service: Service,
    pub(crate) routes: Vec<Route>,
    around: Option<Box<Around>>,
    pub(crate) handler_limit: Option<Duration>,
    pub(crate) grace: Duration,
    /// A slot for each handler that may run at once.
    pub(crate) slots: Arc<Semaphore>,
    pub(crate) stop: Shutdown,
    /// The handlers that have blocked their thread, and when that was said.
    blocked: Blocked,
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
}

impl Shared {
    /// A handler of the event has kept its thread for so long.
    #[cold]
    pub(crate) fn blocked(&self, event: &'static str, took: Duration) {
        self.blocked.warn(self.service.name, event, took);
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
