//! What rustdoc and an editor show of a generated item: the contract's own text, and what else the contract says of it.

use std::fmt::Write as _;

use super::scope::Scope;
use super::uses::Uses;
use super::writer::Writer;
use crate::json::Json;
use crate::model::{
    Constraints, Contracts, Envelope, Event, EventId, Field, Number, ServiceId, TypeDef, ValueKind,
};
use crate::source::Spanned;

/// An event: where it travels, and between whom.
pub(super) fn event(w: &mut Writer, scope: &Scope<'_>, id: EventId) {
    let contracts = scope.contracts;
    let event = &contracts[id];
    let name = contracts.event_name(event);
    let mut text = match &event.doc {
        Some(doc) => format!("{}\n\nThe event `{name}`", doc.trim_end()),
        None => format!("The event `{name}`"),
    };
    let _ = write!(text, " on {}", code(&event.subject.text));
    match contracts.stream_of(event) {
        Some(stream) => {
            let _ = write!(text, ", stored in the stream `{}`.", stream.name.value);
        }
        None => text.push_str(", not stored: delivered at most once."),
    }
    details(&mut text, scope, event);
    let parties = scope.uses.parties(id);
    let publishers = parties.publishers.iter();
    say(
        &mut text,
        "Published by",
        publishers.map(|id| service(contracts, *id)),
    );
    let handlers = parties.handlers.iter().map(|(id, newer)| match newer {
        Some(newer) => {
            let newer = contracts.event_name(&contracts[*newer]);
            format!("{} as `{newer}`", service(contracts, *id))
        }
        None => service(contracts, *id),
    });
    say(&mut text, "Handled by", handlers);
    if let Some(note) = &event.deprecated {
        let _ = write!(text, "\n\n**Deprecated**: {}", note.value);
    }
    w.doc(&text);
}

fn details(text: &mut String, scope: &Scope<'_>, event: &Event) {
    let contracts = scope.contracts;
    let field = |at: Option<usize>| event.body.fields().get(at?);
    if let Some(field) = event.id.as_ref().and_then(|id| field(id.value)) {
        let name = &field.name.value;
        let _ = write!(
            text,
            " `{name}` is its id: publishing it again stores nothing."
        );
    }
    if let Some(field) = event.key.as_ref().and_then(|key| field(key.value)) {
        let name = &field.name.value;
        let _ = write!(text, " Events with the same `{name}` are handled in order.");
    }
    if event.envelope == Envelope::CloudEvents {
        text.push_str(" Its metadata travels as the headers of CloudEvents.");
    }
    if let Some(old) = event.supersedes.as_ref().and_then(|old| old.value) {
        let old = contracts.event_name(&contracts[old]);
        let _ = write!(text, " It replaces `{old}`.");
    }
}

/// A type: in its own words, or else `lead` and its name.
pub(super) fn ty(w: &mut Writer, scope: &Scope<'_>, ty: &TypeDef, lead: &str) {
    match &ty.doc {
        Some(doc) => w.doc(doc),
        None => w.doc(&format!("{lead} {}.", named(scope, ty))),
    }
}

/// The name of a type, with the place that it comes from.
pub(super) fn named(scope: &Scope<'_>, ty: &TypeDef) -> String {
    match &ty.body.origin {
        Some(origin) => format!("`{}` in `{}`", ty.name.value, origin.file),
        None => format!("`{}`", scope.contracts.type_name(ty)),
    }
}

/// Returns the doc of a handler.
pub(super) fn handled(contracts: &Contracts, uses: &Uses, id: EventId) -> String {
    let event = &contracts[id];
    let mut text = match &event.doc {
        Some(doc) => format!("{}\n\n", doc.trim_end()),
        None => String::new(),
    };
    let name = contracts.event_name(event);
    let _ = write!(text, "The event `{name}` on {}", code(&event.subject.text));
    let publishers = &uses.parties(id).publishers;
    if !publishers.is_empty() {
        let _ = write!(
            text,
            ", published by {}",
            list(publishers.iter().map(|id| service(contracts, *id)))
        );
    }
    text.push('.');
    text
}

