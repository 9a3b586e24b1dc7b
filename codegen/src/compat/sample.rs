//! Makes payloads: the smallest one that a writer sends, and one that goes along a path to a given value.
//!
//! Gives nothing rather than something that the writer would not send; [`super::payload`] is the judge of both.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::payload::struct_fields;
use super::schema;
use super::shape::{Count, Shape, Slot};
use super::text;
use crate::json::Json;
use crate::model::{Body, Contracts, EventId, Field, Type, TypeId, TypeKind, Union, ValueKind};
use crate::source::Spanned;

/// One step into a payload. Fields have their wire name on either side: a rename has two.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Field { old: String, new: String },
    Item,
    Entry,
    Variant(String),
}

/// Whose wire names a path is read with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Old,
    New,
}

impl Step {
    /// As a report writes it.
    pub fn show(&self, side: Side) -> String {
        match self {
            Self::Field { old, new } => format!(".{}", if side == Side::Old { old } else { new }),
            Self::Item => "[]".to_owned(),
            Self::Entry => "{}".to_owned(),
            Self::Variant(tag) => format!("({tag})"),
        }
    }
}

/// What stands at the end of a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Leaf {
    /// The smallest value that is there anyway.
    Smallest,
    /// This value.
    Value(Json),
    /// The smallest object there, without this member.
    Without(String),
    /// The smallest object there, and this field of it, whatever its smallest value is.
    WithField(String),
    /// The smallest object there, this field of it under another name.
    Renamed { field: String, to: String },
}

/// How deep a payload may nest: reading and writing one takes a stack.
const DEEPEST: usize = 200;

/// Makes payloads of one model.
pub(super) struct Sampler<'a> {
    contracts: &'a Contracts,
    side: Side,
    smallest: RefCell<BTreeMap<TypeId, Option<Json>>>,
}

impl<'a> Sampler<'a> {
    pub fn new(contracts: &'a Contracts, side: Side) -> Self {
        Self {
            contracts,
            side,
            smallest: RefCell::default(),
        }
    }

    /// A payload of the event with `leaf` at the end of the path; smallest everywhere else.
    pub fn event(&self, event: EventId, path: &[Step], leaf: &Leaf) -> Option<Json> {
        match &self.contracts[event].body {
            Body::Fields(fields) => self.in_object(fields, path, leaf, 0),
            Body::Schema(schema) if path.is_empty() => self.schema(schema, leaf),
            Body::Schema(_) => None,
        }
    }

    /// The smallest value of a type by itself.
    pub fn alone(&self, ty: &'a Type) -> Option<Json> {
        self.value(&Slot::bare(ty), &[], &Leaf::Smallest, 0)
    }

    fn schema(&self, path: &Spanned<String>, leaf: &Leaf) -> Option<Json> {
        match leaf {
            Leaf::Value(value) => Some(value.clone()),
            _ => schema::smallest(self.contracts, path),
        }
    }

    fn value(&self, slot: &Slot<'a>, path: &[Step], leaf: &Leaf, depth: usize) -> Option<Json> {
        if depth > DEEPEST {
            return None;
        }
        let at_end = path.is_empty();
        if let (true, Leaf::Value(value)) = (at_end, leaf) {
            return Some(value.clone());
        }
        let rest = path.get(1..).unwrap_or_default();
        Some(match slot.shape(self.contracts) {
            Shape::Bool => Json::Bool(false),
            Shape::Integer(range) => Json::integer(range.nearest_zero()),
            Shape::Float(min, max) => float(0f64.clamp(min, max.max(min))),
            Shape::Text(text) => Json::Text(text::accepted(&text)?),
            Shape::Json => Json::Object(Vec::new()),
            Shape::List(item, count) => {
                let wanted = fewest(count, !at_end)?;
                let slot = Slot::bare(item);
                let mut items = Vec::new();
                for n in 0..wanted {
                    let (path, leaf) = if n == 0 && !at_end {
                        (rest, leaf)
                    } else {
                        (&[][..], &Leaf::Smallest)
                    };
                    items.push(self.value(&slot, path, leaf, depth + 1)?);
                }
                Json::List(items)
            }
            Shape::Map(item, count) => {
                let wanted = fewest(count, !at_end)?;
                let slot = Slot::bare(item);
                let mut members = Vec::new();
                for n in 0..wanted {
                    let (path, leaf) = if n == 0 && !at_end {
                        (rest, leaf)
                    } else {
                        (&[][..], &Leaf::Smallest)
                    };
                    members.push((format!("key{n}"), self.value(&slot, path, leaf, depth + 1)?));
                }
                Json::Object(members)
            }
            Shape::Struct(id) => {
                if at_end && *leaf == Leaf::Smallest {
                    return self.smallest_struct(id, depth);
                }
                self.in_object(struct_fields(self.contracts, id), path, leaf, depth)?
            }
            Shape::Enum(id) => match &self.contracts[id].kind {
                TypeKind::Enum(choice) => Json::text(choice.values.first()?.value.as_str()),
                _ => return None,
            },
            Shape::Union(id) => match &self.contracts[id].kind {
                TypeKind::Union(union) => self.union(union, path, leaf, depth)?,
                _ => return None,
            },
            Shape::Schema(schema) if at_end => self.schema(schema, leaf)?,
            Shape::Schema(_) | Shape::Invalid => return None,
        })
    }

