//! One durable of a listener: it pulls, keeps the leases of what it holds, and sends every outcome.
//!
//! All acknowledgements of a delivery leave from one task, so that none can follow the outcome. Owns no policy of its
//! own: attempts, delays and slots are the service's.

mod outcomes;

use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{Message, Subject};
use bytes::Bytes;
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::delivery::AckSubject;
use crate::durable::{self, Durable};
use crate::error::Error;
use crate::listener::{Fate, ListenReport, Shared};
use crate::process::{Case, Settled};
use crate::pull::{Frame, Pull};
use crate::suspect::Place;

/// The most deliveries that wait for a slot.
const MAX_PREFETCH: usize = 512;
/// How many bytes may be on their way at once. The server holds up to 64 MiB for a client that reads too slowly, and then drops
/// it: with large events that would be a pause of `ack_wait` for each.
const MAX_ON_THE_WAY: usize = 32 * 1_024 * 1_024;
/// The acknowledgement: a body without a word means the same as `+ACK`.
const ACK: Bytes = Bytes::new();
/// How long the client may take to accept an acknowledgement.
const SEND: Duration = Duration::from_secs(2);
/// How many deliveries are begun before everything else of the worker gets a turn.
const AT_A_TIME: usize = 64;
/// A handler that takes no longer than this costs less than a task of its own.
const QUICK: Duration = Duration::from_micros(50);
/// How many quick handlers in a row are known for sure to be quick. Half of it is enough, and what a slow one costs.
const TRUST: u32 = 32;
/// After so much silence nothing is on its way any more.
const QUIET: Duration = Duration::from_millis(20);

/// What the server waits for: a word about a delivery, before ack_wait is over.
struct Lease {
    reply: Subject,
    extended: Instant,
}

type Look = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + Sync>>;
type NextPlace = Pin<Box<dyn Future<Output = Option<Place>> + Send + Sync>>;

pub(crate) struct Worker {
    shared: Arc<Shared>,
    durable: Arc<Durable>,
    pull: Pull,
    tasks: JoinSet<Settled>,
    /// Those of the tasks.
    leases: HashMap<Id, Lease>,
    /// What waits for a place, in the order in which it came.
    waiting: VecDeque<(Lease, Case)>,
    /// The place that the next of these will have.
    next_place: Option<NextPlace>,
    /// A place that the last delivery has left: the next one takes it without asking anybody.
    spare: Option<Place>,
    /// How many deliveries may wait beyond those that have a slot.
    prefetch: usize,
    /// How large deliveries are, in bytes: the largest of late.
    size: usize,
    /// How long handlers take, smoothed, in seconds.
    handler_time: f64,
    /// How far handlers are known to be quick, up to [`TRUST`].
    trust: u32,
    /// When the retries that this worker asked for are due.
    delayed: Vec<Instant>,
    paused: bool,
    /// The highest number of a delivery so far: the durable counts them, and one that is made again counts anew.
    seen: u64,
    report: ListenReport,
}

