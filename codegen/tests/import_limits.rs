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

use event_codegen::check::{self, Checked};
use event_codegen::code::Code;
use event_codegen::compat::{self, Direction, Mode};
use event_codegen::decode::Decoder;
use event_codegen::diagnostic::Diagnostics;
use event_codegen::model::EventId;
use event_codegen::read;
use serde_json::{Value, json};

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

/// A keyword that forbids something.
struct Case {
    keyword: &'static str,
    drafts: &'static [&'static str],
    schema: Value,
    good: Vec<&'static str>,
    bad: Vec<&'static str>,
    /// Whether the reader refuses the bad ones; if not, the warning says the keyword.
    checked: bool,
}

const ALL: &[&str] = &["04", "06", "07", "2019-09", "2020-12"];
const FROM_06: &[&str] = &["06", "07", "2019-09", "2020-12"];
const FROM_07: &[&str] = &["07", "2019-09", "2020-12"];
const FROM_2019: &[&str] = &["2019-09", "2020-12"];
const TO_07: &[&str] = &["04", "06", "07"];

fn uri(draft: &str) -> String {
    match draft {
        "04" | "06" | "07" => format!("http://json-schema.org/draft-{draft}/schema#"),
        draft => format!("https://json-schema.org/draft/{draft}/schema"),
    }
}

