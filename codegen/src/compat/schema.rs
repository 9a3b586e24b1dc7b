//! Rules about imported JSON Schemas, and about types that one replaces or that replace one: on the types of both.
//!
//! One question, asked both ways: what may the writer's schema hold that the reader's refuses? Keywords that the types do
//! not check are compared as they were written: a difference there cannot be decided.

mod raw;
mod subsume;

use std::collections::BTreeMap;

use super::finding::Direction::{self, Backward, Forward};
use super::raw::Evidence;
use super::raw::Leaf;
use super::raw::Sink;
use super::sides::{Sides, Spot, Step};
use crate::model::{Body, Contracts, Event, TypeId, TypeKind};
use crate::payload::demands::Place;
use crate::payload::shape::Slot;
use crate::source::{Span, Spanned};
use subsume::Change;

/// Two types at one place, at least one of which is an imported schema.
pub(super) struct Schemas<'a> {
    path: String,
    /// From the node to the place.
    steps: Vec<Step>,
    old: Span,
    new: Span,
    /// None when a schema was not imported.
    both: Option<[Typed<'a>; 2]>,
}

/// A type, and the path of the JSON Schema that it is, if it is one.
struct Typed<'a> {
    place: Place<'a>,
    contracts: &'a Contracts,
    source: Option<&'a Spanned<String>>,
}

/// A type with its place; none for the type of a schema that was not imported.
type Side<'a> = (Option<Typed<'a>>, Span);

impl<'a> Typed<'a> {
    /// An event or a type, and the place of its name.
    fn body(contracts: &'a Contracts, place: Place<'a>, body: &'a Body, name: Span) -> Side<'a> {
        let source = body.source.as_ref();
        let typed = Self {
            place,
            contracts,
            source,
        };
        let read = body.kind != TypeKind::Invalid;
        let span = source.map_or(name, |source| source.span);
        (read.then_some(typed), span)
    }
}

impl<'a> Schemas<'a> {
    /// Of two types.
    pub fn types(sides: Sides<'a>, spot: Spot, old: TypeId, new: TypeId) -> Self {
        let of = |contracts: &'a Contracts, id: TypeId| {
            let (ty, place) = (&contracts[id], Place::ty(contracts, id));
            Typed::body(contracts, place, &ty.body, ty.name.span)
        };
        Self::new(spot.path, of(sides.old, old), of(sides.new, new))
    }

    /// Of two events.
    pub fn bodies(sides: Sides<'a>, old: &'a Event, new: &'a Event) -> Self {
        let of = |contracts: &'a Contracts, event: &'a Event| {
            let place = Place::event(contracts, event);
            Typed::body(contracts, place, &event.body, event.name.span)
        };
        let path = format!("events.{}.json_schema", sides.new.event_name(new));
        Self::new(path, of(sides.old, old), of(sides.new, new))
    }

    /// Of what stands at the end of the steps.
    pub fn slots(
        sides: Sides<'a>,
        spot: &Spot,
        steps: &[Step],
        slots: (Slot<'a>, Slot<'a>),
    ) -> Self {
        let of = |contracts: &'a Contracts, slot: Slot<'a>, span: Span| {
            let typed = Typed {
                source: slot.source(contracts),
                place: Place::slot(contracts, slot),
                contracts,
            };
            (Some(typed), span)
        };
        let old = of(sides.old, slots.0, spot.old);
        let new = of(sides.new, slots.1, spot.new);
        Self {
            steps: steps.to_vec(),
            ..Self::new(spot.path.clone(), old, new)
        }
    }

    fn new(path: String, old: Side<'a>, new: Side<'a>) -> Self {
        Self {
            path,
            steps: Vec::new(),
            old: old.1,
            new: new.1,
            both: old.0.zip(new.0).map(<[_; 2]>::from),
        }
    }

    fn changes(&self, direction: Direction) -> Vec<Change> {
        let Some([old, new]) = &self.both else {
            return Vec::new();
        };
        match direction {
            Backward => subsume::refused(&old.place, &new.place),
            Forward => subsume::refused(&new.place, &old.place),
        }
    }

    /// Path of a part of the schema, for `[[accepted]]`.
    fn path_at(&self, pointer: &str) -> String {
        match pointer {
            "" => self.path.clone(),
            pointer => format!("{}#{pointer}", self.path),
        }
    }

    /// The places of both sides, a message, and a payload if there is one.
    fn add(&self, direction: Direction, change: &Change, sink: &mut Sink<'_>) {
        let at = change.pointer();
        let place = if at.is_empty() {
            String::new()
        } else {
            format!(" at `{at}`")
        };
        let message = match direction {
            Backward => format!(
                "the imported schema refuses what it accepted{place}: {}",
                change.what
            ),
            Forward => format!(
                "the imported schema accepts what it refused{place}: before, {}",
                change.what
            ),
        };
        let raw = sink.add(self.path_at(&at), message).at(&self.steps);
        raw.was(self.old, "was").is(self.new, "is").help(match direction {
            Backward => "ask the owner of the schema to take it back; or import it under a new event that `supersedes` this one",
            Forward => "upgrade every consumer before a publisher uses it",
        });
        raw.shown_by(
            change
                .payloads
                .iter()
                .map(|payload| Evidence::new(direction, &self.steps, Leaf::Value(payload.clone()))),
        );
    }
}

pub(super) fn narrowed(s: &Schemas<'_>, sink: &mut Sink<'_>) {
    for change in s.changes(Backward).iter().filter(|change| change.decided) {
        s.add(Backward, change, sink);
    }
}

pub(super) fn widened(s: &Schemas<'_>, sink: &mut Sink<'_>) {
    for change in s.changes(Forward).iter().filter(|change| change.decided) {
        s.add(Forward, change, sink);
    }
}

pub(super) fn undecided(s: &Schemas<'_>, sink: &mut Sink<'_>) {
    let mut say = |at: &str, message: String, why: String| {
        sink.add(s.path_at(at), message)
            .at(&s.steps)
            .was(s.old, "was")
            .is(s.new, "is")
            .help("compare the two by hand, and accept the finding with `[[accepted]]` when it is harmless")
            .undecided(why);
    };
    let Some([old, new]) = &s.both else {
        let why = "what was not imported is not compared";
        return say(
            "",
            "one of the schemas was not imported".to_owned(),
            why.to_owned(),
        );
    };
    let mut doubts = BTreeMap::new();
    for direction in [Backward, Forward] {
        for change in s
            .changes(direction)
            .into_iter()
            .filter(|change| !change.decided)
        {
            doubts.entry(change.pointer()).or_insert(change.what);
        }
    }
    for (at, why) in doubts {
        let message =
            format!("the imported schema changed at `{at}` in a way that is not understood");
        say(&at, message, why);
    }
    for (at, keyword) in raw::differences((old.contracts, old.source), (new.contracts, new.source))
    {
        say(
            &format!("{at}/{keyword}"),
            format!("the keyword `{keyword}` of the imported schema changed at `{at}`"),
            "no generated type checks this keyword, and what writers take from it is not known"
                .to_owned(),
        );
    }
}