/// A field: its name on the wire, and what a value must fulfil.
pub(super) fn field(w: &mut Writer, field: &Field) {
    // A schema's members are many, and most are called the same in Rust: their table stands below.
    if let (Some(doc), true) = (&field.doc, says_nothing(field)) {
        return w.doc(doc);
    }
    let mut text = match &field.doc {
        Some(doc) => format!("{}\n\n", doc.trim_end()),
        None => String::new(),
    };
    let _ = write!(text, "On the wire {}", code(&field.wire()));
    let mut says = constraints(&field.constraints);
    if field.as_text.is_some() {
        says.push("sent as text".to_owned());
    }
    if let Some(default) = field.default.as_ref().filter(|_| field.sensitive.is_none()) {
        says.push(format!(
            "{} when absent",
            code(&Json::from(default).to_compact())
        ));
    }
    if let Some(alias) = &field.alias {
        says.push(format!("also read as {}", code(alias)));
    }
    if field.sensitive.is_some() {
        says.push("never printed".to_owned());
    }
    if !says.is_empty() {
        let _ = write!(text, ": {}", says.join(", "));
    }
    text.push('.');
    if let Some(note) = &field.deprecated {
        let _ = write!(text, "\n\n**Deprecated**: {}", note.value);
    }
    w.doc(&text);
}

/// Returns `true` if a field of an imported type has its wire name, and nothing to fulfil.
fn says_nothing(field: &Field) -> bool {
    let named = field.rename.as_ref();
    named.is_some_and(|wire| wire.span == field.name.span && wire.value == field.name.value)
        && field.constraints.is_empty()
}

/// Returns the constraints of values in words.
pub(super) fn constraints(constraints: &Constraints) -> Vec<String> {
    fn range<T: ToString>(min: Option<T>, max: Option<T>, unit: &str) -> Option<String> {
        let (min, max) = (min.map(|n| n.to_string()), max.map(|n| n.to_string()));
        let count = match (&min, &max) {
            (None, None) => return None,
            (Some(min), Some(max)) if min == max => format!("exactly {min}"),
            (Some(min), Some(max)) => format!("{min} to {max}"),
            (Some(min), None) => format!("at least {min}"),
            (None, Some(max)) => format!("at most {max}"),
        };
        Some(match (max.or(min).as_deref(), unit) {
            (_, "") => count,
            (Some("1"), unit) => format!("{count} {unit}"),
            (_, unit) => format!("{count} {unit}s"),
        })
    }
    let c = constraints;
    let number = |n: &Option<Spanned<Number>>| n.as_ref().map(|n| n.value);
    let count = |n: &Option<Spanned<u64>>| n.as_ref().map(|n| n.value);
    let mut says = Vec::new();
    says.extend(range(number(&c.min), number(&c.max), ""));
    says.extend(range(
        count(&c.min_length),
        count(&c.max_length),
        "character",
    ));
    if let Some(pattern) = &c.pattern {
        says.push(format!("matches {}", code(pattern)));
    }
    let above = c.above.map(|bound| format!("above {bound}"));
    let below = c.below.map(|bound| format!("below {bound}"));
    says.extend([above, below].into_iter().flatten());
    says.extend(c.multiple_of.map(|step| format!("a multiple of {step}")));
    if let Some(only) = &c.only {
        let values: Vec<String> = only.iter().map(ValueKind::to_string).collect();
        says.push(values.join(" or "));
    }
    let patterns = c.ecma.iter();
    says.extend(patterns.map(|pattern| format!("matches {}", code(pattern))));
    says.extend(range(count(&c.min_items), count(&c.max_items), "item"));
    says
}

/// A text as code in Markdown, whatever it holds.
fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 || text.starts_with(' ') || text.is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

/// A paragraph with a list, when there is something in it.
fn say(text: &mut String, what: &str, names: impl Iterator<Item = String>) {
    let names = list(names);
    if !names.is_empty() {
        let _ = write!(text, "\n\n{what} {names}.");
    }
}

fn list(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn service(contracts: &Contracts, id: ServiceId) -> String {
    format!("`{}`", contracts[id].name.value)
}
