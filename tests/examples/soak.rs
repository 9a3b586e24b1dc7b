//! Load for minutes, while servers and listeners are killed, frozen, cut off and restarted at random; then everything
//! is counted. `tests/soak.sh` builds and runs it.
//!
//! Listeners are processes of their own, so that they can die in the middle of a handler. What they have handled they
//! write to a file each, before they acknowledge.

// A soak that cannot go on has failed, and says where.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use event_runtime::{
    Bus, Config, ConsumerDef, DEAD_LETTERS, Delivery, Failure, Filter, Listener, Shutdown, Start,
    StreamDef, Streams,
};
use event_testing::{TestCluster, TestServer};
use support::{OrderPlaced, SHOP, STREAMS};
use tokio::time::sleep;

/// The environment of a listener's process: the file of what it has handled.
const HANDLED: &str = "SOAK_HANDLED";
const LISTENERS: usize = 3;
/// Events in a second; far below what the machine can, so that every fault hits work in progress and not a queue.
const RATE: u32 = 500;
/// Every so many events is one that no handler can do, and one that fails the first time.
const POISON: i64 = 1_000;
const FLAKY: i64 = 100;

const ALONE: Streams = Streams {
    streams: &[STREAMS.streams[0]],
    consumers: &[DURABLE],
};
const CLUSTERED: Streams = Streams {
    streams: &[StreamDef {
        replicas: 3,
        ..STREAMS.streams[0]
    }],
    consumers: &[DURABLE],
};
const DURABLE: ConsumerDef = STREAMS.consumers[0];

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    match std::env::var_os(HANDLED) {
        Some(path) => {
            runtime.block_on(listen(path.into()));
            ExitCode::SUCCESS
        }
        None => runtime.block_on(soak()),
    }
}

/// A listener's process: until SIGTERM, or worse.
async fn listen(path: PathBuf) {
    let bus = loop {
        match Bus::connect(Config::from_env().unwrap().service("shop")).await {
            Ok(bus) => break bus,
            Err(_) => sleep(Duration::from_millis(200)).await,
        }
    };
    let handled = Arc::new(
        File::options()
            .append(true)
            .create(true)
            .open(path)
            .unwrap(),
    );
    let shutdown = Shutdown::on_signals();
    while !shutdown.is_stopped() {
        let listener = Listener::new(&bus, SHOP, Arc::clone(&handled)).on(
            |handled: Arc<Arc<File>>, delivery: Delivery<OrderPlaced>| async move {
                handle(&handled, delivery.event.order_id, delivery.meta.attempt)
            },
        );
        // At the start a server may not answer; that is an error, and the service tries again.
        if let Err(error) = listener.run(shutdown.clone()).await {
            eprintln!("soak: a listener ended: {error}");
            sleep(Duration::from_millis(200)).await;
        }
    }
    let _ = bus.close(Duration::from_secs(10)).await;
}

fn handle(mut handled: &File, id: i64, attempt: u64) -> Result<(), Failure> {
    if id % POISON == 0 {
        return Err(Failure::dead("poison"));
    }
    if id % FLAKY == 1 && attempt == 1 {
        return Err(Failure::retry("the first time fails"));
    }
    // One write, one line: whole also when several processes append, or die.
    handled.write_all(format!("{id}\n").as_bytes())?;
    Ok(())
}

enum Servers {
    One(TestServer),
    Three(TestCluster),
}

impl Servers {
    async fn start(nodes: usize) -> Self {
        match nodes {
            1 => Self::One(TestServer::start().await.unwrap()),
            3 => Self::Three(TestCluster::start().await.unwrap()),
            _ => panic!("1 node or 3"),
        }
    }

    fn urls(&self) -> String {
        match self {
            Self::One(server) => server.url(),
            Self::Three(cluster) => cluster.urls(),
        }
    }

    fn node(&mut self, node: usize) -> &mut TestServer {
        match self {
            Self::One(server) => server,
            Self::Three(cluster) => &mut cluster[node],
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Three(cluster) => cluster.size(),
        }
    }

