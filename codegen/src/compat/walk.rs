//! Pairs what is the same thing in both contracts, runs the rules on each pair once, and follows findings back to events.
//!
//! Nodes are pairs of events and of named types; an edge is a path from one to the other. A pair of types is one node
//! however many fields lead to it, so recursion ends and the work is linear in the size of the contracts. Judges nothing.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::choice::Choices;
use super::event::EventPair;
use super::field::FieldPair;
use super::finding::{self, Finding, Severity};
use super::leaf::Leaves;
use super::objects::Objects;
use super::proof::Users;
use super::raw::{Raw, Sink};
use super::rule::{CHECKS, Check, RULES};
use super::sample::Sampler;
use super::schema::Schemas;
use super::server::{ServicePair, StreamPair};
use super::sides::{Side, SidedStep, Sides, Spot, named};
use crate::model::{Contracts, EventId, TypeId, TypeKind};
use crate::payload::demands::TypeAt;
use crate::payload::shape::{Shape, Slot};
use crate::source::Span;

/// Pair of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Event(EventId, EventId),
    Type(TypeId, TypeId),
}

struct Node {
    key: Key,
    raws: Vec<Raw>,
    /// Nodes that lead here, and their paths.
    from: Vec<(usize, Vec<SidedStep>)>,
}

pub(super) struct Walk<'a> {
    sides: Sides<'a>,
    nodes: Vec<Node>,
    index: HashMap<Key, usize>,
    queue: VecDeque<usize>,
    /// Findings about no payload: subjects, streams, services.
    loose: Vec<Raw>,
}

impl<'a> Walk<'a> {
    /// Visits every pair.
    pub fn run(old: &'a Contracts, new: &'a Contracts) -> Self {
        let mut walk = Self {
            sides: Sides { old, new },
            nodes: Vec::new(),
            index: HashMap::new(),
            queue: VecDeque::new(),
            loose: Vec::new(),
        };
        walk.folder();
        while let Some(at) = walk.queue.pop_front() {
            match walk.nodes[at].key {
                Key::Event(old, new) => walk.event(at, old, new),
                Key::Type(old, new) => walk.types(at, old, new),
            }
        }
        walk
    }

    fn folder(&mut self) {
        let Sides { old, new } = self.sides;
        let by_name: HashMap<String, usize> = named(old);
        for (at, event) in new.events.iter().enumerate() {
            if let Some(before) = by_name.get(&new.event_name(event)) {
                self.node(Key::Event(EventId(*before), EventId(at)));
            }
        }
        let sides = self.sides;
        self.loose(|check, sink| {
            if let Check::Folder(rule) = check {
                rule(&sides, sink);
            }
        });
        let streams: HashMap<&str, usize> =
            names(old.streams.iter().map(|s| s.name.value.as_str()));
        for (at, stream) in new.streams.iter().enumerate() {
            if let Some(before) = streams.get(stream.name.value.as_str()) {
                let pair = StreamPair::new(sides, *before, at);
                self.loose(|check, sink| {
                    if let Check::Stream(rule) = check {
                        rule(&pair, sink);
                    }
                });
            }
        }
        let services: HashMap<&str, usize> =
            names(old.services.iter().map(|s| s.name.value.as_str()));
        for (at, service) in new.services.iter().enumerate() {
            if let Some(before) = services.get(service.name.value.as_str()) {
                let pair = ServicePair::new(sides, *before, at);
                self.loose(|check, sink| {
                    if let Check::Service(rule) = check {
                        rule(&pair, sink);
                    }
                });
            }
        }
    }

