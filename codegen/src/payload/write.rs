//! A payload in the contract's order and names: for people, and for being sent. Judges nothing.

use super::shape::{Format, Shape, Slot};
use crate::json::Json;
use crate::model::{Body, Contracts, EventId, Field, Type, TypeKind};

/// Stands in the place of a sensitive value.
pub const MASK: &str = "<sensitive>";

/// A finite float as JSON writes it, always with a fraction or exponent, as Rust writers do.
pub(crate) fn float(n: f64) -> Json {
    Json::Number(format!("{n:?}"))
}

/// The payload with what is sensitive masked.
pub(crate) fn masked(contracts: &Contracts, event: EventId, payload: &Json) -> Json {
    Normal::new(contracts, true).event(event, payload)
}

/// The payload as it is sent.
pub(crate) fn sent(contracts: &Contracts, event: EventId, payload: &Json) -> Json {
    Normal::new(contracts, false).event(event, payload)
}

struct Normal<'a> {
    contracts: &'a Contracts,
    masks: bool,
}

impl<'a> Normal<'a> {
    fn new(contracts: &'a Contracts, masks: bool) -> Self {
        Self { contracts, masks }
    }

    fn event(&self, event: EventId, payload: &Json) -> Json {
        let contracts = self.contracts;
        let body = &contracts[event].body;
        match (&body.kind, payload) {
            (TypeKind::Struct(_), Json::Object(members)) => self.object(None, body, members),
            (TypeKind::Struct(fields), _)
                if self.masks && fields.iter().any(|field| self.hides(field)) =>
            {
                Json::text(MASK)
            }
            (TypeKind::Alias { ty, .. }, _) => self.value(&Slot::bare(ty), payload),
            _ => payload.clone(),
        }
    }

    fn value(&self, slot: &Slot<'a>, json: &Json) -> Json {
        let contracts = self.contracts;
        match (slot.shape(contracts), json) {
            (Shape::List(item, _), Json::List(items)) => {
                let slot = Slot::bare(item);
                Json::list(items.iter().map(|item| self.value(&slot, item)))
            }
            (Shape::Map(item, _), Json::Object(members)) => {
                let slot = Slot::bare(item);
                let entries = members.iter();
                let entries = entries.map(|(key, value)| (key.clone(), self.value(&slot, value)));
                Json::Object(entries.collect())
            }
            (Shape::Struct(id), Json::Object(members)) => {
                self.object(None, &contracts[id].body, members)
            }
            (Shape::Union(id), Json::Object(members)) => self.union(id, members, json),
            (Shape::Text(text), Json::Text(value)) if text.format == Format::Uuid => {
                Json::Text(value.to_ascii_lowercase())
            }
            // Not what is expected here: where something sensitive could be in it, all of it is.
            (Shape::List(..) | Shape::Map(..) | Shape::Struct(_) | Shape::Union(_), _)
                if self.masks && hides(contracts, slot.ty, &mut Vec::new()) =>
            {
                Json::text(MASK)
            }
            _ => json.clone(),
        }
    }

    fn union(&self, id: crate::model::TypeId, members: &[(String, Json)], json: &Json) -> Json {
        let contracts = self.contracts;
        let TypeKind::Union(union) = &contracts[id].body.kind else {
            return json.clone();
        };
        let tag = members.iter().rfind(|(key, _)| *key == union.tag.value);
        let variant = tag.and_then(|(_, tag)| {
            let is = |v: &&crate::model::Variant| *tag == Json::text(v.tag.value.as_str());
            union.variants.iter().find(is)?.ty.value
        });
        match (variant, tag) {
            (Some(ty), Some(tag)) => self.object(Some(tag), &contracts[ty].body, members),
            _ => json.clone(),
        }
    }

    /// Fields in the order of the contract, then what the contract does not know.
    fn object(
        &self,
        tag: Option<&(String, Json)>,
        body: &'a Body,
        members: &[(String, Json)],
    ) -> Json {
        let mut out: Vec<(String, Json)> = tag.cloned().into_iter().collect();
        let mut known: Vec<&str> = tag.iter().map(|(name, _)| name.as_str()).collect();
        for field in body.fields() {
            let wire = field.wire();
            let old = field.alias.as_ref().map(|old| old.value.as_str());
            let current = members.iter().find(|(name, _)| *name == wire);
            let alias = members.iter().rfind(|(name, _)| Some(name.as_str()) == old);
            known.extend(current.iter().chain(&alias).map(|(name, _)| name.as_str()));
            let value = match current.or(alias) {
                Some((_, Json::Null)) if field.optional => continue,
                Some((_, value)) if !self.masks || field.sensitive.is_none() => {
                    self.value(&Slot::field(field), value)
                }
                Some(_) => Json::text(MASK),
                None => match &field.default {
                    Some(_) if self.masks && field.sensitive.is_some() => Json::text(MASK),
                    Some(default) => Json::from(default),
                    None => continue,
                },
            };
            out.push((wire, value));
        }
        let unknown = members
            .iter()
            .filter(|(name, _)| !known.contains(&name.as_str()));
        out.extend(unknown.cloned());
        Json::Object(out)
    }

    fn hides(&self, field: &Field) -> bool {
        field.sensitive.is_some() || hides(self.contracts, &field.ty, &mut Vec::new())
    }
}

/// Returns whether something sensitive can be in a value of the type. `seen` are the named types on the way.
fn hides(contracts: &Contracts, ty: &Type, seen: &mut Vec<crate::model::TypeId>) -> bool {
    match ty {
        Type::List(item) | Type::Map(item) => hides(contracts, item, seen),
        Type::Named(id) if !seen.contains(id) => {
            seen.push(*id);
            match &contracts[*id].body.kind {
                TypeKind::Struct(fields) => fields
                    .iter()
                    .any(|field| field.sensitive.is_some() || hides(contracts, &field.ty, seen)),
                TypeKind::Union(union) => {
                    let types = union.variants.iter().filter_map(|variant| variant.ty.value);
                    types
                        .collect::<Vec<_>>()
                        .into_iter()
                        .any(|id| hides(contracts, &Type::Named(id), seen))
                }
                _ => false,
            }
        }
        _ => false,
    }
}
