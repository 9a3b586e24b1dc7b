//! Judges payloads by an imported schema, in the dialect that the import writes, as the generated types do: first whether a
//! value has the form that its type reads, then whether it is what the type's checks demand. Finds everything, each fault at
//! its place, as [`crate::payload::payload`] does for types of the contracts. Makes no payloads.

mod leaf;
mod object;

use std::cell::Cell;
use std::collections::BTreeSet;

use super::demands::{Demands, Items, Place};
use crate::formats;
use crate::json::Json;
use crate::payload::fault::{self, Fault, Step};
use crate::payload::{scalar, text};
use leaf::{broken, equal, fault, integer, no_kind, no_value, wanted};
use object::Object;

/// Maximum depth of a payload: more than the deepest payload that a decoder reads takes.
const DEEPEST: usize = 600;
/// Maximum number of branches that turn out wrong before a payload is given up, as in the decoders: where choices hold each
/// other, each level tries what is below it once more for every branch.
const MAX_WRONG: u32 = 10_000;

/// Part of a type that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// What a decoder reads, up to the first fault. Of several types the first one that reads a value has it.
    Form,
    /// The form, and what is checked afterwards.
    All,
}

/// The reason for which a payload is refused.
pub(crate) fn refuses(place: &Place<'_>, json: &Json) -> Option<String> {
    Some(faults(place, json).first()?.to_string())
}

/// Collects everything that is refused in a payload.
pub(crate) fn faults(place: &Place<'_>, json: &Json) -> Vec<Fault> {
    let judge = Judge {
        open: Cell::new((0, 0)),
    };
    judge.value(place, json, Look::All, 0)
}

struct Judge {
    /// Number of choices that are open in one another, and of branches that turned out wrong in the outermost.
    open: Cell<(u32, u32)>,
}

impl Judge {
    fn value(&self, place: &Place<'_>, json: &Json, look: Look, depth: usize) -> Vec<Fault> {
        if depth > DEEPEST {
            return fault("json_schema", "depth", "it nests too deep".to_owned());
        }
        let demands = place.demands();
        if !demands.branches.is_empty() {
            return self.choice(&demands.branches, json, look, depth);
        }
        let faults = alone(&demands, json, look);
        match json {
            Json::List(items) if faults.is_empty() => self.items(&demands, items, look, depth),
            Json::Object(members) if faults.is_empty() => {
                self.object(&demands, members, look, depth)
            }
            _ => faults,
        }
    }

