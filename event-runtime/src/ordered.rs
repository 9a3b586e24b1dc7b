//! A stream's messages in their order, from a place on, without acknowledgements. Reads no body.

use std::time::Duration;

use async_nats::{Message, Subscriber};
use event_wire::streams::Start;
use futures_util::StreamExt;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::api::{ConsumerInfo, nanos, set_filters, start_of};
use crate::bus::Bus;
use crate::delivery::AckSubject;
use crate::error::Error;
use crate::pull::{Frame, Pull};

/// Number of messages that are read ahead.
const AHEAD: usize = 256;
/// Time for which the server keeps a consumer without requests.
const INACTIVE: Duration = Duration::from_secs(120);

/// A message and its place.
pub(crate) type Place = (Message, AckSubject);

/// A consumer without a name that is made again after its last event whenever it is lost.
pub(crate) struct Ordered {
    bus: Bus,
    stream: String,
    patterns: Vec<String>,
    pull: Pull,
    inbox: Subscriber,
    /// The last sequence of the stream that was seen, or that was its last one at the start.
    last: u64,
    /// The last sequence of the consumer that was seen.
    consumed: u64,
    /// Number of messages at the start.
    pub(crate) found: u64,
}

impl Ordered {
    /// Starts after whatever the caller of this function has seen. Without a pattern it is the whole stream.
    pub(crate) async fn open(
        bus: &Bus,
        stream: &str,
        patterns: Vec<String>,
        start: Start,
    ) -> Result<Self, Error> {
        let made = create(bus, stream, &patterns, start).await?;
        let (pull, inbox) = Pull::open(bus, stream, &made.name).await?;
        Ok(Self {
            bus: bus.clone(),
            stream: stream.to_owned(),
            patterns,
            pull,
            inbox,
            last: made.delivered.stream_seq,
            consumed: 0,
            found: made.num_pending,
        })
    }

    pub(crate) async fn run(mut self, sender: mpsc::Sender<Result<Place, Error>>) {
        loop {
            if self.pull.outstanding() <= AHEAD / 2 {
                self.pull.ask(AHEAD - self.pull.outstanding()).await;
            }
            let frame = tokio::select! {
                frame = self.pull.next(|context| self.inbox.poll_next_unpin(context)) => frame,
                () = sender.closed() => return,
                () = self.bus.inner.stop.wait() => return,
            };
            let again = match frame {
                Frame::Message(message) => {
                    match AckSubject::parse(message.reply.as_deref().unwrap_or_default()) {
                        Some(info) if info.consumer_sequence == self.consumed + 1 => {
                            self.consumed += 1;
                            self.last = info.sequence;
                            if sender.send(Ok((message, info))).await.is_err() {
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
    async fn renew(&mut self, sender: &mpsc::Sender<Result<Place, Error>>) -> bool {
        let mut pause = Duration::from_millis(50);
        loop {
            let start = Start::Sequence(self.last + 1);
            let made = async {
                let made = create(&self.bus, &self.stream, &self.patterns, start).await?;
                Pull::open(&self.bus, &self.stream, &made.name).await
            };
            match made.await {
                Ok((pull, inbox)) => {
                    (self.pull, self.inbox) = (pull, inbox);
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

/// Makes a consumer without acknowledgements, and without a name of ours.
async fn create(
    bus: &Bus,
    stream: &str,
    patterns: &[String],
    start: Start,
) -> Result<ConsumerInfo, Error> {
    let mut config = json!({
        "ack_policy": "none",
        "inactive_threshold": nanos(INACTIVE),
        "mem_storage": true,
        "num_replicas": 1,
    });
    set_filters(&mut config, patterns);
    start_of(start, &mut config)?;
    let request = json!({ "stream_name": stream, "config": config });
    bus.api(format!("CONSUMER.CREATE.{stream}"), &request).await
}
