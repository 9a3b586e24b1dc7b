//! Everything that a stream holds now, in its order, message by message.

use std::time::Duration;

use event_runtime::raw::StoredMessage;
use event_runtime::{Bus, Error, Shutdown, Start};

use crate::connection::unless_stopped;
use crate::jetstream::{self, StreamInfo};
use crate::outcome::Failure;

/// After so long without a message it is asked whether there still is one.
const SILENCE: Duration = Duration::from_secs(2);
/// Everything.
const ALL: &str = ">";

/// Hands over every message that the stream holds now and whose subject matches; without patterns, all of them. What comes
/// later is not waited for. Stops at the signal, with everything handed over that was read until then.
pub(crate) async fn scan(
    bus: &Bus,
    stream: &StreamInfo,
    patterns: &[String],
    stop: &Shutdown,
    mut each: impl FnMut(StoredMessage),
) -> Result<(), Failure> {
    let last = stream.state.last_seq;
    if stream.state.messages == 0 {
        return Ok(());
    }
    // A work queue is read by its own consumers alone; one by one its messages can be looked at all the same.
    if jetstream::text(&stream.config, "retention") == "workqueue" {
        return walk(bus, stream, stop, each).await;
    }
    let mut reader =
        unless_stopped(stop, bus.read_stream(stream.name(), patterns, Start::All)).await??;
    let mut seen = 0;
    if reader.found() == 0 {
        return Ok(());
    }
    while seen < last {
        let next = tokio::time::timeout(SILENCE, reader.next());
        match unless_stopped(stop, next).await? {
            Ok(Some(message)) => {
                let message = message?;
                seen = message.sequence;
                let at_end = message.pending == 0;
                if seen <= last {
                    each(message);
                }
                if at_end {
                    break;
                }
            }
            Ok(None) => return Err(Error::Closed.into()),
            // The rest may have gone meanwhile, by a limit or somebody's hand.
            Err(_) => {
                let left = bus.stored_from(stream.name(), seen + 1, ALL);
                let left = unless_stopped(stop, left).await??;
                if left.is_none_or(|message| message.sequence > last) {
                    break;
                }
            }
        }
    }
    Ok(())
}

async fn walk(
    bus: &Bus,
    stream: &StreamInfo,
    stop: &Shutdown,
    mut each: impl FnMut(StoredMessage),
) -> Result<(), Failure> {
    let mut next = stream.state.first_seq.max(1);
    while next <= stream.state.last_seq {
        let message = unless_stopped(stop, bus.stored_from(stream.name(), next, ALL)).await??;
        let Some(message) = message.filter(|m| m.sequence <= stream.state.last_seq) else {
            break;
        };
        next = message.sequence + 1;
        each(message);
    }
    Ok(())
}

/// Number of messages that are requested at once.
const AT_ONCE: usize = 64;

/// Hands over so many messages, spread evenly over the stream; fewer where it has gaps.
pub(crate) async fn sample(
    bus: &Bus,
    stream: &StreamInfo,
    wanted: u64,
    stop: &Shutdown,
    mut each: impl FnMut(StoredMessage),
) -> Result<(), Failure> {
    let (first, last) = (stream.state.first_seq.max(1), stream.state.last_seq);
    let steps = u128::from(wanted.saturating_sub(1).max(1));
    let place = |n: u64| first + (u128::from(last - first) * u128::from(n) / steps) as u64;
    let mut tasks = tokio::task::JoinSet::new();
    let mut seen = std::collections::HashSet::new();
    let mut next = 0;
    while next < wanted || !tasks.is_empty() {
        while next < wanted && tasks.len() < AT_ONCE {
            let (bus, name, at) = (bus.clone(), stream.name().to_owned(), place(next));
            tasks.spawn(async move { bus.stored_from(&name, at, ALL).await });
            next += 1;
        }
        let Some(done) = unless_stopped(stop, tasks.join_next()).await? else {
            break;
        };
        let message = done.map_err(|error| Failure::Outside(error.to_string()))??;
        // Where messages are missing, two places give the same next one.
        if let Some(message) = message.filter(|message| seen.insert(message.sequence)) {
            each(message);
        }
    }
    Ok(())
}
