//! Events and types from another team's JSON Schema: a module of their own with the imported items, and the type that the
//! contract names in its place. The items are text already; here they get the attributes that only the contract knows.

use super::scope::Scope;
use super::writer::Writer;
use super::{about, structs};
use crate::model::{EventId, Imported, TypeId};
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
    reexport(w, import);
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
    reexport(w, import);
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

fn reexport(w: &mut Writer, import: &Imported) {
    w.line("#[doc(inline)]");
    w.line(format_args!(
        "pub use self::{}::{};",
        module_ident(import),
        import.name
    ));
}

/// The module of an import.
pub(super) fn module_ident(import: &Imported) -> String {
    name::module_ident(&format!("{}Schema", import.name))
}
