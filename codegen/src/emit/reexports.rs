//! The types of schema files under the names that a domain has for them.

use super::about;
use super::fields::has;
use super::scope::Scope;
use super::writer::Writer;
use crate::model::TypeId;
use crate::name;

/// A type that is a schema: that of its file, under its name in the contract.
pub(super) fn ty(w: &mut Writer, scope: &Scope<'_>, id: TypeId, imported: TypeId) {
    let contracts = scope.contracts;
    let ty = &contracts[id];
    about::ty(w, scope, ty, "The type");
    let of_file = &contracts[imported];
    if let Some(origin) = &of_file.body.origin {
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
pub(super) fn required(w: &mut Writer, scope: &Scope<'_>, id: TypeId, imported: TypeId) {
    let contracts = scope.contracts;
    let of_file = &contracts[imported];
    if let Some(origin) = of_file.body.origin.as_ref().filter(|_| has(of_file)) {
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
        let types = types.iter().filter(|ty| has(ty));
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
