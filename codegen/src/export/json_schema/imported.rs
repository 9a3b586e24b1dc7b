//! Schemas of other teams, as the import has brought them down to what the Rust types accept: put where the export wants
//! them, under titles of the export.

use std::collections::BTreeSet;

use super::form::{Draft, Layout, Members};
use super::place::Export;
use crate::json::Json;
use crate::model::{Contracts, Origin, TypeId};

impl Export<'_> {
    /// The schema of an imported definition without its title, its description apart.
    pub(super) fn moved(&self, origin: &Origin) -> (Option<String>, Members) {
        let Json::Object(mut members) = self.json(&origin.schema) else {
            return (None, Members::new());
        };
        let mut description = None;
        members.retain(|(key, value)| match (key.as_str(), value) {
            ("description", Json::Text(text)) => {
                description = Some(text.clone());
                false
            }
            ("title", _) => false,
            _ => true,
        });
        (description, members)
    }

    /// The definitions that an imported one needs, by title.
    pub(super) fn needed(&self, origin: &Origin) -> Vec<(String, Members)> {
        let mut all = Vec::new();
        for (id, origin) in reach(self.contracts, origin) {
            let title = self.names.ty(id);
            match self.names.owner(id) {
                Some(_) if self.layout == Layout::Refs => {}
                Some(owner) => all.push((title.to_owned(), self.own(owner))),
                None => {
                    let Json::Object(members) = self.json(&origin.schema) else {
                        continue;
                    };
                    all.push((title.to_owned(), titled(members, title)));
                }
            }
        }
        all
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

/// The definitions that one refers to, directly and by others; its Rust types may be more.
fn reach<'a>(contracts: &'a Contracts, origin: &'a Origin) -> Vec<(TypeId, &'a Origin)> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let mut open = Vec::new();
    let mut at = origin;
    loop {
        let mut next = Vec::new();
        targets(&at.schema, &mut next);
        open.extend(next.into_iter().rev());
        let unseen = |name: &str| contracts.definition(name).filter(|id| seen.insert(*id));
        let Some((id, origin)) = std::iter::from_fn(|| open.pop())
            .filter_map(unseen)
            .find_map(|id| Some((id, contracts[id].body.origin.as_ref()?)))
        else {
            return found;
        };
        found.push((id, origin));
        at = origin;
    }
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

impl Export<'_> {
    fn json(&self, schema: &Json) -> Json {
        match schema {
            Json::Object(members) => Json::Object(self.keywords(members)),
            Json::List(items) => Json::list(items.iter().map(|item| self.json(item))),
            other => other.clone(),
        }
    }

    fn keywords(&self, members: &[(String, Json)]) -> Members {
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
                let id = target
                    .strip_prefix(LOCAL)
                    .and_then(|name| self.contracts.definition(name));
                (
                    key.to_owned(),
                    Json::text(id.map_or_else(|| target.clone(), |id| self.reference(id))),
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
            ("items", Json::List(_)) if self.draft == Draft::Draft202012 => {
                ("prefixItems".to_owned(), self.json(value))
            }
            _ => (key.to_owned(), self.json(value)),
        }
    }
}
