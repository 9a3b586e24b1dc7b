//! Dead letters: stored before the original is given up, once per window, whole or by reference, and redriven to their
//! own service only.

#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use event_runtime::async_nats::jetstream::consumer::PullConsumer;
use event_runtime::async_nats::jetstream::message::PublishMessage;
use event_runtime::dead_letter::{BODY, DETAIL, REASON, SEQUENCE};
use event_runtime::serde::{Deserialize, Serialize};
use event_runtime::{
    Bus, ConsumerDef, DEAD_LETTERS, Delivery, Error, Event, Failure, Json, Listener, Service,
    Shutdown, Streams, serde_json,
};
use event_testing::TestServer;
use serde_json::json;
use support::{
    OrderPlaced, SHOP, STREAMS, Seen, connect, count, message, order, pending, shop, until,
};

event_runtime::wire_enum!(Side, closed { Left = "left", Right = "right" });
/// A side, and there is no third.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Event)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
#[event(name = "shop.Turned", subject = "orders:paid", stream = "ORDERS")]
pub struct Turned {
    pub side: Side,
    pub text: String,
}

/// A listener that takes nothing: every event goes to the dead letters at once.
fn refusing(bus: &Bus, service: Service, shutdown: &Shutdown, seen: &Seen<(i64, bool)>) {
    let listener = Listener::new(bus, service, seen.clone()).on(
        |seen: Arc<Seen<(i64, bool)>>, delivery: Delivery<OrderPlaced>| async move {
            seen.push((delivery.event.order_id, delivery.meta.redriven));
            Err(Failure::dead("closed today"))
        },
    );
    tokio::spawn(listener.run(shutdown.clone()));
}

async fn dead_letters(bus: &Bus, wanted: u64) {
    until("the dead letters are there", async || {
        count(bus, DEAD_LETTERS).await == wanted
    })
    .await;
}

async fn api(bus: &Bus, subject: &str, request: &Json) -> Json {
    let answer: Json = bus
        .jetstream()
        .request(subject.to_owned(), request)
        .await
        .unwrap();
    assert!(answer.get("error").is_none(), "{answer}");
    answer
}

/// A burial whose acknowledgement was lost comes again with its delivery; the stream has it already.
#[tokio::test]
async fn a_dead_letter_is_stored_once_per_window() {
    let (_server, bus) = shop().await;
    bus.publish(&order(7)).await.unwrap();
    let info = api(&bus, "CONSUMER.INFO.ORDERS.shop-workers", &json!({})).await;
    let created = info["created"].as_str().unwrap();
    let earlier = PublishMessage::build()
        .message_id(format!("dead:ORDERS:shop-workers:{created}:1"))
        .payload("an earlier burial of the same delivery".into());
    bus.jetstream()
        .send_publish("dead_letters.shop.orders.eu.placed", earlier)
        .await
        .unwrap()
        .await
        .unwrap();
    let (shutdown, seen) = (Shutdown::new(), Seen::default());
    refusing(&bus, SHOP, &shutdown, &seen);
    until("the original is given up", async || {
        pending(&bus, "ORDERS", "shop-workers").await == (0, 0)
    })
    .await;
    assert_eq!((bus.stats().dead_lettered, bus.stats().duplicates), (1, 1));
    assert_eq!(count(&bus, DEAD_LETTERS).await, 1);
    // The same event again, later in the stream, is another delivery.
    bus.publish(&order(8)).await.unwrap();
    dead_letters(&bus, 2).await;
    shutdown.stop();
}

