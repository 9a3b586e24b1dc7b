//! The whole chain beside other libraries of this kind: publish typed, store, handle typed, acknowledge.
//!
//! Each peer is a process that stays and times itself, on the same server, with the same events and the same concurrency. Streams are
//! anew for each publishing, durables for each handling. `tests/bench/peers.sh` installs the peers and says where they are.
//!
//! Beside the rates stand what the clients cost, and what a client that does nothing gets out of the same server: a goal above that is
//! out of reach for everybody.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use event_bench::contracts::bench::OrderPlaced;
use event_bench::events::order;
use event_bench::growth::{Counter, Counting};
use event_bench::peer::{Peer, Work};
use event_bench::processor;
use event_bench::server::Ground;
use event_bench::socket::Socket;
use event_bench::{Goal, Pairs};
use event_runtime::async_nats::jetstream::consumer::PullConsumer;
use event_runtime::{ConsumerDef, Delivery, Listener, Service, Shutdown, Start, Streams};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// As many as the longest handling takes; the others stop earlier.
const STORED: u64 = 40_000;

/// A peer, what is expected, and how many events a measurement has: some 0.3 s of work.
struct Against {
    name: &'static str,
    command: &'static str,
    publishing: f64,
    handling: f64,
    /// Published one at a time, published 64 at once, handled one at a time, handled 64 at once.
    theirs: [u64; 4],
}

const PEERS: [Against; 3] = [
    Against {
        name: "RustStream 0.7",
        command: "PEER_RUSTSTREAM",
        publishing: 1.0,
        handling: 1.2,
        theirs: [2_000, 12_000, STORED, STORED],
    },
    Against {
        name: "nats.js 3 + ajv",
        command: "PEER_NATS_JS",
        publishing: 3.0,
        handling: 3.0,
        theirs: [1_000, 3_000, 20_000, 20_000],
    },
    Against {
        name: "FastStream 0.7",
        command: "PEER_FASTSTREAM",
        publishing: 20.0,
        handling: 20.0,
        theirs: [500, 2_000, 600, 2_000],
    },
];
/// The same of ours.
const OURS: [u64; 4] = [2_000, 12_000, STORED, STORED];

/// What either side costs: time of processors per event, of every run.
struct Costs {
    name: String,
    ours: Vec<f64>,
    theirs: Vec<f64>,
}

impl Costs {
    fn of(name: &str) -> Self {
        Self {
            name: format!("{name}: processor time of the client per event"),
            ours: Vec::new(),
            theirs: Vec::new(),
        }
    }

    fn record(&self, against: &Against) {
        let costs = Pairs {
            unit: "µs",
            ..reported(against, &self.name)
        };
        // The first run of each has warmed up.
        costs.measured(&self.ours[1..], &self.theirs[1..]);
    }
}

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    let ground = runtime.block_on(Ground::start());
    for against in &PEERS {
        let mut peer = Peer::start(against.name, against.command, &ground.url());
        let mut costs = publishing(&runtime, &ground, &mut peer, against);
        runtime.block_on(publish_all(&ground, STORED));
        costs.extend(handling(&runtime, &ground, &mut peer, against));
        costs.iter().for_each(|costs| costs.record(against));
        if against.publishing > 1.0 {
            ceiling(&runtime, &ground, &mut peer, against);
        }
    }
}

fn publishing(
    runtime: &Runtime,
    ground: &Ground,
    peer: &mut Peer,
    against: &Against,
) -> Vec<Costs> {
    let mut all = Vec::new();
    for (index, at_once, times) in [(0, 1, 3), (1, 64, 1)] {
        let name = format!("publish, each acknowledged, {at_once} at once");
        let mut costs = Costs::of(&name);
        // Where both sides are nearly alike it takes more pairs to tell.
        let times = if against.publishing > 1.0 { 1 } else { times };
        pairs(against, &name, against.publishing).often(
            times,
            || {
                let work = runtime.block_on(publish_each(ground, OURS[index], at_once));
                costs.ours.push(work.processor);
                work.rate
            },
            || {
                let work = publish_theirs(runtime, ground, peer, at_once, against.theirs[index]);
                costs.theirs.push(work.processor);
                work.rate
            },
        );
        all.push(costs);
    }
    // What a service that has many events to publish does: ours need not wait for each.
    let pipelined = reported(against, "publish, ours pipelined, theirs 64 at once");
    pipelined.run(
        || runtime.block_on(publish_all(ground, STORED)),
        || publish_theirs(runtime, ground, peer, 64, against.theirs[1]).rate,
    );
    all
}

