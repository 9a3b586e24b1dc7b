//! `streams plan` and `streams apply` against real servers.

use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

use event_testing::TestCluster;
use serde_json::json;

use super::Run;
use super::live::{Live, SHOP, item, on_terminal, signal, start};

#[test]
fn what_is_missing_is_made_and_then_nothing_differs() {
    let live = Live::new(SHOP);
    let plan = live.run(&["streams", "plan"]);
    assert_eq!(plan.code, 1, "{}", plan.err);
    for line in [
        "+ stream ORDERS: create",
        "    subjects         orders.{0..1}.*.moved, orders.placed",
        "    max_age          30d",
        "+ durable ORDERS/packing: create",
        "+ durable ORDERS/packing-p0: create",
        "+ durable ORDERS/packing-p1: create",
        "+ stream DEAD_LETTERS: create",
        "+ durable DEAD_LETTERS/redrive-packing: create",
        "6 to create",
    ] {
        assert!(
            plan.out.contains(&format!("{line}\n")),
            "{line}: {}",
            plan.out
        );
    }
    assert!(!live.exists("STREAM.INFO.ORDERS"), "a plan writes nothing");

    let applied = live.ok(&["streams", "apply"]);
    assert!(
        applied.out.contains("6 of 6 changes are made"),
        "{}",
        applied.out
    );
    let plan = live.ok(&["streams", "plan"]);
    assert!(plan.out.contains("in sync: 6 unchanged"), "{}", plan.out);
    let again = live.ok(&["streams", "apply"]);
    assert!(!again.out.contains("changes are made"), "{}", again.out);

    let stream = live.api("STREAM.INFO.ORDERS");
    let metadata = &stream["config"]["metadata"];
    assert_eq!(metadata["event-contracts.domain"], "billing");
    assert_eq!(metadata["event-contracts.hash"].as_str().unwrap().len(), 16);
    let durable = live.api("CONSUMER.INFO.ORDERS.packing-p1");
    let config = &durable["config"];
    assert_eq!(config["filter_subject"], "orders.1.*.moved");
    assert_eq!(config["max_ack_pending"], 1);
    assert_eq!(config["max_deliver"], -1);
    assert_eq!(config["metadata"]["event-contracts.service"], "packing");
}

#[test]
fn a_stream_of_events_written_by_hand_is_made_from_its_declared_subjects() {
    let live = Live::new("[streams.SHOP]\nsubjects = [\"baskets.*.abandoned\", \"wishes.>\"]\n");
    live.ok(&["streams", "apply"]);
    let config = &live.api("STREAM.INFO.SHOP")["config"];
    assert_eq!(
        config["subjects"],
        json!(["baskets.*.abandoned", "wishes.>"])
    );
    live.ok(&["streams", "plan"]);
    // What is on them is no finding, though no contract describes it.
    live.publish("baskets.7.abandoned", 1);
    let verified = live.ok(&["verify", "SHOP"]);
    assert!(
        verified
            .out
            .contains("1 on subjects that are declared only"),
        "{}",
        verified.out
    );
}

#[test]
fn what_ensure_made_is_taken_over_and_what_the_contract_does_not_say_stays() {
    let live = Live::new(SHOP);
    let config = json!({
        "name": "ORDERS",
        "subjects": ["orders.placed"],
        "max_age": 3_600_000_000_000_u64,
        "compression": "s2",
        "metadata": { "team": "shop" },
    });
    live.api_with("STREAM.CREATE.ORDERS", &config);
    let (code, plan) = live.plan();
    assert_eq!(code, 1);
    let orders = item(&plan, "ORDERS", None);
    assert_eq!(orders["action"], "change");
    assert_eq!(orders["losses"], json!([]), "it only grows: {orders:#}");
    let setting = |name: &str| {
        let all = orders["settings"].as_array().unwrap();
        all.iter().find(|s| s["setting"] == name).unwrap().clone()
    };
    assert_eq!(setting("max_age")["from"], "1h");
    assert_eq!(setting("max_age")["to"], "30d");
    assert_eq!(setting("owner")["to"], "domain billing");
    live.ok(&["streams", "apply"]);
    let config = &live.api("STREAM.INFO.ORDERS")["config"];
    assert_eq!(config["compression"], "s2");
    assert_eq!(config["metadata"]["team"], "shop");
    assert_eq!(config["max_age"], 2_592_000_000_000_000_u64);
    assert_eq!(live.plan().0, 0);
}

