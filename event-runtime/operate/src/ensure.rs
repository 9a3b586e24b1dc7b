//! `ensure`: brings streams and durables into being, for development, tests and demonstrations.
//!
//! Creates what is missing and adds subjects and filters. Never removes, narrows or changes: operators own what is there.

use std::collections::BTreeSet;
use std::time::Duration;

use event_runtime::__operate::{CONSUMER_NOT_FOUND, STREAM_NOT_FOUND, jittered};
use event_runtime::streams::{Streams, covers};
use event_runtime::{Bus, Error};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::config::{
    OnServer, ServerDurable, ServerStream, filters_of, set_filters, strings, write_durable,
};

/// The server's codes for a name that is taken: somebody else was faster.
const STREAM_NAME_IN_USE: u64 = 10_058;
const CONSUMER_EXISTS: u64 = 10_148;
const CONSUMER_NAME_IN_USE: u64 = 10_013;
/// Maximum number of retries of an addition that another process has overwritten.
const TRIES: usize = 10;

/// Changes made by [`ensure`]. Names of durables are `<stream>/<durable>`.
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
    /// Returns true if there was no drift.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Creates the streams and durables that are missing, and adds subjects and filters to those that lack some, with
/// `DEAD_LETTERS` and the redrive durables of the services. Never removes or changes anything. A durable that is given
/// a filter keeps its position: what is stored of that event and lies behind it is not delivered.
///
/// For development, tests and demonstrations: in production `event-contracts streams apply` does this with the
/// permissions of an operator, and services have none for it. May be called at once by many processes.
///
/// # Errors
/// Returns [`Error::Server`] if the server rejects a change, [`Error::Refused`] without the permission, and [`Error::NoAnswer`] if
/// the server does not answer.
///
/// # Cancel safety
/// Dropped before it completes, some changes may be made; calling it again makes the rest.
pub async fn ensure(bus: &Bus, contracts: &Streams<'_>) -> Result<Changes, Error> {
    let mut changes = Changes::default();
    let wanted = OnServer::of(contracts)?;
    for stream in &wanted.streams {
        ensure_stream(bus, stream, &mut changes).await?;
    }
    for durable in &wanted.durables {
        ensure_durable(bus, durable, &mut changes).await?;
    }
    Ok(changes)
}

async fn ensure_stream(
    bus: &Bus,
    stream: &ServerStream,
    changes: &mut Changes,
) -> Result<(), Error> {
    let ServerStream { name, config } = stream;
    let subjects = strings(&config["subjects"]);
    for attempt in 0..TRIES {
        let info = match bus
            .api::<Value>(format!("STREAM.INFO.{name}"), &json!({}))
            .await
        {
            Ok(info) => info,
            Err(Error::Server {
                code: STREAM_NOT_FOUND,
                ..
            }) => {
                match bus
                    .api::<Value>(format!("STREAM.CREATE.{name}"), config)
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
        bus.api::<Value>(format!("STREAM.UPDATE.{name}"), &there)
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

async fn ensure_durable(
    bus: &Bus,
    wanted: &ServerDurable,
    changes: &mut Changes,
) -> Result<(), Error> {
    let (stream, durable) = (&wanted.stream, &wanted.name);
    let filters = filters_of(&wanted.config);
    let full = format!("{stream}/{durable}");
    for attempt in 0..TRIES {
        let info = match bus
            .api::<Value>(format!("CONSUMER.INFO.{stream}.{durable}"), &json!({}))
            .await
        {
            Ok(info) => info,
            Err(Error::Server {
                code: CONSUMER_NOT_FOUND,
                ..
            }) => match write_durable(bus, stream, durable, &wanted.config, "create").await {
                Ok(_) => {
                    changes.created_durables.push(full);
                    return Ok(());
                }
                Err(Error::Server {
                    code: CONSUMER_EXISTS | CONSUMER_NAME_IN_USE,
                    ..
                }) => continue,
                Err(error) => return Err(error),
            },
            Err(error) => return Err(error),
        };
        let mut there = info.get("config").cloned().unwrap_or_default();
        let there_filters = filters_of(&there);
        let mut all = json!(there_filters);
        // Without a filter it delivers the whole stream.
        let missing = if there_filters.is_empty() {
            Vec::new()
        } else {
            add(&mut all, &filters)
        };
        if missing.is_empty() {
            return Ok(());
        }
        set_filters(&mut there, &strings(&all));
        write_durable(bus, stream, durable, &there, "update").await?;
        changes
            .added_filters
            .extend(missing.into_iter().map(|filter| (full.clone(), filter)));
        settle(attempt).await;
    }
    Err(contended(&full))
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

/// Adds those of `wanted` that no entry of `list` covers. Answers them.
fn add(list: &mut Value, wanted: &[String]) -> Vec<String> {
    let mut all: BTreeSet<String> = strings(list).into_iter().collect();
    let missing: Vec<String> = wanted
        .iter()
        .filter(|want| !(all.contains(*want) || all.iter().any(|have| covers(have, want))))
        .cloned()
        .collect();
    // A pattern beside one that it covers overlaps, which the server refuses.
    all.retain(|have| !missing.iter().any(|new| covers(new, have)));
    all.extend(missing.iter().cloned());
    *list = json!(all);
    missing
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
