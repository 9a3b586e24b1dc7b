//! `publish` against real servers: what leaves is what a service would send, and what breaks the contract does not leave.

use std::io::Write;
use std::process::Stdio;

use event_runtime::Json;
use event_runtime::raw::StoredMessage;
use serde_json::json;

use super::live::{Live, signal, start};
use super::{Folder, Run};

/// Stored events with and without an id, with a key, with an envelope and with secrets; an ephemeral one; an imported one.
pub(crate) const MARKET: &str = r#"
[streams.ORDERS]
max_age = "30d"
partitions = 8

[streams.NOTES]
max_age = "30d"

[events.Placed]
subject = "orders.{region}.placed"
stream  = "ORDERS"
id      = "order_id"
[events.Placed.fields]
order_id = "uuid"
region   = "string"
quantity = { type = "i32", min = 1, max = 100 }
note     = "string?"
card     = { type = "string?", sensitive = true, max_length = 4 }
state    = { type = "State", default = "new" }

[types.State]
enum   = ["new", "paid"]
closed = true

[events.Moved]
subject = "orders.{partition}.{order_id}.moved"
stream  = "ORDERS"
id      = "move_id"
key     = "order_id"
[events.Moved.fields]
order_id = "string"
move_id  = "u32"

[events.Noted]
subject  = "notes.noted"
stream   = "NOTES"
envelope = "cloudevents"
[events.Noted.fields]
text = "string"

[events.Seen]
subject = "shop.seen.{page}"
[events.Seen.fields]
page = "string"

[services.shop]
publishes = ["Placed", "Moved", "Noted", "Seen"]

[services.packing]
subscribes = ["Placed", "Moved", "Noted", "Seen"]
"#;

pub(crate) const ORDER: &str = "67e55044-10b1-426f-9247-bb680e5fe0c8";

/// A server with the streams of [`MARKET`].
pub(crate) fn market() -> Live {
    market_with("")
}

pub(crate) fn market_with(configuration: &str) -> Live {
    let live = Live::with(MARKET, configuration);
    live.ok(&["streams", "apply"]);
    live
}

