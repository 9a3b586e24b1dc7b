//! Parses a file of which parts may be no TOML, so that one run shows every mistake.
//!
//! The parser recovers inside a line, but a lost bracket or `=` makes it lose everything below. So a file with mistakes
//! is cut at its table headers; in each piece the first mistake is believed, the value of its statement (or all of it)
//! is blanked out, which keeps every offset, and the piece is parsed again. Knows TOML's lines and brackets; nothing of
//! contracts.

mod statement;
mod syntax;

use std::collections::BTreeSet;
use std::ops::Range;

use ::toml::de::DeTable;

pub(super) use statement::Headers;
use statement::{pieces, statement};
pub(super) use syntax::SyntaxError;
use syntax::{first_use, is_duplicate};

/// Result of parsing a file.
pub(super) struct Parsed<'a> {
    /// The tables, unless they have to be taken from `repaired`.
    pub table: Option<DeTable<'a>>,
    /// The text with its unreadable statements blanked out.
    pub repaired: Option<String>,
    /// Errors, by place.
    pub errors: Vec<SyntaxError>,
    /// Ranges that were blanked out.
    pub lost: Vec<Range<usize>>,
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
