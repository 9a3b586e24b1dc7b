//! Titles: one PascalCase name for each event, type and fallback variant, unique over the whole folder.
//!
//! Over the folder and not over one file, so that a class has the same name in every layout, and so that the classes of
//! several schemas can live in one package.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Contracts, DomainId, EventId, TypeId, TypeKind};
use crate::name;

/// The titles of one contracts folder.
pub(super) struct Names {
    events: Vec<String>,
    /// Those of declared types, and behind them those of imported ones.
    types: Vec<String>,
    others: BTreeMap<TypeId, String>,
    /// The first declared type that gives a name to an imported one.
    owners: BTreeMap<TypeId, TypeId>,
    /// The imported types without an owner, by title.
    schemas: BTreeMap<String, TypeId>,
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
        let mut types: Vec<String> = titles.collect();
        let others = contracts
            .types
            .iter()
            .enumerate()
            .filter(|(_, ty)| matches!(&ty.body.kind, TypeKind::Union(union) if !union.closed))
            .map(|(at, _)| (TypeId(at), claim(&mut taken, format!("{}Other", types[at]))))
            .collect();
        let owners = contracts.owners();
        types.extend(imported(contracts, &types, &owners, &mut taken));
        let schemas = (contracts.types.len()..types.len())
            .map(TypeId)
            .filter(|id| !owners.contains_key(id))
            .map(|id| (types[id.0].clone(), id))
            .collect();
        let catalog = claim(&mut taken, "Catalog".to_owned());
        Self {
            events,
            types,
            others,
            owners,
            schemas,
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

    /// The declared type as which an imported one is exported.
    pub(super) fn owner(&self, id: TypeId) -> Option<TypeId> {
        self.owners.get(&id).copied()
    }

    /// The imported type that has this title and no owner.
    pub(super) fn schema(&self, title: &str) -> Option<TypeId> {
        self.schemas.get(title).copied()
    }
}

/// Titles of imported types. What a type of a contract names has that name. Other titles begin with that of the type whose
/// file it is, or with the name of the file, because two files may well have a definition of one name; they do not depend on
/// the events that there are.
fn imported(
    contracts: &Contracts,
    declared: &[String],
    owners: &BTreeMap<TypeId, TypeId>,
    taken: &mut BTreeSet<String>,
) -> Vec<String> {
    let mut files: BTreeMap<&str, &str> = BTreeMap::new();
    for (ty, title) in contracts.types.iter().zip(declared) {
        let origin = contracts.origin(&ty.body);
        files.extend(origin.map(|origin| (origin.file.as_str(), title.as_str())));
    }
    let ids = (declared.len()..).map(TypeId);
    let all = contracts.imported.iter().zip(ids).map(|(ty, id)| {
        let origin = ty.body.origin.as_ref();
        let module = origin.map_or(&[][..], |origin| &origin.module);
        let name = ty.name.value.as_str();
        let owner = owners.get(&id).map(|owner| declared[owner.0].clone());
        let wanted = owner.clone().unwrap_or_else(|| {
            let file = name::variant_ident(module.last().map_or("", String::as_str));
            let of_type = origin.and_then(|origin| files.get(origin.file.as_str()));
            let prefix = of_type.copied().unwrap_or(&file);
            if name.starts_with(prefix) || name.starts_with(&file) {
                name.to_owned()
            } else {
                format!("{prefix}{name}")
            }
        });
        (name, module, owner.is_some(), wanted)
    });
    let all: Vec<_> = all.collect();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for (.., wanted) in all.iter().filter(|(_, _, owned, _)| !owned) {
        *count.entry(wanted).or_default() += 1;
    }
    let titles = all.iter().map(|(name, module, owned, wanted)| {
        if *owned {
            return wanted.clone();
        }
        let once = count.get(wanted.as_str()) == Some(&1) && !taken.contains(wanted);
        let title = if once {
            wanted.clone()
        } else {
            let path = name::variant_ident(&module.join("_"));
            format!("{path}{name}")
        };
        claim(taken, title)
    });
    titles.collect()
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
