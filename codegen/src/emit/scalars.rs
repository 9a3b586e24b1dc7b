//! Named scalars: a Rust alias. What a value must fulfil is checked where it is used ([`super::validate`]).

use super::about;
use super::scope::Scope;
use super::writer::Writer;
use crate::model::{Type, TypeId, TypeKind};
use crate::name;

/// One named scalar.
pub(super) fn ty(w: &mut Writer, scope: &Scope<'_>, id: TypeId, scalar: &Type) {
    let ty = &scope.contracts[id];
    let mut text = match &ty.doc {
        Some(doc) => doc.trim_end().to_owned(),
        None => format!("The scalar `{}`.", scope.contracts.type_name(ty)),
    };
    if let TypeKind::Scalar { constraints, .. } = &ty.kind {
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
