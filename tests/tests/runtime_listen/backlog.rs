//! Many deliveries at once: none is lost between those that the worker runs itself and those that have tasks.

use event_runtime::async_nats::jetstream::message::PublishMessage;
use event_runtime::{Bus, Config, ConsumerDef, Service, Streams, serde_json};
use event_testing::TestServer;
use futures_util::StreamExt;

use crate::support::{self, STREAMS, Seen, order, pending, shop, until};
use crate::{listen, stop};

/// So many that the worker takes them in several goes, with handlers that it runs itself and such that it does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_is_handled_once_and_whole() {
    const EVENTS: i64 = 2_000;
    let (_server, bus) = shop().await;
    let stored = bus.publish_all((0..EVENTS).map(order)).await;
    assert_eq!(stored.into_result().unwrap(), EVENTS as usize);
    for slow_every in [i64::MAX, 100, 1] {
        let service = Service::new("shop")
            .queue_group("shop-workers")
            .concurrency(1)
            .max_in_flight(64)
            .ack_wait(support::ACK_WAIT);
        let seen = Seen::default();
        let running = listen(&bus, service, {
            let seen = seen.clone();
            move |delivery| {
                let seen = seen.clone();
                async move {
                    if delivery.event.order_id % slow_every == slow_every - 1 {
                        tokio::task::yield_now().await;
                    }
                    seen.push((delivery.event.order_id, delivery.meta.attempt));
                    Ok(())
                }
            }
        });
        until("all are handled", async || seen.len() >= EVENTS as usize).await;
        until("all are acknowledged", async || {
            pending(&bus, "ORDERS", "shop-workers").await == (0, 0)
        })
        .await;
        let report = stop(running).await;
        assert_eq!(report.handled, EVENTS as u64, "slow: {slow_every}");
        // One handler at a time: in the order of the stream.
        assert!(seen.all().into_iter().eq((0..EVENTS).map(|n| (n, 1))));
        let stream = bus.jetstream().get_stream("ORDERS").await.unwrap();
        stream.delete_consumer("shop-workers").await.unwrap();
        let _ = event_operate::ensure(&bus, &STREAMS).await.unwrap();
    }
}

/// Inline, deliveries of a quick handler share the worker's task; switched off, each has a task of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inline_execution_can_be_switched_off() {
    const EVENTS: i64 = 500;
    let (_server, bus) = shop().await;
    let stored = bus.publish_all((0..EVENTS).map(order)).await;
    assert_eq!(stored.into_result().unwrap(), EVENTS as usize);
    for inline in [true, false] {
        let service = Service::new("shop")
            .queue_group("shop-workers")
            .max_in_flight(64)
            .ack_wait(support::ACK_WAIT)
            .inline(inline);
        let seen = Seen::default();
        let running = listen(&bus, service, {
            let seen = seen.clone();
            move |_| {
                let seen = seen.clone();
                async move {
                    seen.push(tokio::task::id());
                    Ok(())
                }
            }
        });
        until("all are handled", async || seen.len() >= EVENTS as usize).await;
        let report = stop(running).await;
        assert_eq!(report.handled, EVENTS as u64, "inline: {inline}");
        let tasks: std::collections::HashSet<_> = seen.all().into_iter().collect();
        assert_eq!(
            tasks.len() < EVENTS as usize,
            inline,
            "{} tasks",
            tasks.len()
        );
        let stream = bus.jetstream().get_stream("ORDERS").await.unwrap();
        stream.delete_consumer("shop-workers").await.unwrap();
        let _ = event_operate::ensure(&bus, &STREAMS).await.unwrap();
    }
}

/// What is asked for at once is half of what the server keeps for a client (64 MiB): it drops what it cannot send, and each of those
/// would come again after ack_wait. The requests are read on their way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_events_are_not_asked_for_all_at_once() {
    const EVENTS: i64 = 600;
    const SIZE: usize = 400_000;
    const IN_FLIGHT: u32 = 1_000;
    const LARGE: Streams = Streams {
        streams: STREAMS.streams,
        consumers: &[ConsumerDef {
            max_in_flight: IN_FLIGHT,
            ..STREAMS.consumers[0]
        }],
    };
    let server = TestServer::start().await.unwrap();
    let bus = Bus::connect(Config::new(&server.url()).unwrap())
        .await
        .unwrap();
    let _ = event_operate::ensure(&bus, &LARGE).await.unwrap();
    for id in 0..EVENTS {
        // What a newer publisher may add, and nobody here reads.
        let note = "x".repeat(SIZE);
        let body = format!(r#"{{"orderId":{id},"region":"eu","note":"{note}"}}"#);
        let message = PublishMessage::build()
            .message_id(format!("shop.OrderPlaced:{id}"))
            .payload(body.into());
        let stored = bus.jetstream().send_publish("orders.eu.placed", message);
        stored.await.unwrap().await.unwrap();
    }
    let requests = "$JS.API.CONSUMER.MSG.NEXT.ORDERS.shop-workers";
    let mut requests = bus.client().subscribe(requests).await.unwrap();
    let service = Service::new("shop")
        .queue_group("shop-workers")
        .concurrency(1)
        .max_in_flight(IN_FLIGHT)
        .ack_wait(support::ACK_WAIT);
    let seen = Seen::default();
    let running = listen(&bus, service, {
        let seen = seen.clone();
        move |delivery| {
            let seen = seen.clone();
            async move {
                seen.push((delivery.event.order_id, delivery.meta.attempt));
                Ok(())
            }
        }
    });
    until("all are handled", async || seen.len() >= EVENTS as usize).await;
    stop(running).await;
    assert!(seen.all().into_iter().eq((0..EVENTS).map(|n| (n, 1))));
    requests.unsubscribe().await.unwrap();
    let mut most = 0;
    while let Some(request) = requests.next().await {
        let request: serde_json::Value = serde_json::from_slice(&request.payload).unwrap();
        most = most.max(request["batch"].as_u64().unwrap() as usize);
    }
    println!("the largest request: {most} of {SIZE} bytes");
    assert!(most > 40, "few at a time: the test shows nothing");
    assert!(most * SIZE <= 32 << 20);
}
