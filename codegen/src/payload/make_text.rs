//! Good and bad texts: of a format, of a length, for a pattern. Knows no model.

use std::cell::Cell;

use super::grow::{accepted, accepts};
use super::shape::{Format, Text};
use super::text::{matches, spells};

/// The longest text that is made.
const LONGEST: u64 = 20_000;

/// A text that no reader takes.
pub(crate) struct Bad {
    pub name: &'static str,
    pub text: String,
    pub reason: String,
    pub keyword: &'static str,
}

/// A text that is accepted, as plain as can be. Each uuid is another one.
pub(crate) fn good(text: &Text, uuids: &Cell<u32>) -> Option<String> {
    let plain = match text.format {
        Format::Plain => filled("text", text, 'x'),
        Format::Uuid => {
            uuids.set(uuids.get() + 1);
            format!("67e55044-10b1-426f-9247-{:012x}", uuids.get())
        }
        Format::Timestamp => "2024-02-29T12:30:00Z".to_owned(),
        Format::Date => "2024-02-29".to_owned(),
        Format::Duration => "PT1H30M".to_owned(),
        Format::Decimal => "12.50".to_owned(),
        Format::Bytes => "aGVsbG8=".to_owned(),
        Format::Integer(_) => "42".to_owned(),
    };
    if accepts(text, &plain) {
        Some(plain)
    } else {
        accepted(text)
    }
}

/// Further good texts, each with its name and what it shows.
pub(crate) fn more_good(text: &Text) -> Vec<(&'static str, String, String)> {
    let mut all = Vec::new();
    match text.format {
        Format::Plain => {
            if let Some(max) = text.length.max.filter(|max| (1..=LONGEST).contains(max)) {
                let reason = format!("{max} code points, each of them two UTF-16 units");
                all.push(("longest", "\u{1f600}".repeat(size(max)), reason));
            } else {
                let reason = "umlauts, quotes, escapes and an emoji".to_owned();
                let odd = "Ünï \"quoted\" \\ / \t \u{2028} \u{1f600}";
                all.push(("unicode", filled(odd, text, 'ü'), reason));
            }
            if text.length.min == 0 {
                all.push(("empty", String::new(), "an empty text".to_owned()));
            } else if text.length.min <= LONGEST {
                let reason = format!("{} code points, the fewest", text.length.min);
                all.push(("shortest", "x".repeat(size(text.length.min)), reason));
            }
        }
        Format::Bytes => all.push(("empty", String::new(), "no octets".to_owned())),
        Format::Integer(range) => {
            all.push(("minimum", range.min.to_string(), "the smallest".to_owned()));
            all.push(("maximum", range.max.to_string(), "the largest".to_owned()));
        }
        Format::Duration => {
            let reason = "days, and a fraction of a second".to_owned();
            all.push(("fraction", "P1DT0.5S".to_owned(), reason));
        }
        Format::Decimal => {
            let reason = "negative, with a fraction".to_owned();
            all.push(("negative", "-0.001".to_owned(), reason));
        }
        Format::Timestamp => {
            let (fine, reason) = ("2024-02-29T12:30:00.123456789Z", "nine digits of a second");
            all.push(("nanoseconds", fine.to_owned(), reason.to_owned()));
            let (east, reason) = ("2024-02-29T13:30:00+01:00", "an offset; Z may be written");
            all.push(("offset", east.to_owned(), reason.to_owned()));
        }
        Format::Uuid | Format::Date => {}
    }
    all.retain(|(_, candidate, _)| accepts(text, candidate));
    all
}

