//! Publishing an event that is known only at run time: the same message that a generated type would send.

use async_nats::HeaderMap;
use bytes::Bytes;
use event_wire::{Envelope, MessageId, Subject};
use tracing::Span;

use crate::bus::Bus;
use crate::cloudevents;
use crate::error::Error;
use crate::outgoing::Outgoing;
use crate::publish::on_nats;
use crate::receipt::Receipt;
use crate::store::is_publish_to;

/// An event without a Rust type. Its texts come from the writers that generated code uses too:
/// [`SubjectWriter`](crate::SubjectWriter) and [`MessageId`].
#[derive(Clone, Debug)]
pub struct AnyEvent {
    /// Its full name.
    pub name: &'static str,
    /// Subject.
    pub subject: Subject,
    /// The stream that stores it; nothing for an ephemeral event.
    pub stream: Option<&'static str>,
    /// The id under which the stream knows it; an ephemeral event has one in an envelope only.
    pub id: MessageId,
    /// Envelope of its message.
    pub envelope: Envelope,
    /// Its body: an event that was checked against its contract.
    pub body: Bytes,
}

impl Bus {
    /// Publishes an event without a Rust type. A stored one has a receipt. An ephemeral one has none: `Ok` says that the
    /// server has taken it, and nobody says who got it.
    ///
    /// # Errors
    /// Those of [`publish`](Bus::publish) and [`emit`](Bus::emit), and [`Error::Refused`] for an ephemeral one too.
    pub async fn publish_any(&self, event: AnyEvent) -> Result<Option<Receipt>, Error> {
        self.open()?;
        let mut headers = HeaderMap::new();
        let id = event.id.as_str();
        if event.stream.is_some() {
            headers.insert(async_nats::header::NATS_MESSAGE_ID, id);
        }
        if event.envelope == Envelope::CloudEvents {
            cloudevents::write(&mut headers, event.name, id, self.source(event.name)?);
        }
        let mut message = Outgoing {
            subject: on_nats(event.subject),
            headers,
            payload: event.body,
            stream: event.stream.unwrap_or_default(),
        };
        if event.stream.is_some() {
            let pending = self.enqueue_message(Ok(message), Span::none()).await?;
            return pending.await.map(Some);
        }
        let mark = self.inner.events.mark();
        let subject = message.subject.clone();
        self.emit_message(&mut message).await?;
        let refused = self
            .inner
            .events
            .refused(mark, |operation| is_publish_to(operation, &subject));
        let deadline = self.publish_deadline();
        tokio::select! {
            biased;
            operation = refused => Err(Error::Refused { operation }),
            taken = self.round_trip(deadline) => match taken {
                true => Ok(None),
                false => Err(Error::NotConnected {
                    subject: subject.to_string(),
                    after: self.inner.config.publish_timeout,
                }),
            }
        }
    }
}
