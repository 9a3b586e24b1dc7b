//! Reads a payload as a generated decoder does, on the model: unknown fields are ignored, open enums and unions keep what
//! they do not know, constraints are enforced, an alias is accepted, `null` is an absent optional field.
//!
//! Judges every counterexample, and reads messages for `event-contracts`. Finds everything that is wrong, each at
//! its place. Knows one model; never compares two types.

use std::collections::BTreeMap;

use super::fault::{kind, shown_kind};
use super::scalar::{self, Broken};
use super::schema;
use super::shape::{Count, Format, Range, Shape, Slot, Text, struct_fields};
use crate::json::Json;
use crate::model::{Body, Contracts, EventId, Field, Type, TypeId, TypeKind};
use crate::source::Spanned;

pub use super::fault::{Fault, Step};

/// A payload as a reader understands it.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// `true` or `false`.
    Bool(bool),
    /// A number sent as a number.
    Number(f64),
    /// Text, whatever it spells.
    Text(String),
    /// Octets; the text that spells them.
    Bytes(String),
    /// An integer that was sent as text.
    TextInteger(String),
    /// A list.
    List(Vec<Read>),
    /// A map.
    Map(BTreeMap<String, Read>),
    /// An object with the fields that the reader knows and that were there, by current wire name.
    Object(BTreeMap<String, Read>),
    /// A known variant of a union.
    Variant(String, Box<Read>),
    /// Kept as it came: `json`, an unknown variant, a value of an imported schema.
    Any(Json),
}

/// Reads an event's payload.
///
/// # Errors
/// The first thing that the reader refuses.
pub fn read(contracts: &Contracts, event: EventId, payload: &Json) -> Result<Read, Fault> {
    let (read, mut faults) = read_whole(contracts, event, payload, false);
    match read {
        Some(read) if faults.is_empty() => Ok(read),
        _ => Err(faults.remove(0)),
    }
}

/// Reads a payload, and returns everything that is refused.
pub(crate) fn read_all(
    contracts: &Contracts,
    event: EventId,
    payload: &Json,
) -> (Option<Read>, Vec<Fault>) {
    read_whole(contracts, event, payload, false)
}

/// Returns whether a reader takes a value at a place.
pub(crate) fn takes(contracts: &Contracts, slot: &Slot<'_>, value: &Json) -> bool {
    let mut reader = Reader::new(contracts, false);
    reader.value(slot, value).is_some() && reader.faults.is_empty()
}

/// Everything that a reader refuses in an event's payload. Of a value of a sensitive field nothing is quoted.
#[must_use]
pub fn faults(contracts: &Contracts, event: EventId, payload: &Json) -> Vec<Fault> {
    read_whole(contracts, event, payload, true).1
}

/// Reads a payload, and returns its faults. Without the one there is always some of the other.
fn read_whole(
    contracts: &Contracts,
    event: EventId,
    payload: &Json,
    discreet: bool,
) -> (Option<Read>, Vec<Fault>) {
    let mut reader = Reader::new(contracts, discreet);
    let read = match &contracts[event].body {
        Body::Fields(fields) => reader.object(fields, payload),
        Body::Schema(path) => reader.schema(path, payload),
    };
    (read, reader.faults)
}

/// Returns whether two readers made the same of one payload. Fields that only one of them knows do not count; a number is the
/// same whatever type holds it, and so is a text.
#[must_use]
pub fn same(a: &Read, b: &Read) -> bool {
    match (a, b) {
        (Read::Any(_), _) | (_, Read::Any(_)) => true,
        (Read::Bool(a), Read::Bool(b)) => a == b,
        (Read::Number(a), Read::Number(b)) => a == b,
        (Read::Text(a) | Read::TextInteger(a), Read::Text(b) | Read::TextInteger(b))
        | (Read::Bytes(a), Read::Bytes(b)) => a == b,
        (Read::List(a), Read::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Read::Map(a), Read::Map(b)) => {
            a.len() == b.len() && a.iter().all(|(k, a)| b.get(k).is_some_and(|b| same(a, b)))
        }
        (Read::Object(a), Read::Object(b)) => {
            a.iter().all(|(k, a)| b.get(k).is_none_or(|b| same(a, b)))
        }
        (Read::Variant(t, a), Read::Variant(u, b)) => t == u && same(a, b),
        _ => false,
    }
}

struct Reader<'a> {
    contracts: &'a Contracts,
    at: Vec<Step>,
    faults: Vec<Fault>,
    /// `true` if sensitive values stay out of the faults.
    discreet: bool,
    /// In how many sensitive fields this place is.
    sensitive: usize,
}