    /// One fault, and the way back from it.
    async fn hurt(&mut self, random: &mut Random) -> &'static str {
        let node = random.below(self.size());
        let for_a_while = Duration::from_millis(random.below(3_000) as u64);
        match random.below(4) {
            0 => {
                self.node(node).kill();
                sleep(for_a_while).await;
                self.node(node).restart().await.unwrap();
                "node killed"
            }
            1 => {
                self.node(node).stop().await.unwrap();
                sleep(for_a_while).await;
                self.node(node).restart().await.unwrap();
                "node restarted"
            }
            2 => {
                self.node(node).pause().unwrap();
                sleep(for_a_while).await;
                self.node(node).resume().unwrap();
                "node frozen"
            }
            _ => match self {
                Self::One(server) => {
                    server.restart().await.unwrap();
                    "node killed"
                }
                Self::Three(cluster) => {
                    let other = (node + 1) % cluster.size();
                    cluster.cut(node, other);
                    sleep(for_a_while).await;
                    cluster.mend(node, other);
                    "route cut"
                }
            },
        }
    }
}

/// The processes that listen.
struct Listeners {
    urls: String,
    folder: PathBuf,
    running: Vec<Child>,
    files: usize,
}

impl Listeners {
    fn spawn(&mut self) -> Child {
        self.files += 1;
        Command::new(std::env::current_exe().unwrap())
            .env("NATS_URL", &self.urls)
            .env(HANDLED, self.folder.join(format!("handled-{}", self.files)))
            .spawn()
            .unwrap()
    }

    async fn hurt(&mut self, random: &mut Random) -> &'static str {
        let index = random.below(self.running.len());
        let for_a_while = Duration::from_millis(random.below(4_000) as u64);
        match random.below(3) {
            0 => {
                self.running[index].kill().unwrap();
                self.running[index].wait().unwrap();
                sleep(for_a_while).await;
                self.running[index] = self.spawn();
                "listener killed"
            }
            1 => {
                signal(&self.running[index], "-TERM");
                self.running[index].wait().unwrap();
                self.running[index] = self.spawn();
                "listener restarted"
            }
            _ => {
                signal(&self.running[index], "-STOP");
                sleep(for_a_while).await;
                signal(&self.running[index], "-CONT");
                "listener frozen"
            }
        }
    }

    fn end(&mut self) {
        for listener in &mut self.running {
            signal(listener, "-TERM");
            listener.wait().unwrap();
        }
    }

    /// The ids of all that was handled.
    fn handled(&self) -> BTreeSet<i64> {
        let texts = (1..=self.files).filter_map(|file| {
            std::fs::read_to_string(self.folder.join(format!("handled-{file}"))).ok()
        });
        texts
            .flat_map(|text| {
                text.lines()
                    .map(|line| line.parse().unwrap())
                    .collect::<Vec<i64>>()
            })
            .collect()
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        for listener in &mut self.running {
            let _ = listener.kill();
            let _ = listener.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args([name, &id])
            .status()
            .unwrap()
            .success()
    );
}

/// xorshift: the same faults in the same order for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// The most memory that a process has had, in MiB.
fn peak(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1_024
}

/// Publishes at the rate until the stop; each event until it is stored.
async fn publish(bus: Bus, next: Arc<AtomicI64>, stop: Shutdown) -> u64 {
    let mut repeats = 0;
    let pause = Duration::from_secs(PUBLISHERS) / RATE;
    while !stop.is_stopped() {
        let id = next.fetch_add(1, Ordering::Relaxed);
        let order = OrderPlaced {
            order_id: id,
            region: "eu".into(),
        };
        while let Err(error) = bus.publish(&order).await {
            // What cannot be repeated is a failure of the soak.
            assert!(
                error.is_transient() || matches!(error, event_runtime::Error::NoStream { .. }),
                "{error}"
            );
            repeats += 1;
        }
        sleep(pause).await;
    }
    repeats
}

const PUBLISHERS: u64 = 32;

