//! RustStream over NATS, measured from inside its own process. Takes lines of work, answers each with a line of JSON
//! that says how long it took, on the clock and of processors:
//!
//! - `publish CONCURRENCY COUNT`: typed events through `JetStreamPublisher`, each with its deduplication id, each awaited;
//! - `handle CONCURRENCY COUNT DURABLE`: a typed handler on a durable pull consumer, from its first event to its last.
//!
//! Written as its guides have it: `#[derive(Outgoing)]` with the subject on the type, `.message(&event).message_id(…)`,
//! `#[subscriber(JetStreamSubject…)]` with `workers(n)` for concurrency and the default `max_ack_pending` of 1,024; a release
//! build on tokio's default runtime. One at a time is the plain loop, without the pool that `workers` starts.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use ruststream::{Broker, ConnectedBroker};
use ruststream_nats::JetStreamPublisher;
use ruststream_nats::prelude::*;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use uuid::Uuid;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Serialize, Deserialize, Outgoing)]
#[outgoing(name = "bench.order")]
#[serde(rename_all = "camelCase")]
struct OrderPlaced {
    order_id: Uuid,
    customer_id: Uuid,
    at: DateTime<Utc>,
    cents: i64,
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl OrderPlaced {
    fn numbered(number: u64) -> Self {
        Self {
            order_id: Uuid::from_u128(u128::from(number) + (0x0194_2f6a_bc5d_7d30 << 64)),
            customer_id: Uuid::from_u128(0x0194_2f6a_bc5d_7d30_8f3f_5aee_91c3_7d02),
            at: DateTime::default(),
            cents: 12_990,
            currency: "EUR".to_owned(),
            note: Some("Ring twice".to_owned()),
        }
    }
}

/// A moment: on the clock, and of processors in all threads of this process, as the kernel counts it.
#[derive(Clone, Copy)]
struct Moment {
    clock: Instant,
    processor: Duration,
}

/// What has gone by since one.
#[derive(Clone, Copy)]
struct Took {
    clock: Duration,
    processor: Duration,
}

impl Moment {
    fn now() -> Self {
        let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten();
        let nanoseconds = threads.flatten().filter_map(|thread| {
            let account = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            account.split(' ').next()?.parse::<u64>().ok()
        });
        let processor = Duration::from_nanos(nanoseconds.sum());
        Self { clock: Instant::now(), processor }
    }

    fn elapsed(self) -> Took {
        let now = Self::now();
        Took { clock: now.clock - self.clock, processor: now.processor - self.processor }
    }
}

/// What one measurement handles, and how long that took.
struct Tally {
    wanted: u64,
    seen: AtomicU64,
    started: OnceLock<Moment>,
    took: OnceLock<Took>,
    done: Notify,
}

impl Tally {
    fn count(&self, order: &OrderPlaced) {
        let started = *self.started.get_or_init(Moment::now);
        std::hint::black_box(order);
        if self.seen.fetch_add(1, Ordering::Relaxed) + 1 == self.wanted {
            let _ = self.took.set(started.elapsed());
            self.done.notify_one();
        }
    }
}

/// A service's subscription is declared once; which durable it reads differs from one measurement to the next.
static DURABLE: Mutex<String> = Mutex::new(String::new());
static WORKERS: AtomicUsize = AtomicUsize::new(1);

fn durable() -> String {
    DURABLE
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

fn workers() -> usize {
    WORKERS.load(Ordering::Relaxed)
}

#[subscriber(JetStreamSubject::new("bench.order", "BENCH").durable(durable()))]
async fn one_at_a_time(
    order: &OrderPlaced,
    ctx: &mut Context<'_, (), Arc<Tally>>,
) -> HandlerOutcome {
    ctx.state().count(order);
    HandlerOutcome::ack()
}

#[subscriber(JetStreamSubject::new("bench.order", "BENCH").durable(durable()), workers(workers()))]
async fn many_at_once(
    order: &OrderPlaced,
    ctx: &mut Context<'_, (), Arc<Tally>>,
) -> HandlerOutcome {
    ctx.state().count(order);
    HandlerOutcome::ack()
}

async fn handle(url: &str, concurrency: usize, count: u64, durable: &str) -> Result<Took, Failure> {
    durable.clone_into(&mut DURABLE.lock().unwrap_or_else(PoisonError::into_inner));
    WORKERS.store(concurrency, Ordering::Relaxed);
    let tally = Arc::new(Tally {
        wanted: count,
        seen: AtomicU64::new(0),
        started: OnceLock::new(),
        took: OnceLock::new(),
        done: Notify::new(),
    });
    let state = Arc::clone(&tally);
    let app = RustStream::new(AppInfo::new("bench", "0.0.0"))
        .on_startup(async move |()| Ok::<_, Infallible>(state))
        .with_broker(NatsBroker::new(url), |b| {
            if concurrency == 1 {
                b.include(one_at_a_time);
            } else {
                b.include(many_at_once);
            }
        });
    let running = app.start().await?;
    tally.done.notified().await;
    // The acknowledgement of the last event follows its handler; a shutdown may overtake it.
    tokio::time::sleep(Duration::from_millis(50)).await;
    running.shutdown().await?;
    Ok(*tally.took.get().ok_or("nothing was timed")?)
}

async fn publish(url: &str, concurrency: u64, count: u64) -> Result<Took, Failure> {
    let connected = NatsBroker::new(url).connect().await?;
    let publisher = connected.publisher(JetStreamPublish::default());
    let next = Arc::new(AtomicU64::new(0));
    let started = Moment::now();
    let mut tasks = JoinSet::new();
    for _ in 0..concurrency {
        tasks.spawn(publish_some(publisher.clone(), Arc::clone(&next), count));
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let took = started.elapsed();
    connected.shutdown().await?;
    Ok(took)
}

async fn publish_some(
    publisher: JetStreamPublisher,
    next: Arc<AtomicU64>,
    count: u64,
) -> Result<(), Failure> {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok(());
        }
        let order = OrderPlaced::numbered(number);
        publisher
            .message(&order)
            .message_id(order.order_id.to_string())
            .publish()
            .await?;
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let url = std::env::args()
        .nth(1)
        .ok_or("usage: peer-ruststream URL")?;
    println!("{{\"ready\":true}}");
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (count, took) = match words[..] {
            ["publish", at_once, count] => {
                let count = count.parse()?;
                (count, publish(&url, at_once.parse()?, count).await?)
            }
            ["handle", at_once, count, durable] => {
                let count = count.parse()?;
                (count, handle(&url, at_once.parse()?, count, durable).await?)
            }
            _ => return Err(format!("not a line of work: {line}").into()),
        };
        let (seconds, processor) = (took.clock.as_secs_f64(), took.processor.as_secs_f64());
        println!("{{\"events\":{count},\"seconds\":{seconds},\"processor\":{processor}}}");
    }
    Ok(())
}
