//! The listener against a real server: sharing, order, retries, dead letters, leases, start and stop.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::type_complexity
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use event_runtime::dead_letter::{ATTEMPTS, DETAIL, MESSAGE_ID, REASON, SEQUENCE, STREAM};
use event_runtime::{
    Bus, ConsumerDef, Delivery, Error, Failure, ListenReport, Listener, Retention, Service,
    Shutdown, StreamDef, Streams, Trace,
};
use support::{
    OrderPaid, OrderPlaced, PriceShown, SHOP, STREAMS, Seen, StockMoved, connect, count, message,
    order, pending, shop, until,
};
use tokio::task::JoinHandle;

type Running = (Shutdown, JoinHandle<Result<ListenReport, Error>>);

/// Runs a listener for placed orders.
fn listen<F, Fut>(bus: &Bus, service: Service, handler: F) -> Running
where
    F: Fn(Delivery<OrderPlaced>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), Failure>> + Send + 'static,
{
    start(
        Listener::new(bus, service, handler)
            .on(|h: Arc<F>, d: Delivery<OrderPlaced>| async move { h(d).await }),
    )
}

fn start<H: Send + Sync + 'static>(listener: Listener<H>) -> Running {
    let shutdown = Shutdown::new();
    let running = tokio::spawn(listener.run(shutdown.clone()));
    (shutdown, running)
}

async fn stop((shutdown, running): Running) -> ListenReport {
    shutdown.stop();
    let report = running.await.unwrap().unwrap();
    adds_up(&report);
    report
}

fn adds_up(report: &ListenReport) {
    let sum =
        report.handled + report.retried + report.dead_lettered + report.returned + report.failed;
    assert_eq!(report.delivered, sum, "{report:?}");
}

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
        (meta.subject.as_str(), meta.stream.as_deref()),
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
                    assert_eq!(meta.stream.as_deref(), Some("ORDERS"));
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
async fn events_of_one_key_are_handled_in_order_over_three_listeners() {
    let (server, bus) = shop().await;
    let seen = Seen::default();
    let mut running = Vec::new();
    for _ in 0..3 {
        let bus = connect(&server).await;
        let seen: Seen<(String, i64, u64)> = seen.clone();
        let listener = Listener::new(&bus, SHOP, seen).on(
            |seen: Arc<Seen<(String, i64, u64)>>, d: Delivery<StockMoved>| async move {
                seen.push((d.event.item, d.event.step, d.meta.attempt));
                tokio::time::sleep(Duration::from_micros(
                    u64::try_from(d.event.step).unwrap() % 7 * 300,
                ))
                .await;
                // A failure must not let the next event of the key overtake.
                if d.event.step % 20 == 3 && d.meta.attempt == 1 {
                    return Err(Failure::retry_after(Duration::from_millis(30), "not now"));
                }
                Ok(())
            },
        );
        running.push(start(listener));
    }
    let items = ["tea", "milk", "salt", "rice", "oats", "figs"];
    let mut move_id = 0;
    for step in 0..40 {
        let moves = items.iter().map(|item| {
            move_id += 1;
            StockMoved {
                move_id,
                item: (*item).to_owned(),
                step,
            }
        });
        assert_eq!(bus.publish_all(moves).await.stored, items.len());
    }
    let starts = items.len() * 42;
    until("all are handled", async || seen.len() >= starts).await;
    for running in running {
        stop(running).await;
    }
    let all = seen.all();
    assert_eq!(all.len(), starts);
    for item in items {
        let steps: Vec<i64> = all
            .iter()
            .filter(|(i, ..)| i == item)
            .map(|(_, step, _)| *step)
            .collect();
        let expected: Vec<i64> = (0..40)
            .flat_map(|step| {
                if step % 20 == 3 {
                    vec![step; 2]
                } else {
                    vec![step]
                }
            })
            .collect();
        assert_eq!(steps, expected, "{item}");
    }
}

