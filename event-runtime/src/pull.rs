//! Pulling from a JetStream consumer through an inbox of our own: requests, status frames, heartbeats, reconnects.
//!
//! Own, because async-nats' `messages()` strands what it has buffered when it stops. It hands out messages and news;
//! what to do about them is decided by its two users, `worker` and `subscribe`.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_nats::{Message, StatusCode, Subject, Subscriber};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use crate::bus::Bus;
use crate::connection::Events;
use crate::error::Error;
use crate::store::is_publish_to;

/// Time for which the server keeps an unsatisfied request.
const EXPIRES: Duration = Duration::from_secs(30);
/// Interval of the server's heartbeats for a waiting request.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Without anything for this long the requests are taken for lost.
const SILENCE: Duration = Duration::from_millis(12_500);

/// A message or status from the server.
pub(crate) enum Frame {
    /// A message of the stream.
    Message(Message),
    /// A request has ended without having been satisfied: ask again.
    Ended,
    /// The requests are lost, or nobody answers them: look whether the consumer is still there, then ask again.
    Lost(&'static str),
    /// The server says that the consumer was deleted.
    Deleted,
    /// The connection may not pull.
    Refused(String),
    /// The inbox is closed and empty.
    Closed,
}

pub(crate) struct Pull {
    bus: Bus,
    request: Subject,
    inbox: String,
    waiting: Waiting,
    requests: u64,
    heard: Instant,
    /// True if there was nothing to read since something was last sent.
    waited: AtomicBool,
    /// True if the runtime has several threads.
    threads: bool,
    /// Set anew only when it has rung: to do so with every message would cost more than the message.
    silence: Pin<Box<Sleep>>,
    news: Pin<Box<dyn Future<Output = (Watch, Frame)> + Send + Sync>>,
}

/// The requests on their way.
#[derive(Default)]
struct Waiting {
    /// Oldest first, with what each may still bring.
    requests: VecDeque<(u64, usize)>,
    /// Bytes that all of them may have: asked for with every message.
    left: usize,
}

impl Waiting {
    fn add(&mut self, number: u64, batch: usize) {
        self.requests.push_back((number, batch));
        self.left += batch;
    }

    /// A message has come: the server satisfies requests in their order.
    fn satisfied(&mut self) {
        if let Some((_, left)) = self.requests.front_mut() {
            self.left -= 1;
            *left -= 1;
            if *left == 0 {
                self.requests.pop_front();
            }
        }
    }

