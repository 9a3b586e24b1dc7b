//! What an event is: the traits that the derive implements.
//!
//! The texts that are made of an event's fields are written in `subject`.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::format::Derived;
use crate::subject::{MessageId, Subject, SubjectError};
use crate::validate::Violations;

/// What stands around an event in its message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Envelope {
    /// Nothing: the body is the event, and the message id is its only header.
    #[default]
    Plain,
    /// The body is the event, and headers say who published what and when, as CloudEvents 1.0 has it for NATS in binary mode.
    ///
    /// The publisher is the service, else the connection: `Config::service`. A listener also reads
    /// structured mode and plain messages; what it learns is in `Meta::cloud_event`.
    CloudEvents,
}

/// A type whose values are events: one JSON object each, on one subject each.
///
/// Sealed: only `#[derive(Event)]` implements it.
pub trait Event: Derived + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The full name: `scheduling.UserScheduleCreated`.
    const NAME: &'static str;
    /// The subject, with `{placeholders}` for the tokens that come from fields.
    const SUBJECT: &'static str;
    /// The stream that stores it; `None` for an ephemeral event.
    const STREAM: Option<&'static str>;
    /// How many partitions its key is spread over; `None` for an event without a key.
    const PARTITIONS: Option<u32>;
    /// What stands around it in a message.
    const ENVELOPE: Envelope = Envelope::Plain;

    /// The subject of this event.
    ///
    /// # Errors
    /// When a field's value cannot be a token of a subject.
    fn subject(&self) -> Result<Subject, SubjectError>;

    /// Checks the constraints of the contract.
    ///
    /// # Errors
    /// Every field that breaks one.
    fn validate(&self) -> Result<(), Violations>;
}

/// An event that a stream stores: it has a message id and is published with an acknowledgement.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a stored event",
    note = "an event without a `stream` is sent with `emit`"
)]
pub trait Stored: Event {
    /// The id under which the stream knows this event; publishing it again under the same id stores nothing.
    ///
    /// # Errors
    /// When the id field's value cannot stand in a header.
    fn message_id(&self) -> Result<MessageId, SubjectError>;
}

/// An event that nobody stores: whoever listens now gets it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an ephemeral event",
    note = "an event with a `stream` is sent with `publish` or `enqueue`"
)]
pub trait Ephemeral: Event {}
