//! Handlers that block their thread, beside neighbours that do not: nobody is delivered twice for it, and it is said.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::testing::TestServer;
use event_runtime::{Bus, ConsumerDef, Delivery, Failure, Listener, Service, Shutdown, Streams};
use support::{OrderPlaced, STREAMS, Seen, connect, order, pending, until};
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
        bus.ensure(&streams).await.unwrap();
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
