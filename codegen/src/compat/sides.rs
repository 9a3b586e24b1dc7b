//! The two contracts of a comparison, and steps into a payload that both have. Compares nothing.

use std::collections::HashMap;

use crate::model::Contracts;
use crate::source::Span;

/// Two contracts, and the names of the new and old things in them.
#[derive(Clone, Copy)]
pub(super) struct Sides<'a> {
    pub old: &'a Contracts,
    pub new: &'a Contracts,
}

/// A place that both sides have: its name for `[[accepted]]` and its two spans.
#[derive(Clone)]
pub(super) struct Spot {
    pub path: String,
    pub old: Span,
    pub new: Span,
}

/// Events by full name.
pub(super) fn named(contracts: &Contracts) -> HashMap<String, usize> {
    contracts
        .events
        .iter()
        .enumerate()
        .map(|(at, event)| (contracts.event_name(event), at))
        .collect()
}

/// One step into a payload. Fields have their wire name on either side: a rename has two.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum SidedStep {
    Field { old: String, new: String },
    Item,
    Entry,
    Variant(String),
}

/// Side whose wire names a path is read with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Old,
    New,
}

impl Side {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Old => Self::New,
            Self::New => Self::Old,
        }
    }
}

impl SidedStep {
    /// As a report writes it.
    pub fn show(&self, side: Side) -> String {
        match self {
            Self::Field { .. } => format!(".{}", self.field(side).unwrap_or_default()),
            Self::Item => "[]".to_owned(),
            Self::Entry => "{}".to_owned(),
            Self::Variant(tag) => format!("({tag})"),
        }
    }

    /// The wire name, if it is a field.
    pub fn field(&self, side: Side) -> Option<&str> {
        match self {
            Self::Field { old, new } => Some(if side == Side::Old { old } else { new }),
            _ => None,
        }
    }
}

/// The path inside a payload as a report writes it.
pub(super) fn show_path(path: &[SidedStep], side: Side) -> String {
    let text: String = path.iter().map(|step| step.show(side)).collect();
    text.trim_start_matches('.').to_owned()
}
