//! Named scalars: a Rust alias, whose constraints are checked where it is used ([`super::validate`]). And other types under a
//! name of their own, as JSON Schemas have them: a struct around one value, for it may hold itself.

use super::scope::Scope;
use super::writer::Writer;
use super::{about, validate};
use crate::model::{Constraints, Type, TypeId, TypeKind};
use crate::name;

/// One named scalar.
pub(super) fn ty(w: &mut Writer, scope: &Scope<'_>, id: TypeId, scalar: &Type) {
    let ty = &scope.contracts[id];
    let mut text = match &ty.doc {
        Some(doc) => doc.trim_end().to_owned(),
        None => format!("The scalar `{}`.", scope.contracts.type_name(ty)),
    };
    if let TypeKind::Scalar { constraints, .. } = &ty.body.kind {
        let says = about::constraints(constraints);
        if !says.is_empty() {
            text.push_str(&format!("\n\nEach value: {}.", says.join(", ")));
        }
    }
    w.doc(&text);
    w.line(format_args!(
        "pub type {} = {};",
        name::type_ident(&ty.name),
        scope.ty(scalar)
    ));
}

/// One value under a name of its own.
pub(super) fn alias(
    w: &mut Writer,
    scope: &Scope<'_>,
    id: TypeId,
    value: &Type,
    constraints: &Constraints,
) {
    let ty = &scope.contracts[id];
    let (ident, held) = (name::type_ident(&ty.name), scope.held(id, value));
    about::ty(w, scope, ty, "The value");
    w.derive(&["Clone", "Debug", "PartialEq"]);
    w.line(format_args!("pub struct {ident}(pub {held});"));
    w.line(format_args!(
        "event_runtime::wire_newtype!({ident}({held}));"
    ));
    validate::around(w, scope, id, &ident, "self.0", value, constraints);
}