impl<'a> Reader<'a> {
    fn new(contracts: &'a Contracts, discreet: bool) -> Self {
        Self {
            contracts,
            at: Vec::new(),
            faults: Vec::new(),
            discreet,
            sensitive: 0,
        }
    }

    fn refuse<T>(&mut self, rule: &'static str, reason: impl Into<String>) -> Option<T> {
        self.refuse_for(rule, "", reason)
    }

    fn refuse_for<T>(
        &mut self,
        rule: &'static str,
        cause: impl Into<String>,
        reason: impl Into<String>,
    ) -> Option<T> {
        let reason = if self.hides() {
            format!("breaks `{rule}` (sensitive: its value is not shown)")
        } else {
            reason.into()
        };
        self.faults.push(Fault {
            at: self.at.clone(),
            rule,
            cause: cause.into(),
            reason,
        });
        None
    }

    fn hides(&self) -> bool {
        self.discreet && self.sensitive > 0
    }

    fn wrong<T>(&mut self, wanted: &str, found: &Json) -> Option<T> {
        let reason = format!("expected {wanted}, found {}", shown_kind(found));
        self.refuse_for("type", kind(found), reason)
    }

    fn inside<T>(&mut self, step: Step, read: impl FnOnce(&mut Self) -> T) -> T {
        self.at.push(step);
        let done = read(self);
        self.at.pop();
        done
    }

    fn value(&mut self, slot: &Slot<'a>, json: &Json) -> Option<Read> {
        match slot.shape(self.contracts) {
            Shape::Bool => match json {
                Json::Bool(b) => Some(Read::Bool(*b)),
                _ => self.wrong("true or false", json),
            },
            Shape::Integer(range) => self.integer(range, json),
            Shape::Float(min, max) => self.float(min, max, json),
            Shape::Text(text) => self.text(&text, json),
            Shape::Json => Some(Read::Any(json.clone())),
            Shape::List(item, count) => self.list(item, count, json),
            Shape::Map(item, count) => self.map(item, count, json),
            Shape::Struct(id) => self.object(struct_fields(self.contracts, id), json),
            Shape::Enum(id) => self.choice(id, json),
            Shape::Union(id) => self.union(id, json),
            Shape::Schema(path) => self.schema(path, json),
            Shape::Invalid => self.refuse("type", "its type could not be read"),
        }
    }

    fn list(&mut self, item: &'a Type, count: Count, json: &Json) -> Option<Read> {
        let Json::List(items) = json else {
            return self.wrong("a list", json);
        };
        let rules = ["minItems", "maxItems"];
        let counted = self.unbroken(scalar::count(count, items.len() as u64, "items", rules));
        let slot = Slot::bare(item);
        let read: Vec<Option<Read>> = items
            .iter()
            .enumerate()
            .map(|(n, item)| self.inside(Step::Item(n), |reader| reader.value(&slot, item)))
            .collect();
        counted?;
        read.into_iter().collect::<Option<_>>().map(Read::List)
    }

    fn map(&mut self, item: &'a Type, count: Count, json: &Json) -> Option<Read> {
        let Json::Object(members) = json else {
            return self.wrong("an object", json);
        };
        let slot = Slot::bare(item);
        let hidden = self.hides();
        // Of a key that stands twice a reader keeps the last value.
        let mut read = BTreeMap::new();
        for (key, value) in members {
            let shown = if hidden { "…" } else { key };
            let step = Step::Entry(shown.to_owned());
            let value = self.inside(step, |reader| reader.value(&slot, value));
            read.insert(key.clone(), value);
        }
        let rules = ["minProperties", "maxProperties"];
        self.unbroken(scalar::count(count, read.len() as u64, "entries", rules))?;
        let all = read.into_iter().map(|(key, value)| Some((key, value?)));
        all.collect::<Option<_>>().map(Read::Map)
    }

    fn object(&mut self, fields: &'a [Field], json: &Json) -> Option<Read> {
        let Json::Object(members) = json else {
            return self.wrong("an object", json);
        };
        let mut read = BTreeMap::new();
        let mut whole = true;
        for field in fields {
            let wire = field.wire();
            let mut own = members.iter().filter(|(key, _)| *key == wire);
            let (value, again) = (own.next(), own.next());
            let old = field.alias.as_ref();
            let alias = || {
                members
                    .iter()
                    .rfind(|(key, _)| old.is_some_and(|old| *key == old.value))
            };
            let value = match value.or_else(alias).map(|(_, value)| value) {
                Some(Json::Null) if field.optional => None,
                value => value,
            };
            let step = Step::Member(wire.clone());
            if again.is_some() {
                let reason = "stands twice";
                whole = false;
                self.inside(step, |reader| reader.refuse::<()>("duplicate", reason));
                continue;
            }
            match value {
                Some(value) => {
                    let sensitive = usize::from(field.sensitive.is_some());
                    self.sensitive += sensitive;
                    let value =
                        self.inside(step, |reader| reader.value(&Slot::field(field), value));
                    self.sensitive -= sensitive;
                    whole &= value.is_some();
                    read.extend(value.map(|value| (wire, value)));
                }
                None if field.required() => {
                    whole = false;
                    let reason = format!("the field `{wire}` is missing");
                    self.refuse_for::<()>("required", wire, reason);
                }
                None => {}
            }
        }
        whole.then_some(Read::Object(read))
    }

