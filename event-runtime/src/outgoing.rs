//! Messages that are about to be sent, and the answers that a publisher waits for.

use std::borrow::Cow;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_nats::{HeaderMap, Subject};
use bytes::Bytes;
use event_wire::{Envelope, Ephemeral, Event, MessageId, Stored};
use tokio::sync::oneshot;

use crate::cloudevents;
use crate::error::Error;

/// Acknowledgement that the stream has persisted the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Name of the stream.
    pub stream: String,
    /// Sequence of the event in the stream, from 1.
    pub sequence: u64,
    /// The stream already had an event under this id: this publish stored nothing. `false` when only a retry inside this
    /// publish met its own earlier attempt, or may have.
    pub duplicate: bool,
}

/// A publish that was sent and whose acknowledgement is awaited in the background, retries included.
///
/// Await it for the outcome. When it is dropped, a failure is logged and counted in
/// [`Stats::unseen_failures`](crate::Stats::unseen_failures).
#[must_use = "a publish may fail: await it for the outcome"]
#[derive(Debug)]
pub struct Pending(pub(crate) oneshot::Receiver<Result<Receipt, Error>>);

impl Future for Pending {
    type Output = Result<Receipt, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Nobody answers only when the runtime of the connection has ended.
        Pin::new(&mut self.0)
            .poll(context)
            .map(|result| result.unwrap_or(Err(Error::Closed)))
    }
}

/// Converts the subject of an event to the client's, without a copy.
#[inline]
pub(crate) fn on_nats(subject: event_wire::Subject) -> Subject {
    match subject.into_inner() {
        Cow::Borrowed(text) => Subject::from_static(text),
        Cow::Owned(text) => Subject::from(text),
    }
}

/// A message that is about to be sent.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Subject.
    pub subject: Subject,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub payload: Bytes,
    /// Stream that stores it; empty for an ephemeral event.
    pub stream: &'static str,
}

impl Outgoing {
    /// Makes the message of a stored event; `source` is the `ce-source` of its publisher, if it has one.
    pub(crate) fn stored<E: Stored>(event: &E, source: Option<&str>) -> Result<Self, Error> {
        let payload = encode(event)?;
        let at = |problem| Error::Subject {
            event: E::NAME,
            problem,
        };
        let subject = on_nats(event.subject().map_err(at)?);
        let id = event.message_id().map_err(at)?;
        let mut headers = HeaderMap::new();
        headers.insert(async_nats::header::NATS_MESSAGE_ID, id.as_str());
        if E::ENVELOPE == Envelope::CloudEvents {
            cloudevents::write(
                &mut headers,
                E::NAME,
                id.as_str(),
                source.ok_or(Error::NoSource { event: E::NAME })?,
            );
        }
        Ok(Self {
            subject,
            headers,
            payload,
            stream: E::STREAM.unwrap_or_default(),
        })
    }

    /// Makes the message of an ephemeral event.
    pub(crate) fn ephemeral<E: Ephemeral>(event: &E, source: Option<&str>) -> Result<Self, Error> {
        let payload = encode(event)?;
        let subject = event.subject().map_err(|problem| Error::Subject {
            event: E::NAME,
            problem,
        })?;
        let subject = on_nats(subject);
        let mut headers = HeaderMap::new();
        if E::ENVELOPE == Envelope::CloudEvents {
            // Nobody de-duplicates it; a CloudEvent has an id all the same.
            let id = MessageId::random(E::NAME);
            cloudevents::write(
                &mut headers,
                E::NAME,
                id.as_str(),
                source.ok_or(Error::NoSource { event: E::NAME })?,
            );
        }
        Ok(Self {
            subject,
            headers,
            payload,
            stream: "",
        })
    }

    pub(crate) fn not_connected(&self, after: Duration) -> Error {
        Error::NotConnected {
            subject: self.subject.to_string(),
            after,
        }
    }

    /// What the server counts: headers and payload.
    pub(crate) fn size(&self) -> usize {
        self.header_size() + self.payload.len()
    }

    /// What the headers take.
    pub(crate) fn header_size(&self) -> usize {
        if self.headers.is_empty() {
            return 0;
        }
        let lines = self.headers.iter().flat_map(|(name, values)| {
            let name: &str = name.as_ref();
            values
                .iter()
                .map(move |value| name.len() + value.as_str().len() + 4)
        });
        "NATS/1.0\r\n\r\n".len() + lines.sum::<usize>()
    }
}

fn encode<E: Event>(event: &E) -> Result<Bytes, Error> {
    event.validate().map_err(|violations| Error::Invalid {
        event: E::NAME,
        violations,
    })?;
    event_wire::encode(event).map_err(|error| Error::Encode {
        event: E::NAME,
        reason: error.to_string(),
    })
}
