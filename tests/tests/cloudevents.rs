//! Events with the envelope `cloudevents`, from the contract to the wire and back: what is written, what is read, and what
//! becomes of what is no CloudEvent. The official SDKs are met in `examples/cloudevents.rs`.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::async_nats::{HeaderMap, HeaderValue, Message};
use event_runtime::dead_letter::{self, Cause};
use event_runtime::{
    Bus, CloudEvent, Config, DEAD_LETTERS, Delivery, Envelope, Error, Event, Failure, Filter, Meta,
    Shutdown, Start, Timestamp,
};
use event_testing::{Outcome, Recorder, TestServer};
use event_tests::generated::all_envelopes::{
    STREAMS,
    services::billing,
    shop::{OrderPlaced, OrderSeen, OrderShipped},
};
use futures_util::StreamExt;

const BODY: &str = r#"{"orderId":"7"}"#;

fn placed(order_id: &str) -> OrderPlaced {
    OrderPlaced {
        order_id: order_id.to_owned(),
    }
}

/// Keeps what it is delivered; the order `fail` is a dead letter.
#[derive(Clone, Default)]
struct Billing(Arc<Mutex<Vec<(String, Meta)>>>);

impl Billing {
    fn take(&self, order_id: String, meta: Meta) -> Result<(), Failure> {
        let failure = (order_id == "fail" && !meta.redriven).then(|| Failure::dead("no"));
        self.0.lock().unwrap().push((order_id, meta));
        failure.map_or(Ok(()), Err)
    }

    fn taken(&self) -> Vec<(String, Meta)> {
        self.0.lock().unwrap().clone()
    }
}

impl billing::Handlers for Billing {
    async fn order_placed(&self, delivery: Delivery<OrderPlaced>) -> Result<(), Failure> {
        self.take(delivery.event.order_id, delivery.meta)
    }

    async fn order_seen(&self, delivery: Delivery<OrderSeen>) -> Result<(), Failure> {
        self.take(delivery.event.order_id, delivery.meta)
    }

    async fn order_shipped(&self, delivery: Delivery<OrderShipped>) -> Result<(), Failure> {
        self.take(delivery.event.order_id, delivery.meta)
    }
}

async fn connect(server: &TestServer, name: &str) -> Bus {
    let config = Config::new(&server.url()).unwrap();
    Bus::connect(config.name(name)).await.unwrap()
}

/// A server with the streams of the contract.
async fn shop() -> (TestServer, Bus) {
    let server = TestServer::start().await.unwrap();
    let bus = connect(&server, "shop").await;
    event_operate::ensure(&bus, &STREAMS).await.unwrap();
    (server, bus)
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        map.append(*name, *value);
    }
    map
}

/// The envelope that another publisher sends for an order, with one header changed.
fn envelope(changed: Option<(&str, &str)>) -> HeaderMap {
    let mut map = headers(&[
        ("ce-specversion", "1.0"),
        ("ce-id", "a-1"),
        ("ce-source", "/legacy"),
        ("ce-type", "shop.OrderPlaced"),
    ]);
    if let Some((name, value)) = changed {
        map.insert(name, value);
    }
    map
}

fn get<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    let headers = message.headers.as_ref()?;
    headers.get(name).map(HeaderValue::as_str)
}

async fn until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..500 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what} did not happen");
}

