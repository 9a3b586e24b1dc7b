//! Rules about an event as a whole: whether it is there, where it is published, and how it is told from another.

use std::collections::HashMap;

use super::finding::Severity;
use super::objects::Objects;
use super::raw::Sink;
use super::sides::{Sides, named};
use crate::json::Json;
use crate::model::{Contracts, Event, EventId, Field, StreamId};
use crate::source::Spanned;
use crate::subject::{PARTITION, Segment};

/// An event in both contracts.
pub(super) struct EventPair<'a> {
    pub sides: Sides<'a>,
    pub ids: (EventId, EventId),
    pub old: &'a Event,
    pub new: &'a Event,
    /// Fields of both, if both have fields of their own.
    pub objects: Option<&'a Objects<'a>>,
}

impl EventPair<'_> {
    fn path(&self, part: &str) -> String {
        format!("events.{}{part}", self.sides.new.event_name(self.new))
    }

    /// The field of an event by its name in the contract.
    fn field<'e>(event: &'e Event, name: &str) -> Option<&'e Field> {
        let mut fields = event.body.fields().iter();
        fields.find(|field| field.name.value == name)
    }

    /// Returns whether a field of the old event is one of the new: by its wire name, or as a rename that is reported anyway.
    fn is_same_field(&self, old: &Field, new: &Field) -> bool {
        old.wire() == new.wire()
            || self
                .objects
                .and_then(|objects| objects.became(old))
                .is_some_and(|became| std::ptr::eq(became, new))
    }

    fn stream(contracts: &Contracts, event: &Event) -> Option<(StreamId, String)> {
        let id = event.stream.as_ref().and_then(|stream| stream.value)?;
        Some((id, contracts[id].name.value.clone()))
    }
}

/// The durable consumers that are delivered an event, as a report names them.
pub(super) fn durables(contracts: &Contracts, event: EventId) -> Vec<String> {
    let Some(stream) = contracts.stream_of(&contracts[event]) else {
        return Vec::new();
    };
    contracts
        .services
        .iter()
        .filter(|service| {
            contracts
                .delivered(service)
                .iter()
                .any(|d| d.event == event)
        })
        .map(|service| {
            let several = if contracts[event].key.is_some() {
                " (one for each partition)"
            } else {
                ""
            };
            format!(
                "durable consumer `{}` on {}{several}, of the service {}",
                service.group(),
                stream.name.value,
                service.name.value
            )
        })
        .collect()
}

/// Names the stored messages of an event that will no longer meet their readers.
fn messages(contracts: &Contracts, event: EventId) -> Option<String> {
    let stream = contracts.stream_of(&contracts[event])?;
    Some(format!(
        "messages of `{}` that are stored in {}",
        contracts[event].subject.value.text, stream.name.value
    ))
}

fn left_behind(contracts: &Contracts, event: EventId) -> Vec<String> {
    messages(contracts, event)
        .into_iter()
        .chain(durables(contracts, event))
        .collect()
}

const NEW_EVENT: &str = "declare a new event that `supersedes` this one, under a subject of its own: consumers upgrade first, then publishers switch";

pub(super) fn removed(sides: &Sides<'_>, sink: &mut Sink<'_>) {
    let now = named(sides.new);
    let places = by_subject(sides.new);
    let moved_to = |event: &Event| moved_to(&places, event);
    for (at, event) in sides.old.events.iter().enumerate() {
        let name = sides.old.event_name(event);
        if now.contains_key(&name) || moved_to(event).is_some_and(|_| event.stream.is_none()) {
            continue;
        }
        let id = EventId(at);
        let raw = sink.add(
            format!("events.{name}"),
            format!("the event `{name}` is gone"),
        );
        raw.was(event.name.span, "was here")
            .about([(Some(id), None)]);
        if let Some(deprecated) = &event.deprecated {
            raw.severity(Severity::Info)
                .was(deprecated.span, "it was deprecated");
            continue;
        }
        raw.stranded(left_behind(sides.old, id));
        match moved_to(event) {
            Some(to) => raw
                .is(sides.new[to].name.span, "the same event in another file is another event")
                .help("leave it in its file: stored messages carry the full name in their ids, and a reader takes one with another name for a foreign message"),
            None => raw.help("deprecate it first (`deprecated = \"…\"`), and remove it when no stream holds a message of it"),
        };
    }
}

/// Events by what stays when one is moved to another file: its name there and its subject.
type BySubject<'c> = HashMap<(&'c str, &'c str), EventId>;

fn by_subject(contracts: &Contracts) -> BySubject<'_> {
    contracts
        .events
        .iter()
        .enumerate()
        .map(|(at, event)| {
            (
                (event.name.value.as_str(), event.subject.value.text.as_str()),
                EventId(at),
            )
        })
        .collect()
}

fn moved_to(places: &BySubject<'_>, event: &Event) -> Option<EventId> {
    places
        .get(&(event.name.value.as_str(), event.subject.value.text.as_str()))
        .copied()
}

