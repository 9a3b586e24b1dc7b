//! Makes payloads of a type in the words of JSON Schema: along steps to a given value, and everywhere else what another schema takes too.

use super::demands::{DEEPEST, Demands, Descent, TypeAt};
use super::write::float;
use super::{common, grow, read};
use crate::json::Json;

/// End of the steps.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// The writer's smallest value.
    Smallest,
    /// This value.
    Value(Json),
    /// A list or an object of so many entries.
    Count(u64),
    /// An object without a member.
    Without(String),
    /// An object with a member more.
    With(String, Json),
}

/// Maximum number of entries that are made for a count: a list of a million items shows nothing that a person would read.
pub(crate) const MOST_ENTRIES: u64 = 1_000;

/// The types that a payload is made of: the writer's, and the reader's where it is one at this place.
#[derive(Clone)]
pub(crate) struct Pair<'a> {
    pub writer: TypeAt<'a>,
    pub reader: Option<TypeAt<'a>>,
}

/// The smallest payload of a type.
pub(crate) fn smallest(place: &TypeAt<'_>, depth: usize) -> Option<Json> {
    Pair::new(place, None).steered(&[], &End::Smallest, depth)
}

impl<'a> Pair<'a> {
    pub fn new(writer: &TypeAt<'a>, reader: Option<&TypeAt<'a>>) -> Self {
        Self {
            writer: writer.clone(),
            reader: reader.cloned(),
        }
    }

    fn taken(&self, value: &Json) -> bool {
        let takes = |place: &TypeAt<'_>| read::refuses(place, value).is_none();
        takes(&self.writer) && self.reader.as_ref().is_none_or(takes)
    }

    /// A value that both take, or the writer alone.
    pub fn beside(&self, depth: usize) -> Option<Json> {
        self.common(depth).or_else(|| smallest(&self.writer, depth))
    }