    fn loose(&mut self, run: impl Fn(Check, &mut Sink<'_>)) {
        each_rule(&mut self.loose, run);
    }

    fn at_node(&mut self, at: usize, run: impl Fn(Check, &mut Sink<'_>)) {
        each_rule(&mut self.nodes[at].raws, run);
    }

    /// The node of a pair; a new one is queued.
    fn node(&mut self, key: Key) -> usize {
        *self.index.entry(key).or_insert_with(|| {
            let at = self.nodes.len();
            self.nodes.push(Node {
                key,
                raws: Vec::new(),
                from: Vec::new(),
            });
            self.queue.push_back(at);
            at
        })
    }

    fn event(&mut self, at: usize, old_id: EventId, new_id: EventId) {
        let Sides { old, new } = self.sides;
        let (before, now) = (&old[old_id], &new[new_id]);
        let imported = before.body.source.is_some() || now.body.source.is_some();
        let objects = (!imported).then(|| {
            Objects::new(
                self.sides,
                format!("events.{}", new.event_name(now)),
                (
                    TypeAt::event(old, before),
                    &before.body,
                    &before.reserved,
                    before.name.span,
                ),
                (
                    TypeAt::event(new, now),
                    &now.body,
                    &now.reserved,
                    now.name.span,
                ),
            )
        });
        let pair = EventPair {
            sides: self.sides,
            ids: (old_id, new_id),
            old: before,
            new: now,
            objects: objects.as_ref(),
        };
        self.at_node(at, |check, sink| {
            if let Check::Event(rule) = check {
                rule(&pair, sink);
            }
        });
        match objects {
            Some(objects) => self.objects(at, &objects),
            None => {
                let schemas = Schemas::bodies(self.sides, before, now);
                self.schemas(at, &schemas);
            }
        }
    }

    fn schemas(&mut self, at: usize, schemas: &Schemas<'_>) {
        self.at_node(at, |check, sink| match check {
            Check::Import(rule) => rule(schemas, sink),
            Check::Schemas(said) => schemas.tell(&said, sink),
            _ => {}
        });
    }

    fn types(&mut self, at: usize, old_id: TypeId, new_id: TypeId) {
        let sides = self.sides;
        let (before, now) = (&sides.old[old_id], &sides.new[new_id]);
        let spot = Spot {
            path: format!("types.{}", sides.new.type_name(now)),
            old: before.name.span,
            new: now.name.span,
        };
        self.at_node(at, |check, sink| {
            if let Check::Type(rule) = check {
                rule(&sides, (before, now), sink);
            }
        });
        if before.body.source.is_some() || now.body.source.is_some() {
            let schemas = Schemas::types(sides, spot, old_id, new_id);
            return self.schemas(at, &schemas);
        }
        match (&before.body.kind, &now.body.kind) {
            (TypeKind::Struct(_), TypeKind::Struct(_)) => {
                let objects = Objects::new(
                    sides,
                    spot.path,
                    (
                        TypeAt::ty(sides.old, old_id),
                        &before.body,
                        &before.reserved,
                        spot.old,
                    ),
                    (
                        TypeAt::ty(sides.new, new_id),
                        &now.body,
                        &now.reserved,
                        spot.new,
                    ),
                );
                self.objects(at, &objects);
            }
            (TypeKind::Enum(_), TypeKind::Enum(_)) | (TypeKind::Union(_), TypeKind::Union(_)) => {
                let choices = Choices::new(sides, spot.path, old_id, new_id);
                self.at_node(at, |check, sink| match check {
                    Check::Choice(rule) => rule(&choices, sink),
                    Check::Listing(sort, said) => choices.tell(sort, &said, sink),
                    _ => {}
                });
                for (tag, old, new) in choices.common_variants() {
                    let to = self.node(Key::Type(old, new));
                    self.nodes[to]
                        .from
                        .push((at, vec![SidedStep::Variant(tag)]));
                }
            }
            (
                TypeKind::Scalar {
                    ty: a,
                    constraints: c,
                    as_text: t,
                },
                TypeKind::Scalar {
                    ty: b,
                    constraints: d,
                    as_text: u,
                },
            ) => {
                let spot = Spot {
                    old: a.span,
                    new: b.span,
                    ..spot
                };
                let slots = (
                    Slot::scalar(&a.value, c, t.is_some()),
                    Slot::scalar(&b.value, d, u.is_some()),
                );
                self.value(at, Vec::new(), slots, &spot);
            }
            _ => {}
        }
    }

    fn objects(&mut self, at: usize, objects: &Objects<'a>) {
        self.at_node(at, |check, sink| match check {
            Check::Object(rule) => rule(objects, sink),
            Check::Missing(lack, said) => objects.tell(lack, &said, sink),
            _ => {}
        });
        for (old, new) in objects.pairs() {
            let pair = FieldPair { objects, old, new };
            self.at_node(at, |check, sink| {
                if let Check::Field(rule) = check {
                    rule(&pair, sink);
                }
            });
            let spot = Spot {
                path: objects.path_of(new),
                old: old.ty.span,
                new: new.ty.span,
            };
            let steps = vec![SidedStep::Field {
                old: old.wire(),
                new: new.wire(),
            }];
            self.value(at, steps, (Slot::field(old), Slot::field(new)), &spot);
        }
    }

    /// Compares what stands at one place, through lists and maps down to a leaf or to another node.
    fn value(
        &mut self,
        at: usize,
        mut steps: Vec<SidedStep>,
        slots: (Slot<'a>, Slot<'a>),
        spot: &Spot,
    ) {
        let (mut old, mut new) = slots;
        loop {
            if let (Some(a), Some(b)) = (old.name(), new.name()) {
                // Named scalars that only their own definition binds: one finding for all who use them.
                let scalars = self.is_scalar(a, b);
                if self.is_pair(a, b) || (scalars && old.is_bare() && new.is_bare()) {
                    let to = self.node(Key::Type(a, b));
                    self.nodes[to].from.push((at, steps));
                    return;
                }
            }
            let shapes = (old.shape(self.sides.old), new.shape(self.sides.new));
            let sources = (old.source(self.sides.old), new.source(self.sides.new));
            if sources.0.or(sources.1).is_some() {
                let schemas = Schemas::slots(self.sides, spot, &steps, (old, new));
                return self.schemas(at, &schemas);
            }
            let leaves = Leaves::new(self.sides, &steps, (old, new), spot);
            self.at_node(at, |check, sink| match check {
                Check::Leaf(rule) => rule(&leaves, sink),
                Check::Value(sort, said) => leaves.tell(sort, &said, sink),
                _ => {}
            });
            let (step, a, b) = match shapes {
                (Shape::List(a, _), Shape::List(b, _)) => (SidedStep::Item, a, b),
                (Shape::Map(a, _), Shape::Map(b, _)) => (SidedStep::Entry, a, b),
                _ => return,
            };
            steps.push(step);
            (old, new) = (Slot::bare(a), Slot::bare(b));
        }
    }

    fn is_pair(&self, a: TypeId, b: TypeId) -> bool {
        let (a, b) = (&self.sides.old[a].body, &self.sides.new[b].body);
        let same = matches!(
            (&a.kind, &b.kind),
            (TypeKind::Struct(_), TypeKind::Struct(_))
                | (TypeKind::Enum(_), TypeKind::Enum(_))
                | (TypeKind::Union(_), TypeKind::Union(_))
        );
        same || a.source.is_some() || b.source.is_some()
    }

    fn is_scalar(&self, a: TypeId, b: TypeId) -> bool {
        matches!(
            (&self.sides.old[a].body.kind, &self.sides.new[b].body.kind),
            (TypeKind::Scalar { .. }, TypeKind::Scalar { .. })
        )
    }

    /// The findings, with the events that they reach and the payloads that show them.
    pub fn findings(self) -> Vec<Finding> {
        let samplers = (
            Sampler::new(self.sides.old, self.sides.new, Side::Old),
            Sampler::new(self.sides.new, self.sides.old, Side::New),
        );
        let users = Users::of(self.sides);
        let mut ranked = Vec::new();
        for at in 0..self.nodes.len() {
            if self.nodes[at].raws.is_empty() {
                continue;
            }
            let reach = self.reach(at);
            // A type that no event reaches is on no wire.
            if reach.is_empty() {
                continue;
            }
            for raw in &self.nodes[at].raws {
                ranked.push(raw.finish(self.sides, &reach, &samplers, &users));
            }
        }
        for raw in &self.loose {
            ranked.push(raw.finish(self.sides, &BTreeMap::new(), &samplers, &users));
        }
        ranked.sort_by(|a, b| order(a).cmp(&order(b)));
        ranked
    }

    /// Every pair of events that leads to a node, with the shortest path.
    fn reach(&self, node: usize) -> BTreeMap<(EventId, EventId), Vec<SidedStep>> {
        let mut reached = BTreeMap::new();
        let mut seen = std::collections::HashSet::from([node]);
        let mut queue = VecDeque::from([(node, Vec::new())]);
        while let Some((at, path)) = queue.pop_front() {
            if let Key::Event(old, new) = self.nodes[at].key {
                reached.insert((new, old), path.clone());
            }
            for (from, steps) in &self.nodes[at].from {
                if seen.insert(*from) {
                    queue.push_back((*from, steps.iter().chain(&path).cloned().collect()));
                }
            }
        }
        reached
            .into_iter()
            .map(|((new, old), path)| ((old, new), path))
            .collect()
    }
}

/// Sorts breaks first; then by place, so that a report reads from top to bottom of the new contract.
fn order(finding: &Finding) -> (Severity, Option<Span>, Option<Span>, &'static str, &str) {
    let span = |place: &Option<finding::Place>| place.as_ref().map(|place| place.span);
    (
        finding.severity,
        span(&finding.new),
        span(&finding.old),
        finding.rule.id,
        &finding.message,
    )
}

fn each_rule(raws: &mut Vec<Raw>, run: impl Fn(Check, &mut Sink<'_>)) {
    for (rule, checks) in RULES.iter().zip(CHECKS) {
        let mut sink = Sink { rule, raws };
        for check in *checks {
            run(*check, &mut sink);
        }
    }
}

fn names<'n>(all: impl Iterator<Item = &'n str>) -> HashMap<&'n str, usize> {
    all.enumerate().map(|(at, name)| (name, at)).collect()
}
