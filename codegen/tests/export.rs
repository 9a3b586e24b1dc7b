//! AsyncAPI documents, permissions and the list of samples against golden files.
//!
//! `UPDATE_EXPECT=1 cargo test -p event-codegen --test export --features compat` writes the golden files anew; read the difference
//! before it lands.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use event_codegen::check::{self, Checked};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::export::asyncapi::asyncapi;
use event_codegen::export::nats_auth::{Separation, nats_auth};
use event_codegen::export::samples::{INDEX, sample, samples};
use event_codegen::model::{EventId, ServiceId};
use event_codegen::{read, report};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export")
}

fn contracts() -> Checked {
    let mut diagnostics = Diagnostics::default();
    let read = read::read_folder(&folder().join("contracts"), &mut diagnostics);
    let checked = check::check(read, &mut diagnostics);
    checked.unwrap_or_else(|model| panic!("{}", report::human(&diagnostics, &model.sources, false)))
}

fn golden(name: &str, text: &str) {
    let path = folder().join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, golden, "{} differs", path.display());
}

fn service(contracts: &Checked, name: &str) -> ServiceId {
    let mut names = contracts
        .services
        .iter()
        .map(|service| service.name.value.as_str());
    ServiceId(names.position(|known| known == name).unwrap())
}

#[test]
fn asyncapi_of_the_folder() {
    golden("asyncapi.json", &asyncapi(&contracts(), None));
}

#[test]
fn asyncapi_of_a_service() {
    let contracts = contracts();
    let text = asyncapi(&contracts, Some(service(&contracts, "shop")));
    let document: Value = serde_json::from_str(&text).unwrap();
    let keys = |at: &str| -> Vec<String> {
        let object = document.pointer(at).and_then(Value::as_object).unwrap();
        object.keys().cloned().collect()
    };
    assert_eq!(
        keys("/channels"),
        ["shop.orders.CartTouched", "shop.orders.OrderPlaced"]
    );
    assert_eq!(
        keys("/operations"),
        [
            "shop.send.shop.orders.CartTouched",
            "shop.send.shop.orders.OrderPlaced"
        ]
    );
    assert!(!keys("/components/schemas").contains(&"Packed".to_owned()));
    assert_eq!(document["info"]["title"], "shop");
    let text = asyncapi(&contracts, Some(service(&contracts, "ware-house")));
    assert!(text.contains("\"ware-house.receive.shop.orders.OrderPlaced\""));
    assert!(text.contains("\"ware-house.send.shop.orders.Packed\""));
    assert!(!text.contains("ware-house.receive.shop.orders.Packed"));
}

/// Every reference leads somewhere inside the document.
#[test]
fn asyncapi_refers_to_what_is_there() {
    fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|inner| references(inner, found));
            }
            Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
            _ => {}
        }
    }
    let contracts = contracts();
    let all = (0..contracts.services.len()).map(|at| Some(ServiceId(at)));
    for service in all.chain([None]) {
        let document: Value = serde_json::from_str(&asyncapi(&contracts, service)).unwrap();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 5);
        for reference in found {
            let pointer = reference.strip_prefix('#').expect(reference);
            assert!(
                document.pointer(pointer).is_some(),
                "{reference} leads nowhere"
            );
        }
    }
}

#[test]
fn permissions_of_users() {
    golden("users.conf", &nats_auth(&contracts(), Separation::Users));
}

#[test]
fn permissions_of_accounts() {
    golden(
        "accounts.conf",
        &nats_auth(&contracts(), Separation::Accounts),
    );
}

#[test]
fn nobody_may_create() {
    for separation in [Separation::Users, Separation::Accounts] {
        // The one request outside of JetStream: what are my own permissions?
        let text = nats_auth(&contracts(), separation).replace("$SYS.REQ.USER.INFO", "");
        for word in [
            "CREATE", "DELETE", "PURGE", "UPDATE", "STREAM.", "\">\"", "$SYS",
        ] {
            assert!(!text.contains(word), "{word} in\n{text}");
        }
    }
}

#[test]
fn the_list_of_samples() {
    let files = samples(&contracts()).files();
    let (name, text) = files.last().unwrap();
    assert_eq!(name, INDEX);
    let index: Value = serde_json::from_str(text).unwrap();
    let word = |entry: &Value, key: &str| entry[key].as_str().unwrap_or("-").to_owned();
    let lines = index["samples"].as_array().unwrap().iter().map(|entry| {
        let words = ["file", "path", "keyword", "reason"].map(|key| word(entry, key));
        format!("{}\n", words.join(" | "))
    });
    golden("samples.txt", &lines.collect::<String>());
    let full = "shop.orders.OrderPlaced/valid/full.json";
    let (_, text) = files.iter().find(|(name, _)| name == full).unwrap();
    let sample = sample(&contracts(), EventId(0)).unwrap();
    assert_eq!(*text, sample.to_pretty());
}
