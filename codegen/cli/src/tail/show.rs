//! One line for each event, or one JSON object, and the counts at the end.

use std::fmt::Write;
use std::time::Instant;

use event_codegen::json::Json;
use event_runtime::Error;
use event_runtime::streams::covers;

use super::Seen;
use crate::message::{Judged, MESSAGE_ID, MessageReader, visible};
use crate::outcome::Failure;
use crate::terminal::{Style, ago};
use crate::units::count;

/// How many things that are wrong with one message are shown.
const MOST_PROBLEMS: usize = 5;

pub(super) struct Show<'a> {
    reader: &'a MessageReader<'a>,
    /// Names of the streams, and how many came of each.
    streams: Vec<(String, u64)>,
    json: bool,
    pattern: Option<&'a str>,
    style: Style,
    begun: Instant,
    live: u64,
    broken: u64,
    unknown: u64,
}

impl<'a> Show<'a> {
    pub(super) fn new(
        reader: &'a MessageReader<'a>,
        streams: Vec<String>,
        json: bool,
        pattern: Option<&'a str>,
    ) -> Self {
        Self {
            reader,
            streams: streams.into_iter().map(|name| (name, 0)).collect(),
            json,
            pattern,
            style: Style::stdout(),
            begun: Instant::now(),
            live: 0,
            broken: 0,
            unknown: 0,
        }
    }

    /// What came as text. The error is the one that ends it; what came before is in the text.
    pub(super) fn all(
        &mut self,
        seen: impl Iterator<Item = Result<Seen, Error>>,
    ) -> (String, Result<(), Failure>) {
        let mut text = String::new();
        for seen in seen {
            let seen = match seen {
                Ok(seen) => seen,
                Err(error) => return (text, Err(error.into())),
            };
            if self.is_wanted(&seen) {
                text.push_str(&self.one(&seen));
            }
        }
        (text, Ok(()))
    }

    /// Two events may share a token where the pattern has a literal.
    fn is_wanted(&self, seen: &Seen) -> bool {
        let shown = |pattern| covers(pattern, &seen.message.subject);
        self.pattern.is_none_or(shown)
    }

    /// Counts what came and is not shown any more, without a look into it.
    pub(super) fn late(&mut self, seen: &Seen) {
        if self.is_wanted(seen) {
            self.count(seen);
        }
    }

    fn count(&mut self, seen: &Seen) {
        match seen.stream.and_then(|at| self.streams.get_mut(at)) {
            Some((_, count)) => *count += 1,
            None => self.live += 1,
        }
    }

    fn one(&mut self, seen: &Seen) -> String {
        let message = &seen.message;
        let judged = self
            .reader
            .read(&message.subject, &message.headers, &message.body);
        self.count(seen);
        match (&judged.event, judged.problems.is_empty()) {
            (None, _) => self.unknown += 1,
            (Some(_), false) => self.broken += 1,
            (Some(_), true) => {}
        }
        if self.json {
            self.object(seen, judged)
        } else {
            self.line(seen, &judged)
        }
    }

    fn stream(&self, seen: &Seen) -> Option<&str> {
        Some(self.streams.get(seen.stream?)?.0.as_str())
    }

    fn line(&self, seen: &Seen, judged: &Judged) -> String {
        let (message, style) = (&seen.message, self.style);
        let place = match self.stream(seen) {
            Some(stream) => format!("{stream}#{}", message.sequence),
            None => "live".to_owned(),
        };
        let age = message.time.map_or_else(|| "now".to_owned(), ago);
        let name = match judged.event {
            Some(event) => self.reader.name(event),
            None => "?",
        };
        let fits = judged.problems.is_empty();
        let sign = if fits { " ".to_owned() } else { style.red("!") };
        let name = if fits {
            style.green(name)
        } else {
            style.red(name)
        };
        let mut out = format!(
            "{sign} {} {} {} {name}",
            style.dim(&place),
            style.dim(&age),
            visible(&message.subject)
        );
        let label = self.reader.label(judged);
        if !label.is_empty() {
            let _ = write!(out, " {}", style.bold(&label));
        }
        out.push('\n');
        for problem in judged.problems.iter().take(MOST_PROBLEMS) {
            let _ = writeln!(out, "      {}", style.yellow(&problem.line()));
        }
        if let Some(more) = judged.problems.len().checked_sub(MOST_PROBLEMS + 1) {
            let _ = writeln!(out, "      and {} more", more + 1);
        }
        out
    }

    fn object(&self, seen: &Seen, judged: Judged) -> String {
        let message = &seen.message;
        let text = |text: Option<&str>| text.map_or(Json::Null, Json::text);
        let time = message
            .time
            .map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true));
        let stored = seen.stream.is_some();
        let object = Json::object([
            (
                "event",
                text(judged.event.map(|event| self.reader.name(event))),
            ),
            ("subject", Json::text(message.subject.as_str())),
            ("stream", text(self.stream(seen))),
            (
                "sequence",
                if stored {
                    Json::integer(message.sequence)
                } else {
                    Json::Null
                },
            ),
            ("time", text(time.as_deref())),
            ("id", text(message.header(MESSAGE_ID))),
            ("valid", Json::Bool(judged.problems.is_empty())),
            ("body", judged.body.unwrap_or(Json::Null)),
            (
                "faults",
                Json::list(judged.problems.iter().map(|problem| problem.json())),
            ),
        ]);
        format!("{}\n", object.to_compact())
    }

    /// How many events came.
    pub(super) fn events(&self) -> u64 {
        self.streams.iter().map(|(_, n)| n).sum::<u64>() + self.live
    }

    /// What was seen; the numbers add up. `written` is how many of them came through to whoever reads.
    pub(super) fn counts(&self, written: u64, dropped: u64) -> String {
        let all = self.events();
        let mut text = format!(
            "{} events in {:.1} s",
            count(all),
            self.begun.elapsed().as_secs_f64()
        );
        let of = self.streams.iter().filter(|(_, n)| *n > 0);
        let mut parts: Vec<String> = of
            .map(|(name, n)| format!("{} of {name}", count(*n)))
            .collect();
        if self.live > 0 {
            parts.push(format!("{} without a stream", count(self.live)));
        }
        if !parts.is_empty() {
            let _ = write!(text, ": {}", parts.join(", "));
        }
        let _ = write!(text, "; {} violate their contract", count(self.broken));
        if self.unknown > 0 {
            let _ = write!(text, ", {} without a contract", count(self.unknown));
        }
        if written < all {
            let _ = write!(text, ", {} not shown", count(all - written));
        }
        let _ = write!(text, "; {} left out", count(dropped));
        if dropped > 0 {
            text.push_str(" (they came faster than they could be shown; only events without a stream can be lost)");
        }
        text
    }
}
