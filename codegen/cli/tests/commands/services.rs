//! `services list`, `reset`, `pause` and `resume` against real servers.

use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

use event_runtime::async_nats::jetstream::AckKind;
use event_runtime::async_nats::jetstream::consumer::PullConsumer;
use event_runtime::serde::{Deserialize, Serialize};
use event_runtime::{Delivery, Error, Event, Listener, Service, Shutdown, Uuid};
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::live::{Live, SHOP, on_terminal, signal, start};

#[derive(Debug, Serialize, Deserialize, Event)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
#[event(
    name = "billing.Placed",
    subject = "orders.placed",
    stream = "ORDERS",
    id = "order_id"
)]
struct Placed {
    order_id: Uuid,
}

/// The shop without its keyed event: one durable.
fn small() -> String {
    SHOP.replace(
        "subscribes = [\"Placed\", \"Moved\"]",
        "subscribes = [\"Placed\"]",
    )
}

fn applied(contract: &str) -> Live {
    let live = Live::new(contract);
    live.ok(&["streams", "apply"]);
    live
}

/// Takes so many messages of a durable and lets `outcome` decide what becomes of each.
pub(crate) fn take(
    live: &Live,
    durable: &str,
    n: usize,
    outcome: impl Fn(usize) -> Option<AckKind>,
) -> usize {
    let jetstream = live.jetstream();
    live.block_on(async {
        let consumer: PullConsumer = jetstream
            .get_consumer_from_stream(durable, "ORDERS")
            .await
            .unwrap();
        let mut messages = consumer
            .fetch()
            .max_messages(n)
            .expires(Duration::from_millis(500))
            .messages()
            .await
            .unwrap();
        let mut taken = 0;
        while let Some(message) = messages.next().await {
            if let Some(kind) = outcome(taken) {
                message.unwrap().ack_with(kind).await.unwrap();
            }
            taken += 1;
        }
        jetstream.client().flush().await.unwrap();
        taken
    })
}

pub(crate) fn list(live: &Live) -> Value {
    serde_json::from_str(&live.ok(&["services", "list", "--json"]).out).unwrap()
}

/// Lists until it is so: acknowledgements are not waited for.
fn until(live: &Live, so: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let all = list(live);
        if so(&all) {
            return all;
        }
        assert!(Instant::now() < deadline, "{all:#}");
    }
}

#[test]
fn the_lag_of_each_event_is_listed() {
    let contract = SHOP
        .replace("[events.Moved]", "[events.Paid]\nsubject = \"orders.paid\"\nstream = \"ORDERS\"\nid = \"order_id\"\n[events.Paid.fields]\norder_id = \"uuid\"\n\n[events.Moved]")
        .replace("[\"Placed\", \"Moved\"]", "[\"Placed\", \"Paid\", \"Moved\"]");
    let live = applied(&contract);
    live.publish("orders.placed", 5);
    live.publish("orders.paid", 3);
    live.publish("orders.0.7.moved", 2);
    live.publish("orders.1.8.moved", 1);
    // Of the first four one is done, two are in hand, and one is tried again.
    take(&live, "packing", 4, |n| match n {
        0 => Some(AckKind::Ack),
        3 => Some(AckKind::Nak(None)),
        _ => None,
    });
    take(&live, "packing", 1, |_| None);
    let all = until(&live, |all| {
        all[0]["redelivered"] == 1 && all[0]["inFlight"] == 3
    });
    assert_eq!(all.as_array().unwrap().len(), 1, "the shop has no durable");
    let packing = &all[0];
    assert_eq!(packing["service"], "packing");
    assert_eq!(packing["pending"], 4 + 3);
    let durable = &packing["durables"][0];
    assert_eq!(durable["durable"], "packing");
    assert_eq!(
        durable["events"],
        json!([{ "event": "billing.Placed", "pending": 1 }, { "event": "billing.Paid", "pending": 3 }])
    );
    assert_eq!(durable["acknowledgedSequence"], 1);
    assert_eq!(durable["deliveredSequence"], 4);
    assert!(durable["lastDelivery"].is_string());

    let table = live.ok(&["services", "list"]).out;
    let row = |start: &str| {
        let line = table.lines().find(|line| line.contains(start));
        line.unwrap_or_else(|| panic!("{start}: {table}"))
            .split_whitespace()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        row("ORDERS/packing ")[..5],
        ["packing", "ORDERS/packing", "4", "3", "1"]
    );
    assert_eq!(row("billing.Paid"), ["billing.Paid", "3"]);
    assert_eq!(
        row("ORDERS/packing-p* (2)")[..5],
        ["ORDERS/packing-p*", "(2)", "3", "0", "0"]
    );
    assert!(table.contains("nobody listens"), "{table}");
    assert!(!table.contains('\u{1b}'), "{table}");
}

