//! Tagged unions: a Rust enum and the table of its tags for `wire_union!`.

use super::about;
use super::scope::Scope;
use super::validate;
use super::writer::{Writer, literal};
use crate::model::{Type, TypeId, Union};
use crate::name;

/// One union.
pub(super) fn ty(w: &mut Writer, scope: &Scope<'_>, id: TypeId, def: &Union) {
    let ty = &scope.contracts[id];
    let ident = name::type_ident(&ty.name);
    match &ty.doc {
        Some(doc) => w.doc(doc),
        None => w.doc(&format!(
            "The variants of {}, told apart by `{}`.",
            about::named(scope, ty),
            def.tag.value
        )),
    }
    let idents = def.idents();
    let unknown = name::unknown_ident(&idents);
    let variants: Vec<VariantLine> = def
        .variants
        .iter()
        .zip(idents)
        .filter_map(|(variant, ident)| {
            Some(VariantLine {
                ident,
                ty: scope.held(id, &Type::Named(variant.ty.value?)),
                tag: literal(&variant.tag),
            })
        })
        .collect();
    w.derive(&["Clone", "Debug", "PartialEq"]);
    w.open(format_args!("pub enum {ident} {{"));
    for variant in &variants {
        w.doc(&format!("`{}`", variant.tag));
        w.line(format_args!("{}({}),", variant.ident, variant.ty));
    }
    if !def.closed {
        w.doc("A variant that this build does not know; kept, and written back unchanged.");
        w.line(format_args!("{unknown}(event_runtime::UnknownVariant),"));
    }
    w.close("}");
    let mode = if def.closed {
        "closed".to_owned()
    } else {
        format!("open({unknown})")
    };
    let arms = variants
        .iter()
        .map(|v| format!("{}({}) = {}", v.ident, v.ty, v.tag));
    let head = format!("{ident}, tag = {}, {mode} ", literal(&def.tag));
    w.table("wire_union", &head, &arms.collect::<Vec<_>>());
    validate::union(w, scope, &ident, def);
}

/// One variant as it is written.
struct VariantLine {
    ident: String,
    ty: String,
    tag: String,
}
