//! Makes payloads of an imported schema: along steps to a given value, and everywhere else what another schema takes too.

use super::judge;
use super::keywords::{
    DEEPEST, Step, branches, count, floats, integer, kind, list, properties, range, required,
    text_of, values,
};
use super::keywords::{Schema, get};
use crate::json::Json;
use crate::payload::common;
use crate::payload::shape::Range;
use crate::payload::text;
use crate::payload::write::float;

/// What stands at the end of the steps.
pub(crate) enum End {
    Smallest,
    Value(Json),
    Without(String),
}

/// A schema and the document that its references are looked up in.
type Place<'a> = (Schema<'a>, &'a Json);

/// What a payload is made of: the writer's schema, and the reader's where it is one at this place.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub writer: Place<'a>,
    pub reader: Option<Place<'a>>,
}

/// The smallest payload of a schema.
pub(crate) fn smallest<'a>(schemas: Schema<'a>, schema: &'a Json, depth: usize) -> Option<Json> {
    let alone = Pair {
        writer: (schemas, schema),
        reader: None,
    };
    alone.steered(&[], &End::Smallest, depth)
}

impl<'a> Pair<'a> {
    fn to(self, writer: &'a Json, reader: Option<&'a Json>) -> Self {
        Self {
            writer: (self.writer.0, writer),
            reader: self.reader.and_then(|(schema, _)| Some((schema, reader?))),
        }
    }

    fn taken(self, value: &Json) -> bool {
        let takes = |(schemas, schema)| judge::refuses(schemas, schema, value).is_none();
        takes(self.writer) && self.reader.is_none_or(takes)
    }

    /// What both take, or the writer alone.
    pub fn beside(self, depth: usize) -> Option<Json> {
        self.common(depth)
            .or_else(|| smallest(self.writer.0, self.writer.1, depth))
    }

    /// A small value that both take.
    pub fn common(self, depth: usize) -> Option<Json> {
        let alone = smallest(self.writer.0, self.writer.1, depth);
        let Some((schemas, schema)) = self.reader else {
            return alone;
        };
        if alone.as_ref().is_some_and(|value| self.taken(value)) {
            return alone;
        }
        if depth > DEEPEST {
            return None;
        }
        let theirs = smallest(schemas, schema, depth);
        if theirs.as_ref().is_some_and(|value| self.taken(value)) {
            return theirs;
        }
        let (w, r) = (
            self.writer.0.resolve(self.writer.1),
            schemas.resolve(schema),
        );
        let (ours, theirs) = (branches(w), branches(r));
        let found = if ours.is_empty() && theirs.is_empty() {
            self.scalar(w, r)
                .or_else(|| self.steered(&[], &End::Smallest, depth))
        } else {
            let branches = |all: &'a [Json], one: &'a Json| match all {
                [] => std::slice::from_ref(one).iter(),
                all => all.iter(),
            };
            branches(ours, w)
                .flat_map(|ours| branches(theirs, r).map(move |theirs| (ours, theirs)))
                .filter(|(ours, theirs)| {
                    kind(self.writer.0.resolve(ours)) == kind(schemas.resolve(theirs))
                })
                .find_map(|(ours, theirs)| self.to(ours, Some(theirs)).common(depth + 1))
        };
        found.filter(|value| self.taken(value))
    }

    /// Of two scalars.
    fn scalar(self, w: &Json, r: &Json) -> Option<Json> {
        let all = [values(w), values(r)];
        if all.iter().any(Option::is_some) {
            let mut listed = all.into_iter().flatten().flatten();
            return listed.find(|value| self.taken(value)).cloned();
        }
        match (kind(w)?, kind(r)?) {
            ("string", "string") => {
                let both = common::texts(&text_of(w), &text_of(r))?;
                text::accepted(&both).map(Json::Text)
            }
            ("integer" | "number", "integer" | "number") => {
                let bounds = |schema| match kind(schema) {
                    Some("integer") => {
                        let Range { min, max } = range(schema);
                        (min as f64, max as f64)
                    }
                    _ => floats(schema),
                };
                let ((a, b), (c, d)) = (bounds(w), bounds(r));
                let (min, max) = (a.max(c), b.min(d));
                let nearest = (min <= max).then(|| 0f64.clamp(min, max))?;
                let whole = Json::integer(nearest.ceil() as i128);
                Some(if self.taken(&whole) {
                    whole
                } else {
                    float(nearest)
                })
            }
            _ => None,
        }
    }

