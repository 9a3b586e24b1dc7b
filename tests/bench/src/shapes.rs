//! The same events in three languages: contracts, protobuf and JSON Schema.
//!
//! Every event has ten fields and two types of its own, an enum and a record of three fields. They come fifty to a domain; a
//! domain's service publishes its fifty and handles those of the domain before.

use std::fmt::{self, Write as _};
use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

/// How many events a domain has.
const DOMAIN: usize = 50;
/// The service that uses twenty events, ten to publish and ten to handle.
pub const SMALL_SERVICE: &str = "small";
/// What an enum can be.
const STATES: [&str; 4] = ["open", "paid", "sent", "closed"];

/// Writes `contracts/`, `proto/` and `schema.json` of so many events below a folder, which is made anew. With `changed` each event
/// and each record has one more optional field, and each enum one more value.
pub fn write(folder: &Path, events: usize, changed: bool) -> io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    contracts(&folder.join("contracts"), events, DOMAIN, changed)?;
    for domain in 0..events.div_ceil(DOMAIN) {
        let numbers = domain * DOMAIN..events.min((domain + 1) * DOMAIN);
        let proto = folder.join(format!("proto/shop{domain}/v1"));
        fs::create_dir_all(&proto)?;
        let text = protobuf(domain, numbers, changed).map_err(io::Error::other)?;
        fs::write(proto.join("events.proto"), text)?;
    }
    let lint = "version: v2\nlint:\n  use: [STANDARD]\nbreaking:\n  use: [FILE]\n";
    fs::write(folder.join("proto/buf.yaml"), lint)?;
    let schema = serde_json::to_string_pretty(&schema(events, changed))?;
    fs::write(folder.join("schema.json"), schema)
}

/// Writes the contracts alone, so many events to a domain, which is a file.
pub fn contracts(folder: &Path, events: usize, domain: usize, changed: bool) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for at in 0..events.div_ceil(domain) {
        let text = contract(at, domain, events, changed).map_err(io::Error::other)?;
        fs::write(folder.join(format!("shop{at}.toml")), text)?;
    }
    Ok(())
}

fn contract(
    domain: usize,
    size: usize,
    events: usize,
    changed: bool,
) -> Result<String, fmt::Error> {
    let numbers = domain * size..events.min((domain + 1) * size);
    let mut out = format!("doc = \"Shop {domain}.\"\n\n[streams.SHOP{domain}]\nmax_age = \"7d\"\n");
    for n in numbers.clone() {
        write!(
            out,
            r#"
[events.Event{n}]
doc     = "The event {n} of the shop."
subject = "shop{domain}.event{n}"
stream  = "SHOP{domain}"
id      = "event_id"
[events.Event{n}.fields]
event_id   = "uuid"
created_at = "timestamp"
note       = "string?"
quantity   = "i32"
cents      = "u32"
express    = "bool"
weight     = "f64"
tags       = "list<string>"
lines      = "list<Line{n}>"
state      = "State{n}"
{}
[types.Line{n}]
doc = "A line of event {n}."
[types.Line{n}.fields]
sku    = "string"
amount = "u32"
gift   = "bool"
{}
[types.State{n}]
doc  = "How far event {n} has come."
enum = {:?}
"#,
            if changed { "more = \"string?\"\n" } else { "" },
            if changed { "more = \"string?\"\n" } else { "" },
            states(changed),
        )?;
    }
    let full = |n: usize| format!("shop{}.Event{n}", n / size);
    let own: Vec<_> = numbers.clone().map(full).collect();
    let before = numbers.map(|n| full((n + events - size.min(events)) % events));
    let before: Vec<_> = before.collect();
    write!(
        out,
        "\n[services.service{domain}]\npublishes = {own:?}\nsubscribes = {before:?}\n"
    )?;
    if domain == 0 && events >= 20 {
        let step = events / 20;
        let some: Vec<_> = (0..20).map(|n| full(n * step)).collect();
        let (published, handled) = some.split_at(10);
        write!(
            out,
            "\n[services.{SMALL_SERVICE}]\npublishes = {published:?}\nsubscribes = {handled:?}\n"
        )?;
    }
    Ok(out)
}

fn protobuf(
    domain: usize,
    numbers: std::ops::Range<usize>,
    changed: bool,
) -> Result<String, fmt::Error> {
    let mut out = format!(
        "syntax = \"proto3\";\n\n// Shop {domain}.\npackage shop{domain}.v1;\n\nimport \"google/protobuf/timestamp.proto\";\n"
    );
    for n in numbers {
        write!(
            out,
            r#"
// The event {n} of the shop.
message Event{n} {{
  string event_id = 1;
  google.protobuf.Timestamp created_at = 2;
  optional string note = 3;
  int32 quantity = 4;
  uint32 cents = 5;
  bool express = 6;
  double weight = 7;
  repeated string tags = 8;
  repeated Line{n} lines = 9;
  State{n} state = 10;
{}}}

// A line of event {n}.
message Line{n} {{
  string sku = 1;
  uint32 amount = 2;
  bool gift = 3;
{}}}

// How far event {n} has come.
enum State{n} {{
  STATE{n}_UNSPECIFIED = 0;
"#,
            if changed {
                "  optional string more = 11;\n"
            } else {
                ""
            },
            if changed {
                "  optional string more = 4;\n"
            } else {
                ""
            },
        )?;
        for (at, state) in states(changed).iter().enumerate() {
            writeln!(out, "  STATE{n}_{} = {};", state.to_uppercase(), at + 1)?;
        }
        out.push_str("}\n");
    }
    Ok(out)
}

fn schema(events: usize, changed: bool) -> Value {
    let object = |doc: String, mut properties: Value, required: &[&str]| {
        if changed {
            properties["more"] = json!({ "type": "string" });
        }
        json!({ "description": doc, "type": "object", "properties": properties, "required": required })
    };
    let mut definitions = serde_json::Map::new();
    for n in 0..events {
        let event = object(
            format!("The event {n} of the shop."),
            json!({
                "eventId": { "type": "string", "format": "uuid" },
                "createdAt": { "type": "string", "format": "date-time" },
                "note": { "type": "string" },
                "quantity": { "type": "integer", "format": "int32" },
                "cents": { "type": "integer", "format": "uint32", "minimum": 0 },
                "express": { "type": "boolean" },
                "weight": { "type": "number" },
                "tags": { "type": "array", "items": { "type": "string" } },
                "lines": { "type": "array", "items": { "$ref": format!("#/definitions/Line{n}") } },
                "state": { "$ref": format!("#/definitions/State{n}") },
            }),
            &[
                "eventId",
                "createdAt",
                "quantity",
                "cents",
                "express",
                "weight",
                "tags",
                "lines",
                "state",
            ],
        );
        let line = object(
            format!("A line of event {n}."),
            json!({
                "sku": { "type": "string" },
                "amount": { "type": "integer", "format": "uint32", "minimum": 0 },
                "gift": { "type": "boolean" },
            }),
            &["sku", "amount", "gift"],
        );
        let state = json!({
            "description": format!("How far event {n} has come."),
            "type": "string",
            "enum": states(changed),
        });
        definitions.insert(format!("Event{n}"), event);
        definitions.insert(format!("Line{n}"), line);
        definitions.insert(format!("State{n}"), state);
    }
    json!({ "$schema": "http://json-schema.org/draft-07/schema#", "definitions": definitions })
}

fn states(changed: bool) -> Vec<&'static str> {
    STATES
        .into_iter()
        .chain(changed.then_some("lost"))
        .collect()
}
