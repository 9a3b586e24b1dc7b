//! The types of a domain: objects, enums, unions, scalars and imported schemas.

use std::fmt::Write;

use super::html::{link, prose, text};
use super::index::{Index, User};
use super::links::{event_link, title};
use super::{event, fields, ids};
use crate::model::{DomainId, Enum, TypeDef, TypeId, TypeKind, Union};

/// Every type of a domain.
pub(super) fn of_domain(out: &mut String, index: &Index<'_>, domain: DomainId) {
    for id in index
        .types()
        .filter(|id| index.contracts[*id].domain == domain)
    {
        article(out, index, id);
    }
}

fn article(out: &mut String, index: &Index<'_>, id: TypeId) {
    let ty: &TypeDef = &index.contracts[id];
    let anchor = ids::ty(index, id);
    let rows = match &ty.kind {
        TypeKind::Struct(fields) => fields.len(),
        _ => 2,
    };
    let _ = write!(
        out,
        "<article class=ty id=\"{}\" tabindex=-1 data-kind=type data-n=\"{}\" style=\"--h:{}px\">",
        text(&anchor),
        text(&ty.name),
        190 + rows * 58,
    );
    title(out, &kind(&ty.kind), &anchor, &ty.name, "");
    let _ = write!(
        out,
        "<div class=doc>{}</div>",
        prose(ty.doc.as_deref().unwrap_or_default())
    );
    match &ty.kind {
        TypeKind::Struct(fields) => fields::table(out, index, ty.domain, &anchor, fields),
        TypeKind::Enum(values) => enumeration(out, values),
        TypeKind::Union(union) => variants(out, index, ty.domain, union),
        TypeKind::Scalar {
            ty,
            constraints,
            as_text,
        } => {
            let mut rules = vec![format!("<code>{}</code>", fields::scalar_name(ty))];
            rules.extend(fields::constraints(constraints));
            rules.extend(as_text.map(|_| "sent as text".to_owned()));
            fields::rule_list(out, &rules);
        }
        TypeKind::Schema(path) => {
            let _ = write!(
                out,
                "<p class=note>Described by <code>{}</code>.</p>",
                text(path)
            );
            let members = index
                .contracts
                .import(path)
                .map_or(&[][..], |import| &import.fields);
            if !members.is_empty() {
                fields::table(out, index, ty.domain, &anchor, members);
            }
        }
        // No declared types, or does not get past `check`.
        TypeKind::Choice(_) | TypeKind::Alias { .. } | TypeKind::Invalid => {}
    }
    facts(out, index, id);
    out.push_str("</article>");
}

fn kind(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Struct(_) => "Type".to_owned(),
        TypeKind::Enum(values) if values.closed => "Type · closed enum".to_owned(),
        TypeKind::Enum(_) => "Type · open enum".to_owned(),
        TypeKind::Union(union) if union.closed => "Type · closed union".to_owned(),
        TypeKind::Union(_) => "Type · open union".to_owned(),
        TypeKind::Scalar { .. } => "Type · scalar".to_owned(),
        TypeKind::Schema(_) | TypeKind::Choice(_) | TypeKind::Alias { .. } | TypeKind::Invalid => {
            "Type · JSON Schema".to_owned()
        }
    }
}

fn enumeration(out: &mut String, values: &Enum) {
    out.push_str("<ul class=values>");
    for value in &values.values {
        let shown = if value.is_empty() {
            "(empty)".to_owned()
        } else {
            text(value).to_string()
        };
        let _ = write!(out, "<li><code>{shown}</code>");
    }
    out.push_str("</ul>");
    out.push_str(if values.closed {
        "<p class=quiet>Readers refuse any other value.</p>"
    } else {
        "<p class=quiet>There may be more one day: readers keep a value that they do not know.</p>"
    });
}

fn variants(out: &mut String, index: &Index<'_>, domain: DomainId, union: &Union) {
    let _ = write!(
        out,
        "<table class=fields><thead><tr><th scope=col><code>{}</code><th scope=col>Type<th scope=col>Meaning</tr></thead><tbody>",
        text(&union.tag)
    );
    for variant in &union.variants {
        let Some(ty) = variant.ty.value else { continue };
        let _ = write!(
            out,
            "<tr><th scope=row><code>{}</code><td class=type>{}<td>{}</tr>",
            text(&variant.tag),
            fields::type_text(index, domain, &crate::model::Type::Named(ty)),
            prose(index.contracts[ty].doc.as_deref().unwrap_or_default()),
        );
    }
    out.push_str("</tbody></table>");
    out.push_str(if union.closed {
        "<p class=quiet>Readers refuse any other variant.</p>"
    } else {
        "<p class=quiet>There may be more one day: readers keep a variant that they do not know.</p>"
    });
}

fn facts(out: &mut String, index: &Index<'_>, id: TypeId) {
    let ty: &TypeDef = &index.contracts[id];
    let mut facts = Vec::new();
    if let Some((union, at)) = index.variant_of(id)
        && let TypeKind::Union(of) = &index.contracts[union].kind
    {
        let name = type_link(index, union);
        let variant = text(&of.variants[at].tag).to_string();
        facts.push((
            "Variant of",
            format!(
                "{name}, when <code>{}</code> is <code>{variant}</code>",
                text(&of.tag)
            ),
        ));
    }
    let users = index.users(id).iter().map(|user| match user {
        User::Event(id) => event_link(index, *id),
        User::Type(id) => type_link(index, *id),
    });
    let users: Vec<String> = users.collect();
    if !users.is_empty() {
        facts.push(("Used in", users.join(" ")));
    }
    if !ty.reserved.is_empty() {
        let names = ty
            .reserved
            .iter()
            .map(|name| format!("<code>{}</code>", text(name)));
        facts.push(("Never again", names.collect::<Vec<_>>().join(" ")));
    }
    event::list(out, &facts);
}

fn type_link(index: &Index<'_>, id: TypeId) -> String {
    let name = text(&index.contracts[id].name).to_string();
    format!(
        "<a class=typ href=\"{}\">{name}</a>",
        link(&ids::ty(index, id))
    )
}
