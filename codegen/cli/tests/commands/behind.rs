//! Events that lie behind a durable's position when it gets their filter, on real servers.

use event_runtime::async_nats::jetstream::AckKind;
use serde_json::{Value, json};

use super::live::{Live, SHOP, item};
use super::services::{list, take};

const PAID: &str = "[events.Paid]\nsubject = \"orders.paid\"\nstream = \"ORDERS\"\nid = \"order_id\"\n[events.Paid.fields]\n\
                    order_id = \"uuid\"\n\n[events.Moved]";

/// The shop, whose packing handles these.
fn shop(subscribes: &str) -> String {
    SHOP.replace("[events.Moved]", PAID)
        .replace(
            "publishes = [\"Placed\", \"Moved\"]",
            "publishes = [\"Placed\", \"Moved\", \"Paid\"]",
        )
        .replace("subscribes = [\"Placed\", \"Moved\"]", subscribes)
}

const PLACED: &str = "subscribes = [\"Placed\"]";
const BOTH: &str = "subscribes = [\"Placed\", \"Paid\"]";

fn done(live: &Live, durable: &str, n: usize) -> usize {
    take(live, durable, n, |_| Some(AckKind::Ack))
}

/// Three of Paid, four of Placed that are handled, and two more of Paid.
fn worked(contract: &str) -> Live {
    let live = Live::new(contract);
    live.ok(&["streams", "apply"]);
    live.publish("orders.paid", 3);
    live.publish("orders.placed", 4);
    assert_eq!(done(&live, "packing", 4), 4);
    live.publish("orders.paid", 2);
    live
}

fn behind(live: &Live) -> Value {
    list(live)[0]["durables"][0]["behind"].clone()
}

#[test]
fn what_lies_behind_is_counted_and_a_reset_brings_it() {
    let live = worked(&shop(PLACED));
    live.contract(&shop(BOTH));
    let plan = live.run(&["streams", "plan"]);
    let command = "event-contracts services reset packing --to all --stream ORDERS";
    for text in [
        "    behind: 3 stored events of billing.Paid are before its position (7) and will not be delivered\n",
        &format!("to deliver them too, after the apply:\n  {command}\n"),
        "      4 events before the position of packing will be redelivered\n",
    ] {
        assert!(plan.out.contains(text), "{text}: {}", plan.out);
    }
    let (_, plan) = live.plan();
    let of = json!([{ "event": "billing.Paid", "subject": "orders.paid", "position": 7, "messages": 3 }]);
    let durable = item(&plan, "ORDERS", Some("packing"));
    assert_eq!(durable["behind"], of);
    assert_eq!(durable["losses"], json!([]), "it stays in the stream");
    assert_eq!(plan["resets"][0]["command"], command);
    assert_eq!(plan["resets"][0]["deliveredAgain"], 4);
    // Before the apply the list says it too, and that the event does not come yet.
    assert_eq!(behind(&live), of);
    let table = live.ok(&["services", "list"]).out;
    assert!(
        table.contains("lacks events: `streams apply` adds them"),
        "{table}"
    );
    assert!(
        table.contains("first `streams apply`, then\n  event-contracts services reset"),
        "{table}"
    );

    let applied = live.ok(&["streams", "apply"]).out;
    assert!(
        applied.ends_with("will be redelivered\n") && applied.contains(command),
        "{applied}"
    );
    assert_eq!(
        done(&live, "packing", 100),
        2,
        "only what came after the position"
    );
    // Later nobody has to remember: the position stands on the durable.
    assert_eq!(live.plan().0, 0);
    assert_eq!(behind(&live), of);
    let table = live.ok(&["services", "list"]).out;
    let line = "3 stored events of billing.Paid are before the position of packing in ORDERS and will not be delivered.";
    assert!(table.contains(line), "{table}");
    // What is gone from the stream is not counted any more.
    live.api_with("STREAM.MSG.DELETE.ORDERS", &json!({ "seq": 2 }));
    assert_eq!(behind(&live)[0]["messages"], 2);
    let table = live.ok(&["services", "list"]).out;
    assert!(table.contains("2 stored events of billing.Paid"), "{table}");

    live.ok(&[
        "services", "reset", "packing", "--stream", "ORDERS", "--to", "all", "--yes",
    ]);
    assert_eq!(behind(&live), json!([]));
    assert_eq!(done(&live, "packing", 100), 8);
    let table = live.ok(&["services", "list"]).out;
    assert!(!table.contains("behind"), "{table}");
}

