//! A publish ends in its time: what is wrong is said, and nothing is sent later.

use std::time::Duration;

use event_runtime::{Bus, Error, Filter};
use event_testing::TestServer;

use crate::support::{self, OrderPaid, PriceShown, STREAMS, connect, count, order, shop, until};

#[tokio::test]
async fn errors_say_what_is_wrong() {
    let server = TestServer::start_with("max_payload: 1024").await.unwrap();
    let bus = connect(&server).await;
    let error = bus.publish(&order(1)).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::NoStream {
                stream: "ORDERS",
                ..
            }
        ),
        "{error}"
    );
    assert!(
        error.to_string().contains("event-contracts streams apply"),
        "{error}"
    );
    event_operate::ensure(&bus, &STREAMS).await.unwrap();
    let large = PriceShown {
        item: "tea".into(),
        cents: 1,
    };
    assert!(bus.emit(&large).await.is_ok());
    let large = support::Note {
        text: "x".repeat(1_024),
    };
    match bus.publish(&large).await.unwrap_err() {
        Error::TooLarge {
            size,
            limit,
            subject,
        } => {
            assert_eq!((limit, subject.as_str()), (1_024, "orders:paid"));
            assert!(size > 1_024 + 20, "{size}");
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_full_stream_refuses_at_once() {
    let (_server, bus) = shop().await;
    let mut config = bus
        .jetstream()
        .get_stream("ORDERS")
        .await
        .unwrap()
        .cached_info()
        .config
        .clone();
    config.max_messages = 1;
    bus.jetstream().update_stream(config).await.unwrap();
    bus.publish(&order(1)).await.unwrap();
    let began = std::time::Instant::now();
    let error = bus.publish(&order(2)).await.unwrap_err();
    assert!(matches!(error, Error::Server { .. }), "{error}");
    assert!(
        error.to_string().contains("maximum messages exceeded"),
        "{error}"
    );
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn what_the_server_refuses_for_permissions_is_said_at_once() {
    let server = TestServer::start_with(
        r#"authorization { users: [
            { user: admin, password: a }
            { user: shop, password: s, permissions: {
                publish: ["orders.eu.placed"], subscribe: ["_INBOX_shop.>"] } }
            { user: deaf, password: d, permissions: { publish: ["orders.>", "orders:paid"], subscribe: ["nothing"] } }
        ] }"#,
    )
    .await
    .unwrap();
    let as_user =
        |user: &str, password: &str| support::config(&server).user_and_password(user, password);
    let admin = Bus::connect(as_user("admin", "a")).await.unwrap();
    event_operate::ensure(&admin, &STREAMS).await.unwrap();
    let bus = Bus::connect(as_user("shop", "s").service("shop"))
        .await
        .unwrap();
    bus.publish(&order(1)).await.unwrap();
    let began = std::time::Instant::now();
    let error = bus.publish(&OrderPaid { order_id: 1 }).await.unwrap_err();
    assert!(
        matches!(&error, Error::Refused { operation } if operation == "Publish to \"orders:paid\""),
        "{error}"
    );
    // An earlier refusal says nothing about another subject.
    bus.publish(&order(2)).await.unwrap();
    let error = bus
        .subscribe(Filter::<PriceShown>::all())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Refused { operation } if operation.contains("prices.*.shown")),
        "{error}"
    );
    let deaf = Bus::connect(as_user("deaf", "d")).await.unwrap();
    for _ in 0..2 {
        let error = deaf.publish(&order(3)).await.unwrap_err();
        assert!(
            matches!(&error, Error::Refused { operation } if operation.contains("_INBOX")),
            "{error}"
        );
    }
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    assert!(Bus::connect(as_user("shop", "wrong")).await.is_err());
    // A restricted connection closes in order too.
    let report = bus.close(Duration::from_secs(5)).await;
    assert!(report.flushed && report.abandoned == 0, "{report:?}");
}

#[tokio::test]
async fn without_a_server_publishing_ends_in_time_and_nothing_is_sent_later() {
    let (mut server, _) = shop().await;
    let config = support::config(&server).publish_timeout(Duration::from_millis(700));
    let bus = Bus::connect(config).await.unwrap();
    bus.publish(&order(1)).await.unwrap();
    server.kill();
    until("the connection is lost", async || !bus.is_connected()).await;
    let began = std::time::Instant::now();
    let error = bus.publish(&order(2)).await.unwrap_err();
    assert!(matches!(error, Error::NotConnected { .. }), "{error}");
    assert!(error.is_transient());
    assert!(matches!(
        bus.emit(&PriceShown {
            item: "a".into(),
            cents: 1
        })
        .await,
        Err(Error::NotConnected { .. })
    ));
    assert!(began.elapsed() < Duration::from_secs(3));
    server.restart().await.unwrap();
    until("the connection is back", async || bus.is_connected()).await;
    bus.publish(&order(3)).await.unwrap();
    assert_eq!(count(&bus, "ORDERS").await, 2);
}

/// The memory of this process, in bytes; 0 where the system has no `/proc`.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes =
        line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1_024
}

#[tokio::test]
async fn a_server_that_hangs_costs_bounded_time_and_every_publish_has_an_outcome() {
    let (server, _) = shop().await;
    let config = support::config(&server).publish_timeout(Duration::from_secs(1));
    let bus = Bus::connect(config).await.unwrap();
    bus.publish(&order(0)).await.unwrap();
    server.pause().unwrap();
    let (began, before) = (std::time::Instant::now(), resident());
    let publishes = (1..=10_000).map(|n| {
        let bus = bus.clone();
        tokio::spawn(async move { bus.publish(&order(n)).await })
    });
    let publishes: Vec<_> = publishes.collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    // Each is a task with its message; the tests beside this one are in the number too.
    let grown = resident().saturating_sub(before);
    println!("10,000 publishes wait in {} kB", grown / 1_024);
    assert!(grown < 128 << 20, "{grown} bytes");
    let mut timed_out = 0;
    for publish in publishes {
        match publish.await.unwrap() {
            Err(Error::TimedOut { .. }) => timed_out += 1,
            Err(Error::NotConnected { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(
        timed_out > 0,
        "nothing was under way: the test shows nothing"
    );
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );
    server.resume().unwrap();
    until("it is answered again", async || {
        bus.publish(&order(0)).await.is_ok()
    })
    .await;
    // What timed out may be stored; repeating it under the same id stores it once.
    let report = bus.publish_all((0..=10_000).map(order)).await;
    assert_eq!(report.stored, 10_001, "{:?}", report.failed.first());
    assert_eq!(count(&bus, "ORDERS").await, 10_001);
}

/// A retry inside a publish meets its own first attempt: the event is stored once, and it is no duplicate of anything.
#[tokio::test]
async fn a_publish_that_meets_its_own_retry_is_no_duplicate() {
    let (server, bus) = shop().await;
    bus.publish(&order(0)).await.unwrap();
    server.pause().unwrap();
    // Its threads do not stop all at once: one of them must not answer any more.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let publishing = tokio::spawn({
        let bus = bus.clone();
        async move { bus.publish(&order(1)).await }
    });
    until("it is tried again", async || {
        bus.stats().publish_retries > 0
    })
    .await;
    // Both attempts wait in the server's socket.
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.resume().unwrap();
    let receipt = publishing.await.unwrap().unwrap();
    assert_eq!((receipt.sequence, receipt.duplicate), (2, false));
    assert_eq!(count(&bus, "ORDERS").await, 2);
    assert_eq!(bus.stats().duplicates, 0);
    // Unlike the same event once more.
    assert!(bus.publish(&order(1)).await.unwrap().duplicate);
}
