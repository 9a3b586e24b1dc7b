//! Reports of `diff`: for people, and for machines one JSON object, GitHub's workflow commands, SARIF 2.1.0.

mod human;

use std::fmt::Write;

use super::github::command;
use super::json::place;
use super::places::Places;
use super::sarif as scanner;
use crate::compat::{Finding, Mode, Outcome, Place, Plan, RULES, Report, Severity};
use crate::json::Json;

pub use self::human::human;
use self::human::place_text;

/// Renders the comparisons of a run, each with the name of what was compared with, as one object:
///
/// - `version`: 1; another number means another shape. New members may be added within a version.
/// - `mode` and `fails`.
/// - `comparisons`: objects with `against`, `fails`, `findings` and `plan`.
/// - a finding: `rule`, `categories`, `severity` (`breaks`, `warn`, `info`), `fails`, `path`, `message`, `old` and `new`
///   (`path`, `line`, `column`, `end_line`, `end_column`, `label`, or `null`), `events` (`event`, `path`), `services`,
///   `counterexamples` (`direction`, `event`, `payload`, `outcome` `refused` or `misread`, `reason`), `stranded`,
///   `undecided`, `help` and `accepted` (text or `null`).
/// - a plan: `steps` (`services`, `wait`) and `blocked` (`events`, `reason`, `advice`).
#[must_use]
pub fn json(reports: &[(String, Report)], mode: Mode) -> String {
    let comparisons = reports.iter().map(|(against, report)| {
        let (old, new) = (Places::new(&report.old), Places::new(&report.new));
        let findings = report
            .findings
            .iter()
            .map(|f| finding_json(f, report.mode, &old, &new));
        Json::object([
            ("against", Json::text(against)),
            ("fails", Json::Bool(report.fails())),
            ("findings", Json::list(findings)),
            ("plan", plan_json(&report.plan)),
        ])
    });
    Json::object([
        ("version", Json::integer(1)),
        ("mode", Json::text(mode.as_str())),
        (
            "fails",
            Json::Bool(reports.iter().any(|(_, report)| report.fails())),
        ),
        ("comparisons", Json::list(comparisons)),
    ])
    .to_pretty()
}

fn texts(all: &[String]) -> Json {
    Json::list(all.iter().map(Json::text))
}

fn optional(text: Option<&String>) -> Json {
    text.map_or(Json::Null, Json::text)
}

fn finding_json(f: &Finding, mode: Mode, old: &Places<'_>, new: &Places<'_>) -> Json {
    let events = f.events.iter().map(|reached| {
        Json::object([
            ("event", Json::text(&reached.event)),
            ("path", Json::text(&reached.path)),
        ])
    });
    let examples = f.counterexamples.iter().map(|example| {
        let (outcome, reason) = match &example.outcome {
            Outcome::Refused(reason) => ("refused", reason),
            Outcome::Misread(how) => ("misread", how),
        };
        Json::object([
            ("direction", Json::text(example.direction.as_str())),
            ("event", Json::text(&example.event)),
            ("payload", Json::text(&example.payload)),
            ("outcome", Json::text(outcome)),
            ("reason", Json::text(reason)),
        ])
    });
    Json::object([
        ("rule", Json::text(f.rule.id)),
        (
            "categories",
            Json::list(f.rule.categories.iter().map(|c| Json::text(c.as_str()))),
        ),
        ("severity", Json::text(f.severity.as_str())),
        ("fails", Json::Bool(f.fails(mode))),
        ("path", Json::text(&f.path)),
        ("message", Json::text(&f.message)),
        (
            "old",
            f.old
                .as_ref()
                .map_or(Json::Null, |place| place_json(place, old)),
        ),
        (
            "new",
            f.new
                .as_ref()
                .map_or(Json::Null, |place| place_json(place, new)),
        ),
        ("events", Json::list(events)),
        ("services", texts(&f.services)),
        ("counterexamples", Json::list(examples)),
        ("stranded", texts(&f.stranded)),
        ("undecided", optional(f.undecided.as_ref())),
        ("help", Json::text(&f.help)),
        ("accepted", optional(f.accepted.as_ref())),
    ])
}

fn place_json(at: &Place, places: &Places<'_>) -> Json {
    let label = ("label", Json::text(&at.label));
    Json::object(place(at.span, places).into_iter().chain([label]))
}

fn plan_json(plan: &Plan) -> Json {
    let steps = plan.steps.iter().map(|step| {
        Json::object([
            ("services", texts(&step.services)),
            ("wait", texts(&step.wait)),
        ])
    });
    let blocked = plan.blocked.iter().map(|blocked| {
        Json::object([
            ("events", texts(&blocked.events)),
            ("reason", Json::text(&blocked.reason)),
            ("advice", Json::text(&blocked.advice)),
        ])
    });
    Json::object([
        ("steps", Json::list(steps)),
        ("blocked", Json::list(blocked)),
    ])
}

