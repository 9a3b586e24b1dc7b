//! The report for people: each break with both contracts' lines, a payload that shows it, and what to do; then the plan.

use std::fmt::Write;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::compat::{Category, Finding, Mode, Outcome, Place, Plan, Report, Severity};
use crate::report::places::Places;

/// Wide enough for any line that people write; longer ones are cut around the place.
const WIDTH: usize = 160;
/// Longer lists are cut: a shared type may reach a thousand events.
const LISTED: usize = 8;

/// Renders the findings of one comparison, the plan, and a last line with the verdict. Ends with a line end.
#[must_use]
pub fn human(report: &Report, color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.term_width(WIDTH).decor_style(DecorStyle::Ascii);
    let (old, new) = (Places::new(&report.old), Places::new(&report.new));
    let mut out = String::new();
    for finding in report
        .findings
        .iter()
        .filter(|f| f.severity != Severity::Info && f.accepted.is_none())
    {
        let said = notes(finding, report.mode);
        out.push_str(&renderer.render(&[group(finding, &said, report.mode, &old, &new)]));
        out.push_str("\n\n");
    }
    line_each(
        &mut out,
        "accepted",
        &old,
        &new,
        report.findings.iter().filter(|f| f.accepted.is_some()),
    );
    let infos = report
        .findings
        .iter()
        .filter(|f| f.severity == Severity::Info && f.accepted.is_none());
    line_each(&mut out, "compatible", &old, &new, infos);
    out.push_str(&plan(&report.plan));
    let _ = writeln!(out, "{}", verdict(report));
    out
}

/// One line for what needs no attention.
fn line_each<'f>(
    out: &mut String,
    title: &str,
    old: &Places<'_>,
    new: &Places<'_>,
    findings: impl Iterator<Item = &'f Finding>,
) {
    let mut any = false;
    for finding in findings {
        if !any {
            let _ = writeln!(out, "{title}:");
            any = true;
        }
        let place = place_text(finding, old, new);
        let reason = finding
            .accepted
            .as_ref()
            .map_or(String::new(), |reason| format!(" (accepted: {reason})"));
        let _ = writeln!(
            out,
            "  {}: {}{reason} [{}]",
            place, finding.message, finding.rule.id
        );
    }
    if any {
        out.push('\n');
    }
}

/// `path:line:column` in the new contract, or in the old one for what is gone.
pub(super) fn place_text(finding: &Finding, old: &Places<'_>, new: &Places<'_>) -> String {
    let (places, place) = match (&finding.new, &finding.old) {
        (Some(place), _) => (new, place),
        (None, Some(place)) => (old, place),
        (None, None) => return finding.path.clone(),
    };
    let start = places.region(place.span).start;
    format!(
        "{}:{}:{}",
        places.path(place.span.file),
        start.line,
        start.column
    )
}

/// Collects the notes below the lines.
struct Notes {
    title: String,
    notes: Vec<String>,
}

fn notes(finding: &Finding, mode: Mode) -> Notes {
    let mut notes = Vec::new();
    if !finding.events.is_empty() {
        let events = finding.events.iter().map(|reached| {
            if reached.path.is_empty() {
                reached.event.clone()
            } else {
                format!("{} at {}", reached.event, reached.path)
            }
        });
        notes.push(format!("reaches {}", listed(events)));
    }
    if !finding.services.is_empty() {
        notes.push(format!("hits {}", listed(finding.services.iter().cloned())));
    }
    for example in &finding.counterexamples {
        let reader = example.direction.reader();
        let what = match &example.outcome {
            Outcome::Refused(reason) => format!("the {reader} reader refuses it: {reason}"),
            Outcome::Misread(how) => format!("the {reader} reader misreads it: {how}"),
        };
        notes.push(format!(
            "{} writers may send {} as {}\n{what}",
            example.direction.writer(),
            cut(&example.payload),
            example.event
        ));
    }
    for stranded in &finding.stranded {
        notes.push(format!("left behind: {stranded}"));
    }
    if let Some(why) = &finding.undecided {
        notes.push(format!("counts as breaking: {why}"));
    }
    let categories: Vec<&str> = finding.rule.categories.iter().map(|c| c.as_str()).collect();
    let ignored = finding.severity == Severity::Breaks && !finding.fails(mode);
    let ignored = if ignored {
        format!(", not looked at by --mode {}", mode.as_str())
    } else {
        String::new()
    };
    let title = format!(
        "{} ({}{ignored})",
        finding.message,
        categories.join(" and ")
    );
    if finding.severity == Severity::Breaks && finding.fails(mode) {
        notes.push(format!("path of [[accepted]]: {}", finding.path));
    }
    Notes { title, notes }
}

