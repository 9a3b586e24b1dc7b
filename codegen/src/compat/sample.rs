//! Makes payloads: one that goes along a path to a given value, and is everywhere else as small as writer and reader both
//! take it. So a payload shows one change and no other, whatever else changed beside it.
//!
//! Gives nothing rather than something that the writer would not send; [`read`] is the judge of both.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::raw::Leaf;
use super::sides::{Side, SidedStep};
use crate::json::Json;
use crate::model::{Contracts, EventId, Field, Type, TypeId, TypeKind, Union};
use crate::payload::demands::TypeAt;
use crate::payload::shape::{Count, Shape, Slot, struct_fields};
use crate::payload::steer::Pair;
use crate::payload::{common, read};

/// Maximum depth of a payload: reading and writing one takes a stack.
const DEEPEST: usize = 200;

/// Makes payloads of one model, for the eyes of another.
pub(super) struct Sampler<'a> {
    writer: &'a Contracts,
    reader: &'a Contracts,
    /// Side of the writer.
    side: Side,
    smallest: RefCell<BTreeMap<Structs, Option<Json>>>,
}

/// The writer's type, and the reader's at the same place.
type Structs = (TypeId, Option<TypeId>);

/// Types of one place: of the writer, and of the reader where the place is one for it.
struct Slots<'a> {
    writer: Slot<'a>,
    reader: Option<Slot<'a>>,
}

impl<'a> Slots<'a> {
    fn fields(writer: &'a Field, reader: Option<&'a Field>) -> Self {
        Self {
            writer: Slot::field(writer),
            reader: reader.map(Slot::field),
        }
    }

    fn bare(writer: &'a Type, reader: Option<&'a Type>) -> Self {
        Self {
            writer: Slot::bare(writer),
            reader: reader.map(Slot::bare),
        }
    }

    /// Returns whether one of them is a JSON Schema.
    fn is_imported(&self, sampler: &Sampler<'_>) -> bool {
        let reader = self.reader.as_ref();
        self.writer.source(sampler.writer).is_some()
            || reader.is_some_and(|reader| reader.source(sampler.reader).is_some())
    }

    fn alone(&self) -> Self {
        Self {
            writer: self.writer.clone(),
            reader: None,
        }
    }
}

impl<'a> Sampler<'a> {
    pub fn new(writer: &'a Contracts, reader: &'a Contracts, side: Side) -> Self {
        Self {
            writer,
            reader,
            side,
            smallest: RefCell::default(),
        }
    }

    /// A payload of the writer's event with `leaf` at the end of the path; everywhere else what the reader's takes too.
    pub fn event(
        &self,
        events: (EventId, EventId),
        path: &[SidedStep],
        leaf: &Leaf,
    ) -> Option<Json> {
        let (ours, theirs) = (&self.writer[events.0], &self.reader[events.1]);
        let both = (&ours.body, &theirs.body);
        if both.0.source.is_none() && both.1.source.is_none() {
            let fields = (both.0.fields(), Some(both.1.fields()));
            return self.object(fields, path, leaf, 0);
        }
        match leaf {
            _ if !path.is_empty() => None,
            Leaf::Value(value) => Some(value.clone()),
            _ => {
                let theirs = TypeAt::event(self.reader, theirs);
                Pair::new(&TypeAt::event(self.writer, ours), Some(&theirs)).beside(0)
            }
        }
    }

    fn value(
        &self,
        pair: &Slots<'a>,
        path: &[SidedStep],
        leaf: &Leaf,
        depth: usize,
    ) -> Option<Json> {
        if depth > DEEPEST {
            return None;
        }
        match leaf {
            Leaf::Value(value) if path.is_empty() => Some(value.clone()),
            Leaf::Smallest if path.is_empty() => {
                self.place(&pair.alone(), path, &Leaf::Common, depth)
            }
            Leaf::Control if path.is_empty() => self
                .place(pair, path, &Leaf::Common, depth)
                .or_else(|| self.as_reader(pair, depth)),
            _ => self.place(pair, path, leaf, depth),
        }
    }

    /// Makes a value that the reader takes, whatever the writer would send.
    fn as_reader(&self, pair: &Slots<'a>, depth: usize) -> Option<Json> {
        let alone = Slots {
            writer: pair.reader.clone()?,
            reader: None,
        };
        Self::new(self.reader, self.writer, self.side.other()).place(
            &alone,
            &[],
            &Leaf::Common,
            depth,
        )
    }

