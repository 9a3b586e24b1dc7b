//! One place of a payload, one direction: what may the writer send there that the reader refuses or misreads?
//!
//! The only comparison of two types: the rules for contracts and those for imported schemas follow from its answers. What
//! is inside a list, a map or an object is another place.

mod numbers;
mod texts;

use super::finding::Direction;
use super::raw::Words;
use crate::json::Json;
use crate::model::{TypeKind, Union};
use crate::payload::demands::{Demands, TypeAt};
use crate::payload::grow;
use crate::payload::read;
use crate::payload::shape::Format;
use crate::payload::steer::End;
use numbers::fraction;

/// Kind of difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// Another kind of value.
    Type,
    /// Text that the reader takes for something else.
    Misread,
    /// A number, and the reader takes its text; or the other way round.
    NumberText,
    /// Anything, and the reader takes values of one type.
    Anything,
    /// A number out of range.
    Range,
    /// A number with a fraction.
    Fraction,
    /// A text of another format.
    Format,
    /// A value that a constraint refuses.
    Constraint,
    /// A text that does not match another pattern.
    Pattern,
    /// A value of a list that the reader's list lacks.
    Listed,
    /// A value that no list has.
    Unlisted,
    /// A union that is told apart by another member.
    Tag,
    /// An object without a member that must be there.
    Missing,
    /// An object whose members are not those that are demanded.
    Members,
}

/// Something that the writer may send and the reader refuses or misreads.
#[derive(Debug)]
pub(super) struct Gap {
    pub sort: Sort,
    /// One such value, in words.
    pub value: String,
    /// What the writer may send, in words.
    pub sent: String,
    /// What the reader takes, in words.
    pub taken: String,
    /// Values that show it.
    pub ends: Vec<End>,
}

impl Gap {
    /// Parts of the text of a finding.
    pub fn words(&self, direction: Direction) -> Words {
        let (was, is) = match direction {
            Direction::Backward => (&self.sent, &self.taken),
            Direction::Forward => (&self.taken, &self.sent),
        };
        Words {
            of: String::new(),
            value: self.value.clone(),
            was: was.clone(),
            is: is.clone(),
        }
    }

    /// Demand of the reader, in a few words.
    pub fn demand(&self) -> String {
        let Self { value, taken, .. } = self;
        match self.sort {
            Sort::Type | Sort::Misread | Sort::NumberText | Sort::Anything => {
                format!("only {taken} is taken")
            }
            Sort::Range => format!("it must be in the range {taken}"),
            Sort::Fraction => "it must have no fraction".to_owned(),
            Sort::Format => format!("it must be a text of the format {taken}"),
            Sort::Pattern => format!("it must match {taken}"),
            Sort::Listed => format!("{value} is not an allowed value"),
            Sort::Unlisted => "only some values are allowed".to_owned(),
            Sort::Tag => format!("it must be told apart by {taken}"),
            Sort::Missing => format!("`{value}` is required"),
            Sort::Constraint | Sort::Members => taken.clone(),
        }
    }

    /// Returns whether there is such a value. Of the constraints of texts only a text is a proof.
    pub fn is_certain(&self) -> bool {
        !self.ends.is_empty()
            || !matches!(self.sort, Sort::Format | Sort::Constraint | Sort::Pattern)
    }
}

/// Compares a place of two types. Of a type with branches, a union or a choice, each branch is to be compared alone.
pub(super) fn gaps(writer: &TypeAt<'_>, reader: &TypeAt<'_>) -> Vec<Gap> {
    let mut both = Both {
        writer,
        reader,
        w: writer.demands(),
        r: reader.demands(),
        found: Vec::new(),
    };
    both.compare();
    both.found
}

/// The difference of a place whose values are of another kind, whatever is in them.
pub(super) fn other_kind(writer: &TypeAt<'_>, reader: &TypeAt<'_>) -> Gap {
    let (w, r) = (writer.demands(), reader.demands());
    let sort = if is_number_text(&w, &r) || is_number_text(&r, &w) {
        Sort::NumberText
    } else {
        Sort::Type
    };
    Gap {
        sort,
        value: String::new(),
        sent: describe(writer, &w),
        taken: describe(reader, &r),
        ends: vec![End::Smallest],
    }
}

fn is_number_text(number: &Demands<'_>, text: &Demands<'_>) -> bool {
    let spelled = matches!(text.text.format, Format::Integer(_) | Format::Decimal);
    matches!(number.kind, Some("integer" | "number")) && text.kind == Some("string") && spelled
}

