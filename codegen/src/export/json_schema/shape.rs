//! The schema of one field, type or event. Knows every keyword of the dialect; never which file a schema goes to.

use super::form::{Members, describe, head, mark_deprecated, put, put_some};
use super::place::{Export, Tag};
use super::scalar::{Scalar, number, scalar};
use crate::json::Json;
use crate::model::{
    Constraints, Event, EventId, Field, Type, TypeDef, TypeId, TypeKind, Union, Value, ValueKind,
};
use crate::source::Spanned;

impl Export<'_> {
    /// An event's schema without `$schema` and definitions, and the definitions that it brings as an imported one.
    pub(super) fn event(&self, id: EventId) -> (Members, Vec<(String, Members)>) {
        let event: &Event = &self.contracts[id];
        let (title, deprecated) = (self.names.event(id), event.deprecated.as_ref());
        let mut out = head(title, event.doc.clone(), deprecated);
        let mut others = Vec::new();
        match &event.body.origin {
            Some(origin) => {
                out.extend(self.moved(origin).1);
                others = self.needed(origin);
            }
            None => self.object(&mut out, None, event.body.fields()),
        }
        mark_deprecated(&mut out, deprecated);
        (out, others)
    }

    /// A type's schema, and after it what it brings: an open union its fallback variant, an imported type its definitions.
    pub(super) fn definitions(&self, id: TypeId) -> Vec<(String, Members)> {
        let ty: &TypeDef = &self.contracts[id];
        let title = self.names.ty(id);
        let mut all = vec![(title.to_owned(), self.own(id))];
        if let Some(origin) = self.contracts.origin(&ty.body) {
            all.extend(self.needed(origin));
        }
        if let (TypeKind::Union(union), Some(name)) = (&ty.body.kind, self.names.other(id)) {
            all.push((name.to_owned(), fallback(name, title, union)));
        }
        all
    }

    /// The schema of a type alone.
    pub(super) fn own(&self, id: TypeId) -> Members {
        let ty: &TypeDef = &self.contracts[id];
        let title = self.names.ty(id);
        if let Some(origin) = self.contracts.origin(&ty.body) {
            let (description, members) = self.moved(origin);
            let mut out = head(title, ty.doc.clone().or(description), None);
            out.extend(members);
            return out;
        }
        let mut out = head(title, ty.doc.clone(), None);
        match &ty.body.kind {
            TypeKind::Struct(fields) => self.object(&mut out, self.tags.get(&id), fields),
            TypeKind::Enum(values) => {
                put(&mut out, "type", Json::text("string"));
                let keyword = if values.closed { "enum" } else { "examples" };
                put(&mut out, keyword, texts(&values.values));
            }
            TypeKind::Union(union) => put(&mut out, "oneOf", self.branches(id, union)),
            TypeKind::Scalar {
                ty,
                constraints,
                as_text,
            } => {
                scalar(&mut out, ty, as_text.is_some(), &[constraints]);
            }
            // Of imported types, or does not get past `check`.
            TypeKind::Choice(_) | TypeKind::Alias { .. } | TypeKind::Invalid => {}
        }
        out
    }

    fn branches(&self, id: TypeId, union: &Union) -> Json {
        let known = union.variants.iter().filter_map(|variant| variant.ty.value);
        let mut branches: Vec<String> = known.map(|ty| self.reference(ty)).collect();
        let domain = self.contracts[id].domain;
        branches.extend(self.names.other(id).map(|name| self.place(domain, name)));
        Json::List(
            branches
                .into_iter()
                .map(|target| Json::object([("$ref", Json::text(target))]))
                .collect(),
        )
    }

    /// `type`, `properties` and `required` of an object with these fields.
    fn object(&self, out: &mut Members, tag: Option<&Tag<'_>>, fields: &[Field]) {
        let mut properties = Members::new();
        let mut required = Vec::new();
        if let Some(tag) = tag {
            let constant = [
                ("type", Json::text("string")),
                ("const", Json::text(tag.value)),
            ];
            put(&mut properties, tag.name, Json::object(constant));
            required.push(Json::text(tag.name));
        }
        for field in fields {
            put(
                &mut properties,
                &field.wire(),
                Json::Object(self.field(field)),
            );
            if field.required() {
                required.push(Json::text(field.wire()));
            }
        }
        put(out, "type", Json::text("object"));
        put(out, "properties", Json::Object(properties));
        if !required.is_empty() {
            put(out, "required", Json::List(required));
        }
    }

    fn field(&self, field: &Field) -> Members {
        let mut out = Members::new();
        let mut notes = Vec::new();
        notes.extend(field.doc.clone());
        if let Some(alias) = &field.alias {
            notes.push(format!("Older messages name it `{}`.", alias.value));
        }
        let default = field.default.as_ref().map(json);
        if let Some(list @ (Json::List(_) | Json::Object(_))) = &default {
            // Class generators turn such a default into code that does not compile.
            notes.push(format!("Absent, it is `{}`.", list.to_compact()));
        }
        describe(&mut out, notes, field.deprecated.as_ref());

        match self.own_scalar(field) {
            Some((ty, as_text, constraints)) => scalar(&mut out, ty, as_text, &constraints),
            None => self.ty(&mut out, &field.ty, &field.constraints),
        }
        if let Some(scalar @ (Json::Bool(_) | Json::Number(_) | Json::Text(_))) = default {
            put(&mut out, "default", scalar);
        }
        mark_deprecated(&mut out, field.deprecated.as_ref());
        out
    }

    /// Returns the scalar of a field that has constraints of its own. A named scalar that the field narrows further is
    /// written out, because a `$ref` must stand alone.
    pub(super) fn own_scalar<'f>(&'f self, field: &'f Field) -> Option<Scalar<'f>> {
        let as_text = field.as_text.is_some();
        match &field.ty.value {
            Type::Named(id) => match &self.contracts[*id].body.kind {
                TypeKind::Scalar {
                    ty,
                    constraints,
                    as_text: named_as_text,
                } if as_text || !field.constraints.is_empty() => {
                    let as_text = as_text || named_as_text.is_some();
                    Some((&ty.value, as_text, vec![constraints, &field.constraints]))
                }
                _ => None,
            },
            Type::List(_) | Type::Map(_) | Type::Json | Type::Invalid => None,
            ty => Some((ty, as_text, vec![&field.constraints])),
        }
    }

    /// Everything that is no scalar, and scalars inside lists and maps.
    fn ty(&self, out: &mut Members, ty: &Type, constraints: &Constraints) {
        let count = |n: &Option<Spanned<u64>>| n.as_ref().map(|n| Json::integer(n.value));
        match ty {
            Type::Named(id) => out.insert(0, ("$ref".to_owned(), Json::text(self.reference(*id)))),
            Type::List(item) => {
                put(out, "type", Json::text("array"));
                put(out, "items", self.inner(item));
                put_some(out, "minItems", count(&constraints.min_items));
                put_some(out, "maxItems", count(&constraints.max_items));
            }
            Type::Map(value) => {
                put(out, "type", Json::text("object"));
                put(out, "additionalProperties", self.inner(value));
                put_some(out, "minProperties", count(&constraints.min_items));
                put_some(out, "maxProperties", count(&constraints.max_items));
            }
            // Beside a description, an empty schema makes TypeScript generators think of an object.
            Type::Json if !out.is_empty() => {
                put(out, "anyOf", Json::list([Json::Object(Members::new())]))
            }
            Type::Json | Type::Invalid => {}
            scalar_type => scalar(out, scalar_type, false, &[constraints]),
        }
    }

    fn inner(&self, ty: &Type) -> Json {
        let mut out = Members::new();
        self.ty(&mut out, ty, &Constraints::default());
        Json::Object(out)
    }
}

