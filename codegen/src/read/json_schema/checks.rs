//! Bounds, lengths and patterns of a schema as `Validate` implementations: the same checks, and the same reports, as
//! those of a contract's own fields. Writes text that is formatted later.

use std::fmt::Write;

use super::shape::{Count, Def, Field, Format, Kind, Shape, Text, Whole};
use crate::ecma;

/// `impl Validate` for a definition that demands something.
pub(super) fn text(def: &Def, is_checked: bool, checked: &[bool]) -> String {
    let mut out = String::new();
    let name = &def.name;
    if is_checked {
        let body = body(def, checked);
        let _ = write!(
            out,
            "impl event_runtime::Validate for {name} {{
                fn check(&self, c: &mut event_runtime::Checker) {{
                    {body}
                }}
            }}
            "
        );
    }
    out
}

/// `impl Validate` for a struct around a payload that demands something.
pub(super) fn around(name: &str, is_checked: bool) -> String {
    if !is_checked {
        return String::new();
    }
    format!(
        "impl event_runtime::Validate for {name} {{
            fn check(&self, c: &mut event_runtime::Checker) {{ c.nested(&self.payload); }}
        }}
        "
    )
}

/// Which definitions demand something, or hold one that does.
pub(super) fn checked(defs: &[Def]) -> Vec<bool> {
    let mut checked = vec![false; defs.len()];
    loop {
        let now: Vec<bool> = defs
            .iter()
            .map(|def| match &def.kind {
                Kind::Struct { fields, extra } => {
                    fields
                        .iter()
                        .map(|field| &field.shape)
                        .chain(extra)
                        .any(|shape| demands(shape, &checked))
                        || def.whole.count != Count::default()
                        || !def.whole.any_of.is_empty()
                }
                Kind::Enum(_) => false,
                Kind::Union { variants, .. } => variants
                    .iter()
                    .any(|variant| demands(&variant.shape, &checked)),
                Kind::Alias(shape) => demands(shape, &checked),
            })
            .collect();
        if now == checked {
            return checked;
        }
        checked = now;
    }
}

fn demands(shape: &Shape, checked: &[bool]) -> bool {
    match shape {
        Shape::Any => false,
        // Held as any value.
        Shape::Null => true,
        Shape::Bool { only } => only.is_some(),
        Shape::Integer(integer) => {
            let bounds = integer.min.is_some() || integer.max.is_some();
            bounds || integer.step.is_some() || integer.only.is_some()
        }
        // Finite at least: JSON has no other numbers.
        Shape::Number(_) => true,
        Shape::Text(text) => {
            moment(text).is_some()
                || text.min.is_some()
                || text.max.is_some()
                || !text.patterns.is_empty()
        }
        Shape::List { item: inner, count }
        | Shape::Map {
            value: inner,
            count,
        } => *count != Count::default() || demands(inner, checked),
        Shape::Tuple(items) => items.iter().any(|item| demands(item, checked)),
        Shape::Nullable(inner) => demands(inner, checked),
        Shape::Named(at) => checked.get(*at).copied().unwrap_or(false),
    }
}

/// The check of a text that is read as a date or a timestamp: those have years that RFC 3339 has not.
fn moment(text: &Text) -> Option<&'static str> {
    match text.format {
        Some(Format::Date) => Some("date"),
        Some(Format::Timestamp) => Some("timestamp"),
        _ => None,
    }
}

