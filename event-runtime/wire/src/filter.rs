//! Filters: which events of a type a subscription receives.

use std::marker::PhantomData;

use crate::event::Event;
use crate::streams::{Start, pattern_of};
use crate::subject::{SubjectError, SubjectWriter};

/// Selection of the events of a type for a subscription: by subject, queue group and start.
#[derive(Clone, Debug)]
pub struct Filter<E> {
    pattern: String,
    queue_group: Option<String>,
    start: Start,
    event: PhantomData<fn() -> E>,
}

impl<E: Event> Filter<E> {
    /// Creates a filter of all events of the type.
    #[must_use]
    pub fn all() -> Self {
        Self::from_pattern(pattern_of(E::SUBJECT, None))
    }
}

impl<E> Filter<E> {
    pub(crate) fn from_pattern(pattern: String) -> Self {
        Self {
            pattern,
            queue_group: None,
            start: Start::New,
            event: PhantomData,
        }
    }

    /// Returns the wildcard subject.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Sets the queue group, for ephemeral events only: its members share the events. A listener shares stored events.
    #[must_use]
    pub fn queue_group(mut self, group: impl Into<String>) -> Self {
        self.queue_group = Some(group.into());
        self
    }

    /// Sets the position in the stream to start at, for stored events only. The default is the next event.
    #[must_use]
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Returns pattern, queue group and start.
    #[doc(hidden)]
    #[must_use]
    pub fn into_parts(self) -> (String, Option<String>, Start) {
        (self.pattern, self.queue_group, self.start)
    }
}

impl SubjectWriter {
    /// Returns the subject as the filter of a subscription.
    ///
    /// # Errors
    /// Returns the error of [`finish`](SubjectWriter::finish).
    pub fn finish_filter<E: Event>(self) -> Result<Filter<E>, SubjectError> {
        self.finish()
            .map(|subject| Filter::from_pattern(subject.into()))
    }
}
