//! Everything that can go wrong, told apart by what the caller can do about it.
//!
//! No error quotes a payload or a secret. Their texts are in `text`.

mod text;

use std::time::Duration;

pub(crate) use text::INBOX_HELP;

use event_wire::{DecodeError, SubjectError, Violations};

use crate::config::ConfigError;

/// The server's code for a cluster, or a stream of it, that has no leader now.
const NO_LEADER: u64 = 10_008;

/// Error of an operation. Each variant says whether a retry is safe.
#[non_exhaustive]
pub enum Error {
    /// A setting is missing or wrong.
    Config(ConfigError),

    /// The first connection to a server failed.
    Connect {
        /// The servers, without credentials.
        servers: String,
        /// Message of the client.
        reason: String,
    },

    /// A server is there and does not let this connection in. Repeating does not help.
    Login {
        /// The servers, without credentials.
        servers: String,
        /// Message of the client.
        reason: String,
    },

    /// No connection during the whole time-out, or no place among the publishes that wait for an answer: nothing was
    /// sent. Safe to repeat.
    NotConnected {
        /// The subject.
        subject: String,
        /// Time waited.
        after: Duration,
    },

    /// The stream did not acknowledge in time. The event may be stored; repeating it under the same id is safe.
    TimedOut {
        /// The subject.
        subject: String,
        /// The stream.
        stream: &'static str,
        /// Time waited.
        after: Duration,
    },

    /// A request to the server was not answered in time.
    NoAnswer {
        /// The request.
        what: String,
        /// Time waited.
        after: Duration,
    },

    /// No stream takes the subject.
    NoStream {
        /// The subject.
        subject: String,
        /// The stream of the contract.
        stream: &'static str,
    },

    /// This connection may not do that. Repeating does not help.
    Refused {
        /// The server's words: `Publish to "a.b"`.
        operation: String,
    },

    /// The message is larger than the server takes.
    TooLarge {
        /// The subject.
        subject: String,
        /// Bytes of the message with its headers.
        size: usize,
        /// The most the server takes.
        limit: usize,
    },

    /// The event could not be written as JSON.
    Encode {
        /// The event's full name.
        event: &'static str,
        /// Message of serde.
        reason: String,
    },

    /// A message is not the event that its subject says.
    Decode(DecodeError),

    /// The event breaks constraints of its contract: nothing was sent.
    Invalid {
        /// The event's full name.
        event: &'static str,
        /// The broken constraints.
        violations: Violations,
    },

    /// A field's value cannot be part of the subject or the id: nothing was sent.
    Subject {
        /// The event's full name.
        event: &'static str,
        /// The value and the problem.
        problem: SubjectError,
    },

    /// A CloudEvent says who published it, and this connection has no name: nothing was sent.
    NoSource {
        /// The event's full name.
        event: &'static str,
    },

    /// A value of a filter cannot be part of a subject: nothing was subscribed to.
    Filter(SubjectError),

    /// The server answered with an error of JetStream.
    Server {
        /// The operation.
        what: String,
        /// The server's error code.
        code: u64,
        /// The server's words.
        description: String,
    },

    /// JetStream is not enabled on the server, or not for the account of this connection.
    NoJetStream {
        /// The service.
        service: &'static str,
        /// The servers, without credentials.
        servers: String,
        /// Message of the server.
        reason: String,
    },

    /// A stream that the service needs is not there.
    MissingStream {
        /// The service.
        service: &'static str,
        /// The stream.
        stream: String,
        /// The durable consumers of it that the service needs.
        durables: Vec<String>,
    },

    /// A durable that the service needs is not there.
    MissingDurable {
        /// The service.
        service: &'static str,
        /// The stream.
        stream: String,
        /// The durable consumer.
        durable: String,
    },

    /// A durable exists, but not as the service needs it.
    Unfit {
        /// The service.
        service: &'static str,
        /// The stream.
        stream: String,
        /// The durable consumer.
        durable: String,
        /// The drift.
        problem: String,
    },

    /// The server lacks several of the things that the service needs: all of them, each as the error that it is alone.
    Unprovisioned {
        /// The service.
        service: &'static str,
        /// Everything that is missing or does not fit.
        problems: Vec<Error>,
    },

    /// A durable was deleted while the service was listening; that there is a new one of its name by now does not help.
    ConsumerGone {
        /// The stream.
        stream: String,
        /// The durable consumer.
        durable: String,
    },

    /// The system has no thread for what a listener needs one for.
    NoThread {
        /// Message of the system.
        reason: String,
    },

    /// The bus is closed, or is closing.
    Closed,
}

impl Error {
    /// Returns true if the same call may succeed later without a change of code, contracts or permissions.
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

    /// Returns the kind as a word, for logs and metrics: `timed-out`, `no-stream`. It is the `error.type` of spans.
    #[must_use]
    pub fn kind(&self) -> &'static str {
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
            Self::NoJetStream { .. } => "no-jetstream",
            Self::MissingStream { .. } => "missing-stream",
            Self::MissingDurable { .. } => "missing-durable",
            Self::Unprovisioned { .. } => "unprovisioned",
            Self::Unfit { .. } => "unfit",
            Self::ConsumerGone { .. } => "consumer-gone",
            Self::NoThread { .. } => "no-thread",
            Self::Closed => "closed",
        }
    }
}
