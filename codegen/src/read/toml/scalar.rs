//! Durations, sizes, dates and points in time, as a contract writes them. Reads text; knows no table but its keys' limits.

use std::time::Duration;

use ::toml::de::DeValue;

use super::table::{Table, TableReader};
use crate::diagnostic::{Code, Diagnostic};
use crate::formats;
use crate::model::Start;
use crate::read::keys::{DURATION_UNITS, Kind, SIZE_UNITS};
use crate::source::Spanned;

/// The server counts nanoseconds in 64 bits, with a sign.
const LONGEST_MS: u64 = i64::MAX as u64 / 1_000_000;

impl<'a> TableReader<'a> {
    /// A duration that is at least as long as its key demands.
    pub(super) fn duration(&mut self, table: &Table<'a>, key: &str) -> Option<Spanned<Duration>> {
        const EXPECTED: &str = "an integer and one of ms, s, m, h, d, such as \"30s\"";
        let text = self.quantity(table, key, Code::BadDuration, EXPECTED)?;
        let Some(ms) = amount(&text.value, DURATION_UNITS) else {
            let message = format!("\"{}\" is not a valid duration", text.value);
            self.report(
                Diagnostic::new(Code::BadDuration, text.span, message)
                    .help(format!("write {EXPECTED}")),
            );
            return None;
        };
        let min = match table.about.key(key).map(|key| &key.kind) {
            Some(Kind::Duration { min_ms }) => *min_ms,
            _ => 0,
        };
        if ms < min || ms > LONGEST_MS {
            let limit = if ms < min {
                format!("at least {min}ms")
            } else {
                format!("at most {}d", LONGEST_MS / 86_400_000)
            };
            self.report(Diagnostic::new(
                Code::BadDuration,
                text.span,
                format!("`{key}` must be {limit}"),
            ));
            return None;
        }
        Some(Spanned::new(Duration::from_millis(ms), text.span))
    }

    /// A size in bytes, at least 1.
    pub(super) fn size(&mut self, table: &Table<'a>, key: &str) -> Option<Spanned<u64>> {
        const EXPECTED: &str = "an integer and one of B, KiB, MiB, GiB, such as \"512MiB\"";
        let text = self.quantity(table, key, Code::BadSize, EXPECTED)?;
        match amount(&text.value, SIZE_UNITS) {
            Some(bytes) if bytes >= 1 && i64::try_from(bytes).is_ok() => {
                Some(Spanned::new(bytes, text.span))
            }
            Some(bytes) => {
                let limit = if bytes < 1 {
                    "at least 1B".to_owned()
                } else {
                    format!("at most {}GiB", i64::MAX >> 30)
                };
                let message = format!("`{key}` must be {limit}");
                self.report(Diagnostic::new(Code::BadSize, text.span, message));
                None
            }
            None => {
                let message = format!("\"{}\" is not a valid size", text.value);
                self.report(
                    Diagnostic::new(Code::BadSize, text.span, message)
                        .help(format!("write {EXPECTED}")),
                );
                None
            }
        }
    }

    /// Text, or the complaint that a bare number has no unit.
    fn quantity(
        &mut self,
        table: &Table<'a>,
        key: &str,
        code: Code,
        expected: &str,
    ) -> Option<Spanned<String>> {
        let entry = table.get(key)?;
        if matches!(entry.value, DeValue::Integer(_) | DeValue::Float(_)) {
            let message = format!("`{key}` needs a unit");
            self.report(
                Diagnostic::new(code, entry.span, message).help(format!("write {expected}")),
            );
            return None;
        }
        self.text(table, key)
    }

    /// Returns the place where a new durable begins.
    pub(super) fn start(&mut self, table: &Table<'a>, key: &str) -> Option<Spanned<Start>> {
        let entry = table.get(key)?;
        let text = match entry.value {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(time) => time.to_string(),
            _ => {
                self.wrong(&entry, "\"all\", \"new\" or a point in time");
                return None;
            }
        };
        let start = match text.as_str() {
            "all" => Start::All,
            "new" => Start::New,
            _ if formats::is_timestamp(&text) => Start::At(text),
            _ => {
                self.report(
                    Diagnostic::new(Code::BadTimestamp, entry.span, format!("\"{text}\" is not a valid timestamp"))
                        .help("write \"all\", \"new\", or RFC 3339 with an offset, such as \"2026-01-31T08:00:00Z\""),
                );
                return None;
            }
        };
        Some(Spanned::new(start, entry.span))
    }

    /// A calendar date.
    pub(super) fn date(&mut self, table: &Table<'a>, key: &str) -> Option<Spanned<String>> {
        let entry = table.get(key)?;
        let text = match entry.value {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            _ => {
                self.wrong(&entry, "a date");
                return None;
            }
        };
        if formats::is_date(&text) {
            return Some(Spanned::new(text, entry.span));
        }
        self.report(
            Diagnostic::new(
                Code::BadTimestamp,
                entry.span,
                format!("\"{text}\" is not a valid date"),
            )
            .help("write year, month and day, such as \"2026-01-31\""),
        );
        None
    }
}

/// An integer and a unit, in the smallest of the units.
/// A duration as contracts write it: `30s`, `5m`. For commands that take one.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    let ms = amount(text, DURATION_UNITS).filter(|ms| *ms <= LONGEST_MS)?;
    Some(Duration::from_millis(ms))
}

fn amount(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    // Too large is not a valid duration either, but a report about its limit says more.
    number.parse::<u64>().map_or_else(
        |_| (!number.is_empty()).then_some(u64::MAX),
        |number| Some(number.saturating_mul(*factor)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_a_unit() {
        assert_eq!(amount("30s", DURATION_UNITS), Some(30_000));
        assert_eq!(amount("5m", DURATION_UNITS), Some(300_000));
        assert_eq!(amount("100ms", DURATION_UNITS), Some(100));
        assert_eq!(amount("2GiB", SIZE_UNITS), Some(2 << 30));
        for wrong in ["30", "s", "", "-1s", "1.5h", "1 s", "1S", "1h30m", "٣s"] {
            assert_eq!(amount(wrong, DURATION_UNITS), None, "{wrong}");
        }
        assert_eq!(
            amount("99999999999999999999999d", DURATION_UNITS),
            Some(u64::MAX)
        );
    }
}
