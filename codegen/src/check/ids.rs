//! Rules about the fields that identify and order events, and about events that replace others.

use std::collections::HashMap;

use super::gaps::Gaps;
use super::shape::{self, Resolved, TypeForm};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Contracts, Event, EventId, Field, FieldRef, Type};
use crate::source::{Span, Spanned};
use crate::subject::{PARTITION, Segment};

/// What a field is used for, beside being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// A token of the subject.
    Placeholder,
    /// The message id.
    Id,
    /// What keeps events in order.
    Key,
}

impl Use {
    /// What would be fit, as a help text.
    fn demand(self) -> &'static str {
        match self {
            Self::Placeholder => {
                "a placeholder is a required field of string, uuid, integer, bool, enum or a named scalar of these"
            }
            Self::Id => {
                "an id is a required field of string, uuid, integer, enum or a named scalar of these"
            }
            Self::Key => {
                "a key is a required field of string, uuid, integer, bool, enum or a named scalar of these"
            }
        }
    }
}

/// Reason for which a field cannot be used so.
pub(super) struct Unfit {
    /// The reason, as the end of a sentence.
    pub reason: String,
    /// The place that makes it so.
    pub place: Span,
    /// What stands there.
    pub label: String,
    /// What to do.
    pub help: String,
}

/// Why a field cannot be used so, if it cannot. A type that could not be read is fit.
pub(super) fn unfit(contracts: &Contracts, field: &Field, used: Use) -> Option<Unfit> {
    let Resolved { shape, .. } = shape::resolve(contracts, &field.ty);
    let fit = match shape {
        TypeForm::Scalar(Type::Bool) => used != Use::Id,
        TypeForm::Scalar(ty) => {
            matches!(ty, Type::String | Type::Uuid | Type::I64OrText) || shape::is_integer(ty)
        }
        TypeForm::Enum(..) | TypeForm::Poison => true,
        _ => false,
    };
    let name = &field.name.value;
    if !fit {
        return Some(Unfit {
            reason: format!("it is {}", shape.describe()),
            place: field.ty.span,
            label: "its type".to_owned(),
            help: used.demand().to_owned(),
        });
    }
    if field.optional {
        return Some(Unfit {
            reason: "it is optional".to_owned(),
            place: field.ty.span,
            label: "optional".to_owned(),
            help: format!("make \"{name}\" required, or use another field"),
        });
    }
    if let Some(default) = &field.default {
        return Some(Unfit {
            reason: "a peer may omit a field with a default".to_owned(),
            place: default.span,
            label: "defaulted".to_owned(),
            help: format!("remove the default of \"{name}\", or use another field"),
        });
    }
    field.sensitive.map(|place| Unfit {
        reason: "it is sensitive, and subjects and headers are visible".to_owned(),
        place,
        label: "sensitive".to_owned(),
        help: format!("remove `sensitive` from \"{name}\", or use another field"),
    })
}

/// The field that `id` or `key` names, when both were read.
fn field<'a>(event: &'a Event, named: Option<&Spanned<FieldRef>>) -> Option<&'a Field> {
    named
        .and_then(|named| named.value)
        .and_then(|at| event.body.fields().get(at))
}

/// `bad-id`: the id is no required scalar.
pub(super) fn ids(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for event in &contracts.events {
        let (Some(id), Some(field)) = (&event.id, field(event, event.id.as_ref())) else {
            continue;
        };
        if let Some(why) = unfit(contracts, field, Use::Id) {
            diagnostics.push(
                Diagnostic::new(
                    Code::BadId,
                    id.span,
                    format!(
                        "\"{}\" cannot be the id of \"{}\": {}",
                        field.name.value, event.name.value, why.reason
                    ),
                )
                .related(why.place, why.label)
                .help(why.help),
            );
        }
    }
}

