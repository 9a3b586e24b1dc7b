//! Rules about values that a contract writes down: defaults and examples must be what their fields accept. The reader of
//! payloads judges them; what is said here is where in the contract that is.

use super::gaps::Gaps;
use super::shape;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::json::Json;
use crate::model::{Contracts, Value, ValueKind};
use crate::payload::demands::TypeAt;
use crate::payload::fault::{Fault, PathStep};
use crate::payload::read;
use crate::payload::shape::Slot;
use crate::source::Span;

mod place;

use place::Found;

/// `bad-default`: a default that its own field refuses, or on an optional field.
pub(super) fn defaults(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let gaps = Gaps::new(contracts, diagnostics);
    for field in shape::field_lists(contracts).flatten() {
        let Some(default) = &field.default else {
            continue;
        };
        if field.optional {
            diagnostics.push(
                Diagnostic::new(
                    Code::BadDefault,
                    default.span,
                    format!("the optional field \"{}\" has a default", field.name.value),
                )
                .label("it would never be absent")
                .related(field.ty.span, "optional")
                .help("remove the `?`, or remove the default"),
            );
        }
        let place = TypeAt::slot(contracts, Slot::field(field));
        let root = Found {
            field: Some(field),
            ..Found::new(contracts, place, default)
        };
        judge(&root, Code::BadDefault, &gaps, diagnostics);
    }
}

/// `bad-example`: an example payload that its own event refuses.
pub(super) fn examples(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let gaps = Gaps::new(contracts, diagnostics);
    for event in &contracts.events {
        for example in &event.examples {
            let root = Found {
                owner: Some(event.name.span),
                ..Found::new(contracts, TypeAt::event(contracts, event), example)
            };
            judge(&root, Code::BadExample, &gaps, diagnostics);
        }
    }
}

/// Says what the reader refuses.
fn judge(root: &Found<'_>, code: Code, gaps: &Gaps<'_>, diagnostics: &mut Diagnostics) {
    let faults = read::declared(&root.place, &Json::from(root.value));
    for fault in &faults {
        let found = root.at(&fault.at);
        let known = found.rule(fault, |span| gaps.in_table(span)) && !is_meant(&faults, fault);
        if !known {
            continue;
        }
        let start = match code {
            Code::BadDefault => "the default",
            _ => "the example",
        };
        let at = match fault.path() {
            path if path.is_empty() => path,
            path => format!(" at `{path}`"),
        };
        let message = format!("{start} is refused{at}: {}", fault.reason);
        let place = match fault.rule {
            "oneOf" => found.tag_span(),
            _ => None,
        };
        let place = place.unwrap_or_else(|| span(root.value, fault));
        let diagnostic = Diagnostic::new(code, place, message);
        diagnostics.push(found.explain(diagnostic, fault));
    }
}

/// Returns whether a member is missing that stands there under a wrong name.
fn is_meant(faults: &[Fault], missing: &Fault) -> bool {
    let is = |other: &Fault| {
        other.rule == "unknown-field"
            && other.cause == missing.cause
            && other
                .at
                .split_last()
                .is_some_and(|(_, at)| at == missing.at)
    };
    missing.rule == "required" && faults.iter().any(is)
}

/// The place of a fault: the key of an unknown member, or else the value.
fn span(root: &Value, fault: &Fault) -> Span {
    let (mut value, mut key) = (root, root.span);
    for step in &fault.at {
        let Some((at, next)) = below(value, step) else {
            break;
        };
        (key, value) = (at, next);
    }
    match fault.rule {
        "unknown-field" => key,
        _ => value.span,
    }
}

/// The part of a value one step below, with its key.
fn below<'v>(value: &'v Value, step: &PathStep) -> Option<(Span, &'v Value)> {
    match (&value.kind, step) {
        (ValueKind::Object(members), PathStep::Member(name) | PathStep::Entry(name)) => {
            let (key, value) = members.iter().find(|(key, _)| key.value == *name)?;
            Some((key.span, value))
        }
        (ValueKind::List(items), PathStep::Item(at)) => {
            let item = items.get(*at)?;
            Some((item.span, item))
        }
        _ => None,
    }
}
