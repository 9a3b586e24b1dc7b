//! Numbers of two types: ranges, multiples and fractions.

use super::{Both, Sort};
use crate::compat::raw::quoted;
use crate::json::Json;
use crate::payload::shape::Range;
use crate::payload::steer::End;
use crate::payload::write::float;

impl Both<'_, '_> {
    pub(super) fn range(&mut self, w: Range, r: Range, value: impl Fn(i128) -> Json) {
        let Some(value) = w.outside(r).map(value) else {
            return;
        };
        let words = [w, r].map(|range| format!("{}..={}", range.min, range.max));
        self.add(
            Sort::Range,
            quoted(&value),
            words.into(),
            [End::Value(value)],
        );
    }

    /// Finds multiples of a number that are none of another one.
    pub(super) fn step(&mut self) {
        let (w, r) = (&self.w, &self.r);
        let (a, b) = (w.step, r.step);
        if a % b == 0 {
            return;
        }
        let near = w.integer().into_iter();
        let mut sent = near.flat_map(|near| [near, near + a, near - a]);
        let found = sent.find(|n| w.range.contains(*n) && n % b != 0);
        let ends = found.map(|n| End::Value(Json::integer(n)));
        let taken = format!("it must be a multiple of {b}");
        let ends = ends.into_iter().collect();
        self.demanded(Sort::Members, String::new(), taken, ends);
    }

    /// An integer, and the reader takes numbers within bounds.
    pub(super) fn whole_number(&mut self) {
        let (w, (min, max)) = (self.w.range, self.r.floats);
        let inside = Range {
            min: min.ceil() as i128,
            max: max.floor() as i128,
        };
        if let Some(value) = w.outside(inside).map(Json::integer) {
            let words = (format!("{}..={}", w.min, w.max), show_floats((min, max)));
            self.add(Sort::Range, quoted(&value), words, [End::Value(value)]);
        }
    }

    pub(super) fn floats(&mut self) {
        let ((a, b), (c, d)) = (self.w.floats, self.r.floats);
        let values = if b > d {
            [beyond(d, 1.0).min(b), b]
        } else if a < c {
            [beyond(c, -1.0).max(a), a]
        } else {
            return;
        };
        let values = values.map(float);
        let words = (show_floats((a, b)), show_floats((c, d)));
        let value = quoted(&values[0]);
        self.add(Sort::Range, value, words, values.map(End::Value));
    }
}

fn show_floats((min, max): (f64, f64)) -> String {
    match (min == f64::MIN, max == f64::MAX) {
        (true, true) => "any finite number".to_owned(),
        (false, true) => format!("from {min:?}"),
        (true, false) => format!("up to {max:?}"),
        (false, false) => format!("{min:?} to {max:?}"),
    }
}

/// The next number of the same size that really is another one.
fn beyond(n: f64, by: f64) -> f64 {
    let next = n + by;
    if next == n {
        n + n.abs() * 0.5 * by
    } else {
        next
    }
}

/// A number with a fraction within bounds. Even `1.0` is one: Rust writers send it for an f64, and no integer reader takes it.
pub(super) fn fraction((min, max): (f64, f64)) -> End {
    let half = [0.5, -0.5, min + 0.5, max - 0.5]
        .into_iter()
        .find(|n| (min..=max).contains(n) && n.fract() != 0.0);
    End::Value(float(half.unwrap_or(min.max(0.0).min(max))))
}
