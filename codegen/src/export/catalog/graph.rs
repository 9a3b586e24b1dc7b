//! Who talks to whom: which services, events and domains stand in which picture. Draws nothing.
//!
//! A picture that nobody can read is not drawn: contracts beyond [`MOST_NODES`] get a graph of their domains when that is not
//! a tangle, and one for each domain. In each size there is one for each service, with what is around it.

use std::collections::{BTreeMap, BTreeSet};

use super::draw::{figure, label};
use super::html::count;
use super::index::Index;
use crate::model::{DomainId, EventId, ServiceId};

/// Nodes of the largest graph that is drawn.
const MOST_NODES: usize = 70;
/// Arrows of the largest graph that is drawn.
const MOST_ARROWS: usize = 260;

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Thing {
    Domain(DomainId),
    Service(ServiceId),
    Event(EventId),
    /// A service once more, at the right side: it handles what is left of it.
    Handler(ServiceId),
}

/// Nodes in the order of the model, and arrows between their positions.
#[derive(Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Thing>,
    pub(super) arrows: Vec<(usize, usize)>,
    /// What an arrow says, by position.
    pub(super) labels: Vec<String>,
}

impl Graph {
    /// The nodes that an arrow has, and the arrows.
    fn new(arrows: &BTreeSet<(Thing, Thing)>) -> Self {
        let nodes: BTreeSet<Thing> = arrows.iter().flat_map(|(from, to)| [*from, *to]).collect();
        let nodes: Vec<Thing> = nodes.into_iter().collect();
        // The set was sorted: every end is found.
        let at = |thing: &Thing| nodes.binary_search(thing).unwrap_or_default();
        Self {
            arrows: arrows.iter().map(|(from, to)| (at(from), at(to))).collect(),
            labels: Vec::new(),
            nodes,
        }
    }

    fn pairs(&self) -> impl Iterator<Item = (Thing, Thing)> {
        self.arrows
            .iter()
            .map(|(from, to)| (self.nodes[*from], self.nodes[*to]))
    }

    pub(super) fn is_readable(&self) -> bool {
        !self.nodes.is_empty() && self.nodes.len() <= MOST_NODES && self.arrows.len() <= MOST_ARROWS
    }
}

/// The arrows of one event: from who publishes it, to who handles it.
fn arrows_of(index: &Index<'_>, event: EventId) -> impl Iterator<Item = (Thing, Thing)> {
    let from = index.publishers(event).iter();
    let to = index.subscribers(event).iter();
    from.map(move |service| (Thing::Service(*service), Thing::Event(event)))
        .chain(to.map(move |service| (Thing::Event(event), Thing::Service(*service))))
}

fn all(index: &Index<'_>) -> Graph {
    let arrows = index.events().flat_map(|event| arrows_of(index, event));
    Graph::new(&arrows.collect())
}

/// Returns whether one picture shows everything.
pub(super) fn fits(index: &Index<'_>) -> bool {
    let graph = all(index);
    graph.is_readable() || graph.nodes.is_empty()
}

/// Everything in one picture, or how the domains depend on each other; nothing when neither can be read.
pub(super) fn overview(index: &Index<'_>) -> Option<String> {
    let graph = all(index);
    if graph.is_readable() {
        let says = "Services and events: who publishes what, and who handles it";
        return figure(index, &graph, says, None);
    }
    figure(
        index,
        &domains(index),
        "Domains: whose services handle whose events",
        None,
    )
}

/// One domain's events in the middle, who publishes them at the left, and who handles them at the right.
pub(super) fn of_domain(index: &Index<'_>, domain: DomainId) -> Option<String> {
    let events = index
        .events()
        .filter(|event| index.contracts[*event].domain == domain);
    let right = |(from, to)| match to {
        Thing::Service(service) => (from, Thing::Handler(service)),
        _ => (from, to),
    };
    let arrows = events.flat_map(|event| arrows_of(index, event)).map(right);
    let says = format!(
        "Events of {} and their services",
        index.contracts[domain].name
    );
    figure(index, &Graph::new(&arrows.collect()), &says, None)
}

/// One service, its events and who is at their other ends; only its events when that would be too much.
pub(super) fn of_service(index: &Index<'_>, service: ServiceId) -> Option<String> {
    let publishes = index.publishes(service);
    let subscribes = index.subscribes(service);
    let around = publishes.iter().chain(&subscribes);
    // Not its rivals: who else publishes what it publishes says nothing of it.
    let arrows = around
        .flat_map(|event| arrows_of(index, *event))
        .filter(|arrow| match *arrow {
            (Thing::Service(from), Thing::Event(event)) => {
                from == service || subscribes.contains(&event)
            }
            (Thing::Event(event), Thing::Service(to)) => {
                to == service || publishes.contains(&event)
            }
            _ => false,
        });
    let arrows: BTreeSet<_> = arrows.collect();
    let own = |end: Thing| end == Thing::Service(service);
    let near = || arrows.iter().filter(|(from, to)| own(*from) || own(*to));
    let says = format!(
        "What {} handles and publishes",
        index.contracts[service].name.value
    );
    [Graph::new(&arrows), Graph::new(&near().copied().collect())]
        .iter()
        .find_map(|graph| figure(index, graph, &says, Some(Thing::Service(service))))
}

/// An arrow from each domain to those whose services handle its events, with how many they are.
fn domains(index: &Index<'_>) -> Graph {
    let mut handled: BTreeMap<(Thing, Thing), BTreeSet<EventId>> = BTreeMap::new();
    for event in index.events() {
        let from = index.contracts[event].domain;
        for service in index.subscribers(event) {
            let to = index.contracts[*service].domain;
            if from != to {
                let arrow = (Thing::Domain(from), Thing::Domain(to));
                handled.entry(arrow).or_default().insert(event);
            }
        }
    }
    let mut graph = Graph::new(&handled.keys().copied().collect());
    let says = |((from, to), events): (&(Thing, Thing), &BTreeSet<EventId>)| {
        let n = count(events.len(), "event", "events");
        format!("{n} of {} to {}", label(index, *from), label(index, *to))
    };
    graph.labels = handled.iter().map(says).collect();
    graph
}

/// The domains that handle events of a domain, and those whose events it handles.
pub(super) fn neighbours(index: &Index<'_>) -> Vec<(BTreeSet<DomainId>, BTreeSet<DomainId>)> {
    let mut all = vec![(BTreeSet::new(), BTreeSet::new()); index.contracts.domains.len()];
    for (from, to) in domains(index).pairs() {
        if let (Thing::Domain(from), Thing::Domain(to)) = (from, to) {
            all[from.0].0.insert(to);
            all[to.0].1.insert(from);
        }
    }
    all
}
