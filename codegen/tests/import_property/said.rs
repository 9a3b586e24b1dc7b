//! What a reader of an imported schema does otherwise than the schema says, on purpose, and the schema rewritten so that a
//! validator does the same. Everything else that differs is a fault.

use serde_json::{Map, Value, json};

/// A difference that is wanted, and why. A run that never meets one of them fails: the list is not longer than it has to be.
pub const LISTED: &[(&str, &str)] = &[
    (
        "null-is-absent",
        "a reader takes `null` for an absent optional member; an exported schema does not offer it to writers",
    ),
    (
        "unknown-member",
        "a reader ignores what it does not know: nothing demands `additionalProperties: false`",
    ),
    ("unchecked", "what `schema-unchecked` names is not checked"),
    (
        "implied-kind",
        "`properties` and the like without a type mean an object, `items` a list; by the letter they let all other kinds pass",
    ),
    (
        "text-integer",
        "in draft-04 an integer is read from text too: generators for protobuf write such schemas and send text",
    ),
    ("integer-digits", "an integer is digits alone: not `1.0`"),
];

/// Validators assert no formats of numbers; readers do.
pub fn widths(schema: &mut Value) {
    each(schema, &mut |members| {
        let bounds = match members.get("format").and_then(Value::as_str) {
            Some("int32") => (json!(i32::MIN), json!(i32::MAX)),
            Some("uint32") => (json!(0), json!(u32::MAX)),
            Some("uint64") => (json!(0), json!(u64::MAX)),
            _ => return,
        };
        // A width that the schema's own bounds leave says nothing.
        let own = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
        let fits = own.iter().filter_map(|key| members.get(*key)?.as_f64());
        let within = bounds.0.as_f64()..=bounds.1.as_f64();
        if is_integer(members) && fits.into_iter().all(|own| within.contains(&Some(own))) {
            for (key, other, bound) in [
                ("minimum", "exclusiveMinimum", bounds.0),
                ("maximum", "exclusiveMaximum", bounds.1),
            ] {
                if !members.get(other).is_some_and(Value::is_number) {
                    members.entry(key).or_insert(bound);
                }
            }
        }
    });
}

fn is_integer(members: &Map<String, Value>) -> bool {
    members
        .get("type")
        .is_some_and(|kind| *kind == "integer" || *kind == json!(["integer"]))
}

/// What must be accepted: no less than this.
pub fn narrowed(schema: &mut Value) {
    const OBJECT: &[&str] = &[
        "properties",
        "required",
        "additionalProperties",
        "patternProperties",
    ];
    const LIST: &[&str] = &["items", "prefixItems"];
    each(schema, &mut |members| {
        if ["type", "enum", "const", "$ref", "if"]
            .iter()
            .any(|key| members.contains_key(*key))
        {
            return;
        }
        let has = |keys: &[&str]| keys.iter().any(|key| members.contains_key(*key));
        let kind = match (has(OBJECT), has(LIST)) {
            (true, false) => "object",
            (false, true) => "array",
            _ => return,
        };
        members.insert("type".to_owned(), json!(kind));
    });
}

/// What must be refused: no less than what this refuses.
pub fn widened(schema: &mut Value) {
    let four = schema
        .get("$schema")
        .and_then(Value::as_str)
        .is_some_and(|uri| uri.contains("draft-04"));
    each(schema, &mut |members| {
        for key in ["additionalProperties", "unevaluatedProperties"] {
            if members.get(key) == Some(&Value::Bool(false)) {
                members.remove(key);
            }
        }
        if let Some(branches @ Value::Array(_)) = members.remove("oneOf") {
            if members.contains_key("anyOf") {
                let more = json!({"anyOf": branches});
                match members.get_mut("allOf") {
                    Some(Value::Array(all)) => all.push(more),
                    _ => {
                        members.insert("allOf".to_owned(), json!([more]));
                    }
                }
            } else {
                members.insert("anyOf".to_owned(), branches);
            }
        }
        let plain = ["minimum", "maximum", "format", "enum"];
        if four && !plain.iter().any(|key| members.contains_key(*key)) {
            let mut kinds = match members.get("type") {
                Some(Value::Array(kinds)) => kinds.clone(),
                Some(kind) => vec![kind.clone()],
                None => Vec::new(),
            };
            if kinds.contains(&json!("integer")) && !kinds.contains(&json!("string")) {
                kinds.push(json!("string"));
                members.insert("type".to_owned(), json!(kinds));
                members
                    .entry("pattern")
                    .or_insert(json!("^(0|-?[1-9][0-9]{0,18})$"));
            }
        }
    });
}

/// Every object in a schema, the inner ones first. A property that is called like a keyword is taken for one: rare enough.
fn each(schema: &mut Value, act: &mut impl FnMut(&mut Map<String, Value>)) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(|item| each(item, act)),
        Value::Object(members) => {
            for (key, inner) in members.iter_mut() {
                match (key.as_str(), inner) {
                    (
                        "enum" | "const" | "default" | "dependentRequired" | "examples"
                        | "required",
                        _,
                    ) => {}
                    // Its members are named by the schema's author.
                    (
                        "properties" | "definitions" | "$defs" | "patternProperties"
                        | "dependencies" | "dependentSchemas",
                        Value::Object(named),
                    ) => {
                        named.values_mut().for_each(|inner| each(inner, act));
                    }
                    (_, inner) => each(inner, act),
                }
            }
            act(members);
        }
        _ => {}
    }
}
