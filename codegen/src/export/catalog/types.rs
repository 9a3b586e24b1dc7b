//! Types: objects, enums, unions, scalars, and what JSON Schemas have beside these.

use std::fmt::Write;

use super::html::{link, prose, text};
use super::index::{Index, User};
use super::links::{event_link, title};
use super::{event, fields, ids};
use crate::model::{Body, Constraints, DomainId, Enum, Type, TypeDef, TypeId, TypeKind, Union};

/// Every type of a domain, or of no domain.
pub(super) fn of_domain(out: &mut String, index: &Index<'_>, domain: Option<DomainId>) {
    for id in index.of_domain(domain) {
        article(out, index, id);
    }
}

/// The types of JSON Schemas to which no contract gives a name.
pub(super) fn imported(out: &mut String, index: &Index<'_>) {
    if index.of_domain(None).next().is_some() {
        out.push_str("<section class=domain aria-labelledby=all-schemas><header><h2 id=all-schemas tabindex=-1>JSON Schemas</h2></header>");
        of_domain(out, index, None);
        out.push_str("</section>");
    }
}

fn article(out: &mut String, index: &Index<'_>, id: TypeId) {
    let ty: &TypeDef = &index.contracts[id];
    let (anchor, of) = (ids::ty(index, id), index.body(id));
    let rows = of.fields().len().max(2);
    let _ = write!(
        out,
        "<article class=ty id=\"{}\" tabindex=-1 data-kind=type data-n=\"{}\" style=\"--h:{}px\">",
        text(&anchor),
        text(&ty.name),
        190 + rows * 58,
    );
    title(out, &kind(&of.kind), &anchor, &ty.name, "");
    let renamed = index.contracts.renamed(&ty.body);
    let behind = renamed.and_then(|id| index.contracts[id].doc.as_deref());
    let doc = ty.doc.as_deref().or(behind);
    let _ = write!(
        out,
        "<div class=doc>{}</div>",
        prose(doc.unwrap_or_default())
    );
    body(out, index, ty.domain, &anchor, of);
    facts(out, index, id);
    out.push_str("</article>");
}

/// The values of an event or a type; `owner` is its id.
pub(super) fn body(out: &mut String, index: &Index<'_>, domain: DomainId, owner: &str, of: &Body) {
    if let Some(origin) = &of.origin {
        let file = text(&origin.file);
        let _ = write!(out, "<p class=note>Described by <code>{file}</code>.</p>");
    }
    match &of.kind {
        TypeKind::Struct(fields) => fields::table(out, index, domain, owner, fields),
        TypeKind::Enum(values) => enumeration(out, values),
        TypeKind::Union(union) => variants(out, index, domain, union),
        TypeKind::Scalar {
            ty,
            constraints,
            as_text,
        } => value(out, index, domain, (ty, constraints), as_text.is_some()),
        TypeKind::Alias { ty, constraints } => {
            value(out, index, domain, (ty, constraints), false);
        }
        TypeKind::Choice(choice) => {
            out.push_str("<ul class=values>");
            for of in &choice.alternatives {
                let shown = fields::type_text(index, domain, &of.ty);
                let _ = write!(out, "<li>{shown}");
            }
            out.push_str("</ul>");
        }
        // Does not get past `check`.
        TypeKind::Invalid => {}
    }
}

fn value(
    out: &mut String,
    index: &Index<'_>,
    domain: DomainId,
    (ty, constraints): (&Type, &Constraints),
    as_text: bool,
) {
    let mut rules = vec![fields::type_text(index, domain, ty)];
    rules.extend(fields::constraints(constraints));
    rules.extend(as_text.then(|| "sent as text".to_owned()));
    fields::rule_list(out, &rules);
}

fn kind(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Struct(_) => "Type".to_owned(),
        TypeKind::Enum(values) if values.closed => "Type · closed enum".to_owned(),
        TypeKind::Enum(_) => "Type · open enum".to_owned(),
        TypeKind::Union(union) if union.closed => "Type · closed union".to_owned(),
        TypeKind::Union(_) => "Type · open union".to_owned(),
        TypeKind::Scalar { .. } => "Type · scalar".to_owned(),
        TypeKind::Choice(_) => "Type · one of several".to_owned(),
        TypeKind::Alias { .. } | TypeKind::Invalid => "Type".to_owned(),
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
            fields::type_text(index, domain, &Type::Named(ty)),
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
        && let TypeKind::Union(of) = &index.body(union).kind
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
