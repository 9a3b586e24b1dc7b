//! Payloads that a person has written: stricter than a reader, because what a reader ignores is a mistake here, and every
//! finding has its place in the text.

use std::ops::Range;
use std::path::Path;

use crate::check::Checked;
use crate::json::Json;
use crate::json::document::{Document, Value};
use crate::model::EventId;
use crate::payload::fault::{Fault, PathStep};
use crate::payload::{read, write};
use crate::report::{self, Marked};

/// Something that is wrong with a written payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Bytes of the text.
    pub place: Range<usize>,
    /// The rule, as in [`Fault::rule`](super::Fault::rule), and `unknown-field` and `old-name`.
    pub rule: &'static str,
    /// Message, with the path in the payload.
    pub message: String,
    /// Advice.
    pub help: Option<String>,
}

/// Reads a payload that is to be sent: in its normal form (the contract's order, defaults filled in, absent fields left
/// out), as a generated type would write it.
///
/// # Errors
/// Everything that is wrong with it: what a reader refuses, members that the contract does not know, and old names.
pub fn written(contracts: &Checked, event: EventId, text: &str) -> Result<Json, Vec<Finding>> {
    let document = Document::parse(text).map_err(|malformed| {
        vec![Finding {
            place: malformed.span,
            rule: "json",
            message: format!("no JSON: {}", malformed.reason),
            help: None,
        }]
    })?;
    let json = Json::parse(text.as_bytes()).map_err(|reason| {
        vec![Finding {
            place: 0..text.len().min(1),
            rule: "json",
            message: format!("no JSON: {reason}"),
            help: None,
        }]
    })?;
    let faults = read::strictly(contracts, event, &json).into_iter();
    let mut findings: Vec<Finding> = faults
        .map(|fault| finding(&document, text, &fault))
        .collect();
    if findings.is_empty() {
        return Ok(write::sent(contracts, event, &json));
    }
    findings.sort_by_key(|finding| (finding.place.start, finding.place.end));
    Err(findings)
}

/// A fault at its place in the text: what is not read is wrong at its key.
fn finding(document: &Document, text: &str, fault: &Fault) -> Finding {
    let value = place_in(document, &fault.at);
    let (place, help) = match fault.rule {
        "unknown-field" => {
            let meant = Some(&fault.cause).filter(|meant| !meant.is_empty());
            let help = meant.map(|meant| format!("did you mean \"{meant}\"?"));
            (key(text, value), help)
        }
        "old-name" => (key(text, value), Some(format!("write \"{}\"", fault.cause))),
        _ => (value, None),
    };
    Finding {
        place,
        rule: fault.rule,
        message: fault.to_string(),
        help,
    }
}

/// The findings for people: each with its line of the text, like the reports of `check`.
#[must_use]
pub fn report(path: &Path, text: &str, findings: &[Finding], colour: bool) -> String {
    let marked: Vec<Marked<'_>> = findings
        .iter()
        .map(|finding| Marked {
            place: finding.place.clone(),
            id: finding.rule,
            message: &finding.message,
            help: finding.help.as_deref(),
        })
        .collect();
    report::marked(path, text, &marked, colour)
}

/// Returns the range of the value at the end of the steps in a JSON text.
#[must_use]
pub fn place(text: &str, at: &[PathStep]) -> Range<usize> {
    Document::parse(text).map_or(0..0, |document| place_in(&document, at))
}

/// Returns the range of the value at the end of the steps, as far as the steps go.
fn place_in(document: &Document, at: &[PathStep]) -> Range<usize> {
    let mut node = document.root();
    for step in at {
        let next = match (step, document.value(node)) {
            (PathStep::Member(name) | PathStep::Entry(name), Value::Object(_)) => {
                document.get(node, name)
            }
            (PathStep::Item(n), Value::List(items)) => items.get(*n).copied(),
            _ => None,
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    let span = document.node(node).map_or(0..0, |node| node.span.clone());
    match document.value(node) {
        // The bracket that opens it: a report that underlines a whole object shows nothing.
        Value::Object(_) | Value::List(_) => span.start..(span.start + 1).min(span.end),
        _ => span,
    }
}

/// The key of the member whose value stands there.
fn key(text: &str, value: Range<usize>) -> Range<usize> {
    let before = text.get(..value.start).unwrap_or_default().trim_end();
    let Some(quoted) = before.strip_suffix(':').map(str::trim_end) else {
        return value;
    };
    let Some(inner) = quoted.strip_suffix('"') else {
        return value;
    };
    let is_open = |(at, _): &(usize, &str)| {
        let escapes = inner[..*at].bytes().rev().take_while(|byte| *byte == b'\\');
        escapes.count() % 2 == 0
    };
    match inner.rmatch_indices('"').find(is_open) {
        Some((open, _)) => open..quoted.len(),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_value() {
        let text = r#"{ "a\"b" : 12, "c":[] }"#;
        let of = |value: &str| {
            let at = text.find(value).unwrap();
            &text[key(text, at..at + 1)]
        };
        assert_eq!(of("12"), r#""a\"b""#);
        assert_eq!(of("[]"), r#""c""#);
        assert_eq!(key("[1]", 1..2), 1..2);
    }
}