#[test]
fn losses_are_counted_and_want_a_yes() {
    let live = Live::new(SHOP);
    live.ok(&["streams", "apply"]);
    live.publish("orders.placed", 10);
    live.contract(&SHOP.replace("max_age = \"30d\"", "max_age = \"7d\"\nmax_messages = 4"));
    let refused = live.run(&["streams", "apply"]);
    assert_eq!(refused.code, 1);
    for text in [
        "max_age          30d -> 7d",
        "loses: 0 of 10 messages are older than 7d and are dropped",
        "max_messages     any -> 4",
        "loses: publishers get errors until 6 of 10 messages are deleted",
        "1 would lose something",
    ] {
        assert!(refused.out.contains(text), "{text}: {}", refused.out);
    }
    assert!(
        refused.err.contains("nothing was applied"),
        "{}",
        refused.err
    );
    assert!(refused.err.contains("--yes"), "{}", refused.err);
    let stream = live.api("STREAM.INFO.ORDERS");
    assert_eq!(stream["state"]["messages"], 10, "nothing was applied");

    live.ok(&["streams", "apply", "--yes"]);
    assert_eq!(live.api("STREAM.INFO.ORDERS")["state"]["messages"], 10);
    // Now it is over its limit: that is no drift, and said.
    let plan = live.ok(&["streams", "plan"]);
    let full = "it is (nearly) full (10 of 4 messages): publishers get errors";
    assert!(plan.out.contains(full), "{}", plan.out);

    let shorter = "max_age = \"7d\"\nmax_messages = 3\ndiscard = \"old\"";
    live.contract(&SHOP.replace("max_age = \"30d\"", shorter));
    let plan = live.run(&["streams", "plan"]);
    let dropped = "loses: 7 of 10 messages are dropped, the oldest first";
    assert!(plan.out.contains(dropped), "{}", plan.out);
    live.ok(&["streams", "apply", "--yes"]);
    assert_eq!(live.api("STREAM.INFO.ORDERS")["state"]["messages"], 3);
}

#[test]
fn what_left_the_contracts_is_removed_only_with_a_yes() {
    let live = Live::new(SHOP);
    live.ok(&["streams", "apply"]);
    live.publish("orders.placed", 3);
    // The service goes, and one event changes its stream.
    let contract = SHOP
        .replace(
            "stream  = \"ORDERS\"\nid      = \"order_id\"",
            "stream  = \"SALES\"\nid      = \"order_id\"",
        )
        .replace("[streams.ORDERS]", "[streams.SALES]\n[streams.ORDERS]")
        .replace(
            "subscribes = [\"Placed\", \"Moved\"]",
            "subscribes = [\"Moved\"]",
        );
    live.contract(&contract);
    let (code, plan) = live.plan();
    assert_eq!(code, 1);
    let orders = item(&plan, "ORDERS", None);
    assert_eq!(
        orders["losses"],
        json!([
            "it takes nothing more of orders.placed; the 3 stored messages of it are kept until the limits of the stream"
        ])
    );
    let packing = item(&plan, "ORDERS", Some("packing"));
    assert_eq!(packing["action"], "remove");
    assert_eq!(
        packing["losses"],
        json!(["its position: 3 pending, 0 in flight"])
    );
    // The subject is not in its own way.
    assert_eq!(item(&plan, "SALES", None)["action"], "create");
    assert_eq!(live.run(&["streams", "apply"]).code, 1);
    assert!(live.exists("CONSUMER.INFO.ORDERS.packing"));
    live.ok(&["streams", "apply", "--yes"]);
    assert!(!live.exists("CONSUMER.INFO.ORDERS.packing"));
    assert_eq!(
        live.api("STREAM.INFO.SALES")["config"]["subjects"],
        json!(["orders.placed"])
    );

    // The stream goes as well.
    live.publish("orders.placed", 2);
    live.contract(
        &SHOP
            .replace("stream  = \"ORDERS\"\nid      = \"order_id\"", "")
            .replace(
                "subscribes = [\"Placed\", \"Moved\"]",
                "subscribes = [\"Moved\"]",
            ),
    );
    let (_, plan) = live.plan();
    let sales = item(&plan, "SALES", None);
    assert_eq!(sales["action"], "remove");
    let loss = sales["losses"][0].as_str().unwrap();
    assert!(loss.starts_with("all its 2 messages ("), "{loss}");
    assert_eq!(live.run(&["streams", "apply"]).code, 1);
    live.ok(&["streams", "apply", "--yes"]);
    assert!(!live.exists("STREAM.INFO.SALES"));
}

