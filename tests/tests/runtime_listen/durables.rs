//! What a listener needs of the server, and what ends it.

use std::sync::Arc;
use std::time::Duration;

use event_runtime::{Bus, Delivery, Error, Failure, Listener, Shutdown};

use super::support::{
    OrderPlaced, SHOP, STREAMS, StockMoved, connect, count, order, pending, shop, until,
};
use super::{listen, stop};

#[tokio::test]
async fn a_missing_or_unfit_durable_is_an_error_that_names_the_remedy() {
    let server = event_testing::TestServer::start().await.unwrap();
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
        matches!(failed(&bus).await, Error::Unprovisioned { problems, .. } if problems.len() == 2),
        "no stream, and none for dead letters"
    );
    event_operate::ensure(&bus, &STREAMS).await.unwrap();
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
        event_operate::ensure(&bus, &STREAMS).await.unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(30), running).await;
        let error = ended.unwrap().unwrap().unwrap_err();
        assert!(matches!(&error, Error::ConsumerGone { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_service_needs_no_more_than_the_least_privileges() {
    let server = event_testing::TestServer::start_with(
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
    let config = || crate::support::config(&server);
    let admin = Bus::connect(config().user_and_password("admin", "a"))
        .await
        .unwrap();
    event_operate::ensure(&admin, &STREAMS).await.unwrap();
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
