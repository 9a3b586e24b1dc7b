//! Payloads that a person has written: stricter than a reader, because what a reader ignores is a mistake here, and every
//! finding has its place in the text.

use std::ops::Range;
use std::path::Path;

use crate::check::Checked;
use crate::diagnostic::closest;
use crate::json::Json;
use crate::json::document::{Document, Value};
use crate::model::EventId;
use crate::payload::fault::{Fault, Step};
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
    let mut findings: Vec<Finding> = read::faults(contracts, event, &json)
        .into_iter()
        .map(|fault| Finding {
            place: place_in(&document, &fault.at),
            rule: fault.rule,
            message: fault.to_string(),
            help: None,
        })
        .collect();
    let (sent, strange) = write::sent(contracts, event, &json);
    let names: Vec<String> = match &sent {
        Json::Object(members) => members.iter().map(|(name, _)| name.clone()).collect(),
        _ => Vec::new(),
    };
    for at in strange.unknown {
        let name = match at.last() {
            Some(Step::Member(name)) => name.as_str(),
            _ => "",
        };
        let fields = contracts[event].body.fields().iter();
        let all: Vec<String> = match at.len() {
            1 => fields.map(crate::model::Field::wire).collect(),
            _ => names.clone(),
        };
        let near = closest(
            name,
            all.iter()
                .map(String::as_str)
                .filter(|known| *known != name),
        );
        findings.push(Finding {
            place: key(text, place_in(&document, &at)),
            rule: "unknown-field",
            message: format!("{}: the contract has no such field", shown(&at)),
            help: near.map(|near| format!("did you mean \"{near}\"?")),
        });
    }
    for (at, wire) in strange.renamed {
        findings.push(Finding {
            place: key(text, place_in(&document, &at)),
            rule: "old-name",
            message: format!("{}: the old name of a field; it is only read", shown(&at)),
            help: Some(format!("write \"{wire}\"")),
        });
    }
    if findings.is_empty() {
        return Ok(sent);
    }
    findings.sort_by_key(|finding| (finding.place.start, finding.place.end));
    Err(findings)
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
pub fn place(text: &str, at: &[Step]) -> Range<usize> {
    Document::parse(text).map_or(0..0, |document| place_in(&document, at))
}

fn shown(at: &[Step]) -> String {
    let fault = Fault {
        at: at.to_vec(),
        rule: "",
        cause: String::new(),
        reason: String::new(),
    };
    fault.path()
}

/// Returns the range of the value at the end of the steps, as far as the steps go.
fn place_in(document: &Document, at: &[Step]) -> Range<usize> {
    let mut node = document.root();
    for step in at {
        let next = match (step, document.value(node)) {
            (Step::Member(name) | Step::Entry(name), Value::Object(_)) => document.get(node, name),
            (Step::Item(n), Value::List(items)) => items.get(*n).copied(),
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