    /// A request has ended. `false`: it was given up before.
    fn ended(&mut self, number: u64) -> bool {
        let place = self.requests.iter().position(|(n, _)| *n == number);
        let Some((_, left)) = place.and_then(|place| self.requests.remove(place)) else {
            return false;
        };
        self.left -= left;
        true
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Events beside the inbox.
struct Watch {
    events: Arc<Events>,
    request: Subject,
    connections: watch::Receiver<u64>,
    /// Grows with every refusal; those after `mark` may be ours.
    refusals: watch::Receiver<u64>,
    mark: u64,
}

impl Watch {
    /// Waits for something that concerns the requests.
    async fn news(mut self) -> (Self, Frame) {
        loop {
            tokio::select! {
                changed = self.connections.changed() => {
                    if changed.is_ok() {
                        return (self, Frame::Lost("the connection was renewed"));
                    }
                }
                changed = self.refusals.changed() => {
                    let ours = |operation: &str| is_publish_to(operation, &self.request);
                    let found = self.events.find_refusal(self.mark, &ours);
                    if let (Ok(()), Some(operation)) = (changed, found) {
                        return (self, Frame::Refused(operation));
                    }
                }
            }
        }
    }
}

impl Pull {
    /// With the subscription to which the answers come: whoever reads it keeps it.
    pub(crate) async fn open(
        bus: &Bus,
        stream: &str,
        consumer: &str,
    ) -> Result<(Self, Subscriber), Error> {
        let client = bus.client();
        let inbox = client.new_inbox();
        let (mark, refusals) = bus.inner.events.watch_refusals();
        let connections = bus.inner.events.connections.subscribe();
        let subscriber = client
            .subscribe(format!("{inbox}.*"))
            .await
            .map_err(|_| Error::Closed)?;
        let request = format!(
            "{}.CONSUMER.MSG.NEXT.{stream}.{consumer}",
            bus.inner.config.api_prefix()
        );
        let request = Subject::from(request);
        let watch = Watch {
            events: Arc::clone(&bus.inner.events),
            request: request.clone(),
            connections,
            refusals,
            mark,
        };
        let heard = Instant::now();
        let pull = Self {
            bus: bus.clone(),
            request,
            inbox,
            waiting: Waiting::default(),
            requests: 0,
            heard,
            waited: AtomicBool::new(false),
            threads: Handle::current().runtime_flavor() != RuntimeFlavor::CurrentThread,
            silence: Box::pin(sleep_until(heard + SILENCE)),
            news: Box::pin(watch.news()),
        };
        Ok((pull, subscriber))
    }

    /// Returns the number of requested messages that may still come.
    pub(crate) fn outstanding(&self) -> usize {
        self.waiting.left
    }

    /// Returns the time of the last message or status.
    pub(crate) fn heard(&self) -> Instant {
        self.heard
    }

    /// Something was sent: its client may be waiting for this very thread.
    pub(crate) fn has_sent(&self) {
        self.waited.store(false, Ordering::Relaxed);
    }

    /// Lets the client run, if it may be waiting for this thread. A runtime of several threads keeps what a task has woken last for the
    /// thread of that task, and gives it to no other one: behind a handler that blocks, nothing would leave any more. On a runtime of one
    /// thread nothing leaves then in any case.
    pub(crate) async fn make_way(&self) {
        let mut made = self.waited.swap(true, Ordering::Relaxed) || !self.threads;
        poll_fn(|context| {
            if std::mem::replace(&mut made, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// Asks for so many more messages.
    pub(crate) async fn ask(&mut self, batch: usize) {
        // Sent now, it would be carried out after a reconnect beside those that are made then.
        if !self.bus.is_connected() {
            return;
        }
        self.requests += 1;
        let body = format!(
            r#"{{"batch":{batch},"expires":{},"idle_heartbeat":{}}}"#,
            EXPIRES.as_nanos(),
            HEARTBEAT.as_nanos()
        );
        let reply = format!("{}.{}", self.inbox, self.requests);
        let sent = self
            .bus
            .client()
            .publish_with_reply(self.request.clone(), reply, body.into());
        // A client that takes nothing for so long has no connection; the requests are renewed when it is back.
        if timeout(Duration::from_secs(1), sent)
            .await
            .is_ok_and(|sent| sent.is_ok())
        {
            if self.waiting.requests.is_empty() {
                self.heard = Instant::now();
            }
            self.waiting.add(self.requests, batch);
            self.has_sent();
        }
    }

    /// The next frame, of the messages that `inbox` polls. May be dropped and called again without losing one.
    pub(crate) async fn next(
        &mut self,
        mut inbox: impl FnMut(&mut Context<'_>) -> Poll<Option<Message>>,
    ) -> Frame {
        loop {
            let waits = !self.waiting.requests.is_empty();
            let message = poll_fn(|context| {
                let polled = inbox(context);
                if polled.is_pending() {
                    self.waited.store(true, Ordering::Relaxed);
                }
                polled
            });
            tokio::select! {
                biased;
                message = message => {
                    let Some(message) = message else { return Frame::Closed };
                    self.heard = Instant::now();
                    if let Some(frame) = read(&mut self.waiting, &self.inbox, message) {
                        return frame;
                    }
                }
                (watch, frame) = &mut self.news => {
                    self.news = Box::pin(watch.news());
                    if let Frame::Lost(_) = frame {
                        self.waiting.clear();
                    }
                    return frame;
                }
                () = &mut self.silence, if waits => {
                    let heard = self.heard + SILENCE;
                    if heard <= Instant::now() {
                        self.waiting.clear();
                        return Frame::Lost("no heartbeat came");
                    }
                    self.silence.as_mut().reset(heard);
                }
            }
        }
    }

    /// A frame that has arrived by now.
    #[inline]
    pub(crate) fn arrived(
        &mut self,
        mut inbox: impl FnMut(&mut Context<'_>) -> Poll<Option<Message>>,
    ) -> Option<Frame> {
        let context = &mut Context::from_waker(Waker::noop());
        loop {
            let Poll::Ready(Some(message)) = inbox(context) else {
                return None;
            };
            if let Some(frame) = read(&mut self.waiting, &self.inbox, message) {
                return Some(frame);
            }
        }
    }
}

/// Ends the inbox: waiting requests take nothing any more, and what has arrived can still be read.
pub(crate) async fn end(subscriber: &mut Subscriber) {
    let _ = timeout(Duration::from_secs(1), subscriber.drain()).await;
}

/// Reads a frame and keeps account of the requests. `None` for what is no news.
#[inline]
fn read(waiting: &mut Waiting, inbox: &str, message: Message) -> Option<Frame> {
    let Some(status) = message.status else {
        waiting.satisfied();
        return Some(Frame::Message(message));
    };
    if status == StatusCode::IDLE_HEARTBEAT {
        return None;
    }
    let number = message
        .subject
        .strip_prefix(inbox)
        .and_then(|rest| rest.strip_prefix('.'))
        .and_then(|n| n.parse().ok());
    if !number.is_some_and(|number| waiting.ended(number)) {
        return None;
    }
    let description = message.description.as_deref().unwrap_or_default();
    Some(match status {
        StatusCode::NOT_FOUND | StatusCode::TIMEOUT => Frame::Ended,
        StatusCode::REQUEST_TERMINATED if description.eq_ignore_ascii_case("Consumer Deleted") => {
            Frame::Deleted
        }
        StatusCode::NO_RESPONDERS => Frame::Lost("nobody answers"),
        status => {
            tracing::debug!(%status, description, "a request for messages ended");
            Frame::Lost("the server ended the request")
        }
    })
}
