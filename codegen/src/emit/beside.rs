//! The types of schemas that a domain's module names too: so people find them where the events are. Decides; never writes.

use std::collections::{BTreeMap, BTreeSet};

use super::uses::Uses;
use crate::model::{Contracts, DomainId, Origin, TypeDef, TypeId};
use crate::name;

/// The module of all schemas.
const SCHEMAS: &str = "schemas";

/// That module's name: a domain may have taken it.
pub(super) fn root(contracts: &Contracts) -> String {
    let mut root = SCHEMAS.to_owned();
    let is_domain = |root: &str| {
        let mut domains = contracts.domains.iter();
        domains.any(|domain| {
            let first = domain.name.split('.').next().unwrap_or_default();
            name::module_ident(first) == root
        })
    };
    while is_domain(&root) {
        root.insert_str(0, "json_");
    }
    root
}

/// Types of schemas that a domain's module names too.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside<'a> {
    /// By the modules that they are in.
    pub(super) types: BTreeMap<&'a [String], Vec<&'a TypeDef>>,
    /// Names in the domain's module.
    pub(super) names: BTreeMap<TypeId, String>,
}

impl<'a> Beside<'a> {
    /// Collects the types that the schemas of a domain lead to and whose names are free there.
    pub(super) fn of(contracts: &'a Contracts, uses: &Uses, domain: DomainId) -> Self {
        let mut beside = Self::default();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        let mut open = Vec::new();
        let members = uses.members(domain);
        let events = members.events.iter().filter(|id| uses.event(**id));
        for event in events.map(|id| &contracts[*id]) {
            let ident = name::type_ident(&event.name);
            taken.insert(name::filter_ident(&ident));
            taken.insert(ident);
            if event.body.origin.is_some() {
                event.body.held(&mut open);
            }
        }
        let types = members.types.iter().filter(|id| uses.ty(**id));
        for ty in types.map(|id| &contracts[*id]) {
            let ident = name::type_ident(&ty.name);
            if let Some(id) = contracts.renamed(&ty.body) {
                open.push(id);
                beside.names.insert(id, ident.clone());
            }
            taken.insert(ident);
        }
        let mut reached = BTreeSet::new();
        while let Some(id) = open.pop() {
            if reached.insert(id) {
                contracts[id].body.held(&mut open);
            }
        }
        let mut named: BTreeMap<&str, Vec<(TypeId, &Origin)>> = BTreeMap::new();
        for id in reached {
            let ty = &contracts[id];
            if let Some(origin) = ty.body.origin.as_ref().filter(|o| !o.module.is_empty()) {
                named.entry(&ty.name).or_default().push((id, origin));
            }
        }
        for (name, types) in named {
            if let [(id, origin)] = types[..]
                && !taken.contains(name)
            {
                let of_module = beside.types.entry(&origin.module).or_default();
                of_module.push(&contracts[id]);
                let known = beside.names.entry(id);
                known.or_insert_with(|| name.to_owned());
            }
        }
        beside
    }
}
