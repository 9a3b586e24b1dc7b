//! Brings a server to a plan, one write after the other, in the order that loses nothing.
//!
//! The API has no compare-and-set. So each write looks again first, and writes only what the plan was made for; and at the
//! end everything is read back. Of two that write at once, at least one sees the other and says so.

use std::time::Duration;

use event_operate::set_filters;
use event_runtime::{Bus, Error, Shutdown};
use serde_json::{Map, Value, json};
use tokio::time::sleep;

use super::plan::{Item, ItemKind};
use super::setting::{self, Difference, Setting};
use super::step::{ServerWrite, order};
use crate::behind;
use crate::jetstream::{self, metadata, patiently};
use crate::wanted::{DOMAIN, HASH, SERVICE, subjects_of};

/// Codes that say that somebody else has made it meanwhile.
const TAKEN: [u64; 3] = [10_058, 10_148, 10_013];
/// Longer than another apply takes between looking and writing.
const SETTLE: Duration = Duration::from_millis(150);

/// Result of an apply.
pub(crate) struct Applied {
    /// Writes, in order.
    pub(crate) done: Vec<String>,
    /// Number of writes that there were to do.
    pub(crate) of: usize,
    pub(crate) end: End,
}

pub(crate) enum End {
    /// Everything that can be done is done.
    Done,
    /// The signal to stop came first.
    Stopped,
    /// Somebody else wrote at the same time; what was seen.
    Contended(String),
    /// A write failed.
    Failed { what: String, error: Error },
}

/// Writes what the items want. `say` hears of each write.
pub(crate) async fn apply(
    bus: &Bus,
    items: &[Item],
    stop: &Shutdown,
    mut say: impl FnMut(&str),
) -> Applied {
    let steps = order(items);
    let mut applied = Applied {
        done: Vec::new(),
        of: steps.len(),
        end: End::Done,
    };
    for step in &steps {
        if stop.is_stopped() {
            applied.end = End::Stopped;
            return applied;
        }
        match patiently(async || write_once(bus, step).await).await {
            Ok(WriteOutcome::Wrote(what)) => {
                say(&what);
                applied.done.push(what);
            }
            Ok(WriteOutcome::AlreadyDone(what)) => {
                let what = format!("{what}: already done by someone else");
                say(&what);
                applied.done.push(what);
            }
            Ok(WriteOutcome::Contended(what)) => {
                applied.end = End::Contended(what);
                return applied;
            }
            Err(error) => {
                applied.end = End::Failed {
                    what: step.name(),
                    error,
                };
                return applied;
            }
        }
    }
    if !steps.is_empty() {
        sleep(SETTLE).await;
        match read_back(bus, items).await {
            Ok(Some(seen)) => applied.end = End::Contended(seen),
            Ok(None) => {}
            Err(error) => {
                applied.end = End::Failed {
                    what: "reading back".to_owned(),
                    error,
                };
            }
        }
    }
    applied
}

enum WriteOutcome {
    Wrote(String),
    AlreadyDone(String),
    Contended(String),
}

async fn write_once(bus: &Bus, step: &ServerWrite<'_>) -> Result<WriteOutcome, Error> {
    let item = step.item();
    let there = current(bus, item).await?;
    if let Some(already) = overtaken(step, there.as_ref()) {
        return Ok(already);
    }
    match send(bus, step, there.as_ref()).await {
        Ok(_) => Ok(WriteOutcome::Wrote(step.done())),
        Err(Error::Server { code, .. }) if TAKEN.contains(&code) => {
            let there = current(bus, item).await?;
            match (&there, &item.wanted) {
                (Some(there), Some(wanted)) if fits(item, wanted, there, false) => {
                    Ok(WriteOutcome::AlreadyDone(step.done()))
                }
                _ => Ok(WriteOutcome::Contended(moved_on(item, there.as_ref()))),
            }
        }
        Err(error) => Err(error),
    }
}

/// What it is when nothing is to be written: it is so already, or it is not what the plan was made for.
fn overtaken(step: &ServerWrite<'_>, there: Option<&Value>) -> Option<WriteOutcome> {
    let item = step.item();
    let unchanged = match (&item.there, there) {
        (None, None) => true,
        (Some(seen), Some(there)) => same(item.kind, seen, there),
        _ => false,
    };
    match (step, there, &item.wanted) {
        (ServerWrite::RemoveStream(_) | ServerWrite::RemoveDurable(_), None, _) => {
            return Some(WriteOutcome::AlreadyDone(step.done()));
        }
        (_, Some(there), Some(wanted)) if fits(item, wanted, there, step.leaves_retention()) => {
            // Where only the retention is to do, that is the last step's.
            return Some(match unchanged {
                true => WriteOutcome::Wrote(step.done()),
                false => WriteOutcome::AlreadyDone(step.done()),
            });
        }
        // The step before it has changed the rest.
        (ServerWrite::Retain(_), Some(_), _) => return None,
        _ => {}
    }
    (!unchanged).then(|| WriteOutcome::Contended(moved_on(item, there)))
}

