//! Stored events that a durable does not deliver, because it was past them when it got their filter.
//!
//! A durable that is there keeps its position when its filters grow. What is stored of the new event and lies behind the
//! position stays in the stream; only `services reset` brings the durable there. Where a filter was added by an apply, the
//! position of then is in the durable's metadata, so that it can be counted later too. One that somebody else has added
//! has no such note: then nothing is said, and nothing guessed.

use std::collections::BTreeMap;

use event_operate::filters_of;
use event_runtime::streams::covers;
use event_runtime::{Bus, Error, Start, Timestamp};
use serde_json::{Value, json};

use crate::jetstream::{self, ConsumerInfo, count_from, metadata, text};
use crate::units::count;
use crate::wanted::{ADDED, WantedDurable};

/// Events of one kind that lie behind a durable's position.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Behind {
    /// The event's full name.
    pub(crate) event: String,
    /// Its filter on the durable.
    pub(crate) subject: String,
    /// The sequence of the stream up to which the durable had come.
    pub(crate) position: u64,
    /// How many of them are stored; nothing where it cannot be counted.
    pub(crate) stored: Option<u64>,
}

impl Behind {
    /// For people: what is not delivered by `durable`.
    pub(crate) fn says(&self, durable: &str) -> String {
        let (event, position) = (&self.event, count(self.position));
        match self.stored {
            Some(1) => format!(
                "1 stored event of {event} is before {durable} position ({position}) and will not be delivered"
            ),
            Some(n) => format!(
                "{} stored events of {event} are before {durable} position ({position}) and will not be delivered",
                count(n)
            ),
            None => format!(
                "stored events of {event} before {durable} position ({position}) will not be delivered; they cannot be counted here"
            ),
        }
    }

    pub(crate) fn json(&self) -> Value {
        json!({ "event": self.event, "subject": self.subject, "position": self.position, "messages": self.stored })
    }
}

/// Events whose filter the durable lacks, and which lie behind the position that it will keep.
pub(crate) async fn lacking(
    bus: &Bus,
    wanted: &WantedDurable,
    there: &ConsumerInfo,
) -> Result<Vec<Behind>, Error> {
    let position = there.delivered.stream_seq;
    let lacks: Vec<_> = wanted
        .events
        .iter()
        .filter(|(_, filter)| !delivers(there, filter))
        .collect();
    // One question for all of them: mostly nothing is there.
    let filters: Vec<String> = lacks.iter().map(|(_, filter)| filter.clone()).collect();
    if filters.is_empty() || stored(bus, wanted, &filters, position).await? == Some(0) {
        return Ok(Vec::new());
    }
    counted(
        bus,
        wanted,
        lacks
            .into_iter()
            .map(|(_, filter)| (filter.as_str(), position)),
    )
    .await
}

/// Events whose filter an apply added when the durable was past them.
pub(crate) async fn noted(
    bus: &Bus,
    wanted: &WantedDurable,
    there: &ConsumerInfo,
) -> Result<Vec<Behind>, Error> {
    let notes = notes(&there.config);
    let notes = notes.iter().filter(|(filter, _)| delivers(there, filter));
    counted(
        bus,
        wanted,
        notes.map(|(filter, position)| (filter.as_str(), *position)),
    )
    .await
}

/// Writes into a durable's new configuration up to where it had come when it got the filters that it lacks; `begins` is
/// where the contracts let it begin.
pub(crate) async fn note(
    bus: &Bus,
    stream: &str,
    durable: &str,
    begins: &Value,
    config: &mut Value,
    there: &Value,
) -> Result<(), Error> {
    let (before, now) = (filters_of(there), filters_of(config));
    let mut all = notes(there);
    all.retain(|filter, _| now.contains(filter));
    let covered = |filter: &String| before.iter().any(|wide| covers(wide, filter));
    let added =
        |filter: &&String| !(before.is_empty() || before.contains(filter) || covered(filter));
    let mut added = now.iter().filter(added).peekable();
    if added.peek().is_some() && begins != "new" {
        // As late as can be: while somebody reads the plan, the durable goes on.
        if let Some(info) = jetstream::consumer(bus, stream, durable).await? {
            let position = info.delivered.stream_seq;
            all.extend(
                added
                    .filter(|_| position > 0)
                    .map(|filter| (filter.clone(), position)),
            );
        }
    }
    if !all.is_empty() || metadata(there, ADDED).is_some() {
        config["metadata"][ADDED] = json!(json!(all).to_string());
    }
    Ok(())
}

/// Filters, and the position at which each was added. What cannot be read is no note.
fn notes(config: &Value) -> BTreeMap<String, u64> {
    metadata(config, ADDED)
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

/// Returns whether a durable delivers a subject; without a filter it delivers the whole stream.
pub(crate) fn delivers(there: &ConsumerInfo, subject: &str) -> bool {
    let filters = filters_of(&there.config);
    filters.is_empty() || filters.iter().any(|filter| covers(filter, subject))
}

async fn counted(
    bus: &Bus,
    wanted: &WantedDurable,
    filters: impl Iterator<Item = (&str, u64)>,
) -> Result<Vec<Behind>, Error> {
    let mut all = Vec::new();
    for (subject, position) in filters {
        let Some((event, _)) = wanted.events.iter().find(|(_, filter)| filter == subject) else {
            continue;
        };
        let stored = stored(bus, wanted, &[subject.to_owned()], position).await?;
        if stored != Some(0) {
            all.push(Behind {
                event: event.clone(),
                subject: subject.to_owned(),
                position,
                stored,
            });
        }
    }
    Ok(all)
}

/// Returns the place where a durable of these contracts begins, and how `services reset --to` writes it; nothing when it wants only what is new.
pub(crate) fn begins(wanted: &WantedDurable) -> Option<(Start, String)> {
    match text(&wanted.config, "deliver_policy") {
        "new" => None,
        "by_start_time" => {
            let at = text(&wanted.config, "opt_start_time");
            let time: Timestamp = at.parse().ok()?;
            Some((Start::at(time), at.to_owned()))
        }
        _ => Some((Start::All, "all".to_owned())),
    }
}

/// How many messages of these subjects are stored up to a position, from where the contracts begin on.
async fn stored(
    bus: &Bus,
    wanted: &WantedDurable,
    filters: &[String],
    position: u64,
) -> Result<Option<u64>, Error> {
    let Some((start, _)) = begins(wanted).filter(|_| position > 0) else {
        return Ok(Some(0));
    };
    let stream = &wanted.stream;
    let after = Start::Sequence(position + 1);
    // In this order: what comes in between is taken for less, and never for more.
    if let Some(all) = count_from(bus, stream, filters, start).await? {
        let after = count_from(bus, stream, filters, after).await?;
        return Ok(after.map(|after| all.saturating_sub(after)));
    }
    let mut all = 0;
    for filter in filters {
        match jetstream::stored_until(bus, stream, filter, position).await? {
            Some(n) => all += n,
            None => return Ok(None),
        }
    }
    Ok(Some(all))
}
