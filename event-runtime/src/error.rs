//! Everything that can go wrong, told apart by what the caller can do about it.
//!
//! No error quotes a payload or a secret.

use std::time::Duration;

use crate::config::ConfigError;
use crate::decode::DecodeError;
use crate::subject::SubjectError;
use crate::validate::Violations;

/// The server's code for a cluster, or a stream of it, that has no leader now.
const NO_LEADER: u64 = 10_008;

/// What a failed operation says. Each says whether it is safe to repeat.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is missing or wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),

    /// The first connection to a server failed.
    #[error("cannot connect to {servers}: {reason}")]
    Connect {
        /// The servers, without credentials.
        servers: String,
        /// What the client says.
        reason: String,
    },

    /// A server is there and does not let this connection in. Repeating does not help.
    #[error("{servers} does not accept the credentials of this connection: {reason}")]
    Login {
        /// The servers, without credentials.
        servers: String,
        /// What the client says.
        reason: String,
    },

    /// No connection during the whole time-out, or no place among the publishes that wait for an answer: nothing was
    /// sent. Safe to repeat.
    #[error(
        "nothing was sent to {subject} within {after:?}: there is no connection, or no answer to earlier events"
    )]
    NotConnected {
        /// The subject.
        subject: String,
        /// How long was waited.
        after: Duration,
    },

    /// The stream did not acknowledge in time. The event may be stored; repeating it under the same id is safe.
    #[error(
        "no acknowledgement for {subject} from the stream {stream} within {after:?}: it may be stored, and repeating it \
         under the same id is safe"
    )]
    TimedOut {
        /// The subject.
        subject: String,
        /// The stream.
        stream: &'static str,
        /// How long was waited.
        after: Duration,
    },

    /// A request to the server was not answered in time.
    #[error("the server did not answer {what} within {after:?}")]
    NoAnswer {
        /// What was asked.
        what: String,
        /// How long was waited.
        after: Duration,
    },

    /// No stream takes the subject.
    #[error(
        "no stream takes {subject} (expected: {stream}); `event-contracts streams apply` creates the streams of the \
         contracts (in development: `Bus::ensure`)"
    )]
    NoStream {
        /// The subject.
        subject: String,
        /// The stream of the contract.
        stream: &'static str,
    },

    /// This connection may not do that. Repeating does not help.
    #[error("the server refuses {operation} for the permissions of this connection")]
    Refused {
        /// The server's words: `Publish to "a.b"`.
        operation: String,
    },

    /// The message is larger than the server takes.
    #[error(
        "{subject}: the message has {size} bytes with its headers, and the server takes {limit}"
    )]
    TooLarge {
        /// The subject.
        subject: String,
        /// Bytes of the message with its headers.
        size: usize,
        /// The most the server takes.
        limit: usize,
    },

    /// The event could not be written as JSON.
    #[error("{event} cannot be written as JSON: {reason}")]
    Encode {
        /// The event's full name.
        event: &'static str,
        /// What serde says.
        reason: String,
    },

    /// A message is not the event that its subject says.
    #[error(transparent)]
    Decode(#[from] DecodeError),

    /// The event breaks constraints of its contract: nothing was sent.
    #[error("{event} is invalid: {violations}")]
    Invalid {
        /// The event's full name.
        event: &'static str,
        /// The broken constraints.
        violations: Violations,
    },

    /// A field's value cannot be part of the subject or the id: nothing was sent.
    #[error("{event}: {problem}")]
    Subject {
        /// The event's full name.
        event: &'static str,
        /// Which value, and why.
        problem: SubjectError,
    },

    /// A CloudEvent says who published it, and this connection has no name: nothing was sent.
    #[error(
        "{event} is a CloudEvent, and its ce-source is the service that publishes it: name the service with \
         `Config::service`, or set NATS_NAME"
    )]
    NoSource {
        /// The event's full name.
        event: &'static str,
    },

    /// A value of a filter cannot be part of a subject: nothing was subscribed to.
    #[error("the filter: {0}")]
    Filter(#[from] SubjectError),

    /// The server answered with an error of JetStream.
    #[error("{what}: the server says {description} ({code})")]
    Server {
        /// What was tried.
        what: String,
        /// The server's error code.
        code: u64,
        /// The server's words.
        description: String,
    },

    /// A durable that the service needs is not there.
    #[error(
        "{service}: the durable consumer {durable} of the stream {stream} is missing; `event-contracts streams apply` \
         creates it (in development: `Bus::ensure`)"
    )]
    MissingDurable {
        /// The service.
        service: &'static str,
        /// The stream.
        stream: String,
        /// The durable consumer.
        durable: String,
    },

    /// A durable exists, but not as the service needs it.
    #[error(
        "{service}: the durable consumer {durable} of the stream {stream} {problem}; `event-contracts streams apply` \
         brings it up to the contracts (in development: `Bus::ensure`)"
    )]
    Unfit {
        /// The service.
        service: &'static str,
        /// The stream.
        stream: String,
        /// The durable consumer.
        durable: String,
        /// What it lacks.
        problem: String,
    },

    /// A durable was deleted while the service was listening; that there is a new one of its name by now does not help.
    #[error(
        "the durable consumer {durable} of the stream {stream} was deleted while it was in use"
    )]
    ConsumerGone {
        /// The stream.
        stream: String,
        /// The durable consumer.
        durable: String,
    },

    /// The bus is closed, or is closing.
    #[error("the bus is closed")]
    Closed,
}

impl Error {
    /// Whether the same call may succeed later without a change of code, contracts or permissions.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Connect { .. }
                | Self::NotConnected { .. }
                | Self::TimedOut { .. }
                | Self::NoAnswer { .. }
                | Self::Server {
                    code: NO_LEADER,
                    ..
                }
        )
    }

    /// Which of these it is, in a word: what spans have as `error.type`.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Config(_) => "config",
            Self::Connect { .. } => "connect",
            Self::Login { .. } => "login",
            Self::NotConnected { .. } => "not-connected",
            Self::TimedOut { .. } => "timed-out",
            Self::NoAnswer { .. } => "no-answer",
            Self::NoStream { .. } => "no-stream",
            Self::Refused { .. } => "refused",
            Self::TooLarge { .. } => "too-large",
            Self::Encode { .. } => "encode",
            Self::Decode(_) => "decode",
            Self::Invalid { .. } => "invalid",
            Self::Subject { .. } => "subject",
            Self::NoSource { .. } => "no-source",
            Self::Filter(_) => "filter",
            Self::Server { .. } => "server",
            Self::MissingDurable { .. } => "missing-durable",
            Self::Unfit { .. } => "unfit",
            Self::ConsumerGone { .. } => "consumer-gone",
            Self::Closed => "closed",
        }
    }
}
