//! The report for people: each problem with its source line, the place underlined, and what to do.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::places::{Places, files_with_findings};
use crate::code::{Code, Severity};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Sources, Span};

/// Wide enough for any line that people write; longer ones are cut around the place.
const WIDTH: usize = 160;
/// A related place further away than this gets a snippet of its own, so that no report carries half a file.
const NEAR_LINES: usize = 60;
/// So many bytes are rendered around a place at most: a file of one endless line would take its length per report.
const AROUND: usize = 4096;

/// Renders every diagnostic in order, with a summary line at the end. Ends with a line end.
#[must_use]
pub fn human(diagnostics: &Diagnostics, sources: &Sources, color: bool) -> String {
    let renderer = renderer(color);
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

fn renderer(color: bool) -> Renderer {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.term_width(WIDTH).decor_style(DecorStyle::Ascii)
}

/// Something to say about a place of a text that is no contract.
#[cfg(feature = "compat")]
pub(crate) struct Marked<'a> {
    pub place: Range<usize>,
    pub id: &'a str,
    pub message: &'a str,
    pub help: Option<&'a str>,
}

/// The same report about one other text.
#[cfg(feature = "compat")]
pub(crate) fn marked(
    path: &std::path::Path,
    text: &str,
    marked: &[Marked<'_>],
    color: bool,
) -> String {
    let mut sources = Sources::default();
    let file = sources.add(path, text);
    let renderer = renderer(color);
    let places = Places::new(&sources);
    let visible = |text: &str| -> String { text.chars().map(crate::diagnostic::visible).collect() };
    let mut out = String::new();
    for mark in marked {
        let message = visible(mark.message);
        let title = Level::ERROR.primary_title(&message).id(mark.id);
        let mut group = Group::with_title(title);
        if text.is_empty() {
            let origin = Origin::path(places.path(file));
            group = group.element(origin.line(1).char_column(1));
        } else {
            let place = Mark {
                span: Span::new(file, mark.place.clone()),
                label: "",
                primary: true,
            };
            let line = places.region(place.span).start.line;
            let (origin, snippet) = snippet(file, line..line + 1, vec![place], &places);
            if let Some(origin) = origin {
                group = group.element(origin);
            }
            group = group.element(snippet);
        }
        let help = mark.help.map(visible);
        if let Some(help) = &help {
            group = group.element(Level::HELP.message(help));
        }
        out.push_str(&renderer.render(&[group]));
        out.push_str("\n\n");
    }
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
    for (origin, snippet) in snippets(diagnostic, places) {
        if let Some(origin) = origin {
            group = group.element(origin);
        }
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

/// Source lines with what is underlined, and the place when the lines are cut and do not give it themselves.
type Excerpt<'a> = (Option<Origin<'a>>, Snippet<'a, Annotation<'a>>);

/// The places of a diagnostic, those near each other together; the primary one comes first.
fn snippets<'a>(diagnostic: &'a Diagnostic, places: &'a Places<'a>) -> Vec<Excerpt<'a>> {
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
            let both = known.start.min(lines.start)..known.end.max(lines.end);
            *file == mark.span.file
                && both.len() <= NEAR_LINES + lines.len()
                && places.bytes(*file, &both).len() <= AROUND
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
) -> Excerpt<'a> {
    let (path, text, _) = places.file(file);
    let Range { start, end } = places.bytes(file, &lines);
    let first = marks.first().map_or(start, |mark| mark.span.range().start);
    let window = window(text, start..end, first);
    let cut = window.start > start;
    let line = if cut {
        places.position(file, first).line
    } else {
        lines.start
    };
    let mut snippet = Snippet::source(&text[window.clone()]).line_start(line);
    let origin = if cut {
        let at = places.position(file, first);
        Some(Origin::path(path).line(at.line).char_column(at.column))
    } else {
        snippet = snippet.path(path);
        None
    };
    for mark in marks {
        let range = mark.span.range();
        let from = range.start.clamp(window.start, window.end) - window.start;
        let to = range.end.clamp(window.start, window.end) - window.start;
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
    (origin, snippet)
}

/// The part of some lines that is rendered: all of it, or what is around a place in it.
fn window(text: &str, lines: Range<usize>, place: usize) -> Range<usize> {
    if lines.len() <= AROUND {
        return lines;
    }
    let place = place.clamp(lines.start, lines.end);
    let line = text[..place].rfind('\n').map_or(0, |at| at + 1);
    let mut start = line.max(lines.start);
    // The line itself is short: it is shown from its beginning.
    if place - start > AROUND / 4 {
        start = place - AROUND / 4;
    }
    let mut end = lines.end.min(place + AROUND);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    start..end
}
