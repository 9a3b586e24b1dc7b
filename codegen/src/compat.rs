//! Compares two checked models: which change breaks whom, shown by a payload, and in which order services can be upgraded.
//!
//! The principle. *Backward* holds when everything that old writers may have sent is accepted by the new reader with the
//! same meaning; *forward* is the mirror. What they cannot decide counts as breaking and says why. Works on models and never
//! on exported text; reads no files.
//!
//! ```text
//! old, new ─walk─► nodes (pairs of events, of types) ─rules─► raw findings ─proof─► findings with events and payloads ─► plan
//! ```
//! In layers: `finding`, `sides` and `raw` are data. `compare` asks of two types what one may send and the other refuses or
//! misreads; rules about values are rows of the table of [`rule::RULES`] with a sort of difference and their texts. Rules
//! about names, subjects, streams and services are rows with a function over `sides`. `walk` runs the table, and `proof`
//! shows what it found.
//!
//! Types are compared once per pair, whatever number of events reaches them; names of types do not matter on the wire.

mod accept;
mod choice;
mod compare;
mod declared;
mod event;
mod field;
mod fields;
mod finding;
mod leaf;
mod objects;
mod plan;
mod proof;
mod raw;
mod rule;
mod sample;
mod schema;
mod server;
mod sides;
mod subscription;
mod walk;

use crate::check::Checked;

pub use crate::payload::read as payload;
pub use crate::report::diff as render;
pub use accept::{Date, apply_accepted};
pub use finding::{
    Blocked, Category, Counterexample, Direction, Finding, Mode, Outcome, Place, Plan, Reached,
    Report, RolloutStep, Rule, Severity,
};
pub use rule::RULES;

/// Compares two contracts. `[[accepted]]` is left to [`apply_accepted`], which sees all comparisons of a run.
#[must_use]
pub fn compare(old: &Checked, new: &Checked, mode: Mode) -> Report {
    let walk = walk::Walk::run(old, new);
    let findings = walk.findings();
    let plan = plan::plan(old, new, &findings);
    Report {
        mode,
        findings,
        plan,
        old: old.sources.clone(),
        new: new.sources.clone(),
    }
}
