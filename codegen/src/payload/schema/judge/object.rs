//! An object's members against an imported schema: which are missing, twice there or too many, and which schema each value is
//! judged by.

use std::collections::{HashMap, HashSet};

use super::leaf::{counted, fault};
use super::{Look, kinds, nest};
use crate::json::Json;
use crate::payload::fault::{Fault, Step};
use crate::payload::schema::keywords::get;
use crate::payload::schema::keywords::{count, list, properties, required};

/// A member of an object whose value a schema is about.
pub(crate) struct Member<'s, 'm> {
    pub(crate) of: &'s Json,
    key: &'m str,
    pub(crate) value: &'m Json,
    pub(crate) look: Look,
    known: bool,
}

impl Member<'_, '_> {
    pub(crate) fn step(&self) -> Step {
        if self.known {
            Step::Member(self.key.to_owned())
        } else {
            Step::Entry(self.key.to_owned())
        }
    }
}

/// An object and what a schema says of its members.
pub(crate) struct Object<'s, 'm> {
    named: HashMap<&'s str, &'s Json>,
    needed: HashSet<&'s str>,
    members: &'m [(String, Json)],
    there: HashSet<&'m str>,
    /// The keys that stand more than once.
    again: HashSet<&'m str>,
}

impl<'s, 'm> Object<'s, 'm> {
    pub(crate) fn new(schema: &'s Json, members: &'m [(String, Json)]) -> Self {
        let mut there = HashSet::new();
        let keys = members.iter().map(|(key, _)| key.as_str());
        let again = keys.filter(|key| !there.insert(*key)).collect();
        Self {
            named: properties(schema)
                .iter()
                .map(|(name, of)| (name.as_str(), of))
                .collect(),
            needed: required(schema).collect(),
            members,
            there,
            again,
        }
    }

    /// What is wrong with the members together, and those whose values are to be looked at.
    pub(crate) fn told(&self, schema: &'s Json, look: Look) -> (Vec<Fault>, Vec<Member<'s, 'm>>) {
        let mut all = Vec::new();
        for name in required(schema).filter(|name| !self.there.contains(name)) {
            let reason = format!("the field `{name}` is missing");
            all.extend(fault("required", name, reason));
        }
        let mut inside = Vec::new();
        for (key, value, last) in self.tags_first() {
            let known = self.named(key);
            if known.is_some() && self.again.contains(key) {
                if last {
                    let faults = fault("duplicate", "", "stands twice".to_owned());
                    nest(&mut all, || Step::Member(key.to_owned()), faults);
                }
                continue;
            }
            let of = known.or_else(|| get(schema, "additionalProperties"));
            let Some(of) = of.filter(|_| !self.is_absent(key, value)) else {
                continue;
            };
            inside.push(Member {
                of,
                key,
                value,
                // Of a key that stands twice the last value is kept, and the others are only read.
                look: if last { look } else { Look::Form },
                known: known.is_some(),
            });
        }
        if look == Look::All {
            let there = self.there.iter().copied();
            let there = there.filter(|name| !self.is_null(name)).collect();
            all.extend(whole(schema, &there));
        }
        (all, inside)
    }

    fn named(&self, key: &str) -> Option<&'s Json> {
        self.named.get(key).copied()
    }

    /// A reader takes `null` for an absent member, unless it is one of the values.
    fn is_absent(&self, key: &str, value: &Json) -> bool {
        *value == Json::Null
            && !self.needed.contains(key)
            && self.named(key).is_some_and(|of| !is_any_or_null(of))
    }

    /// Whether the last value of a key is an absent one.
    fn is_null(&self, key: &str) -> bool {
        let last = || self.members.iter().rfind(|(other, _)| other == key);
        self.named.contains_key(key)
            && last().is_some_and(|(key, value)| self.is_absent(key, value))
    }

    /// The members, each with whether it is the last of its key. Those with one value first: of all variants of a union one
    /// is looked into, however deep they hold each other.
    fn tags_first(&self) -> impl Iterator<Item = (&'m str, &'m Json, bool)> {
        let is_tag = |key: &str| self.named(key).is_some_and(|of| get(of, "const").is_some());
        let mut last = HashSet::new();
        let members = self.members.iter().rev();
        let mut all: Vec<(&str, &Json, bool)> = members
            .map(|(key, value)| (key.as_str(), value, last.insert(key.as_str())))
            .collect();
        all.reverse();
        all.sort_by_key(|(key, ..)| !is_tag(key));
        all.into_iter()
    }
}

/// What an object demands of all its members together.
fn whole(schema: &Json, there: &HashSet<&str>) -> Vec<Fault> {
    let counts = count(schema, "minProperties", "maxProperties");
    let rules = ["minProperties", "maxProperties"];
    let mut all = counted(counts, there.len() as u64, "members", rules);
    let lists = list(schema, "anyOf");
    let has = |list: &Json| required(list).all(|name| there.contains(name));
    if !lists.is_empty() && !lists.iter().any(has) {
        let names = |list| required(list).collect::<Vec<_>>().join(" and ");
        let lists: Vec<String> = lists.iter().map(names).collect();
        let reason = format!("it must have {}", lists.join(", or "));
        all.extend(fault("anyOf", "", reason));
    }
    all
}

/// Whether a member's own schema, and none that it refers to, says that it may be anything, or `null` alone.
fn is_any_or_null(schema: &Json) -> bool {
    let says = ["$ref", "oneOf", "anyOf", "enum", "const"];
    let kinds = kinds(schema);
    kinds == ["null"]
        || (kinds.is_empty() && says.iter().all(|keyword| get(schema, keyword).is_none()))
}
