//! Named scalars: a Rust alias. What a value must fulfil is checked where it is used ([`super::validate`]).

use super::scope::Scope;
use super::writer::Writer;
use crate::model::{Type, TypeId};
use crate::name;

/// One named scalar.
pub(super) fn ty(w: &mut Writer, scope: &Scope<'_>, id: TypeId, scalar: &Type) {
    let ty = &scope.contracts[id];
    match &ty.doc {
        Some(doc) => w.doc(doc),
        None => w.doc(&format!("The scalar `{}`.", scope.contracts.type_name(ty))),
    }
    w.line(format_args!(
        "pub type {} = {};",
        name::type_ident(&ty.name),
        scope.ty(scalar)
    ));
}
