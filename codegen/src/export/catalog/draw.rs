//! A graph as SVG: services and events as nodes that are links, publishing and handling as arrows. Knows how things look
//! and what they are called; never which of them belong together.

use std::fmt::Write;

use super::graph::{Graph, Thing};
use super::html::{count, link, text};
use super::ids;
use super::index::Index;
use super::layout::{self, NODE_HEIGHT, Picture, Point};
use super::links::names;

/// Crossings that a small picture may have, besides two for each arrow.
const TANGLE: usize = 20;
/// Width of the widest node.
const MOST_WIDTH: f64 = 200.0;
/// Room around a picture for focus rings.
const MARGIN: f64 = 6.0;

/// The name of a node, alone.
pub(super) fn label<'a>(index: &Index<'a>, thing: Thing) -> &'a str {
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
pub(super) fn figure(
    index: &Index<'_>,
    graph: &Graph,
    says: &str,
    centre: Option<Thing>,
) -> Option<String> {
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
        let place = (at, picture.nodes[at], widths[at]);
        node(&mut out, index, *thing, centre, &lines[at], place);
    }
    out.push_str("</svg></div></figure>");
    Some(out)
}

/// One node: `place` is its position in the graph, its corner and its width.
fn node(
    out: &mut String,
    index: &Index<'_>,
    thing: Thing,
    centre: Option<Thing>,
    (name, small): &(String, String),
    (at, (x, y), width): (usize, Point, f64),
) {
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
        classes(index, thing, centre),
        link(&id_of(index, thing)),
        text(&format!("{name} {small}: {}", spoken(index, thing))),
        text(name),
        text(small),
        middle = width / 2.0,
    );
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
