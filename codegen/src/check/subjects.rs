//! Rules about subjects: reserved roots, placeholders, and events that could be taken for each other.

use std::collections::HashMap;

use super::gaps::Gaps;
use super::ids::{self, Use};

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Contracts, Event, TypeKind};
use crate::subject::{PARTITION, Segment, Template};

/// First tokens that NATS or the runtime uses itself, each with its use.
const RESERVED_ROOTS: &[(&str, &str)] = &[
    ("$JS", "JetStream's own interface"),
    ("$SYS", "the server's system events"),
    ("$KV", "key-value buckets"),
    ("$O", "object stores"),
    ("_INBOX", "answers to requests"),
    ("dead_letters", "dead letters"),
    ("redrive", "redriven dead letters"),
];

/// What a first token is used for that is reserved.
pub(super) fn owner(root: &str) -> Option<&'static str> {
    let named = RESERVED_ROOTS.iter().find(|(name, _)| *name == root);
    named.map(|(_, owner)| *owner).or(match root {
        _ if root.starts_with('$') => Some("the server itself"),
        _ if root.starts_with("_INBOX") => Some("answers to requests"),
        "_R_" | "_GR_" => Some("the server itself"),
        _ => None,
    })
}

/// `reserved-subject`: the first token belongs to somebody else.
pub(super) fn reserved_roots(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for event in &contracts.events {
        let Some(Segment::Literal(root)) = event.subject.segments.first() else {
            continue;
        };
        let Some(owner) = owner(root) else {
            continue;
        };
        let place = contracts.sources.inside(event.subject.span, 0..root.len());
        diagnostics.push(
            Diagnostic::new(
                Code::ReservedSubject,
                place,
                format!(
                    "the event \"{}\" has a subject under `{root}`, which is reserved",
                    event.name.value
                ),
            )
            .label(format!("used for {owner}"))
            .help("start the subject with another token, for example the domain's name"),
        );
    }
}

/// `placeholder-field`: a placeholder names a field that is missing or that cannot be a token.
pub(super) fn placeholders(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let gaps = Gaps::new(contracts, diagnostics);
    for event in &contracts.events {
        // What could not be read has been reported.
        if event.body.kind == TypeKind::Invalid {
            continue;
        }
        let fields = event.body.fields();
        let mut start = 0;
        for segment in &event.subject.segments {
            let name = match segment {
                Segment::Literal(text) => {
                    start += text.len() + 1;
                    continue;
                }
                Segment::Placeholder(name) => name,
            };
            let range = start..start + name.len() + 2;
            start = range.end + 1;
            if name == PARTITION {
                continue;
            }
            let place = contracts.sources.inside(event.subject.span, range);
            let Some(field) = fields.iter().find(|field| field.name.value == *name) else {
                if gaps.in_table(event.name.span) {
                    continue;
                }
                diagnostics.push(
                    Diagnostic::new(
                        Code::PlaceholderField,
                        place,
                        format!("the event \"{}\" has no field \"{name}\"", event.name.value),
                    )
                    .label("a placeholder is the name of a field")
                    .suggest(name, fields.iter().map(|field| field.name.value.as_str())),
                );
                continue;
            };
            if let Some(why) = ids::unfit(contracts, field, Use::Placeholder) {
                diagnostics.push(
                    Diagnostic::new(
                        Code::PlaceholderField,
                        place,
                        format!("\"{name}\" cannot be a placeholder: {}", why.reason),
                    )
                    .related(why.place, why.label)
                    .help(why.help),
                );
            }
        }
    }
}

/// `subject-overlap` and `ephemeral-under-stream`: one message could be either of two events.
pub(super) fn overlaps(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let mut found = Overlaps {
        same: vec![None; contracts.events.len()],
        ephemeral: vec![None; contracts.events.len()],
    };
    for events in buckets(contracts).into_values() {
        find(contracts, &events, &mut found);
    }
    let gaps = Gaps::new(contracts, diagnostics);
    for (at, event) in contracts.events.iter().enumerate() {
        if let Some(other) = found.same[at] {
            diagnostics.push(overlap(contracts, event, &contracts.events[other]));
        }
        // Its `stream` may be what was lost.
        if let Some(other) = found.ephemeral[at]
            && !gaps.in_table(event.name.span)
        {
            diagnostics.push(under_stream(contracts, event, &contracts.events[other]));
        }
    }
}

