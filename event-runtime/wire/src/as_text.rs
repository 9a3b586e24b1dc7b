//! Numbers as text, for `#[serde(with = "event_wire::as_text")]`: JavaScript keeps no more than 53 bits of an integer, and
//! decimals are exact.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::TextVisitor;

/// Types whose numbers can be written as text: integers, decimals, and optional values, lists and maps of them.
pub trait Text: Sized {
    /// Writes each number as a string.
    ///
    /// # Errors
    /// Returns the serializer's error.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Reads each number from a string of digits.
    ///
    /// # Errors
    /// Returns an error if the value is not the text of a number within the type's range.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// Checks for decimal digits as every language writes them: no `+`, no leading zeros, no `-0`.
fn is_plain(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    match digits.as_bytes() {
        [b'0'] => digits.len() == text.len(),
        [b'1'..=b'9', ..] => true,
        _ => false,
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Text for $integer {
            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }

            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(TextVisitor {
                    expected: "an integer written as text",
                    read: |text: &str| if is_plain(text) { text.parse().ok() } else { None },
                })
            }
        }
    )*};
}
integers!(i32, i64, u32, u64);

/// Checks for the one form that writers of every language give a decimal: no exponent, no `+`, no leading zeros, digits on both
/// sides of a point, at most 28 of them beside a leading zero.
#[cfg(feature = "decimal")]
fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match text.split_once('.') {
        Some((_, "")) => return false,
        Some((whole, fraction)) => (whole, fraction),
        None => (text, ""),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let leading = whole.strip_prefix('0');
    digits(whole)
        && digits(fraction)
        && leading.map_or(!whole.is_empty(), str::is_empty)
        && leading.map_or(whole.len(), str::len) + fraction.len() <= 28
}

/// Stricter than the crate's own reader, which rounds what it cannot hold and accepts exponents.
#[cfg(feature = "decimal")]
impl Text for rust_decimal::Decimal {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.to_string();
        if is_decimal(&text) {
            serializer.serialize_str(&text)
        } else {
            Err(serde::ser::Error::custom(
                "the decimal has more than 28 digits",
            ))
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor {
            expected: "a decimal of at most 28 digits, as text",
            read: |text: &str| {
                if is_decimal(text) {
                    Self::from_str_exact(text).ok()
                } else {
                    None
                }
            },
        })
    }
}

/// Value whose numbers are written as text.
#[doc(hidden)]
#[derive(Debug)]
pub struct Written<'a, T>(pub(crate) &'a T);

impl<T: Text> Serialize for Written<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

/// Value whose numbers were read from text.
pub(crate) struct Read<T>(pub(crate) T);

impl<'de, T: Text> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }
}

impl<T: Text> Text for Option<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => serializer.serialize_some(&Written(value)),
            None => serializer.serialize_none(),
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<Read<T>>::deserialize(deserializer)?.map(|read| read.0))
    }
}

impl<T: Text> Text for Vec<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Written))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Vec::<Read<T>>::deserialize(deserializer)?;
        Ok(list.into_iter().map(|read| read.0).collect())
    }
}

impl<T: Text> Text for BTreeMap<String, T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(key, value)| (key, Written(value))))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = BTreeMap::<String, Read<T>>::deserialize(deserializer)?;
        Ok(map.into_iter().map(|(key, read)| (key, read.0)).collect())
    }
}

/// Writes each integer of a value as a string.
///
/// # Errors
/// Returns the serializer's error.
pub fn serialize<T: Text, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.write(serializer)
}

/// Reads each integer of a value from a string of digits.
///
/// # Errors
/// Returns an error if the value is not the text of a number within the type's range.
pub fn deserialize<'de, T: Text, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(deserializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::as_text;

    #[test]
    fn integers_as_text() {
        #[derive(Serialize, Deserialize, PartialEq, Debug)]
        struct Wide {
            #[serde(with = "as_text")]
            n: u64,
            #[serde(default, with = "as_text", skip_serializing_if = "Option::is_none")]
            o: Option<i64>,
        }
        let wide = Wide {
            n: u64::MAX,
            o: Some(i64::MIN),
        };
        let text = serde_json::to_string(&wide).unwrap();
        assert_eq!(
            text,
            r#"{"n":"18446744073709551615","o":"-9223372036854775808"}"#
        );
        assert_eq!(serde_json::from_str::<Wide>(&text).unwrap(), wide);
        assert_eq!(
            serde_json::from_str::<Wide>(r#"{"n":"0","o":null}"#).unwrap(),
            Wide { n: 0, o: None }
        );
        assert_eq!(
            serde_json::from_str::<Wide>(r#"{"n":"0"}"#).unwrap(),
            Wide { n: 0, o: None }
        );
        for bad in [
            r#"{"n":1}"#,
            r#"{"n":"+1"}"#,
            r#"{"n":"01"}"#,
            r#"{"n":"-0"}"#,
            r#"{"n":""}"#,
            r#"{"n":"1.0"}"#,
            r#"{"n":"18446744073709551616"}"#,
        ] {
            assert!(serde_json::from_str::<Wide>(bad).is_err(), "{bad}");
        }
    }

    #[cfg(feature = "decimal")]
    #[test]
    fn decimals_are_exact_or_refused() {
        use rust_decimal::Decimal;

        #[derive(Serialize, Deserialize)]
        struct Price(#[serde(with = "as_text")] Decimal);

        let read = |text: &str| serde_json::from_value::<Price>(serde_json::json!(text));
        for good in [
            "0",
            "-1.50",
            "0.0000000000000000000000000001",
            "9999999999999999999999999999",
            "12345678901234.12345678901234",
        ] {
            let price = read(good).unwrap();
            assert_eq!(serde_json::to_value(&price).unwrap(), good);
        }
        for bad in [
            "",
            "-",
            ".",
            "+1",
            ".5",
            "1.",
            "00",
            "01",
            "1e3",
            "1_000",
            " 1",
            "NaN",
            "0.00000000000000000000000000001",
            "79228162514264337593543950335",
            "123456789012345.12345678901234",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<Price>("1.5").is_err());
        assert!(serde_json::to_value(Price(Decimal::MAX)).is_err());
    }
}
