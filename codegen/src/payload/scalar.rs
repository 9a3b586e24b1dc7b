//! Demands on numbers, texts and counts, and the rule that a value breaks. The same for a contract's types and imported ones.

use super::shape::{Count, Format, Text};
use super::text;

/// A rule that a value breaks: its name, what else tells it from others, and the reason.
pub(crate) struct Broken {
    pub rule: &'static str,
    pub cause: String,
    pub reason: String,
}

impl Broken {
    fn new(rule: &'static str, reason: String) -> Self {
        Self {
            rule,
            cause: String::new(),
            reason,
        }
    }
}

/// Checks a number of parts; `rules` are those of the fewest and of the most.
pub(crate) fn count(count: Count, n: u64, what: &str, rules: [&'static str; 2]) -> Option<Broken> {
    if n < count.min {
        let reason = format!("{n} {what}, at least {} are needed", count.min);
        return Some(Broken::new(rules[0], reason));
    }
    let max = count.max.filter(|max| n > *max)?;
    let reason = format!("{n} {what}, at most {max} are allowed");
    Some(Broken::new(rules[1], reason))
}

/// Checks a float; without `bounds` it need only be finite.
pub(crate) fn float((min, max): (f64, f64), digits: &str, bounds: bool) -> Option<Broken> {
    let n = digits.parse::<f64>().ok();
    if n.is_some_and(|n| n.is_finite() && (!bounds || (min..=max).contains(&n))) {
        return None;
    }
    let is_low = n.is_some_and(|n| n < min);
    let rule = if is_low { "minimum" } else { "maximum" };
    Some(Broken::new(rule, format!("{digits} is out of range")))
}

/// Checks a text's format, and with `bounds` its length and its patterns.
pub(crate) fn text(wanted: &Text, value: &str, bounds: bool) -> Option<Broken> {
    let short = text::shortened(value);
    if !text::spells(wanted.format, value) {
        let rule = match wanted.format {
            Format::Uuid | Format::Timestamp | Format::Date => "format",
            _ => "pattern",
        };
        let reason = format!("{short:?} is not a valid {}", wanted.format.name());
        return Some(Broken::new(rule, reason));
    }
    if !bounds {
        return None;
    }
    if wanted.length != Count::ANY {
        let length = value.chars().count() as u64;
        let rules = ["minLength", "maxLength"];
        let broken = count(wanted.length, length, "characters", rules);
        if broken.is_some() {
            return broken;
        }
    }
    let missed = wanted.patterns.iter().find(|p| !text::matches(p, value))?;
    Some(Broken {
        cause: missed.clone(),
        ..Broken::new("pattern", format!("{short:?} does not match {missed}"))
    })
}
