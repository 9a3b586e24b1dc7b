//! Goes through the full payload of an event and varies it in one place at a time: good, newer, bad.
//!
//! Every field of every type is varied once per event, at the first place where it stands.

use std::collections::BTreeSet;

use super::path::Path;
use super::{Kind, Sample, vary};
use crate::json::Json;
use crate::model::{Body, Contracts, EventId, Field, Type, TypeId, TypeKind, Union};
use crate::payload::make::{MOST_ITEMS, Maker, Size, is_json, key};
use crate::payload::shape::{Count, Shape, Slot, struct_fields};
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
    if let (Some(base), Body::Fields(fields)) = (&base, &event.body) {
        walk.add(
            Kind::Valid,
            &Path::default(),
            "full",
            "everything that can be there",
            None,
            base.clone(),
        );
        walk.newer_field(fields, None, base, &Path::default());
        walk.fields(Owner::Event, fields, base, &Path::default());
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
    walk.samples
}

/// The fields that a subject or a message id is made of: their texts stay plain.
fn tokens(contracts: &Contracts, id: EventId) -> BTreeSet<String> {
    let event = &contracts[id];
    let template: &Template = &event.subject;
    let named = template.field_placeholders().map(str::to_owned);
    let refs = [&event.id, &event.key].into_iter().flatten();
    let members = contracts.members(event);
    let refs = refs.filter_map(|field| {
        members
            .get(field.value?)
            .map(|field| field.name.value.clone())
    });
    named.chain(refs).collect()
}

/// Owner of fields.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Event,
    Type(TypeId),
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
    seen: BTreeSet<(Owner, Option<usize>)>,
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
    fn newer_field(&mut self, fields: &[Field], tag: Option<&str>, base: &Json, path: &Path) {
        let known = |name: &str| {
            let is = |field: &Field| {
                field.wire() == name
                    || field
                        .alias
                        .as_ref()
                        .is_some_and(|alias| alias.value == name)
            };
            tag == Some(name) || fields.iter().any(is)
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

    fn fields(&mut self, owner: Owner, fields: &'a [Field], base: &Json, path: &Path) {
        for (at, field) in fields.iter().enumerate() {
            let wire = field.wire();
            let here = path.member(&wire);
            if here.get(base).is_none() || !self.seen.insert((owner, Some(at))) {
                continue;
            }
            if field.required() {
                let reason = format!("the field `{wire}` is missing");
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
                token: owner == Owner::Event && self.tokens.contains(&field.name.value),
            };
            if !field.optional && !is_json(self.maker.contracts, &field.ty) {
                self.bad(spot, "null", "null is no value", "type", Json::Null);
            }
            self.value(&Slot::field(field), spot);
        }
    }

    fn value(&mut self, slot: &Slot<'a>, spot: Spot<'_>) {
        let contracts = self.maker.contracts;
        match slot.shape(contracts) {
            Shape::Bool => {
                self.good(spot, "false", "false", Json::Bool(false));
                self.wrong_type(spot, "true or false", Json::text("text"));
            }
            Shape::Integer(range) => self.integer(range, spot),
            Shape::Float(min, max) => self.float(min, max, spot),
            Shape::Text(text) => self.text(&text, spot),
            Shape::Json => self.any(spot),
            Shape::List(item, count) => self.list(item, count, spot),
            Shape::Map(item, count) => self.map(item, count, spot),
            Shape::Struct(id) => {
                self.wrong_type(spot, "an object", Json::text("text"));
                if self.seen.insert((Owner::Type(id), None)) {
                    let fields = struct_fields(contracts, id);
                    self.newer_field(fields, None, spot.base, spot.path);
                    self.fields(Owner::Type(id), fields, spot.base, spot.path);
                }
            }
            Shape::Enum(id) => {
                self.wrong_type(spot, "a text", Json::integer(5));
                if let (TypeKind::Enum(choice), true) = (
                    &contracts[id].kind,
                    self.seen.insert((Owner::Type(id), None)),
                ) {
                    self.choice(choice, spot);
                }
            }
            Shape::Union(id) => {
                self.wrong_type(spot, "an object", Json::text("text"));
                if let (TypeKind::Union(union), true) = (
                    &contracts[id].kind,
                    self.seen.insert((Owner::Type(id), None)),
                ) {
                    self.union(union, spot);
                }
            }
            Shape::Schema(_) | Shape::Invalid => {}
        }
    }

    fn list(&mut self, item: &'a Type, count: Count, spot: Spot<'_>) {
        self.wrong_type(spot, "a list", Json::text("text"));
        let Some(Json::List(items)) = spot.path.get(spot.base) else {
            return;
        };
        let Some(first) = items.first() else { return };
        let of = |n: u64| Json::list((0..n).map(|_| first.clone()));
        self.counts(count, "minItems", "maxItems", spot, of);
        let path = spot.path.item(0);
        let inner = Spot {
            path: &path,
            optional: false,
            token: false,
            ..spot
        };
        self.element(item, inner);
    }

    fn map(&mut self, item: &'a Type, count: Count, spot: Spot<'_>) {
        self.wrong_type(spot, "an object", Json::text("text"));
        let Some(Json::Object(entries)) = spot.path.get(spot.base) else {
            return;
        };
        let Some((name, first)) = entries.first() else {
            return;
        };
        let of = |n: u64| Json::object((0..n).map(|n| (key(n), first.clone())));
        self.counts(count, "minProperties", "maxProperties", spot, of);
        let path = spot.path.member(name);
        let inner = Spot {
            path: &path,
            optional: false,
            token: false,
            ..spot
        };
        self.element(item, inner);
    }

    fn element(&mut self, ty: &'a Type, spot: Spot<'_>) {
        if !is_json(self.maker.contracts, ty) {
            self.bad(spot, "null", "null is no value", "type", Json::Null);
        }
        self.value(&Slot::bare(ty), spot);
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

    fn union(&mut self, union: &'a Union, spot: Spot<'_>) {
        let tag = union.tag.value.as_str();
        for (at, variant) in union.variants.iter().enumerate() {
            let name = variant.tag.value.as_str();
            let Some(value) = self.maker.variant(union, at, Size::Full) else {
                continue;
            };
            self.good(
                spot,
                &format!("is-{name}"),
                format!("the variant {name:?}"),
                value.clone(),
            );
            let Some(id) = variant.ty.value else { continue };
            let base = spot.path.set(spot.base, value);
            if self.seen.insert((Owner::Type(id), None)) {
                let fields = struct_fields(self.maker.contracts, id);
                self.newer_field(fields, Some(tag), &base, spot.path);
                self.fields(Owner::Type(id), fields, &base, spot.path);
            }
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
