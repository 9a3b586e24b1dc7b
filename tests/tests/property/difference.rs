//! Where the decoder and the schemas differ, and why they may. Nothing else is let through.
//!
//! The decoder refuses two things that no schema can: [`REFUSED`]. The other way, it reads more than a schema accepts, because a
//! reader is more tolerant than what it writes: [`TOLERATED`].

use event_codegen::model::Type;
use event_runtime::serde_json::Value;

use super::mutation::{Act, Change, Place};

/// JSON Schema has one kind of number: `1.0` is an integer there. Rust's reader takes only what is written as one.
const WHOLE_FLOAT: &str = "1.0 as an integer";
/// A pattern cannot say how large a number is: not the range of an integer, not the 28 digits of a decimal, which its two
/// sides share.
const TEXT_RANGE: &str = "the range of a number that is sent as text";
/// An offset moves a moment of the first or last hours of RFC 3339 out of its years when it becomes UTC.
const EDGE: &str =
    "an offset that leaves the years 0000 to 9999, or a second 60 that is none in UTC";

/// Readers take `null` for a field that may be absent; writers never write it, so no schema allows it.
const NULL: &str = "null for an optional field";
/// Readers take an older name; what is written has the new one, which the schema demands.
const ALIAS: &str = "an older name";
/// Readers take what chrono and uuid take: a space for the `T`, one digit for a month, a uuid without hyphens. Writers write
/// what the formats say.
const SPELLING: &str = "more spellings of a date, timestamp or uuid than their formats have";

/// What schemas accept and the decoder refuses.
pub const REFUSED: &[&str] = &[WHOLE_FLOAT, TEXT_RANGE, EDGE];
/// What the decoder reads and schemas refuse.
pub const TOLERATED: &[&str] = &[NULL, ALIAS, SPELLING];

/// The known difference that a change shows: the decoder did or did not read it, and a schema says the opposite.
pub fn known(change: &Change<'_>, read: bool) -> Option<&'static str> {
    if read {
        tolerated(change)
    } else {
        refused(change)
    }
}

fn tolerated(change: &Change<'_>) -> Option<&'static str> {
    match (&change.place, &change.act) {
        (Place::Field(..), Act::Renamed) => Some(ALIAS),
        (Place::Field(field, _), Act::Replaced(Value::Null)) => field.optional.then_some(NULL),
        (place, Act::Replaced(Value::String(_))) => matches!(
            place.scalar()?.ty,
            Type::Date | Type::Timestamp | Type::Uuid
        )
        .then_some(SPELLING),
        _ => None,
    }
}

fn refused(change: &Change<'_>) -> Option<&'static str> {
    let Act::Replaced(value) = &change.act else {
        return None;
    };
    let scalar = change.place.scalar()?;
    match (value, scalar.ty) {
        (Value::String(text), Type::Timestamp) => ["0000-", "9999-12-31T", "2024-02-29T12:00:60Z"]
            .iter()
            .any(|odd| text.starts_with(odd))
            .then_some(EDGE),
        (Value::String(text), Type::Decimal) => {
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            (digits > 28).then_some(TEXT_RANGE)
        }
        (Value::String(text), _) if scalar.as_text => {
            let (low, high) = scalar.range()?;
            let number: i128 = text.parse().ok()?;
            (!(low..=high).contains(&number)).then_some(TEXT_RANGE)
        }
        (Value::Number(number), _) if !scalar.as_text => {
            scalar.range()?;
            let whole = number.is_f64() && number.as_f64().is_some_and(|n| n.fract() == 0.0);
            whole.then_some(WHOLE_FLOAT)
        }
        _ => None,
    }
}
