//! `subscribe`: every subscriber sees every event, and nothing is acknowledged.
//!
//! Ephemeral events come from a core subscription, stored ones in the order of the stream from a place in it. For work
//! that must be done once there is the listener.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_nats::{Message, Subscriber};
use futures_util::{Stream, StreamExt};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::api::{ConsumerInfo, nanos, start_of};
use crate::bus::Bus;
use crate::cloudevents;
use crate::decode::decode;
use crate::delivery::{AckSubject, Delivery, Meta};
use crate::error::Error;
use crate::event::{Envelope, Event};
use crate::pull::{Frame, Pull};
use crate::streams::{Start, pattern_of};

/// How many events a subscription reads ahead.
const AHEAD: usize = 256;
/// How long the server keeps the consumer of a subscription that asks for nothing.
const INACTIVE: Duration = Duration::from_secs(120);

/// Which events of a type to subscribe to, and how.
#[derive(Clone, Debug)]
pub struct Filter<E> {
    pattern: String,
    queue_group: Option<String>,
    start: Start,
    event: PhantomData<fn() -> E>,
}

impl<E: Event> Filter<E> {
    /// All events of the type.
    #[must_use]
    pub fn all() -> Self {
        Self::from_pattern(pattern_of(E::SUBJECT, None))
    }
}

impl<E> Filter<E> {
    pub(crate) fn from_pattern(pattern: String) -> Self {
        Self {
            pattern,
            queue_group: None,
            start: Start::New,
            event: PhantomData,
        }
    }

    /// The pattern of subjects.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Ephemeral events only: the members of the group share the events. Stored events are shared by a listener.
    #[must_use]
    pub fn queue_group(mut self, group: impl Into<String>) -> Self {
        self.queue_group = Some(group.into());
        self
    }

    /// Stored events only: where in the stream to start. Default: with the next event.
    #[must_use]
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }
}

/// A stream of events. What cannot be decoded is an `Err`, and the stream goes on.
///
/// An ephemeral subscription that is read too slowly drops the newest events ([`Stats::dropped`](crate::Stats::dropped)).
#[derive(Debug)]
pub struct Subscription<E> {
    source: Source<E>,
}

#[derive(Debug)]
enum Source<E> {
    Core(Subscriber),
    Ordered(mpsc::Receiver<Result<Delivery<E>, Error>>),
}

impl<E: Event> Stream for Subscription<E> {
    type Item = Result<Delivery<E>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.source {
            Source::Core(subscriber) => subscriber
                .poll_next_unpin(context)
                .map(|message| message.map(|message| read(&message, None))),
            Source::Ordered(events) => events.poll_recv(context),
        }
    }
}

impl<E: Event> Subscription<E> {
    /// The next event; `None` once the bus is closed. The same as `StreamExt::next`, without the import.
    pub async fn next(&mut self) -> Option<Result<Delivery<E>, Error>> {
        StreamExt::next(self).await
    }
}

fn read<E: Event>(message: &Message, stored: Option<&AckSubject>) -> Result<Delivery<E>, Error> {
    let mut meta = Meta::of(message, stored);
    let event = match E::ENVELOPE {
        Envelope::Plain => decode(&message.payload)?,
        Envelope::CloudEvents => {
            let opened = cloudevents::open(E::NAME, message).map_err(|(_, error)| error)?;
            meta.cloud_event = opened.cloud_event;
            decode(&opened.body)?
        }
    };
    Ok(Delivery::new(event, meta))
}

impl Bus {
    /// Subscribes to events of a type: each subscriber sees each of them.
    ///
    /// # Errors
    /// [`Error::Closed`]; for stored events those of creating a consumer: the connection needs the permission to.
    pub async fn subscribe<E: Event>(&self, filter: Filter<E>) -> Result<Subscription<E>, Error> {
        self.open()?;
        let source = match E::STREAM {
            None => Source::Core(self.subscribe_core(&filter).await?),
            Some(stream) => {
                let ordered = Ordered::open(self.clone(), stream, filter).await?;
                // One event waits in the channel: reading ahead is the pull's part.
                let (sender, receiver) = mpsc::channel(1);
                tokio::spawn(ordered.run(sender));
                Source::Ordered(receiver)
            }
        };
        Ok(Subscription { source })
    }

