//! Handlers without a server: outcomes, follow-up events, and what cannot be asked.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use event_runtime::dead_letter::{self, Cause};
use event_runtime::{Bus, Delivery, Error, Failure, Listener, MessageId, Meta, Next, Trace};
use event_testing::{Outcome, Recorder};
use support::{OrderPaid, OrderPlaced, PriceShown, SHOP, STREAMS, StockMoved, order};

struct Shop {
    bus: Bus,
    calls: AtomicUsize,
}

impl Shop {
    /// What it does is in the region of the order.
    async fn order_placed(&self, delivery: Delivery<OrderPlaced>) -> Result<(), Failure> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let order = delivery.event;
        let paid = OrderPaid {
            order_id: order.order_id,
        };
        let shown = PriceShown {
            item: "pen".into(),
            cents: order.order_id,
        };
        match order.region.as_str() {
            "eu" => paid.publish(&self.bus).await.map(drop)?,
            "enqueue" => {
                let first = paid.enqueue(&self.bus).await?;
                shown.emit(&self.bus).await?;
                assert!(!first.await?.duplicate);
                assert!(paid.publish(&self.bus).await?.duplicate);
            }
            "half" => {
                paid.publish(&self.bus).await?;
                return Err(Failure::retry("the other half failed"));
            }
            "later" => return Err(Failure::retry_after(Duration::from_secs(77), "closed")),
            "never" => return Err(Failure::dead("no such order")),
            "panic" => panic!("a bug"),
            "slow" => std::future::pending().await,
            "redriven" => assert!(delivery.meta.redriven && delivery.meta.attempt == 1),
            other => panic!("{other}"),
        }
        Ok(())
    }
}

fn listener(bus: &Bus) -> Listener<Shop> {
    let shop = Shop {
        bus: bus.clone(),
        calls: AtomicUsize::new(0),
    };
    Listener::new(bus, SHOP, shop)
        .on(|shop: Arc<Shop>, delivery| async move { shop.order_placed(delivery).await })
        .on(|_, delivery: Delivery<StockMoved>| async move {
            assert_eq!(delivery.meta.stream, Some("STOCK"));
            Ok(())
        })
        .on(|_, delivery: Delivery<PriceShown>| async move {
            match delivery.event.cents {
                0 => Err(Failure::retry("free")),
                _ => Ok(()),
            }
        })
}

fn placed(region: &str) -> OrderPlaced {
    OrderPlaced {
        order_id: 7,
        region: region.into(),
    }
}

