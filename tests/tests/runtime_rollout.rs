//! A compatible change is rolled out: old and new readers and writers run side by side, replica by replica, under load.
//! Nothing is lost, nothing becomes a dead letter, and what an old build does not know it keeps.

#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use event_runtime::{
    Bus, Delivery, Error, Event, ListenReport, Listener, Shutdown, Stored, serde_json,
};
use support::{SHOP, Seen, count, pending, shop, until};
use tokio::task::JoinHandle;

/// The event before the change.
mod old {
    use event_runtime::{
        Event,
        serde::{Deserialize, Serialize},
    };

    #[derive(Clone, Debug, PartialEq)]
    pub enum Status {
        Pending,
        Unknown(String),
    }
    event_runtime::wire_enum!(Status, open(Unknown) { Pending = "pending" });

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Event)]
    #[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
    #[event(
        name = "shop.OrderPlaced",
        subject = "orders.{region}.placed",
        stream = "ORDERS",
        id = "order_id"
    )]
    pub struct OrderPlaced {
        pub order_id: i64,
        pub region: String,
        pub status: Status,
    }
}

/// The same event after it: a further value of an open enum, an optional field, and one with a default.
mod new {
    use event_runtime::{
        Event,
        serde::{Deserialize, Serialize},
    };

    #[derive(Clone, Debug, PartialEq)]
    pub enum Status {
        Pending,
        Paid,
        Unknown(String),
    }
    event_runtime::wire_enum!(Status, open(Unknown) { Pending = "pending", Paid = "paid" });

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Event)]
    #[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
    #[event(
        name = "shop.OrderPlaced",
        subject = "orders.{region}.placed",
        stream = "ORDERS",
        id = "order_id"
    )]
    pub struct OrderPlaced {
        pub order_id: i64,
        pub region: String,
        pub status: Status,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub note: Option<String>,
        #[serde(default)]
        pub priority: i64,
    }
}

/// The ids that old writers use are below this, those of new ones from it on.
const NEW: i64 = 10_000;

fn of_old(order_id: i64) -> old::OrderPlaced {
    old::OrderPlaced {
        order_id,
        region: "eu".to_owned(),
        status: old::Status::Pending,
    }
}

fn of_new(order_id: i64) -> new::OrderPlaced {
    new::OrderPlaced {
        order_id,
        region: "eu".to_owned(),
        status: new::Status::Paid,
        note: Some("gift".to_owned()),
        priority: 7,
    }
}

/// Both writers at once; each event is stored when this returns.
async fn write(bus: &Bus, ids: Range<i64>) {
    async fn all<E: Stored>(bus: &Bus, ids: Range<i64>, make: fn(i64) -> E) {
        for id in ids {
            bus.publish(&make(id)).await.unwrap();
        }
    }
    let newer = ids.start + NEW..ids.end + NEW;
    tokio::join!(all(bus, ids, of_old), all(bus, newer, of_new));
}

/// One replica of the service, in one of its builds.
struct Replica {
    shutdown: Shutdown,
    running: JoinHandle<Result<ListenReport, Error>>,
}

fn start<E: Event + Clone>(bus: &Bus, seen: &Seen<E>) -> Replica {
    let shutdown = Shutdown::new();
    let listener = Listener::new(bus, SHOP, seen.clone()).on(
        |seen: Arc<Seen<E>>, delivery: Delivery<E>| async move {
            seen.push(delivery.event);
            Ok(())
        },
    );
    Replica {
        running: tokio::spawn(listener.run(shutdown.clone())),
        shutdown,
    }
}

impl Replica {
    async fn stop(self) -> ListenReport {
        self.shutdown.stop();
        self.running.await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn old_and_new_builds_side_by_side_lose_nothing() {
    let (_server, bus) = shop().await;
    let (by_old, by_new) = (Seen::default(), Seen::default());
    let seen = || by_old.len() + by_new.len();
    let mut reports = Vec::new();

    // Only readers of the old build, and already a writer of the new one.
    let first = start::<old::OrderPlaced>(&bus, &by_old);
    let second = start::<old::OrderPlaced>(&bus, &by_old);
    write(&bus, 0..50).await;
    until("the old build reads both", async || seen() >= 100).await;
    let old_only = by_old.all();

    // Replica by replica, while both writers go on.
    let (report, ()) = tokio::join!(first.stop(), write(&bus, 50..100));
    reports.push(report);
    let first = start::<new::OrderPlaced>(&bus, &by_new);
    write(&bus, 100..150).await;
    let (report, ()) = tokio::join!(second.stop(), write(&bus, 150..200));
    reports.push(report);
    let second = start::<new::OrderPlaced>(&bus, &by_new);
    until("both builds have read all", async || seen() >= 400).await;

    // Only readers of the new build, and a writer that is late.
    let before = by_new.len();
    write(&bus, 200..250).await;
    until("the new build reads both", async || seen() >= 500).await;
    let new_only = by_new.all().split_off(before);
    reports.push(first.stop().await);
    reports.push(second.stop().await);

    let ids = by_old.all().into_iter().map(|event| event.order_id);
    let handled: BTreeSet<i64> = ids
        .chain(by_new.all().into_iter().map(|event| event.order_id))
        .collect();
    let written: BTreeSet<i64> = (0..250).chain(NEW..NEW + 250).collect();
    assert_eq!(handled, written);
    assert_eq!(pending(&bus, "ORDERS", "shop-workers").await, (0, 0));
    assert_eq!(count(&bus, "DEAD_LETTERS").await, 0);
    for report in &reports {
        assert_eq!(
            report.handled + report.returned,
            report.delivered,
            "{report:?}"
        );
    }

    // What the old build does not know it keeps, and writes again as it came.
    let newer = old_only.iter().filter(|event| event.order_id >= NEW);
    assert_eq!(newer.clone().count(), 50);
    for event in newer {
        assert_eq!(event.status, old::Status::Unknown("paid".to_owned()));
        let again = serde_json::to_value(event).unwrap();
        assert_eq!(again["status"], "paid");
    }
    // What an old writer did not know the new build fills in.
    let older = new_only.iter().filter(|event| event.order_id < NEW);
    assert_eq!(older.clone().count(), 50);
    for event in older {
        assert_eq!((event.note.as_deref(), event.priority), (None, 0));
    }
    assert!(new_only.contains(&of_new(NEW + 249)));
}