#[tokio::test]
async fn the_order_of_a_key_survives_listeners_that_die() {
    let (server, bus) = shop().await;
    let seen: Seen<(String, i64)> = Seen::default();
    let make = async || {
        let bus = connect(&server).await;
        let inside = Arc::new(AtomicU64::new(0));
        let listener = Listener::new(&bus, SHOP, (seen.clone(), Arc::clone(&inside))).on(
            |h: Arc<(Seen<(String, i64)>, Arc<AtomicU64>)>, d: Delivery<StockMoved>| async move {
                h.0.push((d.event.item, d.event.step));
                h.1.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(3)).await;
                h.1.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            },
        );
        (start(listener), inside)
    };
    let mut running = vec![make().await, make().await, make().await];
    let items = ["tea", "milk", "salt", "rice", "oats", "figs"];
    let moves = (0..60).flat_map(|step| {
        items.iter().enumerate().map(move |(n, item)| StockMoved {
            move_id: step * 10 + n as i64,
            item: (*item).to_owned(),
            step,
        })
    });
    bus.publish_all(moves).await.into_result().unwrap();
    for dead in [60, 150] {
        let mut victim = 0;
        until("one is in the middle of a handler", async || {
            let busy = |(_, inside): &(Running, Arc<AtomicU64>)| inside.load(Ordering::SeqCst) > 0;
            victim = running.iter().position(busy).unwrap_or(usize::MAX);
            seen.len() > dead && victim != usize::MAX
        })
        .await;
        // As if its process were killed: nothing is given back.
        let ((_, victim), _) = running.remove(victim);
        victim.abort();
        running.push(make().await);
    }
    until("all are acknowledged", async || {
        for partition in 0..4 {
            if pending(&bus, "STOCK", &format!("shop-workers-p{partition}")).await != (0, 0) {
                return false;
            }
        }
        true
    })
    .await;
    for (running, _) in running {
        stop(running).await;
    }
    let all = seen.all();
    assert!(
        all.len() > items.len() * 60,
        "nobody died in the middle of a handler: the test shows nothing"
    );
    for item in items {
        let mut steps: Vec<i64> = all
            .iter()
            .filter(|(i, _)| i == item)
            .map(|(_, step)| *step)
            .collect();
        // A start may be repeated, right away; it may never come after a later one.
        steps.dedup();
        assert_eq!(steps, (0..60).collect::<Vec<_>>(), "{item}");
    }
}

#[tokio::test]
async fn what_a_build_does_not_know_is_left_to_newer_ones_and_buried_at_last() {
    let (_server, bus) = shop().await;
    let running = listen(&bus, SHOP, |_| async { Ok(()) });
    bus.publish(&OrderPaid { order_id: 1 }).await.unwrap();
    bus.publish(&order(1)).await.unwrap();
    until("it is buried", async || {
        count(&bus, "DEAD_LETTERS").await == 1
    })
    .await;
    assert_eq!(
        message(&bus, "DEAD_LETTERS", 1)
            .await
            .headers
            .get(REASON)
            .unwrap()
            .as_str(),
        "unknown"
    );
    let report = stop(running).await;
    assert_eq!(
        (report.handled, report.retried, report.dead_lettered),
        (1, 2, 1)
    );
}