    /// The first branch that takes it, with what is demanded of it, has it; else the first that reads it, and its checks
    /// count.
    fn choice(&self, choices: &[Place<'_>], json: &Json, look: Look, depth: usize) -> Vec<Fault> {
        let within = self.enter();
        let mut first = None;
        for branch in choices {
            if self.open.get().1 > MAX_WRONG {
                break;
            }
            let mut faults = self.value(branch, json, Look::Form, depth + 1);
            if faults.is_empty() && look == Look::All {
                faults = self.value(branch, json, look, depth + 1);
                if !faults.is_empty() {
                    first = first.or(Some(std::mem::take(&mut faults)));
                    self.note_wrong();
                    continue;
                }
            }
            if faults.is_empty() {
                self.leave(within);
                return faults;
            }
            self.note_wrong();
        }
        self.leave(within);
        match first {
            Some(faults) => faults,
            None if look == Look::Form => fault("oneOf", "", String::new()),
            None => self.no_branch(choices, json, depth),
        }
    }

    fn enter(&self) -> u32 {
        let (within, wrong) = self.open.get();
        self.open
            .set((within + 1, if within == 0 { 0 } else { wrong }));
        within
    }

    fn note_wrong(&self) {
        let (open, wrong) = self.open.get();
        self.open.set((open, wrong + 1));
    }

    fn leave(&self, within: u32) {
        self.open.set((within, self.open.get().1));
    }

    /// What is wrong in the only branch that can be meant; else that there is none. Looks into one branch at most, or a
    /// payload could make it look into all of them at every step.
    fn no_branch(&self, branches: &[Place<'_>], json: &Json, depth: usize) -> Vec<Fault> {
        let mut alike: Vec<&Place<'_>> = branches
            .iter()
            .filter(|branch| self.takes(branch, json, false, depth))
            .collect();
        if alike.len() > 1 {
            alike.retain(|branch| self.takes(branch, json, true, depth));
        } else if alike.is_empty() {
            let mut all = BTreeSet::new();
            self.kinds_of(branches, depth, &mut all);
            return no_kind(all.into_iter().collect(), json);
        }
        match alike.as_slice() {
            [only] => self.value(only, json, Look::All, depth + 1),
            _ => {
                let reason = "it fits no branch of `oneOf`".to_owned();
                fault("oneOf", fault::kind(json), reason)
            }
        }
    }

    /// Returns whether a type takes this kind of value and, of an object, has no tag (a member with one value) that says
    /// otherwise.
    fn takes(&self, place: &Place<'_>, json: &Json, tags: bool, depth: usize) -> bool {
        let demands = place.demands();
        if !demands.branches.is_empty() && depth < DEEPEST {
            let mut choices = demands.branches.iter();
            return choices.any(|branch| self.takes(branch, json, tags, depth + 1));
        }
        let other = |(name, of): &(String, Place<'_>), members: &[(String, Json)]| {
            let own = members.iter().rfind(|(key, _)| key == name);
            match (of.demands().values.as_deref(), own) {
                (Some([only]), Some((_, value))) => !equal(only, value),
                _ => false,
            }
        };
        match json {
            _ if kind_of(&demands.kinds(), json).is_none() => false,
            Json::Object(members) if tags => {
                let mut properties = demands.properties.iter();
                !properties.any(|tag| other(tag, members))
            }
            _ => true,
        }
    }

    /// The kinds that any of the branches takes.
    fn kinds_of(&self, branches: &[Place<'_>], depth: usize, all: &mut BTreeSet<&'static str>) {
        for branch in branches {
            let demands = branch.demands();
            all.extend(demands.kinds().into_iter().map(wanted));
            if depth < DEEPEST {
                self.kinds_of(&demands.branches, depth + 1, all);
            }
        }
    }

    fn items(&self, demands: &Demands<'_>, items: &[Json], look: Look, depth: usize) -> Vec<Fault> {
        let mut all = length(demands, items, look);
        for (at, item) in items.iter().enumerate() {
            if look == Look::Form && !all.is_empty() {
                break;
            }
            if let Some(of) = demands.item(at) {
                let faults = self.value(of, item, look, depth + 1);
                nest(&mut all, || Step::Item(at), faults);
            }
        }
        all
    }

    fn object(
        &self,
        demands: &Demands<'_>,
        members: &[(String, Json)],
        look: Look,
        depth: usize,
    ) -> Vec<Fault> {
        let (mut all, inside) = Object::new(demands, members).told(look);
        for member in inside {
            if look == Look::Form && !all.is_empty() {
                break;
            }
            let faults = self.value(member.of, member.value, member.look, depth + 1);
            nest(&mut all, || member.step(), faults);
        }
        all
    }
}

/// Adds faults, seen from one step above.
fn nest(all: &mut Vec<Fault>, step: impl Fn() -> Step, faults: Vec<Fault>) {
    all.extend(faults.into_iter().map(|mut fault| {
        fault.at.insert(0, step());
        fault
    }));
}

/// The faults of a value, whatever is in it.
fn alone(demands: &Demands<'_>, json: &Json, look: Look) -> Vec<Fault> {
    if let Some(values) = &demands.values
        && (look == Look::All || matches!(json, Json::Text(_)))
        && !values.iter().any(|value| equal(value, json))
    {
        return no_value(values, json);
    }
    let kinds = demands.kinds();
    let Some(kind) = kind_of(&kinds, json) else {
        return no_kind(kinds.iter().map(|kind| wanted(kind)).collect(), json);
    };
    match json {
        Json::Number(digits) if kind == "integer" => integer(demands, digits, look),
        Json::Number(digits) if kind == "number" => {
            broken(scalar::float(demands.floats, digits, look == Look::All))
        }
        // As text it is the same integer.
        Json::Text(value) if kind == "string" && demands.loose && !is_long(value) => {
            let reason = format!("{:?} is no integer", text::shortened(value));
            fault("pattern", "an integer", reason)
        }
        Json::Text(value) if kind == "string" => {
            broken(scalar::text(&demands.text, value, look == Look::All))
        }
        _ => Vec::new(),
    }
}

/// Checks the number of items, which is the form of a tuple, too.
fn length(demands: &Demands<'_>, items: &[Json], look: Look) -> Vec<Fault> {
    if look == Look::Form && !matches!(demands.items, Items::All(_)) {
        return Vec::new();
    }
    let rules = ["minItems", "maxItems"];
    let items = items.len() as u64;
    broken(scalar::count(demands.count, items, "items", rules))
}

/// Returns the kind that a value is of; an empty text when it may be of any.
fn kind_of<'k>(kinds: &[&'k str], json: &Json) -> Option<&'k str> {
    if kinds.is_empty() {
        return Some("");
    }
    let is = |kind: &&&str| match json {
        Json::Null => **kind == "null",
        Json::Bool(_) => **kind == "boolean",
        Json::Number(_) => matches!(**kind, "integer" | "number"),
        Json::Text(_) => **kind == "string",
        Json::List(_) => **kind == "array",
        Json::Object(_) => **kind == "object",
    };
    kinds.iter().find(is).copied()
}

/// Returns whether a text is an integer of 64 bits with a sign, in the one form in which it is written.
fn is_long(text: &str) -> bool {
    formats::integer(text).is_some_and(|n| i64::try_from(n).is_ok())
}
