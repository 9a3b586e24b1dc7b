//! Three nodes: leaders that die or step down, cut connections, no majority, a rolling restart. Nothing is lost.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_runtime::{
    Bus, Config, Delivery, Error, Filter, ListenReport, Listener, Shutdown, Start, StreamDef,
    Streams, serde_json,
};
use event_testing::TestCluster;
use support::{OrderPlaced, SHOP, STREAMS, Seen, answer, durable, order, pending, until};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinHandle;
use tokio::time::sleep;

const CLUSTERED: Streams = Streams {
    streams: &[StreamDef {
        replicas: 3,
        ..STREAMS.streams[0]
    }],
    consumers: &[STREAMS.consumers[0]],
};

/// Two clusters at a time: fifteen servers at once would measure the machine.
async fn room() -> SemaphorePermit<'static> {
    static ROOM: Semaphore = Semaphore::const_new(2);
    ROOM.acquire().await.unwrap()
}

fn config(cluster: &TestCluster) -> Config {
    Config::new(&cluster.urls())
        .unwrap()
        .publish_timeout(Duration::from_secs(40))
        .connect_timeout(Duration::from_secs(2))
}

async fn start() -> (TestCluster, Bus) {
    let cluster = TestCluster::start().await.unwrap();
    let bus = Bus::connect(config(&cluster)).await.unwrap();
    // Right after the start a peer may not be known yet, and three are needed.
    answer(async || event_operate::ensure(&bus, &CLUSTERED).await).await;
    (cluster, bus)
}

/// The node that leads the stream.
async fn leader(cluster: &TestCluster, bus: &Bus) -> usize {
    let mut leader = None;
    until("the stream has a leader", async || {
        let stream = bus.jetstream().get_stream("ORDERS").await;
        let name = stream.ok().and_then(|stream| {
            let info = stream.cached_info().cluster.clone()?;
            info.leader
        });
        leader = name.and_then(|name| cluster.node_named(&name));
        leader.is_some_and(|leader| cluster[leader].pid().is_some())
    })
    .await;
    leader.unwrap()
}

/// Publishes and listens until it is stopped.
struct Load {
    bus: Bus,
    traffic: Shutdown,
    publishing: JoinHandle<i64>,
    seen: Seen<i64>,
    listening: (Shutdown, JoinHandle<Result<ListenReport, Error>>),
}

impl Load {
    async fn start(cluster: &TestCluster) -> Self {
        let bus = Bus::connect(config(cluster)).await.unwrap();
        let (traffic, seen, shutdown) = (Shutdown::new(), Seen::default(), Shutdown::new());
        let listener = Listener::new(&bus, SHOP, seen.clone()).on(
            |seen: Arc<Seen<i64>>, delivery: Delivery<OrderPlaced>| async move {
                seen.push(delivery.event.order_id);
                Ok(())
            },
        );
        let publisher = Bus::connect(config(cluster)).await.unwrap();
        let publishing = tokio::spawn(publish(publisher, traffic.clone()));
        let listening = (shutdown.clone(), tokio::spawn(listener.run(shutdown)));
        Self {
            bus,
            traffic,
            publishing,
            seen,
            listening,
        }
    }

    async fn goes_on(&self) {
        let before = self.seen.len();
        until("more is handled", async || self.seen.len() >= before + 200).await;
    }

    /// Stops it, and counts: published = stored = handled, nothing twice in the stream, nothing buried.
    ///
    /// What is handled the handler says, and no number of the server's: those are old for a while after a leader has
    /// changed. They are asked when something is missing: an event below the durable's acknowledgement floor never
    /// comes again and is lost; one above it is only late.
    async fn check(self, what: &str) {
        self.traffic.stop();
        let published = self.publishing.await.unwrap();
        let stored = stored(&self.bus, published).await;
        let distinct: BTreeSet<i64> = stored.values().copied().collect();
        let missing = || {
            let handled: BTreeSet<i64> = self.seen.all().into_iter().collect();
            let missing = stored.iter().filter(|(_, id)| !handled.contains(id));
            missing.map(|(sequence, _)| *sequence).collect::<Vec<u64>>()
        };
        let patience = Instant::now() + Duration::from_secs(60);
        while !missing().is_empty() && Instant::now() < patience {
            sleep(Duration::from_millis(50)).await;
        }
        let missing = missing();
        if !missing.is_empty() {
            let (floor, delivered) = progress(&self.bus).await;
            let lost = missing.iter().filter(|sequence| **sequence <= floor);
            panic!(
                "{what}: not handled a minute after the last publish: {missing:?}; {} of them lost: the durable is \
                 acknowledged up to {floor}, delivered up to {delivered}",
                lost.count()
            );
        }
        // And the server comes to know it.
        until("every outcome is known", async || {
            pending(&self.bus, "ORDERS", "shop-workers").await == (0, 0)
        })
        .await;
        self.listening.0.stop();
        let report = self.listening.1.await.unwrap().unwrap();
        println!(
            "{what}: published {published}, stored {}, duplicates in the stream {}, deliveries {}, lost 0",
            stored.len(),
            stored.len() - distinct.len(),
            report.delivered,
        );
        assert_eq!(stored.len(), distinct.len(), "stored twice");
        assert_eq!(distinct, (0..published).collect(), "sent and not stored");
        assert_eq!(support::count(&self.bus, "DEAD_LETTERS").await, 0);
    }
}

