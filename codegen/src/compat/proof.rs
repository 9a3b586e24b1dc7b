//! Payloads that show a break: made along a path, and judged by reading them with both models.
//!
//! A payload shows what is wrong with it and not with the one beside it that has both sides' value at the place of the
//! change. Where another change spoils every payload, what that change is blamed for is left out of the report.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::finding::{
    Category, Counterexample, Direction, Finding, Outcome, Reached, Rule, Severity,
};
use super::raw::{Evidence, Leaf, Raw};
use super::sample::Sampler;
use super::sides::{Side, SidedStep, Sides, show_path};
use crate::model::{Contracts, EventId};
use crate::payload::fault::Fault;
use crate::payload::read::{self, Read};

pub(super) type Reach = BTreeMap<(EventId, EventId), Vec<SidedStep>>;

impl Raw {
    /// Adds what only the whole walk knows.
    pub fn finish(
        &self,
        sides: Sides<'_>,
        reach: &Reach,
        samplers: &(Sampler<'_>, Sampler<'_>),
        users: &Users,
    ) -> Finding {
        // Something that is gone is called what the old contract calls it.
        let side = if self.finding.new.is_none() {
            Side::Old
        } else {
            Side::New
        };
        let mut events = reached(sides, reach, &self.at, side);
        let mut pairs: Vec<(Option<EventId>, Option<EventId>)> = reach
            .keys()
            .map(|(old, new)| (Some(*old), Some(*new)))
            .collect();
        for (old, new) in &self.events {
            let event = match (new, old) {
                (Some(id), _) => sides.new.event_name(&sides.new[*id]),
                (None, Some(id)) => sides.old.event_name(&sides.old[*id]),
                (None, None) => continue,
            };
            events.push(Reached {
                event,
                path: String::new(),
            });
            pairs.push((*old, *new));
        }
        let services = match &self.services {
            Some(services) => services.clone(),
            None => users.hit(&pairs, self.finding.rule),
        };
        let (counterexamples, undecided) = show(self, sides, reach, samplers);
        Finding {
            events,
            services,
            counterexamples,
            undecided,
            ..self.finding.clone()
        }
    }
}

/// Services by the events that they use, in either contract.
pub(super) struct Users {
    old: HashMap<EventId, Vec<User>>,
    new: HashMap<EventId, Vec<User>>,
}

struct User {
    service: String,
    subscribes: bool,
}

impl Users {
    pub fn of(sides: Sides<'_>) -> Self {
        let index = |contracts: &Contracts| {
            let mut all: HashMap<EventId, Vec<User>> = HashMap::new();
            for service in &contracts.services {
                // An older event that a newer one supersedes is delivered as well.
                let delivered = contracts.delivered(service).into_iter();
                let published = service.publishes.iter().filter_map(|event| event.value);
                let uses = delivered
                    .map(|delivered| (delivered.event, true))
                    .chain(published.map(|event| (event, false)));
                for (event, subscribes) in uses {
                    let service = service.name.value.clone();
                    all.entry(event).or_default().push(User {
                        service,
                        subscribes,
                    });
                }
            }
            all
        };
        Self {
            old: index(sides.old),
            new: index(sides.new),
        }
    }

    /// Returns the services that are hit: new readers of old messages, old readers of new ones, and everybody who compiles
    /// against the contract.
    fn hit(&self, pairs: &[(Option<EventId>, Option<EventId>)], rule: &Rule) -> Vec<String> {
        let publishers = rule.categories.contains(&Category::Source)
            || rule.categories.contains(&Category::Operations);
        let old = pairs.iter().filter_map(|pair| self.old.get(&pair.0?));
        let new = pairs.iter().filter_map(|pair| self.new.get(&pair.1?));
        let all: BTreeSet<&String> = old
            .chain(new)
            .flatten()
            .filter(|user| user.subscribes || publishers)
            .filter(|_| !rule.categories.is_empty())
            .map(|user| &user.service)
            .collect();
        all.into_iter().cloned().collect()
    }
}

/// Events that a finding reaches, for the report.
pub(super) fn reached(
    sides: Sides<'_>,
    reach: &BTreeMap<(EventId, EventId), Vec<SidedStep>>,
    within: &[SidedStep],
    side: Side,
) -> Vec<Reached> {
    let mut all: Vec<(EventId, Reached)> = reach
        .iter()
        .map(|((_, new), path)| {
            let whole: Vec<SidedStep> = path.iter().chain(within).cloned().collect();
            let reached = Reached {
                event: sides.new.event_name(&sides.new[*new]),
                path: show_path(&whole, side),
            };
            (*new, reached)
        })
        .collect();
    all.sort_by_key(|(event, _)| *event);
    all.into_iter().map(|(_, reached)| reached).collect()
}

/// Maximum number of events that are looked at: a type that a thousand reach is shown by the first.
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
        let claims = raw.finding.severity == Severity::Breaks
            && raw.finding.rule.categories.contains(&direction.category());
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
        raw.finding.undecided.clone().unwrap_or_else(|| {
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
    path: Vec<SidedStep>,
}

impl<'a> Case<'a> {
    fn new(
        evidence: &Evidence,
        sides: Sides<'a>,
        (old, new): (EventId, EventId),
        path: &[SidedStep],
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
        let meant = read::read(self.writer.0, self.writer.1, &payload).ok()?;
        // A variant that is itself the change is none that both sides have.
        let own = usize::from(matches!(evidence.at.last(), Some(SidedStep::Variant(_))));
        let around = &self.path[..self.path.len() - own];
        let control = self.sampler.event(ids, around, &Leaf::Control);
        let others: Vec<Fault> = control.map_or_else(Vec::new, |control| {
            read::read_all(self.reader.0, self.reader.1, &control).1
        });
        let (read, faults) = read::read_all(self.reader.0, self.reader.1, &payload);
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

    /// Returns how the reader misunderstands the writer at this place, if it does.
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
        let other = there.iter().zip(&here).any(|(a, b)| !read::same(a, b));
        other.then(|| {
            let place = show_path(&self.path, self.side);
            Outcome::Misread(format!(
                "`{place}` is read as another kind of value than was written"
            ))
        })
    }
}

/// Values that were read at the end of a path.
fn at<'r>(read: &'r Read, path: &[SidedStep], side: Side) -> Vec<&'r Read> {
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

fn down<'r>(read: &'r Read, step: &SidedStep, side: Side) -> Vec<&'r Read> {
    match (read, step) {
        (Read::Object(members), SidedStep::Field { .. }) => step
            .field(side)
            .and_then(|name| members.get(name))
            .into_iter()
            .collect(),
        (Read::List(items), SidedStep::Item) => items.iter().collect(),
        (Read::Map(entries), SidedStep::Entry) => entries.values().collect(),
        (Read::Variant(known, body), SidedStep::Variant(tag)) if known == tag => vec![&**body],
        _ => Vec::new(),
    }
}
