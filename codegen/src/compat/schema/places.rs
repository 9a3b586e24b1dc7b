//! Where an imported schema refuses a payload, and by which keyword: each fault at its place, as [`crate::compat::payload`]
//! has it for types of the contracts. Whether it does is not asked here: only payloads that are refused come this far.

mod leaf;

use std::collections::{BTreeSet, HashSet};

use super::payload::{count, list, properties, required, values};
use super::{Schema, get};
use crate::compat::payload::{self, Fault, Step};
use crate::compat::text;
use crate::formats;
use crate::json::Json;
use leaf::{counted, equal, fault, integer, no_kind, no_value, number, string, wanted};

/// How many steps into a schema are looked into: threads may be small.
const DEEPEST: usize = 150;

/// How much of a schema counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// What a decoder reads, up to the first fault. Of several types the first one that reads a value has it.
    Form,
    /// The form, and what is checked afterwards.
    All,
}

/// Everything that is refused in a payload. `why` is for one whose fault lies too deep.
pub(super) fn faults(schemas: Schema<'_>, json: &Json, why: String) -> Vec<Fault> {
    let places = Places { schemas };
    match places.value(schemas.root(), json, Look::All, 0) {
        found if found.is_empty() => fault("json_schema", "", why),
        found => found,
    }
}

/// The same faults, seen from one step above.
fn inside(step: &Step, faults: Vec<Fault>) -> impl Iterator<Item = Fault> {
    faults.into_iter().map(|mut fault| {
        fault.at.insert(0, step.clone());
        fault
    })
}

struct Places<'a> {
    schemas: Schema<'a>,
}

impl<'a> Places<'a> {
    fn value(&self, schema: &'a Json, json: &Json, look: Look, depth: usize) -> Vec<Fault> {
        if depth > DEEPEST {
            return Vec::new();
        }
        let schema = self.schemas.resolve(schema);
        if let Some(branches) = branches(schema) {
            return self.branch(branches, json, look, depth);
        }
        if let Some(values) = values(schema)
            && (look == Look::All || matches!(json, Json::Text(_)))
            && !values.iter().any(|value| equal(value, json))
        {
            return no_value(&values, json);
        }
        let kinds = kinds(schema);
        let Some(kind) = kind_of(&kinds, json) else {
            return no_kind(kinds.iter().map(|kind| wanted(kind)).collect(), json);
        };
        match json {
            Json::Number(digits) if kind == "integer" => integer(schema, digits, look),
            Json::Number(digits) if kind == "number" => number(schema, digits, look),
            Json::Text(value) if kind == "string" => {
                // As text it is the same integer.
                if kinds.contains(&"integer") && !is_long(value) {
                    let reason = format!("{:?} is no integer", text::shortened(value));
                    return fault("pattern", "an integer", reason);
                }
                string(schema, value, look)
            }
            Json::List(items) if kind == "array" => self.items(schema, items, look, depth),
            Json::Object(members) if kind == "object" => self.object(schema, members, look, depth),
            _ => Vec::new(),
        }
    }

    /// The first branch that reads it has it, and its checks count.
    fn branch(&self, branches: &'a [Json], json: &Json, look: Look, depth: usize) -> Vec<Fault> {
        let reads = |branch: &&Json| self.value(branch, json, Look::Form, depth + 1).is_empty();
        match branches.iter().find(reads) {
            Some(_) if look == Look::Form => Vec::new(),
            Some(branch) => self.value(branch, json, look, depth + 1),
            None if look == Look::Form => fault("oneOf", "", String::new()),
            None => self.no_branch(branches, json, depth),
        }
    }

