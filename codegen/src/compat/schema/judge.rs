//! Judges payloads by an imported schema, in the dialect that the import writes, as the generated types do: first whether a
//! value has the form that its type reads, then whether it is what the type's checks demand. Finds every fault, each at its
//! place, as [`crate::compat::payload`] does for types of the contracts. Makes no payloads.

mod scalars;

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use super::payload::{branches, count, list, properties, required, values};
use super::{Schema, get};
use crate::compat::payload::{Fault, Step, kind as found, shown_kind};
use crate::compat::text;
use crate::json::Json;

/// How many steps into a schema one payload may lead: more than the deepest payload that a decoder reads takes.
const DEEPEST: usize = 600;
/// How many branches may turn out wrong before a payload is given up, as in the decoders: where choices hold each other, each
/// level tries what is below it once more for every branch.
const MAX_WRONG: u32 = 10_000;

/// How much of a schema counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// What a decoder reads.
    Form,
    /// The form, and what is checked afterwards; the first fault is enough.
    Fits,
    /// The same, with every fault.
    All,
}

/// Why a payload is refused.
pub(super) fn refuses(schemas: Schema<'_>, schema: &Json, json: &Json) -> Option<String> {
    let judge = Judge::new(schemas);
    Some(
        judge
            .value(schema, json, Look::Fits, 0)
            .first()?
            .to_string(),
    )
}

/// Everything that is refused in a payload.
pub(super) fn faults(schemas: Schema<'_>, schema: &Json, json: &Json) -> Vec<Fault> {
    Judge::new(schemas).value(schema, json, Look::All, 0)
}

fn fault(rule: &'static str, cause: &str, reason: String) -> Vec<Fault> {
    vec![Fault {
        at: Vec::new(),
        rule,
        cause: cause.to_owned(),
        reason,
    }]
}

fn inside(step: &Step, faults: Vec<Fault>) -> impl Iterator<Item = Fault> {
    faults.into_iter().map(|mut fault| {
        fault.at.insert(0, step.clone());
        fault
    })
}

struct Judge<'a> {
    schemas: Schema<'a>,
    wrong: Cell<u32>,
}

impl<'a> Judge<'a> {
    fn new(schemas: Schema<'a>) -> Self {
        Self {
            schemas,
            wrong: Cell::new(0),
        }
    }

    fn value(&self, schema: &'a Json, json: &Json, look: Look, depth: usize) -> Vec<Fault> {
        if depth > DEEPEST {
            return fault("json_schema", "depth", "it nests too deep".to_owned());
        }
        let schema = self.schemas.resolve(schema);
        let choices = branches(schema);
        if !choices.is_empty() {
            return self.choice(choices, json, look, depth);
        }
        if let Some(values) = values(schema)
            && (look != Look::Form || matches!(json, Json::Text(_)))
            && !values.iter().any(|value| scalars::equal(value, json))
        {
            let value = text::shortened(&json.to_compact());
            return fault("enum", "", format!("{value} is none of the allowed values"));
        }
        let kinds = kinds(schema);
        let Some(kind) = kind_of(&kinds, json) else {
            let wanted: Vec<&str> = kinds.iter().map(|kind| wanted(kind)).collect();
            let reason = format!(
                "expected {}, found {}",
                wanted.join(" or "),
                shown_kind(json)
            );
            return fault("type", found(json), reason);
        };
        match json {
            Json::Number(digits) if kind == "integer" => scalars::integer(schema, digits, look),
            Json::Number(digits) if kind == "number" => scalars::number(schema, digits, look),
            Json::Text(value) if kind == "string" => {
                scalars::string(schema, value, kinds.contains(&"integer"), look)
            }
            Json::List(items) if kind == "array" => self.items(schema, items, look, depth),
            Json::Object(members) if kind == "object" => self.object(schema, members, look, depth),
            _ => Vec::new(),
        }
    }

    /// A payload must fit one of them. Where only one can be meant, what is wrong with it is said.
    fn choice(&self, choices: &'a [Json], json: &Json, look: Look, depth: usize) -> Vec<Fault> {
        let meant = self.meant(choices, json);
        if let [only] = meant[..] {
            return self.value(only, json, look, depth + 1);
        }
        let each = if look == Look::All { Look::Fits } else { look };
        for branch in meant {
            if self.wrong.get() > MAX_WRONG {
                break;
            }
            if self.value(branch, json, each, depth + 1).is_empty() {
                return Vec::new();
            }
            self.wrong.set(self.wrong.get() + 1);
        }
        let reason = "it fits none of the choices".to_owned();
        fault("oneOf", found(json), reason)
    }

