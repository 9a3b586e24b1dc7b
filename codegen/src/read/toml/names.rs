//! The names that a folder declares, and what a written name means. Looks at names alone, never into a table.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::document::{Document, Entry, child_entries, lost_words};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{DomainId, EventId, ServiceId, StreamId, TypeId};
use crate::source::{Span, Spanned};

/// Looking for the nearest name costs a look at all of them: after this many unknown names there is no suggestion.
const SUGGESTIONS: usize = 100;

/// Everything that can be named.
#[derive(Default)]
pub(super) struct NameTable<'a> {
    domains: BTreeMap<&'a str, DomainId>,
    events: Vec<BTreeMap<&'a str, EventId>>,
    types: Vec<BTreeMap<&'a str, TypeId>>,
    streams: BTreeMap<&'a str, (StreamId, Span)>,
    services: BTreeMap<&'a str, (ServiceId, Span)>,
    /// Number of events and of types so far.
    counts: (usize, usize),
    /// Per domain: the words of what could not be parsed; nothing when the file was not readable at all.
    lost: Vec<Option<BTreeSet<&'a str>>>,
    /// Words of all domains.
    lost_anywhere: BTreeSet<&'a str>,
    unreadable: bool,
    suggested: Cell<usize>,
}

/// What a name in a type or an event list was looked up as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Event,
    Type,
}

impl<'a> NameTable<'a> {
    /// Declares everything of a file. Files come in the order of their domains, which gives the ids.
    pub(super) fn declare(
        &mut self,
        document: &'a Document<'a>,
        readable: bool,
        diagnostics: &mut Diagnostics,
    ) {
        self.domains.entry(document.name).or_insert(document.domain);
        let lost = lost_words(document);
        self.lost_anywhere.extend(&lost);
        self.unreadable |= !readable;
        self.lost.push(readable.then_some(lost));
        let mut spans: BTreeMap<&'a str, Span> = BTreeMap::new();
        let mut events = BTreeMap::new();
        for entry in child_entries(document, "events") {
            events.insert(entry.key, EventId(self.counts.0));
            self.counts.0 += 1;
            spans.insert(entry.key, entry.key_span);
        }
        let mut types = BTreeMap::new();
        for entry in child_entries(document, "types") {
            types.insert(entry.key, TypeId(self.counts.1));
            self.counts.1 += 1;
            if let Some(first) = spans.get(entry.key) {
                diagnostics.push(twice("an event and a type of this domain", &entry, *first));
            }
        }
        self.events.push(events);
        self.types.push(types);
        for entry in child_entries(document, "streams") {
            if let Some(first) = self.account_wide(entry.key) {
                diagnostics.push(twice("two streams or services", &entry, first));
            }
            let next = StreamId(self.streams.len());
            self.streams
                .entry(entry.key)
                .or_insert((next, entry.key_span));
        }
        for entry in child_entries(document, "services") {
            if let Some(first) = self.account_wide(entry.key) {
                diagnostics.push(twice("two streams or services", &entry, first));
            }
            let next = ServiceId(self.services.len());
            self.services
                .entry(entry.key)
                .or_insert((next, entry.key_span));
        }
    }

    fn account_wide(&self, name: &str) -> Option<Span> {
        let stream = self.streams.get(name).map(|(_, span)| *span);
        stream.or_else(|| self.services.get(name).map(|(_, span)| *span))
    }

    /// Returns whether this is the place that a stream's name was declared at first.
    pub(super) fn declares_stream(&self, name: &Spanned<String>) -> bool {
        self.streams
            .get(name.value.as_str())
            .is_some_and(|(_, span)| *span == name.span)
    }

    /// Returns whether this is the place that a service's name was declared at first.
    pub(super) fn declares_service(&self, name: &Spanned<String>) -> bool {
        self.services
            .get(name.value.as_str())
            .is_some_and(|(_, span)| *span == name.span)
    }

    /// The event of a name, as one domain writes it.
    pub(super) fn event(&self, domain: DomainId, name: &str) -> Option<EventId> {
        find(&self.domains, &self.events, domain, name)
    }

    /// The type of a name, as one domain writes it.
    pub(super) fn ty(&self, domain: DomainId, name: &str) -> Option<TypeId> {
        find(&self.domains, &self.types, domain, name)
    }

    pub(super) fn stream(&self, name: &str) -> Option<StreamId> {
        self.streams.get(name).map(|(id, _)| *id)
    }

    pub(super) fn streams(&self) -> impl Iterator<Item = &'a str> {
        self.streams.keys().copied()
    }

    /// Returns whether a name may be declared in something that could not be read, which is reported there.
    pub(super) fn may_be_lost(&self, domain: DomainId, name: &str) -> bool {
        let (domain, last) = match name.rsplit_once('.') {
            Some((prefix, last)) => match self.domains.get(prefix) {
                Some(domain) => (*domain, last),
                None => return false,
            },
            None => (domain, name),
        };
        self.lost
            .get(domain.0)
            .is_some_and(|lost| lost.as_ref().is_none_or(|words| words.contains(last)))
    }

    /// Returns whether a stream may be declared in something that could not be read.
    pub(super) fn stream_may_be_lost(&self, name: &str) -> bool {
        self.unreadable || self.lost_anywhere.contains(name)
    }

    /// Returns whether there is still time to look for a suggestion.
    pub(super) fn may_suggest(&self) -> bool {
        self.suggested.set(self.suggested.get() + 1);
        self.suggested.get() <= SUGGESTIONS
    }

    /// What could have been meant by the name of an event or a type: names of this file, then full names of the others.
    pub(super) fn candidates(&self, sort: Sort, here: DomainId) -> Vec<String> {
        let mut near = Vec::new();
        let mut far = Vec::new();
        for (domain, id) in &self.domains {
            let names: Vec<&str> = match sort {
                Sort::Event => self
                    .events
                    .get(id.0)
                    .map(|names| names.keys().copied().collect()),
                Sort::Type => self
                    .types
                    .get(id.0)
                    .map(|names| names.keys().copied().collect()),
            }
            .unwrap_or_default();
            if *id == here {
                near = names.into_iter().map(str::to_owned).collect();
            } else {
                far.extend(names.into_iter().map(|name| format!("{domain}.{name}")));
            }
        }
        near.extend(far);
        near
    }
}

fn find<T: Copy>(
    domains: &BTreeMap<&str, DomainId>,
    names: &[BTreeMap<&str, T>],
    here: DomainId,
    name: &str,
) -> Option<T> {
    let (domain, last) = match name.rsplit_once('.') {
        Some((prefix, last)) => (*domains.get(prefix)?, last),
        None => (here, name),
    };
    names.get(domain.0)?.get(last).copied()
}

fn twice(what: &str, entry: &Entry<'_>, first: Span) -> Diagnostic {
    Diagnostic::new(
        Code::DuplicateName,
        entry.key_span,
        format!("\"{}\" is the name of {what}", entry.key),
    )
    .related(first, "first defined here")
}
