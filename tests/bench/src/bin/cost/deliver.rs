//! Deliveries: ours against a loop over `messages()`.

use event_bench::Goal;
use event_bench::deliveries::{CONCURRENCY, Side, Stage, Work};
use tokio::runtime::Runtime;

use crate::callgrind::Mode;
use crate::measured;

/// What is measured here.
pub const MODES: &[Mode] = &[
    Mode {
        name: "listen",
        goal: Goal::AtMost(1.03),
        allocations: 2.0,
        events: [5_000, 20_000],
        run: |runtime, ours, n| listen(runtime, ours, n, CONCURRENCY),
    },
    Mode {
        name: "listen-one",
        goal: Goal::AtMost(1.03),
        allocations: 2.0,
        events: [5_000, 20_000],
        run: |runtime, ours, n| listen(runtime, ours, n, 1),
    },
];

fn listen(runtime: &Runtime, ours: bool, n: usize, concurrency: u32) {
    let n = n as u64;
    let stage = runtime.block_on(Stage::prepare(n, 0)).expect("a server");
    let side = runtime.block_on(Side::connect(&stage.url()));
    let side = side.expect("a connection");
    measured(runtime, async {
        let handled = if ours {
            side.listen(n, concurrency, Work::Nothing).await
        } else {
            side.by_hand(n, concurrency, Work::Nothing).await
        };
        handled.expect("events that are handled");
    });
}
