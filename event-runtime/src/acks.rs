//! Acknowledgements: one inbox for everything that a connection stores, and who waits for which answer.
//!
//! One task reads the inbox and looks, now and then, for publishes whose answer can no longer come; no publish has a task, a
//! timer or a subscription of its own. What an answer means is decided in `store`.

use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::{Client, Message, Subject, Subscriber};
use futures_util::{FutureExt, StreamExt};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

use crate::connection::Events;
use crate::error::Error;
use crate::store::Publish;

/// Interval at which publishes in flight are searched for those whose acknowledgement can no longer come.
const LOOK: Duration = Duration::from_millis(25);

/// The inbox of a connection, from its first publish on.
#[derive(Debug)]
pub(crate) struct Acks {
    waiting: Arc<Waiting>,
    task: AbortHandle,
}

impl Acks {
    /// Opens the inbox. It is read on the runtime of the client: whoever publishes first may be on a shorter one.
    pub(crate) async fn open(
        client: &Client,
        events: &Arc<Events>,
        runtime: &Handle,
    ) -> Result<Self, Error> {
        let inbox = format!("{}.", client.new_inbox());
        let subscriber = client
            .subscribe(format!("{inbox}*"))
            .await
            .map_err(|_| Error::Closed)?;
        let waiting = Arc::new(Waiting {
            inbox,
            flight: Mutex::default(),
            begun: Notify::new(),
        });
        let reader = read(Arc::clone(&waiting), subscriber, Arc::clone(events));
        Ok(Self {
            task: runtime.spawn(reader).abort_handle(),
            waiting,
        })
    }

    /// Keeps a publish until its answer comes. Gives it back when none can come any more.
    pub(crate) fn keep(&self, publish: Publish) -> Result<Ticket<'_>, Box<Publish>> {
        let mut flight = self.waiting.flight();
        if flight.ended {
            return Err(Box::new(publish));
        }
        let number = flight.put(publish);
        if !std::mem::replace(&mut flight.watched, true) {
            self.waiting.begun.notify_one();
        }
        Ok(Ticket {
            waiting: &self.waiting,
            number: Some(number),
        })
    }
}

impl Drop for Acks {
    fn drop(&mut self) {
        // Its subscription would keep the connection open.
        self.task.abort();
    }
}

/// The place of a publish that is being sent. Dropped, it takes the publish along: it was not sent.
pub(crate) struct Ticket<'a> {
    waiting: &'a Waiting,
    number: Option<u64>,
}

impl Ticket<'_> {
    /// Returns the reply subject of its acknowledgement.
    pub(crate) fn reply(&self) -> Subject {
        let inbox = &self.waiting.inbox;
        let number = self.number.unwrap_or_default();
        let digits = (number.max(1).ilog2() / 4) + 1;
        let mut reply = String::with_capacity(inbox.len() + digits as usize);
        reply.push_str(inbox);
        let _ = write!(reply, "{number:x}");
        reply.into()
    }

    /// The client has it: from now on it waits.
    pub(crate) fn sent(mut self) {
        self.number = None;
    }

    /// The publish again, when it was not sent.
    pub(crate) fn take_back(mut self) -> Option<Publish> {
        let number = self.number.take()?;
        self.waiting.flight().take(number)
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            // Outside of the lock: it may be the last of its bus.
            let publish = self.waiting.flight().take(number);
            drop(publish);
        }
    }
}

#[derive(Debug)]
struct Waiting {
    /// Prefix of reply subjects, before the number of the publish.
    inbox: String,
    flight: Mutex<Flight<Publish>>,
    /// There is something to look at again.
    begun: Notify,
}

/// The publishes that wait. A number is a place among `slots` and the count of those that had it before: an answer that comes
/// late, or twice, never reaches another publish.
#[derive(Debug)]
struct Flight<T> {
    slots: Vec<Waiter<T>>,
    free: Vec<u32>,
    watched: bool,
    ended: bool,
}

#[derive(Debug)]
struct Waiter<T> {
    turn: u32,
    kept: Option<T>,
}

impl<T> Default for Flight<T> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            watched: false,
            ended: false,
        }
    }
}

