//! Reads the keywords of an imported schema, in the dialect that the import writes. Compares nothing.

use crate::json::Json;
use crate::model::{Contracts, Imported};
use crate::payload::shape::{Count, Format, Range, Text};

/// A schema as the import left it, among the types of its contracts.
#[derive(Clone, Copy)]
pub(crate) struct Schema<'a> {
    pub contracts: &'a Contracts,
    pub import: &'a Imported,
}

impl<'a> Schema<'a> {
    /// The schema of a whole payload.
    pub fn root(self) -> &'a Json {
        self.definition(self.contracts.root(self.import))
    }

    /// Follows a reference; what is not there accepts everything.
    pub fn definition(self, name: &str) -> &'a Json {
        const ANYTHING: &Json = &Json::Null;
        self.contracts.schema(name).unwrap_or(ANYTHING)
    }

    /// What stands behind references.
    pub fn resolve(self, mut schema: &'a Json) -> &'a Json {
        for _ in 0..=self.contracts.imported.len() {
            match reference(schema) {
                Some(name) => schema = self.definition(name),
                None => break,
            }
        }
        schema
    }
}

/// The definition that a schema refers to.
pub(crate) fn reference(schema: &Json) -> Option<&str> {
    match get(schema, "$ref") {
        Some(Json::Text(uri)) => uri.strip_prefix("#/definitions/"),
        _ => None,
    }
}

/// A member of an object.
pub(crate) fn get<'j>(schema: &'j Json, key: &str) -> Option<&'j Json> {
    match schema {
        Json::Object(members) => members.iter().find(|(k, _)| k == key).map(|(_, v)| v),
        _ => None,
    }
}

/// One step into a payload of a schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Property(String),
    Item,
    Entry,
    /// Into a branch of a choice.
    Branch(usize),
}

/// How deep schemas may stand in one another before nothing is made or read any more.
pub(crate) const DEEPEST: usize = 100;

pub(crate) fn kind(schema: &Json) -> Option<&str> {
    match get(schema, "type") {
        Some(Json::Text(kind)) => Some(kind),
        // An integer that may come as text.
        Some(Json::List(kinds)) => kinds.iter().find_map(|kind| match kind {
            Json::Text(kind) => Some(kind.as_str()),
            _ => None,
        }),
        _ => None,
    }
}

/// Whether an integer may come as text, too.
pub(crate) fn is_loose(schema: &Json) -> bool {
    matches!(get(schema, "type"), Some(Json::List(_)))
}

pub(crate) fn list<'j>(schema: &'j Json, key: &str) -> &'j [Json] {
    match get(schema, key) {
        Some(Json::List(items)) => items,
        _ => &[],
    }
}

/// The branches of a choice: `oneOf`, or `anyOf` where nothing else is said. An object's `anyOf` has no types: it says which
/// members are there.
pub(crate) fn branches(schema: &Json) -> &[Json] {
    match list(schema, "oneOf") {
        [] if get(schema, "type").is_none() => list(schema, "anyOf"),
        branches => branches,
    }
}

pub(crate) fn properties(schema: &Json) -> &[(String, Json)] {
    match get(schema, "properties") {
        Some(Json::Object(members)) => members,
        _ => &[],
    }
}

pub(crate) fn required(schema: &Json) -> impl Iterator<Item = &str> {
    list(schema, "required")
        .iter()
        .filter_map(|name| match name {
            Json::Text(name) => Some(name.as_str()),
            _ => None,
        })
}

/// `const` or `enum`: the only values that there are.
pub(crate) fn values(schema: &Json) -> Option<Vec<&Json>> {
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

pub(crate) fn count(schema: &Json, min: &str, max: &str) -> Count {
    Count {
        min: whole(schema, min).unwrap_or(0),
        max: whole(schema, max),
    }
}

/// The bounds of an integer: its width, cut by its minimum and maximum.
pub(crate) fn range(schema: &Json) -> Range {
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

/// What an integer is a multiple of.
pub(crate) fn step(schema: &Json) -> i128 {
    whole(schema, "multipleOf")
        .filter(|step| *step > 0)
        .unwrap_or(1)
}

/// The integer nearest to zero.
pub(crate) fn integer(schema: &Json) -> Option<i128> {
    let (range, step) = (range(schema), step(schema));
    let near = range.nearest_zero();
    let rest = near.rem_euclid(step);
    let mut candidates = [near, near - rest, near - rest + step].into_iter();
    candidates.find(|n| range.contains(*n) && n % step == 0)
}

/// Inclusive bounds of a number; an exclusive one moves to the next number.
pub(crate) fn floats(schema: &Json) -> (f64, f64) {
    let min = number(schema, "minimum").unwrap_or(f64::MIN);
    let max = number(schema, "maximum").unwrap_or(f64::MAX);
    let above = number(schema, "exclusiveMinimum").map_or(min, f64::next_up);
    let below = number(schema, "exclusiveMaximum").map_or(max, f64::next_down);
    (min.max(above), max.min(below))
}

/// A text with everything that binds it.
pub(crate) fn text_of(schema: &Json) -> Text {
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