/// For each event the first one that it overlaps with.
struct Overlaps {
    /// An earlier event, both stored or both ephemeral.
    same: Vec<Option<usize>>,
    /// For an ephemeral event: a stored one.
    ephemeral: Vec<Option<usize>>,
}

impl Overlaps {
    fn note(&mut self, contracts: &Contracts, a: usize, b: usize) {
        let stored = |at: usize| contracts.events[at].stream.is_some();
        let keep = |slot: &mut Option<usize>, other: usize| {
            *slot = Some(slot.map_or(other, |known| known.min(other)));
        };
        match (stored(a), stored(b)) {
            (true, false) => keep(&mut self.ephemeral[b], a),
            (false, true) => keep(&mut self.ephemeral[a], b),
            _ if a != b => keep(&mut self.same[a.max(b)], a.min(b)),
            _ => {}
        }
    }
}

/// Only subjects with as many tokens and the same first token can overlap: the first is never a placeholder.
fn buckets(contracts: &Contracts) -> HashMap<(usize, &str), Vec<usize>> {
    let mut buckets: HashMap<(usize, &str), Vec<usize>> = HashMap::new();
    for (at, event) in contracts.events.iter().enumerate() {
        if let Some(Segment::Literal(first)) = event.subject.segments.first() {
            buckets
                .entry((event.subject.segments.len(), first))
                .or_default()
                .push(at);
        }
    }
    buckets
}

/// Finds the overlaps of one bucket in time proportional to its events times its shapes (which tokens are literal).
///
/// Two templates overlap when they agree wherever both are literal. So for each pair of shapes the tokens that are
/// literal in both are a key, and equal keys are overlaps.
fn find(contracts: &Contracts, events: &[usize], found: &mut Overlaps) {
    let template = |at: usize| -> &Template { &contracts.events[at].subject.value };
    let mut shapes: HashMap<Vec<bool>, Vec<usize>> = HashMap::new();
    for &at in events {
        let literal = template(at)
            .segments
            .iter()
            .map(|segment| segment.placeholder().is_none())
            .collect();
        shapes.entry(literal).or_default().push(at);
    }
    let shapes: Vec<(Vec<bool>, Vec<usize>)> = shapes.into_iter().collect();
    for (shape, left) in &shapes {
        for (other, right) in &shapes {
            let common: Vec<usize> = (0..shape.len())
                .filter(|&token| shape[token] && other[token])
                .collect();
            // The first stored and the first ephemeral event of each key: enough to give every event a partner.
            let mut firsts: HashMap<Vec<&Segment>, [Option<usize>; 2]> = HashMap::new();
            let key = |at: usize| -> Vec<&Segment> {
                common
                    .iter()
                    .map(|&token| &template(at).segments[token])
                    .collect()
            };
            for &at in left {
                let kind = usize::from(contracts.events[at].stream.is_some());
                let slot = &mut firsts.entry(key(at)).or_default()[kind];
                *slot = Some(slot.map_or(at, |known: usize| known.min(at)));
            }
            for &at in right {
                for first in firsts.get(&key(at)).into_iter().flatten().flatten() {
                    found.note(contracts, at, *first);
                }
            }
        }
    }
}

fn overlap(contracts: &Contracts, event: &Event, first: &Event) -> Diagnostic {
    let same = event.subject.pattern() == first.subject.pattern();
    let message = if same {
        format!(
            "the events \"{}\" and \"{}\" have the same subject",
            first.name.value, event.name.value
        )
    } else {
        format!(
            "the subjects of the events \"{}\" and \"{}\" can be the same",
            first.name.value, event.name.value
        )
    };
    let diagnostic = Diagnostic::new(Code::SubjectOverlap, event.subject.span, message);
    let diagnostic = match example(&event.subject, &first.subject) {
        Some(text) if !same => diagnostic.label(format!("`{text}` matches both")),
        _ => diagnostic.label("the same subject"),
    };
    diagnostic
        .related(
            first.subject.span,
            format!("subject of {}", contracts.event_name(first)),
        )
        .help("give each event a literal token that the other one does not have, for example its name at the end")
}

