//! Handling: meta data, traces, sharing, leases, and who is offered what.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use event_runtime::dead_letter::DETAIL;
use event_runtime::{
    Bus, ConsumerDef, Delivery, Failure, Listener, Retention, Service, StreamDef, Streams, Trace,
};
use tokio::sync::Notify;
use tokio::task::{self, Id};

use super::support::{
    OrderPaid, OrderPlaced, PriceShown, SHOP, STREAMS, Seen, connect, count, message, order,
    pending, shop, until,
};
use super::{listen, start, stop};

#[tokio::test]
async fn what_is_published_is_handled_with_its_meta_data() {
    let (_server, bus) = shop().await;
    let seen = Seen::default();
    let running = listen(&bus, SHOP, {
        let seen = seen.clone();
        move |delivery| {
            let seen = seen.clone();
            async move {
                seen.push(delivery);
                Ok(())
            }
        }
    });
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let trace = Trace::new(parent, None).unwrap();
    trace
        .clone()
        .scope(async { bus.publish(&order(7)).await.unwrap() })
        .await;
    until("it is handled", async || seen.len() == 1).await;
    let delivery = seen.all().remove(0);
    assert_eq!(delivery.event, order(7));
    let meta = delivery.meta;
    assert_eq!(meta.id.as_deref(), Some("shop.OrderPlaced:7"));
    assert_eq!(
        (meta.subject.as_str(), meta.stream),
        ("orders.eu.placed", Some("ORDERS"))
    );
    assert_eq!(
        (meta.sequence, meta.attempt, meta.redriven),
        (Some(1), 1, false)
    );
    assert_eq!(meta.trace, Some(trace));
    assert!((event_runtime::Timestamp::default()..).contains(&meta.time.unwrap()));
    let report = stop(running).await;
    assert_eq!((report.delivered, report.handled), (1, 1));
    assert_eq!(pending(&bus, "ORDERS", "shop-workers").await, (0, 0));
}

#[tokio::test]
async fn a_trace_goes_on_through_a_handler_and_around_wraps_each_call() {
    let (_server, bus) = shop().await;
    let around = Arc::new(AtomicU64::new(0));
    let publisher = bus.clone();
    let listener = Listener::new(&bus, SHOP, publisher)
        .on(|bus: Arc<Bus>, d: Delivery<OrderPlaced>| async move {
            bus.publish(&OrderPaid {
                order_id: d.event.order_id,
            })
            .await?;
            Ok(())
        })
        .on(|_: Arc<Bus>, _: Delivery<OrderPaid>| async move { Ok(()) })
        .around({
            let around = Arc::clone(&around);
            move |meta, next| {
                let around = Arc::clone(&around);
                async move {
                    assert_eq!(meta.stream, Some("ORDERS"));
                    around.fetch_add(1, Ordering::SeqCst);
                    next.run().await
                }
            }
        });
    let running = start(listener);
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    Trace::new(parent, None)
        .unwrap()
        .scope(async { bus.publish(&order(1)).await.unwrap() })
        .await;
    until("both are handled", async || {
        around.load(Ordering::SeqCst) == 2
    })
    .await;
    let paid = message(&bus, "ORDERS", 2).await;
    assert_eq!(
        paid.headers.get("traceparent").map(|h| h.as_str()),
        Some(parent)
    );
    assert_eq!(
        paid.headers.get("Nats-Msg-Id").map(|h| h.as_str()),
        Some("shop.OrderPaid:1")
    );
    assert_eq!(stop(running).await.handled, 2);
}

#[tokio::test]
async fn replicas_share_the_events_without_duplicates() {
    let (server, bus) = shop().await;
    let seen = Seen::default();
    let mut running = Vec::new();
    let mut buses = Vec::new();
    for replica in 0..2 {
        let bus = connect(&server).await;
        let seen = seen.clone();
        running.push(listen(&bus, SHOP, move |delivery| {
            let seen = seen.clone();
            async move {
                seen.push((replica, delivery.event.order_id));
                tokio::time::sleep(Duration::from_millis(1)).await;
                Ok(())
            }
        }));
        buses.push(bus);
    }
    assert_eq!(bus.publish_all((0..1_000).map(order)).await.stored, 1_000);
    until("all are handled", async || seen.len() >= 1_000).await;
    let mut handled = 0;
    for running in running {
        handled += stop(running).await.handled;
    }
    assert_eq!(handled, 1_000);
    let mut ids: Vec<_> = seen.all().into_iter().map(|(_, id)| id).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..1_000).collect::<Vec<_>>());
    for replica in 0..2 {
        let share = seen.all().iter().filter(|(r, _)| *r == replica).count();
        assert!(share > 50, "replica {replica} handled {share} of 1,000");
    }
}