#[tokio::test]
async fn an_event_is_given_up_only_when_its_dead_letter_is_stored() {
    let (_server, bus) = shop().await;
    let info = api(&bus, "STREAM.INFO.DEAD_LETTERS", &json!({})).await;
    let config = |max: i64| {
        let mut config = info["config"].clone();
        config["max_msgs"] = json!(max);
        config["discard"] = json!("new");
        config
    };
    api(&bus, "STREAM.UPDATE.DEAD_LETTERS", &config(1)).await;
    let (shutdown, seen) = (Shutdown::new(), Seen::default());
    let service = SHOP.retry(3, Duration::from_millis(50), Duration::from_millis(100));
    refusing(&bus, service, &shutdown, &seen);
    bus.publish(&order(1)).await.unwrap();
    dead_letters(&bus, 1).await;
    // There is no room for a second one: its event stays, and is tried again.
    bus.publish(&order(2)).await.unwrap();
    let tries = || seen.all().iter().filter(|(id, _)| *id == 2).count();
    until("it is tried again and again", async || tries() >= 2).await;
    assert_eq!(count(&bus, DEAD_LETTERS).await, 1);
    assert_eq!(pending(&bus, "ORDERS", "shop-workers").await.0, 1);
    api(&bus, "STREAM.UPDATE.DEAD_LETTERS", &config(-1)).await;
    dead_letters(&bus, 2).await;
    until("it is given up", async || {
        pending(&bus, "ORDERS", "shop-workers").await == (0, 0)
    })
    .await;
    shutdown.stop();
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_a_reference_and_an_unknown_word_a_reason() {
    let server = TestServer::start_with("max_payload: 2048").await.unwrap();
    let bus = connect(&server).await;
    event_operate::ensure(&bus, &STREAMS).await.unwrap();
    let large = Turned {
        side: Side::Left,
        text: "x".repeat(1_850),
    };
    bus.publish(&large).await.unwrap();
    bus.jetstream()
        .publish("orders:paid", r#"{"side":"up","text":""}"#.into())
        .await
        .unwrap()
        .await
        .unwrap();
    let listener = Listener::new(&bus, SHOP, ())
        .on(|_: Arc<()>, _: Delivery<Turned>| async { Err(Failure::dead("no")) });
    let shutdown = Shutdown::new();
    tokio::spawn(listener.run(shutdown.clone()));
    dead_letters(&bus, 2).await;
    let mut letters = Vec::new();
    for sequence in [1, 2] {
        letters.push(message(&bus, DEAD_LETTERS, sequence).await);
    }
    let header = |at: usize, name: &str| {
        let value = letters[at].headers.get(name);
        value.map(|value| value.as_str().to_owned())
    };
    let at = |sequence: &str| {
        let of = |at: &usize| header(*at, SEQUENCE).as_deref() == Some(sequence);
        (0..2).find(of).unwrap()
    };
    let (large, unknown) = (at("1"), at("2"));
    assert_eq!(header(large, BODY).as_deref(), Some("omitted"));
    let body: Json = serde_json::from_slice(&letters[large].payload).unwrap();
    assert_eq!(body, json!({ "stream": "ORDERS", "sequence": 1 }));
    let error = bus.redrive(letters[large].sequence, 1).await.unwrap_err();
    assert!(
        matches!(&error, Error::Server { description, .. } if description.contains("too large")),
        "{error}"
    );
    assert_eq!(header(unknown, REASON).as_deref(), Some("undecodable"));
    assert!(header(unknown, DETAIL).unwrap().contains("at side"));
    assert_eq!(header(unknown, BODY), None);
    shutdown.stop();
}

#[tokio::test]
async fn a_redrive_is_for_its_own_service_alone() {
    const LEDGER: ConsumerDef = ConsumerDef {
        service: "ledger",
        durable: "ledger",
        ..STREAMS.consumers[0]
    };
    const BOTH: Streams = Streams {
        streams: STREAMS.streams,
        consumers: &[STREAMS.consumers[0], LEDGER],
    };
    let server = TestServer::start().await.unwrap();
    let bus = connect(&server).await;
    event_operate::ensure(&bus, &BOTH).await.unwrap();
    let shutdown = Shutdown::new();
    let (shop, ledger) = (Seen::default(), Arc::new(AtomicU64::new(0)));
    refusing(&bus, SHOP, &shutdown, &shop);
    let listener = Listener::new(&bus, Service::new("ledger"), Arc::clone(&ledger)).on(
        |ledger: Arc<Arc<AtomicU64>>, _: Delivery<OrderPlaced>| async move {
            ledger.fetch_add(1, Ordering::SeqCst);
            Ok(())
        },
    );
    tokio::spawn(listener.run(shutdown.clone()));
    bus.publish(&order(1)).await.unwrap();
    dead_letters(&bus, 1).await;
    // Well within the window of the original's id, which must not swallow it.
    bus.redrive(1, 1).await.unwrap();
    bus.redrive(1, 2).await.unwrap();
    until("both redrives are seen", async || shop.len() == 3).await;
    until("the ledger has all it gets", async || {
        pending(&bus, "ORDERS", "ledger").await == (0, 0)
            && pending(&bus, DEAD_LETTERS, "redrive-ledger").await == (0, 0)
    })
    .await;
    assert_eq!(shop.all(), [(1, false), (1, true), (1, true)]);
    assert_eq!(ledger.load(Ordering::SeqCst), 1);
    // The stream of the originals has nothing new.
    assert_eq!(count(&bus, "ORDERS").await, 1);
    shutdown.stop();
}

#[tokio::test]
async fn the_window_outlasts_the_longest_wait_and_no_durable_gives_up() {
    const SLOW: ConsumerDef = ConsumerDef {
        ack_wait: Duration::from_secs(90),
        max_delay: Duration::from_secs(300),
        ..STREAMS.consumers[0]
    };
    const LONG: Streams = Streams {
        streams: STREAMS.streams,
        consumers: &[SLOW],
    };
    let server = TestServer::start().await.unwrap();
    let bus = connect(&server).await;
    event_operate::ensure(&bus, &LONG).await.unwrap();
    let stream = bus.jetstream().get_stream(DEAD_LETTERS).await.unwrap();
    let window = stream.cached_info().config.duplicate_window;
    assert!(window >= Duration::from_secs(600), "{window:?}");
    for (stream, durable) in [("ORDERS", "shop-workers"), (DEAD_LETTERS, "redrive-shop")] {
        let consumer: PullConsumer = bus
            .jetstream()
            .get_consumer_from_stream(durable, stream)
            .await
            .unwrap();
        assert_eq!(consumer.cached_info().config.max_deliver, -1, "{durable}");
    }
}
