//! `services list`: lag and position of every service. Reads only.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::Utc;
use event_codegen::check::Checked;
use event_runtime::{Error, Shutdown, Start};
use serde_json::{Value, json};

use crate::advice::command;
use crate::behind::{Behind, begins, delivers, lacking, noted};
use crate::connection::{Server, unless_stopped};
use crate::jetstream::{self, ConsumerInfo, count_from};
use crate::outcome::{self, Failure};
use crate::terminal::{Progress, Style};
use crate::units::{count, duration};
use crate::wanted::{Wanted, WantedDurable};

/// Lists the lag of each service: pending, in flight and redelivered events.
///
/// PENDING: not yet delivered. IN FLIGHT: delivered and not yet acknowledged. RETRIES: those in flight that were
/// delivered more than once. Partitions are one line; --json lists each. If a durable delivers several events, the lag
/// of each is listed below it; on a stream whose `retention` is `workqueue`, events cannot be counted separately.
/// Missing durables are marked. Below the table are events that are stored and will not be delivered, because the
/// durable was past them when `streams apply` added the event to it.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    event-contracts services list\n  \
    event-contracts services list --json | jq '.[] | select(.pending > 1000) | .service'")]
pub(crate) struct Args {
    /// Print JSON instead of text.
    #[arg(long)]
    json: bool,
}

/// A durable as the contracts and the server know it.
struct Row<'a> {
    wanted: &'a WantedDurable,
    there: Option<ConsumerInfo>,
    /// What waits of each event; nothing where it cannot be said.
    waiting: Vec<(&'a str, Option<u64>)>,
    /// What is stored and not delivered: the durable was past it when it got the event's filter, or will be.
    behind: Vec<Behind>,
}

pub(super) async fn run(
    server: &Server,
    checked: &Checked,
    wanted: &Wanted,
    args: &Args,
    stop: &Shutdown,
) -> Result<(), Failure> {
    let mut progress = Progress::new();
    let mut services: Vec<(&str, Vec<Row<'_>>)> = Vec::new();
    for service in &checked.services {
        let name = service.name.value.as_str();
        let mut rows = Vec::new();
        for durable in wanted.durables_of(name) {
            progress.show(|| format!("reading {}", durable.full_name()));
            rows.push(unless_stopped(stop, row(server, durable)).await??);
        }
        if !rows.is_empty() {
            services.push((name, rows));
        }
    }
    progress.clear();
    if args.json {
        let all: Vec<Value> = services
            .iter()
            .map(|(name, rows)| service_json(name, rows))
            .collect();
        return outcome::print(&format!("{:#}\n", Value::Array(all)));
    }
    if services.is_empty() {
        outcome::say("no service of these contracts subscribes to a stored event");
        return Ok(());
    }
    outcome::print(&table(&services, Style::stdout()))?;
    outcome::print(&behind_text(&services))
}

async fn row<'a>(server: &Server, durable: &'a WantedDurable) -> Result<Row<'a>, Error> {
    let there = jetstream::consumer(&server.bus, &durable.stream, &durable.name).await?;
    let mut waiting = Vec::new();
    for (event, filter) in &durable.events {
        let n = match &there {
            None => None,
            // It has no filter for it yet.
            Some(there) if !delivers(there, filter) => None,
            Some(there) if there.num_pending == 0 => Some(0),
            Some(there) if durable.events.len() == 1 => Some(there.num_pending),
            Some(there) => {
                let next = Start::Sequence(there.delivered.stream_seq + 1);
                let filters = [filter.clone()];
                count_from(&server.bus, &durable.stream, &filters, next).await?
            }
        };
        waiting.push((event.as_str(), n));
    }
    let mut behind = Vec::new();
    if let Some(there) = &there {
        behind = lacking(&server.bus, durable, there).await?;
        behind.extend(noted(&server.bus, durable, there).await?);
    }
    Ok(Row {
        wanted: durable,
        there,
        waiting,
        behind,
    })
}

