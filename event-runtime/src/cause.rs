//! Reasons of dead letters, as words.

/// Reason for which a delivery was dead-lettered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The body is not the event: no JSON, a missing field, an unknown value of a closed type; or its envelope is no
    /// CloudEvent of version 1.0 with JSON data.
    Undecodable,
    /// It breaks constraints of the contract.
    Invalid,
    /// The message id or the `ce-type` names another event than the subject does.
    Contradiction,
    /// No handler of this build takes its subject.
    Unknown,
    /// The handler failed as often as the service allows.
    Attempts,
    /// The handler panicked as often as the service allows.
    Panic,
    /// The handler returned [`Failure::Dead`](crate::Failure::Dead).
    Dead,
    /// Redelivered again and again without any outcome: a poison message that may kill the process that handles it.
    NoOutcome,
}

impl Cause {
    /// Returns the word in the header [`REASON`](crate::dead_letter::REASON).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Undecodable => "undecodable",
            Self::Invalid => "invalid",
            Self::Contradiction => "contradiction",
            Self::Unknown => "unknown",
            Self::Attempts => "attempts",
            Self::Panic => "panic",
            Self::Dead => "dead",
            Self::NoOutcome => "no-outcome",
        }
    }
}