/// `bad-key`: the key is no required scalar.
pub(super) fn keys(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for event in &contracts.events {
        let (Some(key), Some(field)) = (&event.key, field(event, event.key.as_ref())) else {
            continue;
        };
        if let Some(why) = unfit(contracts, field, Use::Key) {
            diagnostics.push(
                Diagnostic::new(
                    Code::BadKey,
                    key.span,
                    format!(
                        "\"{}\" cannot be the key of \"{}\": {}",
                        field.name.value, event.name.value, why.reason
                    ),
                )
                .related(why.place, why.label)
                .help(why.help),
            );
        }
    }
}

/// `bad-key`: `key`, `{partition}`, `stream` and `partitions` only make sense together.
pub(super) fn partitions(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let gaps = Gaps::new(contracts, diagnostics);
    for event in &contracts.events {
        if event.subject.segments.is_empty() {
            continue; // unreadable: it may have a {partition}
        }
        match (&event.key, event.subject.has_partition()) {
            (None, false) => {}
            (None, true) if gaps.in_table(event.name.span) => {}
            (None, true) => diagnostics.push(partition_without_key(contracts, event)),
            (Some(key), false) => diagnostics.push(
                Diagnostic::new(
                    Code::BadKey,
                    key.span,
                    format!(
                        "the event \"{}\" has a key, but its subject has no {{partition}}",
                        event.name.value
                    ),
                )
                .label("these events have no ordering")
                .related(event.subject.span, "no {partition} here")
                .help("write {partition} as a token of the subject, for example after the first"),
            ),
            (Some(key), true) => with_stream(&gaps, contracts, event, key.span, diagnostics),
        }
    }
}

fn partition_without_key(contracts: &Contracts, event: &Event) -> Diagnostic {
    let before: usize = event
        .subject
        .segments
        .iter()
        .take_while(|segment| segment.placeholder() != Some(PARTITION))
        .map(|segment| match segment {
            Segment::Literal(text) => text.len() + 1,
            Segment::Placeholder(name) => name.len() + 3,
        })
        .sum();
    let range = before..before + PARTITION.len() + 2;
    let mut fields = event.body.fields().iter();
    let own = fields.find(|field| field.name.value == PARTITION);
    let diagnostic = Diagnostic::new(
        Code::BadKey,
        contracts.sources.inside(event.subject.span, range),
        format!(
            "the event \"{}\" has {{partition}} in its subject, but no key",
            event.name.value
        ),
    )
    .label("is computed from the field that `key` names");
    match own {
        Some(field) => diagnostic
            .related(
                field.name.span,
                "this field cannot be meant: {partition} is never a field",
            )
            .help("give the field another name, or add `key = \"…\"`"),
        None => diagnostic.help(
            "add `key = \"…\"` with the field that is the ordering key, or remove {partition}",
        ),
    }
}

fn with_stream(
    gaps: &Gaps<'_>,
    contracts: &Contracts,
    event: &Event,
    key: Span,
    diagnostics: &mut Diagnostics,
) {
    let Some(named) = &event.stream else {
        if gaps.in_table(event.name.span) {
            return;
        }
        diagnostics.push(
            Diagnostic::new(
                Code::BadKey,
                key,
                format!(
                    "the event \"{}\" has a key, but no stream",
                    event.name.value
                ),
            )
            .label("order is kept by a stream's consumers")
            .help("add `stream = \"…\"`, or remove `key` and {partition}"),
        );
        return;
    };
    let Some(stream) = contracts.stream_of(event) else {
        return;
    };
    if stream.partitions.is_none() && !gaps.in_table(stream.name.span) {
        diagnostics.push(
            Diagnostic::new(
                Code::BadKey,
                key,
                format!(
                    "the event \"{}\" has a key, but the stream {} has no partitions",
                    event.name.value, stream.name.value
                ),
            )
            .related(stream.name.span, "no `partitions` here")
            .related(named.span, "stored there")
            .help(format!(
                "add `partitions = 8` to [streams.{}]: the maximum number of replicas that work in parallel",
                stream.name.value
            )),
        );
    }
}