/// Texts that each break one thing.
pub(crate) fn bad(text: &Text) -> Vec<Bad> {
    let mut all: Vec<Bad> = misspelt(text.format);
    all.retain(|bad| !spells(text.format, &bad.text));
    let base = good(text, &Cell::new(0)).unwrap_or_default();
    if let Some(few) = text.length.min.checked_sub(1).filter(|few| *few <= LONGEST) {
        all.push(Bad {
            name: "too-short",
            text: base.chars().take(size(few)).collect(),
            reason: format!("shorter than {} code points", text.length.min),
            keyword: "minLength",
        });
    }
    if let Some(max) = text.length.max.filter(|max| *max < LONGEST) {
        let last = base.chars().last().unwrap_or('x');
        let missing = (max + 1).saturating_sub(base.chars().count() as u64);
        all.push(Bad {
            name: "too-long",
            text: base
                .chars()
                .chain(std::iter::repeat_n(last, size(missing)))
                .collect(),
            reason: format!("longer than {max} code points"),
            keyword: "maxLength",
        });
    }
    for pattern in &text.patterns {
        all.extend(unmatched(pattern, text, &base).map(|text| Bad {
            name: "no-match",
            text,
            reason: format!("does not match {pattern}"),
            keyword: "pattern",
        }));
    }
    all
}

fn misspelt(format: Format) -> Vec<Bad> {
    let (keyword, texts): (_, &[(&'static str, &str, &str)]) = match format {
        Format::Plain => return Vec::new(),
        Format::Uuid => ("format", &[("no-uuid", "not-a-uuid", "no uuid")]),
        Format::Timestamp => (
            "format",
            &[
                ("no-timestamp", "yesterday", "no RFC 3339 timestamp"),
                (
                    "no-offset",
                    "2024-02-29T12:30:00",
                    "a timestamp without an offset",
                ),
            ],
        ),
        Format::Date => (
            "format",
            &[
                ("no-date", "yesterday", "no date"),
                ("no-such-day", "2024-02-30", "a day that does not exist"),
            ],
        ),
        Format::Duration => (
            "pattern",
            &[
                ("no-duration", "an hour", "no ISO 8601 duration"),
                ("months", "P1M", "months have no fixed length"),
            ],
        ),
        Format::Decimal => (
            "pattern",
            &[
                ("no-decimal", "a lot", "no decimal"),
                ("exponent", "1e3", "a decimal has no exponent"),
            ],
        ),
        Format::Bytes => (
            "pattern",
            &[
                (
                    "no-base64",
                    "a_-=",
                    "the URL's alphabet and not standard base64",
                ),
                ("no-padding", "aGVsbG8", "base64 without its padding"),
            ],
        ),
        Format::Integer(_) => (
            "pattern",
            &[
                ("no-integer", "many", "no integer"),
                ("leading-zero", "007", "an integer with leading zeros"),
            ],
        ),
    };
    let bad = |(name, text, reason): &(&'static str, &str, &str)| Bad {
        name,
        text: (*text).to_owned(),
        reason: (*reason).to_owned(),
        keyword,
    };
    texts.iter().map(bad).collect()
}

/// A text in which a pattern is not found; one of a length that is allowed, if there is one.
fn unmatched(pattern: &str, text: &Text, base: &str) -> Option<String> {
    let mut shorter = base.to_owned();
    shorter.pop();
    let mut candidates: Vec<String> = ["!", "x", "X", "0", " ", "é", ""].map(str::to_owned).into();
    candidates.extend([format!("!{base}"), format!("{base}!"), shorter]);
    let least = size(text.length.min.min(LONGEST));
    candidates.extend(["!", "x", "X", "0"].map(|c| c.repeat(least)));
    candidates.retain(|candidate| !matches(pattern, candidate));
    let fits = |candidate: &&String| text.length.contains(candidate.chars().count() as u64);
    candidates.iter().find(fits).or(candidates.first()).cloned()
}

/// A text, cut or filled up to the lengths that are allowed.
fn filled(start: &str, text: &Text, filler: char) -> String {
    let most = size(text.length.max.unwrap_or(u64::MAX));
    let least = size(text.length.min.min(LONGEST));
    let mut filled: String = start.chars().take(most).collect();
    let missing = least.saturating_sub(filled.chars().count());
    filled.extend(std::iter::repeat_n(filler, missing));
    filled
}

fn size(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
