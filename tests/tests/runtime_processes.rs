//! Services as processes that die: of a message that kills them, and of SIGKILL in the middle of keyed work.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use event_runtime::dead_letter::{REASON, SEQUENCE};
use event_runtime::{
    Bus, Config, ConsumerDef, DEAD_LETTERS, Delivery, Failure, Listener, Service, Shutdown, Streams,
};
use event_testing::TestServer;
use support::{
    OrderPlaced, SHOP, STREAMS, StockMoved, connect, count, message, order, pending, until,
};

/// What a process of this test does: `orders` or `moves`.
const ROLE: &str = "PROCESS_TEST_ROLE";
const POISON: i64 = 7;
const ORDERS: i64 = 40;
const STEPS: i64 = 40;
const ITEMS: [&str; 6] = ["tea", "milk", "salt", "rice", "oats", "figs"];
/// What a process that died had in hand comes again after this.
const ACK_WAIT: Duration = Duration::from_millis(500);
const SERVICE: Service =
    SHOP.ack_wait(ACK_WAIT)
        .retry(1, Duration::from_millis(20), Duration::from_millis(50));

const fn quick(durable: usize) -> ConsumerDef<'static> {
    ConsumerDef {
        ack_wait: ACK_WAIT,
        ..STREAMS.consumers[durable]
    }
}

const QUICK: Streams = Streams {
    streams: STREAMS.streams,
    consumers: &[quick(0), quick(1), quick(2), quick(3), quick(4)],
};

/// What the tests run as a process; does nothing among the tests.
#[test]
fn a_process() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let bus = Bus::connect(Config::from_env().unwrap()).await.unwrap();
        let listener = match &*role {
            "orders" => Listener::new(&bus, SERVICE, ()).on(take_order),
            _ => Listener::new(&bus, SERVICE.retry(3, ACK_WAIT, ACK_WAIT), ()).on(take_move),
        };
        listener.run(Shutdown::on_signals()).await.unwrap();
    });
}

async fn take_order(_: Arc<()>, delivery: Delivery<OrderPlaced>) -> Result<(), Failure> {
    if delivery.event.order_id == POISON {
        std::process::abort();
    }
    tokio::time::sleep(Duration::from_millis(2)).await;
    println!("handled {}", delivery.event.order_id);
    Ok(())
}

async fn take_move(_: Arc<()>, delivery: Delivery<StockMoved>) -> Result<(), Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let StockMoved { item, step, .. } = delivery.event;
    println!("move {} {item} {step}", now.as_nanos());
    tokio::time::sleep(Duration::from_millis(3)).await;
    // A failure must not let the next event of the key overtake.
    match (step % 20, delivery.meta.attempt) {
        (3, 1) => Err(Failure::retry_after(Duration::from_millis(60), "not now")),
        _ => Ok(()),
    }
}

/// A process whose lines are collected while it runs, so that they are there when it is killed.
fn process(role: &str, url: &str, lines: &Arc<Mutex<Vec<String>>>) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["a_process", "--exact", "--nocapture"])
        .env(ROLE, role)
        .env("NATS_URL", url)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let lines = Arc::clone(lines);
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            lines.lock().unwrap().push(line);
        }
    });
    child
}

#[tokio::test]
async fn a_message_that_aborts_its_process_is_buried_and_the_others_are_handled() {
    let server = TestServer::start().await.unwrap();
    let bus = connect(&server).await;
    event_operate::ensure(&bus, &QUICK).await.unwrap();
    let stored = bus.publish_all((0..ORDERS).map(order)).await;
    stored.into_result().unwrap();
    let lines = Arc::default();
    let mut child = process("orders", &server.url(), &lines);
    let mut deaths = 0;
    until("the poison is buried and the rest is handled", async || {
        if child.try_wait().unwrap().is_some() {
            deaths += 1;
            child = process("orders", &server.url(), &lines);
        }
        count(&bus, DEAD_LETTERS).await > 0
            && pending(&bus, "ORDERS", "shop-workers").await == (0, 0)
    })
    .await;
    child.kill().unwrap();
    child.wait().unwrap();
    let handled: BTreeSet<i64> = lines
        .lock()
        .unwrap()
        .iter()
        .filter_map(|line| line.strip_prefix("handled ")?.parse().ok())
        .collect();
    let mut expected: BTreeSet<i64> = (0..ORDERS).collect();
    expected.remove(&POISON);
    println!("aborted {deaths} times");
    assert_eq!(handled, expected);
    // One attempt of the service's, five to spare, and then the handler does not see it any more.
    assert_eq!(deaths, 6);
    assert_eq!(count(&bus, DEAD_LETTERS).await, 1);
    let letter = message(&bus, DEAD_LETTERS, 1).await;
    let header = |name: &str| letter.headers.get(name).unwrap().as_str().to_owned();
    assert_eq!(
        (header(REASON), header(SEQUENCE)),
        ("no-outcome".to_owned(), (POISON + 1).to_string())
    );
}

#[tokio::test]
async fn the_order_of_a_key_survives_processes_that_are_killed() {
    let server = TestServer::start().await.unwrap();
    let bus = connect(&server).await;
    event_operate::ensure(&bus, &QUICK).await.unwrap();
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let start = || process("moves", &server.url(), &lines);
    let mut children = vec![start(), start(), start()];
    let moves = (0..STEPS).flat_map(|step| {
        ITEMS.iter().zip(0..).map(move |(item, n)| StockMoved {
            move_id: step * 10 + n,
            item: (*item).to_owned(),
            step,
        })
    });
    bus.publish_all(moves).await.into_result().unwrap();
    let moved = || {
        lines
            .lock()
            .unwrap()
            .iter()
            .filter(|line| line.starts_with("move "))
            .count()
    };
    for (victim, begun) in [(0, 40), (1, 90), (2, 150)] {
        until("work is in the middle", async || moved() >= begun).await;
        children[victim].kill().unwrap();
        children[victim].wait().unwrap();
        children[victim] = start();
    }
    until("all are acknowledged", async || {
        for partition in 0..4 {
            if pending(&bus, "STOCK", &format!("shop-workers-p{partition}")).await != (0, 0) {
                return false;
            }
        }
        true
    })
    .await;
    for mut child in children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    // The moments of the one clock that all processes have.
    let mut starts: BTreeMap<String, Vec<(u128, i64)>> = BTreeMap::new();
    for line in lines.lock().unwrap().iter() {
        if let ["move", at, item, step] = *line.split(' ').collect::<Vec<_>>() {
            let start = (at.parse().unwrap(), step.parse().unwrap());
            starts.entry(item.to_owned()).or_default().push(start);
        }
    }
    for item in ITEMS {
        let mut starts = starts.remove(item).unwrap();
        starts.sort_unstable();
        let mut steps: Vec<i64> = starts.into_iter().map(|(_, step)| step).collect();
        // Two retries at least: a start may be repeated, right away; it may never come after a later one.
        assert!(steps.len() >= STEPS as usize + 2, "{item}: {steps:?}");
        steps.dedup();
        assert_eq!(steps, (0..STEPS).collect::<Vec<_>>(), "{item}");
    }
    assert_eq!(count(&bus, DEAD_LETTERS).await, 0);
}
