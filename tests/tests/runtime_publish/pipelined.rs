//! Publishing that is not waited for at once, and what close and the runtime's end do to it.

use std::time::Duration;

use event_runtime::{Bus, Error, Filter};

use crate::support::{self, OrderPlaced, PriceShown, connect, count, order, shop, until};

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