/// How far the durable is in its stream: the sequences up to which all is acknowledged, and up to which it has delivered.
async fn progress(bus: &Bus) -> (u64, u64) {
    let consumer = durable(bus, "ORDERS", "shop-workers").await;
    let info = consumer.cached_info();
    (
        info.ack_floor.stream_sequence,
        info.delivered.stream_sequence,
    )
}

/// Publishes until the stop, and answers how many are stored.
async fn publish(bus: Bus, traffic: Shutdown) -> i64 {
    let (mut pending, mut id) = (Vec::new(), 0);
    while !traffic.is_stopped() {
        pending.push(bus.enqueue(&order(id)).await.unwrap());
        id += 1;
        if id % 10 == 0 {
            sleep(Duration::from_millis(10)).await;
        }
    }
    for publish in pending {
        publish.await.unwrap();
    }
    id
}

/// The ids of all events of the stream, by their places in it: of as many as were published, and of what is there beyond.
async fn stored(bus: &Bus, published: i64) -> BTreeMap<u64, i64> {
    let mut events = None;
    // Where a leader has just changed, an answer may take a little.
    until("the stream is read", async || {
        let filter = Filter::<OrderPlaced>::all().start(Start::All);
        match bus.subscribe(filter).await {
            Ok(subscription) => events = Some(subscription),
            Err(error) => assert!(error.is_transient(), "{error}"),
        }
        events.is_some()
    })
    .await;
    let mut events = events.unwrap();
    let count = support::count(bus, "ORDERS").await;
    let mut stored = BTreeMap::new();
    // The number of a leader that is new may be of a moment ago; what was acknowledged has to come all the same.
    while (stored.len() as u64) < count.max(published.unsigned_abs()) {
        let next = tokio::time::timeout(Duration::from_secs(20), events.next()).await;
        let delivery = next.expect("the stream ends early").unwrap().unwrap();
        stored.insert(delivery.meta.sequence.unwrap(), delivery.event.order_id);
    }
    stored
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_killed_three_times_loses_nothing_and_stores_nothing_twice() {
    let _room = room().await;
    let (mut cluster, bus) = start().await;
    let stream = answer(async || bus.jetstream().get_stream("ORDERS").await).await;
    let info = stream.cached_info();
    assert_eq!(info.config.num_replicas, 3);
    assert_eq!(info.cluster.as_ref().unwrap().replicas.len(), 2);
    let load = Load::start(&cluster).await;
    for _ in 0..3 {
        load.goes_on().await;
        let leader = leader(&cluster, &bus).await;
        cluster.kill(leader);
        println!("killed node {leader}, {} handled", load.seen.len());
        // The others go on without it.
        load.goes_on().await;
        cluster.restart(leader).await.unwrap();
    }
    load.goes_on().await;
    load.check("leader killed 3 times").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaders_that_step_down_are_not_noticed() {
    let _room = room().await;
    let (cluster, bus) = start().await;
    let load = Load::start(&cluster).await;
    let mut leaders = BTreeSet::new();
    for _ in 0..3 {
        load.goes_on().await;
        leaders.insert(leader(&cluster, &bus).await);
        for what in [
            "STREAM.LEADER.STEPDOWN.ORDERS",
            "CONSUMER.LEADER.STEPDOWN.ORDERS.shop-workers",
        ] {
            answer(async || step_down(&bus, what).await).await;
        }
    }
    load.goes_on().await;
    leaders.insert(leader(&cluster, &bus).await);
    assert!(
        leaders.len() > 1,
        "no leader changed: the test shows nothing"
    );
    load.check("leaders stepped down 3 times").await;
}

async fn step_down(bus: &Bus, what: &'static str) -> Result<(), String> {
    let nothing = serde_json::json!({});
    let answer = bus.jetstream().request(what, &nothing).await;
    let answer: event_runtime::Json = answer.map_err(|error| error.to_string())?;
    // A leader that is being chosen cannot step down yet.
    if answer["success"] == true {
        Ok(())
    } else {
        Err(answer.to_string())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_majority_a_publish_fails_in_its_time_and_can_be_repeated() {
    let _room = room().await;
    let (mut cluster, bus) = start().await;
    bus.publish(&order(0)).await.unwrap();
    let last = leader(&cluster, &bus).await;
    let limit = Duration::from_secs(3);
    let publisher = Bus::connect(
        Config::new(&cluster[last].url())
            .unwrap()
            .publish_timeout(limit),
    )
    .await
    .unwrap();
    for node in (0..cluster.size()).filter(|node| *node != last) {
        cluster.kill(node);
    }
    let mut errors = Vec::new();
    for id in 1..4 {
        let began = Instant::now();
        let error = publisher.publish(&order(id)).await.unwrap_err();
        assert!(
            began.elapsed() < limit + Duration::from_secs(1),
            "{:?}",
            began.elapsed()
        );
        assert!(
            matches!(error, Error::TimedOut { .. } | Error::NoStream { .. }),
            "{error}"
        );
        errors.push(error);
    }
    println!("no majority: {}", errors[0]);
    cluster.restart_all().await.unwrap();
    let again = Bus::connect(config(&cluster)).await.unwrap();
    for id in 1..4 {
        again.publish(&order(id)).await.unwrap();
    }
    let stored = stored(&bus, 4).await;
    println!("no majority: sent 4, stored {}", stored.len());
    assert_eq!(
        BTreeSet::from_iter(stored.values().copied()),
        (0..4).collect()
    );
    assert_eq!(stored.len(), 4, "stored twice");
}

/// What a publisher hears at a node without a majority: nothing, or that nobody leads a stream for it.
fn says_not_now(error: &Error) -> bool {
    error.is_transient() || matches!(error, Error::NoStream { .. })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_cut_off_is_replaced_and_catches_up() {
    let _room = room().await;
    let (cluster, bus) = start().await;
    let cut_off = leader(&cluster, &bus).await;
    let others: Vec<usize> = (0..cluster.size())
        .filter(|node| *node != cut_off)
        .collect();
    // Clients at the nodes that keep the majority.
    let connect = async |node: usize, limit| {
        let config = Config::new(&cluster[node].url())
            .unwrap()
            .publish_timeout(limit);
        Bus::connect(config).await.unwrap()
    };
    let there = connect(others[0], Duration::from_secs(40)).await;
    let alone = connect(cut_off, Duration::from_secs(3)).await;
    // One connection less: the leader still has a majority.
    cluster.cut(cut_off, others[0]);
    for id in 0..50 {
        there.publish(&order(id)).await.unwrap();
    }
    cluster.cut(cut_off, others[1]);
    let began = Instant::now();
    let error = alone.publish(&order(50)).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(5), "{error}");
    assert!(says_not_now(&error), "{error}");
    for id in 50..100 {
        there.publish(&order(id)).await.unwrap();
    }
    for other in others {
        cluster.mend(cut_off, other);
    }
    alone.publish(&order(100)).await.map_or_else(
        // It may take longer than this publisher's time until the node is back; then the same again does.
        |error| assert!(says_not_now(&error), "{error}"),
        |_| (),
    );
    there.publish(&order(100)).await.unwrap();
    let stored = stored(&there, 101).await;
    println!("leader cut off: sent 101, stored {}", stored.len());
    assert_eq!(stored.len(), 101);
    assert_eq!(
        BTreeSet::from_iter(stored.into_values()),
        (0..101).collect()
    );
    until("every replica is there and current", async || {
        let stream = answer(async || there.jetstream().get_stream("ORDERS").await).await;
        let cluster = stream.cached_info().cluster.clone().unwrap();
        cluster.leader.is_some()
            && cluster
                .replicas
                .iter()
                .all(|peer| peer.current && !peer.offline)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_under_load_loses_nothing() {
    let _room = room().await;
    let (mut cluster, _bus) = start().await;
    let load = Load::start(&cluster).await;
    for node in 0..cluster.size() {
        load.goes_on().await;
        cluster.stop(node).await.unwrap();
        // Healthy, before the next one.
        cluster.restart(node).await.unwrap();
    }
    load.goes_on().await;
    load.check("rolling restart").await;
}