impl Row<'_> {
    fn number(&self, of: impl Fn(&ConsumerInfo) -> u64) -> u64 {
        self.there.as_ref().map_or(0, of)
    }

    fn lacks(&self, there: &ConsumerInfo) -> bool {
        let mut events = self.wanted.events.iter();
        events.any(|(_, filter)| !delivers(there, filter))
    }

    fn state(&self) -> String {
        let Some(there) = &self.there else {
            return "missing: `streams apply` creates it".to_owned();
        };
        if self.lacks(there) {
            return "lacks events: `streams apply` adds them".to_owned();
        }
        if there.paused {
            return format!("paused for {}", seconds(there.pause_remaining));
        }
        let state = match (there.num_waiting, there.num_ack_pending) {
            (1.., _) => "listening",
            (0, 1..) => "busy, or stopped with events in flight",
            (0, 0) => "nobody listens",
        };
        state.to_owned()
    }
}

/// Nanoseconds in whole seconds, as contracts write them.
fn seconds(nanos: u64) -> String {
    let nanos = i64::try_from(nanos).unwrap_or(i64::MAX);
    duration(nanos - nanos % 1_000_000_000)
}

/// One line of the table: a durable, or all partitions of one.
struct TableLine {
    durable: String,
    numbers: [u64; 3],
    last: String,
    state: String,
    waiting: Vec<(String, Option<u64>)>,
}

