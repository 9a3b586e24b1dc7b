//! Which schema goes into which file, and how one refers to another. Knows no keyword of the fields.

use std::collections::{BTreeMap, BTreeSet};

use super::names::Names;
use super::shape::{self, Members, Tag, put};
use super::{Draft, Layout, provenance};
use crate::json::Json;
use crate::model::{Body, Contracts, DomainId, EventId, Field, Type, TypeId, TypeKind};

/// One export of one contracts folder.
pub(super) struct Export<'a> {
    pub(super) contracts: &'a Contracts,
    pub(super) names: Names,
    pub(super) tags: BTreeMap<TypeId, Tag<'a>>,
    draft: Draft,
    layout: Layout,
}

impl<'a> Export<'a> {
    pub(super) fn new(contracts: &'a Contracts, draft: Draft, layout: Layout) -> Self {
        Self {
            contracts,
            names: Names::new(contracts),
            tags: shape::tags(&contracts.types),
            draft,
            layout,
        }
    }

    /// Every file: its name and its text.
    pub(super) fn files(&self) -> Vec<(String, String)> {
        match self.layout {
            Layout::Bundled => self.event_ids().map(|id| self.event_file(id)).collect(),
            Layout::Refs => {
                let events = self.event_ids().map(|id| self.event_file(id));
                events
                    .chain(self.type_ids().flat_map(|id| self.type_files(id)))
                    .collect()
            }
            Layout::Catalog => vec![("catalog.json".to_owned(), self.catalog())],
        }
    }

    /// What stands behind `$ref` for a type.
    pub(super) fn reference(&self, id: TypeId) -> Json {
        self.reference_to(id, self.names.ty(id))
    }

    /// What stands behind `$ref` for a definition that belongs to a type.
    pub(super) fn reference_to(&self, id: TypeId, title: &str) -> Json {
        Json::text(match self.layout {
            Layout::Refs => self.file_name(id, title),
            Layout::Bundled | Layout::Catalog => {
                format!("#/{}/{title}", self.draft.definitions())
            }
        })
    }

    fn event_ids(&self) -> impl Iterator<Item = EventId> {
        (0..self.contracts.events.len()).map(EventId)
    }

    fn type_ids(&self) -> impl Iterator<Item = TypeId> {
        (0..self.contracts.types.len()).map(TypeId)
    }

    fn event_file(&self, id: EventId) -> (String, String) {
        let event = &self.contracts[id];
        let mut out = self.root(&self.file_of(event.domain));
        out.extend(self.event(id));
        if self.layout == Layout::Bundled {
            let used = self.reach(&event.body).into_iter();
            let all = used.flat_map(|ty| self.definitions(ty));
            self.put_definitions(&mut out, all.collect());
        }
        let name = format!("{}.json", self.contracts.event_name(event));
        (name, Json::Object(out).to_pretty())
    }

    fn type_files(&self, id: TypeId) -> Vec<(String, String)> {
        let from = self.file_of(self.contracts[id].domain);
        let write = |(title, members): (String, Members)| {
            let mut out = self.root(&from);
            out.extend(members);
            (self.file_name(id, &title), Json::Object(out).to_pretty())
        };
        self.definitions(id).into_iter().map(write).collect()
    }

    /// The file of a type, or of the fallback variant that belongs to it.
    fn file_name(&self, id: TypeId, title: &str) -> String {
        let ty = &self.contracts[id];
        if title == self.names.ty(id) {
            format!("{}.json", self.contracts.type_name(ty))
        } else {
            format!("{}.{title}.json", self.contracts[ty.domain].name)
        }
    }

    /// Everything in one schema. The root has a property per event, so that generators, which follow references from the
    /// root, see them all.
    fn catalog(&self) -> String {
        let mut out = self.root("the contracts folder");
        put(&mut out, "title", Json::text(self.names.catalog.as_str()));
        let text = "Every event of the contracts, by its full name. Messages carry one event and not this object.";
        put(&mut out, "description", Json::text(text));
        put(&mut out, "type", Json::text("object"));
        let properties = self.event_ids().map(|id| {
            let at = format!("#/{}/{}", self.draft.definitions(), self.names.event(id));
            let name = self.contracts.event_name(&self.contracts[id]);
            (name, Json::object([("$ref", Json::text(at))]))
        });
        put(&mut out, "properties", Json::object(properties));
        let events = self
            .event_ids()
            .map(|id| (self.names.event(id).to_owned(), self.event(id)));
        let types = self.type_ids().flat_map(|id| self.definitions(id));
        self.put_definitions(&mut out, events.chain(types).collect());
        Json::Object(out).to_pretty()
    }

    fn root(&self, from: &str) -> Members {
        let mut out = Members::new();
        put(&mut out, "$schema", Json::text(self.draft.uri()));
        put(&mut out, "$comment", Json::text(provenance(from)));
        out
    }

    fn put_definitions(&self, out: &mut Members, definitions: Vec<(String, Members)>) {
        if !definitions.is_empty() {
            let all = definitions
                .into_iter()
                .map(|(name, members)| (name, Json::Object(members)));
            put(out, self.draft.definitions(), Json::object(all));
        }
    }

    /// A domain's file, relative to the contracts folder, with `/` on every system: the domain's name is that path.
    fn file_of(&self, domain: DomainId) -> String {
        format!("{}.toml", self.contracts[domain].name.replace('.', "/"))
    }

    /// The types that a payload can hold, in the order of the contracts.
    fn reach(&self, body: &Body) -> BTreeSet<TypeId> {
        let mut seen = BTreeSet::new();
        let mut open = Vec::new();
        if let Body::Fields(fields) = body {
            fields.iter().for_each(|field| self.named(field, &mut open));
        }
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            match &self.contracts[id].kind {
                TypeKind::Struct(fields) => {
                    fields.iter().for_each(|field| self.named(field, &mut open))
                }
                TypeKind::Union(union) => {
                    open.extend(union.variants.iter().filter_map(|variant| variant.ty.value));
                }
                TypeKind::Enum(_)
                | TypeKind::Scalar { .. }
                | TypeKind::Schema(_)
                | TypeKind::Invalid => {}
            }
        }
        seen
    }

    /// The type that a field's schema refers to, if any.
    fn named(&self, field: &Field, found: &mut Vec<TypeId>) {
        let mut ty = &field.ty.value;
        while let Type::List(inner) | Type::Map(inner) = ty {
            ty = inner;
        }
        if let Type::Named(id) = ty
            && self.own_scalar(field).is_none()
        {
            found.push(*id);
        }
    }
}
