//! Makes a schema and a payload small while something about them stays as it is. Works on the JSON alone, so that a schema
//! out of a file shrinks as well as one that was made up.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::payload::pointers;

/// The smallest pair found by taking away and simplifying, one step at a time, while `still` holds, and for as long as this.
/// The draft stays.
pub fn pair(
    mut schema: Value,
    mut payload: Value,
    patience: Duration,
    mut still: impl FnMut(&Value, &Value) -> bool,
) -> (Value, Value) {
    let (until, draft) = (Instant::now() + patience, schema.get("$schema").cloned());
    let mut still = |schema: &Value, payload: &Value| {
        Instant::now() < until && schema.get("$schema") == draft.as_ref() && still(schema, payload)
    };
    loop {
        let before = (schema.clone(), payload.clone());
        payload = smaller(payload, |less| still(&schema, less));
        schema = smaller(schema, |less| still(less, &payload));
        if before == (schema.clone(), payload.clone()) {
            return (schema, payload);
        }
    }
}

/// One way through all simplifications: what holds is kept, and the way goes on from there.
fn smaller(mut value: Value, mut still: impl FnMut(&Value) -> bool) -> Value {
    let (mut all, mut at) = (simpler(&value), 0);
    while at < all.len() {
        if all[at].is_object() && still(&all[at]) {
            value = all.swap_remove(at);
            all = simpler(&value);
        } else {
            at += 1;
        }
    }
    value
}

/// Every value that is one step simpler: largest steps first.
fn simpler(value: &Value) -> Vec<Value> {
    let mut places = Vec::new();
    pointers(value, String::new(), &mut places);
    // Outer values first.
    places.sort_by_key(|place| place.matches('/').count());
    let mut out = Vec::new();
    for place in &places {
        let Some(at) = value.pointer(place) else {
            continue;
        };
        for instead in instead(at) {
            let mut copy = value.clone();
            if let Some(at) = copy.pointer_mut(place) {
                *at = instead;
            }
            out.push(copy);
        }
    }
    out
}

/// What may stand in the place of a value.
fn instead(value: &Value) -> Vec<Value> {
    let mut out = Vec::new();
    match value {
        Value::Object(members) => {
            if !members.is_empty() {
                out.push(json!({}));
            }
            for key in members.keys() {
                let mut less = members.clone();
                less.remove(key);
                out.push(Value::Object(less));
            }
            // A value in the place of what holds it: a branch instead of the choice, a property instead of the object.
            for inner in members.values() {
                match inner {
                    Value::Object(_) => out.push(inner.clone()),
                    Value::Array(items) => {
                        out.extend(items.iter().filter(|item| item.is_object()).cloned())
                    }
                    _ => {}
                }
            }
            for (at, key) in members.keys().enumerate() {
                let short = ["a", "b", "c", "d", "e"].get(at).copied().unwrap_or("f");
                if key.len() > 1 && !members.contains_key(short) {
                    let renamed = members.iter().map(|(k, v)| {
                        (
                            if k == key {
                                short.to_owned()
                            } else {
                                k.clone()
                            },
                            v.clone(),
                        )
                    });
                    out.push(Value::Object(renamed.collect::<Map<_, _>>()));
                }
            }
        }
        Value::Array(items) => {
            if items.len() > 1 {
                out.push(json!([]));
            }
            for at in 0..items.len() {
                let mut less = items.clone();
                less.remove(at);
                out.push(Value::Array(less));
            }
            out.extend(items.iter().cloned());
        }
        Value::String(text) => {
            for less in ["", "a", "string"] {
                if text.len() > less.len() {
                    out.push(json!(less));
                }
            }
        }
        Value::Number(n) => {
            for less in [0_i64, 1, 2] {
                if n.as_f64().is_some_and(|n| n.abs() > less as f64) {
                    out.push(json!(less));
                }
            }
        }
        Value::Bool(true) | Value::Null | Value::Bool(false) => {}
    }
    out
}
