//! Handling, ours against plain async-nats: the same messages and durables, a listener against a loop over `messages()`.

use event_bench::deliveries::{CONCURRENCY, Side, Stage, Work};
use event_bench::{Goal, Pairs};
use tokio::runtime::{Builder, Runtime};

/// How many events one measurement handles: some tenths of a second's worth.
const EVENTS: u64 = 30_000;
const SLOW_EVENTS: u64 = 8_000;
const KEYED_EVENTS: u64 = 6_000;

fn main() {
    let runtime = Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let stage = runtime.block_on(Stage::prepare(EVENTS, KEYED_EVENTS));
    let stage = stage.expect("a server with full streams");
    // A connection for each side: none has what the other one has left behind.
    let side = || runtime.block_on(Side::connect(&stage.url()));
    let (ours, theirs) = (side().expect("a server"), side().expect("a server"));
    listening(&runtime, &ours, &theirs);

    let pairs = |name, against| Pairs {
        group: "deliver",
        name,
        against,
        unit: "events/s",
        goal: Goal::None,
    };
    pairs(
        "listen, keyed, 8 partitions",
        "8 loops over messages(), one message at a time",
    )
    .run(
        || rate(&runtime, ours.listen_keyed(KEYED_EVENTS)),
        || rate(&runtime, theirs.by_hand_keyed(KEYED_EVENTS)),
    );
    pairs("subscribe, ephemeral", "subscribe() + serde_json").run(
        || rate(&runtime, ours.subscribe(EVENTS)),
        || rate(&runtime, theirs.subscribe_by_hand(EVENTS)),
    );
}

/// A listener against a loop, with handlers that do nothing and with such that wait.
fn listening(runtime: &Runtime, ours: &Side, theirs: &Side) {
    let quick = Goal::AtLeast(1.00);
    let (nothing, wait) = (Work::Nothing, Work::Millisecond);
    for (name, events, concurrency, work, goal) in [
        ("listen, one at a time", EVENTS, 1, nothing, quick),
        ("listen, 64 at once", EVENTS, CONCURRENCY, nothing, quick),
        (
            "listen, 64 at once, handlers that wait for 1 ms",
            SLOW_EVENTS,
            CONCURRENCY,
            wait,
            Goal::None,
        ),
    ] {
        Pairs {
            group: "deliver",
            name,
            against: "messages() + serde_json + ack()",
            unit: "events/s",
            goal,
        }
        // A moment each, and both sides nearly alike: that takes more pairs to tell.
        .often(
            if work == nothing { 3 } else { 1 },
            || rate(runtime, ours.listen(events, concurrency, work)),
            || rate(runtime, theirs.by_hand(events, concurrency, work)),
        );
    }
}

/// A benchmark whose server fails ends here, with the reason.
fn rate<E: std::fmt::Display>(
    runtime: &Runtime,
    measurement: impl Future<Output = Result<f64, E>>,
) -> f64 {
    let measured = runtime.block_on(measurement);
    measured.unwrap_or_else(|error| panic!("{error}"))
}
