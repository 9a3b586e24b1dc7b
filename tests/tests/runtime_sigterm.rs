//! SIGTERM in the middle of the load, to a service in a process of its own: its numbers add up, it leaves nothing unacknowledged,
//! and its successor handles the rest. A process killed outright loses nothing either; its successor may see some again.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use event_runtime::{Bus, Config, Delivery, Listener, Shutdown};
use support::{OrderPlaced, SHOP, order, pending, shop, until};

/// Set for the processes that listen.
const CHILD: &str = "SIGTERM_TEST_LISTENS";
const ORDERS: i64 = 3000;

/// What the test runs as a process; does nothing among the tests.
#[test]
fn listens_until_sigterm() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let bus = Bus::connect(Config::from_env().unwrap()).await.unwrap();
        let listener = Listener::new(&bus, SHOP.concurrency(8), ()).on(
            |_: Arc<()>, delivery: Delivery<OrderPlaced>| async move {
                tokio::time::sleep(Duration::from_millis(2)).await;
                println!("handled {}", delivery.event.order_id);
                Ok(())
            },
        );
        let report = listener.run(Shutdown::on_signals()).await.unwrap();
        let closed = bus.close(Duration::from_secs(5)).await;
        println!("report {report:?} {closed:?}");
        assert_eq!(
            report.delivered,
            report.handled + report.retried + report.dead_lettered + report.returned
        );
        println!("sum {} {}", report.handled, closed.abandoned);
    });
}

fn listener(url: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["listens_until_sigterm", "--exact", "--nocapture"])
        .env(CHILD, "1")
        .env("NATS_URL", url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Tells a process to end, and gives what it handled, and what it said of that at its end.
fn end(child: Child, signal: &str) -> (Vec<i64>, Option<(usize, u64)>) {
    let sent = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.success(), signal == "-TERM", "{text}");
    let handled = text
        .lines()
        .filter_map(|line| line.strip_prefix("handled ")?.parse().ok())
        .collect();
    let said = text.lines().find_map(|line| {
        let (handled, abandoned) = line.strip_prefix("sum ")?.split_once(' ')?;
        Some((handled.parse().ok()?, abandoned.parse().ok()?))
    });
    (handled, said)
}

/// Waits until so many wait for a handler at most.
async fn drained_to(bus: &Bus, left: u64) {
    until("the backlog shrinks", async || {
        pending(bus, "ORDERS", "shop-workers").await.1 <= left
    })
    .await;
}

#[tokio::test]
async fn a_process_that_is_told_to_stop_loses_nothing() {
    let (server, bus) = shop().await;
    let stored = bus.publish_all((0..ORDERS).map(order)).await;
    assert_eq!(stored.into_result().unwrap(), 3000);

    let first = listener(&server.url());
    drained_to(&bus, 2400).await;
    let (handled, said) = end(first, "-TERM");
    assert_eq!(said, Some((handled.len(), 0)));
    assert!(
        (1..3000).contains(&handled.len()),
        "it was stopped in the middle: {}",
        handled.len()
    );

    // Killed outright: what it had in hand comes again after ack_wait.
    let second = listener(&server.url());
    drained_to(&bus, 1200).await;
    let (killed, said) = end(second, "-KILL");
    assert_eq!(said, None);

    let third = listener(&server.url());
    until("everything is acknowledged", async || {
        pending(&bus, "ORDERS", "shop-workers").await == (0, 0)
    })
    .await;
    let (rest, said) = end(third, "-TERM");
    assert_eq!(said, Some((rest.len(), 0)));

    let all: BTreeSet<i64> = [&handled[..], &killed, &rest]
        .concat()
        .into_iter()
        .collect();
    assert_eq!(all.len(), 3000, "lost: {}", 3000 - all.len());
    // The one that was asked has handed on nothing that it had handled.
    let again = handled
        .iter()
        .filter(|id| killed.contains(id) || rest.contains(id));
    assert_eq!(again.count(), 0);
}
