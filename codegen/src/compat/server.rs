//! Rules about streams and services: what the server would lose or refuse, and who is no longer served.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::event::durables;
use super::finding::Severity;
use super::raw::Sink;
use super::sides::{Sides, named};
use crate::model::{
    Contracts, Discard, EventId, Retention, Service, Start, Storage, Stream, StreamId,
};
use crate::source::Span;

/// A stream in both contracts.
pub(super) struct StreamPair<'a> {
    sides: Sides<'a>,
    pub(super) old: &'a Stream,
    pub(super) new: &'a Stream,
    ids: (StreamId, StreamId),
}

impl<'a> StreamPair<'a> {
    pub fn new(sides: Sides<'a>, old: usize, new: usize) -> Self {
        Self {
            sides,
            old: &sides.old.streams[old],
            new: &sides.new.streams[new],
            ids: (StreamId(old), StreamId(new)),
        }
    }

    pub(super) fn path(&self, part: &str) -> String {
        format!("streams.{}.{part}", self.new.name.value)
    }

    /// Returns whether an event has a key in both contracts.
    fn is_keyed(&self, (old, new): (Option<EventId>, Option<EventId>)) -> bool {
        let keyed = |contracts: &Contracts, id: Option<EventId>| {
            id.is_some_and(|id| contracts[id].key.is_some())
        };
        keyed(self.sides.old, old) && keyed(self.sides.new, new)
    }

    /// The events that are stored in it in both contracts.
    fn events(&self) -> Vec<(Option<EventId>, Option<EventId>)> {
        let by_name: HashMap<String, EventId> = stored(self.sides.old, self.ids.0).collect();
        stored(self.sides.new, self.ids.1)
            .filter_map(|(name, new)| Some((Some(*by_name.get(&name)?), Some(new))))
            .collect()
    }
}

/// The events of a stream, by full name.
fn stored(contracts: &Contracts, stream: StreamId) -> impl Iterator<Item = (String, EventId)> + '_ {
    contracts
        .events
        .iter()
        .enumerate()
        .filter_map(move |(at, event)| {
            let here = event
                .stream
                .as_ref()
                .is_some_and(|named| named.value == Some(stream));
            here.then(|| (contracts.event_name(event), EventId(at)))
        })
}

pub(super) fn partitions(p: &StreamPair<'_>, sink: &mut Sink<'_>) {
    let number = |s: &Stream| s.partitions.as_ref().map(|n| n.value);
    if number(p.old) == number(p.new) {
        return;
    }
    let text = |n: Option<u32>| n.map_or("none".to_owned(), |n| n.to_string());
    let place = |s: &Stream| s.partitions.as_ref().map_or(s.name.span, |n| n.span);
    // An event without a key is in no partition. Whether it has one changed is another finding.
    let events: Vec<_> = p
        .events()
        .into_iter()
        .filter(|pair| p.is_keyed(*pair))
        .collect();
    let mut stranded: Vec<String> = events
        .iter()
        .filter_map(|pair| pair.0)
        .flat_map(|event| durables(p.sides.old, event))
        .collect();
    stranded.sort();
    stranded.dedup();
    let none = events.is_empty();
    let raw = sink.add(
        p.path("partitions"),
        format!(
            "{} partitions now, and {} before",
            text(number(p.new)),
            text(number(p.old))
        ),
    );
    raw.was(place(p.old), "was")
        .about(events)
        .stranded(stranded);
    if none {
        raw.is(
            place(p.new),
            "no event that is stored in it has a key: nothing goes elsewhere",
        )
        .severity(Severity::Info)
        .hits([]);
    } else {
        raw.is(place(p.new), "the messages of one key go to another partition, past those still waiting in the old one")
            .help("stop the publishers, wait until every durable consumer has drained, then change it; or a new stream and new events that `supersedes` the old");
    }
}

