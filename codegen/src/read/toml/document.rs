//! A contract file after parsing, and its entries in the order of the file.

use std::collections::BTreeSet;
use std::ops::Range;

use ::toml::Spanned as TomlSpanned;
use ::toml::de::{DeTable, DeValue};

use crate::model::DomainId;
use crate::source::{FileId, Span, Spanned};

/// One contract file after parsing.
pub(super) struct Document<'a> {
    pub(super) domain: DomainId,
    /// The domain's dotted name.
    pub(super) name: &'a str,
    pub(super) file: FileId,
    pub(super) text: &'a str,
    pub(super) table: DeTable<'a>,
    /// Ranges that the TOML parser could not read: nothing inside is reported a second time.
    pub(super) lost: &'a [Range<usize>],
}

/// A key with its value.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub key: &'a str,
    pub key_span: Span,
    pub value: &'a DeValue<'a>,
    pub span: Span,
}

impl<'a> Entry<'a> {
    /// The key with its place.
    pub(super) fn name(&self) -> Spanned<String> {
        Spanned::new(self.key.to_owned(), self.key_span)
    }
}

/// A place of a file. What the parser says of a recovered value may lie anywhere: it is cut to the text.
pub(super) fn span(file: FileId, text: &str, range: Range<usize>) -> Span {
    let mut start = range.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = range.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    Span::new(file, start..end)
}

/// The entries of a table in the order of the file: the parser hands them over by key.
pub(super) fn entries<'a>(document: &Document<'a>, table: &'a DeTable<'a>) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'a>> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref(),
            key_span: span(document.file, document.text, key.span()),
            value: value.get_ref(),
            span: span(document.file, document.text, value.span()),
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_span.start);
    entries
}

/// Returns the entries of a top-level table of tables.
pub(super) fn child_entries<'a>(document: &'a Document<'a>, key: &str) -> Vec<Entry<'a>> {
    match document.table.get(key).map(TomlSpanned::get_ref) {
        Some(DeValue::Table(table)) => entries(document, table),
        _ => Vec::new(),
    }
}

/// The words of what could not be parsed: a name among them may have been declared there.
pub(super) fn lost_words<'a>(document: &Document<'a>) -> BTreeSet<&'a str> {
    let outside = |c: char| !(c.is_alphanumeric() || c == '_' || c == '-');
    document
        .lost
        .iter()
        .flat_map(|lost| document.text[lost.clone()].split(outside))
        .collect()
}
