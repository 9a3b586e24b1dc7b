//! What the contracts need of a server, as that server's own configuration.
//!
//! The one place where a stream or durable of the contracts becomes JSON of JetStream's API. Configurations stay JSON: a setting
//! that this version does not know must come back unchanged in an update.

use std::collections::BTreeMap;
use std::time::Duration;

use event_runtime::__operate::{nanos, start_of};
use event_runtime::streams::{
    ConsumerDef, DEAD_LETTERS, Discard, Retention, Start, Storage, StreamDef, Streams,
    redrive_durable, redrive_filter,
};
use event_runtime::{Bus, Error};
use serde_json::{Value, json};

pub use event_runtime::__operate::set_filters;

/// Maximum number of unacknowledged redrives of a service.
const REDRIVES_IN_FLIGHT: u32 = 16;
/// The shortest duplicate window of the dead letters.
const SHORTEST_WINDOW: Duration = Duration::from_secs(120);

/// Streams and durable consumers that a server must have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OnServer {
    /// The streams, in the order of the contracts, the one of dead letters last.
    pub streams: Vec<ServerStream>,
    /// The durable consumers, those for redrives last.
    pub durables: Vec<ServerDurable>,
}

/// One stream.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerStream {
    /// Its name.
    pub name: String,
    /// The configuration of `STREAM.CREATE`.
    pub config: Value,
}

/// One durable consumer.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerDurable {
    /// The service that it belongs to.
    pub service: String,
    /// The stream.
    pub stream: String,
    /// Its name.
    pub name: String,
    /// The configuration of `CONSUMER.CREATE`.
    pub config: Value,
}

impl OnServer {
    /// Makes what a server must have for the streams and services of contracts: the streams and durables, with `DEAD_LETTERS` and the redrive durables when a
    /// service handles anything. A stream that no event names is left out: a server makes none without subjects.
    ///
    /// # Errors
    /// A start that is not a valid timestamp.
    pub fn of(contracts: &Streams<'_>) -> Result<Self, Error> {
        let mut all = Self::default();
        let with_events = contracts.streams.iter().filter(|s| !s.subjects.is_empty());
        all.streams.extend(with_events.map(stream));
        for consumer in contracts.consumers {
            all.durables.push(durable(consumer)?);
        }
        if !contracts.consumers.is_empty() {
            all.streams.push(dead_letters(contracts));
            redrives(contracts, &mut all.durables)?;
        }
        Ok(all)
    }
}

fn dead_letters(contracts: &Streams<'_>) -> ServerStream {
    let waits = contracts
        .consumers
        .iter()
        .map(|c| c.ack_wait.max(c.max_delay));
    let longest = waits.max().unwrap_or_default();
    let replicas = contracts
        .streams
        .iter()
        .map(|s| s.replicas)
        .max()
        .unwrap_or(1);
    ServerStream {
        name: DEAD_LETTERS.to_owned(),
        config: json!({
            "name": DEAD_LETTERS,
            "subjects": ["dead_letters.>", "redrive.>"],
            "storage": "file",
            "retention": "limits",
            "discard": "new",
            "num_replicas": replicas,
            "max_age": 0,
            "duplicate_window": nanos((longest * 2).max(SHORTEST_WINDOW)),
        }),
    }
}

fn redrives(contracts: &Streams<'_>, durables: &mut Vec<ServerDurable>) -> Result<(), Error> {
    let mut services: BTreeMap<&str, Duration> = BTreeMap::new();
    for consumer in contracts.consumers {
        let ack_wait = services.entry(consumer.service).or_default();
        *ack_wait = (*ack_wait).max(consumer.ack_wait);
    }
    for (service, ack_wait) in services {
        let name = redrive_durable(service);
        durables.push(ServerDurable {
            service: service.to_owned(),
            stream: DEAD_LETTERS.to_owned(),
            config: durable_config(
                &name,
                &[redrive_filter(service)],
                ack_wait,
                REDRIVES_IN_FLIGHT,
                Start::All,
            )?,
            name,
        });
    }
    Ok(())
}

