//! Everything that one type may hold and another refuses, at any depth: the comparison of every place that both have. Asks in
//! one direction; the rules ask both ways.

use std::collections::HashSet;

use crate::compat::compare::{self, Gap, Sort};
use crate::json::Json;
use crate::model::TypeId;
use crate::payload::demands::{Demands, Descent, Items, TypeAt};
use crate::payload::shape::Format;
use crate::payload::steer::{End, Pair};

/// Something that the writer may send and the reader refuses.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// In the writer's schema.
    steps: Vec<Descent>,
    /// Demand of the reader, in a few words.
    pub what: String,
    /// `true` if it is certain.
    pub decided: bool,
    /// Payloads that may show it.
    pub payloads: Vec<Json>,
}

impl Change {
    /// `lines[].quantity`.
    pub fn pointer(&self) -> String {
        let text: String = self
            .steps
            .iter()
            .map(|step| match step {
                Descent::Property(name) => format!(".{name}"),
                Descent::Item => "[]".to_owned(),
                Descent::Entry => "{}".to_owned(),
                Descent::Branch(at) => format!("(branch {})", at + 1),
            })
            .collect();
        text.trim_start_matches('.').to_owned()
    }
}

/// Maximum number of pairs of types that are compared; the rest is not decided.
const MAX_PAIRS: usize = 50_000;

struct Compare<'a> {
    whole: Pair<'a>,
    /// Pairs of named types that are being compared, or were.
    seen: HashSet<(TypeId, TypeId)>,
    pairs: usize,
    changes: Vec<Change>,
}

/// Everything that `writer` may hold and `reader` refuses.
pub(super) fn refused(writer: &TypeAt<'_>, reader: &TypeAt<'_>) -> Vec<Change> {
    let mut compare = Compare {
        whole: Pair::new(writer, Some(reader)),
        seen: HashSet::new(),
        pairs: 0,
        changes: Vec::new(),
    };
    compare.pair(writer, reader, &mut Vec::new());
    compare.changes
}

impl<'a> Compare<'a> {
    fn say(&mut self, steps: &[Descent], what: &str, ends: &[End]) {
        let made = |end| self.whole.steered(steps, end, 0);
        let payloads = ends.iter().filter_map(made).collect();
        self.push(steps, what, true, payloads);
    }

    fn doubt(&mut self, steps: &[Descent], what: &str) {
        self.push(steps, what, false, Vec::new());
    }

    fn push(&mut self, steps: &[Descent], what: &str, decided: bool, payloads: Vec<Json>) {
        self.changes.push(Change {
            steps: steps.to_vec(),
            what: what.to_owned(),
            decided,
            payloads,
        });
    }

    fn pair(&mut self, w: &TypeAt<'a>, r: &TypeAt<'a>, steps: &mut Vec<Descent>) {
        self.pairs += 1;
        if self.pairs > MAX_PAIRS {
            if self.pairs == MAX_PAIRS + 1 {
                self.doubt(steps, "the schema has too many combinations to be compared");
            }
            return;
        }
        if let (Some(a), Some(b)) = (w.name(), r.name())
            && !self.seen.insert((a, b))
        {
            return;
        }
        let (ours, theirs) = (w.demands(), r.demands());
        if theirs.is_anything() {
            return;
        }
        if ours.is_open() || theirs.is_open() {
            let why = "an open union takes variants that it does not know, and a schema has none";
            return self.doubt(steps, why);
        }
        if ours.branches.is_empty() && theirs.branches.is_empty() {
            self.place((w, &ours), (r, &theirs), steps);
        } else if ours.branches.is_empty() {
            self.branches(w, r, steps);
        } else {
            for (at, branch) in ours.branches.iter().enumerate() {
                steps.push(Descent::Branch(at));
                self.branches(branch, r, steps);
                steps.pop();
            }
        }
    }

