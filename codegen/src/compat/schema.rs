//! Rules about imported JSON Schemas, constraint by constraint, on what the import says that their types accept.
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
use super::sides::{Sides, Spot};
use crate::model::{Body, Contracts, Event, Imported, TypeId, TypeKind};
use crate::source::Span;

use crate::payload::schema::keywords::Place;
use subsume::Change;

/// Two imported schemas at one place, or one and a body of fields.
pub(super) struct Schemas<'a> {
    path: String,
    old: Span,
    new: Span,
    what: What<'a>,
}

enum What<'a> {
    Both([Typed<'a>; 2]),
    /// One side was not imported.
    Other(&'static str),
}

/// A type, and the import that it comes from if it is one.
#[derive(Clone)]
struct Typed<'a> {
    place: Place<'a>,
    contracts: &'a Contracts,
    import: Option<&'a Imported>,
}

impl<'a> Schemas<'a> {
    /// Of two types, at least one of which is an imported schema.
    pub fn types(sides: Sides<'a>, spot: Spot, old: TypeId, new: TypeId) -> Self {
        let typed = |contracts: &'a Contracts, id: TypeId| {
            let import = match &contracts[id].kind {
                TypeKind::Schema(path) => contracts.import(path),
                _ => None,
            };
            Typed::new(Place::ty(contracts, id), contracts, import)
        };
        let span = |contracts: &Contracts, id: TypeId| match &contracts[id].kind {
            TypeKind::Schema(path) => path.span,
            _ => contracts[id].name.span,
        };
        Self {
            path: spot.path,
            old: span(sides.old, old),
            new: span(sides.new, new),
            what: both(typed(sides.old, old), typed(sides.new, new)),
        }
    }

    /// Of two events, at least one of which has no fields of its own.
    pub fn bodies(sides: Sides<'a>, old: &'a Event, new: &'a Event) -> Self {
        let span = |event: &Event| match &event.body {
            Body::Schema(path) => path.span,
            Body::Fields(_) => event.name.span,
        };
        let typed = |contracts: &'a Contracts, event: &'a Event| {
            let import = match &event.body {
                Body::Schema(path) => contracts.import(path),
                Body::Fields(_) => None,
            };
            Typed::new(Place::event(contracts, event), contracts, import)
        };
        Self {
            path: format!("events.{}.json_schema", sides.new.event_name(new)),
            old: span(old),
            new: span(new),
            what: both(typed(sides.old, old), typed(sides.new, new)),
        }
    }

    fn changes(&self, direction: Direction) -> Vec<Change> {
        let What::Both([old, new]) = &self.what else {
            return Vec::new();
        };
        match direction {
            Backward => subsume::refused(&old.place, &new.place),
            Forward => subsume::refused(&new.place, &old.place),
        }
    }

    /// What `[[accepted]]` calls a part of the schema.
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
        let raw = sink.add(self.path_at(&at), message);
        raw.was(self.old, "was").is(self.new, "is").help(match direction {
            Backward => "ask the owner of the schema to take it back; or import it under a new event that `supersedes` this one",
            Forward => "upgrade every consumer before a publisher uses it",
        });
        raw.shown_by(
            change
                .payloads
                .iter()
                .map(|payload| Evidence::new(direction, &[], Leaf::Value(payload.clone()))),
        );
    }
}

impl<'a> Typed<'a> {
    fn new(
        place: Option<Place<'a>>,
        contracts: &'a Contracts,
        import: Option<&'a Imported>,
    ) -> Option<Self> {
        Some(Self {
            place: place?,
            contracts,
            import,
        })
    }
}

fn both<'a>(old: Option<Typed<'a>>, new: Option<Typed<'a>>) -> What<'a> {
    match (old, new) {
        (Some(old), Some(new)) => What::Both([old, new]),
        _ => What::Other("one of the schemas was not imported"),
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
            .was(s.old, "was")
            .is(s.new, "is")
            .help("compare the two by hand, and accept the finding with `[[accepted]]` when it is harmless")
            .undecided(why);
    };
    let [old, new] = match &s.what {
        What::Other(why) => {
            return say(
                "",
                (*why).to_owned(),
                "what was not imported is not compared".to_owned(),
            );
        }
        What::Both(both) => both,
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
    for (at, keyword) in raw::differences((old.contracts, old.import), (new.contracts, new.import))
    {
        say(
            &format!("{at}/{keyword}"),
            format!("the keyword `{keyword}` of the imported schema changed at `{at}`"),
            "no generated type checks this keyword, and what writers take from it is not known"
                .to_owned(),
        );
    }
}
