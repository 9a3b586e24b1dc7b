//! The page `docs/performance.md` and its charts, from the lines that a run kept. Reads and writes no file.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;

use crate::chart;
use crate::record::{Figure, Line, Point, Run, short};

/// The parts, in the order of the page: name, title, what is compared.
const PARTS: [(&str, &str, &str); 8] = [
    (
        "publish",
        "Publishing",
        "Against plain async-nats with serde_json that sends the same bytes and headers with the same window.",
    ),
    (
        "exact",
        "Instructions and allocations",
        "Counted, not timed: the same in every run. Ours against the same work by hand.",
    ),
    (
        "deliver",
        "Handling",
        "A listener that decodes, validates, handles and acknowledges, against a loop over `messages()` with serde_json and `ack()`.",
    ),
    (
        "peers",
        "Beside other libraries",
        "The same chain: publish typed, store in JetStream, handle typed, acknowledge; the same events, the same concurrency, one server. \
         Peers are written as their documentation advises for speed, and run in processes of their own that time themselves. The bare socket is \
         no library: it reads and writes no event, and stands in the place of ours to show how far above a peer the server lets anybody come.",
    ),
    (
        "growth",
        "How cost grows",
        "The exponent of a power law fitted to each curve: 1 is linear, 0 is flat. The steeper of two fits counts: over all points, \
         and over the upper half. The third column is our exponent, not a ratio; plain async-nats does the same work beside ours.",
    ),
    (
        "latency",
        "Latency",
        "From the moment at which an event was due to be sent until its handler has it, stored on the way. Events are due at a fixed rate \
         whatever happened to those before, so that a pause counts for every event that it holds up. Less is better.",
    ),
    (
        "codegen",
        "Code generation",
        "Against prost-build with protoc, typify with prettyplease, and buf, on contracts of the same shapes. Less is better.",
    ),
    (
        "builds",
        "Building with it",
        "What a user's build pays. Less is better.",
    ),
];

/// What is to be written.
#[derive(Debug)]
pub struct Page {
    /// `docs/performance.md`.
    pub markdown: String,
    /// The charts: name of the file below `docs/performance`, and its text.
    pub charts: Vec<(String, String)>,
}

#[derive(Debug, Default)]
struct Part<'a> {
    runs: Vec<&'a Run>,
    figures: Vec<&'a Figure>,
    points: Vec<&'a Point>,
}

impl Page {
    /// Of all these lines. `notes` are the parts that have a page of their own below `docs/performance`.
    ///
    /// # Errors
    /// No lines at all, a part without its run, or a chart that cannot be drawn.
    pub fn of(lines: &[(String, Line)], notes: &[String]) -> Result<Self, Box<dyn Error>> {
        let mut parts: BTreeMap<&str, Part<'_>> = BTreeMap::new();
        for (group, line) in lines {
            let part = parts.entry(group).or_default();
            match line {
                Line::Figure(figure) => part.figures.push(figure),
                Line::Point(point) => part.points.push(point),
                Line::Run(run) => part.runs.push(run),
            }
        }
        if parts.is_empty() {
            return Err("nothing was measured yet: run `tests/bench.sh` first".into());
        }
        let mut page = Self {
            markdown: String::new(),
            charts: Vec::new(),
        };
        page.head(&parts)?;
        for (name, title, compared) in PARTS {
            if let Some(part) = parts.remove(name) {
                page.part(name, title, compared, &part, notes)?;
            }
        }
        // A part that nobody has described yet is no reason to hide it.
        for (name, part) in parts {
            page.part(name, name, "", &part, notes)?;
        }
        Ok(page)
    }

    fn head(&mut self, parts: &BTreeMap<&str, Part<'_>>) -> Result<(), Box<dyn Error>> {
        let runs: Vec<&Run> = parts
            .values()
            .flat_map(|part| part.runs.iter().copied())
            .collect();
        let (Some(first), Some(last)) = (
            runs.iter().min_by_key(|run| &run.date),
            runs.iter().max_by_key(|run| &run.date),
        ) else {
            return Err("it is not known where and when this was measured".into());
        };
        let days = if first.date == last.date {
            format!("on {}", last.date)
        } else {
            format!("from {} to {}", first.date, last.date)
        };
        let mut machines: Vec<String> = runs
            .iter()
            .map(|run| {
                format!(
                    "{} cores, {} GiB of memory ({})",
                    run.cores, run.memory_gib, run.system
                )
            })
            .collect();
        machines.sort();
        machines.dedup();
        let judged = || {
            parts
                .values()
                .flat_map(|part| &part.figures)
                .filter_map(|figure| figure.reached)
        };
        let (goals, reached) = (
            judged().count(),
            judged().filter(|reached| *reached).count(),
        );
        write!(
            self.markdown,
            "<!-- Written by `tests/bench.sh report` from docs/performance/results.jsonl. Do not edit. -->\n\
             # Performance\n\n\
             Measured {days} on {}, by one command that installs everything it compares with:\n\n\
             ```sh\ntests/bench.sh\n```\n\n\
             **Of {goals} goals, {reached} are reached.**\n\n\
             How to read it. Machines differ, and one machine differs from minute to minute; so both sides take turns in the order A B B A, \
             and what is given is the median of the ratios ours ÷ theirs of neighbours, with its 95 % interval from order statistics. A goal \
             is reached when the *whole* interval is on the right side. The absolute medians beside it say what order of size it is, and nothing \
             more: compare them within a row only. Server and both sides share the machine, over loopback.\n",
            machines.join("; and on "),
        )?;
        Ok(())
    }

