//! `diff` between a contract's own types and imported JSON Schemas that say the same, less or more.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use event_codegen::check::{self, Checked};
use event_codegen::compat::{self, Direction, Mode, Outcome, Report};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::{read, report};

const LINE: &str = r#"
sku      = { type = "string", min_length = 1 }
quantity = { type = "i32", min = 1, max = 10000 }
note     = "string?"
tags     = { type = "list<string>", max_items = 5 }
color    = "Color"
payment  = "Payment"
placed   = "timestamp"
"#;

const TYPES: &str = r#"
[types.Color]
enum   = ["red", "green"]
closed = true

[types.Payment]
tag    = "kind"
closed = true
[types.Payment.union]
card = "Card"
cash = "Cash"
[types.Card.fields]
last4 = { type = "string", pattern = "^[0-9]{4}$" }
[types.Cash.fields]
change = "f64?"
"#;

const SCHEMA: &str = r#"{
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "sku": {"type": "string", "minLength": 1},
        "quantity": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 10000},
        "note": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 5},
        "color": {"enum": ["red", "green"]},
        "payment": {"oneOf": [
            {
                "type": "object",
                "properties": {"kind": {"const": "card"}, "last4": {"type": "string", "pattern": "^[0-9]{4}$"}},
                "required": ["kind", "last4"]
            },
            {
                "type": "object",
                "properties": {"kind": {"const": "cash"}, "change": {"type": "number"}},
                "required": ["kind"]
            }
        ]},
        "placed": {"type": "string", "format": "date-time"}
    },
    "required": ["sku", "quantity", "tags", "color", "payment", "placed"]
}"#;

/// An event with the fields themselves.
fn own_event() -> String {
    format!("[events.Placed]\nsubject = \"shop.placed\"\n[events.Placed.fields]{LINE}{TYPES}")
}

/// An event that is the schema.
fn imported_event() -> String {
    "[events.Placed]\nsubject = \"shop.placed\"\njson_schema = \"line.schema.json\"\n".to_owned()
}

/// An event with a list of a type, which is a contract's or the schema.
fn with_type(line: &str) -> String {
    format!(
        "[events.Placed]\nsubject = \"shop.placed\"\n[events.Placed.fields]\nlines = \"list<Line>\"\n[types.Line]\n{line}"
    )
}

fn own_type() -> String {
    with_type("").replace(
        "[types.Line]\n",
        &format!("[types.Line.fields]{LINE}{TYPES}"),
    )
}

fn imported_type() -> String {
    with_type("json_schema = \"line.schema.json\"\n")
}

fn checked(case: &str, text: &str, schema: &str) -> Checked {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("compat_schema")
        .join(case);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("shop.toml"), text).unwrap();
    fs::write(folder.join("line.schema.json"), schema).unwrap();
    let mut diagnostics = Diagnostics::default();
    let model = read::read_folder(&folder, &mut diagnostics);
    let sources = model.sources.clone();
    check::check(model, &mut diagnostics)
        .unwrap_or_else(|_| panic!("{}", report::human(&diagnostics, &sources, false)))
}

fn compare(case: &str, old: &str, new: &str, schema: &str) -> Report {
    let old = checked(&format!("{case}_old"), old, schema);
    let new = checked(&format!("{case}_new"), new, schema);
    compat::compare(&old, &new, Mode::Full)
}

#[test]
fn an_equal_schema_changes_nothing() {
    for (case, own, imported) in [
        ("event", own_event(), imported_event()),
        ("type", own_type(), imported_type()),
    ] {
        for (old, new) in [(&own, &imported), (&imported, &own)] {
            let report = compare(case, old, new, SCHEMA);
            let said = compat::render::human(&report, false);
            assert!(report.findings.is_empty(), "{case}: {said}");
        }
    }
}

/// A field's type that has no name of its own, replaced by a schema.
#[test]
fn a_field_may_become_a_schema() {
    let own = with_type("")
        .replace("list<Line>", "list<i32>")
        .replace("[types.Line]\n", "");
    let imported = imported_type();
    let schema = |max: &str| {
        format!(
            "{{\"$schema\": \"http://json-schema.org/draft-07/schema#\", \"type\": \"integer\", \"format\": \"int32\"{max}}}"
        )
    };
    let report = compare("field", &own, &imported, &schema(""));
    let said = compat::render::human(&report, false);
    assert!(report.findings.is_empty(), "{said}");
    let found = broken(&compare(
        "field",
        &own,
        &imported,
        &schema(", \"maximum\": 7"),
    ));
    assert_eq!(found, [("schema-narrowed", Direction::Backward)]);
}

