//! Payloads that show a break: made along a path, and judged by reading them with both models.
//!
//! A payload shows what is wrong with it and not with the one beside it that has both sides' value at the place of the
//! change. Where another change spoils every payload, what that change is blamed for is left out of the report.

use std::collections::BTreeMap;

use super::payload::{self, Fault, Read};
use super::rule::{Category, Raw, Reach, Severity};
use super::sample::{Leaf, Sampler, Side, Step};
use super::walk::{Sides, show_path};
use super::{Counterexample, Direction, Outcome};
use crate::model::{Contracts, EventId};

/// A payload that should show a break: `leaf` at the end of the path, and everywhere else what both sides take.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    pub direction: Direction,
    /// From the node on.
    pub at: Vec<Step>,
    pub leaf: Leaf,
    /// The wire names of a field that the writer means and the reader overlooks, writer's first.
    pub overlooked: Option<(String, String)>,
}

impl Evidence {
    pub fn new(direction: Direction, at: &[Step], leaf: Leaf) -> Self {
        Self {
            direction,
            at: at.to_vec(),
            leaf,
            overlooked: None,
        }
    }
}

/// How many events are looked at: a type that a thousand reach is shown by the first.
const EVENTS: usize = 3;

/// One payload for each direction that the rule says is broken, and why there is none where there is none.
pub(super) fn show(
    raw: &Raw,
    sides: Sides<'_>,
    reach: &Reach,
    samplers: &(Sampler<'_>, Sampler<'_>),
) -> (Vec<Counterexample>, Option<String>) {
    let mut shown = Vec::new();
    let mut missing = false;
    for direction in [Direction::Backward, Direction::Forward] {
        let claims = raw.severity == Severity::Breaks
            && raw.rule.categories.contains(&match direction {
                Direction::Backward => Category::Backward,
                Direction::Forward => Category::Forward,
            });
        // One that shows this change alone, or else one that this change spoils too.
        let mut second = None;
        let mut best = None;
        let of = raw.evidence.iter().filter(|e| e.direction == direction);
        for (evidence, (ids, path)) in
            of.flat_map(|e| reach.iter().take(EVENTS).map(move |to| (e, to)))
        {
            let case = Case::new(evidence, sides, *ids, path, samplers);
            match case.judge(evidence) {
                Some((example, true)) => {
                    best = Some(example);
                    break;
                }
                Some((example, false)) => second = second.or(Some(example)),
                None => {}
            }
        }
        match best.or(second) {
            Some(example) => shown.push(example),
            None => missing |= claims,
        }
    }
    let why = missing.then(|| {
        raw.undecided.clone().unwrap_or_else(|| {
            "no payload that shows it was found, and none could be ruled out".to_owned()
        })
    });
    (shown, why)
}

/// A pair of events, and the place in its payloads.
struct Case<'a> {
    writer: (&'a Contracts, EventId),
    reader: (&'a Contracts, EventId),
    sampler: &'a Sampler<'a>,
    side: Side,
    path: Vec<Step>,
}

impl<'a> Case<'a> {
    fn new(
        evidence: &Evidence,
        sides: Sides<'a>,
        (old, new): (EventId, EventId),
        path: &[Step],
        samplers: &'a (Sampler<'a>, Sampler<'a>),
    ) -> Self {
        let (writer, reader, sampler, side) = match evidence.direction {
            Direction::Backward => ((sides.old, old), (sides.new, new), &samplers.0, Side::Old),
            Direction::Forward => ((sides.new, new), (sides.old, old), &samplers.1, Side::New),
        };
        Self {
            writer,
            reader,
            sampler,
            side,
            path: path.iter().chain(&evidence.at).cloned().collect(),
        }
    }

    /// The payload, if it shows something, and whether it shows nothing else.
    fn judge(&self, evidence: &Evidence) -> Option<(Counterexample, bool)> {
        let ids = (self.writer.1, self.reader.1);
        let payload = self.sampler.event(ids, &self.path, &evidence.leaf)?;
        let meant = payload::read(self.writer.0, self.writer.1, &payload).ok()?;
        // A variant that is itself the change is none that both sides have.
        let own = usize::from(matches!(evidence.at.last(), Some(Step::Variant(_))));
        let around = &self.path[..self.path.len() - own];
        let control = self.sampler.event(ids, around, &Leaf::Control);
        let others: Vec<Fault> = control.map_or_else(Vec::new, |control| {
            payload::read_all(self.reader.0, self.reader.1, &control).1
        });
        let (read, faults) = payload::read_all(self.reader.0, self.reader.1, &payload);
        let own = faults.iter().find(|fault| !others.contains(fault));
        let outcome = match (own, read) {
            (Some(fault), _) => Outcome::Refused(fault.to_string()),
            (None, Some(read)) => self.misread(&meant, &read, evidence)?,
            (None, None) => return None,
        };
        let alone = others.is_empty();
        Some((
            Counterexample {
                direction: evidence.direction,
                event: self.writer.0.event_name(&self.writer.0[self.writer.1]),
                payload: payload.to_compact(),
                outcome,
            },
            alone,
        ))
    }

    /// How the reader misunderstands what the writer meant at this place, if it does.
    fn misread(&self, meant: &Read, read: &Read, evidence: &Evidence) -> Option<Outcome> {
        let there = at(meant, &self.path, self.side);
        let here = at(read, &self.path, self.side.other());
        if let Some((written, wanted)) = &evidence.overlooked {
            let has = |object: &&Read, name: &String| {
                members(object).is_some_and(|members| members.contains_key(name))
            };
            let lost = there.iter().any(|object| has(object, written))
                && here.iter().all(|object| !has(object, wanted));
            return lost.then(|| {
                Outcome::Misread(format!(
                    "`{written}` is unknown and ignored, and `{wanted}` is absent"
                ))
            });
        }
        let other = there.iter().zip(&here).any(|(a, b)| !payload::same(a, b));
        other.then(|| {
            let place = show_path(&self.path, self.side);
            Outcome::Misread(format!(
                "`{place}` is read as another kind of value than was written"
            ))
        })
    }
}

/// What was read at the end of a path.
fn at<'r>(read: &'r Read, path: &[Step], side: Side) -> Vec<&'r Read> {
    path.iter().fold(vec![read], |here, step| {
        here.into_iter()
            .flat_map(|read| down(read, step, side))
            .collect()
    })
}

fn members(read: &Read) -> Option<&BTreeMap<String, Read>> {
    match read {
        Read::Object(members) => Some(members),
        Read::Variant(_, body) => members(body),
        _ => None,
    }
}

fn down<'r>(read: &'r Read, step: &Step, side: Side) -> Vec<&'r Read> {
    match (read, step) {
        (Read::Object(members), Step::Field { .. }) => step
            .field(side)
            .and_then(|name| members.get(name))
            .into_iter()
            .collect(),
        (Read::List(items), Step::Item) => items.iter().collect(),
        (Read::Map(entries), Step::Entry) => entries.values().collect(),
        (Read::Variant(known, body), Step::Variant(tag)) if known == tag => vec![&**body],
        _ => Vec::new(),
    }
}
