//! The report for scripts: one JSON object, stable within a `version`.

use super::places::{Places, severity};
use crate::code::Severity;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::json::Json;
use crate::source::{Sources, Span};

/// Renders one object:
///
/// - `version`: 1; another number means another shape. New members may be added within a version.
/// - `diagnostics`: objects with `code`, `severity` (`error` or `warning`), `message`, `path`, `line`, `column`,
///   `end_line`, `end_column`, `label` (what stands under the place, or `null`), `related` (objects with `message` and
///   the same five members of place) and `help` (or `null`). Lines and columns count from 1, columns in code points; the
///   end is exclusive.
/// - `counts`: `errors`, `warnings` and `files`, the number of files that were read.
#[must_use]
pub fn json(diagnostics: &Diagnostics, sources: &Sources) -> String {
    let places = Places::new(sources);
    Json::object([
        ("version", Json::integer(1)),
        (
            "diagnostics",
            Json::list(
                diagnostics
                    .iter()
                    .map(|diagnostic| one(diagnostic, &places)),
            ),
        ),
        (
            "counts",
            Json::object([
                ("errors", count(diagnostics.count(Severity::Error))),
                ("warnings", count(diagnostics.count(Severity::Warning))),
                ("files", count(sources.iter().count())),
            ]),
        ),
    ])
    .to_pretty()
}

fn one(diagnostic: &Diagnostic, places: &Places<'_>) -> Json {
    let mut members = vec![
        ("code", Json::text(diagnostic.code.as_str())),
        ("severity", Json::text(severity(diagnostic.code.severity()))),
        ("message", Json::text(&diagnostic.message)),
    ];
    members.extend(place(diagnostic.span, places));
    let label = if diagnostic.label.is_empty() {
        Json::Null
    } else {
        Json::text(&diagnostic.label)
    };
    let related = diagnostic.related.iter().map(|label| {
        let message = ("message", Json::text(&label.text));
        Json::object(std::iter::once(message).chain(place(label.span, places)))
    });
    members.push(("label", label));
    members.push(("related", Json::list(related)));
    members.push((
        "help",
        diagnostic.help.as_ref().map_or(Json::Null, Json::text),
    ));
    Json::object(members)
}

/// A span as five members.
pub(super) fn place(span: Span, places: &Places<'_>) -> [(&'static str, Json); 5] {
    let region = places.region(span);
    [
        ("path", Json::text(places.exact_path(span.file))),
        ("line", count(region.start.line)),
        ("column", count(region.start.column)),
        ("end_line", count(region.end.line)),
        ("end_column", count(region.end.column)),
    ]
}

pub(super) fn count(n: usize) -> Json {
    Json::Number(n.to_string())
}
