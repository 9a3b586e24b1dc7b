//! Judges a model: one function per rule, all of them run on every model. Reads no files and changes nothing.
//!
//! A rule says nothing about what could not be read (a poison of [`crate::model`]): the front end has reported that, and
//! one mistake gives one message. So the rules also run over a model whose reading has failed in part. No rule recurses
//! on what a user writes, and none compares every item with every other one.

mod constraints;
mod declared;
mod gaps;
mod ids;
mod kept;
mod names;
mod order;
#[cfg(feature = "toml")]
mod patterns;
mod services;
mod shape;
mod streams;
mod subjects;
mod types;
#[cfg(feature = "toml")]
mod values;
mod wire;

use crate::diagnostic::Diagnostics;
use crate::model::Contracts;

/// A rule: looks at the whole model and says what it finds.
type Rule = fn(&Contracts, &mut Diagnostics);

/// Every rule there is. The order does not matter: diagnostics are sorted by place.
const RULES: &[Rule] = &[
    kept::reserved,
    kept::server_names,
    names::modules,
    names::items,
    names::methods,
    names::filters,
    wire::fields,
    wire::values,
    wire::repeated,
    wire::reserved,
    subjects::reserved_roots,
    subjects::placeholders,
    subjects::overlaps,
    declared::reserved_roots,
    declared::overlaps,
    ids::ids,
    ids::keys,
    ids::partitions,
    ids::supersedes,
    types::wide_integers,
    types::empty,
    types::variants,
    types::tag_fields,
    order::infinite,
    constraints::misplaced,
    constraints::bounds,
    // Only the TOML front end reads patterns.
    #[cfg(feature = "toml")]
    patterns::patterns,
    #[cfg(feature = "toml")]
    values::defaults,
    #[cfg(feature = "toml")]
    values::examples,
    streams::window,
    streams::unused,
    streams::workqueue,
    streams::interest,
    services::idle,
    services::queue_groups,
    services::many_subjects,
    services::unpublished,
    services::deprecated,
];

/// A model without errors: the only thing that emitters and exporters take.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked(Contracts);

impl Checked {
    /// The model, for a caller that wants to change it and check it again.
    #[must_use]
    pub fn into_inner(self) -> Contracts {
        self.0
    }
}

impl std::ops::Deref for Checked {
    type Target = Contracts;
    fn deref(&self) -> &Contracts {
        &self.0
    }
}

/// Runs every rule and sorts everything that was said, what the front end has said included.
///
/// # Errors
/// The model as it was, when `diagnostics` holds an error afterwards, be it from here or from the front end.
// Both sides are the model: a box around one of them would save nothing.
#[allow(clippy::result_large_err)]
pub fn check(contracts: Contracts, diagnostics: &mut Diagnostics) -> Result<Checked, Contracts> {
    for rule in RULES {
        rule(&contracts, diagnostics);
    }
    diagnostics.sort();
    if diagnostics.has_errors() {
        Err(contracts)
    } else {
        Ok(Checked(contracts))
    }
}

#[cfg(test)]
mod tests;
