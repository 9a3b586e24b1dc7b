//! Schemas of other teams, as the import has brought them down to what the Rust types accept: put where the export wants
//! them, under titles of the export.

use std::collections::BTreeSet;

use super::form::{Draft, Layout, Members, head, mark_deprecated};
use super::names::Owner;
use super::place::Export;
use crate::json::Json;
use crate::model::{Body, Contracts, EventId, TypeId};
use crate::source::Spanned;

/// An imported schema, ready to be written.
pub(super) struct Import {
    pub(super) root: Payload,
    /// The definitions that it needs, by title.
    pub(super) others: Vec<(String, Members)>,
}

/// The schema of a whole payload.
pub(super) struct Payload {
    /// Description of the schema.
    pub(super) description: Option<String>,
    /// Everything else of it but its title.
    pub(super) members: Members,
}

/// Rewriting of the references of one import.
struct Move<'a> {
    export: &'a Export<'a>,
    /// The definition of the whole payload, and where its schema goes.
    root: &'a str,
    at_root: String,
}

impl Export<'_> {
    /// The imported schema of an event.
    pub(super) fn event_import(&self, id: EventId) -> Option<Import> {
        let event = &self.contracts[id];
        let Body::Schema(schema) = &event.body else {
            return None;
        };
        let at_root = match self.layout {
            Layout::Bundled => "#".to_owned(),
            Layout::Refs => format!("{}.json", self.contracts.event_name(event)),
            Layout::Catalog => self.local(self.names.event(id)),
        };
        self.import(schema, at_root)
    }

    /// The imported schema behind a name; `at_root` is where the whole payload's own schema goes.
    pub(super) fn import(&self, schema: &Spanned<String>, at_root: String) -> Option<Import> {
        let import = self.contracts.import(schema)?;
        let moved = Move {
            export: self,
            root: self.contracts.root(import),
            at_root,
        };
        let mut others = Vec::new();
        for name in reach(self.contracts, moved.root) {
            let Some(definition) = self.names.imported(name).filter(|_| name != moved.root) else {
                continue;
            };
            let members = match definition.owner {
                Owner::Schema => titled(moved.definition(name), &definition.title),
                // Has a file of its own.
                _ if self.layout == Layout::Refs => continue,
                Owner::Type(id) => self.type_with(id, moved.payload(name)),
            };
            others.push((definition.title.clone(), members));
        }
        Some(Import {
            root: moved.payload(moved.root),
            others,
        })
    }

    /// The schema of an event whose payload is imported.
    pub(super) fn event_with(&self, id: EventId, payload: Payload) -> Members {
        let event = &self.contracts[id];
        let deprecated = event.deprecated.as_ref();
        let doc = event.doc.clone().or(payload.description);
        let mut out = head(self.names.event(id), doc, deprecated);
        out.extend(payload.members);
        mark_deprecated(&mut out, deprecated);
        out
    }

    /// The schema of a type that is imported.
    pub(super) fn type_with(&self, id: TypeId, payload: Payload) -> Members {
        let doc = self.contracts[id].doc.clone().or(payload.description);
        let mut out = head(self.names.ty(id), doc, None);
        out.extend(payload.members);
        out
    }
}

fn titled(mut members: Members, title: &str) -> Members {
    members.retain(|(key, _)| key != "title");
    members.insert(0, ("title".to_owned(), Json::text(title)));
    members
}

/// An integer, or the same as text.
fn either(pattern: &Json) -> (String, Json) {
    let number =
        [("type", "integer"), ("format", "int64")].map(|(key, value)| (key, Json::text(value)));
    let text = [("type", Json::text("string")), ("pattern", pattern.clone())];
    (
        "oneOf".to_owned(),
        Json::list([Json::object(number), Json::object(text)]),
    )
}

/// The definitions that a schema leads to, itself the first; its Rust types may be more.
fn reach<'a>(contracts: &'a Contracts, root: &'a str) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(name) = open.pop() {
        if let Some(schema) = contracts.schema(name)
            && seen.insert(name)
        {
            found.push(name);
            let mut next = Vec::new();
            targets(schema, &mut next);
            open.extend(next.into_iter().rev());
        }
    }
    found
}

fn targets<'a>(schema: &'a Json, found: &mut Vec<&'a str>) {
    match schema {
        Json::Object(members) => {
            for (key, value) in members {
                match (key.as_str(), value) {
                    ("$ref", Json::Text(target)) => found.extend(target.strip_prefix(LOCAL)),
                    _ => targets(value, found),
                }
            }
        }
        Json::List(items) => items.iter().for_each(|item| targets(item, found)),
        _ => {}
    }
}

/// Prefix of references inside an import.
const LOCAL: &str = "#/definitions/";

impl Move<'_> {
    /// The schema of a definition.
    fn definition(&self, name: &str) -> Members {
        let schema = self.export.contracts.schema(name);
        match schema.map(|schema| self.json(schema)) {
            Some(Json::Object(members)) => members,
            _ => Members::new(),
        }
    }

    fn payload(&self, name: &str) -> Payload {
        let mut members = self.definition(name);
        let mut description = None;
        members.retain(|(key, value)| match (key.as_str(), value) {
            ("description", Json::Text(text)) => {
                description = Some(text.clone());
                false
            }
            ("title", _) => false,
            _ => true,
        });
        Payload {
            description,
            members,
        }
    }

    /// Returns the place of a definition.
    fn place(&self, name: &str) -> Option<String> {
        if name == self.root {
            return Some(self.at_root.clone());
        }
        let definition = self.export.names.imported(name)?;
        Some(match definition.owner {
            Owner::Type(id) => self.export.reference(id),
            Owner::Schema => self.export.schema_place(&definition.title),
        })
    }

    fn json(&self, schema: &Json) -> Json {
        match schema {
            Json::Object(members) => Json::Object(self.object(members)),
            Json::List(items) => Json::list(items.iter().map(|item| self.json(item))),
            other => other.clone(),
        }
    }

    fn object(&self, members: &[(String, Json)]) -> Members {
        let mut loose = false;
        let mut out = Members::new();
        for (key, value) in members {
            match (key.as_str(), value) {
                // An integer that may come as text. ajv's strict mode refuses a list of types, and class generators take
                // the second type for granted.
                ("type", Json::List(_)) => loose = true,
                ("pattern", pattern) if loose => out.push(either(pattern)),
                _ => out.push(self.member(key, value)),
            }
        }
        out
    }

    fn member(&self, key: &str, value: &Json) -> (String, Json) {
        match (key, value) {
            ("$ref", Json::Text(target)) => {
                let place = target.strip_prefix(LOCAL).and_then(|name| self.place(name));
                (
                    key.to_owned(),
                    Json::text(place.unwrap_or_else(|| target.clone())),
                )
            }
            // A tuple of one type is a list, whose length the members beside it say.
            ("items", Json::List(each))
                if each.windows(2).all(|pair| pair.first() == pair.last()) =>
            {
                let one = each
                    .first()
                    .map_or_else(|| Json::Object(Members::new()), |of| self.json(of));
                (key.to_owned(), one)
            }
            // Any other tuple, which the newer draft spells another way.
            ("items", Json::List(_)) if self.export.draft == Draft::Draft202012 => {
                ("prefixItems".to_owned(), self.json(value))
            }
            _ => (key.to_owned(), self.json(value)),
        }
    }
}
