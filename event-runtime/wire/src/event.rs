//! The traits of events, which the derive implements.
//!
//! The texts that are made of an event's fields are written in `subject`.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::format::Derived;
use crate::message_id::MessageId;
use crate::subject::{Subject, SubjectError};
use crate::validate::Violations;

/// Metadata that a message carries beside the event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Envelope {
    /// None: the body is the event, and the message id is the only header.
    #[default]
    Plain,
    /// CloudEvents 1.0 for NATS in binary mode: the body is the event, and headers say who published it and when.
    ///
    /// The source is the service, or else the name of the connection: `Config::service`. A listener also reads structured mode and
    /// plain messages, and sets `Meta::cloud_event`.
    CloudEvents,
}

/// Type of an event: each value is one JSON object on one subject.
///
/// This trait is sealed: only `#[derive(Event)]` implements it.
pub trait Event: Derived + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Full name: `scheduling.UserScheduleCreated`.
    const NAME: &'static str;
    /// Subject template, with a `{placeholder}` for each token that comes from a field.
    const SUBJECT: &'static str;
    /// Stream that stores the event; `None` for an ephemeral event.
    const STREAM: Option<&'static str>;
    /// Number of partitions that its key is spread over; `None` for an event without a key.
    const PARTITIONS: Option<u32>;
    /// Metadata of its messages.
    const ENVELOPE: Envelope = Envelope::Plain;

    /// Returns the subject of this event.
    ///
    /// # Errors
    /// Returns [`SubjectError`] if a field's value cannot be a token of a subject.
    fn subject(&self) -> Result<Subject, SubjectError>;

    /// Checks the constraints of the contract.
    ///
    /// # Errors
    /// Returns [`Violations`] with every field that breaks one.
    fn validate(&self) -> Result<(), Violations>;
}

/// Event that a stream stores: it has a message id and is published with an acknowledgement.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a stored event",
    note = "an event without a `stream` is sent with `emit`"
)]
pub trait Stored: Event {
    /// Returns the id by which the stream deduplicates this event within its duplicate window.
    ///
    /// # Errors
    /// Returns [`SubjectError`] if the id field's value cannot be part of a header.
    fn message_id(&self) -> Result<MessageId, SubjectError>;
}

/// Event that no stream stores: only current subscribers receive it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an ephemeral event",
    note = "an event with a `stream` is sent with `publish` or `enqueue`"
)]
pub trait Ephemeral: Event {}
