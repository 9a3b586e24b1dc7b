//! A stream full of events, and both ways to handle it: a listener of ours, and the loop that one writes with async-nats.
//!
//! The same messages, the same durable anew for each measurement, the same acknowledgements. Publishing is not measured.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use event_runtime::async_nats::Client;
use event_runtime::async_nats::jetstream::{self, consumer::PullConsumer};
use event_runtime::{
    Bus, Config, ConsumerDef, Delivery, Discard, Event, Failure, Filter, Listener, Retention,
    Service, Shutdown, Start, Storage, StreamDef, Streams,
};
use event_testing::TestServer;
use futures_util::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::contracts::bench::{OrderPlaced, PriceTicked};
use crate::events::{order, price};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// How many handlers run at once where they do.
pub const CONCURRENCY: u32 = 64;
/// How many deliveries may be without an acknowledgement: the server's own default.
const IN_FLIGHT: u32 = 1_000;
/// How much the loop by hand asks for at once: more, or less, is not quicker.
const BATCH: usize = 500;
const ACK_WAIT: Duration = Duration::from_secs(30);

/// An event whose order is kept, per article.
#[derive(Clone, Debug, Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(
    name = "bench.StockMoved",
    subject = "stock.{partition}.{article}.moved",
    stream = "STOCK",
    id = "move_id",
    key = "article",
    partitions = 8
)]
pub struct StockMoved {
    /// Names it.
    pub move_id: String,
    /// What was moved.
    pub article: String,
    /// From where.
    pub from: String,
    /// How many.
    pub pieces: i64,
}

impl StockMoved {
    fn numbered(number: u64) -> Self {
        Self {
            move_id: format!("0196f3f2-0000-7000-8000-{number:012}"),
            article: format!("article-{}", number % 1_000),
            from: "warehouse 7, aisle 12".into(),
            pieces: 12,
        }
    }
}

const fn stream(
    name: &'static str,
    subjects: &'static [&'static str],
    partitions: Option<u32>,
) -> StreamDef<'static> {
    StreamDef {
        name,
        subjects,
        max_age: None,
        max_bytes: None,
        max_messages: None,
        replicas: 1,
        storage: Storage::File,
        retention: Retention::Limits,
        duplicate_window: Duration::from_secs(120),
        discard: Discard::New,
        partitions,
    }
}

const fn durable(
    stream: &'static str,
    durable: &'static str,
    filters: &'static [&'static str],
    max_in_flight: u32,
) -> ConsumerDef<'static> {
    ConsumerDef {
        service: "bench",
        stream,
        durable,
        filters,
        ack_wait: ACK_WAIT,
        max_delay: Duration::from_secs(60),
        max_in_flight,
        start: Start::All,
    }
}

const STREAMS: Streams<'static> = Streams {
    streams: &[
        stream("BENCH", &["bench.order"], None),
        stream("STOCK", &["stock.*.*.moved"], Some(8)),
    ],
    consumers: &[
        durable("BENCH", "bench", &["bench.order"], IN_FLIGHT),
        durable("STOCK", "bench-p0", &["stock.0.*.moved"], 1),
        durable("STOCK", "bench-p1", &["stock.1.*.moved"], 1),
        durable("STOCK", "bench-p2", &["stock.2.*.moved"], 1),
        durable("STOCK", "bench-p3", &["stock.3.*.moved"], 1),
        durable("STOCK", "bench-p4", &["stock.4.*.moved"], 1),
        durable("STOCK", "bench-p5", &["stock.5.*.moved"], 1),
        durable("STOCK", "bench-p6", &["stock.6.*.moved"], 1),
        durable("STOCK", "bench-p7", &["stock.7.*.moved"], 1),
    ],
};

/// What a handler does beside counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Nothing: what is measured is everything around it.
    Nothing,
    /// It waits for a millisecond, as for a database.
    Millisecond,
}

