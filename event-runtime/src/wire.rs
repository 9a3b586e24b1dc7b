//! How values look in JSON where serde's own way is not the contract's: bytes, durations, integers as text.
//!
//! Reads what every language writes for these types and writes one form only.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, Deserializer, Unexpected, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// Reads a string and turns it into a value. Its errors never quote the string.
pub(crate) struct TextVisitor<F> {
    pub(crate) expected: &'static str,
    pub(crate) read: F,
}

impl<T, F: FnOnce(&str) -> Option<T>> Visitor<'_> for TextVisitor<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text)
            .ok_or_else(|| E::invalid_value(Unexpected::Other("another text"), &self.expected))
    }
}

/// Binary data: standard base64 with padding on the wire. Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Bytes(bytes::Bytes);

impl Bytes {
    /// The data itself.
    #[must_use]
    pub fn into_inner(self) -> bytes::Bytes {
        self.0
    }
}

impl<T: Into<bytes::Bytes>> From<T> for Bytes {
    fn from(data: T) -> Self {
        Self(data.into())
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({} bytes)", self.0.len())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = |text: &str| STANDARD.decode(text).ok().map(Self::from);
        deserializer.deserialize_str(TextVisitor {
            expected: "standard base64",
            read,
        })
    }
}

/// Reads standard base64.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// A length of time: ISO 8601 without years and months on the wire (`PT1H30M`, `P2DT0.5S`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IsoDuration(pub Duration);

impl From<Duration> for IsoDuration {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl From<IsoDuration> for Duration {
    fn from(duration: IsoDuration) -> Self {
        duration.0
    }
}

impl fmt::Display for IsoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = (self.0.as_secs(), self.0.subsec_nanos());
        let (days, hours, minutes, seconds) = (
            seconds / 86_400,
            seconds / 3_600 % 24,
            seconds / 60 % 60,
            seconds % 60,
        );
        f.write_str("P")?;
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if days > 0 && hours == 0 && minutes == 0 && seconds == 0 && nanos == 0 {
            return Ok(());
        }
        f.write_str("T")?;
        if hours > 0 {
            write!(f, "{hours}H")?;
        }
        if minutes > 0 {
            write!(f, "{minutes}M")?;
        }
        if nanos > 0 {
            let fraction = format!("{nanos:09}");
            write!(f, "{seconds}.{}S", fraction.trim_end_matches('0'))
        } else if seconds > 0 || (hours == 0 && minutes == 0) {
            write!(f, "{seconds}S")
        } else {
            Ok(())
        }
    }
}

impl IsoDuration {
    /// Reads `P` and weeks, or days and `T` with hours, minutes and seconds. Only seconds may have a fraction.
    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('P')?;
        if let Some(weeks) = text.strip_suffix('W') {
            return Some(Self(Duration::from_secs(
                whole(weeks, 12)?.checked_mul(604_800)?,
            )));
        }
        let (date, time) = match text.split_once('T') {
            Some((_, "")) => return None,
            Some((date, time)) => (date, time),
            None if text.is_empty() => return None,
            None => (text, ""),
        };
        let mut seconds = 0_u64;
        if !date.is_empty() {
            seconds = whole(date.strip_suffix('D')?, MAX_DAY_DIGITS)?.checked_mul(86_400)?;
        }
        let mut rest = time;
        for (unit, factor, digits) in [('H', 3_600, 14), ('M', 60, 16)] {
            if let Some((number, after)) = rest.split_once(unit) {
                seconds = seconds.checked_add(whole(number, digits)?.checked_mul(factor)?)?;
                rest = after;
            }
        }
        if rest.is_empty() {
            return Some(Self(Duration::from_secs(seconds)));
        }
        let number = rest.strip_suffix('S')?;
        let (number, fraction) = match number.split_once('.') {
            Some((number, fraction)) => (number, Some(fraction)),
            None => (number, None),
        };
        let nanos = match fraction {
            Some(digits) if (1..=9).contains(&digits.len()) => {
                u32::try_from(whole(&format!("{digits:0<9}"), 9)?).ok()?
            }
            Some(_) => return None,
            None => 0,
        };
        Some(Self(Duration::new(
            seconds.checked_add(whole(number, 18)?)?,
            nanos,
        )))
    }
}

/// More days than the universe has seen. With the other limits (the ones of the pattern in exported schemas) no sum of
/// components overflows, so the number of digits alone says what is read.
const MAX_DAY_DIGITS: usize = 14;