impl<T> Flight<T> {
    fn put(&mut self, value: T) -> u64 {
        let kept = Some(value);
        match self.free.pop() {
            Some(index) => {
                let slot = &mut self.slots[index as usize];
                slot.kept = kept;
                number(slot.turn, index as usize)
            }
            None => {
                self.slots.push(Waiter { turn: 0, kept });
                number(0, self.slots.len() - 1)
            }
        }
    }

    fn take(&mut self, number: u64) -> Option<T> {
        let (turn, index) = ((number >> 32) as u32, number as u32);
        let slot = self.slots.get_mut(index as usize)?;
        if slot.turn != turn {
            return None;
        }
        let value = slot.kept.take()?;
        slot.turn = turn.wrapping_add(1);
        self.free.push(index);
        Some(value)
    }

    fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(index, slot)| Some((number(slot.turn, index), slot.kept.as_ref()?)))
    }
}

fn number(turn: u32, index: usize) -> u64 {
    (u64::from(turn) << 32) | index as u64
}

impl Waiting {
    fn flight(&self) -> MutexGuard<'_, Flight<Publish>> {
        self.flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An answer has come.
    fn answered(&self, message: &Message) {
        let number = message.subject.strip_prefix(self.inbox.as_str());
        let number = number.and_then(|number| u64::from_str_radix(number, 16).ok());
        let publish = number.and_then(|number| self.flight().take(number));
        if let Some(publish) = publish {
            let attempt = publish.answer(message);
            publish.after(attempt);
        }
    }

    /// Ends the attempts whose answer can no longer come. Whether any are left.
    fn look(&self, events: &Events) -> bool {
        let now = Instant::now();
        let mut lost = Vec::new();
        let mut flight = self.flight();
        let numbers: Vec<_> = flight
            .iter()
            .filter_map(|(number, publish)| Some((number, publish.lost(now, events)?)))
            .collect();
        for (number, attempt) in numbers {
            lost.extend(flight.take(number).map(|publish| (publish, attempt)));
        }
        flight.watched = flight.free.len() < flight.slots.len();
        let left = flight.watched;
        drop(flight);
        for (publish, attempt) in lost {
            publish.after(attempt);
        }
        left
    }
}

/// Nobody reads the inbox any more: what waits has failed.
struct Ending(Arc<Waiting>);

impl Drop for Ending {
    fn drop(&mut self) {
        let mut flight = self.0.flight();
        flight.ended = true;
        let slots = std::mem::take(&mut flight.slots);
        flight.free.clear();
        drop(flight);
        for publish in slots.into_iter().filter_map(|slot| slot.kept) {
            publish.finish(Err(Error::Closed));
        }
    }
}

async fn read(waiting: Arc<Waiting>, mut inbox: Subscriber, events: Arc<Events>) {
    let _ending = Ending(Arc::clone(&waiting));
    let mut watching = false;
    let mut timer = Box::pin(sleep(LOOK));
    loop {
        tokio::select! {
            biased;
            () = timer.as_mut(), if watching => {
                watching = waiting.look(&events);
                timer.as_mut().reset(Instant::now() + LOOK);
            }
            () = waiting.begun.notified(), if !watching => {
                watching = true;
                timer.as_mut().reset(Instant::now() + LOOK);
            }
            message = inbox.next() => {
                let Some(message) = message else { return };
                waiting.answered(&message);
                // Answers come in crowds: the rest of this one needs no turn each.
                while let Some(Some(message)) = inbox.next().now_or_never() {
                    waiting.answered(&message);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_comes_late_or_twice_reaches_nobody() {
        let mut flight = Flight::default();
        let (a, b) = (flight.put("a"), flight.put("b"));
        assert_eq!(flight.take(a), Some("a"));
        assert_eq!(flight.take(a), None);
        // In the place of the first, and under another number.
        let c = flight.put("c");
        assert_ne!(a, c);
        assert_eq!(flight.take(a), None);
        assert_eq!(flight.iter().collect::<Vec<_>>(), [(c, &"c"), (b, &"b")]);
        assert_eq!((flight.take(c), flight.take(b)), (Some("c"), Some("b")));
        assert_eq!(flight.iter().count(), 0);
        for nobody in [u64::MAX, 7, a, b, c] {
            assert_eq!(flight.take(nobody), None);
        }
        assert_eq!(flight.slots.len(), 2);
    }
}
