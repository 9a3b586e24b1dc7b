//! `?` in handlers with the errors that people use, and what `main` shows.

use std::error::Error as StdError;
use std::sync::Arc;

use anyhow::Context;
use event_runtime::dead_letter::DETAIL;
use event_runtime::{Bus, Config, Delivery, Error, Failure, Listener, Permanent};
use event_testing::Recorder;

use crate::support::{Note, OrderPlaced, SHOP, count, message, order, pending, shop, until};

fn io() -> std::io::Error {
    std::io::Error::other("connection refused")
}

fn too_large() -> Error {
    Error::TooLarge {
        subject: "a.b".into(),
        size: 2,
        limit: 1,
    }
}

fn with_anyhow(order_id: i64) -> anyhow::Result<()> {
    match order_id {
        1 => Err(io()).context("reading the rates"),
        2 => Err(too_large()).context("answering"),
        3 => Err(anyhow::Error::new(too_large())),
        4 => Err(Permanent).context("no such currency"),
        5 => Err(Permanent)
            .context("no such currency")
            .context("charging"),
        _ => Ok(()),
    }
}

fn boxed(order_id: i64) -> Result<(), Box<dyn StdError + Send + Sync>> {
    match order_id {
        6 => Err(io().into()),
        7 => Err(too_large().into()),
        8 => Err(anyhow::Error::new(too_large()).context("answering").into()),
        9 => Err("no rates".into()),
        _ => Ok(()),
    }
}

/// An error of a user's, which has no link of its own in the chain of sources.
#[derive(Debug)]
struct Transparent(Error);

impl std::fmt::Display for Transparent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Transparent {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

async fn handle(bus: &Bus, order_id: i64) -> Result<(), Failure> {
    with_anyhow(order_id)?;
    boxed(order_id)?;
    match order_id {
        10 => Err(Transparent(too_large()))?,
        11 => "x".parse::<i32>().map(|_| ())?,
        12 => {
            let text = "x".repeat(2 << 20);
            bus.publish(&Note { text }).await.map(|_| ())?;
        }
        13 => with_anyhow(1).map_err(Failure::dead)?,
        _ => {}
    }
    Ok(())
}

#[tokio::test]
async fn every_error_works_with_the_question_mark_and_what_cannot_succeed_is_dead_at_once() {
    let make = |bus: &Bus| {
        Listener::new(bus, SHOP, bus.clone()).on(
            |bus: Arc<Bus>, d: Delivery<OrderPlaced>| async move {
                handle(&bus, d.event.order_id).await
            },
        )
    };
    let mut recorder = Recorder::new(make).await.unwrap();
    let large = "a.b: the message has 2 bytes with its headers, and the server takes 1: no retry can succeed";
    for (order_id, dead, reason) in [
        (1, false, "reading the rates: connection refused"),
        (2, true, &*format!("answering: {large}")),
        (3, true, large),
        (4, true, "no such currency: no retry can succeed"),
        (5, true, "charging: no such currency: no retry can succeed"),
        (6, false, "connection refused"),
        (7, true, large),
        (8, true, &*format!("answering: {large}")),
        (9, false, "no rates"),
        (10, true, large),
        (11, false, "invalid digit found in string"),
        (12, true, "orders:paid: the message has"),
        (13, true, "reading the rates: connection refused"),
    ] {
        let delivered = recorder.deliver(&order(order_id)).await.unwrap();
        assert_eq!(
            delivered.dead_reason().is_some(),
            dead,
            "{order_id} {delivered:?}"
        );
        let outcome = format!("{:?}", delivered.outcome);
        assert!(outcome.contains(reason), "{order_id} {outcome}");
        assert!(delivered.published.is_empty());
    }
}

#[tokio::test]
async fn the_sources_of_an_error_are_in_its_dead_letter() {
    let (_server, bus) = shop().await;
    let listener = Listener::new(&bus, SHOP, bus.clone()).on(
        |bus: Arc<Bus>, d: Delivery<OrderPlaced>| async move {
            let order_id = if d.event.order_id == 1 { 1 } else { 12 };
            handle(&bus, order_id).await
        },
    );
    let shutdown = event_runtime::Shutdown::new();
    let running = tokio::spawn(listener.run(shutdown.clone()));
    bus.publish(&order(2)).await.unwrap();
    until("what cannot succeed is dead", async || {
        count(&bus, "DEAD_LETTERS").await == 1
    })
    .await;
    bus.publish(&order(1)).await.unwrap();
    until("the other one is dead after its attempts", async || {
        count(&bus, "DEAD_LETTERS").await == 2
    })
    .await;
    for (sequence, detail, attempts) in [
        (1, "no retry can succeed", "1"),
        (2, "reading the rates: connection refused", "3"),
    ] {
        let letter = message(&bus, "DEAD_LETTERS", sequence).await;
        let header = |name: &str| letter.headers.get(name).unwrap().as_str().to_owned();
        assert!(header(DETAIL).ends_with(detail), "{}", header(DETAIL));
        assert_eq!(header(event_runtime::dead_letter::ATTEMPTS), attempts);
    }
    until("all is settled", async || {
        pending(&bus, "ORDERS", "shop-workers").await == (0, 0)
    })
    .await;
    shutdown.stop();
    assert_eq!(running.await.unwrap().unwrap().dead_lettered, 2);
}

/// What `fn main() -> Result<(), E>` prints is the error's `Debug`.
#[tokio::test]
async fn what_main_shows_of_an_error_is_its_text() {
    let config =
        Config::from_lookup(|variable| Ok((variable == "NATS_URL").then(|| "http://a".to_owned())))
            .unwrap_err();
    let text = "NATS_URL: server 1 is no nats:// or tls:// URL";
    let connect = Bus::connect(Config::new("nats://127.0.0.1:1").unwrap())
        .await
        .unwrap_err();
    for (error, text) in [
        (Box::new(config.clone()) as Box<dyn StdError>, text),
        (Box::new(Error::from(config)), text),
        (Box::new(connect), "cannot connect to 127.0.0.1:1: "),
        (Box::new(too_large()), "a.b: the message has 2 bytes"),
        (Box::new(Error::Closed), "the bus is closed"),
    ] {
        let shown = format!("{error:?}");
        assert!(shown.starts_with(text), "{shown}");
        assert!(!shown.contains(" {") && !shown.contains('\n'), "{shown}");
        // Whoever wants the structure can have it.
        assert!(format!("{error:#?}").contains('{'));
    }
}
