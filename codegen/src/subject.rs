//! Subject templates: parsed once into segments that feed constants, formatters, filters and the overlap rule.
//!
//! The one place that knows what a NATS subject may look like. Knows nothing of fields' types.

mod pattern;

use std::fmt;

pub use self::pattern::{Pattern, Token};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// The placeholder that `key` fills.
pub const PARTITION: &str = "partition";

/// One token of a subject.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    /// Stands as it is.
    Literal(String),
    /// `{name}`: a field's value, or the partition.
    Placeholder(String),
}

/// A subject with placeholders. Without segments it could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// As it was written.
    pub text: String,
    /// Its tokens.
    pub segments: Vec<Segment>,
}

/// Error of a subject template, with its place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// Kind of the error.
    pub kind: TemplateErrorKind,
    /// Bytes of the template's text.
    pub range: std::ops::Range<usize>,
}

/// Kind of an error of a subject template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateErrorKind {
    /// No text at all.
    Empty,
    /// Two dots in a row, or one at an end.
    EmptyToken,
    /// White space or a control character.
    Space,
    /// `*` or `>`: an event has one subject, not a pattern.
    Wildcard,
    /// `{` without `}`, or the reverse.
    Unclosed,
    /// `{}` or a name that is no field name.
    PlaceholderName,
    /// Text beside a placeholder in one token.
    NotWholeToken,
    /// The first token is a placeholder: such a subject could be any other.
    PlaceholderFirst,
    /// One name twice.
    PlaceholderTwice,
}

impl fmt::Display for TemplateErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "a subject cannot be empty",
            Self::EmptyToken => "a subject cannot have an empty token",
            Self::Space => "a subject cannot have white space or control characters",
            Self::Wildcard => "an event's subject cannot have the wildcards * and >",
            Self::Unclosed => "a placeholder is not closed",
            Self::PlaceholderName => "a placeholder must name a field",
            Self::NotWholeToken => "a placeholder must be a whole token between dots",
            Self::PlaceholderFirst => "the first token cannot be a placeholder",
            Self::PlaceholderTwice => "a placeholder stands twice",
        })
    }
}

impl TemplateErrorKind {
    /// Returns whether it is about a placeholder, and not about what NATS allows.
    #[must_use]
    pub fn is_placeholder(self) -> bool {
        matches!(
            self,
            Self::Unclosed
                | Self::PlaceholderName
                | Self::NotWholeToken
                | Self::PlaceholderFirst
                | Self::PlaceholderTwice
        )
    }

    /// Returns advice on what to do.
    #[must_use]
    pub fn help(self) -> Option<&'static str> {
        match self {
            Self::Empty | Self::EmptyToken => {
                Some("tokens are separated by single dots, such as orders.placed")
            }
            Self::Space => None,
            Self::Wildcard => Some("where a value stands in the subject, write {field}"),
            Self::Unclosed => Some("write {field} between two dots"),
            Self::PlaceholderName => {
                Some("write the field's name as in `fields`, such as {user_id}")
            }
            Self::NotWholeToken => Some("put dots around it: a.{b}.c"),
            Self::PlaceholderFirst => Some("start with a token that is the same for every message"),
            Self::PlaceholderTwice => Some("once is enough: readers find the value in the payload"),
        }
    }

    /// Makes the diagnostic of it, for all front ends.
    #[must_use]
    pub fn diagnostic(self, place: Span) -> Diagnostic {
        let code = if self.is_placeholder() {
            Code::PlaceholderSyntax
        } else {
            Code::BadSubject
        };
        let mut diagnostic = Diagnostic::new(code, place, self.to_string());
        diagnostic.help = self.help().map(str::to_owned);
        diagnostic
    }
}

impl Template {
    /// Parses a template; on failure says every mistake in it.
    ///
    /// # Errors
    /// One [`TemplateError`] per token that is wrong.
    pub fn parse(text: &str) -> Result<Self, Vec<TemplateError>> {
        let mut errors = Vec::new();
        let mut segments: Vec<Segment> = Vec::new();
        if text.is_empty() {
            return Err(vec![TemplateError {
                kind: TemplateErrorKind::Empty,
                range: 0..0,
            }]);
        }
        let mut start = 0;
        for token in text.split('.') {
            let range = start..start + token.len();
            start = range.end + 1;
            match Self::token(token, segments.is_empty() && errors.is_empty()) {
                Ok(segment) if segments.contains(&segment) && segment.placeholder().is_some() => {
                    errors.push(TemplateError {
                        kind: TemplateErrorKind::PlaceholderTwice,
                        range,
                    });
                }
                Ok(segment) => segments.push(segment),
                Err(kind) => errors.push(TemplateError { kind, range }),
            }
        }
        if errors.is_empty() {
            Ok(Self {
                text: text.to_owned(),
                segments,
            })
        } else {
            Err(errors)
        }
    }

