//! The report for people: each problem with its source line, the place underlined, and what to do.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Places, files_with_findings};
use crate::code::{Code, Severity};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Sources, Span};

/// Wide enough for any line that people write; longer ones are cut around the place.
const WIDTH: usize = 160;
/// A related place further away than this gets a snippet of its own, so that no report carries half a file.
const NEAR_LINES: usize = 60;

/// Renders every diagnostic in order, with a summary line at the end. Ends with a line end.
#[must_use]
pub fn human(diagnostics: &Diagnostics, sources: &Sources, color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.term_width(WIDTH).decor_style(DecorStyle::Ascii);
    let places = Places::new(sources);
    let mut out = String::new();
    for diagnostic in diagnostics.iter() {
        out.push_str(&renderer.render(&[group(diagnostic, &places)]));
        out.push_str("\n\n");
    }
    out.push_str(&summary(diagnostics, sources));
    out.push('\n');
    out
}

fn summary(diagnostics: &Diagnostics, sources: &Sources) -> String {
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let errors = diagnostics.count(Severity::Error);
    let warnings = diagnostics.count(Severity::Warning);
    let mut parts = Vec::new();
    if errors > 0 {
        parts.push(count(errors, "error"));
    }
    if warnings > 0 {
        parts.push(count(warnings, "warning"));
    }
    if parts.is_empty() {
        return format!("no problems in {}", count(sources.iter().count(), "file"));
    }
    let found = parts.join(", ");
    // A folder without contracts has no file to count.
    if diagnostics
        .iter()
        .all(|diagnostic| diagnostic.code == Code::NoContracts)
    {
        return found;
    }
    format!(
        "{found} in {}",
        count(files_with_findings(diagnostics), "file")
    )
}

fn group<'a>(diagnostic: &'a Diagnostic, places: &'a Places<'a>) -> Group<'a> {
    let level = match diagnostic.code.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(
        level
            .primary_title(&diagnostic.message)
            .id(diagnostic.code.as_str()),
    );
    let (path, text, _) = places.file(diagnostic.span.file);
    if text.is_empty() {
        let origin = Origin::path(path);
        // The folder itself has no lines.
        group = group.element(match diagnostic.code {
            Code::NoContracts => origin,
            _ => origin.line(1).char_column(1),
        });
    }
    for snippet in snippets(diagnostic, places) {
        group = group.element(snippet);
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help));
    }
    group
}

/// One place of a report.
struct Mark<'a> {
    span: Span,
    label: &'a str,
    primary: bool,
}

/// The places of a diagnostic, those near each other together; the primary one comes first.
fn snippets<'a>(
    diagnostic: &'a Diagnostic,
    places: &'a Places<'a>,
) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let primary = Mark {
        span: diagnostic.span,
        label: &diagnostic.label,
        primary: true,
    };
    let mut clusters: Vec<(FileId, Range<usize>, Vec<Mark<'a>>)> = Vec::new();
    let related = diagnostic.related.iter().map(|label| Mark {
        span: label.span,
        label: &label.text,
        primary: false,
    });
    for mark in std::iter::once(primary).chain(related) {
        let region = places.region(mark.span);
        let lines = region.start.line..region.end.line + 1;
        let near = clusters.iter_mut().find(|(file, known, _)| {
            *file == mark.span.file
                && lines.start.abs_diff(known.start) <= NEAR_LINES
                && lines.end.abs_diff(known.end) <= NEAR_LINES
        });
        match near {
            Some((_, known, marks)) => {
                *known = known.start.min(lines.start)..known.end.max(lines.end);
                marks.push(mark);
            }
            None => clusters.push((mark.span.file, lines, vec![mark])),
        }
    }
    clusters
        .into_iter()
        .filter(|(file, ..)| !places.file(*file).1.is_empty())
        .map(|(file, lines, marks)| snippet(file, lines, marks, places))
        .collect()
}

/// The lines of a cluster alone: handing over whole files would make a long report slow.
fn snippet<'a>(
    file: FileId,
    lines: Range<usize>,
    marks: Vec<Mark<'a>>,
    places: &'a Places<'a>,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let (path, text, starts) = places.file(file);
    let start = starts.get(lines.start - 1).copied().unwrap_or(0);
    let end = starts.get(lines.end - 1).copied().unwrap_or(text.len());
    let shown = &text[start..end];
    let mut snippet = Snippet::source(shown).line_start(lines.start).path(path);
    for mark in marks {
        let range = mark.span.range();
        let from = range.start.clamp(start, end) - start;
        let to = range.end.clamp(start, end) - start;
        let kind = if mark.primary {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let mut annotation = kind.span(from..to.max(from));
        if !mark.label.is_empty() {
            annotation = annotation.label(mark.label);
        }
        snippet = snippet.annotation(annotation);
    }
    snippet
}
