//! Schemas that hold themselves in every way there is, and payloads that nest deep in them.

use serde_json::{Value, json};

/// How deep a JSON text may nest for serde_json.
const DEEPEST: usize = 127;

/// Each with the payload inside of which everything else stands, and where: `null` is put in the place of what is held.
pub fn schemas() -> Vec<(Value, Value, Value)> {
    let draft = "http://json-schema.org/draft-07/schema#";
    let held = |inner: Value| json!({"$schema": draft, "type": "object", "properties": {"v": {"$ref": "#/definitions/V"}}, "definitions": {"V": inner}});
    let reference = json!({"$ref": "#/definitions/V"});
    let list = json!({"type": "array", "items": reference});
    let map = json!({"type": "object", "additionalProperties": reference});
    vec![
        (
            held(json!({"type": "object", "properties": {"a": reference}})),
            json!({"a": "HERE"}),
            json!({}),
        ),
        (held(list.clone()), json!(["HERE"]), json!([])),
        (held(map.clone()), json!({"k": "HERE"}), json!({})),
        (
            held(json!({"oneOf": [{"type": "string"}, list, map]})),
            json!([{"k": "HERE"}]),
            json!("end"),
        ),
        (
            held(
                json!({"oneOf": [{"type": "null"}, {"type": "object", "properties": {"a": reference}}]}),
            ),
            json!({"a": "HERE"}),
            json!(null),
        ),
        (
            held(json!({"anyOf": [{"type": "integer"}, {"type": "null"}, list]})),
            json!(["HERE"]),
            json!(7),
        ),
        (
            held(json!({"oneOf": [
                {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "leaf"}}},
                {"type": "object", "required": ["kind", "of"], "properties": {"kind": {"const": "node"}, "of": list}},
            ]})),
            json!({"kind": "node", "of": ["HERE"]}),
            json!({"kind": "leaf"}),
        ),
        (
            held(json!({"oneOf": [
                {"type": "object", "required": ["x"], "properties": {"x": {"type": "string"}}},
                {"type": "object", "required": ["y"], "properties": {"y": reference}},
            ]})),
            json!({"y": "HERE"}),
            json!({"x": "end"}),
        ),
        (
            held(
                json!({"type": "object", "properties": {"a": reference}, "additionalProperties": reference}),
            ),
            json!({"k": "HERE"}),
            json!({}),
        ),
        (
            held(
                json!({"type": ["array", "null"], "items": [reference, {"type": "integer"}], "minItems": 2, "maxItems": 2}),
            ),
            json!(["HERE", 1]),
            json!(null),
        ),
    ]
}

/// The payload that nests so many times.
pub fn nested(around: &Value, end: &Value, times: usize) -> Value {
    let mut value = end.clone();
    for _ in 0..times {
        value = put(around, value);
    }
    json!({"v": value})
}

fn put(around: &Value, inner: Value) -> Value {
    match around {
        Value::String(text) if text == "HERE" => inner,
        Value::Array(items) => items.iter().map(|item| put(item, inner.clone())).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), put(value, inner.clone())))
            .collect(),
        other => other.clone(),
    }
}

/// How many times `around` may stand in itself.
pub fn most(around: &Value) -> usize {
    fn depth(value: &Value) -> Option<usize> {
        match value {
            Value::String(text) if text == "HERE" => Some(0),
            Value::Array(items) => items.iter().find_map(depth).map(|n| n + 1),
            Value::Object(members) => members.values().find_map(depth).map(|n| n + 1),
            _ => None,
        }
    }
    (DEEPEST - 2) / depth(around).unwrap_or(1)
}