    fn choice(&mut self, id: TypeId, json: &Json) -> Option<Read> {
        let Json::Text(value) = json else {
            return self.wrong("a text", json);
        };
        match &self.contracts[id].kind {
            TypeKind::Enum(choice)
                if choice.closed && choice.values.iter().all(|v| v.value != *value) =>
            {
                self.refuse("enum", format!("`{value}` is no value of the closed enum"))
            }
            _ => Some(Read::Text(value.clone())),
        }
    }

    fn union(&mut self, id: TypeId, json: &Json) -> Option<Read> {
        let contracts = self.contracts;
        let TypeKind::Union(union) = &contracts[id].kind else {
            return self.refuse("type", "its type could not be read");
        };
        let Json::Object(members) = json else {
            return self.wrong("an object", json);
        };
        let tag = match members.iter().rfind(|(k, _)| *k == union.tag.value) {
            Some((_, Json::Text(tag))) => tag,
            Some((_, other)) => return self.wrong("a text as tag", other),
            None => {
                let reason = format!("the tag `{}` is missing", union.tag.value);
                return self.refuse_for("required", &union.tag.value, reason);
            }
        };
        match union.variants.iter().find(|v| v.tag.value == *tag) {
            Some(variant) => {
                let fields = variant
                    .ty
                    .value
                    .map_or(&[][..], |id| struct_fields(contracts, id));
                let body = self.object(fields, json)?;
                Some(Read::Variant(tag.clone(), Box::new(body)))
            }
            None if union.closed => self.refuse(
                "oneOf",
                format!("`{tag}` is no variant of the closed union"),
            ),
            None => Some(Read::Any(json.clone())),
        }
    }

    fn schema(&mut self, path: &Spanned<String>, json: &Json) -> Option<Read> {
        let faults = schema::faults(self.contracts, path, json);
        let whole = faults.is_empty();
        let hidden = self.hides();
        for fault in faults {
            let steps = fault.at.len();
            self.at.extend(fault.at.into_iter().map(|step| match step {
                Step::Entry(_) if hidden => Step::Entry("…".to_owned()),
                step => step,
            }));
            self.refuse_for::<()>(fault.rule, fault.cause, fault.reason);
            self.at.truncate(self.at.len() - steps);
        }
        whole.then(|| Read::Any(json.clone()))
    }

    /// Refuses what breaks a rule.
    fn unbroken(&mut self, broken: Option<Broken>) -> Option<()> {
        match broken {
            Some(broken) => self.refuse_for(broken.rule, broken.cause, broken.reason),
            None => Some(()),
        }
    }

    fn integer(&mut self, range: Range, json: &Json) -> Option<Read> {
        let Json::Number(digits) = json else {
            return self.wrong("an integer", json);
        };
        let Ok(n) = digits.parse::<i128>() else {
            let reason = format!("{digits} is not an integer");
            return self.refuse_for("type", "a fraction", reason);
        };
        let Range { min, max } = range;
        if range.contains(n) {
            Some(Read::Number(n as f64))
        } else {
            let rule = if n < min { "minimum" } else { "maximum" };
            self.refuse(rule, format!("{n} is not within {min}..={max}"))
        }
    }

    fn float(&mut self, min: f64, max: f64, json: &Json) -> Option<Read> {
        let Json::Number(digits) = json else {
            return self.wrong("a number", json);
        };
        self.unbroken(scalar::float((min, max), digits, true))?;
        digits.parse().ok().map(Read::Number)
    }

    fn text(&mut self, text: &Text, json: &Json) -> Option<Read> {
        let Json::Text(value) = json else {
            return self.wrong(&format!("a text ({})", text.format.name()), json);
        };
        self.unbroken(scalar::text(text, value, true))?;
        Some(match text.format {
            Format::Bytes => Read::Bytes(value.clone()),
            Format::Integer(_) => Read::TextInteger(value.clone()),
            _ => Read::Text(value.clone()),
        })
    }
}
