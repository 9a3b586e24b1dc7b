//! Which schema goes into which file, and how one refers to another. Knows no keyword of the fields.

use std::collections::BTreeSet;

use super::form::{Layout, Members, provenance, put};
use super::place::Export;
use crate::json::Json;
use crate::model::{Body, DomainId, EventId, Field, Type, TypeId, TypeKind};

impl Export<'_> {
    /// The schemas of these events and of all types that they reach, by title.
    pub(super) fn hoisted(&self, events: &[EventId]) -> Vec<(String, Members)> {
        let bodies = events.iter().map(|id| &self.contracts[*id].body);
        let types: BTreeSet<TypeId> = bodies.flat_map(|body| self.reach(body)).collect();
        let events = events.iter().flat_map(|id| {
            let (members, imported) = self.event(*id);
            std::iter::once((self.names.event(*id).to_owned(), members)).chain(imported)
        });
        let types = types.into_iter().flat_map(|id| self.definitions(id));
        once(events.chain(types).collect())
    }

    /// Every file: its name and its text.
    pub(super) fn files(&self) -> Vec<(String, String)> {
        match self.layout {
            Layout::Bundled => self
                .event_ids()
                .flat_map(|id| self.event_files(id))
                .collect(),
            Layout::Refs => {
                let events = self.event_ids().flat_map(|id| self.event_files(id));
                let types = self.type_ids().flat_map(|id| self.type_files(id));
                once(events.chain(types).collect())
            }
            Layout::Catalog => vec![("catalog.json".to_owned(), self.catalog())],
        }
    }

    fn event_ids(&self) -> impl Iterator<Item = EventId> {
        (0..self.contracts.events.len()).map(EventId)
    }

    fn type_ids(&self) -> impl Iterator<Item = TypeId> {
        (0..self.contracts.types.len()).map(TypeId)
    }

    /// The file of an event; with separate files, those of what its imported schema brings, too.
    fn event_files(&self, id: EventId) -> Vec<(String, String)> {
        let event = &self.contracts[id];
        let from = self.file_of(event.domain);
        let (members, imported) = self.event(id);
        let mut out = self.root(&from);
        out.extend(members);
        let mut files = Vec::new();
        if self.layout == Layout::Bundled {
            let used = self.reach(&event.body).into_iter();
            let types = used.flat_map(|ty| self.definitions(ty));
            self.put_definitions(&mut out, imported.into_iter().chain(types).collect());
        } else {
            let write =
                |(title, members): (String, Members)| self.type_file(&title, event.domain, members);
            files.extend(imported.into_iter().map(write));
        }
        let name = format!("{}.json", self.contracts.event_name(event));
        files.insert(0, (name, Json::Object(out).to_pretty()));
        files
    }

    fn type_files(&self, id: TypeId) -> Vec<(String, String)> {
        let domain = self.contracts[id].domain;
        let write = |(title, members): (String, Members)| {
            if title == self.names.ty(id) {
                let from = self.file_of(domain);
                return (self.reference(id), self.file(&from, members));
            }
            self.type_file(&title, domain, members)
        };
        self.definitions(id).into_iter().map(write).collect()
    }

    /// The file of what a type or an event brings, by its title.
    fn type_file(&self, title: &str, domain: DomainId, members: Members) -> (String, String) {
        let id = self.names.schema(title);
        let origin = id.and_then(|id| Some((id, self.contracts[id].body.origin.as_ref()?)));
        match origin {
            Some((id, origin)) => (self.reference(id), self.file(&origin.file, members)),
            None => {
                let from = self.file_of(domain);
                (self.place(domain, title), self.file(&from, members))
            }
        }
    }

    fn file(&self, from: &str, members: Members) -> String {
        let mut out = self.root(from);
        out.extend(members);
        Json::Object(out).to_pretty()
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
            let name = self.contracts.event_name(&self.contracts[id]);
            let at = self.local(self.names.event(id));
            (name, Json::object([("$ref", Json::text(at))]))
        });
        put(&mut out, "properties", Json::object(properties));
        let events = self.event_ids().flat_map(|id| {
            let (members, imported) = self.event(id);
            std::iter::once((self.names.event(id).to_owned(), members)).chain(imported)
        });
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
            let all = once(definitions)
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
        // What an imported one refers to comes with it.
        let declared = body.declared().iter();
        declared.for_each(|field| self.named(field, &mut open));
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            match &self.contracts[id].body.kind {
                TypeKind::Struct(fields) => {
                    fields.iter().for_each(|field| self.named(field, &mut open))
                }
                TypeKind::Union(union) => {
                    open.extend(union.variants.iter().filter_map(|variant| variant.ty.value));
                }
                TypeKind::Enum(_)
                | TypeKind::Scalar { .. }
                | TypeKind::Choice(_)
                | TypeKind::Alias { .. }
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

/// The first of each name: what several share comes with each of them.
fn once<T>(mut all: Vec<(String, T)>) -> Vec<(String, T)> {
    let mut seen = BTreeSet::new();
    all.retain(|(name, _)| seen.insert(name.clone()));
    all
}