#[tokio::test]
async fn every_way_to_publish_writes_the_headers() {
    assert_eq!(OrderPlaced::ENVELOPE, Envelope::CloudEvents);
    assert_eq!(OrderShipped::ENVELOPE, Envelope::Plain);
    let (server, bus) = shop().await;
    let other = connect(&server, "B\u{fc}ro K\u{f6}ln\r\nX: y").await;
    let mut seen = bus.client().subscribe("orders.>").await.unwrap();
    bus.client().flush().await.unwrap();
    let before: Timestamp = std::time::SystemTime::now().into();
    let first = placed("1 \u{20ac}").publish(&bus).await.unwrap();
    let again = placed("1 \u{20ac}").publish(&bus).await.unwrap();
    assert!(!first.duplicate && again.duplicate);
    placed("2").enqueue(&other).await.unwrap().await.unwrap();
    let batch = bus.publish_all([placed("3")]).await;
    assert_eq!(batch.into_result().unwrap(), 1);
    let event = OrderSeen {
        order_id: "4".into(),
    };
    event.emit(&bus).await.unwrap();
    let event = OrderShipped {
        order_id: "5".into(),
    };
    event.publish(&bus).await.unwrap();

    let mut messages = Vec::new();
    for _ in 0..6 {
        messages.push(seen.next().await.unwrap());
    }
    // Four have an envelope and a message id, one was emitted, and one is plain.
    for (n, id, source) in [
        (0, "shop.OrderPlaced:1%20%E2%82%AC", "shop"),
        (1, "shop.OrderPlaced:1%20%E2%82%AC", "shop"),
        (
            2,
            "shop.OrderPlaced:2",
            "B%25C3%25BCro%2520K%25C3%25B6ln%250D%250AX%253A%2520y",
        ),
        (3, "shop.OrderPlaced:3", "shop"),
    ] {
        let message = &messages[n];
        assert_eq!(message.headers.as_ref().unwrap().len(), 7, "{message:?}");
        assert_eq!(get(message, "ce-id"), Some(id));
        assert_eq!(get(message, "ce-source"), Some(source));
        assert_eq!(get(message, "ce-type"), Some("shop.OrderPlaced"));
        assert_eq!(get(message, "ce-specversion"), Some("1.0"));
        assert_eq!(get(message, "ce-datacontenttype"), Some("application/json"));
        let time: Timestamp = get(message, "ce-time").unwrap().parse().unwrap();
        // Written in microseconds.
        assert!(
            time + Duration::from_micros(1) > before && time <= std::time::SystemTime::now().into()
        );
    }
    assert_eq!(
        get(&messages[0], "Nats-Msg-Id"),
        Some("shop.OrderPlaced:1 \u{20ac}")
    );
    assert_eq!(
        &messages[0].payload[..],
        "{\"orderId\":\"1 \u{20ac}\"}".as_bytes()
    );
    let emitted = &messages[4];
    assert_eq!(emitted.headers.as_ref().unwrap().len(), 6, "{emitted:?}");
    let id = get(emitted, "ce-id").unwrap();
    assert!(id.starts_with("shop.OrderSeen:") && id.len() == 51, "{id}");
    assert_eq!(messages[5].headers.as_ref().unwrap().len(), 1);
}

#[tokio::test]
async fn the_source_is_the_service_and_must_have_a_name() {
    let (server, _) = shop().await;
    let config = || Config::new(&server.url()).unwrap();
    let nameless = Bus::connect(config().name("").service("")).await.unwrap();
    let event = OrderSeen {
        order_id: "1".into(),
    };
    for result in [
        placed("1").publish(&nameless).await.map(drop),
        placed("1").enqueue(&nameless).await.map(drop),
        nameless
            .publish_all([placed("1")])
            .await
            .into_result()
            .map(drop),
        event.emit(&nameless).await,
    ] {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::NoSource { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("Config::service") && text.contains("NATS_NAME"),
            "{text}"
        );
    }
    // A plain event says nothing of its publisher.
    let plain = OrderShipped {
        order_id: "1".into(),
    };
    assert_eq!(plain.publish(&nameless).await.unwrap().sequence, 1);

    let bus = Bus::connect(config().name("pod-3").service("billing"))
        .await
        .unwrap();
    let mut orders = OrderPlaced::subscribe(&bus).await.unwrap();
    placed("1").publish(&bus).await.unwrap();
    let meta = orders.next().await.unwrap().unwrap().meta;
    assert_eq!(meta.cloud_event.unwrap().source, "billing");
}