/// The object of a variant that this contract does not know.
fn fallback(name: &str, union_title: &str, union: &Union) -> Members {
    let known = texts(union.variants.iter().map(|variant| &variant.tag));
    let tag = Json::object([
        ("type", Json::text("string")),
        ("not", Json::object([("enum", known)])),
    ]);
    let mut out = Members::new();
    put(&mut out, "title", Json::text(name));
    put(
        &mut out,
        "description",
        Json::text(format!("A {union_title} that is newer than this schema.")),
    );
    put(&mut out, "type", Json::text("object"));
    put(
        &mut out,
        "properties",
        Json::object([(union.tag.value.as_str(), tag)]),
    );
    put(
        &mut out,
        "required",
        Json::list([Json::text(union.tag.value.as_str())]),
    );
    out
}

fn json(value: &Value) -> Json {
    match &value.kind {
        ValueKind::Bool(yes) => Json::Bool(*yes),
        ValueKind::Number(n) => number(*n),
        ValueKind::Text(text) => Json::text(text.as_str()),
        ValueKind::List(items) => Json::List(items.iter().map(json).collect()),
        ValueKind::Object(members) => Json::object(
            members
                .iter()
                .map(|(key, value)| (key.value.as_str(), json(value))),
        ),
    }
}

fn texts<'a>(values: impl IntoIterator<Item = &'a Spanned<String>>) -> Json {
    Json::list(
        values
            .into_iter()
            .map(|value| Json::text(value.value.as_str())),
    )
}
