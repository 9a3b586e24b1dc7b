//! Servers that are killed, connections that are lost, services that stop in the middle: nothing is lost.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::type_complexity
)]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_runtime::{
    Bus, ConsumerDef, Delivery, Error, Failure, ListenReport, Listener, Service, Shutdown, Streams,
};
use event_testing::TestServer;
use support::{
    ACK_WAIT, OrderPlaced, SHOP, STREAMS, Seen, connect, count, order, pending, shop, until,
};
use tokio::task::JoinHandle;

type Running = (Shutdown, JoinHandle<Result<ListenReport, Error>>);

/// Runs a listener that takes its time for each order and notes it.
fn listen(bus: &Bus, service: Service, takes: Duration, seen: &Seen<(i64, u64)>) -> Running {
    let shutdown = Shutdown::new();
    let listener = Listener::new(bus, service, (seen.clone(), takes)).on(
        |h: Arc<(Seen<(i64, u64)>, Duration)>, d: Delivery<OrderPlaced>| async move {
            tokio::time::sleep(h.1).await;
            h.0.push((d.event.order_id, d.meta.attempt));
            Ok(())
        },
    );
    (shutdown.clone(), tokio::spawn(listener.run(shutdown)))
}

async fn stop((shutdown, running): Running) -> ListenReport {
    shutdown.stop();
    let report = running.await.unwrap().unwrap();
    let sum =
        report.handled + report.retried + report.dead_lettered + report.returned + report.failed;
    assert_eq!(report.delivered, sum, "{report:?}");
    report
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_that_was_published_or_is_to_be_handled() {
    let (mut server, bus) = shop().await;
    let config = support::config(&server).publish_timeout(Duration::from_secs(25));
    let publisher = Bus::connect(config).await.unwrap();
    let seen = Seen::default();
    let running = listen(&bus, SHOP, Duration::ZERO, &seen);
    let traffic = Shutdown::new();
    let publishing = tokio::spawn({
        let traffic = traffic.clone();
        async move {
            let (mut pending, mut id) = (Vec::new(), 0);
            while !traffic.is_stopped() {
                pending.push(publisher.enqueue(&order(id)).await.unwrap());
                id += 1;
                // As fast as the handlers, or nearly: so that both are in the middle when the server dies.
                if id % 20 == 0 {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }
            for publish in pending {
                publish.await.unwrap();
            }
            (id, publisher.stats())
        }
    });
    for handled in [300, 2_000] {
        until("some are handled", async || seen.len() > handled).await;
        server.kill();
        tokio::time::sleep(Duration::from_millis(20)).await;
        server.restart().await.unwrap();
    }
    traffic.stop();
    let (events, stats) = publishing.await.unwrap();
    assert!(stats.reconnects >= 2, "{stats:?}");
    assert_eq!(count(&bus, "ORDERS").await, events as u64);
    until("all are acknowledged", async || {
        pending(&bus, "ORDERS", "shop-workers").await == (0, 0)
    })
    .await;
    stop(running).await;
    let mut times: BTreeMap<i64, usize> = BTreeMap::new();
    for (id, _) in seen.all() {
        *times.entry(id).or_default() += 1;
    }
    assert_eq!(times.len(), events as usize, "lost");
    // The server writes acknowledgements down a little later than it takes them: after a kill some come again.
    assert_eq!(count(&bus, "DEAD_LETTERS").await, 0);
}

#[tokio::test]
async fn stopping_in_mid_load_gives_back_what_was_not_begun() {
    const EVENTS: i64 = 600;
    let (server, bus) = shop().await;
    bus.publish_all((0..EVENTS).map(order))
        .await
        .into_result()
        .unwrap();
    let (mut handled, mut returned) = (0, 0);
    let seen = Seen::default();
    // Several generations of a service, each stopped while it is busy.
    for generation in 0..4_u64 {
        let bus = connect(&server).await;
        let running = listen(&bus, SHOP, Duration::from_millis(2), &seen);
        let enough = usize::try_from(generation + 1).unwrap() * 100;
        until("it is busy", async || seen.len() >= enough).await;
        let began = Instant::now();
        let report = stop(running).await;
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "{:?}",
            began.elapsed()
        );
        handled += report.handled;
        returned += report.returned;
        assert_eq!(handled, seen.len() as u64);
        // Long before ack_wait the server knows the outcome of everything.
        let (unacknowledged, left) = pending(&bus, "ORDERS", "shop-workers").await;
        assert!(began.elapsed() < ACK_WAIT / 2);
        // What was given back is pending again until somebody takes it.
        assert!(
            unacknowledged as u64 <= report.returned,
            "{unacknowledged} {report:?}"
        );
        assert!(left + unacknowledged as u64 + handled >= EVENTS as u64);
    }
    assert!(
        returned > 0,
        "nothing was given back: the test shows nothing"
    );
    let last = listen(&bus, SHOP, Duration::ZERO, &seen);
    until("all are handled", async || seen.len() == EVENTS as usize).await;
    handled += stop(last).await.handled;
    assert_eq!(handled, EVENTS as u64, "nothing twice");
    assert_eq!(pending(&bus, "ORDERS", "shop-workers").await, (0, 0));
    let again = seen
        .all()
        .iter()
        .filter(|(_, attempt)| *attempt > 1)
        .count() as u64;
    assert!(again > 0 && again <= returned, "{again} {returned}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_under_steady_traffic_strands_nothing() {
    stops_strand_nothing(10, 50, 64).await;
}

/// With as many requested as ever are, of which most are still to come when it stops.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_in_full_swing_strands_nothing() {
    stops_strand_nothing(5, 700, 1_000).await;
}

/// Listeners that stop one after the other under steady traffic, each after so many events.
async fn stops_strand_nothing(stops: usize, each: usize, max_in_flight: u32) {
    // What a stop strands comes back after ack_wait only: after two minutes this test has failed long ago.
    let consumers = [ConsumerDef {
        ack_wait: Duration::from_secs(120),
        max_in_flight,
        ..STREAMS.consumers[0]
    }];
    let streams = Streams {
        streams: STREAMS.streams,
        consumers: &consumers,
    };
    let service = SHOP.max_in_flight(max_in_flight);
    let server = TestServer::start().await.unwrap();
    let bus = connect(&server).await;
    event_operate::ensure(&bus, &streams).await.unwrap();
    let seen = Seen::default();
    let traffic = Shutdown::new();
    let publishing = tokio::spawn({
        let (bus, traffic) = (bus.clone(), traffic.clone());
        async move {
            let mut id = 0;
            while !traffic.is_stopped() {
                bus.publish(&order(id)).await.unwrap();
                id += 1;
            }
            id
        }
    });
    let (mut handled, mut returned, mut dead_lettered) = (0, 0, 0);
    for generation in 1..=stops {
        let bus = connect(&server).await;
        let running = listen(&bus, service, Duration::ZERO, &seen);
        until("it is busy", async || seen.len() > generation * each).await;
        let report = stop(running).await;
        handled += report.handled;
        returned += report.returned;
        dead_lettered += report.dead_lettered;
    }
    assert_eq!(
        dead_lettered, 0,
        "given back so often that it was taken for what kills its process"
    );
    traffic.stop();
    let published = publishing.await.unwrap();
    let last = listen(&bus, service, Duration::ZERO, &seen);
    until("all are handled", async || seen.len() as i64 >= published).await;
    handled += stop(last).await.handled;
    assert_eq!(
        (handled as i64, seen.len() as i64),
        (published, published),
        "nothing twice"
    );
    let again = seen
        .all()
        .iter()
        .filter(|(_, attempt)| *attempt > 1)
        .count() as u64;
    assert!(again <= returned, "{again} {returned}");
}

#[tokio::test]
async fn a_handler_that_does_not_end_is_cancelled_after_the_grace_and_its_event_given_back() {
    let (_server, bus) = shop().await;
    let seen = Seen::default();
    let shutdown = Shutdown::new();
    let listener = Listener::new(&bus, SHOP, seen.clone())
        .on(
            |seen: Arc<Seen<i64>>, d: Delivery<OrderPlaced>| async move {
                seen.push(d.event.order_id);
                std::future::pending::<Result<(), Failure>>().await
            },
        )
        .grace(Duration::from_millis(100));
    let running = tokio::spawn(listener.run(shutdown.clone()));
    bus.publish(&order(1)).await.unwrap();
    until("it hangs", async || seen.len() == 1).await;
    let report = stop((shutdown, running)).await;
    assert_eq!((report.delivered, report.returned), (1, 1));
    let seen = Seen::default();
    let began = Instant::now();
    let next = listen(&bus, SHOP, Duration::ZERO, &seen);
    until("the next one gets it", async || seen.len() == 1).await;
    assert!(began.elapsed() < ACK_WAIT, "{:?}", began.elapsed());
    stop(next).await;
}

#[tokio::test]
async fn closing_the_bus_stops_its_listeners_first() {
    let (server, bus) = shop().await;
    bus.publish_all((0..200).map(order))
        .await
        .into_result()
        .unwrap();
    let closing = connect(&server).await;
    let seen = Seen::default();
    let (_shutdown, running) = listen(&closing, SHOP, Duration::from_millis(5), &seen);
    until("it is busy", async || seen.len() > 20).await;
    let report = closing.close(Duration::from_secs(10)).await;
    assert!(report.flushed && report.abandoned == 0, "{report:?}");
    let listened = running.await.unwrap().unwrap();
    assert_eq!(listened.returned, report.returned);
    assert_eq!(listened.handled, seen.len() as u64);
    let next = listen(&bus, SHOP, Duration::ZERO, &seen);
    until("all are handled", async || seen.len() == 200).await;
    stop(next).await;
}

#[tokio::test]
async fn a_frozen_server_delays_but_loses_nothing() {
    let (server, bus) = shop().await;
    let seen = Seen::default();
    let running = listen(&bus, SHOP, Duration::from_millis(2), &seen);
    bus.publish_all((0..300).map(order))
        .await
        .into_result()
        .unwrap();
    until("it is busy", async || seen.len() > 50).await;
    server.pause().unwrap();
    // Longer than ack_wait: what is in hand may come again, and nothing may be missing.
    tokio::time::sleep(ACK_WAIT + Duration::from_secs(1)).await;
    server.resume().unwrap();
    until("all are acknowledged", async || {
        pending(&bus, "ORDERS", "shop-workers").await == (0, 0)
    })
    .await;
    stop(running).await;
    let mut ids: Vec<i64> = seen.all().into_iter().map(|(id, _)| id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids, (0..300).collect::<Vec<_>>());
}