    fn part(
        &mut self,
        name: &str,
        title: &str,
        compared: &str,
        part: &Part<'_>,
        notes: &[String],
    ) -> Result<(), Box<dyn Error>> {
        write!(self.markdown, "\n## {title}\n\n")?;
        if !compared.is_empty() {
            write!(self.markdown, "{compared}")?;
            if notes.iter().any(|note| note == name) {
                write!(
                    self.markdown,
                    " [Where the time goes, and what was tried](performance/{name}.md)."
                )?;
            }
            self.markdown.push_str("\n\n");
        }
        if !part.figures.is_empty() {
            self.markdown.push_str(
                "| | against | ours ÷ theirs [95 %] | goal | | ours | theirs | pairs |\n|---|---|---|---|---|---|---|---|\n",
            );
        }
        for figure in &part.figures {
            self.markdown.push_str(&row(figure));
        }
        let mut titles: Vec<&str> = Vec::new();
        for point in &part.points {
            if !titles.contains(&point.chart.as_str()) {
                titles.push(&point.chart);
            }
        }
        for title in titles {
            let points: Vec<&Point> = part
                .points
                .iter()
                .filter(|point| point.chart == title)
                .copied()
                .collect();
            let file = format!("{name}-{}.svg", slug(title));
            self.charts
                .push((file.clone(), chart::draw(title, &points)?));
            write!(self.markdown, "\n![{}](performance/{file})\n", cell(title))?;
        }
        Ok(())
    }
}

fn row(figure: &Figure) -> String {
    let ratio = if figure.pairs > 1 {
        format!(
            "**{}** [{}, {}]",
            short(figure.ratio),
            short(figure.low),
            short(figure.high)
        )
    } else {
        format!("**{}**", short(figure.ratio))
    };
    let verdict = match figure.reached {
        Some(true) => "reached",
        Some(false) => "**MISSED**",
        None => "",
    };
    let value = |value: f64| {
        format!("{} {}", short(value), figure.unit)
            .trim_end()
            .to_owned()
    };
    format!(
        "| {} | {} | {ratio} | {} | {verdict} | {} | {} | {} |\n",
        cell(&figure.name),
        cell(&figure.against),
        figure.goal,
        value(figure.ours),
        value(figure.theirs),
        figure.pairs,
    )
}

/// A text within a table or the name of an image.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
        .replace(['[', ']'], "")
        .replace('\n', " ")
}

fn slug(title: &str) -> String {
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() {
            letter.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let text: String = title.chars().map(plain).collect();
    let words: Vec<&str> = text.split('-').filter(|word| !word.is_empty()).collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::Page;
    use crate::record::{Figure, Line, Point, Run};

    fn figure(reached: Option<bool>) -> Line {
        Line::Figure(Figure {
            group: "publish".into(),
            name: "emit | here".into(),
            against: "async-nats".into(),
            unit: "events/s".into(),
            ratio: 0.981,
            low: 0.97,
            high: 0.99,
            ours: 123_456.0,
            theirs: 124_000.0,
            pairs: 16,
            goal: "≥ 0.95".into(),
            reached,
        })
    }

    fn run(date: &str) -> Line {
        Line::Run(Run {
            group: "publish".into(),
            date: date.into(),
            cores: 2,
            memory_gib: 23,
            system: "linux, x86_64".into(),
        })
    }

    fn at(group: &str, line: Line) -> (String, Line) {
        (group.to_owned(), line)
    }

    #[test]
    fn a_page_has_the_machine_the_verdicts_and_the_charts() {
        let point = Line::Point(Point {
            chart: "Handling, by size".into(),
            curve: "ours".into(),
            axes: ["bytes".into(), "events/s".into()],
            at: 1.0,
            value: 2.0,
        });
        let lines = [
            at("publish", run("2026-11-25")),
            at("publish", figure(Some(true))),
            at("publish", figure(Some(false))),
            at("publish", figure(None)),
            at("elsewhere", run("2026-11-26")),
            at("elsewhere", point),
        ];
        let page = Page::of(&lines, &["publish".into()]).unwrap();
        for part in [
            "from 2026-11-25 to 2026-11-26 on 2 cores, 23 GiB",
            "Of 2 goals, 1 are reached",
            "| emit \\| here | async-nats | **0.981** [0.970, 0.990] | ≥ 0.95 | reached | 123,000 events/s | 124,000 events/s | 16 |",
            "**MISSED**",
            "(performance/publish.md)",
            "![Handling, by size](performance/elsewhere-handling-by-size.svg)",
        ] {
            assert!(page.markdown.contains(part), "{part} in {}", page.markdown);
        }
        assert_eq!(page.charts.len(), 1);
    }

    #[test]
    fn nothing_measured_is_an_error() {
        assert!(Page::of(&[], &[]).is_err());
        assert!(Page::of(&[at("publish", figure(None))], &[]).is_err());
    }
}
