//! Handlers that block their thread, beside neighbours that do not: nobody is delivered twice for it, and it is said.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::{Bus, ConsumerDef, Delivery, Failure, Listener, Service, Shutdown, Streams};
use event_testing::TestServer;
use support::{OrderPlaced, SHOP, STREAMS, Seen, StockMoved, connect, order, pending, until};
use tokio::time::sleep;

/// The ack wait of the durables here.
const LEASE: Duration = Duration::from_millis(600);
const BLOCK: Duration = Duration::from_millis(1_800);

const QUICK: Streams = Streams {
    streams: STREAMS.streams,
    consumers: &[ConsumerDef {
        ack_wait: LEASE,
        ..STREAMS.consumers[0]
    }],
};

/// Those of the blocking events, and of those that wait for long.
const BLOCKS: i64 = 1_000_000;
const WAITS: i64 = 2_000_000;
/// Those of events that block for no longer than a lease.
const SHORT: i64 = 3_000_000;

async fn handle(seen: Arc<Seen<(i64, u64)>>, d: Delivery<OrderPlaced>) -> Result<(), Failure> {
    let id = d.event.order_id;
    seen.push((id, d.meta.attempt));
    if id >= SHORT {
        std::thread::sleep(Duration::from_millis(200));
    } else if id >= WAITS {
        sleep(BLOCK).await;
    } else if id >= BLOCKS {
        std::thread::sleep(BLOCK);
    }
    Ok(())
}

struct Ground {
    _server: TestServer,
    bus: Bus,
    seen: Seen<(i64, u64)>,
    shutdown: Shutdown,
    running: tokio::task::JoinHandle<Result<event_runtime::ListenReport, event_runtime::Error>>,
}

impl Ground {
    async fn new() -> Self {
        Self::of("shop").await
    }

    /// Of a service with this name, which is in its log.
    async fn of(name: &'static str) -> Self {
        let server = TestServer::start().await.unwrap();
        let bus = connect(&server).await;
        let consumer = ConsumerDef {
            service: name,
            ..QUICK.consumers[0]
        };
        let streams = Streams {
            consumers: &[consumer],
            ..QUICK
        };
        event_operate::ensure(&bus, &streams).await.unwrap();
        let seen = Seen::default();
        let service = Service::new(name)
            .queue_group("shop-workers")
            .concurrency(4)
            .max_in_flight(64)
            .ack_wait(LEASE);
        let listener = Listener::new(&bus, service, seen.clone()).on(handle);
        let shutdown = Shutdown::new();
        let running = tokio::spawn(listener.run(shutdown.clone()));
        Self {
            _server: server,
            bus,
            seen,
            shutdown,
            running,
        }
    }

    async fn publish(&self, ids: impl IntoIterator<Item = i64>) {
        let events: Vec<_> = ids.into_iter().map(order).collect();
        let report = self.bus.publish_all(events).await;
        report.into_result().unwrap();
    }

    async fn settled(&self, all: usize) {
        until("all are handled", async || {
            self.seen.len() >= all && pending(&self.bus, "ORDERS", "shop-workers").await == (0, 0)
        })
        .await;
    }

    /// Every one of them was delivered once.
    async fn once(self, all: usize) {
        self.settled(all).await;
        // What would come again would come now.
        sleep(LEASE).await;
        let mut seen = self.seen.all();
        seen.sort_unstable();
        let twice: Vec<_> = seen.iter().filter(|(_, attempt)| *attempt > 1).collect();
        assert!(twice.is_empty(), "{} of {all}: {twice:?}", twice.len());
        assert_eq!(seen.len(), all);
        self.shutdown.stop();
        let report = self.running.await.unwrap().unwrap();
        assert_eq!(report.handled, all as u64);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_handler_that_blocks_in_its_task_nobody_is_delivered_twice() {
    let ground = Ground::new().await;
    // One blocks, two wait beside it, and the others wait for a place.
    let ids = [BLOCKS, WAITS, WAITS + 1].into_iter().chain(1..=60);
    ground.publish(ids).await;
    ground.once(63).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lone_handler_that_blocks_keeps_its_own_lease() {
    let ground = Ground::new().await;
    ground.publish([BLOCKS]).await;
    ground.once(1).await;
}

/// Handlers that have been quick run in the task that pulls.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_quick_handler_that_blocks_at_once_nobody_is_delivered_twice() {
    let ground = Ground::new().await;
    ground.publish(1..=300).await;
    ground.settled(300).await;
    // In the middle of a crowd, of which some are acknowledged, some have arrived, and some are on their way.
    let crowd = (301..=400).chain([BLOCKS]).chain(401..=600);
    ground.publish(crowd).await;
    ground.once(601).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_while_a_quick_handler_blocks_is_delivered_once() {
    let ground = Ground::new().await;
    ground.publish(1..=300).await;
    ground.settled(300).await;
    ground.publish([BLOCKS]).await;
    until("it blocks", async || ground.seen.len() == 301).await;
    ground.publish(301..=340).await;
    ground.once(341).await;
}

/// What a stop finds in the inbox of a worker that could not read it goes back, and nothing is handled twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_while_a_quick_handler_blocks_loses_nothing_and_repeats_nothing() {
    let ground = Ground::new().await;
    ground.publish(1..=300).await;
    ground.settled(300).await;
    ground
        .publish((301..=320).chain([BLOCKS]).chain(321..=400))
        .await;
    until("it blocks", async || {
        ground.seen.all().iter().any(|(id, _)| *id == BLOCKS)
    })
    .await;
    ground.shutdown.stop();
    let report = ground.running.await.unwrap().unwrap();
    let sum = report.handled + report.retried + report.dead_lettered + report.returned;
    assert_eq!((report.delivered, report.failed), (sum, 0), "{report:?}");
    let service = SHOP.ack_wait(LEASE);
    let listener = Listener::new(&ground.bus, service, ground.seen.clone()).on(handle);
    let shutdown = Shutdown::new();
    let running = tokio::spawn(listener.run(shutdown.clone()));
    until("all are handled", async || {
        ground.seen.len() >= 401 && pending(&ground.bus, "ORDERS", "shop-workers").await == (0, 0)
    })
    .await;
    sleep(LEASE).await;
    shutdown.stop();
    let again = running.await.unwrap().unwrap();
    assert_eq!(report.handled + again.handled, 401);
    let mut ids: Vec<_> = ground.seen.all().into_iter().map(|(id, _)| id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), ground.seen.len()), (401, 401));
}