    /// A payload with `end` at the end of the steps.
    pub fn steered(self, steps: &[Step], end: &End, depth: usize) -> Option<Json> {
        if depth > DEEPEST {
            return None;
        }
        if let (true, End::Value(value)) = (steps.is_empty(), end) {
            return Some(value.clone());
        }
        let schemas = self.writer.0;
        let schema = schemas.resolve(self.writer.1);
        let peer = self.reader.map(|(schemas, schema)| schemas.resolve(schema));
        let rest = steps.get(1..).unwrap_or_default();
        let choices = branches(schema);
        if !choices.is_empty() {
            let peer = peer.filter(|peer| branches(peer).is_empty());
            return match steps.first() {
                Some(Step::Branch(at)) => {
                    self.to(choices.get(*at)?, peer)
                        .steered(rest, end, depth + 1)
                }
                Some(_) => None,
                None => choices
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
            Some("integer") => Json::integer(integer(schema)?),
            Some("number") => {
                let (min, max) = floats(schema);
                float(0f64.clamp(min, max.max(min)))
            }
            Some("string") => Json::Text(text::accepted(&text_of(schema))?),
            Some("array") => self.array(schema, peer, steps, end, depth)?,
            Some("object") => self.object(schema, peer, steps, end, depth)?,
            Some(_) => return None,
        })
    }

    fn array(
        self,
        schema: &'a Json,
        peer: Option<&'a Json>,
        steps: &[Step],
        end: &End,
        depth: usize,
    ) -> Option<Json> {
        let through = steps.first() == Some(&Step::Item);
        let bounds = |schema| count(schema, "minItems", "maxItems");
        let both = peer.map_or(bounds(schema), |peer| {
            common::count(bounds(schema), bounds(peer))
        });
        let wanted = both.min.max(u64::from(through)).min(1_000);
        let mut items = Vec::new();
        for n in 0..usize::try_from(wanted).ok()? {
            let of = item(schema, n)?;
            let pair = self.to(of, peer.and_then(|peer| item(peer, n)));
            items.push(if n == 0 && through {
                pair.steered(steps.get(1..)?, end, depth + 1)?
            } else {
                pair.beside(depth + 1)?
            });
        }
        Some(Json::List(items))
    }

    fn object(
        self,
        schema: &'a Json,
        peer: Option<&'a Json>,
        steps: &[Step],
        end: &End,
        depth: usize,
    ) -> Option<Json> {
        let rest = steps.get(1..).unwrap_or_default();
        let theirs = |name: &str| {
            let known = properties(peer?).iter().find(|(known, _)| known == name);
            known
                .map(|(_, of)| of)
                .or_else(|| get(peer?, "additionalProperties"))
        };
        let needed = |name: &str| {
            let by = |schema| required(schema).any(|known| known == name);
            by(schema) || peer.is_some_and(by)
        };
        let mut members = Vec::new();
        for (name, of) in properties(schema) {
            let pair = self.to(of, theirs(name));
            let value = match (steps.first(), end) {
                (Some(Step::Property(to)), _) if to == name => {
                    pair.steered(rest, end, depth + 1)?
                }
                (None, End::Without(without)) if without == name => continue,
                _ if !needed(name) => continue,
                _ => pair.beside(depth + 1)?,
            };
            members.push((name.clone(), value));
        }
        // One of the lists of members that must be there.
        for name in list(schema, "anyOf").first().into_iter().flat_map(required) {
            let there = members.iter().any(|(known, _)| known == name);
            let of = properties(schema).iter().find(|(known, _)| known == name);
            if let (Some((_, of)), false) = (of, there) {
                let value = self.to(of, theirs(name)).beside(depth + 1)?;
                members.push((name.to_owned(), value));
            }
        }
        let extra = get(schema, "additionalProperties");
        // What only the reader needs; what other members there may be is the writer's to say.
        for name in peer.into_iter().flat_map(required) {
            let left_out =
                matches!(end, End::Without(without) if steps.is_empty() && without == name);
            let known = properties(schema).iter().any(|(known, _)| known == name);
            let of = theirs(name).zip(self.reader);
            let (false, false, Some((of, (reader, _)))) = (left_out, known, of) else {
                continue;
            };
            members.push((name.to_owned(), smallest(reader, of, depth + 1)?));
        }
        if steps.first() == Some(&Step::Entry) {
            let pair = self.to(
                extra?,
                peer.and_then(|peer| get(peer, "additionalProperties")),
            );
            members.push(("key".to_owned(), pair.steered(rest, end, depth + 1)?));
        }
        let wanted = count(schema, "minProperties", "maxProperties")
            .min
            .min(1_000);
        for n in members.len() as u64..wanted {
            let value = match extra {
                Some(of) => smallest(self.writer.0, of, depth + 1)?,
                None => Json::Bool(true),
            };
            members.push((format!("key{n}"), value));
        }
        Some(Json::Object(members))
    }
}

fn item(schema: &Json, at: usize) -> Option<&Json> {
    match get(schema, "items") {
        Some(Json::List(each)) => each.get(at),
        other => other,
    }
}
