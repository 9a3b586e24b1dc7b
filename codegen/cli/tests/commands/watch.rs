//! `dev` and contracts that change while it runs.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::dev::{Dev, command, processes, publish};
use super::live::{SHOP, on_terminal, signal};
use super::{BAD, Folder};

const CONTRACT: &str = "contracts/billing.toml";

/// The names of the server's streams, and of the durables of one.
fn there(dev: &Dev, stream: &str) -> (Vec<String>, Vec<String>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let config = event_runtime::Config::new(&dev.url).unwrap();
        let bus = event_runtime::Bus::connect(config).await.unwrap();
        let names = async |subject: String, key: &str| -> Vec<String> {
            let all: Value = bus.api(subject, &serde_json::json!({})).await.unwrap();
            let all = all[key].as_array().cloned().unwrap_or_default();
            let mut all: Vec<String> = all.iter().map(|n| n.as_str().unwrap().to_owned()).collect();
            all.sort();
            all
        };
        let streams = names("STREAM.NAMES".to_owned(), "streams").await;
        let durables = names(format!("CONSUMER.NAMES.{stream}"), "consumers").await;
        (streams, durables)
    })
}

#[test]
fn with_watch_edited_contracts_are_applied() {
    let folder = Folder::with(SHOP);
    let mut dev = Dev::start(&folder, &["--port", "0", "--watch"]);
    dev.hears("Ctrl-C stops it");
    let (streams, durables) = there(&dev, "ORDERS");
    assert_eq!(streams, ["DEAD_LETTERS", "ORDERS"]);
    let wider = format!(
        "{SHOP}\n[streams.VISITS]\nmax_age = \"1d\"\n[events.Came]\nsubject = \"visits.came\"\nstream = \"VISITS\"\n\
         [events.Came.fields]\nwho = \"string\"\n[services.door]\nsubscribes = [\"Came\", \"Placed\"]\n"
    );
    folder.write(CONTRACT, &wider);
    let said = dev.hears("created");
    assert!(said.contains("contracts changed, and applied:\n"), "{said}");
    dev.hears("durable DEAD_LETTERS/redrive-door: created");
    let (streams, now) = there(&dev, "ORDERS");
    assert_eq!(streams, ["DEAD_LETTERS", "ORDERS", "VISITS"]);
    assert_eq!(now.len(), durables.len() + 1, "{now:?}");
    let plan = dev.run(&folder, &["streams", "plan"]);
    assert_eq!(plan.code, 0, "{}", plan.out);

    // With an error it is reported, and the server keeps; so is a folder that is gone for a while.
    folder.write(
        CONTRACT,
        &wider.replace("who = \"string\"", "who = \"strnig\""),
    );
    let said = dev.hears("contracts changed, with 1 error: the server keeps the previous ones");
    assert!(said.contains("error[unknown-type]"), "{said}");
    assert!(said.contains("contracts/billing.toml:"), "{said}");
    fs::rename(folder.at("contracts"), folder.at("elsewhere")).unwrap();
    let said = dev.hears("contracts changed, with 1 error");
    assert!(said.contains("error[no-contracts]"), "{said}");
    assert_eq!(there(&dev, "ORDERS").0.len(), 3);
    fs::rename(folder.at("elsewhere"), folder.at("contracts")).unwrap();
    dev.hears("contracts changed, with 1 error");
    folder.write(CONTRACT, &wider);
    dev.hears("contracts changed: the server is in sync");

    // What is new is counted too.
    publish(&dev, "visits.came", 3);
    dev.hears("billing.Came: ");
    let (code, said) = dev.interrupt();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("stopped; passed: 3 billing.Came\n"), "{said}");
}

