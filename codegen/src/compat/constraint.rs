//! Rules about constraints: how many items or characters, and which patterns.

use super::Direction::{self, Backward, Forward};
use super::leaf::{Leaves, any_text, closed_values, is_wider};
use super::rule::{Evidence, Sink, quoted};
use super::shape::{Count, Format, Shape, Text};
use super::text;
use crate::json::Json;

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

/// What a constraint of the reader refuses and the writer may send.
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
                None => refused_text(l, direction, &any_text(), r),
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
    let (item, contracts) = match l.pair(direction).0 {
        Shape::List(item, _) | Shape::Map(item, _) => (item, l.contracts(direction).0),
        _ => return None,
    };
    let side = if direction == Backward {
        super::sample::Side::Old
    } else {
        super::sample::Side::New
    };
    // A list of a million items shows nothing that a person would read.
    let value = if n <= 1_000 {
        super::sample::Sampler::new(contracts, side).alone(item)
    } else {
        None
    };
    let value = value.map(|value| {
        if list {
            Json::List(vec![value; usize::try_from(n).unwrap_or(0)])
        } else {
            Json::object((0..n).map(|k| (format!("key{k}"), value.clone())))
        }
    });
    let bound = match (n < r.min, r.max) {
        (true, _) => format!("at least {} are needed", r.min),
        (false, Some(max)) => format!("at most {max} are allowed"),
        (false, None) => String::new(),
    };
    // No items at all need no item.
    let value = value.or_else(|| {
        (n == 0).then(|| {
            if list {
                Json::list([])
            } else {
                Json::object::<String>([])
            }
        })
    });
    Some(Refused {
        what: format!("{n} {what}"),
        why: bound,
        evidence: value
            .map(|value| l.shows(direction, value))
            .into_iter()
            .collect(),
    })
}

fn refused_text(l: &Leaves<'_>, direction: Direction, w: &Text, r: &Text) -> Option<Refused> {
    let comparable =
        w.format == r.format || is_wider(w.format, r.format) || is_wider(r.format, w.format);
    // Another pattern in place of one is `pattern-changed`, whatever its direction.
    let patterns = r.patterns.is_subset(&w.patterns) || !w.patterns.is_subset(&r.patterns);
    let natural = cut(w.length, w.format.length());
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
    let found = text::between(w, &asked);
    let what = match &found {
        Some(text) if same_length => quoted(&Json::text(text.as_str())),
        Some(text) => format!("{} characters", text.chars().count()),
        None => "some text".to_owned(),
    };
    Some(Refused {
        what,
        why: bounds(&asked),
        evidence: found
            .map(|t| l.shows(direction, Json::Text(t)))
            .into_iter()
            .collect(),
    })
}

fn cut(a: Count, b: Count) -> Count {
    Count {
        min: a.min.max(b.min),
        max: match (a.max, b.max) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        },
    }
}

/// What a text must fulfil, in words.
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
        text::between(w, &asked).map(|t| l.shows(direction, Json::Text(t)))
    };
    let evidence = show(Backward, &old, &new)
        .into_iter()
        .chain(show(Forward, &new, &old));
    l.add(sink, format!("the text must match {} now, and had to match {}", list(&new), list(&old)), "was", "is")
        .help("add a field beside this one; or leave the pattern out and check in the service")
        .undecided("whether one pattern accepts all that the other does is not decided; no text that shows a difference was found")
        .shown_by(evidence);
}
