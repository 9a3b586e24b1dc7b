//! How structs are made without naming every field, so that a field which the contract adds as optional or with a default
//! changes no code: `mod required`, and `Default` where no field is required. Decides; the fields are `structs`' to write.

use super::import;
use super::scope::Scope;
use super::structs::{allow_deprecated, has_odd_name};
use super::writer::Writer;
use super::{about, defaults};
use crate::model::{Body, Field, TypeId, TypeKind};
use crate::name;

/// What `struct_lit_width` of rustfmt lets stand on one line.
const LITERAL_WIDTH: usize = 18;

/// Where a struct has its `Default` from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Default {
    /// Nowhere: a field is required.
    None,
    /// The derive: every field may be absent.
    Derived,
    /// [`default_implementation`].
    Written,
}

/// Where a struct with these fields has its `Default` from.
pub(super) fn default(fields: &[Field]) -> Default {
    if fields.iter().any(Field::required) {
        Default::None
    } else if fields.iter().all(|field| field.default.is_none()) {
        Default::Derived
    } else {
        Default::Written
    }
}

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
        match &event.body {
            Body::Fields(fields) => {
                named |= companion(&mut body, &inner, &event.name, None, fields);
            }
            Body::Schema(schema) => {
                let ident = name::type_ident(&event.name);
                import::required(&mut body, scope, &ident, schema);
            }
        }
    }
    for id in scope.types() {
        let def = &scope.contracts[id];
        match &def.kind {
            TypeKind::Struct(fields) => {
                named |= companion(&mut body, &inner, &def.name, Some(id), fields);
            }
            TypeKind::Schema(schema) => {
                let ident = name::type_ident(&def.name);
                import::required(&mut body, scope, &ident, schema);
            }
            _ => {}
        }
    }
    import::required_beside(&mut body, scope);
    let body = body.finish();
    if body.is_empty() {
        return;
    }
    w.blank();
    w.doc(
        "The required fields of this domain's structs, to make them from: code that does so stays as it is when the \
         contract adds an optional field.\n\n\
         ```text\nParcel { note: Some(note), ..required::Parcel { id, to }.into() }\n```",
    );
    w.line("#[allow(missing_debug_implementations)]");
    w.open("pub mod required {");
    if named {
        w.line("use super::event_runtime;");
        w.text(&body);
    } else {
        w.text(body.strip_prefix('\n').unwrap_or(&body));
    }
    w.close("}");
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
    if default(fields) != Default::None {
        return named;
    }
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
    let whole = format!("{head} for super::{ident} {{");
    // As observed: what the line is indented by does not count here.
    if Writer::default().fits(&whole) {
        w.open(whole);
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