impl Worker {
    pub(crate) async fn open(shared: Arc<Shared>, durable: Durable) -> Result<Self, Error> {
        let pull = Pull::open(&shared.bus, durable.stream, &durable.name).await?;
        Ok(Self {
            shared,
            durable: Arc::new(durable),
            pull,
            tasks: JoinSet::new(),
            leases: HashMap::new(),
            waiting: VecDeque::new(),
            next_place: None,
            spare: None,
            prefetch: 0,
            size: 0,
            handler_time: 0.0,
            trust: 0,
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
                frame = self.pull.next(), if look.is_none() => {
                    let taken = self.take(frame).await;
                    self.spare = None;
                    match taken {
                        Ok(doubt) => look = doubt,
                        Err(error) => break Err(error),
                    }
                }
                place = wished(&mut self.next_place) => self.go_on(place).await,
                result = wished(&mut look) => {
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

    /// Takes a frame and those that have arrived behind it, until one makes the durable doubtful.
    async fn take(&mut self, first: Frame) -> Result<Option<Look>, Error> {
        let (mut frame, mut turns) = (first, 0);
        loop {
            match frame {
                Frame::Message(message) => {
                    if !self.accept(message).await {
                        return Ok(Some(self.look("its deliveries are counted anew", true)));
                    }
                }
                Frame::Ended => {}
                Frame::Lost(why) => return Ok(Some(self.look(why, false))),
                Frame::Deleted => return Ok(Some(self.look("it was deleted", true))),
                Frame::Refused(operation) => return Err(Error::Refused { operation }),
                Frame::Closed => return Err(Error::Closed),
            }
            if self.wanted() > 0 {
                self.ask().await;
            }
            turns += 1;
            // In this order: what is taken from the inbox must be handled.
            match (turns < AT_A_TIME).then(|| self.pull.arrived()).flatten() {
                Some(next) => frame = next,
                None => return Ok(None),
            }
        }
    }

    /// Asks for as many deliveries as there is room for.
    async fn ask(&mut self) {
        let wanted = self.wanted();
        if wanted > 0 {
            self.pull.ask(wanted).await;
        }
    }

    /// How many to ask for now.
    fn wanted(&self) -> usize {
        let slots = self.shared.service.concurrency as usize;
        let target = slots + self.prefetch;
        let asked = self.pull.outstanding();
        // Small requests are dear: they wait until half of the room is free, unless a slot would stay empty.
        let wanted = if target >= self.durable.max_in_flight {
            // No more than that is ever in hand, whatever was asked for.
            if asked <= MAX_PREFETCH / 2 {
                MAX_PREFETCH
            } else {
                0
            }
        } else {
            let held = self.leases.len() + self.waiting.len() + asked;
            let room = target.saturating_sub(held);
            if room * 2 >= target || held < slots {
                room
            } else {
                0
            }
        };
        let most = (MAX_ON_THE_WAY / self.size.max(1)).max(1);
        wanted.min(most.saturating_sub(asked))
    }

    /// Takes a delivery. Whether it goes on from the ones before: else the durable may be another one by now.
    async fn accept(&mut self, mut message: Message) -> bool {
        let Some(reply) = message.reply.take() else {
            return true;
        };
        let Some(info) = AckSubject::parse(&reply) else {
            tracing::warn!(subject = %message.subject, "a message without an acknowledgement subject is left alone");
            return true;
        };
        let goes_on = info.consumer_sequence > self.seen;
        self.seen = self.seen.max(info.consumer_sequence);
        self.count(Fate::Delivered);
        let (shared, durable) = (Arc::clone(&self.shared), Arc::clone(&self.durable));
        self.size = message.length.max(self.size - self.size / 64);
        let case = Case::new(shared, durable, message, info);
        let extended = self.pull.heard();
        let lease = Lease { reply, extended };
        if let Some(reply) = self.assign(lease, case) {
            self.send(reply, ACK).await;
        }
        goes_on
    }

    /// Gives a delivery its place, or has it wait for one. Of one that is handled at once, where to acknowledge it.
    fn assign(&mut self, lease: Lease, case: Case) -> Option<Subject> {
        if case.is_suspect() {
            // It waits longer than for one place.
            self.spawn(lease, case.settle(None));
            return None;
        }
        let place = if self.waiting.is_empty() {
            self.place()
        } else {
            None
        };
        if let Some(place) = place {
            return self.begin(lease, case, place);
        }
        self.waiting.push_back((lease, case));
        self.wait();
        None
    }

    /// A place that is free now.
    fn place(&mut self) -> Option<Place> {
        self.spare.take().or_else(|| self.shared.free_place())
    }

    /// Has what waits get the next place that becomes free, here or in another worker of the listener.
    fn wait(&mut self) {
        if !self.waiting.is_empty() && self.next_place.is_none() {
            self.next_place = Some(Box::pin(self.shared.next_place()));
        }
    }

    /// Begins what has waited, as far as there are places.
    async fn go_on(&mut self, place: Option<Place>) {
        self.next_place = None;
        self.spare = place;
        while !self.waiting.is_empty() {
            let Some(place) = self.place() else { break };
            if let Some((lease, case)) = self.waiting.pop_front()
                && let Some(reply) = self.begin(lease, case, place)
            {
                self.send(reply, ACK).await;
            }
        }
        self.spare = None;
        self.wait();
    }

    /// Begins to handle a delivery. Quick handlers run here, one after the other in the same place; all others have tasks of
    /// their own, beside each other. Of one that is handled, where to acknowledge it.
    fn begin(&mut self, lease: Lease, case: Case, place: Place) -> Option<Subject> {
        if self.trust < TRUST / 2 || case.is_large() {
            self.spawn(lease, case.settle(Some(place)));
            return None;
        }
        match case.begin() {
            ControlFlow::Break(took) => {
                self.spare = Some(place);
                self.learn(took);
                self.count(Fate::Handled);
                Some(lease.reply)
            }
            ControlFlow::Continue(begun) => {
                self.trust = 0;
                self.spawn(lease, case.go_on(begun, Some(place)));
                None
            }
        }
    }

    /// Goes on with a delivery in a task of its own.
    fn spawn(&mut self, lease: Lease, settling: impl Future<Output = Settled> + Send + 'static) {
        let id = self.tasks.spawn(settling).id();
        self.leases.insert(id, lease);
    }

    fn look(&self, why: &'static str, sure: bool) -> Look {
        tracing::debug!(
            durable = self.durable.name,
            why,
            "looking whether the durable is still there"
        );
        let (bus, durable) = (self.shared.bus.clone(), Arc::clone(&self.durable));
        Box::pin(durable::look(bus, durable, sure))
    }
}

/// The end of something, if it has begun.
async fn wished<F: Future + Unpin>(future: &mut Option<F>) -> F::Output {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}
