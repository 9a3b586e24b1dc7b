//! Rules about types: integers that JavaScript cannot hold, empty enums, and what a union's variant may be.

use std::collections::HashMap;

use super::gaps::Gaps;
use super::shape::{self, TypeForm};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Constraints, Contracts, Number, Type, TypeId, TypeKind};
use crate::source::{Span, Spanned};

/// The largest integer up to which JavaScript tells every integer from its neighbours: 2^53 − 1.
const SAFE: i128 = 9_007_199_254_740_991;

/// `wide-integer`: an i64 or u64 without bounds that JavaScript can hold.
pub(super) fn wide_integers(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let gaps = Gaps::new(contracts, diagnostics);
    for field in shape::field_lists(contracts).flatten() {
        let (inner, nested) = shape::element(&field.ty);
        if nested {
            // Constraints are the list's own: only a named scalar can bound the elements.
            if matches!(inner, Type::I64 | Type::U64) {
                diagnostics.push(wide_element(&field.ty, inner));
            }
        } else if field.as_text.is_none()
            && matches!(inner, Type::I64 | Type::U64)
            && !gaps.in_table(field.name.span)
        {
            wide(&field.ty, &field.constraints, diagnostics);
        }
    }
    for def in &contracts.types {
        if let TypeKind::Scalar {
            ty,
            constraints,
            as_text: None,
        } = &def.body.kind
            && !gaps.in_table(def.name.span)
        {
            wide(ty, constraints, diagnostics);
        }
    }
}

fn wide(ty: &Spanned<Type>, constraints: &Constraints, diagnostics: &mut Diagnostics) {
    let (name, low) = match ty.value {
        Type::I64 => ("i64", -SAFE),
        Type::U64 => ("u64", 0),
        _ => return,
    };
    // Absent, the bound is the type's own: the lower one of u64 is 0.
    let outside = |bound: &Option<Spanned<Number>>, absent: bool| match bound {
        None => absent,
        Some(bound) => match bound.value {
            Number::Integer(n) => !(-SAFE..=SAFE).contains(&n),
            Number::Float(_) => false, // reported as a bad bound
        },
    };
    let below = outside(&constraints.min, ty.value == Type::I64);
    let above = outside(&constraints.max, true);
    if !below && !above {
        return;
    }
    let lacking = match (below, above) {
        (true, true) => "has no bounds",
        (true, false) => "has no lower bound",
        (false, _) => "has no upper bound",
    };
    let wanted = match (below, above) {
        (true, true) => format!("`min = {low}, max = {SAFE}`"),
        (true, false) => format!("`min = {low}`"),
        (false, _) => format!("`max = {SAFE}`"),
    };
    let mut diagnostic = Diagnostic::new(
        Code::WideInteger,
        ty.span,
        format!("this {name} {lacking} that JavaScript represents exactly"),
    )
    .label("numbers beyond 2^53 − 1 lose precision")
    .help(format!(
        "add {wanted} or closer bounds, or `encoding = \"string\"` to send it as text"
    ));
    for bound in [&constraints.min, &constraints.max].into_iter().flatten() {
        if matches!(bound.value, Number::Integer(n) if !(-SAFE..=SAFE).contains(&n)) {
            diagnostic = diagnostic.related(bound.span, "beyond ±(2^53 − 1)");
        }
    }
    diagnostics.push(diagnostic);
}

fn wide_element(ty: &Spanned<Type>, inner: &Type) -> Diagnostic {
    let (name, bounds) = match inner {
        Type::U64 => ("u64", format!("max = {SAFE}")),
        _ => ("i64", format!("min = {}, max = {SAFE}", -SAFE)),
    };
    Diagnostic::new(
        Code::WideInteger,
        ty.span,
        format!("the {name} inside has no bounds that JavaScript represents exactly"),
    )
    .label("numbers beyond 2^53 − 1 lose precision")
    .help(format!(
        "constrain elements with a named scalar: [types.Count] with `type = \"{name}\", {bounds}`, and `Count` here"
    ))
}

/// `empty-enum`: an enum or union that no value can have.
pub(super) fn empty(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let gaps = Gaps::new(contracts, diagnostics);
    for def in &contracts.types {
        let (what, lacks, help) = match &def.body.kind {
            TypeKind::Enum(values) if values.values.is_empty() => (
                "enum",
                "values",
                "list its values: `enum = [\"first\", \"second\"]`",
            ),
            TypeKind::Union(union) if union.variants.is_empty() => (
                "union",
                "variants",
                "list its variants in a `union` table: `kind = \"TypeOfTheVariant\"`",
            ),
            _ => continue,
        };
        if gaps.in_table(def.name.span) {
            continue;
        }
        diagnostics.push(
            Diagnostic::new(
                Code::EmptyEnum,
                def.name.span,
                format!("the {what} \"{}\" has no {lacks}", def.name.value),
            )
            .label("no value is possible")
            .help(help),
        );
    }
}

