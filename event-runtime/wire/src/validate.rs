//! Checking an event against the constraints of its contract.
//!
//! Says which field breaks which rule, and never what the value was: it may be a secret.

use std::cmp::Ordering;
use std::fmt::{self, Display};
use std::ops::Rem;
use std::sync::OnceLock;

use chrono::{Datelike, Timelike};
use regex::Regex;

use crate::permanent::Permanent;

/// Type with constraints on its fields.
pub trait Validate {
    /// Reports every broken constraint to `checker`.
    fn check(&self, checker: &mut Checker);
}

impl<T: Validate + ?Sized> Validate for Box<T> {
    fn check(&self, checker: &mut Checker) {
        (**self).check(checker);
    }
}

/// Broken constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// Field in wire names: `lines[2].quantity`. Empty for the event as a whole.
    pub path: String,
    /// Problem, as it follows the name of the field: `is below the minimum of 1`.
    pub problem: String,
}

impl Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() {
            "the event"
        } else {
            &self.path
        };
        write!(f, "{path} {}", self.problem)
    }
}

/// Broken constraints of one event; at least one.
#[derive(Clone, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Iterates over the broken constraints, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.0.iter()
    }
}

impl Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            violation.fmt(f)?;
        }
        Ok(())
    }
}

/// Shows the text, as every error that `main` may return.
impl fmt::Debug for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            f.debug_list().entries(&self.0).finish()
        } else {
            Display::fmt(self, f)
        }
    }
}

impl std::error::Error for Violations {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&Permanent)
    }
}

/// Regular expression of a contract, compiled on first use: for a `static`.
#[derive(Debug)]
pub struct Pattern {
    text: &'static str,
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Creates a pattern in the syntax of the crate `regex`, unanchored.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self {
            text,
            regex: OnceLock::new(),
        }
    }
}

/// Seconds since 1970 of the years 0000 to 9999.
const YEARS: std::ops::Range<i64> = -62_167_219_200..253_402_300_800;

enum PathPart {
    Name(&'static str),
    Index(usize),
    Key(String),
}

/// Broken constraint whose path is still being written, from its end.
struct Found {
    steps: Vec<PathPart>,
    problem: String,
}

impl From<Found> for Violation {
    fn from(found: Found) -> Self {
        let mut path = String::new();
        for step in found.steps.iter().rev() {
            match step {
                PathPart::Name(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                PathPart::Index(index) => path.push_str(&format!("[{index}]")),
                PathPart::Key(key) => path.push_str(&format!("[{key:?}]")),
            }
        }
        Self {
            path,
            problem: found.problem,
        }
    }
}

/// Collector of the broken constraints of a value, with the path to each.
#[derive(Default)]
pub struct Checker {
    found: Vec<Found>,
}

impl fmt::Debug for Checker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checker").finish_non_exhaustive()
    }
}

impl Checker {
    /// Checks a whole value.
    ///
    /// # Errors
    /// Returns [`Violations`] with every broken constraint.
    #[inline]
    pub fn run<T: Validate + ?Sized>(value: &T) -> Result<(), Violations> {
        let mut checker = Self::default();
        value.check(&mut checker);
        if checker.found.is_empty() {
            Ok(())
        } else {
            let found = checker.found.into_iter();
            Err(Violations(found.map(Violation::from).collect()))
        }
    }

    /// Checks below a step, which is called only for a broken constraint: a valid event has no paths.
    #[inline]
    fn within(&mut self, step: impl Fn() -> PathPart, check: impl FnOnce(&mut Self)) {
        let before = self.found.len();
        check(self);
        if self.found.len() > before {
            let found = self.found.iter_mut().skip(before);
            found.for_each(|found| found.steps.push(step()));
        }
    }

    /// Checks the field with this wire name.
    #[inline]
    pub fn field(&mut self, name: &'static str, check: impl FnOnce(&mut Self)) {
        self.within(|| PathPart::Name(name), check);
    }

