//! `Validate`: one call per constraint, as text, only for types that have one or reach one ([`super::checked`]).

use super::checked;
use super::fields::allow_deprecated;
use super::scope::Scope;
use super::uses::Uses;
use super::writer::{Writer, literal};
use crate::model::{
    Choice, Constraints, Field, Number, Type, TypeId, TypeKind, Union, ValueKind, Whole,
};
use crate::name;

/// The longest arguments of a call on one line, as rustfmt has it.
const SHORT: usize = 60;

/// Returns `true` if some values of a type expression break a rule.
pub(super) fn demands(uses: &Uses, ty: &Type) -> bool {
    checked::is_limited(ty, &|id| uses.checked(id))
}

/// Returns `true` if some values of an object break a rule.
pub(super) fn needed(uses: &Uses, fields: &[Field], whole: &Whole) -> bool {
    checked::is_object_limited(fields, whole, &|id| uses.checked(id))
}

/// The impl for a struct; nothing when there is nothing to check.
pub(super) fn implementation(
    w: &mut Writer,
    scope: &Scope<'_>,
    owner: Option<TypeId>,
    ident: &str,
    fields: &[Field],
    whole: &Whole,
) {
    if !needed(scope.uses, fields, whole) {
        return;
    }
    open(w, ident, fields);
    for field in fields {
        let wire = literal(&field.wire());
        if short(w, scope, field, &wire) {
            continue;
        }
        w.closure("checker.field", &wire, "checker", |w| {
            one_field(w, scope, owner, field);
        });
    }
    if let Some(extra) = &whole.extra {
        elements(
            w,
            scope,
            "entries",
            extra,
            &Place::Field("self.extra".to_owned()),
        );
    }
    together(w, fields, whole);
    w.close("}");
    w.close("}");
}

/// The statements that check the members of an object together.
fn together(w: &mut Writer, fields: &[Field], whole: &Whole) {
    if whole.min.is_some() || whole.max.is_some() {
        let required = fields.iter().filter(|field| field.required()).count();
        let required = required + usize::from(whole.tag.is_some());
        w.line(format_args!("let mut members = {required};"));
        for field in fields.iter().filter(|field| !field.required()) {
            let ident = name::field_ident(&field.name);
            w.line(format_args!(
                "members += usize::from(self.{ident}.is_some());"
            ));
        }
        if whole.extra.is_some() {
            w.line("members += self.extra.len();");
        }
        for (name, bound) in [("min_items", whole.min), ("max_items", whole.max)] {
            if let Some(bound) = bound {
                w.line(format_args!("checker.{name}(members, {bound});"));
            }
        }
    }
    if !whole.any_of.is_empty() {
        let there = |name: &String| {
            let field = fields.iter().find(|field| field.wire() == *name);
            field.map_or("true".to_owned(), |field| {
                format!("self.{}.is_some()", name::field_ident(&field.name))
            })
        };
        let lists = whole.any_of.iter();
        let lists = lists.map(|names| names.iter().map(there).collect::<Vec<_>>().join(" && "));
        w.array("let complete = ", &lists.collect::<Vec<_>>(), ";");
        w.open("if !complete.contains(&true) {");
        let said: Vec<String> = whole
            .any_of
            .iter()
            .map(|names| names.join(" and "))
            .collect();
        let said = format!("lacks members: it must have {}", said.join(", or "));
        w.call("checker.fail", &[literal(&said)], ";");
        w.close("}");
    }
}

/// The impl for a struct around a value that has one.
pub(super) fn nested(w: &mut Writer, ident: &str, value: &str) {
    open(w, ident, &[]);
    w.line(format_args!("checker.nested({value});"));
    w.close("}");
    w.close("}");
}

/// The impl for a struct around any value; nothing when there is nothing to check.
pub(super) fn around(
    w: &mut Writer,
    scope: &Scope<'_>,
    id: TypeId,
    ident: &str,
    place: &str,
    ty: &Type,
    constraints: &Constraints,
) {
    if scope.uses.checked(id) {
        open(w, ident, &[]);
        value(w, scope, ty, constraints, &Place::Field(place.to_owned()));
        w.close("}");
        w.close("}");
    }
}

/// The impl for a choice; nothing when no alternative has something to check.
pub(super) fn choice(w: &mut Writer, scope: &Scope<'_>, id: TypeId, ident: &str, def: &Choice) {
    if !scope.uses.checked(id) {
        return;
    }
    open(w, ident, &[]);
    w.open("match self {");
    let mut all = true;
    for alternative in &def.alternatives {
        let mut body = Writer::at(w.depth() + 1);
        value(
            &mut body,
            scope,
            &alternative.ty,
            &alternative.constraints,
            &Place::Bound,
        );
        let body = body.finish();
        all &= !body.is_empty();
        if !body.is_empty() {
            w.open(format_args!("Self::{}(value) => {{", alternative.ident));
            w.text(&body);
            w.close("}");
        }
    }
    if !all {
        w.line("_ => {}");
    }
    w.close("}");
    w.close("}");
    w.close("}");
}

/// The impl for a union; nothing when no variant has something to check. An unknown variant has no rules here.
pub(super) fn union(w: &mut Writer, scope: &Scope<'_>, ident: &str, def: &Union) {
    let checked = |id: Option<TypeId>| id.is_some_and(|id| scope.uses.checked(id));
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

/// The check of a field of an imported type in a line: structs of schemas have many. Says whether that was all.
fn short(w: &mut Writer, scope: &Scope<'_>, field: &Field, wire: &str) -> bool {
    let Type::Named(id) = field.ty.value else {
        return false;
    };
    if scope.contracts[id].origin.is_none() {
        return false;
    }
    let ident = name::field_ident(&field.name);
    let value = match field.optional {
        true => "value".to_owned(),
        false => format!("&self.{ident}"),
    };
    let arguments = format!("{wire}, |checker| checker.nested({value})");
    let line = format!("checker.field({arguments});");
    if arguments.len() > SHORT || !w.fits(&line) {
        return false;
    }
    if scope.uses.checked(id) && field.optional {
        w.open(format_args!("if let Some(value) = &self.{ident} {{"));
        w.line(line);
        w.close("}");
    } else if scope.uses.checked(id) {
        w.line(line);
    }
    true
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

/// Place of a value.
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
                let place = Place::Field(format!("{}.{at}", place.receiver()));
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
                &Place::Bound,
            );
            let body = body.finish();
            if !body.is_empty() {
                w.open(format_args!("if let Some(value) = {} {{", place.borrowed()));
                w.text(&body);
                w.close("}");
            }
        }
        Type::Limited(limited) => value(w, scope, &limited.0, &limited.1, place),
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
            _ if scope.uses.checked(*id) => {
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

fn only(w: &mut Writer, rules: &Constraints, place: &Place) {
    for only in rules.only.iter().flatten() {
        w.call("checker.only", &[place.copied(), only.to_string()], ";");
    }
}

/// A value that is sent as text, by what that text must fulfil.
fn formatted(w: &mut Writer, rules: &Constraints, place: &Place) {
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
