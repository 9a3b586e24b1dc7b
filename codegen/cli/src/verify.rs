//! `verify`: whether what is stored fits the contracts.

mod place;
mod tally;

use std::num::NonZeroU64;
use std::path::Path;
use std::time::{Duration, Instant};

use event_codegen::json::Json;
use event_codegen::model::StreamId;
use event_runtime::{Bus, Shutdown};

use crate::advice::command;
use crate::connection::{unless_stopped, with_server};
use crate::folder;
use crate::jetstream::{self, StreamInfo};
use crate::message::MessageReader;
use crate::outcome::{self, Failure};
use crate::scan::{sample, scan};
use crate::terminal::{Progress, Style};
use crate::units::{self, count};
use tally::Tally;

/// Validates the stored messages of all streams against the contracts.
///
/// Reports for each event the number of valid messages, the violations of the others (one line for each path, rule and
/// cause, with the first message), and subjects without a contract. A violation is what a service would reject, or a
/// subject, partition or message id that does not match the fields. Messages without a message id, which the server
/// cannot deduplicate, are counted for each stream as a warning. Nothing is acknowledged or changed. Exit code 1:
/// there are violations, or a stream is missing.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts verify
  event-contracts verify SCHEDULING --sample 1000 --json")]
pub(crate) struct Args {
    /// Validate only this stream.
    #[arg(value_name = "STREAM", add = crate::candidates::streams())]
    stream: Option<String>,
    /// Validate only this many messages of each stream, evenly distributed.
    #[arg(long, value_name = "N")]
    sample: Option<NonZeroU64>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What became of one stream.
struct Verified<'a> {
    stream: &'a str,
    /// What it holds; nothing when it is not there.
    there: Option<StreamInfo>,
    tally: Tally,
}

pub(crate) fn run(contracts: &Path, args: &Args) -> Result<(), Failure> {
    let checked = folder::load(contracts)?;
    let all = checked.streams.iter().enumerate();
    // A stream without events and subjects is not made.
    let has_messages =
        |id: StreamId| checked.events_of(id).next().is_some() || !checked[id].subjects.is_empty();
    let mut streams: Vec<&str> = all
        .filter(|(at, _)| has_messages(StreamId(*at)))
        .map(|(_, stream)| stream.name.value.as_str())
        .collect();
    if let Some(name) = &args.stream {
        let id = folder::stream(&checked, name)?;
        if !has_messages(id) {
            return Err(Failure::Usage(format!(
                "no event of the contracts is stored in \"{name}\": there is nothing to validate"
            )));
        }
        streams = vec![&checked[id].name.value];
    }
    let reader = MessageReader::new(&checked);
    with_server(async |server, stop| verify(&server.bus, &reader, &streams, args, &stop).await)
}

async fn verify(
    bus: &Bus,
    reader: &MessageReader<'_>,
    streams: &[&str],
    args: &Args,
    stop: &Shutdown,
) -> Result<(), Failure> {
    let mut all = Vec::new();
    let mut end = Ok(());
    for stream in streams {
        let there = unless_stopped(stop, jetstream::stream(bus, stream)).await??;
        let mut tally = Tally::default();
        if let Some(info) = &there {
            end = read(bus, reader, info, args, stop, &mut tally).await;
        }
        all.push(Verified {
            stream,
            there,
            tally,
        });
        if end.is_err() {
            break;
        }
    }
    let text = if args.json {
        json(&all, reader).to_pretty()
    } else {
        human(&all, reader, Style::stdout())
    };
    outcome::print(&text)?;
    if end.is_err() {
        outcome::say("interrupted: the numbers are of the messages that were read");
    }
    end?;
    let finds = |one: &Verified<'_>| one.there.is_none() || one.tally.finds();
    if all.iter().any(finds) {
        return Err(Failure::Findings);
    }
    Ok(())
}

async fn read(
    bus: &Bus,
    reader: &MessageReader<'_>,
    info: &StreamInfo,
    args: &Args,
    stop: &Shutdown,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let mut progress = Progress::new();
    let begun = Instant::now();
    let messages = info.state.messages;
    let wanted = args.sample.map_or(messages, |n| n.get().min(messages));
    let each = |message| {
        tally.add(reader, &message);
        let read = tally.read;
        progress.show(|| bar(info.name(), read, wanted, begun.elapsed()));
    };
    if wanted < messages {
        sample(bus, info, wanted, stop, each).await
    } else {
        scan(bus, info, &[], stop, each).await
    }
}

/// `ORDERS  [#####     ]  12,000 of 30,000  41,000/s  2s left`.
fn bar(stream: &str, read: u64, of: u64, took: Duration) -> String {
    const WIDTH: u64 = 20;
    let of = of.max(read).max(1);
    let done = (WIDTH * read / of) as usize;
    let rate = (read as f64 / took.as_secs_f64().max(0.001)).max(1.0);
    let left = (of - read) as f64 / rate;
    format!(
        "{stream}  [{:<width$}]  {} of {}  {}/s  {left:.0}s left",
        "#".repeat(done),
        count(read),
        count(of),
        count(rate as u64),
        width = WIDTH as usize
    )
}

fn human(all: &[Verified<'_>], reader: &MessageReader<'_>, style: Style) -> String {
    let mut out = String::new();
    let mut whole = Tally::default();
    for one in all {
        match &one.there {
            Some(info) => {
                let size = units::bytes(info.state.bytes);
                let head = format!("{} messages, {size}", count(info.state.messages));
                out.push_str(&format!("{}: {head}\n", style.bold(one.stream)));
                one.tally.human(reader, style, &mut out);
            }
            None => out.push_str(&format!(
                "{}: {}\n",
                style.bold(one.stream),
                style.red(&format!(
                    "is not on the server; `{}` creates it",
                    command("streams apply")
                ))
            )),
        }
        out.push('\n');
        whole.count(&one.tally);
    }
    out.push_str(&format!("{}\n", whole.summary()));
    out
}

fn json(all: &[Verified<'_>], reader: &MessageReader<'_>) -> Json {
    let streams = all.iter().map(|one| {
        let mut members = vec![
            ("stream", Json::text(one.stream)),
            ("exists", Json::Bool(one.there.is_some())),
            (
                "messages",
                one.there
                    .as_ref()
                    .map_or(Json::Null, |info| Json::integer(info.state.messages)),
            ),
        ];
        members.extend(one.tally.json(reader));
        Json::object(members)
    });
    Json::object([("streams", Json::list(streams))])
}
