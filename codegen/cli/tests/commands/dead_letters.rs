//! `dead-letters` against real servers, with letters that a real listener wrote.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use event_runtime::serde::{Deserialize, Serialize};
use event_runtime::{Delivery, Event, Failure, Listener, Service, Shutdown, Uuid};
use serde_json::{Value, json};

use super::Run;
use super::live::{Live, on_terminal};
use super::publish::{MARKET, ORDER, market};
use super::tail::raw;

#[derive(Debug, Serialize, Deserialize, Event)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
#[event(
    name = "billing.Placed",
    subject = "orders.{region}.placed",
    stream = "ORDERS",
    id = "order_id"
)]
struct Placed {
    order_id: Uuid,
    region: String,
    quantity: i32,
}

const PACKING: Service =
    Service::new("packing").retry(1, Duration::from_millis(10), Duration::from_millis(10));

/// A listener of the service whose handler fails or works; how many deliveries it handled.
struct Packing {
    handled: Arc<AtomicU64>,
    works: Arc<AtomicBool>,
    stop: Shutdown,
    task: tokio::task::JoinHandle<()>,
}

fn packing(live: &Live) -> Packing {
    let (handled, works) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let stop = Shutdown::new();
    let bus = live.bus();
    let (count, ok, signal) = (Arc::clone(&handled), Arc::clone(&works), stop.clone());
    let task =
        live.runtime.spawn(async move {
            let listener = Listener::new(&bus, PACKING, (count, ok)).on(
            |state: Arc<(Arc<AtomicU64>, Arc<AtomicBool>)>, delivery: Delivery<Placed>| async move {
                if !state.1.load(Ordering::SeqCst) {
                    return Err(Failure::dead(format!("no shelf for {}", delivery.event.quantity)));
                }
                state.0.fetch_add(1, Ordering::SeqCst);
                Ok(())
            },
        );
            listener.run(signal).await.unwrap();
        });
    Packing {
        handled,
        works,
        stop,
        task,
    }
}

impl Packing {
    fn end(self, live: &Live) -> u64 {
        self.stop.stop();
        live.block_on(self.task).unwrap();
        self.handled.load(Ordering::SeqCst)
    }
}

