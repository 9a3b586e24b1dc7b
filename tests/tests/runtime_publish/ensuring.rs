//! `ensure`, by many at once.

use crate::support::{STREAMS, connect, shop};

#[tokio::test]
async fn ensure_adds_and_never_removes_also_at_once() {
    use event_runtime::{ConsumerDef, StreamDef, Streams};
    let (server, bus) = shop().await;
    assert!(
        event_operate::ensure(&bus, &STREAMS)
            .await
            .unwrap()
            .is_empty()
    );
    const fn more(subject: &'static [&'static str]) -> StreamDef<'static> {
        StreamDef {
            subjects: subject,
            max_messages: Some(1),
            ..STREAMS.streams[0]
        }
    }
    const fn filters(filters: &'static [&'static str]) -> ConsumerDef<'static> {
        ConsumerDef {
            filters,
            ..STREAMS.consumers[0]
        }
    }
    const A: Streams = Streams {
        streams: &[more(&["a"])],
        consumers: &[filters(&["a"])],
    };
    const B: Streams = Streams {
        streams: &[more(&["b"])],
        consumers: &[filters(&["b", "orders:paid"])],
    };
    const C: Streams = Streams {
        streams: &[more(&["c.*"])],
        consumers: &[filters(&["c.*"])],
    };
    let other = connect(&server).await;
    let third = connect(&server).await;
    let (a, b, c) = tokio::join!(
        event_operate::ensure(&bus, &A),
        event_operate::ensure(&other, &B),
        event_operate::ensure(&third, &C)
    );
    a.unwrap();
    b.unwrap();
    c.unwrap();
    let stream = bus.jetstream().get_stream("ORDERS").await.unwrap();
    let config = &stream.cached_info().config;
    let mut subjects = config.subjects.clone();
    subjects.sort();
    assert_eq!(
        subjects,
        ["a", "b", "c.*", "orders.*.placed", "orders:paid"]
    );
    assert_eq!(config.max_messages, -1, "a limit was changed");
    let consumer = stream.consumer_info("shop-workers").await.unwrap();
    let mut filters = consumer.config.filter_subjects.clone();
    filters.sort();
    assert_eq!(filters, ["a", "b", "c.*", "orders.*.placed", "orders:paid"]);
    let dead = bus.jetstream().get_stream("DEAD_LETTERS").await.unwrap();
    assert_eq!(
        dead.cached_info().config.subjects,
        ["dead_letters.>", "redrive.>"]
    );
    assert!(dead.consumer_info("redrive-shop").await.is_ok());
}

#[tokio::test]
async fn ensure_makes_the_partitions_that_there_are_and_adds_more() {
    use event_runtime::{StreamDef, Streams};
    let (_server, bus) = shop().await;
    let jetstream = bus.jetstream();
    let subjects = async || {
        let stream = jetstream.get_stream("STOCK").await.unwrap();
        let mut all = stream.cached_info().config.subjects.clone();
        all.sort();
        all
    };
    let taken = async |partition: u32| {
        let subject = format!("stock.{partition}.a.moved");
        let ack = jetstream.publish(subject, "{}".into()).await.unwrap();
        ack.await.is_ok()
    };
    let four = [0, 1, 2, 3].map(|n| format!("stock.{n}.*.moved"));
    assert_eq!(subjects().await, four);
    assert!(taken(3).await);
    assert!(!taken(4).await, "no durable would ever deliver it");
    const fn of(partitions: u32) -> StreamDef<'static> {
        StreamDef {
            partitions: Some(partitions),
            ..STREAMS.streams[1]
        }
    }
    let ensure = async |stream| {
        let streams = [stream];
        let contracts = Streams {
            streams: &streams,
            consumers: &[],
        };
        event_operate::ensure(&bus, &contracts).await.unwrap()
    };
    let more = ensure(of(6)).await;
    let added: Vec<&str> = more
        .added_subjects
        .iter()
        .map(|(_, s)| s.as_str())
        .collect();
    assert_eq!(added, ["stock.4.*.moved", "stock.5.*.moved"]);
    assert!(taken(4).await);
    // Fewer is an operator's business.
    assert!(ensure(of(2)).await.is_empty());
    assert_eq!(subjects().await.len(), 6);
}
