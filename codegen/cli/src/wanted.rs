//! What a whole folder of contracts wants of a server: the runtime's configuration of each stream and durable, with a note
//! of whose it is.
//!
//! The note is metadata on the stream or durable: the domain whose file declares it, the service, and a hash of what the
//! contracts say. Nothing without such a note, and nothing that other contracts own, is ever taken away.

use std::collections::{BTreeMap, BTreeSet};

use event_codegen::check::Checked;
use event_codegen::model::{self, Contracts};
use event_operate::{OnServer, filters_of};
use event_runtime::{
    ConsumerDef, DEAD_LETTERS, Discard, Retention, Start, Storage, StreamDef, Streams, Timestamp,
};
use serde_json::{Map, Value, json};

use crate::outcome::Failure;

/// The domain of the contracts that owns it.
pub(crate) const DOMAIN: &str = "event-contracts.domain";
/// The service that a durable belongs to.
pub(crate) const SERVICE: &str = "event-contracts.service";
/// What the contracts said when it was written.
pub(crate) const HASH: &str = "event-contracts.hash";

/// Filters that were added to a durable that had a position, each with that position.
pub(crate) const ADDED: &str = "event-contracts.added";

/// Everything that the folder wants.
pub(crate) struct Wanted {
    /// Its streams, the one of dead letters last.
    pub(crate) streams: Vec<WantedStream>,
    /// Its durables, those for redrives last.
    pub(crate) durables: Vec<WantedDurable>,
    /// Its domains: what else carries one of them in its metadata is a leftover of this folder.
    pub(crate) domains: BTreeSet<String>,
    /// Streams without subjects, their own or an event's; a server makes none.
    pub(crate) empty: Vec<String>,
}

pub(crate) struct WantedStream {
    pub(crate) name: String,
    /// For `STREAM.CREATE`, with metadata.
    pub(crate) config: Value,
    /// The subjects of its keyed events, with `*` for the partition: what it takes of them are the partitions that there are.
    pub(crate) keyed: Vec<String>,
}

pub(crate) struct WantedDurable {
    pub(crate) service: String,
    pub(crate) stream: String,
    pub(crate) name: String,
    /// For `CONSUMER.CREATE`, with metadata.
    pub(crate) config: Value,
    /// The events that it delivers, each with its subjects; none for redrives.
    pub(crate) events: Vec<(String, String)>,
    /// The partition of a durable for events with a key.
    pub(crate) partition: Option<u32>,
}

impl WantedDurable {
    /// `<stream>/<durable>`.
    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.stream, self.name)
    }

    /// Returns whether it delivers dead letters that were sent on their way again.
    pub(crate) fn redrives(&self) -> bool {
        self.stream == DEAD_LETTERS
    }
}

impl Wanted {
    /// What these contracts want.
    pub(crate) fn of(contracts: &Checked) -> Result<Self, Failure> {
        let names = SpecNames::of(contracts);
        let services: BTreeMap<&str, &model::Service> = contracts
            .services
            .iter()
            .map(|service| (service.name.value.as_str(), service))
            .collect();
        let OnServer { streams, durables } = names.on_server(contracts)?;
        let domain = |id: model::DomainId| contracts[id].name.as_str();
        let stream_domain: BTreeMap<&str, &str> = contracts
            .streams
            .iter()
            .map(|stream| (stream.name.value.as_str(), domain(stream.domain)))
            .collect();
        let mut keyed: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for event in contracts.events.iter().filter(|event| event.key.is_some()) {
            if let Some(stream) = contracts.stream_of(event) {
                let patterns = keyed.entry(stream.name.value.clone()).or_default();
                patterns.push(event.subject.pattern());
            }
        }
        let streams = streams
            .into_iter()
            .map(|stream| {
                let owner = stream_domain.get(stream.name.as_str());
                let note = owner.map(|owner| (DOMAIN, *owner));
                WantedStream {
                    config: noted(stream.config, note.into_iter()),
                    keyed: keyed.get(&stream.name).cloned().unwrap_or_default(),
                    name: stream.name,
                }
            })
            .collect();
        let durables = durables
            .into_iter()
            .map(|durable| {
                let service = services.get(durable.service.as_str());
                let owner = service.map(|service| (DOMAIN, domain(service.domain)));
                let note = owner
                    .into_iter()
                    .chain([(SERVICE, durable.service.as_str())]);
                let place = (durable.stream.clone(), durable.name.clone());
                let (partition, events) = names.events.get(&place).cloned().unwrap_or_default();
                WantedDurable {
                    config: noted(durable.config, note),
                    service: durable.service,
                    stream: durable.stream,
                    name: durable.name,
                    events,
                    partition,
                }
            })
            .collect();
        Ok(Self {
            streams,
            durables,
            domains: contracts.domains.iter().map(|d| d.name.clone()).collect(),
            empty: contracts
                .streams
                .iter()
                .enumerate()
                .filter(|(at, stream)| {
                    let id = model::StreamId(*at);
                    contracts.events_of(id).next().is_none() && stream.subjects.is_empty()
                })
                .map(|(_, stream)| stream.name.value.clone())
                .collect(),
        })
    }

    /// The durables of a service that deliver its events.
    pub(crate) fn durables_of<'a>(
        &'a self,
        service: &'a str,
    ) -> impl Iterator<Item = &'a WantedDurable> {
        let of = move |durable: &&WantedDurable| durable.service == service;
        self.durables.iter().filter(of)
    }
}

type Place = (String, String);
type Events = Vec<(String, String)>;

/// What the runtime's definitions borrow: the subjects of streams and the durables, which the model makes on demand.
struct SpecNames {
    subjects: Vec<Vec<String>>,
    durables: Vec<Vec<event_codegen::durables::Durable>>,
    events: BTreeMap<Place, (Option<u32>, Events)>,
}

