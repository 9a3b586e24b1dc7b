//! One durable of a listener: it pulls, has deliveries handled, and sends every outcome.
//!
//! Outcomes leave from one task; leases are extended by the keeper of the listener, which goes on while a handler blocks this task
//! (`held`). Owns no policy of its own: attempts, delays and slots are the service's.

mod deliveries;
mod outcomes;

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_nats::Subject;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::durable::{self, Durable};
use crate::error::Error;
use crate::held::{Desk, Held, Inbox};
use crate::process::Settled;
use crate::pull::{Frame, Pull};
use crate::report::ListenReport;
use crate::shared::Shared;
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
