//! Every keyword of JSON Schema that forbids something, in every place of a schema: a payload that the schema refuses is
//! refused by the reader of imported types, or the warning `schema-unchecked` names the keyword and its place.

#![cfg(all(feature = "import", feature = "compat"))]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail anywhere"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use cases::{lists, numbers, objects, texts, without_type};
use event_codegen::check::{self, Checked};
use event_codegen::code::Code;
use event_codegen::compat::{self, Direction, Mode};
use event_codegen::decode::Decoder;
use event_codegen::diagnostic::Diagnostics;
use event_codegen::model::EventId;
use event_codegen::read;
use serde_json::{Value, json};

#[path = "import_limits/cases.rs"]
mod cases;
#[path = "support/suite.rs"]
mod suite;

const CONTRACT: &str = r#"
[types.Held]
json_schema = "held.schema.json"

[events.Sent]
subject = "sent"
[events.Sent.fields]
v = "Held"
"#;

/// A schema as the type of an event's field.
pub struct Import {
    checked: Option<Checked>,
    /// The keywords of the warning.
    unchecked: BTreeSet<String>,
    /// The places of the warning.
    places: Vec<String>,
    /// Everything that was said.
    said: String,
}

impl Import {
    pub fn of(schema: &Value) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("limits-{}-{next}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("a.toml"), CONTRACT).unwrap();
        let text = serde_json::to_string_pretty(schema).unwrap();
        std::fs::write(folder.join("held.schema.json"), text).unwrap();
        let mut diagnostics = Diagnostics::default();
        let model = read::read_folder(&folder, &mut diagnostics);
        let checked = check::check(model, &mut diagnostics).ok();
        std::fs::remove_dir_all(&folder).unwrap();
        let mut out = Self {
            checked,
            unchecked: BTreeSet::new(),
            places: Vec::new(),
            said: String::new(),
        };
        for diagnostic in diagnostics.iter() {
            let help = diagnostic.help.as_deref().unwrap_or_default();
            out.said += &format!("{}: {} {help}\n", diagnostic.code, diagnostic.message);
            if diagnostic.code == Code::SchemaUnchecked {
                let keywords = diagnostic.message.split('`').skip(1).step_by(2);
                out.unchecked.extend(keywords.map(str::to_owned));
                let places = diagnostic.related.iter().map(|label| label.text.clone());
                out.places.extend(places);
            }
        }
        out
    }

    pub fn imports(&self) -> bool {
        self.checked.is_some()
    }

    /// What is wrong with a value of the type.
    pub fn faults(&self, value: &str) -> Option<String> {
        let checked = self.checked.as_ref().expect(&self.said);
        let body = format!("{{\"v\":{value}}}");
        let decoded = Decoder::new(checked).decode(EventId(0), body.as_bytes());
        decoded.faults.first().map(ToString::to_string)
    }
}

fn uri(draft: &str) -> String {
    match draft {
        "04" | "06" | "07" => format!("http://json-schema.org/draft-{draft}/schema#"),
        draft => format!("https://json-schema.org/draft/{draft}/schema"),
    }
}

struct Position {
    name: &'static str,
    schema: fn(&Value) -> Value,
    payload: fn(&str) -> String,
}

const POSITIONS: &[Position] = &[
    Position {
        name: "root",
        schema: Value::clone,
        payload: str::to_owned,
    },
    Position {
        name: "property",
        schema: |s| json!({"type": "object", "properties": {"p": s}, "required": ["p"]}),
        payload: |p| format!("{{\"p\":{p}}}"),
    },
    Position {
        name: "optional property",
        schema: |s| json!({"type": "object", "properties": {"p": s}}),
        payload: |p| format!("{{\"p\":{p}}}"),
    },
    Position {
        name: "reference",
        schema: |s| json!({"type": "object", "properties": {"p": {"$ref": "#/definitions/D"}}, "required": ["p"], "definitions": {"D": s}}),
        payload: |p| format!("{{\"p\":{p}}}"),
    },
    Position {
        name: "allOf",
        schema: |s| json!({"allOf": [s, {"description": "more"}]}),
        payload: str::to_owned,
    },
    Position {
        name: "item",
        schema: |s| json!({"type": "array", "items": s}),
        payload: |p| format!("[{p}]"),
    },
    Position {
        name: "map",
        schema: |s| json!({"type": "object", "additionalProperties": s}),
        payload: |p| format!("{{\"some\":{p}}}"),
    },
    Position {
        name: "branch",
        schema: |s| json!({"type": "object", "properties": {"p": {"oneOf": [s, {"type": "null"}]}}, "required": ["p"]}),
        payload: |p| format!("{{\"p\":{p}}}"),
    },
];

