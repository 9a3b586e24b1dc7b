//! Types from other teams' JSON Schemas: a module for each schema file, which all share that refer to it; and in a domain its
//! events, each with a struct of its own, and its types under their own names. The items are text already; here they get the
//! attributes that only the contract knows.

use std::collections::{BTreeMap, BTreeSet};

use super::scope::Scope;
use super::uses::Uses;
use super::writer::Writer;
use super::{about, structs};
use crate::model::{Body, Contracts, EventId, SchemaType, TypeId, TypeKind};
use crate::name;
use crate::source::Spanned;

/// An event whose payload is a schema: a struct of its own, in a module beside it.
pub(super) fn event(w: &mut Writer, scope: &Scope<'_>, id: EventId, schema: &Spanned<String>) {
    let contracts = scope.contracts;
    let event = &contracts[id];
    let Some(ty) = imported(contracts, schema) else {
        return;
    };
    let ident = name::type_ident(&event.name);
    let module = name::module_ident(&format!("{ident}Schema"));
    w.doc(&format!(
        "The payload that the JSON Schema `{}` describes.",
        schema.value
    ));
    quiet(w);
    w.open(format_args!("pub mod {module} {{"));
    w.line(RUNTIME);
    if ty.before.contains(PATH) || ty.after.contains(PATH) {
        let (up, root) = (above(scope), root(contracts));
        let renamed = if root == SCHEMAS { "" } else { " as schemas" };
        w.line(format_args!("use super::{up}{root}{renamed};"));
    }
    w.blank();
    indented(w, &ty.before);
    w.derive(&["event_runtime::Event"]);
    w.attribute("event", &structs::event_arguments(scope, event, id));
    indented(w, &ty.after);
    required_members(w, &ty.required);
    w.close("}");
    w.blank();
    about::event(w, scope, id);
    reexport(w, &format!("self::{module}"), &ty.name, &ident);
}

/// A type that is a schema: that of its file.
pub(super) fn ty(w: &mut Writer, scope: &Scope<'_>, id: TypeId, schema: &Spanned<String>) {
    let contracts = scope.contracts;
    let ty = &contracts[id];
    let Some(of_file) = imported(contracts, schema) else {
        return;
    };
    match &ty.doc {
        Some(doc) => w.doc(doc),
        None => w.doc(&format!("The type `{}`.", contracts.type_name(ty))),
    }
    let path = path(scope, of_file);
    let ident = name::type_ident(&ty.name);
    reexport(w, &path, &of_file.name, &ident);
}

fn imported<'a>(contracts: &'a Contracts, schema: &Spanned<String>) -> Option<&'a SchemaType> {
    contracts.schema_types.get(&contracts.import(schema)?.ty)
}

/// The way from a domain's module to the module of all contracts.
fn above(scope: &Scope<'_>) -> String {
    let domain = &scope.contracts[scope.domain];
    "super::".repeat(domain.name.split('.').count())
}

/// The way from a domain's module to that of a type's file.
fn path(scope: &Scope<'_>, ty: &SchemaType) -> String {
    let module = ty.module.join("::");
    format!("{}{}::{module}", above(scope), root(scope.contracts))
}

fn reexport(w: &mut Writer, module: &str, name: &str, ident: &str) {
    w.line("#[doc(inline)]");
    if name == ident {
        w.line(format_args!("pub use {module}::{name};"));
    } else {
        w.line(format_args!("pub use {module}::{name} as {ident};"));
    }
}

/// The module of required members, inside that of the types.
fn required_members(w: &mut Writer, items: &str) {
    if items.is_empty() {
        return;
    }
    w.blank();
    w.doc("The required members of these structs, to make them from.");
    w.open("pub mod required {");
    w.line("use super::event_runtime;");
    w.blank();
    indented(w, items);
    w.close("}");
}

/// In a domain's module of required fields: those of a type or an event from a schema.
pub(super) fn required(w: &mut Writer, scope: &Scope<'_>, ident: &str, schema: &Spanned<String>) {
    let Some(ty) = imported(scope.contracts, schema).filter(|ty| !ty.required.is_empty()) else {
        return;
    };
    let module = if ty.module.is_empty() {
        name::module_ident(&format!("{ident}Schema"))
    } else {
        path(scope, ty)
    };
    w.blank();
    let name = &ty.name;
    let path = format!("super::{module}::required");
    w.line("#[allow(unused_imports)]");
    reexport(w, &path, name, ident);
}