/// `error`, `warning` or `note`/`notice`: what a finding is to a machine.
fn level(f: &Finding, mode: Mode, note: &'static str) -> &'static str {
    if f.fails(mode) {
        "error"
    } else if f.severity == Severity::Info || f.accepted.is_some() {
        note
    } else {
        "warning"
    }
}

/// Everything in one text: message, proof, advice.
fn text(f: &Finding, old: &Places<'_>) -> String {
    let mut text = f.message.clone();
    for example in &f.counterexamples {
        let (verb, reason) = match &example.outcome {
            Outcome::Refused(reason) => ("refuse", reason),
            Outcome::Misread(how) => ("misread", how),
        };
        let _ = write!(
            text,
            "\n{} readers {verb} {} ({reason})",
            example.direction.reader(),
            example.payload
        );
    }
    for stranded in &f.stranded {
        let _ = write!(text, "\nleft behind: {stranded}");
    }
    if let Some(why) = &f.undecided {
        let _ = write!(text, "\ncounts as breaking: {why}");
    }
    if let (Some(place), Some(_)) = (&f.old, &f.new) {
        let start = old.region(place.span).start;
        let _ = write!(
            text,
            "\nbefore: {}:{}:{}",
            old.path(place.span.file),
            start.line,
            start.column
        );
    }
    if !f.services.is_empty() {
        let _ = write!(text, "\nhits: {}", f.services.join(", "));
    }
    if !f.help.is_empty() {
        let _ = write!(text, "\nhelp: {}", f.help);
    }
    text
}

/// Renders a workflow command a line for what breaks and what warns, with the place in the new contract: the old one may
/// not be a file of this checkout.
#[must_use]
pub fn github(reports: &[(String, Report)]) -> String {
    let mut out = String::new();
    for (_, report) in reports {
        let (old, new) = (Places::new(&report.old), Places::new(&report.new));
        for f in report
            .findings
            .iter()
            .filter(|f| f.severity != Severity::Info)
        {
            let region = f.new.as_ref().map(|at| (at.span.file, new.region(at.span)));
            let place = region
                .as_ref()
                .map(|(file, region)| (new.path(*file), region));
            let mut said = text(f, &old);
            if f.new.is_none() {
                said = format!("{}: {said}", place_text(f, &old, &new));
            }
            let level = level(f, report.mode, "notice");
            out.push_str(&command(level, place, f.rule.id, &said));
        }
    }
    out
}

/// Renders one run with every rule. The old place is a related location; an accepted finding is suppressed.
#[must_use]
pub fn sarif(reports: &[(String, Report)]) -> String {
    let rules = RULES.iter().map(|rule| {
        let level = match rule.severity {
            Severity::Breaks => "error",
            Severity::Warn => "warning",
            Severity::Info => "note",
        };
        let tags = Json::list(rule.categories.iter().map(|c| Json::text(c.as_str())));
        scanner::rule(rule.id, rule.summary, rule.page, level, Some(tags))
    });
    let results = reports.iter().flat_map(|(_, report)| {
        let (old, new) = (Places::new(&report.old), Places::new(&report.new));
        let results = report.findings.iter();
        results
            .map(|f| result(f, report.mode, &old, &new))
            .collect::<Vec<_>>()
    });
    scanner::log(rules, results)
}

fn result(f: &Finding, mode: Mode, old: &Places<'_>, new: &Places<'_>) -> Json {
    let index = RULES
        .iter()
        .position(|rule| rule.id == f.rule.id)
        .unwrap_or(0);
    let mut members = vec![
        ("ruleId", Json::text(f.rule.id)),
        ("ruleIndex", scanner::number(index)),
        ("level", Json::text(level(f, mode, "note"))),
        ("message", scanner::message(&text(f, old))),
    ];
    let (first, second) = match (&f.new, &f.old) {
        (Some(place), other) => (Some((place, new)), other.as_ref()),
        (None, Some(place)) => (Some((place, old)), None),
        (None, None) => (None, None),
    };
    if let Some((place, places)) = first {
        members.push((
            "locations",
            Json::list([Json::object([scanner::location(place.span, places)])]),
        ));
    }
    if let Some(place) = second {
        let label = if place.label.is_empty() {
            "before"
        } else {
            &place.label
        };
        members.push((
            "relatedLocations",
            Json::list([Json::object([
                ("id", Json::integer(1)),
                scanner::location(place.span, old),
                ("message", scanner::message(label)),
            ])]),
        ));
    }
    if let Some(reason) = &f.accepted {
        members.push((
            "suppressions",
            Json::list([Json::object([
                ("kind", Json::text("inSource")),
                ("justification", Json::text(reason)),
            ])]),
        ));
    }
    Json::object(members)
}
