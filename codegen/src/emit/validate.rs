//! `Validate`: one call per constraint, as text, only for types that have one or reach one. A float counts as one: JSON has
//! no NaN and no infinity. So do a date and a timestamp: RFC 3339 has no year of five digits.

use std::collections::BTreeSet;

use super::scope::Scope;
use super::structs::allow_deprecated;
use super::writer::{Writer, literal};
use crate::model::{Constraints, Contracts, Field, Number, Type, TypeId, TypeKind, Union};
use crate::name;

/// Whether fields carry a constraint or reach one.
pub(super) fn needed(contracts: &Contracts, fields: &[Field]) -> bool {
    fields_need(contracts, fields, &mut BTreeSet::new())
}

fn fields_need(contracts: &Contracts, fields: &[Field], seen: &mut BTreeSet<TypeId>) -> bool {
    fields
        .iter()
        .any(|field| !field.constraints.is_empty() || needs(contracts, &field.ty, seen))
}

fn needs(contracts: &Contracts, ty: &Type, seen: &mut BTreeSet<TypeId>) -> bool {
    match ty {
        Type::F64 | Type::Date | Type::Timestamp => true,
        Type::List(item) | Type::Map(item) => needs(contracts, item, seen),
        Type::Named(id) if seen.insert(*id) => match &contracts[*id].kind {
            TypeKind::Struct(fields) => fields_need(contracts, fields, seen),
            TypeKind::Union(union) => union
                .variants
                .iter()
                .filter_map(|variant| variant.ty.value)
                .any(|id| needs(contracts, &Type::Named(id), seen)),
            TypeKind::Scalar {
                ty, constraints, ..
            } => !constraints.is_empty() || needs(contracts, ty, seen),
            TypeKind::Schema(schema) => {
                contracts.import(schema).is_some_and(|import| import.checks)
            }
            _ => false,
        },
        _ => false,
    }
}

/// The impl for a struct; nothing when there is nothing to check.
pub(super) fn implementation(
    w: &mut Writer,
    scope: &Scope<'_>,
    owner: Option<TypeId>,
    ident: &str,
    fields: &[Field],
) {
    if !needed(scope.contracts, fields) {
        return;
    }
    open(w, ident, fields);
    for field in fields {
        let wire = literal(&field.wire());
        w.closure("checker.field", &wire, "checker", |w| {
            one_field(w, scope, owner, field);
        });
    }
    w.close("}");
    w.close("}");
}

/// The impl for a union; nothing when no variant has something to check. An unknown variant has no rules here.
pub(super) fn union(w: &mut Writer, scope: &Scope<'_>, ident: &str, def: &Union) {
    let contracts = scope.contracts;
    let checked = |id: Option<TypeId>| {
        id.is_some_and(|id| needs(contracts, &Type::Named(id), &mut BTreeSet::new()))
    };
    let arms: Vec<String> = def
        .variants
        .iter()
        .zip(def.idents())
        .filter(|(variant, _)| checked(variant.ty.value))
        .map(|(_, ident)| ident)
        .collect();
    if arms.is_empty() {
        return;
    }
    let all = def.closed && arms.len() == def.variants.len();
    open(w, ident, &[]);
    if let ([arm], false) = (arms.as_slice(), all) {
        w.open(format_args!("if let Self::{arm}(value) = self {{"));
        w.line("checker.nested(value);");
    } else {
        w.open("match self {");
        for arm in arms {
            let line = format!("Self::{arm}(value) => checker.nested(value),");
            if w.fits(&line) {
                w.line(line);
            } else {
                w.open(format_args!("Self::{arm}(value) => {{"));
                w.line("checker.nested(value)");
                w.close("}");
            }
        }
        if !all {
            w.line("_ => {}");
        }
    }
    w.close("}");
    w.close("}");
    w.close("}");
}

fn open(w: &mut Writer, ident: &str, fields: &[Field]) {
    w.blank();
    allow_deprecated(w, fields);
    w.open(format_args!("impl event_runtime::Validate for {ident} {{"));
    w.open("fn check(&self, checker: &mut event_runtime::Checker) {");
}

fn one_field(w: &mut Writer, scope: &Scope<'_>, owner: Option<TypeId>, field: &Field) {
    let ident = name::field_ident(&field.name);
    if !field.optional {
        let place = Place::Field(format!("self.{ident}"));
        value(w, scope, &field.ty, &field.constraints, &place);
        return;
    }
    let mut body = Writer::at(w.depth() + 1);
    let place = if scope.boxed(owner, field) {
        Place::Boxed
    } else {
        Place::Bound
    };
    value(&mut body, scope, &field.ty, &field.constraints, &place);
    let body = body.finish();
    if !body.is_empty() {
        let head = format!("if let Some(value) = &self.{ident} {{");
        if w.fits(&head) {
            w.open(head);
        } else {
            w.open("if let Some(value) =");
            w.line(format_args!("&self.{ident}"));
            w.close("{");
            w.indent();
        }
        w.text(&body);
        w.close("}");
    }
}