pub(super) fn retention(p: &StreamPair<'_>, sink: &mut Sink<'_>) {
    let (was, is) = (p.old.retention.value, p.new.retention.value);
    if was == is {
        return;
    }
    let reason = match (was, is) {
        (Retention::WorkQueue, _) | (_, Retention::WorkQueue) => Some(
            "the server refuses to change a stream to or from `workqueue`: it must be made anew, without its messages",
        ),
        (Retention::Limits, Retention::Interest) => {
            Some("the server drops every message that no consumer waits for")
        }
        _ => None,
    };
    let name = |r| match r {
        Retention::Limits => "limits",
        Retention::Interest => "interest",
        Retention::WorkQueue => "workqueue",
    };
    let raw = sink.add(
        p.path("retention"),
        format!(
            "the retention is `{}` now, and was `{}`",
            name(is),
            name(was)
        ),
    );
    raw.was(p.old.retention.span, "was")
        .is(
            p.new.retention.span,
            reason.unwrap_or("the server takes it and loses nothing"),
        )
        .about(p.events());
    match reason {
        Some(_) => raw
            .help("a new stream under another name, and new events that `supersedes` the old ones"),
        None => raw.severity(Severity::Info),
    };
}

pub(super) fn limits(p: &StreamPair<'_>, sink: &mut Sink<'_>) {
    let mut reduced = |part: &str, was: String, is: String, places: (Span, Span)| {
        sink.add(p.path(part), format!("`{part}` is {is} now, and was {was}"))
            .was(places.0, "was")
            .is(places.1, "the server drops what is over it, or repeats what is older")
            .about(p.events())
            .help("see that every consumer keeps up with less, and that no publisher repeats after a longer time");
    };
    let (old, new) = (p.old, p.new);
    let span = |at: Option<Span>, stream: &Stream| at.unwrap_or(stream.name.span);
    let age = |s: &Stream| s.max_age.as_ref().map(|v| v.value);
    if less(age(old), age(new)) {
        let places = (
            span(old.max_age.as_ref().map(|v| v.span), old),
            span(new.max_age.as_ref().map(|v| v.span), new),
        );
        reduced("max_age", duration(age(old)), duration(age(new)), places);
    }
    for (part, of) in [
        ("max_bytes", size as fn(&Stream) -> Option<(u64, Span)>),
        ("max_messages", count),
    ] {
        let (was, is) = (of(old), of(new));
        if less(was.map(|v| v.0), is.map(|v| v.0)) {
            let text =
                |v: Option<(u64, Span)>| v.map_or("unlimited".to_owned(), |v| v.0.to_string());
            reduced(
                part,
                text(was),
                text(is),
                (span(was.map(|v| v.1), old), span(is.map(|v| v.1), new)),
            );
        }
    }
    if new.window() < old.window() {
        let places = (
            span(old.duplicate_window.as_ref().map(|v| v.span), old),
            span(new.duplicate_window.as_ref().map(|v| v.span), new),
        );
        reduced(
            "duplicate_window",
            duration(Some(old.window())),
            duration(Some(new.window())),
            places,
        );
    }
}

fn size(s: &Stream) -> Option<(u64, Span)> {
    s.max_bytes.as_ref().map(|v| (v.value, v.span))
}

fn count(s: &Stream) -> Option<(u64, Span)> {
    s.max_messages.as_ref().map(|v| (v.value, v.span))
}

/// No limit is more than any.
fn less<T: PartialOrd>(was: Option<T>, is: Option<T>) -> bool {
    match (was, is) {
        (None, Some(_)) => true,
        (Some(was), Some(is)) => is < was,
        _ => false,
    }
}

fn duration(d: Option<Duration>) -> String {
    let Some(d) = d else {
        return "unlimited".to_owned();
    };
    let ms = d.as_millis();
    for (unit, size) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
    ] {
        if ms > 0 && ms % size == 0 {
            return format!("{}{unit}", ms / size);
        }
    }
    format!("{ms}ms")
}

