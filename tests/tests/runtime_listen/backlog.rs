//! Many deliveries at once: none is lost between those that the worker runs itself and those that have tasks.

use event_runtime::Service;

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
        let _ = bus.ensure(&STREAMS).await.unwrap();
    }
}
