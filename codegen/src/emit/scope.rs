//! Names as one generated module sees them: types of other domains, and the prelude where a contract's type hides it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::beside::{self, Beside};
use super::uses::Uses;
use crate::model::{Contracts, DomainId, EventId, Field, Type, TypeDef, TypeId, TypeKind};
use crate::name;

/// One generated module, with what can be named in it.
#[derive(Clone)]
pub(super) struct Scope<'a> {
    pub(super) contracts: &'a Contracts,
    pub(super) uses: &'a Uses,
    place: ScopeModule<'a>,
    /// The types of schemas that it names too.
    beside: Rc<Beside<'a>>,
    /// Items of the prelude that a type of this domain hides.
    hidden: [bool; Prelude::ALL.len()],
    /// Modules between the domain's module and the text that is written.
    below: usize,
}

/// The module that a scope is of.
#[derive(Clone, Copy)]
enum ScopeModule<'a> {
    /// That of a domain.
    Domain(DomainId),
    /// That of a schema file, by its path below the module of all schemas, with its types.
    Schema(&'a [String], &'a [TypeId]),
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
            place: ScopeModule::Domain(domain),
            beside: Rc::new(Beside::of(contracts, uses, domain)),
            hidden,
            below: 0,
        }
    }

    /// The scope of a schema file's module.
    pub(super) fn schema(
        contracts: &'a Contracts,
        uses: &'a Uses,
        module: &'a [String],
        types: &'a [TypeId],
    ) -> Self {
        Self {
            contracts,
            uses,
            place: ScopeModule::Schema(module, types),
            beside: Rc::default(),
            // The import has taken none of these names.
            hidden: [false; Prelude::ALL.len()],
            below: 0,
        }
    }

    /// The scope of a module inside the domain's module.
    pub(super) fn below(&self) -> Self {
        Self {
            below: self.below + 1,
            ..self.clone()
        }
    }

    /// The types of schemas that the module names too, by the modules that they are in.
    pub(super) fn beside(&self) -> &BTreeMap<&'a [String], Vec<&'a TypeDef>> {
        &self.beside.types
    }

    /// Returns `true` for the module of a schema file.
    pub(super) fn is_schema(&self) -> bool {
        matches!(self.place, ScopeModule::Schema(..))
    }

    /// Returns `true` if a field of any type is deprecated.
    pub(super) fn deprecates(&self) -> bool {
        let mut types = self.contracts.types.iter();
        types.any(|def| match &def.body.kind {
            TypeKind::Struct(fields) => fields.iter().any(|field| field.deprecated.is_some()),
            _ => false,
        })
    }

    /// The events of this module that come out.
    pub(super) fn events(&self) -> impl Iterator<Item = EventId> + '_ {
        let events = match self.place {
            ScopeModule::Domain(domain) => &self.uses.members(domain).events[..],
            ScopeModule::Schema(..) => &[],
        };
        events.iter().copied().filter(|id| self.uses.event(*id))
    }

    /// The types of this module that come out.
    pub(super) fn types(&self) -> impl Iterator<Item = TypeId> + '_ {
        let types = match self.place {
            ScopeModule::Domain(domain) => &self.uses.members(domain).types[..],
            ScopeModule::Schema(_, types) => types,
        };
        types.iter().copied().filter(|id| self.uses.ty(*id))
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

    /// The path of a type.
    pub(super) fn path(&self, id: TypeId) -> String {
        let ty = &self.contracts[id];
        let ident = name::type_ident(&ty.name);
        if let Some(ident) = self.beside.names.get(&id) {
            return format!("{}{ident}", "super::".repeat(self.below));
        }
        match (&ty.body.origin, self.place) {
            (Some(origin), _) if !origin.module.is_empty() => {
                format!("{}{ident}", self.to_schema(&origin.module))
            }
            (None, ScopeModule::Domain(domain)) if ty.domain != domain => {
                let module = module_path(&self.contracts[ty.domain].name);
                format!("{}{module}::{ident}", self.up())
            }
            _ => format!("{}{ident}", "super::".repeat(self.below)),
        }
    }

    /// The way to the module of all contracts.
    fn up(&self) -> String {
        let segments = match self.place {
            ScopeModule::Domain(domain) => self.contracts[domain].name.split('.').count(),
            ScopeModule::Schema(module, _) => module.len() + 1,
        };
        "super::".repeat(segments + self.below)
    }

    /// The way to what a schema file's module has.
    pub(super) fn to_schema(&self, module: &[String]) -> String {
        let (mut way, below) = match self.place {
            ScopeModule::Domain(_) => {
                let root = format!("{}{}::", self.up(), beside::root(self.contracts));
                (root, module)
            }
            ScopeModule::Schema(here, _) => {
                let both = here.iter().zip(module);
                let common = both.take_while(|(a, b)| a == b).count();
                let up = here.len() - common + self.below;
                let below = &module[common..];
                match (up, below) {
                    (0, []) => (String::new(), below),
                    (0, _) => ("self::".to_owned(), below),
                    (up, _) => ("super::".repeat(up), below),
                }
            }
        };
        for segment in below {
            way.push_str(segment);
            way.push_str("::");
        }
        way
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
            Type::Tuple(items) => tuple(items.iter().map(|item| self.ty(item))),
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

    /// Returns `true` if a field of `owner` is boxed.
    pub(super) fn boxed(&self, owner: Option<TypeId>, field: &Field) -> bool {
        match (owner, &field.ty.value) {
            (Some(owner), Type::Named(id)) => {
                let imported = self.contracts[owner].body.origin.is_some();
                match imported {
                    true => self.same_circle(owner, *id),
                    false => field.optional && holds(self.contracts, *id, owner),
                }
            }
            _ => false,
        }
    }

    /// Returns `true` if two imported types contain each other.
    fn same_circle(&self, a: TypeId, b: TypeId) -> bool {
        let circle = |id: TypeId| {
            self.contracts[id]
                .body
                .origin
                .as_ref()
                .map(|origin| origin.circle)
        };
        circle(a).is_some() && circle(a) == circle(b)
    }

    /// A type expression in Rust, as an imported type holds it: what may hold its owner stands in a box.
    pub(super) fn held(&self, owner: TypeId, ty: &Type) -> String {
        match ty {
            Type::Named(id) if self.same_circle(owner, *id) => {
                format!("{}<{}>", self.prelude(Prelude::Box), self.path(*id))
            }
            Type::Nullable(inner) => {
                let inner = self.held(owner, inner);
                format!("{}<{inner}>", self.prelude(Prelude::Option))
            }
            Type::Limited(limited) => self.held(owner, &limited.0),
            Type::Tuple(items) => tuple(items.iter().map(|item| self.held(owner, item))),
            ty => self.ty(ty),
        }
    }

    /// The Rust type of a field of `owner` (an event has none: nothing can contain it).
    pub(super) fn field(&self, owner: Option<TypeId>, field: &Field) -> String {
        let ty = match owner.filter(|id| self.contracts[*id].body.origin.is_some()) {
            Some(owner) => self.held(owner, &field.ty),
            None if self.boxed(owner, field) => {
                format!("{}<{}>", self.prelude(Prelude::Box), self.ty(&field.ty))
            }
            None => self.ty(&field.ty),
        };
        if !field.optional {
            return ty;
        }
        format!("{}<{ty}>", self.prelude(Prelude::Option))
    }
}

fn tuple(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    match items.as_slice() {
        [only] => format!("({only},)"),
        items => format!("({})", items.join(", ")),
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

/// Checks if a value of `outer` can contain a value of `inner` with no list, map or `Box` in between: then an optional field has to be
/// boxed. (Required fields cannot close a circle; the rules see to that.)
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
        match &contracts[id].body.kind {
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
