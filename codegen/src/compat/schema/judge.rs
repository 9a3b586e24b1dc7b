//! What an imported schema's type refuses in a payload: everything, each at its place, as [`crate::compat::payload`] has it
//! for types of the contracts.

use std::collections::BTreeSet;

use super::payload::{count, floats, kind, list, properties, range, required, text_of, values};
use super::{Schema, get};
use crate::compat::payload::{self, Fault, Step as At};
use crate::compat::shape::{Count, Range, Text};
use crate::compat::text;
use crate::json::Json;

/// How deep schemas may stand in one another before nothing is read any more.
const DEEPEST: usize = 100;

/// Why a payload is refused.
pub(super) fn refuses(schemas: Schema<'_>, schema: &Json, json: &Json) -> Option<String> {
    Some(faults(schemas, schema, json).first()?.to_string())
}

/// Everything that is refused in a payload.
pub(super) fn faults(schemas: Schema<'_>, schema: &Json, json: &Json) -> Vec<Fault> {
    check(schemas, schema, json, 0)
}

fn fault(rule: &'static str, cause: &str, reason: String) -> Vec<Fault> {
    vec![Fault {
        at: Vec::new(),
        rule,
        cause: cause.to_owned(),
        reason,
    }]
}

fn inside(step: &At, faults: Vec<Fault>) -> impl Iterator<Item = Fault> {
    faults.into_iter().map(|mut fault| {
        fault.at.insert(0, step.clone());
        fault
    })
}

fn check<'a>(schemas: Schema<'a>, schema: &'a Json, json: &Json, depth: usize) -> Vec<Fault> {
    if depth > DEEPEST {
        return fault("json_schema", "depth", "it nests too deep".to_owned());
    }
    let schema = schemas.resolve(schema);
    let branches = list(schema, "oneOf");
    if !branches.is_empty() {
        return check_branches(schemas, branches, json, depth);
    }
    if let Some(values) = values(schema)
        && !values.contains(&json)
    {
        let value = text::shortened(&json.to_compact());
        return match values.as_slice() {
            [only] => {
                let only = text::shortened(&only.to_compact());
                fault(
                    "const",
                    "",
                    format!("{value} is not {only}, the only value allowed"),
                )
            }
            _ => fault("enum", "", format!("{value} is none of the allowed values")),
        };
    }
    match (kind(schema), json) {
        (None, _) | (Some("null"), Json::Null) | (Some("boolean"), Json::Bool(_)) => Vec::new(),
        (Some("integer"), Json::Number(digits)) => check_integer(range(schema), digits),
        (Some("number"), Json::Number(digits)) => check_number(floats(schema), digits),
        (Some("string"), Json::Text(value)) => check_text(&text_of(schema), value),
        (Some("array"), Json::List(items)) => check_items(schemas, schema, items, depth),
        (Some("object"), Json::Object(members)) => check_object(schemas, schema, members, depth),
        (Some(kind), _) => {
            let (found, shown) = (payload::kind(json), payload::shown_kind(json));
            fault(
                "type",
                found,
                format!("expected {}, found {shown}", wanted(kind)),
            )
        }
    }
}

/// A kind of JSON Schema as others are called here.
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

/// A payload must fit one of them. Where only one can be meant, what is wrong with it is said.
fn check_branches<'a>(
    schemas: Schema<'a>,
    branches: &'a [Json],
    json: &Json,
    depth: usize,
) -> Vec<Fault> {
    let mut alike = Vec::new();
    for branch in branches {
        let faults = check(schemas, branch, json, depth + 1);
        match faults.first() {
            None => return faults,
            Some(fault) if fault.at.is_empty() && fault.rule == "type" => {}
            Some(_) => alike.push(faults),
        }
    }
    // Members with one value are the tags of a union.
    let is_tag = |fault: &Fault| fault.rule == "const" && fault.at.len() == 1;
    if alike.len() > 1 && alike.iter().any(|faults| !faults.iter().any(is_tag)) {
        alike.retain(|faults| !faults.iter().any(is_tag));
    }
    let found = payload::kind(json);
    match (alike.pop(), alike.is_empty()) {
        (Some(only), true) => only,
        (Some(_), false) => fault("oneOf", found, "it fits no branch of `oneOf`".to_owned()),
        (None, _) => {
            let mut all = BTreeSet::new();
            for branch in branches {
                kinds(schemas, branch, depth + 1, &mut all);
            }
            let all = all.into_iter().collect::<Vec<_>>().join(" or ");
            let shown = payload::shown_kind(json);
            fault("type", found, format!("expected {all}, found {shown}"))
        }
    }
}

