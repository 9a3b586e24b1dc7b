//! One syntax error: the parser's words where they are good, better ones where they are not, and the place.

use std::ops::Range;

use ::toml::de::Error;

use super::Headers;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{FileId, Span};

pub(super) fn is_duplicate(error: &Error) -> bool {
    error.message() == "duplicate key" || error.message().starts_with("cannot extend value")
}

/// A place that is no TOML.
pub(in crate::read::toml) struct SyntaxError {
    message: String,
    /// Place.
    pub(super) at: Range<usize>,
    /// Place where the same key stands for the first time.
    pub(super) first: Option<Range<usize>>,
}

impl SyntaxError {
    pub(super) fn new(error: &Error, offset: usize, text: &str) -> Self {
        let span = error.span().unwrap_or(0..0);
        let at = span.start + offset..span.end + offset;
        let at = on_boundaries(text, at);
        let message = match error.message() {
            "duplicate key" => format!(
                "the key \"{}\" stands twice in one table",
                shorten(&text[at.clone()])
            ),
            _ if lacks_value(text, &at) => "a value is missing".to_owned(),
            "invalid basic string, expected `\"`" | "invalid literal string, expected `'`" => {
                "the string is not closed".to_owned()
            }
            message => message
                .replace(", expected literal string", "")
                .replace(", expected nothing", ""),
        };
        Self {
            message,
            at,
            first: None,
        }
    }

    /// What is never closed is the mistake, wherever the parser has noticed.
    pub(super) fn unclosed(&mut self, text: &str, opening: usize) {
        self.at = on_boundaries(text, opening..opening + 1);
        self.message = match &text[self.at.clone()] {
            "\"" | "'" => "the string is not closed".to_owned(),
            bracket => format!("`{bracket}` is not closed"),
        };
    }

    pub(in crate::read::toml) fn diagnostic(&self, file: FileId) -> Diagnostic {
        let diagnostic = Diagnostic::new(
            Code::TomlSyntax,
            Span::new(file, self.at.clone()),
            self.message.clone(),
        );
        match &self.first {
            Some(first) => diagnostic.related(Span::new(file, first.clone()), "first used here"),
            None => diagnostic,
        }
    }
}

/// Returns whether a place follows a `=` with nothing behind it.
fn lacks_value(text: &str, at: &Range<usize>) -> bool {
    let after = text[at.start..].trim_start_matches([' ', '\t']);
    text[..at.start]
        .trim_end_matches([' ', '\t'])
        .ends_with('=')
        && (after.is_empty() || after.starts_with(['\n', '\r', '}', ']', ',', '#']))
}

fn shorten(text: &str) -> &str {
    text.char_indices()
        .nth(60)
        .map_or(text, |(at, _)| &text[..at])
}

fn on_boundaries(text: &str, range: Range<usize>) -> Range<usize> {
    let mut start = range.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = range.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// Returns the place where the header or the key of a line stands for the first time, by its text.
pub(super) fn first_use(text: &str, headers: &Headers, at: &Range<usize>) -> Option<Range<usize>> {
    let line_start = text[..at.start].rfind('\n').map_or(0, |n| n + 1);
    let before = &text[line_start..at.end];
    let trimmed = before.trim_start();
    let section = if trimmed.starts_with('[') {
        0
    } else {
        headers.before(line_start)
    };
    let mut start = section;
    for line in text[section..line_start].split_inclusive('\n') {
        let body = line.trim_start();
        if let Some(rest) = body.strip_prefix(trimmed)
            && rest.trim_start().starts_with([']', '='])
        {
            let end = start + (line.len() - body.len()) + trimmed.len();
            return Some(end - (at.end - at.start)..end);
        }
        start += line.len();
    }
    None
}
