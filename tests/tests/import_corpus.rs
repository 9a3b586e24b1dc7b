//! Real payloads through types of real schemas, when `EVENT_SCHEMA_CORPUS` names a corpus: see `corpus` in `build.rs`.
//!
//! Without the variable there is nothing to do, and nothing is generated.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use event_runtime::Event;
use event_runtime::serde_json::{self, Value};

#[allow(deprecated, dead_code, unused_imports, clippy::all, clippy::pedantic)]
mod generated {
    pub mod contracts {
        pub use event_runtime;
        include!(concat!(env!("OUT_DIR"), "/corpus.rs"));
    }
    pub const PAYLOADS: &[(&str, fn(&str) -> Result<String, String>)] =
        include!(concat!(env!("OUT_DIR"), "/corpus_table.rs"));
}

/// Reads a payload, checks it, and writes it again.
#[allow(dead_code, reason = "without a corpus")]
fn round<E: Event>(text: &str) -> Result<String, String> {
    let event: E = serde_json::from_str(text).map_err(|error| error.to_string())?;
    event.validate().map_err(|error| error.to_string())?;
    serde_json::to_string(&event).map_err(|error| error.to_string())
}

/// Where two values differ; numbers and moments are equal when they mean the same.
fn differences(at: &str, a: &Value, b: &Value, out: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in a {
                match b.get(key) {
                    Some(other) => differences(&format!("{at}/{key}"), value, other, out),
                    None => out.push(format!("{at}/{key} is lost")),
                }
            }
            let new = b.keys().filter(|key| !a.contains_key(*key));
            out.extend(new.map(|key| format!("{at}/{key} is new")));
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                differences(&format!("{at}/{index}"), a, b, out);
            }
        }
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => {}
        (Value::String(_), Value::String(_)) if a != b => {
            let moment = |value: &Value| {
                serde_json::from_value::<event_runtime::Timestamp>(value.clone()).ok()
            };
            if moment(a).is_none() || moment(a) != moment(b) {
                out.push(format!("{at}: {a} became {b}"));
            }
        }
        (a, b) if a == b => {}
        (a, b) => out.push(format!("{at}: {a} became {b}")),
    }
}

#[test]
fn every_payload_of_the_corpus_comes_back_equal() {
    let mut wrong = Vec::new();
    for (path, round) in generated::PAYLOADS {
        let text = std::fs::read_to_string(path).unwrap();
        match round(&text) {
            Ok(written) => {
                let (read, written) = (
                    serde_json::from_str(&text).unwrap(),
                    serde_json::from_str(&written).unwrap(),
                );
                let mut found = Vec::new();
                differences("", &read, &written, &mut found);
                wrong.extend(found.into_iter().map(|what| format!("{path}: {what}")));
            }
            Err(error) => wrong.push(format!("{path}: {error}")),
        }
    }
    println!("{} payloads", generated::PAYLOADS.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}
