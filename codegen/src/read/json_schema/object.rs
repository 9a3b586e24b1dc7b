//! What schemas that hold together say about an object: its members, which must be there, and what else there may be.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::facts::Reader;
use super::scalar;
use super::shape::Count;
use super::store::Site;
use crate::json::document::Value as Json;

/// Members of an object, as several schemas together describe them.
pub(super) struct Object {
    /// In the order of the schemas; the schemas of one member all hold.
    pub fields: Vec<(String, Vec<Site>)>,
    pub required: BTreeSet<String>,
    /// Schemas of all other members; empty when they may be anything.
    pub extra: Vec<Vec<Site>>,
    /// `true` if the schema says in so many words that there may be others.
    pub open: bool,
    /// `true` if it says that there are no others.
    pub sealed: bool,
    pub count: Count,
    closed: bool,
    patterned: bool,
}

/// The keywords whose schemas hold for some objects only.
const SOMETIMES: &[&str] = &["if", "then", "else"];
/// The keywords with a schema, or a list of names, for the objects that have a member.
const WITH_A_MEMBER: &[&str] = &["dependentSchemas", "dependencies", "dependentRequired"];

impl Object {
    pub fn of(read: &mut Reader<'_, '_>, sites: &[Site]) -> Self {
        let mut object = Self {
            fields: Vec::new(),
            required: BTreeSet::new(),
            extra: Vec::new(),
            open: false,
            sealed: false,
            closed: false,
            patterned: false,
            count: Count::default(),
        };
        let mut forbidden = BTreeSet::new();
        for site in sites {
            object.properties(read, *site, &mut forbidden);
            object.requirements(read, *site);
            object.count =
                object
                    .count
                    .and(scalar::count(read, *site, "minProperties", "maxProperties"));
        }
        object.sometimes(read, sites);
        object.others(read, sites);
        object.fields.retain(|(name, _)| !forbidden.contains(name));
        object.required.retain(|name| !forbidden.contains(name));
        let known: BTreeSet<String> = object.fields.iter().map(|(name, _)| name.clone()).collect();
        // What must be there is a field; beside it nothing may get lost that a map would have kept.
        object.open |= known.is_empty() && object.extra.is_empty() && !object.closed;
        let unnamed = object.required.iter().filter(|name| !known.contains(*name));
        let unnamed: Vec<_> = unnamed.map(|name| (name.clone(), Vec::new())).collect();
        object.fields.extend(unnamed);
        object.additional(read, sites);
        object
    }

    fn properties(
        &mut self,
        read: &mut Reader<'_, '_>,
        site: Site,
        forbidden: &mut BTreeSet<String>,
    ) {
        let Some(properties) = read.store.get(site, "properties") else {
            return;
        };
        if !matches!(read.store.value(properties), Json::Object(_)) {
            read.problem(properties, "`properties` must be an object");
            return;
        }
        let index: BTreeMap<String, usize> = self
            .fields
            .iter()
            .enumerate()
            .map(|(at, (name, _))| (name.clone(), at))
            .collect();
        for (name, schema) in read.store.members(properties) {
            if matches!(read.store.value(schema), Json::Bool(false)) {
                // A reader ignores it like any other member that it does not know.
                read.unchecked.insert((schema, "properties"));
                forbidden.insert(name);
                continue;
            }
            if read
                .store
                .get(schema, "required")
                .is_some_and(|value| matches!(read.store.value(value), Json::Bool(true)))
            {
                self.required.insert(name.clone());
            }
            match index.get(&name).and_then(|at| self.fields.get_mut(*at)) {
                Some((_, schemas)) if !schemas.contains(&schema) => schemas.push(schema),
                Some(_) => {}
                None => self.fields.push((name, vec![schema])),
            }
        }
    }

    /// Adds members that only some objects have, so that they are kept. They may be anything: which objects those are is
    /// not checked, and what the others have there is not said.
    fn sometimes(&mut self, read: &mut Reader<'_, '_>, sites: &[Site]) {
        let mut names: Vec<String> = Vec::new();
        let mut seen: BTreeSet<Site> = sites.iter().copied().collect();
        let mut open: VecDeque<Site> = sites.iter().copied().collect();
        while let Some(site) = open.pop_front() {
            let mut parts: Vec<Site> = SOMETIMES
                .iter()
                .filter_map(|key| read.store.get(site, key))
                .collect();
            for list in WITH_A_MEMBER
                .iter()
                .filter_map(|key| read.store.get(site, key))
            {
                for (name, value) in read.store.members(list) {
                    names.push(name);
                    match read.store.value(value) {
                        Json::List(_) => names.extend(texts(read, value)),
                        Json::Text(name) => names.push(name.clone()),
                        _ => parts.push(value),
                    }
                }
            }
            let mut leaves = Vec::new();
            for part in parts {
                read.leaves(&[part], &mut leaves);
            }
            for site in leaves.into_iter().flat_map(|leaf| leaf.sites) {
                if seen.insert(site) {
                    names.extend(named(read, site));
                    // Members that have no names here.
                    self.open |= ["patternProperties", "additionalProperties"]
                        .iter()
                        .filter_map(|key| read.store.get(site, key))
                        .any(|value| !matches!(read.store.value(value), Json::Bool(false)));
                    open.push_back(site);
                }
            }
        }
        let mut known: BTreeSet<String> =
            self.fields.iter().map(|(name, _)| name.clone()).collect();
        names.retain(|name| known.insert(name.clone()));
        // Without members of its own it would be a map, which keeps everything.
        self.open |= self.fields.is_empty() && !names.is_empty();
        self.fields
            .extend(names.into_iter().map(|name| (name, Vec::new())));
    }