fn body(def: &Def, checked: &[bool]) -> String {
    let mut out = String::new();
    match &def.kind {
        Kind::Struct { fields, extra } => {
            for field in fields.iter().filter(|field| demands(&field.shape, checked)) {
                let place = format!("&self.{}", field.ident);
                let shape = match &field.shape {
                    Shape::Nullable(inner) => inner,
                    shape => shape,
                };
                let optional = !field.required || matches!(field.shape, Shape::Nullable(_));
                let inner = checks(shape, "value", checked);
                let call = format!("c.field({:?}, |c| {});", field.wire, closure(&inner));
                let _ = if optional {
                    write!(out, "if let Some(value) = {place} {{ {call} }}")
                } else {
                    write!(out, "let value = {place}; {call}")
                };
            }
            if let Some(extra) = extra.as_ref().filter(|extra| demands(extra, checked)) {
                let _ = write!(
                    out,
                    "c.entries(&self.extra, |c, value| {{ {} }});",
                    checks(extra, "value", checked)
                );
            }
            out.push_str(&whole(&def.whole, fields, extra.is_some()));
        }
        Kind::Union { variants, .. } => {
            out.push_str("match self {");
            let mut all = true;
            for variant in variants {
                if demands(&variant.shape, checked) {
                    let (pattern, inner) = match &variant.shape {
                        Shape::Tuple(items) => tuple_variant(items, checked),
                        shape => ("value".to_owned(), checks(shape, "value", checked)),
                    };
                    let _ = write!(out, "Self::{}({pattern}) => {{ {inner} }}", variant.ident);
                } else {
                    all = false;
                }
            }
            out.push_str(if all { "}" } else { "_ => {} }" });
        }
        Kind::Alias(shape) => {
            let _ = write!(
                out,
                "let value = &self.0; {}",
                checks(shape, "value", checked)
            );
        }
        Kind::Enum(_) => {}
    }
    out
}

/// Checks of a struct's members together.
fn whole(whole: &Whole, fields: &[Field], extra: bool) -> String {
    let mut out = String::new();
    if whole.count != Count::default() {
        let required = fields.iter().filter(|field| field.required).count();
        let required = required + usize::from(whole.tag.is_some());
        let _ = write!(out, "let members = {required}");
        for field in fields.iter().filter(|field| !field.required) {
            let _ = write!(out, "+ usize::from(self.{}.is_some())", field.ident);
        }
        out.push_str(if extra { "+ self.extra.len();" } else { ";" });
        for (check, bound) in [
            ("min_items", whole.count.min),
            ("max_items", whole.count.max),
        ] {
            if let Some(bound) = bound {
                let _ = write!(out, "c.{check}(members, {bound});");
            }
        }
    }
    if !whole.any_of.is_empty() {
        let there = |name: &String| {
            let field = fields.iter().find(|field| field.wire == *name);
            field.map_or("true".to_owned(), |field| {
                format!("self.{}.is_some()", field.ident)
            })
        };
        let lists: Vec<String> = whole
            .any_of
            .iter()
            .map(|names| names.iter().map(there).collect::<Vec<_>>().join(" && "))
            .collect();
        let said: Vec<String> = whole
            .any_of
            .iter()
            .map(|names| names.join(" and "))
            .collect();
        let said = format!("lacks members: it must have {}", said.join(", or "));
        let _ = write!(out, "if !({}) {{ c.fail({said:?}); }}", lists.join(" || "));
    }
    out
}

/// What a closure does: one call alone needs no block, and no lines for one.
fn closure(statements: &str) -> String {
    match statements.strip_suffix(';') {
        Some(call) if !call.contains([';', '{']) => call.to_owned(),
        _ => format!("{{ {statements} }}"),
    }
}

/// typify spreads a tuple over its variant.
fn tuple_variant(items: &[Shape], checked: &[bool]) -> (String, String) {
    let names: Vec<String> = (0..items.len()).map(|at| format!("_item{at}")).collect();
    let inner = items
        .iter()
        .zip(&names)
        .filter(|(item, _)| demands(item, checked));
    (
        names.join(", "),
        inner
            .map(|(item, name)| checks(item, name, checked))
            .collect(),
    )
}