#[test]
fn what_is_missing_is_listed_as_missing() {
    let live = Live::new(SHOP);
    let table = live.ok(&["services", "list"]).out;
    assert!(
        table.contains("missing: `streams apply` creates it"),
        "{table}"
    );
    assert_eq!(list(&live)[0]["durables"][0]["missing"], true);
    for args in [
        &["services", "reset", "packing", "--to", "all", "--yes"][..],
        &["services", "pause", "packing", "--for", "1h"],
        &["services", "resume", "packing"],
    ] {
        let run = live.run(args);
        assert_eq!(run.code, 1, "{args:?}: {}", run.err);
        assert!(
            run.err.contains("not on the server: ORDERS/packing"),
            "{}",
            run.err
        );
    }
}

/// What a message tells somebody to run is about the same contracts.
#[test]
fn a_suggested_command_names_the_contracts() {
    let live = Live::new(SHOP);
    let reset = ["services", "reset", "packing", "--to", "all", "--yes"];
    let run = live.run(&reset);
    assert!(
        run.err.contains("`event-contracts streams apply` makes it"),
        "{}",
        run.err
    );
    let run = live.run(&[&["--contracts", "./contracts"], &reset[..]].concat());
    let named = "`event-contracts streams apply --contracts ./contracts` makes it";
    assert!(run.err.contains(named), "{}", run.err);
}

#[test]
fn a_listener_is_seen_and_ends_with_consumer_gone_at_a_reset() {
    let live = applied(&small());
    live.publish("orders.placed", 10);
    let bus = live.bus();
    let stop = Shutdown::new();
    let listener = Listener::new(&bus, Service::new("packing"), ())
        .on(|_: std::sync::Arc<()>, _: Delivery<Placed>| async { Ok(()) });
    let listening = live.runtime.spawn(listener.run(stop));
    until(&live, |all| {
        let listening = all[0]["durables"][0]["listening"] == true;
        listening && all[0]["pending"] == 0 && all[0]["inFlight"] == 0
    });

    let args = ["services", "reset", "packing", "--to", "4"];
    let refused = live.run(&args);
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(
        refused
            .out
            .contains("7 events will be handled again, then the 0 pending"),
        "{}",
        refused.out
    );
    assert!(
        refused.err.contains("end with ConsumerGone"),
        "{}",
        refused.err
    );
    assert!(refused.err.contains("nothing was reset"), "{}", refused.err);
    assert!(!listening.is_finished());

    let before = live.api("CONSUMER.INFO.ORDERS.packing")["config"].clone();
    let run = live.ok(&[&args[..], &["--yes"]].concat());
    assert!(run.out.contains("ORDERS/packing: reset"), "{}", run.out);
    let ended =
        live.block_on(async { tokio::time::timeout(Duration::from_secs(30), listening).await });
    let ended = ended.unwrap().unwrap();
    assert!(
        matches!(ended, Err(Error::ConsumerGone { .. })),
        "{ended:?}"
    );
    let mut after = live.api("CONSUMER.INFO.ORDERS.packing");
    assert_eq!(after["num_pending"], 7);
    // All other settings are the same, and the contracts are content.
    let config = after["config"].as_object_mut().unwrap();
    assert_eq!(config.remove("opt_start_seq"), Some(json!(4)));
    assert_eq!(
        config.insert("deliver_policy".to_owned(), json!("all")),
        Some(json!("by_start_sequence"))
    );
    assert_eq!(after["config"], before);
    live.ok(&["streams", "plan"]);
}

