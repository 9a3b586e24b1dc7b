//! JSON Schemas against golden files: `schema/<case>/contracts` must come out as `schema/<case>/<draft>-<layout>`.
//!
//! `UPDATE_EXPECT=1 cargo test -p event-codegen --test schema` writes the golden files anew; read the difference before it lands.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use event_codegen::check::{self, Checked};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::export::json_schema::{Draft, Layout, is_generated, json_schema};
use event_codegen::{read, report};

const DRAFTS: [(&str, Draft); 2] = [("07", Draft::Draft07), ("2020-12", Draft::Draft202012)];
const LAYOUTS: [(&str, Layout); 3] = [
    ("bundled", Layout::Bundled),
    ("refs", Layout::Refs),
    ("catalog", Layout::Catalog),
];

const CASES: &[&str] = &[
    "order",
    "everything",
    "same_name",
    #[cfg(feature = "import")]
    "imported",
];

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/schema")
        .join(name)
}

fn contracts(name: &str) -> Checked {
    let mut diagnostics = Diagnostics::default();
    let read = read::read_folder(&case(name).join("contracts"), &mut diagnostics);
    let checked = check::check(read, &mut diagnostics);
    checked.unwrap_or_else(|model| panic!("{}", report::human(&diagnostics, &model.sources, false)))
}

fn parse(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

fn texts_below(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

fn golden(case_name: &str, draft: &str, layout: &str) {
    let folder = case(case_name).join(format!("{draft}-{layout}"));
    let draft = DRAFTS.iter().find(|(name, _)| *name == draft).unwrap().1;
    let layout = LAYOUTS.iter().find(|(name, _)| *name == layout).unwrap().1;
    let written = json_schema(&contracts(case_name), draft, layout);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in &written {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let written: BTreeMap<String, String> = written.into_iter().collect();
    let golden = texts_below(&folder);
    assert_eq!(
        written.keys().collect::<Vec<_>>(),
        golden.keys().collect::<Vec<_>>(),
        "other files than in {}",
        folder.display()
    );
    for (name, text) in &golden {
        assert_eq!(
            &written[name],
            text,
            "{} differs",
            folder.join(name).display()
        );
    }
}

#[test]
fn every_shape() {
    golden("everything", "07", "bundled");
}

#[test]
fn one_file_per_type() {
    golden("same_name", "07", "refs");
}

#[test]
fn one_file_for_all() {
    golden("same_name", "2020-12", "catalog");
}

/// Schemas of other teams come with their definitions, wherever these go.
#[test]
#[cfg(feature = "import")]
fn imported_schemas() {
    golden("imported", "07", "bundled");
    golden("imported", "07", "refs");
    golden("imported", "2020-12", "catalog");
}

/// The event that the dialect was measured with.
#[test]
fn the_measured_order() {
    let written = json_schema(&contracts("order"), Draft::Draft07, Layout::Bundled);
    assert_eq!(written.len(), 1);
    assert_eq!(written[0].0, "shop.orders.OrderPlaced.json");
    let expected = fs::read_to_string(case("order").join("expected.json")).unwrap();
    assert_eq!(parse(&written[0].1), parse(&expected));
}

#[test]
fn drafts_differ_in_two_words_only() {
    for name in CASES {
        let contracts = contracts(name);
        for (_, layout) in LAYOUTS {
            let old = json_schema(&contracts, Draft::Draft07, layout);
            let new = json_schema(&contracts, Draft::Draft202012, layout);
            let translated: Vec<(String, String)> = old
                .into_iter()
                .map(|(name, text)| {
                    let text = text
                        .replace(Draft::Draft07.uri(), Draft::Draft202012.uri())
                        .replace("\"definitions\":", "\"$defs\":")
                        .replace("#/definitions/", "#/$defs/");
                    (name, text)
                })
                .collect();
            assert_eq!(translated, new);
        }
    }
}

#[test]
fn every_file_says_that_it_is_generated() {
    for name in CASES {
        for (_, draft) in DRAFTS {
            for (_, layout) in LAYOUTS {
                for (file, text) in json_schema(&contracts(name), draft, layout) {
                    assert!(is_generated(&text), "{name}/{file}");
                }
            }
        }
    }
    let quoted =
        "{\n  \"$schema\": \"x\",\n  \"title\": \"generated from a.toml; do not edit\",\n}\n";
    assert!(!is_generated(quoted));
    assert!(!is_generated(""));
}

/// Each `$ref` of each layout leads to a schema with a title.
#[test]
fn references_lead_somewhere() {
    for name in CASES {
        for (_, draft) in DRAFTS {
            for (_, layout) in LAYOUTS {
                let files = json_schema(&contracts(name), draft, layout);
                let files: BTreeMap<String, serde_json::Value> = files
                    .into_iter()
                    .map(|(file, text)| (file, parse(&text)))
                    .collect();
                let mut seen = 0;
                for root in files.values() {
                    for reference in references(root) {
                        let target = match reference.strip_prefix('#') {
                            Some(pointer) => root.pointer(pointer),
                            None => files.get(&reference),
                        };
                        let title = target.and_then(|schema| schema.get("title"));
                        assert!(title.is_some(), "{name}: {reference} leads nowhere");
                        seen += 1;
                    }
                }
                assert!(seen > 0, "{name} has no reference");
            }
        }
    }
}

fn references(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::Object(members) => members
            .iter()
            .flat_map(|(key, value)| match value {
                serde_json::Value::String(text) if key == "$ref" => vec![text.clone()],
                other => references(other),
            })
            .collect(),
        serde_json::Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// Imported types are types of the catalogue: each that something leads to has an entry, and no link is dead.
#[cfg(feature = "import")]
#[test]
fn imported_types_are_in_the_catalogue() {
    let page = event_codegen::export::catalog::catalog(&contracts("imported"));
    let values = |before: &str| {
        let parts = page.split(before).skip(1);
        let ends = parts.filter_map(|part| part.split_once('"'));
        ends.map(|(value, _)| value.to_owned())
            .collect::<BTreeSet<_>>()
    };
    let ids = values(" id=\"");
    let is_entry = |id: &&String| id.starts_with("schema/") && !id.contains('.');
    assert!(ids.iter().filter(is_entry).count() > 1, "{ids:?}");
    for link in values(" href=\"#schema/") {
        assert!(ids.contains(&format!("schema/{link}")), "{link}");
    }
}
