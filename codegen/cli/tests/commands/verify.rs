//! `verify` against real servers: every message is in one of its numbers.

use serde_json::Value;

use super::Run;
use super::live::{Live, on_terminal, signal, start};
use super::publish::{MARKET, ORDER, market};
use super::tail::raw;

fn placed(region: &str, quantity: i64) -> String {
    format!(r#"{{"orderId":"{ORDER}","region":"{region}","quantity":{quantity}}}"#)
}

/// Ten good ones, five bad ones, and two that nobody names.
fn stock(live: &Live) {
    for n in 1..=10 {
        raw(live, "orders.eu.placed", None, &placed("eu", n));
    }
    raw(live, "orders.eu.placed", None, &placed("eu", 0));
    raw(live, "orders.eu.placed", None, &placed("eu", -1));
    raw(live, "orders.us.placed", None, &placed("eu", 1));
    raw(
        live,
        "orders.eu.placed",
        Some("billing.Placed:other"),
        &placed("eu", 1),
    );
    raw(live, "orders.eu.placed", None, "{}");
    let mut config = live.api("STREAM.INFO.ORDERS")["config"].clone();
    config["subjects"] = serde_json::json!(["orders.*.*.moved", "orders.*.placed", "orders.old"]);
    live.api_with("STREAM.UPDATE.ORDERS", &config);
    raw(live, "orders.old", None, "x");
    raw(live, "orders.old", None, "{}");
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err))
}

#[test]
fn an_empty_server_fits() {
    let live = market();
    let run = live.ok(&["verify"]);
    assert!(run.out.contains("ORDERS: 0 messages, 0B\n"), "{}", run.out);
    assert!(
        run.out.ends_with(
            "0 messages read: 0 valid, 0 violate their contract, 0 without a contract\n"
        )
    );
    live.ok(&["publish", "Placed", "--sample"]);
    live.ok(&["publish", "Moved", "--sample"]);
    live.ok(&["publish", "Noted", "--sample"]);
    let run = live.ok(&["verify"]);
    assert!(
        run.out.contains("3 messages read: 3 valid, 0 violate"),
        "{}",
        run.out
    );
}

#[test]
fn what_does_not_fit_is_grouped_and_the_numbers_add_up() {
    let live = market();
    stock(&live);
    let run = live.run(&["verify"]);
    assert_eq!(run.code, 1, "{}", run.err);
    for text in [
        "billing.Placed           10 valid, 5 invalid\n",
        "2 x quantity: 0 is less than 1 [minimum] (first in message 11)\n",
        "1 x it is on orders.us.placed, and its fields say orders.eu.placed [subject] (first in message 13)\n",
        "its message id is billing.Placed:other, and its fields say billing.Placed:67e55044-10b1-426f-9247-bb680e5fe0c8 [message-id] (first in message 14)\n",
        "1 x the field `orderId` is missing [required] (first in message 15)\n",
        "1 x the field `quantity` is missing [required] (first in message 15)\n",
        "1 x the field `region` is missing [required] (first in message 15)\n",
        "16 without a message id (Nats-Msg-Id): the server cannot deduplicate them (first in message 1)\n",
        "2 on subjects without a contract\n",
        "2 x orders.old (first in message 16)\n",
        "17 messages read: 10 valid, 5 violate their contract, 2 without a contract\n",
    ] {
        assert!(run.out.contains(text), "{text}: {}", run.out);
    }
    let run = live.run(&["verify", "ORDERS", "--json"]);
    assert_eq!(run.code, 1);
    let all = json(&run);
    let orders = &all["streams"][0];
    assert_eq!(all["streams"].as_array().unwrap().len(), 1);
    let n = |name: &str| orders[name].as_u64().unwrap();
    assert_eq!(n("read"), n("fit") + n("broken") + n("unknown"));
    assert_eq!(n("read"), n("messages"));
    let event = &orders["events"][0];
    assert_eq!(
        event["fit"].as_u64().unwrap() + event["broken"].as_u64().unwrap(),
        15
    );
    let minimum = event["rules"]
        .as_array()
        .unwrap()
        .iter()
        .find(|rule| rule["rule"] == "minimum");
    assert_eq!(minimum.unwrap()["messages"], 2);
    assert_eq!(orders["unknownSubjects"][0]["first"], 16);
    assert_eq!(
        orders["withoutMessageId"],
        serde_json::json!({ "messages": 16, "first": 1 })
    );
}

