//! Rules about imported JSON Schemas, and about types that one replaces or that replace one: on the types of both.
//!
//! One question, asked both ways: what may the writer's schema hold that the reader's refuses? Keywords that the types do
//! not check are compared as they were written: a difference there cannot be decided.

mod raw;
mod subsume;

use std::collections::BTreeMap;

use super::finding::Direction::{Backward, Forward};
use super::raw::{Evidence, Leaf, Said, Sink, Words};
use super::sides::{SidedStep, Sides, Spot};
use crate::json::Json;
use crate::model::{Body, Contracts, Event, TypeId, TypeKind};
use crate::payload::demands::TypeAt;
use crate::payload::shape::Slot;
use crate::source::{Span, Spanned};
use subsume::Change;

/// Two types at one place, at least one of which is an imported schema.
pub(super) struct Schemas<'a> {
    path: String,
    /// From the node to the place.
    steps: Vec<SidedStep>,
    old: Span,
    new: Span,
    /// None when a schema was not imported.
    both: Option<[Typed<'a>; 2]>,
    /// What old writers may send and new readers refuse, and the mirror.
    changes: [Vec<Change>; 2],
}

/// A type, and the path of the JSON Schema that it is, if it is one.
struct Typed<'a> {
    place: TypeAt<'a>,
    contracts: &'a Contracts,
    source: Option<&'a Spanned<String>>,
}

/// A type with its place; none for the type of a schema that was not imported.
type Side<'a> = (Option<Typed<'a>>, Span);

impl<'a> Typed<'a> {
    /// An event or a type, and the place of its name.
    fn body(contracts: &'a Contracts, place: TypeAt<'a>, body: &'a Body, name: Span) -> Side<'a> {
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
            let (ty, place) = (&contracts[id], TypeAt::ty(contracts, id));
            Typed::body(contracts, place, &ty.body, ty.name.span)
        };
        Self::new(spot.path, of(sides.old, old), of(sides.new, new))
    }

    /// Of two events.
    pub fn bodies(sides: Sides<'a>, old: &'a Event, new: &'a Event) -> Self {
        let of = |contracts: &'a Contracts, event: &'a Event| {
            let place = TypeAt::event(contracts, event);
            Typed::body(contracts, place, &event.body, event.name.span)
        };
        let path = format!("events.{}.json_schema", sides.new.event_name(new));
        Self::new(path, of(sides.old, old), of(sides.new, new))
    }

    /// Of what stands at the end of the steps.
    pub fn slots(
        sides: Sides<'a>,
        spot: &Spot,
        steps: &[SidedStep],
        slots: (Slot<'a>, Slot<'a>),
    ) -> Self {
        let of = |contracts: &'a Contracts, slot: Slot<'a>, span: Span| {
            let typed = Typed {
                source: slot.source(contracts),
                place: TypeAt::slot(contracts, slot),
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
        let both = old.0.zip(new.0).map(<[_; 2]>::from);
        let changes = both.as_ref().map(|[old, new]| {
            let (old, new) = (&old.place, &new.place);
            [subsume::refused(old, new), subsume::refused(new, old)]
        });
        Self {
            path,
            steps: Vec::new(),
            old: old.1,
            new: new.1,
            both,
            changes: changes.unwrap_or_default(),
        }
    }

    /// Path of a part of the schema, for `[[accepted]]`.
    fn path_at(&self, pointer: &str) -> String {
        match pointer {
            "" => self.path.clone(),
            pointer => format!("{}#{pointer}", self.path),
        }
    }

    /// Adds a finding for each change that is certain, in the direction of the rule.
    pub fn tell(&self, said: &Said, sink: &mut Sink<'_>) {
        let directions = [Backward, Forward].into_iter().zip(&self.changes);
        for (direction, changes) in directions {
            if !sink.is_about(direction) {
                continue;
            }
            for change in changes.iter().filter(|change| change.decided) {
                let at = change.pointer();
                let of = match at.as_str() {
                    "" => String::new(),
                    at => format!(" at `{at}`"),
                };
                let words = Words {
                    of,
                    value: change.what.clone(),
                    ..Words::default()
                };
                let spot = Spot {
                    path: self.path_at(&at),
                    old: self.old,
                    new: self.new,
                };
                let leaf = |payload: &Json| Leaf::Value(payload.clone());
                let payloads = change.payloads.iter();
                let shown = payloads.map(|p| Evidence::new(direction, &self.steps, leaf(p)));
                sink.say(&spot, said, &words)
                    .at(&self.steps)
                    .shown_by(shown);
            }
        }
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
    for change in s.changes.iter().flatten().filter(|change| !change.decided) {
        doubts
            .entry(change.pointer())
            .or_insert(change.what.clone());
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
