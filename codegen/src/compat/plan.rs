//! The order in which services can be upgraded, or why there is none and what to do. Follows from findings alone.
//!
//! Forward broken alone: consumers first. Backward broken alone: publishers first, then what is old must be gone. Both, or
//! another route or meaning: no order of two versions of one event helps, a new event does.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::finding::{Blocked, Category, Direction, Finding, Plan, RolloutStep, Severity};
use crate::model::{Contracts, EventId};
use crate::source::Spanned;

/// Breaks of one event.
#[derive(Default)]
struct Broken {
    backward: bool,
    forward: bool,
    /// Rules that leave messages or meaning behind, with what each says to do instead.
    rules: BTreeMap<&'static str, String>,
}

const SUPERSEDE: &str = "declare a new event that `supersedes` it, under a subject of its own: upgrade the consumers, then switch the publishers, never both at once; remove the old event when the stream holds none of it";

/// Plans a change from its findings, accepted ones included: an accepted break happens all the same.
pub(super) fn plan(old: &Contracts, new: &Contracts, findings: &[Finding]) -> Plan {
    let users = Users::of(old, new);
    let mut plan = Plan::default();
    let mut edges = Edges::default();
    let mut blocked: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for (event, broken) in broken(findings) {
        let (publishers, subscribers) = users.get(&event);
        let both: Vec<&String> = publishers.intersection(subscribers).collect();
        let reason = if !broken.rules.is_empty() {
            let rules: Vec<&str> = broken.rules.keys().copied().collect();
            let advice: BTreeSet<&str> = broken.rules.values().map(String::as_str).collect();
            let advice: Vec<&str> = advice.into_iter().collect();
            Some((
                format!(
                    "old and new services would miss or misunderstand each other ({})",
                    rules.join(", ")
                ),
                advice.join("; also "),
            ))
        } else if broken.backward && broken.forward {
            Some((
                "new consumers refuse old messages, and old consumers refuse new ones".to_owned(),
                SUPERSEDE.to_owned(),
            ))
        } else if let Some(service) = both.first() {
            Some((
                format!(
                    "`{service}` both publishes and handles it, and its replicas are not upgraded at once"
                ),
                if broken.forward {
                    "make it two releases: first one that reads the new messages and still writes the old; or stop every old replica before the first new one starts"
                } else {
                    "make it two releases: first one that writes what the new contract demands and still reads the old messages"
                }
                .to_owned(),
            ))
        } else {
            None
        };
        if let Some((reason, advice)) = reason {
            blocked.entry((reason, advice)).or_default().push(event);
        } else if broken.forward {
            edges.add(subscribers, publishers, None);
        } else {
            edges.add(publishers, subscribers, Some(users.drained(&event)));
        }
    }
    plan.blocked = blocked
        .into_iter()
        .map(|((reason, advice), events)| Blocked {
            events,
            reason,
            advice,
        })
        .collect();
    edges.order(&mut plan);
    plan
}

/// Collects breaks by event. Source and operations need no order of upgrades.
fn broken(findings: &[Finding]) -> BTreeMap<String, Broken> {
    let mut all: BTreeMap<String, Broken> = BTreeMap::new();
    for finding in findings.iter().filter(|f| f.severity == Severity::Breaks) {
        let otherwise = finding
            .rule
            .categories
            .iter()
            .any(|c| matches!(c, Category::Routing | Category::Semantic));
        let payload = finding
            .rule
            .categories
            .iter()
            .any(|c| matches!(c, Category::Backward | Category::Forward));
        if !otherwise && !payload {
            continue;
        }
        for reached in &finding.events {
            let broken = all.entry(reached.event.clone()).or_default();
            if otherwise {
                broken.rules.insert(finding.rule.id, finding.help.clone());
            } else {
                broken.backward |= finding.breaks(Direction::Backward);
                broken.forward |= finding.breaks(Direction::Forward);
            }
        }
    }
    all
}

/// Publishers and subscribers of events, in either contract.
struct Users<'a> {
    by_event: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>,
    nobody: (BTreeSet<String>, BTreeSet<String>),
    old: &'a Contracts,
    /// The old contract's events by full name.
    events: HashMap<String, usize>,
}