/// The market with a service that takes one event only, and three letters of it: two of a handler, one of a bad body.
fn letters() -> (Live, Packing) {
    let contract = MARKET.replace(
        "subscribes = [\"Placed\", \"Moved\", \"Noted\", \"Seen\"]",
        "subscribes = [\"Placed\"]",
    );
    let live = Live::new(&contract);
    live.ok(&["streams", "apply"]);
    let packing = packing(&live);
    for quantity in [1, 2] {
        let id = format!("billing.Placed:{quantity}");
        let body = format!(
            r#"{{"orderId":"{ORDER}","region":"eu","quantity":{quantity},"card":"s3cr3t"}}"#
        );
        raw(&live, "orders.eu.placed", Some(&id), &body);
    }
    raw(&live, "orders.eu.placed", None, r#"{"region":7}"#);
    until(&live, 3);
    (live, packing)
}

fn until(live: &Live, messages: u64) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while live.api("STREAM.INFO.DEAD_LETTERS")["state"]["messages"]
        .as_u64()
        .unwrap()
        < messages
    {
        assert!(Instant::now() < deadline, "no {messages} dead letters");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn list(live: &Live, args: &[&str]) -> Vec<Value> {
    let run = live.ok(&[&["dead-letters", "list", "--json"], args].concat());
    serde_json::from_str(&run.out).unwrap()
}

#[test]
fn a_list_and_one_of_them() {
    let (live, packing) = letters();
    packing.end(&live);
    let run = live.ok(&["dead-letters", "list"]);
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!(lines.len(), 4, "{}", run.out);
    assert!(
        lines[0].starts_with(
            "SEQ  AGE  SERVICE  EVENT           REASON       TRIES  ORIGINAL  REDRIVEN  DETAIL"
        ),
        "{}",
        run.out
    );
    assert!(
        run.out.contains(
            "packing  billing.Placed  dead             1  ORDERS#1  -         no shelf for 1"
        ),
        "{}",
        run.out
    );
    assert!(
        run.err.contains("3 dead letters, 0 of them redriven"),
        "{}",
        run.err
    );
    let all = list(&live, &[]);
    assert_eq!(all.len(), 3);
    let bad = all
        .iter()
        .find(|letter| letter["reason"] == "undecodable")
        .unwrap();
    assert_eq!(bad["event"], "billing.Placed");
    assert_eq!(bad["streamSequence"], 3);

    // Which ones.
    assert_eq!(list(&live, &["--reason", "dead"]).len(), 2);
    assert_eq!(list(&live, &["--reason", "no shelf for 2"]).len(), 1);
    assert_eq!(
        list(&live, &["--service", "packing", "--event", "Placed"]).len(),
        3
    );
    assert_eq!(list(&live, &["--service", "shop"]).len(), 0, "it has none");
    assert_eq!(list(&live, &["--reason", "panic"]).len(), 0, "none has it");
    assert_eq!(list(&live, &["--reason", "no such text"]).len(), 0);

    let one = all
        .iter()
        .find(|letter| letter["streamSequence"] == 1)
        .unwrap();
    let sequence = one["sequence"].to_string();
    let run = live.ok(&["dead-letters", "show", &sequence]);
    for text in [
        "service    packing",
        "event      billing.Placed",
        "reason     dead",
        "detail     no shelf for 1",
        "original   message 1 of ORDERS",
        "  Dead-Letter-Msg-Id: billing.Placed:1",
        "! card: breaks `maxLength` (sensitive: its value is not shown) [maxLength]",
        "\"card\": \"<sensitive>\"",
    ] {
        assert!(run.out.contains(text), "{text}: {}", run.out);
    }
    assert!(!run.out.contains("s3cr3t"), "{}", run.out);
    let run = live.ok(&["dead-letters", "show", &sequence, "--json"]);
    let shown: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(shown["body"]["quantity"], 1);
    assert_eq!(shown["headers"]["Dead-Letter-Reason"], "dead");
    assert!(!run.out.contains("s3cr3t"), "{}", run.out);
    let run = live.run(&["dead-letters", "show", "99"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(
        run.err.contains("there is no dead letter 99"),
        "{}",
        run.err
    );
}

#[test]
fn names_that_nobody_has_are_refused_with_the_nearest() {
    let (live, packing) = letters();
    packing.end(&live);
    let nobody = "neither the contracts nor the dead letters on the server have";
    for (args, says) in [
        (
            ["--service", "pakcing"],
            format!("{nobody} a service \"pakcing\"; did you mean \"packing\"?"),
        ),
        (
            ["--service", "other"],
            format!("{nobody} a service \"other\"; the services are: shop, packing"),
        ),
        (
            ["--event", "Plced"],
            format!("{nobody} an event \"Plced\"; did you mean \"Placed\"?"),
        ),
        (
            ["--event", "gone.Event"],
            format!("{nobody} an event \"gone.Event\"; the events are: billing.Placed, "),
        ),
        (
            ["--reason", "atempts"],
            "no dead letter has this reason or detail \"atempts\"; did you mean \"attempts\"?"
                .to_owned(),
        ),
        (
            ["--reason", "nonsense"],
            "\"nonsense\"; the reasons are: undecodable, invalid, ".to_owned(),
        ),
    ] {
        for command in [&["list"][..], &["redrive"], &["redrive", "--dry-run"]] {
            let run = live.run(&[&["dead-letters"], command, &args].concat());
            assert_eq!(
                (run.code, run.out.as_str()),
                (2, ""),
                "{args:?}: {}",
                run.err
            );
            assert!(run.err.contains(&says), "{says}: {}", run.err);
        }
    }
    assert_eq!(live.run(&["dead-letters", "list", "--reason", ""]).code, 2);
    assert_eq!(
        live.api("STREAM.INFO.DEAD_LETTERS")["state"]["messages"],
        3,
        "nothing was sent"
    );
}

#[test]
fn what_is_gone_from_the_contracts_is_still_reached() {
    let (live, packing) = letters();
    packing.end(&live);
    live.contract(
        r#"
[events.Paid]
subject = "billing.paid"
[events.Paid.fields]
cents = "u32"
[services.bank]
publishes = ["Paid"]
"#,
    );
    assert_eq!(list(&live, &["--service", "packing"]).len(), 3);
    assert_eq!(list(&live, &["--event", "billing.Placed"]).len(), 2);
    assert_eq!(list(&live, &["--event", "Placed"]).len(), 2);
    let run = live.run(&["dead-letters", "list", "--service", "pakcing"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("did you mean \"packing\"?"), "{}", run.err);
    let run = live.run(&["dead-letters", "redrive", "--event", "Plced"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("did you mean \"Placed\"?"), "{}", run.err);
}

/// A word is the reason of a letter before it is a text in the details of another one.
#[test]
fn a_reason_is_no_text_in_the_details() {
    let live = market();
    let letter = |reason: &str, detail: &str| {
        let mut headers = event_runtime::async_nats::HeaderMap::new();
        headers.insert("Dead-Letter-Reason", reason);
        headers.insert("Dead-Letter-Detail", detail);
        let jetstream = live.jetstream();
        live.block_on(async {
            let subject = "dead_letters.packing.orders.eu.placed";
            let ack = jetstream.publish_with_headers(subject, headers, "{}".into());
            ack.await.unwrap().await.unwrap();
        });
    };
    letter("attempts", "deadline exceeded");
    letter("dead", "no shelf");
    letter("of-tomorrow", "a reason of a newer service");
    assert_eq!(list(&live, &["--reason", "dead"]).len(), 1);
    assert_eq!(list(&live, &["--reason", "deadline"]).len(), 1);
    assert_eq!(list(&live, &["--reason", "of-tomorrow"]).len(), 1);
    assert_eq!(list(&live, &["--reason", "unknown"]).len(), 0);
}

#[test]
fn a_redrive_reaches_the_service_once_and_adds_up() {
    let (live, packing) = letters();
    let redrive = |args: &[&str]| live.run(&[&["dead-letters", "redrive"], args].concat());
    let run = redrive(&["--reason", "dead", "--dry-run"]);
    assert_eq!(
        (run.code, run.out.as_str()),
        (
            0,
            "2 found: 2 would be redriven, 0 already redriven, 0 skipped, 0 failed\n"
        )
    );
    assert_eq!(
        live.api("STREAM.INFO.DEAD_LETTERS")["state"]["messages"],
        3,
        "a dry run sends nothing"
    );

    packing.works.store(true, Ordering::SeqCst);
    let run = redrive(&["--reason", "dead"]);
    assert_eq!(
        (run.code, run.out.as_str()),
        (
            0,
            "2 found: 2 redriven, 0 already redriven, 0 skipped, 0 failed\n"
        )
    );
    let run = redrive(&[]);
    assert_eq!(
        (run.code, run.out.as_str()),
        (
            0,
            "3 found: 1 redriven, 2 already redriven, 0 skipped, 0 failed\n"
        )
    );
    let run = redrive(&["--json", "--reason", "dead"]);
    let summary: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(
        (&summary["found"], &summary["alreadyRedriven"]),
        (&json!(2), &json!(2))
    );
    // The bad one dies again: a letter of its own.
    until(&live, 7);
    assert_eq!(list(&live, &["--reason", "undecodable"]).len(), 2);
    assert_eq!(list(&live, &["--reason", "dead"])[0]["redriven"], 1);
    let run = redrive(&["--reason", "dead", "--again"]);
    assert_eq!(
        run.out,
        "2 found: 2 redriven, 0 already redriven, 0 skipped, 0 failed\n"
    );
    assert_eq!(list(&live, &["--reason", "dead"])[0]["redriven"], 2);
    let deadline = Instant::now() + Duration::from_secs(20);
    while packing.handled.load(Ordering::SeqCst) < 4 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(packing.end(&live), 4, "two letters, twice each");
}

#[test]
fn a_redrive_that_nobody_reads_is_a_warning() {
    let (live, packing) = letters();
    let redrive = |args: &[&str]| live.ok(&[&["dead-letters", "redrive"], args].concat());
    let nobody = "warning: DEAD_LETTERS/redrive-packing has no consumer (";
    packing.works.store(true, Ordering::SeqCst);
    for args in [
        &["--reason", "dead", "--dry-run"][..],
        &["--reason", "dead"],
    ] {
        let run = redrive(args);
        assert_eq!(run.err, "", "somebody listens");
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    while packing.handled.load(Ordering::SeqCst) < 2 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(packing.end(&live), 2);
    // The service has gone, and the server knows since when.
    let run = redrive(&["--dry-run"]);
    assert!(run.err.contains(nobody), "{}", run.err);
    assert!(run.err.contains("(last active "), "{}", run.err);
    assert!(
        run.err
            .contains(" ago): redriven events stay pending until packing runs")
    );
    let run = redrive(&["--dry-run", "--json"]);
    let summary: Value = serde_json::from_str(&run.out).unwrap();
    let of = &summary["nobodyReads"][0];
    assert_eq!(
        (&of["service"], &of["paused"]),
        (&json!("packing"), &json!(false))
    );
    assert!(of["lastActive"].is_string(), "{of}");
    // What was sent before and still waits is no better.
    let run = redrive(&["--reason", "undecodable"]);
    assert!(run.err.contains(nobody), "{}", run.err);
    let run = redrive(&["--reason", "undecodable"]);
    assert!(run.out.contains("1 already redriven"), "{}", run.out);
    assert!(run.err.contains(nobody), "{}", run.err);
}

#[test]
fn a_redrive_to_somebody_who_is_gone_with_what_it_had_is_a_warning() {
    let contract = MARKET.replace(
        "[services.packing]",
        "[services.packing]\nack_wait = \"1s\"",
    );
    let live = Live::new(&contract);
    live.ok(&["streams", "apply"]);
    raw(&live, "dead_letters.packing.orders.eu.placed", None, "{}");
    live.ok(&["dead-letters", "redrive"]);
    let jetstream = live.jetstream();
    let taken = live.block_on(async {
        use futures_util::StreamExt;
        let stream = jetstream.get_stream("DEAD_LETTERS").await.unwrap();
        let durable = stream.get_consumer("redrive-packing").await;
        let durable: event_runtime::async_nats::jetstream::consumer::PullConsumer =
            durable.unwrap();
        let mut all = durable.fetch().max_messages(1).messages().await.unwrap();
        all.next().await.is_some()
    });
    assert!(taken);
    let redrive = || live.ok(&["dead-letters", "redrive", "--again", "--dry-run"]);
    assert_eq!(redrive().err, "", "it has just been delivered");
    std::thread::sleep(Duration::from_millis(1_500));
    let run = redrive();
    assert!(
        run.err.contains(
            "warning: DEAD_LETTERS/redrive-packing has no waiting pull request (1 in flight, last active "
        ),
        "{}",
        run.err
    );
}

#[test]
fn a_redrive_to_a_paused_service_is_a_warning() {
    let (live, packing) = letters();
    live.ok(&["services", "pause", "packing", "--for", "1h"]);
    let run = live.ok(&["dead-letters", "redrive", "--dry-run"]);
    packing.end(&live);
    assert!(
        run.err
            .contains("warning: DEAD_LETTERS/redrive-packing is paused for "),
        "{}",
        run.err
    );
    assert!(
        run.err
            .contains("`event-contracts services resume packing`"),
        "{}",
        run.err
    );
}

#[test]
fn what_cannot_be_redriven_is_skipped_and_said() {
    let live = market();
    let letter = |service: &str, omitted: bool| {
        let mut headers = event_runtime::async_nats::HeaderMap::new();
        for (name, value) in [
            ("Dead-Letter-Reason", "attempts"),
            ("Dead-Letter-Stream", "ORDERS"),
            ("Dead-Letter-Sequence", "1"),
        ] {
            headers.insert(name, value);
        }
        if omitted {
            headers.insert("Dead-Letter-Body", "omitted");
        }
        let jetstream = live.jetstream();
        let subject = format!("dead_letters.{service}.orders.eu.placed");
        live.block_on(async {
            let ack = jetstream.publish_with_headers(subject, headers, "{}".into());
            ack.await.unwrap().await.unwrap();
        });
    };
    raw(&live, "orders.eu.placed", None, r#"{"region":"eu"}"#);
    letter("packing", true);
    letter("gone", false);
    letter("packing", false);
    let run = live.run(&["dead-letters", "redrive"]);
    assert_eq!(
        (run.code, run.out.as_str()),
        (
            1,
            "3 found: 1 redriven, 0 already redriven, 2 skipped, 0 failed\n"
        )
    );
    for text in [
        "1 skipped: its payload was too large to be stored",
        "1 skipped: the service gone has no durable for redrives: it is not in these contracts",
        "warning: DEAD_LETTERS/redrive-packing has no consumer (never active, as far as the server knows): redriven events stay pending until packing runs",
    ] {
        assert!(run.err.contains(text), "{text}: {}", run.err);
    }
    // What was too large is shown from its stream, as long as it is there.
    let run = live.ok(&["dead-letters", "show", "1"]);
    assert!(run.out.contains("\"region\": \"eu\""), "{}", run.out);
    live.api("STREAM.PURGE.ORDERS");
    let run = live.ok(&["dead-letters", "show", "1"]);
    assert!(run.out.contains("the original is gone"), "{}", run.out);
}

#[test]
fn a_redrive_may_be_stopped_and_repeated() {
    let live = market();
    let jetstream = live.jetstream();
    const LETTERS: u64 = 3_000;
    live.block_on(async {
        for _ in 0..LETTERS / 500 {
            let mut acks = Vec::new();
            for _ in 0..500 {
                let subject = "dead_letters.packing.orders.eu.placed";
                acks.push(jetstream.publish(subject, "{}".into()).await.unwrap());
            }
            for ack in acks {
                ack.await.unwrap();
            }
        }
    });
    let command = live.command(&["dead-letters", "redrive", "--json"]);
    let stopped = on_terminal(&command, &[("redriving: ", "\u{3}")]);
    assert_eq!(stopped.code, 130, "{}", stopped.out);
    let summary = &stopped.out[stopped.out.find('{').unwrap()..=stopped.out.rfind('}').unwrap()];
    let first: Value = serde_json::from_str(summary).unwrap();
    let n = |summary: &Value, name: &str| summary[name].as_u64().unwrap();
    assert!(n(&first, "left") > 0, "{first}");
    assert_eq!(
        n(&first, "found"),
        n(&first, "redriven") + n(&first, "left")
    );
    let second: Value =
        serde_json::from_str(&live.ok(&["dead-letters", "redrive", "--json"]).out).unwrap();
    assert_eq!(n(&second, "redriven") + n(&first, "redriven"), LETTERS);
    assert_eq!(n(&second, "alreadyRedriven"), n(&first, "redriven"));
    let info = live.api_with(
        "STREAM.INFO.DEAD_LETTERS",
        &json!({ "subjects_filter": "redrive.>" }),
    );
    assert_eq!(
        info["state"]["subjects"]["redrive.packing.orders.eu.placed"],
        LETTERS
    );
}

#[test]
fn a_full_stream_ends_it_with_numbers() {
    let live = market();
    for _ in 0..2 {
        raw(&live, "dead_letters.packing.orders.eu.placed", None, "{}");
    }
    let mut config = live.api("STREAM.INFO.DEAD_LETTERS")["config"].clone();
    config["max_msgs"] = json!(3);
    live.api_with("STREAM.UPDATE.DEAD_LETTERS", &config);
    let run = live.run(&["dead-letters", "redrive"]);
    assert_eq!(
        (run.code, run.out.as_str()),
        (
            1,
            "2 found: 1 redriven, 0 already redriven, 0 skipped, 1 failed\n"
        )
    );
    assert!(
        run.err.contains("1 failed: ") && run.err.contains("maximum messages exceeded"),
        "{}",
        run.err
    );
}

#[test]
fn servers_that_cannot_be_asked() {
    let live = Live::new(MARKET);
    for args in [&["list"][..], &["show", "1"], &["redrive"]] {
        let args = [&["dead-letters"], args].concat();
        let run = live.run(&args);
        assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
        assert!(
            run.err
                .contains("DEAD_LETTERS is not on the server; `event-contracts streams apply`"),
            "{}",
            run.err
        );
        let run = Run::of(live.folder.command(&args).env("NATS_URL", "127.0.0.1:1"));
        assert_eq!(run.code, 3, "{}", run.err);
    }
    let none = Live::with(
        MARKET,
        "accounts { A { users: [{user: a, password: a}] } }\nno_auth_user: a",
    );
    let run = none.run(&["dead-letters", "list"]);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("nats-server -js"), "{}", run.err);
    let guarded = Live::with(MARKET, "authorization { user: u, password: right }");
    let mut command = guarded.command(&["dead-letters", "list"]);
    let run = Run::of(command.envs([("NATS_USER", "u"), ("NATS_PASSWORD", "s3cr3t")]));
    assert_eq!(run.code, 3);
    assert!(
        run.err.contains("does not accept the credentials") && !run.err.contains("s3cr3t"),
        "{}",
        run.err
    );
}
