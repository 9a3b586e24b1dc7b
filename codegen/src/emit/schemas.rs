//! The modules of schema files: the types of each are in one, which all share that refer to it. A domain names the types of
//! its schemas too.

use std::collections::BTreeMap;

use super::beside::root;
use super::scope::Scope;
use super::uses::Uses;
use super::writer::Writer;
use super::{about, module, required};
use crate::model::{Contracts, Origin, TypeId};
use crate::name;
use crate::source::Spanned;

/// A type that is a schema: that of its file, under its name in the contract.
pub(super) fn ty(w: &mut Writer, scope: &Scope<'_>, id: TypeId, schema: &Spanned<String>) {
    let contracts = scope.contracts;
    let ty = &contracts[id];
    let Some(import) = contracts.import(schema) else {
        return;
    };
    about::ty(w, scope, ty, "The type");
    let of_file = &contracts[import.id];
    if let Some(origin) = &of_file.origin {
        let path = format!("{}{}", scope.to_schema(&origin.module), *of_file.name);
        reexport(w, &path, &of_file.name, &ty.name);
    }
}

fn reexport(w: &mut Writer, path: &str, name: &str, wanted: &str) {
    let ident = name::type_ident(wanted);
    w.line("#[doc(inline)]");
    if name == ident {
        w.line(format_args!("pub use {path};"));
    } else {
        w.line(format_args!("pub use {path} as {ident};"));
    }
}

/// In a domain's module of required fields: those of a type from a schema.
pub(super) fn required(w: &mut Writer, scope: &Scope<'_>, id: TypeId, schema: &Spanned<String>) {
    let contracts = scope.contracts;
    let Some(import) = contracts.import(schema) else {
        return;
    };
    let of_file = &contracts[import.id];
    if let Some(origin) = of_file.origin.as_ref().filter(|_| required::has(of_file)) {
        let path = scope.to_schema(&origin.module);
        w.blank();
        w.line("#[allow(unused_imports)]");
        let path = format!("{path}required::{}", of_file.name.value);
        reexport(w, &path, &of_file.name, &contracts[id].name);
    }
}

/// In a domain's module: the other types of its schemas.
pub(super) fn beside(w: &mut Writer, scope: &Scope<'_>) {
    for (module, types) in scope.beside() {
        let names: Vec<&str> = types.iter().map(|ty| ty.name.as_str()).collect();
        reexports(w, &scope.to_schema(module), &names);
    }
}

/// In a domain's module of required fields: those of these types.
pub(super) fn required_beside(w: &mut Writer, scope: &Scope<'_>) {
    for (module, types) in scope.beside() {
        let types = types.iter().filter(|ty| required::has(ty));
        let names: Vec<&str> = types.map(|ty| ty.name.as_str()).collect();
        if !names.is_empty() {
            reexports(w, &format!("{}required::", scope.to_schema(module)), &names);
        }
    }
}

fn reexports(w: &mut Writer, path: &str, names: &[&str]) {
    w.blank();
    w.line("#[doc(inline)]");
    w.line("#[rustfmt::skip]");
    w.line("#[allow(unused_imports)]");
    w.line(format_args!("pub use {path}{{{}}};", names.join(", ")));
}

/// A module of schemas and what is below it.
#[derive(Default)]
struct Node<'a> {
    file: Option<(&'a Origin, Vec<TypeId>)>,
    below: BTreeMap<&'a str, Node<'a>>,
}

/// The modules of all schema files whose types come out.
pub(super) fn modules(w: &mut Writer, contracts: &Contracts, uses: &Uses) {
    let mut tree = Node::default();
    let mut ids: Vec<TypeId> = (contracts.types.len()..)
        .take(contracts.imported.len())
        .map(TypeId)
        .filter(|id| uses.ty(*id))
        .collect();
    ids.sort_by(|a, b| contracts[*a].name.value.cmp(&contracts[*b].name.value));
    for id in ids {
        let Some(origin) = &contracts[id].origin else {
            continue;
        };
        // What has no module is an event, in its domain.
        if origin.module.is_empty() {
            continue;
        }
        let mut node = &mut tree;
        for segment in &origin.module {
            node = node.below.entry(segment).or_default();
        }
        let file = node.file.get_or_insert_with(|| (origin, Vec::new()));
        file.1.push(id);
    }
    if tree.below.is_empty() {
        return;
    }
    w.blank();
    w.doc("The types of the JSON Schemas that these contracts name, by file.");
    // Names that other teams have chosen are as long as they like.
    w.line("#[rustfmt::skip]");
    write(w, contracts, uses, &root(contracts), &tree);
}

fn write(w: &mut Writer, contracts: &Contracts, uses: &Uses, ident: &str, node: &Node<'_>) {
    w.open(format_args!("pub mod {ident} {{"));
    w.line("use super::event_runtime;");
    if let Some((origin, types)) = &node.file {
        let scope = Scope::schema(contracts, uses, &origin.module, types);
        module::items(w, &scope);
    }
    for (ident, below) in &node.below {
        w.blank();
        match &below.file {
            Some((origin, _)) => w.doc(&format!("Types of the JSON Schema `{}`.", origin.file)),
            None => w.doc(&format!("The JSON Schemas below `{ident}`.")),
        }
        write(w, contracts, uses, ident, below);
    }
    w.close("}");
}