#[tokio::test]
async fn a_handled_event_and_what_follows_from_it() {
    let mut recorder = Recorder::new(listener).await.unwrap();
    let delivered = recorder.deliver(&order(7)).await.unwrap();
    assert!(delivered.is_handled(), "{delivered:?}");
    let paid = OrderPaid { order_id: 7 };
    assert_eq!(delivered.events::<OrderPaid>().unwrap(), [paid]);
    let recorded = &delivered.published[0];
    assert_eq!(&*recorded.subject, "orders:paid");
    assert_eq!(recorded.stream, Some("ORDERS"));
    assert_eq!(recorded.id.as_deref(), Some("shop.OrderPaid:7"));
    assert_eq!(&*recorded.body, br#"{"orderId":7}"#);
    // The same again: the stream knows its follow-up already.
    let again = recorder.deliver(&order(7)).await.unwrap();
    assert!(
        again.is_handled() && again.published.is_empty(),
        "{again:?}"
    );
    assert_eq!(recorder.handlers().calls.load(Ordering::Relaxed), 2);

    let mut recorder = Recorder::new(listener).await.unwrap();
    let delivered = recorder.deliver(&placed("enqueue")).await.unwrap();
    assert!(delivered.is_handled(), "{delivered:?}");
    let subjects: Vec<&str> = delivered.published.iter().map(|r| &*r.subject).collect();
    assert_eq!(subjects, ["orders:paid", "prices.pen.shown"]);
    assert_eq!(delivered.published[1].stream, None);
    assert_eq!(delivered.events::<PriceShown>().unwrap()[0].cents, 7);
    let stats = recorder.handlers().bus.stats();
    assert_eq!(
        (stats.published, stats.duplicates, stats.emitted),
        (2, 1, 1)
    );
    let moved = StockMoved {
        move_id: 1,
        item: "pen".into(),
        step: 1,
    };
    assert!(recorder.deliver(&moved).await.unwrap().is_handled());
}

#[tokio::test]
async fn failures_are_retried_by_the_policy_and_end_in_the_dead_letters() {
    let mut recorder = Recorder::new(listener).await.unwrap();
    // The service's policy: 200 ms, doubled, at most 1 s; up to a half more; 3 attempts.
    for (attempt, least) in [(1, 200), (2, 400)] {
        let delivered = recorder
            .deliver(&placed("half"))
            .attempt(attempt)
            .await
            .unwrap();
        let after = delivered.retried_after().unwrap().as_millis();
        assert!(
            (least..=least * 3 / 2).contains(&after),
            "{attempt}: {after}"
        );
        // What it published before it failed is out.
        assert_eq!(delivered.published.len(), usize::from(attempt == 1));
    }
    let delivered = recorder.deliver(&placed("half")).attempt(3).await.unwrap();
    let cause = |cause, reason: &str| Outcome::Dead {
        cause,
        reason: reason.into(),
    };
    assert_eq!(
        delivered.outcome,
        cause(Cause::Attempts, "the other half failed")
    );
    let letter = delivered.dead_letter.unwrap();
    assert_eq!(&*letter.subject, "dead_letters.shop.orders.half.placed");
    let header = |name| letter.headers.get(name).unwrap().as_str().to_owned();
    assert_eq!(header(dead_letter::REASON), "attempts");
    assert_eq!(header(dead_letter::ATTEMPTS), "3");
    assert_eq!(header(dead_letter::MESSAGE_ID), "shop.OrderPlaced:7");
    assert_eq!(letter.read::<OrderPlaced>().unwrap(), placed("half"));

    let delivered = recorder.deliver(&placed("later")).await.unwrap();
    assert_eq!(delivered.retried_after(), Some(Duration::from_secs(77)));
    let delivered = recorder.deliver(&placed("never")).await.unwrap();
    assert_eq!(delivered.outcome, cause(Cause::Dead, "no such order"));
    assert_eq!(delivered.dead_reason(), Some("no such order"));
    let delivered = recorder.deliver(&placed("panic")).await.unwrap();
    let Outcome::Retried { reason, .. } = delivered.outcome else {
        panic!("{:?}", delivered.outcome)
    };
    assert_eq!(reason, "panicked: a bug");
    let delivered = recorder.deliver(&placed("panic")).attempt(3).await.unwrap();
    assert_eq!(delivered.outcome, cause(Cause::Panic, "panicked: a bug"));
    let delivered = recorder.deliver(&order(7)).attempt(9).await.unwrap();
    assert!(matches!(
        delivered.outcome,
        Outcome::Dead {
            cause: Cause::NoOutcome,
            ..
        }
    ));
}

#[tokio::test]
async fn bytes_of_others_go_the_same_way() {
    let mut recorder = Recorder::new(listener).await.unwrap();
    let body = r#"{"orderId":1,"region":"eu"}"#;
    let delivered = recorder
        .deliver_raw("orders.eu.placed", body)
        .await
        .unwrap();
    assert!(delivered.is_handled(), "{delivered:?}");
    let delivered = recorder
        .deliver_raw("orders.eu.placed", r#"{"orderId":1}"#)
        .await
        .unwrap();
    assert_eq!(
        delivered.outcome,
        Outcome::Dead {
            cause: Cause::Undecodable,
            reason: "shop.OrderPlaced: missing field `region`".into()
        }
    );
    let id = MessageId::new("shop.OrderPaid", &1_i64).unwrap();
    let delivered = recorder
        .deliver_raw("orders.eu.placed", body)
        .id(&id)
        .await
        .unwrap();
    assert!(matches!(
        delivered.outcome,
        Outcome::Dead {
            cause: Cause::Contradiction,
            ..
        }
    ));
    // What this build does not know waits for a newer one, and then goes to the dead letters.
    let delivered = recorder.deliver_raw("orders:lost", body).await.unwrap();
    assert!(delivered.retried_after().is_some());
    let delivered = recorder
        .deliver_raw("orders:lost", body)
        .attempt(3)
        .await
        .unwrap();
    assert!(matches!(
        delivered.outcome,
        Outcome::Dead {
            cause: Cause::Unknown,
            ..
        }
    ));
    assert_eq!(recorder.handlers().calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn ephemeral_events_are_handled_or_dropped() {
    let mut recorder = Recorder::new(listener).await.unwrap();
    let shown = |cents| PriceShown {
        item: "pen".into(),
        cents,
    };
    assert!(
        recorder
            .deliver_ephemeral(&shown(1))
            .await
            .unwrap()
            .is_handled()
    );
    for (delivering, expected) in [
        (recorder.deliver_ephemeral(&shown(0)).await, "free"),
        (
            recorder.deliver_raw("prices.pen.shown", "[]").await,
            "shop.PriceShown: the body is not a JSON object",
        ),
    ] {
        let reason = expected.to_owned();
        assert_eq!(delivering.unwrap().outcome, Outcome::Dropped { reason });
    }
}

#[tokio::test]
async fn the_hook_the_trace_a_redrive_and_the_limit() {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let trace = Trace::new(parent, None).unwrap();
    let mut recorder = Recorder::new(|bus| {
        listener(bus)
            .around(|meta: Arc<Meta>, next: Next| async move {
                if meta.attempt == 2 {
                    return Err(Failure::dead("the hook says no"));
                }
                next.run().await
            })
            .handler_limit(Duration::from_millis(50))
    })
    .await
    .unwrap();
    let delivered = recorder.deliver(&order(1)).trace(&trace).await.unwrap();
    assert_eq!(delivered.published[0].trace.as_ref(), Some(&trace));
    let delivered = recorder.deliver(&order(2)).attempt(2).await.unwrap();
    assert_eq!(delivered.dead_reason(), Some("the hook says no"));
    let delivered = recorder
        .deliver(&placed("redriven"))
        .redriven()
        .await
        .unwrap();
    assert!(delivered.is_handled(), "{delivered:?}");
    let delivered = recorder.deliver(&placed("slow")).await.unwrap();
    let Outcome::Retried { reason, .. } = delivered.outcome else {
        panic!("{:?}", delivered.outcome)
    };
    assert!(reason.contains("cancelled"), "{reason}");
}

#[tokio::test]
async fn a_publish_that_fails_and_what_only_a_server_can_answer() {
    let mut recorder = Recorder::new(listener).await.unwrap();
    recorder.fail_publishes(true);
    let delivered = recorder.deliver(&order(1)).await.unwrap();
    assert!(delivered.retried_after().is_some() && delivered.published.is_empty());
    // Its dead letter is stored.
    let delivered = recorder.deliver(&order(1)).attempt(3).await.unwrap();
    assert!(delivered.dead_letter.is_some());
    recorder.fail_publishes(false);
    assert!(recorder.deliver(&order(1)).await.unwrap().is_handled());

    // An event that could not be published cannot be delivered either.
    let error = recorder.deliver(&placed("a.b")).await.unwrap_err();
    assert!(matches!(error, Error::Subject { .. }), "{error}");

    let bus = recorder.handlers().bus.clone();
    let began = Instant::now();
    let errors = [
        event_operate::ensure(&bus, &STREAMS).await.unwrap_err(),
        bus.redrive(1, 1).await.unwrap_err(),
        bus.subscribe(event_runtime::Filter::<OrderPlaced>::all())
            .await
            .unwrap_err(),
        bus.subscribe(event_runtime::Filter::<PriceShown>::all())
            .await
            .unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, Error::NotConnected { .. }), "{error}");
    }
    assert!(bus.health().await.is_healthy());
    let closed = bus.clone().close(Duration::from_secs(5)).await;
    assert!(closed.flushed && closed.abandoned == 0, "{closed:?}");
    assert!(began.elapsed() < Duration::from_secs(1));
    assert!(matches!(bus.publish(&order(1)).await, Err(Error::Closed)));
}
