//! What a worker tells the server: outcomes, extended leases, and at the stop that what has none is given back.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::PoisonError;
use std::task::Poll;
use std::time::Duration;

use async_nats::Subject;
use bytes::Bytes;
use tokio::task::{Id, JoinError};
use tokio::time::{Instant, timeout, timeout_at};

use super::{MAX_PREFETCH, QUIET, SEND, Worker};
use crate::held::ACK;
use crate::process::{Outcome, Settled};
use crate::pull::{self, Frame};
use crate::report::Fate;

impl Worker {
    pub(super) async fn settle(&mut self, done: Result<(Id, Settled), JoinError>) {
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
        let Some(lease) = self.desk.held().leases.remove(&id) else {
            return;
        };
        if let Some(took) = settled.took {
            self.learn(took);
        }
        match settled.outcome {
            Outcome::Ack => {
                self.count(Fate::Handled);
                self.send(lease.reply, ACK).await;
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
            Outcome::Return => self.give_back(lease.reply).await,
        }
        if settled.alone.is_some() {
            // The next one may kill the process.
            let _ = timeout(SEND, self.shared.bus.client().flush()).await;
        }
    }

    /// For another replica, or for the next start.
    async fn give_back(&mut self, reply: Subject) {
        self.count(Fate::Returned);
        self.send(reply, Bytes::from_static(b"-NAK")).await;
    }

    pub(super) fn count(&mut self, fate: Fate) {
        let counters = &self.shared.bus.inner.events.counters;
        self.report.count(fate, 1, counters);
    }

    /// Lets as much wait as the measured handlers clear in a quarter of ack_wait.
    pub(super) fn learn(&mut self, took: Duration) {
        self.trust.learn(took);
        if self.prefetch == MAX_PREFETCH && self.trust.is_whole() {
            return;
        }
        let took = took.as_secs_f64();
        self.handler_time = if self.handler_time == 0.0 {
            took
        } else {
            (self.handler_time * 4.0 + took) / 5.0
        };
        let quarter = self.durable.ack_wait.as_secs_f64() / 4.0;
        let clears = quarter / self.handler_time * f64::from(self.shared.service.concurrency);
        // Before a backlog it grows at once, since until then every few events cost a request. Where events come one by one it takes
        // its time: what was asked for and has not come is what a stop has to wait for.
        let backlog = self.behind > MAX_PREFETCH as u64;
        let grown = self.prefetch + if backlog { self.prefetch + 1 } else { 1 };
        // A cast takes what is too large for the largest there is.
        self.prefetch = grown.min(clears as usize).min(MAX_PREFETCH);
    }

    pub(super) async fn send(&self, reply: Subject, body: Bytes) {
        self.pull.has_sent();
        let mut publish = pin!(self.shared.bus.client().publish(reply, body));
        // Mostly the client takes it at once, and a limit costs more than that.
        let sent = match poll_fn(|context| Poll::Ready(publish.as_mut().poll(context))).await {
            Poll::Ready(sent) => Ok(sent),
            Poll::Pending => timeout(SEND, publish).await,
        };
        if !matches!(sent, Ok(Ok(()))) {
            // The server delivers it again after ack_wait: at least once is kept.
            tracing::warn!(
                durable = self.durable.name,
                "an acknowledgement could not be sent"
            );
        }
    }

    /// Acknowledges what was handled just now.
    pub(super) async fn acknowledge(&mut self) {
        let mut handled = std::mem::take(&mut self.handled);
        std::mem::swap(&mut self.desk.held().handled, &mut handled);
        for reply in handled.drain(..) {
            // Pinned where it is made: it is large, and would be moved.
            pin!(self.send(reply, ACK)).await;
        }
        self.handled = handled;
    }

    pub(super) fn note_pause(&mut self) {
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

    /// Takes nothing more, gives back what has no outcome, lets running handlers end.
    pub(super) async fn stop(&mut self) {
        let deadline = Instant::now() + self.shared.grace;
        (self.spare, self.next_place) = (None, None);
        // What was asked for may be on its way. Nothing is given back before the inbox is closed: it would come right back, and
        // a delivery is an attempt, though no handler sees it.
        let (waited, inbox) = {
            let mut held = self.desk.held();
            (std::mem::take(&mut held.waiting), held.inbox.take())
        };
        // It is the worker's alone from here on, since no handler runs in this task any more.
        let Some(mut inbox) = inbox else { return };
        let mut arrived = Vec::new();
        let settled_by = Instant::now() + QUIET * 25;
        while self.pull.outstanding() > 0 && Instant::now() < settled_by {
            match timeout(QUIET, self.pull.next(|context| inbox.poll(context))).await {
                Ok(Frame::Message(message)) => arrived.push(message),
                Ok(Frame::Ended) => {}
                _ => break,
            }
        }
        pull::end(inbox.subscriber()).await;
        // An answer comes after everything that was sent before it; this one a service is allowed to ask for.
        let info = self
            .shared
            .bus
            .consumer(self.durable.stream, &self.durable.name);
        let _ = timeout(SEND, info).await;
        while let Ok(frame) = timeout(QUIET, self.pull.next(|context| inbox.poll(context))).await {
            match frame {
                Frame::Message(message) => arrived.push(message),
                Frame::Closed => break,
                _ => {}
            }
        }
        for (lease, _) in waited {
            self.give_back(lease.reply).await;
        }
        for reply in arrived.into_iter().filter_map(|message| message.reply) {
            self.count(Fate::Delivered);
            self.give_back(reply).await;
        }
        while let Ok(Some(done)) = timeout_at(deadline, self.tasks.join_next_with_id()).await {
            self.settle(done).await;
        }
        self.delayed.clear();
        self.note_pause();
        self.tasks.abort_all();
        while let Some(done) = self.tasks.join_next_with_id().await {
            self.settle(done).await;
        }
    }
}
