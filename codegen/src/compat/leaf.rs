//! Rules about what stands at one place of a payload: numbers, texts, `json`, and everything whose kind changed.

use super::finding::Direction::{self, Backward, Forward};
use super::raw::Evidence;
use super::raw::Leaf;
use super::raw::{Raw, Sink, quoted};
use super::sides::Step;
use super::sides::{Sides, Spot};
use crate::json::Json;
use crate::model::Contracts;
use crate::payload::common::{closed_values, is_wider, refused_texts};
use crate::payload::shape::{Format, Range, Shape, Text};
use crate::payload::text;
use crate::payload::write::float;

/// Values of one place in both contracts.
pub(super) struct Leaves<'a> {
    pub sides: Sides<'a>,
    /// From the node to this place.
    pub steps: &'a [Step],
    pub old: Shape<'a>,
    pub new: Shape<'a>,
    pub spot: &'a Spot,
}

impl<'a> Leaves<'a> {
    /// Shapes of the writer and the reader of a direction.
    pub fn pair(&self, direction: Direction) -> (&Shape<'a>, &Shape<'a>) {
        match direction {
            Backward => (&self.old, &self.new),
            Forward => (&self.new, &self.old),
        }
    }

    /// The contracts of the writer and the reader.
    pub fn contracts(&self, direction: Direction) -> (&'a Contracts, &'a Contracts) {
        match direction {
            Backward => (self.sides.old, self.sides.new),
            Forward => (self.sides.new, self.sides.old),
        }
    }

    pub fn shows(&self, direction: Direction, value: Json) -> Evidence {
        Evidence::new(direction, self.steps, Leaf::Value(value))
    }

    pub fn smallest(&self, direction: Direction) -> Evidence {
        Evidence::new(direction, self.steps, Leaf::Smallest)
    }

    /// Payloads with a text that is not of the reader's format.
    fn misspelled(&self, direction: Direction, writer: &Text, reader: &Text) -> Vec<Evidence> {
        let asked = Text {
            format: reader.format,
            ..Text::any()
        };
        refused_texts(writer, reader, &asked)
            .into_iter()
            .map(|text| self.shows(direction, Json::Text(text)))
            .collect()
    }

    pub fn add<'s>(
        &self,
        sink: &'s mut Sink<'_>,
        message: String,
        was: &str,
        is: &str,
    ) -> &'s mut Raw {
        let path = self.spot.path.clone();
        sink.add(path, message)
            .was(self.spot.old, was)
            .is(self.spot.new, is)
            .at(self.steps)
    }

    pub fn kinds(&self) -> (String, String) {
        (
            self.old.describe(self.sides.old),
            self.new.describe(self.sides.new),
        )
    }

    /// As texts, when both are texts that are not a closed list: an open enum is a text like any other.
    pub fn texts(&self, direction: Direction) -> Option<(Text, Text)> {
        let (writer, reader) = self.pair(direction);
        let (a, b) = self.contracts(direction);
        Some((free_text(writer, a)?, free_text(reader, b)?))
    }
}

fn free_text(shape: &Shape<'_>, contracts: &Contracts) -> Option<Text> {
    match shape {
        Shape::Text(text) => Some(text.clone()),
        Shape::Enum(id) if closed_values(contracts, *id).is_none() => Some(Text::any()),
        _ => None,
    }
}

pub(super) fn range_narrowed(l: &Leaves<'_>, sink: &mut Sink<'_>) {
    if let Some((value, from, to)) = outside(l, Backward) {
        l.add(sink, format!("{} is no longer accepted: the range was {from} and is {to}", quoted(&value)), "messages may contain any of these", "readers reject the rest")
            .help("keep the old range until no older message is left; or a new event that `supersedes` this one")
            .shown_by([l.shows(Backward, value)]);
    }
}

pub(super) fn range_widened(l: &Leaves<'_>, sink: &mut Sink<'_>) {
    if let Some((value, to, from)) = outside(l, Forward) {
        l.add(
            sink,
            format!(
                "{} is accepted now: the range was {from} and is {to}",
                quoted(&value)
            ),
            "readers of this version refuse the rest",
            "writers may send any of these",
        )
        .help("upgrade every consumer before a publisher sends such a value")
        .shown_by([l.shows(Forward, value)]);
    }
}

/// A number that the writer may send and the reader refuses, and both ranges.
fn outside(l: &Leaves<'_>, direction: Direction) -> Option<(Json, String, String)> {
    let show = |r: &Range| format!("{}..={}", r.min, r.max);
    let show_float = |min: f64, max: f64| match (min == f64::MIN, max == f64::MAX) {
        (true, true) => "any finite number".to_owned(),
        (false, true) => format!("from {min:?}"),
        (true, false) => format!("up to {max:?}"),
        (false, false) => format!("{min:?} to {max:?}"),
    };
    match l.pair(direction) {
        (Shape::Integer(w), Shape::Integer(r)) => {
            Some((Json::integer(w.outside(*r)?), show(w), show(r)))
        }
        (Shape::Text(w), Shape::Text(r)) => match (w.format, r.format) {
            (Format::Integer(w), Format::Integer(r)) => {
                Some((Json::Text(w.outside(r)?.to_string()), show(&w), show(&r)))
            }
            _ => None,
        },
        (Shape::Float(a, b), Shape::Float(c, d)) => {
            let value = if b > d {
                beyond(*d, 1.0).min(*b)
            } else if a < c {
                beyond(*c, -1.0).max(*a)
            } else {
                return None;
            };
            Some((float(value), show_float(*a, *b), show_float(*c, *d)))
        }
        (Shape::Integer(w), Shape::Float(c, d)) => {
            let inside = Range {
                min: c.ceil() as i128,
                max: d.floor() as i128,
            };
            Some((
                Json::integer(w.outside(inside)?),
                show(w),
                show_float(*c, *d),
            ))
        }
        _ => None,
    }
}

