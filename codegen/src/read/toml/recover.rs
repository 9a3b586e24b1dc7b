//! Parses a file of which parts may be no TOML, so that one run shows every mistake.
//!
//! The parser recovers inside a line, but a lost bracket or `=` makes it lose everything below. So a file with mistakes
//! is cut at its table headers; in each piece the first mistake is believed, its statement is blanked out (which keeps
//! every offset), and the piece is parsed again. Knows TOML's lines and brackets; nothing of contracts.

use std::ops::Range;

use ::toml::de::{DeTable, Error};

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{FileId, Span};

/// What could be made of a file.
pub(super) struct Parsed<'a> {
    /// The tables, unless they have to be taken from `repaired`.
    pub table: Option<DeTable<'a>>,
    /// The text with its unreadable statements blanked out.
    pub repaired: Option<String>,
    /// What is wrong, by place.
    pub errors: Vec<SyntaxError>,
    /// What was blanked out.
    pub lost: Vec<Range<usize>>,
}

/// A place that is no TOML.
pub(super) struct SyntaxError {
    message: String,
    at: Range<usize>,
    /// Where the same key stands for the first time.
    first: Option<Range<usize>>,
}

/// Parses again at most this many times the text's length: the work stays linear however broken a file is.
const PATIENCE: usize = 24;

/// Parses a file.
pub(super) fn parse(text: &str) -> Parsed<'_> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut parsed = Parsed {
        table: Some(table.into_inner()),
        repaired: None,
        errors: Vec::new(),
        lost: Vec::new(),
    };
    if errors.is_empty() {
        return parsed;
    }
    let mut bytes = text.as_bytes().to_vec();
    let mut patience = PATIENCE * text.len() + 4096;
    for piece in pieces(text) {
        repair(text, piece, &mut bytes, &mut patience, &mut parsed);
    }
    let repaired = String::from_utf8(bytes).unwrap_or_default();
    for error in DeTable::parse_recoverable(&repaired).1 {
        parsed.errors.push(SyntaxError::new(&error, 0, text));
    }
    parsed.errors.sort_by_key(|error| error.at.start);
    parsed.lost.sort_by_key(|lost| lost.start);
    parsed.table = None;
    parsed.repaired = Some(repaired);
    parsed
}

/// The tables of a parsed file: as they were found, or from the repaired text.
pub(super) fn take<'a>(table: &mut Option<DeTable<'a>>, repaired: Option<&'a str>) -> DeTable<'a> {
    table.take().unwrap_or_else(|| {
        DeTable::parse_recoverable(repaired.unwrap_or_default())
            .0
            .into_inner()
    })
}

fn repair(
    text: &str,
    piece: Range<usize>,
    bytes: &mut [u8],
    patience: &mut usize,
    parsed: &mut Parsed<'_>,
) {
    loop {
        let now = String::from_utf8_lossy(&bytes[piece.clone()]).into_owned();
        let errors = DeTable::parse_recoverable(&now).1;
        // Keys that stand twice are found over the whole file; nothing needs to be blanked out for them.
        let Some(error) = errors
            .iter()
            .filter(|error| !is_duplicate(error))
            .min_by_key(|error| error.span().map_or(0, |span| span.start))
        else {
            return;
        };
        let error = SyntaxError::new(error, piece.start, text);
        let within = error.at.start.clamp(piece.start, piece.end) - piece.start;
        let (statement, header) = statement(&now, within);
        let mut lost = piece.start + statement.start..piece.start + statement.end;
        let spent = *patience < now.len();
        *patience = patience.saturating_sub(now.len());
        // Without its header nobody knows what the rest of a piece belongs to.
        if header || spent || lost.is_empty() {
            lost = piece.start..piece.end;
        }
        let blank = now[lost.start - piece.start..lost.end - piece.start]
            .trim()
            .is_empty();
        for byte in &mut bytes[lost.clone()] {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        parsed.errors.push(error);
        parsed.lost.push(lost);
        if blank {
            bytes[piece.clone()].fill(b' ');
            return;
        }
    }
}

/// The statement around a place, and whether it is a table header.
fn statement(piece: &str, at: usize) -> (Range<usize>, bool) {
    let lines = lines(piece);
    let line = lines
        .iter()
        .rposition(|line| line.range.start <= at)
        .unwrap_or(0);
    let starts = |line: &Line| line.outside && (line.key || line.header);
    // A mistake at the very start of a line is mostly the end of the one before that was missed; at depth 0 it is its own.
    let first = lines[..=line]
        .iter()
        .rposition(|line| starts(line) && line.depth == 0)
        .or_else(|| lines[..=line].iter().rposition(starts))
        .unwrap_or(line);
    let next = lines[first + 1..]
        .iter()
        .position(|line| starts(line) && line.depth == 0)
        .map(|n| first + 1 + n)
        // Brackets that are never closed: the next line that begins like a statement is one.
        .or_else(|| (first + 1..lines.len()).find(|n| *n > line && starts(&lines[*n])))
        .unwrap_or(lines.len())
        .max(line + 1);
    let start = lines.get(first).map_or(0, |line| line.range.start);
    let end = lines
        .get(next - 1)
        .map_or(piece.len(), |line| line.range.end);
    (start..end, lines.get(first).is_some_and(|line| line.header))
}

/// The text between table headers.
fn pieces(text: &str) -> Vec<Range<usize>> {
    let mut cuts = vec![0];
    cuts.extend(
        lines(text)
            .iter()
            .filter(|line| line.outside && line.header && line.range.start > 0)
            .map(|line| line.range.start),
    );
    cuts.push(text.len());
    cuts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// One line, as far as brackets and strings matter.
struct Line {
    range: Range<usize>,
    /// Whether it begins outside of a multi-line string.
    outside: bool,
    /// Open brackets where it begins; a header closes all.
    depth: usize,
    /// Whether it begins like `key =`.
    key: bool,
    /// Whether it begins like `[name`, closed or not.
    header: bool,
}

fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut start, mut depth) = (0, 0usize);
    let mut open: Option<&str> = None;
    for raw in text.split_inclusive('\n') {
        let trimmed = raw.trim_start();
        let header = open.is_none() && is_header(trimmed);
        if header {
            depth = 0;
        }
        lines.push(Line {
            range: start..start + raw.len(),
            outside: open.is_none(),
            depth,
            key: is_key(trimmed),
            header,
        });
        start += raw.len();
        if header {
            continue;
        }
        let end = scan(raw, open, &mut depth);
        // A string that is never closed would hide every line below: then it is no string.
        open = match end {
            Some(quotes) if open.is_some() || text[start..].contains(quotes) => Some(quotes),
            _ => None,
        };
    }
    lines
}