#[test]
fn what_is_not_ours_is_not_touched() {
    let live = Live::new(SHOP);
    live.ok(&["streams", "apply"]);
    live.foreign_stream("OTHER", &["other.>"]);
    let by_hand = json!({ "stream_name": "ORDERS", "config": { "durable_name": "by-hand", "ack_policy": "explicit" } });
    live.api_with("CONSUMER.CREATE.ORDERS.by-hand", &by_hand);
    // Of another folder of contracts.
    let theirs = json!({
        "name": "THEIRS", "subjects": ["theirs"],
        "metadata": { "event-contracts.domain": "theirs", "event-contracts.hash": "0" },
    });
    live.api_with("STREAM.CREATE.THEIRS", &theirs);
    let plan = live.ok(&["streams", "plan"]);
    assert!(
        plan.out.contains("? durable ORDERS/by-hand: not ours"),
        "{}",
        plan.out
    );
    assert!(
        plan.out.contains("? stream THEIRS: not ours"),
        "{}",
        plan.out
    );
    assert!(!plan.out.contains("OTHER"), "{}", plan.out);
    live.ok(&["streams", "apply", "--yes"]);
    for there in [
        "STREAM.INFO.OTHER",
        "STREAM.INFO.THEIRS",
        "CONSUMER.INFO.ORDERS.by-hand",
    ] {
        assert!(live.exists(there), "{there}");
    }
}

#[test]
fn a_stream_in_the_way_is_a_conflict_and_the_rest_is_done() {
    let live = Live::new(SHOP);
    live.foreign_stream("LEGACY", &["orders.*"]);
    let plan = live.run(&["streams", "plan"]);
    assert_eq!(plan.code, 1);
    assert!(
        plan.out.contains("! stream ORDERS: conflict"),
        "{}",
        plan.out
    );
    assert!(
        plan.out
            .contains("orders.placed overlaps with orders.* of the stream LEGACY"),
        "{}",
        plan.out
    );
    let applied = live.run(&["streams", "apply", "--yes"]);
    assert_eq!(applied.code, 1, "{}{}", applied.out, applied.err);
    assert!(
        applied.err.contains("4 cannot be applied"),
        "{}",
        applied.err
    );
    assert!(live.exists("STREAM.INFO.DEAD_LETTERS"));
    assert!(!live.exists("STREAM.INFO.ORDERS"));
    assert_eq!(
        live.api("STREAM.INFO.LEGACY")["config"]["subjects"],
        json!(["orders.*"])
    );
}

#[test]
fn what_a_server_cannot_change_is_explained() {
    let live = Live::new(SHOP);
    live.ok(&["streams", "apply"]);
    for (change, setting) in [
        ("storage = \"memory\"", "storage          file -> memory"),
        (
            "retention = \"workqueue\"",
            "retention        limits -> workqueue",
        ),
    ] {
        live.contract(&SHOP.replace("max_age = \"30d\"", &format!("max_age = \"60d\"\n{change}")));
        let plan = live.run(&["streams", "plan"]);
        assert_eq!(plan.code, 1);
        assert!(plan.out.contains(setting), "{}", plan.out);
        assert!(plan.out.contains("cannot: a stream cannot"), "{}", plan.out);
        let applied = live.run(&["streams", "apply"]);
        assert_eq!(applied.code, 1, "{}{}", applied.out, applied.err);
        assert!(
            applied.err.contains("1 cannot be applied"),
            "{}",
            applied.err
        );
        // What can be changed is.
        assert_eq!(
            live.api("STREAM.INFO.ORDERS")["config"]["max_age"],
            5_184_000_000_000_000_u64
        );
    }
    // Where a durable starts counts when it is made only: no drift for ever.
    live.contract(
        &SHOP
            .replace("subscribes = [", "start = \"new\"\nsubscribes = [")
            .replace("30d", "60d"),
    );
    live.ok(&["streams", "plan"]);
}

