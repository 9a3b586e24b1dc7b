//! From a message's bytes to an event, and what is said when that fails.
//!
//! The path and what was expected there are said; the value never is, for it may be a secret.

use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::choice::IN_VARIANT;
use crate::error::chain::debug_by_text;
use crate::event::Event;

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

pub(crate) struct Problem {
    pub(crate) path: String,
    pub(crate) reason: String,
}

/// Reads an event's body: a JSON object and nothing around it.
pub(crate) fn decode<E: Event>(body: &[u8]) -> Result<E, DecodeError> {
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

/// Reads again what failed to be read, more slowly, to learn where it fails.
pub(crate) fn problem<T: DeserializeOwned>(body: &[u8]) -> Problem {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let (path, error) = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Ok(_) => (String::new(), reader.end().err()),
        Err(error) => (error.path().to_string(), Some(error.into_inner())),
    };
    let path = if path == "." { String::new() } else { path };
    let reason = error.map_or_else(|| "cannot be read".to_owned(), |error| reason(&error));
    Problem { path, reason }
}

/// The error's text without anything that could come from the body.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(text, _)| text);
    match error.classify() {
        // Syntax errors name what the grammar wants.
        Category::Syntax | Category::Eof | Category::Io => {
            format!("the body is not JSON: {}", error)
        }
        Category::Data if text.starts_with("missing field `") || text.starts_with(IN_VARIANT) => {
            text.to_owned()
        }
        Category::Data => match text.rsplit_once(", expected ") {
            Some((_, expected)) if text.starts_with("invalid ") || text.starts_with("unknown ") => {
                format!("expected {expected}")
            }
            _ if text.starts_with("duplicate field `") => text.to_owned(),
            _ if text.starts_with("UUID parsing failed") => "expected a UUID".to_owned(),
            _ => "the value is not one of the field's type".to_owned(),
        },
    }
}
