//! Subjects with NATS's wildcards: what a stream stores beside the subjects of its events.

use super::{Segment, Template};

/// One token of a [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// Stands as it is.
    Literal(String),
    /// `*`: any one token.
    Any,
    /// `>`: one token or more, at the end.
    Rest,
}

/// A subject that may have wildcards. Without tokens it could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    /// As it was written.
    pub text: String,
    /// Its tokens.
    pub tokens: Vec<Token>,
}

impl Pattern {
    /// Parses a pattern. The first token must be a literal one: a stream that begins with a wildcard takes what others own.
    ///
    /// # Errors
    /// What is wrong, in words that stand after the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("is empty");
        }
        let count = text.split('.').count();
        let tokens = text.split('.').enumerate().map(|(at, token)| match token {
            "" => Err("has an empty token"),
            "*" | ">" if at == 0 => {
                Err("begins with a wildcard: it would take what belongs to others")
            }
            "*" => Ok(Token::Any),
            ">" if at + 1 == count => Ok(Token::Rest),
            ">" => Err("has a `>` before its end"),
            _ if token.chars().any(|c| c.is_whitespace() || c.is_control()) => {
                Err("has white space or a control character")
            }
            _ if token.contains(['*', '>']) => Err("has a wildcard that is not a whole token"),
            _ if token.contains(['{', '}']) => {
                Err("has a placeholder: a stream knows no fields, write `*`")
            }
            _ => Ok(Token::Literal(token.to_owned())),
        });
        Ok(Self {
            text: text.to_owned(),
            tokens: tokens.collect::<Result<_, _>>()?,
        })
    }

    /// The pattern of an event's subjects.
    #[must_use]
    pub fn of(subject: &Template) -> Self {
        let tokens = subject.segments.iter().map(|segment| match segment {
            Segment::Literal(text) => Token::Literal(text.clone()),
            Segment::Placeholder(_) => Token::Any,
        });
        Self {
            text: subject.pattern(),
            tokens: tokens.collect(),
        }
    }

    /// Returns whether a message on a subject matches.
    #[must_use]
    pub fn matches(&self, subject: &str) -> bool {
        let mut tokens = self.tokens.iter();
        for part in subject.split('.') {
            match tokens.next() {
                Some(Token::Rest) => return true,
                Some(Token::Any) => {}
                Some(Token::Literal(text)) if text == part => {}
                _ => return false,
            }
        }
        tokens.next().is_none()
    }

    /// Returns whether every subject that `other` matches is one of this pattern's.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let (mut wide, mut narrow) = (self.tokens.iter(), other.tokens.iter());
        loop {
            match (wide.next(), narrow.next()) {
                (None, None) | (Some(Token::Rest), Some(_)) => return true,
                (Some(Token::Any), Some(Token::Any | Token::Literal(_))) => {}
                (Some(Token::Literal(one)), Some(Token::Literal(two))) if one == two => {}
                _ => return false,
            }
        }
    }

    /// A subject that both match; nothing when there is none.
    #[must_use]
    pub fn common(&self, other: &Self) -> Option<String> {
        let mut out: Vec<&str> = Vec::new();
        let (mut a, mut b) = (self.tokens.iter(), other.tokens.iter());
        let rest = |first: Option<&'_ Token>, others: std::slice::Iter<'_, Token>| -> Vec<String> {
            let text = |token: &Token| match token {
                Token::Literal(text) => text.clone(),
                Token::Any | Token::Rest => "x".to_owned(),
            };
            first.into_iter().chain(others).map(text).collect()
        };
        loop {
            let token = match (a.next(), b.next()) {
                (None, None) => break,
                (Some(Token::Rest), Some(first)) => {
                    let end = rest(Some(first), b);
                    return Some(joined(&out, &end));
                }
                (Some(first), Some(Token::Rest)) => {
                    let end = rest(Some(first), a);
                    return Some(joined(&out, &end));
                }
                (Some(Token::Any), Some(Token::Any)) => "x",
                (Some(Token::Literal(text)), Some(Token::Any))
                | (Some(Token::Any), Some(Token::Literal(text))) => text,
                (Some(Token::Literal(one)), Some(Token::Literal(two))) if one == two => one,
                _ => return None,
            };
            out.push(token);
        }
        (!out.is_empty()).then(|| out.join("."))
    }
}

fn joined(start: &[&str], end: &[String]) -> String {
    let start = start.iter().map(|token| (*token).to_owned());
    start
        .chain(end.iter().cloned())
        .collect::<Vec<_>>()
        .join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap()
    }

    #[test]
    fn what_nats_takes_is_taken() {
        for good in ["a", "a.*", "a.>", "a.*.b.>", "a:b", "a-b.c_d", "ü.*"] {
            assert_eq!(pattern(good).text, good);
        }
        for bad in [
            "", ".", "a.", ".a", "a..b", "*", ">", "*.a", "a.>.b", "a*", "a.b>", "a b", "a.{b}",
            "a.\t",
        ] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn overlaps_are_shown_by_a_subject() {
        for (one, two, common) in [
            ("a.b", "a.b", Some("a.b")),
            ("a.*", "a.b", Some("a.b")),
            ("a.*", "a.*", Some("a.x")),
            ("a.>", "a.b.c", Some("a.b.c")),
            ("a.>", "a.*.c", Some("a.x.c")),
            ("a.>", "a.b.>", Some("a.b.x")),
            ("a.*.c", "a.b.>", Some("a.b.c")),
            ("a.>", "a", None),
            ("a.*", "a.b.c", None),
            ("a.b", "a.c", None),
            ("a.*.d", "a.b.c", None),
        ] {
            for (one, two) in [(one, two), (two, one)] {
                let found = pattern(one).common(&pattern(two));
                assert_eq!(found.as_deref(), common, "{one} {two}");
            }
        }
        assert!(pattern("a.*.>").matches("a.b.c.d"));
        for other in ["a.b", "a", "b.b.c", ""] {
            assert!(!pattern("a.*.>").matches(other), "{other}");
        }
        let event = Template::parse("a.{x}.b").unwrap();
        assert_eq!(
            Pattern::of(&event).common(&pattern("a.>")).as_deref(),
            Some("a.x.b")
        );
    }
}
