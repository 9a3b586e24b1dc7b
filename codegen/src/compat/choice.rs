//! Rules about enums and unions, and about the names of types.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::compare::{Gap, Sort, gaps};
use super::finding::Direction::{self, Backward, Forward};
use super::finding::Severity;
use super::raw::{Evidence, Leaf, Said, Sink, Words};
use super::sides::{SidedStep, Sides, Spot};
use crate::json::Json;
use crate::model::{TypeDef, TypeId, TypeKind};
use crate::name::unknown_ident;
use crate::payload::demands::TypeAt;
use crate::source::{Span, Spanned};

/// An enum or a union in both contracts.
pub(super) struct Choices<'a> {
    path: String,
    old: Choice<'a>,
    new: Choice<'a>,
    /// What old writers may send and new readers refuse, and the mirror.
    gaps: [Vec<Gap>; 2],
}

struct Choice<'a> {
    def: &'a TypeDef,
    /// The variants in Rust, in the order of the values.
    idents: Vec<String>,
    /// Wire texts, and the type of a union's variant.
    values: Vec<(&'a str, Span, Option<TypeId>)>,
    index: HashSet<&'a str>,
    closed: bool,
    /// A union's tag.
    tag: Option<&'a Spanned<String>>,
}

impl<'a> Choice<'a> {
    fn new(def: &'a TypeDef) -> Self {
        let (values, closed, tag) = match &def.body.kind {
            TypeKind::Enum(choice) => (
                choice
                    .values
                    .iter()
                    .map(|v| (v.value.as_str(), v.span, None))
                    .collect(),
                choice.closed,
                None,
            ),
            TypeKind::Union(union) => (
                union
                    .variants
                    .iter()
                    .map(|v| (v.tag.value.as_str(), v.tag.span, v.ty.value))
                    .collect(),
                union.closed,
                Some(&union.tag),
            ),
            _ => (Vec::new(), false, None),
        };
        let values: Vec<(&str, Span, Option<TypeId>)> = values;
        let idents = match &def.body.kind {
            TypeKind::Enum(choice) => choice.idents(),
            TypeKind::Union(union) => union.idents(),
            _ => Vec::new(),
        };
        Self {
            def,
            idents,
            index: values.iter().map(|v| v.0).collect(),
            values,
            closed,
            tag,
        }
    }

    /// The place of a value or of the tag; of the name where there is none.
    fn place(&self, sort: Sort, value: &str) -> Span {
        let listed = || self.values.iter().find(|known| known.0 == value);
        let own = match sort {
            Sort::Tag => self.tag.map(|tag| tag.span),
            _ => listed().map(|known| known.1),
        };
        own.unwrap_or(self.def.name.span)
    }

    fn reserves(&self, value: &str) -> Option<Span> {
        self.def
            .reserved
            .iter()
            .find(|name| name.value == value)
            .map(|name| name.span)
    }
}

impl<'a> Choices<'a> {
    pub fn new(sides: Sides<'a>, path: String, old: TypeId, new: TypeId) -> Self {
        let places = (TypeAt::ty(sides.old, old), TypeAt::ty(sides.new, new));
        Self {
            path,
            old: Choice::new(&sides.old[old]),
            new: Choice::new(&sides.new[new]),
            gaps: [gaps(&places.0, &places.1), gaps(&places.1, &places.0)],
        }
    }

    /// Variants that both sides have, with their types.
    pub fn common_variants(&self) -> Vec<(String, TypeId, TypeId)> {
        let before: HashMap<&str, TypeId> = self
            .old
            .values
            .iter()
            .filter_map(|v| Some((v.0, v.2?)))
            .collect();
        let both =
            |v: &(&str, Span, Option<TypeId>)| Some((v.0.to_owned(), *before.get(v.0)?, v.2?));
        self.new.values.iter().filter_map(both).collect()
    }

