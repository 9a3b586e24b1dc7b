//! The partitions of keyed events on real servers: a stream takes those that there are, and no other.

use std::time::Duration;

use serde_json::json;

use super::live::{Live, SHOP, item};

fn shop(partitions: u32) -> String {
    SHOP.replace("partitions = 2", &format!("partitions = {partitions}"))
}

fn subjects(live: &Live) -> Vec<String> {
    let stream = live.api("STREAM.INFO.ORDERS");
    let subjects = stream["config"]["subjects"].as_array().unwrap();
    let mut all: Vec<String> = subjects
        .iter()
        .map(|subject| subject.as_str().unwrap().to_owned())
        .collect();
    all.sort();
    all
}

/// Whether a stream takes an event there, with one key's subject.
fn is_taken(live: &Live, partition: u32) -> bool {
    let jetstream = live.jetstream();
    live.block_on(async {
        let subject = format!("orders.{partition}.a.moved");
        let ack = jetstream.publish(subject, "{}".into()).await.unwrap();
        tokio::time::timeout(Duration::from_secs(5), ack)
            .await
            .unwrap()
            .is_ok()
    })
}

#[test]
fn a_stream_takes_the_partitions_that_there_are() {
    let live = Live::new(SHOP);
    live.ok(&["streams", "apply"]);
    assert_eq!(
        subjects(&live),
        ["orders.0.*.moved", "orders.1.*.moved", "orders.placed"]
    );
    assert!(is_taken(&live, 0) && is_taken(&live, 1));
    assert!(!is_taken(&live, 2), "nobody would ever read it");

    // More of them: subjects and durables come, nothing goes.
    live.contract(&shop(4));
    let plan = live.run(&["streams", "plan"]);
    assert!(
        plan.out.contains(
            "subjects         orders.{0..1}.*.moved, orders.placed -> orders.{0..3}.*.moved, orders.placed"
        ),
        "{}",
        plan.out
    );
    assert!(!plan.out.contains("loses"), "{}", plan.out);
    live.ok(&["streams", "apply"]);
    assert!(is_taken(&live, 3) && !is_taken(&live, 4));
    assert!(live.exists("CONSUMER.INFO.ORDERS.packing-p3"));

    // Fewer: that confirmation is required, and the messages of those that go stay.
    live.contract(&shop(3));
    let refused = live.run(&["streams", "apply"]);
    assert_eq!(refused.code, 1);
    for text in [
        "loses: it takes nothing more of orders.3.*.moved; the 1 stored messages of it are kept until the limits of the stream",
        "- durable ORDERS/packing-p3: remove",
    ] {
        assert!(refused.out.contains(text), "{text}: {}", refused.out);
    }
    assert!(is_taken(&live, 3), "nothing was applied");
    live.ok(&["streams", "apply", "--yes"]);
    assert!(!is_taken(&live, 3));
    assert_eq!(live.api("STREAM.INFO.ORDERS")["state"]["messages"], 4);
    assert_eq!(live.plan().0, 0);
}

#[test]
fn a_stream_that_takes_any_partition_is_narrowed_and_loses_nothing() {
    let live = Live::new(SHOP);
    live.ok(&["streams", "apply"]);
    let any = |live: &Live| {
        let mut config = live.api("STREAM.INFO.ORDERS")["config"].clone();
        config["subjects"] = json!(["orders.placed", "orders.*.*.moved"]);
        live.api_with("STREAM.UPDATE.ORDERS", &config);
    };
    any(&live);
    assert!(is_taken(&live, 0) && is_taken(&live, 1));
    let (code, plan) = live.plan();
    assert_eq!(code, 1);
    let orders = item(&plan, "ORDERS", None);
    assert_eq!(orders["action"], "change");
    assert_eq!(orders["losses"], json!([]), "{orders:#}");
    // Without being asked: nothing of it is lost.
    live.ok(&["streams", "apply"]);
    assert_eq!(subjects(&live).len(), 3);
    assert_eq!(live.api("STREAM.INFO.ORDERS")["state"]["messages"], 2);

    // What is in no partition is counted first.
    any(&live);
    assert!(is_taken(&live, 7));
    let refused = live.run(&["streams", "apply"]);
    assert_eq!(refused.code, 1);
    let outside = "loses: 1 messages of orders.*.*.moved are in no partition of orders.{0..1}.*.moved: they are kept until the limits of the stream, and no service handles them";
    assert!(refused.out.contains(outside), "{}", refused.out);
    live.ok(&["streams", "apply", "--yes"]);
    assert!(!is_taken(&live, 7));
    assert_eq!(live.api("STREAM.INFO.ORDERS")["state"]["messages"], 3);
}

#[test]
fn a_pattern_that_takes_more_than_partitions_is_lost_as_before() {
    let live = Live::new(SHOP);
    live.ok(&["streams", "apply"]);
    let mut config = live.api("STREAM.INFO.ORDERS")["config"].clone();
    config["subjects"] = json!(["orders.>"]);
    live.api_with("STREAM.UPDATE.ORDERS", &config);
    let refused = live.run(&["streams", "apply"]);
    assert_eq!(refused.code, 1);
    let loses = "loses: it takes nothing more of orders.>";
    assert!(refused.out.contains(loses), "{}", refused.out);
}

/// A number in the place of a wildcard is a partition in the subjects of keyed events only.
#[test]
fn other_subjects_with_numbers_are_no_partitions() {
    for (wide, narrow) in [
        (
            "[streams.SHOP]\nsubjects = [\"baskets.*.abandoned\"]\n",
            "[streams.SHOP]\nsubjects = [\"baskets.0.abandoned\"]\n",
        ),
        (
            "[events.Tried]\nsubject = \"baskets.{n}.abandoned\"\nstream = \"SHOP\"\nfields = { n = \"u32\" }\n[streams.SHOP]\n",
            "[events.Tried]\nsubject = \"baskets.0.abandoned\"\nstream = \"SHOP\"\nfields = { n = \"u32\" }\n[streams.SHOP]\n",
        ),
    ] {
        let live = Live::new(wide);
        live.ok(&["streams", "apply"]);
        live.contract(narrow);
        let refused = live.run(&["streams", "apply"]);
        assert_eq!(refused.code, 1, "{}", refused.out);
        let loses = "loses: it takes nothing more of baskets.*.abandoned";
        assert!(refused.out.contains(loses), "{}", refused.out);
    }
}

#[test]
fn many_partitions_are_made_and_shown_in_a_line() {
    let live = Live::new(&shop(256));
    let applied = live.ok(&["streams", "apply"]);
    assert!(
        applied
            .out
            .contains("subjects         orders.{0..255}.*.moved, orders.placed\n"),
        "{}",
        applied.out.lines().take(12).collect::<String>()
    );
    assert_eq!(subjects(&live).len(), 257);
    assert!(is_taken(&live, 255) && !is_taken(&live, 256));
    assert_eq!(live.plan().0, 0);
}