/// The kinds that a schema's branches take.
fn kinds<'a>(schemas: Schema<'a>, schema: &'a Json, depth: usize, all: &mut BTreeSet<&'a str>) {
    if depth > DEEPEST {
        return;
    }
    let schema = schemas.resolve(schema);
    all.extend(kind(schema).map(wanted));
    for branch in list(schema, "oneOf") {
        kinds(schemas, branch, depth + 1, all);
    }
}

fn check_integer(range: Range, digits: &str) -> Vec<Fault> {
    let Ok(n) = digits.parse::<i128>() else {
        return fault("type", "a fraction", format!("{digits} is not an integer"));
    };
    let Range { min, max } = range;
    if range.contains(n) {
        return Vec::new();
    }
    let rule = if n < min { "minimum" } else { "maximum" };
    fault(rule, "", format!("{n} is not within {min}..={max}"))
}

fn check_number((min, max): (f64, f64), digits: &str) -> Vec<Fault> {
    let number = digits.parse::<f64>();
    if number.as_ref().is_ok_and(|n| (min..=max).contains(n)) {
        return Vec::new();
    }
    let rule = if number.is_ok_and(|n| n < min) {
        "minimum"
    } else {
        "maximum"
    };
    fault(rule, "", format!("{digits} is out of range"))
}

fn check_text(wanted: &Text, value: &str) -> Vec<Fault> {
    if text::accepts(wanted, value) {
        return Vec::new();
    }
    let short = text::shortened(value);
    if !text::spells(wanted.format, value) {
        let name = wanted.format.name();
        return fault("format", "", format!("{short:?} is no {name}"));
    }
    let length = value.chars().count() as u64;
    let counted = check_count(
        wanted.length,
        length,
        "characters",
        ["minLength", "maxLength"],
    );
    if !counted.is_empty() {
        return counted;
    }
    let missed = wanted.patterns.iter().find(|p| !text::matches(p, value));
    let pattern = missed.map_or("", String::as_str);
    fault(
        "pattern",
        pattern,
        format!("{short:?} does not match {pattern}"),
    )
}

fn check_count(count: Count, n: u64, what: &str, rules: [&'static str; 2]) -> Vec<Fault> {
    if n < count.min {
        let reason = format!("{n} {what}, at least {} are needed", count.min);
        return fault(rules[0], "", reason);
    }
    match count.max.filter(|max| n > *max) {
        Some(max) => fault(
            rules[1],
            "",
            format!("{n} {what}, at most {max} are allowed"),
        ),
        None => Vec::new(),
    }
}

fn check_items<'a>(
    schemas: Schema<'a>,
    schema: &'a Json,
    items: &[Json],
    depth: usize,
) -> Vec<Fault> {
    let n = items.len() as u64;
    let rules = ["minItems", "maxItems"];
    let mut all = check_count(count(schema, "minItems", "maxItems"), n, "items", rules);
    for (at, item) in items.iter().enumerate() {
        let of = match get(schema, "items") {
            Some(Json::List(each)) => each.get(at),
            other => other,
        };
        if let Some(of) = of {
            let faults = check(schemas, of, item, depth + 1);
            all.extend(inside(&At::Item(at), faults));
        }
    }
    all
}

fn check_object<'a>(
    schemas: Schema<'a>,
    schema: &'a Json,
    members: &[(String, Json)],
    depth: usize,
) -> Vec<Fault> {
    let mut all = Vec::new();
    for name in required(schema) {
        if !members.iter().any(|(key, _)| key == name) {
            all.extend(fault(
                "required",
                name,
                format!("the field `{name}` is missing"),
            ));
        }
    }
    let n = members.len() as u64;
    let rules = ["minProperties", "maxProperties"];
    all.extend(check_count(
        count(schema, "minProperties", "maxProperties"),
        n,
        "members",
        rules,
    ));
    let optional = |name: &str| !required(schema).any(|known| known == name);
    for (key, value) in members {
        let known = properties(schema).iter().find(|(name, _)| name == key);
        // A reader takes `null` for an absent member.
        if *value == Json::Null && known.is_some() && optional(key) {
            continue;
        }
        let (of, step) = match known {
            Some((_, of)) => (of, At::Member(key.clone())),
            None => match get(schema, "additionalProperties") {
                Some(of) => (of, At::Entry(key.clone())),
                None => continue,
            },
        };
        let faults = check(schemas, of, value, depth + 1);
        all.extend(inside(&step, faults));
    }
    all
}
