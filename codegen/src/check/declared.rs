//! Rules about the subjects that a stream declares for events that are written by hand.

use super::subjects::owner;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Contracts, Stream};
use crate::source::Spanned;
use crate::subject::{Pattern, Token};

/// Every declared subject with its stream, in the order of the model.
fn declared(contracts: &Contracts) -> impl Iterator<Item = (&Stream, &Spanned<Pattern>)> {
    let streams = contracts.streams.iter();
    streams.flat_map(|stream| stream.subjects.iter().map(move |pattern| (stream, pattern)))
}

/// `reserved-subject`: the first token belongs to somebody else.
pub(super) fn reserved_roots(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for (stream, pattern) in declared(contracts) {
        let Some(Token::Literal(root)) = pattern.tokens.first() else {
            continue;
        };
        let Some(owner) = owner(root) else {
            continue;
        };
        diagnostics.push(
            Diagnostic::new(
                Code::ReservedSubject,
                pattern.span,
                format!(
                    "the stream {} has a subject under `{root}`, which is reserved",
                    stream.name.value
                ),
            )
            .label(format!("used for {owner}"))
            .help("start the subject with another token, for example the domain's name"),
        );
    }
}

/// `subject-overlap` and `ephemeral-under-stream`: a server stores a message in one stream, and refuses subjects that overlap.
pub(super) fn overlaps(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let mut earlier: Vec<(&Stream, &Spanned<Pattern>)> = Vec::new();
    for (stream, pattern) in declared(contracts) {
        for event in &contracts.events {
            let Some(common) = pattern.common(&Pattern::of(&event.subject)) else {
                continue;
            };
            let (name, own) = (&stream.name.value, contracts.stream_of(event));
            let stored = own.is_some_and(|own| own.name.value == *name);
            let (code, help) = match &event.stream {
                None => (
                    Code::EphemeralUnderStream,
                    format!("store the event with `stream = \"{name}\"` instead, or narrow the stream's subject"),
                ),
                Some(_) if stored => (
                    Code::SubjectOverlap,
                    "remove it from `subjects`, or narrow it: the event's subject is stored already".to_owned(),
                ),
                Some(_) => (
                    Code::SubjectOverlap,
                    "a message is stored in one stream: narrow the stream's subject".to_owned(),
                ),
            };
            diagnostics.push(
                Diagnostic::new(
                    code,
                    pattern.span,
                    format!(
                        "the stream {name} declares a subject of the event \"{}\"",
                        event.name.value
                    ),
                )
                .label(format!("`{common}` is the event's"))
                .related(
                    event.subject.span,
                    format!("subject of {}", contracts.event_name(event)),
                )
                .help(help),
            );
            break;
        }
        let first = earlier
            .iter()
            .find_map(|(other, known)| Some((*other, *known, known.common(pattern)?)));
        if let Some((other, known, common)) = first {
            diagnostics.push(
                Diagnostic::new(
                    Code::SubjectOverlap,
                    pattern.span,
                    format!(
                        "the subjects \"{}\" of {} and \"{}\" of {} overlap",
                        known.text, other.name.value, pattern.text, stream.name.value
                    ),
                )
                .label(format!("`{common}` would be stored twice"))
                .related(known.span, "first declared here")
                .help("a server accepts no overlapping subjects: narrow one of them"),
            );
        }
        earlier.push((stream, pattern));
    }
}
