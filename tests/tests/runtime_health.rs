//! What a service says of itself: `stats` and `health`, against what has really happened.

#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_runtime::{Bus, Delivery, Failure, Filter, Health, Lag, Listener, Shutdown, serde_json};
use serde_json::json;
use support::{OrderPaid, OrderPlaced, PriceShown, SHOP, connect, order, shop, until};
use tokio::sync::Semaphore;

fn lag<'a>(health: &'a Health, durable: &str) -> &'a Lag {
    let mut consumers = health.consumers.iter();
    consumers.find(|lag| lag.durable == durable).unwrap()
}

#[tokio::test]
async fn health_knows_how_far_each_durable_is() {
    let (mut server, bus) = shop().await;
    assert!(bus.health().await.consumers.is_empty());
    for id in 0..10 {
        bus.publish(&order(id)).await.unwrap();
    }
    let gate = Arc::new(Semaphore::new(0));
    let listener = |bus: &Bus| {
        Listener::new(bus, SHOP, Arc::clone(&gate)).on(
            |gate: Arc<Arc<Semaphore>>, _: Delivery<OrderPlaced>| async move {
                gate.acquire().await.unwrap().forget();
                Ok(())
            },
        )
    };
    let shutdown = Shutdown::new();
    let running = tokio::spawn(listener(&bus).run(shutdown.clone()));
    let orders = async || {
        let health = bus.health().await;
        assert!(health.is_healthy(), "{health:?}");
        // None before the listener has begun.
        let mut consumers = health.consumers.iter();
        let lag = consumers.find(|lag| (&*lag.stream, &*lag.durable) == ("ORDERS", "shop-workers"));
        lag.map_or((None, None), |lag| (lag.waiting, lag.in_flight))
    };
    // Four may run at once.
    until("four are in flight", async || {
        orders().await == (Some(6), Some(4))
    })
    .await;
    gate.add_permits(10);
    until("all are handled", async || {
        orders().await == (Some(0), Some(0))
    })
    .await;
    let health = bus.health().await;
    // Its own durable, and that of the redrives.
    assert_eq!(health.consumers.len(), 2);
    // As an endpoint writes it.
    assert_eq!(
        serde_json::to_value(lag(&health, "redrive-shop")).unwrap(),
        json!({ "stream": "DEAD_LETTERS", "durable": "redrive-shop", "waiting": 0, "inFlight": 0 })
    );

    // A server that does not answer costs a second, and one that is gone nothing.
    server.pause().unwrap();
    // Its threads do not stop all at once.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let began = Instant::now();
    let health = bus.health().await;
    assert!(began.elapsed() < Duration::from_millis(1_900), "{began:?}");
    assert_eq!(lag(&health, "shop-workers").waiting, None);
    server.resume().unwrap();
    server.kill();
    until("it is noticed", async || !bus.is_connected()).await;
    let began = Instant::now();
    let health = bus.health().await;
    assert!(began.elapsed() < Duration::from_millis(500));
    assert!(!health.connected && !health.is_healthy());
    assert_eq!(lag(&health, "shop-workers").in_flight, None);
    server.restart().await.unwrap();
    until("it is back", async || {
        let health = bus.health().await;
        health.connected && lag(&health, "shop-workers").waiting == Some(0)
    })
    .await;
    // A server that was killed may have forgotten acknowledgements: what comes again must not wait for the gate.
    gate.add_permits(100);
    shutdown.stop();
    running.await.unwrap().unwrap();
    assert!(bus.health().await.consumers.is_empty());
}

#[tokio::test]
async fn stats_add_up() {
    let (mut server, bus) = shop().await;
    let publisher = connect(&server).await;
    for id in [0, 1, 2, 2] {
        publisher.publish(&order(id)).await.unwrap();
    }
    publisher.publish(&OrderPaid { order_id: 9 }).await.unwrap();
    let shown = |cents| PriceShown {
        item: "tea".to_owned(),
        cents,
    };
    let listener = Listener::new(&bus, SHOP, ())
        .grace(Duration::from_millis(50))
        .on(|_: Arc<()>, delivery: Delivery<OrderPlaced>| async move {
            match (delivery.event.order_id, delivery.meta.attempt) {
                (1, 1) => Err(Failure::retry_after(Duration::ZERO, "not now")),
                (2, _) => Err(Failure::dead("never")),
                _ => Ok(()),
            }
        })
        // Never ends: given back at the stop.
        .on(|_: Arc<()>, _: Delivery<OrderPaid>| std::future::pending())
        .on(|_: Arc<()>, delivery: Delivery<PriceShown>| async move {
            match delivery.event.cents {
                1 => Ok(()),
                _ => Err(Failure::dead("too dear")),
            }
        });
    let shutdown = Shutdown::new();
    let running = tokio::spawn(listener.run(shutdown.clone()));
    until("the stored events are handled", async || {
        let stats = bus.stats();
        (stats.acknowledged, stats.dead_lettered) == (2, 1)
    })
    .await;
    for cents in [1, 2] {
        publisher.emit(&shown(cents)).await.unwrap();
    }
    until("the ephemeral events too", async || {
        let stats = bus.stats();
        (stats.acknowledged, stats.failed) == (3, 1)
    })
    .await;
    // While it runs, one is in its handler.
    let stats = bus.stats();
    assert_eq!((stats.delivered, stats.retried, stats.returned), (7, 1, 0));
    shutdown.stop();
    let report = running.await.unwrap().unwrap();
    let stats = bus.stats();
    assert_eq!(
        (
            stats.delivered,
            stats.acknowledged,
            stats.retried,
            stats.dead_lettered,
            stats.returned,
            stats.failed
        ),
        (7, 3, 1, 1, 1, 1)
    );
    assert_eq!(
        (report.delivered, report.handled, report.retried),
        (7, 3, 1)
    );
    // The dead letter is a publish of the listener's bus.
    assert_eq!((stats.published, stats.reconnects), (1, 0));
    let sent = publisher.stats();
    assert_eq!((sent.published, sent.duplicates, sent.emitted), (5, 1, 2));

    server.kill();
    until("it is noticed", async || !publisher.is_connected()).await;
    server.restart().await.unwrap();
    until("it is back", async || publisher.stats().reconnects == 1).await;
}

#[tokio::test]
async fn what_a_slow_subscription_drops_is_counted() {
    let (server, bus) = shop().await;
    let mut slow = bus.subscribe(Filter::<PriceShown>::all()).await.unwrap();
    let publisher = connect(&server).await;
    // Nobody reads, and the client keeps 65,536 messages for one subscription.
    const SENT: u64 = 70_000;
    for cents in 0..SENT {
        let item = "tea".to_owned();
        let cents = i64::try_from(cents).unwrap();
        publisher.emit(&PriceShown { item, cents }).await.unwrap();
    }
    let closed = publisher.close(Duration::from_secs(20)).await;
    assert!(closed.flushed);
    let mut read = 0;
    let mut next = async || tokio::time::timeout(Duration::from_secs(1), slow.next()).await;
    while let Ok(Some(event)) = next().await {
        assert!(event.is_ok());
        read += 1;
    }
    assert!(read < SENT, "nothing was dropped: the test shows nothing");
    // The client says it per message, and does not wait for us in a burst: at least this many.
    let dropped = bus.stats().dropped;
    assert!((1..=SENT - read).contains(&dropped), "{dropped}");
}