fn stream(stream: &StreamDef<'_>) -> ServerStream {
    let limit = |limit: Option<u64>| limit.map_or_else(|| json!(-1), |limit| json!(limit));
    ServerStream {
        name: stream.name.to_owned(),
        config: json!({
            "name": stream.name,
            "subjects": stream.taken(),
            "max_age": stream.max_age.map_or(0, nanos),
            "max_bytes": limit(stream.max_bytes),
            "max_msgs": limit(stream.max_messages),
            "num_replicas": stream.replicas,
            "storage": match stream.storage { Storage::File => "file", Storage::Memory => "memory" },
            "retention": match stream.retention {
                Retention::Limits => "limits",
                Retention::Interest => "interest",
                Retention::WorkQueue => "workqueue",
            },
            "duplicate_window": nanos(stream.duplicate_window),
            "discard": match stream.discard { Discard::New => "new", Discard::Old => "old" },
        }),
    }
}

fn durable(consumer: &ConsumerDef<'_>) -> Result<ServerDurable, Error> {
    let filters: Vec<String> = consumer.filters.iter().map(|&s| s.to_owned()).collect();
    Ok(ServerDurable {
        service: consumer.service.to_owned(),
        stream: consumer.stream.to_owned(),
        name: consumer.durable.to_owned(),
        config: durable_config(
            consumer.durable,
            &filters,
            consumer.ack_wait,
            consumer.max_in_flight,
            consumer.start,
        )?,
    })
}

fn durable_config(
    name: &str,
    filters: &[String],
    ack_wait: Duration,
    max_in_flight: u32,
    start: Start,
) -> Result<Value, Error> {
    let mut config = json!({
        "durable_name": name,
        "ack_policy": "explicit",
        "ack_wait": nanos(ack_wait),
        "max_deliver": -1,
        "max_ack_pending": max_in_flight,
    });
    set_filters(&mut config, filters);
    set_start(&mut config, start)?;
    Ok(config)
}

/// Writes into a consumer's configuration where it starts, in the place of what it says now.
///
/// # Errors
/// A start that is not a valid timestamp.
pub fn set_start(config: &mut Value, start: Start) -> Result<(), Error> {
    if let Some(config) = config.as_object_mut() {
        config.remove("opt_start_seq");
        config.remove("opt_start_time");
    }
    start_of(start, config)
}

/// Returns the filters of a consumer's configuration; none means the whole stream.
#[must_use]
pub fn filters_of(config: &Value) -> Vec<String> {
    match config.get("filter_subject").and_then(Value::as_str) {
        Some(filter) if !filter.is_empty() => vec![filter.to_owned()],
        _ => strings(config.get("filter_subjects").unwrap_or(&Value::Null)),
    }
}

/// The request that writes a durable, as it follows the API's prefix. The server wants the one filter in it too, so that
/// permissions can be about it.
#[must_use]
pub fn durable_request(stream: &str, durable: &str, config: &Value) -> String {
    match config.get("filter_subject").and_then(Value::as_str) {
        Some(filter) => format!("CONSUMER.CREATE.{stream}.{durable}.{filter}"),
        None => format!("CONSUMER.CREATE.{stream}.{durable}"),
    }
}

pub(crate) fn strings(list: &Value) -> Vec<String> {
    let texts = list.as_array().into_iter().flatten();
    texts
        .filter_map(|text| Some(text.as_str()?.to_owned()))
        .collect()
}

/// Creates (`action` is `create`) or updates (`update`) a durable consumer.
///
/// # Errors
/// Those of [`Bus::api`].
pub async fn write_durable(
    bus: &Bus,
    stream: &str,
    durable: &str,
    config: &Value,
    action: &str,
) -> Result<Value, Error> {
    let subject = durable_request(stream, durable, config);
    let request = json!({ "stream_name": stream, "config": config, "action": action });
    bus.api(subject, &request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_replaces_the_one_before() {
        let mut config = json!({ "deliver_policy": "by_start_sequence", "opt_start_seq": 7 });
        set_start(&mut config, Start::New).unwrap();
        assert_eq!(config, json!({ "deliver_policy": "new" }));
        set_start(&mut config, Start::AtUnixMillis(0)).unwrap();
        assert_eq!(config["opt_start_time"], "1970-01-01T00:00:00Z");
    }

    #[test]
    fn a_stream_without_events_is_not_made() {
        let streams = Streams {
            streams: &[StreamDef {
                name: "A",
                subjects: &[],
                max_age: None,
                max_bytes: None,
                max_messages: None,
                replicas: 1,
                storage: Storage::File,
                retention: Retention::Limits,
                duplicate_window: Duration::from_secs(120),
                discard: Discard::New,
                partitions: None,
            }],
            consumers: &[],
        };
        assert_eq!(OnServer::of(&streams).unwrap(), OnServer::default());
    }
}
