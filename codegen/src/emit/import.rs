//! Events and types from another team's JSON Schema: a module of their own with the imported items, and the type that the
//! contract names in its place. The items are text already; here they get the attributes that only the contract knows.

use std::collections::BTreeMap;

use super::scope::Scope;
use super::writer::Writer;
use super::{about, structs};
use crate::model::{Body, EventId, Imported, TypeId, TypeKind};
use crate::name;
use crate::source::Spanned;

/// An event whose payload is a schema.
pub(super) fn event(w: &mut Writer, scope: &Scope<'_>, id: EventId, schema: &Spanned<String>) {
    let event = &scope.contracts[id];
    let Some(import) = scope.contracts.import(schema) else {
        return;
    };
    let mut attributes = Writer::at(w.depth() + 1);
    attributes.derive(&["event_runtime::Event"]);
    attributes.attribute("event", &structs::event_arguments(scope, event, id));
    module(w, import, schema, &attributes.finish());
    about::event(w, scope, id);
    reexport(w, scope, import);
}

/// A type that is a schema.
pub(super) fn ty(w: &mut Writer, scope: &Scope<'_>, id: TypeId, schema: &Spanned<String>) {
    let ty = &scope.contracts[id];
    let Some(import) = scope.contracts.import(schema) else {
        return;
    };
    module(w, import, schema, "");
    match &ty.doc {
        Some(doc) => w.doc(doc),
        None => w.doc(&format!("The type `{}`.", scope.contracts.type_name(ty))),
    }
    reexport(w, scope, import);
}

fn module(w: &mut Writer, import: &Imported, schema: &Spanned<String>, attributes: &str) {
    w.doc(&format!(
        "What the JSON Schema `{}` says, as types.",
        schema.value
    ));
    // Other people's descriptions and names, and what typify writes beside them.
    w.line("#[rustfmt::skip]");
    w.line("#[allow(warnings, missing_docs, unused_qualifications)]");
    w.line("#[allow(clippy::all, clippy::pedantic, rustdoc::all)]");
    w.open(format_args!("pub mod {} {{", module_ident(import)));
    w.line("use super::event_runtime;");
    w.blank();
    indented(w, &import.before);
    w.text(attributes);
    indented(w, &import.after);
    w.close("}");
    w.blank();
}

/// No line is inside a literal: texts of a schema are written with their line breaks escaped.
fn indented(w: &mut Writer, text: &str) {
    for line in text.lines() {
        w.line(line);
    }
}

fn reexport(w: &mut Writer, scope: &Scope<'_>, import: &Imported) {
    w.line("#[doc(inline)]");
    w.line(format_args!(
        "pub use self::{}::{};",
        module_ident(import),
        import.name
    ));
    let others = beside(scope, import);
    if !others.is_empty() {
        w.line("#[rustfmt::skip]");
        w.line(format_args!(
            "pub use self::{}::{{{}}};",
            module_ident(import),
            others.join(", ")
        ));
    }
}

/// The other types of an import that can be named beside it, because nothing else of this module is called like them.
fn beside<'a>(scope: &Scope<'_>, import: &'a Imported) -> Vec<&'a str> {
    let contracts = scope.contracts;
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut schemas = Vec::new();
    for event in scope.events().map(|id| &contracts[id]) {
        let ident = name::type_ident(&event.name);
        taken.insert(name::filter_ident(&ident), 2);
        taken.insert(ident, 2);
        if let Body::Schema(schema) = &event.body {
            schemas.push(schema);
        }
    }
    for ty in scope.types().map(|id| &contracts[id]) {
        taken.insert(name::type_ident(&ty.name), 2);
        if let TypeKind::Schema(schema) = &ty.kind {
            schemas.push(schema);
        }
    }
    let imports = schemas
        .into_iter()
        .filter_map(|schema| contracts.import(schema));
    for (name, _) in imports.flat_map(|import| &import.definitions) {
        *taken.entry(name.clone()).or_default() += 1;
    }
    let names = import.definitions.iter().map(|(name, _)| name.as_str());
    names
        .filter(|name| *name != import.name && taken.get(*name) == Some(&1))
        .collect()
}

/// The module of an import.
pub(super) fn module_ident(import: &Imported) -> String {
    name::module_ident(&format!("{}Schema", import.name))
}