#[tokio::test]
async fn a_slow_handler_sees_no_duplicate_and_the_limit_cancels_it() {
    const LEASE: Duration = Duration::from_millis(600);
    const QUICK: Streams = Streams {
        streams: STREAMS.streams,
        consumers: &[ConsumerDef {
            ack_wait: LEASE,
            ..STREAMS.consumers[0]
        }],
    };
    let server = event_testing::TestServer::start().await.unwrap();
    let (bus, other) = (connect(&server).await, connect(&server).await);
    event_operate::ensure(&bus, &QUICK).await.unwrap();
    let seen = Seen::default();
    // The second event's handler never ends by itself.
    let handler = |seen: Seen<(i64, u64)>| {
        move |delivery: Delivery<OrderPlaced>| {
            seen.push((delivery.event.order_id, delivery.meta.attempt));
            async move {
                match delivery.event.order_id {
                    1 => tokio::time::sleep(LEASE * 5).await,
                    _ => std::future::pending().await,
                }
                Ok(())
            }
        }
    };
    let service = SHOP
        .retry(2, Duration::from_millis(50), Duration::from_millis(50))
        .concurrency(1);
    let make = |bus: &Bus, limit| {
        let listener = Listener::new(bus, service, handler(seen.clone()))
            .on(|h: Arc<_>, d: Delivery<OrderPlaced>| async move { h(d).await })
            .handler_limit(limit);
        start(listener)
    };
    let (first, second) = (make(&bus, LEASE * 10), make(&other, LEASE * 10));
    bus.publish(&order(1)).await.unwrap();
    until("it is begun", async || seen.len() == 1).await;
    let began = Instant::now();
    until("it is handled", async || {
        pending(&bus, "ORDERS", "shop-workers").await.0 == 0
    })
    .await;
    assert!(began.elapsed() > LEASE * 4, "{:?}", began.elapsed());
    // Five leases long, with another replica waiting for it: once.
    assert_eq!(seen.all(), [(1, 1)]);
    assert_eq!(stop(first).await.handled + stop(second).await.handled, 1);

    // Beyond the limit: cancelled, tried once more, buried.
    let (first, second) = (make(&bus, LEASE * 2), make(&other, LEASE * 2));
    bus.publish(&order(2)).await.unwrap();
    until("it is buried", async || {
        count(&bus, "DEAD_LETTERS").await == 1
    })
    .await;
    assert_eq!(seen.all(), [(1, 1), (2, 1), (2, 2)]);
    let detail = message(&bus, "DEAD_LETTERS", 1)
        .await
        .headers
        .get(DETAIL)
        .unwrap()
        .as_str()
        .to_owned();
    assert!(detail.contains("took longer"), "{detail}");
    stop(first).await;
    stop(second).await;
}

