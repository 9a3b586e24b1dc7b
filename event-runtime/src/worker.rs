//! One durable of a listener: it pulls, keeps the leases of what it holds, and sends every outcome.
//!
//! All acknowledgements of a delivery leave from one task, so that none can follow the outcome. Owns no policy of its
//! own: attempts, delays and slots are the service's.

mod outcomes;

use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;
use std::pin::{Pin, pin};
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
use crate::process::{Arrived, Case, Settled};
use crate::pull::{Frame, Pull};
use crate::suspect::Place;
use crate::trust::Trust;

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
/// After how many of them it is looked whether more are to be asked for.
const ASK_AFTER: usize = 16;
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
    waiting: VecDeque<(Lease, Arrived)>,
    /// The place that the next of these will have.
    next_place: Option<NextPlace>,
    /// A place that the last delivery has left: the next one takes it without asking anybody.
    spare: Option<Place>,
    /// How many deliveries may wait beyond those that have a slot.
    prefetch: usize,
    /// How many events the durable had behind the last delivery.
    behind: u64,
    /// How large deliveries are, in bytes: the largest of late.
    size: usize,
    /// How long handlers take, smoothed, in seconds.
    handler_time: f64,
    trust: Trust,
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
            behind: 0,
            size: 0,
            handler_time: 0.0,
            trust: Trust::default(),
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
        let (mut frame, mut turns) = (first, 0_usize);
        loop {
            match frame {
                Frame::Message(message) => {
                    let (handled, goes_on) = self.accept(message);
                    if let Some(reply) = handled {
                        // Pinned where it is made: it is large, and would be moved.
                        pin!(self.send(reply, ACK)).await;
                    }
                    if !goes_on {
                        return Ok(Some(self.look("its deliveries are counted anew", true)));
                    }
                }
                Frame::Ended => {}
                Frame::Lost(why) => return Ok(Some(self.look(why, false))),
                Frame::Deleted => return Ok(Some(self.look("it was deleted", true))),
                Frame::Refused(operation) => return Err(Error::Refused { operation }),
                Frame::Closed => return Err(Error::Closed),
            }
            turns += 1;
            if turns.is_multiple_of(ASK_AFTER) && self.wanted() > 0 {
                self.ask().await;
            }
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

    /// Takes a delivery. Of one that is handled at once, where to acknowledge it; and whether it goes on from the ones before: else
    /// the durable may be another one by now.
    #[inline]
    fn accept(&mut self, mut message: Message) -> (Option<Subject>, bool) {
        let Some(reply) = message.reply.take() else {
            return (None, true);
        };
        let Some(info) = AckSubject::of(&self.durable.acks, &reply) else {
            tracing::warn!(subject = %message.subject, "a message without an acknowledgement subject is left alone");
            return (None, true);
        };
        let goes_on = info.consumer_sequence > self.seen;
        self.seen = self.seen.max(info.consumer_sequence);
        self.behind = info.pending;
        self.count(Fate::Delivered);
        self.size = message.length.max(self.size - self.size / 64);
        let extended = self.pull.heard();
        let lease = Lease { reply, extended };
        (self.assign(lease, Arrived { message, info }), goes_on)
    }

    /// Gives a delivery its place, or has it wait for one. Of one that is handled at once, where to acknowledge it.
    #[inline]
    fn assign(&mut self, lease: Lease, arrived: Arrived) -> Option<Subject> {
        if self.shared.suspects(arrived.info.attempt) {
            // It waits longer than for one place.
            let case = self.case(arrived);
            self.spawn(lease, case.settle(None));
            return None;
        }
        let place = if self.waiting.is_empty() {
            self.place()
        } else {
            None
        };
        if let Some(place) = place {
            return self.begin(lease, arrived, place);
        }
        self.waiting.push_back((lease, arrived));
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
            if let Some((lease, arrived)) = self.waiting.pop_front()
                && let Some(reply) = self.begin(lease, arrived, place)
            {
                self.send(reply, ACK).await;
            }
        }
        self.spare = None;
        self.wait();
    }

    /// Begins to handle a delivery. Quick handlers run here, one after the other in the same place; all others have tasks of
    /// their own, beside each other. Of one that is handled, where to acknowledge it.
    #[inline]
    fn begin(&mut self, lease: Lease, arrived: Arrived, place: Place) -> Option<Subject> {
        if !self.trust.covers(arrived.message.payload.len()) {
            let case = self.case(arrived);
            self.spawn(lease, case.settle(Some(place)));
            return None;
        }
        match arrived.begin(&self.shared, &self.durable) {
            ControlFlow::Break(took) => {
                self.spare = Some(place);
                self.learn(took);
                self.count(Fate::Handled);
                Some(lease.reply)
            }
            ControlFlow::Continue(begun) => {
                self.trust.lose();
                let case = self.case(arrived);
                self.spawn(lease, case.go_on(begun, Some(place)));
                None
            }
        }
    }

    fn case(&self, arrived: Arrived) -> Case {
        Case::new(Arc::clone(&self.shared), Arc::clone(&self.durable), arrived)
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
