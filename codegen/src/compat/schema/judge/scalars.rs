//! Numbers and texts against what an imported schema demands of them.

use super::{Look, fault};
use crate::compat::payload::Fault;
use crate::compat::schema::payload::{floats, range, text_of};
use crate::compat::shape::{Count, Range};
use crate::compat::text;
use crate::formats;
use crate::json::Json;

/// Numbers are equal however they are written.
pub(super) fn equal(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => match (a.parse::<i128>(), b.parse::<i128>()) {
            (Ok(a), Ok(b)) => a == b,
            _ => a.parse::<f64>().ok() == b.parse::<f64>().ok(),
        },
        (a, b) => a == b,
    }
}

pub(super) fn integer(schema: &Json, digits: &str, look: Look) -> Vec<Fault> {
    let Ok(n) = digits.parse::<i128>() else {
        return fault("type", "a fraction", format!("{digits} is not an integer"));
    };
    let Range { min, max } = range(schema);
    if look == Look::Form || (min..=max).contains(&n) {
        return Vec::new();
    }
    let rule = if n < min { "minimum" } else { "maximum" };
    fault(rule, "", format!("{n} is not within {min}..={max}"))
}

pub(super) fn number(schema: &Json, digits: &str, look: Look) -> Vec<Fault> {
    let (min, max) = floats(schema);
    let n = digits.parse::<f64>().ok().filter(|n| n.is_finite());
    if n.is_some_and(|n| look == Look::Form || (min..=max).contains(&n)) {
        return Vec::new();
    }
    let rule = if n.is_some_and(|n| n < min) {
        "minimum"
    } else {
        "maximum"
    };
    fault(rule, "", format!("{digits} is out of range"))
}

/// A text; `loose` when it stands for an integer, which is the same as text.
pub(super) fn string(schema: &Json, value: &str, loose: bool, look: Look) -> Vec<Fault> {
    let short = text::shortened(value);
    if loose && !is_long(value) {
        return fault("type", "a text", format!("{short:?} is not an integer"));
    }
    let wanted = text_of(schema);
    if !text::spells(wanted.format, value) {
        let name = wanted.format.name();
        return fault("format", "", format!("{short:?} is no {name}"));
    }
    if look == Look::Form {
        return Vec::new();
    }
    let length = value.chars().count() as u64;
    let rules = ["minLength", "maxLength"];
    let mut all = count(wanted.length, length, "characters", rules);
    let missed = wanted.patterns.iter().find(|p| !text::matches(p, value));
    if let Some(pattern) = missed {
        let reason = format!("{short:?} does not match {pattern}");
        all.extend(fault("pattern", pattern, reason));
    }
    all
}

pub(super) fn count(count: Count, n: u64, what: &str, rules: [&'static str; 2]) -> Vec<Fault> {
    if n < count.min {
        let reason = format!("{n} {what}, at least {} are needed", count.min);
        return fault(rules[0], "", reason);
    }
    match count.max.filter(|max| n > *max) {
        Some(max) => {
            let reason = format!("{n} {what}, at most {max} are allowed");
            fault(rules[1], "", reason)
        }
        None => Vec::new(),
    }
}

/// Whether a text is an integer of 64 bits with a sign, in the one form in which it is written.
fn is_long(text: &str) -> bool {
    formats::integer(text).is_some_and(|n| i64::try_from(n).is_ok())
}
