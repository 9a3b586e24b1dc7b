//! Reads and makes payloads of an imported schema, in the dialect that the import writes. Compares nothing.

use super::{Schema, get};
use crate::compat::sample::float;
use crate::compat::shape::{Count, Format, Range, Text};
use crate::compat::text;
use crate::json::Json;

/// One step into a payload of a schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::compat) enum Step {
    Property(String),
    Item,
    Entry,
    /// Into a branch of a `oneOf`.
    Branch(usize),
}

/// What stands at the end of the steps.
pub(super) enum End {
    Smallest,
    Value(Json),
    Without(String),
}

/// How deep schemas may stand in one another before nothing is made or read any more.
const DEEPEST: usize = 100;

pub(super) fn kind(schema: &Json) -> Option<&str> {
    match get(schema, "type") {
        Some(Json::Text(kind)) => Some(kind),
        _ => None,
    }
}

pub(super) fn list<'j>(schema: &'j Json, key: &str) -> &'j [Json] {
    match get(schema, key) {
        Some(Json::List(items)) => items,
        _ => &[],
    }
}

pub(super) fn properties(schema: &Json) -> &[(String, Json)] {
    match get(schema, "properties") {
        Some(Json::Object(members)) => members,
        _ => &[],
    }
}

pub(super) fn required(schema: &Json) -> impl Iterator<Item = &str> {
    list(schema, "required")
        .iter()
        .filter_map(|name| match name {
            Json::Text(name) => Some(name.as_str()),
            _ => None,
        })
}

/// `const` or `enum`: the only values that there are.
pub(super) fn values(schema: &Json) -> Option<Vec<&Json>> {
    match (get(schema, "const"), get(schema, "enum")) {
        (Some(value), _) => Some(vec![value]),
        (_, Some(Json::List(values))) => Some(values.iter().collect()),
        _ => None,
    }
}

fn number(schema: &Json, key: &str) -> Option<f64> {
    match get(schema, key) {
        Some(Json::Number(text)) => text.parse().ok(),
        _ => None,
    }
}

fn whole<T: std::str::FromStr>(schema: &Json, key: &str) -> Option<T> {
    match get(schema, key) {
        Some(Json::Number(text)) => text.parse().ok(),
        _ => None,
    }
}

pub(super) fn count(schema: &Json, min: &str, max: &str) -> Count {
    Count {
        min: whole(schema, min).unwrap_or(0),
        max: whole(schema, max),
    }
}

/// The bounds of an integer: its width, cut by its minimum and maximum.
pub(super) fn range(schema: &Json) -> Range {
    let small = get(schema, "format") == Some(&Json::text("int32"));
    let (least, most) = if small {
        (i128::from(i32::MIN), i128::from(i32::MAX))
    } else {
        (i128::from(i64::MIN), i128::from(u64::MAX))
    };
    let bound = |key: &str| whole::<i128>(schema, key);
    let max = bound("maximum");
    Range {
        min: bound("minimum").map_or(least, |min| min.max(least)),
        max: max.map_or(if small { most } else { i128::from(i64::MAX) }, |max| {
            max.min(most)
        }),
    }
}

/// Inclusive bounds of a number; an exclusive one moves to the next number.
pub(super) fn floats(schema: &Json) -> (f64, f64) {
    let min = number(schema, "minimum").unwrap_or(f64::MIN);
    let max = number(schema, "maximum").unwrap_or(f64::MAX);
    let above = number(schema, "exclusiveMinimum").map_or(min, f64::next_up);
    let below = number(schema, "exclusiveMaximum").map_or(max, f64::next_down);
    (min.max(above), max.min(below))
}

