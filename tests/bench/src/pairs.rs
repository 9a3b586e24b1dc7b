//! Ratios that a noisy machine cannot fake: both sides in turn, in the order A B B A, each beside its neighbour.

use crate::record::{Figure, record};

/// How many pairs there are unless `BENCH_PAIRS` says otherwise: the interval of a median needs some.
const PAIRS: usize = 16;
/// And how many there are of what takes minutes.
const LONG: usize = 6;

/// What a ratio has to be.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// The lower end of the interval reaches it.
    AtLeast(f64),
    /// The upper end of the interval stays within it.
    AtMost(f64),
    /// Reported, and not judged.
    None,
}

/// A comparison: its name, what is counted, and what is expected.
#[derive(Clone, Copy, Debug)]
pub struct Pairs<'a> {
    /// The part of the report, e.g. `runtime`.
    pub group: &'a str,
    /// E.g. `publish, 64 at once`.
    pub name: &'a str,
    /// Whom we are measured against, e.g. `async-nats`.
    pub against: &'a str,
    /// What one measurement returns, e.g. `events/s` or `s`.
    pub unit: &'a str,
    /// What the ratio ours ÷ theirs has to be.
    pub goal: Goal,
}

/// The median of the pairwise ratios ours ÷ theirs, with its 95 % interval.
#[derive(Clone, Copy, Debug)]
pub struct Ratio {
    /// The median.
    pub median: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Pairs<'_> {
    /// Measures both in turn, `A B B A`, after one run of each that does not count; prints and records the ratio.
    pub fn run(self, ours: impl FnMut() -> f64, theirs: impl FnMut() -> f64) -> Ratio {
        self.often(1, ours, theirs)
    }

    /// The same with so many times the pairs, for what takes a moment only: the interval is narrower, and what else the machine does
    /// meets both sides of a pair alike.
    pub fn often(
        self,
        times: usize,
        ours: impl FnMut() -> f64,
        theirs: impl FnMut() -> f64,
    ) -> Ratio {
        self.times(asked().unwrap_or(PAIRS) * times, ours, theirs)
    }

    /// The same for what takes so long that so many pairs are too many: builds.
    pub fn times(
        self,
        pairs: usize,
        mut ours: impl FnMut() -> f64,
        mut theirs: impl FnMut() -> f64,
    ) -> Ratio {
        ours();
        theirs();
        let (ours, theirs) = in_turn(pairs, ours, theirs);
        self.measured(&ours, &theirs)
    }

    /// What needs no pairs because it is the same in every run: instructions, allocations.
    pub fn exact(self, ours: f64, theirs: f64) {
        let ratio = Ratio::of(vec![ours / theirs]);
        record(&Figure::ratio(&self, ratio, ours, theirs, 1));
    }
}

impl Pairs<'_> {
    /// What has been measured elsewhere, the same way: run by run, in pairs.
    pub fn measured(self, ours: &[f64], theirs: &[f64]) -> Ratio {
        let pairs = ours.len().min(theirs.len());
        let ratios = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs);
        let ratio = Ratio::of(ratios.collect());
        let figure = Figure::ratio(
            &self,
            ratio,
            median(ours.to_vec()),
            median(theirs.to_vec()),
            pairs,
        );
        record(&figure);
        ratio
    }

    /// The same, judged by what ours takes *more*, pair by pair, and not by the ratio: where theirs is no measure of what may be added.
    pub fn more(self, ours: &[f64], theirs: &[f64]) -> Ratio {
        let more = ours.iter().zip(theirs).map(|(ours, theirs)| ours - theirs);
        let ratio = Ratio::of(more.collect());
        let pairs = ours.len().min(theirs.len());
        let (ours, theirs) = (median(ours.to_vec()), median(theirs.to_vec()));
        record(&Figure::ratio(&self, ratio, ours, theirs, pairs));
        ratio
    }

    /// What is judged by itself: an exponent. Theirs stands beside it.
    pub fn value(self, ours: f64, theirs: f64) {
        record(&Figure::ratio(
            &self,
            Ratio::of(vec![ours]),
            ours,
            theirs,
            1,
        ));
    }
}

/// How many pairs there are of what takes a moment: 16, or what `BENCH_PAIRS` says.
pub fn pairs() -> usize {
    asked().unwrap_or(PAIRS)
}

/// How many there are of what takes minutes: the fewest whose least and greatest ratio enclose the median with 95 % (2 × ½⁶ lie outside),
/// or fewer where `BENCH_PAIRS` says so.
pub fn long_pairs() -> usize {
    asked().map_or(LONG, |pairs| pairs.min(LONG))
}

fn asked() -> Option<usize> {
    let asked = std::env::var("BENCH_PAIRS").ok();
    asked.and_then(|n| n.parse().ok()).map(|n: usize| n.max(1))
}

/// Both sides in turn, `A B B A`, so many times each.
pub fn in_turn<T>(
    pairs: usize,
    mut ours: impl FnMut() -> T,
    mut theirs: impl FnMut() -> T,
) -> (Vec<T>, Vec<T>) {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for pair in 0..pairs.max(1) {
        if pair % 2 == 0 {
            a.push(ours());
            b.push(theirs());
        } else {
            b.push(theirs());
            a.push(ours());
        }
    }
    (a, b)
}

impl Ratio {
    /// The interval is that of the order statistics: it assumes nothing of how the ratios are spread.
    fn of(mut ratios: Vec<f64>) -> Self {
        ratios.sort_by(f64::total_cmp);
        let n = ratios.len();
        let skipped = skipped(n);
        Self {
            median: median(ratios.clone()),
            low: ratios[skipped],
            high: ratios[n - 1 - skipped],
        }
    }
}

/// How many values at either end lie outside of the median's 95 % interval: P(median below them all) ≤ 2.5 %, by the binomial
/// distribution with ½.
fn skipped(n: usize) -> usize {
    let (mut term, mut below, mut skipped) = (0.5_f64.powi(n as i32), 0.0, 0);
    loop {
        below += term;
        if below > 0.025 || skipped >= n / 2 {
            // With fewer than six values no interval reaches 95 %: then it is all of them.
            return skipped.saturating_sub(1).min(n.saturating_sub(1) / 2);
        }
        term *= (n - skipped) as f64 / (skipped + 1) as f64;
        skipped += 1;
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    (values[(n - 1) / 2] + values[n / 2]) / 2.0
}

#[cfg(test)]
mod tests {
    use super::{LONG, Ratio, in_turn, skipped};

    #[test]
    fn the_interval_is_that_of_the_tables() {
        // Published order-statistic intervals: n = 15 ranks 4 and 12, n = 16 ranks 4 and 13, n = 6 ranks 1 and 6.
        assert_eq!((skipped(15), skipped(16), skipped(6)), (3, 3, 0));
        assert_eq!((skipped(1), skipped(2), skipped(5)), (0, 0, 0));
        // The fewest with an interval of 95 %: of five values the least and the greatest enclose the median with 93.75 %.
        assert!(
            2.0 * 0.5_f64.powi(LONG as i32) <= 0.05 && 2.0 * 0.5_f64.powi(LONG as i32 - 1) > 0.05
        );
        let ratio = Ratio::of((1..=15).map(f64::from).collect());
        assert_eq!((ratio.low, ratio.median, ratio.high), (4.0, 8.0, 12.0));
    }

    #[test]
    fn both_sides_take_turns() {
        let order = std::cell::RefCell::new(String::new());
        in_turn(
            3,
            || order.borrow_mut().push('A'),
            || order.borrow_mut().push('B'),
        );
        assert_eq!(*order.borrow(), "ABBAAB");
    }
}
