//! Defaults: one private function per field, which serde calls when the field is absent. The values are Rust
//! expressions that cannot fail: nothing is parsed when the service runs.

use super::fields::has_odd_name;
use super::moments;
use super::scope::{Prelude, Scope};
use super::writer::{Writer, literal};
use crate::model::{Enum, Field, Number, Type, TypeId, TypeKind, Union, Value, ValueKind};
use crate::name;

/// The function of a field, associated with its struct.
pub(super) fn function_name(field: &Field) -> String {
    format!("default_{}", field.name.value)
}

/// The functions of a struct; nothing when no field has a default.
pub(super) fn functions(w: &mut Writer, scope: &Scope<'_>, ident: &str, fields: &[Field]) {
    let defaults: Vec<(&Field, &Value)> = fields
        .iter()
        .filter_map(|field| Some((field, field.default.as_ref()?)))
        .collect();
    if defaults.is_empty() {
        return;
    }
    w.blank();
    if has_odd_name(fields) {
        w.line("#[allow(non_snake_case)]");
    }
    w.open(format_args!("impl {ident} {{"));
    for (at, (field, value)) in defaults.into_iter().enumerate() {
        if at > 0 {
            w.blank();
        }
        let expression = of(scope, &field.ty, value);
        if !is_short(&expression) {
            w.line("#[rustfmt::skip]");
        }
        // A struct in it may have deprecated fields.
        if expression.contains(" { ") && scope.deprecates() {
            w.line("#[allow(deprecated)]");
        }
        let ty = scope.ty(&field.ty);
        w.open(format_args!("fn {}() -> {ty} {{", function_name(field)));
        w.line(expression);
        w.close("}");
    }
    w.close("}");
}

/// Returns `true` if rustfmt leaves an expression on its line. What it would break is data, and stays on one line too.
fn is_short(expression: &str) -> bool {
    let arguments = expression.find('(').map_or(0, |at| expression.len() - at);
    arguments <= 60 && !expression.contains(['[', '{']) && !expression.contains(").")
}

/// A value as an expression of a type. Only what the rules have passed comes here: the last arm of each `match` keeps the
/// function total, and what it writes would not compile rather than be wrong.
fn of(scope: &Scope<'_>, ty: &Type, value: &Value) -> String {
    match (ty, &value.kind) {
        (Type::Bool, ValueKind::Bool(b)) => b.to_string(),
        (Type::I32 | Type::I64 | Type::U32 | Type::U64, ValueKind::Number(n)) => n.to_string(),
        (Type::I32 | Type::I64 | Type::U32 | Type::U64, ValueKind::Text(text)) => text
            .parse::<i128>()
            .map_or_else(|_| unfit(), |n| n.to_string()),
        (Type::F64, ValueKind::Number(Number::Integer(n))) => format!("{n}.0"),
        (Type::F64, ValueKind::Number(Number::Float(n))) if n.is_finite() => format!("{n:?}"),
        (Type::String, ValueKind::Text(text)) => string(scope, text),
        (Type::Json, _) => format!("event_runtime::serde_json::json!({})", json(value)),
        (Type::List(item), ValueKind::List(values)) => list(scope, item, values),
        (Type::Map(item), ValueKind::Object(entries)) => {
            let entries = entries.iter().map(|(key, value)| {
                format!("({}, {})", string(scope, key), of(scope, item, value))
            });
            collection("::std::collections::BTreeMap", &entries.collect::<Vec<_>>())
        }
        (Type::Named(id), _) => named(scope, *id, value),
        (ty, ValueKind::Text(text)) => moments::expression(ty, text).unwrap_or_else(unfit),
        (Type::Decimal, ValueKind::Number(n)) => {
            moments::expression(ty, &n.to_string()).unwrap_or_else(unfit)
        }
        _ => unfit(),
    }
}

/// Stands for a value that its type refuses; the rules let none through.
fn unfit() -> String {
    "compile_error!(\"a default does not fit its type\")".to_owned()
}