    fn place(
        &self,
        pair: &Slots<'a>,
        path: &[SidedStep],
        leaf: &Leaf,
        depth: usize,
    ) -> Option<Json> {
        let theirs = pair.reader.as_ref().map(|slot| slot.shape(self.reader));
        match (pair.writer.shape(self.writer), theirs) {
            // It takes anything.
            (_, Some(Shape::Json)) => self.place(&pair.alone(), path, leaf, depth),
            (Shape::Json, Some(_)) => self.as_reader(pair, depth),
            (Shape::Json, None) => Some(Json::Object(Vec::new())),
            _ if pair.is_imported(self) => {
                let slot = pair.reader.clone();
                let theirs = slot.map(|slot| TypeAt::slot(self.reader, slot));
                let ours = TypeAt::slot(self.writer, pair.writer.clone());
                Pair::new(&ours, theirs.as_ref()).beside(0)
            }
            (Shape::List(item, count), theirs) => {
                let (other, count) = match theirs {
                    Some(Shape::List(other, bound)) => (Some(other), common::count(count, bound)),
                    None => (None, count),
                    Some(_) => return None,
                };
                let items = self.entries(&Slots::bare(item, other), count, path, leaf, depth)?;
                Some(Json::List(items))
            }
            (Shape::Map(item, count), theirs) => {
                let (other, count) = match theirs {
                    Some(Shape::Map(other, bound)) => (Some(other), common::count(count, bound)),
                    None => (None, count),
                    Some(_) => return None,
                };
                let items = self.entries(&Slots::bare(item, other), count, path, leaf, depth)?;
                let keyed = items.into_iter().enumerate();
                Some(Json::object(
                    keyed.map(|(n, item)| (format!("key{n}"), item)),
                ))
            }
            (Shape::Struct(id), theirs) => match theirs {
                Some(Shape::Struct(other)) => self.structure((id, Some(other)), path, leaf, depth),
                None => self.structure((id, None), path, leaf, depth),
                Some(_) => None,
            },
            (Shape::Union(id), theirs) => match theirs {
                Some(Shape::Union(other)) => {
                    let theirs = union_of(self.reader, other);
                    self.union(union_of(self.writer, id)?, theirs, path, leaf, depth)
                }
                None => self.union(union_of(self.writer, id)?, None, path, leaf, depth),
                Some(_) => None,
            },
            (shape, None) => common::smallest(self.writer, &shape),
            (shape, Some(theirs)) => common::value((self.writer, &shape), (self.reader, &theirs)),
        }
    }

    /// The entries of a list or map: the first is the one that the path goes through.
    fn entries(
        &self,
        pair: &Slots<'a>,
        count: Count,
        path: &[SidedStep],
        leaf: &Leaf,
        depth: usize,
    ) -> Option<Vec<Json>> {
        let through = !path.is_empty();
        let wanted = match leaf {
            Leaf::Count(n) if !through => *n,
            _ => fewest(count, through)?,
        };
        let mut items = Vec::new();
        if through {
            items.push(self.value(pair, path.get(1..)?, leaf, depth + 1)?);
        }
        let more = usize::try_from(wanted).ok()?.saturating_sub(items.len());
        if more > 0 {
            let item = self.beside(pair, depth + 1)?;
            items.extend(std::iter::repeat_n(item, more));
        }
        Some(items)
    }

    /// Makes the value of a place that the payload is not about. Where both take nothing alike it is the writer's.
    fn beside(&self, pair: &Slots<'a>, depth: usize) -> Option<Json> {
        self.value(pair, &[], &Leaf::Common, depth)
            .or_else(|| self.value(&pair.alone(), &[], &Leaf::Common, depth))
    }

    /// Once per pair of types. One that is met inside itself has no smallest value on this way.
    fn structure(
        &self,
        ids: Structs,
        path: &[SidedStep],
        leaf: &Leaf,
        depth: usize,
    ) -> Option<Json> {
        let fields = struct_fields(self.writer, ids.0);
        let theirs = ids.1.map(|id| struct_fields(self.reader, id));
        if !path.is_empty() || *leaf != Leaf::Common {
            return self.object((fields, theirs), path, leaf, depth);
        }
        if let Some(known) = self.smallest.borrow().get(&ids) {
            return known.clone();
        }
        self.smallest.borrow_mut().insert(ids, None);
        let value = self.object((fields, theirs), &[], leaf, depth);
        let mut known = self.smallest.borrow_mut();
        match &value {
            Some(_) => known.insert(ids, value.clone()),
            None => known.remove(&ids),
        };
        value
    }

    fn union(
        &self,
        union: &'a Union,
        theirs: Option<&'a Union>,
        path: &[SidedStep],
        leaf: &Leaf,
        depth: usize,
    ) -> Option<Json> {
        let known = |tag: &str| theirs?.variants.iter().find(|v| v.tag.value == tag);
        let body = |tag: &str, ty: TypeId, path: &[SidedStep], leaf: &Leaf| {
            let ids = (ty, known(tag).and_then(|variant| variant.ty.value));
            let Json::Object(members) = self.structure(ids, path, leaf, depth + 1)? else {
                return None;
            };
            let mut all = vec![(union.tag.value.clone(), Json::text(tag))];
            // Told apart by another name there: with both of them it is the same to both.
            let other = theirs.map(|theirs| &theirs.tag.value);
            all.extend(
                other
                    .filter(|name| **name != union.tag.value && *leaf != Leaf::OneTag)
                    .filter(|name| members.iter().all(|(member, _)| member != *name))
                    .map(|name| (name.clone(), Json::text(tag))),
            );
            Some(Json::Object(all.into_iter().chain(members).collect()))
        };
        if let Some(SidedStep::Variant(tag)) = path.first() {
            let variant = union.variants.iter().find(|v| v.tag.value == *tag)?;
            return body(tag, variant.ty.value?, &path[1..], leaf);
        }
        union
            .variants
            .iter()
            .filter(|v| theirs.is_none_or(|theirs| !theirs.closed) || known(&v.tag.value).is_some())
            .find_map(|variant| body(&variant.tag.value, variant.ty.value?, &[], leaf))
    }