impl Work {
    async fn run(self) {
        if self == Self::Millisecond {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Counts what is handled, and takes the time from the first to the last.
struct Counted {
    wanted: u64,
    work: Work,
    handled: AtomicU64,
    began: std::sync::OnceLock<Instant>,
    done: Notify,
}

impl Counted {
    fn new(wanted: u64, work: Work) -> Arc<Self> {
        Arc::new(Self {
            wanted,
            work,
            handled: AtomicU64::new(0),
            began: std::sync::OnceLock::new(),
            done: Notify::new(),
        })
    }

    /// Handles one event.
    async fn handle<E>(&self, event: E) {
        self.began.get_or_init(Instant::now);
        self.work.run().await;
        std::hint::black_box(event);
        if self.handled.fetch_add(1, Ordering::Relaxed) + 1 == self.wanted {
            self.done.notify_one();
        }
    }

    /// Events per second.
    fn rate(&self) -> f64 {
        let took = self.began.get().map(Instant::elapsed).unwrap_or_default();
        self.wanted as f64 / took.as_secs_f64()
    }
}

/// A server with full streams.
#[derive(Debug)]
pub struct Stage {
    server: TestServer,
}

impl Stage {
    /// With so many events in either stream.
    ///
    /// # Errors
    /// Whatever prevents it.
    pub async fn prepare(orders: u64, moves: u64) -> Result<Self, Error> {
        let server = TestServer::start().await?;
        let bus = Bus::connect(Config::new(&server.url())?).await?;
        let _ = event_operate::ensure(&bus, &STREAMS).await?;
        fill(&bus, orders, |_| order()).await?;
        fill(&bus, moves, StockMoved::numbered).await?;
        Ok(Self { server })
    }

    /// The server's address.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }
}

/// Sends so many events that nobody stores.
async fn send(client: Client, events: u64) -> Result<(), Error> {
    let body: bytes::Bytes = serde_json::to_vec(&price())?.into();
    for _ in 0..events {
        client.publish(PriceTicked::SUBJECT, body.clone()).await?;
    }
    Ok(client.flush().await?)
}

async fn fill<E: event_runtime::Stored>(
    bus: &Bus,
    events: u64,
    numbered: impl Fn(u64) -> E,
) -> Result<(), Error> {
    // In parts, so that a million of them need no memory of their own.
    for part in (0..events).step_by(10_000) {
        let part = part..events.min(part + 10_000);
        let _ = bus.publish_all(part.map(&numbered)).await.into_result()?;
    }
    Ok(())
}

/// A connection to a stage, for one of the two sides.
#[derive(Clone, Debug)]
pub struct Side {
    bus: Bus,
    /// Another connection, that of who publishes.
    sender: Client,
}

impl Side {
    /// Connects.
    ///
    /// # Errors
    /// Those of the connection.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        let bus = Bus::connect(Config::new(url)?).await?;
        let sender = event_runtime::async_nats::connect(url).await?;
        Ok(Self { bus, sender })
    }

    /// Has the durables start over.
    async fn rewind(&self) -> Result<(), Error> {
        for durable in STREAMS.consumers {
            let stream = self.bus.jetstream().get_stream_no_info(durable.stream);
            // The first time there is none.
            let _ = stream.await?.delete_consumer(durable.durable).await;
        }
        let _ = event_operate::ensure(&self.bus, &STREAMS).await?;
        Ok(())
    }

    async fn durable(&self, stream: &str, name: &str) -> Result<PullConsumer, Error> {
        let stream = self.bus.jetstream().get_stream_no_info(stream).await?;
        stream.get_consumer(name).await
    }

    /// Events handled per second by our listener.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn listen(&self, events: u64, concurrency: u32, work: Work) -> Result<f64, Error> {
        self.listened::<OrderPlaced>(events, concurrency, work)
            .await
    }

    /// The same of keyed events, over eight partitions.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn listen_keyed(&self, events: u64) -> Result<f64, Error> {
        self.listened::<StockMoved>(events, 8, Work::Nothing).await
    }

