//! `tail` against real servers.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::live::{Live, on_terminal, signal, start};
use super::publish::{MARKET, ORDER, market, with_input};
use super::{Folder, Run};

/// Puts a message on a subject as it is, contract or not.
pub(crate) fn raw(live: &Live, subject: &str, id: Option<&str>, body: &str) {
    let jetstream = live.jetstream();
    let mut headers = event_runtime::async_nats::HeaderMap::new();
    if let Some(id) = id {
        headers.insert("Nats-Msg-Id", id);
    }
    live.block_on(async {
        let (subject, body) = (subject.to_owned(), body.to_owned().into());
        let ack = jetstream.publish_with_headers(subject, headers, body);
        ack.await.unwrap().await.unwrap();
    });
}

fn placed(region: &str, quantity: i64) -> String {
    format!(r#"{{"orderId":"{ORDER}","region":"{region}","quantity":{quantity}}}"#)
}

/// Its lines as they come; it is listening when this returns.
struct Tail {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
}

impl Tail {
    /// Runs it, and waits until it shows what is published: it does not say when it listens.
    fn start(live: &Live, args: &[&str]) -> Self {
        let mut child = start(&mut live.command(&[&["tail"], args].concat()));
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    /// Ctrl-C; the rest of what it wrote, and what it said.
    fn stop(mut self) -> Run {
        signal(self.child.id(), "-INT");
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        let mut run = Run::from(self.child.wait_with_output().unwrap());
        run.out = rest;
        run
    }
}

#[test]
fn the_past_and_the_present_checked() {
    let live = market();
    raw(&live, "orders.eu.placed", None, &placed("eu", 2));
    raw(
        &live,
        "orders.us.placed",
        Some("billing.Moved:7"),
        &placed("us", 2),
    );
    raw(&live, "orders.eu.placed", None, &placed("eu", 0));
    raw(&live, "orders.eu.placed", None, "s3cr3t");
    raw(
        &live,
        "orders.3.o1.moved",
        None,
        r#"{"orderId":"o1","moveId":9}"#,
    );
    let mut tail = Tail::start(&live, &["--from", "all"]);
    let mut lines = Vec::new();
    while lines.len() < 8 {
        lines.push(tail.line());
    }
    let text = lines.concat();
    for line in [
        format!("  ORDERS#1 0s orders.eu.placed billing.Placed orderId={ORDER}\n"),
        format!("! ORDERS#2 0s orders.us.placed billing.Placed orderId={ORDER}\n"),
        "      the subject belongs to billing.Placed, and the message id names billing.Moved [contradiction]\n".to_owned(),
        "      quantity: 0 is less than 1 [minimum]\n".to_owned(),
        "      the body is not JSON: expected value at line 1 column 1 [json]\n".to_owned(),
        "  ORDERS#5 0s orders.3.o1.moved billing.Moved moveId=9 orderId=o1\n".to_owned(),
    ] {
        // A slow machine is a second late.
        let text = text.replace(" 1s ", " 0s ").replace(" 2s ", " 0s ");
        assert!(text.contains(&line), "{line}: {text}");
    }
    assert!(!text.contains("s3cr3t"), "{text}");
    // New ones, stored and ephemeral.
    let seen = with_input(
        &live,
        &["publish", "Seen", "--data", "-"],
        br#"{"page":"home"}"#,
    );
    assert_eq!(seen.code, 0, "{}", seen.err);
    assert_eq!(tail.line(), "  live now shop.seen.home billing.Seen\n");
    raw(&live, "orders.eu.placed", None, &placed("eu", 3));
    assert!(tail.line().contains("ORDERS#6 "));
    let run = tail.stop();
    assert_eq!((run.code, run.out.as_str()), (0, ""));
    for text in [
        "note: ephemeral events are not stored",
        "7 events in ",
        ": 6 of ORDERS, 1 without a stream; 3 violate their contract; 0 left out",
    ] {
        assert!(run.err.contains(text), "{text}: {}", run.err);
    }
}

#[test]
fn json_for_pipes() {
    let live = market();
    let body = format!(r#"{{"orderId":"{ORDER}","region":"eu","quantity":0,"card":"s3cr3t"}}"#);
    raw(
        &live,
        "orders.eu.placed",
        Some(&format!("billing.Placed:{ORDER}")),
        &body,
    );
    let mut tail = Tail::start(
        &live,
        &[
            "--json",
            "--event",
            "Placed",
            "--from",
            "2020-01-01T00:00:00Z",
        ],
    );
    let line: Value = serde_json::from_str(&tail.line()).unwrap();
    assert_eq!(line["event"], "billing.Placed");
    assert_eq!(line["stream"], "ORDERS");
    assert_eq!(line["sequence"], 1);
    assert_eq!(line["valid"], false);
    assert_eq!(line["id"], format!("billing.Placed:{ORDER}"));
    assert_eq!(line["body"]["card"], "<sensitive>");
    assert_eq!(line["faults"][0]["path"], "quantity");
    assert_eq!(line["faults"][1]["rule"], "maxLength");
    assert!(line["time"].as_str().unwrap().ends_with('Z'));
    assert!(!line.to_string().contains("s3cr3t"), "{line}");
    // Of a moment to come there is nothing yet.
    let run = tail.stop();
    assert!(run.err.starts_with("1 events in "), "{}", run.err);
    let tail = Tail::start(&live, &["--from", "2100-01-01T00:00:00Z"]);
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(tail.stop().out, "");
}

#[test]
fn patterns_and_names_choose() {
    let live = market();
    raw(&live, "orders.eu.placed", None, &placed("eu", 1));
    raw(&live, "orders.us.placed", None, &placed("us", 1));
    raw(
        &live,
        "orders.0.o1.moved",
        None,
        r#"{"orderId":"o1","moveId":9}"#,
    );
    for (args, last) in [
        (&["orders.us.>"][..], "orders.us.placed"),
        (&["orders.us.*"], "orders.us.placed"),
        (&["--event", "Moved"], "orders.0.o1.moved"),
        (
            &["orders.>", "--event", "billing.Moved", "--event", "Seen"],
            "orders.0.o1.moved",
        ),
        (&["*.*.*.moved"], "orders.0.o1.moved"),
    ] {
        let mut tail = Tail::start(&live, &[args, &["--from", "all"]].concat());
        assert!(tail.line().contains(last), "{args:?}");
        let run = tail.stop();
        assert_eq!(run.out, "", "{args:?}: only one fits");
        assert!(run.err.contains("1 of ORDERS"), "{}", run.err);
    }
}

#[test]
fn a_closed_pipe_ends_it_in_silence() {
    let live = market();
    live.publish("orders.eu.placed", 3_000);
    let mut tail = Tail::start(&live, &["--event", "Placed", "--from", "all"]);
    tail.line();
    let Tail { child, out } = tail;
    drop(out);
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    // Also when nothing more comes that it could fail to write.
    let mut tail = Tail::start(&live, &["--event", "Moved", "--from", "all"]);
    raw(
        &live,
        "orders.3.o1.moved",
        None,
        r#"{"orderId":"o1","moveId":9}"#,
    );
    tail.line();
    let Tail { child, out } = tail;
    drop(out);
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!((run.code, run.err.as_str()), (0, ""));
}

/// A reader that takes nothing: the streams wait for it, and of what nobody stores it is counted how much was left out.
#[test]
fn what_comes_faster_than_it_is_read_is_counted() {
    const SENT: u64 = 200_000;
    let live = market();
    let tail = Tail::start(&live, &["--event", "Seen"]);
    std::thread::sleep(Duration::from_millis(1_000));
    let bus = live.bus();
    live.block_on(async {
        for _ in 0..SENT {
            let body = r#"{"page":"home"}"#;
            bus.client()
                .publish("shop.seen.home", body.into())
                .await
                .unwrap();
        }
        bus.client().flush().await.unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
    });
    let run = tail.stop();
    assert_eq!(run.code, 0, "{}", run.err);
    let number = |before: &str| -> u64 {
        let at = run
            .err
            .find(before)
            .unwrap_or_else(|| panic!("{}", run.err));
        let digits: String = run.err[..at].rsplit(' ').next().unwrap().replace(',', "");
        digits.parse().unwrap()
    };
    let (came, left) = (number(" events in "), number(" left out"));
    assert!(left > 0, "{}", run.err);
    assert!(
        run.err
            .contains("they came faster than they could be shown"),
        "{}",
        run.err
    );
    // What waited when it was stopped came, and was not shown any more; what was still on its way is in neither number.
    let late = match run.err.contains(" not shown") {
        true => number(" not shown"),
        false => 0,
    };
    assert!(came + left <= SENT, "{}", run.err);
    let lines = run.out.lines().count() as u64;
    // Of what was being written when it ended, a part may have got through.
    assert!(lines >= came - late, "{lines} {}", run.err);
    // More than its own queue holds: the client's is counted too.
    assert!(late > 4_096 + 1_024, "{}", run.err);
}

#[test]
fn a_terminal_has_colours() {
    let live = market();
    raw(&live, "orders.eu.placed", None, &placed("eu", 0));
    let command = live.command(&["tail", "orders.eu.placed", "--from", "all"]);
    let run = on_terminal(&command, &[("[minimum]", "\u{3}")]);
    assert_eq!(run.code, 0, "{}", run.out);
    assert!(run.out.contains("\u{1b}[31m!\u{1b}[0m"), "{:?}", run.out);
    assert!(run.out.contains("1 violate their contract"), "{}", run.out);
}

#[test]
fn a_work_queue_is_overheard_and_not_emptied() {
    let contract = MARKET.replace(
        "[streams.NOTES]\nmax_age = \"30d\"",
        "[streams.NOTES]\nmax_age = \"30d\"\nretention = \"workqueue\"",
    );
    let live = Live::new(&contract);
    live.ok(&["streams", "apply"]);
    live.ok(&["publish", "Noted", "--sample"]);
    let mut tail = Tail::start(&live, &["--event", "Noted", "--from", "all"]);
    // It says so once it listens.
    let err = tail.child.stderr.as_mut().unwrap();
    let mut note = String::new();
    BufReader::new(err).read_line(&mut note).unwrap();
    assert!(
        note.contains("work queues (NOTES) only new events are shown"),
        "{note}"
    );
    live.ok(&["publish", "Noted", "--sample"]);
    assert_eq!(tail.line(), "  live now notes.noted billing.Noted\n");
    signal(tail.child.id(), "-INT");
    tail.child.wait().unwrap();
    assert_eq!(live.api("STREAM.INFO.NOTES")["state"]["messages"], 2);
}

#[test]
fn it_goes_on_after_a_restart_of_the_server() {
    let mut live = market();
    raw(&live, "orders.eu.placed", None, &placed("eu", 1));
    let mut tail = Tail::start(&live, &["--from", "all"]);
    assert!(tail.line().contains("ORDERS#1 "));
    live.server.kill();
    live.runtime.block_on(live.server.restart()).unwrap();
    raw(&live, "orders.eu.placed", None, &placed("eu", 2));
    assert!(tail.line().contains("ORDERS#2 "));
    assert_eq!(tail.stop().code, 0);
}

#[test]
fn what_cannot_be_shown_says_why() {
    let folder = Folder::with(MARKET);
    for (args, says) in [
        (
            &["tail", "nothing.>"][..],
            "no event of the contracts has a subject that matches nothing.>",
        ),
        (
            &["tail", "orders.*.placd"],
            "matches orders.*.placd; did you mean \"orders.*.placed\"?",
        ),
        (&["tail", "a..b"], "is not a valid subject filter"),
        (
            &["tail", "orders.>", "--event", "Seen"],
            "with that name has a subject that matches orders.>",
        ),
        (&["tail", "--event", "Plced"], "did you mean \"Placed\"?"),
        (&["tail", "--from", "yesterday"], "2026-05-01T12:00:00Z"),
    ] {
        let run = folder.run(args);
        assert_eq!(
            (run.code, run.out.as_str()),
            (2, ""),
            "{args:?}: {}",
            run.err
        );
        assert!(run.err.contains(says), "{says}: {}", run.err);
    }
    let run = Run::of(folder.command(&["tail"]).env("NATS_URL", "127.0.0.1:1"));
    assert_eq!(run.code, 3, "{}", run.err);

    // No stream, no JetStream, no permission, wrong credentials.
    let live = Live::new(MARKET);
    let run = live.run(&["tail", "--event", "Placed"]);
    assert_eq!(run.code, 3);
    assert!(
        run.err
            .contains("not on the server: ORDERS; `event-contracts streams apply`"),
        "{}",
        run.err
    );
    let none = Live::with(
        MARKET,
        "accounts { A { users: [{user: a, password: a}] } }\nno_auth_user: a",
    );
    let run = none.run(&["tail", "--event", "Placed"]);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("nats-server -js"), "{}", run.err);
    let permissions = r#"authorization { users: [
        { user: u, password: p, permissions: { publish: "x.>", subscribe: "_INBOX.>" } } ] }"#;
    let live = Live::with(MARKET, permissions);
    for (event, password, says) in [
        (
            "Placed",
            "p",
            "refuses Publish to \"$JS.API.CONSUMER.CREATE.ORDERS\"",
        ),
        ("Seen", "p", "refuses Subscription to \"shop.seen.*\""),
        ("Seen", "s3cr3t", "does not accept the credentials"),
    ] {
        let mut command = live.command(&["tail", "--event", event]);
        let run = Run::of(command.envs([("NATS_USER", "u"), ("NATS_PASSWORD", password)]));
        assert_eq!(run.code, 3, "{}", run.err);
        assert!(
            run.err.contains(says) && !run.err.contains("s3cr3t"),
            "{says}: {}",
            run.err
        );
    }
}

#[test]
fn a_server_that_hangs_can_be_left() {
    let live = market();
    let child = live
        .command(&["tail"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(500));
    live.server.pause().unwrap();
    signal(child.id(), "-INT");
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.code, 0, "{}", run.err);
    live.server.resume().unwrap();
}