/// `bad-variant`: a variant that is no type with fields, or that is used elsewhere too.
pub(super) fn variants(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let uses = uses(contracts);
    for def in &contracts.types {
        let TypeKind::Union(union) = &def.body.kind else {
            continue;
        };
        for variant in &union.variants {
            let Some(id) = variant.ty.value else { continue };
            let target = &contracts[id];
            if let Some(what) = not_fields(contracts, id) {
                diagnostics.push(
                    Diagnostic::new(
                        Code::BadVariant,
                        variant.ty.span,
                        format!(
                            "the variant \"{}\" of \"{}\" is {what}",
                            variant.tag.value, def.name.value
                        ),
                    )
                    .label("a variant needs fields, because the tag is one of its members")
                    .related(target.name.span, "declared here")
                    .help(format!(
                        "name a type with `fields`, for example one with a single field of type \"{}\"",
                        target.name.value
                    )),
                );
            } else if let Some(other) = other_use(&uses, id, variant.ty.span) {
                diagnostics.push(
                    Diagnostic::new(
                        Code::BadVariant,
                        variant.ty.span,
                        format!(
                            "the variant type \"{}\" is used elsewhere too",
                            target.name.value
                        ),
                    )
                    .label("it has a tag on the wire here, and none there")
                    .related(other, "also used here")
                    .help(
                        "give the variant a type of its own; both may share a third type in a field",
                    ),
                );
            }
        }
    }
}

/// What a type is when it is no type with fields.
fn not_fields(contracts: &Contracts, id: TypeId) -> Option<String> {
    match &contracts[id].body.kind {
        TypeKind::Struct(_) | TypeKind::Invalid => None,
        TypeKind::Enum(_) => Some("an enum".to_owned()),
        TypeKind::Union(_) => Some("a union itself".to_owned()),
        TypeKind::Choice(_) | TypeKind::Alias { .. } => {
            Some("a type from a JSON Schema".to_owned())
        }
        TypeKind::Scalar { ty, .. } => match shape::resolve(contracts, ty).shape {
            TypeForm::Poison => None,
            shape => Some(format!("{} with a name", shape.describe())),
        },
    }
}

/// Place where each type is used: the first field and the first variant.
#[derive(Clone, Copy, Default)]
struct Uses {
    field: Option<Span>,
    variant: Option<Span>,
}

fn uses(contracts: &Contracts) -> HashMap<TypeId, Uses> {
    let mut uses: HashMap<TypeId, Uses> = HashMap::new();
    for field in shape::field_lists(contracts).flatten() {
        if let Some(id) = shape::named(&field.ty) {
            uses.entry(id)
                .or_default()
                .field
                .get_or_insert(field.ty.span);
        }
    }
    for def in &contracts.types {
        if let TypeKind::Union(union) = &def.body.kind {
            for variant in &union.variants {
                if let Some(id) = variant.ty.value {
                    let first = &mut uses.entry(id).or_default().variant;
                    first.get_or_insert(variant.ty.span);
                }
            }
        }
    }
    uses
}

/// Another use than the variant here. Of two variants only the second one is told about the first.
fn other_use(uses: &HashMap<TypeId, Uses>, id: TypeId, here: Span) -> Option<Span> {
    let uses = uses.get(&id)?;
    uses.field.or(uses.variant.filter(|&first| first != here))
}

/// `tag-field`: a variant's field would be written where the tag is.
pub(super) fn tag_fields(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for def in &contracts.types {
        let TypeKind::Union(union) = &def.body.kind else {
            continue;
        };
        for variant in &union.variants {
            let Some(id) = variant.ty.value else { continue };
            let TypeKind::Struct(fields) = &contracts[id].body.kind else {
                continue;
            };
            let tag = &union.tag.value;
            for field in fields {
                let alias = field.alias.as_ref().filter(|alias| alias.value == *tag);
                let place = match alias {
                    Some(alias) => alias.span,
                    None if field.wire() == *tag => {
                        field.rename.as_ref().unwrap_or(&field.name).span
                    }
                    None => continue,
                };
                diagnostics.push(
                    Diagnostic::new(
                        Code::TagField,
                        place,
                        format!(
                            "a field of \"{}\" has the name of the tag of \"{}\"",
                            contracts[id].name.value, def.name.value
                        ),
                    )
                    .label(format!("also \"{tag}\" on the wire"))
                    .related(union.tag.span, "the tag")
                    .related(variant.ty.span, "used as a variant here")
                    .help("give the field or the tag another name"),
                );
            }
        }
    }
}
