//! Rules about values that a contract writes down: defaults and examples must be what their fields accept.

use std::collections::HashMap;

use super::gaps::Gaps;
use super::shape;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Contracts, Event, Value};

mod checker;
mod limits;
mod scalars;

use checker::Checker;

/// `bad-default`: a default that its own field refuses, or on an optional field.
pub(super) fn defaults(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let gaps = Gaps::new(contracts, diagnostics);
    let mut patterns = HashMap::new();
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
        Checker::new(contracts, &gaps, Code::BadDefault, &mut patterns).field(
            field,
            default,
            diagnostics,
        );
    }
}

/// `bad-example`: an example payload that its own event refuses.
pub(super) fn examples(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let gaps = Gaps::new(contracts, diagnostics);
    let mut patterns = HashMap::new();
    let declared = |event: &&Event| event.body.origin.is_none();
    for event in contracts.events.iter().filter(declared) {
        for example in &event.examples {
            Checker::new(contracts, &gaps, Code::BadExample, &mut patterns).payload(
                &event.name,
                event.body.declared(),
                example,
                diagnostics,
            );
        }
    }
}

/// Describes a value, with its article.
fn kind(value: &Value) -> String {
    use crate::model::{Number, ValueKind};
    match &value.kind {
        ValueKind::Bool(b) => format!("{b}"),
        ValueKind::Number(Number::Integer(n)) => format!("{n}"),
        ValueKind::Number(Number::Float(n)) => format!("{n:?}"),
        ValueKind::Text(text) if text.chars().count() <= 40 => format!("{text:?}"),
        ValueKind::Text(_) => "this text".to_owned(),
        ValueKind::List(_) => "a list".to_owned(),
        ValueKind::Object(_) => "an object".to_owned(),
    }
}