/// The next number of the same size that really is another one.
fn beyond(n: f64, by: f64) -> f64 {
    let next = n + by;
    if next == n {
        n + n.abs() * 0.5 * by
    } else {
        next
    }
}

pub(super) fn integer_to_float(l: &Leaves<'_>, sink: &mut Sink<'_>) {
    if let (Shape::Integer(_), Shape::Float(min, max)) = (&l.old, &l.new) {
        l.add(
            sink,
            "the integer may have a fraction now".to_owned(),
            "readers of this version refuse a fraction",
            "writers may send one",
        )
        .help("upgrade every consumer first")
        .shown_by([l.shows(Forward, fraction(*min, *max))]);
    }
}

pub(super) fn float_to_integer(l: &Leaves<'_>, sink: &mut Sink<'_>) {
    if let (Shape::Float(min, max), Shape::Integer(_)) = (&l.old, &l.new) {
        l.add(sink, "the number may have no fraction any more".to_owned(), "messages may have one", "a reader refuses it")
            .help("add an integer field beside this one; publishers send both until no consumer reads the old one")
            .shown_by([l.shows(Backward, fraction(*min, *max))]);
    }
}

/// A number with a fraction within bounds. Even `1.0` is one: Rust writers send it for an f64, and no integer reader takes it.
fn fraction(min: f64, max: f64) -> Json {
    let half = [0.5, -0.5, min + 0.5, max - 0.5]
        .into_iter()
        .find(|n| (min..=max).contains(n) && n.fract() != 0.0);
    float(half.unwrap_or(min.max(0.0).min(max)))
}

pub(super) fn number_text(l: &Leaves<'_>, sink: &mut Sink<'_>) {
    if is_number_text(&l.old, &l.new) {
        let (was, is) = l.kinds();
        l.add(sink, format!("the number was sent as {was} and is sent as {is}"), "was", "is")
            .help("add a field with the new encoding beside this one; publishers send both until no consumer reads the old one")
            .shown_by([l.smallest(Backward), l.smallest(Forward)]);
    }
}

fn is_number_text(a: &Shape<'_>, b: &Shape<'_>) -> bool {
    let number = |s: &Shape<'_>| matches!(s, Shape::Integer(_) | Shape::Float(..));
    let spelled = |s: &Shape<'_>| matches!(s, Shape::Text(t) if matches!(t.format, Format::Integer(_) | Format::Decimal));
    (number(a) && spelled(b)) || (spelled(a) && number(b))
}

pub(super) fn text_narrowed(l: &Leaves<'_>, sink: &mut Sink<'_>) {
    let Some((old, new)) = l.texts(Backward) else {
        return;
    };
    if is_wider(new.format, old.format) {
        let is = new.format.name();
        l.add(
            sink,
            format!("the text must be {} {is} now", article(is)),
            &format!("any {}", old.format.name()),
            "a reader refuses anything else",
        )
        .help("check the format in the service instead, until no older message is left")
        .shown_by(l.misspelled(Backward, &old, &new));
    }
}

pub(super) fn text_widened(l: &Leaves<'_>, sink: &mut Sink<'_>) {
    let Some((new, old)) = l.texts(Forward) else {
        return;
    };
    if is_wider(old.format, new.format) {
        let (was, is) = (old.format.name(), new.format.name());
        l.add(
            sink,
            format!("the {was} may be any {is} now"),
            "readers of this version refuse anything else",
            &format!("any {is}"),
        )
        .help("upgrade every consumer before a publisher sends anything else")
        .shown_by(l.misspelled(Forward, &new, &old));
    }
}

pub(super) fn json_to_type(l: &Leaves<'_>, sink: &mut Sink<'_>) {
    if l.old == Shape::Json && l.new != Shape::Json {
        let (was, is) = l.kinds();
        l.add(
            sink,
            format!("anything was accepted, and only {is} is now"),
            &was,
            &is,
        )
        .help("add a typed field beside this one")
        .shown_by(anything().map(|value| l.shows(Backward, value)));
    }
}

pub(super) fn type_to_json(l: &Leaves<'_>, sink: &mut Sink<'_>) {
    if l.new == Shape::Json && l.old != Shape::Json {
        let (was, is) = l.kinds();
        l.add(
            sink,
            format!("only {was} was accepted, and anything is now"),
            &was,
            &is,
        )
        .help("upgrade every consumer before a publisher sends anything else")
        .shown_by(anything().map(|value| l.shows(Forward, value)));
    }
}

