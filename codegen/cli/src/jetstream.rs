//! What a server has: its streams and consumers as JetStream's API tells them.
//!
//! Configurations stay JSON: a setting that this build does not know must come back unchanged in an update.

use std::collections::BTreeMap;
use std::time::Duration;

use event_operate::{set_filters, set_start};
use event_runtime::{Bus, Error, Start, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// Codes of the API: not there.
pub(crate) const STREAM_NOT_FOUND: u64 = 10_059;
const CONSUMER_NOT_FOUND: u64 = 10_014;
const NO_MESSAGE: u64 = 10_037;
/// A consumer to count with would break the rule of a work queue: one consumer for each subject, with all of it.
const WORK_QUEUE: [u64; 4] = [10_084, 10_099, 10_100, 10_101];

/// The codes of a cluster, or of a stream in it, that has no leader now, and of a deletion that is not over.
const NOT_NOW: [u64; 3] = [10_008, 10_118, 10_049];
/// How long is waited for that to pass, and how long between two tries.
const PATIENCE: Duration = Duration::from_secs(20);
const BETWEEN: Duration = Duration::from_millis(250);
/// The code for too few servers for the replicas that are asked for. The leader of a cluster says it, too, of servers that it
/// has not heard of for a moment, so the request is repeated for a short time before it counts.
const NO_PEERS: u64 = 10_005;
const PEERS_PATIENCE: Duration = Duration::from_secs(5);

/// A stream.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct StreamInfo {
    pub(crate) config: Value,
    pub(crate) state: State,
}

/// Content of a stream.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct State {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    pub(crate) first_seq: u64,
    pub(crate) last_seq: u64,
}

/// A consumer.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ConsumerInfo {
    pub(crate) name: String,
    pub(crate) config: Value,
    pub(crate) delivered: Position,
    pub(crate) ack_floor: Position,
    pub(crate) num_ack_pending: u64,
    pub(crate) num_redelivered: u64,
    /// Requests for messages that wait: somebody listens.
    #[serde(default)]
    pub(crate) num_waiting: u64,
    pub(crate) num_pending: u64,
    #[serde(default)]
    pub(crate) paused: bool,
    /// Nanoseconds.
    #[serde(default)]
    pub(crate) pause_remaining: u64,
    /// The server's time of this answer.
    #[serde(default)]
    pub(crate) ts: Option<Timestamp>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Position {
    pub(crate) stream_seq: u64,
    #[serde(default)]
    pub(crate) last_active: Option<Timestamp>,
}

impl StreamInfo {
    pub(crate) fn name(&self) -> &str {
        text(&self.config, "name")
    }
}

/// A text of a configuration, or nothing.
pub(crate) fn text<'a>(config: &'a Value, key: &str) -> &'a str {
    config.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A text of a configuration's metadata.
pub(crate) fn metadata<'a>(config: &'a Value, key: &str) -> Option<&'a str> {
    config.get("metadata")?.get(key)?.as_str()
}

/// Retries while a cluster, or a stream in it, has no leader, or while the leader misses peers: both pass within seconds.
/// `work` must be safe to repeat.
pub(crate) async fn patiently<T>(work: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
    let start = Instant::now();
    loop {
        let done = work().await;
        let patience = match &done {
            Err(error) => patience(error),
            Ok(_) => Duration::ZERO,
        };
        if start.elapsed() >= patience {
            return done;
        }
        sleep(BETWEEN).await;
    }
}

/// How long a request that failed like this is worth repeating.
pub(crate) fn patience(error: &Error) -> Duration {
    match error {
        Error::Server { code: NO_PEERS, .. } => PEERS_PATIENCE,
        Error::Server { code, .. } if NOT_NOW.contains(code) => PATIENCE,
        Error::Server { .. } => Duration::ZERO,
        error if error.is_transient() => PATIENCE,
        _ => Duration::ZERO,
    }
}

/// Reads something.
async fn ask<T: DeserializeOwned>(bus: &Bus, subject: String, request: Value) -> Result<T, Error> {
    patiently(async || bus.api(subject.as_str(), &request).await).await
}

/// A page of a list. What does not answer in time is missing from the list, and not from the server.
#[derive(Deserialize)]
struct Page<T> {
    total: usize,
    #[serde(alias = "streams", alias = "consumers")]
    items: Option<Vec<T>>,
    #[serde(default)]
    missing: Option<Vec<String>>,
}

/// All pages, and the names that are missing in them.
async fn all<T: DeserializeOwned>(
    bus: &Bus,
    subject: &str,
) -> Result<(Vec<T>, Vec<String>), Error> {
    let (mut all, mut missing) = (Vec::new(), Vec::new());
    loop {
        let offset = all.len() + missing.len();
        let page: Page<T> = ask(bus, subject.to_owned(), json!({ "offset": offset })).await?;
        all.extend(page.items.unwrap_or_default());
        missing.extend(page.missing.unwrap_or_default());
        let seen = all.len() + missing.len();
        if seen >= page.total || seen == offset {
            return Ok((all, missing));
        }
    }
}

