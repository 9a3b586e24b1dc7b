//! What a worker does with a delivery that has come: a place, a wait for one, a task, or its handler here and now.

use std::ops::ControlFlow;
use std::sync::{Arc, MutexGuard};

use async_nats::Message;

use super::Worker;
use crate::blocked::LONG;
use crate::delivery::AckSubject;
use crate::held::{Desk, Held, Lease};
use crate::process::{Arrived, Case, Settled};
use crate::report::Fate;
use crate::suspect::Place;

impl Worker {
    /// Takes a delivery. Whether it goes on from the ones before: else the durable may be another one by now.
    #[inline]
    pub(super) fn accept<'a>(
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
    pub(super) async fn go_on(&mut self, place: Option<Place>) {
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
}
