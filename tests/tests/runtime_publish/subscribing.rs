//! Subscriptions: ephemeral events, groups, and stored ones from where they are told.

use std::time::Duration;

use event_runtime::{Filter, Start};

use crate::support::{OrderPlaced, PriceShown, connect, order, shop};

#[tokio::test]
async fn subscribers_all_see_an_ephemeral_event_and_a_group_shares_it() {
    let (server, bus) = shop().await;
    let other = connect(&server).await;
    let mut everything = bus.subscribe(Filter::<PriceShown>::all()).await.unwrap();
    let mut tea = other
        .subscribe(PriceShown::filter().item("tea").pattern().unwrap())
        .await
        .unwrap();
    let mut first = bus
        .subscribe(Filter::<PriceShown>::all().queue_group("g"))
        .await
        .unwrap();
    let mut second = other
        .subscribe(Filter::<PriceShown>::all().queue_group("g"))
        .await
        .unwrap();
    for n in 0..100 {
        let item = if n % 2 == 0 { "tea" } else { "milk" };
        bus.emit(&PriceShown {
            item: item.into(),
            cents: n,
        })
        .await
        .unwrap();
    }
    bus.client()
        .publish(
            "prices.tea.shown",
            r#"{"item":"secret","cents":"x"}"#.into(),
        )
        .await
        .unwrap();
    bus.client()
        .publish("prices.tea.shown", "[\"tea\",1]".into())
        .await
        .unwrap();
    bus.emit(&PriceShown {
        item: "tea".into(),
        cents: 1_000,
    })
    .await
    .unwrap();
    for n in 0..100 {
        assert_eq!(everything.next().await.unwrap().unwrap().event.cents, n);
    }
    for n in 0..50 {
        let delivery = tea.next().await.unwrap().unwrap();
        assert_eq!(
            (delivery.event.cents, delivery.meta.subject.as_str()),
            (n * 2, "prices.tea.shown")
        );
    }
    // What cannot be read is an error, without the value, and the stream goes on.
    let error = tea.next().await.unwrap().unwrap_err().to_string();
    assert_eq!(error, "shop.PriceShown: at cents: expected i64");
    let error = tea.next().await.unwrap().unwrap_err().to_string();
    assert_eq!(error, "shop.PriceShown: the body is not a JSON object");
    assert_eq!(tea.next().await.unwrap().unwrap().event.cents, 1_000);
    let mut shared = 0;
    let quiet = Duration::from_millis(200);
    while let Ok(Some(_)) = tokio::time::timeout(quiet, first.next()).await {
        shared += 1;
    }
    while let Ok(Some(_)) = tokio::time::timeout(quiet, second.next()).await {
        shared += 1;
    }
    assert_eq!(shared, 103);
}

#[tokio::test]
async fn a_stored_subscription_starts_where_it_is_told_and_survives_a_restart() {
    let (mut server, bus) = shop().await;
    for n in 1..=10 {
        bus.publish(&order(n)).await.unwrap();
    }
    let mut all = bus
        .subscribe(Filter::<OrderPlaced>::all().start(Start::All))
        .await
        .unwrap();
    let mut tail = bus
        .subscribe(Filter::<OrderPlaced>::all().start(Start::Sequence(8)))
        .await
        .unwrap();
    let mut new = bus.subscribe(Filter::<OrderPlaced>::all()).await.unwrap();
    let mut late = bus
        .subscribe(Filter::<OrderPlaced>::all().start(Start::At("2020-01-01T00:00:00Z")))
        .await
        .unwrap();
    for n in 1..=10 {
        let delivery = all.next().await.unwrap().unwrap();
        assert_eq!(
            (delivery.event.order_id, delivery.meta.sequence),
            (n, Some(n as u64))
        );
        assert_eq!(late.next().await.unwrap().unwrap().event.order_id, n);
    }
    for n in 8..=10 {
        assert_eq!(tail.next().await.unwrap().unwrap().event.order_id, n);
    }
    // The consumers have no durable name and live in memory: they are gone after this.
    server.kill();
    server.restart().await.unwrap();
    for n in 11..=20 {
        bus.publish(&order(n)).await.unwrap();
    }
    for subscription in [&mut all, &mut tail, &mut new, &mut late] {
        for n in 11..=20 {
            let delivery = tokio::time::timeout(Duration::from_secs(20), subscription.next())
                .await
                .unwrap();
            assert_eq!(delivery.unwrap().unwrap().event.order_id, n);
        }
    }
}
