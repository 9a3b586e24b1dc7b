//! Tables and their keys: unknown ones and missing ones. Goes by [`keys`] and knows no single table.

use std::collections::BTreeSet;
use std::ops::Range;

use ::toml::de::DeTable;

use super::document::{Document, Entry, entries, lost_words, span};
use super::names::NameTable;
use super::recover::Headers;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, closest};
use crate::read::keys::{self, Kind};
use crate::source::{self, Span, Spanned};

/// What an event says about the members of its schema, before the schema has been read.
#[cfg_attr(not(feature = "import"), expect(dead_code))]
pub(super) struct Pending {
    /// The place of the schema's path.
    pub schema: Span,
    pub id: Option<Spanned<String>>,
    pub key: Option<Spanned<String>>,
}

/// Reads the tables of one file.
pub(super) struct TableReader<'a> {
    pub names: &'a NameTable<'a>,
    pub document: &'a Document<'a>,
    diagnostics: &'a mut Diagnostics,
    /// The headers of tables that lost something.
    quiet: Vec<Range<usize>>,
    lost_words: BTreeSet<&'a str>,
    /// Members that wait for the schemas of events.
    pub pending: Vec<Pending>,
}

/// A table whose keys have been looked at.
pub(super) struct Table<'a> {
    pub about: &'static keys::Table,
    /// Place where something that is missing is reported.
    pub at: Span,
    entries: Vec<Entry<'a>>,
}

impl<'a> Table<'a> {
    pub(super) fn get(&self, key: &str) -> Option<Entry<'a>> {
        self.entries.iter().find(|entry| entry.key == key).copied()
    }

    /// The first of some keys, in the order of the file.
    pub(super) fn first_of(&self, keys: &[&str]) -> Option<Entry<'a>> {
        self.entries
            .iter()
            .find(|entry| keys.contains(&entry.key))
            .copied()
    }

    pub(super) fn kind(&self, key: &str) -> Option<&'static Kind> {
        self.about.key(key).map(|key| &key.kind)
    }
}

impl<'a> TableReader<'a> {
    pub(super) fn new(
        names: &'a NameTable<'a>,
        document: &'a Document<'a>,
        diagnostics: &'a mut Diagnostics,
    ) -> Self {
        Self {
            names,
            document,
            diagnostics,
            quiet: quiet(document),
            lost_words: lost_words(document),
            pending: Vec::new(),
        }
    }

    /// Reports a problem, unless it comes from something that could not be parsed.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        let range = diagnostic.span.range();
        let lost = overlaps(self.document.lost, &range)
            || diagnostic.code == Code::MissingKey && overlaps(&self.quiet, &range);
        if !lost {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Returns whether a name stands in a part of this file that could not be parsed.
    pub(super) fn is_lost(&self, name: &str) -> bool {
        self.lost_words.contains(name)
    }

    /// Looks at all keys of a table: every one must be known, and the required ones must be there.
    pub(super) fn table(
        &mut self,
        about: &'static keys::Table,
        at: Span,
        table: &'a DeTable<'a>,
    ) -> Table<'a> {
        let table = Table {
            about,
            at,
            entries: entries(self.document, table),
        };
        for entry in &table.entries {
            match about.key(entry.key) {
                None => self.unknown_key(about, entry),
                Some(key)
                    if !key.goes_with.is_empty() && table.first_of(key.goes_with).is_none() =>
                {
                    self.report(
                        Diagnostic::new(
                            Code::UnknownKey,
                            entry.key_span,
                            format!(
                                "`{}` has no meaning here: it goes with `{}`",
                                key.name,
                                key.goes_with.join("` or `")
                            ),
                        )
                        .help(key.doc),
                    );
                }
                Some(_) => {}
            }
        }
        let required = about.keys.iter().filter(|key| key.required);
        let present = |key: &&keys::Key| table.get(key.name).is_some();
        let needed = about.keys.iter().filter(present).flat_map(|key| key.needs);
        let missing: Vec<&str> = required
            .map(|key| key.name)
            .chain(needed.copied())
            .filter(|name| table.get(name).is_none())
            .collect();
        if !missing.is_empty() {
            self.missing(&table, &missing);
        }
        table
    }

    fn unknown_key(&mut self, about: &'static keys::Table, entry: &Entry<'_>) {
        let known = || about.keys.iter().map(|key| key.name);
        let help = match closest(entry.key, known()) {
            Some(best) => format!("did you mean \"{best}\"?"),
            None => format!(
                "expected one of: {}",
                known().collect::<Vec<_>>().join(", ")
            ),
        };
        let message = format!("{} has no key \"{}\"", about.about, entry.key);
        self.report(Diagnostic::new(Code::UnknownKey, entry.key_span, message).help(help));
    }

    /// Reports keys that must be there.
    pub(super) fn missing(&mut self, table: &Table<'_>, keys: &[&str]) {
        let about = table.about;
        let names = keys.join("`, `");
        let plural = if keys.len() == 1 { "" } else { "s" };
        let message = format!("{} needs the key{plural} `{names}`", about.about);
        let mut diagnostic = Diagnostic::new(Code::MissingKey, table.at, message);
        if let [key] = keys
            && let Some(key) = about.key(key)
        {
            diagnostic = diagnostic.help(format!("`{}`: {}", key.name, key.doc));
        }
        self.report(diagnostic);
    }

    /// A place in this file.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        span(self.document.file, self.document.text, range)
    }

    /// A part of a text value, with escapes followed back; see [`source::inside`].
    pub(super) fn inside(&self, value: &Spanned<String>, part: Range<usize>) -> Span {
        source::inside(self.document.text, value.span, part)
    }
}

/// Returns whether a range touches one of some ranges, which are sorted and do not overlap.
fn overlaps(ranges: &[Range<usize>], range: &Range<usize>) -> bool {
    let next = ranges.partition_point(|other| other.end < range.start);
    ranges
        .get(next)
        .is_some_and(|other| other.start <= range.end)
}

/// The headers of tables that lost something: a key that seems missing there may be what was lost.
fn quiet(document: &Document<'_>) -> Vec<Range<usize>> {
    let text = document.text;
    let mut quiet: Vec<Range<usize>> = Vec::new();
    if document.lost.is_empty() {
        return quiet;
    }
    let headers = Headers::of(text);
    for lost in document.lost {
        let mut start = headers.before(lost.start);
        // A header that cannot be read belongs to the table before it, as far as anybody knows.
        if text[lost.clone()].trim_start().starts_with('[') {
            start = headers.before(start.saturating_sub(1));
        }
        let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        if quiet.last().is_none_or(|last| last.end < start) {
            quiet.push(start..end);
        }
    }
    quiet
}
