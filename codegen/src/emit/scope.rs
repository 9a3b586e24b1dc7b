//! Names as one generated module sees them: types of other domains, and the prelude where a contract's type hides it.

use std::collections::BTreeSet;

use super::uses::Uses;
use crate::model::{Contracts, DomainId, EventId, Field, Type, TypeId, TypeKind};
use crate::name;

/// The module of one domain.
pub(super) struct Scope<'a> {
    pub(super) contracts: &'a Contracts,
    pub(super) uses: &'a Uses,
    pub(super) domain: DomainId,
    /// What of the prelude a type of this domain has taken the name of.
    hidden: [bool; Prelude::ALL.len()],
    /// Modules between the domain's module and the text that is written.
    below: usize,
}

impl<'a> Scope<'a> {
    /// The scope of a domain's module.
    pub(super) fn new(contracts: &'a Contracts, uses: &'a Uses, domain: DomainId) -> Self {
        let members = uses.members(domain);
        let hidden = Prelude::ALL.map(|prelude| {
            let short = prelude.paths().0;
            let named = |name: &str| name == short;
            members.events.iter().any(|id| named(&contracts[*id].name))
                || members.types.iter().any(|id| named(&contracts[*id].name))
        });
        Self {
            contracts,
            uses,
            domain,
            hidden,
            below: 0,
        }
    }

    /// The scope of a module inside the domain's module.
    pub(super) fn below(&self) -> Self {
        Self {
            below: self.below + 1,
            ..*self
        }
    }

    /// Whether a field of any type is deprecated.
    pub(super) fn deprecates(&self) -> bool {
        let mut types = self.contracts.types.iter();
        types.any(|def| match &def.kind {
            TypeKind::Struct(fields) => fields.iter().any(|field| field.deprecated.is_some()),
            _ => false,
        })
    }

    /// The events of this domain that come out.
    pub(super) fn events(&self) -> impl Iterator<Item = EventId> + '_ {
        let events = self.uses.members(self.domain).events.iter().copied();
        events.filter(|id| self.uses.event(*id))
    }

    /// The types of this domain that come out.
    pub(super) fn types(&self) -> impl Iterator<Item = TypeId> + '_ {
        let types = self.uses.members(self.domain).types.iter().copied();
        types.filter(|id| self.uses.ty(*id))
    }

    /// A type of the prelude, by its full path where a type of this domain has taken its name.
    pub(super) fn prelude(&self, ty: Prelude) -> &'static str {
        let (short, full) = ty.paths();
        if self.hidden[ty as usize] {
            full
        } else {
            short
        }
    }

    /// The path of a contract's type.
    pub(super) fn path(&self, id: TypeId) -> String {
        let ty = &self.contracts[id];
        self.path_to(ty.domain, &name::type_ident(&ty.name))
    }

    fn path_to(&self, domain: DomainId, ident: &str) -> String {
        if domain == self.domain {
            return format!("{}{ident}", "super::".repeat(self.below));
        }
        let segments = self.contracts[self.domain].name.split('.').count();
        let up = "super::".repeat(segments + self.below);
        format!("{up}{}::{ident}", module_path(&self.contracts[domain].name))
    }

    /// A type expression in Rust.
    pub(super) fn ty(&self, ty: &Type) -> String {
        let runtime = |name: &str| format!("event_runtime::{name}");
        match ty {
            Type::Bool => "bool".to_owned(),
            Type::String => self.prelude(Prelude::String).to_owned(),
            Type::I32 => "i32".to_owned(),
            Type::I64 => "i64".to_owned(),
            Type::U32 => "u32".to_owned(),
            Type::U64 => "u64".to_owned(),
            Type::F64 => "f64".to_owned(),
            Type::Decimal => runtime("Decimal"),
            Type::Uuid => runtime("Uuid"),
            Type::Timestamp => runtime("Timestamp"),
            Type::Date => runtime("Date"),
            Type::Duration => runtime("IsoDuration"),
            Type::Bytes => runtime("Bytes"),
            Type::Json | Type::Any | Type::Null | Type::Invalid => runtime("Json"),
            Type::I64OrText => runtime("Int64"),
            Type::Tuple(items) => match items.as_slice() {
                [only] => format!("({},)", self.ty(only)),
                items => {
                    let items: Vec<String> = items.iter().map(|item| self.ty(item)).collect();
                    format!("({})", items.join(", "))
                }
            },
            Type::Nullable(inner) => {
                format!("{}<{}>", self.prelude(Prelude::Option), self.ty(inner))
            }
            Type::Limited(limited) => self.ty(&limited.0),
            Type::List(item) => format!("{}<{}>", self.prelude(Prelude::Vec), self.ty(item)),
            Type::Map(item) => format!(
                "::std::collections::BTreeMap<{}, {}>",
                self.prelude(Prelude::String),
                self.ty(item)
            ),
            Type::Named(id) => self.path(*id),
        }
    }

    /// Whether an optional field of `owner` stands in a box.
    pub(super) fn boxed(&self, owner: Option<TypeId>, field: &Field) -> bool {
        match (owner, &field.ty.value) {
            (Some(owner), Type::Named(id)) if field.optional => holds(self.contracts, *id, owner),
            _ => false,
        }
    }

    /// The Rust type of a field of `owner` (an event has none: nothing can contain it).
    pub(super) fn field(&self, owner: Option<TypeId>, field: &Field) -> String {
        let mut ty = self.ty(&field.ty);
        if !field.optional {
            return ty;
        }
        if self.boxed(owner, field) {
            ty = format!("{}<{ty}>", self.prelude(Prelude::Box));
        }
        format!("{}<{ty}>", self.prelude(Prelude::Option))
    }
}

/// The types of the prelude that generated code names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Prelude {
    /// `Option`
    Option,
    /// `String`
    String,
    /// `Vec`
    Vec,
    /// `Box`
    Box,
}

impl Prelude {
    const ALL: [Self; 4] = [Self::Option, Self::String, Self::Vec, Self::Box];

    /// By its name alone, and by its full path.
    fn paths(self) -> (&'static str, &'static str) {
        match self {
            Self::Option => ("Option", "::core::option::Option"),
            Self::String => ("String", "::std::string::String"),
            Self::Vec => ("Vec", "::std::vec::Vec"),
            Self::Box => ("Box", "::std::boxed::Box"),
        }
    }
}

/// The path of a domain's module below the module of all contracts.
pub(super) fn module_path(domain: &str) -> String {
    let segments: Vec<String> = domain.split('.').map(name::module_ident).collect();
    segments.join("::")
}

/// Whether a value of `outer` can hold a value of `inner` in itself, with no list, map or `Box` in between: then an
/// optional field has to be boxed. (Required fields cannot close a circle; the rules see to that.)
fn holds(contracts: &Contracts, outer: TypeId, inner: TypeId) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![outer];
    while let Some(id) = open.pop() {
        if id == inner {
            return true;
        }
        if !seen.insert(id) {
            continue;
        }
        match &contracts[id].kind {
            TypeKind::Struct(fields) => {
                open.extend(fields.iter().filter_map(|f| match f.ty.value {
                    Type::Named(id) => Some(id),
                    _ => None,
                }))
            }
            TypeKind::Union(union) => open.extend(union.variants.iter().filter_map(|v| v.ty.value)),
            _ => {}
        }
    }
    false
}
