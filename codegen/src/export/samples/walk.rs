//! Goes through the full payload of an event and varies it in one place at a time: good, newer, bad.
//!
//! Every field of every type is varied once per event, at the first place where it stands.

use std::collections::BTreeSet;

use super::path::Path;
use super::{Kind, Sample, vary};
use crate::json::Json;
use crate::model::{Contracts, EventId, TypeId, TypeKind, Union};
use crate::payload::demands::{Demands, Items, Member, TypeAt};
use crate::payload::make::{MOST_ITEMS, Maker, Size, key};
use crate::payload::read;
use crate::payload::shape::Count;
use crate::subject::Template;

/// Name that no contract has, because names there are other.
const NEWER_FIELD: &str = "fieldOfANewerPublisher";

pub(super) fn full(contracts: &Contracts, event: EventId) -> Option<Json> {
    Maker::new(contracts).event(event, Size::Full)
}

/// The samples of one event, without its name.
pub(super) fn event(contracts: &Contracts, id: EventId) -> Vec<Sample> {
    let maker = Maker::new(contracts);
    let mut walk = Walk {
        maker: &maker,
        seen: BTreeSet::new(),
        tokens: tokens(contracts, id),
        samples: Vec::new(),
    };
    let event = &contracts[id];
    if let Some(payload) = maker.event(id, Size::Minimal) {
        walk.add(
            Kind::Valid,
            &Path::default(),
            "minimal",
            "only what must be there",
            None,
            payload,
        );
    }
    let base = maker.event(id, Size::Full);
    let place = TypeAt::event(contracts, event);
    if let Some(base) = &base {
        walk.add(
            Kind::Valid,
            &Path::default(),
            "full",
            "everything that can be there",
            None,
            base.clone(),
        );
        walk.object(&place.demands(), base, &Path::default());
    }
    for (at, example) in event.examples.iter().enumerate() {
        let name = format!("example-{}", at + 1);
        walk.add(
            Kind::Valid,
            &Path::default(),
            &name,
            "an example of the contract",
            None,
            Json::from(example),
        );
    }
    for (name, payload) in [
        ("a-list", Json::list([])),
        ("a-text", Json::text("text")),
        ("a-null", Json::Null),
    ] {
        walk.add(
            Kind::Invalid,
            &Path::default(),
            name,
            "only an object is an event",
            Some("type"),
            payload,
        );
    }
    // What takes many demands together may be made wrong: only what is judged as it says is a sample.
    let says = |sample: &Sample| {
        let taken = read::refuses(&place, &sample.payload).is_none();
        taken == (sample.kind != Kind::Invalid)
    };
    walk.samples.retain(says);
    walk.samples
}

/// The fields that a subject or a message id is made of: their texts stay plain.
fn tokens(contracts: &Contracts, id: EventId) -> BTreeSet<String> {
    let event = &contracts[id];
    let template: &Template = &event.subject;
    let named = template.field_placeholders().map(str::to_owned);
    let refs = [&event.id, &event.key].into_iter().flatten();
    let members = event.body.fields();
    let refs = refs.filter_map(|field| {
        members
            .get(field.value?)
            .map(|field| field.name.value.clone())
    });
    named.chain(refs).collect()
}

/// A value that is varied: what it may be, and where.
#[derive(Clone, Copy)]
pub(super) struct Spot<'w> {
    pub(super) base: &'w Json,
    pub(super) path: &'w Path,
    /// `true` if `null` is the same as absent here.
    pub(super) optional: bool,
    /// `true` if subjects or ids are made of it.
    pub(super) token: bool,
}

pub(super) struct Walk<'a, 'm> {
    maker: &'m Maker<'a>,
    /// The types, none for the event, and the members that were varied.
    seen: BTreeSet<(Option<TypeId>, Option<String>)>,
    tokens: BTreeSet<String>,
    samples: Vec<Sample>,
}