    fn requirements(&mut self, read: &mut Reader<'_, '_>, site: Site) {
        let Some(required) = read.store.get(site, "required") else {
            return;
        };
        match read.store.value(required) {
            // Draft-03 has it on the member.
            Json::Bool(_) => return,
            Json::List(_) => {}
            _ => return read.problem(required, "`required` must be a list of names"),
        }
        for name in read.store.items(required) {
            match read.store.value(name) {
                Json::Text(text) => {
                    self.required.insert(text.clone());
                }
                _ => read.problem(name, "`required` must be a list of names"),
            }
        }
    }

    fn others(&mut self, read: &mut Reader<'_, '_>, sites: &[Site]) {
        let (mut said, mut all) = (false, true);
        let mut together = Vec::new();
        for site in sites {
            if let Some(patterns) = read.store.get(*site, "patternProperties") {
                if !matches!(read.store.value(patterns), Json::Object(_)) {
                    read.problem(patterns, "`patternProperties` must be an object");
                    continue;
                }
                self.extra.extend(
                    read.store
                        .members(patterns)
                        .into_iter()
                        .map(|(_, schema)| vec![schema]),
                );
            }
            let Some(additional) = read.store.get(*site, "additionalProperties") else {
                continue;
            };
            match read.store.value(additional) {
                Json::Bool(allowed) => {
                    said = true;
                    all &= *allowed;
                }
                Json::Object(members) if members.is_empty() => said = true,
                Json::Object(_) => together.push(additional),
                _ => read.problem(additional, "`additionalProperties` must be a schema"),
            }
        }
        self.open |= said && all;
        self.open &= all && together.is_empty();
        let never = |site: &Site| {
            let others = read.store.get(*site, "unevaluatedProperties");
            others.is_some_and(|others| matches!(read.store.value(others), Json::Bool(false)))
        };
        self.sealed = !all || sites.iter().any(never);
        if !together.is_empty() {
            self.extra.push(together);
        }
        // Beside patterns, what no pattern matches may be anything unless it is closed.
        let patterned = sites
            .iter()
            .any(|site| read.store.get(*site, "patternProperties").is_some());
        let closed = sites
            .iter()
            .filter_map(|site| read.store.get(*site, "additionalProperties"))
            .any(|value| !matches!(read.store.value(value), Json::Bool(true)));
        if patterned && !closed && !self.extra.is_empty() {
            self.extra = vec![Vec::new()];
        }
        (self.closed, self.patterned) = (closed, patterned);
    }

    /// `additionalProperties` speak of every member that the `properties` beside them do not name, whoever else names it.
    fn additional(&mut self, read: &mut Reader<'_, '_>, sites: &[Site]) {
        for site in sites {
            let Some(additional) = read.store.get(*site, "additionalProperties") else {
                continue;
            };
            let is_schema = matches!(read.store.value(additional), Json::Object(members) if !members.is_empty());
            if !is_schema || read.store.get(*site, "patternProperties").is_some() {
                continue;
            }
            let own = read.store.get(*site, "properties");
            for (name, schemas) in &mut self.fields {
                let named = own.is_some_and(|own| read.store.get(own, name).is_some());
                if !named && !schemas.contains(&additional) {
                    schemas.push(additional);
                }
            }
        }
    }

    /// The keywords that a type with these members holds, but for the number of members.
    pub fn held(&self) -> &'static [&'static str] {
        match self.patterned {
            true => &["properties", "required"],
            false => &["properties", "required", "additionalProperties"],
        }
    }

    /// Returns `true` if it demands the same as another one, but for which members must be there.
    pub fn is_like(&self, other: &Self) -> bool {
        self.fields == other.fields && self.extra == other.extra && self.count == other.count
    }

    /// Returns the schemas of a member without one of its own: `None` when there can be none, else what holds together,
    /// one of which is fulfilled.
    pub fn unnamed(&self) -> Option<Vec<Vec<Site>>> {
        match self.extra.as_slice() {
            [] if self.sealed => None,
            [] => Some(vec![Vec::new()]),
            extra => Some(extra.to_vec()),
        }
    }

    /// Returns `true` if a member has a place here.
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }

    /// The only text that a required member may have.
    pub fn fixed(&self, read: &mut Reader<'_, '_>, name: &str) -> Option<String> {
        if !self.required.contains(name) {
            return None;
        }
        let (_, schemas) = self.fields.iter().find(|(field, _)| field == name)?;
        let mut leaves = Vec::new();
        read.leaves(schemas, &mut leaves);
        let [leaf] = leaves.as_slice() else {
            return None;
        };
        match read.values(&leaf.sites)?.as_slice() {
            [only] => match read.store.value(*only) {
                Json::Text(text) => Some(text.clone()),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The members that a schema names as its properties, or as required.
fn named(read: &Reader<'_, '_>, site: Site) -> Vec<String> {
    let members = read.store.get(site, "properties").into_iter();
    let members = members.flat_map(|properties| read.store.members(properties));
    let mut names: Vec<String> = members
        .filter(|(_, schema)| !matches!(read.store.value(*schema), Json::Bool(false)))
        .map(|(name, _)| name)
        .collect();
    names.extend(
        read.store
            .get(site, "required")
            .into_iter()
            .flat_map(|list| texts(read, list)),
    );
    names
}

/// The texts of a list.
fn texts(read: &Reader<'_, '_>, list: Site) -> Vec<String> {
    let items = read.store.items(list).into_iter();
    let texts = items.filter_map(|item| match read.store.value(item) {
        Json::Text(text) => Some(text.clone()),
        _ => None,
    });
    texts.collect()
}