async fn soak() -> ExitCode {
    let number = |at, default: u64| {
        let text = std::env::args().nth(at);
        text.map_or(default, |text| text.parse().unwrap())
    };
    let (minutes, nodes) = (number(1, 20), number(2, 1) as usize);
    let seed = match std::env::var("SOAK_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap()
                .as_nanos() as u64
                | 1
        }
    };
    println!("soak: {minutes} min, {nodes} nodes, SOAK_SEED={seed}");
    let mut random = Random(seed);
    let mut servers = Servers::start(nodes).await;
    let config = || {
        Config::new(&servers.urls())
            .unwrap()
            .publish_timeout(Duration::from_secs(40))
    };
    let bus = Bus::connect(config()).await.unwrap();
    let streams = if nodes == 1 { &ALONE } else { &CLUSTERED };
    while let Err(error) = event_operate::ensure(&bus, streams).await {
        eprintln!("soak: {error}");
        sleep(Duration::from_millis(500)).await;
    }
    let folder = std::env::temp_dir().join(format!("soak-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut listeners = Listeners {
        urls: servers.urls(),
        folder,
        running: Vec::new(),
        files: 0,
    };
    for _ in 0..LISTENERS {
        let listener = listeners.spawn();
        listeners.running.push(listener);
    }

    let (next, stop) = (Arc::new(AtomicI64::new(1)), Shutdown::new());
    let publisher = Bus::connect(config()).await.unwrap();
    let publishing: Vec<_> = (0..PUBLISHERS)
        .map(|_| tokio::spawn(publish(publisher.clone(), Arc::clone(&next), stop.clone())))
        .collect();
    let end = Instant::now() + Duration::from_secs(minutes * 60);
    let mut faults = std::collections::BTreeMap::<&str, u32>::new();
    let (mut of_server, mut of_listener) = (0, 0);
    while Instant::now() < end {
        sleep(Duration::from_millis(500 + random.below(3_000) as u64)).await;
        let fault = match random.below(2) {
            0 => servers.hurt(&mut random).await,
            _ => listeners.hurt(&mut random).await,
        };
        *faults.entry(fault).or_default() += 1;
        for node in 0..servers.size() {
            of_server = of_server.max(servers.node(node).pid().map_or(0, peak));
        }
        for listener in &listeners.running {
            of_listener = of_listener.max(peak(listener.id()));
        }
    }
    stop.stop();
    let mut repeats = 0;
    for publisher in publishing {
        repeats += publisher.await.unwrap();
    }
    let published = next.load(Ordering::Relaxed) - 1;
    let stored = stored(&bus).await;
    let ids: BTreeSet<i64> = stored.iter().copied().collect();
    let dead: BTreeSet<i64> = (1..=published).filter(|id| id % POISON == 0).collect();
    let due = published as usize - dead.len();
    let patience = Instant::now() + Duration::from_secs(120);
    while Instant::now() < patience && (listeners.handled().len() < due || !settled(&bus).await) {
        sleep(Duration::from_millis(500)).await;
    }
    listeners.end();
    let handled = listeners.handled();
    let buried = buried(&bus).await;
    let missing: Vec<i64> = (1..=published)
        .filter(|id| !handled.contains(id) && !buried.contains(id))
        .collect();
    let duplicates = stored.len() - ids.len();
    println!("soak: faults {faults:?}; publishes repeated after an error {repeats}");
    println!(
        "soak: peak memory: publisher {} MiB, listener {of_listener} MiB, server {of_server} MiB",
        peak(std::process::id())
    );
    if !missing.is_empty() {
        println!("soak: lost: {missing:?}");
    }
    let not_stored = published as usize - ids.len();
    if not_stored > 0 {
        println!("soak: acknowledged and not in the stream: {not_stored}");
    }
    println!(
        "soak: published {published}, handled {}, duplicates-in-stream {duplicates}, dead-lettered {}, lost {}",
        handled.len(),
        buried.len(),
        missing.len()
    );
    // A soak that published nothing shows nothing.
    let any = published > 0;
    match any && missing.is_empty() && duplicates == 0 && not_stored == 0 && buried == dead {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Whether everything was delivered and acknowledged.
async fn settled(bus: &Bus) -> bool {
    support::pending(bus, "ORDERS", "shop-workers").await == (0, 0)
}

/// The ids of all events of the stream.
async fn stored(bus: &Bus) -> Vec<i64> {
    let mut events = bus
        .subscribe(Filter::<OrderPlaced>::all().start(Start::All))
        .await
        .unwrap();
    let count = support::count(bus, "ORDERS").await;
    let mut ids = Vec::new();
    while (ids.len() as u64) < count {
        ids.push(events.next().await.unwrap().unwrap().event.order_id);
    }
    ids
}

/// The ids of all dead letters.
async fn buried(bus: &Bus) -> BTreeSet<i64> {
    let mut ids = BTreeSet::new();
    for sequence in 1..=support::count(bus, DEAD_LETTERS).await {
        let message = support::message(bus, DEAD_LETTERS, sequence).await;
        let body: event_runtime::Json = serde_json::from_slice(&message.payload).unwrap();
        ids.insert(body["orderId"].as_i64().unwrap());
    }
    ids
}