    /// Once per type. A type that is met inside itself has no smallest value on this way.
    fn smallest_struct(&self, id: TypeId, depth: usize) -> Option<Json> {
        if let Some(known) = self.smallest.borrow().get(&id) {
            return known.clone();
        }
        self.smallest.borrow_mut().insert(id, None);
        let fields = struct_fields(self.contracts, id);
        let value = self.in_object(fields, &[], &Leaf::Smallest, depth);
        let mut known = self.smallest.borrow_mut();
        match &value {
            Some(_) => known.insert(id, value.clone()),
            None => known.remove(&id),
        };
        value
    }

    fn union(&self, union: &Union, path: &[Step], leaf: &Leaf, depth: usize) -> Option<Json> {
        let fields = |id: TypeId| struct_fields(self.contracts, id);
        let tagged = |tag: &str, body: Json| {
            let Json::Object(members) = body else {
                return None;
            };
            let first = (union.tag.value.clone(), Json::text(tag));
            Some(Json::Object(
                std::iter::once(first).chain(members).collect(),
            ))
        };
        if let Some(Step::Variant(tag)) = path.first() {
            let variant = union.variants.iter().find(|v| v.tag.value == *tag)?;
            let body = self.in_object(fields(variant.ty.value?), &path[1..], leaf, depth + 1)?;
            return tagged(tag, body);
        }
        union.variants.iter().find_map(|variant| {
            let body = self.smallest_struct(variant.ty.value?, depth + 1)?;
            tagged(&variant.tag.value, body)
        })
    }

    /// Every field that is not optional is written: that is what Rust writers do.
    fn in_object(
        &self,
        fields: &'a [Field],
        path: &[Step],
        leaf: &Leaf,
        depth: usize,
    ) -> Option<Json> {
        if let (true, Leaf::Value(value)) = (path.is_empty(), leaf) {
            return Some(value.clone());
        }
        let towards = match path.first() {
            Some(Step::Field { old, new }) => Some(if self.side == Side::Old { old } else { new }),
            Some(_) => return None,
            None => None,
        };
        let mut members = Vec::new();
        let mut arrived = towards.is_none();
        for field in fields {
            let mut wire = field.wire();
            let value = if towards == Some(&wire) {
                arrived = true;
                self.value(&Slot::field(field), &path[1..], leaf, depth + 1)?
            } else {
                match (path.is_empty(), leaf) {
                    (true, Leaf::Without(name)) if *name == wire => continue,
                    (true, Leaf::WithField(name)) if *name == wire => {}
                    (true, Leaf::Renamed { field, to }) if *field == wire => wire.clone_from(to),
                    _ if field.optional => continue,
                    _ => {}
                }
                match &field.default {
                    Some(default) => written(&default.kind),
                    None => self.value(&Slot::field(field), &[], &Leaf::Smallest, depth + 1)?,
                }
            };
            members.push((wire, value));
        }
        arrived.then_some(Json::Object(members))
    }
}

/// The fewest entries, at least one when the path goes through them.
fn fewest(count: Count, through: bool) -> Option<u64> {
    let wanted = count.min.max(u64::from(through));
    (count.contains(wanted) && wanted <= 10_000).then_some(wanted)
}

/// A finite float as JSON writes it, always with a fraction or exponent: that is what Rust writers do.
pub(super) fn float(n: f64) -> Json {
    Json::Number(format!("{n:?}"))
}

/// A value of a contract as JSON.
pub(super) fn written(value: &ValueKind) -> Json {
    match value {
        ValueKind::Bool(b) => Json::Bool(*b),
        ValueKind::Number(n) => Json::Number(n.to_string()),
        ValueKind::Text(text) => Json::text(text.as_str()),
        ValueKind::List(items) => Json::list(items.iter().map(|item| written(&item.kind))),
        ValueKind::Object(members) => Json::object(
            members
                .iter()
                .map(|(key, value)| (key.value.clone(), written(&value.kind))),
        ),
    }
}
