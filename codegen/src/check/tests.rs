//! Models by hand, for rules that are about more than one contract file could show.

use std::time::{Duration, Instant};

use super::*;
use crate::diagnostic::Code;
use crate::model::{
    Constraints, Domain, DomainId, Envelope, Event, Field, Service, Start, Stream, StreamId, Type,
    TypeDef, TypeId, TypeKind,
};
use crate::source::{FileId, Span, Spanned};
use crate::subject::Template;

fn at<T>(place: usize, value: T) -> Spanned<T> {
    Spanned::new(value, Span::new(FileId(0), place..place + 1))
}

/// An event with no fields, placed at `place`.
pub(super) fn event(place: usize, subject: &str, stored: bool) -> Event {
    Event {
        name: at(place, format!("Event{place}")),
        domain: DomainId(0),
        doc: None,
        subject: at(place, Template::parse(subject).unwrap()),
        stream: stored.then(|| at(place, Some(StreamId(0)))),
        id: None,
        key: None,
        version: 1,
        deprecated: None,
        supersedes: None,
        envelope: Envelope::Plain,
        body: TypeKind::Struct(Vec::new()).into(),
        reserved: Vec::new(),
        examples: Vec::new(),
    }
}

fn field(place: usize, name: &str, ty: Type) -> Field {
    Field {
        name: at(place, name.to_owned()),
        rename: None,
        ty: at(place, ty),
        optional: false,
        doc: None,
        default: None,
        alias: None,
        constraints: Constraints::default(),
        as_text: None,
        deprecated: None,
        sensitive: None,
    }
}

fn def(place: usize, name: &str, kind: TypeKind) -> TypeDef {
    TypeDef {
        name: at(place, name.to_owned()),
        domain: DomainId(0),
        doc: None,
        reserved: Vec::new(),
        body: kind.into(),
    }
}

/// A folder with one domain and one stream.
pub(super) fn folder() -> Contracts {
    let mut contracts = Contracts::default();
    contracts.domains.push(Domain {
        name: "shop".to_owned(),
        file: FileId(0),
        doc: None,
        owner: None,
    });
    contracts.streams.push(Stream {
        name: at(0, "SHOP".to_owned()),
        domain: DomainId(0),
        doc: None,
        max_age: None,
        max_bytes: None,
        max_messages: None,
        replicas: 1,
        storage: Default::default(),
        retention: at(0, Default::default()),
        duplicate_window: None,
        discard: Default::default(),
        partitions: None,
        subjects: Vec::new(),
    });
    contracts
}

fn service(place: usize, events: impl Iterator<Item = usize>) -> Service {
    let events: Vec<_> = events
        .map(|event| at(place, Some(crate::model::EventId(event))))
        .collect();
    Service {
        name: at(place, format!("service-{place}")),
        domain: DomainId(0),
        doc: None,
        queue_group: None,
        publishes: events.clone(),
        subscribes: events,
        concurrency: 1,
        max_in_flight: None,
        ack_wait: Duration::from_secs(30),
        retry: Default::default(),
        start: at(place, Start::All),
    }
}

/// A folder of many events, each with a struct of its own, over a few services.
fn large(events: usize) -> Contracts {
    let mut contracts = folder();
    for place in 0..events {
        let subject = match place % 3 {
            0 => format!("shop.thing{place}.happened"),
            1 => format!("shop.thing{place}.{{id}}.happened"),
            _ => format!("shop.{{id}}.thing{place}.happened.again"),
        };
        let mut one = event(place, &subject, true);
        let mut fields = vec![
            field(place, "id", Type::Uuid),
            field(place, "name", Type::String),
            field(
                place,
                "lines",
                Type::List(Box::new(Type::Named(TypeId(place)))),
            ),
        ];
        fields[1].constraints.pattern = Some(at(place, format!("^[a-z]{{{}}}$", place % 200)));
        one.body = TypeKind::Struct(fields).into();
        contracts.events.push(one);
        let fields = (0..8).map(|n| field(place, &format!("field_{n}"), Type::String));
        let kind = TypeKind::Struct(fields.collect());
        contracts
            .types
            .push(def(place, &format!("Type{place}"), kind));
    }
    for place in 0..events.div_ceil(50) {
        let events = place * 50..(place * 50 + 50).min(events);
        contracts.services.push(service(place, events));
    }
    contracts
}

/// The best of some runs: what another process took is in none of them, with luck.
fn fastest(events: usize) -> Duration {
    let runs = (0..5).map(|_| {
        let contracts = large(events);
        let mut diagnostics = Diagnostics::default();
        let started = Instant::now();
        let checked = check(contracts, &mut diagnostics);
        let took = started.elapsed();
        assert!(checked.is_ok(), "{diagnostics:?}");
        took
    });
    runs.min().unwrap_or_default()
}

#[test]
fn time_grows_as_the_events_do() {
    let (some, many) = (fastest(1_000), fastest(8_000));
    println!("1,000 events: {some:?}, 8,000: {many:?}");
    // 8 when linear, 64 when something compares each with each. A ratio, because no machine is like another.
    assert!(many < some * 32, "{some:?}, {many:?}");
}

#[test]
fn a_circle_through_ten_thousand_types_is_one_message() {
    let mut contracts = folder();
    let count = 10_000;
    for place in 0..count {
        let next = Type::Named(TypeId((place + 1) % count));
        let kind = TypeKind::Struct(vec![field(place, "next", next)]);
        contracts
            .types
            .push(def(place, &format!("Type{place}"), kind));
    }
    let mut diagnostics = Diagnostics::default();
    order::infinite(&contracts, &mut diagnostics);
    assert_eq!(
        diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(),
        [Code::InfiniteType]
    );
}

#[test]
fn each_circle_is_found_and_nothing_else() {
    let mut contracts = folder();
    let needs: &[&[usize]] = &[&[1, 2], &[0], &[3], &[3, 4], &[5], &[]];
    for (place, needs) in needs.iter().enumerate() {
        let fields = needs
            .iter()
            .map(|to| field(place, &format!("f{to}"), Type::Named(TypeId(*to))));
        let kind = TypeKind::Struct(fields.collect());
        contracts
            .types
            .push(def(place, &format!("Type{place}"), kind));
    }
    let mut diagnostics = Diagnostics::default();
    order::infinite(&contracts, &mut diagnostics);
    let found: Vec<_> = diagnostics.iter().map(|d| d.span.start).collect();
    assert_eq!(found, [0, 3]);
}

#[test]
fn poison_is_never_followed_up() {
    let mut contracts = folder();
    contracts.events.push(Event {
        subject: at(0, Template::default()),
        stream: Some(at(0, None)),
        id: Some(at(0, None)),
        key: Some(at(0, None)),
        supersedes: Some(at(0, None)),
        body: TypeKind::Struct(vec![Field {
            constraints: Constraints {
                min: Some(at(0, crate::model::Number::Integer(9))),
                max: Some(at(0, crate::model::Number::Integer(1))),
                min_items: Some(at(0, 1)),
                ..Constraints::default()
            },
            as_text: Some(at(0, ()).span),
            ..field(0, "a", Type::Invalid)
        }])
        .into(),
        ..event(0, "a", true)
    });
    contracts.types.push(def(1, "Broken", TypeKind::Invalid));
    contracts.services.push(Service {
        publishes: vec![at(0, None)],
        subscribes: vec![at(0, None), at(0, Some(crate::model::EventId(0)))],
        ..service(2, std::iter::empty())
    });
    let mut diagnostics = Diagnostics::default();
    assert!(
        check(contracts, &mut diagnostics).is_ok(),
        "{diagnostics:?}"
    );
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
}
