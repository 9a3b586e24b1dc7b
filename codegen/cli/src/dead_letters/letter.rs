//! What is known of a dead letter without its body.

use std::collections::{BTreeMap, HashMap};

use event_codegen::json::Json;
use event_runtime::async_nats::HeaderMap;
use event_runtime::raw::StoredMessage;
use event_runtime::{Timestamp, dead_letter};

use crate::message::{MESSAGE_ID, MessageReader};

/// One dead letter.
pub(super) struct Letter {
    /// Its place among the dead letters.
    pub(super) sequence: u64,
    /// Time at which it became one.
    pub(super) time: Option<Timestamp>,
    pub(super) service: String,
    /// The full name, as far as the contracts or the message id tell.
    pub(super) event: Option<String>,
    /// The event's own subject.
    pub(super) subject: String,
    /// One word.
    pub(super) reason: String,
    pub(super) detail: String,
    pub(super) attempts: u64,
    /// The stream and the place of the original.
    pub(super) stream: String,
    pub(super) original: u64,
    /// True if its body is not in it.
    pub(super) omitted: bool,
    /// How often it was sent on its way again: the highest number of these attempts.
    pub(super) redriven: u32,
}

/// The dead letters of a server, in their order.
#[derive(Default)]
pub(super) struct Letters {
    letters: BTreeMap<u64, Letter>,
    /// The highest attempt of each letter that was redriven, by its sequence.
    redriven: HashMap<u64, u32>,
}

impl Letters {
    /// Takes a message of the stream: a dead letter or a redrive.
    pub(super) fn add(&mut self, reader: &MessageReader<'_>, message: &StoredMessage) {
        if let Some(letter) = Letter::of(reader, message) {
            self.letters.insert(letter.sequence, letter);
            return;
        }
        let id = message.header(MESSAGE_ID).unwrap_or_default();
        let redrive = id.strip_prefix("redrive:").and_then(|rest| {
            let (sequence, attempt) = rest.split_once(':')?;
            Some((sequence.parse().ok()?, attempt.parse().ok()?))
        });
        if let Some((sequence, attempt)) = redrive {
            let highest: &mut u32 = self.redriven.entry(sequence).or_default();
            *highest = (*highest).max(attempt);
        }
    }

    /// The letters in their order.
    pub(super) fn into_letters(mut self) -> Vec<Letter> {
        let letters = self.letters.into_values();
        letters
            .map(|mut letter| {
                letter.redriven = self.redriven.remove(&letter.sequence).unwrap_or_default();
                letter
            })
            .collect()
    }
}

impl Letter {
    /// Nothing when it is not a dead letter.
    pub(super) fn of(reader: &MessageReader<'_>, message: &StoredMessage) -> Option<Self> {
        let rest = message.subject.strip_prefix("dead_letters.")?;
        let (service, subject) = rest.split_once('.')?;
        let header = |name: &str| message.header(name).unwrap_or_default();
        let number = |name: &str| header(name).parse().unwrap_or_default();
        let id = message.header(dead_letter::MESSAGE_ID);
        let event = reader.event_of(subject, &original_headers(&message.headers));
        let named = || Some(id?.split_once(':')?.0.to_owned());
        Some(Self {
            sequence: message.sequence,
            time: message.time,
            service: service.to_owned(),
            event: event
                .map(|event| reader.name(event).to_owned())
                .or_else(named),
            subject: subject.to_owned(),
            reason: header(dead_letter::REASON).to_owned(),
            detail: header(dead_letter::DETAIL).to_owned(),
            attempts: number(dead_letter::ATTEMPTS),
            stream: header(dead_letter::STREAM).to_owned(),
            original: number(dead_letter::SEQUENCE),
            omitted: message.header(dead_letter::BODY).is_some(),
            redriven: 0,
        })
    }

    pub(super) fn json(&self) -> Vec<(&'static str, Json)> {
        let text = |text: &str| Json::text(text);
        let time = self
            .time
            .map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true));
        vec![
            ("sequence", Json::integer(self.sequence)),
            ("time", time.map_or(Json::Null, Json::Text)),
            ("service", text(&self.service)),
            ("event", self.event.as_deref().map_or(Json::Null, text)),
            ("subject", text(&self.subject)),
            ("reason", text(&self.reason)),
            ("detail", text(&self.detail)),
            ("attempts", Json::integer(self.attempts)),
            ("stream", text(&self.stream)),
            ("streamSequence", Json::integer(self.original)),
            ("bodyOmitted", Json::Bool(self.omitted)),
            ("redriven", Json::integer(self.redriven)),
        ]
    }
}

/// The headers that the original had: a dead letter keeps its envelope and, under another name, its message id.
pub(super) fn original_headers(headers: &HeaderMap) -> HeaderMap {
    let mut own = HeaderMap::new();
    for (name, values) in headers.iter() {
        let text: &str = name.as_ref();
        let kept = match text {
            MESSAGE_ID => continue,
            dead_letter::MESSAGE_ID => event_runtime::async_nats::header::NATS_MESSAGE_ID,
            text if text.starts_with("Dead-Letter-") => continue,
            _ => name.clone(),
        };
        for value in values {
            own.append(kept.clone(), value.clone());
        }
    }
    own
}