    /// Checks every element of a list.
    pub fn items<'a, T: 'a>(
        &mut self,
        items: impl IntoIterator<Item = &'a T>,
        mut check: impl FnMut(&mut Self, &'a T),
    ) {
        for (index, item) in items.into_iter().enumerate() {
            self.within(|| PathPart::Index(index), |checker| check(checker, item));
        }
    }

    /// Checks every value of a map.
    pub fn entries<'a, K: AsRef<str> + 'a, T: 'a>(
        &mut self,
        entries: impl IntoIterator<Item = (&'a K, &'a T)>,
        mut check: impl FnMut(&mut Self, &'a T),
    ) {
        for (key, value) in entries {
            self.within(
                || PathPart::Key(key.as_ref().to_owned()),
                |checker| check(checker, value),
            );
        }
    }

    /// Checks a value by its own rules.
    pub fn nested<T: Validate + ?Sized>(&mut self, value: &T) {
        value.check(self);
    }

    /// Reports a problem of the current field, as it would follow its name: `must be before endsAt`.
    pub fn fail(&mut self, problem: impl Into<String>) {
        self.found.push(Found {
            steps: Vec::new(),
            problem: problem.into(),
        });
    }

    /// Checks that a number is not below `min`. NaN breaks it too.
    pub fn min<T: PartialOrd + Display>(&mut self, value: T, min: T) {
        if value.partial_cmp(&min).is_none_or(Ordering::is_lt) {
            self.fail(format!("is below the minimum of {min}"));
        }
    }

    /// Checks that a number is not above `max`. NaN breaks it too.
    pub fn max<T: PartialOrd + Display>(&mut self, value: T, max: T) {
        if value.partial_cmp(&max).is_none_or(Ordering::is_gt) {
            self.fail(format!("is above the maximum of {max}"));
        }
    }

    /// Checks that a number is finite: JSON has no other.
    #[inline]
    pub fn finite(&mut self, value: f64) {
        if !value.is_finite() {
            self.fail("is not a finite number");
        }
    }

    /// Checks that a date has a year from 0 to 9999, as RFC 3339 requires.
    #[inline]
    pub fn date(&mut self, value: chrono::NaiveDate) {
        if !(0..=9999).contains(&value.year()) {
            self.fail("has a year that is not in 0000 to 9999");
        }
    }

    /// Checks that RFC 3339 can express a time in UTC: a year from 0 to 9999, and a leap second only at 23:59:60.
    #[inline]
    pub fn timestamp(&mut self, value: chrono::DateTime<chrono::Utc>) {
        // As it is in UTC: everything else of `DateTime` asks for an offset first.
        let value = value.naive_utc();
        // Mostly its seconds say that its year is one of those, and take less than the year.
        if !YEARS.contains(&value.and_utc().timestamp()) {
            self.date(value.date());
        }
        if value.nanosecond() >= 1_000_000_000 && (value.hour(), value.minute()) != (23, 59) {
            self.fail("has a second 60 that is not a leap second");
        }
    }

    /// Checks that a number is above `bound`. NaN breaks it too.
    pub fn above<T: PartialOrd + Display>(&mut self, value: T, bound: T) {
        if value.partial_cmp(&bound) != Some(Ordering::Greater) {
            self.fail(format!("must be above {bound}"));
        }
    }

    /// Checks that a number is below `bound`. NaN breaks it too.
    pub fn below<T: PartialOrd + Display>(&mut self, value: T, bound: T) {
        if value.partial_cmp(&bound) != Some(Ordering::Less) {
            self.fail(format!("must be below {bound}"));
        }
    }

    /// Checks that an integer is a multiple of `step`, which is not zero.
    pub fn multiple_of<T: Rem<Output = T> + PartialEq + Default + Copy + Display>(
        &mut self,
        value: T,
        step: T,
    ) {
        if step == T::default() || value % step != T::default() {
            self.fail(format!("is not a multiple of {step}"));
        }
    }

    /// Checks that a number is one of those listed.
    pub fn one_of<T: PartialEq>(&mut self, value: T, allowed: &[T]) {
        if !allowed.contains(&value) {
            self.fail("is none of the allowed numbers");
        }
    }

    /// Checks that a value is the only one that is allowed.
    pub fn only<T: PartialEq + Display>(&mut self, value: T, only: T) {
        if value != only {
            self.fail(format!("must be {only}"));
        }
    }

    /// Checks that a value is `null`.
    pub fn null(&mut self, value: &serde_json::Value) {
        if !value.is_null() {
            self.fail("must be null");
        }
    }

    /// Checks that a text has at least `min` code points.
    pub fn min_length(&mut self, value: &str, min: usize) {
        if value.chars().count() < min {
            self.fail(format!("is shorter than {min} characters"));
        }
    }

    /// Checks that a text has at most `max` code points.
    #[inline]
    pub fn max_length(&mut self, value: &str, max: usize) {
        // Bytes are an upper bound of code points: most texts need no counting.
        if value.len() > max && value.chars().count() > max {
            self.fail(format!("is longer than {max} characters"));
        }
    }

    /// Checks that a list or map of `count` elements has at least `min`.
    #[inline]
    pub fn min_items(&mut self, count: usize, min: usize) {
        if count < min {
            self.fail(format!("has fewer than {min} elements"));
        }
    }

    /// Checks that a list or map of `count` elements has at most `max`.
    #[inline]
    pub fn max_items(&mut self, count: usize, max: usize) {
        if count > max {
            self.fail(format!("has more than {max} elements"));
        }
    }

    /// Checks that a pattern is found in a text. A pattern that does not compile rejects everything.
    pub fn pattern(&mut self, value: &str, pattern: &'static Pattern) {
        match pattern.regex.get_or_init(|| Regex::new(pattern.text).ok()) {
            Some(regex) if regex.is_match(value) => {}
            Some(_) => self.fail(format!("does not match the pattern {}", pattern.text)),
            None => self.fail(format!(
                "has a pattern that is not a valid regular expression: {}",
                pattern.text
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    struct Line(i32);
    impl Validate for Line {
        fn check(&self, checker: &mut Checker) {
            checker.field("quantity", |c| c.min(self.0, 1));
        }
    }

    struct Order {
        code: String,
        lines: Vec<Line>,
        weights: BTreeMap<String, f64>,
    }
    static CODE: Pattern = Pattern::new("^[A-Z]+$");
    impl Validate for Order {
        fn check(&self, checker: &mut Checker) {
            checker.field("code", |c| {
                c.max_length(&self.code, 3);
                c.pattern(&self.code, &CODE);
            });
            checker.field("lines", |c| {
                c.min_items(self.lines.len(), 1);
                c.items(&self.lines, |c, line| c.nested(line));
            });
            checker.field("weights", |c| c.entries(&self.weights, |c, w| c.finite(*w)));
        }
    }

    #[test]
    fn every_broken_rule_with_its_path_and_without_the_value() {
        let order = Order {
            code: "s3cr\u{e9}t".into(),
            lines: vec![Line(1), Line(2), Line(0)],
            weights: BTreeMap::from([("eu".into(), f64::NAN)]),
        };
        let violations = Checker::run(&order).unwrap_err();
        assert_eq!(
            violations.to_string(),
            "code is longer than 3 characters; code does not match the pattern ^[A-Z]+$; \
             lines[2].quantity is below the minimum of 1; weights[\"eu\"] is not a finite number"
        );
        let good = Order {
            code: "AB".into(),
            lines: vec![Line(1)],
            weights: BTreeMap::new(),
        };
        assert!(Checker::run(&good).is_ok());
    }
}