    pub(crate) async fn subscribe_core<E>(&self, filter: &Filter<E>) -> Result<Subscriber, Error> {
        self.has_server(&filter.pattern)?;
        let client = self.client();
        let subscriber = match &filter.queue_group {
            Some(group) => {
                client
                    .queue_subscribe(filter.pattern.clone(), group.clone())
                    .await
            }
            None => client.subscribe(filter.pattern.clone()).await,
        };
        let subscriber = subscriber.map_err(|_| Error::Closed)?;
        // Whoever publishes after this function has returned is heard.
        let deadline = tokio::time::Instant::now() + self.inner.config.request_timeout;
        let subject = &filter.pattern;
        let mark = self.inner.events.mark();
        let refused = self.inner.events.refused(mark, |operation| {
            operation
                .strip_prefix("Subscription to \"")
                .is_some_and(|rest| rest.starts_with(&**subject))
        });
        tokio::select! {
            biased;
            operation = refused => Err(Error::Refused { operation }),
            _ = self.round_trip(deadline) => Ok(subscriber),
        }
    }
}

/// A consumer without a name that is made again after its last event whenever it is lost.
struct Ordered<E> {
    bus: Bus,
    stream: &'static str,
    filter: Filter<E>,
    pull: Pull,
    /// The last sequence of the stream that was seen, or that was its last one at the start.
    last: u64,
    /// The last sequence of the consumer that was seen.
    consumed: u64,
}

impl<E: Event> Ordered<E> {
    async fn open(bus: Bus, stream: &'static str, filter: Filter<E>) -> Result<Self, Error> {
        let (name, last) = create(&bus, stream, &filter.pattern, filter.start).await?;
        let pull = Pull::open(&bus, stream, &name).await?;
        Ok(Self {
            bus,
            stream,
            filter,
            pull,
            last,
            consumed: 0,
        })
    }

    async fn run(mut self, sender: mpsc::Sender<Result<Delivery<E>, Error>>) {
        loop {
            if self.pull.outstanding() <= AHEAD / 2 {
                self.pull.ask(AHEAD - self.pull.outstanding()).await;
            }
            let frame = tokio::select! {
                frame = self.pull.next() => frame,
                () = sender.closed() => return,
                () = self.bus.inner.stop.wait() => return,
            };
            let again = match frame {
                Frame::Message(message) => {
                    match AckSubject::parse(message.reply.as_deref().unwrap_or_default()) {
                        Some(info) if info.consumer_sequence == self.consumed + 1 => {
                            self.consumed += 1;
                            self.last = info.sequence;
                            if sender.send(read(&message, Some(&info))).await.is_err() {
                                return;
                            }
                            false
                        }
                        // A message is missing before this one.
                        _ => true,
                    }
                }
                Frame::Ended => false,
                Frame::Lost(_) | Frame::Deleted | Frame::Closed => true,
                Frame::Refused(operation) => {
                    let _ = sender.send(Err(Error::Refused { operation })).await;
                    return;
                }
            };
            if again && !self.renew(&sender).await {
                return;
            }
        }
    }

    /// Makes the consumer again, right after the last event that was seen. `false` when there is no point in it.
    async fn renew(&mut self, sender: &mpsc::Sender<Result<Delivery<E>, Error>>) -> bool {
        let mut pause = Duration::from_millis(50);
        loop {
            let start = Start::Sequence(self.last + 1);
            let made = async {
                let (name, _) = create(&self.bus, self.stream, &self.filter.pattern, start).await?;
                Pull::open(&self.bus, self.stream, &name).await
            };
            match made.await {
                Ok(pull) => {
                    self.pull = pull;
                    self.consumed = 0;
                    return true;
                }
                Err(error @ (Error::Server { .. } | Error::Refused { .. })) => {
                    // The stream is gone, or may no longer be read: silence would look like no events.
                    let _ = sender.send(Err(error)).await;
                    return false;
                }
                Err(_) => {
                    tokio::select! {
                        () = sleep(pause) => pause = (pause * 2).min(Duration::from_secs(2)),
                        () = sender.closed() => return false,
                        () = self.bus.inner.stop.wait() => return false,
                    }
                }
            }
        }
    }
}

/// Makes a consumer without acknowledgements. Answers its name and the last sequence before its first event.
async fn create(
    bus: &Bus,
    stream: &str,
    pattern: &str,
    start: Start,
) -> Result<(String, u64), Error> {
    let mut config = json!({
        "ack_policy": "none",
        "filter_subject": pattern,
        "inactive_threshold": nanos(INACTIVE),
        "mem_storage": true,
        "num_replicas": 1,
    });
    start_of(start, &mut config)?;
    let request = json!({ "stream_name": stream, "config": config });
    let info: ConsumerInfo = bus
        .api(format!("CONSUMER.CREATE.{stream}"), &request)
        .await?;
    Ok((info.name, info.delivered.stream_seq))
}