pub(super) fn settings(p: &StreamPair<'_>, sink: &mut Sink<'_>) {
    let storage = |s| if s == Storage::File { "file" } else { "memory" };
    let discard = |d| if d == Discard::New { "new" } else { "old" };
    let mut changed = Vec::new();
    if p.old.storage != p.new.storage {
        changed.push((
            "storage",
            storage(p.old.storage).to_owned(),
            storage(p.new.storage).to_owned(),
            "the server refuses to change it: the stream must be made anew, without its messages",
        ));
    }
    if p.old.discard != p.new.discard {
        changed.push((
            "discard",
            discard(p.old.discard).to_owned(),
            discard(p.new.discard).to_owned(),
            "a full stream refuses new messages with `new`, and loses old ones with `old`",
        ));
    }
    if p.new.replicas < p.old.replicas {
        changed.push((
            "replicas",
            p.old.replicas.to_string(),
            p.new.replicas.to_string(),
            "fewer copies survive fewer failures",
        ));
    }
    for (part, was, is, why) in changed {
        sink.add(p.path(part), format!("`{part}` is {is} now, and was {was}"))
            .was(p.old.name.span, "was")
            .is(p.new.name.span, why)
            .about(p.events())
            .help("see that this is meant");
    }
}

pub(super) fn stream_removed(sides: &Sides<'_>, sink: &mut Sink<'_>) {
    let now: HashSet<&str> = sides
        .new
        .streams
        .iter()
        .map(|s| s.name.value.as_str())
        .collect();
    for (at, stream) in sides.old.streams.iter().enumerate() {
        if now.contains(stream.name.value.as_str()) {
            continue;
        }
        let events: Vec<_> = stored(sides.old, StreamId(at))
            .map(|(_, id)| (Some(id), None))
            .collect();
        sink.add(
            format!("streams.{}", stream.name.value),
            format!("the stream {} is no longer declared", stream.name.value),
        )
        .was(stream.name.span, "was here")
        .about(events)
        .help("while its domain is still here, `streams apply` removes it with its messages, after a yes; else it stays on the server");
    }
}

/// A service in both contracts.
pub(super) struct ServicePair<'a> {
    sides: Sides<'a>,
    old: &'a Service,
    new: &'a Service,
}

impl<'a> ServicePair<'a> {
    pub fn new(sides: Sides<'a>, old: usize, new: usize) -> Self {
        Self {
            sides,
            old: &sides.old.services[old],
            new: &sides.new.services[new],
        }
    }

    fn path(&self, part: &str) -> String {
        format!("services.{}.{part}", self.new.name.value)
    }

    fn name(&self) -> [String; 1] {
        [self.new.name.value.clone()]
    }
}

pub(super) fn start(p: &ServicePair<'_>, sink: &mut Sink<'_>) {
    if p.old.start.value != p.new.start.value {
        let text = |s: &Start| match s {
            Start::All => "all".to_owned(),
            Start::New => "new".to_owned(),
            Start::At(time) => time.clone(),
        };
        sink.add(
            p.path("start"),
            format!(
                "`start` is `{}` now, and was `{}`",
                text(&p.new.start),
                text(&p.old.start)
            ),
        )
        .was(p.old.start.span, "was")
        .is(
            p.new.start.span,
            "a durable consumer that exists keeps its position; only a new one begins here",
        )
        .hits(p.name())
        .help("to read from elsewhere, reset the service's position on the server");
    }
}

pub(super) fn queue_group(p: &ServicePair<'_>, sink: &mut Sink<'_>) {
    let (was, is) = (p.old.group(), p.new.group());
    if was == is {
        return;
    }
    let span = |s: &Service| s.queue_group.as_ref().map_or(s.name.span, |g| g.span);
    let stored: Vec<String> = p
        .old
        .subscribes
        .iter()
        .filter_map(|event| event.value)
        .filter_map(|event| p.sides.old.stream_of(&p.sides.old[event]))
        .map(|stream| {
            format!(
                "durable consumer `{was}` on {}, with its position",
                stream.name.value
            )
        })
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    sink.add(
        p.path("queue_group"),
        format!("the queue group is `{is}` now, and was `{was}`"),
    )
    .was(
        span(p.old),
        "the durable consumer of this name has the position",
    )
    .is(
        span(p.new),
        "a durable consumer of this name begins anew; old and new replicas each get every message",
    )
    .hits(p.name())
    .stranded(stored)
    .help(format!("keep `queue_group = \"{was}\"`"));
}

