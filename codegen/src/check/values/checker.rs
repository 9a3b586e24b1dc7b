//! Holds one value against a type: everything that is wrong with it, each at its own place.
//!
//! Works on a list of what is still to be looked at instead of calling itself: values nest as deep as a user writes.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::gaps::Gaps;
use super::super::shape::{self, Resolved, Shape};
use super::kind;
use super::limits::Patterns;
use super::scalars::refuses;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, closest};
use crate::model::{
    Constraints, Contracts, Enum, Field, Type, TypeDef, TypeKind, Union, Value, ValueKind,
};
use crate::source::{Span, Spanned};

/// Type that a value is held against.
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
    pub(super) patterns: &'p mut Patterns<'a>,
    open: Vec<(&'a Value, Against<'a>, usize)>,
    steps: Vec<Step<'a>>,
    pub(super) found: Vec<Diagnostic>,
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

    /// Begins a diagnostic: the default or the example, what it has, where in it, and why that is wrong.
    pub(super) fn say(&self, place: Span, path: usize, has: &str, why: &str) -> Diagnostic {
        let start = match self.code {
            Code::BadDefault => "the default",
            _ => "the example",
        };
        let path = match self.path(path) {
            path if path.is_empty() => path,
            path => format!(" at `{path}`"),
        };
        Diagnostic::new(self.code, place, format!("{start} {has}{path}{why}"))
    }

    /// A value of the wrong kind.
    fn misfit(&mut self, value: &Value, path: usize, shape: Shape<'_>, wanted: &str, ty: Span) {
        let has = format!("has {}", kind(value));
        let why = format!(" where {} belongs", shape.describe());
        let said = self.say(value.span, path, &has, &why).label(wanted);
        // Elements have no type of their own to point to.
        self.found.push(if ty == value.span {
            said
        } else {
            said.related(ty, "its type")
        });
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
            (shape @ Shape::Scalar(ty), _) => {
                if let Some(wanted) = refuses(ty, as_text, &value.kind) {
                    return self.misfit(value, path, shape, wanted, declared);
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
                return self.misfit(value, path, shape, wanted, declared);
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
        let why = format!(", which is not a value of \"{}\"", def.name.value);
        let said = self
            .say(value.span, path, &format!("has {}", kind(value)), &why)
            .related(def.name.span, "the enum");
        self.found.push(
            said.suggest(
                text,
                values
                    .values
                    .iter()
                    .take(NEIGHBOURS)
                    .map(|known| known.value.as_str()),
            ),
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
            let has = format!("lacks the tag \"{tag}\" of \"{}\"", def.name.value);
            let tags = known().collect::<Vec<_>>().join(", ");
            self.found.push(
                self.say(value.span, path, &has, "")
                    .related(union.tag.span, "the tag")
                    .help(format!("add `{tag}` with one of: {tags}")),
            );
            return;
        };
        let has = format!("has {}", kind(written));
        let ValueKind::Text(text) = &written.kind else {
            self.found.push(
                self.say(written.span, path, &has, &format!(" as the tag \"{tag}\""))
                    .label("a text is expected")
                    .related(union.tag.span, "the tag"),
            );
            return;
        };
        let Some(variant) = union
            .variants
            .iter()
            .find(|variant| variant.tag.value == *text)
        else {
            let why = format!(", which is not a variant of \"{}\"", def.name.value);
            self.found.push(
                self.say(written.span, path, &has, &why)
                    .related(def.name.span, "the union")
                    .suggest(text, known().take(NEIGHBOURS)),
            );
            return;
        };
        if let Some(id) = variant.ty.value
            && let TypeKind::Struct(fields) = &self.contracts[id].body.kind
        {
            let against = Against::Object(&self.contracts[id].name, fields, Some(tag));
            self.open.push((value, against, path));
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
            let has = format!("of \"{name}\" is {}", kind(value));
            self.found.push(
                self.say(value.span, path, &has, "")
                    .label("an object is expected"),
            );
            return;
        };
        // Something may be missing from the type itself: then nobody knows what is missing from the value.
        let sure = !self.gaps.in_table(owner.span);
        let names = Names::new(fields);
        let mut given: HashSet<&str> = HashSet::new();
        for (key, inner) in entries {
            if let Some(field) = names.find(&key.value) {
                given.insert(&field.name.value);
                let step = self.step(Step::Field(path, &key.value));
                self.open.push((inner, Against::Field(field), step));
            } else if sure && tag != Some(key.value.as_str()) {
                let meant = names.meant(&key.value);
                let has = format!("has a field \"{}\"", key.value);
                let why = format!(", which \"{name}\" does not have");
                let said = self.say(key.span, path, &has, &why);
                self.found.push(match &meant {
                    // The commonest mistake: the contract's name instead of the wire's.
                    Some((wire, field)) if field.name.value == key.value => {
                        said.help(format!("examples have wire names: \"{wire}\""))
                    }
                    Some((wire, _)) => said.help(format!("did you mean \"{wire}\"?")),
                    None => said.suggest(
                        &key.value,
                        names.wires.keys().take(NEIGHBOURS).map(String::as_str),
                    ),
                });
                given.extend(meant.map(|(_, field)| field.name.value.as_str()));
            }
        }
        for field in fields.iter().filter(|field| sure && field.required()) {
            if !given.contains(field.name.value.as_str()) {
                let wire = field.wire();
                let has = format!("lacks the field \"{wire}\" of \"{name}\"");
                self.found.push(
                    self.say(value.span, path, &has, "")
                        .related(field.name.span, "required here")
                        .help(format!("add `{wire}`, or make the field optional")),
                );
            }
        }
    }
}

/// Among so many names a near one is looked for: more would cost more than it helps.
const NEIGHBOURS: usize = 200;

/// The fields of an object by what they are called on the wire.
struct Names<'a> {
    fields: &'a [Field],
    wires: BTreeMap<String, &'a Field>,
    aliases: HashMap<&'a str, &'a Field>,
}

impl<'a> Names<'a> {
    fn new(fields: &'a [Field]) -> Self {
        let alias = |field: &'a Field| Some((field.alias.as_ref()?.value.as_str(), field));
        Self {
            fields,
            wires: fields.iter().map(|field| (field.wire(), field)).collect(),
            aliases: fields.iter().filter_map(alias).collect(),
        }
    }

    fn find(&self, wire: &str) -> Option<&'a Field> {
        self.wires
            .get(wire)
            .or_else(|| self.aliases.get(wire))
            .copied()
    }

    /// The field that somebody meant who wrote this.
    fn meant(&self, written: &str) -> Option<(String, &'a Field)> {
        let same = self.fields.iter().find(|field| field.name.value == written);
        let near = || {
            let names = self.wires.keys().take(NEIGHBOURS).map(String::as_str);
            closest(written, names)
        };
        let field = same.or_else(|| near().and_then(|wire| self.find(wire)))?;
        Some((field.wire(), field))
    }
}