/// Checks of a value behind a reference.
fn checks(shape: &Shape, value: &str, checked: &[bool]) -> String {
    let mut out = String::new();
    match shape {
        Shape::Any => {}
        Shape::Null => {
            let _ = write!(out, "if !{value}.is_null() {{ c.fail(\"must be null\"); }}");
        }
        Shape::Bool { only } => {
            if let Some(only) = only {
                let _ = write!(
                    out,
                    "if *{value} != {only} {{ c.fail(\"must be {only}\"); }}"
                );
            }
        }
        Shape::Integer(integer) => {
            for (check, bound) in [("min", integer.min), ("max", integer.max)] {
                if let Some(bound) = bound {
                    let _ = write!(out, "c.{check}(*{value}, {bound});");
                }
            }
            if let Some(step) = integer.step {
                let _ = write!(
                    out,
                    "if *{value} % {step} != 0 {{ c.fail(\"is no multiple of {step}\"); }}"
                );
            }
            if let Some(only) = &integer.only {
                let list: Vec<String> = only.iter().map(ToString::to_string).collect();
                let _ = write!(
                    out,
                    "if ![{}].contains({value}) {{ c.fail(\"is none of the allowed numbers\"); }}",
                    list.join(", ")
                );
            }
        }
        Shape::Number(number) => {
            let _ = write!(out, "c.finite(*{value});");
            for (check, bound) in [("min", number.min), ("max", number.max)] {
                if let Some(bound) = bound {
                    let _ = write!(out, "c.{check}(*{value}, {bound:?}_f64);");
                }
            }
            if let Some(only) = &number.only {
                let list: Vec<String> = only.iter().map(|value| format!("{value:?}_f64")).collect();
                let _ = write!(
                    out,
                    "if ![{}].contains({value}) {{ c.fail(\"is none of the allowed numbers\"); }}",
                    list.join(", ")
                );
            }
            for (wrong, word, bound) in
                [("<=", "above", number.above), (">=", "below", number.below)]
            {
                if let Some(bound) = bound {
                    let _ = write!(
                        out,
                        "if *{value} {wrong} {bound:?}_f64 {{ c.fail(\"must be {word} {bound}\"); }}"
                    );
                }
            }
        }
        Shape::Text(text) => {
            if let Some(check) = moment(text) {
                let _ = write!(out, "c.{check}(*{value});");
            }
            for (check, bound) in [("min_length", text.min), ("max_length", text.max)] {
                if let Some(bound) = bound {
                    let _ = write!(out, "c.{check}({value}, {bound});");
                }
            }
            let value = match text.format {
                None => value.to_owned(),
                Some(_) => format!("&{value}.to_string()"),
            };
            for pattern in &text.patterns {
                let pattern = ecma::translated(pattern).unwrap_or_default();
                let _ = write!(
                    out,
                    "{{ static PATTERN: event_runtime::Pattern = event_runtime::Pattern::new({pattern:?}); c.pattern({value}, &PATTERN); }}"
                );
            }
        }
        Shape::List { item, count } => {
            out.push_str(&counts(*count, value));
            if demands(item, checked) {
                let _ = write!(
                    out,
                    "c.items({value}, |c, value| {{ {} }});",
                    checks(item, "value", checked)
                );
            }
        }
        Shape::Map {
            value: inner,
            count,
        } => {
            out.push_str(&counts(*count, value));
            if demands(inner, checked) {
                let _ = write!(
                    out,
                    "c.entries({value}, |c, value| {{ {} }});",
                    checks(inner, "value", checked)
                );
            }
        }
        Shape::Tuple(items) => {
            for (at, item) in items
                .iter()
                .enumerate()
                .filter(|(_, item)| demands(item, checked))
            {
                let _ = write!(
                    out,
                    "{{ let value = &{value}.{at}; {} }}",
                    checks(item, "value", checked)
                );
            }
        }
        Shape::Nullable(inner) => {
            let _ = write!(
                out,
                "if let Some(value) = {value} {{ {} }}",
                checks(inner, "value", checked)
            );
        }
        Shape::Named(_) => {
            let _ = write!(out, "{value}.check(c);");
        }
    }
    out
}

fn counts(count: Count, value: &str) -> String {
    let mut out = String::new();
    for (check, bound) in [("min_items", count.min), ("max_items", count.max)] {
        if let Some(bound) = bound {
            let _ = write!(out, "c.{check}({value}.len(), {bound});");
        }
    }
    out
}
