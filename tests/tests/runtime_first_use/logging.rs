//! What a service prints with `tracing_subscriber::fmt()` and nothing more.

use std::sync::Arc;
use std::time::Duration;

use event_runtime::{Bus, Config, Delivery, Failure, Listener, Shutdown};
use event_testing::TestServer;

use super::{is_child, process};
use crate::support::{OrderPlaced, SHOP, STREAMS, count, order, pending, until};

#[test]
fn handles_with_a_log() {
    if !is_child() {
        return;
    }
    // As README.md has it, and without colours since this is no terminal.
    tracing_subscriber::fmt().with_ansi(false).init();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut server = TestServer::start().await.unwrap();
        let config = Config::new(&server.url()).unwrap().service("shop");
        let bus = Bus::connect(config).await.unwrap();
        event_operate::ensure(&bus, &STREAMS).await.unwrap();
        let listener =
            Listener::new(&bus, SHOP, ()).on(|_: Arc<()>, d: Delivery<OrderPlaced>| async move {
                match (d.event.order_id, d.meta.attempt) {
                    (1, 1) => Err(Failure::from(std::io::Error::other("the bank\nis closed"))),
                    (2, _) => Err(Failure::dead("no such customer")),
                    _ => Ok(()),
                }
            });
        let shutdown = Shutdown::new();
        let running = tokio::spawn(listener.run(shutdown.clone()));
        bus.publish_all((1..=100).map(order))
            .await
            .into_result()
            .unwrap();
        until("all is settled", async || {
            pending(&bus, "ORDERS", "shop-workers").await == (0, 0)
                && count(&bus, "DEAD_LETTERS").await == 1
        })
        .await;
        server.stop().await.unwrap();
        until("it is lost", async || !bus.is_connected()).await;
        server.restart().await.unwrap();
        until("it is back", async || bus.is_connected()).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        shutdown.stop();
        running.await.unwrap().unwrap();
        let _ = bus.close(Duration::from_secs(2)).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    });
}

#[test]
fn what_happens_is_a_readable_line_each_and_no_event_is_one() {
    let server = event_server::find().unwrap();
    let text = process(
        "logging::handles_with_a_log",
        &[
            ("NATS_SERVER_BIN", server.to_str().unwrap()),
            ("PATH", "/usr/bin:/bin"),
        ],
    );
    println!("{text}");
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("event_runtime"))
        .collect();
    let mut rest = &lines[..];
    for words in [
        &["INFO", "connected", "servers=", "version="][..],
        &[
            "INFO",
            "listening",
            "service=\"shop\"",
            "durables=\"DEAD_LETTERS/redrive-shop, ORDERS/shop-workers\"",
        ],
        &["WARN", "disconnected"],
        &["INFO", "reconnected"],
        &[
            "INFO",
            "stopped listening",
            "service=\"shop\"",
            "handled=",
            "retried=1",
            "dead_lettered=1",
        ],
    ] {
        let found = rest
            .iter()
            .position(|line| words.iter().all(|word| line.contains(word)));
        let found = found.unwrap_or_else(|| panic!("{words:?}: {text}"));
        rest = &rest[found + 1..];
    }
    for words in [
        &[
            "WARN",
            "retried",
            "attempt=1",
            r#"reason="the bank\nis closed""#,
            "subject=orders.eu.placed",
            "sequence=1",
        ][..],
        &[
            "ERROR",
            "dead-lettered",
            "cause=\"dead\"",
            "reason=\"no such customer\"",
            "dead_letter=1",
        ],
    ] {
        let found = lines
            .iter()
            .filter(|line| words.iter().all(|word| line.contains(word)));
        assert_eq!(found.count(), 1, "{words:?}: {text}");
    }
    assert_eq!(lines.len(), 7, "{text}");
    assert!(lines.iter().all(|line| line.len() < 300), "{text}");
}
