//! `diff` says what a payload does to a reader by its own model of a reader. Here the decoders that codegen writes say it: for
//! every change that has a payload, both sides are compiled (see `build/compat.rs`).

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use event_runtime::Event;
use event_runtime::serde_json::{self, Value};

#[allow(deprecated, dead_code, missing_docs, unused_imports, clippy::all)] // as `include_contracts!` has it
mod generated {
    use super::{Case, decode};
    include!(concat!(env!("OUT_DIR"), "/compat.rs"));
}

/// Rules whose payload the writing side only reads by now: it has a name that was current before the alias.
const WRITTEN_BEFORE: &[&str] = &["alias-removed"];

/// One counterexample with both decoders.
struct Case {
    folder: &'static str,
    rule: &'static str,
    direction: &'static str,
    event: &'static str,
    payload: &'static str,
    /// Otherwise it is misread.
    refused: bool,
    writer: fn(&str) -> Result<Value, String>,
    reader: fn(&str) -> Result<Value, String>,
}

/// What a service is given, as JSON again, or why it is not.
fn decode<E: Event>(body: &str) -> Result<Value, String> {
    let event: E = serde_json::from_str(body).map_err(|error| error.to_string())?;
    event
        .validate()
        .map_err(|violations| violations.to_string())?;
    serde_json::to_value(&event).map_err(|error| error.to_string())
}

/// Whether everything in `a` is in `b`; a number is the same whatever type holds it.
fn within(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => a
            .iter()
            .all(|(key, a)| b.get(key).is_some_and(|b| within(a, b))),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| within(a, b))
        }
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}

fn same(a: &Value, b: &Value) -> bool {
    within(a, b) && within(b, a)
}

#[test]
fn the_decoders_do_what_diff_says() {
    let mut wrong = Vec::new();
    for case in generated::CASES {
        let payload: Value = serde_json::from_str(case.payload).unwrap();
        let written = (case.writer)(case.payload);
        let read = (case.reader)(case.payload);
        let meant = match &written {
            Ok(meant) if within(&payload, meant) != WRITTEN_BEFORE.contains(&case.rule) => meant,
            _ => &Value::Null,
        };
        let as_said = match &read {
            Err(_) => case.refused,
            Ok(read) => !(case.refused || same(meant, read)),
        };
        if meant.is_null() || !as_said {
            wrong.push(format!(
                "{}, {} {} of {}: {}\n  refused: {}\n  written: {written:?}\n  read: {read:?}",
                case.folder, case.direction, case.rule, case.event, case.payload, case.refused
            ));
        }
    }
    let folders: BTreeSet<&str> = generated::CASES.iter().map(|case| case.folder).collect();
    println!(
        "{} counterexamples of {} folders, {} of them misread",
        generated::CASES.len(),
        folders.len(),
        generated::CASES.iter().filter(|case| !case.refused).count()
    );
    assert!(!folders.is_empty());
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        generated::CASES.len(),
        wrong.join("\n")
    );
}
