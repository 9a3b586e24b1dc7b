//! Publishing: ours against by hand.

use event_bench::events::{order, price};
use event_bench::server::Ground;
use event_bench::{Goal, by_hand};
use tokio::runtime::Runtime;

use crate::callgrind::Mode;
use crate::measured;

/// What is measured here.
pub const MODES: &[Mode] = &[
    Mode {
        name: "emit",
        goal: Goal::AtMost(1.03),
        allocations: 0.0,
        events: [2_000, 12_000],
        run: emit,
    },
    Mode {
        name: "publish",
        goal: Goal::AtMost(1.03),
        allocations: 2.0,
        events: [500, 3_500],
        run: publish,
    },
    Mode {
        name: "pipelined",
        goal: Goal::AtMost(1.03),
        allocations: 2.0,
        events: [2_000, 12_000],
        run: pipelined,
    },
];

fn emit(runtime: &Runtime, ours: bool, n: usize) {
    let ground = runtime.block_on(Ground::start());
    let event = price();
    measured(runtime, async {
        for _ in 0..n {
            if ours {
                ground.bus.emit(&event).await.expect("sent");
            } else {
                by_hand::emit(&ground.client, &event).await;
            }
        }
        let client = if ours {
            ground.bus.client()
        } else {
            &ground.client
        };
        client.flush().await.expect("a connection");
    });
}

fn publish(runtime: &Runtime, ours: bool, n: usize) {
    let ground = runtime.block_on(Ground::start());
    runtime.block_on(ground.fresh_stream());
    let events: Vec<_> = (0..n).map(|_| order()).collect();
    measured(runtime, async {
        for event in &events {
            if ours {
                ground.bus.publish(event).await.expect("stored");
            } else {
                by_hand::publish(&ground.jetstream, event).await;
            }
        }
    });
}

fn pipelined(runtime: &Runtime, ours: bool, n: usize) {
    let ground = runtime.block_on(Ground::start());
    runtime.block_on(ground.fresh_stream());
    let events: Vec<_> = (0..n).map(|_| order()).collect();
    measured(runtime, async {
        if ours {
            let report = ground.bus.publish_all(events).await;
            assert_eq!(report.into_result().expect("stored"), n);
        } else {
            by_hand::publish_all(&ground.jetstream, events).await;
        }
    });
}
