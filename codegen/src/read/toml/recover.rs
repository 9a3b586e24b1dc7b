//! Parses a file of which parts may be no TOML, so that one run shows every mistake.
//!
//! The parser recovers inside a line, but a lost bracket or `=` makes it lose everything below. So a file with mistakes
//! is cut at its table headers; in each piece the first mistake is believed, the value of its statement (or all of it)
//! is blanked out, which keeps every offset, and the piece is parsed again. Knows TOML's lines and brackets; nothing of
//! contracts.

use std::collections::BTreeSet;
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

/// Parses again at most so many bytes, and this many times the file's length: the work stays linear however broken a
/// file is, and a file of usual size gets all its mistakes in one run.
const PATIENCE: usize = 8;
const PATIENCE_BYTES: usize = 256 << 10;
/// Looking for the first use of a key means going through the file.
const FIRST_USES: usize = 100;
/// Stands for a value that could not be read.
const LOST_VALUE: u8 = b'0';

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
    let mut patience = PATIENCE * text.len() + PATIENCE_BYTES;
    for piece in pieces(text) {
        repair(text, piece, &mut bytes, &mut patience, &mut parsed);
    }
    let repaired = String::from_utf8(bytes).unwrap_or_default();
    duplicates(text, &repaired, &mut parsed.errors);
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
        let mut error = SyntaxError::new(error, piece.start, text);
        let within = error.at.start.clamp(piece.start, piece.end) - piece.start;
        let statement = statement(&now, within);
        let mut lost = piece.start + statement.range.start..piece.start + statement.range.end;
        if let Some(opening) = statement.unclosed {
            error.unclosed(text, piece.start + opening);
        }
        let spent = *patience < now.len();
        *patience = patience.saturating_sub(now.len());
        let value = statement.value.map(|value| piece.start + value);
        if let Some(value) = value {
            lost.start = value;
        }
        // Without its header nobody knows what the rest of a piece belongs to.
        if statement.header || spent || lost.is_empty() {
            lost = piece.clone();
        }
        let keeps_key = Some(lost.start) == value;
        let nothing_left = now[lost.start - piece.start..lost.end - piece.start]
            .trim()
            .is_empty();
        blank(&mut bytes[lost.clone()]);
        // The key stays, with a value that nobody looks at: it counts as there.
        if keeps_key {
            bytes[lost.start] = LOST_VALUE;
        }
        parsed.errors.push(error);
        parsed.lost.push(lost);
        if nothing_left && !keeps_key {
            blank(&mut bytes[piece]);
            return;
        }
    }
}