fn checked(
    keyword: &'static str,
    drafts: &'static [&'static str],
    schema: Value,
    good: &[&'static str],
    bad: &[&'static str],
) -> Case {
    Case {
        keyword,
        drafts,
        schema,
        good: good.to_vec(),
        bad: bad.to_vec(),
        checked: true,
    }
}

fn said(
    keyword: &'static str,
    drafts: &'static [&'static str],
    schema: Value,
    good: &[&'static str],
    bad: &[&'static str],
) -> Case {
    Case {
        checked: false,
        ..checked(keyword, drafts, schema, good, bad)
    }
}

fn numbers() -> Vec<Case> {
    vec![
        checked(
            "type",
            FROM_06,
            json!({"type": "integer"}),
            &["1", "-5"],
            &["\"x\"", "1.5", "true", "{}", "[]"],
        ),
        // An integer of 64 bits may come as text there, and as nothing else.
        checked(
            "type",
            &["04"],
            json!({"type": "integer"}),
            &["1", "-5", "\"7\""],
            &[
                "\"x\"",
                "1.5",
                "true",
                "\"07\"",
                "\"9223372036854775808\"",
                "{}",
                "[]",
            ],
        ),
        checked(
            "type",
            ALL,
            json!({"type": "number"}),
            &["1", "1.5", "1e2", "-0"],
            &["\"1\"", "true", "[]"],
        ),
        checked(
            "type",
            ALL,
            json!({"type": "boolean"}),
            &["true"],
            &["0", "\"true\""],
        ),
        checked(
            "minimum",
            ALL,
            json!({"type": "integer", "minimum": 5}),
            &["5"],
            &["4"],
        ),
        checked(
            "minimum",
            ALL,
            json!({"type": "number", "minimum": 0.5}),
            &["0.5", "7"],
            &["0.25", "-1"],
        ),
        checked(
            "minimum",
            ALL,
            json!({"type": "integer", "minimum": 4.5}),
            &["5"],
            &["4"],
        ),
        checked(
            "maximum",
            ALL,
            json!({"type": "integer", "maximum": 5}),
            &["5"],
            &["6"],
        ),
        checked(
            "maximum",
            ALL,
            json!({"type": "number", "maximum": 1e300}),
            &["1e299"],
            &["2e300"],
        ),
        checked(
            "maximum",
            ALL,
            json!({"type": "integer", "minimum": 0, "maximum": 18446744073709551614_u64}),
            &["18446744073709551614"],
            &["18446744073709551615", "-1"],
        ),
        checked(
            "minimum",
            ALL,
            json!({"type": "integer", "minimum": -1e30, "maximum": 1e30}),
            &["-9223372036854775808", "9223372036854775807"],
            &[],
        ),
        checked(
            "exclusiveMinimum",
            FROM_06,
            json!({"type": "integer", "exclusiveMinimum": 5}),
            &["6"],
            &["5"],
        ),
        checked(
            "exclusiveMaximum",
            FROM_06,
            json!({"type": "number", "exclusiveMaximum": 5}),
            &["4.9"],
            &["5", "5.0"],
        ),
        checked(
            "exclusiveMinimum",
            &["04"],
            json!({"type": "integer", "minimum": 5, "exclusiveMinimum": true}),
            &["6"],
            &["5"],
        ),
        checked(
            "exclusiveMaximum",
            &["04"],
            json!({"type": "number", "maximum": 5, "exclusiveMaximum": true}),
            &["4.9"],
            &["5"],
        ),
        checked(
            "enum",
            ALL,
            json!({"type": "integer", "enum": [1, 2, 300]}),
            &["1", "300"],
            &["3"],
        ),
        checked(
            "enum",
            ALL,
            json!({"minimum": 0, "enum": [7, 18446744073709551615_u64]}),
            &["18446744073709551615"],
            &["18446744073709551614"],
        ),
        checked(
            "enum",
            ALL,
            json!({"type": "number", "enum": [1, 2.5]}),
            &["1", "1.0", "2.5"],
            &["3"],
        ),
        checked(
            "enum",
            ALL,
            json!({"enum": [1, 2, 5], "minimum": 2}),
            &["2", "5"],
            &["1"],
        ),
        checked(
            "const",
            FROM_06,
            json!({"const": 7}),
            &["7"],
            &["8", "\"7\""],
        ),
        checked(
            "const",
            FROM_06,
            json!({"type": "number", "const": 7}),
            &["7", "7.0"],
            &["7.5"],
        ),
        checked(
            "const",
            FROM_06,
            json!({"type": "boolean", "const": true}),
            &["true"],
            &["false"],
        ),
        checked(
            "multipleOf",
            ALL,
            json!({"allOf": [{"type": "integer", "multipleOf": 4}, {"multipleOf": 6}]}),
            &["12", "-24", "0"],
            &["4", "6", "18"],
        ),
        checked(
            "multipleOf",
            ALL,
            json!({"type": "integer", "multipleOf": 5}),
            &["10"],
            &["11"],
        ),
        said(
            "multipleOf",
            ALL,
            json!({"type": "number", "multipleOf": 0.5}),
            &["1.5"],
            &["1.25"],
        ),
        said(
            "format",
            ALL,
            json!({"type": "integer", "format": "uint8"}),
            &["5"],
            &["300"],
        ),
        said(
            "anyOf",
            ALL,
            json!({"anyOf": [{"type": "integer", "maximum": 5}, {"type": "integer", "minimum": 10}]}),
            &["5", "10"],
            &["7"],
        ),
        said(
            "anyOf",
            ALL,
            json!({"type": "number", "anyOf": [{"maximum": 5}, {"minimum": 10}]}),
            &["5", "10"],
            &["7.5"],
        ),
        said(
            "oneOf",
            ALL,
            json!({"oneOf": [{"type": "integer", "minimum": 1}, {"type": "integer", "maximum": 5}]}),
            &["0", "6"],
            &["3"],
        ),
    ]
}

fn texts() -> Vec<Case> {
    vec![
        checked(
            "minLength",
            ALL,
            json!({"type": "string", "minLength": 3}),
            &["\"äöü\""],
            &["\"äö\""],
        ),
        checked(
            "maxLength",
            ALL,
            json!({"type": "string", "maxLength": 3}),
            &["\"äöü\""],
            &["\"abcd\""],
        ),
        checked(
            "pattern",
            ALL,
            json!({"type": "string", "pattern": "^\\d+$"}),
            &["\"12\""],
            &["\"a\"", "\"\u{663}\""],
        ),
        said(
            "pattern",
            ALL,
            json!({"type": "string", "pattern": "^(?!x)"}),
            &["\"a\""],
            &["\"x\""],
        ),
        checked(
            "enum",
            ALL,
            json!({"enum": ["a", "b", "ccc"], "maxLength": 1}),
            &["\"a\""],
            &["\"ccc\"", "\"d\"", "{\"a\":null}", "0"],
        ),
        checked(
            "const",
            FROM_06,
            json!({"const": "a"}),
            &["\"a\""],
            &["\"b\""],
        ),
        checked(
            "format",
            ALL,
            json!({"type": "string", "format": "uuid"}),
            &["\"67e55044-10b1-426f-9247-bb680e5fe0c8\""],
            &["\"x\""],
        ),
        checked(
            "format",
            ALL,
            json!({"type": "string", "format": "date", "pattern": "^2024"}),
            &["\"2024-02-29\""],
            &["\"2024-02-30\"", "\"2023-01-01\""],
        ),
        checked(
            "format",
            ALL,
            json!({"type": "string", "format": "date-time", "minLength": 20}),
            &["\"2024-02-29T12:00:00Z\""],
            &["\"now\""],
        ),
        said(
            "maxLength",
            ALL,
            json!({"type": "string", "format": "date-time", "maxLength": 20}),
            &["\"2024-02-29T12:00:00Z\""],
            &["\"2024-02-29T12:00:00.5Z\""],
        ),
        said(
            "pattern",
            ALL,
            json!({"type": "string", "format": "date-time", "pattern": "Z$"}),
            &["\"2024-02-29T12:00:00Z\""],
            &["\"2024-02-29T12:00:00+01:00\""],
        ),
        said(
            "pattern",
            ALL,
            json!({"type": "string", "format": "uuid", "pattern": "^[0-9a-f-]+$"}),
            &["\"67e55044-10b1-426f-9247-bb680e5fe0c8\""],
            &["\"67E55044-10b1-426f-9247-bb680e5fe0c8\""],
        ),
        said(
            "format",
            ALL,
            json!({"type": "string", "format": "email"}),
            &["\"a@b.c\""],
            &["\"x\""],
        ),
        said(
            "format",
            ALL,
            json!({"type": "string", "format": "money"}),
            &["\"1 EUR\""],
            &["\"x\""],
        ),
        said(
            "contentEncoding",
            FROM_07,
            json!({"type": "string", "contentEncoding": "base64"}),
            &["\"TQ==\""],
            &["\"!\""],
        ),
        said(
            "contentMediaType",
            FROM_07,
            json!({"type": "string", "contentMediaType": "application/json"}),
            &["\"{}\""],
            &["\"!\""],
        ),
        said(
            "anyOf",
            ALL,
            json!({"type": "string", "anyOf": [{"maxLength": 2}, {"pattern": "^x"}]}),
            &["\"ab\"", "\"xyz\""],
            &["\"abc\""],
        ),
        said(
            "maxLength",
            ALL,
            json!({"anyOf": [{"type": "string", "maxLength": 2}, {"type": "string", "minLength": 5}]}),
            &["\"ab\"", "\"abcde\""],
            &["\"abc\""],
        ),
        said(
            "oneOf",
            ALL,
            json!({"type": "string", "oneOf": [{"minLength": 2}, {"pattern": "^x"}]}),
            &["\"ab\"", "\"x\""],
            &["\"xyz\""],
        ),
        said(
            "not",
            ALL,
            json!({"type": "string", "not": {"enum": ["x"]}}),
            &["\"a\""],
            &["\"x\""],
        ),
        said(
            "if",
            FROM_07,
            json!({"type": "string", "if": {"pattern": "^x"}, "then": {"minLength": 3}}),
            &["\"a\"", "\"xyz\""],
            &["\"x\""],
        ),
        said(
            "if",
            FROM_07,
            json!({"type": "string", "if": {"pattern": "^x"}, "else": {"minLength": 3}}),
            &["\"x\"", "\"abc\""],
            &["\"a\""],
        ),
    ]
}

fn lists() -> Vec<Case> {
    let text = json!({"type": "string"});
    vec![
        checked(
            "items",
            ALL,
            json!({"type": "array", "items": text}),
            &["[\"a\"]", "[]"],
            &["[1]", "{}"],
        ),
        checked(
            "minItems",
            ALL,
            json!({"type": "array", "items": text, "minItems": 1}),
            &["[\"a\"]"],
            &["[]"],
        ),
        checked(
            "maxItems",
            ALL,
            json!({"type": "array", "maxItems": 1}),
            &["[1]"],
            &["[1,2]"],
        ),
        checked(
            "items",
            FROM_06,
            json!({"type": "array", "items": false}),
            &["[]"],
            &["[1]"],
        ),
        checked(
            "items",
            TO_07,
            json!({"type": "array", "items": [{"type": "string"}, {"type": "boolean"}], "additionalItems": false, "minItems": 2}),
            &["[\"a\",true]"],
            &["[true,\"a\"]", "[\"a\"]", "[\"a\",true,1]"],
        ),
        checked(
            "prefixItems",
            &["2020-12"],
            json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "boolean"}], "items": false, "minItems": 2}),
            &["[\"a\",true]"],
            &["[true,\"a\"]", "[\"a\"]", "[\"a\",true,1]"],
        ),
        said(
            "items",
            TO_07,
            json!({"type": "array", "items": [{"type": "string"}, {"type": "boolean"}]}),
            &["[\"a\",true,1]", "[\"a\"]", "[]"],
            &["[true]"],
        ),
        said(
            "items",
            TO_07,
            json!({"type": "array", "items": [{"type": "string"}, {"type": "boolean"}], "additionalItems": false}),
            &["[\"a\"]", "[]"],
            &["[true]"],
        ),
        said(
            "additionalItems",
            TO_07,
            json!({"type": "array", "items": [{"type": "string"}], "additionalItems": {"type": "boolean"}}),
            &["[\"a\",true]"],
            &["[\"a\",\"b\"]"],
        ),
        said(
            "prefixItems",
            &["2020-12"],
            json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "boolean"}]}),
            &["[\"a\",true,1]", "[]"],
            &["[true]"],
        ),
        said(
            "items",
            &["2020-12"],
            json!({"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "boolean"}}),
            &["[\"a\",true]"],
            &["[\"a\",\"b\"]"],
        ),
        said(
            "uniqueItems",
            ALL,
            json!({"type": "array", "uniqueItems": true}),
            &["[1,2]"],
            &["[1,1]"],
        ),
        said(
            "contains",
            FROM_06,
            json!({"type": "array", "contains": {"const": 1}}),
            &["[1,2]"],
            &["[2]"],
        ),
        said(
            "minContains",
            FROM_2019,
            json!({"type": "array", "contains": {"const": 1}, "minContains": 2}),
            &["[1,1]"],
            &["[1]"],
        ),
        said(
            "maxContains",
            FROM_2019,
            json!({"type": "array", "contains": {"const": 1}, "maxContains": 1}),
            &["[1]"],
            &["[1,1]"],
        ),
        said(
            "unevaluatedItems",
            FROM_2019,
            json!({"type": "array", "contains": {"const": 1}, "unevaluatedItems": false}),
            &["[1]"],
            &["[2]"],
        ),
        said("enum", ALL, json!({"enum": [[1], [2]]}), &["[1]"], &["[3]"]),
        said("const", FROM_06, json!({"const": [1]}), &["[1]"], &["[3]"]),
        said(
            "anyOf",
            ALL,
            json!({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "array", "items": {"type": "boolean"}}]}),
            &["[\"a\"]", "[true]"],
            &["[\"a\",true]"],
        ),
    ]
}

