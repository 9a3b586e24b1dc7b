//! Makes good values: the smallest that a type takes, or one with everything in it. Deterministic, and finite for types
//! that contain themselves.

use std::cell::Cell;

use super::demands::{Demands, Items, TypeAt};
use super::make_text as texts;
use super::shape::{Count, Range};
use super::write::float;
use crate::json::Json;
use crate::model::{Contracts, EventId, TypeId, TypeKind};

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
        self.uuids.set(0);
        self.at(&TypeAt::event(self.contracts, &self.contracts[event]), size)
    }

    /// A value of a type.
    pub(crate) fn at(&self, place: &TypeAt<'a>, size: Size) -> Option<Json> {
        self.made.set(0);
        self.value(place, size, &mut Vec::new())
    }

    fn value(&self, place: &TypeAt<'a>, size: Size, stack: &mut Vec<TypeId>) -> Option<Json> {
        self.made.set(self.made.get() + 1);
        if self.made.get() > TOO_MANY {
            return None;
        }
        let size = if stack.len() > DEEP || self.made.get() > MANY {
            Size::Minimal
        } else {
            size
        };
        let demands = place.demands();
        match demands.named.and_then(|named| named.id) {
            Some(id) => self.inside(id, stack, |stack| self.of(&demands, size, stack)),
            None => self.of(&demands, size, stack),
        }
    }

    fn of(&self, demands: &Demands<'a>, size: Size, stack: &mut Vec<TypeId>) -> Option<Json> {
        if !demands.branches.is_empty() {
            let mut branches = demands.branches.iter();
            return branches.find_map(|branch| self.value(branch, size, stack));
        }
        if let Some(values) = &demands.values {
            return values.first().cloned();
        }
        Some(match demands.kind {
            None => Json::object([("any", Json::list([Json::text("value"), Json::Null]))]),
            Some("null") => Json::Null,
            Some("boolean") => Json::Bool(true),
            Some("integer") => {
                let plausible = plausible(demands.range);
                let fits = plausible % demands.step == 0;
                Json::integer(if fits { plausible } else { demands.integer()? })
            }
            Some("number") => {
                let (min, max) = demands.floats;
                float(0.5f64.clamp(min, max.max(min)))
            }
            Some("string") => match demands.named.map(|named| &named.body.kind) {
                Some(TypeKind::Enum(open)) => Json::text(open.values.first()?.value.as_str()),
                _ => Json::Text(texts::good(&demands.text, &self.uuids)?),
            },
            Some("array") => Json::List(match &demands.items {
                Items::None => Vec::new(),
                Items::Each(each) => {
                    some_of(demands.count, size, |_| self.value(each, size, stack))?
                }
                Items::All(all) => {
                    let all = all.iter().map(|item| self.value(item, size, stack));
                    all.collect::<Option<_>>()?
                }
            }),
            Some("object") if demands.named.is_none() => {
                let entry = |n| {
                    let value = match &demands.extra {
                        Some(of) => self.value(of, size, stack)?,
                        None => Json::Bool(true),
                    };
                    Some((key(n), value))
                };
                Json::Object(some_of(demands.count, size, entry)?)
            }
            Some("object") => Json::Object(self.object(demands, size, stack)?),
            Some(_) => return None,
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
        demands: &Demands<'a>,
        size: Size,
        stack: &mut Vec<TypeId>,
    ) -> Option<Vec<(String, Json)>> {
        let most = usize::try_from(demands.count.max.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        // The first of the lists of members of which one must be there.
        let listed = demands.any_of.first();
        let needed = |name: &String| {
            demands.requires(name) || listed.is_some_and(|listed| listed.contains(name))
        };
        let mut names = demands.properties.iter().map(|member| &member.name);
        let mut room = most.saturating_sub(names.by_ref().filter(|name| needed(name)).count());
        let mut members = Vec::new();
        for member in &demands.properties {
            let needed = needed(&member.name);
            if !needed && (size == Size::Minimal || room == 0) {
                continue;
            }
            match self.value(&member.of, size, stack) {
                Some(value) => {
                    room = room.saturating_sub(usize::from(!needed));
                    members.push((member.name.clone(), value));
                }
                None if needed => return None,
                None => {}
            }
        }
        for n in members.len() as u64..demands.count.min.min(MOST_ITEMS) {
            let value = match &demands.extra {
                Some(of) => self.value(of, size, stack)?,
                None => Json::Bool(true),
            };
            members.push((key(n), value));
        }
        Some(members)
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
