//! The values of a table's keys, each of the kind that [`keys`](crate::read::keys) demands.

use ::toml::de::{DeTable, DeValue};

use super::document::{Entry, entries};
use super::table::{Table, TableReader};
use crate::diagnostic::{Code, Diagnostic, no_choice};
use crate::read::keys::Kind;
use crate::source::{Span, Spanned};

/// Names the kind of a value, in the words of a report.
fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

impl<'a> TableReader<'a> {
    /// Reports a value of the wrong kind.
    pub(super) fn wrong(&mut self, entry: &Entry<'_>, expected: &str) {
        let message = format!(
            "`{}` must be {expected}, not {}",
            entry.key,
            kind_of(entry.value)
        );
        self.report(Diagnostic::new(Code::WrongValue, entry.span, message));
    }

    /// Text.
    pub(super) fn text(&mut self, table: &Table<'a>, key: &str) -> Option<Spanned<String>> {
        let entry = table.get(key)?;
        match entry.value {
            DeValue::String(text) => Some(Spanned::new(text.to_string(), entry.span)),
            _ => {
                self.wrong(&entry, "text");
                None
            }
        }
    }

    /// Text without its place.
    pub(super) fn plain(&mut self, table: &Table<'a>, key: &str) -> Option<String> {
        self.text(table, key).map(|text| text.value)
    }

    /// The place of a `true`.
    pub(super) fn flag(&mut self, table: &Table<'a>, key: &str) -> Option<Span> {
        let entry = table.get(key)?;
        match entry.value {
            DeValue::Boolean(on) => on.then_some(entry.span),
            _ => {
                self.wrong(&entry, "true or false");
                None
            }
        }
    }

    /// An integer in the range of its key.
    pub(super) fn integer(&mut self, table: &Table<'a>, key: &str) -> Option<Spanned<u64>> {
        let entry = table.get(key)?;
        let DeValue::Integer(written) = entry.value else {
            self.wrong(&entry, "an integer");
            return None;
        };
        let (min, max) = match table.kind(key) {
            Some(Kind::Integer { min, max }) => (*min, *max),
            _ => (0, u64::MAX),
        };
        let number = u64::from_str_radix(written.as_str(), written.radix()).ok();
        match number.filter(|number| (min..=max).contains(number)) {
            Some(number) => Some(Spanned::new(number, entry.span)),
            None => {
                let limit = match number {
                    _ if max <= 1_000_000 => format!("between {min} and {max}"),
                    Some(number) if number > max => format!("at most {max}"),
                    _ if written.as_str().starts_with('-') || number.is_some() => {
                        format!("at least {min}")
                    }
                    _ => format!("at most {max}"),
                };
                let message = format!("`{key}` must be {limit}");
                self.report(Diagnostic::new(Code::BadNumber, entry.span, message));
                None
            }
        }
    }

    /// An integer in the range of its key, which fits in 32 bits.
    pub(super) fn small(&mut self, table: &Table<'a>, key: &str) -> Option<Spanned<u32>> {
        self.integer(table, key)
            .map(|n| n.map(|n| u32::try_from(n).unwrap_or(u32::MAX)))
    }

    /// One of the texts that the key allows.
    pub(super) fn choice(&mut self, table: &Table<'a>, key: &str) -> Option<Spanned<&'static str>> {
        let text = self.text(table, key)?;
        let Some(Kind::Choice(choices)) = table.kind(key) else {
            return None;
        };
        let found = choices.iter().copied().find(|choice| *choice == text.value);
        if found.is_none() {
            self.report(no_choice(key, &text, choices));
        }
        found.map(|choice| Spanned::new(choice, text.span))
    }

    /// A list of texts; empty when the key is not there.
    pub(super) fn texts(&mut self, table: &Table<'a>, key: &str) -> Vec<Spanned<String>> {
        let Some(entry) = table.get(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = entry.value else {
            self.wrong(&entry, "a list of texts");
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            let at = self.span(item.span());
            match item.get_ref() {
                DeValue::String(text) => texts.push(Spanned::new(text.to_string(), at)),
                other => {
                    let message = format!(
                        "`{key}` must be a list of texts; this is {}",
                        kind_of(other)
                    );
                    self.report(Diagnostic::new(Code::WrongValue, at, message));
                }
            }
        }
        texts
    }

    /// The entries of a table of tables, in the order of the file.
    pub(super) fn children(&mut self, table: &Table<'a>, key: &str) -> Vec<Entry<'a>> {
        let Some(entry) = table.get(key) else {
            return Vec::new();
        };
        match self.as_table(&entry) {
            Some(inner) => entries(self.document, inner),
            None => Vec::new(),
        }
    }

    /// A list of tables (`[[name]]`), each with its place.
    pub(super) fn tables(&mut self, table: &Table<'a>, key: &str) -> Vec<(&'a DeTable<'a>, Span)> {
        let Some(entry) = table.get(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = entry.value else {
            self.wrong(&entry, "a list of tables");
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items.iter() {
            let at = self.span(item.span());
            match item.get_ref() {
                DeValue::Table(table) => tables.push((table, at)),
                other => {
                    let message = format!(
                        "`{key}` must be a list of tables; this is {}",
                        kind_of(other)
                    );
                    self.report(Diagnostic::new(Code::WrongValue, at, message));
                }
            }
        }
        tables
    }

    /// The table that an entry must be.
    pub(super) fn as_table(&mut self, entry: &Entry<'a>) -> Option<&'a DeTable<'a>> {
        match entry.value {
            DeValue::Table(table) => Some(table),
            _ => {
                self.wrong(entry, "a table");
                None
            }
        }
    }
}