#[test]
fn where_nothing_lies_behind_nothing_is_said() {
    let silent = |live: &Live, contract: &str| {
        live.contract(contract);
        let plan = live.run(&["streams", "plan"]);
        assert_eq!(plan.code, 1, "{}", plan.out);
        assert!(!plan.out.contains("behind"), "{}", plan.out);
        let (_, plan) = live.plan();
        assert_eq!(plan["resets"], json!([]));
        live.ok(&["streams", "apply"]);
        assert!(!live.ok(&["services", "list"]).out.contains("behind"));
        assert_eq!(behind(live), json!([]));
    };
    // Nothing of it is stored, or all of it comes after the position.
    let live = Live::new(&shop(PLACED));
    live.ok(&["streams", "apply"]);
    live.publish("orders.placed", 2);
    assert_eq!(done(&live, "packing", 2), 2);
    live.publish("orders.paid", 2);
    silent(&live, &shop(BOTH));
    assert_eq!(done(&live, "packing", 10), 2);
    // Nothing was delivered yet.
    let live = Live::new(&shop(PLACED));
    live.ok(&["streams", "apply"]);
    live.publish("orders.paid", 2);
    silent(&live, &shop(BOTH));
    assert_eq!(done(&live, "packing", 10), 2);
    // Who starts with what is new wants nothing older.
    let late = |subscribes: &str| shop(&format!("{subscribes}\nstart = \"new\""));
    let live = worked(&late(PLACED));
    silent(&live, &late(BOTH));
    // A durable that begins with it is delivered all of it.
    let live = worked(&shop(PLACED));
    let keyed = shop("subscribes = [\"Placed\", \"Moved\"]");
    live.publish("orders.0.7.moved", 2);
    silent(&live, &keyed);
    assert_eq!(done(&live, "packing-p0", 10), 2);
}

#[test]
fn a_filter_that_somebody_else_added_has_no_note() {
    let live = worked(&shop(PLACED));
    let mut config = live.api("CONSUMER.INFO.ORDERS.packing")["config"].clone();
    let members = config.as_object_mut().unwrap();
    members.remove("filter_subject");
    members.insert(
        "filter_subjects".into(),
        json!(["orders.placed", "orders.paid"]),
    );
    let request = json!({ "stream_name": "ORDERS", "config": config, "action": "update" });
    live.api_with("CONSUMER.CREATE.ORDERS.packing", &request);
    live.contract(&shop(BOTH));
    assert_eq!(behind(&live), json!([]), "no count is made up");
    assert!(!live.run(&["streams", "plan"]).out.contains("behind"));
    // Nor has what can not be read.
    config["metadata"]["event-contracts.added"] = json!("?");
    let request = json!({ "stream_name": "ORDERS", "config": config, "action": "update" });
    live.api_with("CONSUMER.CREATE.ORDERS.packing", &request);
    assert_eq!(behind(&live), json!([]));
}

