//! Events, services and waiting for the runtime's tests: each test has a server of its own.

#![allow(dead_code, missing_docs, clippy::unwrap_used)]

use std::fmt::Display;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use event_runtime::async_nats::jetstream::consumer::PullConsumer;
use event_runtime::{
    Bus, Config, ConsumerDef, Discard, Event, Retention, Service, Start, Storage, StreamDef,
    Streams,
    serde::{Deserialize, Serialize},
};
use event_testing::TestServer;

pub const ACK_WAIT: Duration = Duration::from_secs(2);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Event)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
#[event(
    name = "shop.OrderPlaced",
    subject = "orders.{region}.placed",
    stream = "ORDERS",
    id = "order_id"
)]
pub struct OrderPlaced {
    pub order_id: i64,
    pub region: String,
}

/// Another event of the same stream, with ids of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Event)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
#[event(
    name = "shop.OrderPaid",
    subject = "orders:paid",
    stream = "ORDERS",
    id = "order_id"
)]
pub struct OrderPaid {
    pub order_id: i64,
}

/// An event of any size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Event)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
#[event(name = "shop.OrderPaid", subject = "orders:paid", stream = "ORDERS")]
pub struct Note {
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Event)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
#[event(
    name = "shop.StockMoved",
    subject = "stock.{partition}.{item}.moved",
    stream = "STOCK",
    id = "move_id",
    key = "item",
    partitions = 4
)]
pub struct StockMoved {
    pub move_id: i64,
    pub item: String,
    pub step: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Event)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
#[event(name = "shop.PriceShown", subject = "prices.{item}.shown")]
pub struct PriceShown {
    pub item: String,
    pub cents: i64,
}

pub const SHOP: Service = Service::new("shop")
    .queue_group("shop-workers")
    .concurrency(4)
    .max_in_flight(64)
    .ack_wait(ACK_WAIT)
    .retry(3, Duration::from_millis(200), Duration::from_secs(1));

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

const fn consumer(
    stream: &'static str,
    durable: &'static str,
    filters: &'static [&'static str],
    max_in_flight: u32,
) -> ConsumerDef<'static> {
    ConsumerDef {
        service: "shop",
        stream,
        durable,
        filters,
        ack_wait: ACK_WAIT,
        max_delay: Duration::from_secs(1),
        max_in_flight,
        start: Start::All,
    }
}

pub const STREAMS: Streams = Streams {
    streams: &[
        stream("ORDERS", &["orders.*.placed", "orders:paid"], None),
        stream("STOCK", &["stock.{partition}.*.moved"], Some(4)),
    ],
    consumers: &[
        consumer(
            "ORDERS",
            "shop-workers",
            &["orders.*.placed", "orders:paid"],
            64,
        ),
        consumer("STOCK", "shop-workers-p0", &["stock.0.*.moved"], 1),
        consumer("STOCK", "shop-workers-p1", &["stock.1.*.moved"], 1),
        consumer("STOCK", "shop-workers-p2", &["stock.2.*.moved"], 1),
        consumer("STOCK", "shop-workers-p3", &["stock.3.*.moved"], 1),
    ],
};

pub fn config(server: &TestServer) -> Config {
    Config::new(&server.url()).unwrap()
}

pub async fn connect(server: &TestServer) -> Bus {
    Bus::connect(config(server)).await.unwrap()
}

/// A server with the streams and durables above, and a connection to it.
pub async fn shop() -> (TestServer, Bus) {
    let server = TestServer::start().await.unwrap();
    let bus = connect(&server).await;
    let changes = event_operate::ensure(&bus, &STREAMS).await.unwrap();
    assert_eq!(changes.created_streams, ["ORDERS", "STOCK", "DEAD_LETTERS"]);
    (server, bus)
}

pub fn order(order_id: i64) -> OrderPlaced {
    OrderPlaced {
        order_id,
        region: "eu".into(),
    }
}

/// What handlers saw, in the order in which they saw it.
#[derive(Clone, Debug)]
pub struct Seen<T>(Arc<Mutex<Vec<T>>>);

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone> Seen<T> {
    pub fn push(&self, value: T) {
        self.0.lock().unwrap().push(value);
    }

    pub fn all(&self) -> Vec<T> {
        self.0.lock().unwrap().clone()
    }

    pub fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// Waits until it is so; panics after 30 s.
pub async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "in vain: {what}");
}

/// What the server answers. While a cluster changes its leaders it answers 503 or not at all, so it is asked again;
/// panics with its last answer after 30 s.
pub async fn answer<T, E: Display>(mut ask: impl AsyncFnMut() -> Result<T, E>) -> T {
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) => assert!(Instant::now() < patience, "in vain: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What the server says of a durable.
pub async fn durable(bus: &Bus, stream: &str, durable: &str) -> PullConsumer {
    answer(async || {
        bus.jetstream()
            .get_consumer_from_stream(durable, stream)
            .await
    })
    .await
}

/// What the server says of a durable: (delivered and not acknowledged, not delivered yet).
pub async fn pending(bus: &Bus, stream: &str, name: &str) -> (usize, u64) {
    let consumer = durable(bus, stream, name).await;
    let info = consumer.cached_info();
    (info.num_ack_pending, info.num_pending)
}

/// The messages of a stream: how many there are.
pub async fn count(bus: &Bus, stream: &str) -> u64 {
    let stream = answer(async || bus.jetstream().get_stream(stream).await).await;
    stream.cached_info().state.messages
}

/// One message of a stream, by its place.
pub async fn message(
    bus: &Bus,
    stream: &str,
    sequence: u64,
) -> event_runtime::async_nats::jetstream::message::StreamMessage {
    bus.jetstream()
        .get_stream(stream)
        .await
        .unwrap()
        .get_raw_message(sequence)
        .await
        .unwrap()
}