impl<'a> Users<'a> {
    fn of(old: &'a Contracts, new: &Contracts) -> Self {
        let mut by_event: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
        for contracts in [old, new] {
            for service in &contracts.services {
                let name = &service.name.value;
                let known = |list: &[Spanned<Option<EventId>>]| {
                    list.iter()
                        .filter_map(|event| event.value)
                        .map(|id| contracts.event_name(&contracts[id]))
                        .collect::<Vec<_>>()
                };
                for event in known(&service.publishes) {
                    by_event.entry(event).or_default().0.insert(name.clone());
                }
                for delivered in contracts.delivered(service) {
                    let event = contracts.event_name(&contracts[delivered.event]);
                    by_event.entry(event).or_default().1.insert(name.clone());
                }
            }
        }
        Self {
            by_event,
            nobody: Default::default(),
            old,
            events: super::sides::named(old),
        }
    }

    fn get(&self, event: &str) -> (&BTreeSet<String>, &BTreeSet<String>) {
        let (publishers, subscribers) = self.by_event.get(event).unwrap_or(&self.nobody);
        (publishers, subscribers)
    }

    /// Says when no old message of an event is left.
    fn drained(&self, event: &str) -> String {
        let stream = self
            .events
            .get(event)
            .and_then(|at| self.old.stream_of(&self.old.events[*at]));
        let Some(stream) = stream else {
            return format!("until no old publisher of `{event}` runs");
        };
        let name = &stream.name.value;
        match &stream.max_age {
            Some(_) => format!(
                "until the durable consumers of `{event}` have drained and the `max_age` of {name} has passed, so that no old message is left to read or to replay"
            ),
            None => format!(
                "until the durable consumers of `{event}` have drained, and purge its old messages from {name}, which has no `max_age`: a replay would meet them"
            ),
        }
    }
}

/// Order of services: pairs of which the first is upgraded before the second.
#[derive(Default)]
struct Edges {
    /// Service to those that come after it.
    after: BTreeMap<String, BTreeSet<String>>,
    /// Conditions to wait for once a service and all others that need it are upgraded.
    waits: Vec<(BTreeSet<String>, String)>,
}

impl Edges {
    fn add(&mut self, first: &BTreeSet<String>, then: &BTreeSet<String>, wait: Option<String>) {
        for service in first {
            self.after
                .entry(service.clone())
                .or_default()
                .extend(then.iter().cloned());
        }
        for service in then {
            self.after.entry(service.clone()).or_default();
        }
        if let Some(wait) = wait {
            self.waits.push((first.clone(), wait));
        }
    }

    /// Layer by layer; what is left over waits for itself.
    fn order(mut self, plan: &mut Plan) {
        let mut before: BTreeMap<String, usize> =
            self.after.keys().map(|s| (s.clone(), 0)).collect();
        for service in self.after.values().flatten() {
            *before.entry(service.clone()).or_default() += 1;
        }
        let mut done = BTreeSet::new();
        while !before.is_empty() {
            let ready: Vec<String> = before
                .iter()
                .filter(|(_, n)| **n == 0)
                .map(|(s, _)| s.clone())
                .collect();
            if ready.is_empty() {
                let names: Vec<String> = before.keys().map(|s| format!("`{s}`")).collect();
                plan.blocked.push(Blocked {
                    events: Vec::new(),
                    reason: format!("{} would each have to be upgraded before another of them", names.join(", ")),
                    advice: "split the change: release the part that breaks one direction first, and the rest after it".to_owned(),
                });
                break;
            }
            for service in &ready {
                before.remove(service);
                done.insert(service.clone());
                for later in self.after.get(service).into_iter().flatten() {
                    if let Some(n) = before.get_mut(later) {
                        *n -= 1;
                    }
                }
            }
            let (over, open) = std::mem::take(&mut self.waits)
                .into_iter()
                .partition(|(services, _)| services.is_subset(&done));
            self.waits = open;
            let over: Vec<(BTreeSet<String>, String)> = over;
            plan.steps.push(RolloutStep {
                services: ready,
                wait: over.into_iter().map(|(_, wait)| wait).collect(),
            });
        }
    }
}
