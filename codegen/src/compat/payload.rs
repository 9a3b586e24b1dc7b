//! Reads a payload as a generated decoder does, on the model: unknown fields are ignored, open enums and unions keep what
//! they do not know, constraints are enforced, an alias is accepted, `null` is an absent optional field.
//!
//! The judge of every counterexample. Knows one model; never compares two types.

use std::collections::BTreeMap;

use super::schema;
use super::shape::{Count, Format, Range, Shape, Slot, Text};
use super::text;
use crate::json::Json;
use crate::model::{Body, Contracts, EventId, Field, TypeId, TypeKind};
use crate::source::Spanned;

/// What a reader made of a payload.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// `true` or `false`.
    Bool(bool),
    /// A number sent as a number.
    Number(f64),
    /// Text, whatever it spells.
    Text(String),
    /// Octets; the text that spells them.
    Bytes(String),
    /// An integer that was sent as text.
    TextInteger(String),
    /// A list.
    List(Vec<Read>),
    /// A map.
    Map(BTreeMap<String, Read>),
    /// An object with the fields that the reader knows and that were there, by current wire name.
    Object(BTreeMap<String, Read>),
    /// A known variant of a union.
    Variant(String, Box<Read>),
    /// Kept as it came: `json`, an unknown variant, a value of an imported schema.
    Any(Json),
}

/// Why a reader refuses a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where, as `lines[0].quantity`; empty for the whole payload.
    pub at: String,
    /// Why, in a few words.
    pub reason: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.at.is_empty() {
            f.write_str(&self.reason)
        } else {
            write!(f, "{}: {}", self.at, self.reason)
        }
    }
}

/// Reads an event's payload.
///
/// # Errors
/// The first thing that the reader refuses.
pub fn read(contracts: &Contracts, event: EventId, payload: &Json) -> Result<Read, Refusal> {
    let reader = Reader { contracts };
    let mut at = Vec::new();
    let event = &contracts[event];
    match &event.body {
        Body::Fields(fields) => reader.object(fields, payload, &mut at),
        Body::Schema(path) => reader.schema(path, payload, &at),
    }
}

/// Whether two readers made the same of one payload. Fields that only one of them knows do not count; a number is the
/// same whatever type holds it, and so is a text.
#[must_use]
pub fn same(a: &Read, b: &Read) -> bool {
    match (a, b) {
        (Read::Any(_), _) | (_, Read::Any(_)) => true,
        (Read::Bool(a), Read::Bool(b)) => a == b,
        (Read::Number(a), Read::Number(b)) => a == b,
        (Read::Text(a) | Read::TextInteger(a), Read::Text(b) | Read::TextInteger(b))
        | (Read::Bytes(a), Read::Bytes(b)) => a == b,
        (Read::List(a), Read::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Read::Map(a), Read::Map(b)) => {
            a.len() == b.len() && a.iter().all(|(k, a)| b.get(k).is_some_and(|b| same(a, b)))
        }
        (Read::Object(a), Read::Object(b)) => {
            a.iter().all(|(k, a)| b.get(k).is_none_or(|b| same(a, b)))
        }
        (Read::Variant(t, a), Read::Variant(u, b)) => t == u && same(a, b),
        _ => false,
    }
}

struct Reader<'a> {
    contracts: &'a Contracts,
}

type At = Vec<String>;

fn refuse<T>(at: &At, reason: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal {
        at: at.concat().trim_start_matches('.').to_owned(),
        reason: reason.into(),
    })
}

impl<'a> Reader<'a> {
    fn value(&self, slot: &Slot<'a>, json: &Json, at: &mut At) -> Result<Read, Refusal> {
        match slot.shape(self.contracts) {
            Shape::Bool => match json {
                Json::Bool(b) => Ok(Read::Bool(*b)),
                _ => wrong("true or false", json, at),
            },
            Shape::Integer(range) => integer(range, json, at),
            Shape::Float(min, max) => float(min, max, json, at),
            Shape::Text(text) => read_text(&text, json, at),
            Shape::Json => Ok(Read::Any(json.clone())),
            Shape::List(item, count) => self.list(item, count, json, at),
            Shape::Map(item, count) => self.map(item, count, json, at),
            Shape::Struct(id) => self.object(struct_fields(self.contracts, id), json, at),
            Shape::Enum(id) => self.choice(id, json, at),
            Shape::Union(id) => self.union(id, json, at),
            Shape::Schema(path) => self.schema(path, json, at),
            Shape::Invalid => refuse(at, "its type could not be read"),
        }
    }

    fn list(
        &self,
        item: &'a crate::model::Type,
        count: Count,
        json: &Json,
        at: &mut At,
    ) -> Result<Read, Refusal> {
        let Json::List(items) = json else {
            return wrong("a list", json, at);
        };
        check_count(count, items.len() as u64, "items", at)?;
        let slot = Slot::bare(item);
        let mut read = Vec::with_capacity(items.len());
        for (n, item) in items.iter().enumerate() {
            at.push(format!("[{n}]"));
            read.push(self.value(&slot, item, at)?);
            at.pop();
        }
        Ok(Read::List(read))
    }

    fn map(
        &self,
        item: &'a crate::model::Type,
        count: Count,
        json: &Json,
        at: &mut At,
    ) -> Result<Read, Refusal> {
        let Json::Object(members) = json else {
            return wrong("an object", json, at);
        };
        check_count(count, members.len() as u64, "entries", at)?;
        let slot = Slot::bare(item);
        let mut read = BTreeMap::new();
        for (key, value) in members {
            at.push(format!("[\"{key}\"]"));
            read.insert(key.clone(), self.value(&slot, value, at)?);
            at.pop();
        }
        Ok(Read::Map(read))
    }

