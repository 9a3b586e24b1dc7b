//! One durable of a listener: it pulls, keeps the leases of what it holds, and sends every outcome.
//!
//! All acknowledgements of a delivery leave from one task, so that none can follow the outcome. Owns no policy of its
//! own: attempts, delays and slots are the service's.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_nats::{Message, Subject};
use bytes::Bytes;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout, timeout_at};

use crate::api::{ConsumerInfo, is_not_found};
use crate::bus::Bus;
use crate::delivery::AckSubject;
use crate::error::Error;
use crate::listener::{Fate, ListenReport, Shared};
use crate::process::{Outcome, Settled, process};
use crate::pull::{Frame, Pull};
use crate::streams::DEAD_LETTERS;
#[cfg(feature = "testing")]
use crate::streams::Service;

/// The most deliveries that wait for a slot.
const MAX_PREFETCH: usize = 256;
/// How long the client may take to accept an acknowledgement.
const SEND: Duration = Duration::from_secs(2);
/// After so much silence nothing is on its way any more.
const QUIET: Duration = Duration::from_millis(20);

/// A durable as the server has it.
#[derive(Debug)]
pub(crate) struct Durable {
    pub(crate) stream: &'static str,
    pub(crate) name: String,
    pub(crate) created: String,
    pub(crate) ack_wait: Duration,
    pub(crate) redrives: bool,
    max_in_flight: usize,
}

impl Durable {
    pub(crate) fn new(stream: &'static str, name: String, info: &ConsumerInfo) -> Self {
        Self {
            stream,
            name,
            created: info.created.clone(),
            ack_wait: info.config.ack_wait(),
            redrives: stream == DEAD_LETTERS,
            // No limit is -1.
            max_in_flight: usize::try_from(info.config.max_ack_pending)
                .unwrap_or(usize::MAX)
                .max(1),
        }
    }

    /// The error for one that was deleted.
    fn gone(&self) -> Error {
        Error::ConsumerGone {
            stream: self.stream.to_owned(),
            durable: self.name.clone(),
        }
    }

    /// One that no server has: for deliveries that are made by hand.
    #[cfg(feature = "testing")]
    pub(crate) fn by_hand(stream: &'static str, service: &Service) -> Self {
        Self {
            stream,
            name: service.queue_group.to_owned(),
            created: String::new(),
            ack_wait: service.ack_wait,
            redrives: stream == DEAD_LETTERS,
            max_in_flight: service.max_in_flight as usize,
        }
    }
}

/// A delivery in hand.
struct Lease {
    reply: Subject,
    extended: Instant,
}

type Look = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

pub(crate) struct Worker<H> {
    shared: Arc<Shared<H>>,
    durable: Arc<Durable>,
    pull: Pull,
    tasks: JoinSet<Settled>,
    leases: HashMap<Id, Lease>,
    /// How many deliveries may wait beyond those that have a slot.
    prefetch: usize,
    /// How long handlers take, smoothed.
    handler_time: Duration,
    /// When the retries that this worker asked for are due.
    delayed: Vec<Instant>,
    paused: bool,
    /// The highest number of a delivery so far: the durable counts them, and one that is made again counts anew.
    seen: u64,
    report: ListenReport,
}

