//! `ensure`: brings streams and durables into being, for development, tests and demonstrations.
//!
//! Creates what is missing and adds subjects and filters. Never removes, narrows or changes: operators own what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::api::{CONSUMER_NOT_FOUND, STREAM_NOT_FOUND, nanos, start_of};
use crate::bus::Bus;
use crate::error::Error;
use crate::store::jittered;
use crate::streams::{
    ConsumerDef, DEAD_LETTERS, Discard, Retention, Start, Storage, StreamDef, Streams, covers,
    redrive_durable, redrive_filter,
};

/// The server's codes for a name that is taken: somebody else was faster.
const STREAM_NAME_IN_USE: u64 = 10_058;
const CONSUMER_EXISTS: u64 = 10_148;
const CONSUMER_NAME_IN_USE: u64 = 10_013;
/// How often an addition is tried again after another process has overwritten it.
const TRIES: usize = 10;

/// What `ensure` has done. Names of durables are `<stream>/<durable>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    /// Streams that were created.
    pub created_streams: Vec<String>,
    /// Durables that were created.
    pub created_durables: Vec<String>,
    /// Subjects that were added, each with its stream.
    pub added_subjects: Vec<(String, String)>,
    /// Filters that were added, each with its durable.
    pub added_filters: Vec<(String, String)>,
}

impl Changes {
    /// Whether everything was there already.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Bus {
    /// Creates the streams and durables that are missing, and adds subjects and filters to those that lack some, with
    /// `DEAD_LETTERS` and the redrive durables of the services. Never removes or changes anything.
    ///
    /// For development, tests and demonstrations: in production `event-contracts streams apply` does this with the
    /// permissions of an operator, and services have none for it. May be called at once by many processes.
    ///
    /// # Errors
    /// [`Error::Server`] with what the server refuses, [`Error::Refused`], [`Error::NoAnswer`].
    pub async fn ensure(&self, contracts: &Streams) -> Result<Changes, Error> {
        self.open()?;
        let mut changes = Changes::default();
        for stream in contracts.streams {
            let subjects = stream.subjects.iter().map(|s| (*s).to_owned()).collect();
            self.ensure_stream(stream.name, stream_config(stream), subjects, &mut changes)
                .await?;
        }
        for consumer in contracts.consumers {
            let filters = consumer.filters.iter().map(|s| (*s).to_owned()).collect();
            self.ensure_consumer(
                consumer.stream,
                consumer.durable,
                consumer_config(consumer)?,
                filters,
                &mut changes,
            )
            .await?;
        }
        if !contracts.consumers.is_empty() {
            self.ensure_dead_letters(contracts, &mut changes).await?;
        }
        Ok(changes)
    }

    async fn ensure_dead_letters(
        &self,
        contracts: &Streams,
        changes: &mut Changes,
    ) -> Result<(), Error> {
        let longest = contracts
            .consumers
            .iter()
            .map(|c| c.ack_wait.max(c.max_delay))
            .max()
            .unwrap_or_default();
        let replicas = contracts
            .streams
            .iter()
            .map(|s| s.replicas)
            .max()
            .unwrap_or(1);
        let config = json!({
            "storage": "file",
            "retention": "limits",
            "discard": "new",
            "num_replicas": replicas,
            "max_age": 0,
            "duplicate_window": nanos((longest * 2).max(Duration::from_secs(120))),
        });
        let subjects = vec!["dead_letters.>".to_owned(), "redrive.>".to_owned()];
        self.ensure_stream(DEAD_LETTERS, config, subjects, changes)
            .await?;
        let mut services: BTreeMap<&str, Duration> = BTreeMap::new();
        for consumer in contracts.consumers {
            let ack_wait = services.entry(consumer.service).or_default();
            *ack_wait = (*ack_wait).max(consumer.ack_wait);
        }
        for (service, ack_wait) in services {
            let mut config = json!({
                "ack_policy": "explicit",
                "ack_wait": nanos(ack_wait),
                "max_deliver": -1,
                "max_ack_pending": 16,
            });
            start_of(Start::All, &mut config)?;
            let filters = vec![redrive_filter(service)];
            self.ensure_consumer(
                DEAD_LETTERS,
                &redrive_durable(service),
                config,
                filters,
                changes,
            )
            .await?;
        }
        Ok(())
    }

    async fn ensure_stream(
        &self,
        name: &str,
        mut config: Value,
        subjects: Vec<String>,
        changes: &mut Changes,
    ) -> Result<(), Error> {
        config["name"] = json!(name);
        config["subjects"] = json!(subjects);
        for attempt in 0..TRIES {
            let info = match self
                .api::<Value>(format!("STREAM.INFO.{name}"), &json!({}))
                .await
            {
                Ok(info) => info,
                Err(Error::Server {
                    code: STREAM_NOT_FOUND,
                    ..
                }) => {
                    match self
                        .api::<Value>(format!("STREAM.CREATE.{name}"), &config)
                        .await
                    {
                        Ok(_) => {
                            changes.created_streams.push(name.to_owned());
                            return Ok(());
                        }
                        Err(Error::Server {
                            code: STREAM_NAME_IN_USE,
                            ..
                        }) => continue,
                        Err(error) => return Err(error),
                    }
                }
                Err(error) => return Err(error),
            };
            let mut there = info.get("config").cloned().unwrap_or_default();
            let missing = add(&mut there["subjects"], &subjects);
            if missing.is_empty() {
                return Ok(());
            }
            self.api::<Value>(format!("STREAM.UPDATE.{name}"), &there)
                .await?;
            changes.added_subjects.extend(
                missing
                    .into_iter()
                    .map(|subject| (name.to_owned(), subject)),
            );
            settle(attempt).await;
        }
        Err(contended(name))
    }