/// `bad-supersedes`: a circle, or a stored event for an ephemeral one.
pub(super) fn supersedes(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let older = |at: usize| {
        let named = contracts.events[at].supersedes.as_ref()?;
        named.value.map(|id| id.0)
    };
    // 0: not seen. Otherwise the number of the walk that has seen it: a walk that meets itself has found a circle.
    let mut seen = vec![0_usize; contracts.events.len()];
    for start in 0..contracts.events.len() {
        let walk = start + 1;
        let mut at = Some(start);
        while let Some(event) = at.filter(|&event| seen[event] == 0) {
            seen[event] = walk;
            at = older(event);
        }
        if let Some(event) = at.filter(|&event| seen[event] == walk) {
            diagnostics.push(circle(contracts, event, older));
        }
    }
    let gaps = Gaps::new(contracts, diagnostics);
    let mut replaced: HashMap<EventId, &Event> = HashMap::new();
    for event in &contracts.events {
        let Some(old) = &event.supersedes else {
            continue;
        };
        let Some(id) = old.value else { continue };
        let other = &contracts[id];
        if let Some(first) = replaced.insert(id, event) {
            let place = first
                .supersedes
                .as_ref()
                .map_or(first.name.span, |e| e.span);
            diagnostics.push(
                Diagnostic::new(
                    Code::BadSupersedes,
                    old.span,
                    format!(
                        "\"{}\" and \"{}\" both supersede \"{}\"",
                        first.name.value, event.name.value, other.name.value
                    ),
                )
                .label("an old message could become either of them")
                .related(place, "first superseded here")
                .help("let one event supersede it, and publish the other in addition"),
            );
        }
        let kind = |event: &Event| match event.stream {
            Some(_) => "stored",
            None => "ephemeral",
        };
        let lost = gaps.in_table(event.name.span) || gaps.in_table(other.name.span);
        if kind(event) != kind(other) && !lost {
            diagnostics.push(
                Diagnostic::new(
                    Code::BadSupersedes,
                    old.span,
                    format!(
                        "\"{}\" is {} and cannot replace \"{}\", which is {}",
                        event.name.value,
                        kind(event),
                        other.name.value,
                        kind(other)
                    ),
                )
                .label("a service would get one with delivery guarantees and the other without")
                .related(other.name.span, format!("{} here", kind(other)))
                .help("give both events a stream, or neither"),
            );
        }
    }
}

fn circle(
    contracts: &Contracts,
    start: usize,
    older: impl Fn(usize) -> Option<usize>,
) -> Diagnostic {
    let mut members = vec![start];
    while let Some(next) = members.last().and_then(|&at| older(at)) {
        if next == start {
            break;
        }
        members.push(next);
    }
    // The first one of the folder leads, so that the report does not depend on where the walk began.
    let first = (0..members.len())
        .min_by_key(|&at| members[at])
        .unwrap_or(0);
    members.rotate_left(first);
    let names: Vec<String> = members
        .iter()
        .chain(members.first())
        .map(|&at| contracts.events[at].name.value.clone())
        .collect();
    let leader = &contracts.events[members[0]];
    let place = leader
        .supersedes
        .as_ref()
        .map_or(leader.name.span, |named| named.span);
    let mut diagnostic = Diagnostic::new(
        Code::BadSupersedes,
        place,
        if members.len() == 1 {
            format!("the event \"{}\" supersedes itself", leader.name.value)
        } else {
            format!(
                "events supersede each other in a cycle: {}",
                names.join(" → ")
            )
        },
    )
    .help("`supersedes` names the older event; remove it from the oldest one");
    for (&at, older) in members.iter().zip(&names[1..]).skip(1) {
        if let Some(named) = &contracts.events[at].supersedes {
            diagnostic = diagnostic.related(named.span, format!("leads on to {older}"));
        }
    }
    diagnostic
}
