//! Reads a payload as a generated decoder does, on the model: first whether a value has the form that its type reads, then
//! whether it is what the type's checks demand. Unknown fields are ignored, open enums and unions keep what they do not
//! know, an alias is accepted, `null` is an absent optional field.
//!
//! The one reader: judges every counterexample and every message for `event-contracts`. Finds everything that is wrong, each
//! at its place. Knows one model; never compares two types.

mod choice;
mod leaf;
mod object;
#[cfg(feature = "compat")]
mod understood;

use std::cell::Cell;

use super::demands::{Demands, Items, TypeAt};
#[cfg(feature = "compat")]
use super::shape::Slot;
use super::{scalar, text};
use crate::formats;
use crate::json::Json;
use crate::model::TypeKind;
#[cfg(feature = "compat")]
use crate::model::{Contracts, EventId};
use leaf::{broken, equal, fault, integer, no_kind, no_value};
use object::Object;

pub use super::fault::{Fault, PathStep};
#[cfg(feature = "compat")]
pub use understood::{Read, same};

/// Maximum depth of a payload: more than the deepest payload that a decoder reads takes.
const DEEPEST: usize = 600;

/// Reads an event's payload.
///
/// # Errors
/// The first thing that the reader refuses.
#[cfg(feature = "compat")]
pub fn read(contracts: &Contracts, event: EventId, payload: &Json) -> Result<Read, Fault> {
    let (read, faults) = read_all(contracts, event, payload);
    match faults.into_iter().next() {
        Some(fault) => Err(fault),
        None => Ok(read.unwrap_or_else(|| Read::Any(payload.clone()))),
    }
}

/// Reads a payload, and returns everything that is refused. Without the one there is always some of the other.
#[cfg(feature = "compat")]
pub(crate) fn read_all(
    contracts: &Contracts,
    event: EventId,
    payload: &Json,
) -> (Option<Read>, Vec<Fault>) {
    let place = TypeAt::event(contracts, &contracts[event]);
    let faults = Reader::new(false).value(&place, payload, Look::All, 0);
    let read = faults.is_empty().then(|| understood::read(&place, payload));
    (read, faults)
}

#[cfg(feature = "compat")]
/// Everything that a reader refuses in an event's payload. Of a value of a sensitive field nothing is quoted.
#[must_use]
pub fn faults(contracts: &Contracts, event: EventId, payload: &Json) -> Vec<Fault> {
    let place = TypeAt::event(contracts, &contracts[event]);
    Reader::new(true).value(&place, payload, Look::All, 0)
}

#[cfg(feature = "compat")]
/// Everything that is wrong with a payload that a person sends: what a reader refuses, and what it would not make anything of,
/// as `unknown-field` and `old-name`. The cause of these is the name that is meant.
#[must_use]
pub(crate) fn strictly(contracts: &Contracts, event: EventId, payload: &Json) -> Vec<Fault> {
    let place = TypeAt::event(contracts, &contracts[event]);
    let reader = Reader {
        rigour: Rigour::Sent,
        ..Reader::new(true)
    };
    reader.value(&place, payload, Look::All, 0)
}

/// Everything that is wrong with a value that a contract writes down: an unknown member, and what an open enum or union does
/// not list, too.
pub(crate) fn declared(place: &TypeAt<'_>, json: &Json) -> Vec<Fault> {
    let reader = Reader {
        rigour: Rigour::Declared,
        ..Reader::new(false)
    };
    reader.value(place, json, Look::All, 0)
}

#[cfg(feature = "compat")]
/// Returns whether a reader takes a value at a place.
pub(crate) fn takes(contracts: &Contracts, slot: &Slot<'_>, value: &Json) -> bool {
    refuses(&TypeAt::slot(contracts, slot.clone()), value).is_none()
}

#[cfg(feature = "compat")]
/// The reason for which a value is refused.
pub(crate) fn refuses(place: &TypeAt<'_>, json: &Json) -> Option<String> {
    let faults = Reader::new(false).value(place, json, Look::All, 0);
    Some(faults.first()?.to_string())
}