/// The other types of the schemas that a domain names, which can be named in its module because nothing else is called like
/// them.
fn others<'a>(scope: &Scope<'a>) -> BTreeMap<String, Vec<&'a SchemaType>> {
    let contracts = scope.contracts;
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut schemas = Vec::new();
    for event in scope.events().map(|id| &contracts[id]) {
        let ident = name::type_ident(&event.name);
        taken.insert(name::filter_ident(&ident));
        taken.insert(ident);
        if let Body::Schema(schema) = &event.body {
            schemas.push(schema);
        }
    }
    for ty in scope.types().map(|id| &contracts[id]) {
        taken.insert(name::type_ident(&ty.name));
        if let TypeKind::Schema(schema) = &ty.kind {
            schemas.push(schema);
        }
    }
    let mut reached = BTreeSet::new();
    for import in schemas.iter().filter_map(|schema| contracts.import(schema)) {
        contracts.schema_reach(&import.ty, &mut reached);
    }
    let types = reached
        .iter()
        .filter_map(|name| contracts.schema_types.get(*name))
        .filter(|ty| !ty.module.is_empty());
    let mut named: BTreeMap<&str, Vec<&SchemaType>> = BTreeMap::new();
    for ty in types {
        named.entry(&ty.name).or_default().push(ty);
    }
    let mut modules: BTreeMap<String, Vec<&SchemaType>> = BTreeMap::new();
    for (name, types) in named {
        if let [ty] = types[..]
            && !taken.contains(name)
        {
            modules.entry(path(scope, ty)).or_default().push(ty);
        }
    }
    modules
}

/// Those types, in the domain's module.
pub(super) fn beside(w: &mut Writer, scope: &Scope<'_>) {
    for (module, types) in others(scope) {
        reexports(w, &module, &types);
    }
}

/// In a domain's module of required fields: those of these types.
pub(super) fn required_beside(w: &mut Writer, scope: &Scope<'_>) {
    for (module, mut types) in others(scope) {
        types.retain(|ty| !ty.required.is_empty());
        if !types.is_empty() {
            reexports(w, &format!("super::{module}::required"), &types);
        }
    }
}

fn reexports(w: &mut Writer, module: &str, types: &[&SchemaType]) {
    let names: Vec<&str> = types.iter().map(|ty| ty.name.as_str()).collect();
    w.blank();
    w.line("#[doc(inline)]");
    w.line("#[rustfmt::skip]");
    w.line("#[allow(unused_imports)]");
    w.line(format_args!("pub use {module}::{{{}}};", names.join(", ")));
}

/// Other people's descriptions and names, and what typify writes beside them.
fn quiet(w: &mut Writer) {
    w.line("#[rustfmt::skip]");
    w.line("#[allow(warnings, missing_docs, unused_qualifications, clippy::all, clippy::pedantic, rustdoc::all)]");
}

/// The module of all schemas.
const SCHEMAS: &str = "schemas";
/// What the items of a module need.
const RUNTIME: &str = "use super::event_runtime::{self, Validate as _};";
/// How the items of an event name what is below it.
const PATH: &str = "schemas::";

/// The module of all schemas: a domain may have taken the name.
fn root(contracts: &Contracts) -> String {
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

/// A module of schemas and what is below it.
#[derive(Default)]
struct Node<'a> {
    types: Vec<&'a SchemaType>,
    below: BTreeMap<&'a str, Node<'a>>,
}

/// The modules of all schema files whose types come out.
pub(super) fn module(w: &mut Writer, contracts: &Contracts, uses: &Uses) {
    let events = (0..contracts.events.len()).map(EventId);
    let events = events
        .filter(|id| uses.event(*id))
        .filter_map(|id| match &contracts[id].body {
            Body::Schema(schema) => contracts.import(schema),
            Body::Fields(_) => None,
        });
    let types = (0..contracts.types.len()).map(TypeId);
    let types = types
        .filter(|id| uses.ty(*id))
        .filter_map(|id| match &contracts[id].kind {
            TypeKind::Schema(schema) => contracts.import(schema),
            _ => None,
        });
    let mut used = BTreeSet::new();
    for import in events.chain(types) {
        contracts.schema_reach(&import.ty, &mut used);
    }
    let mut tree = Node::default();
    let types = used
        .iter()
        .filter_map(|name| contracts.schema_types.get(*name));
    // Those without a module are events, in their domains.
    for ty in types.filter(|ty| !ty.module.is_empty()) {
        let mut node = &mut tree;
        for segment in &ty.module {
            node = node.below.entry(segment).or_default();
        }
        node.types.push(ty);
    }
    if tree.below.is_empty() {
        return;
    }
    w.blank();
    w.doc("The types of the JSON Schemas that these contracts name, by file.");
    quiet(w);
    write(w, &root(contracts), &mut tree);
}

fn write(w: &mut Writer, ident: &str, node: &mut Node<'_>) {
    w.open(format_args!("pub mod {ident} {{"));
    w.line(if node.types.is_empty() {
        "use super::event_runtime;"
    } else {
        RUNTIME
    });
    node.types.sort_by(|a, b| a.name.cmp(&b.name));
    for ty in &node.types {
        w.blank();
        indented(w, &ty.before);
        indented(w, &ty.after);
    }
    let required = node.types.iter().filter(|ty| !ty.required.is_empty());
    let required: Vec<&str> = required.map(|ty| ty.required.as_str()).collect();
    required_members(w, &required.join("\n"));
    for (ident, below) in &mut node.below {
        w.blank();
        match below.types.first() {
            Some(ty) => w.doc(&format!("What `{}` says, as types.", ty.file)),
            None => w.doc(&format!("The JSON Schemas below `{ident}`.")),
        }
        write(w, ident, below);
    }
    w.close("}");
}

/// No line is inside a literal: texts of a schema are written with their line breaks escaped.
fn indented(w: &mut Writer, text: &str) {
    for line in text.lines() {
        w.line(line);
    }
}
