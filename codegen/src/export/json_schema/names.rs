//! Titles: one PascalCase name for each event, type and fallback variant, unique over the whole folder.
//!
//! Over the folder and not over one file, so that a class has the same name in every layout, and so that the classes of
//! several schemas can live in one package.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Body, Contracts, DomainId, EventId, TypeId, TypeKind};
use crate::name;
use crate::source::{Span, Spanned};

/// The titles of one contracts folder.
pub(super) struct Names {
    events: Vec<String>,
    types: Vec<String>,
    others: BTreeMap<TypeId, String>,
    imported: BTreeMap<Span, BTreeMap<String, String>>,
    /// The title of the catalog's root.
    pub(super) catalog: String,
}

impl Names {
    pub(super) fn new(contracts: &Contracts) -> Self {
        let events = contracts
            .events
            .iter()
            .map(|e| (e.domain, e.name.value.as_str()));
        let types = contracts
            .types
            .iter()
            .map(|t| (t.domain, t.name.value.as_str()));
        let all: Vec<(DomainId, &str)> = events.chain(types).collect();
        let mut count: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, name) in &all {
            *count.entry(name).or_default() += 1;
        }
        let shared = |name: &str| count.get(name).is_some_and(|n| *n > 1);

        // Names that are written in a contract are never taken by those that are made up here.
        let mut taken: BTreeSet<String> = count.keys().map(|name| (*name).to_owned()).collect();
        let mut titles = all.iter().map(|(domain, name)| {
            if shared(name) {
                let prefix = name::variant_ident(&contracts[*domain].name);
                claim(&mut taken, format!("{prefix}{name}"))
            } else {
                (*name).to_owned()
            }
        });
        let events: Vec<String> = titles.by_ref().take(contracts.events.len()).collect();
        let types: Vec<String> = titles.collect();
        let others = contracts
            .types
            .iter()
            .enumerate()
            .filter(|(_, ty)| matches!(&ty.kind, TypeKind::Union(union) if !union.closed))
            .map(|(at, _)| (TypeId(at), claim(&mut taken, format!("{}Other", types[at]))))
            .collect();
        let imported = imported(contracts, &events, &types, &mut taken);
        let catalog = claim(&mut taken, "Catalog".to_owned());
        Self {
            events,
            types,
            others,
            imported,
            catalog,
        }
    }

    pub(super) fn event(&self, id: EventId) -> &str {
        &self.events[id.0]
    }

    pub(super) fn ty(&self, id: TypeId) -> &str {
        &self.types[id.0]
    }

    /// The fallback variant of an open union.
    pub(super) fn other(&self, union: TypeId) -> Option<&str> {
        self.others.get(&union).map(String::as_str)
    }

    /// The titles of an import's definitions, by their names in it.
    pub(super) fn imported(&self, schema: &Spanned<String>) -> Option<&BTreeMap<String, String>> {
        self.imported.get(&schema.span)
    }
}

/// Titles for the definitions that an imported schema brings: they begin with the title of the event or type, because two
/// imports may well have a definition of one name.
fn imported(
    contracts: &Contracts,
    events: &[String],
    types: &[String],
    taken: &mut BTreeSet<String>,
) -> BTreeMap<Span, BTreeMap<String, String>> {
    let events = contracts.events.iter().zip(events);
    let events = events.filter_map(|(event, title)| match &event.body {
        Body::Schema(schema) => Some((schema, title)),
        Body::Fields(_) => None,
    });
    let types = contracts.types.iter().zip(types);
    let types = types.filter_map(|(ty, title)| match &ty.kind {
        TypeKind::Schema(schema) => Some((schema, title)),
        _ => None,
    });
    let mut all = BTreeMap::new();
    for (schema, title) in events.chain(types) {
        let mut titles = BTreeMap::new();
        let import = contracts.import(schema);
        let definitions = import.into_iter().flat_map(|import| {
            let all = import.definitions.iter().map(|(name, _)| name);
            all.filter(|name| **name != import.definition)
        });
        for name in definitions {
            let wanted = if name.starts_with(title.as_str()) {
                name.clone()
            } else {
                format!("{title}{name}")
            };
            titles.insert(name.clone(), claim(taken, wanted));
        }
        all.insert(schema.span, titles);
    }
    all
}

/// The wanted name, or the first of `name2`, `name3`, … that is free.
fn claim(taken: &mut BTreeSet<String>, wanted: String) -> String {
    let mut name = wanted.clone();
    let mut n = 1;
    while !taken.insert(name.clone()) {
        n += 1;
        name = format!("{wanted}{n}");
    }
    name
}
