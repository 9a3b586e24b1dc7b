//! What the runtime costs on top of plain async-nats that does the same work, against a real server on this machine.
//!
//! Compare the pairs, do not quote the numbers: server and client share the machine.

#![allow(missing_docs, clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use event_runtime::async_nats::jetstream::consumer::PullConsumer;
use event_runtime::async_nats::jetstream::message::PublishMessage;
use event_runtime::serde::{Deserialize, Serialize};
use event_runtime::testing::TestServer;
use event_runtime::{
    Bus, Config, ConsumerDef, Delivery, Discard, Event, Listener, Retention, Service, Shutdown,
    Start, Storage, StreamDef, Streams, serde_json,
};
use futures_util::StreamExt;
use tokio::runtime::Runtime;

#[derive(Clone, Debug, Serialize, Deserialize, Event)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
#[event(
    name = "bench.Stored",
    subject = "bench.stored",
    stream = "BENCH",
    id = "number"
)]
pub struct Stored {
    pub number: i64,
    pub text: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, Event)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
#[event(name = "bench.Shown", subject = "bench.shown")]
pub struct Shown {
    pub number: i64,
    pub text: String,
}

const SERVICE: Service = Service::new("bench").max_in_flight(1_024);

const fn durable(durable: &'static str) -> ConsumerDef<'static> {
    ConsumerDef {
        service: "bench",
        stream: "BENCH",
        durable,
        filters: &["bench.stored"],
        ack_wait: Duration::from_secs(30),
        max_delay: Duration::from_secs(30),
        max_in_flight: 1_024,
        start: Start::All,
    }
}

const STREAMS: Streams = Streams {
    streams: &[StreamDef {
        name: "BENCH",
        subjects: &["bench.stored"],
        max_age: None,
        max_bytes: None,
        max_messages: None,
        replicas: 1,
        storage: Storage::Memory,
        retention: Retention::Limits,
        duplicate_window: Duration::from_secs(1),
        discard: Discard::Old,
        partitions: None,
    }],
    consumers: &[durable("bench"), durable("plain")],
};

/// 200 bytes of JSON.
fn text() -> String {
    "x".repeat(170)
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

fn stored() -> Stored {
    Stored {
        number: NUMBER.fetch_add(1, Ordering::Relaxed) as i64,
        text: text(),
    }
}

/// The message that the runtime sends for an event, made by hand.
fn by_hand(event: &Stored) -> PublishMessage {
    PublishMessage::build()
        .message_id(format!("bench.Stored:{}", event.number))
        .payload(serde_json::to_vec(event).unwrap().into())
}

fn publish(c: &mut Criterion, runtime: &Runtime, bus: &Bus) {
    let mut group = c.benchmark_group("publish, each awaited");
    group
        .throughput(Throughput::Elements(1))
        .sample_size(10)
        .measurement_time(Duration::from_secs(3));
    group.bench_function("event-runtime", |b| {
        b.iter_custom(|n| {
            runtime.block_on(async {
                let began = Instant::now();
                for _ in 0..n {
                    bus.publish(&stored()).await.unwrap();
                }
                began.elapsed()
            })
        });
    });
    group.bench_function("async-nats", |b| {
        b.iter_custom(|n| {
            runtime.block_on(async {
                let began = Instant::now();
                for _ in 0..n {
                    let ack = bus
                        .jetstream()
                        .send_publish("bench.stored", by_hand(&stored()))
                        .await
                        .unwrap();
                    ack.await.unwrap();
                }
                began.elapsed()
            })
        });
    });
    group.finish();
    let mut group = c.benchmark_group("publish, 1,024 on their way");
    group
        .throughput(Throughput::Elements(1))
        .sample_size(10)
        .measurement_time(Duration::from_secs(3));
    group.bench_function("event-runtime", |b| {
        b.iter_custom(|n| {
            runtime.block_on(async {
                let began = Instant::now();
                bus.publish_all((0..n).map(|_| stored()))
                    .await
                    .into_result()
                    .unwrap();
                began.elapsed()
            })
        });
    });
    group.bench_function("async-nats", |b| {
        b.iter_custom(|n| {
            runtime.block_on(async {
                let began = Instant::now();
                let mut acks = std::collections::VecDeque::new();
                for _ in 0..n {
                    if acks.len() == 1_024 {
                        let ack: event_runtime::async_nats::jetstream::context::PublishAckFuture =
                            acks.pop_front().unwrap();
                        ack.await.unwrap();
                    }
                    acks.push_back(
                        bus.jetstream()
                            .send_publish("bench.stored", by_hand(&stored()))
                            .await
                            .unwrap(),
                    );
                }
                for ack in acks {
                    ack.await.unwrap();
                }
                began.elapsed()
            })
        });
    });
    group.finish();
}

fn emit(c: &mut Criterion, runtime: &Runtime, bus: &Bus) {
    let mut group = c.benchmark_group("emit");
    group
        .throughput(Throughput::Elements(1))
        .sample_size(10)
        .measurement_time(Duration::from_secs(2));
    let shown = Shown {
        number: 1,
        text: text(),
    };
    group.bench_function("event-runtime", |b| {
        b.iter_custom(|n| {
            runtime.block_on(async {
                let began = Instant::now();
                for _ in 0..n {
                    bus.emit(&shown).await.unwrap();
                }
                bus.client().flush().await.unwrap();
                began.elapsed()
            })
        });
    });
    group.bench_function("async-nats", |b| {
        b.iter_custom(|n| {
            runtime.block_on(async {
                let began = Instant::now();
                for _ in 0..n {
                    let payload = serde_json::to_vec(&shown).unwrap();
                    bus.client()
                        .publish("bench.shown", payload.into())
                        .await
                        .unwrap();
                }
                bus.client().flush().await.unwrap();
                began.elapsed()
            })
        });
    });
    group.finish();
}

/// The durable starts where it was left: each run handles what is published for it.
async fn refill(bus: &Bus, durable: &str, n: u64) -> PullConsumer {
    bus.jetstream()
        .get_stream("BENCH")
        .await
        .unwrap()
        .purge()
        .await
        .unwrap();
    bus.publish_all((0..n).map(|_| stored()))
        .await
        .into_result()
        .unwrap();
    bus.jetstream()
        .get_consumer_from_stream(durable, "BENCH")
        .await
        .unwrap()
}

fn handle(c: &mut Criterion, runtime: &Runtime, bus: &Bus) {
    let mut group = c.benchmark_group("handle");
    group
        .throughput(Throughput::Elements(1))
        .sample_size(10)
        .measurement_time(Duration::from_secs(3));
    group.bench_function("event-runtime", |b| {
        b.iter_custom(|n| {
            runtime.block_on(async {
                refill(bus, "bench", n).await;
                let (shutdown, handled) = (Shutdown::new(), Arc::new(AtomicU64::new(0)));
                let listener =
                    Listener::new(bus, SERVICE, (shutdown.clone(), Arc::clone(&handled), n)).on(
                        |h: Arc<(Shutdown, Arc<AtomicU64>, u64)>, d: Delivery<Stored>| async move {
                            std::hint::black_box(d.event.number);
                            if h.1.fetch_add(1, Ordering::Relaxed) + 1 == h.2 {
                                h.0.stop();
                            }
                            Ok(())
                        },
                    );
                let began = Instant::now();
                let running = tokio::spawn(listener.run(shutdown.clone()));
                shutdown.wait().await;
                let took = began.elapsed();
                running.await.unwrap().unwrap();
                took
            })
        });
    });
    group.bench_function("async-nats", |b| {
        b.iter_custom(|n| {
            runtime.block_on(async {
                let consumer = refill(bus, "plain", n).await;
                let began = Instant::now();
                let mut messages = consumer.messages().await.unwrap();
                for _ in 0..n {
                    let message = messages.next().await.unwrap().unwrap();
                    let event: Stored = serde_json::from_slice(&message.payload).unwrap();
                    std::hint::black_box(event.number);
                    message.ack().await.unwrap();
                }
                began.elapsed()
            })
        });
    });
    group.finish();
}

fn all(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let (_server, bus) = runtime.block_on(async {
        let server = TestServer::start().await.unwrap();
        let bus = Bus::connect(Config::new(&server.url()).unwrap())
            .await
            .unwrap();
        bus.ensure(&STREAMS).await.unwrap();
        (server, bus)
    });
    publish(c, &runtime, &bus);
    emit(c, &runtime, &bus);
    handle(c, &runtime, &bus);
}

criterion_group!(benches, all);
criterion_main!(benches);
