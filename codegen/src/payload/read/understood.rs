//! A payload as its reader understands it, for the question whether two readers understand the same. Judges nothing.

use std::collections::BTreeMap;

use crate::json::Json;
use crate::payload::demands::{Demands, TypeAt};
use crate::payload::shape::Format;

/// A payload as a reader understands it.
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
    /// Kept as it came: `json`, an unknown variant, a value of an imported type.
    Any(Json),
}

/// Returns whether two readers made the same of one payload. Fields that only one of them knows do not count; a number is the
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

/// Understands a value that has no faults.
pub(super) fn read(place: &TypeAt<'_>, json: &Json) -> Read {
    let demands = place.demands();
    let imported = demands
        .named
        .is_some_and(|named| named.body.origin.is_some());
    match json {
        _ if imported => Read::Any(json.clone()),
        Json::Object(members) => match demands.union {
            Some(union) => variant(&demands, &union.tag.value, members).map_or_else(
                || Read::Any(json.clone()),
                |(tag, of)| Read::Variant(tag.to_owned(), Box::new(read(of, json))),
            ),
            None => object(&demands, members, json),
        },
        Json::List(items) if demands.kind == Some("array") => {
            let items = items.iter().enumerate();
            let items = items.filter_map(|(at, item)| Some(read(demands.item(at)?, item)));
            Read::List(items.collect())
        }
        Json::Bool(yes) if demands.kind == Some("boolean") => Read::Bool(*yes),
        Json::Number(digits) if matches!(demands.kind, Some("integer" | "number")) => digits
            .parse()
            .map_or_else(|_| Read::Any(json.clone()), Read::Number),
        Json::Text(text) if demands.kind == Some("string") => match demands.text.format {
            Format::Bytes => Read::Bytes(text.clone()),
            Format::Integer(_) => Read::TextInteger(text.clone()),
            _ => Read::Text(text.clone()),
        },
        _ => Read::Any(json.clone()),
    }
}

/// The known variant of an object, with the text of its tag.
fn variant<'d, 'a>(
    demands: &'d Demands<'a>,
    tag: &str,
    members: &'d [(String, Json)],
) -> Option<(&'d str, &'d TypeAt<'a>)> {
    match members.iter().find(|(key, _)| key == tag)? {
        (_, Json::Text(text)) => Some((text, demands.variant(text)?)),
        _ => None,
    }
}

fn object(demands: &Demands<'_>, members: &[(String, Json)], json: &Json) -> Read {
    if demands.kind != Some("object") {
        return Read::Any(json.clone());
    }
    if demands.named.is_none() {
        let of = |value| match &demands.extra {
            Some(of) => read(of, value),
            None => Read::Any(Json::clone(value)),
        };
        // Of a key that stands twice a reader keeps the last value.
        let entries = members.iter().map(|(key, value)| (key.clone(), of(value)));
        return Read::Map(entries.collect());
    }
    let fields = demands.properties.iter().filter_map(|member| {
        let field = member.field?;
        let named = |name: &str| members.iter().rfind(|(key, _)| key == name);
        let alias = || named(&field.alias.as_ref()?.value);
        let (_, value) = named(&member.name).or_else(alias)?;
        let there = !member.is_absent(value);
        there.then(|| (member.name.clone(), read(&member.of, value)))
    });
    Read::Object(fields.collect())
}
