//! `services reset`: moves a service to another place in its streams.
//!
//! No server moves a durable, so it is deleted and made again with the same settings and another start. Between the two
//! nothing may stop it, and on a stream that keeps only what somebody wants, a stand-in wants it meanwhile.

use chrono::{SecondsFormat, Utc};
use event_codegen::check::Checked;
use event_operate::{filters_of, set_start};
use event_runtime::{Bus, Error, Shutdown, Start, Timestamp};
use serde_json::{Value, json};

use super::{named, present};
use crate::advice::command;
use crate::connection::{Server, unless_stopped};
use crate::folder::unknown;
use crate::jetstream::{self, ConsumerInfo, count_from, patiently, text};
use crate::outcome::{self, Failure};
use crate::terminal;
use crate::units::count;
use crate::wanted::{ADDED, Wanted, WantedDurable};

/// Moves a service to another position in its streams: replays or skips events.
///
/// Shows for each durable how many events will be handled again or skipped, and asks for confirmation; without a
/// terminal, --yes is required. The durable is deleted and recreated with the same settings, because a server cannot
/// move one. A running listener ends with `ConsumerGone`, and its process must be restarted. The durable for redrives
/// is not moved.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    event-contracts services reset billing --to 2026-01-31T08:00:00Z\n  \
    event-contracts services reset notifier --to all --yes")]
pub(crate) struct Args {
    /// Name of the service in the contracts.
    #[arg(value_name = "NAME", add = crate::candidates::services())]
    name: String,
    /// New position: `all` (the oldest stored event), `new` (the next event), a timestamp (RFC 3339), or a stream
    /// sequence.
    #[arg(long, value_name = "START")]
    to: String,
    /// Only the durables on this stream; required with a sequence if the service consumes several streams.
    #[arg(long, value_name = "STREAM", add = crate::candidates::streams())]
    stream: Option<String>,
    /// Skip the confirmation.
    #[arg(long)]
    yes: bool,
}

impl Args {
    fn durables<'a>(&'a self, wanted: &'a Wanted) -> impl Iterator<Item = &'a WantedDurable> {
        let on = move |durable: &&WantedDurable| {
            !durable.redrives()
                && self
                    .stream
                    .as_ref()
                    .is_none_or(|stream| *stream == durable.stream)
        };
        wanted.durables_of(&self.name).filter(on)
    }
}

/// Reads the arguments against the contracts: what is wrong with them needs no server.
pub(super) fn check(args: &Args, checked: &Checked, wanted: &Wanted) -> Result<Start, Failure> {
    named(checked, wanted, &args.name)?;
    let mut streams: Vec<&str> = wanted
        .durables_of(&args.name)
        .filter(|durable| !durable.redrives())
        .map(|durable| durable.stream.as_str())
        .collect();
    streams.dedup();
    if let Some(stream) = &args.stream
        && !streams.contains(&stream.as_str())
    {
        let missing = format!("--stream: the service \"{}\" has no durable on", args.name);
        let names: Vec<String> = streams.iter().map(|&name| name.to_owned()).collect();
        return Err(unknown(
            &missing,
            stream,
            "streams that it has some on",
            &names,
        ));
    }
    let start = start(&args.to)?;
    if matches!(start, Start::Sequence(_)) && args.stream.is_none() && streams.len() > 1 {
        return Err(Failure::Usage(format!(
            "--to: a sequence belongs to one stream, and \"{}\" has durables on {}: select one with --stream, or use a timestamp",
            args.name,
            streams.join(" and ")
        )));
    }
    Ok(start)
}

fn start(text: &str) -> Result<Start, Failure> {
    let wrong = |why: &str| Err(Failure::Usage(format!("--to \"{text}\": {why}")));
    match text {
        "all" => return Ok(Start::All),
        "new" => return Ok(Start::New),
        _ => {}
    }
    if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
        return match text.parse::<u64>() {
            Ok(0) => wrong("sequences start at 1; `all` is the oldest event"),
            Ok(sequence) => Ok(Start::Sequence(sequence)),
            Err(_) => wrong("no stream has such a sequence"),
        };
    }
    match text.parse::<Timestamp>() {
        Ok(time) if time > Utc::now() => {
            wrong("the timestamp is in the future; `new` starts from now")
        }
        Ok(time) => Ok(Start::at(time)),
        Err(_) => wrong(
            "write all, new, a sequence of the stream, or RFC 3339 with an offset, such as 2026-01-31T08:00:00Z",
        ),
    }
}

/// One durable and what its move means.
struct Move<'a> {
    wanted: &'a WantedDurable,
    there: ConsumerInfo,
    retention: String,
    /// What it will get from its new place; nothing where it cannot be counted.
    gets: Option<u64>,
}

pub(super) async fn run(
    server: &Server,
    wanted: &Wanted,
    args: &Args,
    start: Start,
    stop: &Shutdown,
) -> Result<(), Failure> {
    let bus = &server.bus;
    let moves = unless_stopped(stop, moves(bus, args.durables(wanted), start)).await??;
    for step in &moves {
        outcome::print(&format!("{}\n", step.says()))?;
    }
    let busy = moves
        .iter()
        .any(|step| step.there.num_waiting + step.there.num_ack_pending > 0);
    if busy {
        outcome::say(&format!(
            "{} has an active listener or events in flight: the listener will end with ConsumerGone and must be restarted",
            args.name
        ));
    }
    if !args.yes {
        if !terminal::can_ask() {
            outcome::say(
                "nothing was reset: confirmation is required; review the changes and run again with --yes",
            );
            return Err(Failure::Findings);
        }
        if !unless_stopped(stop, terminal::ask(&format!("Reset {}?", args.name))).await?? {
            outcome::say("nothing was reset");
            return Err(Failure::Findings);
        }
    }
    for (done, step) in moves.iter().enumerate() {
        if stop.is_stopped() {
            outcome::say(&format!(
                "stopped: {done} of {} durables are reset",
                moves.len()
            ));
            return Err(Failure::Interrupted);
        }
        step.go(bus, start).await?;
        outcome::print(&format!("{}: reset\n", step.wanted.full_name()))?;
    }
    Ok(())
}

