//! `tail`: the events of the contracts as they come, decoded and checked, and those of the past.

mod show;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use event_codegen::check::Checked;
use event_codegen::diagnostic::closest;
use event_codegen::model::{EventId, Retention};
use event_runtime::async_nats::Message;
use event_runtime::raw::StoredMessage;
use event_runtime::{Bus, Error, Shutdown, Start, Timestamp};
use tokio::sync::mpsc;

use crate::advice::command;
use crate::connection::with_server;
use crate::folder;
use crate::jetstream::STREAM_NOT_FOUND;
use crate::message::{MessageReader, intersection, visible};
use crate::outcome::{self, Failure, Writer};
use show::Show;

/// How many messages wait to be shown. Streams are then read no further; a subscription without a stream has the client's
/// own bound, beyond which it loses messages, and they are counted.
const WAITING: usize = 4_096;
/// How many are shown at a time.
const BURST: usize = 1_024;
/// How long what was not shown is counted at the end.
const LATE: Duration = Duration::from_millis(500);

/// Follows the events of the contracts: decodes and validates each, and prints a line for it.
///
/// Includes stored and ephemeral events, until Ctrl-C, which prints the counts to standard error. For a message that
/// violates its contract, path and rule are printed below it. Sensitive values are masked. Nothing is acknowledged and
/// no service loses an event to it; of work queues, which have a single consumer, only new events are seen.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts tail 'orders.*.*.placed' --from 2026-05-01T12:00:00Z
  event-contracts tail --event OrderPlaced --from all --json | jq -r .body.orderId | head")]
pub(crate) struct Args {
    /// Subject filter with wildcards * and >. Default: all events of the contracts.
    #[arg(value_name = "PATTERN", add = crate::candidates::subjects())]
    pattern: Option<String>,
    /// Show only this event; may be repeated.
    #[arg(long, value_name = "NAME", add = crate::candidates::events())]
    event: Vec<String>,
    /// Start position: all stored events, only new ones, or those stored at or after a timestamp (RFC 3339).
    #[arg(long, value_name = "all|new|TIMESTAMP", default_value = "new")]
    from: From,
    /// Print one JSON object per event and line.
    #[arg(long)]
    json: bool,
}

/// Place where to begin.
#[derive(Clone, Copy)]
struct From(Start);

impl std::str::FromStr for From {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Self(match text {
            "all" => Start::All,
            "new" => Start::New,
            moment => {
                let moment: Result<Timestamp, _> = moment.parse();
                Start::at(moment.map_err(|_| {
                    "expected all, new, or a moment like 2026-05-01T12:00:00Z".to_owned()
                })?)
            }
        }))
    }
}

/// What is read.
#[derive(Debug, Default, PartialEq)]
struct TailPlan {
    /// Streams with their patterns; without one, all of the stream.
    stored: Vec<(String, Vec<String>)>,
    /// Subjects without a stream, or of one that cannot be read.
    live: Vec<String>,
    /// The work queues among the streams.
    queues: BTreeSet<String>,
}

/// A message, and the stream that it came from.
struct Seen {
    stream: Option<usize>,
    message: StoredMessage,
}

pub(crate) fn run(contracts: &Path, args: &Args) -> Result<(), Failure> {
    let checked = folder::load(contracts)?;
    let plan = TailPlan::of(&checked, args)?;
    with_server(async |server, stop| tail(&server.bus, &checked, &plan, args, &stop).await)
}

