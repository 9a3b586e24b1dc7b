//! Subjects and partitions, which are made of an event's fields.
//!
//! The one place that writes them. Never formats a field into a subject without a check.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::ops::Deref;

use crate::permanent::Permanent;
use crate::token::Token;

/// Maximum length of a field's value as a token of a subject, in bytes.
const MAX_TOKEN: usize = 256;
/// Maximum length of a subject, in bytes: the server's control line (4,096 bytes) holds it beside a reply subject, and a dead letter's
/// subject is this one with a prefix.
const MAX_SUBJECT: usize = 1_024;

/// Error of a field's value that cannot be part of a subject or an id. It never quotes the value.
#[derive(Clone, PartialEq, Eq)]
pub struct SubjectError {
    place: Cow<'static, str>,
    reason: &'static str,
}

impl SubjectError {
    pub(crate) fn new(place: impl Into<Cow<'static, str>>, reason: &'static str) -> Self {
        Self {
            place: place.into(),
            reason,
        }
    }
}

impl fmt::Display for SubjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.reason)
    }
}

__debug_by_text!(SubjectError { place, reason });

impl std::error::Error for SubjectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&Permanent)
    }
}

/// Subject of one event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(Cow<'static, str>);

impl Subject {
    /// Creates a subject from the text of a contract, without a copy.
    #[must_use]
    #[inline]
    pub const fn from_static(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// Returns the subject's text.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text itself, borrowed if the contract has it as a whole.
    #[must_use]
    #[inline]
    pub fn into_inner(self) -> Cow<'static, str> {
        self.0
    }
}

impl Deref for Subject {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Subject {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.0.into_owned()
    }
}

impl PartialEq<str> for Subject {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Subject {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

/// FNV-1a hash of a key's text, over 32 bits, as in nats-server's own `partition()`.
struct Fnv1a(u32);

impl Write for Fnv1a {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u32::from(byte)).wrapping_mul(16_777_619);
        }
        Ok(())
    }
}

/// Returns the partition of a key, out of `partitions` (at least 1 is assumed).
#[must_use]
pub fn partition<K: Token + ?Sized>(key: &K, partitions: u32) -> u32 {
    let mut hash = Fnv1a(2_166_136_261);
    // Writing into the hash cannot fail; a `Token` that fails by itself hashes as far as it came.
    let _ = key.write_token(&mut hash);
    hash.0 % partitions.max(1)
}

/// Builder of a subject, which rejects every value that could make it another subject.
///
/// The first error is kept and returned by [`finish`](SubjectWriter::finish).
#[derive(Debug, Default)]
pub struct SubjectWriter {
    text: String,
    error: Option<SubjectError>,
}

impl SubjectWriter {
    /// Creates an empty subject.
    #[must_use]
    pub fn new() -> Self {
        Self {
            text: String::with_capacity(64),
            error: None,
        }
    }

    fn dot(&mut self) {
        if !self.text.is_empty() {
            self.text.push('.');
        }
    }

    /// Adds one or more tokens of the subject template.
    #[must_use]
    pub fn literal(mut self, text: &str) -> Self {
        self.dot();
        self.text.push_str(text);
        self
    }

    /// Adds the partition of `key`, out of `partitions`.
    #[must_use]
    pub fn partition<K: Token + ?Sized>(mut self, key: &K, partitions: u32) -> Self {
        self.dot();
        let _ = write!(self.text, "{}", partition(key, partitions));
        self
    }

    /// Adds the value of the field `name` as one token.
    #[must_use]
    pub fn token<T: Token + ?Sized>(mut self, name: &str, value: &T) -> Self {
        self.dot();
        let start = self.text.len();
        let written = value.write_token(&mut self.text);
        let problem = match self.text.get(start..) {
            Some(token) if written.is_ok() => token_problem(token),
            _ => Some("could not be written"),
        };
        if let (Some(reason), None) = (problem, &self.error) {
            self.error = Some(SubjectError::new(format!("the value of `{name}`"), reason));
        }
        self
    }

    /// Adds the value of the field `name`, or `*` for any, for a wildcard filter.
    #[must_use]
    pub fn token_or_any<T: Token + ?Sized>(self, name: &str, value: Option<&T>) -> Self {
        match value {
            Some(value) => self.token(name, value),
            None => self.literal("*"),
        }
    }

    /// Adds the partition of `key`, or `*` for any, for a wildcard filter.
    #[must_use]
    pub fn partition_or_any<K: Token + ?Sized>(self, key: Option<&K>, partitions: u32) -> Self {
        match key {
            Some(key) => self.partition(key, partitions),
            None => self.literal("*"),
        }
    }

    /// Returns the subject.
    ///
    /// # Errors
    /// Returns [`SubjectError`] for the first token that was rejected, or if the subject is too long.
    pub fn finish(self) -> Result<Subject, SubjectError> {
        self.text().map(|text| Subject(Cow::Owned(text)))
    }

    fn text(self) -> Result<String, SubjectError> {
        match self.error {
            Some(error) => Err(error),
            None if self.text.len() > MAX_SUBJECT => Err(SubjectError::new(
                "the subject",
                "is longer than 1,024 bytes",
            )),
            None => Ok(self.text),
        }
    }
}

/// Returns the reason why a text cannot be one token of a subject.
pub fn token_problem(token: &str) -> Option<&'static str> {
    if token.is_empty() {
        return Some("is empty: it cannot be a token of a subject");
    }
    if token.len() > MAX_TOKEN {
        return Some("is longer than 256 bytes: it cannot be a token of a subject");
    }
    // Uuids, numbers and words: no character of theirs needs a second look.
    if token
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    {
        return None;
    }
    token.chars().find_map(|c| match c {
        '.' => Some("has a `.`, which would make it two tokens of a subject"),
        '*' | '>' => Some("has a `*` or `>`, which are wildcards in a subject"),
        c if c.is_whitespace() => Some("has white space, which a subject cannot have"),
        c if c.is_control() => Some("has a control character, which a subject cannot have"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_those_of_the_server() {
        // FNV-1a-32 test vectors.
        let hash = |text: &str| {
            let mut fnv = Fnv1a(2_166_136_261);
            fnv.write_str(text).unwrap();
            fnv.0
        };
        assert_eq!(hash(""), 0x811c_9dc5);
        assert_eq!(hash("a"), 0xe40c_292c);
        assert_eq!(hash("foobar"), 0xbf9c_f968);
        assert_eq!(partition("foobar", 8), 0xbf9c_f968 % 8);
        assert_eq!(partition("anything", 1), 0);
    }

    #[test]
    fn tokens_join_with_dots() {
        let subject = SubjectWriter::new()
            .literal("orders")
            .partition("o1", 1)
            .token("region", "eu")
            .token("n", &7_i64)
            .literal("placed.now");
        assert_eq!(
            subject.finish().unwrap().as_str(),
            "orders.0.eu.7.placed.now"
        );
    }

    #[test]
    fn values_that_would_be_another_subject_are_refused() {
        let long = "x".repeat(10_000);
        for bad in [
            "",
            ".",
            "a.b",
            "*",
            ">",
            "a>",
            " ",
            "a b",
            "a\r\nPUB x 0",
            "\0",
            "\u{a0}",
            "\u{7f}",
            &long,
        ] {
            let error = SubjectWriter::new()
                .literal("a")
                .token("region", bad)
                .finish()
                .unwrap_err();
            let text = error.to_string();
            assert!(text.starts_with("the value of `region` "), "{text}");
            assert!(
                bad.len() < 5 || !text.contains(bad),
                "quotes the value: {text}"
            );
        }
    }
}
