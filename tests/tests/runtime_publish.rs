//! Publishing, subscribing and the wire, against a real server.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::type_complexity
)]

mod support;

use std::time::Duration;

use event_runtime::async_nats::HeaderMap;
use event_runtime::testing::TestServer;
use event_runtime::{Bus, Error, Filter, Start, Trace};
use futures_util::StreamExt;
use support::{
    OrderPaid, OrderPlaced, PriceShown, STREAMS, StockMoved, connect, count, message, order, shop,
    until,
};

#[tokio::test]
async fn a_stored_event_on_the_wire_is_its_json_and_its_id() {
    let (_server, bus) = shop().await;
    let mut raw = bus.client().subscribe("orders.>").await.unwrap();
    let receipt = bus.publish(&order(7)).await.unwrap();
    assert_eq!(
        (receipt.stream.as_str(), receipt.sequence, receipt.duplicate),
        ("ORDERS", 1, false)
    );
    let message = raw.next().await.unwrap();
    assert_eq!(message.subject.as_str(), "orders.eu.placed");
    assert_eq!(message.payload, r#"{"orderId":7,"region":"eu"}"#);
    let mut only_id = HeaderMap::new();
    only_id.insert("Nats-Msg-Id", "shop.OrderPlaced:7");
    assert_eq!(message.headers, Some(only_id.clone()));

    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let trace = Trace::new(parent, Some("a=b")).unwrap();
    trace
        .scope(async { bus.publish(&order(8)).await.unwrap() })
        .await;
    let headers = raw.next().await.unwrap().headers.unwrap();
    let mut with_trace = HeaderMap::new();
    with_trace.insert("Nats-Msg-Id", "shop.OrderPlaced:8");
    with_trace.insert("traceparent", parent);
    with_trace.insert("tracestate", "a=b");
    assert_eq!(headers, with_trace);
}

#[tokio::test]
async fn an_ephemeral_event_has_no_headers_and_keyed_ones_their_partition() {
    let (_server, bus) = shop().await;
    let mut raw = bus.client().subscribe(">").await.unwrap();
    bus.emit(&PriceShown {
        item: "tea".into(),
        cents: 250,
    })
    .await
    .unwrap();
    let shown = raw.next().await.unwrap();
    assert_eq!(
        (shown.subject.as_str(), shown.headers),
        ("prices.tea.shown", None)
    );
    assert_eq!(shown.payload, r#"{"item":"tea","cents":250}"#);
    let moved = StockMoved {
        move_id: 1,
        item: "tea".into(),
        step: 1,
    };
    bus.publish(&moved).await.unwrap();
    let partition = event_runtime::partition("tea", 4);
    assert_eq!(
        message(&bus, "STOCK", 1).await.subject.as_str(),
        format!("stock.{partition}.tea.moved")
    );
}

#[tokio::test]
async fn different_events_with_equal_ids_are_both_stored_and_a_repeat_is_not() {
    let (_server, bus) = shop().await;
    assert!(!bus.publish(&order(1)).await.unwrap().duplicate);
    assert!(
        !bus.publish(&OrderPaid { order_id: 1 })
            .await
            .unwrap()
            .duplicate
    );
    let again = bus.publish(&order(1)).await.unwrap();
    assert!(again.duplicate);
    assert_eq!(again.sequence, 1);
    assert_eq!(count(&bus, "ORDERS").await, 2);
    assert_eq!((bus.stats().published, bus.stats().duplicates), (3, 1));
}

#[tokio::test]
async fn values_that_would_be_another_subject_are_refused_and_nothing_is_sent() {
    let (_server, bus) = shop().await;
    let mut raw = bus.client().subscribe(">").await.unwrap();
    let long = "x".repeat(10_000);
    for bad in [
        "",
        ".",
        "a.b",
        "*",
        ">",
        " ",
        "a b",
        "a\r\nPUB orders:paid 0\r\n",
        "\0",
        &long,
    ] {
        let stored = OrderPlaced {
            order_id: 1,
            region: bad.to_owned(),
        };
        assert!(
            matches!(bus.publish(&stored).await, Err(Error::Subject { .. })),
            "{bad:?}"
        );
        assert!(
            matches!(bus.enqueue(&stored).await, Err(Error::Subject { .. })),
            "{bad:?}"
        );
        let shown = PriceShown {
            item: bad.to_owned(),
            cents: 1,
        };
        assert!(
            matches!(bus.emit(&shown).await, Err(Error::Subject { .. })),
            "{bad:?}"
        );
    }
    bus.emit(&PriceShown {
        item: "end".into(),
        cents: 1,
    })
    .await
    .unwrap();
    assert_eq!(
        raw.next().await.unwrap().subject.as_str(),
        "prices.end.shown"
    );
    assert_eq!(count(&bus, "ORDERS").await, 0);
}

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
    bus.ensure(&STREAMS).await.unwrap();
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
    admin.ensure(&STREAMS).await.unwrap();
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
async fn enqueued_events_are_stored_in_order_and_close_waits_for_them() {
    let (server, bus) = shop().await;
    let mut pending = Vec::new();
    for n in 0..3_000 {
        pending.push(bus.enqueue(&order(n)).await.unwrap());
    }
    for (n, publish) in pending.into_iter().enumerate() {
        assert_eq!(publish.await.unwrap().sequence, n as u64 + 1);
    }
    for n in 3_000..4_000 {
        drop(bus.enqueue(&order(n)).await.unwrap());
    }
    let other = bus.clone();
    let report = bus.close(Duration::from_secs(10)).await;
    assert!(report.flushed && report.abandoned == 0, "{report:?}");
    assert!(matches!(other.publish(&order(1)).await, Err(Error::Closed)));
    assert!(matches!(
        other
            .emit(&PriceShown {
                item: "a".into(),
                cents: 1
            })
            .await,
        Err(Error::Closed)
    ));
    let bus = connect(&server).await;
    assert_eq!(count(&bus, "ORDERS").await, 4_000);
}

#[tokio::test]
async fn a_batch_reports_each_failure_and_goes_on() {
    let (_server, bus) = shop().await;
    let events = (0..2_000).map(|n| OrderPlaced {
        order_id: n / 2 * 2,
        region: if n == 5 { "a.b".into() } else { "eu".into() },
    });
    let report = bus.publish_all(events).await;
    assert_eq!((report.stored, report.duplicates), (1_999, 999));
    assert_eq!(
        report
            .failed
            .iter()
            .map(|(index, _)| *index)
            .collect::<Vec<_>>(),
        [5]
    );
    assert!(matches!(report.into_result(), Err(Error::Subject { .. })));
}

#[tokio::test]
async fn emitted_events_are_flushed_by_close() {
    let (server, bus) = shop().await;
    let reader = connect(&server).await;
    let mut prices = reader.subscribe(Filter::<PriceShown>::all()).await.unwrap();
    for cents in 0..1_000 {
        bus.emit(&PriceShown {
            item: "tea".into(),
            cents,
        })
        .await
        .unwrap();
    }
    assert!(bus.close(Duration::from_secs(5)).await.flushed);
    for cents in 0..1_000 {
        assert_eq!(prices.next().await.unwrap().unwrap().event.cents, cents);
    }
}

#[tokio::test]
async fn subscribers_all_see_an_ephemeral_event_and_a_group_shares_it() {
    let (server, bus) = shop().await;
    let other = connect(&server).await;
    let mut everything = bus.subscribe(Filter::<PriceShown>::all()).await.unwrap();
    let mut tea = other
        .subscribe(PriceShown::filter().item("tea").pattern().unwrap())
        .await
        .unwrap();
    let mut first = bus
        .subscribe(Filter::<PriceShown>::all().queue_group("g"))
        .await
        .unwrap();
    let mut second = other
        .subscribe(Filter::<PriceShown>::all().queue_group("g"))
        .await
        .unwrap();
    for n in 0..100 {
        let item = if n % 2 == 0 { "tea" } else { "milk" };
        bus.emit(&PriceShown {
            item: item.into(),
            cents: n,
        })
        .await
        .unwrap();
    }
    bus.client()
        .publish(
            "prices.tea.shown",
            r#"{"item":"secret","cents":"x"}"#.into(),
        )
        .await
        .unwrap();
    bus.client()
        .publish("prices.tea.shown", "[\"tea\",1]".into())
        .await
        .unwrap();
    bus.emit(&PriceShown {
        item: "tea".into(),
        cents: 1_000,
    })
    .await
    .unwrap();
    for n in 0..100 {
        assert_eq!(everything.next().await.unwrap().unwrap().event.cents, n);
    }
    for n in 0..50 {
        let delivery = tea.next().await.unwrap().unwrap();
        assert_eq!(
            (delivery.event.cents, delivery.meta.subject.as_str()),
            (n * 2, "prices.tea.shown")
        );
    }
    // What cannot be read is an error, without the value, and the stream goes on.
    let error = tea.next().await.unwrap().unwrap_err().to_string();
    assert_eq!(error, "shop.PriceShown: at cents: expected i64");
    let error = tea.next().await.unwrap().unwrap_err().to_string();
    assert_eq!(error, "shop.PriceShown: the body is not a JSON object");
    assert_eq!(tea.next().await.unwrap().unwrap().event.cents, 1_000);
    let mut shared = 0;
    let quiet = Duration::from_millis(200);
    while let Ok(Some(_)) = tokio::time::timeout(quiet, first.next()).await {
        shared += 1;
    }
    while let Ok(Some(_)) = tokio::time::timeout(quiet, second.next()).await {
        shared += 1;
    }
    assert_eq!(shared, 103);
}

#[tokio::test]
async fn a_stored_subscription_starts_where_it_is_told_and_survives_a_restart() {
    let (mut server, bus) = shop().await;
    for n in 1..=10 {
        bus.publish(&order(n)).await.unwrap();
    }
    let mut all = bus
        .subscribe(Filter::<OrderPlaced>::all().start(Start::All))
        .await
        .unwrap();
    let mut tail = bus
        .subscribe(Filter::<OrderPlaced>::all().start(Start::Sequence(8)))
        .await
        .unwrap();
    let mut new = bus.subscribe(Filter::<OrderPlaced>::all()).await.unwrap();
    let mut late = bus
        .subscribe(Filter::<OrderPlaced>::all().start(Start::At("2020-01-01T00:00:00Z")))
        .await
        .unwrap();
    for n in 1..=10 {
        let delivery = all.next().await.unwrap().unwrap();
        assert_eq!(
            (delivery.event.order_id, delivery.meta.sequence),
            (n, Some(n as u64))
        );
        assert_eq!(late.next().await.unwrap().unwrap().event.order_id, n);
    }
    for n in 8..=10 {
        assert_eq!(tail.next().await.unwrap().unwrap().event.order_id, n);
    }
    // The consumers have no durable name and live in memory: they are gone after this.
    server.kill();
    server.restart().await.unwrap();
    for n in 11..=20 {
        bus.publish(&order(n)).await.unwrap();
    }
    for subscription in [&mut all, &mut tail, &mut new, &mut late] {
        for n in 11..=20 {
            let delivery = tokio::time::timeout(Duration::from_secs(20), subscription.next())
                .await
                .unwrap();
            assert_eq!(delivery.unwrap().unwrap().event.order_id, n);
        }
    }
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

/// Dropped while it waits, a publish is not taken back, and its failure is not lost.
#[tokio::test]
async fn a_publish_that_nobody_waits_for_goes_on() {
    let (server, _) = shop().await;
    let config = support::config(&server).publish_timeout(Duration::from_secs(1));
    let bus = Bus::connect(config).await.unwrap();
    bus.publish(&order(0)).await.unwrap();
    server.pause().unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let dropped = tokio::time::timeout(Duration::from_millis(50), bus.publish(&order(1))).await;
    assert!(dropped.is_err(), "{dropped:?}");
    server.resume().unwrap();
    until("it is stored", async || bus.stats().published == 2).await;
    assert_eq!(count(&bus, "ORDERS").await, 2);

    server.pause().unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let dropped = tokio::time::timeout(Duration::from_millis(50), bus.publish(&order(2))).await;
    assert!(dropped.is_err(), "{dropped:?}");
    until("it has failed", async || bus.stats().unseen_failures == 1).await;
    assert_eq!(bus.stats().publish_failures, 1);
    server.resume().unwrap();
}

/// Who publishes first may be on a runtime that ends: acknowledgements are read on that of the connection.
#[tokio::test]
async fn the_runtime_of_the_first_publish_may_end() {
    let (_server, bus) = shop().await;
    let first = bus.clone();
    let other = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(first.publish(&order(1))).unwrap()
    });
    until("the other has published", async || other.is_finished()).await;
    assert_eq!(other.join().unwrap().sequence, 1);
    assert_eq!(bus.publish(&order(2)).await.unwrap().sequence, 2);
}

#[tokio::test]
async fn ensure_adds_and_never_removes_also_at_once() {
    use event_runtime::{ConsumerDef, StreamDef, Streams};
    let (server, bus) = shop().await;
    assert!(bus.ensure(&STREAMS).await.unwrap().is_empty());
    const fn more(subject: &'static [&'static str]) -> StreamDef<'static> {
        StreamDef {
            subjects: subject,
            max_messages: Some(1),
            ..STREAMS.streams[0]
        }
    }
    const fn filters(filters: &'static [&'static str]) -> ConsumerDef<'static> {
        ConsumerDef {
            filters,
            ..STREAMS.consumers[0]
        }
    }
    const A: Streams = Streams {
        streams: &[more(&["a"])],
        consumers: &[filters(&["a"])],
    };
    const B: Streams = Streams {
        streams: &[more(&["b"])],
        consumers: &[filters(&["b", "orders:paid"])],
    };
    const C: Streams = Streams {
        streams: &[more(&["c.*"])],
        consumers: &[filters(&["c.*"])],
    };
    let other = connect(&server).await;
    let third = connect(&server).await;
    let (a, b, c) = tokio::join!(bus.ensure(&A), other.ensure(&B), third.ensure(&C));
    a.unwrap();
    b.unwrap();
    c.unwrap();
    let stream = bus.jetstream().get_stream("ORDERS").await.unwrap();
    let config = &stream.cached_info().config;
    let mut subjects = config.subjects.clone();
    subjects.sort();
    assert_eq!(
        subjects,
        ["a", "b", "c.*", "orders.*.placed", "orders:paid"]
    );
    assert_eq!(config.max_messages, -1, "a limit was changed");
    let consumer = stream.consumer_info("shop-workers").await.unwrap();
    let mut filters = consumer.config.filter_subjects.clone();
    filters.sort();
    assert_eq!(filters, ["a", "b", "c.*", "orders.*.placed", "orders:paid"]);
    let dead = bus.jetstream().get_stream("DEAD_LETTERS").await.unwrap();
    assert_eq!(
        dead.cached_info().config.subjects,
        ["dead_letters.>", "redrive.>"]
    );
    assert!(dead.consumer_info("redrive-shop").await.is_ok());
}
