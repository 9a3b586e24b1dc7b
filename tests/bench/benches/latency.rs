//! Latency, open loop: from the moment at which an event was due to be sent until its handler has it, stored on the way.
//!
//! Events are due at a fixed rate, whatever happened to those before: a pause of either side is paid for by every event that it holds
//! up (no coordinated omission). A thread of its own keeps the time, since the clock of an async runtime ticks in milliseconds; it, the
//! stream and the window are the same for both sides. The rates: 1,000/s, and half of what the slower side can do, measured just before.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, atomic::AtomicU64};
use std::time::{Duration, Instant};

use event_bench::growth::{Parcel, consumer, streams};
use event_bench::record::short;
use event_bench::{Goal, Pairs, Point, by_hand, record_point};
use event_runtime::async_nats::HeaderMap;
use event_runtime::async_nats::header::NATS_MESSAGE_ID;
use event_runtime::async_nats::jetstream::consumer::PullConsumer;
use event_runtime::async_nats::jetstream::context::PublishAckFuture;
use event_runtime::async_nats::jetstream::message::PublishMessage;
use event_runtime::{
    Bus, Config, Delivery, Error, ListenReport, Listener, Pending, Service, Shutdown,
};
use event_testing::TestServer;
use futures_util::TryStreamExt;
use tokio::runtime::Runtime;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How many come first and do not count.
const WARM_UP: u64 = 500;
/// A run that is not through this long after its last event was due has lost some.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is asked of every distribution.
const QUANTILES: [(&str, f64); 3] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)];

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Ours,
    Plain,
}

/// When events are due.
#[derive(Clone, Copy)]
enum Pace {
    /// One each so often.
    Every(Duration),
    /// As fast as the window lets them.
    Closed,
}

/// Both connections, to one server.
struct Field {
    runtime: Runtime,
    // Killed with this value.
    _server: TestServer,
    bus: Bus,
}

/// What handlers have seen: the time since each event was due, in nanoseconds.
struct Seen {
    epoch: Instant,
    wanted: u64,
    count: AtomicU64,
    latencies: Mutex<Vec<u64>>,
    done: Notify,
}

/// The handlers of our service.
struct Noting(Arc<Seen>);

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime
        .block_on(TestServer::start())
        .expect("a nats-server");
    let config = Config::new(&server.url()).expect("the address of the server");
    let bus = runtime
        .block_on(Bus::connect(config))
        .expect("a connection");
    let field = Field {
        runtime,
        _server: server,
        bus,
    };
    let pairs = std::env::var("BENCH_PAIRS")
        .ok()
        .and_then(|pairs| pairs.parse().ok());
    let pairs: usize = pairs.unwrap_or(16);
    compare(&field, "1,000/s", 1_000.0, 2.0, pairs);
    // The best of a few: the first one warms up.
    let most = |side| {
        let rates = (0..3).map(|_| 40_000.0 / field.run(side, Pace::Closed, 40_000).1);
        rates.fold(0.0, f64::max)
    };
    let half = (most(Side::Ours).min(most(Side::Plain)) / 2_000.0).floor() * 1_000.0;
    let half = half.max(1_000.0);
    let half_is = format!("half of the maximum ({}/s)", short(half));
    compare(&field, &half_is, half, 1.0, pairs);
}