/// A type as a person calls it.
pub(super) fn describe(place: &TypeAt<'_>, demands: &Demands<'_>) -> String {
    let name = demands.named.and_then(|named| Some((named.id?, named)));
    let declared = name.filter(|(_, named)| named.body.origin.is_none());
    let named = |what: &str| match declared {
        Some((id, _)) => format!("{what} `{}`", place.contracts()[id].name.value),
        None => what.to_owned(),
    };
    match demands.kind {
        Some("boolean") => "bool".to_owned(),
        Some("integer") => format!("integer {}..={}", demands.range.min, demands.range.max),
        Some("number") => "f64".to_owned(),
        Some("string") if demands.named.is_some() => named("enum"),
        Some("string") => demands.text.format.name().to_owned(),
        Some("array") => "list".to_owned(),
        Some("object") if demands.named.is_some() => named("object"),
        Some("object") => "map".to_owned(),
        Some(kind) => kind.to_owned(),
        None if demands.union.is_some() => named("union"),
        None if !demands.branches.is_empty() => "one of several types".to_owned(),
        None => "json".to_owned(),
    }
}

/// One of each kind of JSON value: no type accepts all of them.
pub(super) fn anything() -> [Json; 5] {
    [
        Json::Bool(true),
        Json::text("anything"),
        Json::integer(1),
        Json::list([]),
        Json::object::<String>([]),
    ]
}

struct Both<'p, 'a> {
    writer: &'p TypeAt<'a>,
    reader: &'p TypeAt<'a>,
    w: Box<Demands<'a>>,
    r: Box<Demands<'a>>,
    found: Vec<Gap>,
}

impl Both<'_, '_> {
    /// Adds a difference of the two types as a whole.
    fn types(&mut self, sort: Sort, ends: impl IntoIterator<Item = End>) {
        let (sent, taken) = (
            describe(self.writer, &self.w),
            describe(self.reader, &self.r),
        );
        self.add(sort, String::new(), (sent, taken), ends);
    }

    /// Adds a difference that is about a value, and what both say of such values.
    fn add(
        &mut self,
        sort: Sort,
        value: String,
        (sent, taken): (String, String),
        ends: impl IntoIterator<Item = End>,
    ) {
        let ends = ends.into_iter().collect();
        self.found.push(Gap {
            sort,
            value,
            sent,
            taken,
            ends,
        });
    }

    /// Adds a demand of the reader that a value breaks.
    fn demanded(&mut self, sort: Sort, value: String, taken: String, ends: Vec<End>) {
        self.add(sort, value, (String::new(), taken), ends);
    }

    fn compare(&mut self) {
        if let (Some(w), Some(r)) = (self.w.union, self.r.union) {
            return self.variants(w, r);
        }
        if self.w.is_anything() && !self.r.is_anything() {
            return self.types(Sort::Anything, anything().map(End::Value));
        }
        let (Some(ours), Some(theirs)) = (self.w.kind, self.r.kind) else {
            return;
        };
        let numbers = [ours, theirs].iter().all(|kind| is_number(kind));
        if ours != theirs && !numbers {
            self.found.push(other_kind(self.writer, self.reader));
            return;
        }
        if self.w.loose && !self.r.loose && theirs == "integer" {
            self.types(Sort::Type, [End::Value(Json::text("0"))]);
        }
        if self.w.values.is_some() || self.r.values.is_some() {
            return self.values();
        }
        match (ours, theirs) {
            ("integer", "integer") => {
                self.range(self.w.range, self.r.range, Json::integer);
                self.step();
            }
            ("integer", "number") => self.whole_number(),
            ("number", "number") => self.floats(),
            ("number", "integer") => self.types(Sort::Fraction, [fraction(self.w.floats)]),
            ("string", "string") => self.texts(),
            ("array", _) => self.count("items"),
            ("object", _) => {
                self.members();
                self.count("entries");
            }
            _ => {}
        }
    }

    /// Compares the variants of two unions by their tags.
    fn variants(&mut self, w: &Union, r: &Union) {
        if w.tag.value != r.tag.value {
            let words = (w.tag.value.clone(), r.tag.value.clone());
            self.add(Sort::Tag, String::new(), words, []);
        }
        if r.closed {
            let known = |tag: &str| r.variants.iter().any(|known| known.tag.value == tag);
            let sent = w.variants.iter().map(|variant| &variant.tag.value);
            for tag in sent.filter(|tag| !known(tag)) {
                self.add(Sort::Listed, tag.clone(), Default::default(), []);
            }
            if !w.closed {
                self.types(Sort::Unlisted, []);
            }
        }
    }

