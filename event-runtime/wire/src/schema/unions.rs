//! Internally tagged enums: each variant becomes a definition of its own, and the enum a `oneOf` of references.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::dialect::{DEFS, every_reference, free, pascal, reference};

/// Rewrites every definition that is an internally tagged enum.
pub(super) fn hoist(root: &mut Map<String, Value>) {
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    every_reference(root, &mut |target| {
        *uses.entry(target.clone()).or_default() += 1
    });
    let Some(Value::Object(definitions)) = root.get_mut(DEFS) else {
        return;
    };
    let unions: Vec<(String, String)> = definitions
        .iter()
        .filter_map(|(name, schema)| Some((name.clone(), tag(schema)?)))
        .collect();
    for (name, tag) in unions {
        let Some(branches) = definitions
            .get_mut(&name)
            .and_then(|union| union.get_mut("oneOf"))
            .map(Value::take)
        else {
            continue;
        };
        let Value::Array(branches) = branches else {
            continue;
        };
        let references: Vec<Value> = branches
            .into_iter()
            .filter_map(|branch| variant(definitions, &uses, &name, &tag, branch))
            .map(|variant| json!({ "$ref": reference(&variant) }))
            .collect();
        if let Some(Value::Object(union)) = definitions.get_mut(&name) {
            union.insert("oneOf".to_owned(), references.into());
        }
    }
}

/// The tag of a union: a required property that is a constant text in every branch.
fn tag(schema: &Value) -> Option<String> {
    let branches = schema.get("oneOf")?.as_array()?;
    let (first, others) = branches.split_first()?;
    let candidates = first.get("properties")?.as_object()?.keys();
    candidates
        .filter(|name| constant(first, name).is_some())
        .find(|name| others.iter().all(|branch| constant(branch, name).is_some()))
        .cloned()
}

fn constant<'a>(branch: &'a Value, tag: &str) -> Option<&'a str> {
    let required = branch.get("required")?.as_array()?;
    let constant = branch.get("properties")?.get(tag)?.get("const")?.as_str()?;
    required.iter().any(|name| name == tag).then_some(constant)
}

/// Makes a definition of a branch and says its name.
fn variant(
    definitions: &mut Map<String, Value>,
    uses: &BTreeMap<String, usize>,
    union: &str,
    tag: &str,
    branch: Value,
) -> Option<String> {
    let value = constant(&branch, tag)?.to_owned();
    let Value::Object(mut branch) = branch else {
        return None;
    };
    // A variant around a struct: the struct's own fields, and its own name when nothing else refers to it.
    let mut name = format!("{union}{}", pascal(&value));
    if let Some(Value::String(target)) = branch.remove("$ref") {
        let inner = definitions
            .keys()
            .find(|name| reference(name) == target)
            .cloned()?;
        let body = definitions.get(&inner)?.as_object()?.clone();
        if uses.get(&target) == Some(&1) {
            definitions.remove(&inner);
            name = inner;
        }
        merge(&mut branch, body);
    }
    let name = free(definitions, &name);
    definitions.insert(name.clone(), Value::Object(branch));
    Some(name)
}

/// Puts a struct's members into a branch, its properties after the tag.
fn merge(branch: &mut Map<String, Value>, body: Map<String, Value>) {
    for (key, value) in body {
        match (branch.get_mut(&key), value) {
            (Some(Value::Object(there)), Value::Object(more)) => {
                for (key, value) in more {
                    there.entry(key).or_insert(value);
                }
            }
            (Some(Value::Array(there)), Value::Array(more)) => there.extend(more),
            (Some(_), _) => {}
            (None, value) => {
                branch.insert(key, value);
            }
        }
    }
}
