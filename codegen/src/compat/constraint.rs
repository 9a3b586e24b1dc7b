//! Rules about constraints: how many items or characters, and which patterns.

use super::finding::Direction::{self, Backward, Forward};
use super::leaf::Leaves;
use super::raw::Evidence;
use super::raw::Leaf;
use super::raw::{Sink, quoted};
use crate::json::Json;
use crate::payload::common::{self, closed_values, is_wider, refused_texts};
use crate::payload::shape::{Count, Format, Shape, Text};
use crate::payload::text;

pub(super) fn constraint_tightened(l: &Leaves<'_>, sink: &mut Sink<'_>) {
    if let Some(c) = refused(l, Backward) {
        l.add(
            sink,
            format!("{} may no longer be there: {}", c.what, c.why),
            "messages may hold it",
            "a reader refuses it",
        )
        .help("keep the old constraint until no older message is left")
        .shown_by(c.evidence);
    }
}

pub(super) fn constraint_loosened(l: &Leaves<'_>, sink: &mut Sink<'_>) {
    if let Some(c) = refused(l, Forward) {
        l.add(
            sink,
            format!("{} may be there now: before, {}", c.what, c.why),
            "readers of this version refuse it",
            "writers may send it",
        )
        .help("upgrade every consumer before a publisher sends such a value")
        .shown_by(c.evidence);
    }
}

/// A value that a constraint of the reader refuses and the writer may send.
struct Refused {
    what: String,
    why: String,
    evidence: Vec<Evidence>,
}

fn refused(l: &Leaves<'_>, direction: Direction) -> Option<Refused> {
    let (writer, reader) = l.pair(direction);
    match (writer, reader) {
        (Shape::List(_, w), Shape::List(_, r)) => refused_count(l, direction, *w, *r, true),
        (Shape::Map(_, w), Shape::Map(_, r)) => refused_count(l, direction, *w, *r, false),
        (Shape::Enum(id), Shape::Text(r)) if r.format == Format::Plain => {
            match closed_values(l.contracts(direction).0, *id) {
                Some(values) => {
                    let value = values.into_iter().find(|v| !text::accepts(r, v))?;
                    Some(Refused {
                        what: format!("the enum's value `{value}`"),
                        why: bounds(r),
                        evidence: vec![l.shows(direction, Json::Text(value))],
                    })
                }
                None => refused_text(l, direction, &Text::any(), r),
            }
        }
        (Shape::Text(w), Shape::Text(r)) => refused_text(l, direction, w, r),
        _ => None,
    }
}

fn refused_count(
    l: &Leaves<'_>,
    direction: Direction,
    w: Count,
    r: Count,
    list: bool,
) -> Option<Refused> {
    let n = w.outside(r)?;
    let what = if list { "items" } else { "entries" };
    let bound = match (n < r.min, r.max) {
        (true, _) => format!("at least {} are needed", r.min),
        (false, Some(max)) => format!("at most {max} are allowed"),
        (false, None) => String::new(),
    };
    // A list of a million items shows nothing that a person would read.
    let shown = (n <= 1_000).then(|| Evidence::new(direction, l.steps, Leaf::Count(n)));
    Some(Refused {
        what: format!("{n} {what}"),
        why: bound,
        evidence: shown.into_iter().collect(),
    })
}

fn refused_text(l: &Leaves<'_>, direction: Direction, w: &Text, r: &Text) -> Option<Refused> {
    let comparable =
        w.format == r.format || is_wider(w.format, r.format) || is_wider(r.format, w.format);
    // Another pattern in place of one is `pattern-changed`, whatever its direction.
    let patterns = r.patterns.is_subset(&w.patterns) || !w.patterns.is_subset(&r.patterns);
    let natural = common::count(w.length, w.format.length());
    let same_length = r.length.includes(natural);
    if !comparable || r.is_free() || (patterns && same_length) {
        return None;
    }
    // The part of the constraints that this finding is about; the format has rules of its own.
    let asked = Text {
        format: if is_wider(r.format, w.format) {
            w.format
        } else {
            r.format
        },
        length: r.length,
        patterns: if patterns {
            w.patterns.clone()
        } else {
            r.patterns.clone()
        },
    };
    let found = refused_texts(w, r, &asked);
    let what = match found.first() {
        Some(text) if same_length => quoted(&Json::text(text.as_str())),
        Some(text) => format!("{} characters", text.chars().count()),
        None => "some text".to_owned(),
    };
    Some(Refused {
        what,
        why: bounds(&asked),
        evidence: texts(l, direction, found),
    })
}

/// Payloads with these texts.
fn texts(l: &Leaves<'_>, direction: Direction, found: Vec<String>) -> Vec<Evidence> {
    let shown = found.into_iter();
    shown
        .map(|text| l.shows(direction, Json::Text(text)))
        .collect()
}

/// Describes the bounds of a text.
fn bounds(text: &Text) -> String {
    let mut parts = Vec::new();
    if text.length.min > 0 {
        parts.push(format!(
            "at least {} characters are needed",
            text.length.min
        ));
    }
    if let Some(max) = text.length.max {
        parts.push(format!("at most {max} characters are allowed"));
    }
    parts.extend(text.patterns.iter().map(|p| format!("it must match {p}")));
    parts.join(" and ")
}

pub(super) fn pattern_changed(l: &Leaves<'_>, sink: &mut Sink<'_>) {
    let Some((old, new)) = l.texts(Backward) else {
        return;
    };
    if old.patterns.is_subset(&new.patterns) || new.patterns.is_subset(&old.patterns) {
        return;
    }
    let list = |t: &Text| t.patterns.iter().cloned().collect::<Vec<_>>().join(" and ");
    let show = |direction, w: &Text, r: &Text| {
        let asked = Text {
            length: Count::ANY,
            format: w.format,
            ..r.clone()
        };
        texts(l, direction, refused_texts(w, r, &asked))
    };
    let evidence = show(Backward, &old, &new)
        .into_iter()
        .chain(show(Forward, &new, &old));
    l.add(sink, format!("the text must match {} now, and had to match {}", list(&new), list(&old)), "was", "is")
        .help("add a field beside this one; or leave the pattern out and check in the service")
        .undecided("whether one pattern accepts all that the other does is not decided; no text that shows a difference was found")
        .shown_by(evidence);
}