    fn count(&mut self, what: &str) {
        let (w, r) = (self.w.count, self.r.count);
        let Some(n) = w.outside(r) else { return };
        let taken = match r.max {
            Some(max) if n > max => format!("at most {max} are allowed"),
            _ => format!("at least {} are needed", r.min),
        };
        let value = format!("{n} {what}");
        self.demanded(Sort::Constraint, value, taken, vec![End::Count(n)]);
    }

    /// Compares where one of the two lists its values.
    fn values(&mut self) {
        let is_enum = |demands: &Demands<'_>| demands.named.is_some();
        let spelled = |demands: &Demands<'_>| {
            demands.values.is_none() && demands.text.format != Format::Plain
        };
        let (w, r) = (&self.w, &self.r);
        // An enum is no uuid, even if one of its values spells one.
        let other = (is_enum(w) && spelled(r)) || (spelled(w) && is_enum(r));
        let sort = |sort| if other { Sort::Type } else { sort };
        let sent = match (&w.values, w.named.map(|named| &named.body.kind)) {
            (Some(values), _) => values.clone(),
            // What an open enum lists may be sent, as anything else.
            (None, Some(TypeKind::Enum(choice))) => {
                let values = choice.values.iter();
                values.map(|value| Json::text(&*value.value)).collect()
            }
            (None, _) => Vec::new(),
        };
        let words = (describe(self.writer, w), describe(self.reader, r));
        let mut found = Vec::new();
        for value in sent {
            let Some(why) = read::refuses(self.reader, &value) else {
                continue;
            };
            let kind = match &r.values {
                Some(_) => Sort::Listed,
                None => sort(Sort::Constraint),
            };
            let taken = if kind == Sort::Constraint {
                why
            } else {
                words.1.clone()
            };
            found.push((kind, value, taken));
        }
        let unlisted = r.values.as_deref().filter(|_| w.values.is_none());
        let unlisted = unlisted.and_then(|allowed| {
            let ends = self.unlisted(allowed);
            // Both values of a `bool` are all there are.
            let all = ends.is_empty() && r.kind == Some("boolean");
            (!all).then_some((sort(Sort::Unlisted), ends))
        });
        for (kind, value, taken) in found {
            let text = match &value {
                Json::Text(text) => text.clone(),
                other => other.to_compact(),
            };
            self.add(kind, text, (words.0.clone(), taken), [End::Value(value)]);
        }
        if let Some((kind, ends)) = unlisted {
            self.add(kind, String::new(), words, ends);
        }
    }

    /// Finds values that the writer may send and that are not listed.
    fn unlisted(&self, allowed: &[Json]) -> Vec<End> {
        let longer = (0..8).filter_map(|n| {
            let mut longer = self.w.text.clone();
            longer.length.min += n;
            grow::accepted(&longer)
        });
        let texts = ["something-else", "x", "y"].map(str::to_owned).into_iter();
        let texts = texts.chain(longer).map(Json::Text);
        let numbers = (0..=allowed.len() as i128).map(Json::integer);
        let others = texts
            .chain(numbers)
            .chain([Json::Bool(true), Json::Bool(false)]);
        others
            .filter(|value| !allowed.contains(value) && read::refuses(self.writer, value).is_none())
            .take(3)
            .map(End::Value)
            .collect()
    }

    fn members(&mut self) {
        let (w, r) = (&self.w, &self.r);
        let mut missing = r.required.clone();
        missing
            .retain(|name| !w.requires(name) && !r.alias(name).is_some_and(|old| w.requires(old)));
        let implied = |names: &[&String]| {
            let mut lists = r.any_of.iter();
            lists.any(|list| list.iter().all(|name| names.contains(&name)))
        };
        let sure: Vec<&String> = w.required.iter().collect();
        let mut sent = w.any_of.iter();
        let each = sent.len() > 0
            && sent
                .all(|more| implied(&more.iter().chain(sure.iter().copied()).collect::<Vec<_>>()));
        let none = !r.any_of.is_empty() && !implied(&sure) && !each;
        for name in missing {
            let without = [End::Without(name.clone())];
            self.add(Sort::Missing, name, Default::default(), without);
        }
        if none {
            let what = "one of several lists of members must be there".to_owned();
            self.demanded(Sort::Members, String::new(), what, vec![End::Smallest]);
        }
        let extra = self.r.extra.as_ref();
        if self.w.extra.is_none() && extra.is_some_and(|of| !of.demands().is_anything()) {
            let ends = anything().map(|value| End::With("something-else".to_owned(), value));
            let what = "other members must be of one type".to_owned();
            self.demanded(Sort::Members, String::new(), what, ends.into());
        }
    }
}

fn is_number(kind: &str) -> bool {
    matches!(kind, "integer" | "number")
}
