//! Whether a value is one of a scalar, and what would be one.

use super::super::constraints::range;
use crate::formats;
use crate::model::{Number, Type, ValueKind};

/// Returns the kind of value that a scalar wants, if it refuses this one.
pub(super) fn refuses(ty: &Type, as_text: bool, value: &ValueKind) -> Option<&'static str> {
    let text = |is: fn(&str) -> bool| matches!(value, ValueKind::Text(text) if is(text));
    let (fits, wanted) = match ty {
        Type::Bool => (
            matches!(value, ValueKind::Bool(_)),
            "true or false is expected",
        ),
        Type::String => (text(|_| true), "a text is expected"),
        Type::I32 | Type::I64 | Type::U32 | Type::U64 => {
            let number = match value {
                ValueKind::Text(text) if as_text => formats::integer(text),
                ValueKind::Number(Number::Integer(n)) if !as_text => Some(*n),
                _ => None,
            };
            let inside = |n| range(ty).is_some_and(|(low, high)| (low..=high).contains(&n));
            let wanted = match (as_text, number) {
                (_, Some(_)) => "outside of the type's range",
                (true, None) => "an integer as text is expected, such as \"42\"",
                (false, None) => "an integer without fraction is expected",
            };
            (number.is_some_and(inside), wanted)
        }
        Type::F64 => (
            match value {
                ValueKind::Number(Number::Float(n)) => n.is_finite(),
                ValueKind::Number(Number::Integer(_)) => true,
                _ => false,
            },
            "a finite number is expected",
        ),
        Type::Decimal => (
            text(formats::is_decimal),
            "decimals are sent as text of at most 28 digits, such as \"12.50\"",
        ),
        Type::Uuid => (
            text(formats::is_uuid),
            "expected like \"67e55044-10b1-426f-9247-bb680e5fe0c8\"",
        ),
        Type::Timestamp => (
            text(formats::is_timestamp),
            "RFC 3339 is expected, such as \"2024-05-01T12:00:00Z\"",
        ),
        Type::Date => (text(formats::is_date), "expected like \"2024-05-01\""),
        Type::Duration => (
            text(formats::is_duration),
            "ISO 8601 without years and months is expected, such as \"PT1H30M\"",
        ),
        Type::Bytes => (
            text(formats::is_base64),
            "base64 with padding is expected, such as \"TWE=\"",
        ),
        _ => return None,
    };
    (!fits).then_some(wanted)
}
