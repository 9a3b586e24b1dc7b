//! Who talks to whom, drawn: services and events as nodes that are links, publishing and handling as arrows.
//!
//! A picture that nobody can read is not drawn: contracts beyond [`MOST_NODES`] get a graph of their domains when that is not
//! a tangle, and one for each domain. In each size there is one for each service, with what is around it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::html::{count, link, text};
use super::index::Index;
use super::layout::{self, NODE_HEIGHT, Picture, Point};
use super::{ids, names};
use crate::model::{DomainId, EventId, ServiceId};

/// Nodes of the largest graph that is drawn.
const MOST_NODES: usize = 70;
/// Arrows of the largest graph that is drawn.
const MOST_ARROWS: usize = 260;
/// Crossings that a small picture may have, besides two for each arrow.
const TANGLE: usize = 20;
/// Width of the widest node.
const MOST_WIDTH: f64 = 200.0;
/// Room around a picture for focus rings.
const MARGIN: f64 = 6.0;

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Domain(DomainId),
    Service(ServiceId),
    Event(EventId),
    /// A service once more, at the right side: it handles what is left of it.
    Handler(ServiceId),
}

/// Nodes in the order of the model, and arrows between their positions.
#[derive(Default)]
struct Graph {
    nodes: Vec<Thing>,
    arrows: Vec<(usize, usize)>,
    /// What an arrow says, by position.
    labels: Vec<String>,
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

    fn is_readable(&self) -> bool {
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

/// Whether one picture shows everything.
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

/// The name of a node, alone.
fn label<'a>(index: &Index<'a>, thing: Thing) -> &'a str {
    let contracts = index.contracts;
    match thing {
        Thing::Domain(id) => &contracts[id].name,
        Thing::Service(id) | Thing::Handler(id) => &contracts[id].name,
        Thing::Event(id) => &contracts[id].name,
    }
}

/// The small line below a node's name.
fn second_line(index: &Index<'_>, thing: Thing) -> String {
    let contracts = index.contracts;
    match thing {
        Thing::Domain(id) => {
            let events = contracts.events.iter().filter(|event| event.domain == id);
            count(events.count(), "event", "events")
        }
        Thing::Service(_) | Thing::Handler(_) => "service".to_owned(),
        Thing::Event(id) => contracts[id].subject.text.clone(),
    }
}

/// What follows a node's lines for somebody who does not see the picture.
fn spoken(index: &Index<'_>, thing: Thing) -> String {
    match thing {
        Thing::Domain(_) => "domain".to_owned(),
        Thing::Service(id) | Thing::Handler(id) => {
            let (out, on) = (index.publishes(id).len(), index.subscribes(id).len());
            format!("handles {on}, publishes {out}")
        }
        Thing::Event(id) => {
            let by = names(index, index.publishers(id));
            let on = names(index, index.subscribers(id));
            format!("event published by {by}, handled by {on}")
        }
    }
}

fn id_of(index: &Index<'_>, thing: Thing) -> String {
    match thing {
        Thing::Domain(id) => ids::domain(index, id),
        Thing::Service(id) | Thing::Handler(id) => ids::service(index, id),
        Thing::Event(id) => ids::event(index, id),
    }
}

fn classes(index: &Index<'_>, thing: Thing, centre: Option<Thing>) -> String {
    let mut out = match thing {
        Thing::Domain(_) => "n dom".to_owned(),
        Thing::Service(_) | Thing::Handler(_) => "n svc".to_owned(),
        Thing::Event(id) => {
            let event = &index.contracts[id];
            let loose = if event.stream.is_none() { " loose" } else { "" };
            let old = if event.deprecated.is_some() {
                " old"
            } else {
                ""
            };
            format!("n evt{loose}{old}")
        }
    };
    if centre == Some(thing) {
        out.push_str(" centre");
    }
    out
}

