//! Makes good values: the smallest that a type takes, or one with everything in it. Deterministic, and finite for types
//! that contain themselves.

use std::cell::Cell;

use super::make_text as texts;
use super::schema;
use super::shape::{Count, Range, Shape, Slot, struct_fields};
use super::write::float;
use crate::json::Json;
use crate::model::{Body, Contracts, EventId, Field, Type, TypeId, TypeKind, Union};

/// Amount of a value that is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// Required parts only.
    Minimal,
    /// Everything that may be there.
    Full,
}

/// Maximum number of times that a type may stand inside itself: once shows that it can.
const NESTED: usize = 2;
/// Below this depth, and after so many values, only what must be there is made.
const DEEP: usize = 12;
const MANY: u32 = 5_000;
/// After so many values nothing is made: a payload of that size shows nothing.
const TOO_MANY: u32 = 200_000;
/// The most items or entries that are made for a count.
pub(crate) const MOST_ITEMS: u64 = 10_000;

/// Makes values of one contracts folder.
pub(crate) struct Maker<'a> {
    pub(crate) contracts: &'a Contracts,
    made: Cell<u32>,
    uuids: Cell<u32>,
}

impl<'a> Maker<'a> {
    pub(crate) fn new(contracts: &'a Contracts) -> Self {
        Self {
            contracts,
            made: Cell::new(0),
            uuids: Cell::new(0),
        }
    }

    /// A payload.
    pub(crate) fn event(&self, event: EventId, size: Size) -> Option<Json> {
        self.made.set(0);
        self.uuids.set(0);
        match &self.contracts[event].body {
            Body::Fields(fields) => self.object(fields, size, &mut Vec::new()).map(Json::Object),
            Body::Schema(path) => schema::smallest(self.contracts, path),
        }
    }

    /// The object of a union's variant, tag included.
    pub(crate) fn variant(&self, union: &'a Union, at: usize, size: Size) -> Option<Json> {
        self.made.set(0);
        self.tagged(union, at, size, &mut Vec::new())
    }

    fn value(&self, slot: &Slot<'a>, size: Size, stack: &mut Vec<TypeId>) -> Option<Json> {
        self.made.set(self.made.get() + 1);
        if self.made.get() > TOO_MANY {
            return None;
        }
        let size = if stack.len() > DEEP || self.made.get() > MANY {
            Size::Minimal
        } else {
            size
        };
        Some(match slot.shape(self.contracts) {
            Shape::Bool => Json::Bool(true),
            Shape::Integer(range) => Json::integer(plausible(range)),
            Shape::Float(min, max) => float(0.5f64.clamp(min, max.max(min))),
            Shape::Text(text) => Json::Text(texts::good(&text, &self.uuids)?),
            Shape::Json => Json::object([("any", Json::list([Json::text("value"), Json::Null]))]),
            Shape::List(item, count) => {
                let slot = Slot::bare(item);
                let make = |_| self.value(&slot, size, stack);
                Json::List(some_of(count, size, make)?)
            }
            Shape::Map(item, count) => {
                let slot = Slot::bare(item);
                let make = |n| Some((key(n), self.value(&slot, size, stack)?));
                Json::Object(some_of(count, size, make)?)
            }
            Shape::Struct(id) => self.inside(id, stack, |stack| {
                let fields = struct_fields(self.contracts, id);
                self.object(fields, size, stack).map(Json::Object)
            })?,
            Shape::Enum(id) => match &self.contracts[id].kind {
                TypeKind::Enum(choice) => Json::text(choice.values.first()?.value.as_str()),
                _ => return None,
            },
            Shape::Union(id) => match &self.contracts[id].kind {
                TypeKind::Union(union) => self.inside(id, stack, |stack| {
                    let all = 0..union.variants.len();
                    all.into_iter()
                        .find_map(|at| self.tagged(union, at, size, stack))
                })?,
                _ => return None,
            },
            Shape::Schema(path) => schema::smallest(self.contracts, path)?,
            Shape::Invalid => return None,
        })
    }

    fn inside<T>(
        &self,
        id: TypeId,
        stack: &mut Vec<TypeId>,
        make: impl FnOnce(&mut Vec<TypeId>) -> Option<T>,
    ) -> Option<T> {
        if stack.iter().filter(|seen| **seen == id).count() >= NESTED {
            return None;
        }
        stack.push(id);
        let made = make(stack);
        stack.pop();
        made
    }

    fn object(
        &self,
        fields: &'a [Field],
        size: Size,
        stack: &mut Vec<TypeId>,
    ) -> Option<Vec<(String, Json)>> {
        let mut members = Vec::new();
        for field in fields {
            if !field.required() && size == Size::Minimal {
                continue;
            }
            match self.value(&Slot::field(field), size, stack) {
                Some(value) => members.push((field.wire(), value)),
                None if field.required() => return None,
                None => {}
            }
        }
        Some(members)
    }

    fn tagged(
        &self,
        union: &'a Union,
        at: usize,
        size: Size,
        stack: &mut Vec<TypeId>,
    ) -> Option<Json> {
        let variant = union.variants.get(at)?;
        let id = variant.ty.value?;
        let tag = (
            union.tag.value.clone(),
            Json::text(variant.tag.value.as_str()),
        );
        self.inside(id, stack, |stack| {
            let body = self.object(struct_fields(self.contracts, id), size, stack)?;
            Some(Json::object(std::iter::once(tag).chain(body)))
        })
    }
}

/// The key of the n-th entry of a map.
pub(crate) fn key(n: u64) -> String {
    format!("key{}", n + 1)
}

/// As few as there must be, or at least one. None at all when one cannot be made and none need be.
fn some_of<T>(count: Count, size: Size, mut make: impl FnMut(u64) -> Option<T>) -> Option<Vec<T>> {
    let room = count.max != Some(0);
    let wanted = count.min.max(u64::from(size == Size::Full && room));
    if wanted > MOST_ITEMS {
        return None;
    }
    let made: Option<Vec<T>> = (0..wanted).map(&mut make).collect();
    made.or_else(|| (count.min == 0).then(Vec::new))
}

/// A small number of a range that is not 0 where it need not be: 0 is what other languages fill in.
fn plausible(range: Range) -> i128 {
    7.clamp(range.min, range.max.max(range.min))
}

/// Returns whether a type expression leads to a text, a number or `bool` in JSON.
pub(crate) fn is_json(contracts: &Contracts, ty: &Type) -> bool {
    matches!(Slot::bare(ty).shape(contracts), Shape::Json)
}