#[test]
fn with_watch_nothing_is_lost() {
    let folder = Folder::with(SHOP);
    let mut dev = Dev::start(&folder, &["--port", "0", "--watch"]);
    publish(&dev, "orders.placed", 3);
    // A shorter stream, a service less, and another one that can be made.
    let narrow = SHOP
        .replace("max_age = \"30d\"", "max_messages = 1\ndiscard = \"old\"")
        .replace("[services.packing]", "[services.sending]");
    folder.write(CONTRACT, &narrow);
    dev.hears("durable DEAD_LETTERS/redrive-sending: created");
    let left = "not applied, because it would lose data: ";
    let said = dev.hears("lose data: ORDERS/packing-p1\n");
    dev.hears("streams plan` shows what was not applied");
    assert!(
        said.contains(&format!("{left}ORDERS\n    loses: 2 of 3 messages")),
        "{said}"
    );
    let durables = there(&dev, "ORDERS").1;
    for name in [
        "packing",
        "packing-p0",
        "packing-p1",
        "sending",
        "sending-p0",
    ] {
        assert!(durables.iter().any(|there| there == name), "{durables:?}");
    }
    // A stream under another name waits for the old one, which has messages; what else changed is done.
    let renamed = SHOP.replace("ORDERS", "SALES");
    folder.write(
        CONTRACT,
        &format!("{renamed}\n[streams.VISITS]\nmax_age = \"1d\"\n[events.Came]\nsubject = \"visits.came\"\nstream = \"VISITS\"\n[events.Came.fields]\nwho = \"string\"\n"),
    );
    dev.hears("stream VISITS: created");
    let said = dev.hears("waits for a change that was not applied: SALES/packing-p1");
    assert!(
        said.contains(
            "waits for a change that was not applied: SALES, whose subjects are in ORDERS\n"
        ),
        "{said}"
    );
    assert!(
        said.contains(&format!("{left}ORDERS\n    loses: ")),
        "{said}"
    );
    let streams = there(&dev, "ORDERS").0;
    assert_eq!(streams, ["DEAD_LETTERS", "ORDERS", "VISITS"]);
    // After a yes everything can be made.
    let run = dev.run(&folder, &["streams", "apply", "--yes"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    folder.write(
        CONTRACT,
        &renamed.replace("max_age = \"30d\"", "max_age = \"31d\""),
    );
    dev.hears("stream SALES: changed");
    assert_eq!(dev.interrupt().0, Some(0));
}

/// A work queue has one durable for each subject: the new one waits, and nothing else does.
#[test]
fn on_a_work_queue_a_service_under_another_name_waits() {
    let queue = SHOP.replace(
        "max_age = \"30d\"",
        "max_age = \"30d\"\nretention = \"workqueue\"",
    );
    let folder = Folder::with(&queue);
    let mut dev = Dev::start(&folder, &["--port", "0", "--watch"]);
    dev.hears("Ctrl-C stops it");
    folder.write(
        CONTRACT,
        &queue.replace("[services.packing]", "[services.sending]"),
    );
    let said = dev.hears("waits for a change that was not applied: ORDERS/sending-p1");
    assert!(
        said.contains("durable DEAD_LETTERS/redrive-sending: created\n"),
        "{said}"
    );
    assert!(
        said.contains(
            "waits for a change that was not applied: ORDERS/sending, for ORDERS/packing takes its events from the work queue\n"
        ),
        "{said}"
    );
    let run = dev.run(&folder, &["streams", "apply", "--yes"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(
        there(&dev, "ORDERS").1,
        ["sending", "sending-p0", "sending-p1"]
    );
}

#[test]
fn without_watch_it_says_once_that_they_differ() {
    let folder = Folder::with(SHOP);
    let mut dev = Dev::start(&folder, &["--port", "0"]);
    dev.hears("Ctrl-C stops it");
    let wider = SHOP.replace("max_age = \"30d\"", "max_age = \"31d\"");
    folder.write(
        CONTRACT,
        &wider.replace("[services.packing]", "[services.sending]"),
    );
    let said = dev.hears(
        "event-contracts streams apply` applies them; `dev --watch` does so on every change",
    );
    let url = &dev.url;
    for text in [
        "contracts changed, and the server has the previous ones:\n",
        "  stream ORDERS differs\n",
        "  durable ORDERS/sending is not on the server\n",
        "  durable ORDERS/packing is no longer in the contracts\n",
        &format!("\n`NATS_URL={url} event-contracts streams apply`"),
    ] {
        assert!(said.contains(text), "{text}: {said}");
    }
    // What the server does not see is no difference; nor is what was said before.
    folder.write(CONTRACT, &format!("# a remark\n{SHOP}"));
    std::thread::sleep(Duration::from_millis(2_500));
    folder.write(CONTRACT, BAD);
    let said = dev.hears(
        "contracts changed, with 1 error (`event-contracts check` shows them): the server keeps",
    );
    assert_eq!(said.lines().count(), 1, "{said}");
    std::thread::sleep(Duration::from_millis(1_500));
    let (code, said) = dev.interrupt();
    assert_eq!((code, said.as_str()), (Some(0), "stopped; no events\n"));
}

#[test]
fn a_schema_beside_the_contracts_is_watched_too() {
    let contract = "[events.Paid]\nsubject = \"billing.paid\"\njson_schema = \"deep/paid.json\"\n";
    let folder = Folder::with(contract);
    folder.write("contracts/deep/paid.json", r#"{"type":"object"}"#);
    let mut dev = Dev::start(&folder, &["--port", "0", "--watch"]);
    folder.write("contracts/deep/paid.json", r#"{"type":"object""#);
    let said = dev.hears("contracts changed, with 1 error: ");
    assert!(said.contains("deep/paid.json"), "{said}");
    folder.write(
        "contracts/deep/paid.json",
        r#"{"type":"object","properties":{}}"#,
    );
    dev.hears("contracts changed: the server is in sync");
    assert_eq!(dev.interrupt().0, Some(0));
}

#[test]
fn on_a_terminal_a_change_is_said_above_what_is_drawn() {
    let folder = Folder::with(SHOP);
    let dev = command(&folder, &["--port", "0", "--watch"]);
    let edit = {
        let path = folder.at(CONTRACT);
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_secs(3));
            fs::write(path, SHOP.replace("max_age = \"30d\"", "max_age = \"31d\"")).unwrap();
        })
    };
    let run = on_terminal(
        &dev,
        &[
            ("no event yet", ""),
            (
                "contracts changed, and applied:\r\n  stream ORDERS: changed\r\n",
                "",
            ),
            ("no event yet", "\u{3}"),
        ],
    );
    edit.join().unwrap();
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    // The table is taken away before.
    assert!(
        run.out
            .contains("\u{1b}[1A\r\u{1b}[J\u{1b}[?7l\u{1b}[?7hcontracts changed"),
        "{}",
        run.out
    );
}

#[test]
fn a_server_that_dies_at_a_change_is_said_too() {
    let folder = Folder::with(SHOP);
    let mut dev = Dev::start(&folder, &["--port", "0", "--watch"]);
    dev.hears("Ctrl-C stops it");
    let (server, _) = processes(&folder);
    // It hangs when the change comes, and is killed while it is waited for.
    signal(server, "-STOP");
    folder.write(
        CONTRACT,
        &SHOP.replace("max_age = \"30d\"", "max_age = \"31d\""),
    );
    std::thread::sleep(Duration::from_secs(3));
    signal(server, "-KILL");
    let begun = Instant::now();
    let (code, said) = dev.end();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("the server exited"), "{said}");
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
}

/// Links that lead back, and a save in many small steps.
#[test]
fn an_odd_folder_is_watched() {
    let folder = Folder::with(SHOP);
    std::os::unix::fs::symlink(folder.at("contracts"), folder.at("contracts/loop")).unwrap();
    fs::create_dir_all(folder.at("shared")).unwrap();
    std::os::unix::fs::symlink(folder.at("shared"), folder.at("contracts/more")).unwrap();
    let mut dev = Dev::start(&folder, &["--port", "0", "--watch"]);
    dev.hears("Ctrl-C stops it");
    // Behind a link, and half of it is no contract.
    let visits = "[streams.VISITS]\nmax_age = \"1d\"\n[events.Came]\nsubject = \"visits.came\"\nstream = \"VISITS\"\n\
                  [events.Came.fields]\nwho = \"string\"\n";
    for end in (10..visits.len()).step_by(visits.len() / 12) {
        folder.write("shared/visits.toml", &visits[..end]);
        std::thread::sleep(Duration::from_millis(150));
    }
    folder.write("shared/visits.toml", visits);
    let said = dev.hears("stream VISITS: created");
    assert!(!said.contains("error"), "half a save was read: {said}");
    fs::remove_file(folder.at("shared/visits.toml")).unwrap();
    dev.hears("stream VISITS: it belongs to the domain more.visits, which these contracts do not have: it is kept");
    assert_eq!(dev.interrupt().0, Some(0));
}
