//! Holds one value against a type: everything that is wrong with it, each at its own place.
//!
//! Works on a list of what is still to be looked at instead of calling itself: values nest as deep as a user writes.

use std::collections::HashMap;

use super::super::constraints::{above, range};
use super::super::formats;
use super::super::gaps::Gaps;
use super::super::shape::{self, Resolved, Shape};
use super::kind;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{
    Constraints, Contracts, Enum, Field, Number, Type, TypeDef, TypeKind, Union, Value, ValueKind,
};
use crate::source::{Span, Spanned};

/// Compiled patterns by text; `None` for one that does not compile, which is reported elsewhere.
pub(super) type Patterns<'a> = HashMap<&'a str, Option<Pattern>>;

#[cfg(feature = "toml")]
pub(super) type Pattern = regex::Regex;
/// Without the TOML front end nobody writes patterns.
#[cfg(not(feature = "toml"))]
pub(super) type Pattern = ();

/// What a value is held against.
#[derive(Clone, Copy)]
enum Against<'a> {
    Field(&'a Field),
    Type(&'a Type),
    /// An object of these fields: the name of what it is, and the tag that a union has added.
    Object(&'a Spanned<String>, &'a [Field], Option<&'a str>),
}

/// A step of the path to a value, with the index of the step before.
enum Step<'a> {
    Start,
    Field(usize, &'a str),
    Item(usize, usize),
}

/// Holds values against types.
pub(super) struct Checker<'a, 'p> {
    contracts: &'a Contracts,
    gaps: &'p Gaps<'a>,
    code: Code,
    patterns: &'p mut Patterns<'a>,
    open: Vec<(&'a Value, Against<'a>, usize)>,
    steps: Vec<Step<'a>>,
    found: Vec<Diagnostic>,
}

impl<'a, 'p> Checker<'a, 'p> {
    pub fn new(
        contracts: &'a Contracts,
        gaps: &'p Gaps<'a>,
        code: Code,
        patterns: &'p mut Patterns<'a>,
    ) -> Self {
        Self {
            contracts,
            gaps,
            code,
            patterns,
            open: Vec::new(),
            steps: vec![Step::Start],
            found: Vec::new(),
        }
    }

    /// A value of a field.
    pub fn field(mut self, field: &'a Field, value: &'a Value, diagnostics: &mut Diagnostics) {
        self.open.push((value, Against::Field(field), 0));
        self.run(diagnostics);
    }

    /// A payload of an event.
    pub fn payload(
        mut self,
        event: &'a Spanned<String>,
        fields: &'a [Field],
        value: &'a Value,
        diagnostics: &mut Diagnostics,
    ) {
        self.open
            .push((value, Against::Object(event, fields, None), 0));
        self.run(diagnostics);
    }

    fn run(mut self, diagnostics: &mut Diagnostics) {
        while let Some((value, against, path)) = self.open.pop() {
            match against {
                Against::Field(field) => {
                    let resolved = shape::resolve(self.contracts, &field.ty);
                    let place = (field.ty.span, field.as_text.is_some());
                    self.value(value, &resolved, Some(&field.constraints), place, path);
                }
                Against::Type(ty) => {
                    let resolved = shape::resolve(self.contracts, ty);
                    self.value(value, &resolved, None, (value.span, false), path);
                }
                Against::Object(owner, fields, tag) => self.object(value, owner, fields, tag, path),
            }
        }
        for diagnostic in self.found {
            diagnostics.push(diagnostic);
        }
    }

    /// `lines[2].quantity`; nothing at the start.
    fn path(&self, step: usize) -> String {
        let mut parts = Vec::new();
        let mut at = step;
        loop {
            match self.steps.get(at) {
                Some(Step::Field(before, name)) => {
                    parts.push(format!(".{name}"));
                    at = *before;
                }
                Some(Step::Item(before, index)) => {
                    parts.push(format!("[{index}]"));
                    at = *before;
                }
                Some(Step::Start) | None => break,
            }
        }
        parts.reverse();
        parts.concat().trim_start_matches('.').to_owned()
    }

    fn step(&mut self, step: Step<'a>) -> usize {
        self.steps.push(step);
        self.steps.len() - 1
    }

    /// Begins a diagnostic: `the default`, or `the example` with the path inside.
    fn say(&self, place: Span, path: usize, what: impl AsRef<str>) -> Diagnostic {
        let start = match self.code {
            Code::BadDefault => "the default",
            _ => "the example",
        };
        let path = self.path(path);
        let message = if path.is_empty() {
            format!("{start} {}", what.as_ref())
        } else {
            format!("{start} {} at `{path}`", what.as_ref())
        };
        Diagnostic::new(self.code, place, message)
    }

    fn value(
        &mut self,
        value: &'a Value,
        resolved: &Resolved<'a>,
        own: Option<&'a Constraints>,
        (declared, as_text): (Span, bool),
        path: usize,
    ) {
        let as_text = as_text || resolved.as_text;
        match (resolved.shape, &value.kind) {
            (Shape::Poison | Shape::Schema | Shape::Scalar(Type::Json), _) => return,
            (Shape::Scalar(ty), _) => {
                if let Some(wanted) = refuses(ty, as_text, &value.kind) {
                    let said = self
                        .say(
                            value.span,
                            path,
                            format!(
                                "has {} where {} belongs",
                                kind(value),
                                resolved.shape.describe()
                            ),
                        )
                        .label(wanted);
                    self.found.push(declared_at(said, declared, value.span));
                    return;
                }
            }
            (Shape::List(item), ValueKind::List(items)) => {
                for (at, inner) in items.iter().enumerate() {
                    let step = self.step(Step::Item(path, at));
                    self.open.push((inner, Against::Type(item), step));
                }
            }
            (Shape::Map(item), ValueKind::Object(entries)) => {
                for (key, inner) in entries {
                    let step = self.step(Step::Field(path, &key.value));
                    self.open.push((inner, Against::Type(item), step));
                }
            }
            (Shape::Struct(def, fields), ValueKind::Object(_)) => {
                let against = Against::Object(&def.name, fields, None);
                self.open.push((value, against, path));
            }
            (Shape::Enum(def, values), ValueKind::Text(text)) => {
                self.choice(value, text, def, values, path);
            }
            (Shape::Union(def, union), ValueKind::Object(entries)) => {
                self.variant(value, entries, def, union, path);
            }
            (shape, _) => {
                let wanted = match shape {
                    Shape::Enum(..) => "one of its texts is expected",
                    Shape::List(_) => "a list is expected",
                    _ => "an object is expected",
                };
                let said = self
                    .say(
                        value.span,
                        path,
                        format!("has {} where {} belongs", kind(value), shape.describe()),
                    )
                    .label(wanted);
                self.found.push(declared_at(said, declared, value.span));
                return;
            }
        }
        let named = resolved.named.iter().map(|(_, constraints)| *constraints);
        for constraints in own.into_iter().chain(named) {
            self.constraints(value, constraints, path);
        }
    }

    fn choice(&mut self, value: &Value, text: &str, def: &TypeDef, values: &Enum, path: usize) {
        if values.values.iter().any(|known| known.value == text) {
            return;
        }
        self.found.push(
            self.say(
                value.span,
                path,
                format!("has {text:?}, which is no value of \"{}\"", def.name.value),
            )
            .related(def.name.span, "the enum")
            .suggest(text, values.values.iter().map(|known| known.value.as_str())),
        );
    }

    fn variant(
        &mut self,
        value: &'a Value,
        entries: &'a [(Spanned<String>, Value)],
        def: &'a TypeDef,
        union: &'a Union,
        path: usize,
    ) {
        let tag = union.tag.value.as_str();
        let known = || {
            union
                .variants
                .iter()
                .map(|variant| variant.tag.value.as_str())
        };
        let Some((_, written)) = entries.iter().find(|(key, _)| key.value == tag) else {
            self.found.push(
                self.say(
                    value.span,
                    path,
                    format!("lacks the tag \"{tag}\" of \"{}\"", def.name.value),
                )
                .related(union.tag.span, "the tag")
                .help(format!(
                    "add `{tag}` with one of: {}",
                    known().collect::<Vec<_>>().join(", ")
                )),
            );
            return;
        };
        let ValueKind::Text(text) = &written.kind else {
            self.found.push(
                self.say(
                    written.span,
                    path,
                    format!("has {} as the tag \"{tag}\"", kind(written)),
                )
                .label("a text is expected")
                .related(union.tag.span, "the tag"),
            );
            return;
        };
        match union
            .variants
            .iter()
            .find(|variant| variant.tag.value == *text)
        {
            Some(variant) => {
                if let Some(id) = variant.ty.value
                    && let TypeKind::Struct(fields) = &self.contracts[id].kind
                {
                    let name = &self.contracts[id].name;
                    self.open
                        .push((value, Against::Object(name, fields, Some(tag)), path));
                }
            }
            None => self.found.push(
                self.say(
                    written.span,
                    path,
                    format!(
                        "has {text:?}, which is no variant of \"{}\"",
                        def.name.value
                    ),
                )
                .related(def.name.span, "the union")
                .suggest(text, known()),
            ),
        }
    }

    fn object(
        &mut self,
        value: &'a Value,
        owner: &'a Spanned<String>,
        fields: &'a [Field],
        tag: Option<&str>,
        path: usize,
    ) {
        let name = owner.value.as_str();
        let ValueKind::Object(entries) = &value.kind else {
            self.found.push(
                self.say(
                    value.span,
                    path,
                    format!("of \"{name}\" is {}", kind(value)),
                )
                .label("an object is expected"),
            );
            return;
        };
        let wires: HashMap<String, &'a Field> =
            fields.iter().map(|field| (field.wire(), field)).collect();
        let aliases: HashMap<&str, &'a Field> = fields
            .iter()
            .filter_map(|field| Some((field.alias.as_ref()?.value.as_str(), field)))
            .collect();
        let mut given: Vec<*const Field> = Vec::new();
        for (key, inner) in entries {
            let known = wires
                .get(&key.value)
                .or_else(|| aliases.get(key.value.as_str()));
            match known {
                Some(field) => {
                    given.push(std::ptr::from_ref(*field));
                    let step = self.step(Step::Field(path, &key.value));
                    self.open.push((inner, Against::Field(field), step));
                }
                None if tag == Some(key.value.as_str()) || self.gaps.in_table(owner.span) => {}
                None => {
                    let said = self.say(
                        key.span,
                        path,
                        format!(
                            "has a field \"{}\", which \"{name}\" does not have",
                            key.value
                        ),
                    );
                    // The commonest mistake: the contract's name instead of the wire's.
                    let said = match fields.iter().find(|field| field.name.value == key.value) {
                        Some(field) => {
                            said.help(format!("examples have wire names: \"{}\"", field.wire()))
                        }
                        None => said.suggest(&key.value, wires.keys().map(String::as_str)),
                    };
                    self.found.push(said);
                }
            }
        }
        for field in fields.iter().filter(|field| field.required()) {
            if !given.contains(&std::ptr::from_ref(field)) && !self.gaps.in_table(owner.span) {
                self.found.push(
                    self.say(
                        value.span,
                        path,
                        format!("lacks the field \"{}\" of \"{name}\"", field.wire()),
                    )
                    .related(field.name.span, "required here")
                    .help(format!(
                        "add `{}`, or make the field optional",
                        field.wire()
                    )),
                );
            }
        }
    }

    fn constraints(&mut self, value: &Value, constraints: &'a Constraints, path: usize) {
        match &value.kind {
            ValueKind::Number(n) => {
                let low = constraints.min.as_ref().filter(|min| above(min.value, *n));
                let high = constraints.max.as_ref().filter(|max| above(*n, max.value));
                for (bound, text) in [(low, "below `min`"), (high, "above `max`")] {
                    if let Some(bound) = bound {
                        self.breaks(
                            value,
                            path,
                            &format!("has {n}, {text}"),
                            bound.span,
                            &bound.value,
                        );
                    }
                }
            }
            ValueKind::Text(text) => {
                let length = text.chars().count() as u64;
                let bounds = (&constraints.min_length, &constraints.max_length);
                self.count(
                    value,
                    path,
                    length,
                    bounds,
                    ("code points", "min_length", "max_length"),
                );
                if let Some(pattern) = &constraints.pattern
                    && self.mismatch(&pattern.value, text)
                {
                    let what = format!("has {}, which does not match its pattern", kind(value));
                    self.breaks(value, path, &what, pattern.span, &pattern.value);
                }
            }
            ValueKind::List(items) => {
                let bounds = (&constraints.min_items, &constraints.max_items);
                self.count(
                    value,
                    path,
                    items.len() as u64,
                    bounds,
                    ("items", "min_items", "max_items"),
                );
            }
            ValueKind::Object(entries) => {
                let bounds = (&constraints.min_items, &constraints.max_items);
                self.count(
                    value,
                    path,
                    entries.len() as u64,
                    bounds,
                    ("entries", "min_items", "max_items"),
                );
            }
            ValueKind::Bool(_) => {}
        }
    }

    fn count(
        &mut self,
        value: &Value,
        path: usize,
        count: u64,
        (low, high): (&Option<Spanned<u64>>, &Option<Spanned<u64>>),
        (unit, min, max): (&str, &str, &str),
    ) {
        if let Some(bound) = low.as_ref().filter(|low| count < low.value) {
            self.breaks(
                value,
                path,
                &format!("has {count} {unit}, below `{min}`"),
                bound.span,
                &bound.value,
            );
        }
        if let Some(bound) = high.as_ref().filter(|high| count > high.value) {
            self.breaks(
                value,
                path,
                &format!("has {count} {unit}, above `{max}`"),
                bound.span,
                &bound.value,
            );
        }
    }

    fn breaks(
        &mut self,
        value: &Value,
        path: usize,
        what: &str,
        bound: Span,
        text: &dyn std::fmt::Display,
    ) {
        self.found.push(
            self.say(value.span, path, what)
                .related(bound, format!("{text} is demanded here")),
        );
    }

    #[cfg(feature = "toml")]
    fn mismatch(&mut self, pattern: &'a str, text: &str) -> bool {
        self.patterns
            .entry(pattern)
            .or_insert_with(|| regex::Regex::new(pattern).ok())
            .as_ref()
            .is_some_and(|regex| !regex.is_match(text))
    }

    #[cfg(not(feature = "toml"))]
    fn mismatch(&mut self, pattern: &'a str, _: &str) -> bool {
        self.patterns.entry(pattern).or_default();
        false
    }
}

/// Points to the type, unless that is what the diagnostic points to already.
fn declared_at(said: Diagnostic, declared: Span, here: Span) -> Diagnostic {
    if declared == here {
        said
    } else {
        said.related(declared, "its type")
    }
}

/// What a scalar would want instead, when it refuses a value.
fn refuses(ty: &Type, as_text: bool, value: &ValueKind) -> Option<&'static str> {
    let text = |is: fn(&str) -> bool| matches!(value, ValueKind::Text(text) if is(text));
    let (fits, wanted) = match ty {
        Type::Bool => (
            matches!(value, ValueKind::Bool(_)),
            "true or false is expected",
        ),
        Type::String => (text(|_| true), "a text is expected"),
        Type::I32 | Type::I64 | Type::U32 | Type::U64 => {
            let number = match value {
                ValueKind::Text(text) if as_text => formats::integer(text),
                ValueKind::Number(Number::Integer(n)) if !as_text => Some(*n),
                _ => None,
            };
            let inside = |n| range(ty).is_some_and(|(low, high)| (low..=high).contains(&n));
            let wanted = match (as_text, number) {
                (_, Some(_)) => "outside of the type's range",
                (true, None) => "an integer as text is expected, such as \"42\"",
                (false, None) => "an integer without fraction is expected",
            };
            (number.is_some_and(inside), wanted)
        }
        Type::F64 => (
            match value {
                ValueKind::Number(Number::Float(n)) => n.is_finite(),
                ValueKind::Number(Number::Integer(_)) => true,
                _ => false,
            },
            "a finite number is expected",
        ),
        Type::Decimal => (
            text(formats::is_decimal),
            "decimals are sent as text of at most 28 digits, such as \"12.50\"",
        ),
        Type::Uuid => (
            text(formats::is_uuid),
            "expected like \"67e55044-10b1-426f-9247-bb680e5fe0c8\"",
        ),
        Type::Timestamp => (
            text(formats::is_timestamp),
            "RFC 3339 is expected, such as \"2024-05-01T12:00:00Z\"",
        ),
        Type::Date => (text(formats::is_date), "expected like \"2024-05-01\""),
        Type::Duration => (
            text(formats::is_duration),
            "ISO 8601 without years and months is expected, such as \"PT1H30M\"",
        ),
        Type::Bytes => (
            text(formats::is_base64),
            "base64 with padding is expected, such as \"TWE=\"",
        ),
        Type::Json | Type::Invalid | Type::List(_) | Type::Map(_) | Type::Named(_) => return None,
    };
    (!fits).then_some(wanted)
}