    async fn ensure_consumer(
        &self,
        stream: &str,
        durable: &str,
        mut config: Value,
        filters: Vec<String>,
        changes: &mut Changes,
    ) -> Result<(), Error> {
        config["durable_name"] = json!(durable);
        let full = format!("{stream}/{durable}");
        for attempt in 0..TRIES {
            let info = match self
                .api::<Value>(format!("CONSUMER.INFO.{stream}.{durable}"), &json!({}))
                .await
            {
                Ok(info) => info,
                Err(Error::Server {
                    code: CONSUMER_NOT_FOUND,
                    ..
                }) => {
                    let mut new = config.clone();
                    write_filters(&mut new, &filters);
                    match self.write_consumer(stream, durable, &new, "create").await {
                        Ok(()) => {
                            changes.created_durables.push(full);
                            return Ok(());
                        }
                        Err(Error::Server {
                            code: CONSUMER_EXISTS | CONSUMER_NAME_IN_USE,
                            ..
                        }) => continue,
                        Err(error) => return Err(error),
                    }
                }
                Err(error) => return Err(error),
            };
            let mut there = info.get("config").cloned().unwrap_or_default();
            let mut all = read_filters(&there);
            // Without a filter it delivers the whole stream.
            let missing = if strings(&all).is_empty() {
                Vec::new()
            } else {
                add(&mut all, &filters)
            };
            if missing.is_empty() {
                return Ok(());
            }
            write_filters(&mut there, &strings(&all));
            self.write_consumer(stream, durable, &there, "update")
                .await?;
            changes
                .added_filters
                .extend(missing.into_iter().map(|filter| (full.clone(), filter)));
            settle(attempt).await;
        }
        Err(contended(&full))
    }

    async fn write_consumer(
        &self,
        stream: &str,
        durable: &str,
        config: &Value,
        action: &str,
    ) -> Result<(), Error> {
        // The server wants the one filter in the subject too, so that permissions can be about it.
        let subject = match config.get("filter_subject").and_then(Value::as_str) {
            Some(filter) => format!("CONSUMER.CREATE.{stream}.{durable}.{filter}"),
            None => format!("CONSUMER.CREATE.{stream}.{durable}"),
        };
        let request = json!({ "stream_name": stream, "config": config, "action": action });
        self.api::<Value>(subject, &request).await.map(drop)
    }
}

/// Another process may have written what it read before this addition: wait until it must be through, and look again.
async fn settle(attempt: usize) {
    sleep(jittered(Duration::from_millis(if attempt == 0 {
        20
    } else {
        60
    })))
    .await;
}

fn contended(name: &str) -> Error {
    Error::Server {
        what: format!("adding to {name}"),
        code: 0,
        description: "others keep changing it at the same time".to_owned(),
    }
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// Adds those of `wanted` that no entry of `list` covers. Answers them.
fn add(list: &mut Value, wanted: &[String]) -> Vec<String> {
    let mut all: BTreeSet<String> = strings(list).into_iter().collect();
    let missing: Vec<String> = wanted
        .iter()
        .filter(|want| !all.iter().any(|have| covers(have, want)))
        .cloned()
        .collect();
    // A pattern beside one that it covers overlaps, which the server refuses.
    all.retain(|have| !missing.iter().any(|new| covers(new, have)));
    all.extend(missing.iter().cloned());
    *list = json!(all);
    missing
}

fn read_filters(config: &Value) -> Value {
    match config.get("filter_subject").and_then(Value::as_str) {
        Some(filter) if !filter.is_empty() => json!([filter]),
        _ => config
            .get("filter_subjects")
            .cloned()
            .unwrap_or_else(|| json!([])),
    }
}

fn write_filters(config: &mut Value, filters: &[String]) {
    let Some(config) = config.as_object_mut() else {
        return;
    };
    config.remove("filter_subject");
    config.remove("filter_subjects");
    match filters {
        [] => {}
        [one] => {
            config.insert("filter_subject".to_owned(), json!(one));
        }
        many => {
            config.insert("filter_subjects".to_owned(), json!(many));
        }
    }
}

fn stream_config(stream: &StreamDef) -> Value {
    let limit = |limit: Option<u64>| limit.map_or_else(|| json!(-1), |limit| json!(limit));
    json!({
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
    })
}

fn consumer_config(consumer: &ConsumerDef) -> Result<Value, Error> {
    let mut config = json!({
        "ack_policy": "explicit",
        "ack_wait": nanos(consumer.ack_wait),
        "max_deliver": -1,
        "max_ack_pending": consumer.max_in_flight,
    });
    start_of(consumer.start, &mut config)?;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn additions_keep_what_is_there() {
        let mut list = json!(["a.b", "x.>"]);
        assert_eq!(
            add(&mut list, &["a.b".into(), "x.y".into()]),
            Vec::<String>::new()
        );
        assert_eq!(list, json!(["a.b", "x.>"]));
        assert_eq!(add(&mut list, &["a.*".into(), "c".into()]), ["a.*", "c"]);
        assert_eq!(list, json!(["a.*", "c", "x.>"]));
    }
}
