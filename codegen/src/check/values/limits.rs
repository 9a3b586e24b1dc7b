//! Holds a value against constraints.

use std::collections::HashMap;

use super::super::constraints::above;
use super::checker::Checker;
use super::kind;
use crate::model::{Constraints, Value, ValueKind};
use crate::source::{Span, Spanned};

/// Compiled patterns by text; `None` for one that does not compile, which is reported elsewhere.
pub(super) type Patterns<'a> = HashMap<&'a str, Option<Pattern>>;

#[cfg(feature = "toml")]
pub(super) type Pattern = regex::Regex;
/// Without the TOML front end nobody writes patterns.
#[cfg(not(feature = "toml"))]
pub(super) type Pattern = ();

impl<'a> Checker<'a, '_> {
    /// Says which of the constraints a value breaks.
    pub(super) fn constraints(&mut self, value: &Value, constraints: &'a Constraints, path: usize) {
        match &value.kind {
            ValueKind::Number(n) => {
                let has = format!("has {n}");
                if let Some(min) = constraints.min.as_ref().filter(|min| above(min.value, *n)) {
                    let label = format!("at least {}", min.value);
                    self.breaks(value, path, (&has, ", below `min`"), (min.span, label));
                }
                if let Some(max) = constraints.max.as_ref().filter(|max| above(*n, max.value)) {
                    let label = format!("at most {}", max.value);
                    self.breaks(value, path, (&has, ", above `max`"), (max.span, label));
                }
            }
            ValueKind::Text(text) => {
                let length = text.chars().count() as u64;
                let bounds = (&constraints.min_length, &constraints.max_length);
                self.count(value, path, length, bounds, ("code points", "length"));
                if let Some(pattern) = &constraints.pattern
                    && self.mismatch(&pattern.value, text)
                {
                    let has = format!("has {}", kind(value));
                    let why = ", which does not match its pattern";
                    self.breaks(
                        value,
                        path,
                        (&has, why),
                        (pattern.span, "the pattern".to_owned()),
                    );
                }
            }
            ValueKind::List(items) => {
                let bounds = (&constraints.min_items, &constraints.max_items);
                self.count(value, path, items.len() as u64, bounds, ("items", "items"));
            }
            ValueKind::Object(entries) => {
                let bounds = (&constraints.min_items, &constraints.max_items);
                self.count(
                    value,
                    path,
                    entries.len() as u64,
                    bounds,
                    ("entries", "items"),
                );
            }
            ValueKind::Bool(_) => {}
        }
    }

    fn count(
        &mut self,
        value: &Value,
        path: usize,
        count: u64,
        (low, high): (&Option<Spanned<u64>>, &Option<Spanned<u64>>),
        (unit, key): (&str, &str),
    ) {
        let has = format!("has {count} {unit}");
        if let Some(min) = low.as_ref().filter(|low| count < low.value) {
            let label = format!("at least {}", min.value);
            self.breaks(
                value,
                path,
                (&has, &format!(", below `min_{key}`")),
                (min.span, label),
            );
        }
        if let Some(max) = high.as_ref().filter(|high| count > high.value) {
            let label = format!("at most {}", max.value);
            self.breaks(
                value,
                path,
                (&has, &format!(", above `max_{key}`")),
                (max.span, label),
            );
        }
    }

    fn breaks(
        &mut self,
        value: &Value,
        path: usize,
        (has, why): (&str, &str),
        (bound, label): (Span, String),
    ) {
        self.found
            .push(self.say(value.span, path, has, why).related(bound, label));
    }

    #[cfg(feature = "toml")]
    fn mismatch(&mut self, pattern: &'a str, text: &str) -> bool {
        self.patterns
            .entry(pattern)
            .or_insert_with(|| regex::Regex::new(pattern).ok())
            .as_ref()
            .is_some_and(|regex| !regex.is_match(text))
    }

    #[cfg(not(feature = "toml"))]
    fn mismatch(&mut self, pattern: &'a str, _: &str) -> bool {
        self.patterns.entry(pattern).or_default();
        false
    }
}