async fn send(bus: &Bus, step: &ServerWrite<'_>, there: Option<&Value>) -> Result<Value, Error> {
    let item = step.item();
    let (stream, durable) = (&item.stream, item.durable());
    let config = match (&item.wanted, there) {
        (Some(wanted), Some(there)) => {
            let mut config = overlaid(item, wanted, there, step.leaves_retention());
            if item.kind == ItemKind::Durable {
                let begins = &wanted["deliver_policy"];
                behind::note(bus, stream, durable, begins, &mut config, there).await?;
            }
            config
        }
        (Some(wanted), None) => wanted.clone(),
        (None, _) => Value::Null,
    };
    match step {
        ServerWrite::WriteDurable(_) => {
            let action = if there.is_some() { "update" } else { "create" };
            event_operate::write_durable(bus, stream, durable, &config, action).await
        }
        ServerWrite::RemoveStream(_) | ServerWrite::RemoveDurable(_) => {
            bus.api(step.request(true), &json!({})).await
        }
        ServerWrite::CreateStream(_) | ServerWrite::ChangeStream(_) | ServerWrite::Retain(_) => {
            bus.api(step.request(there.is_some()), &config).await
        }
    }
}

/// The configuration on the server now.
async fn current(bus: &Bus, item: &Item) -> Result<Option<Value>, Error> {
    Ok(match item.kind {
        ItemKind::Stream => jetstream::stream(bus, &item.stream)
            .await?
            .map(|s| s.config),
        ItemKind::Durable => jetstream::consumer(bus, &item.stream, item.durable())
            .await?
            .map(|c| c.config),
    })
}

/// What differs still, of what can be changed.
fn open(item: &Item, wanted: &Value, there: &Value) -> Vec<Difference> {
    let all = match item.kind {
        ItemKind::Stream => {
            setting::of_stream(wanted, there, item.stream == event_runtime::DEAD_LETTERS)
        }
        ItemKind::Durable => setting::of_durable(wanted, there),
    };
    all.into_iter().filter(Difference::is_possible).collect()
}

fn fits(item: &Item, wanted: &Value, there: &Value, retention_later: bool) -> bool {
    let open = open(item, wanted, there);
    open.iter()
        .all(|d| retention_later && d.setting == Setting::Retention)
}

/// Returns whether two configurations of the server say the same about everything that is ours to say.
fn same(kind: ItemKind, a: &Value, b: &Value) -> bool {
    let differ = |a: &Value, b: &Value| match kind {
        ItemKind::Stream => setting::of_stream(a, b, false).is_empty(),
        ItemKind::Durable => setting::of_durable(a, b).is_empty(),
    };
    let note = |config: &Value| {
        [DOMAIN, SERVICE, HASH].map(|key| metadata(config, key).map(str::to_owned))
    };
    differ(a, b) && differ(b, a) && note(a) == note(b)
}

/// The server's configuration with the contract's settings on top. What a server cannot change, and what the contract does
/// not know, stays as it is.
fn overlaid(item: &Item, wanted: &Value, there: &Value, retention_later: bool) -> Value {
    let mut config = there.clone();
    for difference in open(item, wanted, there) {
        match (difference.setting, item.kind) {
            (Setting::Owner, _) => {}
            (Setting::Retention, _) if retention_later => {}
            (Setting::Subjects, ItemKind::Durable) => {
                set_filters(&mut config, &subjects_of(wanted))
            }
            (setting, _) => config[setting.key()] = wanted[setting.key()].clone(),
        }
    }
    let mut metadata: Map<String, Value> = match config.get("metadata") {
        Some(Value::Object(there)) => there.clone(),
        _ => Map::new(),
    };
    // The server's own notes are no part of what a client may send.
    metadata.retain(|key, _| !key.starts_with("_nats."));
    if let Some(Value::Object(ours)) = wanted.get("metadata") {
        metadata.extend(ours.clone());
    }
    config["metadata"] = Value::Object(metadata);
    config
}

fn moved_on(item: &Item, there: Option<&Value>) -> String {
    match there {
        Some(there) => match metadata(there, HASH) {
            Some(hash) if item.wanted.as_ref().and_then(|w| metadata(w, HASH)) != Some(hash) => {
                format!(
                    "{} was changed meanwhile, by an apply of other contracts (hash {hash}, owner {})",
                    item.name(),
                    metadata(there, SERVICE)
                        .or(metadata(there, DOMAIN))
                        .unwrap_or("unknown")
                )
            }
            _ => format!("{} was changed meanwhile", item.name()),
        },
        None => format!("{} was removed meanwhile", item.name()),
    }
}

/// Looks whether what was written is still there.
async fn read_back(bus: &Bus, items: &[Item]) -> Result<Option<String>, Error> {
    for item in items.iter().filter(|item| item.is_change()) {
        let there = current(bus, item).await?;
        let stands = match (&item.wanted, &there) {
            (None, there) => there.is_none(),
            (Some(wanted), Some(there)) => fits(item, wanted, there, false),
            (Some(_), None) => false,
        };
        if !stands {
            return Ok(Some(moved_on(item, there.as_ref())));
        }
    }
    Ok(None)
}