fn publish_theirs(
    runtime: &Runtime,
    ground: &Ground,
    peer: &mut Peer,
    at_once: u64,
    events: u64,
) -> Work {
    runtime.block_on(ground.fresh_stream());
    peer.ask(&format!("publish {at_once} {events}"))
}

fn handling(runtime: &Runtime, ground: &Ground, peer: &mut Peer, against: &Against) -> Vec<Costs> {
    let mut all = Vec::new();
    for (index, at_once) in [(2, 1), (3, 64)] {
        let name = format!("handle and acknowledge, {at_once} at once");
        let mut costs = Costs::of(&name);
        pairs(against, &name, against.handling).run(
            || {
                let work = runtime.block_on(handle(ground, OURS[index], at_once));
                costs.ours.push(work.processor);
                work.rate
            },
            || {
                let work = handle_theirs(runtime, ground, peer, at_once, against.theirs[index]);
                costs.theirs.push(work.processor);
                work.rate
            },
        );
        all.push(costs);
    }
    all
}

fn handle_theirs(
    runtime: &Runtime,
    ground: &Ground,
    peer: &mut Peer,
    at_once: u64,
    events: u64,
) -> Work {
    let work = peer.ask(&format!("handle {at_once} {events} peer"));
    runtime.block_on(forget(ground, "peer", events));
    work
}

/// What a bare socket gets out of the same server beside them.
fn ceiling(runtime: &Runtime, ground: &Ground, peer: &mut Peer, against: &Against) {
    let address = ground.url();
    let address = address.trim_start_matches("nats://");
    let mut socket = Socket::connect(address).expect("a server that can be reached");
    for (index, at_once) in [(0, 1), (1, 64)] {
        reported(
            against,
            &format!("publish, each acknowledged, {at_once} at once: a bare socket, nothing in it"),
        )
        .run(
            || {
                runtime.block_on(ground.fresh_stream());
                let rate = socket.publish("bench.order", OURS[index], at_once);
                rate.expect("a server")
            },
            || publish_theirs(runtime, ground, peer, at_once, against.theirs[index]).rate,
        );
    }
    runtime.block_on(publish_all(ground, STORED));
    let mut server = Vec::new();
    let mut theirs = Vec::new();
    reported(
        against,
        "handle and acknowledge: a bare socket that only acknowledges",
    )
    .run(
        || {
            runtime.block_on(durable(ground, "bench"));
            let before = processor::seconds(ground.pid());
            let rate = socket.handle("BENCH", "bench", STORED).expect("a server");
            server.push((processor::seconds(ground.pid()) - before) / STORED as f64);
            runtime.block_on(forget(ground, "bench", STORED));
            rate
        },
        || {
            let rate = handle_theirs(runtime, ground, peer, 1, against.theirs[2]).rate;
            theirs.push(rate);
            rate
        },
    );
    needed(against, &server, &theirs);
}

/// A comparison without a goal.
fn reported<'a>(against: &Against, name: &'a str) -> Pairs<'a> {
    Pairs {
        goal: Goal::None,
        ..pairs(against, name, 0.0)
    }
}

/// How many processors the server alone would take for the goal of handling, beside how many there are: from what it takes per event
/// for a bare socket, which asks the least of it.
fn needed(against: &Against, server: &[f64], theirs: &[f64]) {
    let machine = std::thread::available_parallelism().expect("a number of processors");
    // The first run of each has warmed up.
    let runs = server.iter().zip(theirs).skip(1);
    let taken: Vec<f64> = runs
        .map(|(seconds, rate)| seconds * rate * against.handling)
        .collect();
    let name = format!(
        "handle and acknowledge: processors that the server alone takes at {} × {}",
        against.handling, against.name
    );
    Pairs {
        group: "peers",
        name: &name,
        against: "what this machine has",
        unit: "processors",
        goal: Goal::None,
    }
    .measured(&taken, &vec![machine.get() as f64; taken.len()]);
}

