//! One durable of a listener: it pulls, keeps the leases of what it holds, and sends every outcome.
//!
//! Outcomes leave from one task; leases are extended by the keeper of the listener, which goes on while a handler blocks this task
//! (`held`). Owns no policy of its own: attempts, delays and slots are the service's.

mod outcomes;

use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::{Arc, MutexGuard, Weak};
use std::time::Duration;

use async_nats::{Message, Subject};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::blocked::LONG;
use crate::delivery::AckSubject;
use crate::durable::{self, Durable};
use crate::error::Error;
use crate::held::{Desk, Held, Inbox, Lease};
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
/// How long the client may take to accept an acknowledgement.
const SEND: Duration = Duration::from_secs(2);
/// How many deliveries are begun before everything else of the worker gets a turn.
const AT_A_TIME: usize = 64;
/// After how many of them it is looked whether more are to be asked for.
const ASK_AFTER: usize = 16;
/// After so much silence nothing is on its way any more.
const QUIET: Duration = Duration::from_millis(20);

type Look = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + Sync>>;
/// What ends the taking of frames.
type Taken = Result<Option<Look>, Error>;
type NextPlace = Pin<Box<dyn Future<Output = Option<Place>> + Send + Sync>>;

pub(crate) struct Worker {
    shared: Arc<Shared>,
    durable: Arc<Durable>,
    pull: Pull,
    /// What it holds, where the keeper of the listener sees it.
    desk: Arc<Desk>,
    /// Empty: an allocation that is used again.
    handled: Vec<Subject>,
    tasks: JoinSet<Settled>,
    /// The place that the next delivery that waits will have.
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
        let (pull, subscriber) = Pull::open(&shared.bus, durable.stream, &durable.name).await?;
        let client = shared.bus.client().clone();
        let desk = Desk::new(client, durable.ack_wait, Inbox::new(subscriber));
        Ok(Self {
            shared,
            durable: Arc::new(durable),
            pull,
            desk: Arc::new(desk),
            handled: Vec::new(),
            tasks: JoinSet::new(),
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

    /// For the keeper.
    pub(crate) fn desk(&self) -> Weak<Desk> {
        Arc::downgrade(&self.desk)
    }

    /// Works until the stop, or until the durable is gone. The report is whole in either case.
    pub(crate) async fn run(mut self) -> (ListenReport, Result<(), Error>) {
        let stop = self.shared.stop.clone();
        let mut stopped = Box::pin(stop.wait());
        let mut ticks = interval(self.desk.tick());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut look: Option<Look> = None;
        let result = loop {
            if look.is_none() {
                self.ask().await;
            }
            let desk = Arc::clone(&self.desk);
            tokio::select! {
                () = &mut stopped => break Ok(()),
                frame = self.pull.next(|context| desk.held().poll(context)), if look.is_none() => {
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
                _ = ticks.tick() => self.note_pause(),
            }
        };
        self.stop().await;
        (self.report, result)
    }

    /// Takes a frame and those that have arrived behind it, until one makes the durable doubtful.
    async fn take(&mut self, first: Frame) -> Result<Option<Look>, Error> {
        let mut next = Some(first);
        let mut turns = 0;
        while let Some(frame) = next {
            self.pull.make_way().await;
            let (taken, behind) = self.take_some(frame, &mut turns);
            // Not before: what is sent wakes the client, and a handler that blocks behind that would hold it up.
            self.acknowledge().await;
            if let Some(end) = taken {
                return end;
            }
            next = behind;
            if next.is_some() {
                self.ask().await;
            }
        }
        Ok(None)
    }

    /// Takes frames until it is time to ask for more, and sends nothing. An end if there is one, and the frame to go on with.
    fn take_some(&mut self, first: Frame, turns: &mut usize) -> (Option<Taken>, Option<Frame>) {
        let desk = Arc::clone(&self.desk);
        let (mut held, mut frame) = (desk.held(), first);
        loop {
            match frame {
                Frame::Message(message) => {
                    let goes_on;
                    (held, goes_on) = self.accept(&desk, held, message);
                    if !goes_on {
                        let look = self.look("its deliveries are counted anew", true);
                        return (Some(Ok(Some(look))), None);
                    }
                }
                Frame::Ended => {}
                Frame::Lost(why) => return (Some(Ok(Some(self.look(why, false)))), None),
                Frame::Deleted => {
                    return (Some(Ok(Some(self.look("it was deleted", true)))), None);
                }
                Frame::Refused(operation) => {
                    return (Some(Err(Error::Refused { operation })), None);
                }
                Frame::Closed => return (Some(Err(Error::Closed)), None),
            }
            *turns += 1;
            // In this order: what is taken from the inbox must be handled.
            let next =
                (*turns < AT_A_TIME).then(|| self.pull.arrived(|context| held.poll(context)));
            let Some(next) = next.flatten() else {
                return (None, None);
            };
            if turns.is_multiple_of(ASK_AFTER) && self.wanted(&held) > 0 {
                return (None, Some(next));
            }
            frame = next;
        }
    }

    /// Asks for as many deliveries as there is room for.
    async fn ask(&mut self) {
        let wanted = self.wanted(&self.desk.held());
        if wanted > 0 {
            self.pull.ask(wanted).await;
        }
    }

    /// How many to ask for now.
    fn wanted(&self, held: &Held) -> usize {
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
            let held = held.leases.len() + held.waiting.len() + asked;
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
    #[inline]
    fn accept<'a>(
        &mut self,
        desk: &'a Desk,
        held: MutexGuard<'a, Held>,
        mut message: Message,
    ) -> (MutexGuard<'a, Held>, bool) {
        let Some(reply) = message.reply.take() else {
            return (held, true);
        };
        let Some(info) = AckSubject::of(&self.durable.acks, &reply) else {
            tracing::warn!(subject = %message.subject, "a message without an acknowledgement subject is left alone");
            return (held, true);
        };
        let goes_on = info.consumer_sequence > self.seen;
        self.seen = self.seen.max(info.consumer_sequence);
        self.behind = info.pending;
        self.count(Fate::Delivered);
        self.size = message.length.max(self.size - self.size / 64);
        let extended = self.pull.heard();
        let lease = Lease { reply, extended };
        let held = self.assign(desk, held, lease, Arrived { message, info });
        (held, goes_on)
    }

    /// Gives a delivery its place, or has it wait for one.
    #[inline]
    fn assign<'a>(
        &mut self,
        desk: &'a Desk,
        mut held: MutexGuard<'a, Held>,
        lease: Lease,
        arrived: Arrived,
    ) -> MutexGuard<'a, Held> {
        if self.shared.suspects(arrived.info.attempt) {
            // It waits longer than for one place.
            let case = self.case(arrived);
            self.spawn(&mut held, lease, case.settle(None));
            return held;
        }
        let place = if held.waiting.is_empty() {
            self.place()
        } else {
            None
        };
        if let Some(place) = place {
            return self.begin(desk, held, lease, arrived, place);
        }
        held.waiting.push_back((lease, arrived));
        self.wait(&held);
        held
    }

    /// A place that is free now.
    fn place(&mut self) -> Option<Place> {
        self.spare.take().or_else(|| self.shared.free_place())
    }

    /// Has what waits get the next place that becomes free, here or in another worker of the listener.
    fn wait(&mut self, held: &Held) {
        if !held.waiting.is_empty() && self.next_place.is_none() {
            self.next_place = Some(Box::pin(self.shared.next_place()));
        }
    }

    /// Begins what has waited, as far as there are places.
    async fn go_on(&mut self, place: Option<Place>) {
        self.next_place = None;
        self.spare = place;
        self.pull.make_way().await;
        self.begin_waiting();
        self.acknowledge().await;
    }

    fn begin_waiting(&mut self) {
        let desk = Arc::clone(&self.desk);
        let mut held = desk.held();
        while !held.waiting.is_empty() {
            let Some(place) = self.place() else { break };
            if let Some((lease, arrived)) = held.waiting.pop_front() {
                held = self.begin(&desk, held, lease, arrived, place);
            }
        }
        self.spare = None;
        self.wait(&held);
    }

    /// Begins to handle a delivery. Quick handlers run here, one after the other in the same place, while the keeper of the listener has
    /// the desk; all others have tasks of their own, beside each other.
    #[inline]
    fn begin<'a>(
        &mut self,
        desk: &'a Desk,
        mut held: MutexGuard<'a, Held>,
        lease: Lease,
        arrived: Arrived,
        place: Place,
    ) -> MutexGuard<'a, Held> {
        if !self.trust.covers(arrived.message.payload.len()) {
            let case = self.case(arrived);
            self.spawn(&mut held, lease, case.settle(Some(place)));
            return held;
        }
        held.current = Some(lease);
        drop(held);
        let step = arrived.begin(&self.shared, &self.durable);
        let took = match &step {
            ControlFlow::Break(took) => *took,
            ControlFlow::Continue(begun) => begun.since.elapsed(),
        };
        if took > LONG {
            let event = arrived.event(&self.shared, &self.durable);
            self.shared.blocked(event, took);
        }
        let mut held = desk.held();
        let Some(lease) = held.current.take() else {
            return held;
        };
        match step {
            ControlFlow::Break(took) => {
                held.handled.push(lease.reply);
                self.spare = Some(place);
                self.learn(took);
                self.count(Fate::Handled);
            }
            ControlFlow::Continue(begun) => {
                self.trust.lose();
                let case = self.case(arrived);
                self.spawn(&mut held, lease, case.go_on(begun, Some(place)));
            }
        }
        held
    }

    fn case(&self, arrived: Arrived) -> Case {
        Case::new(Arc::clone(&self.shared), Arc::clone(&self.durable), arrived)
    }

    /// Goes on with a delivery in a task of its own.
    fn spawn(
        &mut self,
        held: &mut Held,
        lease: Lease,
        settling: impl Future<Output = Settled> + Send + 'static,
    ) {
        let id = self.tasks.spawn(settling).id();
        held.leases.insert(id, lease);
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