/// Runs with something on standard input.
pub(crate) fn with_input(live: &Live, args: &[&str], input: &[u8]) -> Run {
    let mut child = live
        .command(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Whoever refuses early does not read.
    let _ = child.stdin.take().unwrap().write_all(input);
    Run::from(child.wait_with_output().unwrap())
}

fn stored(live: &Live, stream: &str, sequence: u64) -> Option<StoredMessage> {
    let bus = live.bus();
    live.block_on(bus.stored(stream, sequence)).unwrap()
}

fn messages(live: &Live, stream: &str) -> Json {
    live.api(&format!("STREAM.INFO.{stream}"))["state"]["messages"].clone()
}

#[test]
fn a_stored_event_has_the_message_of_a_service() {
    let live = market();
    live.folder.write(
        "order.json",
        &format!(
            r#"{{ "region": "eu", "quantity": 3, "note": null, "orderId": "{}" }}"#,
            ORDER.to_uppercase()
        ),
    );
    let args = ["publish", "Placed", "--data", "order.json"];
    let run = live.ok(&args);
    assert_eq!(
        run.out,
        format!(
            "billing.Placed on orders.eu.placed: stored as message 1 of ORDERS under the id billing.Placed:{ORDER}\n"
        )
    );
    let message = stored(&live, "ORDERS", 1).unwrap();
    assert_eq!(message.subject.as_str(), "orders.eu.placed");
    assert_eq!(
        message.header("Nats-Msg-Id"),
        Some(format!("billing.Placed:{ORDER}").as_str())
    );
    assert_eq!(message.headers.len(), 1);
    let body = format!(r#"{{"orderId":"{ORDER}","region":"eu","quantity":3,"state":"new"}}"#);
    assert_eq!(message.body, body.as_bytes());
    // Again: the stream has it.
    let again = live.ok(&args);
    assert!(
        again
            .out
            .contains("as message 1: duplicate, not stored again"),
        "{}",
        again.out
    );
    assert_eq!(messages(&live, "ORDERS"), 1);
}

/// The same vectors that the services of the example organisation are held to.
#[test]
fn partitions_are_those_of_the_vectors() {
    let live = market();
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/partition-vectors.json"
    );
    let vectors: Json = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let fit = |vector: &&Json| {
        let key = vector["key"].as_str().unwrap();
        let odd = |c: char| ".*>".contains(c) || c.is_whitespace() || c.is_control();
        vector["partitions"] == 8 && !key.is_empty() && key.len() <= 256 && !key.contains(odd)
    };
    let mut seen = 0;
    for (n, vector) in vectors.as_array().unwrap().iter().filter(fit).enumerate() {
        let (key, partition) = (vector["key"].as_str().unwrap(), &vector["partition"]);
        let body = json!({ "orderId": key, "moveId": n }).to_string();
        let run = with_input(
            &live,
            &["publish", "billing.Moved", "--data", "-"],
            body.as_bytes(),
        );
        let on = format!("on orders.{partition}.{key}.moved: ");
        assert!(run.out.contains(&on), "{on}: {}{}", run.out, run.err);
        seen += 1;
    }
    assert!(seen >= 3, "{vectors:?}");
}

#[test]
fn samples_are_new_events_each_time() {
    let live = market();
    for event in ["Placed", "Moved", "Noted"] {
        let run = live.ok(&["publish", event, "--sample"]);
        assert!(run.out.contains("stored as message"), "{}", run.out);
        let (said, shown) = run.err.split_once('\n').unwrap();
        assert!(said.starts_with("sample: a made-up event"), "{said}");
        assert!(
            said.ends_with(" (the contract has no `examples` of it)"),
            "{said}"
        );
        let shown: Json = serde_json::from_str(shown).unwrap();
        assert!(shown.is_object());
    }
    live.ok(&["publish", "Placed", "--sample"]);
    assert_eq!(messages(&live, "ORDERS"), 3);
    // Without an id field the id is random.
    live.ok(&["publish", "Noted", "--sample"]);
    assert_eq!(messages(&live, "NOTES"), 2);
    let note = stored(&live, "NOTES", 1).unwrap();
    let id = note.header("Nats-Msg-Id").unwrap();
    assert!(
        id.starts_with("billing.Noted:") && id.len() == "billing.Noted:".len() + 36,
        "{id}"
    );
    assert_eq!(note.header("ce-type"), Some("billing.Noted"));
    assert_eq!(note.header("ce-id"), Some(id));
    assert_eq!(note.header("ce-source"), Some("event-contracts"));
}

#[test]
fn a_sample_is_the_contracts_own_example() {
    let contract = format!(
        "{MARKET}\n[[events.Placed.examples]]\norderId = \"{ORDER}\"\nregion = \"eu\"\nquantity = 42\n\
         [[events.Placed.examples]]\norderId = \"{ORDER}\"\nregion = \"us\"\nquantity = 7\n\
         [[events.Moved.examples]]\norderId = \"A-1\"\nmoveId = 9\n"
    );
    let live = Live::new(&contract);
    live.ok(&["streams", "apply"]);
    let run = live.ok(&["publish", "Placed", "--sample"]);
    assert!(
        run.err
            .starts_with("sample: the contract's first example with a new `orderId` (of 2)\n{"),
        "{}",
        run.err
    );
    let message = stored(&live, "ORDERS", 1).unwrap();
    let body: Json = serde_json::from_slice(&message.body).unwrap();
    assert_eq!(
        (&body["region"], &body["quantity"]),
        (&json!("eu"), &json!(42))
    );
    assert_ne!(body["orderId"], ORDER);
    // Its id is a uuid, so each is a new event; where it is not, the stream has it the second time.
    let again = live.ok(&["publish", "Placed", "--sample"]);
    assert!(again.out.contains("stored as message 2"), "{}", again.out);
    let run = live.ok(&["publish", "Moved", "--sample"]);
    assert!(
        run.err.starts_with("sample: the contract's example\n{"),
        "{}",
        run.err
    );
    assert!(run.out.contains(".A-1.moved: stored as"), "{}", run.out);
    let again = live.ok(&["publish", "Moved", "--sample"]);
    assert!(
        again.out.contains("duplicate, not stored again"),
        "{}",
        again.out
    );
}

#[test]
fn an_event_may_stand_on_the_command_line() {
    let live = market();
    let data = format!(r#" {{"orderId":"{ORDER}","region":"eu","quantity":3}}"#);
    let run = live.ok(&["publish", "Placed", "--data", &data]);
    assert!(run.out.contains("stored as message 1"), "{}", run.out);
    let run = live.run(&["publish", "Placed", "--data", r#"{"regoin":"eu"}"#]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    for text in [
        "<data>:1:2",
        "error[unknown-field]: regoin",
        "nothing was sent",
    ] {
        assert!(run.err.contains(text), "{text}: {}", run.err);
    }
    let run = live.run(&["publish", "Placed", "--data", "{"]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.contains("<data>:1:2"), "{}", run.err);
    // A file may be called anything.
    live.folder.write("{odd}.json", &data);
    let run = live.ok(&["publish", "Placed", "--data", "./{odd}.json"]);
    assert!(
        run.out.contains("duplicate, not stored again"),
        "{}",
        run.out
    );
    assert_eq!(messages(&live, "ORDERS"), 1);
}

#[test]
fn an_ephemeral_event_reaches_who_listens() {
    let live = market();
    let bus = live.bus();
    let mut heard = live.block_on(bus.overhear("shop.seen.*")).unwrap();
    let run = with_input(
        &live,
        &["publish", "Seen", "--data", "-"],
        br#"{"page":"home"}"#,
    );
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(
        run.out.contains("there is no acknowledgement"),
        "{}",
        run.out
    );
    let message = live.block_on(async {
        use event_runtime::async_nats::Message;
        let next: Option<Message> = futures_next(&mut heard).await;
        next.unwrap()
    });
    assert_eq!(message.subject.as_str(), "shop.seen.home");
    assert_eq!(&message.payload[..], br#"{"page":"home"}"#);
}

async fn futures_next<S: futures_util::Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    futures_util::StreamExt::next(stream).await
}

#[test]
fn what_breaks_the_contract_does_not_leave() {
    let live = market();
    live.folder.write(
        "order.json",
        "{\n  \"orderId\": \"x\",\n  \"regoin\": \"eu\",\n  \"quantity\": 0,\n  \"card\": \"s3cr3t-card\"\n}\n",
    );
    let run = live.run(&["publish", "Placed", "--data", "order.json"]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    for text in [
        "order.json:2:14",
        "error[format]: orderId",
        "order.json:3:3",
        "error[unknown-field]: regoin",
        "did you mean \"region\"?",
        "order.json:4:15",
        "error[minimum]: quantity: 0 is less than 1",
        "order.json:5:11",
        "error[maxLength]: card",
        "error[required]: the field `region` is missing",
        "5 errors: nothing was sent",
    ] {
        assert!(run.err.contains(text), "{text}: {}", run.err);
    }
    for (body, says) in [
        (&b"{"[..], "<stdin>:1:2"),
        (b"", "<stdin>:1:1"),
        (b"{}{}", "something follows the JSON value"),
        (b"[]", "expected an object, found a list"),
        (b"\xff", "<stdin>:1:1: the text is not UTF-8"),
        (
            b"{\"orderId\":\"a\",\"moveId\":1,\"moveId\":1}",
            "stands twice",
        ),
        // Fits its type, and cannot be a token.
        (b"{\"orderId\":\"a.b\",\"moveId\":1}", "<stdin>:1:12"),
        (
            b"{\"orderId\":\"a.b\",\"moveId\":1}",
            "error[subject]: the value of `order_id` has a `.`",
        ),
        (b"{\"orderId\":\"\",\"moveId\":1}", "is empty"),
    ] {
        let run = with_input(&live, &["publish", "Moved", "--data", "-"], body);
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.err);
        assert!(run.err.contains(says), "{says}: {}", run.err);
    }
    assert_eq!(messages(&live, "ORDERS"), 0);
}

#[test]
fn wrong_use() {
    let folder = Folder::with(MARKET);
    for (args, says) in [
        (
            &["publish", "Placd", "--sample"][..],
            "did you mean \"Placed\"?",
        ),
        (
            &["publish", "x", "--sample"],
            "the events are: billing.Placed",
        ),
        (&["publish", "Placed"], "<--data <JSON|FILE|->|--sample>"),
        (
            &["publish", "Placed", "--sample", "--data", "-"],
            "cannot be used with",
        ),
        (
            &["publish", "Placed", "--data", "none.json"],
            "--data: there is no file none.json, and it is no event as JSON, which begins with `{`",
        ),
        (
            &["publish", "Placed", "--data", "'{}'"],
            "--data: there is no file '{}', and it is no event as JSON",
        ),
        (
            &["publish", "Placed", "--data", "contracts"],
            "--data: contracts is a folder",
        ),
        (
            &["publish", "Placed", "--data", "/dev/zero"],
            "has more than 64 MiB",
        ),
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
}

#[test]
fn servers_that_cannot_take_it() {
    let folder = Folder::with(MARKET);
    let sample = ["publish", "Placed", "--sample"];
    let run = Run::of(folder.command(&sample).env("NATS_URL", "127.0.0.1:1"));
    assert_eq!(run.code, 3);
    assert!(
        run.err.contains("cannot connect to 127.0.0.1:1"),
        "{}",
        run.err
    );

    // No stream, and no JetStream.
    let live = Live::new(MARKET);
    let run = live.run(&sample);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("no stream takes orders."), "{}", run.err);
    assert!(run.err.contains("streams apply"), "{}", run.err);
    let none = Live::with(
        MARKET,
        "accounts { A { users: [{user: a, password: a}] } }\nno_auth_user: a",
    );
    let run = none.run(&sample);
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(run.err.contains("no stream takes"), "{}", run.err);

    // A login that may not, for stored and ephemeral events alike.
    let permissions = r#"authorization { users: [
        { user: u, password: p, permissions: { publish: "x.>", subscribe: "_INBOX.>" } } ] }"#;
    let live = Live::with(MARKET, permissions);
    for event in ["Placed", "Seen"] {
        let mut command = live.command(&["publish", event, "--sample"]);
        let run = Run::of(command.envs([("NATS_USER", "u"), ("NATS_PASSWORD", "p")]));
        assert_eq!(run.code, 3, "{}{}", run.out, run.err);
        assert!(run.err.contains("refuses Publish to"), "{}", run.err);
    }
    let run = Run::of(
        live.command(&sample)
            .envs([("NATS_USER", "u"), ("NATS_PASSWORD", "s3cr3t")]),
    );
    assert_eq!(run.code, 3);
    assert!(
        run.err.contains("does not accept the credentials"),
        "{}",
        run.err
    );
    assert!(!run.err.contains("s3cr3t"), "{}", run.err);
}

#[test]
fn a_stream_at_its_limit() {
    let live = Live::new(&MARKET.replace("partitions = 8", "partitions = 8\nmax_messages = 1"));
    live.ok(&["streams", "apply"]);
    live.ok(&["publish", "Placed", "--sample"]);
    let run = live.run(&["publish", "Placed", "--sample"]);
    assert_eq!((run.code, run.out.as_str()), (3, ""));
    assert!(run.err.contains("maximum messages exceeded"), "{}", run.err);
}

#[test]
fn a_server_that_hangs_can_be_left() {
    let live = market();
    // It hangs after the connection: the event itself is waited for.
    let mut command = live.command(&["publish", "Placed", "--data", "-"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    live.server.pause().unwrap();
    let body = format!(r#"{{"orderId":"{ORDER}","region":"eu","quantity":1}}"#);
    child
        .stdin
        .take()
        .unwrap()
        .write_all(body.as_bytes())
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    signal(child.id(), "-INT");
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!((run.code, run.out.as_str()), (130, ""), "{}", run.err);
    live.server.resume().unwrap();
    let child = start(&mut live.command(&["publish", "Seen", "--sample"]));
    assert_eq!(Run::from(child.wait_with_output().unwrap()).code, 0);
}