    /// What is wrong in the only branch that can be meant; else that there is none. Looks into one branch at most, or a
    /// payload could make it look into all of them at every step.
    fn no_branch(&self, branches: &'a [Json], json: &Json, depth: usize) -> Vec<Fault> {
        let mut alike: Vec<&Json> = branches
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
                fault("oneOf", payload::kind(json), reason)
            }
        }
    }

    /// Whether a schema takes this kind of value and, of an object, has no tag (a member with one value) that says otherwise.
    fn takes(&self, schema: &'a Json, json: &Json, tags: bool, depth: usize) -> bool {
        let schema = self.schemas.resolve(schema);
        if let (Some(branches), true) = (branches(schema), depth < DEEPEST) {
            let mut branches = branches.iter();
            return branches.any(|branch| self.takes(branch, json, tags, depth + 1));
        }
        let other = |(name, of): &(String, Json), members: &[(String, Json)]| {
            let own = members.iter().rfind(|(key, _)| key == name);
            match (values(self.schemas.resolve(of)).as_deref(), own) {
                (Some([only]), Some((_, value))) => !equal(only, value),
                _ => false,
            }
        };
        match json {
            _ if kind_of(&kinds(schema), json).is_none() => false,
            Json::Object(members) if tags => {
                !properties(schema).iter().any(|tag| other(tag, members))
            }
            _ => true,
        }
    }

    /// The kinds that any of the branches takes.
    fn kinds_of(&self, branches: &'a [Json], depth: usize, all: &mut BTreeSet<&'a str>) {
        for branch in branches {
            let schema = self.schemas.resolve(branch);
            all.extend(kinds(schema).into_iter().map(wanted));
            if let (Some(more), true) = (self::branches(schema), depth < DEEPEST) {
                self.kinds_of(more, depth + 1, all);
            }
        }
    }

    fn items(&self, schema: &'a Json, items: &[Json], look: Look, depth: usize) -> Vec<Fault> {
        let counts = count(schema, "minItems", "maxItems");
        let is_tuple = matches!(get(schema, "items"), Some(Json::List(_)));
        let mut all = Vec::new();
        if look == Look::All || is_tuple {
            let rules = ["minItems", "maxItems"];
            all = counted(counts, items.len() as u64, "items", rules);
        }
        for (at, item) in items.iter().enumerate() {
            if look == Look::Form && !all.is_empty() {
                break;
            }
            let of = match get(schema, "items") {
                Some(Json::List(each)) => each.get(at),
                other => other,
            };
            if let Some(of) = of {
                let faults = self.value(of, item, look, depth + 1);
                all.extend(inside(&Step::Item(at), faults));
            }
        }
        all
    }

    fn object(
        &self,
        schema: &'a Json,
        members: &[(String, Json)],
        look: Look,
        depth: usize,
    ) -> Vec<Fault> {
        let object = Object::new(schema, members);
        let mut all = Vec::new();
        for (key, value, last) in object.tags_first() {
            if look == Look::Form && !all.is_empty() {
                return all;
            }
            let known = object.named(key);
            if known.is_some() && object.again.contains(key) {
                if last {
                    let faults = fault("duplicate", "", "stands twice".to_owned());
                    all.extend(inside(&Step::Member(key.to_owned()), faults));
                }
                continue;
            }
            let of = known.or_else(|| get(schema, "additionalProperties"));
            let Some(of) = of.filter(|_| !object.is_absent(key, value)) else {
                continue;
            };
            // Of a key that stands twice the last value is kept, and the others are only read.
            let faults = self.value(of, value, if last { look } else { Look::Form }, depth + 1);
            let step = match known {
                Some(_) => Step::Member(key.to_owned()),
                None => Step::Entry(key.to_owned()),
            };
            all.extend(inside(&step, faults));
        }
        for name in required(schema).filter(|name| !object.there.contains(name)) {
            let reason = format!("the field `{name}` is missing");
            all.extend(fault("required", name, reason));
        }
        if look == Look::All {
            let there = object.there.iter().copied();
            let there = there.filter(|name| !object.is_null(name)).collect();
            all.extend(whole(schema, &there));
        }
        all
    }
}

/// An object and what a schema says of its members.
struct Object<'s, 'm> {
    named: &'s [(String, Json)],
    needed: HashSet<&'s str>,
    members: &'m [(String, Json)],
    there: HashSet<&'m str>,
    /// The keys that stand more than once.
    again: HashSet<&'m str>,
}

impl<'s, 'm> Object<'s, 'm> {
    fn new(schema: &'s Json, members: &'m [(String, Json)]) -> Self {
        let mut there = HashSet::new();
        let keys = members.iter().map(|(key, _)| key.as_str());
        let again = keys.filter(|key| !there.insert(*key)).collect();
        Self {
            named: properties(schema),
            needed: required(schema).collect(),
            members,
            there,
            again,
        }
    }

    fn named(&self, key: &str) -> Option<&'s Json> {
        let of = self.named.iter().find(|(name, _)| name == key);
        of.map(|(_, of)| of)
    }

    /// A reader takes `null` for an absent member.
    fn is_absent(&self, key: &str, value: &Json) -> bool {
        *value == Json::Null && !self.needed.contains(key) && self.named(key).is_some()
    }

    fn is_null(&self, key: &str) -> bool {
        let last = self.members.iter().rfind(|(other, _)| other == key);
        last.is_some_and(|(key, value)| self.is_absent(key, value))
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

/// The branches of a union. An object's `anyOf` has no types: it says which members are there.
fn branches(schema: &Json) -> Option<&[Json]> {
    let branches = match list(schema, "oneOf") {
        [] if get(schema, "type").is_none() => list(schema, "anyOf"),
        branches => branches,
    };
    (!branches.is_empty()).then_some(branches)
}

/// The names under `type`; none when a value may be of any kind.
fn kinds(schema: &Json) -> Vec<&str> {
    let names = match get(schema, "type") {
        Some(Json::List(names)) => names.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let names = names.iter();
    names
        .filter_map(|name| match name {
            Json::Text(name) => Some(name.as_str()),
            _ => None,
        })
        .collect()
}

/// Which of the kinds a value is of; an empty text when it may be of any.
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

/// Whether a text is an integer of 64 bits with a sign, in the one form in which it is written.
fn is_long(text: &str) -> bool {
    formats::integer(text).is_some_and(|n| i64::try_from(n).is_ok())
}
