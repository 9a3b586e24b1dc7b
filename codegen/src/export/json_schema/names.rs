//! Titles: one PascalCase name for each event, type and fallback variant, unique over the whole folder.
//!
//! Over the folder and not over one file, so that a class has the same name in every layout, and so that the classes of
//! several schemas can live in one package.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Contracts, DomainId, EventId, TypeId, TypeKind};
use crate::name;

/// A definition that an imported schema brings.
pub(super) struct Definition {
    pub(super) title: String,
    pub(super) owner: Owner,
}

/// Origin of a definition's name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// A type of a contract.
    Type(TypeId),
    /// Nobody: the file has.
    Schema,
}

/// The titles of one contracts folder.
pub(super) struct Names {
    events: Vec<String>,
    types: Vec<String>,
    others: BTreeMap<TypeId, String>,
    imported: BTreeMap<String, Definition>,
    /// The definitions of schemas that nobody else has a title for, by that title.
    schemas: BTreeMap<String, String>,
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
        let imported = imported(contracts, &types, &mut taken);
        let schemas = imported
            .iter()
            .filter(|(_, definition)| definition.owner == Owner::Schema)
            .map(|(name, definition)| (definition.title.clone(), name.clone()))
            .collect();
        let catalog = claim(&mut taken, "Catalog".to_owned());
        Self {
            events,
            types,
            others,
            imported,
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

    /// Returns the title of a definition of an imported schema, with its origin.
    pub(super) fn imported(&self, definition: &str) -> Option<&Definition> {
        self.imported.get(definition)
    }

    /// The definition of an imported schema that has this title, if it has it of no event and no type.
    pub(super) fn schema(&self, title: &str) -> Option<&str> {
        self.schemas.get(title).map(String::as_str)
    }
}

/// Titles for the definitions that imported schemas bring. What a type of a contract names has that name. Other titles begin
/// with that of the type whose file it is, or with the name of the file, because two files may well have a definition of one
/// name; they do not depend on the events that there are.
fn imported(
    contracts: &Contracts,
    types: &[String],
    taken: &mut BTreeSet<String>,
) -> BTreeMap<String, Definition> {
    let mut all: BTreeMap<String, Definition> = BTreeMap::new();
    let mut files: BTreeMap<&str, &str> = BTreeMap::new();
    // A type is there to be referred to, and so its name goes first.
    for (at, (ty, title)) in contracts.types.iter().zip(types).enumerate() {
        if let TypeKind::Schema(schema) = &ty.kind
            && let Some(import) = contracts.import(schema)
        {
            let origin = contracts[import.id].origin.as_ref();
            files.extend(origin.map(|origin| (origin.file.as_str(), title.as_str())));
            let definition = contracts.root(import).to_owned();
            all.entry(definition).or_insert_with(|| Definition {
                title: title.clone(),
                owner: Owner::Type(TypeId(at)),
            });
        }
    }
    let others = contracts.imported.iter();
    let others = others.filter_map(|ty| Some((ty.name.value.as_str(), ty.origin.as_ref()?)));
    // What has no module is an event, and has its title.
    let others =
        others.filter(|(_, of)| !all.contains_key(&of.definition) && !of.module.is_empty());
    let others: Vec<_> = others
        .map(|(name, origin)| {
            let file = name::variant_ident(origin.module.last().map_or("", String::as_str));
            let prefix = files.get(origin.file.as_str()).copied().unwrap_or(&file);
            let has_prefix = name.starts_with(prefix) || name.starts_with(&file);
            let wanted = if has_prefix {
                name.to_owned()
            } else {
                format!("{prefix}{name}")
            };
            (name, origin, wanted)
        })
        .collect();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, _, wanted) in &others {
        *count.entry(wanted).or_default() += 1;
    }
    for (name, origin, wanted) in &others {
        let once = count.get(wanted.as_str()) == Some(&1) && !taken.contains(wanted);
        let title = if once {
            wanted.clone()
        } else {
            let path = name::variant_ident(&origin.module.join("_"));
            format!("{path}{name}")
        };
        all.insert(
            origin.definition.clone(),
            Definition {
                title: claim(taken, title),
                owner: Owner::Schema,
            },
        );
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
