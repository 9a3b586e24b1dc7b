//! `dead-letters show`: one of them whole.

use std::fmt::Write;

use bytes::Bytes;
use event_codegen::json::Json;
use event_runtime::raw::StoredMessage;
use event_runtime::{Bus, DEAD_LETTERS, Error, Shutdown};

use super::letter::{Letter, original_headers};
use super::stored::missing;
use crate::advice::command;
use crate::connection::unless_stopped;
use crate::jetstream::STREAM_NOT_FOUND;
use crate::message::{Judged, MessageReader, visible};
use crate::outcome::{self, Failure};
use crate::terminal::{Style, ago};

/// Shows one dead letter: its headers, the reason, and its payload, decoded and validated.
///
/// Sensitive values are masked if the contracts define the event. If the payload was too large for the dead letter, it
/// is read from the original, if its stream still has it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts dead-letters show 17
  event-contracts dead-letters show 17 --json | jq .body")]
pub(crate) struct Args {
    /// Sequence of the dead letter, as in `dead-letters list`.
    #[arg(value_name = "SEQ")]
    sequence: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(
    bus: &Bus,
    reader: &MessageReader<'_>,
    args: &Args,
    stop: &Shutdown,
) -> Result<(), Failure> {
    let there = unless_stopped(stop, crate::jetstream::stream(bus, DEAD_LETTERS)).await??;
    there.ok_or_else(missing)?;
    let message = unless_stopped(stop, bus.stored(DEAD_LETTERS, args.sequence)).await??;
    let letter = message
        .as_ref()
        .and_then(|message| Letter::of(reader, message));
    let (Some(message), Some(letter)) = (message, letter) else {
        return Err(Failure::Usage(format!(
            "there is no dead letter {}; `{}` lists them",
            args.sequence,
            command("dead-letters list")
        )));
    };
    let body = match letter.omitted {
        true => original(bus, &letter, stop).await?,
        false => Some(message.body.clone()),
    };
    let judged = body.as_ref().map(|body| {
        let headers = original_headers(&message.headers);
        reader.read(&letter.subject, &headers, body)
    });
    outcome::print(&match args.json {
        true => json(&letter, &message, judged).to_pretty(),
        false => human(&letter, &message, judged, Style::stdout()),
    })
}

/// The body of the original, when it is still where it was.
async fn original(bus: &Bus, letter: &Letter, stop: &Shutdown) -> Result<Option<Bytes>, Failure> {
    match unless_stopped(stop, bus.stored(&letter.stream, letter.original)).await? {
        // Another message at its place would be one of a stream that was made anew.
        Ok(found) => Ok(found
            .filter(|m| m.subject.as_str() == letter.subject)
            .map(|m| m.body)),
        Err(Error::Server {
            code: STREAM_NOT_FOUND,
            ..
        }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn headers(message: &StoredMessage) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = message
        .headers
        .iter()
        .flat_map(|(name, values)| {
            values
                .iter()
                .map(move |value| (name.to_string(), value.as_str().to_owned()))
        })
        .collect();
    all.sort();
    all
}

fn human(letter: &Letter, message: &StoredMessage, judged: Option<Judged>, style: Style) -> String {
    let mut out = String::new();
    let mut line = |label: &str, text: &str| {
        let _ = writeln!(
            out,
            "{} {}",
            style.bold(&format!("{label:<10}")),
            visible(text)
        );
    };
    line("letter", &letter.sequence.to_string());
    line("service", &letter.service);
    line(
        "event",
        letter.event.as_deref().unwrap_or("not of these contracts"),
    );
    line("subject", &letter.subject);
    line("reason", &letter.reason);
    line("detail", &letter.detail);
    line("attempts", &letter.attempts.to_string());
    line(
        "original",
        &format!("message {} of {}", letter.original, letter.stream),
    );
    if let Some(time) = letter.time {
        let words = format!(
            "{} ({} ago)",
            time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            ago(time)
        );
        line("dead since", &words);
    }
    let _ = writeln!(out, "\n{}", style.bold("headers"));
    for (name, value) in headers(message) {
        let _ = writeln!(out, "  {}: {}", visible(&name), visible(&value));
    }
    let _ = writeln!(out, "\n{}", style.bold("body"));
    match judged {
        None => out.push_str("  was too large to be stored, and the original is gone\n"),
        Some(judged) => {
            for problem in &judged.problems {
                let _ = writeln!(
                    out,
                    "  {} {}",
                    style.red("!"),
                    style.yellow(&problem.line())
                );
            }
            match &judged.body {
                Some(body) => out.push_str(&body.to_pretty()),
                None => {
                    let _ = writeln!(out, "  {} bytes that are not JSON", message.body.len());
                }
            }
        }
    }
    out
}

fn json(letter: &Letter, message: &StoredMessage, judged: Option<Judged>) -> Json {
    let mut members = letter.json();
    // How often it was redriven is only known of all of them together.
    members.retain(|(name, _)| *name != "redriven");
    let headers = headers(message)
        .into_iter()
        .map(|(name, value)| (name, Json::Text(value)));
    members.push(("headers", Json::Object(headers.collect())));
    let problems = judged.iter().flat_map(|judged| &judged.problems);
    members.push(("faults", Json::list(problems.map(|problem| problem.json()))));
    members.push((
        "body",
        judged.and_then(|judged| judged.body).unwrap_or(Json::Null),
    ));
    Json::object(members)
}