#[tokio::test]
async fn a_listener_knows_what_the_publisher_said() {
    let (server, bus) = shop().await;
    let publisher = connect(&server, "B\u{fc}ro/eu").await;
    let billing = Billing::default();
    let hooked = Arc::new(Mutex::new(Vec::new()));
    let listener = billing::listener(&bus, billing.clone()).around({
        let hooked = Arc::clone(&hooked);
        move |meta: Arc<Meta>, next| {
            hooked.lock().unwrap().push(meta.cloud_event.clone());
            async move { next.run().await }
        }
    });
    let shutdown = Shutdown::new();
    let running = tokio::spawn(listener.run(shutdown.clone()));

    placed("\u{e9} 1").publish(&publisher).await.unwrap();
    until("1", || billing.taken().len() == 1).await;
    // A peer that knows of no envelope, one that writes headers, and one that sends the whole in the body.
    let js = bus.jetstream();
    js.publish("orders.placed", r#"{"orderId":"2"}"#.into())
        .await
        .unwrap()
        .await
        .unwrap();
    js.publish_with_headers("orders.placed", envelope(None), r#"{"orderId":"3"}"#.into())
        .await
        .unwrap()
        .await
        .unwrap();
    let whole = r#"{"specversion":"1.0","id":"b-1","source":"urn:x","type":"shop.OrderPlaced","time":"2026-01-02T03:04:05Z","data":{"orderId":"4"}}"#;
    let structured = headers(&[("Content-Type", "application/cloudevents+json")]);
    js.publish_with_headers("orders.placed", structured, whole.into())
        .await
        .unwrap()
        .await
        .unwrap();
    let seen = OrderSeen {
        order_id: "5".into(),
    };
    until("the stored ones", || billing.taken().len() == 4).await;
    // Whoever does not listen yet is not told.
    while billing.taken().len() == 4 {
        seen.emit(&publisher).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    shutdown.stop();
    let report = running.await.unwrap().unwrap();
    assert_eq!(report.handled, report.delivered, "{report:?}");

    let mut taken = billing.taken();
    taken.sort_by(|a, b| a.0.cmp(&b.0));
    taken.dedup_by(|a, b| a.0 == b.0);
    let events: Vec<Option<CloudEvent>> = taken
        .iter()
        .map(|(_, meta)| meta.cloud_event.clone())
        .collect();
    assert_eq!(events[0], None);
    assert_eq!(
        events[1],
        Some(CloudEvent::new("a-1", "/legacy", "shop.OrderPlaced"))
    );
    let mut fourth = CloudEvent::new("b-1", "urn:x", "shop.OrderPlaced");
    fourth.time = "2026-01-02T03:04:05Z".parse().ok();
    assert_eq!(events[2], Some(fourth));
    let fifth = events[3].clone().unwrap();
    assert_eq!(
        (&*fifth.source, &*fifth.event_type),
        ("B%C3%BCro/eu", "shop.OrderSeen")
    );
    let (order, meta) = &taken[4];
    let own = events[4].clone().unwrap();
    assert_eq!(order, "\u{e9} 1");
    assert_eq!(own.id, "shop.OrderPlaced:\u{e9} 1");
    assert_eq!(meta.id.as_deref(), Some(&*own.id));
    assert_eq!(own.source, "B%C3%BCro/eu");
    assert!(own.time.unwrap() <= meta.time.unwrap() + Duration::from_secs(1));
    // The hook sees the same.
    let hooked = hooked.lock().unwrap();
    for event in &events {
        assert!(hooked.contains(event), "{event:?}");
    }
}

#[tokio::test]
async fn dead_letters_and_redrives_keep_the_envelope() {
    let (server, bus) = shop().await;
    let publisher = connect(&server, "publisher").await;
    let billing = Billing::default();
    let shutdown = Shutdown::new();
    let running = tokio::spawn(billing::listener(&bus, billing.clone()).run(shutdown.clone()));
    placed("fail").publish(&publisher).await.unwrap();
    let js = bus.jetstream();
    let wrong = envelope(Some(("ce-type", "shop.OrderShipped")));
    js.publish_with_headers("orders.placed", wrong, BODY.into())
        .await
        .unwrap()
        .await
        .unwrap();
    // As large as headers may be: beside what a dead letter says there is no room for it.
    let mut large = envelope(Some(("ce-specversion", "2.0")));
    large.insert("ce-large", "x".repeat(65_300));
    js.publish_with_headers("orders.placed", large, BODY.into())
        .await
        .unwrap()
        .await
        .unwrap();
    let dead = js.get_stream(DEAD_LETTERS).await.unwrap();
    for _ in 0..500 {
        if dead.get_info().await.unwrap().state.messages == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut letters = Vec::new();
    for sequence in 1..=3 {
        let message = dead.get_raw_message(sequence).await.unwrap();
        letters.push(message);
    }
    let header = |n: usize, name: &str| {
        letters[n]
            .headers
            .get(name)
            .map(|value| value.as_str().to_owned())
    };
    let at = |reason: &str| {
        (0..3)
            .find(|n| header(*n, dead_letter::REASON).as_deref() == Some(reason))
            .unwrap()
    };
    let failed = at("dead");
    assert_eq!(
        header(failed, "ce-id").as_deref(),
        Some("shop.OrderPlaced:fail")
    );
    assert_eq!(header(failed, "ce-source").as_deref(), Some("publisher"));
    assert_eq!(
        header(at("contradiction"), "ce-type").as_deref(),
        Some("shop.OrderShipped")
    );
    let stripped = at("undecodable");
    assert_eq!(header(stripped, "ce-large"), None);
    assert_eq!(header(stripped, "ce-specversion"), None);
    assert_eq!(&letters[stripped].payload[..], BODY.as_bytes());
    assert!(
        header(stripped, dead_letter::DETAIL)
            .unwrap()
            .contains("ce-specversion is not 1.0")
    );

    bus.redrive(letters[failed].sequence, 1).await.unwrap();
    until("the redrive", || billing.taken().len() == 2).await;
    shutdown.stop();
    running.await.unwrap().unwrap();
    let taken = billing.taken();
    let (first, second) = (&taken[0].1, &taken[1].1);
    assert!(second.redriven);
    assert_eq!(first.cloud_event, second.cloud_event);
    assert_eq!(second.cloud_event.as_ref().unwrap().source, "publisher");
    assert_eq!(first.id, second.id);
}

#[tokio::test]
async fn a_subscription_reads_the_envelope_too() {
    let (_server, bus) = shop().await;
    let js = bus.jetstream();
    for headers in [
        envelope(None),
        HeaderMap::new(),
        envelope(Some(("ce-type", "x"))),
        envelope(Some(("ce-datacontenttype", "text/xml"))),
    ] {
        js.publish_with_headers("orders.placed", headers, BODY.into())
            .await
            .unwrap()
            .await
            .unwrap();
    }
    let filter = Filter::<OrderPlaced>::all().start(Start::All);
    let mut orders = bus.subscribe(filter).await.unwrap();
    let first = orders.next().await.unwrap().unwrap();
    assert_eq!(first.event, placed("7"));
    assert_eq!(first.meta.cloud_event.unwrap().id, "a-1");
    assert!(
        orders
            .next()
            .await
            .unwrap()
            .unwrap()
            .meta
            .cloud_event
            .is_none()
    );
    for expected in [
        "shop.OrderPlaced: ce-type names another event than the subject does",
        "shop.OrderPlaced: ce-datacontenttype is not JSON (application/json)",
    ] {
        let error = orders.next().await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Decode(_)), "{error:?}");
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn a_recorder_delivers_envelopes() {
    let mut recorder = Recorder::new(|bus| billing::listener(bus, Billing::default()))
        .await
        .unwrap();
    // Its own.
    assert!(recorder.deliver(&placed("7")).await.unwrap().is_handled());
    let event = OrderSeen {
        order_id: "8".into(),
    };
    assert!(
        recorder
            .deliver_ephemeral(&event)
            .await
            .unwrap()
            .is_handled()
    );
    for ((_, meta), (id, kind)) in recorder.handlers().taken().iter().zip([
        ("shop.OrderPlaced:7", "shop.OrderPlaced"),
        ("shop.OrderSeen:", "shop.OrderSeen"),
    ]) {
        let event = meta.cloud_event.as_ref().unwrap();
        assert!(event.id.starts_with(id), "{event:?}");
        assert_eq!((&*event.source, &*event.event_type), ("recorder", kind));
    }
    // A mirror has changed the subject: the type says what it is.
    let delivered = recorder
        .deliver_raw("mirrored.orders", BODY)
        .headers(&envelope(None))
        .await
        .unwrap();
    assert!(delivered.is_handled(), "{delivered:?}");
    let delivered = recorder
        .deliver_raw("mirrored.orders", BODY)
        .attempt(9)
        .await
        .unwrap();
    assert!(
        matches!(
            delivered.outcome,
            Outcome::Dead {
                cause: Cause::NoOutcome | Cause::Unknown,
                ..
            }
        ),
        "{delivered:?}"
    );
    // A plain event has no envelope, whatever headers it has.
    let odd = headers(&[("ce-type", "shop.OrderPlaced"), ("ce-specversion", "9")]);
    let delivered = recorder
        .deliver_raw("orders.shipped", BODY)
        .headers(&odd)
        .await
        .unwrap();
    assert!(delivered.is_handled(), "{delivered:?}");
    assert_eq!(
        recorder.handlers().taken().last().unwrap().1.cloud_event,
        None
    );

    // Nobody is asked again about what will never be a CloudEvent.
    for (changed, cause, expected) in [
        (
            ("ce-specversion", "0.3"),
            Cause::Undecodable,
            "ce-specversion is not 1.0",
        ),
        (
            ("ce-type", "shop.OrderShipped"),
            Cause::Contradiction,
            "ce-type names another event than the subject does",
        ),
        (
            ("ce-datacontenttype", "application/avro"),
            Cause::Undecodable,
            "ce-datacontenttype is not JSON (application/json)",
        ),
        (
            ("ce-id", "%ff"),
            Cause::Undecodable,
            "the header ce-id is not percent-encoded UTF-8",
        ),
    ] {
        let delivered = recorder
            .deliver_raw("orders.placed", BODY)
            .headers(&envelope(Some(changed)))
            .await
            .unwrap();
        let reason = format!("shop.OrderPlaced: {expected}");
        assert_eq!(delivered.outcome, Outcome::Dead { cause, reason });
        let letter = delivered.dead_letter.unwrap();
        assert_eq!(letter.headers.get(changed.0).unwrap().as_str(), changed.1);
    }
    let lost = recorder
        .deliver_raw("orders.seen", BODY)
        .headers(&envelope(None))
        .await
        .unwrap();
    assert_eq!(
        lost.outcome,
        Outcome::Dropped {
            reason: "shop.OrderSeen: ce-type names another event than the subject does".into()
        }
    );
    // What a header cannot carry never becomes one.
    for bad in ["", "a\r\nce-type: x", " a"] {
        assert!(matches!(
            recorder.deliver(&placed(bad)).await,
            Err(Error::Subject { .. })
        ));
    }
}
