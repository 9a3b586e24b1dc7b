//! `supersedes`: whoever subscribes to the newest event is delivered its elders too, step by step upcast.
#![allow(clippy::unwrap_used, clippy::panic, deprecated)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::{Bus, Config, Delivery, Failure, Shutdown};
use event_testing::TestServer;
use event_tests::generated::supersedes::{STREAMS, services::billing, shop};

#[derive(Clone, Default)]
struct Billing {
    seen: Arc<Mutex<Vec<shop::OrderPlacedV3>>>,
}

impl billing::Handlers for Billing {
    async fn order_placed_v3(
        &self,
        delivery: Delivery<shop::OrderPlacedV3>,
    ) -> Result<(), Failure> {
        self.seen.lock().unwrap().push(delivery.event);
        Ok(())
    }

    fn upcast_order_placed_v2(
        &self,
        old: shop::OrderPlacedV2,
    ) -> Result<shop::OrderPlacedV3, Failure> {
        Ok(shop::OrderPlacedV3 {
            order_id: old.order_id,
            total_cents: old.total_cents,
            currency: "EUR".to_owned(),
        })
    }

    fn upcast_order_placed(&self, old: shop::OrderPlaced) -> Result<shop::OrderPlacedV2, Failure> {
        if old.total < 0.0 {
            return Err(Failure::dead("a total below nothing has no new form"));
        }
        Ok(shop::OrderPlacedV2 {
            order_id: old.order_id,
            total_cents: (old.total * 100.0).round() as i32,
        })
    }
}

#[tokio::test]
async fn old_messages_and_late_publishers_are_served() {
    let server = TestServer::start().await.unwrap();
    let bus = Bus::connect(Config::new(&server.url()).unwrap())
        .await
        .unwrap();
    event_operate::ensure(&bus, &STREAMS).await.unwrap();
    let old = |id: &str, total| shop::OrderPlaced {
        order_id: id.to_owned(),
        total,
    };
    // What the stream has from before the newer events were there.
    bus.publish(&old("from-before", 1.25)).await.unwrap();
    bus.publish(&old("broken", -1.0)).await.unwrap();

    let service = Billing::default();
    let seen = Arc::clone(&service.seen);
    let shutdown = Shutdown::new();
    let listening = tokio::spawn({
        let (bus, shutdown) = (bus.clone(), shutdown.clone());
        async move { billing::listen(&bus, service, shutdown).await }
    });
    // Publishers of three generations at once: those that switch last are heard all the same.
    let v2 = shop::OrderPlacedV2 {
        order_id: "v2".to_owned(),
        total_cents: 300,
    };
    let v3 = shop::OrderPlacedV3 {
        order_id: "v3".to_owned(),
        total_cents: 400,
        currency: "USD".to_owned(),
    };
    bus.publish(&v2).await.unwrap();
    bus.publish(&v3).await.unwrap();
    bus.publish(&old("late", 2.5)).await.unwrap();

    tokio::time::timeout(Duration::from_secs(20), async {
        while seen.lock().unwrap().len() < 4 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    shutdown.stop();
    let report = listening.await.unwrap().unwrap();
    let mut got: Vec<(String, i32, String)> = seen
        .lock()
        .unwrap()
        .iter()
        .map(|event| {
            (
                event.order_id.clone(),
                event.total_cents,
                event.currency.clone(),
            )
        })
        .collect();
    got.sort();
    let row = |id: &str, cents, currency: &str| (id.to_owned(), cents, currency.to_owned());
    assert_eq!(
        got,
        [
            row("from-before", 125, "EUR"),
            row("late", 250, "EUR"),
            row("v2", 300, "EUR"),
            row("v3", 400, "USD")
        ]
    );
    assert_eq!((report.handled, report.dead_lettered), (4, 1));
}