impl SpecNames {
    fn of(contracts: &Contracts) -> Self {
        let subjects = (0..contracts.streams.len())
            .map(|at| {
                let events = contracts.events_of(model::StreamId(at));
                let declared = contracts.streams[at].subjects.iter();
                let declared = declared.map(|pattern| pattern.text.clone());
                events
                    .map(|event| event.subject.stream_pattern())
                    .chain(declared)
                    .collect()
            })
            .collect();
        let durables: Vec<Vec<_>> = contracts
            .services
            .iter()
            .map(|service| contracts.durables(service))
            .collect();
        let events = durables
            .iter()
            .flatten()
            .map(|durable| {
                let stream = contracts[durable.stream].name.value.clone();
                let names = durable
                    .events
                    .iter()
                    .map(|event| contracts.event_name(&contracts[*event]));
                let events = names.zip(durable.filters.iter().cloned()).collect();
                ((stream, durable.name.clone()), (durable.partition, events))
            })
            .collect();
        Self {
            subjects,
            durables,
            events,
        }
    }

    fn on_server(&self, contracts: &Contracts) -> Result<OnServer, Failure> {
        let subjects: Vec<Vec<&str>> = self.subjects.iter().map(|all| texts(all)).collect();
        let streams: Vec<StreamDef<'_>> = contracts
            .streams
            .iter()
            .zip(&subjects)
            .map(|(stream, subjects)| stream_def(stream, subjects))
            .collect();
        let filters: Vec<Vec<Vec<&str>>> = self
            .durables
            .iter()
            .map(|all| all.iter().map(|durable| texts(&durable.filters)).collect())
            .collect();
        let mut consumers = Vec::new();
        for (at, service) in contracts.services.iter().enumerate() {
            for (durable, filters) in self.durables[at].iter().zip(&filters[at]) {
                consumers.push(ConsumerDef {
                    service: &service.name.value,
                    stream: &contracts[durable.stream].name.value,
                    durable: &durable.name,
                    filters,
                    ack_wait: service.ack_wait,
                    max_delay: service.retry.max_delay,
                    max_in_flight: durable.max_in_flight,
                    start: start(&service.start.value)?,
                });
            }
        }
        Ok(OnServer::of(&Streams {
            streams: &streams,
            consumers: &consumers,
        })?)
    }
}

fn texts(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

fn stream_def<'a>(stream: &'a model::Stream, subjects: &'a [&'a str]) -> StreamDef<'a> {
    StreamDef {
        name: &stream.name.value,
        subjects,
        max_age: stream.max_age.as_ref().map(|age| age.value),
        max_bytes: stream.max_bytes.as_ref().map(|n| n.value),
        max_messages: stream.max_messages.as_ref().map(|n| n.value),
        replicas: stream.replicas,
        storage: match stream.storage {
            model::Storage::File => Storage::File,
            model::Storage::Memory => Storage::Memory,
        },
        retention: match stream.retention.value {
            model::Retention::Limits => Retention::Limits,
            model::Retention::Interest => Retention::Interest,
            model::Retention::WorkQueue => Retention::WorkQueue,
        },
        duplicate_window: stream.window(),
        discard: match stream.discard {
            model::Discard::New => Discard::New,
            model::Discard::Old => Discard::Old,
        },
        partitions: stream.partitions.as_ref().map(|n| n.value),
    }
}

fn start(start: &model::Start) -> Result<Start, Failure> {
    Ok(match start {
        model::Start::All => Start::All,
        model::Start::New => Start::New,
        model::Start::At(text) => {
            let time: Result<Timestamp, _> = text.parse();
            Start::at(time.map_err(|error| {
                Failure::Usage(format!(
                    "`start = \"{text}\"` is not a valid timestamp: {error}"
                ))
            })?)
        }
    })
}

/// The configuration with the note of its owner.
fn noted<'a>(mut config: Value, note: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let mut metadata: Map<String, Value> = note
        .map(|(key, value)| (key.to_owned(), json!(value)))
        .collect();
    metadata.insert(HASH.to_owned(), json!(hash(&config)));
    config["metadata"] = Value::Object(metadata);
    config
}

/// A short text that changes with the configuration and is the same on every machine: FNV-1a of its settings by name.
fn hash(config: &Value) -> String {
    let mut sorted: BTreeMap<&str, Value> = BTreeMap::new();
    for (key, value) in config.as_object().into_iter().flatten() {
        let value = match value {
            Value::Array(all) => {
                let mut texts: Vec<String> = all.iter().map(Value::to_string).collect();
                texts.sort();
                json!(texts)
            }
            other => other.clone(),
        };
        sorted.insert(key, value);
    }
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (key, value) in sorted {
        for byte in format!("{key}={value};").bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

/// What a stream delivers into, or a durable delivers: the subjects of either configuration.
pub(crate) fn subjects_of(config: &Value) -> Vec<String> {
    match config.get("subjects").and_then(Value::as_array) {
        Some(all) => all
            .iter()
            .filter_map(|text| Some(text.as_str()?.to_owned()))
            .collect(),
        None => filters_of(config),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_of_what_is_said_and_not_of_its_order() {
        let a = hash(&json!({ "subjects": ["a", "b"], "max_age": 0 }));
        assert_eq!(a, hash(&json!({ "max_age": 0, "subjects": ["b", "a"] })));
        assert_ne!(a, hash(&json!({ "max_age": 1, "subjects": ["b", "a"] })));
        assert_ne!(a, hash(&json!({ "max_age": 0, "subjects": ["b"] })));
        assert_eq!(a.len(), 16);
    }
}