/// Retention `interest`: what every durable has acknowledged is removed, and not before.
#[tokio::test]
async fn an_interest_stream_offers_each_event_to_every_durable() {
    const LEDGER: ConsumerDef = ConsumerDef {
        service: "ledger",
        durable: "ledger",
        ..STREAMS.consumers[0]
    };
    const INTEREST: Streams = Streams {
        streams: &[StreamDef {
            retention: Retention::Interest,
            ..STREAMS.streams[0]
        }],
        consumers: &[STREAMS.consumers[0], LEDGER],
    };
    let server = event_testing::TestServer::start().await.unwrap();
    let bus = connect(&server).await;
    event_operate::ensure(&bus, &INTEREST).await.unwrap();
    let (shop, ledger) = (Seen::default(), Seen::default());
    let listener = |service: Service, seen: &Seen<i64>| {
        let seen = seen.clone();
        listen(&bus, service, move |delivery| {
            seen.push(delivery.event.order_id);
            async { Ok(()) }
        })
    };
    let first = listener(SHOP, &shop);
    let stored = bus.publish_all((0..50).map(order)).await;
    assert_eq!(stored.into_result().unwrap(), 50);
    until("one service has them all", async || {
        pending(&bus, "ORDERS", "shop-workers").await == (0, 0)
    })
    .await;
    assert_eq!(count(&bus, "ORDERS").await, 50);
    // The other one was not even running.
    let second = listener(Service::new("ledger"), &ledger);
    until("nobody needs them any more", async || {
        count(&bus, "ORDERS").await == 0
    })
    .await;
    assert_eq!(stop(first).await.handled, 50);
    assert_eq!(stop(second).await.handled, 50);
    for seen in [shop, ledger] {
        let mut all = seen.all();
        all.sort_unstable();
        assert_eq!(all, (0..50).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn ephemeral_events_are_shared_in_the_queue_group() {
    let (server, bus) = shop().await;
    let seen = Seen::default();
    let mut running = Vec::new();
    for _ in 0..2 {
        let bus = connect(&server).await;
        let listener = Listener::new(&bus, SHOP, seen.clone()).on(
            |seen: Arc<Seen<i64>>, d: Delivery<PriceShown>| async move {
                seen.push(d.event.cents);
                if d.event.cents == 13 {
                    Err(Failure::retry("unlucky"))
                } else {
                    Ok(())
                }
            },
        );
        running.push(start(listener));
    }
    // Both are subscribed when a request in the group is counted twice by the server's routes: emit until they are.
    until("they listen", async || {
        bus.emit(&PriceShown {
            item: "tea".into(),
            cents: -1,
        })
        .await
        .unwrap();
        seen.len() > 5
    })
    .await;
    let before = seen.len();
    for cents in 0..200 {
        bus.emit(&PriceShown {
            item: "tea".into(),
            cents,
        })
        .await
        .unwrap();
    }
    until("all are handled", async || {
        seen.all().iter().filter(|cents| **cents >= 0).count() >= 200
    })
    .await;
    let mut all: Vec<i64> = seen.all().into_iter().filter(|cents| *cents >= 0).collect();
    all.sort_unstable();
    assert_eq!(all, (0..200).collect::<Vec<_>>());
    let (mut handled, mut failed) = (0, 0);
    for running in running {
        let report = stop(running).await;
        handled += report.handled;
        failed += report.failed;
    }
    assert!(
        handled as usize >= before + 198 && failed == 1,
        "{handled} {failed}"
    );
}

/// What comes to a handler that has been quick, and what it meets there.
#[tokio::test]
async fn quick_ephemeral_handlers_need_no_task_each_and_a_slow_one_holds_up_nobody() {
    let (_server, bus) = shop().await;
    let (seen, gate) = (Seen::default(), Arc::new(Notify::new()));
    let listener = Listener::new(&bus, SHOP, (seen.clone(), Arc::clone(&gate))).on(
        |h: Arc<(Seen<(i64, Id)>, Arc<Notify>)>, d: Delivery<PriceShown>| async move {
            match d.event.cents {
                1 => panic!("unlucky"),
                2 => return Err(Failure::retry("unlucky")),
                3 => h.1.notified().await,
                _ => {}
            }
            h.0.push((d.event.cents, task::id()));
            Ok(())
        },
    );
    let running = start(listener);
    let emit = async |cents| {
        let item = "tea".to_owned();
        bus.emit(&PriceShown { item, cents }).await.unwrap();
    };
    // A task of JoinSet is never met twice.
    until("two are handled where they arrive", async || {
        emit(-1).await;
        let all = seen.all();
        all.windows(2).any(|two| two[0].1 == two[1].1)
    })
    .await;
    for cents in 1..=100 {
        emit(cents).await;
    }
    let numbers = || -> Vec<i64> {
        let all = seen.all().into_iter().map(|(cents, _)| cents);
        all.filter(|cents| *cents > 0).collect()
    };
    until("all but those three", async || numbers().len() >= 97).await;
    assert!(!numbers().contains(&3));
    gate.notify_one();
    until("the slow one", async || numbers().contains(&3)).await;
    let report = stop(running).await;
    assert_eq!(report.failed, 2, "{report:?}");
    let mut numbers = numbers();
    numbers.sort_unstable();
    assert_eq!(numbers, (3..=100).collect::<Vec<_>>());
}