#[test]
fn each_partition_has_its_own() {
    let more = "[events.Packed]\nsubject = \"orders.{partition}.{order_id}.packed\"\nstream = \"ORDERS\"\nid = \"order_id\"\nkey = \
                \"order_id\"\n[events.Packed.fields]\norder_id = \"uuid\"\n\n[events.Moved]";
    let contract = |subscribes: &str| {
        SHOP.replace("[events.Moved]", more)
            .replace(
                "publishes = [\"Placed\", \"Moved\"]",
                "publishes = [\"Placed\", \"Moved\", \"Packed\"]",
            )
            .replace("subscribes = [\"Placed\", \"Moved\"]", subscribes)
    };
    let live = Live::new(&contract("subscribes = [\"Moved\"]"));
    live.ok(&["streams", "apply"]);
    live.publish("orders.0.7.packed", 3);
    live.publish("orders.1.8.packed", 2);
    live.publish("orders.0.7.moved", 2);
    // One at a time: a partition has one delivery in flight.
    assert_eq!(
        (done(&live, "packing-p0", 1), done(&live, "packing-p0", 1)),
        (1, 1)
    );
    live.contract(&contract("subscribes = [\"Moved\", \"Packed\"]"));
    let (_, plan) = live.plan();
    assert_eq!(
        item(&plan, "ORDERS", Some("packing-p0"))["behind"][0]["messages"],
        3
    );
    // This one has delivered nothing: everything is before it.
    assert_eq!(
        item(&plan, "ORDERS", Some("packing-p1"))["behind"],
        json!([])
    );
    assert_eq!(
        plan["resets"].as_array().unwrap().len(),
        1,
        "one command for all partitions"
    );
    assert_eq!(plan["resets"][0]["deliveredAgain"], 2);
    live.ok(&["streams", "apply"]);
    assert_eq!(done(&live, "packing-p1", 1), 1);
    let table = live.ok(&["services", "list"]).out;
    assert!(
        table.contains("3 stored events of billing.Packed are before"),
        "{table}"
    );
}

#[test]
fn what_comes_through_supersedes_lies_behind_too() {
    let newer = |supersedes: &str| {
        shop("subscribes = [\"Placed\", \"Settled\"]").replace(
            "[events.Moved]",
            &format!(
                "[events.Settled]\nsubject = \"orders.settled\"\nstream = \"ORDERS\"\nid = \"order_id\"\n{supersedes}\n\
                 [events.Settled.fields]\norder_id = \"uuid\"\n\n[events.Moved]"
            ),
        )
    };
    let live = worked(&newer(""));
    live.contract(&newer("supersedes = \"Paid\""));
    let plan = live.run(&["streams", "plan"]).out;
    let text = "3 stored events of billing.Paid are before its position (7)";
    assert!(plan.contains(text), "{plan}");
}

#[test]
fn on_a_work_queue_it_is_counted_without_a_consumer() {
    let queue = |subscribes: &str| {
        shop(subscribes).replace(
            "max_age = \"30d\"",
            "max_age = \"30d\"\nretention = \"workqueue\"",
        )
    };
    let live = Live::new(&queue(PLACED));
    live.ok(&["streams", "apply"]);
    live.publish("orders.paid", 3);
    live.publish("orders.placed", 4);
    assert_eq!(done(&live, "packing", 4), 4);
    live.contract(&queue(BOTH));
    let plan = live.run(&["streams", "plan"]).out;
    let all = "3 stored events of billing.Paid are before its position (7)";
    assert!(plan.contains(all), "{plan}");
    let costs = "0 events before the position of packing will be redelivered";
    assert!(plan.contains(costs), "{plan}");
    // Some come after the position.
    live.publish("orders.paid", 2);
    let plan = live.run(&["streams", "plan"]).out;
    assert!(plan.contains(all), "{plan}");
    live.ok(&["streams", "apply"]);
    assert_eq!(behind(&live)[0]["messages"], 3);
    assert_eq!(done(&live, "packing", 10), 2);
    assert_eq!(behind(&live)[0]["messages"], 3);
    live.ok(&["services", "reset", "packing", "--to", "all", "--yes"]);
    assert_eq!(done(&live, "packing", 10), 3);
    assert_eq!(behind(&live), json!([]));
    // More than anybody would look at one by one.
    live.contract(&queue(PLACED));
    live.ok(&["streams", "apply", "--yes"]);
    live.publish("orders.paid", 501);
    live.publish("orders.placed", 1);
    assert_eq!(done(&live, "packing", 1), 1);
    live.contract(&queue(BOTH));
    let plan = live.run(&["streams", "plan"]).out;
    let all = "501 stored events of billing.Paid are before";
    assert!(plan.contains(all), "{plan}");
    live.publish("orders.paid", 1);
    let plan = live.run(&["streams", "plan"]).out;
    let some = "stored events of billing.Paid before its position (511) will not be delivered; they cannot be counted here";
    assert!(plan.contains(some), "{plan}");
}
