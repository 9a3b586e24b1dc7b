//! The messages of a bus that has no server: kept, and looked at by tests.
//!
//! Does what a stream does for a publisher, and no more: places and known ids.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::header::NATS_MESSAGE_ID;
use async_nats::{HeaderMap, Subject};
use bytes::Bytes;
use event_runtime::by_hand::{Outbox, Outgoing, Stored};
use event_runtime::{CloudEvent, DecodeError, Error, Event, Trace};
use event_wire::decode;
use event_wire::streams::{DEAD_LETTERS, covers, pattern_of};

/// A message as it would have left the process.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Recorded {
    /// Its subject.
    pub subject: Subject,
    /// The stream that its event names; `None` for an ephemeral event.
    pub stream: Option<&'static str>,
    /// Its message id; `None` for an ephemeral event.
    pub id: Option<String>,
    /// The trace that it carries on.
    pub trace: Option<Trace>,
    /// Attributes of its `ce-…` headers; `None` for a plain event.
    pub cloud_event: Option<CloudEvent>,
    /// All of its headers.
    pub headers: HeaderMap,
    /// Its body, JSON.
    pub body: Bytes,
}

impl Recorded {
    fn of(message: &Outgoing) -> Self {
        let id = message.headers.get(NATS_MESSAGE_ID);
        Self {
            subject: message.subject.clone(),
            stream: Some(message.stream).filter(|stream| !stream.is_empty()),
            id: id.map(|id| id.as_str().to_owned()),
            trace: Trace::from_headers(&message.headers),
            cloud_event: CloudEvent::from_headers(&message.headers),
            headers: message.headers.clone(),
            body: message.payload.clone(),
        }
    }

    /// Returns whether it is an event of this type: its subject is one of the type's.
    #[must_use]
    pub fn is<E: Event>(&self) -> bool {
        covers(&pattern_of(E::SUBJECT, None), &self.subject)
    }

    /// The event, read as a listener reads it.
    ///
    /// # Errors
    /// When the body is not this event.
    pub fn read<E: Event>(&self) -> Result<E, DecodeError> {
        decode(&self.body)
    }
}

/// All that a bus without a server was given.
#[derive(Debug, Default)]
pub(crate) struct Records(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    taken: Vec<Recorded>,
    /// Sequence of each id in its stream.
    known: HashMap<(&'static str, String), u64>,
    last: HashMap<&'static str, u64>,
    failing: bool,
}

impl Records {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the messages since the last call.
    pub(crate) fn take(&self) -> Vec<Recorded> {
        std::mem::take(&mut self.state().taken)
    }

    /// From now on the streams of events do not answer.
    pub(crate) fn fail(&self, failing: bool) {
        self.state().failing = failing;
    }
}

impl Outbox for Records {
    /// Stores a message, as its stream would.
    fn stored(&self, message: &Outgoing) -> Result<Stored, Error> {
        let mut state = self.state();
        if state.failing && message.stream != DEAD_LETTERS {
            return Err(Error::TimedOut {
                subject: message.subject.to_string(),
                stream: message.stream,
                after: Duration::ZERO,
            });
        }
        let recorded = Recorded::of(message);
        let key = recorded.id.clone().map(|id| (message.stream, id));
        if let Some(sequence) = key.as_ref().and_then(|key| state.known.get(key)) {
            return Ok(Stored {
                sequence: *sequence,
                duplicate: true,
            });
        }
        let last = state.last.entry(message.stream).or_default();
        *last += 1;
        let sequence = *last;
        if let Some(key) = key {
            state.known.insert(key, sequence);
        }
        state.taken.push(recorded);
        Ok(Stored {
            sequence,
            duplicate: false,
        })
    }

    fn sent(&self, message: &Outgoing) {
        self.state().taken.push(Recorded::of(message));
    }
}
