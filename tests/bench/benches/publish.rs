//! Publishing, ours against plain async-nats that does the same work: the same bytes, headers and window.
//!
//! Both sides talk to one server over connections of their own, and each measurement has an empty stream. A word behind `--` chooses
//! those with it in their name: `cargo bench --bench publish -- emit`.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use event_bench::events::{order, price};
use event_bench::server::Ground;
use event_bench::{Goal, Pairs, by_hand};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Sends so many events, and ends when all of them are where they belong.
type Side = fn(Arc<Ground>, usize) -> Work;

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    let ground = Arc::new(runtime.block_on(Ground::start()));
    let rate = |side: Side, events: usize| {
        runtime.block_on(ground.fresh_stream());
        let began = Instant::now();
        let work = runtime.spawn(side(Arc::clone(&ground), events));
        runtime.block_on(work).expect("no panic");
        events as f64 / began.elapsed().as_secs_f64()
    };
    let sides: [(&str, usize, Side, Side); 5] = [
        ("emit", 200_000, emit, emit_by_hand),
        ("publish, one at a time", 2_000, publish, publish_by_hand),
        (
            "publish, 64 at once",
            10_000,
            publish_64,
            publish_64_by_hand,
        ),
        (
            "enqueue, 1,024 on their way",
            30_000,
            enqueue,
            pipelined_by_hand,
        ),
        ("publish_all", 30_000, publish_all, pipelined_by_hand),
    ];
    let chosen = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let chosen = chosen.unwrap_or_default();
    for (name, events, ours, theirs) in sides {
        if !name.contains(&chosen) {
            continue;
        }
        Pairs {
            group: "publish",
            name,
            against: "async-nats",
            unit: "events/s",
            goal: Goal::AtLeast(0.95),
        }
        .often(4, || rate(ours, events), || rate(theirs, events));
    }
}

fn emit(ground: Arc<Ground>, events: usize) -> Work {
    Box::pin(async move {
        for _ in 0..events {
            ground.bus.emit(&price()).await.expect("sent");
        }
        ground.bus.client().flush().await.expect("a connection");
    })
}

fn emit_by_hand(ground: Arc<Ground>, events: usize) -> Work {
    Box::pin(async move {
        for _ in 0..events {
            by_hand::emit(&ground.client, &price()).await;
        }
        ground.client.flush().await.expect("a connection");
    })
}

fn publish(ground: Arc<Ground>, events: usize) -> Work {
    Box::pin(async move {
        for _ in 0..events {
            ground.bus.publish(&order()).await.expect("stored");
        }
    })
}

fn publish_by_hand(ground: Arc<Ground>, events: usize) -> Work {
    Box::pin(async move {
        for _ in 0..events {
            by_hand::publish(&ground.jetstream, &order()).await;
        }
    })
}

fn publish_64(ground: Arc<Ground>, events: usize) -> Work {
    at_once(ground, events, publish)
}

fn publish_64_by_hand(ground: Arc<Ground>, events: usize) -> Work {
    at_once(ground, events, publish_by_hand)
}

/// The same in 64 tasks.
fn at_once(ground: Arc<Ground>, events: usize, side: Side) -> Work {
    Box::pin(async move {
        let mut tasks = JoinSet::new();
        for task in 0..64 {
            let share = events / 64 + usize::from(task < events % 64);
            tasks.spawn(side(Arc::clone(&ground), share));
        }
        tasks.join_all().await;
    })
}

fn enqueue(ground: Arc<Ground>, events: usize) -> Work {
    Box::pin(async move {
        let mut pending = VecDeque::with_capacity(by_hand::WINDOW);
        for _ in 0..events {
            if pending.len() == by_hand::WINDOW
                && let Some(oldest) = pending.pop_front()
            {
                let oldest: event_runtime::Pending = oldest;
                oldest.await.expect("stored");
            }
            pending.push_back(ground.bus.enqueue(&order()).await.expect("sent"));
        }
        for publish in pending {
            publish.await.expect("stored");
        }
    })
}

fn publish_all(ground: Arc<Ground>, events: usize) -> Work {
    Box::pin(async move {
        let report = ground.bus.publish_all((0..events).map(|_| order())).await;
        assert_eq!(report.into_result().expect("stored"), events);
    })
}

fn pipelined_by_hand(ground: Arc<Ground>, events: usize) -> Work {
    Box::pin(async move {
        by_hand::publish_all(&ground.jetstream, (0..events).map(|_| order())).await;
    })
}
