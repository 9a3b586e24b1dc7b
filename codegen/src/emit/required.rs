//! How structs are made without naming every field, so that a field which the contract adds as optional or with a default
//! changes no code: `mod required`, and `Default` where no field is required. Decides; the fields are `structs`' to write.

use super::fields::{Default, LITERAL_WIDTH, allow_deprecated, default, has_odd_name};
use super::reexports;
use super::scope::Scope;
use super::writer::Writer;
use super::{about, defaults};
use crate::model::{Body, Field, TypeId, TypeKind, Whole};
use crate::name;

/// The doc of a domain's module.
const HOW: &str = concat!(
    "The required fields of this domain's structs, to make them from: code that does so stays as it is when the ",
    "contract adds an optional field.\n\n",
    "```text\nParcel { note: Some(note), ..required::Parcel { id, to }.into() }\n```",
);

/// `Default` with the contract's defaults.
pub(super) fn default_implementation(w: &mut Writer, ident: &str, fields: &[Field]) {
    w.blank();
    allow_deprecated(w, fields);
    w.open(format_args!("impl ::core::default::Default for {ident} {{"));
    w.open("fn default() -> Self {");
    literal(w, fields);
    w.close("}");
    w.close("}");
}

/// The module; nothing when the domain has no struct with a required field.
pub(super) fn module(w: &mut Writer, scope: &Scope<'_>) {
    let inner = scope.below();
    // Whether a type is the runtime's: of docs and fields' names the text cannot tell.
    let mut named = false;
    let mut body = Writer::at(w.depth() + 1);
    for id in scope.events() {
        let event = &scope.contracts[id];
        named |= one(&mut body, &inner, &event.name, None, &event.body);
    }
    for id in scope.types() {
        let def = &scope.contracts[id];
        match scope.contracts.renamed(&def.body) {
            Some(imported) => reexports::required(&mut body, &inner, id, imported),
            None => named |= one(&mut body, &inner, &def.name, Some(id), &def.body),
        }
    }
    reexports::required_beside(&mut body, &inner);
    let body = body.finish();
    if body.is_empty() {
        return;
    }
    w.blank();
    if scope.is_schema() {
        w.doc("The required fields of these structs, to make them from.");
    } else {
        w.doc(HOW);
        w.line("#[allow(missing_debug_implementations)]");
    }
    w.open("pub mod required {");
    if named {
        w.line("use super::event_runtime;");
        w.text(&body);
    } else {
        w.text(body.strip_prefix('\n').unwrap_or(&body));
    }
    w.close("}");
}

/// The required fields of one struct, if it has any. Says whether a type is the runtime's.
fn one(w: &mut Writer, scope: &Scope<'_>, name: &str, owner: Option<TypeId>, body: &Body) -> bool {
    let fields = body.fields();
    match body.kind {
        TypeKind::Struct(_) if default(fields) == Default::None => match body.origin {
            Some(_) => call(w, scope, name, owner, fields, &body.whole),
            None => companion(w, scope, name, owner, fields),
        },
        _ => false,
    }
}

/// The required fields of one struct, and what makes the struct of them. Says whether a type is the runtime's.
fn companion(
    w: &mut Writer,
    scope: &Scope<'_>,
    name: &str,
    owner: Option<TypeId>,
    fields: &[Field],
) -> bool {
    let mut named = false;
    let ident = name::type_ident(name);
    let required: Vec<&Field> = fields.iter().filter(|field| field.required()).collect();
    w.blank();
    w.doc(&format!(
        "The required fields of [`{ident}`](super::{ident})."
    ));
    if has_odd_name(fields) {
        w.line("#[allow(non_snake_case)]");
    }
    w.open(format_args!("pub struct {ident} {{"));
    for field in required {
        about::field(w, field);
        let ty = scope.field(owner, field);
        named |= ty.contains("event_runtime::");
        w.pair(
            &format!("pub {}:", name::field_ident(&field.name)),
            &format!("{ty},"),
        );
    }
    w.close("}");
    w.blank();
    allow_deprecated(w, fields);
    let head = format!("impl ::core::convert::From<{ident}>");
    let line = format!("{head} for super::{ident} {{");
    // As observed: what the line is indented by does not count here.
    if Writer::default().fits(&line) {
        w.open(line);
    } else {
        w.line(head);
        w.indent();
        w.line(format_args!("for super::{ident}"));
        w.dedent();
        w.open("{");
    }
    w.open(format_args!("fn from(required: {ident}) -> Self {{"));
    literal(w, fields);
    w.close("}");
    w.close("}");
    named
}

/// The same in a few lines, of a struct from a JSON Schema: these are many.
fn call(
    w: &mut Writer,
    scope: &Scope<'_>,
    name: &str,
    owner: Option<TypeId>,
    fields: &[Field],
    whole: &Whole,
) -> bool {
    let ident = name::type_ident(name);
    w.blank();
    let (required, absent): (Vec<&Field>, Vec<&Field>) =
        fields.iter().partition(|field| field.required());
    let name_of = |field: &Field| name::field_ident(&field.name);
    let required = required.into_iter();
    let required: Vec<String> = required
        .map(|field| format!("{}: {}", name_of(field), scope.field(owner, field)))
        .collect();
    let extra = whole.extra.iter().map(|_| "extra".to_owned());
    let absent: Vec<String> = absent.into_iter().map(name_of).chain(extra).collect();
    let rest = match absent.as_slice() {
        [] => "{}".to_owned(),
        absent => format!("{{ {} }}", absent.join(", ")),
    };
    let lists = format!("{{ {} }} {rest}", required.join(", "));
    let line = format!("event_runtime::required_members!({ident} {lists});");
    if w.fits(&line) {
        w.line(line);
        return true;
    }
    w.open(format_args!("event_runtime::required_members!({ident} {{"));
    w.fill(&required);
    w.close("} {");
    w.indent();
    w.fill(&absent);
    w.close("});");
    true
}

/// `Self { … }`, of `required` and of what fields are without it.
fn literal(w: &mut Writer, fields: &[Field]) {
    let values = fields.iter().map(|field| {
        let ident = name::field_ident(&field.name);
        let value = if field.default.is_some() {
            format!("Self::{}()", defaults::function_name(field))
        } else if field.optional {
            "None".to_owned()
        } else {
            format!("required.{ident}")
        };
        (format!("{ident}:"), value)
    });
    let values: Vec<(String, String)> = values.collect();
    let joined = values
        .iter()
        .map(|(field, value)| format!("{field} {value}"));
    let joined = joined.collect::<Vec<_>>().join(", ");
    if joined.len() <= LITERAL_WIDTH {
        w.line(format_args!("Self {{ {joined} }}"));
        return;
    }
    w.open("Self {");
    for (field, value) in &values {
        match value.split_once('.') {
            Some((required, rest)) if !w.fits(&format!("{field} {value},")) => {
                w.open(format_args!("{field} {required}"));
                w.line(format_args!(".{rest},"));
                w.dedent();
            }
            _ => w.pair(field, &format!("{value},")),
        }
    }
    w.close("}");
}