/// Lines stay lines.
fn blank(bytes: &mut [u8]) {
    for byte in bytes {
        if !matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}

/// What is left when every statement can be read: keys and tables that stand twice.
fn duplicates(text: &str, repaired: &str, found: &mut Vec<SyntaxError>) {
    let headers = Headers::of(text);
    let mut twice = BTreeSet::new();
    let mut keys = Vec::new();
    for (at, error) in DeTable::parse_recoverable(repaired).1.iter().enumerate() {
        let mut error_here = SyntaxError::new(error, 0, text);
        if is_duplicate(error) && at < FIRST_USES {
            error_here.first = first_use(text, &headers, &error_here.at);
        }
        let header = headers.before(error_here.at.start);
        // Whether it stands on the line of the header, without a search through what may be a long table.
        let line = text[..error_here.at.start]
            .rfind('\n')
            .map_or(0, |at| at + 1);
        if line > header {
            keys.push((header, error_here));
        } else {
            twice.insert(header);
            found.push(error_here);
        }
    }
    // The parser puts a table that stands twice together: of course its keys do too.
    let own = keys
        .into_iter()
        .filter(|(header, _)| !twice.contains(header));
    found.extend(own.map(|(_, error)| error));
}

/// Where the lines start that begin with a bracket: every table's header, and a line of a list now and then.
pub(super) struct Headers(Vec<usize>);

impl Headers {
    pub(super) fn of(text: &str) -> Self {
        let mut start = 0;
        let mut headers = Vec::new();
        for line in text.split_inclusive('\n') {
            if line.trim_start().starts_with('[') {
                headers.push(start);
            }
            start += line.len();
        }
        Self(headers)
    }

    /// The start of the last header at or before a place; the start of the text when there is none.
    pub(super) fn before(&self, at: usize) -> usize {
        let next = self.0.partition_point(|start| *start <= at);
        next.checked_sub(1)
            .and_then(|last| self.0.get(last))
            .copied()
            .unwrap_or(0)
    }
}

/// A statement that holds a mistake.
struct Statement {
    range: Range<usize>,
    /// Whether it is a table header.
    header: bool,
    /// Where a bracket or a string begins that the statement does not close.
    unclosed: Option<usize>,
    /// Where its value begins, if that is what is wrong.
    value: Option<usize>,
}

/// The statement around a place.
fn statement(piece: &str, at: usize) -> Statement {
    let lines = lines(piece);
    let string = lines.iter().position(|line| line.unclosed_string.is_some());
    let line = lines.iter().rposition(|line| line.range.start <= at);
    let starts = |line: &Line| !line.in_string && line.open.is_none();
    let first = string.or_else(|| {
        let before = lines.get(..=line?)?;
        before.iter().rposition(starts)
    });
    let Some(first) = first else {
        return Statement {
            range: 0..piece.len(),
            header: false,
            unclosed: None,
            value: None,
        };
    };
    let next = (first + 1..lines.len()).find(|n| starts(&lines[*n]));
    let mut unclosed = lines[first].unclosed_string;
    let end = match next {
        Some(next) if unclosed.is_none() => next,
        // What is never closed takes everything in: the next line that begins like a statement is one.
        _ => {
            unclosed = unclosed.or_else(|| lines.last().and_then(|last| last.open_after));
            (first + 1..lines.len())
                .find(|n| !lines[*n].in_string && (lines[*n].key || lines[*n].header))
                .unwrap_or(lines.len())
        }
    };
    let range = lines[first].range.start..lines[end - 1].range.end;
    let (key, header) = (lines[first].key, lines[first].header);
    let value = if key && !header {
        value(&piece[range.clone()], at.saturating_sub(range.start))
    } else {
        None
    };
    Statement {
        value: value.map(|value| range.start + value),
        range,
        header,
        unclosed,
    }
}

/// Where the value of a statement begins, as long as the mistake is there and it has not been blanked out before.
fn value(statement: &str, at: usize) -> Option<usize> {
    let value = statement.find('=')? + 1;
    let text = &statement[value..];
    let can_hold = text.starts_with(|c: char| c.is_ascii() && !matches!(c, '\n' | '\r'));
    let before = text.trim().as_bytes() == [LOST_VALUE];
    (at >= value && can_hold && !before).then_some(value)
}

/// The text between table headers.
fn pieces(text: &str) -> Vec<Range<usize>> {
    let mut cuts = vec![0];
    cuts.extend(
        lines(text)
            .iter()
            .filter(|line| line.header && line.range.start > 0)
            .map(|line| line.range.start),
    );
    cuts.push(text.len());
    cuts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// One line, as far as brackets and strings matter.
struct Line {
    range: Range<usize>,
    /// Whether it begins inside of a multi-line string.
    in_string: bool,
    /// The outermost bracket that is open where it begins; a header closes all.
    open: Option<usize>,
    /// The outermost bracket that is open where it ends.
    open_after: Option<usize>,
    /// A multi-line string that begins here and ends nowhere.
    unclosed_string: Option<usize>,
    /// Whether it begins like `key =`.
    key: bool,
    /// Whether it is `[name`, closed or not.
    header: bool,
}

fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut scan = Scan::default();
    let mut start = 0;
    for raw in text.split_inclusive('\n') {
        let trimmed = raw.trim_start();
        let in_string = scan.quotes.is_some();
        let header = !in_string && is_header(trimmed);
        if header {
            scan.brackets.clear();
        }
        let open = scan.brackets.first().copied();
        let end = start + raw.len();
        if !header {
            scan.line(raw, start);
        }
        // A string that is never closed would hide every line below: then it is no string.
        let mut unclosed_string = None;
        if !in_string
            && scan
                .quotes
                .is_some_and(|quotes| !text[end..].contains(quotes))
        {
            scan.quotes = None;
            unclosed_string = Some(scan.string);
        }
        lines.push(Line {
            range: start..end,
            in_string,
            open,
            open_after: scan.brackets.first().copied(),
            unclosed_string,
            key: is_key(trimmed),
            header,
        });
        start = end;
    }
    lines
}

/// What is open while going through a text.
#[derive(Default)]
struct Scan {
    /// The quotes of a multi-line string.
    quotes: Option<&'static str>,
    /// Where the last multi-line string began.
    string: usize,
    /// Where the open brackets stand.
    brackets: Vec<usize>,
}

impl Scan {
    /// Follows strings, brackets and comments through a line that begins at an offset.
    fn line(&mut self, line: &str, offset: usize) {
        let mut rest = line;
        loop {
            if let Some(quotes) = self.quotes {
                match rest.find(quotes) {
                    Some(at) => rest = &rest[at + quotes.len()..],
                    None => return,
                }
                self.quotes = None;
            }
            let Some(c) = rest.chars().next() else { return };
            let at = offset + line.len() - rest.len();
            rest = &rest[c.len_utf8()..];
            match c {
                '#' => return,
                '[' | '{' => self.brackets.push(at),
                ']' | '}' => {
                    self.brackets.pop();
                }
                '"' if rest.starts_with("\"\"") => self.quotes = Some("\"\"\""),
                '\'' if rest.starts_with("''") => self.quotes = Some("'''"),
                '"' | '\'' => match after_string(rest, c) {
                    Some(after) => rest = after,
                    None => return,
                },
                _ => {}
            }
            if self.quotes.is_some() {
                self.string = at;
                rest = &rest[2..];
            }
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
    fn unclosed(&mut self, text: &str, opening: usize) {
        self.at = on_boundaries(text, opening..opening + 1);
        self.message = match &text[self.at.clone()] {
            "\"" | "'" => "the string is not closed".to_owned(),
            bracket => format!("`{bracket}` is not closed"),
        };
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

/// Whether a place follows a `=` with nothing behind it.
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

/// Where the header or the key of a line stands for the first time, by its text.
fn first_use(text: &str, headers: &Headers, at: &Range<usize>) -> Option<Range<usize>> {
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