/// One group for each cause, whatever the values: a missing field, a kind, a bound, a text that is no JSON.
#[test]
fn each_cause_is_a_group_of_its_own() {
    let live = market();
    let order = |rest: &str| format!(r#"{{"orderId":"{ORDER}","region":"eu"{rest}}}"#);
    for body in [
        order(r#","quantity":0"#),
        order(r#","quantity":-7"#),
        order(r#","quantity":101"#),
        order(r#","quantity":"2""#),
        order(r#","quantity":"three""#),
        order(r#","quantity":null"#),
        order(r#","quantity":1.5"#),
        order(""),
        format!(r#"{{"orderId":"{ORDER}","quantity":1}}"#),
        "{".to_owned(),
        " {".to_owned(),
        "nonsense".to_owned(),
    ] {
        raw(&live, "orders.eu.placed", None, &body);
    }
    let run = live.run(&["verify", "ORDERS", "--json"]);
    let all = json(&run);
    let rules = all["streams"][0]["events"][0]["rules"].as_array().unwrap();
    let found: Vec<(&str, &str, u64, u64)> = rules
        .iter()
        .map(|rule| {
            let n = |name: &str| rule[name].as_u64().unwrap();
            let path = rule["path"].as_str().unwrap();
            (
                rule["rule"].as_str().unwrap(),
                path,
                n("messages"),
                n("first"),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("json", "", 2, 10),
            ("json", "", 1, 12),
            ("required", "", 1, 8),
            ("required", "", 1, 9),
            ("maximum", "quantity", 1, 3),
            ("minimum", "quantity", 2, 1),
            ("type", "quantity", 1, 7),
            ("type", "quantity", 2, 4),
            ("type", "quantity", 1, 6),
        ],
        "{}",
        run.out
    );
}

#[test]
fn messages_without_an_id_are_counted_and_fit() {
    let live = market();
    live.ok(&["publish", "Placed", "--sample"]);
    let run = live.ok(&["verify", "ORDERS"]);
    assert!(!run.out.contains("message id"), "{}", run.out);
    for n in 1..=2 {
        raw(&live, "orders.eu.placed", None, &placed("eu", n));
    }
    raw(&live, "orders.eu.placed", Some(""), &placed("eu", 1));
    let run = live.ok(&["verify"]);
    for text in [
        "  3 without a message id (Nats-Msg-Id): the server cannot deduplicate them (first in message 2)\n",
        "4 messages read: 4 valid, 0 violate",
    ] {
        assert!(run.out.contains(text), "{text}: {}", run.out);
    }
    assert_eq!(run.out.matches("without a message id").count(), 1);
    let all = json(&live.ok(&["verify", "--json"]));
    let of = |stream: usize| &all["streams"][stream]["withoutMessageId"];
    assert_eq!(*of(0), serde_json::json!({ "messages": 3, "first": 2 }));
    assert_eq!(*of(1), serde_json::json!({ "messages": 0, "first": null }));
}

#[test]
fn a_wrong_partition_is_found() {
    let live = market();
    // A server that takes any partition, as of older contracts or by hand.
    let mut config = live.api("STREAM.INFO.ORDERS")["config"].clone();
    config["subjects"] = serde_json::json!(["orders.*.*.moved", "orders.*.placed"]);
    live.api_with("STREAM.UPDATE.ORDERS", &config);
    let own = event_runtime::partition("A-1", 8);
    let moved = |partition: &str, id: u32, body: &str| {
        let id = format!("billing.Moved:{id}");
        raw(
            &live,
            &format!("orders.{partition}.A-1.moved"),
            Some(&id),
            body,
        );
    };
    moved(&own.to_string(), 1, r#"{"orderId":"A-1","moveId":1}"#);
    moved("8", 2, r#"{"orderId":"A-1","moveId":2}"#);
    moved("99", 3, r#"{"orderId":"A-1","moveId":3}"#);
    moved(&format!("0{own}"), 4, r#"{"orderId":"A-1","moveId":4}"#);
    let other = (own + 1) % 8;
    moved(&other.to_string(), 5, r#"{"orderId":"A-1","moveId":5}"#);
    // Beside another fault of its body, and without a key that could be hashed.
    moved(&other.to_string(), 6, r#"{"orderId":"A-1","moveId":"x"}"#);
    moved("x", 7, "{}");
    let run = live.run(&["verify", "ORDERS"]);
    assert_eq!(run.code, 1, "{}", run.err);
    for text in [
        "billing.Moved            1 valid, 6 invalid\n".to_owned(),
        "4 x it is in partition 8, and ORDERS has 0 to 7: no service is ever delivered it [partition] (first in message 2)\n"
            .to_owned(),
        format!(
            "2 x it is in partition {other}, and its key `orderId` belongs in {own}: it may be handled before or beside \
             others of its key [partition] (first in message 5)\n"
        ),
        "1 x moveId: expected an integer, found a text [type] (first in message 6)\n".to_owned(),
    ] {
        assert!(run.out.contains(&text), "{text}: {}", run.out);
    }
    assert!(!run.out.contains("[subject]"), "{}", run.out);
}

/// A schema of another team, with its faults at their places.
#[test]
fn faults_in_imported_types_have_their_path() {
    let contract = format!(
        "{MARKET}\n[events.Shipped]\nsubject = \"orders.shipped\"\nstream = \"ORDERS\"\njson_schema = \"shipped.json\"\n"
    );
    let live = Live::new(&contract);
    live.folder.write(
        "contracts/shipped.json",
        r##"{ "$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
          "properties": {
            "to": { "type": "object", "properties": { "zip": { "type": "string", "maxLength": 5 },
              "floor": { "type": "integer", "minimum": 0 } }, "required": ["zip"] },
            "lines": { "type": "array", "items": { "type": "object",
              "properties": { "sku": { "type": "string" } }, "required": ["sku"] } },
            "weights": { "type": "object", "additionalProperties": { "type": "number" } },
            "by": { "oneOf": [
              { "type": "object", "properties": { "kind": { "const": "van" }, "plate": { "type": "string" } },
                "required": ["kind", "plate"] },
              { "type": "object", "properties": { "kind": { "const": "ship" }, "decks": { "type": "integer", "maximum": 9 } },
                "required": ["kind", "decks"] } ] } },
          "required": ["to"] }"##,
    );
    live.ok(&["streams", "apply"]);
    for (n, body) in [
        r#"{"to":{"zip":"12345","floor":2},"lines":[{"sku":"a"}],"weights":{"box":1.5}}"#,
        r#"{"to":{"zip":"123456","floor":-1}}"#,
        r#"{"to":{"zip":"1234567"},"lines":[{"sku":"a"},{},{"sku":7},{}]}"#,
        r#"{"to":{},"weights":{"box":"heavy","bag":"light"}}"#,
        r#"{"lines":7}"#,
        r#"{"to":{"zip":"1"},"by":{"kind":"ship","decks":10}}"#,
        r#"{"to":{"zip":"1"},"by":{"kind":"van"}}"#,
        r#"{"to":{"zip":"1"},"by":"foot"}"#,
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("billing.Shipped:{n}");
        raw(&live, "orders.shipped", Some(&id), body);
    }
    let run = live.run(&["verify", "ORDERS", "--json"]);
    let all = json(&run);
    let event = &all["streams"][0]["events"][0];
    assert_eq!(
        (&event["fit"], &event["broken"]),
        (&1.into(), &7.into()),
        "{}",
        run.out
    );
    let found: Vec<String> = event["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            format!(
                "{} {} {} first {}",
                r["messages"], r["path"], r["rule"], r["first"]
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            r#"1 "" "required" first 5"#,
            r#"1 "by" "required" first 7"#,
            r#"1 "by" "type" first 8"#,
            r#"1 "by.decks" "maximum" first 6"#,
            r#"1 "lines" "type" first 5"#,
            r#"1 "lines[]" "required" first 3"#,
            r#"1 "lines[].sku" "type" first 3"#,
            r#"1 "to" "required" first 4"#,
            r#"1 "to.floor" "minimum" first 2"#,
            r#"2 "to.zip" "maxLength" first 2"#,
            r#"1 "weights[]" "type" first 4"#,
        ],
        "{}",
        run.out
    );
    // `tail` has the exact place, as for every other event.
    let run = live.run(&["verify", "ORDERS"]);
    assert!(
        run.out
            .contains("1 x lines[1]: the field `sku` is missing [required]"),
        "{}",
        run.out
    );
}

#[test]
fn a_sample_is_spread_over_the_stream() {
    let live = market();
    live.publish("orders.eu.placed", 1_000);
    // Gaps, as limits and deletions make them.
    live.api_with("STREAM.PURGE.ORDERS", &serde_json::json!({ "seq": 101 }));
    let run = live.run(&["verify", "ORDERS", "--sample", "50", "--json"]);
    let orders = &json(&run)["streams"][0];
    assert_eq!(orders["read"], 50);
    assert_eq!(orders["messages"], 900);
    let required = orders["events"][0]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .find(|rule| rule["rule"] == "required");
    assert_eq!(
        required.unwrap()["first"],
        101,
        "the first one is always in it"
    );
    let run = live.run(&["verify", "ORDERS", "--sample", "5000", "--json"]);
    assert_eq!(
        json(&run)["streams"][0]["read"],
        900,
        "more than there are is all"
    );
    assert_eq!(live.run(&["verify", "--sample", "0"]).code, 2);
}

#[test]
fn a_work_queue_is_read_and_not_emptied() {
    let contract = MARKET.replace(
        "[streams.NOTES]\nmax_age = \"30d\"",
        "[streams.NOTES]\nmax_age = \"30d\"\nretention = \"workqueue\"",
    );
    let live = Live::new(&contract);
    live.ok(&["streams", "apply"]);
    for _ in 0..5 {
        live.ok(&["publish", "Noted", "--sample"]);
    }
    live.api_with("STREAM.MSG.DELETE.NOTES", &serde_json::json!({ "seq": 2 }));
    raw(&live, "notes.noted", None, "{}");
    let run = live.run(&["verify", "NOTES", "--json"]);
    let notes = &json(&run)["streams"][0];
    assert_eq!(
        (notes["fit"].as_u64(), notes["broken"].as_u64()),
        (Some(4), Some(1))
    );
    assert_eq!(live.api("STREAM.INFO.NOTES")["state"]["messages"], 5);
}

#[test]
fn progress_is_drawn_on_a_terminal_and_ctrl_c_gives_what_was_read() {
    let live = market();
    live.publish("orders.eu.placed", 20_000);
    let command = live.command(&["verify", "ORDERS"]);
    let run = on_terminal(&command, &[]);
    assert_eq!(run.code, 1, "{}", run.out);
    assert!(run.out.contains("of 20,000  "), "{}", run.out);
    assert!(run.out.contains("s left"), "{}", run.out);
    assert!(run.out.contains("20,000 messages read"), "{}", run.out);
    let run = on_terminal(&command, &[("/s", "\u{3}")]);
    assert_eq!(run.code, 130, "{}", run.out);
    assert!(run.out.contains("interrupted: the numbers"), "{}", run.out);
    assert!(run.out.contains(" messages read: 0 valid, "), "{}", run.out);
}

#[test]
fn servers_that_cannot_be_read() {
    let live = Live::new(MARKET);
    let run = live.run(&["verify"]);
    assert_eq!(
        run.code, 1,
        "a stream that is missing is a finding: {}",
        run.err
    );
    assert!(
        run.out
            .contains("ORDERS: is not on the server; `event-contracts streams apply`"),
        "{}",
        run.out
    );
    let run = live.run(&["verify", "ORDRES"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("did you mean \"ORDERS\"?"), "{}", run.err);
    live.contract(super::WARNED);
    let run = live.run(&["verify", "BILLING"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(
        run.err
            .contains("no event of the contracts is stored in \"BILLING\""),
        "{}",
        run.err
    );
    let none = Live::with(
        MARKET,
        "accounts { A { users: [{user: a, password: a}] } }\nno_auth_user: a",
    );
    let run = none.run(&["verify"]);
    assert_eq!((run.code, run.out.as_str()), (3, ""));
    assert!(run.err.contains("nats-server -js"), "{}", run.err);
    let run = Run::of(
        live.folder
            .command(&["verify"])
            .env("NATS_URL", "127.0.0.1:1"),
    );
    assert_eq!(run.code, 3);
    let guarded = Live::with(MARKET, "authorization { user: u, password: right }");
    let run = Run::of(
        guarded
            .command(&["verify"])
            .envs([("NATS_USER", "u"), ("NATS_PASSWORD", "s3cr3t")]),
    );
    assert_eq!(run.code, 3);
    assert!(
        run.err.contains("does not accept the credentials") && !run.err.contains("s3cr3t"),
        "{}",
        run.err
    );
    // A server that hangs.
    let live = market();
    live.server.pause().unwrap();
    let child = start(&mut live.command(&["verify"]));
    std::thread::sleep(std::time::Duration::from_millis(500));
    signal(child.id(), "-INT");
    assert_eq!(Run::from(child.wait_with_output().unwrap()).code, 130);
    live.server.resume().unwrap();
}