fn string(scope: &Scope<'_>, text: &str) -> String {
    format!(
        "{}::from({})",
        scope.prelude(Prelude::String),
        literal(text)
    )
}

fn list(scope: &Scope<'_>, item: &Type, values: &[Value]) -> String {
    let values: Vec<String> = values.iter().map(|value| of(scope, item, value)).collect();
    collection(scope.prelude(Prelude::Vec), &values)
}

fn collection(path: &str, items: &[String]) -> String {
    if items.is_empty() {
        format!("{path}::new()")
    } else {
        format!("{path}::from([{}])", items.join(", "))
    }
}

fn named(scope: &Scope<'_>, id: TypeId, value: &Value) -> String {
    let path = scope.path(id);
    match (&scope.contracts[id].body.kind, &value.kind) {
        (TypeKind::Scalar { ty, .. }, _) => of(scope, ty, value),
        (TypeKind::Enum(def), ValueKind::Text(text)) => variant(scope, &path, def, text),
        (TypeKind::Struct(fields), ValueKind::Object(entries)) => {
            object(scope, id, &path, fields, entries)
        }
        (TypeKind::Union(def), ValueKind::Object(entries)) => {
            union(scope, &path, def, entries, value)
        }
        _ => unfit(),
    }
}

fn variant(scope: &Scope<'_>, path: &str, def: &Enum, text: &str) -> String {
    let idents = def.idents();
    let known = def.values.iter().position(|value| value.value == text);
    if let Some(ident) = known.and_then(|at| idents.get(at)) {
        return format!("{path}::{ident}");
    }
    let unknown = name::unknown_ident(&idents);
    if def.closed {
        unfit()
    } else {
        format!("{path}::{unknown}({})", string(scope, text))
    }
}

type Entries = [(crate::source::Spanned<String>, Value)];

fn object(
    scope: &Scope<'_>,
    id: TypeId,
    path: &str,
    fields: &[Field],
    entries: &Entries,
) -> String {
    let fields = fields.iter().map(|field| {
        let written = entries
            .iter()
            .find(|(name, _)| name.value == field.wire())
            .map(|(_, value)| value);
        let inner = written
            .or(field.default.as_ref())
            .map(|value| of(scope, &field.ty, value));
        let boxed = scope.boxed(Some(id), field);
        let value = match (inner, field.optional) {
            (Some(value), true) if boxed => {
                format!("Some({}::new({value}))", scope.prelude(Prelude::Box))
            }
            (Some(value), true) => format!("Some({value})"),
            (Some(value), false) => value,
            (None, true) => "None".to_owned(),
            (None, false) => unfit(),
        };
        format!("{}: {value}", name::field_ident(&field.name))
    });
    format!("{path} {{ {} }}", fields.collect::<Vec<_>>().join(", "))
}

fn union(scope: &Scope<'_>, path: &str, def: &Union, entries: &Entries, value: &Value) -> String {
    let tag = entries.iter().find_map(|(name, value)| match &value.kind {
        ValueKind::Text(text) if name.value == def.tag.value => Some(text),
        _ => None,
    });
    let mut variants = def.variants.iter().zip(def.idents());
    let Some((variant, ident)) = variants.find(|(v, _)| Some(&v.tag.value) == tag) else {
        return unfit();
    };
    let Some(ty) = variant.ty.value else {
        return unfit();
    };
    let inner = named(scope, ty, value);
    format!("{path}::{ident}({inner})")
}

/// A value as `json!` takes it.
fn json(value: &Value) -> String {
    match &value.kind {
        ValueKind::Bool(b) => b.to_string(),
        ValueKind::Number(n) => n.to_string(),
        ValueKind::Text(text) => literal(text),
        ValueKind::List(values) => {
            format!(
                "[{}]",
                values.iter().map(json).collect::<Vec<_>>().join(", ")
            )
        }
        ValueKind::Object(entries) => {
            let entries = entries
                .iter()
                .map(|(name, value)| format!("{}: {}", literal(name), json(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}
