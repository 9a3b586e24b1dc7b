//! Places inside a written text: the bytes of a decoded string back to the bytes of its TOML literal.

use std::ops::Range;

use crate::model::Contracts;
use crate::source::Span;

/// The part of a text's span that `range` of its value stands at.
///
/// Gives the whole span back when the literal has a form that is not followed here (a multi-line string), and when there
/// is no source text: the Rust front end's spans are tokens.
pub(super) fn inside(contracts: &Contracts, span: Span, range: Range<usize>) -> Span {
    let literal = contracts
        .sources
        .get(span.file)
        .and_then(|file| file.text.get(span.range()));
    let Some(found) = literal.and_then(|literal| locate(literal, range)) else {
        return span;
    };
    let start = span.start as usize;
    Span::new(span.file, start + found.start..start + found.end)
}

/// The same inside one literal, quotes included.
fn locate(literal: &str, range: Range<usize>) -> Option<Range<usize>> {
    if literal.starts_with("'''") || literal.starts_with("\"\"\"") {
        return None;
    }
    if literal.starts_with('\'') {
        return Some(range.start + 1..range.end + 1);
    }
    let body = literal.strip_prefix('"')?.strip_suffix('"')?;
    // Where each decoded byte begins: an escape is one character, whatever its length.
    let mut decoded = 0;
    let mut at = 0;
    let (mut start, mut end) = (None, None);
    while at <= body.len() {
        if decoded >= range.start && start.is_none() {
            start = Some(at);
        }
        if decoded >= range.end && end.is_none() {
            end = Some(at);
        }
        let Some(c) = body.get(at..).and_then(|rest| rest.chars().next()) else {
            break;
        };
        if c == '\\' {
            let (source, value) = escape(&body[at..])?;
            at += source;
            decoded += value;
        } else {
            at += c.len_utf8();
            decoded += c.len_utf8();
        }
    }
    Some(start? + 1..end? + 1)
}

/// The length of an escape in the source, and of what it stands for.
fn escape(text: &str) -> Option<(usize, usize)> {
    let digits = match text.as_bytes().get(1)? {
        b'x' => 2,
        b'u' => 4,
        b'U' => 8,
        _ => return Some((2, 1)),
    };
    let code = u32::from_str_radix(text.get(2..2 + digits)?, 16).ok()?;
    Some((2 + digits, char::from_u32(code)?.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_followed() {
        for (literal, range, expected) in [
            (r#""a.{b}""#, 2..5, "{b}"),
            (r"'^\d'", 1..3, r"\d"),
            (r#""^\\d+$""#, 1..3, r"\\d"),
            (r#""\u00e9x""#, 2..3, "x"),
            (r#""\tx\n""#, 1..2, "x"),
            (r#""x""#, 1..1, ""),
        ] {
            let found = locate(literal, range).unwrap();
            assert_eq!(&literal[found], expected, "{literal}");
        }
        assert_eq!(locate("\"\"\"\nx\"\"\"", 0..1), None);
    }
}
