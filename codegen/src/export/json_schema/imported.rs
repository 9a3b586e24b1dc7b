//! Schemas of other teams, as the import has brought them down to what the Rust types accept: put where the export wants
//! them, under titles of the export.

use std::collections::{BTreeMap, BTreeSet};

use super::layout::Export;
use super::shape::Members;
use super::{Draft, Layout};
use crate::json::Json;
use crate::model::{Body, DomainId, EventId, Imported};
use crate::source::Spanned;

/// An imported schema, ready to be written.
pub(super) struct Import {
    /// What the schema says about itself.
    pub(super) description: Option<String>,
    /// Everything else of the whole payload's schema but its title.
    pub(super) root: Members,
    /// The definitions that it needs, by title.
    pub(super) others: Vec<(String, Members)>,
}

/// How references of one import change.
struct Move<'a> {
    /// The new place of each definition, by its name in the import.
    places: BTreeMap<&'a str, String>,
    draft: Draft,
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
        self.import(schema, event.domain, at_root)
    }

    /// The imported schema behind a name; `at_root` is where the whole payload's own schema goes.
    pub(super) fn import(
        &self,
        schema: &Spanned<String>,
        domain: DomainId,
        at_root: String,
    ) -> Option<Import> {
        let import = self.contracts.import(schema)?;
        let titles = self.names.imported(schema)?;
        let mut places: BTreeMap<&str, String> = titles
            .iter()
            .map(|(name, title)| (name.as_str(), self.place(domain, title)))
            .collect();
        places.insert(&import.definition, at_root);
        let moved = Move {
            places,
            draft: self.draft,
        };
        let used = reach(import);
        let mut others = Vec::new();
        let (mut root, mut description) = (Members::new(), None);
        for (name, schema) in &import.definitions {
            let Json::Object(members) = moved.json(schema) else {
                continue;
            };
            if *name == import.definition {
                root = members;
            } else if let Some(title) = titles.get(name).filter(|_| used.contains(name.as_str())) {
                others.push((title.clone(), titled(members, title)));
            }
        }
        root.retain(|(key, value)| match (key.as_str(), value) {
            ("description", Json::Text(text)) => {
                description = Some(text.clone());
                false
            }
            ("title", _) => false,
            _ => true,
        });
        Some(Import {
            description,
            root,
            others,
        })
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

/// The definitions that the whole payload's schema leads to; an import has more, for its Rust types.
fn reach(import: &Imported) -> BTreeSet<&str> {
    let all: BTreeMap<&str, &Json> = import
        .definitions
        .iter()
        .map(|(name, schema)| (name.as_str(), schema))
        .collect();
    let mut seen = BTreeSet::new();
    let mut open = vec![import.definition.as_str()];
    while let Some(name) = open.pop() {
        if let (true, Some(schema)) = (seen.insert(name), all.get(name)) {
            targets(schema, &mut open);
        }
    }
    seen
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

/// How references inside an import begin.
const LOCAL: &str = "#/definitions/";

impl Move<'_> {
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
                let place = target
                    .strip_prefix(LOCAL)
                    .and_then(|name| self.places.get(name));
                (key.to_owned(), Json::text(place.unwrap_or(target)))
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
            ("items", Json::List(_)) if self.draft == Draft::Draft202012 => {
                ("prefixItems".to_owned(), self.json(value))
            }
            _ => (key.to_owned(), self.json(value)),
        }
    }
}
