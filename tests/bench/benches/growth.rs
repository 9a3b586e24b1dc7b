//! How throughput and memory grow: against payload size, types of event, subscriptions, concurrency, and the length of a stream.
//!
//! Every point is the median of a few runs of `load`, a process of its own, ours and plain in turn. What comes out of each curve is
//! an exponent: of time (or memory) against what was varied.

use std::process::Command;

use event_bench::growth::{Parcel, consumer, exponent, streams};
use event_bench::{Goal, Pairs, Point, many, record_point};
use event_runtime::async_nats::HeaderMap;
use event_runtime::async_nats::header::NATS_MESSAGE_ID;
use event_runtime::async_nats::jetstream::message::PublishMessage;
use event_runtime::{Bus, Config};
use event_testing::TestServer;
use serde::Deserialize;
use tokio::runtime::Runtime;

/// How often each point is measured, unless there are to be few pairs.
const REPEATED: usize = 3;
/// A fit to few points of a shared machine is not sharper than this.
const NOISE: f64 = 0.1;
/// What `load` calls them, and what the charts do.
const SIDES: [(&str, &str); 2] = [("ours", "ours"), ("plain", "plain async-nats")];
/// A load that is not through by then never will be.
const PATIENCE: &str = "180";

#[derive(Clone, Copy, Deserialize)]
struct Done {
    events: f64,
    seconds: f64,
    peak_rss_kib: f64,
}

/// A curve of each side: where, and what was found there.
type Curves = [Vec<(f64, Done)>; 2];

/// Has the stream hold what is to be handled.
type Fill<'a> = dyn Fn(&Field, usize) + 'a;

/// What is varied, and how each point of it is measured.
struct Varied<'a> {
    sizes: &'a [usize],
    work: &'a str,
    events: &'a dyn Fn(usize) -> u64,
    /// What has to be in the stream; the publishing ones begin with an empty one.
    fill: Option<&'a Fill<'a>>,
    repeated: usize,
}

/// The server that all of it happens on.
struct Field {
    runtime: Runtime,
    bus: Bus,
    server: TestServer,
}

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime
        .block_on(TestServer::start())
        .expect("a nats-server");
    let config = Config::new(&server.url()).expect("the address of the server");
    let bus = runtime
        .block_on(Bus::connect(config))
        .expect("a connection");
    let pairs: Option<usize> = std::env::var("BENCH_PAIRS")
        .ok()
        .and_then(|pairs| pairs.parse().ok());
    let repeated = if pairs.is_some_and(|pairs| pairs < 4) {
        1
    } else {
        REPEATED
    };
    let field = Field {
        runtime,
        bus,
        server,
    };
    payloads(&field, repeated);
    types(&field, repeated);
    subscriptions(&field, repeated);
    concurrency(&field, repeated);
    lengths(&field);
}

fn payloads(field: &Field, repeated: usize) {
    let events = |size: usize| (60_000_000 / size as u64).clamp(150, 30_000);
    let publishing = Varied {
        sizes: &[100, 1_000, 10_000, 100_000, 512_000],
        work: "publish",
        events: &events,
        fill: None,
        repeated,
    };
    let fill = |field: &Field, size| field.fill_parcels(size, events(size));
    let handling = Varied {
        work: "handle",
        fill: Some(&fill),
        ..publishing
    };
    let across = "bytes of JSON in an event";
    let published = field.curves(&publishing);
    rates("Publishing by payload", across, &published);
    memory("Memory of a publisher by payload", across, &published, 1.0);
    let handled = field.curves(&handling);
    rates("Handling by payload", across, &handled);
    memory("Memory of a listener by payload", across, &handled, 1.0);
}

fn types(field: &Field, repeated: usize) {
    let fill = |field: &Field, types| field.fill_many(types, 10_000);
    let handled = field.curves(&Varied {
        sizes: &[1, 10, 100, many::MOST],
        work: "types",
        events: &|_| 10_000,
        fill: Some(&fill),
        repeated,
    });
    let across = "types of event in one listener";
    rates("Handling by types of event", across, &handled);
    memory(
        "Memory of a listener by types of event",
        across,
        &handled,
        1.0,
    );
}

fn subscriptions(field: &Field, repeated: usize) {
    let received = field.curves(&Varied {
        sizes: &[1, 10, 100, 1_000],
        work: "subscriptions",
        events: &|_| 40_000,
        fill: None,
        repeated,
    });
    rates(
        "Receiving by subscriptions",
        "subscriptions of one process",
        &received,
    );
    memory(
        "Memory by subscriptions",
        "subscriptions of one process",
        &received,
        1.0,
    );
}

fn concurrency(field: &Field, repeated: usize) {
    let published = field.curves(&Varied {
        sizes: &[1, 4, 16, 64, 256],
        work: "acknowledged",
        events: &|at_once| (at_once as u64 * 1_000).min(20_000),
        fill: None,
        repeated,
    });
    rates(
        "Publishing, each acknowledged, by concurrency",
        "publishers at once",
        &published,
    );
    let handled = field.curves(&Varied {
        sizes: &[1, 4, 16, 64, 256],
        work: "waiting",
        events: &|at_once| (at_once as u64 * 200).min(20_000),
        fill: Some(&|field, _| field.fill_parcels(200, 20_000)),
        repeated,
    });
    rates(
        "Handlers that wait for 1 ms, by concurrency",
        "handlers at once",
        &handled,
    );
}