fn pairs<'a>(against: &Against, name: &'a str, goal: f64) -> Pairs<'a> {
    Pairs {
        group: "peers",
        name,
        against: against.name,
        unit: "events/s",
        goal: Goal::AtLeast(goal),
    }
}

/// So many publishers, each of which waits for the acknowledgement before its next event.
async fn publish_each(ground: &Ground, events: u64, at_once: u64) -> Work {
    ground.fresh_stream().await;
    let next = Arc::new(AtomicU64::new(0));
    let (began, before) = (Instant::now(), processor::seconds(std::process::id()));
    let mut publishers = JoinSet::new();
    for _ in 0..at_once {
        let (bus, next) = (ground.bus.clone(), Arc::clone(&next));
        publishers.spawn(async move {
            while next.fetch_add(1, Ordering::Relaxed) < events {
                order().publish(&bus).await.expect("stored");
            }
        });
    }
    while let Some(done) = publishers.join_next().await {
        done.expect("a publisher");
    }
    let took = began.elapsed().as_secs_f64();
    let processor = processor::seconds(std::process::id()) - before;
    Work::of(events as f64, took, processor)
}

async fn publish_all(ground: &Ground, events: u64) -> f64 {
    ground.fresh_stream().await;
    let began = Instant::now();
    let report = ground.bus.publish_all((0..events).map(|_| order())).await;
    let stored = report.into_result().expect("stored");
    stored as f64 / began.elapsed().as_secs_f64()
}

/// A listener of ours, from its first event to its last.
async fn handle(ground: &Ground, events: u64, at_once: u64) -> Work {
    durable(ground, "bench").await;
    let counter = Arc::new(Counter::new(events));
    let service = Service::new("bench")
        .concurrency(u32::try_from(at_once).expect("a few"))
        .max_in_flight(1_024);
    let listener = Listener::new(&ground.bus, service, Counting(Arc::clone(&counter))).on(
        |counting: Arc<Counting>, delivery: Delivery<OrderPlaced>| async move {
            counting.0.count(delivery.event);
            Ok(())
        },
    );
    let shutdown = Shutdown::new();
    let before = processor::seconds(std::process::id());
    let running = tokio::spawn(listener.run(shutdown.clone()));
    let seconds = counter.seconds().await;
    let processor = processor::seconds(std::process::id()) - before;
    shutdown.stop();
    let report = running.await.expect("no panic");
    report.expect("a listener that ends well");
    forget(ground, "bench", events).await;
    Work::of(events as f64, seconds, processor)
}

/// Makes a durable of all orders that are stored.
async fn durable(ground: &Ground, name: &str) {
    let durable = ConsumerDef {
        service: "bench",
        stream: "BENCH",
        durable: name,
        filters: &["bench.order"],
        ack_wait: Duration::from_secs(30),
        max_delay: Duration::from_secs(60),
        // What RustStream's default is, and what the others are given.
        max_in_flight: 1_024,
        start: Start::All,
    };
    let durables = Streams {
        streams: &[],
        consumers: &[durable],
    };
    let _ = event_operate::ensure(&ground.bus, &durables)
        .await
        .expect("a durable");
}

/// Deletes a durable once the server has so many acknowledgements: then the work of whoever used it was whole.
async fn forget(ground: &Ground, durable: &str, acknowledged: u64) {
    let stream = ground.jetstream.get_stream_no_info("BENCH").await;
    let stream = stream.expect("the stream");
    let began = Instant::now();
    loop {
        let consumer: PullConsumer = stream.get_consumer(durable).await.expect("the durable");
        let floor = consumer.cached_info().ack_floor.stream_sequence;
        if floor >= acknowledged {
            break;
        }
        let patience = began.elapsed() < Duration::from_secs(5);
        assert!(
            patience,
            "of {acknowledged} events, {durable} has acknowledged {floor}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let deleted = stream.delete_consumer(durable).await;
    deleted.expect("a durable that can be deleted");
}