/// Part of a type that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// What a decoder reads, up to the first fault. Of several types the first one that reads a value has it.
    Form,
    /// The form, and what is checked afterwards.
    All,
}

/// Care that the writer of a value must take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rigour {
    /// None beyond what a decoder asks: it may know more than this reader.
    Message,
    /// It knows the contract of today.
    Sent,
    /// It is a part of the contract.
    Declared,
}

struct Reader {
    rigour: Rigour,
    /// `true` if sensitive values stay out of the faults.
    discreet: bool,
    /// Number of choices that are open in one another, and of branches that turned out wrong in the outermost.
    open: Cell<(u32, u32)>,
}

impl Reader {
    fn new(discreet: bool) -> Self {
        Self {
            rigour: Rigour::Message,
            discreet,
            open: Cell::new((0, 0)),
        }
    }

    fn value(&self, place: &TypeAt<'_>, json: &Json, look: Look, depth: usize) -> Vec<Fault> {
        if depth > DEEPEST {
            return fault("json_schema", "depth", "it nests too deep".to_owned());
        }
        let demands = place.demands();
        if let Some(union) = demands.union {
            return self.union(&demands, union, json, look, depth);
        }
        if !demands.branches.is_empty() {
            return self.choice(&demands.branches, json, look, depth);
        }
        let mut faults = alone(&demands, json, look);
        if self.rigour == Rigour::Declared && faults.is_empty() {
            faults = unlisted(&demands, json);
        }
        match json {
            Json::List(items) if faults.is_empty() => self.items(&demands, items, look, depth),
            Json::Object(members) if faults.is_empty() => {
                self.object(&demands, members, look, depth)
            }
            _ => faults,
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
                nest(&mut all, || PathStep::Item(at), faults);
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
        let object = Object::new(demands, members);
        let (mut all, inside) = object.told(look);
        if look == Look::All && self.rigour != Rigour::Message {
            all.extend(object.strange(self.rigour == Rigour::Sent));
        }
        for value in inside {
            if look == Look::Form && !all.is_empty() {
                break;
            }
            let mut faults = self.value(value.of, value.value, value.look, depth + 1);
            if self.discreet && value.is_sensitive() {
                faults.iter_mut().for_each(Fault::hide);
            }
            nest(&mut all, || value.step(), faults);
        }
        all
    }
}

/// Adds faults, seen from one step above.
fn nest(all: &mut Vec<Fault>, step: impl Fn() -> PathStep, faults: Vec<Fault>) {
    all.extend(faults.into_iter().map(|mut fault| {
        fault.at.insert(0, step());
        fault
    }));
}

/// The faults of a value, whatever is in it.
fn alone(demands: &Demands<'_>, json: &Json, look: Look) -> Vec<Fault> {
    let kinds = demands.kinds();
    let Some(kind) = kind_of(&kinds, json) else {
        return no_kind(demands.wanted().collect(), json);
    };
    if let Some(values) = &demands.values
        && (look == Look::All || matches!(json, Json::Text(_)))
        && !values.iter().any(|value| equal(value, json))
    {
        return no_value(demands, values, json);
    }
    match json {
        Json::Number(digits) if kind == "integer" => integer(demands, digits, look),
        Json::Number(digits) if kind == "number" => {
            broken(scalar::float(demands.floats, digits, look == Look::All))
        }
        // As text it is the same integer.
        Json::Text(value) if kind == "string" && demands.loose && !is_long(value) => {
            let reason = format!("{:?} is not an integer", text::shortened(value));
            fault("pattern", "an integer", reason)
        }
        Json::Text(value) if kind == "string" => {
            broken(scalar::text(&demands.text, value, look == Look::All))
        }
        _ => Vec::new(),
    }
}

/// The fault of a text that an open enum does not list.
fn unlisted(demands: &Demands<'_>, json: &Json) -> Vec<Fault> {
    let (Some(named), Json::Text(text)) = (demands.named, json) else {
        return Vec::new();
    };
    match &named.body.kind {
        TypeKind::Enum(of) if of.values.iter().all(|value| value.value != *text) => {
            no_value(demands, &[], json)
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
