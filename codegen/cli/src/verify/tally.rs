//! The numbers of one stream: what fits, what breaks which rule, what no contract names. They add up: every message that was
//! read is in exactly one of the three.

use std::collections::BTreeMap;
use std::fmt::Write;

use event_codegen::json::Json;
use event_codegen::model::EventId;
use event_runtime::raw::StoredMessage;

use crate::groups::{Group, Groups};
use crate::message::{MESSAGE_ID, MessageReader, visible};
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
    /// Messages without a message id: a service takes them, and no server can tell them from their copies.
    without_id: Group,
    subjects: BTreeMap<String, Group>,
    /// Messages on still other subjects.
    more_subjects: u64,
}

#[derive(Default)]
struct OfEvent {
    fit: u64,
    broken: u64,
    groups: Groups,
}

impl Tally {
    pub(super) fn add(&mut self, reader: &MessageReader<'_>, message: &StoredMessage) {
        self.read += 1;
        if message.header(MESSAGE_ID).is_none_or(str::is_empty) {
            self.without_id.add(message.sequence, String::new);
        }
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
        let misplaced = reader.misplaced(&judged, &message.subject, &message.headers);
        judged.problems.extend(misplaced);
        let of_event = self.events.entry(event).or_default();
        if judged.problems.is_empty() {
            self.fit += 1;
            of_event.fit += 1;
            return;
        }
        self.broken += 1;
        of_event.broken += 1;
        of_event.groups.add(message.sequence, &judged.problems);
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
            "{} messages read: {} valid, {} violate their contract, {} without a contract{declared}",
            count(self.read),
            count(self.fit),
            count(self.broken),
            count(self.unknown)
        )
    }

    pub(super) fn human(&self, reader: &MessageReader<'_>, style: Style, out: &mut String) {
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
                n => style.red(&format!(", {} invalid", count(n))),
            };
            let _ = writeln!(
                out,
                "  {:width$}  {:>11} valid{broken}",
                name(event),
                count(of_event.fit)
            );
            for group in of_event.groups.iter() {
                let _ = writeln!(
                    out,
                    "    {:>9} x {} (first in message {})",
                    count(group.messages),
                    style.yellow(&group.example),
                    group.first
                );
            }
        }
        if self.without_id.messages > 0 {
            let n = count(self.without_id.messages);
            let words = format!("{n} without a message id ({MESSAGE_ID})");
            let _ = writeln!(
                out,
                "  {}: the server cannot deduplicate them (first in message {})",
                style.yellow(&words),
                self.without_id.first
            );
        }
        if self.unknown > 0 {
            let n = count(self.unknown);
            let _ = writeln!(
                out,
                "  {}",
                style.red(&format!("{n} on subjects without a contract"))
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

    pub(super) fn json(&self, reader: &MessageReader<'_>) -> Vec<(&'static str, Json)> {
        let events = self.events.iter().map(|(event, of_event)| {
            Json::object([
                ("event", Json::text(reader.name(*event))),
                ("fit", Json::integer(of_event.fit)),
                ("broken", Json::integer(of_event.broken)),
                ("rules", of_event.groups.json()),
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
            ("withoutMessageId", self.without_id.json()),
            ("events", Json::list(events)),
            ("unknownSubjects", Json::list(subjects)),
        ]
    }
}

impl MessageReader<'_> {
    /// Returns whether a stream declares a subject for events that are written by hand.
    fn declares(&self, subject: &str) -> bool {
        let mut streams = self.contracts().streams.iter();
        streams.any(|stream| {
            stream
                .subjects
                .iter()
                .any(|pattern| pattern.matches(subject))
        })
    }
}
