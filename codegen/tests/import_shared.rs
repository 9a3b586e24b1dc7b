//! Many events whose schemas refer to the same files: one file is one set of types, whoever refers to it.

#![cfg(feature = "import")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail anywhere"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use event_codegen::check::{self, Checked};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::export::json_schema::{Draft, Layout, json_schema};
use event_codegen::model::ServiceId;
use event_codegen::{emit, read, report};

/// Files of which everything is a part, as a webhook's `common/` folder has them.
const COMMON: usize = 60;

type Texts = BTreeMap<PathBuf, String>;

/// A corpus of webhooks: `events` files with an `$id` that no path leads to, which refer to `common/` by ids alone.
fn corpus(events: &[usize]) -> Texts {
    let mut texts = Texts::new();
    for n in 0..COMMON {
        let mut properties = String::new();
        // Recursion between the files, and into itself.
        for other in [n, n + 1, n * 7 + 3, n * 13 + 5] {
            let other = other % COMMON;
            let _ = write!(
                properties,
                r#""part_{other}":{{"$ref":"part{other}.schema.json"}},"#
            );
        }
        for field in 0..20 {
            let _ = write!(
                properties,
                r#""field_{field}":{{"type":["string","null"],"description":"What it is."}},"#
            );
        }
        for permission in 0..8 {
            let _ = write!(
                properties,
                r#""permission_{permission}":{{"type":"string","enum":["read","write"]}},"#
            );
        }
        let text = format!(
            r##"{{"$schema":"http://json-schema.org/draft-07/schema","$id":"common/part{n}.schema.json","type":"object",
            "required":["id"],"properties":{{{properties}"plan":{{"$ref":"#/definitions/plan"}},"id":{{"type":"integer","minimum":1}}}},
            "definitions":{{"plan":{{"type":"object","title":"Plan","properties":{{"seats_{n}":{{"type":"integer"}}}}}}}},
            "additionalProperties":false}}"##
        );
        texts.insert(
            PathBuf::from(format!("hooks/common/part{n}.schema.json")),
            text,
        );
    }
    let mut contract = String::new();
    for n in events {
        let refs: String = (0..10)
            .map(|at| {
                let part = (n * 3 + at * 11) % COMMON;
                format!(r#""part_{part}":{{"$ref":"common/part{part}.schema.json"}},"#)
            })
            .collect();
        let text = format!(
            r#"{{"$schema":"http://json-schema.org/draft-07/schema","$id":"event{n}$done","type":"object","title":"event {n} done",
            "required":["action"],"properties":{{{refs}"action":{{"type":"string","enum":["done"]}},
            "changes":{{"type":"object","properties":{{"from":{{"type":"string"}},"whole":{{"$ref":"common/part{}.schema.json#/properties/permission_1"}}}}}}}},
            "additionalProperties":false}}"#,
            n % COMMON
        );
        texts.insert(
            PathBuf::from(format!("hooks/event{n}/done.schema.json")),
            text,
        );
        let _ = write!(
            contract,
            "[events.Event{n}Done]\nsubject = \"hooks.event{n}\"\njson_schema = \"hooks/event{n}/done.schema.json\"\n"
        );
    }
    let _ = write!(
        contract,
        "[services.all]\npublishes = [{}]\n",
        events
            .iter()
            .map(|n| format!("\"Event{n}Done\""))
            .collect::<Vec<_>>()
            .join(", ")
    );
    texts.insert(PathBuf::from("webhooks.toml"), contract);
    texts
}

fn checked(texts: &Texts) -> Checked {
    let mut diagnostics = Diagnostics::default();
    let files = texts
        .iter()
        .map(|(path, text)| (path.clone(), text.clone()));
    let contracts = read::read_texts(Path::new("contracts"), files, &mut diagnostics);
    check::check(contracts, &mut diagnostics)
        .unwrap_or_else(|model| panic!("{}", report::human(&diagnostics, &model.sources, false)))
}

fn rust(texts: &Texts) -> String {
    emit::rust(&checked(texts), &[])
}

