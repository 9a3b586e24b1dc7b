//! The texts of errors: what is wrong, then what to do.

use std::error::Error as StdError;
use std::fmt::{self, Display};

use event_wire::__runtime::Chain;
use event_wire::{DecodeError, Permanent, SubjectError};

use super::Error;
use crate::config::ConfigError;

/// Remedy for drift.
const APPLY: &str = "`event-contracts streams apply` brings the server up to the contracts (in development: `event_operate::ensure`)";

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Connect { servers, reason } => write!(f, "cannot connect to {servers}: {reason}"),
            Self::Login { servers, reason } => write!(
                f,
                "{servers} does not accept the credentials of this connection: {reason}"
            ),
            Self::NotConnected { subject, after } => write!(
                f,
                "nothing was sent to {subject} within {after:?}: there is no connection, or no answer to earlier events"
            ),
            Self::TimedOut {
                subject,
                stream,
                after,
            } => write!(
                f,
                "no acknowledgement for {subject} from the stream {stream} within {after:?}: it may be stored, and repeating \
                 it under the same id is safe"
            ),
            Self::NoAnswer { what, after } => {
                write!(f, "the server did not answer {what} within {after:?}")
            }
            Self::NoStream { subject, stream } => write!(
                f,
                "no stream takes {subject} (expected: {stream}); `event-contracts streams apply` creates the streams of the \
                 contracts (in development: `event_operate::ensure`)"
            ),
            Self::Refused { operation } => refused(operation, f),
            Self::TooLarge {
                subject,
                size,
                limit,
            } => write!(
                f,
                "{subject}: the message has {size} bytes with its headers, and the server takes {limit}"
            ),
            Self::Encode { event, reason } => {
                write!(f, "{event} cannot be written as JSON: {reason}")
            }
            Self::Decode(error) => error.fmt(f),
            Self::Invalid { event, violations } => write!(f, "{event} is invalid: {violations}"),
            Self::Subject { event, problem } => write!(f, "{event}: {problem}"),
            Self::NoSource { event } => write!(
                f,
                "{event} is a CloudEvent, and its ce-source is the service that publishes it: name the service with \
                 `Config::service`, or set NATS_NAME"
            ),
            Self::Filter(error) => write!(f, "the filter: {error}"),
            Self::Server {
                what,
                code,
                description,
            } => write!(f, "{what}: the server says {description} ({code})"),
            Self::NoJetStream {
                service,
                servers,
                reason,
            } => write!(
                f,
                "{service} cannot listen: there is no JetStream for it on {servers} ({reason}); enable it (`nats-server -js`, or \
                 `jetstream` in the configuration of the server and of the account), then run `event-contracts streams apply`"
            ),
            Self::MissingStream { service, .. }
            | Self::MissingDurable { service, .. }
            | Self::Unfit { service, .. } => {
                write!(f, "{service}: ")?;
                lacking(self, f)?;
                write!(f, "; {APPLY}")
            }
            Self::Unprovisioned { service, problems } => {
                let count = problems.len();
                write!(f, "{service} cannot listen, for {count} reasons:")?;
                for problem in problems {
                    f.write_str("\n  - ")?;
                    lacking(problem, f)?;
                }
                write!(f, "\n{APPLY}")
            }
            Self::ConsumerGone { stream, durable } => write!(
                f,
                "the durable consumer {durable} of the stream {stream} was deleted while it was in use"
            ),
            Self::NoThread { reason } => write!(
                f,
                "the system has no thread that would extend the leases of what is being handled: {reason}"
            ),
            Self::Closed => f.write_str("the bus is closed"),
        }
    }
}

/// Writes the drift that a service has found, without the remedy.
fn lacking(error: &Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        Error::MissingStream {
            stream, durables, ..
        } => write!(
            f,
            "the stream {stream} is missing, with its durable consumer{} {}",
            if durables.len() > 1 { "s" } else { "" },
            durables.join(", ")
        ),
        Error::MissingDurable {
            stream, durable, ..
        } => write!(
            f,
            "the durable consumer {durable} of the stream {stream} is missing"
        ),
        Error::Unfit {
            stream,
            durable,
            problem,
            ..
        } => write!(
            f,
            "the durable consumer {durable} of the stream {stream} {problem}"
        ),
        other => other.fmt(f),
    }
}

/// A refusal for permissions, with what would be permitted where that can be told.
fn refused(operation: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(
        f,
        "the server refuses {operation} for the permissions of this connection"
    )?;
    if is_inbox(operation) {
        write!(f, "; {INBOX_HELP}")
    } else if is_of_service(operation) {
        f.write_str(
            "; `event-contracts export nats-auth` writes the permissions that each service needs",
        )
    } else {
        Ok(())
    }
}

/// Returns true if services do it too, and not operators alone.
fn is_of_service(operation: &str) -> bool {
    let words = [".CONSUMER.INFO.", ".CONSUMER.MSG.NEXT.", "$JS.ACK."];
    let operators = operation.contains("$JS.") || operation.contains("$SYS.");
    !operators || words.iter().any(|word| operation.contains(word))
}

/// Remedy for a connection without the permission for its inbox.
pub(crate) const INBOX_HELP: &str = "answers of the server come to the inbox of the connection: set NATS_INBOX_PREFIX (or \
     `Config::inbox_prefix`) to the prefix that this user may subscribe to, which is `_INBOX_<service>` in the permissions of \
     `event-contracts export nats-auth`";

/// Returns true if the server's message is about a subscription to an inbox, by the usual names.
fn is_inbox(operation: &str) -> bool {
    operation.starts_with("Subscription to \"_INBOX")
}

/// By its text and that of its sources: `main` shows an error that it returns by `Debug`.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            let mut fields = f.debug_struct("Error");
            fields.field("kind", &self.kind());
            fields.field("text", &self.to_string()).finish()
        } else {
            Display::fmt(&Chain(self), f)
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Config(error) => error.source(),
            Self::Decode(error) => error.source(),
            Self::Filter(error) => Some(error),
            Self::Invalid { .. }
            | Self::Subject { .. }
            | Self::Encode { .. }
            | Self::TooLarge { .. } => Some(&Permanent),
            _ => None,
        }
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<SubjectError> for Error {
    fn from(error: SubjectError) -> Self {
        Self::Filter(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_helps() {
        let text = |operation: &str| {
            let operation = operation.to_owned();
            Error::Refused { operation }.to_string()
        };
        for (operation, help) in [
            (r#"Subscription to "_INBOX.a.*""#, Some("NATS_INBOX_PREFIX")),
            (r#"Publish to "orders.placed""#, Some("export nats-auth")),
            (
                r#"Publish to "$JS.API.CONSUMER.INFO.S.d""#,
                Some("export nats-auth"),
            ),
            (r#"Publish to "$JS.hub.API.STREAM.CREATE.S""#, None),
        ] {
            let text = text(operation);
            match help {
                Some(help) => assert!(text.contains(help), "{text}"),
                None => assert!(text.ends_with("this connection"), "{text}"),
            }
        }
    }

    #[test]
    fn errors_are_debugged_as_text_and_their_structure_is_there_too() {
        let error = Error::TooLarge {
            subject: "a.b".to_owned(),
            size: 2,
            limit: 1,
        };
        assert_eq!(
            format!("{error:?}"),
            format!("{error}: no retry can succeed")
        );
        assert!(format!("{error:#?}").contains("kind: \"too-large\""));
        let config = Error::from(ConfigError {
            variable: "NATS_URL",
            reason: "names no server".to_owned(),
        });
        assert_eq!(format!("{config:?}"), "NATS_URL: names no server");
    }
}