impl TableLine {
    fn of(rows: &[&Row<'_>]) -> Option<Self> {
        let first = rows.first()?;
        let durable = match first.wanted.partition {
            Some(_) => {
                let name = first.wanted.full_name();
                let stem = name
                    .rsplit_once("-p")
                    .map_or(name.as_str(), |(stem, _)| stem);
                format!("{stem}-p* ({})", rows.len())
            }
            None => first.wanted.full_name(),
        };
        let sum = |of: fn(&ConsumerInfo) -> u64| rows.iter().map(|row| row.number(of)).sum();
        let last = rows
            .iter()
            .filter_map(|row| row.there.as_ref()?.delivered.last_active)
            .max();
        let mut states: Vec<String> = rows.iter().map(|row| row.state()).collect();
        states.sort();
        states.dedup();
        let events = first.waiting.iter().enumerate().map(|(at, (event, _))| {
            let all: Option<Vec<u64>> = rows.iter().map(|row| row.waiting[at].1).collect();
            ((*event).to_owned(), all.map(|all| all.iter().sum()))
        });
        Some(Self {
            durable,
            numbers: [
                sum(|there| there.num_pending),
                sum(|there| there.num_ack_pending),
                sum(|there| there.num_redelivered),
            ],
            last: last.map_or_else(
                || "never".to_owned(),
                |last| {
                    let ago = (Utc::now() - last).num_seconds().max(0);
                    format!("{} ago", duration(ago * 1_000_000_000))
                },
            ),
            state: states.join("; "),
            waiting: events.collect(),
        })
    }
}

fn lines(rows: &[Row<'_>]) -> Vec<TableLine> {
    let mut groups: Vec<Vec<&Row<'_>>> = Vec::new();
    for row in rows {
        let goes_with = |group: &&mut Vec<&Row<'_>>| {
            row.wanted.partition.is_some()
                && group[0].wanted.partition.is_some()
                && group[0].wanted.stream == row.wanted.stream
        };
        match groups.iter_mut().find(goes_with) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
        .iter()
        .filter_map(|group| TableLine::of(group))
        .collect()
}

const HEAD: [&str; 7] = [
    "SERVICE",
    "DURABLE",
    "PENDING",
    "IN FLIGHT",
    "RETRIES",
    "LAST DELIVERY",
    "STATE",
];

/// What is stored and not delivered, partitions added up, and what to do about it.
fn behind_text(services: &[(&str, Vec<Row<'_>>)]) -> String {
    let mut out = String::new();
    for (name, rows) in services {
        let mut by_event: BTreeMap<(&str, &str), (Option<u64>, &Row<'_>)> = BTreeMap::new();
        for row in rows {
            for behind in &row.behind {
                let of = (row.wanted.stream.as_str(), behind.event.as_str());
                let (stored, _) = by_event.entry(of).or_insert((Some(0), row));
                *stored = stored.zip(behind.stored).map(|(a, b)| a + b);
            }
        }
        for ((stream, event), (stored, row)) in by_event {
            let says = match stored {
                Some(1) => format!("1 stored event of {event} is"),
                Some(n) => format!("{} stored events of {event} are", count(n)),
                None => format!("stored events of {event}, more than can be counted here, are"),
            };
            let to = begins(row.wanted).map_or_else(String::new, |(_, to)| to);
            let first = match row.there.as_ref().is_some_and(|there| row.lacks(there)) {
                true => "first `streams apply`, then",
                false => "run",
            };
            let _ = writeln!(
                out,
                "\n{says} before the position of {name} in {stream} and will not be delivered. To handle them, and the other stored events before that position again, {first}\n  {}",
                command(&format!(
                    "services reset {name} --to {to} --stream {stream}"
                ))
            );
        }
    }
    out
}

fn table(services: &[(&str, Vec<Row<'_>>)], style: Style) -> String {
    let mut cells: Vec<[String; 7]> = vec![HEAD.map(str::to_owned)];
    for (name, rows) in services {
        let mut shown = (*name).to_owned();
        for line in lines(rows) {
            let [pending, in_flight, redelivered] = line.numbers.map(count);
            let service = std::mem::take(&mut shown);
            cells.push([
                service,
                line.durable,
                pending,
                in_flight,
                redelivered,
                line.last,
                line.state,
            ]);
            if line.waiting.len() > 1 {
                for (event, n) in line.waiting {
                    let n = n.map_or_else(|| "?".to_owned(), count);
                    let mut of_event: [String; 7] = Default::default();
                    of_event[1] = format!("  {event}");
                    of_event[2] = n;
                    cells.push(of_event);
                }
            }
        }
    }
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..7).map(|column| width(column).unwrap_or(0)).collect();
    let mut out = String::new();
    for (at, row) in cells.iter().enumerate() {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            let _ = match column {
                2..=4 => write!(line, "{cell:>width$}  "),
                _ => write!(line, "{cell:<width$}  "),
            };
        }
        let line = line.trim_end();
        let _ = writeln!(
            out,
            "{}",
            if at == 0 {
                style.bold(line)
            } else {
                line.to_owned()
            }
        );
    }
    out
}

fn service_json(name: &str, rows: &[Row<'_>]) -> Value {
    let durables: Vec<Value> = rows
        .iter()
        .map(|row| {
            let events = row.waiting.iter();
            let there = row.there.as_ref();
            json!({
                "stream": row.wanted.stream,
                "durable": row.wanted.name,
                "partition": row.wanted.partition,
                "events": events.map(|(event, n)| json!({ "event": event, "pending": n })).collect::<Vec<_>>(),
                "behind": row.behind.iter().map(Behind::json).collect::<Vec<_>>(),
                "missing": there.is_none(),
                "pending": there.map(|t| t.num_pending),
                "inFlight": there.map(|t| t.num_ack_pending),
                "redelivered": there.map(|t| t.num_redelivered),
                "deliveredSequence": there.map(|t| t.delivered.stream_seq),
                "acknowledgedSequence": there.map(|t| t.ack_floor.stream_seq),
                "lastDelivery": there.and_then(|t| t.delivered.last_active).map(|at| at.to_rfc3339()),
                "listening": there.map(|t| t.num_waiting > 0),
                "pausedSeconds": there.filter(|t| t.paused).map(|t| t.pause_remaining / 1_000_000_000),
            })
        })
        .collect();
    let sum = |of: fn(&ConsumerInfo) -> u64| rows.iter().map(|row| row.number(of)).sum::<u64>();
    json!({
        "service": name,
        "pending": sum(|t| t.num_pending),
        "inFlight": sum(|t| t.num_ack_pending),
        "redelivered": sum(|t| t.num_redelivered),
        "durables": durables,
    })
}