/// Every type by the modules that it is in.
fn types(items: &[syn::Item], at: &str, found: &mut Vec<String>) {
    for item in items {
        match item {
            syn::Item::Struct(item) => found.push(format!("{at}::{}", item.ident)),
            syn::Item::Enum(item) => found.push(format!("{at}::{}", item.ident)),
            syn::Item::Mod(module) => {
                let (_, items) = module.content.as_ref().expect("a module with items");
                types(items, &format!("{at}::{}", module.ident), found);
            }
            _ => {}
        }
    }
}

fn types_of(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    types(&syn::parse_file(text).expect("Rust").items, "", &mut found);
    found
}

#[test]
fn a_hundred_and_sixty_events_are_forty_thousand_lines_at_most() {
    let events: Vec<usize> = (0..160).collect();
    let text = rust(&corpus(&events));
    let lines = text.lines().count();
    println!("{lines} lines");
    assert!(lines <= 40_000, "{lines} lines");
    let found = types_of(&text);
    let once: BTreeSet<&String> = found.iter().collect();
    assert_eq!(once.len(), found.len(), "a type is there twice");
    let of = |name: &str| found.iter().filter(|path| path.ends_with(name)).count();
    for n in 0..COMMON {
        assert_eq!(of(&format!("::Part{n}")), 1, "part {n}");
    }
    assert_eq!(of("::Plan"), COMMON);
    assert_eq!(of("::Event7Done"), 1);
    // What is reached by a way into a file has the name that it has there.
    assert_eq!(of("::Part7Permission1"), 1);
    assert!(text.contains("common::part7::Part7Permission1"));
}

#[test]
fn another_event_changes_no_other_type() {
    let few = rust(&corpus(&[20, 30]));
    let more = rust(&corpus(&[10, 20, 30]));
    let (few, more) = (types_of(&few), types_of(&more));
    let missing: Vec<&String> = few.iter().filter(|path| !more.contains(path)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    // The text of each type, too.
    let (few, more) = (corpus(&[20, 30]), corpus(&[10, 20, 30]));
    let (few, more) = (items_of(&rust(&few)), items_of(&rust(&more)));
    let of_schemas: Vec<_> = few.iter().filter(|item| item.0[0] == "schemas").collect();
    assert!(of_schemas.len() > COMMON, "{}", of_schemas.len());
    for item in of_schemas {
        assert!(more.contains(item), "{item:?}");
    }
}

/// The text of every item by the modules that it is in, as an empty line parts them.
fn items_of(text: &str) -> BTreeSet<(Vec<String>, String)> {
    let mut path: Vec<String> = Vec::new();
    let mut items = BTreeSet::new();
    for block in text.split("\n\n") {
        let depth = |line: &str| (line.len() - line.trim_start().len()) / 4;
        let first = block.lines().next().map_or(0, depth);
        let mut item = String::new();
        for line in block.lines() {
            if let Some(module) = line.trim_start().strip_prefix("pub mod ") {
                path.truncate(depth(line));
                path.push(module.trim_end_matches(" {").to_owned());
            }
            // Not the ends of modules.
            if depth(line) >= first {
                item += line;
            }
        }
        items.insert((path.clone(), item));
    }
    items.retain(|(path, _)| !path.is_empty());
    items
}

#[test]
fn a_service_gets_what_it_reaches_and_no_more() {
    let mut texts = corpus(&[0, 1]);
    let user = |id: &str, other: &str| {
        format!(
            r#"{{"$id":"{id}","type":"object","properties":{{"name":{{"type":"string"}}{other}}}}}"#
        )
    };
    texts.insert("x/common/user.json".into(), user("common/user.json", ""));
    texts.insert("x/common/team.json".into(), user("common/team.json", ""));
    for (event, of) in [("Left", "user"), ("Right", "team")] {
        let other = format!(r#","who":{{"$ref":"common/{of}.json"}}"#);
        texts.insert(format!("x/{event}.json").into(), user(event, &other));
    }
    texts.insert(
        "sides.toml".into(),
        "[events.Left]\nsubject = \"left\"\njson_schema = \"x/Left.json\"\n\
         [events.Right]\nsubject = \"right\"\njson_schema = \"x/Right.json\"\n\
         [services.one]\npublishes = [\"Left\"]\n[services.other]\npublishes = [\"Right\"]\n"
            .to_owned(),
    );
    let checked = checked(&texts);
    let one = checked
        .services
        .iter()
        .position(|service| service.name.value == "one");
    let text = emit::rust(&checked, &[ServiceId(one.unwrap())]);
    let found = types_of(&text);
    assert_eq!(
        found
            .iter()
            .filter(|path| !path.contains("::services::"))
            .collect::<Vec<_>>(),
        ["::sides::Left", "::schemas::x::common::user::User"],
    );
}

#[test]
fn the_work_grows_with_the_corpus() {
    let time = |events: usize| {
        let texts = corpus(&(0..events).collect::<Vec<_>>());
        let began = Instant::now();
        rust(&texts);
        began.elapsed()
    };
    time(10);
    let (few, many) = (time(30), time(120));
    println!("30 events {few:?}, 120 events {many:?}");
    assert!(many < few * 10, "{few:?}, {many:?}");
}

#[test]
fn exports_have_each_shared_type_under_one_title() {
    let events: Vec<usize> = (0..12).collect();
    let checked = checked(&corpus(&events));
    for layout in [Layout::Bundled, Layout::Refs, Layout::Catalog] {
        let files = json_schema(&checked, Draft::Draft07, layout);
        let names: BTreeSet<&String> = files.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), files.len(), "{layout:?}: a file twice");
        let mut contents: BTreeMap<String, serde_json::Value> = BTreeMap::new();
        for (name, text) in &files {
            let schema: serde_json::Value = serde_json::from_str(text).unwrap();
            let places = schema.get("definitions").and_then(|all| all.as_object());
            for (title, schema) in places.into_iter().flatten() {
                assert_eq!(schema["title"], title.as_str());
                let before = contents.insert(title.clone(), schema.clone());
                assert!(before.is_none_or(|before| before == *schema), "{title}");
            }
            for target in references(&schema) {
                let found = match target.strip_prefix("#/definitions/") {
                    Some(title) => places.is_some_and(|all| all.contains_key(title)),
                    None => target == "#" || names.contains(&target),
                };
                assert!(found, "{layout:?} {name}: {target}");
            }
        }
        if layout == Layout::Catalog {
            assert!(contents.contains_key("Part7") && contents.contains_key("Part7Plan"));
        }
    }
}

