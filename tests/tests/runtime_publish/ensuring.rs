//! `ensure`, by many at once.

use crate::support::{STREAMS, connect, shop};

#[tokio::test]
async fn ensure_adds_and_never_removes_also_at_once() {
    use event_runtime::{ConsumerDef, StreamDef, Streams};
    let (server, bus) = shop().await;
    assert!(bus.ensure(&STREAMS).await.unwrap().is_empty());
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
    let (a, b, c) = tokio::join!(bus.ensure(&A), other.ensure(&B), third.ensure(&C));
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
