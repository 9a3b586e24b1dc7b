//! The statements that check a value: one call per constraint, as text. Knows types and constraints; never whose they are.

use super::scope::Scope;
use super::writer::{Writer, literal};
use crate::model::{Constraints, Number, Type, TypeKind, ValueKind};

/// CheckedValue of a value.
pub(super) enum CheckedValue {
    /// A field of `self`.
    Field(String),
    /// A reference named `value`.
    Bound,
    /// A reference to a box, named `value`.
    Boxed,
}

impl CheckedValue {
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
pub(super) fn value(
    w: &mut Writer,
    scope: &Scope<'_>,
    ty: &Type,
    rules: &Constraints,
    place: &CheckedValue,
) {
    match ty {
        Type::Bool => only(w, rules, place),
        Type::I32 | Type::I64 | Type::U32 | Type::U64 | Type::F64 => number(w, ty, rules, place),
        Type::String => text(w, rules, place.borrowed()),
        Type::Uuid => formatted(w, rules, place),
        Type::Date | Type::Timestamp => {
            let check = match ty {
                Type::Date => "checker.date",
                _ => "checker.timestamp",
            };
            w.call(check, &[place.copied()], ";");
            formatted(w, rules, place);
        }
        Type::Null => w.call("checker.null", &[place.borrowed()], ";"),
        Type::List(item) => {
            counts(w, rules, place);
            elements(w, scope, "items", item, place);
        }
        Type::Map(item) => {
            counts(w, rules, place);
            elements(w, scope, "entries", item, place);
        }
        Type::Tuple(items) => {
            for (at, item) in items.iter().enumerate() {
                let place = CheckedValue::Field(format!("{}.{at}", place.receiver()));
                block(w, |w| {
                    value(w, scope, item, &Constraints::default(), &place)
                });
            }
        }
        Type::Nullable(inner) => {
            let mut body = Writer::at(w.depth() + 1);
            value(
                &mut body,
                scope,
                inner,
                &Constraints::default(),
                &CheckedValue::Bound,
            );
            let body = body.finish();
            if !body.is_empty() {
                w.open(format_args!("if let Some(value) = {} {{", place.borrowed()));
                w.text(&body);
                w.close("}");
            }
        }
        Type::Limited(limited) => value(w, scope, &limited.0, &limited.1, place),
        Type::Named(id) => match &scope.contracts[*id].body.kind {
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
            _ if scope.uses.checked(*id) => {
                w.call("checker.nested", &[place.borrowed()], ";");
            }
            _ => {}
        },
        _ => {}
    }
}

fn number(w: &mut Writer, ty: &Type, rules: &Constraints, place: &CheckedValue) {
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
    for (name, bound) in [("above", &rules.above), ("below", &rules.below)] {
        if let Some(bound) = bound {
            let args = [place.copied(), bound.to_string()];
            w.call(&format!("checker.{name}"), &args, ";");
        }
    }
    if let Some(step) = rules.multiple_of {
        w.call(
            "checker.multiple_of",
            &[place.copied(), step.to_string()],
            ";",
        );
    }
    if let Some(only) = &rules.only {
        let values: Vec<String> = only.iter().map(ValueKind::to_string).collect();
        let list = format!("&[{}]", values.join(", "));
        w.call("checker.one_of", &[place.copied(), list], ";");
    }
}

fn only(w: &mut Writer, rules: &Constraints, place: &CheckedValue) {
    for only in rules.only.iter().flatten() {
        w.call("checker.only", &[place.copied(), only.to_string()], ";");
    }
}

/// A value that is sent as text, by what that text must fulfil.
fn formatted(w: &mut Writer, rules: &Constraints, place: &CheckedValue) {
    text(w, rules, format!("&{}.to_string()", place.receiver()));
}

fn text(w: &mut Writer, rules: &Constraints, place: String) {
    let several = rules.ecma.len() > 1;
    for pattern in &rules.ecma {
        if several {
            w.open("{");
        }
        let pattern = crate::ecma::translated(pattern).unwrap_or_default();
        self::pattern(w, &pattern, &place);
        if several {
            w.close("}");
        }
    }
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
            let args = [place.clone(), bound.value.to_string()];
            w.call(&format!("checker.{name}"), &args, ";");
        }
    }
    if rules.pattern.is_some() {
        w.call("checker.pattern", &[place, "&PATTERN".to_owned()], ";");
    }
}

fn pattern(w: &mut Writer, pattern: &str, place: &str) {
    w.assign(
        "static PATTERN: event_runtime::Pattern =",
        "event_runtime::Pattern::new",
        &literal(pattern),
    );
    let args = [place.to_owned(), "&PATTERN".to_owned()];
    w.call("checker.pattern", &args, ";");
}

/// Statements in a block of their own where they have a `PATTERN`: there may be another.
fn block(w: &mut Writer, statements: impl Fn(&mut Writer)) {
    let render = |depth| {
        let mut inner = Writer::at(depth);
        statements(&mut inner);
        inner.finish()
    };
    let text = render(w.depth());
    if text.contains("static PATTERN") {
        w.open("{");
        let text = render(w.depth());
        w.text(&text);
        w.close("}");
    } else {
        w.text(&text);
    }
}

fn counts(w: &mut Writer, rules: &Constraints, place: &CheckedValue) {
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

pub(super) fn elements(
    w: &mut Writer,
    scope: &Scope<'_>,
    method: &str,
    item: &Type,
    place: &CheckedValue,
) {
    let function = format!("checker.{method}");
    w.closure(&function, &place.borrowed(), "checker, value", |w| {
        value(
            w,
            scope,
            item,
            &Constraints::default(),
            &CheckedValue::Bound,
        );
    });
}