impl<'a> Walk<'a, '_> {
    pub(super) fn add(
        &mut self,
        kind: Kind,
        path: &Path,
        name: &str,
        reason: impl Into<String>,
        keyword: Option<&'static str>,
        payload: Json,
    ) {
        self.samples.push(Sample {
            event: String::new(),
            kind,
            name: path.file(name),
            path: path.shown(),
            reason: reason.into(),
            keyword,
            payload,
        });
    }

    /// The object at `path` with a field that the contract does not know.
    fn newer_field(&mut self, demands: &Demands<'_>, base: &Json, path: &Path) {
        let known = |name: &str| {
            let is = |member: &Member<'_>| {
                let alias = member.field.and_then(|field| field.alias.as_ref());
                member.name == name || alias.is_some_and(|alias| alias.value == name)
            };
            demands.properties.iter().any(is)
        };
        let mut name = NEWER_FIELD.to_owned();
        while known(&name) {
            name.push('X');
        }
        let value = Json::object([("any", Json::list([Json::text("thing"), Json::integer(1)]))]);
        let payload = path.member(&name).set(base, value);
        let reason = "a field that the contract does not know is ignored";
        self.add(Kind::Unknown, path, "field", reason, None, payload);
    }

    /// The members of an object, once for each type.
    fn object(&mut self, demands: &Demands<'a>, base: &Json, path: &Path) {
        let owner = demands.named.and_then(|named| named.id);
        if !self.seen.insert((owner, None)) {
            return;
        }
        self.newer_field(demands, base, path);
        for member in &demands.properties {
            let Some(field) = member.field else { continue };
            let here = path.member(&member.name);
            let seen = (owner, Some(member.name.clone()));
            if here.get(base).is_none() || !self.seen.insert(seen) {
                continue;
            }
            if field.required() {
                let reason = format!("the field `{}` is missing", member.name);
                self.add(
                    Kind::Invalid,
                    &here,
                    "missing",
                    reason,
                    Some("required"),
                    here.remove(base),
                );
            }
            let spot = Spot {
                base,
                path: &here,
                optional: field.optional,
                token: owner.is_none() && self.tokens.contains(&field.name.value),
            };
            if !field.optional {
                self.null(&member.of, spot);
            }
            self.value(&member.of, spot);
        }
    }

    fn null(&mut self, place: &TypeAt<'a>, spot: Spot<'_>) {
        if read::refuses(place, &Json::Null).is_some() {
            self.bad(spot, "null", "null is no value", "type", Json::Null);
        }
    }

    fn value(&mut self, place: &TypeAt<'a>, spot: Spot<'_>) {
        let demands = place.demands();
        let named = demands.named;
        if let (Some(union), Some(named)) = (demands.union, named) {
            self.wrong_type(spot, "an object", Json::text("text"));
            if self.seen.insert((named.id, None)) {
                self.union(&demands, union, spot);
            }
            return;
        }
        match demands.kind {
            // Of those that are not listed nothing is known.
            _ if named.is_none() && demands.values.is_some() => {}
            Some("boolean") => {
                self.good(spot, "false", "false", Json::Bool(false));
                self.wrong_type(spot, "true or false", Json::text("text"));
            }
            Some("integer") if !demands.loose => self.integer(demands.range, spot),
            Some("number") => self.float(demands.floats.0, demands.floats.1, spot),
            Some("string") => match named.map(|named| (named.id, &named.body.kind)) {
                Some((id, TypeKind::Enum(choice))) => {
                    self.wrong_type(spot, "a text", Json::integer(5));
                    if self.seen.insert((id, None)) {
                        self.choice(choice, spot);
                    }
                }
                _ => self.text(&demands.text, spot),
            },
            Some("array") => self.list(&demands, spot),
            Some("object") if named.is_none() => self.map(&demands, spot),
            Some("object") => {
                self.wrong_type(spot, "an object", Json::text("text"));
                self.object(&demands, spot.base, spot.path);
            }
            None if demands.is_anything() => self.any(spot),
            _ => {}
        }
    }

    fn list(&mut self, demands: &Demands<'a>, spot: Spot<'_>) {
        self.wrong_type(spot, "a list", Json::text("text"));
        let Some(Json::List(items)) = spot.path.get(spot.base) else {
            return;
        };
        let Some(first) = items.first() else { return };
        let of = |n: u64| Json::list((0..n).map(|_| first.clone()));
        if matches!(demands.items, Items::Each(_)) {
            self.counts(demands.count, "minItems", "maxItems", spot, of);
        }
        let path = spot.path.item(0);
        let inner = Spot {
            path: &path,
            optional: false,
            token: false,
            ..spot
        };
        if let Some(item) = demands.item(0) {
            self.null(item, inner);
            self.value(item, inner);
        }
    }

    fn map(&mut self, demands: &Demands<'a>, spot: Spot<'_>) {
        self.wrong_type(spot, "an object", Json::text("text"));
        let Some(Json::Object(entries)) = spot.path.get(spot.base) else {
            return;
        };
        let Some((name, first)) = entries.first() else {
            return;
        };
        let of = |n: u64| Json::object((0..n).map(|n| (key(n), first.clone())));
        self.counts(demands.count, "minProperties", "maxProperties", spot, of);
        let path = spot.path.member(name);
        let inner = Spot {
            path: &path,
            optional: false,
            token: false,
            ..spot
        };
        if let Some(value) = &demands.extra {
            self.null(value, inner);
            self.value(value, inner);
        }
    }

    fn counts(
        &mut self,
        count: Count,
        min: &'static str,
        max: &'static str,
        spot: Spot<'_>,
        of: impl Fn(u64) -> Json,
    ) {
        let what = if min == "minItems" {
            "items"
        } else {
            "entries"
        };
        self.good(spot, "fewest", format!("the fewest {what}"), of(count.min));
        if let Some(few) = count.min.checked_sub(1) {
            self.bad(
                spot,
                "too-few",
                format!("fewer than {} {what}", count.min),
                min,
                of(few),
            );
        }
        if let Some(most) = count.max.filter(|most| *most < MOST_ITEMS) {
            self.good(spot, "most", format!("the most {what}"), of(most));
            self.bad(
                spot,
                "too-many",
                format!("more than {most} {what}"),
                max,
                of(most + 1),
            );
        }
    }

    fn union(&mut self, demands: &Demands<'a>, union: &Union, spot: Spot<'_>) {
        let tag = union.tag.value.as_str();
        for variant in &union.variants {
            let name = variant.tag.value.as_str();
            let Some(place) = demands.variant(name) else {
                continue;
            };
            let Some(value) = self.maker.at(place, Size::Full) else {
                continue;
            };
            self.good(
                spot,
                &format!("is-{name}"),
                format!("the variant {name:?}"),
                value.clone(),
            );
            let base = spot.path.set(spot.base, value);
            self.object(&place.demands(), &base, spot.path);
        }
        let here = spot.path.member(tag);
        let at_tag = Spot {
            path: &here,
            ..spot
        };
        let reason = format!("the tag `{tag}` is missing");
        self.add(
            Kind::Invalid,
            &here,
            "missing",
            reason,
            Some("required"),
            here.remove(spot.base),
        );
        self.bad(
            at_tag,
            "wrong-type",
            "the tag is a text",
            "type",
            Json::integer(5),
        );
        let newer = vary::unlike(
            union
                .variants
                .iter()
                .map(|variant| variant.tag.value.as_str()),
        );
        if union.closed {
            self.bad(
                at_tag,
                "no-variant",
                "no variant of the closed union",
                "oneOf",
                Json::Text(newer),
            );
        } else {
            let value = Json::object([
                (tag, Json::Text(newer)),
                ("anything", Json::list([Json::integer(1)])),
            ]);
            self.newer(
                spot,
                "variant",
                "a variant that the contract does not know is kept",
                value,
            );
        }
    }
}