#[test]
fn every_start_is_counted_before_and_true_after() {
    let live = applied(&small());
    live.publish("orders.placed", 4);
    std::thread::sleep(Duration::from_millis(20));
    let middle = chrono::Utc::now().to_rfc3339();
    std::thread::sleep(Duration::from_millis(20));
    live.publish("orders.placed", 6);
    assert_eq!(take(&live, "packing", 8, |_| Some(AckKind::Ack)), 8);
    until(&live, |all| all[0]["inFlight"] == 0);
    for (to, says, pending) in [
        (
            "all",
            "8 events will be handled again, then the 2 pending",
            10,
        ),
        (middle.as_str(), "4 pending events will be skipped", 6),
        ("10", "5 pending events will be skipped", 1),
        ("new", "1 pending events will be skipped", 0),
        ("9", "2 events will be handled again, then the 0 pending", 2),
        ("9", "no event is handled again or skipped", 2),
    ] {
        let run = live.ok(&["services", "reset", "packing", "--to", to, "--yes"]);
        assert!(run.out.contains(says), "{to}: {}", run.out);
        let durable = live.api("CONSUMER.INFO.ORDERS.packing");
        assert_eq!(durable["num_pending"], pending, "{to}");
    }
    assert_eq!(take(&live, "packing", 8, |_| Some(AckKind::Ack)), 2);
}

#[test]
fn a_reset_on_interest_loses_nothing() {
    let live = applied(&small().replace(
        "max_age = \"30d\"",
        "max_age = \"30d\"\nretention = \"interest\"",
    ));
    live.publish("orders.placed", 5);
    assert_eq!(take(&live, "packing", 2, |_| Some(AckKind::Ack)), 2);
    until(&live, |all| all[0]["inFlight"] == 0);
    live.ok(&["services", "reset", "packing", "--to", "all", "--yes"]);
    assert_eq!(live.api("STREAM.INFO.ORDERS")["state"]["messages"], 3);
    assert_eq!(live.api("STREAM.INFO.ORDERS")["state"]["consumer_count"], 1);
    assert_eq!(take(&live, "packing", 5, |_| Some(AckKind::Ack)), 3);
    live.ok(&["streams", "plan"]);
}