/// One of each kind of JSON value: no type accepts all of them.
fn anything() -> impl Iterator<Item = Json> {
    [
        Json::Bool(true),
        Json::text("anything"),
        Json::integer(1),
        Json::list([]),
        Json::object::<String>([]),
    ]
    .into_iter()
}

pub(super) fn string_open_enum(l: &Leaves<'_>, sink: &mut Sink<'_>) {
    let plain = |s: &Shape<'_>| matches!(s, Shape::Text(t) if t.format == Format::Plain);
    let open = |s: &Shape<'_>| matches!(s, Shape::Enum(_));
    if l.texts(Backward).is_some()
        && ((plain(&l.old) && open(&l.new)) || (open(&l.old) && plain(&l.new)))
    {
        let (was, is) = l.kinds();
        l.add(sink, format!("the {was} is the {is} now"), "", "");
    }
}

/// The text and the closed values of a pair that is one of each, and is decided value by value.
fn text_and_values(
    text: &Shape<'_>,
    choice: &Shape<'_>,
    contracts: &Contracts,
) -> Option<(Text, Vec<String>)> {
    let (Shape::Text(text), Shape::Enum(id)) = (text, choice) else {
        return None;
    };
    let values = closed_values(contracts, *id)?;
    (text.format == Format::Plain).then(|| (text.clone(), values))
}

pub(super) fn string_to_closed(l: &Leaves<'_>, sink: &mut Sink<'_>) {
    let Some((text, values)) = text_and_values(&l.old, &l.new, l.sides.new) else {
        return;
    };
    let (_, is) = l.kinds();
    l.add(sink, format!("any text was accepted, and only the values of the closed {is} are now"), "any text", "a reader refuses what it does not know")
        .help("leave the enum open (without `closed = true`): readers then keep values that they do not know")
        .shown_by(other_text(&text, &values).map(|t| l.shows(Backward, Json::Text(t))));
}

pub(super) fn closed_to_string(l: &Leaves<'_>, sink: &mut Sink<'_>) {
    let Some((text, values)) = text_and_values(&l.new, &l.old, l.sides.old) else {
        return;
    };
    let (was, _) = l.kinds();
    l.add(
        sink,
        format!("only the values of the closed {was} were accepted, and any text is now"),
        "readers of this version refuse what they do not know",
        "any text",
    )
    .help("upgrade every consumer before a publisher sends another value")
    .shown_by(other_text(&text, &values).map(|t| l.shows(Forward, Json::Text(t))));
}

/// A text that is allowed and is none of the values.
fn other_text(text: &Text, values: &[String]) -> Option<String> {
    let mut candidates = vec!["something-else".to_owned(), "x".to_owned()];
    candidates.extend(text::accepted(text));
    for n in 0..8 {
        let mut longer = text.clone();
        longer.length.min += n;
        candidates.extend(text::accepted(&longer));
    }
    candidates
        .into_iter()
        .find(|t| text::accepts(text, t) && !values.contains(t))
}

pub(super) fn type_changed(l: &Leaves<'_>, sink: &mut Sink<'_>) {
    if !is_other(l) {
        return;
    }
    let (was, is) = l.kinds();
    let mut evidence = vec![l.smallest(Backward), l.smallest(Forward)];
    for direction in [Backward, Forward] {
        if let Some((w, r)) = l.texts(direction) {
            evidence.extend(l.misspelled(direction, &w, &r));
        }
    }
    l.add(
        sink,
        format!("the {was} is {} {is} now", article(&is)),
        "was",
        "is",
    )
    .help("add a field of the new type beside this one; or a new event that `supersedes` this one")
    .shown_by(evidence);
}

fn article(what: &str) -> &'static str {
    if what.starts_with(['a', 'e', 'i', 'o', 'u']) && !what.starts_with("uuid") {
        "an"
    } else {
        "a"
    }
}

/// Returns whether no other rule is about this pair.
fn is_other(l: &Leaves<'_>) -> bool {
    match (&l.old, &l.new) {
        (Shape::Json | Shape::Invalid, _) | (_, Shape::Json | Shape::Invalid) => false,
        (Shape::Bool, Shape::Bool)
        | (Shape::Integer(_) | Shape::Float(..), Shape::Integer(_) | Shape::Float(..))
        | (Shape::List(..), Shape::List(..))
        | (Shape::Map(..), Shape::Map(..)) => false,
        (a, b) if is_number_text(a, b) => false,
        (Shape::Text(t), Shape::Enum(_)) | (Shape::Enum(_), Shape::Text(t))
            if t.format == Format::Plain =>
        {
            false
        }
        _ => match l.texts(Backward) {
            Some((a, b)) => {
                let same = match (a.format, b.format) {
                    (Format::Integer(_), Format::Integer(_)) => true,
                    (a, b) => a == b,
                };
                !same && !is_wider(a.format, b.format) && !is_wider(b.format, a.format)
            }
            None => true,
        },
    }
}
