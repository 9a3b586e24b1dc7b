//! The types that have something to check: those with a constraint, and those that hold one. A float is one: JSON has no NaN
//! and no infinity. So are dates and timestamps: RFC 3339 has no year of five digits. Decides; never writes.

use crate::model::{Constraints, Contracts, Field, Type, TypeId, TypeKind, Whole};

/// The types of which some values break a rule, by id.
pub(super) fn types(contracts: &Contracts) -> Vec<bool> {
    let mut checked = vec![false; contracts.types.len() + contracts.imported.len()];
    loop {
        let mut more = false;
        for at in 0..checked.len() {
            if !checked[at] && is_checked(contracts, TypeId(at), &checked) {
                checked[at] = true;
                more = true;
            }
        }
        if !more {
            return checked;
        }
    }
}

fn is_checked(contracts: &Contracts, id: TypeId, checked: &[bool]) -> bool {
    let known = |id: TypeId| checked[id.0];
    let limited = |ty, constraints: &Constraints| !constraints.is_empty() || is_limited(ty, &known);
    let ty = &contracts[id];
    match &ty.body.kind {
        TypeKind::Struct(fields) => is_object_limited(fields, &ty.body.whole, &known),
        TypeKind::Union(union) => union.variants.iter().filter_map(|v| v.ty.value).any(known),
        TypeKind::Choice(choice) => {
            let mut all = choice.alternatives.iter();
            all.any(|alternative| limited(&alternative.ty, &alternative.constraints))
        }
        TypeKind::Alias { ty, constraints } => limited(ty, constraints),
        TypeKind::Scalar {
            ty, constraints, ..
        } => limited(ty, constraints),
        TypeKind::Enum(_) | TypeKind::Invalid => false,
    }
}

/// Returns `true` if some objects with these fields break a rule.
pub(super) fn is_object_limited(
    fields: &[Field],
    whole: &Whole,
    known: &dyn Fn(TypeId) -> bool,
) -> bool {
    fields
        .iter()
        .any(|field| !field.constraints.is_empty() || is_limited(&field.ty, known))
        || whole
            .extra
            .as_ref()
            .is_some_and(|extra| is_limited(extra, known))
        || whole.min.is_some()
        || whole.max.is_some()
        || !whole.any_of.is_empty()
}

/// Returns `true` if some values of a type expression break a rule.
pub(super) fn is_limited(ty: &Type, known: &dyn Fn(TypeId) -> bool) -> bool {
    match ty {
        Type::F64 | Type::Date | Type::Timestamp | Type::Null => true,
        Type::List(item) | Type::Map(item) | Type::Nullable(item) => is_limited(item, known),
        Type::Tuple(items) => items.iter().any(|item| is_limited(item, known)),
        Type::Limited(limited) => !limited.1.is_empty() || is_limited(&limited.0, known),
        Type::Named(id) => known(*id),
        _ => false,
    }
}
