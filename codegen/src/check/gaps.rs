//! Where the front end could not read something. A rule that says "there is none" must not say so about a table from
//! which a line is missing: one mistake gives one message.

use std::ops::Range;

use crate::diagnostic::{Code, Diagnostics};
use crate::model::Contracts;
use crate::source::{FileId, Span};

/// The places of what was not read, sorted.
pub(super) struct Gaps<'a> {
    contracts: &'a Contracts,
    places: Vec<(FileId, u32)>,
}

impl<'a> Gaps<'a> {
    pub fn new(contracts: &'a Contracts, diagnostics: &Diagnostics) -> Self {
        let lost = |code: Code| {
            matches!(
                code,
                Code::TomlSyntax
                    | Code::UnreadableFile
                    | Code::UnknownKey
                    | Code::MissingKey
                    | Code::WrongValue
                    | Code::BadName
                    | Code::BadNumber
                    | Code::BadTimestamp
            )
        };
        let mut places: Vec<_> = diagnostics
            .iter()
            .filter(|diagnostic| lost(diagnostic.code))
            .map(|diagnostic| (diagnostic.span.file, diagnostic.span.start))
            .collect();
        places.sort_unstable();
        Self { contracts, places }
    }

    /// Returns whether nothing was lost at all.
    pub fn none(&self) -> bool {
        self.places.is_empty()
    }

    /// Returns whether something was lost in the table or value of this name. Without source text, anywhere.
    pub fn in_table(&self, name: Span) -> bool {
        if self.none() {
            return false;
        }
        let Some(file) = self.contracts.sources.get(name.file) else {
            return true;
        };
        let table = extent(&file.text, name.range());
        let first = self
            .places
            .partition_point(|place| *place < (name.file, position(table.start)));
        self.places
            .get(first)
            .is_some_and(|place| *place <= (name.file, position(table.end)))
    }
}

fn position(byte: usize) -> u32 {
    u32::try_from(byte).unwrap_or(u32::MAX)
}

/// The bytes of what a name stands before: a table with its sub-tables, or a value.
fn extent(text: &str, name: Range<usize>) -> Range<usize> {
    let (Some(before), Some(after)) = (text.get(..name.start), text.get(name.end..)) else {
        return name;
    };
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let heading = text.get(line..name.end).unwrap_or_default();
    if !heading.starts_with('[') {
        return name.start..name.end + value(after);
    }
    let below = format!("{heading}.");
    let mut end = name.end;
    for row in after.split_inclusive('\n') {
        if end > name.end && row.starts_with('[') && !row.starts_with(&below) {
            break;
        }
        end += row.len();
    }
    line..end
}

/// The length of a value: to the end of its line, or of the brackets that it opens.
fn value(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            // A text ends with its line, whatever is missing.
            (_, '\n') if depth == 0 => return at,
            (Some(_), '\n') => quote = None,
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'a>(text: &'a str, name: &str) -> &'a str {
        let at = text.find(name).unwrap();
        &text[extent(text, at..at + name.len())]
    }

    #[test]
    fn a_table_ends_where_the_next_one_begins() {
        let text = "[events.A]\nx = 1\n[events.A.fields]\ny = { type = \"}\",\n  min = 1 }\nz = 2\n[events.AB]\n";
        assert_eq!(found(text, "A"), &text[..text.find("[events.AB").unwrap()]);
        assert_eq!(found(text, "y"), "y = { type = \"}\",\n  min = 1 }");
        assert_eq!(found(text, "z"), "z = 2");
        assert_eq!(found(text, "AB"), "[events.AB]\n");
    }
}
