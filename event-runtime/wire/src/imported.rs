//! Scalars of imported schemas: an integer that is sent as a number or as text.

use std::fmt::{self, Write};
use std::num::ParseIntError;
use std::str::FromStr;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::token::Token;

/// 64-bit integer that peers send as a number or, as protobuf's JSON mapping does, as text.
///
/// It is written in the form in which it was read, and as a number if it was created here. The form has no part in comparisons.
#[derive(Clone, Copy, Default)]
pub struct Int64 {
    value: i64,
    text: bool,
}

impl Int64 {
    /// Creates an integer that is written as a number.
    #[must_use]
    pub const fn new(value: i64) -> Self {
        Self { value, text: false }
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.value
    }

    /// Returns the integer in the form that is written as text.
    #[must_use]
    pub const fn as_text(self) -> Self {
        Self {
            value: self.value,
            text: true,
        }
    }
}

impl From<i64> for Int64 {
    fn from(value: i64) -> Self {
        Self::new(value)
    }
}

impl From<Int64> for i64 {
    fn from(number: Int64) -> Self {
        number.value
    }
}

impl FromStr for Int64 {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self::new)
    }
}

impl PartialEq for Int64 {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Int64 {}

impl PartialEq<i64> for Int64 {
    fn eq(&self, other: &i64) -> bool {
        self.value == *other
    }
}

impl PartialOrd for Int64 {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Int64 {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.value.cmp(&other.value)
    }
}

impl std::hash::Hash for Int64 {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

impl fmt::Debug for Int64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.value, f)
    }
}

impl fmt::Display for Int64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.value, f)
    }
}

impl Token for Int64 {
    fn write_token(&self, out: &mut dyn Write) -> fmt::Result {
        self.value.write_token(out)
    }
}

impl Serialize for Int64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.text {
            serializer.collect_str(&self.value)
        } else {
            serializer.serialize_i64(self.value)
        }
    }
}

impl<'de> Deserialize<'de> for Int64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Number)
    }
}

struct Number;

impl Visitor<'_> for Number {
    type Value = Int64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a 64-bit integer, as a number or as text")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Int64, E> {
        Ok(Int64::new(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Int64, E> {
        i64::try_from(value)
            .map(Int64::new)
            .map_err(|_| E::custom("the integer does not fit 64 bits with a sign"))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Int64, E> {
        // Only the one text that is written for a number: then what is written is what was read.
        let value = text
            .parse::<i64>()
            .ok()
            .filter(|value| value.to_string() == text);
        let wrong = || E::invalid_value(de::Unexpected::Other("another text"), &self);
        value
            .map(|value| Int64::new(value).as_text())
            .ok_or_else(wrong)
    }
}

/// Error of a text that is no value of an enum or of a type from a JSON Schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseTextError(std::borrow::Cow<'static, str>);

impl fmt::Display for ParseTextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParseTextError {}

impl From<&'static str> for ParseTextError {
    fn from(reason: &'static str) -> Self {
        Self(reason.into())
    }
}

impl From<String> for ParseTextError {
    fn from(reason: String) -> Self {
        Self(reason.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_written() {
        for json in [
            "5",
            "\"5\"",
            "-9223372036854775808",
            "\"9223372036854775807\"",
            "\"0\"",
        ] {
            let number: Int64 = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&number).unwrap(), json);
        }
        for json in [
            "\"+5\"",
            "\"05\"",
            "\"-0\"",
            "\" 5\"",
            "\"\"",
            "5.0",
            "true",
            "null",
            "9223372036854775808",
            "\"secret\"",
        ] {
            let error = serde_json::from_str::<Int64>(json).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
        assert_eq!(
            serde_json::from_str::<Int64>("\"5\"").unwrap(),
            Int64::from(5)
        );
        assert_eq!(Int64::from(5), 5);
    }
}
