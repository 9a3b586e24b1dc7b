//! `dead-letters list`: a table, newest last.

use std::fmt::Write;

use event_codegen::json::Json;
use event_runtime::{Bus, Shutdown};

use super::letter::Letter;
use super::stored::read;
use super::which::Which;
use crate::message::{MessageReader, visible};
use crate::outcome::{self, Failure};
use crate::terminal::{Style, ago};
use crate::units::count;

/// Longest text of the details in the table.
const DETAIL: usize = 60;

/// Lists dead letters, oldest first.
///
/// Each with its service and event, the reason, the number of attempts, the position of the original and the number of
/// redrives.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts dead-letters list --service notifier --reason attempts
  event-contracts dead-letters list --json | jq -r '.[] | select(.redriven == 0) | .sequence'")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(super) which: Which,
    /// Print one JSON list instead of the table.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(
    bus: &Bus,
    reader: &MessageReader<'_>,
    args: &Args,
    stop: &Shutdown,
) -> Result<(), Failure> {
    let mut letters = read(bus, reader, stop).await?.into_letters();
    let all = letters.len();
    let which = args.which.resolved(reader, &letters)?;
    letters.retain(|letter| which.takes(letter));
    if args.json {
        let list = letters.iter().map(|letter| Json::object(letter.json()));
        return outcome::print(&Json::list(list).to_pretty());
    }
    if !letters.is_empty() {
        outcome::print(&table(&letters, Style::stdout()))?;
    }
    let again = letters.iter().filter(|letter| letter.redriven > 0).count();
    let of = match letters.len() == all {
        true => String::new(),
        false => format!(" of {}", count(all as u64)),
    };
    outcome::say(&format!(
        "{}{of} dead letters, {} of them redriven",
        count(letters.len() as u64),
        count(again as u64)
    ));
    Ok(())
}

const HEAD: [&str; 8] = [
    "SEQ", "AGE", "SERVICE", "EVENT", "REASON", "TRIES", "ORIGINAL", "REDRIVEN",
];

fn table(letters: &[Letter], style: Style) -> String {
    let mut rows: Vec<([String; 8], String)> = vec![(HEAD.map(str::to_owned), "DETAIL".to_owned())];
    for letter in letters {
        let cells = [
            letter.sequence.to_string(),
            letter.time.map(ago).unwrap_or_default(),
            visible(&letter.service),
            visible(letter.event.as_deref().unwrap_or(&letter.subject)),
            visible(&letter.reason),
            letter.attempts.to_string(),
            format!("{}#{}", visible(&letter.stream), letter.original),
            match letter.redriven {
                0 => "-".to_owned(),
                n => format!("{n} x"),
            },
        ];
        let mut detail: String = visible(&letter.detail).chars().take(DETAIL).collect();
        if letter.detail.chars().count() > DETAIL {
            detail.push('…');
        }
        rows.push((cells, detail));
    }
    let width = |column: usize| {
        rows.iter()
            .map(|(row, _)| row[column].chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|column| width(column).unwrap_or(0))
        .collect();
    let mut out = String::new();
    for (at, (cells, detail)) in rows.iter().enumerate() {
        let mut line = String::new();
        for (column, cell) in cells.iter().enumerate() {
            let width = widths[column];
            let _ = match column {
                0 | 1 | 5 => write!(line, "{cell:>width$}  "),
                _ => write!(line, "{cell:<width$}  "),
            };
        }
        line.push_str(detail);
        let line = line.trim_end();
        let shown = if at == 0 {
            style.bold(line)
        } else {
            line.to_owned()
        };
        let _ = writeln!(out, "{shown}");
    }
    out
}