#[test]
fn to_interest_drops_what_nobody_wants_and_nothing_else() {
    let live = Live::new(&SHOP.replace(
        "[services.packing]\nsubscribes = [\"Placed\", \"Moved\"]",
        "",
    ));
    live.ok(&["streams", "apply"]);
    live.publish("orders.placed", 5);
    live.publish("orders.0.7.moved", 4);
    // A service that wants one of the two comes in the same change: it must be there first.
    let contract = SHOP
        .replace(
            "max_age = \"30d\"",
            "max_age = \"30d\"\nretention = \"interest\"",
        )
        .replace(
            "subscribes = [\"Placed\", \"Moved\"]",
            "subscribes = [\"Placed\"]",
        );
    live.contract(&contract);
    let plan = live.run(&["streams", "plan"]);
    assert!(
        plan.out.contains("retention        limits -> interest"),
        "{}",
        plan.out
    );
    assert!(
        plan.out.contains("loses: of its 9 messages"),
        "{}",
        plan.out
    );
    assert_eq!(live.run(&["streams", "apply"]).code, 1);
    let applied = live.ok(&["streams", "apply", "--yes"]);
    let order: Vec<_> = [
        "durable ORDERS/packing: created",
        "stream ORDERS: retention changed",
    ]
    .map(|text| {
        applied
            .out
            .find(text)
            .unwrap_or_else(|| panic!("{text}: {}", applied.out))
    })
    .into();
    assert!(order[0] < order[1], "{}", applied.out);
    assert_eq!(live.api("CONSUMER.INFO.ORDERS.packing")["num_pending"], 5);
    live.ok(&["streams", "plan"]);
}

#[test]
fn a_change_by_hand_is_told_from_one_of_the_contracts() {
    let live = Live::new(SHOP);
    live.ok(&["streams", "apply"]);
    let by_hand = "the server was changed by hand";
    let mut config = live.api("STREAM.INFO.ORDERS")["config"].clone();
    config["max_age"] = json!(86_400_000_000_000_u64);
    live.api_with("STREAM.UPDATE.ORDERS", &config);
    assert!(live.run(&["streams", "plan"]).out.contains(by_hand));
    live.contract(&SHOP.replace("30d", "60d"));
    assert!(!live.run(&["streams", "plan"]).out.contains(by_hand));
}

#[test]
fn two_applies_of_the_same_contracts_at_once_both_succeed() {
    for _ in 0..3 {
        let live = Live::new(SHOP);
        let all: Vec<_> = (0..4)
            .map(|_| start(&mut live.command(&["streams", "apply"])))
            .collect();
        for child in all {
            let run = Run::from(child.wait_with_output().unwrap());
            assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        }
        live.ok(&["streams", "plan"]);
    }
}

#[test]
fn of_two_applies_of_different_contracts_at_once_one_notices() {
    let live = Live::new(SHOP);
    live.ok(&["streams", "apply"]);
    let other = live.folder.at("other");
    let ages = ["10d", "20d"];
    let folders = [live.folder.at("contracts"), other];
    for (folder, age) in folders.iter().zip(ages) {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join("billing.toml"), SHOP.replace("30d", age)).unwrap();
    }
    let mut seen = 0;
    for round in 0..50 {
        if round >= 8 && seen > 0 {
            break;
        }
        let all = folders.each_ref().map(|folder| {
            let folder = folder.to_str().unwrap();
            start(&mut live.command(&["streams", "apply", "--yes", "--contracts", folder]))
        });
        let runs = all.map(|child| Run::from(child.wait_with_output().unwrap()));
        let noticed = runs.iter().any(|run| {
            run.code == 1
                && run
                    .err
                    .contains("the server is being changed by someone else")
        });
        // Or they were one after the other: the second one's plan starts from what the first one made.
        let in_turn = (0..2).any(|n| {
            runs[n]
                .out
                .contains(&format!("{} -> {}", ages[1 - n], ages[n]))
        });
        let silent = runs.iter().all(|run| run.code == 0);
        assert!(!silent || in_turn, "{}\n{}", runs[0].out, runs[1].out);
        seen += usize::from(noticed);
    }
    assert!(seen > 0, "fifty races, and none was one");
}

#[test]
fn a_signal_in_the_middle_stops_between_two_writes() {
    let many = SHOP.replace("partitions = 2", "partitions = 200");
    let live = Live::new(&many);
    let mut child = start(&mut live.command(&["streams", "apply"]));
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("durable ORDERS/packing-p3: created") {
        line.clear();
        assert_ne!(out.read_line(&mut line).unwrap(), 0, "it ended");
    }
    signal(child.id(), "-INT");
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{err}");
    assert!(
        err.contains("stopped: ") && err.contains(" of 204 changes are made"),
        "{err}"
    );
    // What was said to be made is made, and the rest comes with the next run.
    let made = live.api("STREAM.INFO.ORDERS")["state"]["consumer_count"]
        .as_u64()
        .unwrap();
    assert!((4..201).contains(&made), "{made}");
    live.ok(&["streams", "apply"]);
    live.ok(&["streams", "plan"]);
}

