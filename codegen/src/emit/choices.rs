//! Values that no tag tells apart, as JSON Schemas have them: a Rust enum and the table for `wire_kinds!` or `wire_choice!`.

use super::scope::Scope;
use super::writer::{Writer, literal};
use super::{about, validate};
use crate::model::{Alternative, By, Choice, Field, Type, TypeId, TypeKind};
use crate::name;

/// One choice.
pub(super) fn ty(w: &mut Writer, scope: &Scope<'_>, id: TypeId, def: &Choice) {
    let ty = &scope.contracts[id];
    let ident = name::type_ident(&ty.name);
    about::ty(w, scope, ty, "The alternatives of");
    w.derive(&["Clone", "Debug", "PartialEq"]);
    w.open(format_args!("pub enum {ident} {{"));
    let mut arms = Vec::new();
    for alternative in &def.alternatives {
        let body = scope.held(id, &alternative.ty);
        let variant = format!("{}({body})", alternative.ident);
        let says = about::constraints(&alternative.constraints);
        let what = describe(scope, alternative);
        match says.as_slice() {
            [] => w.doc(&format!("{what}.")),
            says => w.doc(&format!("{what}: {}.", says.join(", "))),
        }
        w.line(format_args!("{variant},"));
        arms.push(match def.by {
            By::Kind => variant,
            By::Fit => format!("{variant} = {}", fit(scope, &alternative.ty)),
        });
    }
    w.close("}");
    let call = match def.by {
        By::Kind => "wire_kinds",
        By::Fit => "wire_choice",
    };
    w.table(call, &format!("{ident} "), &arms);
    validate::choice(w, scope, id, &ident, def);
}

/// An alternative in a few words.
fn describe(scope: &Scope<'_>, alternative: &Alternative) -> String {
    match &alternative.ty {
        Type::Named(id) => format!("`{}`", scope.contracts[*id].name.value),
        Type::Bool => "A truth value".to_owned(),
        Type::List(_) | Type::Tuple(_) => "A list".to_owned(),
        Type::Map(_) => "An object".to_owned(),
        Type::I32 | Type::I64 | Type::U32 | Type::U64 | Type::F64 => "A number".to_owned(),
        Type::I64OrText => "A number, or its text".to_owned(),
        _ => "A text".to_owned(),
    }
}

/// Returns the arm's check and required members.
fn fit(scope: &Scope<'_>, ty: &Type) -> String {
    let Type::Named(id) = ty else {
        return "unchecked []".to_owned();
    };
    let fields: &[Field] = match &scope.contracts[*id].body.kind {
        TypeKind::Struct(fields) => fields,
        _ => &[],
    };
    let required = fields.iter().filter(|field| field.required());
    let required: Vec<String> = required.map(|field| literal(&field.wire())).collect();
    let check = match scope.uses.checked(*id) {
        true => "checked",
        false => "unchecked",
    };
    format!("{check} [{}]", required.join(", "))
}