async fn tail(
    bus: &Bus,
    checked: &Checked,
    plan: &TailPlan,
    args: &Args,
    stop: &Shutdown,
) -> Result<(), Failure> {
    let reader = MessageReader::new(checked);
    let (sender, mut seen) = mpsc::channel(WAITING);
    let opened = tokio::select! {
        biased;
        // Ctrl-C is how it ends, at any time.
        () = stop.wait() => return Ok(()),
        opened = plan.open(bus, args.from.0, &sender) => opened,
    };
    opened?;
    drop(sender);
    let streams = plan
        .stored
        .iter()
        .map(|(stream, _)| stream.clone())
        .collect();
    let mut show = Show::new(&reader, streams, args.json, args.pattern.as_deref());
    let mut gone = std::pin::pin!(outcome::reader_gone());
    let mut burst = Vec::with_capacity(BURST);
    let writer = Writer::start();
    let end = loop {
        let came = tokio::select! {
            biased;
            () = stop.wait() => break Ok(()),
            () = &mut gone => return Ok(()),
            came = seen.recv_many(&mut burst, BURST) => came,
        };
        if came == 0 {
            break Err(Error::Closed.into());
        }
        let before = show.events();
        let (text, failed) = show.all(burst.drain(..));
        let written = tokio::select! {
            biased;
            () = stop.wait() => break Ok(()),
            written = writer.write(text, show.events() - before) => written,
        };
        if !written {
            // Whoever read has seen enough, or it cannot be written.
            return writer.finish().await.map(|_| ());
        }
        if failed.is_err() {
            break failed;
        }
    };
    let written = writer.finish().await?;
    late(&mut seen, &mut show).await;
    outcome::say(&show.counts(written, bus.stats().dropped));
    end
}

/// Counts what had come and was not shown when it was stopped: it is on this side of the connection, behind what shows it.
async fn late(seen: &mut mpsc::Receiver<Result<Seen, Error>>, show: &mut Show<'_>) {
    let deadline = Instant::now() + LATE;
    loop {
        let mut came = false;
        while let Ok(one) = seen.try_recv() {
            came = true;
            if let Ok(one) = one {
                show.late(&one);
            }
        }
        if !came || Instant::now() > deadline {
            return;
        }
        // Whoever waited for a place in the queue takes it now.
        tokio::task::yield_now().await;
    }
}

/// The error for a pattern that no subject of these events (of all, when there are none) matches.
fn unmatched(checked: &Checked, named: &BTreeSet<EventId>, pattern: &str) -> Failure {
    let is_meant = |id: &EventId| named.is_empty() || named.contains(id);
    let subjects: Vec<String> = (0..checked.events.len())
        .map(EventId)
        .filter(is_meant)
        .map(|id| checked[id].subject.pattern())
        .collect();
    let help = match closest(pattern, subjects.iter().map(String::as_str)) {
        Some(best) => format!("did you mean \"{best}\"?"),
        None => format!("`{}` shows them all", command("catalog --out FILE")),
    };
    let with_name = if named.is_empty() {
        ""
    } else {
        " with that name"
    };
    Failure::Usage(format!(
        "no event of the contracts{with_name} has a subject that matches {}; {help}",
        visible(pattern)
    ))
}

impl TailPlan {
    fn of(checked: &Checked, args: &Args) -> Result<Self, Failure> {
        let mut named = BTreeSet::new();
        for name in &args.event {
            named.insert(folder::event(checked, name)?);
        }
        let pattern = args.pattern.as_deref().unwrap_or(">");
        if !is_pattern(pattern) {
            return Err(Failure::Usage(format!(
                "\"{}\" is not a valid subject filter: tokens between dots, * for one token, > at the end for the rest",
                visible(pattern)
            )));
        }
        let mut plan = Self::default();
        for (at, event) in checked.events.iter().enumerate() {
            if !named.is_empty() && !named.contains(&EventId(at)) {
                continue;
            }
            let Some(subjects) = intersection(&event.subject.pattern(), pattern) else {
                continue;
            };
            match checked.stream_of(event) {
                Some(stream) if stream.retention.value == Retention::WorkQueue => {
                    plan.queues.insert(stream.name.value.clone());
                    plan.live.push(subjects);
                }
                Some(stream) => plan.add(&stream.name.value, subjects),
                None => plan.live.push(subjects),
            }
        }
        if plan.stored.is_empty() && plan.live.is_empty() {
            return Err(unmatched(checked, &named, pattern));
        }
        // A stream that is read whole costs the server least, and shows what no contract names.
        if named.is_empty() && args.pattern.is_none() {
            plan.stored
                .iter_mut()
                .for_each(|(_, patterns)| patterns.clear());
        }
        Ok(plan)
    }