fn names(
    contracts: &Contracts,
    events: impl Iterator<Item = EventId>,
) -> impl Iterator<Item = (String, EventId)> {
    events
        .map(|id| (contracts.event_name(&contracts[id]), id))
        .collect::<Vec<_>>()
        .into_iter()
}

pub(super) fn service_removed(sides: &Sides<'_>, sink: &mut Sink<'_>) {
    let now: HashSet<&str> = sides
        .new
        .services
        .iter()
        .map(|s| s.name.value.as_str())
        .collect();
    for service in &sides.old.services {
        let name = &service.name.value;
        if !now.contains(name.as_str()) {
            let streams: std::collections::BTreeSet<String> = service
                .subscribes
                .iter()
                .filter_map(|event| event.value)
                .filter_map(|event| sides.old.stream_of(&sides.old[event]))
                .map(|stream| {
                    format!(
                        "durable consumer `{}` on {}",
                        service.group(),
                        stream.name.value
                    )
                })
                .collect();
            sink.add(
                format!("services.{name}"),
                format!("the service `{name}` is gone"),
            )
            .was(service.name.span, "was here")
            .hits([name.clone()])
            .stranded(streams)
            .help("remove its durable consumers from the server when it is switched off");
        }
    }
}

pub(super) fn publisher_removed(sides: &Sides<'_>, sink: &mut Sink<'_>) {
    let subscribers = users(sides.new, |s| &s.subscribes);
    let publishers = users(sides.new, |s| &s.publishes);
    let events = named(sides.new);
    let services: HashMap<&str, &Service> = sides
        .new
        .services
        .iter()
        .map(|s| (s.name.value.as_str(), s))
        .collect();
    for service in &sides.old.services {
        let now = services.get(service.name.value.as_str());
        for event in &service.publishes {
            let Some(id) = event.value else { continue };
            let name = sides.old.event_name(&sides.old[id]);
            let (Some(readers), others) = (subscribers.get(&name), publishers.get(&name)) else {
                continue;
            };
            let still = others.is_some_and(|all| all.contains(&service.name.value));
            if still {
                continue;
            }
            let alone = others.is_none();
            let others = others.map_or("nobody else publishes it".to_owned(), |all| {
                format!("still published by {}", all.join(", "))
            });
            let new_id = events.get(&name).copied().map(EventId);
            let raw = sink.add(
                format!("services.{}.publishes.{name}", service.name.value),
                format!(
                    "`{}` stops publishing `{name}`, which still has subscribers; {others}",
                    service.name.value
                ),
            );
            raw.was(event.span, "published")
                .about([(Some(id), new_id)])
                .hits(readers.clone())
                .stranded(readers.iter().filter(|_| alone).map(|reader| format!("the service {reader}, which waits for `{name}` in vain")))
                .help("remove the subscriptions first; or let another service publish it and accept this finding");
            if let Some(now) = now {
                raw.is(now.name.span, "not here");
            }
        }
    }
}

/// Services by the full name of an event that they use.
fn users(
    contracts: &Contracts,
    list: impl Fn(&Service) -> &Vec<crate::source::Spanned<Option<EventId>>>,
) -> HashMap<String, Vec<String>> {
    let mut all: HashMap<String, Vec<String>> = HashMap::new();
    for service in &contracts.services {
        for (name, _) in names(
            contracts,
            list(service).iter().filter_map(|event| event.value),
        ) {
            all.entry(name)
                .or_default()
                .push(service.name.value.clone());
        }
    }
    all
}