    /// One kind of value against whatever branches the reader has.
    fn branches(&mut self, w: &TypeAt<'a>, r: &TypeAt<'a>, steps: &mut Vec<Descent>) {
        let theirs = r.demands();
        let ours = w.demands();
        if theirs.branches.is_empty() || !ours.branches.is_empty() {
            return self.pair(w, r, steps);
        }
        let mut alike = Vec::new();
        for branch in &theirs.branches {
            if self.trial(w, branch, steps).is_empty() {
                return;
            }
            if is_alike(&ours, &branch.demands()) {
                alike.push(branch);
            }
        }
        match alike.as_slice() {
            [only] => self.pair(w, only, steps),
            [] => self.say(
                steps,
                "no branch takes this kind of value",
                &[End::Smallest],
            ),
            _ => self.doubt(
                steps,
                "several branches could take it, and none takes all of it",
            ),
        }
    }

    /// Compares one pair alone, and returns its changes.
    fn trial(&mut self, w: &TypeAt<'a>, r: &TypeAt<'a>, steps: &mut Vec<Descent>) -> Vec<Change> {
        let kept = std::mem::take(&mut self.changes);
        let seen = self.seen.clone();
        self.pair(w, r, steps);
        self.seen = seen;
        std::mem::replace(&mut self.changes, kept)
    }

    /// Two types without branches: the place itself, then what is inside.
    fn place(
        &mut self,
        (writer, w): (&TypeAt<'a>, &Demands<'a>),
        (reader, r): (&TypeAt<'a>, &Demands<'a>),
        steps: &mut Vec<Descent>,
    ) {
        for gap in compare::gaps(writer, reader) {
            self.gap(&gap, r, steps);
        }
        if w.kind != r.kind || w.values.is_some() || r.values.is_some() {
            return;
        }
        self.items(w, r, steps);
        for member in &w.properties {
            if let Some(reader) = r.property(&member.name).or(r.extra.as_ref()) {
                self.inside(
                    Descent::Property(member.name.clone()),
                    &member.of,
                    reader,
                    steps,
                );
            }
        }
        if let (Some(a), Some(b)) = (&w.extra, &r.extra) {
            self.inside(Descent::Entry, a, b, steps);
        }
    }

    fn gap(&mut self, gap: &Gap, r: &Demands<'_>, steps: &[Descent]) {
        // A schema says nothing of what a text means.
        if gap.sort == Sort::Misread && r.text.format == Format::Plain {
            return;
        }
        if gap.is_certain() {
            self.say(steps, &gap.demand(), &gap.ends);
        } else {
            self.doubt(
                steps,
                "whether one text's constraints accept all of another's is not decided",
            );
        }
    }

    fn inside(&mut self, step: Descent, w: &TypeAt<'a>, r: &TypeAt<'a>, steps: &mut Vec<Descent>) {
        steps.push(step);
        self.pair(w, r, steps);
        steps.pop();
    }

    fn items(&mut self, w: &Demands<'a>, r: &Demands<'a>, steps: &mut Vec<Descent>) {
        match (&w.items, &r.items) {
            (Items::All(a), Items::All(b)) if a.len() == b.len() => {
                // A step says nothing of the position: only the first item of a tuple can be steered to.
                for (at, (a, b)) in a.iter().zip(b).enumerate() {
                    if !self.trial(a, b, steps).is_empty() {
                        self.doubt(steps, &format!("item {} of the tuple changed", at + 1));
                    }
                }
            }
            (Items::All(_), _) | (_, Items::All(_)) => {
                self.doubt(steps, "a list and a tuple, or two tuples of other lengths");
            }
            (Items::Each(a), Items::Each(b)) => self.inside(Descent::Item, a, b, steps),
            _ => {}
        }
    }
}

/// Returns whether two branches are meant to be the same: one tag, or one kind where there is no tag.
fn is_alike(w: &Demands<'_>, r: &Demands<'_>) -> bool {
    let tags = |demands: &Demands<'_>| -> Vec<(String, String)> {
        let properties = demands.properties.iter();
        let tags = properties.filter_map(|member| {
            let of = member.of.demands();
            let only = of.values.filter(|_| of.fixed)?;
            Some((member.name.clone(), only.first()?.to_compact()))
        });
        tags.collect()
    };
    let (a, b) = (tags(w), tags(r));
    w.kind == r.kind && (a == b || (a.is_empty() || b.is_empty()))
}
