//! Rules about what the wire and generated Rust call fields and values.

use std::collections::HashMap;

use super::names::Taken;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, unknown};
use crate::model::{Contracts, Field, Names, TypeDef, TypeKind};
use crate::name;
use crate::source::{Span, Spanned};

/// Everything that has fields: what it is called, the fields, and the names that are reserved there.
fn owners(contracts: &Contracts) -> impl Iterator<Item = (&str, &[Field], &[Spanned<String>])> {
    let events = contracts.events.iter().map(|event| {
        let fields = event.body.declared();
        (event.name.value.as_str(), fields, event.reserved.as_slice())
    });
    let types = contracts
        .types
        .iter()
        .filter_map(|def| match &def.body.kind {
            TypeKind::Struct(fields) => Some((
                def.name.value.as_str(),
                fields.as_slice(),
                def.reserved.as_slice(),
            )),
            _ => None,
        });
    events.chain(types)
}

/// A name by which a field is known on the wire.
struct Known<'a> {
    name: String,
    place: Span,
    field: &'a Field,
    alias: bool,
}

fn known(field: &Field) -> impl Iterator<Item = Known<'_>> {
    let now = Known {
        name: field.wire(),
        place: field.rename.as_ref().unwrap_or(&field.name).span,
        field,
        alias: false,
    };
    let before = field.alias.as_ref().map(|alias| Known {
        name: alias.value.clone(),
        place: alias.span,
        field,
        alias: true,
    });
    std::iter::once(now).chain(before)
}

/// `name-collision`: two fields that are one in Rust or on the wire.
pub(super) fn fields(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for (_, fields, _) in owners(contracts) {
        // Sorted and not hashed: there are many short lists, and build scripts run without optimisation. A name comes
        // before an equal alias, as it has the better right; the sort keeps the contract's order otherwise.
        let mut names: Vec<Known<'_>> = fields.iter().flat_map(known).collect();
        names.sort_by(|a, b| (&a.name, a.alias).cmp(&(&b.name, b.alias)));
        for same in names.chunk_by(|a, b| a.name == b.name) {
            if let Some((first, others)) = same.split_first() {
                for other in others {
                    collision(first, other, diagnostics);
                }
            }
        }
        idents(fields, diagnostics);
    }
}

/// `self` becomes `self_`, which may be there already. Every other field is its own identifier.
fn idents(fields: &[Field], diagnostics: &mut Diagnostics) {
    for field in fields {
        let name = field.name.value.as_str();
        if !matches!(name, "self" | "super" | "crate") {
            continue;
        }
        let ident = name::field_ident(name);
        let mut taken = Taken::default();
        for one in fields {
            // Most are one name on the wire too, which has been said.
            let other = one.name.value == ident && one.wire() != field.wire();
            if other || one.name.value == name {
                taken.take(
                    ident.clone(),
                    "the field",
                    &one.name,
                    one.name.span,
                    diagnostics,
                );
            }
        }
    }
}

fn collision(first: &Known<'_>, second: &Known<'_>, diagnostics: &mut Diagnostics) {
    let (one, two) = (&first.field.name.value, &second.field.name.value);
    if one == two && !second.alias {
        return; // one name twice, which the front end has reported
    }
    let diagnostic = if one == two {
        Diagnostic::new(
            Code::NameCollision,
            second.place,
            format!("the alias of \"{one}\" is its own wire name"),
        )
        .related(first.place, "already read from this")
        .help("remove the alias, or write the older wire name")
    } else {
        let role = if second.alias {
            "the alias of"
        } else {
            "the field"
        };
        Diagnostic::new(
            Code::NameCollision,
            second.place,
            format!(
                "{role} \"{two}\" and the field \"{one}\" would both be \"{}\" on the wire",
                second.name
            ),
        )
        .label("second use of the name")
        .related(first.place, "first used here")
        .help(if second.alias {
            "an alias is an older name that no other field has"
        } else {
            "rename one of the fields, or give it another wire name with `rename`"
        })
    };
    diagnostics.push(diagnostic);
}