/// A text with everything that binds it.
pub(super) fn text_of(schema: &Json) -> Text {
    let format = match get(schema, "format") {
        Some(Json::Text(format)) if format == "uuid" => Format::Uuid,
        Some(Json::Text(format)) if format == "date-time" => Format::Timestamp,
        Some(Json::Text(format)) if format == "date" => Format::Date,
        _ => Format::Plain,
    };
    let own = get(schema, "pattern").into_iter();
    let more = list(schema, "allOf")
        .iter()
        .filter_map(|part| get(part, "pattern"));
    let patterns = own.chain(more).filter_map(|pattern| match pattern {
        Json::Text(pattern) => Some(pattern.clone()),
        _ => None,
    });
    Text {
        format,
        length: count(schema, "minLength", "maxLength"),
        patterns: patterns.collect(),
    }
}

/// Why a payload is refused.
pub(super) fn refuses(schemas: Schema<'_>, schema: &Json, json: &Json) -> Option<String> {
    check(schemas, schema, json, 0).err()
}

fn check<'a>(
    schemas: Schema<'a>,
    schema: &'a Json,
    json: &Json,
    depth: usize,
) -> Result<(), String> {
    if depth > DEEPEST {
        return Err("it nests too deep".to_owned());
    }
    let schema = schemas.resolve(schema);
    let branches = list(schema, "oneOf");
    if !branches.is_empty() {
        let fits = branches
            .iter()
            .any(|branch| check(schemas, branch, json, depth + 1).is_ok());
        return if fits {
            Ok(())
        } else {
            Err("it fits no branch of `oneOf`".to_owned())
        };
    }
    if let Some(values) = values(schema)
        && !values.contains(&json)
    {
        return Err(format!(
            "{} is none of the allowed values",
            json.to_compact()
        ));
    }
    match (kind(schema), json) {
        (None, _) | (Some("null"), Json::Null) | (Some("boolean"), Json::Bool(_)) => Ok(()),
        (Some("integer"), Json::Number(digits)) => {
            let n: i128 = digits
                .parse()
                .map_err(|_| format!("{digits} is not an integer"))?;
            if range(schema).contains(n) {
                Ok(())
            } else {
                Err(format!("{n} is out of range"))
            }
        }
        (Some("number"), Json::Number(digits)) => {
            let (min, max) = floats(schema);
            let fits = digits
                .parse::<f64>()
                .is_ok_and(|n| (min..=max).contains(&n));
            if fits {
                Ok(())
            } else {
                Err(format!("{digits} is out of range"))
            }
        }
        (Some("string"), Json::Text(value)) => {
            let fits = text::accepts(&text_of(schema), value);
            if fits {
                Ok(())
            } else {
                Err(format!("{:?} does not fit", text::shortened(value)))
            }
        }
        (Some("array"), Json::List(items)) => check_items(schemas, schema, items, depth),
        (Some("object"), Json::Object(members)) => check_object(schemas, schema, members, depth),
        (Some(kind), _) => Err(format!("it is no {kind}")),
    }
}

fn check_items<'a>(
    schemas: Schema<'a>,
    schema: &'a Json,
    items: &[Json],
    depth: usize,
) -> Result<(), String> {
    if !count(schema, "minItems", "maxItems").contains(items.len() as u64) {
        return Err(format!("{} items", items.len()));
    }
    for (at, item) in items.iter().enumerate() {
        let of = match get(schema, "items") {
            Some(Json::List(each)) => each.get(at),
            other => other,
        };
        if let Some(of) = of {
            check(schemas, of, item, depth + 1).map_err(|why| format!("[{at}]: {why}"))?;
        }
    }
    Ok(())
}

fn check_object<'a>(
    schemas: Schema<'a>,
    schema: &'a Json,
    members: &[(String, Json)],
    depth: usize,
) -> Result<(), String> {
    for name in required(schema) {
        if !members.iter().any(|(key, _)| key == name) {
            return Err(format!("the member `{name}` is missing"));
        }
    }
    if !count(schema, "minProperties", "maxProperties").contains(members.len() as u64) {
        return Err(format!("{} members", members.len()));
    }
    let optional = |name: &str| !required(schema).any(|known| known == name);
    for (key, value) in members {
        let known = properties(schema).iter().find(|(name, _)| name == key);
        let of = known
            .map(|(_, of)| of)
            .or_else(|| get(schema, "additionalProperties"));
        // A reader takes `null` for an absent member.
        if *value == Json::Null && known.is_some() && optional(key) {
            continue;
        }
        if let Some(of) = of {
            check(schemas, of, value, depth + 1).map_err(|why| format!("{key}: {why}"))?;
        }
    }
    Ok(())
}

