//! The other side of an official CloudEvents SDK, over a real server: `cloudevents COMMAND…` runs a peer that reads what is
//! published here and publishes in every way that its SDK knows, and compares what each side understood.
//! `tests/cloudevents.sh` builds and runs it.
//!
//! The peer says lines of JSON: `ready` once it subscribes, `read` for each CloudEvent, `sent` for each of its own.

// A comparison that cannot go on has failed, and says where.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::serde_json::{self, Value, json};
use event_runtime::{Bus, Config, Delivery, Failure, Meta, Shutdown, Timestamp};
use event_testing::TestServer;
use event_tests::generated::all_envelopes::{
    STREAMS,
    services::billing,
    shop::{OrderPlaced, OrderSeen, OrderShipped},
};

/// A name of which nothing can stay as it is: not in a URI, and not in a header.
const NAME: &str = "B\u{fc}ro K\u{f6}ln \"\u{1f600}\" 100%";
const SOURCE: &str = "B%C3%BCro%20K%C3%B6ln%20%22%F0%9F%98%80%22%20100%25";
/// An id with everything that the binding encodes.
const ID: &str = "Z\u{fc}rich \"50%\" \u{1f600} %41";
/// How many events the peer publishes.
const SENT: usize = 3;

/// Keeps what it is delivered.
#[derive(Clone, Default)]
struct Billing(Arc<Mutex<BTreeMap<String, Meta>>>);

impl billing::Handlers for Billing {
    async fn order_placed(&self, delivery: Delivery<OrderPlaced>) -> Result<(), Failure> {
        let order = delivery.event.order_id;
        self.0.lock().unwrap().insert(order, delivery.meta);
        Ok(())
    }

    async fn order_seen(&self, _: Delivery<OrderSeen>) -> Result<(), Failure> {
        Ok(())
    }

    async fn order_shipped(&self, _: Delivery<OrderShipped>) -> Result<(), Failure> {
        Ok(())
    }
}

#[tokio::main]
async fn main() {
    let mut command: Vec<String> = std::env::args().skip(1).collect();
    assert!(!command.is_empty(), "usage: cloudevents COMMAND…");
    let program = command.remove(0);
    let server = TestServer::start().await.unwrap();
    let connect = |name: &'static str| Bus::connect(Config::new(&server.url()).unwrap().name(name));
    let (bus, plain_name) = (
        connect(NAME).await.unwrap(),
        connect("/shop").await.unwrap(),
    );
    event_operate::ensure(&bus, &STREAMS).await.unwrap();

    let mut peer = Command::new(program)
        .args(command)
        .arg("3")
        .env("NATS_URL", server.url())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(peer.stdout.take().unwrap()).lines();
    next(&mut lines, "ready");
    read(&bus, &plain_name, &mut lines).await;
    written(&bus, &mut lines).await;
    assert!(peer.wait().unwrap().success());
}

/// What the peer says next.
fn next(lines: &mut Lines<BufReader<ChildStdout>>, what: &str) -> Value {
    let line = lines
        .next()
        .unwrap_or_else(|| panic!("the peer ended before it said {what:?}"));
    let said: Value = serde_json::from_str(&line.unwrap()).unwrap();
    said.get(what)
        .unwrap_or_else(|| panic!("the peer said {said} and not {what:?}"))
        .clone()
}

/// Rust publishes, and the SDK understands the same as a subscription here.
async fn read(bus: &Bus, plain_name: &Bus, lines: &mut Lines<BufReader<ChildStdout>>) {
    let mut placed = OrderPlaced::subscribe(bus).await.unwrap();
    let mut seen = OrderSeen::subscribe(bus).await.unwrap();
    let event = |id: &str| OrderPlaced {
        order_id: id.to_owned(),
    };
    event(ID).publish(bus).await.unwrap();
    event("plain").publish(plain_name).await.unwrap();
    OrderSeen {
        order_id: "seen".into(),
    }
    .emit(bus)
    .await
    .unwrap();
    let stored = [
        placed.next().await.unwrap().unwrap(),
        placed.next().await.unwrap().unwrap(),
    ];
    let [first, second] = stored.map(|delivery| delivery.meta.cloud_event.unwrap());
    let third = seen
        .next()
        .await
        .unwrap()
        .unwrap()
        .meta
        .cloud_event
        .unwrap();
    for (event, id, source, name, order) in [
        (
            &first,
            format!("shop.OrderPlaced:{ID}"),
            SOURCE,
            "shop.OrderPlaced",
            ID,
        ),
        (
            &second,
            "shop.OrderPlaced:plain".into(),
            "/shop",
            "shop.OrderPlaced",
            "plain",
        ),
        (&third, third.id.clone(), SOURCE, "shop.OrderSeen", "seen"),
    ] {
        let mut read = next(lines, "read");
        let time = read["time"].take();
        let time: Timestamp = time.as_str().unwrap().parse().unwrap();
        // Of JavaScript's clock the milliseconds are left.
        let apart = (event.time.unwrap() - time).num_microseconds().unwrap();
        assert!((0..1_000).contains(&apart), "{read}: {time}");
        let expected = json!({
            "id": id,
            "source": source,
            "type": name,
            "time": null,
            "specversion": "1.0",
            "datacontenttype": "application/json",
            "data": { "orderId": order },
        });
        assert_eq!(read, expected);
        println!("read    {}", read["id"]);
    }
}

/// The SDK publishes, and the typed listener understands what it meant.
async fn written(bus: &Bus, lines: &mut Lines<BufReader<ChildStdout>>) {
    let sent: Vec<Value> = (0..SENT).map(|_| next(lines, "sent")).collect();
    let billing = Billing::default();
    let shutdown = Shutdown::new();
    let running = tokio::spawn({
        let (bus, billing, shutdown) = (bus.clone(), billing.clone(), shutdown.clone());
        async move { billing::listen(&bus, billing, shutdown).await }
    });
    for _ in 0..500 {
        if billing.0.lock().unwrap().len() >= SENT + 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    shutdown.stop();
    let report = running.await.unwrap().unwrap();
    // Two of our own and all of the peer's, none of them a second time and none a dead letter.
    let handled = u64::try_from(SENT).unwrap() + 2;
    assert_eq!(
        (report.delivered, report.handled),
        (handled, handled),
        "{report:?}"
    );
    let handled = billing.0.lock().unwrap();
    for sent in sent {
        let order = sent["order"].as_str().unwrap();
        let meta = &handled[order];
        let event = meta.cloud_event.as_ref().unwrap();
        assert_eq!(
            meta.id.as_deref(),
            Some(&*format!("shop.OrderPlaced:{order}"))
        );
        assert_eq!(event.id, sent["id"]);
        assert_eq!(event.source, sent["source"]);
        assert_eq!(event.event_type, sent["type"]);
        let time: Timestamp = sent["time"].as_str().unwrap().parse().unwrap();
        assert_eq!(event.time, Some(time));
        println!("handled {order}");
    }
}