    fn token(token: &str, first: bool) -> Result<Segment, TemplateErrorKind> {
        if token.is_empty() {
            return Err(TemplateErrorKind::EmptyToken);
        }
        if token.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(TemplateErrorKind::Space);
        }
        if !token.contains(['{', '}']) {
            if token.contains(['*', '>']) {
                return Err(TemplateErrorKind::Wildcard);
            }
            return Ok(Segment::Literal(token.to_owned()));
        }
        let (opens, closes) = (token.matches('{').count(), token.matches('}').count());
        if opens != closes {
            return Err(TemplateErrorKind::Unclosed);
        }
        let Some(name) = token.strip_prefix('{').and_then(|t| t.strip_suffix('}')) else {
            return Err(TemplateErrorKind::NotWholeToken);
        };
        if name.contains(['{', '}']) {
            return Err(TemplateErrorKind::NotWholeToken);
        }
        if !crate::name::is_field_name(name) {
            return Err(TemplateErrorKind::PlaceholderName);
        }
        if first {
            return Err(TemplateErrorKind::PlaceholderFirst);
        }
        Ok(Segment::Placeholder(name.to_owned()))
    }

    /// The placeholders' names in order, `partition` among them.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(Segment::placeholder)
    }

    /// The placeholders that fields fill: all but `partition`.
    pub fn field_placeholders(&self) -> impl Iterator<Item = &str> {
        self.placeholders().filter(|name| *name != PARTITION)
    }

    /// Returns whether `{partition}` stands in it.
    #[must_use]
    pub fn has_partition(&self) -> bool {
        self.placeholders().any(|name| name == PARTITION)
    }

    /// The subject as a stream or consumer names it: `*` for each placeholder.
    #[must_use]
    pub fn pattern(&self) -> String {
        self.join(|_| "*".to_owned())
    }

    /// The subject as the definition of a stream has it: `*` for each placeholder but the partition, of which a stream
    /// takes those that there are.
    #[must_use]
    pub fn stream_pattern(&self) -> String {
        self.join(|name| {
            if name == PARTITION {
                format!("{{{PARTITION}}}")
            } else {
                "*".to_owned()
            }
        })
    }

    /// The pattern of one partition.
    #[must_use]
    pub fn partition_pattern(&self, partition: u32) -> String {
        self.join(|name| {
            if name == PARTITION {
                partition.to_string()
            } else {
                "*".to_owned()
            }
        })
    }

    fn join(&self, placeholder: impl Fn(&str) -> String) -> String {
        self.segments
            .iter()
            .map(|segment| match segment {
                Segment::Literal(text) => text.clone(),
                Segment::Placeholder(name) => placeholder(name),
            })
            .collect::<Vec<_>>()
            .join(".")
    }

    /// Returns whether one message could match both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        !self.segments.is_empty()
            && self.segments.len() == other.segments.len()
            && self
                .segments
                .iter()
                .zip(&other.segments)
                .all(|pair| match pair {
                    (Segment::Literal(a), Segment::Literal(b)) => a == b,
                    _ => true,
                })
    }
}

impl Segment {
    /// The placeholder's name, if it is one.
    #[must_use]
    pub fn placeholder(&self) -> Option<&str> {
        match self {
            Self::Placeholder(name) => Some(name),
            Self::Literal(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<TemplateErrorKind> {
        match Template::parse(text) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_iter().map(|error| error.kind).collect(),
        }
    }

    #[test]
    fn legacy_separators_are_literal() {
        assert_eq!(kinds("userschedule:created"), []);
        assert_eq!(kinds("a-b_c/d.$x"), []);
    }

    #[test]
    fn every_mistake_is_found() {
        use TemplateErrorKind::*;
        assert_eq!(kinds(""), [Empty]);
        assert_eq!(kinds("a..b."), [EmptyToken, EmptyToken]);
        assert_eq!(kinds("a b.c\t"), [Space, Space]);
        assert_eq!(kinds("a.*.>"), [Wildcard, Wildcard]);
        assert_eq!(kinds("a.{b.c}"), [Unclosed, Unclosed]);
        assert_eq!(kinds("a.{}.{B}"), [PlaceholderName, PlaceholderName]);
        assert_eq!(kinds("a.x{b}.{b}{c}"), [NotWholeToken, NotWholeToken]);
        assert_eq!(kinds("{a}.b"), [PlaceholderFirst]);
        assert_eq!(kinds("a.{b}.{b}"), [PlaceholderTwice]);
    }

    #[test]
    fn patterns_and_overlap() {
        let orders = Template::parse("orders.{partition}.{region}.placed").unwrap();
        assert_eq!(orders.pattern(), "orders.*.*.placed");
        assert_eq!(orders.partition_pattern(3), "orders.3.*.placed");
        assert_eq!(orders.stream_pattern(), "orders.{partition}.*.placed");
        assert!(orders.overlaps(&Template::parse("orders.a.b.placed").unwrap()));
        assert!(!orders.overlaps(&Template::parse("orders.a.b.cancelled").unwrap()));
        assert!(!orders.overlaps(&Template::parse("orders.a.placed").unwrap()));
    }
}
