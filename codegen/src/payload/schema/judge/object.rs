//! An object's members against an imported schema: which are missing, twice there or too many, and which schema each value is
//! judged by.

use std::collections::{HashMap, HashSet};

use super::leaf::{broken, fault};
use super::{Look, nest};
use crate::json::Json;
use crate::payload::fault::{Fault, Step};
use crate::payload::scalar;
use crate::payload::schema::demands::{Demands, Place};

/// A member of an object whose value a type is about.
pub(crate) struct Member<'s, 'm, 'a> {
    pub(crate) of: &'s Place<'a>,
    key: &'m str,
    pub(crate) value: &'m Json,
    pub(crate) look: Look,
    known: bool,
}

impl Member<'_, '_, '_> {
    pub(crate) fn step(&self) -> Step {
        if self.known {
            Step::Member(self.key.to_owned())
        } else {
            Step::Entry(self.key.to_owned())
        }
    }
}

/// An object and the demands on its members.
pub(crate) struct Object<'s, 'm, 'a> {
    demands: &'s Demands<'a>,
    named: HashMap<&'s str, (&'s Place<'a>, Box<Demands<'a>>)>,
    needed: HashSet<&'s str>,
    members: &'m [(String, Json)],
    there: HashSet<&'m str>,
    /// The keys that stand more than once.
    again: HashSet<&'m str>,
}

impl<'s, 'm, 'a> Object<'s, 'm, 'a> {
    pub(crate) fn new(demands: &'s Demands<'a>, members: &'m [(String, Json)]) -> Self {
        let mut there = HashSet::new();
        let keys = members.iter().map(|(key, _)| key.as_str());
        let again = keys.filter(|key| !there.insert(*key)).collect();
        let properties = demands.properties.iter();
        let properties = properties.filter(|(name, _)| there.contains(name.as_str()));
        Self {
            demands,
            named: properties
                .map(|(name, of)| (name.as_str(), (of, of.demands())))
                .collect(),
            needed: demands.required.iter().map(String::as_str).collect(),
            members,
            there,
            again,
        }
    }

    /// The faults of the members together, and those members whose values are to be looked at.
    pub(crate) fn told(&self, look: Look) -> (Vec<Fault>, Vec<Member<'s, 'm, 'a>>) {
        let mut all = Vec::new();
        let required = self.demands.required.iter().map(String::as_str);
        for name in required.filter(|name| !self.there.contains(name)) {
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
            let of = known.or(self.demands.extra.as_ref());
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
            all.extend(whole(self.demands, &there));
        }
        (all, inside)
    }

    fn named(&self, key: &str) -> Option<&'s Place<'a>> {
        Some(self.named.get(key)?.0)
    }

    /// A reader takes `null` for an absent member, unless it is one of the values.
    fn is_absent(&self, key: &str, value: &Json) -> bool {
        *value == Json::Null
            && !self.needed.contains(key)
            && self
                .named
                .get(key)
                .is_some_and(|(of, demands)| of.name().is_some() || !is_any_or_null(demands))
    }

    /// Returns whether the last value of a key is an absent one.
    fn is_null(&self, key: &str) -> bool {
        let last = || self.members.iter().rfind(|(other, _)| other == key);
        self.named.contains_key(key)
            && last().is_some_and(|(key, value)| self.is_absent(key, value))
    }

    /// The members, each with whether it is the last of its key. Those with one value first: of all variants of a union one
    /// is looked into, however deep they hold each other.
    fn tags_first(&self) -> impl Iterator<Item = (&'m str, &'m Json, bool)> {
        let is_tag = |key: &str| {
            self.named
                .get(key)
                .is_some_and(|(_, demands)| demands.fixed)
        };
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

/// The faults of all members together.
fn whole(demands: &Demands<'_>, there: &HashSet<&str>) -> Vec<Fault> {
    let rules = ["minProperties", "maxProperties"];
    let mut all = broken(scalar::count(
        demands.count,
        there.len() as u64,
        "members",
        rules,
    ));
    let lists = demands.any_of;
    let has = |list: &Vec<String>| list.iter().all(|name| there.contains(name.as_str()));
    if !lists.is_empty() && !lists.iter().any(has) {
        let lists: Vec<String> = lists.iter().map(|list| list.join(" and ")).collect();
        let reason = format!("it must have {}", lists.join(", or "));
        all.extend(fault("anyOf", "", reason));
    }
    all
}

/// Returns whether a member's own type, and none that it names, may be anything, or `null` alone.
fn is_any_or_null(demands: &Demands<'_>) -> bool {
    demands.is_anything() || demands.kind == Some("null")
}
