//! What a run found: a line printed, and a line kept in `.build/bench/GROUP.jsonl`, from which `report` writes the page.

use std::fs::{OpenOptions, create_dir_all};
use std::io::Write;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::pairs::{Goal, Pairs, Ratio};

/// A line of a table: ours against theirs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// The part of the report.
    pub group: String,
    /// What was measured.
    pub name: String,
    /// Against whom.
    pub against: String,
    /// What `ours` and `theirs` count.
    pub unit: String,
    /// The median ratio ours ÷ theirs.
    pub ratio: f64,
    /// The lower end of its 95 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The median of ours.
    pub ours: f64,
    /// The median of theirs.
    pub theirs: f64,
    /// How many pairs.
    pub pairs: usize,
    /// The goal, in words: `≥ 0.95`; empty where nothing is judged.
    pub goal: String,
    /// Whether it was reached; nothing where nothing is judged.
    pub reached: Option<bool>,
}

/// A point of a curve.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Point {
    /// The chart, e.g. `Publishing by payload size`.
    pub chart: String,
    /// The curve in it, e.g. `ours`.
    pub curve: String,
    /// The axes: what is varied, what is measured, with units.
    pub axes: [String; 2],
    /// Where.
    pub at: f64,
    /// What was measured there.
    pub value: f64,
}

/// On what a part was measured, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The part.
    pub group: String,
    /// `2026-11-25`.
    pub date: String,
    /// How many threads it runs at once.
    pub cores: usize,
    /// Its memory in GiB, rounded.
    pub memory_gib: u64,
    /// `linux, x86_64`.
    pub system: String,
}

/// A line of the files that a run keeps.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// Of a table.
    Figure(Figure),
    /// Of a chart.
    Point(Point),
    /// Of the page's head. The files of the parts have none: `report` adds it.
    Run(Run),
}

impl Figure {
    pub(crate) fn ratio(
        of: &Pairs<'_>,
        ratio: Ratio,
        ours: f64,
        theirs: f64,
        pairs: usize,
    ) -> Self {
        let (goal, reached) = match of.goal {
            Goal::AtLeast(least) => (format!("≥ {least}"), Some(ratio.low >= least)),
            Goal::AtMost(most) => (format!("≤ {}", short(most)), Some(ratio.high <= most)),
            Goal::None => (String::new(), None),
        };
        Self {
            group: of.group.into(),
            name: of.name.into(),
            against: of.against.into(),
            unit: of.unit.into(),
            ratio: ratio.median,
            low: ratio.low,
            high: ratio.high,
            ours,
            theirs,
            pairs,
            goal,
            reached,
        }
    }
}

/// Prints `ratio NAME VALUE (ours …, theirs …)` and keeps it.
pub fn record(figure: &Figure) {
    let verdict = match figure.reached {
        Some(true) => format!("  goal {}: reached", figure.goal),
        Some(false) => format!("  goal {}: MISSED", figure.goal),
        None => String::new(),
    };
    println!(
        "ratio {} / {}  {} [{}, {}]  (ours {} {u}, theirs {} {u}, {} pairs){verdict}",
        figure.name,
        figure.against,
        short(figure.ratio),
        short(figure.low),
        short(figure.high),
        short(figure.ours),
        short(figure.theirs),
        figure.pairs,
        u = figure.unit,
    );
    keep(&figure.group, &Line::Figure(figure.clone()));
}

/// Prints a point of a curve and keeps it.
pub fn record_point(group: &str, point: &Point) {
    println!(
        "point {} / {}: {} at {}",
        point.chart,
        point.curve,
        short(point.value),
        short(point.at),
    );
    keep(group, &Line::Point(point.clone()));
}

/// Where a run's lines are kept: `BENCH_OUT`, or `.build/bench` of the repository.
pub fn folder() -> PathBuf {
    std::env::var_os("BENCH_OUT").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.build/bench")),
        PathBuf::from,
    )
}

/// A benchmark that cannot write down what it found has failed: it says so and ends.
fn keep(group: &str, line: &Line) {
    let write = || -> Result<(), Box<dyn std::error::Error>> {
        create_dir_all(folder())?;
        let path = folder().join(format!("{group}.jsonl"));
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        writeln!(file, "{}", serde_json::to_string(line)?)?;
        Ok(())
    };
    if let Err(error) = write() {
        eprintln!("the result was not kept in {}: {error}", folder().display());
        std::process::exit(1);
    }
}

/// Three significant digits, thousands apart.
pub fn short(value: f64) -> String {
    let digits = (2 - value.abs().max(1e-9).log10().floor() as i32).clamp(0, 4) as usize;
    let text = format!("{value:.digits$}");
    if value.abs() < 1e4 {
        return text;
    }
    let scale = 10_f64.powi(value.abs().log10().floor() as i32 - 2);
    let whole = ((value / scale).round() * scale) as i64;
    let text = whole.to_string();
    let mut grouped = String::new();
    for (index, digit) in text.chars().enumerate() {
        if index > 0 && (text.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