fn under_stream(contracts: &Contracts, event: &Event, stored: &Event) -> Diagnostic {
    let stream = contracts
        .stream_of(stored)
        .map_or("a stream".to_owned(), |stream| {
            format!("the stream {}", stream.name.value)
        });
    Diagnostic::new(
        Code::EphemeralUnderStream,
        event.subject.span,
        format!(
            "the ephemeral event \"{}\" would be stored by {stream}",
            event.name.value
        ),
    )
    .label("published without an acknowledgement, but stored")
    .related(
        stored.subject.span,
        format!(
            "{stream} takes `{}` for {}",
            stored.subject.pattern(),
            contracts.event_name(stored)
        ),
    )
    .help("give it a subject that no stored event matches, or store it too with `stream`")
}

/// A subject that matches both templates.
fn example(a: &Template, b: &Template) -> Option<String> {
    let tokens: Option<Vec<&str>> = a
        .segments
        .iter()
        .zip(&b.segments)
        .map(|pair| match pair {
            (Segment::Literal(text), _) | (_, Segment::Literal(text)) => Some(text.as_str()),
            (Segment::Placeholder(name), Segment::Placeholder(_)) => Some(name.as_str()),
        })
        .collect();
    tokens.map(|tokens| tokens.join("."))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::super::tests::{event, folder};
    use super::*;

    fn codes(subjects: &[(&str, bool)]) -> Vec<(usize, Code)> {
        let mut contracts = folder();
        for (at, (subject, stored)) in subjects.iter().enumerate() {
            contracts.events.push(event(at, subject, *stored));
        }
        let mut diagnostics = Diagnostics::default();
        overlaps(&contracts, &mut diagnostics);
        let mut found: Vec<_> = diagnostics
            .iter()
            .map(|d| (d.span.start as usize, d.code))
            .collect();
        found.sort();
        found
    }

    #[test]
    fn each_overlapping_event_is_reported_once() {
        use Code::{EphemeralUnderStream as Under, SubjectOverlap as Same};
        assert_eq!(codes(&[("a.b", true), ("a.c", true), ("a.b.c", true)]), []);
        assert_eq!(codes(&[("a.{x}", true), ("a.b", true)]), [(1, Same)]);
        assert_eq!(codes(&[("a.b", true), ("a.{x}", true)]), [(1, Same)]);
        assert_eq!(
            codes(&[("a.b", true), ("a.b", true), ("a.b", true)]),
            [(1, Same), (2, Same)]
        );
        assert_eq!(codes(&[("a.b.{x}", true), ("a.{y}.c", true)]), [(1, Same)]);
        assert_eq!(codes(&[("a.b.{x}", true), ("a.c.{y}", true)]), []);
        assert_eq!(codes(&[("a.b", false), ("a.{x}", true)]), [(0, Under)]);
        assert_eq!(
            codes(&[("a.b", true), ("a.b", false), ("a.{x}", false)]),
            [(1, Under), (2, Same), (2, Under)]
        );
    }

    /// The rule against the definition, over every small template.
    #[test]
    fn agrees_with_the_pairwise_definition() {
        let tokens = ["a", "b", "{x}", "{y}"];
        let mut subjects = Vec::new();
        for second in tokens {
            for third in tokens {
                if second != third || !second.starts_with('{') {
                    subjects.push(format!("r.{second}.{third}"));
                }
            }
        }
        for a in &subjects {
            for b in &subjects {
                let (left, right) = (Template::parse(a).unwrap(), Template::parse(b).unwrap());
                let found = !codes(&[(a, true), (b, true)]).is_empty();
                assert_eq!(found, left.overlaps(&right), "{a} {b}");
            }
        }
    }

    #[test]
    fn ten_thousand_events_are_no_burden() {
        let subjects: Vec<String> = (0..10_000)
            .map(|at| match at % 4 {
                0 => format!("r.e{at}.{{x}}.b"),
                1 => format!("r.{{x}}.e{at}.c"),
                2 => format!("r.{{x}}.{{y}}.e{at}"),
                _ => format!("r.e{at}.x.f"),
            })
            .collect();
        let subjects: Vec<(&str, bool)> = subjects.iter().map(|s| (s.as_str(), true)).collect();
        let started = Instant::now();
        assert_eq!(codes(&subjects), []);
        assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
    }
}
