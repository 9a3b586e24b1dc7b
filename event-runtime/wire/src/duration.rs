//! Lengths of time: ISO 8601 on the wire.

use std::fmt;
use std::time::Duration;

use serde::de::Deserializer;
use serde::{Deserialize, Serialize, Serializer};

use crate::text::TextVisitor;

/// Length of time: ISO 8601 without years and months on the wire (`PT1H30M`, `P2DT0.5S`).
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

/// Maximum number of digits of the days. With the other limits (those of the pattern in exported schemas) no sum of components
/// overflows, so the number of digits alone decides.
const MAX_DAY_DIGITS: usize = 14;

/// Reads digits and nothing else, up to a number of them.
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
}