    /// Every field that is not optional is written: that is what Rust writers do. And every field that only the reader
    /// needs: the writer does not look at it.
    fn object(
        &self,
        (fields, theirs): (&'a [Field], Option<&'a [Field]>),
        path: &[SidedStep],
        leaf: &Leaf,
        depth: usize,
    ) -> Option<Json> {
        if let (true, Leaf::Value(value)) = (path.is_empty(), leaf) {
            return Some(value.clone());
        }
        if path.is_empty() && *leaf == Leaf::Smallest {
            return self.object((fields, None), path, &Leaf::Common, depth);
        }
        let leaf_here = path.is_empty().then_some(leaf);
        let (to, to_theirs) = match path.first() {
            Some(step) => (step.field(self.side), step.field(self.side.other())),
            None => (None, None),
        };
        let others = theirs.map(by_wire).unwrap_or_default();
        let mut known = HashSet::new();
        let mut members = Vec::new();
        for field in fields {
            let mut wire = field.wire();
            known.insert(wire.clone());
            let value = if to == Some(&wire) {
                let other = to_theirs.and_then(|name| others.get(name).copied());
                self.value(&Slots::fields(field, other), &path[1..], leaf, depth + 1)?
            } else {
                let mut must = !field.optional;
                match leaf_here {
                    Some(Leaf::Without(names)) if names.contains(&wire) => continue,
                    Some(Leaf::Instead { field, .. }) if *field == wire => must = true,
                    Some(Leaf::Renamed { field, .. }) if *field == wire => must = true,
                    _ => {}
                }
                let other = others.get(&wire).copied();
                let Some(value) = self.member(field, other, must, depth + 1)? else {
                    continue;
                };
                if let Some(Leaf::Renamed { field, to }) = leaf_here
                    && *field == wire
                {
                    wire.clone_from(to);
                }
                value
            };
            members.push((wire, value));
        }
        for field in theirs.into_iter().flatten().filter(|f| f.required()) {
            let wire = field.wire();
            let old = field.alias.as_ref().map(|alias| &alias.value);
            let there = known.contains(&wire) || old.is_some_and(|old| known.contains(old));
            let left_out = leaf_here.is_some_and(|leaf| leaf.lacks(&wire));
            if there || left_out || to_theirs == Some(&wire) {
                continue;
            }
            let pair = Slots::fields(field, Some(field));
            members.push((wire, self.as_reader(&pair, depth + 1)?));
        }
        let arrived = path.is_empty() || to.is_some_and(|to| known.contains(to));
        arrived.then_some(Json::Object(members))
    }

    /// The value of a field that the payload is not about, if it is to be there.
    fn member(
        &self,
        field: &'a Field,
        other: Option<&'a Field>,
        must: bool,
        depth: usize,
    ) -> Option<Option<Json>> {
        let wanted = other.is_some_and(Field::required);
        if !must && !wanted {
            return Some(None);
        }
        let pair = Slots::fields(field, other);
        if let Some(default) = &field.default {
            let value = Json::from(default);
            let taken = |slot: &Slot<'a>| read::takes(self.reader, slot, &value);
            if pair.reader.as_ref().is_none_or(taken) {
                return Some(Some(value));
            }
            // Writers in other languages may leave it out.
            let common = self.value(&pair, &[], &Leaf::Common, depth);
            if common.is_some() || !wanted {
                return Some(common);
            }
        }
        self.beside(&pair, depth).map(Some)
    }
}

/// Fields by what a reader takes them from: their names on the wire, and older ones that no field has now.
fn by_wire(fields: &[Field]) -> HashMap<String, &Field> {
    let older = fields
        .iter()
        .filter_map(|field| Some((field.alias.as_ref()?.value.clone(), field)));
    older
        .chain(fields.iter().map(|field| (field.wire(), field)))
        .collect()
}

fn union_of(contracts: &Contracts, id: TypeId) -> Option<&Union> {
    match &contracts[id].body.kind {
        TypeKind::Union(union) => Some(union),
        _ => None,
    }
}

/// The fewest entries, at least one when the path goes through them.
fn fewest(count: Count, through: bool) -> Option<u64> {
    let wanted = count.min.max(u64::from(through));
    (count.contains(wanted) && wanted <= 10_000).then_some(wanted)
}