    fn object(&self, fields: &'a [Field], json: &Json, at: &mut At) -> Result<Read, Refusal> {
        let Json::Object(members) = json else {
            return wrong("an object", json, at);
        };
        let get = |name: &str| members.iter().find(|(k, _)| k == name).map(|(_, v)| v);
        let mut read = BTreeMap::new();
        for field in fields {
            let wire = field.wire();
            let alias = field.alias.as_ref().and_then(|alias| get(alias));
            let value = match get(&wire).or(alias) {
                Some(Json::Null) if field.optional => None,
                value => value,
            };
            match value {
                Some(value) => {
                    at.push(format!(".{wire}"));
                    let value = self.value(&Slot::field(field), value, at)?;
                    at.pop();
                    read.insert(wire, value);
                }
                None if field.required() => {
                    return refuse(at, format!("the field `{wire}` is missing"));
                }
                None => {}
            }
        }
        Ok(Read::Object(read))
    }

    fn choice(&self, id: TypeId, json: &Json, at: &At) -> Result<Read, Refusal> {
        let Json::Text(value) = json else {
            return wrong("a text", json, at);
        };
        match &self.contracts[id].kind {
            TypeKind::Enum(choice)
                if choice.closed && choice.values.iter().all(|v| v.value != *value) =>
            {
                refuse(at, format!("`{value}` is no value of the closed enum"))
            }
            _ => Ok(Read::Text(value.clone())),
        }
    }

    fn union(&self, id: TypeId, json: &Json, at: &mut At) -> Result<Read, Refusal> {
        let TypeKind::Union(union) = &self.contracts[id].kind else {
            return refuse(at, "its type could not be read");
        };
        let Json::Object(members) = json else {
            return wrong("an object", json, at);
        };
        let tag = match members.iter().find(|(k, _)| *k == union.tag.value) {
            Some((_, Json::Text(tag))) => tag,
            Some((_, other)) => return wrong("a text as tag", other, at),
            None => return refuse(at, format!("the tag `{}` is missing", union.tag.value)),
        };
        match union.variants.iter().find(|v| v.tag.value == *tag) {
            Some(variant) => {
                let fields = variant
                    .ty
                    .value
                    .map_or(&[][..], |id| struct_fields(self.contracts, id));
                let body = self.object(fields, json, at)?;
                Ok(Read::Variant(tag.clone(), Box::new(body)))
            }
            None if union.closed => {
                refuse(at, format!("`{tag}` is no variant of the closed union"))
            }
            None => Ok(Read::Any(json.clone())),
        }
    }

    fn schema(&self, path: &Spanned<String>, json: &Json, at: &At) -> Result<Read, Refusal> {
        match schema::refuses(self.contracts, path, json) {
            Some(reason) => refuse(at, reason),
            None => Ok(Read::Any(json.clone())),
        }
    }
}

/// The fields of a type that is an object.
pub(super) fn struct_fields(contracts: &Contracts, id: TypeId) -> &[Field] {
    match &contracts[id].kind {
        TypeKind::Struct(fields) => fields,
        _ => &[],
    }
}

fn wrong<T>(wanted: &str, found: &Json, at: &At) -> Result<T, Refusal> {
    let found = match found {
        Json::Null => "null".to_owned(),
        Json::Bool(b) => b.to_string(),
        Json::Number(n) => format!("the number {n}"),
        Json::Text(_) => "a text".to_owned(),
        Json::List(_) => "a list".to_owned(),
        Json::Object(_) => "an object".to_owned(),
    };
    refuse(at, format!("expected {wanted}, found {found}"))
}

fn check_count(count: Count, n: u64, what: &str, at: &At) -> Result<(), Refusal> {
    if n < count.min {
        refuse(at, format!("{n} {what}, at least {} are needed", count.min))
    } else if let Some(max) = count.max.filter(|max| n > *max) {
        refuse(at, format!("{n} {what}, at most {max} are allowed"))
    } else {
        Ok(())
    }
}

fn integer(range: Range, json: &Json, at: &At) -> Result<Read, Refusal> {
    let Json::Number(digits) = json else {
        return wrong("an integer", json, at);
    };
    let Ok(n) = digits.parse::<i128>() else {
        return refuse(at, format!("{digits} is not an integer"));
    };
    if range.contains(n) {
        Ok(Read::Number(n as f64))
    } else {
        let Range { min, max } = range;
        refuse(at, format!("{n} is not within {min}..={max}"))
    }
}

fn float(min: f64, max: f64, json: &Json, at: &At) -> Result<Read, Refusal> {
    let Json::Number(digits) = json else {
        return wrong("a number", json, at);
    };
    match digits.parse::<f64>() {
        Ok(n) if n.is_finite() && (min..=max).contains(&n) => Ok(Read::Number(n)),
        _ => refuse(at, format!("{digits} is out of range")),
    }
}

fn read_text(text: &Text, json: &Json, at: &At) -> Result<Read, Refusal> {
    let Json::Text(value) = json else {
        return wrong(&format!("a text ({})", text.format.name()), json, at);
    };
    if !text::spells(text.format, value) {
        return refuse(
            at,
            format!("{:?} is no {}", text::shortened(value), text.format.name()),
        );
    }
    if text.length != Count::ANY {
        check_count(text.length, value.chars().count() as u64, "characters", at)?;
    }
    if let Some(pattern) = text.patterns.iter().find(|p| !text::matches(p, value)) {
        return refuse(
            at,
            format!("{:?} does not match {pattern}", text::shortened(value)),
        );
    }
    Ok(match text.format {
        Format::Bytes => Read::Bytes(value.clone()),
        Format::Integer(_) => Read::TextInteger(value.clone()),
        _ => Read::Text(value.clone()),
    })
}