    /// A small value that both take.
    pub fn common(&self, depth: usize) -> Option<Json> {
        let alone = smallest(&self.writer, depth);
        let Some(reader) = &self.reader else {
            return alone;
        };
        if alone.as_ref().is_some_and(|value| self.taken(value)) {
            return alone;
        }
        if depth > DEEPEST {
            return None;
        }
        let theirs = smallest(reader, depth);
        if theirs.as_ref().is_some_and(|value| self.taken(value)) {
            return theirs;
        }
        let (w, r) = (self.writer.demands(), reader.demands());
        let found = if w.branches.is_empty() && r.branches.is_empty() {
            self.scalar(&w, &r)
                .or_else(|| self.steered(&[], &End::Smallest, depth))
        } else {
            let branches = |all: &[TypeAt<'a>], one: &TypeAt<'a>| match all {
                [] => vec![one.clone()],
                all => all.to_vec(),
            };
            let theirs = branches(&r.branches, reader);
            let ours = branches(&w.branches, &self.writer);
            ours.iter()
                .flat_map(|ours| theirs.iter().map(move |theirs| (ours, theirs)))
                .filter(|(ours, theirs)| ours.demands().kind == theirs.demands().kind)
                .find_map(|(ours, theirs)| Pair::new(ours, Some(theirs)).common(depth + 1))
        };
        found.filter(|value| self.taken(value))
    }

    /// Of two scalars.
    fn scalar(&self, w: &Demands<'_>, r: &Demands<'_>) -> Option<Json> {
        let all = [&w.values, &r.values];
        if all.iter().any(|values| values.is_some()) {
            let mut listed = all.into_iter().flatten().flatten();
            return listed.find(|value| self.taken(value)).cloned();
        }
        match (w.kind?, r.kind?) {
            ("string", "string") => {
                let both = common::texts(&w.text, &r.text)?;
                grow::accepted(&both).map(Json::Text)
            }
            ("integer" | "number", "integer" | "number") => {
                let bounds = |demands: &Demands<'_>| match demands.kind {
                    Some("integer") => (demands.range.min as f64, demands.range.max as f64),
                    _ => demands.floats,
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
    pub fn steered(&self, steps: &[Descent], end: &End, depth: usize) -> Option<Json> {
        if depth > DEEPEST {
            return None;
        }
        if let (true, End::Value(value)) = (steps.is_empty(), end) {
            return Some(value.clone());
        }
        let demands = self.writer.demands();
        let rest = steps.get(1..).unwrap_or_default();
        if !demands.branches.is_empty() {
            return match steps.first() {
                Some(Descent::Branch(at)) => {
                    let reader = self.reader.as_ref();
                    let peer = reader.filter(|peer| peer.demands().branches.is_empty());
                    Pair::new(demands.branches.get(*at)?, peer).steered(rest, end, depth + 1)
                }
                Some(_) => None,
                None => {
                    let mut branches = demands.branches.iter();
                    branches.find_map(|branch| smallest(branch, depth + 1))
                }
            };
        }
        if let Some(values) = &demands.values {
            return values.first().cloned();
        }
        let peer = || self.reader.as_ref().map(TypeAt::demands);
        Some(match demands.kind {
            None => Json::Object(Vec::new()),
            Some("null") => Json::Null,
            Some("boolean") => Json::Bool(false),
            Some("integer") => Json::integer(demands.integer()?),
            Some("number") => {
                let (min, max) = demands.floats;
                float(0f64.clamp(min, max.max(min)))
            }
            Some("string") => Json::Text(grow::accepted(&demands.text)?),
            Some("array") => self.array(&demands, peer().as_deref(), steps, end, depth)?,
            Some("object") => self.object(&demands, peer().as_deref(), steps, end, depth)?,
            Some(_) => return None,
        })
    }

    fn array(
        &self,
        demands: &Demands<'a>,
        peer: Option<&Demands<'a>>,
        steps: &[Descent],
        end: &End,
        depth: usize,
    ) -> Option<Json> {
        let through = steps.first() == Some(&Descent::Item);
        let both = peer.map_or(demands.count, |peer| {
            common::count(demands.count, peer.count)
        });
        let wanted = match end {
            End::Count(n) if steps.is_empty() => Some(*n).filter(|n| *n <= MOST_ENTRIES)?,
            _ => both.min.max(u64::from(through)).min(MOST_ENTRIES),
        };
        let mut items = Vec::new();
        for n in 0..usize::try_from(wanted).ok()? {
            let theirs = peer.and_then(|peer| peer.item(n));
            let pair = Pair::new(demands.item(n)?, theirs);
            items.push(if n == 0 && through {
                pair.steered(steps.get(1..)?, end, depth + 1)?
            } else {
                pair.beside(depth + 1)?
            });
        }
        Some(Json::List(items))
    }

    fn object(
        &self,
        demands: &Demands<'a>,
        peer: Option<&Demands<'a>>,
        steps: &[Descent],
        end: &End,
        depth: usize,
    ) -> Option<Json> {
        let rest = steps.get(1..).unwrap_or_default();
        let theirs = |name: &str| {
            let peer = peer?;
            peer.property(name).or(peer.extra.as_ref())
        };
        let needed =
            |name: &str| demands.requires(name) || peer.is_some_and(|peer| peer.requires(name));
        let mut members = Vec::new();
        for member in &demands.properties {
            let (name, of) = (&member.name, &member.of);
            let pair = Pair::new(of, theirs(name));
            let value = match (steps.first(), end) {
                (Some(Descent::Property(to)), _) if to == name => {
                    pair.steered(rest, end, depth + 1)?
                }
                (None, End::Without(without)) if without == name => continue,
                _ if !needed(name) => continue,
                _ => pair.beside(depth + 1)?,
            };
            members.push((name.clone(), value));
        }
        // One of the lists of members that must be there.
        for name in demands.any_of.first().into_iter().flatten() {
            let there = members.iter().any(|(known, _)| known == name);
            if let (Some(of), false) = (demands.property(name), there) {
                let value = Pair::new(of, theirs(name)).beside(depth + 1)?;
                members.push((name.to_owned(), value));
            }
        }
        // What only the reader needs; what other members there may be is the writer's to say.
        for name in peer.into_iter().flat_map(|peer| &peer.required) {
            let left_out =
                matches!(end, End::Without(without) if steps.is_empty() && without == name);
            let known = demands.property(name).is_some();
            let (false, false, Some(of)) = (left_out, known, theirs(name)) else {
                continue;
            };
            members.push((name.to_owned(), smallest(of, depth + 1)?));
        }
        let extra = demands.extra.as_ref();
        if steps.first() == Some(&Descent::Entry) {
            let pair = Pair::new(extra?, peer.and_then(|peer| peer.extra.as_ref()));
            members.push(("key".to_owned(), pair.steered(rest, end, depth + 1)?));
        }
        let mut wanted = demands.count.min.min(MOST_ENTRIES);
        match end {
            End::Count(n) if steps.is_empty() => {
                wanted = Some(*n).filter(|n| *n <= MOST_ENTRIES)?
            }
            End::With(name, value) if steps.is_empty() => {
                members.push((name.clone(), value.clone()));
            }
            _ => {}
        }
        for n in members.len() as u64..wanted {
            let value = match extra {
                Some(of) => smallest(of, depth + 1)?,
                None => Json::Bool(true),
            };
            members.push((format!("key{n}"), value));
        }
        Some(Json::Object(members))
    }
}