/// The rules that a changed schema breaks, each with the direction of its payload.
fn broken(report: &Report) -> Vec<(&'static str, Direction)> {
    let mut all = Vec::new();
    for finding in &report.findings {
        let said = compat::render::human(report, false);
        assert!(finding.undecided.is_none(), "{said}");
        assert!(!finding.counterexamples.is_empty(), "{said}");
        for example in &finding.counterexamples {
            assert!(matches!(example.outcome, Outcome::Refused(_)), "{said}");
            all.push((finding.rule.id, example.direction));
        }
    }
    all
}

#[test]
fn a_schema_that_says_more_or_less_is_a_finding_with_a_payload() {
    let narrower = [
        ("\"maximum\": 10000", "\"maximum\": 10"),
        ("\"minLength\": 1", "\"minLength\": 3"),
        ("\"maxItems\": 5", "\"maxItems\": 4"),
        ("[\"red\", \"green\"]", "[\"red\"]"),
        (
            "\"note\": {\"type\": \"string\"}",
            "\"note\": {\"type\": \"integer\"}",
        ),
        ("[\"kind\"]", "[\"kind\", \"change\"]"),
        ("{4}$", "{3}$"),
        ("[\"sku\", ", "[\"sku\", \"note\", "),
    ];
    for (at, (from, to)) in narrower.into_iter().enumerate() {
        let schema = SCHEMA.replacen(from, to, 1);
        assert_ne!(schema, SCHEMA, "{from}");
        for (case, own, imported) in [
            ("event", own_event(), imported_event()),
            ("type", own_type(), imported_type()),
        ] {
            let found = broken(&compare(&format!("{case}_{at}"), &own, &imported, &schema));
            let narrowed = ("schema-narrowed", Direction::Backward);
            assert!(found.contains(&narrowed), "{case} {to}: {found:?}");
            let found = broken(&compare(&format!("{case}_{at}"), &imported, &own, &schema));
            let widened = ("schema-widened", Direction::Forward);
            assert!(found.contains(&widened), "{case} {to}: {found:?}");
        }
    }
}

#[test]
fn what_is_left_to_the_writer_is_said() {
    let schema = SCHEMA.replacen(
        "\"sku\": {\"type\": \"string\"",
        "\"sku\": {\"type\": \"string\", \"not\": {\"const\": \"x\"}",
        1,
    );
    assert_ne!(schema, SCHEMA);
    let report = compare("unchecked", &own_event(), &imported_event(), &schema);
    let rules: Vec<&str> = report
        .findings
        .iter()
        .map(|finding| finding.rule.id)
        .collect();
    assert_eq!(rules, ["schema-undecided"]);
}

/// Of keywords that no type checks any change may matter.
#[test]
fn a_changed_demand_that_is_left_to_the_writer_is_said() {
    let with = |more: &str| {
        let sku = "\"sku\": {\"type\": \"string\"";
        SCHEMA.replacen(sku, &format!("{sku}, {more}"), 1)
    };
    let then = |most: u32| {
        with(&format!(
            "\"if\": {{\"minLength\": 3}}, \"then\": {{\"maxLength\": {most}}}"
        ))
    };
    let not = with("\"not\": {\"const\": \"x\"}");
    // What the demand refers to counts as it does, through any number of references and around a circle.
    let referred = |word: &str| {
        let definitions = format!(
            "\"definitions\": {{\"bad\": {{\"anyOf\": [{{\"$ref\": \"#/definitions/worse\"}}, {{\"$ref\": \"#/definitions/bad\"}}]}}, \
             \"worse\": {{\"const\": \"{word}\"}}}}, \"type\": \"object\""
        );
        with("\"not\": {\"$ref\": \"#/definitions/bad\"}").replacen(
            "\"type\": \"object\"",
            &definitions,
            1,
        )
    };
    for (old, new, changed) in [
        (SCHEMA, &*not, true),
        (&not, &not, false),
        (&then(7), &then(8), true),
        (&then(7), &then(7), false),
        (&then(7), SCHEMA, true),
        (&referred("x"), &referred("y"), true),
        (&referred("x"), &referred("x"), false),
    ] {
        let event = imported_event();
        let old = checked("demand_old", &event, old);
        let new = checked("demand_new", &event, new);
        let findings = compat::compare(&old, &new, Mode::Full).findings;
        let rules: Vec<&str> = findings.iter().map(|finding| finding.rule.id).collect();
        let said: &[&str] = if changed { &["schema-undecided"] } else { &[] };
        assert_eq!(rules, said);
    }
}
