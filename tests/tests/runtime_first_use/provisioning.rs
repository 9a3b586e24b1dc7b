//! A server that lacks what a service needs: all of it is named at once.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_runtime::async_nats::jetstream::consumer::pull;
use event_runtime::serde::{Deserialize, Serialize};
use event_runtime::{Bus, Config, Delivery, Error, Event, Listener, Shutdown, StreamDef, Streams};
use event_testing::TestServer;

use crate::support::{OrderPaid, OrderPlaced, SHOP, STREAMS, StockMoved, connect};

const APPLY: &str = "`event-contracts streams apply`";

/// What a listener for three events says, and that it says so soon.
async fn refused(bus: &Bus) -> Error {
    let listener = Listener::new(bus, SHOP, ())
        .on(|_: Arc<()>, _: Delivery<OrderPlaced>| async { Ok(()) })
        .on(|_: Arc<()>, _: Delivery<OrderPaid>| async { Ok(()) })
        .on(|_: Arc<()>, _: Delivery<StockMoved>| async { Ok(()) });
    let since = Instant::now();
    let error = listener.run(Shutdown::new()).await.unwrap_err();
    assert!(
        since.elapsed() < Duration::from_secs(1),
        "{:?}",
        since.elapsed()
    );
    println!("{error}\n");
    error
}

#[tokio::test]
async fn all_that_is_missing_is_named_at_once() {
    let server = TestServer::start().await.unwrap();
    let bus = connect(&server).await;
    let error = refused(&bus).await.to_string();
    for name in [
        "ORDERS",
        "STOCK",
        "DEAD_LETTERS",
        "shop-workers-p0, shop-workers-p1, shop-workers-p2, shop-workers-p3",
        "redrive-shop",
        APPLY,
    ] {
        assert!(error.contains(name), "{name}: {error}");
    }
    // Some of everything: a stream, a durable of one partition, another one that is too narrow in two ways.
    let streams = [
        StreamDef {
            subjects: &["orders.>", "orders:paid"],
            ..STREAMS.streams[0]
        },
        STREAMS.streams[1],
    ];
    event_operate::ensure(
        &bus,
        &Streams {
            streams: &streams,
            consumers: STREAMS.consumers,
        },
    )
    .await
    .unwrap();
    let jetstream = bus.jetstream();
    for (stream, name) in [("STOCK", "shop-workers-p2"), ("ORDERS", "shop-workers")] {
        jetstream
            .delete_consumer_from_stream(name, stream)
            .await
            .unwrap();
    }
    jetstream.delete_stream("DEAD_LETTERS").await.unwrap();
    let narrow = pull::Config {
        durable_name: Some("shop-workers".into()),
        filter_subject: "orders.eu.placed".into(),
        max_deliver: 3,
        ..Default::default()
    };
    jetstream
        .create_consumer_on_stream(narrow, "ORDERS")
        .await
        .unwrap();
    let error = refused(&bus).await;
    let Error::Unprovisioned { problems, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(problems.len(), 3, "{error}");
    let error = error.to_string();
    for text in [
        "the stream DEAD_LETTERS is missing, with its durable consumer redrive-shop",
        "the durable consumer shop-workers-p2 of the stream STOCK is missing",
        "the durable consumer shop-workers of the stream ORDERS does not deliver orders.*.placed, orders:paid, and gives a message up \
         after 3 deliveries",
        APPLY,
    ] {
        assert!(error.contains(text), "{text}: {error}");
    }
    assert!(!error.contains("shop-workers-p1"), "{error}");
    // One thing is the error that it is.
    event_operate::ensure(&bus, &STREAMS).await.unwrap();
    jetstream
        .delete_consumer_from_stream("shop-workers", "ORDERS")
        .await
        .unwrap();
    event_operate::ensure(&bus, &STREAMS).await.unwrap();
    jetstream
        .delete_consumer_from_stream("redrive-shop", "DEAD_LETTERS")
        .await
        .unwrap();
    let error = refused(&bus).await;
    assert!(
        matches!(&error, Error::MissingDurable { durable, .. } if durable == "redrive-shop"),
        "{error}"
    );
}

#[derive(Clone, Debug, Serialize, Deserialize, Event)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
#[event(
    name = "shop.Scanned",
    subject = "scans.{partition}.{item}",
    stream = "SCANS",
    id = "item",
    key = "item",
    partitions = 256
)]
struct Scanned {
    item: String,
}