/// The smallest payload of a schema.
pub(super) fn smallest<'a>(schemas: Schema<'a>, schema: &'a Json, depth: usize) -> Option<Json> {
    steered(schemas, schema, &[], &End::Smallest, depth)
}

/// A payload with `end` at the end of the steps, smallest everywhere else.
pub(super) fn steered<'a>(
    schemas: Schema<'a>,
    schema: &'a Json,
    steps: &[Step],
    end: &End,
    depth: usize,
) -> Option<Json> {
    if depth > DEEPEST {
        return None;
    }
    if let (true, End::Value(value)) = (steps.is_empty(), end) {
        return Some(value.clone());
    }
    let schema = schemas.resolve(schema);
    let rest = steps.get(1..).unwrap_or_default();
    let branches = list(schema, "oneOf");
    if !branches.is_empty() {
        return match steps.first() {
            Some(Step::Branch(at)) => steered(schemas, branches.get(*at)?, rest, end, depth + 1),
            Some(_) => None,
            None => branches
                .iter()
                .find_map(|branch| smallest(schemas, branch, depth + 1)),
        };
    }
    if let Some(values) = values(schema) {
        return values.first().map(|value| (*value).clone());
    }
    Some(match kind(schema) {
        None => Json::Object(Vec::new()),
        Some("null") => Json::Null,
        Some("boolean") => Json::Bool(false),
        Some("integer") => Json::integer(range(schema).nearest_zero()),
        Some("number") => {
            let (min, max) = floats(schema);
            float(0f64.clamp(min, max.max(min)))
        }
        Some("string") => Json::Text(text::accepted(&text_of(schema))?),
        Some("array") => {
            let through = steps.first() == Some(&Step::Item);
            let wanted = count(schema, "minItems", "maxItems")
                .min
                .max(u64::from(through))
                .min(1_000);
            let mut items = Vec::new();
            for n in 0..usize::try_from(wanted).ok()? {
                let of = match get(schema, "items") {
                    Some(Json::List(each)) => each.get(n)?,
                    Some(of) => of,
                    None => return None,
                };
                items.push(if n == 0 && through {
                    steered(schemas, of, rest, end, depth + 1)?
                } else {
                    smallest(schemas, of, depth + 1)?
                });
            }
            Json::List(items)
        }
        Some("object") => object(schemas, schema, steps, end, depth)?,
        Some(_) => return None,
    })
}

fn object<'a>(
    schemas: Schema<'a>,
    schema: &'a Json,
    steps: &[Step],
    end: &End,
    depth: usize,
) -> Option<Json> {
    let rest = steps.get(1..).unwrap_or_default();
    let mut members = Vec::new();
    for (name, of) in properties(schema) {
        let value = match (steps.first(), end) {
            (Some(Step::Property(to)), _) if to == name => {
                steered(schemas, of, rest, end, depth + 1)?
            }
            (None, End::Without(without)) if without == name => continue,
            _ if !required(schema).any(|known| known == name) => continue,
            _ => smallest(schemas, of, depth + 1)?,
        };
        members.push((name.clone(), value));
    }
    let extra = get(schema, "additionalProperties");
    if steps.first() == Some(&Step::Entry) {
        members.push((
            "key".to_owned(),
            steered(schemas, extra?, rest, end, depth + 1)?,
        ));
    }
    let wanted = count(schema, "minProperties", "maxProperties")
        .min
        .min(1_000);
    for n in members.len() as u64..wanted {
        let value = match extra {
            Some(of) => smallest(schemas, of, depth + 1)?,
            None => Json::Bool(true),
        };
        members.push((format!("key{n}"), value));
    }
    Some(Json::Object(members))
}
