//! The numbers of one stream: what fits, what breaks which rule, what no contract names. They add up: every message that was
//! read is in exactly one of the three.

use std::collections::BTreeMap;
use std::fmt::Write;

use event_codegen::json::Json;
use event_codegen::model::EventId;
use event_runtime::operate::StoredMessage;

use crate::message::{Problem, Reader, visible};
use crate::terminal::Style;
use crate::units::count;

/// How many subjects that no contract names are kept apart; the others are counted together.
const MOST_SUBJECTS: usize = 100;

#[derive(Default)]
pub(super) struct Tally {
    /// How many messages were read.
    pub(super) read: u64,
    fit: u64,
    broken: u64,
    unknown: u64,
    /// Messages on subjects that a stream declares, of events that no contract describes.
    declared: u64,
    events: BTreeMap<EventId, OfEvent>,
    subjects: BTreeMap<String, Group>,
    /// Messages on still other subjects.
    more_subjects: u64,
}

#[derive(Default)]
struct OfEvent {
    fit: u64,
    broken: u64,
    /// By rule and place.
    groups: BTreeMap<(&'static str, String), Group>,
}

/// Messages with the same thing wrong.
#[derive(Default)]
struct Group {
    messages: u64,
    /// The first of them.
    first: u64,
    /// What is wrong with that one.
    example: String,
}

impl Group {
    fn add(&mut self, sequence: u64, example: impl FnOnce() -> String) {
        self.messages += 1;
        // A sample does not come in order.
        if self.messages == 1 || sequence < self.first {
            self.first = sequence;
            self.example = example();
        }
    }
}

impl Tally {
    pub(super) fn add(&mut self, reader: &Reader<'_>, message: &StoredMessage) {
        self.read += 1;
        let mut judged = reader.read(&message.subject, &message.headers, &message.body);
        let Some(event) = judged.event else {
            if reader.declares(&message.subject) {
                self.declared += 1;
                return;
            }
            self.unknown += 1;
            self.no_event(message);
            return;
        };
        if judged.problems.is_empty() {
            judged.problems = reader.misplaced(&judged, &message.subject, &message.headers);
        }
        let of_event = self.events.entry(event).or_default();
        if judged.problems.is_empty() {
            self.fit += 1;
            of_event.fit += 1;
            return;
        }
        self.broken += 1;
        of_event.broken += 1;
        let mut counted: Vec<(&'static str, &str)> = Vec::new();
        for problem in &judged.problems {
            let kind = (problem.rule, problem.place.as_str());
            // Each message counts once in a group, however many of its items have the fault.
            if counted.contains(&kind) {
                continue;
            }
            counted.push(kind);
            let group = of_event.groups.entry((problem.rule, problem.place.clone()));
            group.or_default().add(message.sequence, || problem.line());
        }
    }

    fn no_event(&mut self, message: &StoredMessage) {
        let subject = message.subject.as_str();
        if self.subjects.len() >= MOST_SUBJECTS && !self.subjects.contains_key(subject) {
            self.more_subjects += 1;
            return;
        }
        let group = self.subjects.entry(subject.to_owned()).or_default();
        group.add(message.sequence, String::new);
    }

    /// Adds the counts of another one.
    pub(super) fn count(&mut self, other: &Self) {
        self.read += other.read;
        self.fit += other.fit;
        self.broken += other.broken;
        self.unknown += other.unknown;
        self.declared += other.declared;
    }

    pub(super) fn finds(&self) -> bool {
        self.broken + self.unknown > 0
    }

    pub(super) fn summary(&self) -> String {
        let declared = match self.declared {
            0 => String::new(),
            n => format!(", {} on subjects that are declared only", count(n)),
        };
        format!(
            "{} messages read: {} fit, {} break their contract, {} that no contract names{declared}",
            count(self.read),
            count(self.fit),
            count(self.broken),
            count(self.unknown)
        )
    }

    pub(super) fn human(&self, reader: &Reader<'_>, style: Style, out: &mut String) {
        let name = |event: &EventId| reader.name(*event);
        let width = self
            .events
            .keys()
            .map(|event| name(event).len())
            .max()
            .unwrap_or(0);
        for (event, of_event) in &self.events {
            let broken = match of_event.broken {
                0 => String::new(),
                n => style.red(&format!("  {} break it", count(n))),
            };
            let _ = writeln!(
                out,
                "  {:width$}  {:>11} fit{broken}",
                name(event),
                count(of_event.fit)
            );
            for group in of_event.groups.values() {
                let _ = writeln!(
                    out,
                    "    {:>9} x {} (first in message {})",
                    count(group.messages),
                    style.yellow(&group.example),
                    group.first
                );
            }
        }
        if self.unknown > 0 {
            let n = count(self.unknown);
            let _ = writeln!(
                out,
                "  {}",
                style.red(&format!("{n} on subjects that no contract names"))
            );
        }
        for (subject, group) in &self.subjects {
            let _ = writeln!(
                out,
                "    {:>9} x {} (first in message {})",
                count(group.messages),
                visible(subject),
                group.first
            );
        }
        if self.more_subjects > 0 {
            let _ = writeln!(
                out,
                "    {:>9} x on still other subjects",
                count(self.more_subjects)
            );
        }
    }

    pub(super) fn json(&self, reader: &Reader<'_>) -> Vec<(&'static str, Json)> {
        let events = self.events.iter().map(|(event, of_event)| {
            let groups = of_event.groups.iter().map(|((rule, place), group)| {
                Json::object([
                    ("rule", Json::text(*rule)),
                    ("path", Json::text(place.as_str())),
                    ("messages", Json::integer(group.messages)),
                    ("first", Json::integer(group.first)),
                    ("example", Json::text(group.example.as_str())),
                ])
            });
            Json::object([
                ("event", Json::text(reader.name(*event))),
                ("fit", Json::integer(of_event.fit)),
                ("broken", Json::integer(of_event.broken)),
                ("rules", Json::list(groups)),
            ])
        });
        let subjects = self.subjects.iter().map(|(subject, group)| {
            Json::object([
                ("subject", Json::text(subject.as_str())),
                ("messages", Json::integer(group.messages)),
                ("first", Json::integer(group.first)),
            ])
        });
        vec![
            ("read", Json::integer(self.read)),
            ("fit", Json::integer(self.fit)),
            ("broken", Json::integer(self.broken)),
            ("unknown", Json::integer(self.unknown)),
            ("declared", Json::integer(self.declared)),
            ("events", Json::list(events)),
            ("unknownSubjects", Json::list(subjects)),
        ]
    }
}

impl Reader<'_> {
    /// Whether a stream declares a subject for events that are written by hand.
    fn declares(&self, subject: &str) -> bool {
        let mut streams = self.contracts().streams.iter();
        streams.any(|stream| {
            stream
                .subjects
                .iter()
                .any(|pattern| pattern.matches(subject))
        })
    }

