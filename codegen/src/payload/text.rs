//! Texts: whether one spells what its format says, or matches a pattern. Knows no model.

use std::cell::RefCell;
use std::collections::HashMap;

use regex::Regex;

use super::shape::Format;
use crate::ecma;
use crate::formats;

/// Returns whether a text spells a value of the format.
pub(crate) fn spells(format: Format, text: &str) -> bool {
    match format {
        Format::Plain => true,
        Format::Uuid => formats::is_uuid(text),
        Format::Timestamp => formats::is_timestamp(text),
        Format::Date => formats::is_date(text),
        Format::Duration => formats::is_duration(text),
        Format::Decimal => formats::is_decimal(text),
        Format::Bytes => formats::is_base64(text),
        Format::Integer(range) => formats::integer(text).is_some_and(|n| range.contains(n)),
    }
}

thread_local! {
    /// Compiling a pattern takes far longer than looking for it, and a search for texts asks many times.
    static COMPILED: RefCell<HashMap<String, Option<Regex>>> = RefCell::default();
}

/// Maximum number of patterns that are kept: one run has few.
const KEPT: usize = 1_000;

/// Returns whether an unanchored pattern is found in a text. A checked model's patterns all parse.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    COMPILED.with_borrow_mut(|compiled| {
        if compiled.len() > KEPT {
            compiled.clear();
        }
        if !compiled.contains_key(pattern) {
            compiled.insert(pattern.to_owned(), ecma::compile(pattern));
        }
        compiled
            .get(pattern)
            .is_some_and(|regex| regex.as_ref().is_some_and(|regex| regex.is_match(text)))
    })
}

/// For reports: long texts are cut.
pub(crate) fn shortened(text: &str) -> String {
    if text.chars().count() <= 60 {
        return text.to_owned();
    }
    let start: String = text.chars().take(57).collect();
    format!("{start}...")
}