fn references(schema: &serde_json::Value) -> Vec<String> {
    match schema {
        serde_json::Value::Object(members) => members
            .iter()
            .flat_map(|(key, value)| match (key.as_str(), value) {
                ("$ref", serde_json::Value::String(target)) => vec![target.clone()],
                _ => references(value),
            })
            .collect(),
        serde_json::Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// Two events of one file, an event and a type of one file, an event that is nothing but a reference, and recursion.
#[test]
fn an_event_has_a_struct_of_its_own() {
    let node =
        r##"{"type":"object","properties":{"next":{"$ref":"#"},"kind":{"enum":["a","b"]}}}"##;
    let texts = Texts::from([
        ("node.json".into(), node.to_owned()),
        ("only.json".into(), r#"{"$ref":"node.json"}"#.to_owned()),
        (
            "map.json".into(),
            r#"{"type":"object","additionalProperties":{"$ref":"node.json"}}"#.to_owned(),
        ),
        (
            "schemas.toml".into(),
            "[events.Grown]\nsubject = \"a.grown\"\njson_schema = \"node.json\"\n\
             [events.Cut]\nsubject = \"a.cut\"\njson_schema = \"node.json\"\n\
             [events.Moved]\nsubject = \"a.moved\"\njson_schema = \"only.json\"\n\
             [events.Mapped]\nsubject = \"a.mapped\"\njson_schema = \"map.json\"\n\
             [events.MappedAgain]\nsubject = \"a.again\"\njson_schema = \"map.json\"\n\
             [types.Other]\njson_schema = \"only.json\"\n\
             [services.s]\npublishes = [\"Grown\", \"Cut\", \"Moved\", \"Mapped\", \"MappedAgain\"]\n"
                .to_owned(),
        ),
    ]);
    let text = rust(&texts);
    let mut found = types_of(&text);
    found.retain(|path| !path.contains("::services::"));
    assert_eq!(
        found,
        [
            "::schemas::Grown",
            "::schemas::Cut",
            "::schemas::Moved",
            "::schemas::Mapped",
            "::schemas::MappedAgain",
            "::json_schemas::map::Map",
            "::json_schemas::node::Node",
            "::json_schemas::node::NodeKind",
        ],
        "{text}"
    );
    assert!(
        text.contains("pub use super::json_schemas::node::Node as Other;"),
        "{text}"
    );
}

#[test]
fn what_is_wrong_in_a_shared_file_is_said_once() {
    let mut texts = corpus(&[0, 1, 2, 3]);
    texts.insert(
        "hooks/common/part0.schema.json".into(),
        r#"{"$id":"common/part0.schema.json","type":"object","properties":{"permission_1":{"type":"money"},"b":{"$ref":"nowhere.json"}}}"#
            .to_owned(),
    );
    let mut diagnostics = Diagnostics::default();
    let files = texts
        .iter()
        .map(|(path, text)| (path.clone(), text.clone()));
    let contracts = read::read_texts(Path::new("contracts"), files, &mut diagnostics);
    let contracts = check::check(contracts, &mut diagnostics).expect_err("an error");
    let said = report::human(&diagnostics, &contracts.sources, false);
    assert_eq!(said.matches("there is no such type").count(), 1, "{said}");
    assert_eq!(said.matches("leads nowhere").count(), 1, "{said}");
    assert!(said.contains("2 errors in 1 file"), "{said}");
}

/// A change of a shared file is one of every event that leads to it, and of no other.
#[test]
#[cfg(feature = "compat")]
fn diff_compares_what_is_shared() {
    use event_codegen::compat::{Mode, compare};
    let user = |limit: &str| {
        format!(
            r#"{{"$id":"common/user.json","type":"object","properties":{{"name":{{"type":"string"{limit}}}}}}}"#
        )
    };
    let event = |id: &str, of: &str| {
        format!(
            r#"{{"$id":"{id}","type":"object","properties":{{"who":{{"$ref":"common/{of}.json"}}}}}}"#
        )
    };
    let texts = |limit: &str, more: bool| {
        let mut contract = String::new();
        let mut texts = Texts::from([
            ("x/common/user.json".into(), user(limit)),
            ("x/common/team.json".into(), r#"{"$id":"common/team.json","type":"object","properties":{"name":{"type":"string"}}}"#.to_owned()),
            ("x/a.json".into(), event("a", "user")),
            ("x/b.json".into(), event("b", "user")),
            ("x/c.json".into(), event("c", "team")),
            ("x/0.json".into(), event("0", "user")),
        ]);
        let new = if more { &["0"][..] } else { &[] };
        for name in new.iter().chain(&["a", "b", "c"]) {
            let _ = write!(
                contract,
                "[events.E{name}x]\nsubject = \"x.{name}\"\njson_schema = \"x/{name}.json\"\n"
            );
        }
        contract.push_str("[services.s]\npublishes = [\"Eax\", \"Ebx\", \"Ecx\"]\n");
        texts.insert("x.toml".into(), contract);
        checked(&texts)
    };
    let paths = |old: &Checked, new: &Checked| -> Vec<String> {
        let report = compare(old, new, Mode::Full);
        report.findings.into_iter().map(|f| f.path).collect()
    };
    let (before, after) = (texts("", false), texts(r#","maxLength":3"#, true));
    let found = paths(&before, &after);
    for event in ["Eax", "Ebx"] {
        let of = |path: &&String| path.contains(event) && path.contains("who.name");
        assert_eq!(found.iter().filter(of).count(), 1, "{found:?}");
    }
    assert!(found.iter().all(|path| !path.contains("Ecx")), "{found:?}");
    // Another event alone is no change of those that were there.
    let found = paths(&before, &texts("", true));
    assert!(found.iter().all(|path| path.contains("E0x")), "{found:?}");
}