    /// What a service takes, and what its fields contradict all the same: another subject, another message id.
    fn misplaced(
        &self,
        judged: &crate::message::Judged,
        subject: &str,
        headers: &event_runtime::async_nats::HeaderMap,
    ) -> Vec<Problem> {
        let (Some(event), Some(body)) = (judged.event, &judged.body) else {
            return Vec::new();
        };
        let mut problems = Vec::new();
        match self.subject(event, body) {
            // A mirror may have moved it: then its subject is no event's.
            Ok(own) if own.as_str() != subject && self.is_of(event, subject) => {
                let reason = format!("it is on {subject}, and its fields say {own}");
                problems.push(Problem::whole("subject", reason));
            }
            Ok(_) => {}
            Err(bad) => problems.push(Problem::whole("subject", bad.reason)),
        }
        let id = headers
            .get(crate::message::MESSAGE_ID)
            .map(|id| id.as_str());
        match (self.message_id(event, body), id) {
            (Ok(Some(own)), Some(id)) if own.as_str() != id => {
                let reason = format!("its message id is {id}, and its fields say {own}");
                problems.push(Problem::whole("message-id", reason));
            }
            (Err(bad), _) => problems.push(Problem::whole("message-id", bad.reason)),
            _ => {}
        }
        problems
    }
}