/// Both sides at one rate, in turn; three figures, and both distributions.
fn compare(field: &Field, rate_is: &str, rate: f64, seconds: f64, pairs: usize) {
    let (pace, events) = (
        Pace::Every(Duration::from_secs_f64(1.0 / rate)),
        (rate * seconds) as u64,
    );
    let mut runs: [Vec<Vec<u64>>; 2] = Default::default();
    for pair in 0..pairs.max(1) {
        let order = if pair % 2 == 0 {
            [Side::Ours, Side::Plain]
        } else {
            [Side::Plain, Side::Ours]
        };
        for side in order {
            runs[side as usize].push(field.run(side, pace, events).0);
        }
    }
    for (name, quantile) in QUANTILES {
        let [ours, theirs] = runs.each_ref().map(|runs| {
            let each = runs.iter().map(|run| at(run, quantile));
            each.collect::<Vec<f64>>()
        });
        let pairs = Pairs {
            group: "latency",
            name: &format!("{name} at {rate_is}"),
            against: "plain async-nats",
            unit: "ms",
            goal: Goal::None,
        };
        pairs.measured(&ours, &theirs);
    }
    for (name, runs) in ["ours", "plain async-nats"].into_iter().zip(runs) {
        let mut all: Vec<u64> = runs.into_iter().flatten().collect();
        all.sort_unstable();
        let steps = [
            2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0,
        ];
        // The last few of all are anecdotes.
        for one_of in steps
            .into_iter()
            .filter(|one_of| all.len() as f64 / one_of >= 5.0)
        {
            let point = Point {
                chart: format!("Latency at {rate_is}"),
                curve: name.to_owned(),
                axes: [
                    "one event of so many takes longer".to_owned(),
                    "ms from due to handled".to_owned(),
                ],
                at: one_of,
                value: at(&all, 1.0 - 1.0 / one_of),
            };
            record_point("latency", &point);
        }
    }
}

/// The quantile of sorted nanoseconds, in milliseconds.
fn at(sorted: &[u64], quantile: f64) -> f64 {
    let index = (sorted.len() as f64 * quantile) as usize;
    sorted[index.min(sorted.len() - 1)] as f64 / 1e6
}

impl Field {
    /// Latencies, sorted, and the seconds from the first to the last.
    fn run(&self, side: Side, pace: Pace, events: u64) -> (Vec<u64>, f64) {
        let seen = Arc::new(Seen {
            epoch: Instant::now(),
            wanted: events + WARM_UP,
            count: AtomicU64::new(0),
            latencies: Mutex::new(Vec::with_capacity(events as usize)),
            done: Notify::new(),
        });
        let stop = self
            .runtime
            .block_on(self.receive(side, &seen))
            .expect("a consumer");
        let (sender, waiting) = self.sender(side);
        self.keep_pace(
            &seen,
            Pace::Every(Duration::from_millis(1)),
            WARM_UP,
            &sender,
        );
        let began = Instant::now();
        self.keep_pace(&seen, pace, events, &sender);
        drop(sender);
        let seconds = self.runtime.block_on(async {
            let done = tokio::time::timeout(PATIENCE, seen.done.notified()).await;
            assert!(
                done.is_ok(),
                "of {} events, {} were handled",
                seen.wanted,
                seen.count.load(Ordering::Relaxed)
            );
            let seconds = began.elapsed().as_secs_f64();
            waiting.await.expect("every event was acknowledged");
            stop.stop().await;
            seconds
        });
        let mut latencies = std::mem::take(&mut *seen.latencies.lock().expect("no panic"));
        latencies.sort_unstable();
        (latencies, seconds)
    }

    /// Sends so many, each when it is due. The time at which it was due is in the event.
    fn keep_pace(&self, seen: &Seen, pace: Pace, events: u64, sender: &Sender) {
        let began = Instant::now();
        for number in 0..events {
            let due = match pace {
                Pace::Closed => Instant::now(),
                Pace::Every(interval) => began + interval.mul_f64(number as f64),
            };
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let nanos = due.saturating_duration_since(seen.epoch).as_nanos();
            let mut parcel = Parcel::of(200);
            parcel.body = format!("{nanos:0>140}");
            self.runtime.block_on(sender.send(&parcel)).expect("sent");
        }
    }