async fn moves<'a>(
    bus: &Bus,
    durables: impl Iterator<Item = &'a WantedDurable>,
    start: Start,
) -> Result<Vec<Move<'a>>, Failure> {
    let mut moves = Vec::new();
    for (wanted, there) in present(bus, durables).await? {
        let stream = jetstream::stream(bus, &wanted.stream).await?;
        let Some(stream) = stream else {
            return Err(Failure::Outside(format!(
                "the stream {} is gone",
                wanted.stream
            )));
        };
        let retention = text(&stream.config, "retention").to_owned();
        if retention == "workqueue" && start != Start::All {
            return Err(Failure::Usage(format!(
                "{} is a work queue: handled events are deleted, and its durable gets all others; only `--to all` is possible",
                wanted.stream
            )));
        }
        if let Start::Sequence(sequence) = start
            && sequence > stream.state.last_seq + 1
        {
            return Err(Failure::Usage(format!(
                "--to {sequence}: {} ends at {}; `new` is from the next event on",
                wanted.stream, stream.state.last_seq
            )));
        }
        let gets = match start {
            Start::New => Some(0),
            _ => count_from(bus, &wanted.stream, &filters_of(&there.config), start).await?,
        };
        moves.push(Move {
            wanted,
            there,
            retention,
            gets,
        });
    }
    Ok(moves)
}

impl Move<'_> {
    /// What it means.
    fn says(&self) -> String {
        let there = &self.there;
        let waits = there.num_pending;
        let (what, in_hand) = match self.gets {
            None if self.retention != "workqueue" => (
                "the number of events cannot be determined with these permissions".to_owned(),
                0,
            ),
            None => (
                format!(
                    "{} events that are in flight will be delivered again",
                    count(there.num_ack_pending)
                ),
                0,
            ),
            Some(gets) if gets > waits => {
                let again = format!("{} events will be handled again", count(gets - waits));
                let all = format!("{again}, then the {} pending", count(waits));
                (all, 0)
            }
            Some(gets) if gets < waits => (
                format!("{} pending events will be skipped", count(waits - gets)),
                there.num_ack_pending,
            ),
            Some(_) => (
                "no event is handled again or skipped".to_owned(),
                there.num_ack_pending,
            ),
        };
        let in_hand = match in_hand {
            0 => String::new(),
            n => format!(
                "; {} in flight are not delivered again if they fail",
                count(n)
            ),
        };
        let since = there.delivered.last_active.map_or_else(String::new, |at| {
            format!(
                ", last delivery {}",
                at.to_rfc3339_opts(SecondsFormat::Secs, true)
            )
        });
        format!(
            "{} (now at {} of {}{since}): {what}{in_hand}",
            self.wanted.full_name(),
            count(there.ack_floor.stream_seq),
            self.wanted.stream
        )
    }

    async fn go(&self, bus: &Bus, start: Start) -> Result<(), Failure> {
        let (stream, durable) = (&self.wanted.stream, &self.wanted.name);
        let mut config = self.there.config.clone();
        if let Some(Value::Object(metadata)) = config.get_mut("metadata") {
            // The server's own notes are no part of what a client may send.
            metadata.retain(|key, _| !key.starts_with("_nats."));
            // Where it goes on from now is what somebody has chosen, for all of its events.
            metadata.remove(ADDED);
        }
        set_start(&mut config, start)?;
        let stand_in = self.stand_in(bus).await?;
        delete(bus, stream, durable).await?;
        let made = patiently(async || {
            event_operate::write_durable(bus, stream, durable, &config, "create").await
        })
        .await;
        if let Some(stand_in) = stand_in
            && made.is_ok()
        {
            delete(bus, stream, &stand_in).await?;
        }
        made.map(drop).map_err(|error| {
            let Failure::Outside(why) = Failure::from(error) else {
                return Failure::Outside(format!("{stream}/{durable} could not be recreated"));
            };
            Failure::Outside(format!(
                "{stream}/{durable} is deleted and could not be recreated: {why}\nIts settings were {config}\n\
                 `{}` creates it, with the start position of the contracts",
                command("streams apply")
            ))
        })
    }

    /// A durable that wants the same while there is none: else a stream with `retention = "interest"` drops it all.
    async fn stand_in(&self, bus: &Bus) -> Result<Option<String>, Error> {
        if self.retention != "interest" {
            return Ok(None);
        }
        let name = format!("{}-reset", self.wanted.name);
        let mut config = json!({
            "durable_name": name,
            "ack_policy": "explicit",
            "metadata": { "event-contracts.purpose": "keeps events while a durable is reset" },
        });
        event_operate::set_filters(&mut config, &filters_of(&self.there.config));
        set_start(&mut config, Start::All)?;
        event_operate::write_durable(bus, &self.wanted.stream, &name, &config, "create").await?;
        Ok(Some(name))
    }
}

async fn delete(bus: &Bus, stream: &str, durable: &str) -> Result<(), Error> {
    let subject = format!("CONSUMER.DELETE.{stream}.{durable}");
    bus.api::<Value>(subject, &json!({})).await.map(drop)
}