    /// The branches that may be meant: of the kind, with the tag, and of several those whose members are there.
    fn meant(&self, choices: &'a [Json], json: &Json) -> Vec<&'a Json> {
        let resolved = |branch: &'a Json| self.schemas.resolve(branch);
        let is_choice = |branch: &'a Json| !branches(resolved(branch)).is_empty();
        let mut meant: Vec<&Json> = choices
            .iter()
            .filter(|branch| is_choice(branch) || kind_of(&kinds(resolved(branch)), json).is_some())
            .collect();
        let Json::Object(members) = json else {
            return meant;
        };
        let value = |name: &str| members.iter().find(|(key, _)| key == name);
        let tagged = |branch: &&'a Json| {
            let mut tags = properties(resolved(branch)).iter();
            tags.all(|(name, of)| match (get(of, "const"), value(name)) {
                (Some(text), Some((_, found))) => text == found,
                _ => true,
            })
        };
        let complete =
            |branch: &&'a Json| required(resolved(branch)).all(|name| value(name).is_some());
        if meant.len() > 1 {
            meant.retain(tagged);
        }
        if meant.len() > 1 && meant.iter().any(complete) {
            meant.retain(complete);
        }
        meant
    }

    fn items(&self, schema: &'a Json, items: &[Json], look: Look, depth: usize) -> Vec<Fault> {
        let mut all = Vec::new();
        let is_tuple = matches!(get(schema, "items"), Some(Json::List(_)));
        if look != Look::Form || is_tuple {
            let (counts, n) = (count(schema, "minItems", "maxItems"), items.len() as u64);
            all = scalars::count(counts, n, "items", ["minItems", "maxItems"]);
        }
        for (at, item) in items.iter().enumerate() {
            if look != Look::All && !all.is_empty() {
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
        let needed: HashSet<&str> = required(schema).collect();
        let named: HashMap<&str, &Json> = properties(schema)
            .iter()
            .map(|(name, of)| (name.as_str(), of))
            .collect();
        // Of a key that stands twice the last value is kept, and the others are only read.
        let last: HashMap<&str, usize> = members
            .iter()
            .enumerate()
            .map(|(at, (key, _))| (key.as_str(), at))
            .collect();
        let mut there: HashSet<&str> = last.keys().copied().collect();
        let mut all = Vec::new();
        for name in required(schema).filter(|name| !there.contains(name)) {
            let reason = format!("the field `{name}` is missing");
            all.extend(fault("required", name, reason));
        }
        for (at, (key, value)) in members.iter().enumerate() {
            if look != Look::All && !all.is_empty() {
                return all;
            }
            let known = named.get(key.as_str()).copied();
            let overwritten = last.get(key.as_str()).is_some_and(|last| *last != at);
            if overwritten && known.is_some() {
                let reason = format!("the field `{key}` is there twice");
                all.extend(fault("duplicate", key, reason));
                continue;
            }
            // A reader takes `null` for an absent member.
            if *value == Json::Null && known.is_some() && !needed.contains(key.as_str()) {
                there.remove(key.as_str());
                continue;
            }
            let (of, step) = match known {
                Some(of) => (of, Step::Member(key.clone())),
                None => match get(schema, "additionalProperties") {
                    Some(of) => (of, Step::Entry(key.clone())),
                    None => continue,
                },
            };
            let look = if overwritten { Look::Form } else { look };
            all.extend(inside(&step, self.value(of, value, look, depth + 1)));
        }
        if look != Look::Form {
            all.extend(whole(schema, &there));
        }
        all
    }
}

/// What an object demands of all its members together.
fn whole(schema: &Json, there: &HashSet<&str>) -> Vec<Fault> {
    let (counts, n) = (
        count(schema, "minProperties", "maxProperties"),
        there.len() as u64,
    );
    let mut all = scalars::count(counts, n, "members", ["minProperties", "maxProperties"]);
    let lists = list(schema, "anyOf");
    let has = |list: &Json| required(list).all(|name| there.contains(name));
    if !lists.is_empty() && !lists.iter().any(has) {
        let names = |list| required(list).collect::<Vec<_>>().join(" and ");
        let names: Vec<String> = lists.iter().map(names).collect();
        all.extend(fault(
            "anyOf",
            "",
            format!("it must have {}", names.join(", or ")),
        ));
    }
    all
}

/// The names under `type`; none when a value may be of any kind.
fn kinds(schema: &Json) -> Vec<&str> {
    let name = |json| match json {
        &Json::Text(ref name) => Some(name.as_str()),
        _ => None,
    };
    match get(schema, "type") {
        Some(Json::List(names)) => names.iter().filter_map(name).collect(),
        Some(one) => name(one).into_iter().collect(),
        None => Vec::new(),
    }
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

/// A kind of JSON Schema as others are called in messages.
fn wanted(kind: &str) -> &str {
    match kind {
        "boolean" => "true or false",
        "integer" => "an integer",
        "number" => "a number",
        "string" => "a text",
        "array" => "a list",
        "object" => "an object",
        other => other,
    }
}