/// Once each: a million takes its time, and the noise of it evens out.
fn lengths(field: &Field) {
    let handled = field.curves(&Varied {
        sizes: &[1_000, 10_000, 100_000, 1_000_000],
        work: "handle",
        events: &|length| length as u64,
        fill: Some(&|field, length| field.fill_parcels(100, length as u64)),
        repeated: 1,
    });
    rates(
        "Handling by length of the stream",
        "events in the stream",
        &handled,
    );
    // A backlog waits in the stream, and not in memory.
    memory(
        "Memory of a listener by length of the stream",
        "events in the stream",
        &handled,
        NOISE,
    );
}

/// Events per second, and the exponent of the time that an event takes.
fn rates(chart: &str, across: &str, curves: &Curves) {
    for ((_, side), curve) in SIDES.iter().zip(curves) {
        for (at, done) in curve {
            point(
                chart,
                side,
                [across, "events/s"],
                *at,
                done.events / done.seconds,
            );
        }
    }
    let slope = |curve: &[(f64, Done)]| {
        exponent(
            curve
                .iter()
                .map(|(at, done)| (*at, done.seconds / done.events)),
        )
    };
    judge(
        &format!("{chart}: time per event, exponent"),
        curves.each_ref().map(|curve| slope(curve)),
        1.0,
    );
}

/// The most memory, and its exponent.
fn memory(chart: &str, across: &str, curves: &Curves, most: f64) {
    for ((_, side), curve) in SIDES.iter().zip(curves) {
        for (at, done) in curve {
            point(
                chart,
                side,
                [across, "peak memory of the process, MiB"],
                *at,
                done.peak_rss_kib / 1_024.0,
            );
        }
    }
    let slope =
        |curve: &[(f64, Done)]| exponent(curve.iter().map(|(at, done)| (*at, done.peak_rss_kib)));
    judge(
        &format!("{chart}: exponent"),
        curves.each_ref().map(|curve| slope(curve)),
        most,
    );
}

fn point(chart: &str, curve: &str, axes: [&str; 2], at: f64, value: f64) {
    record_point(
        "growth",
        &Point {
            chart: chart.to_owned(),
            curve: curve.to_owned(),
            axes: axes.map(str::to_owned),
            at,
            value,
        },
    );
}

fn judge(name: &str, [ours, theirs]: [f64; 2], most: f64) {
    let pairs = Pairs {
        group: "growth",
        name,
        against: "plain async-nats",
        unit: "",
        goal: Goal::AtMost(if most == NOISE { most } else { most + NOISE }),
    };
    pairs.value(ours, theirs);
}

impl Field {
    /// Both sides, in turn, at every size.
    fn curves(&self, varied: &Varied<'_>) -> Curves {
        let mut curves: Curves = Default::default();
        for &size in varied.sizes {
            if let Some(fill) = varied.fill {
                fill(self, size);
            }
            let mut runs: [Vec<Done>; 2] = Default::default();
            for repetition in 0..varied.repeated {
                let order = if repetition % 2 == 0 { [0, 1] } else { [1, 0] };
                for side in order {
                    if varied.fill.is_none() {
                        self.runtime.block_on(self.fresh());
                    }
                    let events = (varied.events)(size);
                    runs[side].push(self.load(SIDES[side].0, varied.work, events, size));
                }
            }
            for (curve, mut runs) in curves.iter_mut().zip(runs) {
                runs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
                curve.push((size as f64, runs[runs.len() / 2]));
            }
        }
        curves
    }

    fn load(&self, side: &str, work: &str, events: u64, size: usize) -> Done {
        let output = Command::new("timeout")
            .args([
                PATIENCE,
                env!("CARGO_BIN_EXE_load"),
                &self.server.url(),
                side,
                work,
            ])
            .args([events.to_string(), size.to_string()])
            .output()
            .expect("the program `load`");
        let words = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&words).unwrap_or_else(|_| {
            let reason = String::from_utf8_lossy(&output.stderr);
            panic!(
                "{side} {work} {events} {size}: {}: {words}{reason}",
                output.status
            )
        })
    }

    /// An empty stream.
    async fn fresh(&self) {
        let _ = self.bus.jetstream().delete_stream("GROWTH").await;
        let made =
            event_operate::ensure(&self.bus, &streams(&[consumer(&["growth.parcel"])])).await;
        let _ = made.expect("a stream");
    }

    fn fill_parcels(&self, bytes: usize, events: u64) {
        self.runtime.block_on(async {
            self.fresh().await;
            // In parts, so that a million of them need no memory of their own.
            for part in (0..events).step_by(10_000) {
                let parcels = (part..events.min(part + 10_000)).map(|_| Parcel::of(bytes));
                let report = self.bus.publish_all(parcels).await;
                report.into_result().expect("a full stream");
            }
        });
    }

    /// Events of so many types, in turn.
    fn fill_many(&self, types: usize, events: usize) {
        let jetstream = self.bus.jetstream();
        let kinds: Vec<(&str, &str)> = many::names(types).zip(many::subjects(types)).collect();
        self.runtime.block_on(async {
            self.fresh().await;
            let mut waiting = Vec::new();
            for number in 0..events {
                let (name, subject) = kinds[number % types];
                let parcel = Parcel::of(200);
                let mut headers = HeaderMap::new();
                headers.insert(NATS_MESSAGE_ID, format!("{name}:{}", parcel.parcel_id));
                let payload = serde_json::to_vec(&parcel).expect("JSON");
                let message = PublishMessage::build()
                    .headers(headers)
                    .payload(payload.into());
                waiting.push(
                    jetstream
                        .send_publish(subject, message)
                        .await
                        .expect("a connection"),
                );
                if waiting.len() == 1_000 {
                    for acknowledgement in waiting.drain(..) {
                        acknowledgement.await.expect("stored");
                    }
                }
            }
            for acknowledgement in waiting {
                acknowledgement.await.expect("stored");
            }
        });
    }
}
