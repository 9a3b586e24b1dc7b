//! The schema of a value that is neither object nor list: its type, format, pattern and limits.

use super::form::{Members, put, put_some};
use super::pattern;
use crate::json::Json;
use crate::model::{Constraints, Number, Type};

/// A scalar type, whether it is an integer sent as text, and every constraint on it.
pub(super) type Scalar<'a> = (&'a Type, bool, Vec<&'a Constraints>);

/// A scalar under all of these constraints.
pub(super) fn scalar(out: &mut Members, ty: &Type, as_text: bool, constraints: &[&Constraints]) {
    let kind = match ty {
        Type::Bool => "boolean",
        Type::F64 => "number",
        Type::I32 | Type::I64 | Type::U32 | Type::U64 if !as_text => "integer",
        _ => "string",
    };
    put(out, "type", Json::text(kind));
    match ty {
        Type::I32 | Type::I64 | Type::U32 | Type::U64 if as_text => {
            put(out, "pattern", Json::text(pattern::integer(ty)));
        }
        Type::I32 => put(out, "format", Json::text("int32")),
        Type::I64 | Type::U32 | Type::U64 => put(out, "format", Json::text("int64")),
        Type::Decimal => put(out, "pattern", Json::text(pattern::DECIMAL)),
        Type::Duration => put(out, "pattern", Json::text(pattern::DURATION)),
        Type::Uuid => put(out, "format", Json::text("uuid")),
        Type::Timestamp => put(out, "format", Json::text("date-time")),
        Type::Date => put(out, "format", Json::text("date")),
        Type::Bytes => {
            put(out, "contentEncoding", Json::text("base64"));
            put(out, "pattern", Json::text(pattern::BASE64));
        }
        _ => {}
    }
    if !as_text {
        bounds(out, ty, constraints);
    }
    text_limits(out, constraints);
}

/// `minimum` and `maximum`: the narrowest that is demanded, or what the type itself cannot hold.
fn bounds(out: &mut Members, ty: &Type, constraints: &[&Constraints]) {
    let narrowest = |a: Number, b: Number, larger: bool| if above(a, b) == larger { a } else { b };
    let min = constraints
        .iter()
        .filter_map(|c| c.min.as_ref())
        .map(|n| n.value);
    let max = constraints
        .iter()
        .filter_map(|c| c.max.as_ref())
        .map(|n| n.value);
    let min = min.reduce(|a, b| narrowest(a, b, true));
    let max = max.reduce(|a, b| narrowest(a, b, false));
    let (least, most) = match ty {
        Type::U32 => (Some(0), Some(i128::from(u32::MAX))),
        Type::U64 => (Some(0), None),
        _ => (None, None),
    };
    put_some(
        out,
        "minimum",
        min.or(least.map(Number::Integer)).map(number),
    );
    put_some(
        out,
        "maximum",
        max.or(most.map(Number::Integer)).map(number),
    );
}

fn text_limits(out: &mut Members, constraints: &[&Constraints]) {
    let least = constraints
        .iter()
        .filter_map(|c| c.min_length.as_ref())
        .map(|n| n.value)
        .max();
    let most = constraints
        .iter()
        .filter_map(|c| c.max_length.as_ref())
        .map(|n| n.value)
        .min();
    put_some(out, "minLength", least.map(Json::integer));
    put_some(out, "maxLength", most.map(Json::integer));
    let mut patterns = constraints.iter().filter_map(|c| c.pattern.as_ref());
    put_some(
        out,
        "pattern",
        patterns.next().map(|p| Json::text(p.value.as_str())),
    );
    let more: Vec<Json> = patterns
        .map(|p| Json::object([("pattern", Json::text(p.value.as_str()))]))
        .collect();
    if !more.is_empty() {
        put(out, "allOf", Json::List(more));
    }
}

fn above(a: Number, b: Number) -> bool {
    match (a, b) {
        (Number::Integer(a), Number::Integer(b)) => a > b,
        _ => float(a) > float(b),
    }
}

// Only compares: bounds of a float field, where the nearest float is what the reader compares with too.
#[allow(clippy::cast_precision_loss)]
fn float(number: Number) -> f64 {
    match number {
        Number::Integer(n) => n as f64,
        Number::Float(n) => n,
    }
}

pub(super) fn number(number: Number) -> Json {
    Json::Number(number.to_string())
}
