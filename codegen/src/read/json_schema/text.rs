//! The keywords about texts: one text, or one of several that a type holds.

use super::facts::{JsonKind, Leaf, Reader};
use super::limits::is_unchecked_format;
use super::scalar::{count, same, tighter};
use super::shape::{Format, SchemaShape, Text};
use super::store::Site;
use crate::json::document::Value as Json;
use crate::{ecma, formats};

/// Keywords that a shape of a text holds. Formats are looked at one by one.
const TEXTS: &[&str] = &[
    "enum",
    "const",
    "minLength",
    "maxLength",
    "pattern",
    "format",
];

pub(super) fn text(read: &mut Reader<'_, '_>, leaves: &[Leaf]) -> SchemaShape {
    if leaves.iter().any(|leaf| read.is_free(leaf)) {
        return SchemaShape::Text(Text::default());
    }
    let mut texts = Vec::new();
    for leaf in leaves {
        // Beside a free text, fixed ones say nothing.
        if read.values(&leaf.sites).is_none() {
            let text = one_text(read, &leaf.sites);
            texts.push(typed(read, leaf, text));
        }
    }
    let alone = texts.len() == leaves.len();
    match same(texts).filter(|text| alone || *text == Text::default()) {
        Some(text) => {
            for leaf in leaves {
                read.account(leaf, TEXTS);
                account_formats(read, leaf, text.format);
            }
            SchemaShape::Text(text)
        }
        None => {
            read.account_merged(leaves);
            SchemaShape::Text(Text::default())
        }
    }
}

/// A text that has a type of its own is held to that type's form, and to little else: notes what is lost.
fn typed(read: &mut Reader<'_, '_>, leaf: &Leaf, text: Text) -> Text {
    let (shortest, longest) = match text.format {
        None => return text,
        Some(Format::Uuid) => (36, 36),
        Some(Format::Date) => (10, 10),
        // A fraction of a second may have any number of digits.
        Some(Format::Timestamp) => (20, u64::MAX),
    };
    let is_date = text.format == Some(Format::Date);
    let lost = [
        ("minLength", text.min.is_some_and(|min| min > shortest)),
        ("maxLength", text.max.is_some_and(|max| max < longest)),
        ("pattern", !text.patterns.is_empty() && !is_date),
    ];
    for (keyword, _) in lost.into_iter().filter(|(_, lost)| *lost) {
        for site in &leaf.sites {
            if let Some(value) = read.store.get(*site, keyword) {
                read.unchecked.insert((value, keyword));
            }
        }
    }
    Text {
        format: text.format,
        // A date is written as it was read.
        patterns: if is_date { text.patterns } else { Vec::new() },
        ..Text::default()
    }
}

/// The texts of an enum that everything else which is said about a text allows.
pub(super) fn fitting(read: &mut Reader<'_, '_>, leaf: &Leaf, texts: &mut Vec<(String, Site)>) {
    let mut text = one_text(read, &leaf.sites);
    let format = text.format.take();
    texts.retain(|(value, _)| {
        let length = u64::try_from(value.chars().count()).unwrap_or(u64::MAX);
        text.min.is_none_or(|min| length >= min)
            && text.max.is_none_or(|max| length <= max)
            && text.patterns.iter().all(|pattern| {
                ecma::compile(pattern).is_some_and(|pattern| pattern.is_match(value))
            })
            && match format {
                Some(Format::Uuid) => formats::is_uuid(value),
                Some(Format::Timestamp) => formats::is_timestamp(value),
                Some(Format::Date) => formats::is_date(value),
                None => true,
            }
    });
    read.account(leaf, TEXTS);
    account_formats(read, leaf, format);
}

fn format_of(read: &Reader<'_, '_>, site: Site) -> Option<Format> {
    match read.store.text(site, "format") {
        Some("uuid") => Some(Format::Uuid),
        Some("date-time") => Some(Format::Timestamp),
        Some("date") => Some(Format::Date),
        _ => None,
    }
}

/// Notes each format but the one that a text is held as.
fn account_formats(read: &mut Reader<'_, '_>, leaf: &Leaf, held: Option<Format>) {
    for site in &leaf.sites {
        let Some(format) = read.store.get(*site, "format") else {
            continue;
        };
        let name = read.store.text(*site, "format").unwrap_or_default();
        let known = format_of(read, *site);
        if is_unchecked_format(name, JsonKind::Text) || (known.is_some() && known != held) {
            read.unchecked.insert((format, "format"));
        }
    }
}

/// Everything that is said about a text.
fn one_text(read: &mut Reader<'_, '_>, sites: &[Site]) -> Text {
    let mut out = Text::default();
    for site in sites {
        let length = count(read, *site, "minLength", "maxLength");
        out.min = out.min.max(length.min);
        out.max = tighter(out.max, length.max);
        out.format = out.format.or(format_of(read, *site));
        let Some(pattern) = read.store.get(*site, "pattern") else {
            continue;
        };
        match read.store.value(pattern) {
            Json::Text(text) if ecma::compile(text).is_some() => out.patterns.push(text.clone()),
            Json::Text(_) => {
                read.unchecked.insert((pattern, "pattern"));
            }
            _ => read.problem(pattern, "`pattern` must be a text"),
        }
    }
    if let (Some(site), Some(min), Some(max)) = (sites.first(), out.min, out.max)
        && min > max
    {
        read.problem(
            *site,
            format!("no text has at least {min} and at most {max} characters"),
        );
    }
    out
}