#[test]
fn a_work_queue_only_starts_again() {
    let live = applied(&small().replace(
        "max_age = \"30d\"",
        "max_age = \"30d\"\nretention = \"workqueue\"",
    ));
    live.publish("orders.placed", 3);
    take(&live, "packing", 2, |n| (n == 0).then_some(AckKind::Ack));
    until(&live, |all| all[0]["inFlight"] == 1);
    let run = live.run(&["services", "reset", "packing", "--to", "new", "--yes"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("is a work queue"), "{}", run.err);
    let run = live.ok(&["services", "reset", "packing", "--to", "all", "--yes"]);
    assert!(
        run.out
            .contains("1 events that are in flight will be delivered again"),
        "{}",
        run.out
    );
    assert_eq!(live.api("CONSUMER.INFO.ORDERS.packing")["num_pending"], 2);
}

#[test]
fn a_reset_that_makes_no_sense_needs_no_server() {
    let two = format!(
        "{}\n[streams.SALES]\n[events.Sold]\nsubject = \"sold\"\nstream = \"SALES\"\nid = \"n\"\n[events.Sold.fields]\nn = \"u32\"\n",
        SHOP.replace(
            "subscribes = [\"Placed\"",
            "subscribes = [\"Sold\", \"Placed\""
        )
        .replace(
            "publishes = [\"Placed\"",
            "publishes = [\"Sold\", \"Placed\""
        )
    );
    let folder = super::Folder::with(&two);
    for (args, says) in [
        (
            &["reset", "packin", "--to", "all"][..],
            "did you mean \"packing\"?",
        ),
        (
            &["reset", "shop", "--to", "all"],
            "subscribes to no stored event",
        ),
        (
            &["pause", "shop", "--for", "1h"],
            "subscribes to no stored event",
        ),
        (&["resume", "nobody"], "have no service \"nobody\""),
        (&["resume", "pakcing"], "did you mean \"packing\"?"),
        (
            &["reset", "packing", "--to", "all", "--stream", "ORDRES"],
            "did you mean \"ORDERS\"?",
        ),
        (
            &["reset", "packing", "--to", "7"],
            "has durables on ORDERS and SALES",
        ),
        (
            &["reset", "packing", "--to", "7", "--stream", "X"],
            "has no durable on \"X\"; the streams that it has some on are: ORDERS, SALES",
        ),
        (&["reset", "packing", "--to", "0"], "sequences start at 1"),
        (&["reset", "packing", "--to", "-1"], ""),
        (&["reset", "packing", "--to", ""], "write all, new,"),
        (
            &["reset", "packing", "--to", "99999999999999999999"],
            "no stream has such a sequence",
        ),
        (
            &["reset", "packing", "--to", "yesterday"],
            "write all, new,",
        ),
        (
            &["reset", "packing", "--to", "2026-01-31"],
            "write all, new,",
        ),
        (
            &["reset", "packing", "--to", "2999-01-01T00:00:00Z"],
            "in the future",
        ),
        (
            &["pause", "packing", "--for", "soon"],
            "an integer and one of",
        ),
        (&["pause", "packing", "--for", "0s"], "the pause is empty"),
        (&["pause", "packing"], "--for"),
    ] {
        let run = folder.run(&[&["services"], args].concat());
        assert_eq!(run.code, 2, "{args:?}: {}{}", run.out, run.err);
        assert!(run.err.contains(says), "{args:?}: {}", run.err);
    }
}

#[test]
fn a_sequence_beyond_the_end_is_refused() {
    let live = applied(&small());
    live.publish("orders.placed", 2);
    let run = live.run(&["services", "reset", "packing", "--to", "4", "--yes"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("ORDERS ends at 2"), "{}", run.err);
    live.ok(&["services", "reset", "packing", "--to", "3", "--yes"]);
}

#[test]
fn a_reset_asks_on_a_terminal() {
    let live = applied(&small());
    live.publish("orders.placed", 2);
    let reset = live.command(&["services", "reset", "packing", "--to", "new"]);
    let run = on_terminal(&reset, &[("Reset packing?", "no\n")]);
    assert_eq!(run.code, 1, "{}", run.out);
    assert_eq!(live.api("CONSUMER.INFO.ORDERS.packing")["num_pending"], 2);
    let run = on_terminal(&reset, &[("Reset packing?", "yes\n")]);
    assert_eq!(run.code, 0, "{}", run.out);
    assert_eq!(live.api("CONSUMER.INFO.ORDERS.packing")["num_pending"], 0);
}

#[test]
fn a_pause_holds_back_and_a_resume_lets_go() {
    let live = applied(SHOP);
    live.publish("orders.placed", 3);
    take(&live, "packing", 1, |_| None);
    let run = live.ok(&["services", "pause", "packing", "--for", "1h"]);
    for durable in [
        "ORDERS/packing",
        "ORDERS/packing-p1",
        "DEAD_LETTERS/redrive-packing",
    ] {
        assert!(
            run.out.contains(&format!("{durable}: paused until ")),
            "{}",
            run.out
        );
    }
    assert!(
        run.out.contains("1 in flight are not interrupted"),
        "{}",
        run.out
    );
    assert_eq!(take(&live, "packing", 1, |_| None), 0);
    let table = live.ok(&["services", "list"]).out;
    assert!(
        table.contains("paused for 59m") || table.contains("paused for 3599s"),
        "{table}"
    );
    let left = list(&live)[0]["durables"][0]["pausedSeconds"]
        .as_u64()
        .unwrap();
    assert!((3500..=3600).contains(&left), "{left}");
    // An apply is no resume.
    live.contract(&SHOP.replace(
        "[services.packing]",
        "[services.packing]\nack_wait = \"45s\"",
    ));
    live.ok(&["streams", "apply"]);
    assert_eq!(take(&live, "packing", 1, |_| None), 0);

    let run = live.ok(&["services", "resume", "packing"]);
    assert!(
        run.out.contains("ORDERS/packing: goes on with 2 events"),
        "{}",
        run.out
    );
    assert_eq!(take(&live, "packing", 2, |_| None), 2);
    let run = live.ok(&["services", "resume", "packing"]);
    assert!(
        run.out.contains("ORDERS/packing: was not paused"),
        "{}",
        run.out
    );
    // One that ends by itself.
    live.publish("orders.placed", 1);
    live.ok(&["services", "pause", "packing", "--for", "500ms"]);
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(take(&live, "packing", 1, |_| None), 1);
}

#[test]
fn an_old_server_cannot_pause() {
    let folder = super::Folder::with(SHOP);
    let url = super::connect::server_of_version("2.10.29");
    for args in [
        &["pause", "packing", "--for", "1h"][..],
        &["resume", "packing"],
    ] {
        let run = super::Run::of(
            folder
                .command(&[&["services"], args].concat())
                .env("NATS_URL", &url),
        );
        assert_eq!(run.code, 3, "{}", run.err);
        assert!(
            run.err
                .contains("nats-server 2.10.29, which cannot pause a consumer (2.11 can)"),
            "{}",
            run.err
        );
    }
}

/// The worst moment: deleted, and not to be made again.
#[test]
fn a_durable_that_cannot_be_made_again_is_said_with_its_settings() {
    let live = Live::with(
        &small(),
        r#"authorization { users: [
            { user: all, password: p },
            { user: some, password: p, permissions: { publish: { deny: "$JS.API.CONSUMER.CREATE.ORDERS.packing.>" } } }
        ] }
        no_auth_user: all"#,
    );
    live.ok(&["streams", "apply"]);
    let mut reset = live.command(&["services", "reset", "packing", "--to", "all", "--yes"]);
    let run = super::Run::of(reset.envs([("NATS_USER", "some"), ("NATS_PASSWORD", "p")]));
    assert_eq!(run.code, 3, "{}{}", run.out, run.err);
    for text in [
        "ORDERS/packing is deleted and could not be recreated",
        "refuses Publish",
        "Its settings were {",
        "\"ack_wait\":30000000000",
    ] {
        assert!(run.err.contains(text), "{text}: {}", run.err);
    }
    live.ok(&["streams", "apply"]);
}

#[test]
fn a_signal_in_the_middle_of_a_reset_leaves_every_durable_there() {
    let live = applied(&SHOP.replace("partitions = 2", "partitions = 150"));
    let mut child =
        start(&mut live.command(&["services", "reset", "packing", "--to", "new", "--yes"]));
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("ORDERS/packing-p3: reset") {
        line.clear();
        assert_ne!(out.read_line(&mut line).unwrap(), 0, "it ended");
    }
    signal(child.id(), "-INT");
    let (mut rest, mut err) = (String::new(), String::new());
    out.read_to_string(&mut rest).unwrap();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{err}");
    assert!(
        err.contains("stopped: ") && err.contains(" of 151 durables are reset"),
        "{err}"
    );
    assert_eq!(
        live.api("STREAM.INFO.ORDERS")["state"]["consumer_count"],
        151
    );
    let policy = |durable: &str| {
        live.api(&format!("CONSUMER.INFO.ORDERS.{durable}"))["config"]["deliver_policy"].clone()
    };
    assert_eq!(policy("packing-p3"), "new");
    assert_eq!(policy("packing-p149"), "all");
}