/// Partitions are pulled by tasks of their own; all of them share the slots, and one keeper.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_beside_one_that_blocks_keep_their_order() {
    let server = TestServer::start().await.unwrap();
    let bus = connect(&server).await;
    let consumers = STREAMS.consumers.iter().map(|consumer| ConsumerDef {
        ack_wait: LEASE,
        ..*consumer
    });
    let consumers: Vec<_> = consumers.collect();
    event_operate::ensure(
        &bus,
        &Streams {
            consumers: &consumers,
            ..STREAMS
        },
    )
    .await
    .unwrap();
    let seen: Seen<(i64, i64, u64)> = Seen::default();
    let listener = Listener::new(&bus, SHOP.ack_wait(LEASE), seen.clone()).on(
        |seen: Arc<Seen<(i64, i64, u64)>>, d: Delivery<StockMoved>| async move {
            let item = d.event.item.parse().unwrap();
            seen.push((item, d.event.step, d.meta.attempt));
            if (item, d.event.step) == (3, 40) {
                std::thread::sleep(BLOCK);
            }
            Ok(())
        },
    );
    let shutdown = Shutdown::new();
    let running = tokio::spawn(listener.run(shutdown.clone()));
    let events = (0..60_i64).flat_map(|step| (0..8_i64).map(move |item| (item, step)));
    let events = events.map(|(item, step)| StockMoved {
        move_id: item * 1_000 + step,
        item: item.to_string(),
        step,
    });
    bus.publish_all(events).await.into_result().unwrap();
    until("all are handled", async || seen.len() >= 480).await;
    sleep(LEASE).await;
    shutdown.stop();
    assert_eq!(running.await.unwrap().unwrap().handled, 480);
    let all = seen.all();
    assert!(all.iter().all(|(_, _, attempt)| *attempt == 1));
    for item in 0..8 {
        let steps = all.iter().filter(|(i, _, _)| *i == item);
        let steps: Vec<_> = steps.map(|(_, step, _)| *step).collect();
        assert_eq!(steps, (0..60).collect::<Vec<_>>(), "{item}");
    }
}

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Log;

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// On one thread too, and once for many.
#[tokio::test]
async fn a_handler_that_blocks_is_named_with_its_time() {
    let log = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(|| Log);
    tracing::subscriber::set_global_default(log.finish()).unwrap();
    let said = || {
        let text = String::from_utf8(LOG.lock().unwrap().clone()).unwrap();
        let lines = text
            .lines()
            .filter(|line| line.contains("blocked its thread"));
        lines
            .filter(|line| line.contains("service=\"teller\""))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    // In a task of its own, and, after many quick ones, where it arrives.
    for quick in [0, 300] {
        let before = said().len();
        let ground = Ground::of("teller").await;
        ground.publish(1..=quick).await;
        ground.settled(quick as usize).await;
        ground.publish([SHORT, SHORT + 1, SHORT + 2]).await;
        ground.settled(quick as usize + 3).await;
        let lines = said();
        assert_eq!(lines.len(), before + 1, "{lines:#?}");
        for words in [
            " WARN ",
            "event=\"shop.OrderPlaced\"",
            "blocked=20",
            "times=1",
            "spawn_blocking",
        ] {
            assert!(lines[before].contains(words), "{words}: {}", lines[before]);
        }
        ground.shutdown.stop();
        ground.running.await.unwrap().unwrap();
    }
}
