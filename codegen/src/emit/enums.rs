//! Enums: a Rust enum and the table of its wire texts for `wire_enum!`.

use super::about;
use super::scope::{Prelude, Scope};
use super::writer::{Writer, literal};
use crate::model::{Enum, TypeId};
use crate::name;

/// One enum.
pub(super) fn ty(w: &mut Writer, scope: &Scope<'_>, id: TypeId, def: &Enum) {
    let ty = &scope.contracts[id];
    let ident = name::type_ident(&ty.name);
    about::ty(w, scope, ty, "The values of");
    match ty.body.origin {
        // What no text of its own can come to.
        Some(_) if def.closed => w.derive(&[
            "Clone",
            "Copy",
            "Debug",
            "PartialEq",
            "Eq",
            "PartialOrd",
            "Ord",
            "Hash",
        ]),
        _ => w.derive(&["Clone", "Debug", "PartialEq", "Eq", "Hash"]),
    }
    w.open(format_args!("pub enum {ident} {{"));
    let idents = def.idents();
    for (value, ident) in def.values.iter().zip(&idents) {
        w.doc(&format!("`{}`", literal(value)));
        w.line(format_args!("{ident},"));
    }
    let unknown = name::unknown_ident(&idents);
    if !def.closed {
        w.doc("A value that this build does not know; kept, and written back unchanged.");
        w.line(format_args!(
            "{unknown}({}),",
            scope.prelude(Prelude::String)
        ));
    }
    w.close("}");
    let mode = if def.closed {
        "closed".to_owned()
    } else {
        format!("open({unknown})")
    };
    let values = def.values.iter().zip(idents);
    let arms = values.map(|(value, ident)| format!("{ident} = {}", literal(value)));
    let head = format!("{ident}, {mode} ");
    w.table("wire_enum", &head, &arms.collect::<Vec<_>>());
}
