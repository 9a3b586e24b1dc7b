//! Payloads of every event for other languages' tests: good ones, ones from a newer publisher, and bad ones, each with what
//! it shows.
//!
//! Every sample is judged alike by the generated Rust, by the exported JSON Schemas in both drafts, and by whoever
//! follows those. Where these cannot agree, no sample is made: an integer written as `1.0`, `null` for an optional
//! field, an alias, an `i32` beyond 32 bits, the range and the number of digits of numbers that are sent as text.
//! The payloads are made from the model; reads no payload and never asks a validator.

mod path;
mod vary;
mod walk;

use std::collections::BTreeSet;

use crate::check::Checked;
use crate::json::Json;
use crate::model::EventId;

/// The name of the file that lists all samples.
pub const INDEX: &str = "index.json";

/// Verdict of a reader on a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Accepted, and written back with nothing lost.
    Valid,
    /// Accepted, although it has something that the contract does not know.
    Unknown,
    /// Refused.
    Invalid,
}

impl Kind {
    /// The name of its folder.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Unknown => "unknown",
            Self::Invalid => "invalid",
        }
    }
}

/// One payload.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The event's full name.
    pub event: String,
    /// Verdict of a reader.
    pub kind: Kind,
    /// Tells it from the others of its event and kind; fit for a file's name.
    pub name: String,
    /// The place that it is about, as `lines[0].quantity`; empty for the whole payload.
    pub path: String,
    /// Property that it shows; for a bad one the reason why it is refused.
    pub reason: String,
    /// For a bad one: the keyword of JSON Schema that refuses it. Validators look at `format` only when told to.
    pub keyword: Option<&'static str>,
    /// The payload.
    pub payload: Json,
}

impl Sample {
    /// Its file below the folder of samples.
    #[must_use]
    pub fn file(&self) -> String {
        format!("{}/{}/{}.json", self.event, self.kind.as_str(), self.name)
    }
}

/// All samples of a contracts folder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// By event in the order of the contracts, then valid, unknown, invalid.
    pub samples: Vec<Sample>,
    /// Events of which no good payload could be made, by full name.
    pub without: Vec<String>,
}

impl Samples {
    /// Every file by its path below the folder of samples, the list of all last.
    #[must_use]
    pub fn files(&self) -> Vec<(String, String)> {
        let files = self.samples.iter();
        let mut files: Vec<_> = files
            .map(|sample| (sample.file(), sample.payload.to_pretty()))
            .collect();
        files.push((INDEX.to_owned(), self.index().to_pretty()));
        files
    }

    fn index(&self) -> Json {
        let entry = |sample: &Sample| {
            let mut members = vec![
                ("event", Json::text(sample.event.as_str())),
                ("file", Json::text(sample.file())),
                ("kind", Json::text(sample.kind.as_str())),
                ("valid", Json::Bool(sample.kind != Kind::Invalid)),
                ("path", Json::text(sample.path.as_str())),
                ("reason", Json::text(sample.reason.as_str())),
            ];
            members.extend(sample.keyword.map(|word| ("keyword", Json::text(word))));
            Json::object(members)
        };
        Json::object([
            (
                "$comment",
                Json::text("generated from the contracts folder; do not edit"),
            ),
            ("samples", Json::list(self.samples.iter().map(entry))),
            (
                "without",
                Json::list(self.without.iter().map(|name| Json::text(name.as_str()))),
            ),
        ])
    }
}

/// The samples of every event: the same ones on every run.
#[must_use]
pub fn samples(contracts: &Checked) -> Samples {
    let mut all = Samples::default();
    for id in (0..contracts.events.len()).map(EventId) {
        let event = contracts.event_name(&contracts[id]);
        let mut made = walk::event(contracts, id);
        made.sort_by_key(|sample| sample.kind);
        if made.iter().all(|sample| sample.kind == Kind::Invalid) {
            all.without.push(event.clone());
        }
        let mut taken = BTreeSet::new();
        all.samples.extend(made.into_iter().map(|sample| Sample {
            event: event.clone(),
            name: claim(&mut taken, sample.kind, &sample.name),
            ..sample
        }));
    }
    all
}

/// A good payload of an event, with every field that it can have; `None` when none could be made.
#[must_use]
pub fn sample(contracts: &Checked, event: EventId) -> Option<Json> {
    walk::full(contracts, event)
}

/// A free name for a file. Compared without case, for the file systems that do so.
fn claim(taken: &mut BTreeSet<(Kind, String)>, kind: Kind, wanted: &str) -> String {
    let plain: String = wanted
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') {
                c
            } else {
                '_'
            }
        })
        .take(120)
        .collect();
    let mut name = plain.clone();
    let mut n = 1;
    while !taken.insert((kind, name.to_ascii_lowercase())) {
        n += 1;
        name = format!("{plain}-{n}");
    }
    name
}