/// Where a value is found.
enum Place {
    /// A field of `self`.
    Field(String),
    /// A reference named `value`.
    Bound,
    /// A reference to a box, named `value`.
    Boxed,
}

impl Place {
    fn copied(&self) -> String {
        match self {
            Self::Field(path) => path.clone(),
            Self::Bound => "*value".to_owned(),
            Self::Boxed => "**value".to_owned(),
        }
    }

    fn borrowed(&self) -> String {
        match self {
            Self::Field(path) => format!("&{path}"),
            Self::Bound => "value".to_owned(),
            Self::Boxed => "&**value".to_owned(),
        }
    }

    fn receiver(&self) -> &str {
        match self {
            Self::Field(path) => path,
            Self::Bound | Self::Boxed => "value",
        }
    }
}

/// The statements that check one value.
fn value(w: &mut Writer, scope: &Scope<'_>, ty: &Type, rules: &Constraints, place: &Place) {
    match ty {
        Type::I32 | Type::I64 | Type::U32 | Type::U64 | Type::F64 => number(w, ty, rules, place),
        Type::String => text(w, rules, place),
        Type::Date => w.call("checker.date", &[place.copied()], ";"),
        Type::Timestamp => w.call("checker.timestamp", &[place.copied()], ";"),
        Type::List(item) => {
            counts(w, rules, place);
            elements(w, scope, "items", item, place);
        }
        Type::Map(item) => {
            counts(w, rules, place);
            elements(w, scope, "entries", item, place);
        }
        Type::Named(id) => match &scope.contracts[*id].kind {
            TypeKind::Scalar {
                ty, constraints, ..
            } => {
                value(w, scope, ty, constraints, place);
                if !rules.is_empty() {
                    // A block, because both may have a `PATTERN`.
                    w.open("{");
                    value(w, scope, ty, rules, place);
                    w.close("}");
                }
            }
            _ if needs(scope.contracts, ty, &mut BTreeSet::new()) => {
                w.call("checker.nested", &[place.borrowed()], ";");
            }
            _ => {}
        },
        _ => {}
    }
}

fn number(w: &mut Writer, ty: &Type, rules: &Constraints, place: &Place) {
    if *ty == Type::F64 {
        w.call("checker.finite", &[place.copied()], ";");
    }
    for (name, bound) in [("min", &rules.min), ("max", &rules.max)] {
        if let Some(bound) = bound {
            let bound = match (ty, bound.value) {
                (Type::F64, Number::Integer(n)) => format!("{n}.0"),
                (_, bound) => bound.to_string(),
            };
            w.call(&format!("checker.{name}"), &[place.copied(), bound], ";");
        }
    }
}

fn text(w: &mut Writer, rules: &Constraints, place: &Place) {
    if let Some(pattern) = &rules.pattern {
        w.assign(
            "static PATTERN: event_runtime::Pattern =",
            "event_runtime::Pattern::new",
            &literal(pattern),
        );
    }
    for (name, bound) in [
        ("min_length", &rules.min_length),
        ("max_length", &rules.max_length),
    ] {
        if let Some(bound) = bound {
            let args = [place.borrowed(), bound.value.to_string()];
            w.call(&format!("checker.{name}"), &args, ";");
        }
    }
    if rules.pattern.is_some() {
        w.call(
            "checker.pattern",
            &[place.borrowed(), "&PATTERN".to_owned()],
            ";",
        );
    }
}

fn counts(w: &mut Writer, rules: &Constraints, place: &Place) {
    for (name, bound) in [
        ("min_items", &rules.min_items),
        ("max_items", &rules.max_items),
    ] {
        if let Some(bound) = bound {
            let args = [
                format!("{}.len()", place.receiver()),
                bound.value.to_string(),
            ];
            w.call(&format!("checker.{name}"), &args, ";");
        }
    }
}

fn elements(w: &mut Writer, scope: &Scope<'_>, method: &str, item: &Type, place: &Place) {
    let function = format!("checker.{method}");
    w.closure(&function, &place.borrowed(), "checker, value", |w| {
        value(w, scope, item, &Constraints::default(), &Place::Bound);
    });
}