    async fn listened<E: Event>(
        &self,
        events: u64,
        concurrency: u32,
        work: Work,
    ) -> Result<f64, Error> {
        self.rewind().await?;
        let counted = Counted::new(events, work);
        let service = Service::new("bench")
            .concurrency(concurrency)
            .max_in_flight(IN_FLIGHT)
            .ack_wait(ACK_WAIT);
        let listener = Listener::new(&self.bus, service, Arc::clone(&counted));
        let listener = listener.on(
            |counted: Arc<Arc<Counted>>, delivery: Delivery<E>| async move {
                counted.handle(delivery.event).await;
                Ok::<(), Failure>(())
            },
        );
        let shutdown = Shutdown::new();
        let running = tokio::spawn(listener.run(shutdown.clone()));
        counted.done.notified().await;
        let rate = counted.rate();
        shutdown.stop();
        let report = running.await??;
        if report.handled < events {
            return Err(format!("not everything was handled: {report:?}").into());
        }
        Ok(rate)
    }

    /// Events handled per second by the loop that one writes by hand.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn by_hand(&self, events: u64, concurrency: u32, work: Work) -> Result<f64, Error> {
        self.rewind().await?;
        let counted = Counted::new(events, work);
        let durable = self.durable("BENCH", "bench").await?;
        let looped = by_hand::<OrderPlaced>(durable, BATCH, concurrency, Arc::clone(&counted));
        let running = tokio::spawn(looped);
        counted.done.notified().await;
        let rate = counted.rate();
        running.abort();
        Ok(rate)
    }

    /// Events per second that a subscription of ours reads while they are sent.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn subscribe(&self, events: u64) -> Result<f64, Error> {
        let mut prices = self.bus.subscribe(Filter::<PriceTicked>::all()).await?;
        let sending = tokio::spawn(send(self.sender.clone(), events));
        let counted = Counted::new(events, Work::Nothing);
        for _ in 0..events {
            let price = prices.next().await.ok_or("the subscription has ended")??;
            counted.handle(price.event).await;
        }
        let rate = counted.rate();
        sending.await?.map(|()| rate)
    }

    /// The same with the client's own subscription.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn subscribe_by_hand(&self, events: u64) -> Result<f64, Error> {
        let client = self.bus.client();
        let mut prices = client.subscribe(PriceTicked::SUBJECT).await?;
        // `flush` does not wait for the server: an answer, here that nobody answers, comes after what was sent before.
        let _ = client.request("bench.nobody", "".into()).await;
        let sending = tokio::spawn(send(self.sender.clone(), events));
        let counted = Counted::new(events, Work::Nothing);
        for _ in 0..events {
            let message = prices.next().await.ok_or("the subscription has ended")?;
            let price: PriceTicked = serde_json::from_slice(&message.payload)?;
            counted.handle(price).await;
        }
        let rate = counted.rate();
        sending.await?.map(|()| rate)
    }

    /// The same of keyed events: a loop for each of eight durables.
    ///
    /// # Errors
    /// Those of the server.
    pub async fn by_hand_keyed(&self, events: u64) -> Result<f64, Error> {
        self.rewind().await?;
        let counted = Counted::new(events, Work::Nothing);
        let mut loops = tokio::task::JoinSet::new();
        for partition in 0..8 {
            let name = format!("bench-p{partition}");
            let durable = self.durable("STOCK", &name).await?;
            loops.spawn(by_hand::<StockMoved>(
                durable,
                BATCH,
                1,
                Arc::clone(&counted),
            ));
        }
        counted.done.notified().await;
        let rate = counted.rate();
        loops.shutdown().await;
        Ok(rate)
    }
}

/// `consumer.messages()`, `serde_json`, the handler, `ack()`.
async fn by_hand<E: Event>(
    durable: PullConsumer,
    batch: usize,
    concurrency: u32,
    counted: Arc<Counted>,
) -> Result<(), Error> {
    let one = async |message: jetstream::Message| -> Result<(), Error> {
        let event: E = serde_json::from_slice(&message.payload)?;
        counted.handle(event).await;
        message.ack().await
    };
    let messages = durable.stream().max_messages_per_batch(batch);
    let mut messages = messages.messages().await?;
    if concurrency == 1 {
        while let Some(message) = messages.try_next().await? {
            one(message).await?;
        }
        return Ok(());
    }
    messages
        .map_err(Error::from)
        .try_for_each_concurrent(concurrency as usize, one)
        .await
}
