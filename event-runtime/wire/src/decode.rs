//! Reading an event from the body of a message.
//!
//! Errors name the path and what was expected there; they never quote the value, which may be a secret.

use crate::event::Event;
use crate::problem::{Problem, problem};

/// Error of a message that is not the event of its subject.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{event}: {}{reason}", at(path))]
#[non_exhaustive]
pub struct DecodeError {
    /// Full name of the event.
    pub event: &'static str,
    /// Path in the JSON, in wire names: `lines[2].quantity`. Empty for the whole body.
    pub path: String,
    /// Expectation that is not met there. Quotes no value.
    pub reason: String,
}

impl DecodeError {
    /// Creates an error about a message as a whole.
    #[must_use]
    pub fn new(event: &'static str, reason: impl Into<String>) -> Self {
        Self {
            event,
            path: String::new(),
            reason: reason.into(),
        }
    }
}

__debug_by_text!(DecodeError {
    event,
    path,
    reason
});

fn at(path: &str) -> String {
    if path.is_empty() {
        String::new()
    } else {
        format!("at {path}: ")
    }
}

/// Reads an event from its body: a JSON object and nothing around it.
///
/// # Errors
/// Returns [`DecodeError`] if the body is not JSON, lacks a field or has a value of another type. Constraints are not checked: see
/// [`Event::validate`].
pub fn decode<E: Event>(body: &[u8]) -> Result<E, DecodeError> {
    // serde would read a struct from an array too.
    if body.iter().find(|b| !b.is_ascii_whitespace()) != Some(&b'{') {
        return Err(DecodeError::new(E::NAME, "the body is not a JSON object"));
    }
    // Once for all of it: for each of its strings it would cost several times as much.
    let text = std::str::from_utf8(body)
        .map_err(|error| DecodeError::new(E::NAME, format!("the body is not JSON: {error}")))?;
    serde_json::from_str(text).map_err(|_| {
        let Problem { path, reason } = problem::<E>(body);
        DecodeError {
            event: E::NAME,
            path,
            reason,
        }
    })
}
