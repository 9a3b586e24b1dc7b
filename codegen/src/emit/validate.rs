//! `Validate`, only for types that have a constraint or reach one ([`super::checked`]).

use super::checked;
use super::checks::{CheckedValue, elements, value};
use super::fields::allow_deprecated;
use super::scope::Scope;
use super::uses::Uses;
use super::writer::{Writer, literal};
use crate::model::{Choice, Constraints, Field, Type, TypeId, Union, Whole};
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
            &CheckedValue::Field("self.extra".to_owned()),
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
        value(
            w,
            scope,
            ty,
            constraints,
            &CheckedValue::Field(place.to_owned()),
        );
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
            &CheckedValue::Bound,
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
    if scope.contracts[id].body.origin.is_none() {
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
        let place = CheckedValue::Field(format!("self.{ident}"));
        value(w, scope, &field.ty, &field.constraints, &place);
        return;
    }
    let mut body = Writer::at(w.depth() + 1);
    let place = if scope.boxed(owner, field) {
        CheckedValue::Boxed
    } else {
        CheckedValue::Bound
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
