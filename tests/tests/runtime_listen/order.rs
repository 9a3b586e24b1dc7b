//! The order of the events of one key.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use event_runtime::{Delivery, Failure, Listener};

use super::support::{SHOP, Seen, StockMoved, connect, pending, shop, until};
use super::{Running, start, stop};

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