/// At most so many characters.
fn clip(line: &str, most: usize) -> String {
    if line.chars().count() <= most {
        return line.to_owned();
    }
    let kept: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// A picture in a frame that scrolls sideways where there is no room for it; nothing when nobody could read it.
fn figure(index: &Index<'_>, graph: &Graph, says: &str, centre: Option<Thing>) -> Option<String> {
    if !graph.is_readable() {
        return None;
    }
    let lines: Vec<(String, String)> = graph
        .nodes
        .iter()
        .map(|thing| {
            let name = clip(label(index, *thing), 22);
            (name, clip(&second_line(index, *thing), 26))
        })
        .collect();
    let widths: Vec<f64> = lines
        .iter()
        .map(|(name, small)| {
            let widest =
                (name.chars().count() as f64 * 7.7).max(small.chars().count() as f64 * 6.4);
            (widest + 30.0).clamp(84.0, MOST_WIDTH)
        })
        .collect();
    let picture = layout::place(&widths, &graph.arrows);
    // Arrows that are mostly crossings tell nothing that the lists do not tell better.
    if picture.crossings > TANGLE + graph.arrows.len() * 2 {
        return None;
    }
    let (w, h) = (picture.width + 2.0 * MARGIN, picture.height + 2.0 * MARGIN);
    let mut out = format!(
        "<figure class=graph><div class=pan><svg viewBox=\"{} {} {w:.0} {h:.0}\" style=\"--w:{w:.0}px\" role=group aria-label=\"{}\">",
        -MARGIN,
        -MARGIN,
        text(says)
    );
    arrows(&mut out, graph, &picture);
    for (at, thing) in graph.nodes.iter().enumerate() {
        let (x, y) = picture.nodes[at];
        let width = widths[at];
        let (name, small) = &lines[at];
        let round = if matches!(thing, Thing::Service(_) | Thing::Handler(_)) {
            22
        } else {
            8
        };
        let _ = write!(
            out,
            "<a class=\"{}\" href=\"{}\" data-n={at} aria-label=\"{}\" transform=\"translate({x:.0} {y:.0})\">\
             <rect width={width:.0} height={NODE_HEIGHT:.0} rx={round} />\
             <text x={middle:.0} y=19>{}</text> <text class=sub x={middle:.0} y=34>{}</text></a>",
            classes(index, *thing, centre),
            link(&id_of(index, *thing)),
            text(&format!("{name} {small}: {}", spoken(index, *thing))),
            text(name),
            text(small),
            middle = width / 2.0,
        );
    }
    out.push_str("</svg></div></figure>");
    Some(out)
}

fn arrows(out: &mut String, graph: &Graph, picture: &Picture) {
    out.push_str("<g class=arrows aria-hidden=true>");
    for (at, ((from, to), route)) in graph.arrows.iter().zip(&picture.edges).enumerate() {
        let title = graph
            .labels
            .get(at)
            .map(|label| format!("<title>{}</title>", text(label)));
        let _ = write!(
            out,
            "<path data-e=\"{from} {to}\" d=\"{}\">{}</path>",
            path(route),
            title.unwrap_or_default()
        );
    }
    out.push_str("</g>");
}

/// A smooth line through a route, with its arrowhead.
fn path(route: &[Point]) -> String {
    let mut out = String::new();
    let [first, inner @ .., last] = route else {
        return out;
    };
    let sign = if last.0 < inner.last().unwrap_or(first).0 {
        -1.0
    } else {
        1.0
    };
    let tip = (last.0 - 2.0 * sign, last.1);
    let _ = write!(out, "M{:.0} {:.0}", first.0, first.1);
    let mut at = *first;
    for pair in inner.chunks(2) {
        if let [enter, leave] = pair {
            curve(&mut out, at, *enter);
            let _ = write!(out, "H{:.0}", leave.0);
            at = *leave;
        }
    }
    curve(&mut out, at, tip);
    let back = 7.0 * sign;
    let _ = write!(out, "m{:.0} -4l{back:.0} 4l{:.0} 4", -back, -back);
    out
}

fn curve(out: &mut String, from: Point, to: Point) {
    let middle = (from.0 + to.0) / 2.0;
    let _ = write!(
        out,
        "C{middle:.0} {:.0} {middle:.0} {:.0} {:.0} {:.0}",
        from.1, to.1, to.0, to.1
    );
}