#[tokio::test]
async fn many_durables_are_asked_for_at_once() {
    let server = TestServer::start().await.unwrap();
    let bus = connect(&server).await;
    bus.api::<event_runtime::Json>(
        "STREAM.CREATE.SCANS",
        &event_runtime::serde_json::json!({ "name": "SCANS", "subjects": ["scans.>"] }),
    )
    .await
    .unwrap();
    let listener =
        Listener::new(&bus, SHOP, ()).on(|_: Arc<()>, _: Delivery<Scanned>| async { Ok(()) });
    let since = Instant::now();
    let error = listener.run(Shutdown::new()).await.unwrap_err().to_string();
    assert!(
        since.elapsed() < Duration::from_secs(1),
        "{:?}",
        since.elapsed()
    );
    for partition in 0..256 {
        let name = format!("shop-workers-p{partition} ");
        assert!(error.contains(&name), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_server_or_an_account_without_jetstream_says_so() {
    // Of two blocks the last one counts.
    let server = TestServer::start_with("jetstream: false").await;
    let server = match server {
        Ok(server) => server,
        Err(error) => panic!("{error}"),
    };
    let error = refused(&connect(&server).await).await;
    assert!(matches!(error, Error::NoJetStream { .. }), "{error}");
    let address = server.url().replace("nats://", "");
    for text in [&*address, "nats-server -js", APPLY] {
        assert!(error.to_string().contains(text), "{error}");
    }
    let server = TestServer::start_with(
        "accounts { A: { users: [{ user: a, password: a }] }, B: { jetstream: enabled, users: [{ user: b, password: b }] } }",
    )
    .await
    .unwrap();
    let config = Config::new(&server.url()).unwrap();
    let bus = Bus::connect(config.user_and_password("a", "a"))
        .await
        .unwrap();
    let error = refused(&bus).await;
    assert!(matches!(error, Error::NoJetStream { .. }), "{error}");
    assert!(error.to_string().contains("account"), "{error}");
}

/// Permissions as operators write them, and a service that does not know of its inbox.
#[tokio::test]
async fn a_refused_inbox_names_the_variable_for_its_prefix() {
    let mut text = "authorization { users: [ { user: admin, password: a }, { user: shop, password: s, permissions: {".to_owned();
    write!(
        text,
        " publish: [\">\"], subscribe: [\"_INBOX_shop.>\"] }} }} ] }}"
    )
    .unwrap();
    let server = TestServer::start_with(&text).await.unwrap();
    let config = || {
        let config = Config::new(&server.url()).unwrap();
        config.user_and_password("shop", "s")
    };
    let admin = Config::new(&server.url()).unwrap();
    let admin = Bus::connect(admin.user_and_password("admin", "a"))
        .await
        .unwrap();
    event_operate::ensure(&admin, &STREAMS).await.unwrap();
    let bus = Bus::connect(config()).await.unwrap();
    let publishing = bus.publish(&OrderPaid { order_id: 1 }).await.unwrap_err();
    for error in [refused(&bus).await, publishing] {
        assert!(matches!(error, Error::Refused { .. }), "{error}");
        let error = error.to_string();
        assert!(error.contains("_INBOX"), "{error}");
        assert!(error.contains("NATS_INBOX_PREFIX"), "{error}");
    }
    // Which helps.
    let bus = Bus::connect(config().inbox_prefix("_INBOX_shop"))
        .await
        .unwrap();
    bus.publish(&OrderPaid { order_id: 1 }).await.unwrap();
}