/// A payload of a screen's length at most: the rest of it shows nothing more.
fn cut(payload: &str) -> String {
    const LONGEST: usize = 400;
    if payload.chars().count() <= LONGEST {
        return payload.to_owned();
    }
    let start: String = payload.chars().take(LONGEST).collect();
    format!("{start}... ({} bytes in all)", payload.len())
}

fn listed(all: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = all.collect();
    let shown = all
        .iter()
        .take(LISTED)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match all.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn group<'a>(
    finding: &'a Finding,
    said: &'a Notes,
    mode: Mode,
    old: &'a Places<'a>,
    new: &'a Places<'a>,
) -> Group<'a> {
    let level = if finding.fails(mode) {
        Level::ERROR
    } else {
        Level::WARNING
    };
    let mut group = Group::with_title(level.primary_title(&said.title).id(finding.rule.id));
    let sides = [(&finding.new, new), (&finding.old, old)];
    let mut primary = true;
    for (place, places) in sides {
        if let Some(place) = place {
            group = group.element(snippet(place, places, primary));
            primary = false;
        }
    }
    for note in &said.notes {
        group = group.element(Level::NOTE.message(note));
    }
    if !finding.help.is_empty() {
        group = group.element(Level::HELP.message(&finding.help));
    }
    group
}

/// The line of a place, alone: handing over whole files would make a long report slow.
fn snippet<'a>(
    place: &'a Place,
    places: &'a Places<'a>,
    primary: bool,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let (path, text, starts) = places.file(place.span.file);
    let region = places.region(place.span);
    let start = starts.get(region.start.line - 1).copied().unwrap_or(0);
    let end = starts.get(region.end.line).copied().unwrap_or(text.len());
    let range = place.span.range();
    let from = range.start.clamp(start, end) - start;
    let to = range.end.clamp(start, end) - start;
    let kind = if primary {
        AnnotationKind::Primary
    } else {
        AnnotationKind::Context
    };
    let mut annotation = kind.span(from..to.max(from));
    if !place.label.is_empty() {
        annotation = annotation.label(&place.label);
    }
    Snippet::source(&text[start..end])
        .line_start(region.start.line)
        .path(path)
        .annotation(annotation)
}

fn plan(plan: &Plan) -> String {
    let mut out = String::new();
    if plan.steps.is_empty() && plan.blocked.is_empty() {
        return out;
    }
    out.push_str("roll-out:\n");
    let mut number = 0;
    let mut step = |out: &mut String, text: &str| {
        number += 1;
        let _ = writeln!(out, "  {number}. {text}");
    };
    for part in &plan.steps {
        step(
            &mut out,
            &format!("upgrade {}", listed(part.services.iter().cloned())),
        );
        for wait in &part.wait {
            step(&mut out, &format!("wait {wait}"));
        }
    }
    for blocked in &plan.blocked {
        let events = if blocked.events.is_empty() {
            "these services".to_owned()
        } else {
            listed(blocked.events.iter().cloned())
        };
        let _ = writeln!(
            out,
            "  no order of upgrades is safe for {events}: {}\n    instead: {}",
            blocked.reason, blocked.advice
        );
    }
    out.push('\n');
    out
}

fn verdict(report: &Report) -> String {
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let failing = report
        .findings
        .iter()
        .filter(|f| f.fails(report.mode))
        .count();
    let warnings = report
        .findings
        .iter()
        .filter(|f| f.accepted.is_none() && f.severity != Severity::Info && !f.fails(report.mode))
        .count();
    let accepted = report
        .findings
        .iter()
        .filter(|f| f.accepted.is_some())
        .count();
    let infos = report.count(Severity::Info);
    let mut parts = Vec::new();
    for (n, what) in [
        (failing, "breaking change"),
        (warnings, "warning"),
        (accepted, "accepted break"),
        (infos, "compatible change"),
    ] {
        if n > 0 {
            parts.push(count(n, what));
        }
    }
    if parts.is_empty() {
        return "nothing has changed".to_owned();
    }
    let source = report
        .findings
        .iter()
        .filter(|f| f.fails(report.mode))
        .all(|f| f.rule.categories == [Category::Source]);
    let note = if failing > 0 && source {
        " (in source only: nothing changes on the wire)"
    } else {
        ""
    };
    format!("{}{note}", parts.join(", "))
}