#[test]
fn a_payload_that_the_schema_refuses_is_refused_or_its_keyword_is_said() {
    let groups = [numbers(), texts(), lists(), objects(), without_type()];
    let mut wrong = Vec::new();
    let mut judged = 0;
    for case in groups.iter().flatten() {
        for draft in case.drafts {
            for (at, position) in POSITIONS.iter().enumerate() {
                let edge = [case.drafts.first(), case.drafts.last()].contains(&Some(draft));
                if at > 1 && !edge {
                    continue;
                }
                let mut schema = (position.schema)(&case.schema);
                schema["$schema"] = json!(uri(draft));
                let import = Import::of(&schema);
                let at = format!("{draft} {} {}", position.name, case.schema);
                if !import.imports() {
                    wrong.push(format!("{at} is refused: {}", import.said));
                    continue;
                }
                for good in &case.good {
                    // Of an optional property `null` is taken for an absent one, and so is never refused.
                    if let Some(fault) = import.faults(&(position.payload)(good)) {
                        wrong.push(format!("{at} refuses {good}: {fault}"));
                    }
                }
                let told = import.unchecked.contains(case.keyword);
                let place = format!("/{}", case.keyword);
                if told && !import.places.iter().any(|text| text.contains(&place)) {
                    wrong.push(format!("{at}: no place of `{}`", case.keyword));
                }
                for bad in &case.bad {
                    judged += 1;
                    let refused = import.faults(&(position.payload)(bad)).is_some();
                    if case.checked && !refused {
                        wrong.push(format!("{at} takes {bad}"));
                    } else if !refused && !told {
                        wrong.push(format!(
                            "{at} takes {bad} in silence: {:?}",
                            import.unchecked
                        ));
                    }
                }
                if case.checked && told && case.keyword != "oneOf" {
                    wrong.push(format!(
                        "{at}: `{}` is checked, and said not to be",
                        case.keyword
                    ));
                }
            }
        }
    }
    println!("{judged} payloads");
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The JSON Schema Test Suite, when `EVENT_SCHEMA_CORPUS` names a folder with `json-schema-test-suite/`.
#[test]
fn the_test_suite_is_judged_alike() {
    let Some(corpus) = std::env::var_os("EVENT_SCHEMA_CORPUS").map(PathBuf::from) else {
        return;
    };
    suite::run(&corpus.join("json-schema-test-suite/tests"));
}

/// `diff` between two states of a schema: what breaks old writers, each with the payload that shows it.
fn diff(old: &Value, new: &Value) -> Vec<(String, bool)> {
    let (old, new) = (Import::of(old), Import::of(new));
    let report = compat::compare(
        old.checked.as_ref().expect(&old.said),
        new.checked.as_ref().expect(&new.said),
        Mode::Full,
    );
    let finding = |finding: &compat::Finding| {
        let shown = finding.counterexamples.iter();
        let shown = shown.filter(|c| c.direction == Direction::Backward).count() > 0;
        (finding.rule.id.to_owned(), shown)
    };
    report.findings.iter().map(finding).collect()
}

#[test]
fn a_limit_that_is_added_is_a_break() {
    let two = json!({"a": {"type": "string"}, "b": {"type": "string"}});
    let object = json!({"type": "object", "properties": two});
    let with = |key: &str, value: Value| {
        let mut schema = object.clone();
        schema[key] = value;
        schema
    };
    let one = |schema: Value| json!({"type": "object", "properties": {"p": schema}});
    let old = |schema: Value| json!({"$schema": uri("04"), "type": "object", "properties": {"p": schema}});
    for (before, after) in [
        (one(object.clone()), one(with("minProperties", json!(1)))),
        (one(object.clone()), one(with("maxProperties", json!(1)))),
        (
            one(object.clone()),
            one(with(
                "anyOf",
                json!([{"required": ["a"]}, {"required": ["b"]}]),
            )),
        ),
        (
            one(json!({"type": "object"})),
            one(json!({"required": ["a"]})),
        ),
        (
            one(json!({"type": "integer"})),
            one(json!({"type": "integer", "multipleOf": 5})),
        ),
        (
            one(json!({"type": "integer", "multipleOf": 5, "minimum": 3})),
            one(json!({"type": "integer", "multipleOf": 10, "minimum": 3})),
        ),
        (
            one(json!({"type": "number"})),
            one(json!({"type": "number", "enum": [0.5]})),
        ),
        (
            old(json!({"type": "integer"})),
            one(json!({"type": "integer"})),
        ),
    ] {
        let found = diff(&before, &after);
        assert!(
            found.contains(&("schema-narrowed".to_owned(), true)),
            "{before} {after}: {found:?}"
        );
    }
    // What no type checks is compared as it is written.
    for (before, after) in [
        (json!({"minimum": 5}), json!({"minimum": 6})),
        (
            json!({"type": "string", "anyOf": [{"maxLength": 2}, {"pattern": "^x"}]}),
            json!({"type": "string", "anyOf": [{"maxLength": 3}, {"pattern": "^x"}]}),
        ),
        (
            json!({"type": "array", "items": [{"type": "string"}]}),
            json!({"type": "array", "items": [{"type": "boolean"}]}),
        ),
    ] {
        let found = diff(&one(before.clone()), &one(after.clone()));
        let ids: Vec<&str> = found.iter().map(|(id, _)| id.as_str()).collect();
        assert!(
            ids.contains(&"schema-undecided"),
            "{before} {after}: {ids:?}"
        );
    }
}

/// However many places there are, each keyword has one, and the rest is counted.
#[test]
fn a_warning_has_a_place_for_each_keyword() {
    let many: serde_json::Map<String, Value> = (0..100)
        .map(|n| {
            (
                format!("p{n:03}"),
                json!({"type": "string", "format": "email"}),
            )
        })
        .chain([(
            "z".to_owned(),
            json!({"type": "array", "uniqueItems": true}),
        )])
        .collect();
    let import = Import::of(&json!({"type": "object", "properties": many}));
    let wanted = ["format", "uniqueItems"].map(str::to_owned);
    assert_eq!(import.unchecked, BTreeSet::from(wanted), "{}", import.said);
    assert_eq!(import.places.len(), 20);
    let last = import.places.last().unwrap();
    assert_eq!(
        last,
        "not checked: held.schema.json#/properties/z/uniqueItems"
    );
    assert!(import.said.contains("81 more places"), "{}", import.said);
}

/// The deepest payload that a decoder reads, through unions and objects, on a small stack.
#[test]
fn a_deep_payload_is_judged_on_a_small_stack() {
    let schema = json!({
        "$schema": uri("07"),
        "definitions": {"N": {"oneOf": [
            {"type": "string"},
            {"type": "array", "items": {"$ref": "#/definitions/N"}},
            {"type": "object", "properties": {"k": {"const": "a"}, "n": {"$ref": "#/definitions/N"}}, "required": ["k"]},
            {"type": "object", "properties": {"k": {"const": "b"}, "n": {"$ref": "#/definitions/N"}}, "required": ["k"]},
        ]}},
        "type": "object", "properties": {"p": {"$ref": "#/definitions/N"}},
    });
    let import = Import::of(&schema);
    assert!(import.imports(), "{}", import.said);
    // The decoder's limit is 128; the body and `p` are two.
    let deep = |open: &str, close: &str, levels: usize| {
        format!(
            "{{\"p\":{}\"x\"{}}}",
            open.repeat(levels),
            close.repeat(levels)
        )
    };
    let judge = move || {
        for levels in [1, 50, 125] {
            assert_eq!(import.faults(&deep("[", "]", levels)), None, "{levels}");
            let object = deep("{\"n\":", ",\"k\":\"b\"}", levels);
            assert_eq!(import.faults(&object), None, "{levels}");
        }
        assert!(import.faults(&deep("[", "]", 126)).is_some());
        let wrong = deep("[", "]", 120).replace("\"x\"", "1");
        assert!(import.faults(&wrong).is_some());
    };
    let thread = std::thread::Builder::new().stack_size(512 << 10);
    thread.spawn(judge).unwrap().join().unwrap();
}
