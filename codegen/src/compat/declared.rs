//! Rules about the subjects that a stream declares beside those of its events.

use super::raw::Sink;
use super::sides::Sides;
use crate::model::{Contracts, Stream, StreamId};
use crate::subject::{PARTITION, Pattern};

/// The streams that store everything that matches a pattern: by a subject of their own, or by an event's.
fn storing<'a>(contracts: &'a Contracts, pattern: &Pattern) -> Option<&'a Stream> {
    let stores = |at: usize| {
        let own = contracts.streams[at].subjects.iter();
        // A stream takes the partitions that there are, and not whatever stands in their place.
        let events = contracts.events_of(StreamId(at));
        let mut events =
            events.filter(|event| !event.subject.placeholders().any(|name| name == PARTITION));
        own.map(|own| &own.value).any(|own| own.covers(pattern))
            || events.any(|event| Pattern::of(&event.subject).covers(pattern))
    };
    let at = (0..contracts.streams.len()).find(|at| stores(*at))?;
    contracts.streams.get(at)
}

pub(super) fn removed(sides: &Sides<'_>, sink: &mut Sink<'_>) {
    for stream in &sides.old.streams {
        for gone in &stream.subjects {
            let name = &stream.name.value;
            let now = storing(sides.new, gone).map(|stream| &stream.name);
            if now.is_some_and(|now| now.value == *name) {
                continue;
            }
            let raw = sink.add(
                format!("streams.{name}.subjects.{}", gone.text),
                format!(
                    "the stream {name} no longer declares the subject `{}`",
                    gone.text
                ),
            );
            raw.was(gone.span, "was stored");
            let same = sides.new.streams.iter().find(|s| s.name.value == *name);
            match (now, same) {
                (Some(now), _) => raw
                    .is(now.span, "stores it now: who reads the old stream is not delivered it")
                    .help("read from the other stream before anything is published there"),
                (None, Some(same)) => raw
                    .is(same.name.span, "a message on it is stored only if another subject here takes it")
                    .help("keep the subject until nobody publishes on it: a publisher's message that no stream takes is refused"),
                (None, None) => raw
                    .help("keep the stream until nobody publishes on it: a publisher's message that no stream takes is refused"),
            };
        }
    }
}
