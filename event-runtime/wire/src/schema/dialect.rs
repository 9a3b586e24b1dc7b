//! The steps from the output of schemars to the dialect, each on one schema object.

use heck::ToUpperCamelCase;
use serde_json::{Map, Value, json};

use super::{Draft, types, unions};

/// Keyword under which schemars has definitions; renamed at the end.
pub(super) const DEFS: &str = "$defs";

/// Applies all steps. `name` is the event's full name.
pub(super) fn apply(mut root: Value, name: &str, draft: Draft) -> Value {
    every_object(&mut root, &mut |schema| {
        flatten_all_of(schema);
        decimal(schema);
        properties(schema);
    });
    // Once more from the inside: what is said of a plain type must find it without its null.
    every_object(&mut root, &mut |schema| {
        enum_of_constants(schema);
        integer(schema);
        leave_out(schema);
        describe(schema);
    });
    let Value::Object(mut root) = root else {
        return root;
    };
    unions::hoist(&mut root);
    pascal_case(&mut root);
    titles(&mut root);
    let mut root = Value::Object(root);
    if draft == Draft::Draft07 {
        every_object(&mut root, &mut as_draft07);
    }
    if let Value::Object(root) = &mut root {
        root.remove("$id");
        root.insert("$schema".to_owned(), draft.uri().into());
        let comment = format!("derived from the Rust type of {name}; do not edit");
        root.insert("$comment".to_owned(), comment.into());
    }
    root
}

/// Calls `step` for a schema and every schema inside it, the inner ones first. A schema that is `true` becomes `{}`.
fn every_object(schema: &mut Value, step: &mut dyn FnMut(&mut Map<String, Value>)) {
    if *schema == Value::Bool(true) {
        *schema = json!({});
    }
    let Value::Object(members) = schema else {
        return;
    };
    // Says that other members are allowed, or that they are not: the dialect leaves both open, as readers do.
    if members.contains_key("properties")
        && members
            .get("additionalProperties")
            .is_some_and(Value::is_boolean)
    {
        members.remove("additionalProperties");
    }
    for (key, value) in members.iter_mut() {
        match key.as_str() {
            "properties" | "patternProperties" | DEFS | "definitions" => {
                let inner = value.as_object_mut().into_iter().flat_map(Map::values_mut);
                inner.for_each(|schema| every_object(schema, step));
            }
            "oneOf" | "anyOf" | "allOf" | "prefixItems" => {
                let inner = value.as_array_mut().into_iter().flatten();
                inner.for_each(|schema| every_object(schema, step));
            }
            "items" | "additionalProperties" | "propertyNames" | "contains" | "not" => {
                every_object(value, step);
            }
            _ => {}
        }
    }
    step(members);
}

/// An `allOf` of one schema is that schema; what stands beside it wins.
fn flatten_all_of(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(all)) = schema.get("allOf")
        && let [Value::Object(only)] = all.as_slice()
    {
        let only = only.clone();
        schema.remove("allOf");
        for (key, value) in only {
            schema.entry(key).or_insert(value);
        }
    }
}

/// A `oneOf` of texts (how schemars documents each value) is an `enum`; the values' docs go to the description.
fn enum_of_constants(schema: &mut Map<String, Value>) {
    let Some(Value::Array(branches)) = schema.get("oneOf") else {
        return;
    };
    let Some(values) = branches.iter().map(constants).collect::<Option<Vec<_>>>() else {
        return;
    };
    let docs: Vec<String> = branches
        .iter()
        .zip(&values)
        .filter_map(documented)
        .collect();
    let values: Vec<Value> = values.into_iter().flatten().collect();
    schema.remove("oneOf");
    schema.insert("type".to_owned(), "string".into());
    schema.insert("enum".to_owned(), values.into());
    if !docs.is_empty() {
        let own = schema.get("description").and_then(Value::as_str);
        let text = own.into_iter().map(str::to_owned).chain([docs.join("\n")]);
        let text = text.collect::<Vec<_>>().join("\n\n");
        schema.insert("description".to_owned(), text.into());
    }
}

/// The texts that a branch allows, if it is about texts.
fn constants(branch: &Value) -> Option<Vec<Value>> {
    if let Some(constant @ Value::String(_)) = branch.get("const") {
        return Some(vec![constant.clone()]);
    }
    let all = branch.get("enum")?.as_array()?;
    all.iter().all(Value::is_string).then(|| all.clone())
}

fn documented((branch, values): (&Value, &Vec<Value>)) -> Option<String> {
    let text = branch.get("description")?.as_str()?;
    let value = values.first()?.as_str()?;
    Some(format!("- `{value}`: {text}"))
}

/// Optional is absent, never null: a property that may be null is the plain type and not required.
fn properties(schema: &mut Map<String, Value>) {
    let mut optional = Vec::new();
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for (name, property) in properties {
            if let Value::Object(property) = property
                && without_null(property)
            {
                optional.push(name.clone());
            }
        }
    }
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|name| !optional.iter().any(|optional| name == optional.as_str()));
        if required.is_empty() {
            schema.remove("required");
        }
    }
}

/// Takes null out of a schema, and returns whether there was one.
fn without_null(schema: &mut Map<String, Value>) -> bool {
    let before = schema.len();
    schema.retain(|key, value| key != "default" || !value.is_null());
    let mut found = schema.len() != before;
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        found = true;
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(any)) = schema.get_mut("anyOf")
        && any.iter().any(is_null)
    {
        any.retain(|schema| !is_null(schema));
        found = true;
        if let [Value::Object(only)] = any.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            for (key, value) in only {
                schema.entry(key).or_insert(value);
            }
        }
    }
    found
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|name| name == "null")
}