    fn kind(&self) -> &'static str {
        if self.new.tag.is_some() {
            "union"
        } else {
            "enum"
        }
    }

    fn value_path(&self, value: &str) -> String {
        format!("{}.{}.{value}", self.path, self.kind())
    }

    /// Adds a finding for each difference of a sort, with the value that it is about.
    pub fn tell(&self, sort: Sort, said: &Said, sink: &mut Sink<'_>) {
        let mut found: BTreeMap<&str, (&Gap, Direction, Vec<Evidence>)> = BTreeMap::new();
        let directions = [Backward, Forward].into_iter().zip(&self.gaps);
        for (direction, gaps) in directions.filter(|(direction, _)| sink.is_about(*direction)) {
            for gap in gaps.iter().filter(|gap| gap.sort == sort) {
                let evidence = match sort {
                    Sort::Tag => Evidence::new(direction, &[], Leaf::OneTag),
                    Sort::Listed => self.shows(direction, &gap.value),
                    _ => self.shows_unknown(direction),
                };
                let new = || (gap, direction, Vec::new());
                found.entry(&gap.value).or_insert_with(new).2.push(evidence);
            }
        }
        for (value, (gap, direction, evidence)) in found {
            let path = match sort {
                Sort::Tag => format!("{}.tag", self.path),
                Sort::Listed => self.value_path(value),
                _ => self.path.clone(),
            };
            let spot = Spot {
                path,
                old: self.old.place(sort, value),
                new: self.new.place(sort, value),
            };
            let words = Words {
                of: format!("{} `{}`", self.kind(), self.new.def.name.value),
                ..gap.words(direction)
            };
            sink.say(&spot, said, &words).shown_by(evidence);
        }
    }

    fn added(&self) -> impl Iterator<Item = (&'a str, Span)> + '_ {
        self.new
            .values
            .iter()
            .filter(|v| !self.old.index.contains(v.0))
            .map(|v| (v.0, v.1))
    }

    fn removed(&self) -> impl Iterator<Item = (&'a str, Span)> + '_ {
        self.old
            .values
            .iter()
            .filter(|v| !self.new.index.contains(v.0))
            .map(|v| (v.0, v.1))
    }

    /// A payload that has a known value.
    fn shows(&self, direction: Direction, value: &str) -> Evidence {
        if self.new.tag.is_some() {
            Evidence::new(
                direction,
                &[SidedStep::Variant(value.to_owned())],
                Leaf::Smallest,
            )
        } else {
            Evidence::new(direction, &[], Leaf::Value(Json::text(value)))
        }
    }

    /// A payload that has a value which neither side knows.
    fn shows_unknown(&self, direction: Direction) -> Evidence {
        let known = |name: &String| {
            self.old.index.contains(name.as_str()) || self.new.index.contains(name.as_str())
        };
        let mut name = "something-new".to_owned();
        while known(&name) {
            name.push('-');
        }
        let writer = if direction == Backward {
            &self.old
        } else {
            &self.new
        };
        let value = match writer.tag {
            // Under both tags: another one is another finding.
            Some(_) => Json::object(
                [self.old.tag, self.new.tag]
                    .into_iter()
                    .flatten()
                    .map(|tag| (tag.value.clone(), Json::text(name.as_str())))
                    .collect::<BTreeMap<_, _>>(),
            ),
            None => Json::Text(name),
        };
        Evidence::new(direction, &[], Leaf::Value(value))
    }
}

pub(super) fn open_added(c: &Choices<'_>, sink: &mut Sink<'_>) {
    if c.old.closed {
        return;
    }
    for (value, span) in c.added().filter(|v| c.old.reserves(v.0).is_none()) {
        sink.add(
            c.value_path(value),
            format!(
                "the open {} `{}` has the new value `{value}`",
                c.kind(),
                c.new.def.name.value
            ),
        )
        .was(
            c.old.def.name.span,
            "open: readers of this version keep it as unknown",
        )
        .is(span, "new");
    }
}

pub(super) fn open_removed(c: &Choices<'_>, sink: &mut Sink<'_>) {
    if c.new.closed {
        return;
    }
    for (value, span) in c.removed() {
        let reserved = c.new.reserves(value).is_some();
        let raw = sink.add(
            c.value_path(value),
            format!(
                "the open {} `{}` has lost the value `{value}`",
                c.kind(),
                c.new.def.name.value
            ),
        );
        raw.was(span, "messages may hold it")
            .is(c.new.def.name.span, "readers keep it as unknown");
        if reserved {
            raw.severity(Severity::Info);
        } else {
            raw.help(format!(
                "put \"{value}\" into `reserved`, so that it never comes back with another meaning"
            ));
        }
    }
}

pub(super) fn rust_names(c: &Choices<'_>, sink: &mut Sink<'_>) {
    let old = c.old.values.iter().zip(&c.old.idents);
    let old: HashMap<&str, (Span, &String)> = old
        .map(|((value, span, _), ident)| (*value, (*span, ident)))
        .collect();
    for ((value, span, _), ident) in c.new.values.iter().zip(&c.new.idents) {
        let Some((was, before)) = old.get(value) else {
            continue;
        };
        if *before != ident {
            sink.add(
                c.value_path(value),
                format!("the value `{value}` is called `{ident}` in Rust now, and not `{before}`"),
            )
            .was(*was, format!("was `{before}`"))
            .is(*span, format!("is `{ident}`"))
            .help(match before.strip_suffix('_') {
                _ if !before.is_ascii() => "nothing changes on the wire; name the other value with `names` to keep this one's".to_owned(),
                word => format!(
                    "nothing changes on the wire; `names` can keep the name: `names = {{ {value:?} = {:?} }}`",
                    word.unwrap_or(before)
                ),
            });
        }
    }
    let (before, now) = (unknown_ident(&c.old.idents), unknown_ident(&c.new.idents));
    if !c.old.closed && !c.new.closed && before != now {
        sink.add(
            c.path.clone(),
            format!("the fallback for what is not listed is called `{now}` in Rust now, and not `{before}`"),
        )
        .was(c.old.def.name.span, format!("was `{before}`"))
        .is(c.new.def.name.span, format!("is `{now}`, because a value is called `{before}`"))
        .help(format!(
            "nothing changes on the wire; call the value something else: `names = {{ … = \"{before}Value\" }}`"
        ));
    }
}

pub(super) fn reserved_used(c: &Choices<'_>, sink: &mut Sink<'_>) {
    for (value, span) in c.added() {
        if let Some(reserved) = c.old.reserves(value) {
            sink.add(
                c.value_path(value),
                format!(
                    "the new value `{value}` of the {} `{}` is a reserved one",
                    c.kind(),
                    c.new.def.name.value
                ),
            )
            .was(
                reserved,
                "reserved: older messages have it with another meaning",
            )
            .is(span, "used here")
            .help("choose another one, and reserve this one again");
        }
    }
}

pub(super) fn reserved_released(c: &Choices<'_>, sink: &mut Sink<'_>) {
    for name in &c.old.def.reserved {
        if !c.new.index.contains(name.value.as_str()) && c.new.reserves(&name.value).is_none() {
            sink.add(
                format!("{}.reserved.{}", c.path, name.value),
                format!("`{}` is no longer reserved", name.value),
            )
            .was(name.span, "reserved")
            .is(c.new.def.name.span, "not reserved here")
            .help("keep it: messages of older versions may still have it");
        }
    }
}

pub(super) fn reordered(c: &Choices<'_>, sink: &mut Sink<'_>) {
    let common = |a: &Choice<'_>, b: &Choice<'_>| -> Vec<String> {
        a.values
            .iter()
            .filter(|v| b.index.contains(v.0))
            .map(|v| v.0.to_owned())
            .collect()
    };
    if common(&c.old, &c.new) != common(&c.new, &c.old) {
        sink.add(
            c.path.clone(),
            format!("the values of the {} have another order", c.kind()),
        )
        .was(c.old.def.name.span, "")
        .is(c.new.def.name.span, "");
    }
}

pub(super) fn type_annotations(
    sides: &Sides<'_>,
    (old, new): (&TypeDef, &TypeDef),
    sink: &mut Sink<'_>,
) {
    if old.doc != new.doc {
        sink.add(
            format!("types.{}", sides.new.type_name(new)),
            format!("`{}`: doc changed", new.name.value),
        )
        .was(old.name.span, "")
        .is(new.name.span, "");
    }
}

pub(super) fn type_renamed(
    sides: &Sides<'_>,
    (old, new): (&TypeDef, &TypeDef),
    sink: &mut Sink<'_>,
) {
    let (was, is) = (sides.old.type_name(old), sides.new.type_name(new));
    if was == is {
        return;
    }
    // The Rust alias of a scalar is the scalar: only one that is gone breaks code that names it.
    let scalar = matches!(new.body.kind, TypeKind::Scalar { .. });
    if scalar
        && sides
            .new
            .types
            .iter()
            .any(|ty| sides.new.type_name(ty) == was)
    {
        return;
    }
    sink.add(
        format!("types.{is}"),
        format!("the type `{was}` is `{is}` now"),
    )
    .was(old.name.span, "was")
    .is(new.name.span, "is")
    .help("nothing changes on the wire; services that name the type must be changed to compile");
}
