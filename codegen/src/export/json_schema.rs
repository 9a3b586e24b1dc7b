//! JSON Schema of every event, in the one dialect that validators and class generators of other languages all take.
//!
//! The dialect: an inline object at the root, a `title` on everything that becomes a class, plain `$ref`s, no `oneOf`
//! but for unions, no nullable, no keyword that is not in the drafts, no `$id`. Both drafts have the same text but for
//! `$schema` and the name of the definitions. Written from the contract, never from Rust types.

mod imported;
mod layout;
mod names;
mod pattern;
mod scalar;
mod shape;

use crate::check::Checked;
use crate::json::Json;
use crate::model::{EventId, TypeId};

/// The draft that a schema declares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Draft {
    /// Draft-07: what every tool reads.
    #[default]
    Draft07,
    /// 2020-12.
    Draft202012,
}

impl Draft {
    /// The URI for `$schema`.
    #[must_use]
    pub fn uri(self) -> &'static str {
        match self {
            Draft::Draft07 => "http://json-schema.org/draft-07/schema#",
            Draft::Draft202012 => "https://json-schema.org/draft/2020-12/schema",
        }
    }

    /// The keyword that holds definitions.
    #[must_use]
    pub fn definitions(self) -> &'static str {
        match self {
            Draft::Draft07 => "definitions",
            Draft::Draft202012 => "$defs",
        }
    }
}

/// Distribution of schemas over files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// `<domain>.<Event>.json` for each event, with all that it needs.
    #[default]
    Bundled,
    /// `<domain>.<Name>.json` for each event and each type, with relative references.
    Refs,
    /// One `catalog.json` with everything: its root has one property per event, by the event's full name.
    Catalog,
}

/// The schema files of all events: names without folder, and their texts. Sorted as in the contracts; the same bytes on
/// every run.
#[must_use]
pub fn json_schema(contracts: &Checked, draft: Draft, layout: Layout) -> Vec<(String, String)> {
    layout::Export::new(contracts, draft, layout).files()
}

/// The schemas of events and of all types that they reach, for a document that keeps its schemas below `home`
/// (`#/components/schemas/`): each by its title, in the order of the contracts.
pub(super) fn hoisted(
    contracts: &Checked,
    home: &str,
    events: &[EventId],
) -> Vec<(String, Vec<(String, Json)>)> {
    layout::Export::within(contracts, home).hoisted(events)
}

/// The titles of all events in their schemas, and those of all types.
pub(super) fn titles(contracts: &Checked) -> (Vec<String>, Vec<String>) {
    let names = names::Names::new(contracts);
    let events = (0..contracts.events.len()).map(|at| names.event(EventId(at)).to_owned());
    let types = (0..contracts.types.len()).map(|at| names.ty(TypeId(at)).to_owned());
    (events.collect(), types.collect())
}

const GENERATED_FROM: &str = "generated from ";
const DO_NOT_EDIT: &str = "; do not edit";

/// The `$comment` of a generated schema.
fn provenance(from: &str) -> String {
    format!("{GENERATED_FROM}{from}{DO_NOT_EDIT}")
}

/// Returns `true` if the text of a file says that [`json_schema`] wrote it. Only such files may be removed when they are stale.
///
/// Looks at the second member only, where the `$comment` stands: a description elsewhere that quotes one means nothing.
#[must_use]
pub fn is_generated(text: &str) -> bool {
    let mut lines = text.lines();
    lines.next() == Some("{")
        && lines
            .next()
            .is_some_and(|line| line.starts_with("  \"$schema\": "))
        && lines
            .next()
            .and_then(|line| line.strip_prefix("  \"$comment\": \""))
            .and_then(|line| line.strip_suffix("\","))
            .is_some_and(|comment| {
                comment.starts_with(GENERATED_FROM) && comment.ends_with(DO_NOT_EDIT)
            })
}
