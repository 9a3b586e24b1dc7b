//! Judges payloads by an imported schema, in the dialect that the import writes, as the generated types do: first whether a
//! value has the form that its type reads, then whether it is what the type's checks demand. Makes no payloads.

use std::collections::{HashMap, HashSet};

use super::payload::{
    branches, count, floats, list, properties, range, required, step, text_of, values,
};
use super::{Schema, get};
use crate::compat::shape::Count;
use crate::compat::text;
use crate::formats;
use crate::json::Json;

/// How many steps into a schema one payload may lead: more than the deepest payload that a decoder reads takes.
const DEEPEST: usize = 600;

/// How much of a schema counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// What a decoder reads. Of several types the first one that reads a value has it.
    Form,
    /// The form, and what is checked afterwards.
    All,
}

type Verdict = Result<(), String>;

/// Why a payload is refused.
pub(super) fn refuses(schemas: Schema<'_>, schema: &Json, json: &Json) -> Option<String> {
    let judge = Judge { schemas };
    judge.value(schema, json, Look::All, 0).err()
}

struct Judge<'a> {
    schemas: Schema<'a>,
}

/// Payloads nest as deep as the parser lets them, and threads may be small: what recurses is loops alone, and all texts are
/// made elsewhere.
impl<'a> Judge<'a> {
    fn value(&self, schema: &'a Json, json: &Json, look: Look, depth: usize) -> Verdict {
        if depth > DEEPEST {
            return Err("it nests too deep".to_owned());
        }
        let schema = self.schemas.resolve(schema);
        let branches = branches(schema);
        if !branches.is_empty() {
            return self.branch(schema, branches, json, look, depth);
        }
        alone(schema, json, look)?;
        match json {
            Json::List(items) => self.items(schema, items, look, depth),
            Json::Object(members) => self.object(schema, members, look, depth),
            _ => Ok(()),
        }
    }

    /// The first branch of a `oneOf` that reads it has it, and its checks count. Of an `anyOf` it is the first one that
    /// takes it, checks included.
    fn branch(
        &self,
        schema: &'a Json,
        branches: &'a [Json],
        json: &Json,
        look: Look,
        depth: usize,
    ) -> Verdict {
        let by_form = !list(schema, "oneOf").is_empty();
        let first = if by_form { Look::Form } else { Look::All };
        for branch in branches {
            if self.value(branch, json, first, depth + 1).is_ok() {
                if first == look || first == Look::All {
                    return Ok(());
                }
                return self.value(branch, json, look, depth + 1);
            }
        }
        Err("it fits none of the choices".to_owned())
    }

    fn items(&self, schema: &'a Json, items: &[Json], look: Look, depth: usize) -> Verdict {
        counted(schema, items.len(), look)?;
        let of = get(schema, "items");
        for (at, item) in items.iter().enumerate() {
            let of = match of {
                Some(Json::List(each)) => each.get(at),
                other => other,
            };
            if let Some(of) = of
                && let Err(why) = self.value(of, item, look, depth + 1)
            {
                return Err(in_item(at, &why));
            }
        }
        Ok(())
    }

    fn object(
        &self,
        schema: &'a Json,
        members: &[(String, Json)],
        look: Look,
        depth: usize,
    ) -> Verdict {
        for (of, (key, value), look) in told(schema, members, look)? {
            if let Err(why) = self.value(of, value, look, depth + 1) {
                return Err(in_member(key, &why));
            }
        }
        Ok(())
    }
}

fn in_item(at: usize, why: &str) -> String {
    format!("[{at}]: {why}")
}

fn in_member(key: &str, why: &str) -> String {
    format!("{key}: {why}")
}

/// What a value is, whatever is in it.
fn alone(schema: &Json, json: &Json, look: Look) -> Verdict {
    if let Some(values) = values(schema)
        && (look == Look::All || matches!(json, Json::Text(_)))
        && !values.iter().any(|value| equal(value, json))
    {
        return Err(format!(
            "{} is none of the allowed values",
            json.to_compact()
        ));
    }
    let kinds = kinds(schema);
    let Some(kind) = kind_of(&kinds, json) else {
        return Err(format!("it is no {}", kinds.join(" or ")));
    };
    match json {
        Json::Number(digits) if kind == "integer" => integer(schema, digits, look),
        Json::Number(digits) if kind == "number" => number(schema, digits, look),
        // As text it is the same integer.
        Json::Text(value) if kind == "string" && kinds.contains(&"integer") && !is_long(value) => {
            Err(format!("{:?} is no integer", text::shortened(value)))
        }
        Json::Text(value) if kind == "string" => string(schema, value, look),
        _ => Ok(()),
    }
}

/// How many elements there are. A tuple has its length to be one.
fn counted(schema: &Json, items: usize, look: Look) -> Verdict {
    let is_tuple = matches!(get(schema, "items"), Some(Json::List(_)));
    let fits = count(schema, "minItems", "maxItems").contains(items as u64);
    if fits || (look == Look::Form && !is_tuple) {
        Ok(())
    } else {
        Err(format!("{items} items"))
    }
}

type Member = (String, Json);