    fn add(&mut self, stream: &str, subjects: String) {
        match self.stored.iter_mut().find(|(name, _)| name == stream) {
            Some((_, patterns)) => patterns.push(subjects),
            None => self.stored.push((stream.to_owned(), vec![subjects])),
        }
    }

    /// Starts to read everything. A stream that is not there is said, and matters when there is nothing else.
    async fn open(
        &self,
        bus: &Bus,
        from: Start,
        sender: &mpsc::Sender<Result<Seen, Error>>,
    ) -> Result<(), Failure> {
        let mut readers = 0;
        for pattern in &self.live {
            let mut subscriber = bus.overhear(pattern).await?;
            let sender = sender.clone();
            readers += 1;
            tokio::spawn(async move {
                while let Some(message) = next(&mut subscriber).await {
                    let seen = Seen {
                        stream: None,
                        message: unstored(message),
                    };
                    if sender.send(Ok(seen)).await.is_err() {
                        return;
                    }
                }
            });
        }
        if from != Start::New && !self.live.is_empty() {
            let queues = self.queues.iter().cloned().collect::<Vec<_>>().join(", ");
            outcome::say(&match queues.as_str() {
                "" => {
                    "note: ephemeral events are not stored: they are shown from now on".to_owned()
                }
                queues => format!(
                    "note: of ephemeral events and work queues ({queues}) only new events are shown"
                ),
            });
        }
        let mut missing = Vec::new();
        for (at, (stream, patterns)) in self.stored.iter().enumerate() {
            let mut reader = match bus.read_stream(stream, patterns, from).await {
                Err(Error::Server {
                    code: STREAM_NOT_FOUND,
                    ..
                }) => {
                    missing.push(stream.as_str());
                    continue;
                }
                reader => reader?,
            };
            let sender = sender.clone();
            readers += 1;
            tokio::spawn(async move {
                while let Some(next) = reader.next().await {
                    let seen = next.map(|message| Seen {
                        stream: Some(at),
                        message,
                    });
                    if sender.send(seen).await.is_err() {
                        return;
                    }
                }
            });
        }
        let missing = missing.join(", ");
        let words = format!(
            "not on the server: {missing}; `{}` creates the streams",
            command("streams apply")
        );
        match (missing.as_str(), readers) {
            ("", _) => Ok(()),
            (_, 0) => Err(Failure::Outside(words)),
            _ => {
                outcome::say(&format!("note: {words}"));
                Ok(())
            }
        }
    }
}

async fn next(subscriber: &mut event_runtime::async_nats::Subscriber) -> Option<Message> {
    futures_util::StreamExt::next(subscriber).await
}

/// A message of a subscription, with no place in a stream.
fn unstored(message: Message) -> StoredMessage {
    let headers = message.headers.unwrap_or_default();
    StoredMessage::unstored(message.subject, headers, message.payload)
}

/// Tokens between dots; `>` only at the end.
fn is_pattern(text: &str) -> bool {
    let tokens: Vec<&str> = text.split('.').collect();
    let last = tokens.len() - 1;
    tokens.iter().enumerate().all(|(at, token)| {
        let plain =
            !token.contains(|c: char| c.is_whitespace() || c.is_control() || "*>".contains(c));
        !token.is_empty() && (plain || *token == "*" || (*token == ">" && at == last))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for good in [">", "a", "a.*.b", "a.>", "*.b"] {
            assert!(is_pattern(good), "{good}");
        }
        for bad in ["", ".", "a..b", "a.", ">.a", "a*", "a b", "a.>b"] {
            assert!(!is_pattern(bad), "{bad}");
        }
    }
}
