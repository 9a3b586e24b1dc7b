//! An object's members against a type: which are missing, twice there or too many, and which type each value is read by.

use std::collections::{HashMap, HashSet};

use super::leaf::{broken, fault};
use super::{Look, nest};
use crate::diagnostic::closest;
use crate::json::Json;
use crate::payload::demands::{Demands, Member, TypeAt};
use crate::payload::fault::{Fault, PathStep};
use crate::payload::scalar;

/// Among so many names a near one is looked for: more would cost more than it helps.
const NEIGHBOURS: usize = 200;

/// A value of an object that a type is about.
pub(super) struct Value<'s, 'm, 'a> {
    pub(super) of: &'s TypeAt<'a>,
    pub(super) value: &'m Json,
    pub(super) look: Look,
    key: &'m str,
    member: Option<&'s Member<'a>>,
}

impl Value<'_, '_, '_> {
    pub(super) fn step(&self) -> PathStep {
        match self.member {
            Some(member) => PathStep::Member(member.name.clone()),
            None => PathStep::Entry(self.key.to_owned()),
        }
    }

    /// Returns whether the value is never printed.
    pub(super) fn is_sensitive(&self) -> bool {
        let field = self.member.and_then(|member| member.field);
        field.is_some_and(|field| field.sensitive.is_some())
    }
}

/// An object and the demands on its members.
pub(super) struct Object<'s, 'm, 'a> {
    demands: &'s Demands<'a>,
    members: &'m [(String, Json)],
    /// The members of the type that are there, by the keys under which they are: an older name counts where the name of
    /// today is absent.
    known: HashMap<&'s str, &'s Member<'a>>,
    there: HashSet<&'m str>,
    /// The keys that stand more than once.
    again: HashSet<&'m str>,
}

impl<'s, 'm, 'a> Object<'s, 'm, 'a> {
    pub(super) fn new(demands: &'s Demands<'a>, members: &'m [(String, Json)]) -> Self {
        let mut there = HashSet::new();
        let keys = members.iter().map(|(key, _)| key.as_str());
        let again = keys.filter(|key| !there.insert(*key)).collect();
        let known = demands.properties.iter().filter_map(|member| {
            let alias = member.field.and_then(|field| field.alias.as_ref());
            let mut names = [
                Some(member.name.as_str()),
                alias.map(|old| old.value.as_str()),
            ]
            .into_iter()
            .flatten();
            Some((names.find(|name| there.contains(name))?, member))
        });
        Self {
            demands,
            members,
            known: known.collect(),
            there,
            again,
        }
    }

    /// The faults of the members together, and those values that are to be looked at.
    pub(super) fn told(&self, look: Look) -> (Vec<Fault>, Vec<Value<'s, 'm, 'a>>) {
        let mut all = Vec::new();
        let found: HashSet<&str> = self.known.values().map(|m| m.name.as_str()).collect();
        let required = self.demands.required.iter().map(String::as_str);
        for name in required.filter(|name| !found.contains(name)) {
            let reason = format!("the field `{name}` is missing");
            all.extend(fault("required", name, reason));
        }
        let mut inside = Vec::new();
        for (key, value, last) in self.tags_first() {
            let member = self.known.get(key).copied();
            if let Some(member) = member.filter(|_| self.again.contains(key)) {
                if last && member.name == key {
                    let faults = fault("duplicate", "", "stands twice".to_owned());
                    nest(&mut all, || PathStep::Member(key.to_owned()), faults);
                }
                // Of an older name the last value is read.
                if !last || member.name == key {
                    continue;
                }
            }
            let of = member.map(|member| &member.of);
            let Some(of) = of.or(self.demands.extra.as_ref()) else {
                continue;
            };
            if member.is_some_and(|member| member.is_absent(value)) {
                continue;
            }
            inside.push(Value {
                of,
                value,
                // Of a key that stands twice the last value is kept, and the others are only read.
                look: if last { look } else { Look::Form },
                key,
                member,
            });
        }
        if look == Look::All {
            let there = self.there.iter().copied();
            let there = there.filter(|name| !self.is_null(name)).collect();
            all.extend(whole(self.demands, &there));
        }
        (all, inside)
    }

    /// The members that a reader makes nothing of; with `old` those under an older name, too. The cause is what is meant.
    pub(super) fn strange(&self, old: bool) -> Vec<Fault> {
        let mut all = Vec::new();
        let keeps = self
            .demands
            .named
            .is_none_or(|named| named.body.whole.extra.is_some());
        let properties = &self.demands.properties;
        for (key, _) in self.members {
            let is_old = |member: &&Member<'_>| {
                let alias = member.field.and_then(|field| field.alias.as_ref());
                alias.is_some_and(|alias| alias.value == *key)
            };
            let faults = if properties.iter().any(|member| member.name == *key) {
                continue;
            } else if let Some(member) = properties.iter().find(is_old) {
                if !old {
                    continue;
                }
                let reason = "the old name of a field; it is only read".to_owned();
                fault("old-name", &member.name, reason)
            } else if keeps {
                continue;
            } else {
                let reason = "the contract has no such field".to_owned();
                fault("unknown-field", self.meant(key), reason)
            };
            nest(&mut all, || PathStep::Member(key.clone()), faults);
        }
        all
    }

    /// The member that somebody meant who wrote this; empty when there is none near.
    fn meant(&self, key: &str) -> &str {
        let mut properties = self.demands.properties.iter();
        let same = properties.find(|member| member.field.is_some_and(|f| f.name.value == key));
        let names = self.demands.properties.iter().take(NEIGHBOURS);
        let near = || closest(key, names.map(|member| member.name.as_str()));
        same.map(|member| member.name.as_str())
            .or_else(near)
            .unwrap_or_default()
    }

    /// Returns whether the last value of a key is an absent one.
    fn is_null(&self, key: &str) -> bool {
        let last = || self.members.iter().rfind(|(other, _)| other == key);
        let member = self.known.get(key);
        member.is_some_and(|member| last().is_some_and(|(_, value)| member.is_absent(value)))
    }

    /// The members, each with whether it is the last of its key. Those with one value first: of all variants of a union one
    /// is looked into, however deep they hold each other.
    fn tags_first(&self) -> impl Iterator<Item = (&'m str, &'m Json, bool)> {
        let mut last = HashSet::new();
        let members = self.members.iter().rev();
        let mut all: Vec<(&str, &Json, bool)> = members
            .map(|(key, value)| (key.as_str(), value, last.insert(key.as_str())))
            .collect();
        all.reverse();
        let is_fixed = |key: &str| {
            self.known
                .get(key)
                .is_some_and(|member| member.of.is_fixed())
        };
        all.sort_by_cached_key(|(key, ..)| !is_fixed(key));
        all.into_iter()
    }
}

/// The faults of all members together.
fn whole(demands: &Demands<'_>, there: &HashSet<&str>) -> Vec<Fault> {
    let what = if demands.named.is_some() {
        "members"
    } else {
        "entries"
    };
    let (rules, count) = (["minProperties", "maxProperties"], there.len() as u64);
    let mut all = broken(scalar::count(demands.count, count, what, rules));
    let lists = demands.any_of;
    let has = |list: &Vec<String>| list.iter().all(|name| there.contains(name.as_str()));
    if !lists.is_empty() && !lists.iter().any(has) {
        let lists: Vec<String> = lists.iter().map(|list| list.join(" and ")).collect();
        let reason = format!("it must have {}", lists.join(", or "));
        all.extend(fault("anyOf", "", reason));
    }
    all
}
