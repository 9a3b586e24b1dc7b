//! Retries, and where they end: dead letters and redrives.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use event_runtime::dead_letter::{ATTEMPTS, DETAIL, MESSAGE_ID, REASON, SEQUENCE, STREAM};
use event_runtime::{Delivery, Error, Failure, Listener};

use super::support::{
    OrderPaid, SHOP, Seen, StockMoved, connect, count, message, order, pending, shop, until,
};
use super::{listen, start, stop};

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
