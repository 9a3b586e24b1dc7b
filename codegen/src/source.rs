//! Files, spans and positions. Knows bytes and lines; never what they mean.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// One file that was read: contract, or a JSON Schema that a contract names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as a report shows it: the contracts folder as it was given, then the path inside.
    pub path: PathBuf,
    /// The whole text.
    pub text: String,
}

/// Index of a [`SourceFile`] in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A half-open range of bytes in one file.
///
/// The Rust front end has no files: there `start` is the index of a token in its own table and `end` is `start + 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span from byte offsets; offsets over 4 GiB saturate.
    #[must_use]
    pub fn new(file: FileId, range: Range<usize>) -> Self {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            file,
            start: clamp(range.start),
            end: clamp(range.end),
        }
    }

    /// The bytes as a range for slicing.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Place in the source.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Puts a value and its place together.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// The same place, another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned {
            value: f(self.value),
            span: self.span,
        }
    }
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

/// Line and column of a byte, both from 1; the column counts code points, as editors do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in code points, from 1.
    pub column: usize,
}

/// Every file of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Adds a file and says how to refer to it.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(SourceFile {
            path: path.into(),
            text: text.into(),
        });
        id
    }

    /// The file behind an id of this table.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// The path of a file, empty when the id is not of this table.
    #[must_use]
    pub fn path(&self, id: FileId) -> &Path {
        self.get(id).map_or(Path::new(""), |file| &file.path)
    }

    /// All files in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files
            .iter()
            .enumerate()
            .map(|(at, file)| (FileId(u32::try_from(at).unwrap_or(u32::MAX)), file))
    }

    /// The part of a text value's place that `range` of its value stands at; see [`inside`].
    #[must_use]
    pub fn inside(&self, span: Span, range: Range<usize>) -> Span {
        let text = self.get(span.file).map_or("", |file| file.text.as_str());
        inside(text, span, range)
    }

    /// Returns the position at which a span begins.
    #[must_use]
    pub fn position(&self, span: Span) -> Position {
        let text = self.get(span.file).map_or("", |file| file.text.as_str());
        let mut start = (span.start as usize).min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

/// The part of a text's place that `range` of its value stands at: escapes are followed back.
///
/// `text` is the whole file. Gives the whole place back when the literal has a form that is not followed (a multi-line
/// string with a line end at its start or an escape), or when it is no literal of this text.
#[must_use]
pub fn inside(text: &str, span: Span, range: Range<usize>) -> Span {
    let literal = text.get(span.range());
    let Some(found) = literal.and_then(|literal| locate(literal, range)) else {
        return span;
    };
    let start = span.start as usize;
    Span::new(span.file, start + found.start..start + found.end)
}

/// The same inside one literal, quotes included.
fn locate(literal: &str, range: Range<usize>) -> Option<Range<usize>> {
    for quotes in ["'''", "\"\"\""] {
        if let Some(body) = literal.strip_prefix(quotes) {
            let plain = quotes.starts_with('\'') || !body.contains('\\');
            return (plain && !body.starts_with(['\r', '\n']))
                .then(|| range.start + 3..range.end + 3);
        }
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
        assert_eq!(locate("'''abc'''", 1..2), Some(4..5));
    }
}