#[test]
fn on_a_terminal_it_asks() {
    let live = Live::new(SHOP);
    live.ok(&["streams", "apply"]);
    live.contract(&SHOP.replace("30d", "1d"));
    let apply = live.command(&["streams", "apply"]);
    let question = "Only `yes` is taken for yes: ";
    let run = on_terminal(&apply, &[(question, "y\n")]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.out.contains("nothing was applied"), "{}", run.out);
    assert!(
        run.out.contains("\u{1b}[33m~"),
        "colour on a terminal: {}",
        run.out
    );
    let run = on_terminal(&apply, &[(question, "\u{3}")]);
    assert_eq!(run.code, 130, "{}", run.out);
    let run = on_terminal(
        live.command(&["streams", "apply"]).env("NO_COLOR", "1"),
        &[(question, "yes\n")],
    );
    assert_eq!(run.code, 0, "{}", run.out);
    assert!(!run.out.contains("\u{1b}[33m"), "{}", run.out);
    live.ok(&["streams", "plan"]);
}

#[test]
fn more_replicas_than_servers_are_explained() {
    let live = Live::new(&SHOP.replace("max_age = \"30d\"", "replicas = 3"));
    let run = live.run(&["streams", "apply"]);
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(
        run.err
            .contains("`replicas` in the contract exceeds the number of servers"),
        "{}",
        run.err
    );
    assert!(
        run.err
            .contains("stream ORDERS failed: 0 of 6 changes are made"),
        "{}",
        run.err
    );
}

#[test]
fn a_cluster_without_its_leader_is_waited_for() {
    let folder =
        super::Folder::with(&SHOP.replace("max_age = \"30d\"", "max_age = \"30d\"\nreplicas = 3"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut cluster = runtime.block_on(TestCluster::start()).unwrap();
    let run = |args: &[&str], urls: &str| Run::of(folder.command(args).env("NATS_URL", urls));
    // A cluster that has just started does not know all of its servers yet: an operator would do the same.
    let begun = Instant::now();
    while run(&["streams", "apply"], &cluster.urls()).code != 0 {
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    // One of three is gone, perhaps the leader: the rest elects one, and the apply is through.
    cluster.kill(0);
    folder.write(
        "contracts/billing.toml",
        &SHOP.replace("max_age = \"30d\"", "max_age = \"60d\"\nreplicas = 3"),
    );
    let applied = run(&["streams", "apply"], &cluster.urls());
    assert_eq!(applied.code, 0, "{}{}", applied.out, applied.err);
    let plan = run(&["streams", "plan"], &cluster.urls());
    assert_eq!(plan.code, 0, "{}{}", plan.out, plan.err);
    assert!(plan.out.contains("in sync"), "{}", plan.out);
}

#[test]
fn a_limit_of_the_server_is_explained() {
    let live = Live::with(
        &SHOP.replace("max_age = \"30d\"", "max_bytes = \"2GiB\""),
        "accounts { A { users: [{user: a, password: a}], jetstream { max_store: 1MB, max_streams: 10, max_consumers: 10 } } }\nno_auth_user: a",
    );
    let run = live.run(&["streams", "apply"]);
    assert_eq!(run.code, 3, "{}{}", run.out, run.err);
    assert!(
        run.err.contains("JetStream limits are exhausted"),
        "{}",
        run.err
    );
}

#[test]
fn a_stream_that_moves_to_another_file_is_no_loss_and_one_of_another_folder_is() {
    let live = Live::new(SHOP);
    live.ok(&["streams", "apply"]);
    let (stream, rest) = SHOP.split_once("\n\n").unwrap();
    live.contract(rest);
    live.folder.write("contracts/store.toml", stream);
    let (code, plan) = live.plan();
    assert_eq!(code, 1);
    let orders = item(&plan, "ORDERS", None);
    assert_eq!(
        orders["settings"],
        json!([{ "setting": "owner", "from": "domain billing", "to": "domain store", "cannot": null }])
    );
    assert_eq!(orders["losses"], json!([]));
    live.ok(&["streams", "apply"]);
    // A folder that has no such domain takes over what may be somebody else's.
    std::fs::remove_file(live.folder.at("contracts/store.toml")).unwrap();
    live.contract(SHOP);
    let (_, plan) = live.plan();
    let loss = item(&plan, "ORDERS", None)["losses"][0]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        loss.starts_with("it is taken over from domain store"),
        "{loss}"
    );
    assert_eq!(live.run(&["streams", "apply"]).code, 1);
    live.ok(&["streams", "apply", "--yes"]);
}