/// The members that have a schema, with it; after all that is said of an object apart from its members' values.
fn told<'a, 'j>(
    schema: &'a Json,
    members: &'j [Member],
    look: Look,
) -> Result<Vec<(&'a Json, &'j Member, Look)>, String> {
    let needed: HashSet<&str> = required(schema).collect();
    let named = properties(schema).iter();
    let named: HashMap<&str, &'a Json> = named.map(|(name, of)| (name.as_str(), of)).collect();
    let mut last: HashMap<&str, usize> = HashMap::new();
    for (at, (key, _)) in members.iter().enumerate() {
        last.insert(key, at);
    }
    // What tells one branch of a union from another comes first: else a deep payload would be looked at by all of them.
    for name in required(schema) {
        let found = last.get(name).and_then(|at| members.get(*at));
        let Some((_, value)) = found else {
            return Err(format!("the member `{name}` is missing"));
        };
        let fixed = named.get(name).and_then(|of| get(of, "const"));
        if let Some(of) = fixed.filter(|of| matches!(of, Json::Text(_)) && *of != value) {
            return Err(format!("{name}: it is not {}", of.to_compact()));
        }
    }
    let mut out = Vec::new();
    let mut there: HashSet<&str> = HashSet::new();
    for (at, member) in members.iter().enumerate() {
        let (key, value) = member;
        let known = named.get(key.as_str()).copied();
        let overwritten = last.get(key.as_str()).is_some_and(|last| *last > at);
        if overwritten && known.is_some() {
            return Err(format!("the member `{key}` stands twice"));
        }
        // A reader takes `null` for an absent member, unless it is one of the values.
        if *value == Json::Null
            && !needed.contains(key.as_str())
            && known.is_some_and(|of| !is_any_or_null(of))
        {
            continue;
        }
        there.insert(key);
        if let Some(of) = known.or_else(|| get(schema, "additionalProperties")) {
            // Of a key that stands twice the last value is kept, and the others are only read.
            let look = if overwritten { Look::Form } else { look };
            out.push((of, member, look));
        }
    }
    if look == Look::All {
        whole(schema, &there)?;
    }
    Ok(out)
}

/// What an object demands of all its members together.
fn whole(schema: &Json, there: &HashSet<&str>) -> Verdict {
    if !count(schema, "minProperties", "maxProperties").contains(there.len() as u64) {
        return Err(format!("{} members", there.len()));
    }
    let lists = list(schema, "anyOf");
    let has = |list: &Json| required(list).all(|name| there.contains(name));
    if !lists.is_empty() && !lists.iter().any(has) {
        let names = |list| required(list).collect::<Vec<_>>().join(" and ");
        let all: Vec<String> = lists.iter().map(names).collect();
        return Err(format!("it must have {}", all.join(", or ")));
    }
    Ok(())
}

/// Whether a member's own schema, and none that it refers to, says that it may be anything, or `null` alone.
fn is_any_or_null(schema: &Json) -> bool {
    let says = ["$ref", "oneOf", "anyOf", "enum", "const"];
    let kinds = kinds(schema);
    kinds == ["null"]
        || (kinds.is_empty() && says.iter().all(|keyword| get(schema, keyword).is_none()))
}

/// The names under `type`; none when a value may be of any kind.
fn kinds(schema: &Json) -> Vec<&str> {
    match get(schema, "type") {
        Some(Json::List(names)) => names.iter().filter_map(name).collect(),
        Some(one) => name(one).into_iter().collect(),
        None => Vec::new(),
    }
}

fn name(json: &Json) -> Option<&str> {
    match json {
        Json::Text(name) => Some(name),
        _ => None,
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

/// Numbers are equal however they are written.
fn equal(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => match (a.parse::<i128>(), b.parse::<i128>()) {
            (Ok(a), Ok(b)) => a == b,
            _ => a.parse::<f64>().ok() == b.parse::<f64>().ok(),
        },
        (a, b) => a == b,
    }
}

fn integer(schema: &Json, digits: &str, look: Look) -> Verdict {
    let n: i128 = digits
        .parse()
        .map_err(|_| format!("{digits} is not an integer"))?;
    if look == Look::Form {
        Ok(())
    } else if !range(schema).contains(n) {
        Err(format!("{n} is out of range"))
    } else if n % step(schema) != 0 {
        Err(format!("{n} is no multiple of {}", step(schema)))
    } else {
        Ok(())
    }
}

fn number(schema: &Json, digits: &str, look: Look) -> Verdict {
    let (min, max) = floats(schema);
    let n = digits.parse::<f64>().ok().filter(|n| n.is_finite());
    if n.is_some_and(|n| look == Look::Form || (min..=max).contains(&n)) {
        Ok(())
    } else {
        Err(format!("{digits} is out of range"))
    }
}

fn string(schema: &Json, value: &str, look: Look) -> Verdict {
    let mut text = text_of(schema);
    if look == Look::Form {
        (text.length, text.patterns) = (Count::ANY, Default::default());
    }
    if text::accepts(&text, value) {
        Ok(())
    } else {
        Err(format!("{:?} does not fit", text::shortened(value)))
    }
}

/// Whether a text is an integer of 64 bits with a sign, in the one form in which it is written.
fn is_long(text: &str) -> bool {
    formats::integer(text).is_some_and(|n| i64::try_from(n).is_ok())
}
