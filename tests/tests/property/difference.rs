//! Where the decoder and the schemas differ, and why they may. Nothing else is let through.

use event_codegen::export::json_schema::Draft;
use event_codegen::model::Type;
use event_runtime::serde_json::Value;

use super::mutation::{Act, Change, Place};

/// JSON Schema has one kind of number: `1.0` is an integer there. Rust's reader takes only what is written as one.
const WHOLE_FLOAT: &str = "1.0 as an integer";
/// A pattern cannot say how large a number is.
const TEXT_RANGE: &str = "the range of an integer that is sent as text";
/// Readers take `null` for a field that may be absent; writers never write it, so no schema allows it.
const NULL: &str = "null for an optional field";
/// Readers take an older name; what is written has the new one, which the schema demands.
const ALIAS: &str = "an older name";

/// Draft-07 has no format for uuids; validators that go by it to the letter look at no such text.
const UUID: &str = "the format of a uuid, in draft-07";

/// The schema of an i32 says its range by `format: int32`, which some validators (ajv) look at and others do not.
const INT32: &str = "the range of an i32, where only its format says it";
/// Readers take what chrono and uuid take: a space for the `T`, one digit for a month, a uuid without hyphens. Writers write
/// what the formats say.
const SPELLING: &str = "more spellings of a date, timestamp or uuid than their formats have";
/// A pattern that could add the digits of both sides up would have a hundred branches.
const DIGITS: &str = "the digits on both sides of a decimal's point, which add up to 28 at most";

/// Every difference.
pub const ALL: &[&str] = &[
    WHOLE_FLOAT,
    TEXT_RANGE,
    NULL,
    ALIAS,
    UUID,
    INT32,
    SPELLING,
    DIGITS,
];

/// Whether a change has put a moment there that RFC 3339 cannot say in UTC: a year of five digits or before 0, a second 60
/// within a day. It is read, and written as it came.
pub fn beyond(change: &Change<'_>) -> bool {
    let Act::Replaced(Value::String(text)) = &change.act else {
        return false;
    };
    let odd = text.starts_with(['+', '-'])
        || ["0000-", "9999-12-31T", "2024-02-29T12:00:60Z"]
            .iter()
            .any(|odd| text.starts_with(odd));
    odd && change
        .place
        .scalar()
        .is_some_and(|scalar| matches!(scalar.ty, Type::Date | Type::Timestamp))
}

/// The known difference that a change shows; `judged` is what the decoder says, and the schema says the opposite.
pub fn known(change: &Change<'_>, draft: Draft, judged: Result<(), &str>) -> Option<&'static str> {
    let read = judged.is_ok();
    if draft == Draft::Draft07 && judged.is_err_and(|error| error.contains("UUID")) {
        return Some(UUID);
    }
    if let (Place::Field(..), Act::Renamed, true) = (&change.place, &change.act, read) {
        return Some(ALIAS);
    }
    let Act::Replaced(value) = &change.act else {
        return None;
    };
    if let (Place::Field(field, _), true, true) = (&change.place, value.is_null(), read) {
        return field.optional.then_some(NULL);
    }
    let scalar = change.place.scalar()?;
    if matches!(scalar.ty, Type::Date | Type::Timestamp | Type::Uuid) && value.is_string() && read {
        return Some(SPELLING);
    }
    if *scalar.ty == Type::Decimal && !read {
        let digits = value.as_str()?.bytes().filter(u8::is_ascii_digit).count();
        return (digits > 28).then_some(DIGITS);
    }
    let (low, high) = scalar.range()?;
    match value {
        Value::Number(number) if !read && *scalar.ty == Type::I32 && !number.is_f64() => {
            Some(INT32)
        }
        Value::Number(number) if !read && !scalar.as_text => {
            let whole = number.is_f64() && number.as_f64().is_some_and(|n| n.fract() == 0.0);
            whole.then_some(WHOLE_FLOAT)
        }
        Value::String(text) if !read && scalar.as_text => {
            let number: i128 = text.parse().ok()?;
            (!(low..=high).contains(&number)).then_some(TEXT_RANGE)
        }
        _ => None,
    }
}