/// Digits and nothing else, not too many.
fn whole(digits: &str, limit: usize) -> Option<u64> {
    if digits.len() <= limit && digits.bytes().all(|b| b.is_ascii_digit()) {
        digits.parse().ok()
    } else {
        None
    }
}

impl Serialize for IsoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let days = self.0.as_secs() / 86_400;
        if days.checked_ilog10() >= Some(MAX_DAY_DIGITS as u32) {
            return Err(serde::ser::Error::custom(
                "the duration has more days than a reader takes",
            ));
        }
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IsoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "an ISO 8601 duration without years and months";
        deserializer.deserialize_str(TextVisitor {
            expected,
            read: Self::parse,
        })
    }
}

/// Numbers as text, for `#[serde(with = "event_runtime::as_text")]`: JavaScript keeps no more than 53 bits of an integer, and
/// decimals are exact.
pub mod as_text {
    use std::collections::BTreeMap;

    use super::{Deserialize, Deserializer, Serialize, Serializer, TextVisitor};

    /// What may travel so: integers, decimals, and whatever optional values, lists and maps are made of them.
    pub trait Text: Sized {
        /// Writes each number as a string.
        ///
        /// # Errors
        /// Those of the serializer.
        fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

        /// Reads each number from a string of digits.
        ///
        /// # Errors
        /// Anything but a number's text within the type's range.
        fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
    }

    /// Whether these are decimal digits as every language writes them: no `+`, no leading zeros, no `-0`.
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

    /// Whether a decimal's text has the one form that writers of every language give it: no exponent, no `+`, no leading
    /// zeros, digits on both sides of a point, at most 28 of them beside a leading zero.
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

    /// Stricter than the crate's own way, which rounds what it cannot hold and takes exponents.
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

    /// A value, written so.
    #[doc(hidden)]
    #[derive(Debug)]
    pub struct Written<'a, T>(pub(crate) &'a T);

    impl<T: Text> Serialize for Written<'_, T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.write(serializer)
        }
    }

    /// A value that was read so.
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
    /// Those of the serializer.
    pub fn serialize<T: Text, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        value.write(serializer)
    }

    /// Reads each integer of a value from a string of digits.
    ///
    /// # Errors
    /// Anything but a number's text within the type's range.
    pub fn deserialize<'de, T: Text, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        T::read(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, seconds, nanos) in [
            ("PT0S", 0, 0),
            ("PT1H30M", 5_400, 0),
            ("P2DT0.5S", 172_800, 500_000_000),
            ("P1D", 86_400, 0),
            ("PT1.000000001S", 1, 1),
            ("PT59M59S", 3_599, 0),
        ] {
            let duration = IsoDuration(Duration::new(seconds, nanos));
            assert_eq!(duration.to_string(), text);
            assert_eq!(IsoDuration::parse(text), Some(duration));
        }
        assert_eq!(IsoDuration::parse("P2W").unwrap().0.as_secs(), 1_209_600);
        assert_eq!(IsoDuration::parse("PT36H").unwrap().0.as_secs(), 129_600);
        assert!(
            IsoDuration::parse(
                "P99999999999999DT99999999999999H9999999999999999M999999999999999999.9S"
            )
            .is_some()
        );
        assert!(serde_json::to_string(&IsoDuration(Duration::MAX)).is_err());
        for bad in [
            "",
            "P",
            "PT",
            "P1Y",
            "P1M",
            "1H",
            "PT1",
            "PT-1S",
            "PT1.S",
            "PT0.5H",
            "PT1M1H",
            "P1W1D",
            "PT.5S",
            "PT1.0000000001S",
            "P99999999999999999999W",
            "P1000000000000W",
            "P100000000000000D",
            "PT1000000000000000000S",
        ] {
            assert_eq!(IsoDuration::parse(bad), None, "{bad}");
        }
    }

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

    #[test]
    fn bytes_are_base64() {
        let bytes = Bytes::from(vec![0_u8, 255, 1]);
        assert_eq!(serde_json::to_string(&bytes).unwrap(), r#""AP8B""#);
        assert_eq!(serde_json::from_str::<Bytes>(r#""AP8B""#).unwrap(), bytes);
        assert!(serde_json::from_str::<Bytes>(r#""AP8""#).is_err());
        assert!(serde_json::from_str::<Bytes>(r#""A_8B""#).is_err());
    }
}