/// Follows strings, brackets and comments through a line; says which multi-line string is open at its end.
fn scan(line: &str, open: Option<&'static str>, depth: &mut usize) -> Option<&'static str> {
    let mut rest = line;
    let mut open = open;
    loop {
        if let Some(quotes) = open {
            match rest.find(quotes) {
                Some(at) => rest = &rest[at + 3..],
                None => return Some(quotes),
            }
            open = None;
        }
        let Some(c) = rest.chars().next() else {
            return None;
        };
        rest = &rest[c.len_utf8()..];
        match c {
            '#' => return None,
            '[' | '{' => *depth += 1,
            ']' | '}' => *depth = depth.saturating_sub(1),
            '"' if rest.starts_with("\"\"") => {
                rest = &rest[2..];
                open = Some("\"\"\"");
            }
            '\'' if rest.starts_with("''") => {
                rest = &rest[2..];
                open = Some("'''");
            }
            '"' | '\'' => rest = after_string(rest, c)?,
            _ => {}
        }
    }
}

/// What follows a string on its line; nothing when it is not closed there.
fn after_string(rest: &str, quote: char) -> Option<&str> {
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if c == quote => return Some(&rest[at + 1..]),
            _ => {}
        }
    }
    None
}

fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | '\'' | ' ' | '\t')
}

/// `[name`, `[[name`: a header, even one whose end is missing. An element of a list ends with a comma or has more in it.
fn is_header(line: &str) -> bool {
    let Some(rest) = line.strip_prefix('[') else {
        return false;
    };
    let rest = rest.strip_prefix('[').unwrap_or(rest);
    if !rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return false;
    }
    let end = rest.find(|c| !is_bare(c)).unwrap_or(rest.len());
    let after = rest[end..].trim_start_matches(']').trim();
    after.is_empty() || after.starts_with('#')
}

fn is_key(line: &str) -> bool {
    match line.find('=') {
        Some(at) if at > 0 => line[..at].chars().all(is_bare),
        _ => false,
    }
}

fn is_duplicate(error: &Error) -> bool {
    error.message() == "duplicate key" || error.message().starts_with("cannot extend value")
}

impl SyntaxError {
    fn new(error: &Error, offset: usize, text: &str) -> Self {
        let span = error.span().unwrap_or(0..0);
        let at = span.start + offset..span.end + offset;
        let at = on_boundaries(text, at);
        let first = is_duplicate(error).then(|| first_use(text, &at)).flatten();
        let message = match error.message() {
            "duplicate key" => format!(
                "the key \"{}\" stands twice in one table",
                shorten(&text[at.clone()])
            ),
            message if message.starts_with("string values must be quoted") && at.is_empty() => {
                "a value is missing".to_owned()
            }
            message => message
                .replace(", expected literal string", "")
                .replace(", expected nothing", ""),
        };
        Self { message, at, first }
    }

    pub(super) fn diagnostic(&self, file: FileId) -> Diagnostic {
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

/// Where the header or the key of a line stands for the first time, by its text.
fn first_use(text: &str, at: &Range<usize>) -> Option<Range<usize>> {
    let line_start = text[..at.start].rfind('\n').map_or(0, |n| n + 1);
    let before = &text[line_start..at.end];
    let trimmed = before.trim_start();
    let section = if trimmed.starts_with('[') {
        0
    } else {
        text[..line_start].rfind("\n[").map_or(0, |n| n + 1)
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
