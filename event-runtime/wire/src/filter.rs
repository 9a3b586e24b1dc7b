//! The events of a type that somebody subscribes to.

use std::marker::PhantomData;

use crate::event::Event;
use crate::streams::{Start, pattern_of};
use crate::subject::{SubjectError, SubjectWriter};

/// Which events of a type to subscribe to, and how.
#[derive(Clone, Debug)]
pub struct Filter<E> {
    pattern: String,
    queue_group: Option<String>,
    start: Start,
    event: PhantomData<fn() -> E>,
}

impl<E: Event> Filter<E> {
    /// All events of the type.
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

    /// The pattern of subjects.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Ephemeral events only: the members of the group share the events. Stored events are shared by a listener.
    #[must_use]
    pub fn queue_group(mut self, group: impl Into<String>) -> Self {
        self.queue_group = Some(group.into());
        self
    }

    /// Stored events only: where in the stream to start. Default: with the next event.
    #[must_use]
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Pattern, queue group and start.
    #[doc(hidden)]
    #[must_use]
    pub fn into_parts(self) -> (String, Option<String>, Start) {
        (self.pattern, self.queue_group, self.start)
    }
}

impl SubjectWriter {
    /// The subject as a pattern to subscribe to.
    ///
    /// # Errors
    /// As [`finish`](SubjectWriter::finish).
    pub fn finish_filter<E: Event>(self) -> Result<Filter<E>, SubjectError> {
        self.finish()
            .map(|subject| Filter::from_pattern(subject.into()))
    }
}
