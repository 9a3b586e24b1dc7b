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
use crate::model::{Body, Event, Imported};
use crate::source::{Span, Spanned};

use crate::payload::schema::keywords::Schema;
use subsume::Change;

/// Two imported schemas at one place, or one and a body of fields.
pub(super) struct Schemas<'a> {
    path: String,
    old: Span,
    new: Span,
    what: What<'a>,
}

enum What<'a> {
    Both(&'a Imported, &'a Imported, Sides<'a>),
    /// One side has fields of its own, or was not imported.
    Other(&'static str),
}

impl<'a> Schemas<'a> {
    /// Of two types.
    pub fn files(
        sides: Sides<'a>,
        spot: Spot,
        old: &'a Spanned<String>,
        new: &'a Spanned<String>,
    ) -> Self {
        Self {
            path: spot.path,
            old: old.span,
            new: new.span,
            what: both(sides, old, new),
        }
    }

    /// Of two events, at least one of which has no fields of its own.
    pub fn bodies(sides: Sides<'a>, old: &'a Event, new: &'a Event) -> Self {
        let span = |event: &Event| match &event.body {
            Body::Schema(path) => path.span,
            Body::Fields(_) => event.name.span,
        };
        let what = match (&old.body, &new.body) {
            (Body::Schema(a), Body::Schema(b)) => both(sides, a, b),
            (Body::Schema(_), _) => What::Other("the imported schema was replaced by fields"),
            _ => What::Other("the fields were replaced by an imported schema"),
        };
        Self {
            path: format!("events.{}.json_schema", sides.new.event_name(new)),
            old: span(old),
            new: span(new),
            what,
        }
    }

    fn changes(&self, direction: Direction) -> Vec<Change> {
        let What::Both(old, new, sides) = &self.what else {
            return Vec::new();
        };
        let of = |contracts, import| Schema { contracts, import };
        let (old, new) = (of(sides.old, old), of(sides.new, new));
        match direction {
            Backward => subsume::refused(old, new),
            Forward => subsume::refused(new, old),
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

fn both<'a>(sides: Sides<'a>, old: &Spanned<String>, new: &Spanned<String>) -> What<'a> {
    match (sides.old.import(old), sides.new.import(new)) {
        (Some(a), Some(b)) => What::Both(a, b, sides),
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
    let (old, new, sides) = match &s.what {
        What::Other(why) => {
            return say(
                "",
                (*why).to_owned(),
                "a schema is compared with another schema only".to_owned(),
            );
        }
        What::Both(old, new, sides) => (old, new, sides),
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
    for (at, keyword) in raw::differences((sides.old, old), (sides.new, new)) {
        say(
            &format!("{at}/{keyword}"),
            format!("the keyword `{keyword}` of the imported schema changed at `{at}`"),
            "no generated type checks this keyword, and what writers take from it is not known"
                .to_owned(),
        );
    }
}
