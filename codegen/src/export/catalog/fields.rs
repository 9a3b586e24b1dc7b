//! The fields of events and types: a table of wire names, types, rules and words.

use std::fmt::Write;

use super::html::{inline, link, prose, text};
use super::ids;
use super::index::Index;
use super::json;
use crate::model::{Constraints, DomainId, Field, Number, Type};
use crate::source::Spanned;

/// A table of fields. `owner` is the id of the event or type; each row has an id below it.
pub(super) fn table(
    out: &mut String,
    index: &Index<'_>,
    domain: DomainId,
    owner: &str,
    fields: &[Field],
) {
    if fields.is_empty() {
        out.push_str("<p class=none>No fields: the message says all by having been sent.</p>");
        return;
    }
    out.push_str(
        "<table class=fields><thead><tr><th scope=col>Field<th scope=col>Type<th scope=col>Meaning</tr></thead><tbody>",
    );
    for field in fields {
        row(out, index, domain, owner, field);
    }
    out.push_str("</tbody></table>");
}

fn row(out: &mut String, index: &Index<'_>, domain: DomainId, owner: &str, field: &Field) {
    let id = format!("{owner}.{}", field.name.value);
    let presence = match (&field.default, field.optional) {
        (Some(_), _) => "<span class=opt>has a default</span>",
        (None, true) => "<span class=opt>optional</span>",
        (None, false) => "<span class=req>required</span>",
    };
    let old = if field.deprecated.is_some() {
        " class=old"
    } else {
        ""
    };
    let _ = write!(
        out,
        "<tr id=\"{}\"{old}><th scope=row><a class=self href=\"{}\"><code>{}</code></a>{presence}<td class=type>{}<td>",
        text(&id),
        link(&id),
        text(&field.wire()),
        type_text(index, domain, &field.ty),
    );
    if let Some(instead) = &field.deprecated {
        let _ = write!(
            out,
            "<p class=warn><b>Deprecated.</b> {}</p>",
            inline(instead)
        );
    }
    out.push_str(&prose(field.doc.as_deref().unwrap_or_default()));
    let mut rules = constraints(&field.constraints);
    if field.as_text.is_some() {
        rules.push("sent as text".to_owned());
    }
    if let Some(default) = &field.default {
        rules.push(format!(
            "absent, it is <code>{}</code>",
            text(&json::value(default).to_compact())
        ));
    }
    if let Some(alias) = &field.alias {
        rules.push(format!("older messages: <code>{}</code>", text(alias)));
    }
    if field.sensitive.is_some() {
        rules.push("<b>sensitive</b>: never printed".to_owned());
    }
    rule_list(out, &rules);
    out.push_str("</tr>");
}

/// A list of short rules, each already HTML.
pub(super) fn rule_list(out: &mut String, rules: &[String]) {
    if !rules.is_empty() {
        out.push_str("<ul class=rules>");
        for rule in rules {
            let _ = write!(out, "<li>{rule}");
        }
        out.push_str("</ul>");
    }
}

/// A type expression with links to the types that it names; those of other domains with their domain.
pub(super) fn type_text(index: &Index<'_>, domain: DomainId, ty: &Type) -> String {
    format!("<code>{}</code>", inner(index, domain, ty))
}

