//! From a message's bytes to an event, and what is said when that fails.
//!
//! The path and what was expected there are said; the value never is, for it may be a secret.

use crate::chain::debug_by_text;
use crate::event::Event;
use crate::problem::{Problem, problem};

/// Why a message is not the event that its subject says.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{event}: {}{reason}", at(path))]
pub struct DecodeError {
    /// The event's full name.
    pub event: &'static str,
    /// Where in the JSON, in wire names: `lines[2].quantity`. Empty for the whole body.
    pub path: String,
    /// What was expected or is missing there. Quotes no value.
    pub reason: String,
}

debug_by_text!(DecodeError {
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

/// Reads an event's body: a JSON object and nothing around it.
pub fn decode<E: Event>(body: &[u8]) -> Result<E, DecodeError> {
    let fail = |problem: Problem| DecodeError {
        event: E::NAME,
        path: problem.path,
        reason: problem.reason,
    };
    // serde would read a struct from an array too.
    if body.iter().find(|b| !b.is_ascii_whitespace()) != Some(&b'{') {
        return Err(fail(Problem {
            path: String::new(),
            reason: "the body is not a JSON object".into(),
        }));
    }
    // Once for all of it: for each of its strings it would cost several times as much.
    let text = std::str::from_utf8(body).map_err(|error| {
        fail(Problem {
            path: String::new(),
            reason: format!("the body is not JSON: {error}"),
        })
    })?;
    serde_json::from_str(text).map_err(|_| fail(problem::<E>(body)))
}