    /// What sends, and the task that takes the acknowledgements.
    fn sender(&self, side: Side) -> (Sender, JoinHandle<()>) {
        match side {
            Side::Ours => {
                let (pending, mut waiting) = mpsc::unbounded_channel::<Pending>();
                let waiting = self.runtime.spawn(async move {
                    while let Some(pending) = waiting.recv().await {
                        pending.await.expect("stored");
                    }
                });
                (Sender::Ours(self.bus.clone(), pending), waiting)
            }
            Side::Plain => {
                let (sent, mut waiting) =
                    mpsc::unbounded_channel::<(PublishAckFuture, OwnedSemaphorePermit)>();
                let waiting = self.runtime.spawn(async move {
                    while let Some((acknowledgement, place)) = waiting.recv().await {
                        acknowledgement.await.expect("stored");
                        drop(place);
                    }
                });
                let window = Arc::new(Semaphore::new(by_hand::WINDOW));
                (Sender::Plain(self.bus.clone(), window, sent), waiting)
            }
        }
    }

    /// Starts a side's handlers, on a stream and a durable without a past.
    async fn receive(&self, side: Side, seen: &Arc<Seen>) -> Result<Stop, Failure> {
        let jetstream = self.bus.jetstream();
        let _ = jetstream.delete_stream("GROWTH").await;
        let _ = event_operate::ensure(&self.bus, &streams(&[consumer(&["growth.parcel"])])).await?;
        if side == Side::Ours {
            let service = Service::new("growth").max_in_flight(1_000);
            let listener = Listener::new(&self.bus, service, Noting(Arc::clone(seen))).on(
                |noting: Arc<Noting>, delivery: Delivery<Parcel>| async move {
                    noting.0.note(&delivery.event);
                    Ok(())
                },
            );
            let shutdown = Shutdown::new();
            let running = tokio::spawn(listener.run(shutdown.clone()));
            return Ok(Stop::Ours(shutdown, running));
        }
        let stream = jetstream.get_stream_no_info("GROWTH").await?;
        let durable: PullConsumer = stream.get_consumer("growth").await?;
        let (mut messages, seen) = (durable.messages().await?, Arc::clone(seen));
        Ok(Stop::Plain(tokio::spawn(async move {
            while let Some(message) = messages.try_next().await? {
                seen.note(&serde_json::from_slice(&message.payload)?);
                message.ack().await?;
            }
            Ok(())
        })))
    }
}

/// Sends an event of either side; its acknowledgement is awaited elsewhere.
enum Sender {
    Ours(Bus, mpsc::UnboundedSender<Pending>),
    Plain(
        Bus,
        Arc<Semaphore>,
        mpsc::UnboundedSender<(PublishAckFuture, OwnedSemaphorePermit)>,
    ),
}

impl Sender {
    async fn send(&self, parcel: &Parcel) -> Result<(), Failure> {
        match self {
            Self::Ours(bus, pending) => pending.send(parcel.enqueue(bus).await?)?,
            Self::Plain(bus, window, sent) => {
                let place = Arc::clone(window).acquire_owned().await?;
                let mut headers = HeaderMap::new();
                headers.insert(
                    NATS_MESSAGE_ID,
                    format!("growth.Parcel:{}", parcel.parcel_id),
                );
                let message = PublishMessage::build().headers(headers);
                let message = message.payload(serde_json::to_vec(parcel)?.into());
                let sending = bus.jetstream().send_publish("growth.parcel", message);
                let acknowledgement = sending.await?;
                sent.send((acknowledgement, place))
                    .map_err(|_| "nobody waits")?;
            }
        }
        Ok(())
    }
}

/// How a side's handlers end.
enum Stop {
    Ours(Shutdown, JoinHandle<Result<ListenReport, Error>>),
    Plain(JoinHandle<Result<(), Failure>>),
}

impl Stop {
    async fn stop(self) {
        match self {
            Self::Ours(shutdown, running) => {
                shutdown.stop();
                let report = running.await.expect("no panic");
                report.expect("a listener that ends well");
            }
            Self::Plain(running) => running.abort(),
        }
    }
}

impl Seen {
    fn note(&self, parcel: &Parcel) {
        let due: u64 = parcel.body.parse().expect("the time at which it was due");
        let latency = self.epoch.elapsed().as_nanos() as u64 - due;
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        if count > WARM_UP {
            self.latencies.lock().expect("no panic").push(latency);
        }
        if count == self.wanted {
            self.done.notify_one();
        }
    }
}