impl<H: Send + Sync + 'static> Worker<H> {
    pub(crate) async fn open(shared: Arc<Shared<H>>, durable: Durable) -> Result<Self, Error> {
        let pull = Pull::open(&shared.bus, durable.stream, &durable.name).await?;
        Ok(Self {
            shared,
            durable: Arc::new(durable),
            pull,
            tasks: JoinSet::new(),
            leases: HashMap::new(),
            prefetch: 0,
            handler_time: Duration::ZERO,
            delayed: Vec::new(),
            paused: false,
            seen: 0,
            report: ListenReport::default(),
        })
    }

    /// Works until the stop, or until the durable is gone. The report is whole in either case.
    pub(crate) async fn run(mut self) -> (ListenReport, Result<(), Error>) {
        let stop = self.shared.stop.clone();
        let mut stopped = Box::pin(stop.wait());
        let mut ticks = interval((self.durable.ack_wait / 4).max(Duration::from_millis(10)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut look: Option<Look> = None;
        let result = loop {
            if look.is_none() {
                self.ask().await;
            }
            tokio::select! {
                () = &mut stopped => break Ok(()),
                frame = self.pull.next(), if look.is_none() => match frame {
                    Frame::Message(message) => {
                        if !self.accept(message) {
                            look = Some(self.look("its deliveries are counted anew", true));
                        }
                    }
                    Frame::Ended => {}
                    Frame::Lost(why) => look = Some(self.look(why, false)),
                    Frame::Deleted => look = Some(self.look("it was deleted", true)),
                    Frame::Refused(operation) => break Err(Error::Refused { operation }),
                    Frame::Closed => break Err(Error::Closed),
                },
                result = looked(&mut look) => {
                    look = None;
                    if let Err(error) = result {
                        break Err(error);
                    }
                }
                Some(done) = self.tasks.join_next_with_id() => self.settle(done).await,
                _ = ticks.tick() => self.extend().await,
            }
        };
        self.stop().await;
        (self.report, result)
    }

    /// Asks for as many deliveries as there is room for.
    async fn ask(&mut self) {
        let slots = self.shared.service.concurrency as usize;
        let target = (slots + self.prefetch).min(self.durable.max_in_flight);
        let held = self.leases.len() + self.pull.outstanding();
        let room = target.saturating_sub(held);
        // Small requests are dear: they wait until half of the room is free, unless a slot would stay empty.
        if room > 0 && (room * 2 >= target || held < slots) {
            self.pull.ask(room).await;
        }
    }

    /// Begins to handle a delivery. Whether it goes on from the ones before: else the durable may be another one by now.
    fn accept(&mut self, message: Message) -> bool {
        let Some(reply) = message.reply.clone() else {
            return true;
        };
        let Some(info) = AckSubject::parse(&reply) else {
            tracing::warn!(subject = %message.subject, "a message without an acknowledgement subject is left alone");
            return true;
        };
        let goes_on = info.consumer_sequence > self.seen;
        self.seen = self.seen.max(info.consumer_sequence);
        self.count(Fate::Delivered);
        let task = process(
            Arc::clone(&self.shared),
            Arc::clone(&self.durable),
            message,
            info,
        );
        let id = self.tasks.spawn(task).id();
        self.leases.insert(
            id,
            Lease {
                reply,
                extended: Instant::now(),
            },
        );
        goes_on
    }

    async fn settle(&mut self, done: Result<(Id, Settled), JoinError>) {
        let (id, settled) = match done {
            Ok(done) => done,
            Err(error) if error.is_cancelled() => (error.id(), Outcome::Return.into()),
            // Handlers' panics are caught; this is one of the runtime's own.
            Err(error) => (
                error.id(),
                Outcome::Retry {
                    delay: self.shared.service.first_delay,
                    reason: String::new(),
                }
                .into(),
            ),
        };
        let Some(lease) = self.leases.remove(&id) else {
            return;
        };
        if let Some(took) = settled.took {
            self.learn(took);
        }
        match settled.outcome {
            Outcome::Ack => {
                self.count(Fate::Handled);
                self.send(lease.reply, Bytes::from_static(b"+ACK")).await;
            }
            Outcome::Dead { .. } => {
                self.count(Fate::DeadLettered);
                self.send(lease.reply, Bytes::from_static(b"+TERM")).await;
            }
            Outcome::Retry { delay, .. } => {
                self.count(Fate::Retried);
                self.delayed.push(Instant::now() + delay);
                self.send(
                    lease.reply,
                    format!("-NAK {{\"delay\":{}}}", delay.as_nanos()).into(),
                )
                .await;
                self.note_pause();
            }
            Outcome::Return => {
                self.count(Fate::Returned);
                self.send(lease.reply, Bytes::from_static(b"-NAK")).await;
            }
        }
        if settled.alone.is_some() {
            // The next one may kill the process.
            let _ = timeout(SEND, self.shared.bus.client().flush()).await;
        }
    }

    fn count(&mut self, fate: Fate) {
        let counters = &self.shared.bus.inner.events.counters;
        self.report.count(fate, 1, counters);
    }

    /// Lets as much wait as the measured handlers clear in a quarter of ack_wait.
    fn learn(&mut self, took: Duration) {
        self.handler_time = if self.handler_time.is_zero() {
            took
        } else {
            (self.handler_time * 4 + took) / 5
        };
        let quarter = (self.durable.ack_wait / 4).as_nanos() / self.handler_time.as_nanos().max(1);
        let clears = usize::try_from(quarter)
            .unwrap_or(MAX_PREFETCH)
            .saturating_mul(self.shared.service.concurrency as usize);
        self.prefetch = (self.prefetch + 1).min(clears).min(MAX_PREFETCH);
    }

    async fn send(&self, reply: Subject, body: Bytes) {
        let sent = timeout(SEND, self.shared.bus.client().publish(reply, body)).await;
        if !matches!(sent, Ok(Ok(()))) {
            // The server delivers it again after ack_wait: at least once is kept.
            tracing::warn!(
                durable = self.durable.name,
                "an acknowledgement could not be sent"
            );
        }
    }

    async fn extend(&mut self) {
        let quarter = self.durable.ack_wait / 4;
        let now = Instant::now();
        let mut due = Vec::new();
        for lease in self.leases.values_mut() {
            if now.duration_since(lease.extended) >= quarter {
                lease.extended = now;
                due.push(lease.reply.clone());
            }
        }
        for reply in due {
            self.send(reply, Bytes::from_static(b"+WPI")).await;
        }
        self.note_pause();
    }

    fn note_pause(&mut self) {
        let now = Instant::now();
        self.delayed.retain(|due| *due > now);
        let paused = self.delayed.len() >= self.durable.max_in_flight;
        if paused == self.paused {
            return;
        }
        self.paused = paused;
        let name = format!("{}/{}", self.durable.stream, self.durable.name);
        let mut all = self
            .shared
            .bus
            .inner
            .paused
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if paused {
            tracing::warn!(
                durable = name,
                "paused: every delivery that may be in flight waits for a retry"
            );
            all.insert(name);
        } else {
            all.remove(&name);
        }
    }

    fn look(&self, why: &'static str, sure: bool) -> Look {
        tracing::debug!(
            durable = self.durable.name,
            why,
            "looking whether the durable is still there"
        );
        Box::pin(look(
            self.shared.bus.clone(),
            Arc::clone(&self.durable),
            sure,
        ))
    }

    /// Takes nothing more, gives back what has no outcome, lets running handlers end.
    async fn stop(&mut self) {
        let deadline = Instant::now() + self.shared.grace;
        // What was asked for may be on its way: given back before the inbox is closed, it would come right back.
        let mut arrived = Vec::new();
        let settled_by = Instant::now() + QUIET * 25;
        while self.pull.outstanding() > 0 && Instant::now() < settled_by {
            match timeout(QUIET, self.pull.next()).await {
                Ok(Frame::Message(message)) => arrived.push(message),
                Ok(Frame::Ended) => {}
                _ => break,
            }
        }
        self.pull.end().await;
        // An answer comes after everything that was sent before it; this one a service is allowed to ask for.
        let info = self
            .shared
            .bus
            .consumer(self.durable.stream, &self.durable.name);
        let _ = timeout(SEND, info).await;
        while let Ok(frame) = timeout(QUIET, self.pull.next()).await {
            match frame {
                Frame::Message(message) => arrived.push(message),
                Frame::Closed => break,
                _ => {}
            }
        }
        for message in arrived {
            let Some(reply) = message.reply else { continue };
            self.count(Fate::Delivered);
            self.count(Fate::Returned);
            self.send(reply, Bytes::from_static(b"-NAK")).await;
        }
        let mut ticks = interval((self.durable.ack_wait / 4).max(Duration::from_millis(10)));
        while !self.tasks.is_empty() {
            tokio::select! {
                done = timeout_at(deadline, self.tasks.join_next_with_id()) => match done {
                    Ok(Some(done)) => self.settle(done).await,
                    Ok(None) => break,
                    Err(_) => break,
                },
                _ = ticks.tick() => self.extend().await,
            }
        }
        self.delayed.clear();
        self.note_pause();
        self.tasks.abort_all();
        while let Some(done) = self.tasks.join_next_with_id().await {
            self.settle(done).await;
        }
    }
}

/// The end of a look, if there is one.
async fn looked(look: &mut Option<Look>) -> Result<(), Error> {
    match look {
        Some(look) => look.await,
        None => std::future::pending().await,
    }
}

/// Waits until the durable is there; an error when it is not there for good.
async fn look(bus: Bus, durable: Arc<Durable>, sure: bool) -> Result<(), Error> {
    let (mut pause, mut misses) = (Duration::from_millis(50), 0);
    loop {
        bus.connected(Instant::now() + Duration::from_secs(60))
            .await;
        match bus.consumer(durable.stream, &durable.name).await {
            // Another one of the same name: it counts its deliveries anew, and an acknowledgement of what is in hand could be
            // taken for one of its own.
            Ok(info) if info.created != durable.created => return Err(durable.gone()),
            Ok(_) => return Ok(()),
            Err(error) if is_not_found(&error) => {
                misses += 1;
                // A server that has just started may not know everything yet.
                if sure || misses > 4 {
                    return Err(durable.gone());
                }
            }
            Err(error @ (Error::Refused { .. } | Error::Closed)) => return Err(error),
            Err(error) => {
                tracing::debug!(durable = durable.name, %error, "the durable cannot be read now")
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(2));
    }
}