fn objects() -> Vec<Case> {
    let text = json!({"a": {"type": "string"}});
    let two = json!({"a": {"type": "string"}, "b": {"type": "string"}});
    vec![
        checked(
            "properties",
            ALL,
            json!({"type": "object", "properties": text}),
            &["{}", "{\"a\":\"x\",\"z\":1}"],
            &["{\"a\":1}", "[]", "\"a\"", "{\"a\":\"x\",\"a\":\"y\"}"],
        ),
        checked(
            "properties",
            ALL,
            json!({"properties": text}),
            &["{}", "{\"a\":\"x\"}"],
            &["{\"a\":1}"],
        ),
        checked(
            "required",
            ALL,
            json!({"type": "object", "properties": text, "required": ["a"]}),
            &["{\"a\":\"x\"}"],
            &["{}"],
        ),
        checked(
            "required",
            ALL,
            json!({"type": "object", "required": ["a"]}),
            &["{\"a\":1,\"z\":[]}"],
            &["{}", "{\"z\":1}"],
        ),
        checked(
            "required",
            ALL,
            json!({"required": ["a", "b"]}),
            &["{\"a\":1,\"b\":null}"],
            &["{\"a\":1}"],
        ),
        checked(
            "required",
            ALL,
            json!({"type": "object", "properties": text, "required": ["b"]}),
            &["{\"b\":1}"],
            &["{}"],
        ),
        checked(
            "additionalProperties",
            ALL,
            json!({"type": "object", "additionalProperties": {"type": "boolean"}}),
            &["{}", "{\"a\":true}"],
            &["{\"a\":1}"],
        ),
        checked(
            "additionalProperties",
            ALL,
            json!({"type": "object", "properties": text, "additionalProperties": {"type": "boolean"}}),
            &["{\"a\":\"x\",\"b\":true}"],
            &["{\"b\":1}"],
        ),
        checked(
            "additionalProperties",
            ALL,
            json!({"type": "object", "required": ["b"], "additionalProperties": {"type": "boolean"}}),
            &["{\"b\":true}"],
            &["{\"b\":1}"],
        ),
        checked(
            "additionalProperties",
            ALL,
            json!({"allOf": [{"properties": text}, {"additionalProperties": {"type": "string", "maxLength": 1}}]}),
            &["{\"a\":\"x\"}"],
            &["{\"a\":\"xy\"}"],
        ),
        checked(
            "minProperties",
            ALL,
            json!({"type": "object", "minProperties": 1}),
            &["{\"a\":1}"],
            &["{}"],
        ),
        checked(
            "maxProperties",
            ALL,
            json!({"type": "object", "additionalProperties": {"type": "boolean"}, "maxProperties": 1}),
            &["{\"a\":true}"],
            &["{\"a\":true,\"b\":true}"],
        ),
        checked(
            "minProperties",
            ALL,
            json!({"type": "object", "properties": two, "minProperties": 1}),
            &["{\"a\":\"x\"}", "{\"z\":1}"],
            &["{}"],
        ),
        checked(
            "maxProperties",
            ALL,
            json!({"type": "object", "properties": two, "maxProperties": 1}),
            &["{\"a\":\"x\"}", "{\"z\":1}"],
            &["{\"a\":\"x\",\"z\":1}", "{\"a\":\"x\",\"b\":\"y\"}"],
        ),
        checked(
            "maxProperties",
            ALL,
            json!({"type": "object", "properties": two, "maxProperties": 1, "additionalProperties": false}),
            &["{\"a\":\"x\"}"],
            &["{\"a\":\"x\",\"b\":\"y\"}"],
        ),
        said(
            "minProperties",
            ALL,
            json!({"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "minProperties": 1}),
            &["{\"a\":null}", "{\"z\":1}"],
            &["{}"],
        ),
        said(
            "properties",
            FROM_06,
            json!({"type": "object", "properties": {"a": {"type": "string"}, "b": false}}),
            &["{\"a\":\"x\"}"],
            &["{\"b\":1}"],
        ),
        said(
            "patternProperties",
            ALL,
            json!({"type": "object", "patternProperties": {"^x": {"type": "string"}}}),
            &["{\"x\":\"a\",\"z\":1}"],
            &["{\"x\":1}"],
        ),
        said(
            "patternProperties",
            ALL,
            json!({"type": "object", "properties": text, "patternProperties": {"^x": {"type": "string"}}}),
            &["{\"x\":\"a\",\"z\":1}"],
            &["{\"x\":1}"],
        ),
        said(
            "patternProperties",
            ALL,
            json!({"type": "object", "patternProperties": {"^x": {"type": "string"}, "^y": {"type": "boolean"}}, "additionalProperties": false}),
            &["{\"x\":\"a\",\"y\":true}"],
            &["{\"x\":true}"],
        ),
        said(
            "additionalProperties",
            ALL,
            json!({"type": "object", "patternProperties": {"^x": {"type": "string"}}, "additionalProperties": {"type": "boolean"}}),
            &["{\"x\":\"a\",\"z\":true}"],
            &["{\"z\":\"a\"}"],
        ),
        said(
            "propertyNames",
            FROM_06,
            json!({"type": "object", "propertyNames": {"maxLength": 1}}),
            &["{\"a\":1}"],
            &["{\"ab\":1}"],
        ),
        said(
            "dependencies",
            TO_07,
            json!({"type": "object", "properties": two, "dependencies": {"a": ["b"]}}),
            &["{\"b\":\"x\"}"],
            &["{\"a\":\"x\"}"],
        ),
        said(
            "dependencies",
            TO_07,
            json!({"type": "object", "properties": two, "dependencies": {"a": {"required": ["b"]}}}),
            &["{\"b\":\"x\"}"],
            &["{\"a\":\"x\"}"],
        ),
        said(
            "dependentRequired",
            FROM_2019,
            json!({"type": "object", "properties": two, "dependentRequired": {"a": ["b"]}}),
            &["{\"b\":\"x\"}"],
            &["{\"a\":\"x\"}"],
        ),
        said(
            "dependentSchemas",
            FROM_2019,
            json!({"type": "object", "properties": two, "dependentSchemas": {"a": {"required": ["b"]}}}),
            &["{\"b\":\"x\"}"],
            &["{\"a\":\"x\"}"],
        ),
        said(
            "unevaluatedProperties",
            FROM_2019,
            json!({"type": "object", "properties": text, "unevaluatedProperties": false}),
            &["{\"a\":\"x\"}"],
            &["{\"b\":\"x\"}"],
        ),
        said(
            "unevaluatedProperties",
            FROM_2019,
            json!({"type": "object", "properties": text, "unevaluatedProperties": {"type": "boolean"}}),
            &["{\"a\":\"x\"}"],
            &["{\"b\":\"x\"}"],
        ),
        said(
            "if",
            FROM_07,
            json!({"type": "object", "properties": two, "if": {"required": ["a"]}, "then": {"required": ["b"]}}),
            &["{\"b\":\"x\"}"],
            &["{\"a\":\"x\"}"],
        ),
        said(
            "not",
            ALL,
            json!({"type": "object", "properties": two, "not": {"required": ["a", "b"]}}),
            &["{\"b\":\"x\"}"],
            &["{\"a\":\"x\",\"b\":\"x\"}"],
        ),
        said(
            "enum",
            ALL,
            json!({"enum": [{"a": 1}]}),
            &["{\"a\":1}"],
            &["{\"a\":2}"],
        ),
        said(
            "const",
            FROM_06,
            json!({"const": {"a": 1}}),
            &["{\"a\":1}"],
            &["{\"a\":2}"],
        ),
        checked(
            "anyOf",
            ALL,
            json!({"type": "object", "properties": two, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}),
            &[
                "{\"a\":\"x\"}",
                "{\"b\":\"x\"}",
                "{\"a\":\"x\",\"b\":\"y\"}",
            ],
            &["{}", "{\"z\":1}"],
        ),
        checked(
            "oneOf",
            ALL,
            json!({"type": "object", "properties": two, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
            &["{\"a\":\"x\"}", "{\"b\":\"x\"}"],
            &["{}"],
        ),
        said(
            "oneOf",
            ALL,
            json!({"type": "object", "properties": two, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
            &["{\"a\":\"x\"}"],
            &["{\"a\":\"x\",\"b\":\"y\"}"],
        ),
        said(
            "anyOf",
            ALL,
            json!({"type": "object", "properties": {"a": {"type": ["string", "null"]}, "b": {"type": "string"}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}),
            &["{\"a\":null}", "{\"b\":\"x\"}"],
            &["{}"],
        ),
        checked(
            "oneOf",
            ALL,
            json!({"oneOf": [
            {"type": "object", "properties": {"kind": {"enum": ["a"]}, "n": {"type": "integer", "minimum": 1}}, "required": ["kind", "n"]},
            {"type": "object", "properties": {"kind": {"enum": ["b"]}}, "required": ["kind"]}]}),
            &["{\"kind\":\"a\",\"n\":1}", "{\"kind\":\"b\"}"],
            &[
                "{\"kind\":\"a\",\"n\":0}",
                "{\"kind\":\"a\"}",
                "{\"kind\":\"c\"}",
                "{\"kind\":\"b\",\"kind\":\"b\"}",
            ],
        ),
    ]
}

/// Keywords without a `type`: a limit holds for values of its kind, and others are taken.
fn without_type() -> Vec<Case> {
    vec![
        said(
            "minimum",
            ALL,
            json!({"minimum": 5}),
            &["5", "\"x\"", "true", "[]", "{}", "null"],
            &["4"],
        ),
        said(
            "pattern",
            ALL,
            json!({"pattern": "^x"}),
            &["5", "\"x\"", "true", "[]", "{}"],
            &["\"y\""],
        ),
        said(
            "format",
            ALL,
            json!({"format": "uuid"}),
            &["5", "true"],
            &["\"y\""],
        ),
        said(
            "minItems",
            ALL,
            json!({"minItems": 1}),
            &["5", "[1]"],
            &["[]"],
        ),
        said(
            "minProperties",
            ALL,
            json!({"minProperties": 1}),
            &["5", "{\"a\":1}"],
            &["{}"],
        ),
        said(
            "not",
            ALL,
            json!({"not": {"type": "string"}}),
            &["5"],
            &["\"x\""],
        ),
        checked("items", ALL, json!({"items": {}}), &["5", "[1]", "{}"], &[]),
        checked(
            "properties",
            ALL,
            json!({"properties": {}}),
            &["5", "[1]", "{}"],
            &[],
        ),
        checked(
            "required",
            FROM_06,
            json!({"required": []}),
            &["5", "{}"],
            &[],
        ),
        checked(
            "additionalProperties",
            ALL,
            json!({"additionalProperties": {}}),
            &["5", "{}"],
            &[],
        ),
        checked(
            "items",
            ALL,
            json!({"items": {"type": "boolean"}}),
            &["[true]"],
            &["[1]"],
        ),
    ]
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
