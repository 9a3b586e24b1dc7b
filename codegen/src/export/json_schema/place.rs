//! Where each schema of an export goes, and how others refer to it.

use std::collections::BTreeMap;

use super::form::{Draft, Layout};
use super::names::Names;
use crate::model::{Contracts, DomainId, TypeDef, TypeId, TypeKind};

/// The tag that a union gives to the object of its variant.
#[derive(Clone, Copy)]
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
}

/// Returns the tags of the types that are variants. A variant belongs to one union, so its tag is part of its schema.
fn tags(types: &[TypeDef]) -> BTreeMap<TypeId, Tag<'_>> {
    let unions = types.iter().filter_map(|ty| match &ty.body.kind {
        TypeKind::Union(union) => Some(union),
        _ => None,
    });
    unions
        .flat_map(|union| {
            union.variants.iter().filter_map(|variant| {
                let tag = Tag {
                    name: &union.tag,
                    value: &variant.tag,
                };
                variant.ty.value.map(|ty| (ty, tag))
            })
        })
        .collect()
}

/// One export of one contracts folder.
pub(super) struct Export<'a> {
    pub(super) contracts: &'a Contracts,
    pub(super) names: Names,
    pub(super) tags: BTreeMap<TypeId, Tag<'a>>,
    pub(super) draft: Draft,
    pub(super) layout: Layout,
    /// Prefix of a title in a reference inside one file.
    home: String,
}

impl<'a> Export<'a> {
    pub(super) fn new(contracts: &'a Contracts, draft: Draft, layout: Layout) -> Self {
        Self {
            contracts,
            names: Names::new(contracts),
            tags: tags(&contracts.types),
            draft,
            layout,
            home: format!("#/{}/", draft.definitions()),
        }
    }

    /// An export into another document, where every schema stands below `home`.
    pub(super) fn within(contracts: &'a Contracts, home: &str) -> Self {
        Self {
            home: home.to_owned(),
            ..Self::new(contracts, Draft::Draft07, Layout::Catalog)
        }
    }

    /// Returns the `$ref` of a type.
    pub(super) fn reference(&self, id: TypeId) -> String {
        let id = self.names.owner(id).unwrap_or(id);
        let (ty, title) = (&self.contracts[id], self.names.ty(id));
        match self.layout {
            Layout::Refs if ty.body.origin.is_some() => format!("schemas.{title}.json"),
            Layout::Refs => format!("{}.json", self.contracts.type_name(ty)),
            Layout::Bundled | Layout::Catalog => self.local(title),
        }
    }

    /// Returns the `$ref` of a definition that the contract does not name, by its title.
    pub(super) fn place(&self, domain: DomainId, title: &str) -> String {
        match self.layout {
            Layout::Refs => format!("{}.{title}.json", self.contracts[domain].name),
            Layout::Bundled | Layout::Catalog => self.local(title),
        }
    }

    /// A reference inside one file.
    pub(super) fn local(&self, title: &str) -> String {
        format!("{}{title}", self.home)
    }
}