/// All streams of the account.
pub(crate) async fn streams(bus: &Bus) -> Result<Vec<StreamInfo>, Error> {
    let (mut found, missing) = all(bus, "STREAM.LIST").await?;
    for name in missing {
        found.extend(stream(bus, &name).await?);
    }
    Ok(found)
}

/// All consumers of a stream.
pub(crate) async fn consumers(bus: &Bus, stream: &str) -> Result<Vec<ConsumerInfo>, Error> {
    let (mut found, missing) = all(bus, &format!("CONSUMER.LIST.{stream}")).await?;
    for name in missing {
        found.extend(consumer(bus, stream, &name).await?);
    }
    Ok(found)
}

/// One stream, when it is there.
pub(crate) async fn stream(bus: &Bus, name: &str) -> Result<Option<StreamInfo>, Error> {
    present(ask(bus, format!("STREAM.INFO.{name}"), json!({})).await)
}

/// One consumer, when it is there.
pub(crate) async fn consumer(
    bus: &Bus,
    stream: &str,
    name: &str,
) -> Result<Option<ConsumerInfo>, Error> {
    present(ask(bus, format!("CONSUMER.INFO.{stream}.{name}"), json!({})).await)
}

fn present<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(Error::Server {
            code: STREAM_NOT_FOUND | CONSUMER_NOT_FOUND,
            ..
        }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// How many messages of these subjects a consumer that starts there would get. Nothing where the server cannot be asked:
/// on a work queue, or for want of permission. Asked through a consumer that goes away at once.
pub(crate) async fn count_from(
    bus: &Bus,
    stream: &str,
    filters: &[String],
    start: Start,
) -> Result<Option<u64>, Error> {
    let name = format!("count-{}", event_runtime::Uuid::now_v7().simple());
    let mut config = json!({
        "name": name,
        "ack_policy": "none",
        "mem_storage": true,
        "num_replicas": 1,
        "inactive_threshold": 5_000_000_000_u64,
        "metadata": { "event-contracts.purpose": "counting" },
    });
    set_filters(&mut config, filters);
    set_start(&mut config, start)?;
    let made = patiently(async || {
        event_operate::write_durable(bus, stream, &name, &config, "create").await
    })
    .await;
    let made = match made {
        Err(Error::Server { code, .. }) if WORK_QUEUE.contains(&code) => return Ok(None),
        Err(Error::Refused { .. }) => return Ok(None),
        made => made?,
    };
    // Also when this fails it is gone after its threshold.
    let _: Result<Value, Error> = bus
        .api(format!("CONSUMER.DELETE.{stream}.{name}"), &json!({}))
        .await;
    Ok(made.get("num_pending").and_then(Value::as_u64))
}

/// How many messages are looked at one by one.
const ONE_BY_ONE: u64 = 500;

/// How many messages of a subject a stream holds up to a sequence, asked without a consumer: on a work queue that is the
/// only way. Nothing where that would be too many to look at, or where the user may not.
pub(crate) async fn stored_until(
    bus: &Bus,
    stream: &str,
    filter: &str,
    sequence: u64,
) -> Result<Option<u64>, Error> {
    match looked_at(bus, stream, filter, sequence).await {
        Err(Error::Refused { .. }) => Ok(None),
        counted => counted,
    }
}

async fn looked_at(
    bus: &Bus,
    stream: &str,
    filter: &str,
    sequence: u64,
) -> Result<Option<u64>, Error> {
    #[derive(Deserialize)]
    struct Info {
        state: Subjects,
        #[serde(default)]
        total: usize,
    }
    #[derive(Deserialize)]
    struct Subjects {
        last_seq: u64,
        #[serde(default)]
        subjects: BTreeMap<String, u64>,
    }
    let request = json!({ "subjects_filter": filter });
    let Info { state, total } = ask(bus, format!("STREAM.INFO.{stream}"), request).await?;
    let all: u64 = state.subjects.values().sum();
    if all == 0 || (state.last_seq <= sequence && total <= state.subjects.len()) {
        return Ok(Some(all));
    }
    let (mut counted, mut next) = (0, 1);
    loop {
        let request = json!({ "seq": next, "next_by_subj": filter });
        let asked = ask::<Value>(bus, format!("STREAM.MSG.GET.{stream}"), request).await;
        let found = match asked {
            Err(Error::Server {
                code: NO_MESSAGE, ..
            }) => return Ok(Some(counted)),
            found => found?["message"]["seq"].as_u64(),
        };
        match found {
            Some(seq) if seq <= sequence && counted < ONE_BY_ONE => {
                (counted, next) = (counted + 1, seq + 1)
            }
            Some(seq) if seq > sequence => return Ok(Some(counted)),
            _ => return Ok(None),
        }
    }
}