/// `name-collision`: two values of an enum, or variants of a union, that are one in Rust.
pub(super) fn values(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for def in &contracts.types {
        let (idents, names) = match &def.body.kind {
            TypeKind::Enum(values) => (values.idents(), &values.names),
            TypeKind::Union(union) => (union.idents(), &union.names),
            _ => continue,
        };
        let texts = texts(def);
        unknown_names(&texts, names, diagnostics);
        if name::is_each_another(&idents) {
            continue;
        }
        let owner = name::type_ident(&def.name);
        let mut taken = Taken::default();
        for ((what, value), ident) in texts.into_iter().zip(idents) {
            let ident = format!("{owner}::{ident}");
            taken.take(ident, what, &value.value, value.span, diagnostics);
        }
    }
}

/// `unknown-key`: a name for a value that is not there.
fn unknown_names(
    texts: &[(&'static str, &Spanned<String>)],
    names: &Names,
    diagnostics: &mut Diagnostics,
) {
    for (text, _) in names {
        if !texts.iter().any(|(_, value)| value.value == text.value) {
            let known = texts.iter().map(|(_, value)| value.value.as_str());
            diagnostics.push(unknown(Code::UnknownKey, "value", text, known));
        }
    }
}

/// The texts that tell the values of an enum or the variants of a union apart.
fn texts(def: &TypeDef) -> Vec<(&'static str, &Spanned<String>)> {
    match &def.body.kind {
        TypeKind::Enum(values) => values
            .values
            .iter()
            .map(|value| ("the value", value))
            .collect(),
        TypeKind::Union(union) => {
            let variants = union.variants.iter();
            variants
                .map(|variant| ("the variant", &variant.tag))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// `duplicate-value`: a value twice in a list that must not repeat.
pub(super) fn repeated(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for def in &contracts.types {
        if let TypeKind::Enum(values) = &def.body.kind {
            once(
                values.values.iter().map(|v| (v.span, v.value.as_str(), v)),
                diagnostics,
            );
        }
        once(
            def.reserved.iter().map(|v| (v.span, v.value.as_str(), v)),
            diagnostics,
        );
    }
    for event in &contracts.events {
        once(
            event.reserved.iter().map(|v| (v.span, v.value.as_str(), v)),
            diagnostics,
        );
    }
    for service in &contracts.services {
        for list in [&service.publishes, &service.subscribes] {
            // By what is meant, not by how it is written: `A` and `domain.A` are one event.
            let events = list
                .iter()
                .filter_map(|named| Some((named.span, named.value?)));
            once(
                events.map(|(span, id)| (span, id, &contracts[id].name)),
                diagnostics,
            );
        }
    }
}

fn once<'a, K: std::hash::Hash + Eq>(
    list: impl Iterator<Item = (Span, K, &'a Spanned<String>)>,
    diagnostics: &mut Diagnostics,
) {
    let mut seen = HashMap::new();
    for (place, key, name) in list {
        match seen.get(&key) {
            Some(first) => diagnostics.push(
                Diagnostic::new(
                    Code::DuplicateValue,
                    place,
                    format!("\"{}\" stands twice in this list", name.value),
                )
                .label("second time")
                .related(*first, "first used here")
                .help("remove one of them"),
            ),
            None => {
                seen.insert(key, place);
            }
        }
    }
}

/// `reserved-field`: a field, value or variant has a name that `reserved` keeps out of use.
pub(super) fn reserved(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for (owner, fields, reserved) in owners(contracts) {
        if reserved.is_empty() {
            continue;
        }
        for one in fields.iter().flat_map(known) {
            let what = if one.alias { "alias" } else { "wire name" };
            let help = if one.alias {
                "the alias keeps the name in use already: remove it from `reserved`"
            } else {
                "an older message may have it with another meaning: choose a name that was never used"
            };
            keep_out(
                (what, owner, help),
                &one.name,
                one.place,
                reserved,
                diagnostics,
            );
        }
    }
    for def in &contracts.types {
        for (_, value) in texts(def) {
            let help = "an older message may have it with another meaning: choose a value that was never used";
            let about = ("value", def.name.value.as_str(), help);
            keep_out(about, &value.value, value.span, &def.reserved, diagnostics);
        }
    }
}

fn keep_out(
    (what, owner, help): (&str, &str, &str),
    name: &str,
    place: Span,
    reserved: &[Spanned<String>],
    diagnostics: &mut Diagnostics,
) {
    if let Some(kept) = reserved.iter().find(|kept| kept.value == name) {
        diagnostics.push(
            Diagnostic::new(
                Code::ReservedField,
                place,
                format!("the {what} \"{name}\" of \"{owner}\" is reserved"),
            )
            .related(kept.span, "kept out of use here")
            .help(help),
        );
    }
}
