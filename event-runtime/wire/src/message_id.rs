//! Message ids, which are made of an event's name and its id field.

use std::fmt;

use uuid::Uuid;

use crate::subject::SubjectError;
use crate::token::Token;

/// Maximum length of a message id, in bytes.
const MAX_ID: usize = 1_024;

/// Returns the reason why a text cannot be an id in a header.
fn id_problem(value: &str) -> Option<&'static str> {
    if value.is_empty() {
        return Some("is empty");
    }
    // Most ids are: no character of theirs needs a second look.
    if value.bytes().all(|b| b.is_ascii_graphic()) {
        return None;
    }
    if value.chars().any(char::is_control) {
        return Some("has a control character, which a header cannot have");
    }
    (value.trim().len() != value.len())
        .then_some("starts or ends with white space, which readers of headers drop")
}

/// Message id by which a stream deduplicates an event: `<full event name>:<value>`.
///
/// Deduplication is per stream and not per subject, so the name keeps two events with equal values apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MessageId(String);

impl MessageId {
    /// Creates the id of the event `name` from the id field's `value`.
    ///
    /// # Errors
    /// Returns [`SubjectError`] if the value is empty, has control characters, starts or ends with white space (readers of headers trim
    /// it, and two ids would be one) or is too long.
    pub fn new<T: Token + ?Sized>(name: &str, value: &T) -> Result<Self, SubjectError> {
        let place = "the value of the id field";
        let mut text = String::with_capacity(name.len() + 40);
        text.push_str(name);
        text.push(':');
        let start = text.len();
        if value.write_token(&mut text).is_err() {
            return Err(SubjectError::new(place, "could not be written"));
        }
        let value = text.get(start..).unwrap_or_default();
        if let Some(reason) = id_problem(value) {
            return Err(SubjectError::new(place, reason));
        }
        if text.len() > MAX_ID {
            return Err(SubjectError::new(
                place,
                "makes a message id longer than 1,024 bytes",
            ));
        }
        Ok(Self(text))
    }

    /// Creates a unique id, a UUIDv7, for an event without an id field.
    ///
    /// Publishing the event again is then another event; a retry inside one publish call is not.
    #[must_use]
    pub fn random(name: &str) -> Self {
        Self(format!("{name}:{}", Uuid::now_v7()))
    }

    /// Returns the value of the header `Nats-Msg-Id`.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_a_header_cannot_carry_are_refused() {
        let long = "x".repeat(10_000);
        for bad in ["", " a", "a ", "a\r\nX: y", "\0", "a\tb", &long] {
            assert!(MessageId::new("a.B", bad).is_err(), "{bad:?}");
        }
        assert_eq!(
            MessageId::new("a.B", "1.5 * x>").unwrap().as_str(),
            "a.B:1.5 * x>"
        );
    }
}
