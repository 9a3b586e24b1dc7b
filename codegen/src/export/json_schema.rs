//! JSON Schema of every event, in the one dialect that validators and class generators of other languages all take.
//!
//! The dialect: an inline object at the root, a `title` on everything that becomes a class, plain `$ref`s, no `oneOf`
//! but for unions, no nullable, no keyword that is not in the drafts, no `$id`. Both drafts have the same text but for
//! `$schema` and the name of the definitions. Written from the contract, never from Rust types.

mod form;
mod imported;
mod layout;
mod names;
mod pattern;
mod place;
mod scalar;
mod shape;

pub use self::form::{Draft, Layout, is_generated};

use self::place::Export;
use crate::check::Checked;
use crate::json::Json;
use crate::model::{EventId, TypeId};

/// The schema files of all events: names without folder, and their texts. Sorted as in the contracts; the same bytes on
/// every run.
#[must_use]
pub fn json_schema(contracts: &Checked, draft: Draft, layout: Layout) -> Vec<(String, String)> {
    Export::new(contracts, draft, layout).files()
}

/// The schemas of events and of all types that they reach, for a document that keeps its schemas below `home`
/// (`#/components/schemas/`): each by its title, in the order of the contracts.
pub(super) fn hoisted(
    contracts: &Checked,
    home: &str,
    events: &[EventId],
) -> Vec<(String, Vec<(String, Json)>)> {
    Export::within(contracts, home).hoisted(events)
}

/// The titles of all events in their schemas, and those of all types.
pub(super) fn titles(contracts: &Checked) -> (Vec<String>, Vec<String>) {
    let names = names::Names::new(contracts);
    let events = (0..contracts.events.len()).map(|at| names.event(EventId(at)).to_owned());
    let types = (0..contracts.types.len()).map(|at| names.ty(TypeId(at)).to_owned());
    (events.collect(), types.collect())
}