pub(super) fn moved(sides: &Sides<'_>, sink: &mut Sink<'_>) {
    let now = named(sides.new);
    let places = by_subject(sides.new);
    for (at, event) in sides.old.events.iter().enumerate() {
        let name = sides.old.event_name(event);
        if now.contains_key(&name) || event.stream.is_some() {
            continue;
        }
        if let Some(to) = moved_to(&places, event) {
            let is = sides.new.event_name(&sides.new[to]);
            sink.add(format!("events.{is}"), format!("the event `{name}` is `{is}` now"))
                .was(event.name.span, "was")
                .is(sides.new[to].name.span, "is")
                .about([(Some(EventId(at)), Some(to))])
                .help("nothing changes on the wire; services that name the event must be changed to compile");
        }
    }
}

pub(super) fn added(sides: &Sides<'_>, sink: &mut Sink<'_>) {
    let before = named(sides.old);
    for (at, event) in sides.new.events.iter().enumerate() {
        let name = sides.new.event_name(event);
        if !before.contains_key(&name) {
            sink.add(
                format!("events.{name}"),
                format!("the event `{name}` is new"),
            )
            .is(event.name.span, "new")
            .about([(None, Some(EventId(at)))]);
        }
    }
}

pub(super) fn subject(p: &EventPair<'_>, sink: &mut Sink<'_>) {
    let (old, new) = (&p.old.subject, &p.new.subject);
    if same_positions(p) {
        return;
    }
    sink.add(
        p.path(".subject"),
        format!(
            "the subject is `{}` now, and was `{}`",
            new.value.text, old.value.text
        ),
    )
    .was(old.span, "readers of this version listen here")
    .is(new.span, "writers publish here")
    .stranded(left_behind(p.sides.old, p.ids.0))
    .help(NEW_EVENT);
}

/// Returns whether every token is the same, but for the names of placeholders whose fields have one type.
fn same_positions(p: &EventPair<'_>) -> bool {
    let (old, new) = (&p.old.subject.segments, &p.new.subject.segments);
    old.len() == new.len()
        && old.iter().zip(new).all(|pair| match pair {
            (Segment::Literal(a), Segment::Literal(b)) => a == b,
            (Segment::Placeholder(a), Segment::Placeholder(b)) => a == b || same_type(p, a, b),
            _ => false,
        })
}

fn same_type(p: &EventPair<'_>, old: &str, new: &str) -> bool {
    if old == PARTITION || new == PARTITION {
        return false;
    }
    match (EventPair::field(p.old, old), EventPair::field(p.new, new)) {
        (Some(a), Some(b)) => super::objects::is_same_type(p.sides, a, b),
        _ => false,
    }
}

pub(super) fn placeholder(p: &EventPair<'_>, sink: &mut Sink<'_>) {
    let texts = (&p.old.subject.value.text, &p.new.subject.value.text);
    if texts.0 != texts.1 && same_positions(p) {
        sink.add(p.path(".subject"), format!("a placeholder has another name: `{}`, before `{}`", texts.1, texts.0))
            .was(p.old.subject.span, "was")
            .is(p.new.subject.span, "is")
            .help("the position and the type are the same, so messages still meet their readers; filters by field are named after it in Rust");
    }
}

pub(super) fn stream(p: &EventPair<'_>, sink: &mut Sink<'_>) {
    let (Some(old), Some(new)) = (
        EventPair::stream(p.sides.old, p.old),
        EventPair::stream(p.sides.new, p.new),
    ) else {
        return;
    };
    if old.1 == new.1 {
        return;
    }
    if let (Some(was), Some(is)) = (&p.old.stream, &p.new.stream) {
        sink.add(
            p.path(".stream"),
            format!("it is stored in {} now, and was in {}", new.1, old.1),
        )
        .was(was.span, "was")
        .is(is.span, "is")
        .stranded(left_behind(p.sides.old, p.ids.0))
        .help(format!("drain {} first; or {NEW_EVENT}", old.1));
    }
}

pub(super) fn delivery(p: &EventPair<'_>, sink: &mut Sink<'_>) {
    match (&p.old.stream, &p.new.stream) {
        (None, Some(is)) => {
            sink.add(p.path(".stream"), "it is stored now, and was not")
                .was(p.old.name.span, "ephemeral: nobody acknowledges")
                .is(is.span, "stored: publishers wait for the stream, consumers read from it")
                .stranded(["subscribers of this version listen beside the stream: no durable consumer keeps their position".to_owned()])
                .help("declare a new event beside this one, publish both for a while, and deprecate this one; `supersedes` cannot join a stored and an ephemeral event");
        }
        (Some(was), None) => {
            sink.add(p.path(".stream"), "it is no longer stored")
                .was(was.span, "stored: consumers read from the stream")
                .is(p.new.name.span, "ephemeral: what nobody hears is lost")
                .stranded(left_behind(p.sides.old, p.ids.0))
                .help("declare a new event beside this one, publish both for a while, and deprecate this one; `supersedes` cannot join a stored and an ephemeral event");
        }
        _ => {}
    }
}

