//! What every schema is written with: drafts, layouts, members, and what stands at the head of each.

use crate::json::Json;
use crate::source::Spanned;

/// The draft that a schema declares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Draft {
    /// Draft-07: what every tool reads.
    #[default]
    Draft07,
    /// 2020-12.
    Draft202012,
}

impl Draft {
    /// The URI for `$schema`.
    #[must_use]
    pub fn uri(self) -> &'static str {
        match self {
            Draft::Draft07 => "http://json-schema.org/draft-07/schema#",
            Draft::Draft202012 => "https://json-schema.org/draft/2020-12/schema",
        }
    }

    /// The keyword that holds definitions.
    #[must_use]
    pub fn definitions(self) -> &'static str {
        match self {
            Draft::Draft07 => "definitions",
            Draft::Draft202012 => "$defs",
        }
    }
}

/// Distribution of schemas over files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// `<domain>.<Event>.json` for each event, with all that it needs.
    #[default]
    Bundled,
    /// `<domain>.<Name>.json` for each event and each type, with relative references.
    Refs,
    /// One `catalog.json` with everything: its root has one property per event, by the event's full name.
    Catalog,
}

/// The members of a schema object, in the order in which they are written.
pub(super) type Members = Vec<(String, Json)>;

/// `title` and `description` of a root or a definition.
pub(super) fn head(
    title: &str,
    doc: Option<String>,
    deprecated: Option<&Spanned<String>>,
) -> Members {
    let mut out = Members::new();
    put(&mut out, "title", Json::text(title));
    describe(&mut out, doc.into_iter().collect(), deprecated);
    out
}

pub(super) fn describe(
    out: &mut Members,
    mut notes: Vec<String>,
    deprecated: Option<&Spanned<String>>,
) {
    // Draft-07 tools know no `deprecated`, so it is said for people as well.
    notes.extend(deprecated.map(|instead| format!("Deprecated: {}", instead.value)));
    if !notes.is_empty() {
        put(
            out,
            "description",
            Json::text(harmless(&notes.join("\n\n"))),
        );
    }
}

pub(super) fn mark_deprecated(out: &mut Members, deprecated: Option<&Spanned<String>>) {
    if deprecated.is_some() {
        put(out, "deprecated", Json::Bool(true));
    }
}

/// Breaks up what ends or spoils the comments that class generators put descriptions into: `*/`, and `\u`, which Java
/// reads as an escape even in a comment.
pub(super) fn harmless(text: &str) -> String {
    text.trim().replace("*/", "* /").replace("\\u", "\\ u")
}

pub(super) fn put(out: &mut Members, key: &str, value: Json) {
    out.push((key.to_owned(), value));
}

pub(super) fn put_some(out: &mut Members, key: &str, value: Option<Json>) {
    if let Some(value) = value {
        put(out, key, value);
    }
}

const GENERATED_FROM: &str = "generated from ";
const DO_NOT_EDIT: &str = "; do not edit";

/// The `$comment` of a generated schema.
pub(super) fn provenance(from: &str) -> String {
    format!("{GENERATED_FROM}{from}{DO_NOT_EDIT}")
}

/// Returns `true` if the text of a file says that [`json_schema`](super::json_schema) wrote it. Only such files may be removed when they are stale.
///
/// Looks at the second member only, where the `$comment` stands: a description elsewhere that quotes one means nothing.
#[must_use]
pub fn is_generated(text: &str) -> bool {
    let mut lines = text.lines();
    lines.next() == Some("{")
        && lines
            .next()
            .is_some_and(|line| line.starts_with("  \"$schema\": "))
        && lines
            .next()
            .and_then(|line| line.strip_prefix("  \"$comment\": \""))
            .and_then(|line| line.strip_suffix("\","))
            .is_some_and(|comment| {
                comment.starts_with(GENERATED_FROM) && comment.ends_with(DO_NOT_EDIT)
            })
}