#[tokio::test]
async fn retries_keep_their_policy_and_end_in_the_dead_letters() {
    let (_server, bus) = shop().await;
    let seen = Seen::default();
    let running = listen(&bus, SHOP, {
        let seen = seen.clone();
        move |delivery| {
            seen.push((delivery.meta.attempt, Instant::now()));
            async { Err(Failure::retry("the database\r\nis away")) }
        }
    });
    bus.publish(&order(7)).await.unwrap();
    until("it is dead", async || {
        count(&bus, "DEAD_LETTERS").await == 1
    })
    .await;
    let report = stop(running).await;
    assert_eq!(
        (report.delivered, report.retried, report.dead_lettered),
        (3, 2, 1)
    );
    let attempts = seen.all();
    assert_eq!(
        attempts
            .iter()
            .map(|(attempt, _)| *attempt)
            .collect::<Vec<_>>(),
        [1, 2, 3]
    );
    let gaps: Vec<Duration> = attempts
        .windows(2)
        .map(|pair| pair[1].1 - pair[0].1)
        .collect();
    assert!(
        gaps[0] >= Duration::from_millis(200) && gaps[1] >= Duration::from_millis(400),
        "{gaps:?}"
    );
    let dead = message(&bus, "DEAD_LETTERS", 1).await;
    let header = |name: &str| {
        dead.headers
            .get(name)
            .map(|value| value.as_str().to_owned())
            .unwrap_or_default()
    };
    assert_eq!(dead.subject.as_str(), "dead_letters.shop.orders.eu.placed");
    assert_eq!(dead.payload, r#"{"orderId":7,"region":"eu"}"#);
    assert_eq!(
        (header(REASON).as_str(), header(DETAIL).as_str()),
        ("attempts", "the database  is away")
    );
    assert_eq!(
        (
            header(STREAM).as_str(),
            header(SEQUENCE).as_str(),
            header(ATTEMPTS).as_str()
        ),
        ("ORDERS", "1", "3")
    );
    assert_eq!(header(MESSAGE_ID), "shop.OrderPlaced:7");
    assert_eq!(pending(&bus, "ORDERS", "shop-workers").await, (0, 0));
}

#[tokio::test]
async fn poison_goes_to_the_dead_letters_and_the_rest_flows() {
    let (_server, bus) = shop().await;
    let raw = |subject: &'static str, id: Option<&'static str>, body: &'static str| {
        let jetstream = bus.jetstream().clone();
        async move {
            let mut publish =
                event_runtime::async_nats::jetstream::message::PublishMessage::build()
                    .payload(body.into());
            if let Some(id) = id {
                publish = publish.message_id(id);
            }
            jetstream
                .send_publish(subject, publish)
                .await
                .unwrap()
                .await
                .unwrap();
        }
    };
    raw("orders.eu.placed", None, "no JSON").await;
    raw("orders.eu.placed", None, r#"["1","eu"]"#).await;
    raw(
        "orders.eu.placed",
        Some("shop.OrderPlaced:2"),
        r#"{"orderId":"s3cr3t","region":"eu"}"#,
    )
    .await;
    raw(
        "orders.eu.placed",
        Some("shop.OrderPaid:3"),
        r#"{"orderId":3,"region":"eu"}"#,
    )
    .await;
    bus.publish(&order(-1)).await.unwrap();
    bus.publish(&order(-2)).await.unwrap();
    // A peer that sends no id, and one whose id names no event.
    raw(
        "orders.eu.placed",
        None,
        r#"{"orderId":4,"region":"eu","later":[1]}"#,
    )
    .await;
    raw(
        "orders.eu.placed",
        Some("just-an-id"),
        r#"{"orderId":5,"region":"eu"}"#,
    )
    .await;
    let seen = Seen::default();
    let running = listen(
        &bus,
        SHOP.retry(1, Duration::from_millis(10), Duration::from_millis(10)),
        {
            let seen = seen.clone();
            move |delivery| {
                let seen = seen.clone();
                async move {
                    match delivery.event.order_id {
                        -1 => panic!("the handler of order {}", delivery.event.order_id),
                        -2 => Err(Failure::dead("no such customer")),
                        id => {
                            seen.push(id);
                            Ok(())
                        }
                    }
                }
            }
        },
    );
    until("the good ones are handled", async || seen.len() == 2).await;
    until("the bad ones are dead", async || {
        count(&bus, "DEAD_LETTERS").await == 6
    })
    .await;
    let report = stop(running).await;
    assert_eq!(
        (report.handled, report.dead_lettered, report.retried),
        (2, 6, 0)
    );
    let mut reasons = Vec::new();
    for sequence in 1..=6 {
        let dead = message(&bus, "DEAD_LETTERS", sequence).await;
        let header = |name: &str| {
            dead.headers
                .get(name)
                .map(|value| value.as_str().to_owned())
                .unwrap_or_default()
        };
        assert!(!header(DETAIL).contains("s3cr3t"));
        reasons.push((
            header(SEQUENCE).parse::<u64>().unwrap(),
            header(REASON),
            header(DETAIL),
        ));
    }
    reasons.sort();
    let expected = [
        (
            1,
            "undecodable",
            "shop.OrderPlaced: the body is not a JSON object",
        ),
        (
            2,
            "undecodable",
            "shop.OrderPlaced: the body is not a JSON object",
        ),
        (
            3,
            "undecodable",
            "shop.OrderPlaced: at orderId: expected i64",
        ),
        (
            4,
            "contradiction",
            "the subject is that of shop.OrderPlaced, and the message id names another event",
        ),
        (5, "panic", "panicked: the handler of order -1"),
        (6, "dead", "no such customer"),
    ];
    assert_eq!(
        reasons,
        expected.map(|(n, reason, detail)| (n, reason.to_owned(), detail.to_owned()))
    );
}

#[tokio::test]
async fn a_message_that_kills_its_process_is_buried_before_the_handler_sees_it() {
    let (server, bus) = shop().await;
    bus.publish(&order(1)).await.unwrap();
    // Deliveries without an outcome, as of a process that dies: given back to be delivered again at once.
    let dying = connect(&server).await;
    let consumer: event_runtime::async_nats::jetstream::consumer::PullConsumer = dying
        .jetstream()
        .get_consumer_from_stream("shop-workers", "ORDERS")
        .await
        .unwrap();
    for _ in 0..8 {
        use futures_util::StreamExt;
        let message = consumer
            .batch()
            .max_messages(1)
            .expires(Duration::from_secs(10))
            .messages()
            .await
            .unwrap()
            .next()
            .await
            .unwrap()
            .unwrap();
        message
            .ack_with(event_runtime::async_nats::jetstream::AckKind::Nak(None))
            .await
            .unwrap();
    }
    let called = Arc::new(AtomicBool::new(false));
    let running = listen(&bus, SHOP, {
        let called = Arc::clone(&called);
        move |_| {
            called.store(true, Ordering::SeqCst);
            async { Ok(()) }
        }
    });
    until("it is buried", async || {
        count(&bus, "DEAD_LETTERS").await == 1
    })
    .await;
    assert!(!called.load(Ordering::SeqCst));
    assert_eq!(
        message(&bus, "DEAD_LETTERS", 1)
            .await
            .headers
            .get(REASON)
            .unwrap()
            .as_str(),
        "no-outcome"
    );
    assert_eq!(stop(running).await.dead_lettered, 1);
}

#[tokio::test]
async fn a_redrive_reaches_its_service_and_can_die_again() {
    let (_server, bus) = shop().await;
    let seen = Seen::default();
    let healed = Arc::new(AtomicBool::new(false));
    let running = listen(&bus, SHOP, {
        let (seen, healed) = (seen.clone(), Arc::clone(&healed));
        move |delivery| {
            seen.push((
                delivery.event.order_id,
                delivery.meta.id.clone(),
                delivery.meta.subject.to_string(),
                delivery.meta.redriven,
            ));
            let healed = healed.load(Ordering::SeqCst);
            async move {
                if healed {
                    Ok(())
                } else {
                    Err(Failure::dead("not yet"))
                }
            }
        }
    });
    bus.publish(&order(7)).await.unwrap();
    until("it is dead", async || {
        count(&bus, "DEAD_LETTERS").await == 1
    })
    .await;
    let receipt = bus.redrive(1, 1).await.unwrap();
    assert_eq!((receipt.sequence, receipt.duplicate), (2, false));
    assert!(bus.redrive(1, 1).await.unwrap().duplicate);
    until("it is dead again", async || {
        count(&bus, "DEAD_LETTERS").await == 3
    })
    .await;
    assert_eq!(
        message(&bus, "DEAD_LETTERS", 3).await.subject.as_str(),
        "dead_letters.shop.orders.eu.placed"
    );
    healed.store(true, Ordering::SeqCst);
    bus.redrive(3, 1).await.unwrap();
    until("it is handled", async || seen.len() == 3).await;
    let id = Some("shop.OrderPlaced:7".to_owned());
    let subject = "orders.eu.placed".to_owned();
    let expected = [false, true, true].map(|redriven| (7, id.clone(), subject.clone(), redriven));
    assert_eq!(seen.all(), expected);
    let report = stop(running).await;
    assert_eq!((report.handled, report.dead_lettered), (1, 2));
    assert!(
        matches!(bus.redrive(2, 1).await, Err(Error::Server { .. })),
        "a redrive is no dead letter"
    );
    assert!(matches!(
        bus.redrive(99, 1).await,
        Err(Error::Server { .. })
    ));
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
    let server = event_runtime::testing::TestServer::start().await.unwrap();
    let (bus, other) = (connect(&server).await, connect(&server).await);
    bus.ensure(&QUICK).await.unwrap();
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
    let server = event_runtime::testing::TestServer::start().await.unwrap();
    let bus = connect(&server).await;
    bus.ensure(&INTEREST).await.unwrap();
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

#[tokio::test]
async fn a_missing_or_unfit_durable_is_an_error_that_names_the_remedy() {
    let server = event_runtime::testing::TestServer::start().await.unwrap();
    let bus = connect(&server).await;
    let ok = |_: Delivery<OrderPlaced>| async { Ok(()) };
    let failed = async |bus: &Bus| {
        let error = listen(bus, SHOP, ok).1.await.unwrap().unwrap_err();
        assert!(
            error.to_string().contains("event-contracts streams apply"),
            "{error}"
        );
        error
    };
    assert!(
        matches!(failed(&bus).await, Error::MissingDurable { .. }),
        "no stream"
    );
    bus.ensure(&STREAMS).await.unwrap();
    bus.jetstream()
        .delete_consumer_from_stream("shop-workers", "ORDERS")
        .await
        .unwrap();
    assert!(
        matches!(failed(&bus).await, Error::MissingDurable { .. }),
        "no durable"
    );
    let config =
        |filter: &str, max_deliver| event_runtime::async_nats::jetstream::consumer::pull::Config {
            durable_name: Some("shop-workers".into()),
            filter_subject: filter.into(),
            max_deliver,
            ..Default::default()
        };
    bus.jetstream()
        .create_consumer_on_stream(config("orders:paid", -1), "ORDERS")
        .await
        .unwrap();
    let error = failed(&bus).await;
    assert!(
        matches!(&error, Error::Unfit { problem, .. } if problem == "does not deliver orders.*.placed"),
        "{error}"
    );
    bus.jetstream()
        .delete_consumer_from_stream("shop-workers", "ORDERS")
        .await
        .unwrap();
    bus.jetstream()
        .create_consumer_on_stream(config("orders.>", 3), "ORDERS")
        .await
        .unwrap();
    assert!(
        matches!(failed(&bus).await, Error::Unfit { .. }),
        "gives up"
    );
    bus.jetstream()
        .delete_consumer_from_stream("shop-workers", "ORDERS")
        .await
        .unwrap();
    // Wider than needed is fine.
    bus.jetstream()
        .create_consumer_on_stream(config("orders.>", -1), "ORDERS")
        .await
        .unwrap();
    let running = listen(&bus, SHOP, ok);
    bus.publish(&order(1)).await.unwrap();
    until("it is handled", async || {
        pending(&bus, "ORDERS", "shop-workers").await == (0, 0)
    })
    .await;
    stop(running).await;
}

#[tokio::test]
async fn a_deleted_durable_ends_the_listener() {
    for busy in [false, true] {
        let (_server, bus) = shop().await;
        let (_shutdown, running) = listen(&bus, SHOP, |_| async { Ok(()) });
        bus.publish(&order(1)).await.unwrap();
        until("it is handled", async || {
            pending(&bus, "ORDERS", "shop-workers").await == (0, 0)
        })
        .await;
        if busy {
            bus.jetstream().delete_stream("ORDERS").await.unwrap();
        } else {
            bus.jetstream()
                .delete_consumer_from_stream("shop-workers", "ORDERS")
                .await
                .unwrap();
        }
        let ended = tokio::time::timeout(Duration::from_secs(20), running)
            .await
            .unwrap();
        let error = ended.unwrap().unwrap_err();
        assert!(
            matches!(&error, Error::ConsumerGone { durable, .. } if durable == "shop-workers"),
            "{error}"
        );
    }
}

/// `services reset` makes a durable again at once: what is in hand must not be acknowledged to the new one.
#[tokio::test]
async fn a_durable_that_is_made_again_at_once_ends_the_listener_too() {
    let (_server, bus) = shop().await;
    for full in [false, true] {
        // A listener with everything in hand asks for nothing, and hears nothing of the deletion.
        let handling = move |_: Delivery<OrderPlaced>| async move {
            tokio::time::sleep(Duration::from_millis(if full { 700 } else { 0 })).await;
            Ok(())
        };
        let (_shutdown, running) = listen(&bus, SHOP, handling);
        for cents in 0..if full { 64 } else { 3 } {
            bus.publish(&order(cents)).await.unwrap();
        }
        until("it has some in hand, or all behind it", async || {
            let (waits, in_hand) = pending(&bus, "ORDERS", "shop-workers").await;
            if full {
                in_hand >= 8
            } else {
                (waits, in_hand) == (0, 0)
            }
        })
        .await;
        let jetstream = bus.jetstream();
        jetstream
            .delete_consumer_from_stream("shop-workers", "ORDERS")
            .await
            .unwrap();
        bus.ensure(&STREAMS).await.unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(30), running).await;
        let error = ended.unwrap().unwrap().unwrap_err();
        assert!(matches!(&error, Error::ConsumerGone { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_service_needs_no_more_than_the_least_privileges() {
    let server = event_runtime::testing::TestServer::start_with(
        r#"authorization { users: [
            { user: admin, password: a }
            { user: shop, password: s, permissions: {
                publish: ["orders:paid",
                    "$JS.API.CONSUMER.INFO.ORDERS.shop-workers", "$JS.API.CONSUMER.MSG.NEXT.ORDERS.shop-workers",
                    "$JS.ACK.ORDERS.shop-workers.>", "$JS.ACK.*.*.ORDERS.shop-workers.>",
                    "$JS.API.CONSUMER.INFO.DEAD_LETTERS.redrive-shop", "$JS.API.CONSUMER.MSG.NEXT.DEAD_LETTERS.redrive-shop",
                    "$JS.ACK.DEAD_LETTERS.redrive-shop.>", "$JS.ACK.*.*.DEAD_LETTERS.redrive-shop.>",
                    "dead_letters.shop.>"],
                subscribe: ["_INBOX_shop.>"] } }
        ] }"#,
    )
    .await
    .unwrap();
    let config = || support::config(&server);
    let admin = Bus::connect(config().user_and_password("admin", "a"))
        .await
        .unwrap();
    admin.ensure(&STREAMS).await.unwrap();
    let bus = Bus::connect(config().user_and_password("shop", "s").service("shop"))
        .await
        .unwrap();
    let running = listen(&bus, SHOP, |delivery| async move {
        if delivery.event.order_id == 2 {
            Err(Failure::dead("no"))
        } else {
            Ok(())
        }
    });
    admin
        .publish_all([order(1), order(2)])
        .await
        .into_result()
        .unwrap();
    until("one is dead", async || {
        count(&admin, "DEAD_LETTERS").await == 1
    })
    .await;
    until("all is settled", async || {
        pending(&admin, "ORDERS", "shop-workers").await == (0, 0)
    })
    .await;
    let report = stop(running).await;
    assert_eq!((report.handled, report.dead_lettered), (1, 1));
    assert_eq!(bus.stats().refused, 0, "it asked for more than it may");
    // Whoever may not read the durable is told so.
    let error = Listener::new(&bus, SHOP, ())
        .on(|_: Arc<()>, _: Delivery<StockMoved>| async { Ok(()) })
        .run(Shutdown::new())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
}

#[tokio::test]
async fn a_consumer_full_of_retries_is_reported_by_health() {
    let (_server, bus) = shop().await;
    let listener = Listener::new(&bus, SHOP, ()).on(|_: Arc<()>, _: Delivery<StockMoved>| async {
        Err(Failure::retry_after(Duration::from_millis(800), "not now"))
    });
    let running = start(listener);
    bus.publish(&StockMoved {
        move_id: 1,
        item: "tea".into(),
        step: 1,
    })
    .await
    .unwrap();
    until("it is paused", async || !bus.health().await.is_healthy()).await;
    let durable = format!("STOCK/shop-workers-p{}", event_runtime::partition("tea", 4));
    assert_eq!(bus.health().await.paused, [durable]);
    until("it is buried and healthy", async || {
        count(&bus, "DEAD_LETTERS").await == 1 && bus.health().await.is_healthy()
    })
    .await;
    assert_eq!(stop(running).await.dead_lettered, 1);
}