type Named<'e> = Option<(&'e Spanned<Option<usize>>, &'e Field)>;

fn named_field<'e>(event: &'e Event, name: &'e Option<Spanned<Option<usize>>>) -> Named<'e> {
    let name = name.as_ref()?;
    Some((name, event.body.fields().get(name.value?)?))
}

fn field_changed(
    p: &EventPair<'_>,
    what: &str,
    old: Named<'_>,
    new: Named<'_>,
    why: &str,
    help: &str,
    sink: &mut Sink<'_>,
) {
    let same = match (&old, &new) {
        (None, None) => true,
        (Some((_, a)), Some((_, b))) => p.is_same_field(a, b),
        _ => false,
    };
    if same {
        return;
    }
    let text = |named: &Named<'_>| {
        named.as_ref().map_or("none".to_owned(), |(_, field)| {
            format!("`{}`", field.name.value)
        })
    };
    sink.add(
        p.path(&format!(".{what}")),
        format!("the {what} is {} now, and was {}", text(&new), text(&old)),
    )
    .was(old.map_or(p.old.name.span, |(name, _)| name.span), "was")
    .is(new.map_or(p.new.name.span, |(name, _)| name.span), why)
    .help(help);
}

pub(super) fn key(p: &EventPair<'_>, sink: &mut Sink<'_>) {
    let (old, new) = (
        named_field(p.old, &p.old.key),
        named_field(p.new, &p.new.key),
    );
    field_changed(
        p,
        "key",
        old,
        new,
        "messages that belong together are in order by this one only",
        NEW_EVENT,
        sink,
    );
}

pub(super) fn id(p: &EventPair<'_>, sink: &mut Sink<'_>) {
    let (old, new) = (named_field(p.old, &p.old.id), named_field(p.new, &p.new.id));
    field_changed(
        p,
        "id",
        old,
        new,
        "an event that old and new publishers send is stored twice",
        "switch when no publisher repeats what it has sent; or a new event that `supersedes` this one",
        sink,
    );
}

pub(super) fn envelope(p: &EventPair<'_>, sink: &mut Sink<'_>) {
    if p.old.envelope != p.new.envelope {
        sink.add(p.path(".envelope"), "its metadata travels in another way")
            .was(p.old.name.span, p.old.envelope.as_str())
            .is(p.new.name.span, p.new.envelope.as_str())
            .stranded(left_behind(p.sides.old, p.ids.0))
            .help(NEW_EVENT);
    }
}

pub(super) fn supersedes(p: &EventPair<'_>, sink: &mut Sink<'_>) {
    let name = |contracts: &Contracts, event: &Event| -> Option<(EventId, String)> {
        let id = event.supersedes.as_ref()?.value?;
        Some((id, contracts.event_name(&contracts[id])))
    };
    let Some((id, was)) = name(p.sides.old, p.old) else {
        return;
    };
    let now = name(p.sides.new, p.new).map(|n| n.1);
    // Once the old one was deprecated and is gone, nobody waits for it.
    let over = p.sides.old[id].deprecated.is_some()
        && !p
            .sides
            .new
            .events
            .iter()
            .any(|e| p.sides.new.event_name(e) == was);
    if now.as_ref() == Some(&was) || over {
        return;
    }
    let place = p
        .old
        .supersedes
        .as_ref()
        .map_or(p.old.name.span, |s| s.span);
    sink.add(
        p.path(".supersedes"),
        format!("its subscribers are no longer delivered `{was}`"),
    )
    .was(place, "subscribers are delivered this one too")
    .is(
        p.new
            .supersedes
            .as_ref()
            .map_or(p.new.name.span, |s| s.span),
        "not here",
    )
    .stranded(messages(p.sides.old, id))
    .help("deprecate the old event, and keep `supersedes` until it is removed");
}

pub(super) fn annotations(p: &EventPair<'_>, sink: &mut Sink<'_>) {
    let deprecated = |e: &Event| e.deprecated.as_ref().map(|d| d.value.clone());
    let examples = |e: &Event| e.examples.iter().map(Json::from).collect::<Vec<_>>();
    let owner = |c: &Contracts, e: &Event| c[e.domain].owner.clone();
    let changed: Vec<&str> = [
        ("doc", p.old.doc != p.new.doc),
        ("version", p.old.version != p.new.version),
        ("deprecated", deprecated(p.old) != deprecated(p.new)),
        ("examples", examples(p.old) != examples(p.new)),
        (
            "owner",
            owner(p.sides.old, p.old) != owner(p.sides.new, p.new),
        ),
        (
            "supersedes",
            p.old.supersedes.is_none() && p.new.supersedes.is_some(),
        ),
    ]
    .into_iter()
    .filter_map(|(what, changed)| changed.then_some(what))
    .collect();
    if !changed.is_empty() {
        sink.add(
            p.path(""),
            format!("`{}`: {} changed", p.new.name.value, changed.join(", ")),
        )
        .was(p.old.name.span, "")
        .is(p.new.name.span, "");
    }
}