/// `int32` or `int64` on every integer, the smallest that holds it, and the bounds that the format no longer says.
fn integer(schema: &mut Map<String, Value>) {
    let is = |name: &str| match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(|ty| ty == name),
        ty => ty.is_some_and(|ty| ty == name),
    };
    if is("number") {
        schema.remove("format");
    } else if is("integer") {
        let format = schema.get("format").and_then(Value::as_str);
        let (format, maximum) = match format {
            Some("int8" | "int16" | "int32" | "uint8" | "uint16") => ("int32", None),
            Some("uint32") => ("int64", Some(u32::MAX)),
            _ => ("int64", None),
        };
        schema.insert("format".to_owned(), format.into());
        if let Some(maximum) = maximum {
            schema.entry("maximum").or_insert(maximum.into());
        }
    }
}

/// A decimal travels as text only: schemars, which cannot know that, allows a number and an exponent too.
fn decimal(schema: &mut Map<String, Value>) {
    let pattern = schema.get("pattern").and_then(Value::as_str);
    if pattern == Some(r"^-?\d+(\.\d+)?([eE]\d+)?$") {
        schema.insert("pattern".to_owned(), types::DECIMAL.into());
        if let Some(Value::Array(names)) = schema.get_mut("type") {
            names.retain(|name| name != "number");
            if let [only] = names.as_slice() {
                let only = only.clone();
                schema.insert("type".to_owned(), only);
            }
        }
    }
}

/// Removes what not every tool accepts: defaults that are no scalars, and keywords that are in no draft.
fn leave_out(schema: &mut Map<String, Value>) {
    schema.retain(|key, value| match key.as_str() {
        "default" => !(value.is_array() || value.is_object() || value.is_null()),
        "unevaluatedProperties" | "discriminator" | "$id" => false,
        _ => !key.starts_with("x-"),
    });
}

/// Breaks up what ends or spoils the comments that class generators put descriptions into: `*/`, and `\u`, which Java
/// reads as an escape even in a comment.
fn describe(schema: &mut Map<String, Value>) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.trim().replace("*/", "* /").replace("\\u", "\\ u");
    }
}

/// Definitions under PascalCase names, which become the names of classes.
fn pascal_case(root: &mut Map<String, Value>) {
    let Some(Value::Object(definitions)) = root.remove(DEFS) else {
        return;
    };
    let mut names = Map::new();
    let mut renamed = Map::new();
    for (name, schema) in definitions {
        let title = free(&renamed, &pascal(&name));
        names.insert(reference(&name), reference(&title).into());
        renamed.insert(title, schema);
    }
    root.insert(DEFS.to_owned(), renamed.into());
    every_reference(root, &mut |target| {
        if let Some(Value::String(new)) = names.get(target.as_str()) {
            *target = new.clone();
        }
    });
}

/// PascalCase; a name that is it already keeps its own letter case.
pub(super) fn pascal(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric());
    if plain && name.starts_with(|c: char| c.is_ascii_uppercase()) {
        name.to_owned()
    } else {
        name.to_upper_camel_case()
    }
}

/// The wanted name, or the first of `Name2`, `Name3`, … that no definition has.
pub(super) fn free(definitions: &Map<String, Value>, wanted: &str) -> String {
    let mut name = wanted.to_owned();
    let mut n = 1;
    while definitions.contains_key(&name) {
        n += 1;
        name = format!("{wanted}{n}");
    }
    name
}

/// A `title` on every definition.
fn titles(root: &mut Map<String, Value>) {
    if let Some(Value::Object(definitions)) = root.get_mut(DEFS) {
        for (name, schema) in definitions {
            if let Value::Object(schema) = schema {
                schema.insert("title".to_owned(), name.as_str().into());
            }
        }
    }
}

/// The reference to a definition, escaped as a JSON pointer in a URI fragment must be.
pub(super) fn reference(name: &str) -> String {
    let mut out = format!("#/{DEFS}/");
    for byte in name.bytes() {
        match byte {
            b'~' => out.push_str("~0"),
            b'/' => out.push_str("~1"),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                out.push(char::from(byte))
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Calls `step` for the target of each `$ref` below a schema.
pub(super) fn every_reference(root: &mut Map<String, Value>, step: &mut dyn FnMut(&mut String)) {
    let mut visit = |schema: &mut Map<String, Value>| {
        if let Some(Value::String(target)) = schema.get_mut("$ref") {
            step(target);
        }
    };
    let mut value = Value::Object(std::mem::take(root));
    every_object(&mut value, &mut visit);
    if let Value::Object(members) = value {
        *root = members;
    }
}

/// Draft-07's names for the same things.
fn as_draft07(schema: &mut Map<String, Value>) {
    if let Some(definitions) = schema.remove(DEFS) {
        schema.insert("definitions".to_owned(), definitions);
    }
    if let Some(items) = schema.remove("prefixItems")
        && let Some(rest) = schema.insert("items".to_owned(), items)
    {
        schema.insert("additionalItems".to_owned(), rest);
    }
    if let Some(Value::String(target)) = schema.get_mut("$ref")
        && let Some(name) = target.strip_prefix("#/$defs/")
    {
        *target = format!("#/definitions/{name}");
    }
}