fn inner(index: &Index<'_>, domain: DomainId, ty: &Type) -> String {
    // Written from outside in: a type can be nested as deep as a contract likes.
    let (mut before, mut after) = (String::new(), String::new());
    let mut ty = ty;
    loop {
        match ty {
            Type::List(inner) => {
                before.push_str("list<wbr>&lt;");
                after.insert_str(0, "&gt;");
                ty = inner;
            }
            Type::Map(inner) => {
                before.push_str("map<wbr>&lt;");
                after.insert_str(0, "&gt;");
                ty = inner;
            }
            Type::Nullable(inner) => {
                after.insert_str(0, " or null");
                ty = inner;
            }
            Type::Limited(limited) => ty = &limited.0,
            _ => break,
        }
    }
    let core = match ty {
        Type::Tuple(items) => {
            let items = items.iter().map(|item| inner(index, domain, item));
            format!("tuple<wbr>&lt;{}&gt;", items.collect::<Vec<_>>().join(", "))
        }
        Type::Named(id) => {
            let id = index.page(*id);
            let named = &index.contracts[id];
            let name = if named.domain == domain || named.body.origin.is_some() {
                named.name.value.clone()
            } else {
                index.contracts.type_name(named)
            };
            let id = ids::ty(index, id);
            format!("<a href=\"{}\">{}</a>", link(&id), breakable(&name))
        }
        scalar => scalar_name(scalar).to_owned(),
    };
    format!("{before}{core}{after}")
}

/// A dotted name that may be broken after its dots.
pub(super) fn breakable(name: &str) -> String {
    text(name).to_string().replace('.', ".<wbr>")
}

/// A scalar as the contract language writes it.
fn scalar_name(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "bool",
        Type::String => "string",
        Type::I32 => "i32",
        Type::I64 => "i64",
        Type::U32 => "u32",
        Type::U64 => "u64",
        Type::F64 => "f64",
        Type::Decimal => "decimal",
        Type::Uuid => "uuid",
        Type::Timestamp => "timestamp",
        Type::Date => "date",
        Type::Duration => "duration",
        Type::Bytes => "bytes",
        Type::Null => "null",
        Type::I64OrText => "i64 or its text",
        Type::Nullable(inner) => scalar_name(inner),
        Type::Limited(limited) => scalar_name(&limited.0),
        Type::Json
        | Type::Any
        | Type::List(_)
        | Type::Tuple(_)
        | Type::Map(_)
        | Type::Named(_)
        | Type::Invalid => "json",
    }
}

/// What constraints say, as HTML.
pub(super) fn constraints(constraints: &Constraints) -> Vec<String> {
    let bound = |number: &Spanned<Number>| number.value.to_string();
    let mut rules = Vec::new();
    rules.extend(match (&constraints.min, &constraints.max) {
        (Some(min), Some(max)) => Some(format!("{} to {}", bound(min), bound(max))),
        (Some(min), None) => Some(format!("at least {}", bound(min))),
        (None, Some(max)) => Some(format!("at most {}", bound(max))),
        (None, None) => None,
    });
    rules.extend(range(
        &constraints.min_length,
        &constraints.max_length,
        "character",
    ));
    rules.extend(range(
        &constraints.min_items,
        &constraints.max_items,
        "item",
    ));
    let patterns = constraints.pattern.iter().map(|pattern| &pattern.value);
    for pattern in patterns.chain(&constraints.ecma) {
        rules.push(format!("matches <code>{}</code>", text(pattern)));
    }
    rules.extend(constraints.above.map(|bound| format!("above {bound}")));
    rules.extend(constraints.below.map(|bound| format!("below {bound}")));
    rules.extend(
        constraints
            .multiple_of
            .map(|step| format!("a multiple of {step}")),
    );
    if let Some(only) = &constraints.only {
        let only: Vec<String> = only.iter().map(ToString::to_string).collect();
        rules.push(format!("one of <code>{}</code>", text(&only.join(", "))));
    }
    rules
}

fn range(least: &Option<Spanned<u64>>, most: &Option<Spanned<u64>>, of: &str) -> Option<String> {
    let s = |n: u64| if n == 1 { "" } else { "s" };
    Some(
        match (
            least.as_ref().map(|n| n.value),
            most.as_ref().map(|n| n.value),
        ) {
            (None, None) => return None,
            (Some(least), None) => format!("at least {least} {of}{}", s(least)),
            (None, Some(most)) => format!("at most {most} {of}{}", s(most)),
            (Some(least), Some(most)) if least == most => format!("{most} {of}{}", s(most)),
            (Some(least), Some(most)) => format!("{least} to {most} {of}{}", s(most)),
        },
    )
}
