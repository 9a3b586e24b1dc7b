//! What is stored: the payload, its headers, its subject and its id.

use event_runtime::async_nats::HeaderMap;
use event_runtime::{Error, Trace};
use futures_util::StreamExt;

use crate::support::{OrderPaid, OrderPlaced, PriceShown, StockMoved, count, message, order, shop};

#[tokio::test]
async fn a_stored_event_on_the_wire_is_its_json_and_its_id() {
    let (_server, bus) = shop().await;
    let mut raw = bus.client().subscribe("orders.>").await.unwrap();
    let receipt = bus.publish(&order(7)).await.unwrap();
    assert_eq!(
        (receipt.stream.as_str(), receipt.sequence, receipt.duplicate),
        ("ORDERS", 1, false)
    );
    let message = raw.next().await.unwrap();
    assert_eq!(message.subject.as_str(), "orders.eu.placed");
    assert_eq!(message.payload, r#"{"orderId":7,"region":"eu"}"#);
    let mut only_id = HeaderMap::new();
    only_id.insert("Nats-Msg-Id", "shop.OrderPlaced:7");
    assert_eq!(message.headers, Some(only_id.clone()));

    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let trace = Trace::new(parent, Some("a=b")).unwrap();
    trace
        .scope(async { bus.publish(&order(8)).await.unwrap() })
        .await;
    let headers = raw.next().await.unwrap().headers.unwrap();
    let mut with_trace = HeaderMap::new();
    with_trace.insert("Nats-Msg-Id", "shop.OrderPlaced:8");
    with_trace.insert("traceparent", parent);
    with_trace.insert("tracestate", "a=b");
    assert_eq!(headers, with_trace);
}

#[tokio::test]
async fn an_ephemeral_event_has_no_headers_and_keyed_ones_their_partition() {
    let (_server, bus) = shop().await;
    let mut raw = bus.client().subscribe(">").await.unwrap();
    bus.emit(&PriceShown {
        item: "tea".into(),
        cents: 250,
    })
    .await
    .unwrap();
    let shown = raw.next().await.unwrap();
    assert_eq!(
        (shown.subject.as_str(), shown.headers),
        ("prices.tea.shown", None)
    );
    assert_eq!(shown.payload, r#"{"item":"tea","cents":250}"#);
    let moved = StockMoved {
        move_id: 1,
        item: "tea".into(),
        step: 1,
    };
    bus.publish(&moved).await.unwrap();
    let partition = event_runtime::partition("tea", 4);
    assert_eq!(
        message(&bus, "STOCK", 1).await.subject.as_str(),
        format!("stock.{partition}.tea.moved")
    );
}

#[tokio::test]
async fn different_events_with_equal_ids_are_both_stored_and_a_repeat_is_not() {
    let (_server, bus) = shop().await;
    assert!(!bus.publish(&order(1)).await.unwrap().duplicate);
    assert!(
        !bus.publish(&OrderPaid { order_id: 1 })
            .await
            .unwrap()
            .duplicate
    );
    let again = bus.publish(&order(1)).await.unwrap();
    assert!(again.duplicate);
    assert_eq!(again.sequence, 1);
    assert_eq!(count(&bus, "ORDERS").await, 2);
    assert_eq!((bus.stats().published, bus.stats().duplicates), (3, 1));
}

#[tokio::test]
async fn values_that_would_be_another_subject_are_refused_and_nothing_is_sent() {
    let (_server, bus) = shop().await;
    let mut raw = bus.client().subscribe(">").await.unwrap();
    let long = "x".repeat(10_000);
    for bad in [
        "",
        ".",
        "a.b",
        "*",
        ">",
        " ",
        "a b",
        "a\r\nPUB orders:paid 0\r\n",
        "\0",
        &long,
    ] {
        let stored = OrderPlaced {
            order_id: 1,
            region: bad.to_owned(),
        };
        assert!(
            matches!(bus.publish(&stored).await, Err(Error::Subject { .. })),
            "{bad:?}"
        );
        assert!(
            matches!(bus.enqueue(&stored).await, Err(Error::Subject { .. })),
            "{bad:?}"
        );
        let shown = PriceShown {
            item: bad.to_owned(),
            cents: 1,
        };
        assert!(
            matches!(bus.emit(&shown).await, Err(Error::Subject { .. })),
            "{bad:?}"
        );
    }
    bus.emit(&PriceShown {
        item: "end".into(),
        cents: 1,
    })
    .await
    .unwrap();
    assert_eq!(
        raw.next().await.unwrap().subject.as_str(),
        "prices.end.shown"
    );
    assert_eq!(count(&bus, "ORDERS").await, 0);
}
