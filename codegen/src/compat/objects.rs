//! One object in both contracts: which fields stay, come, go, and which one became which.

use std::collections::{HashMap, HashSet};

use super::compare::{Gap, Sort, gaps};
use super::finding::Direction::{self, Backward, Forward};
use super::raw::{Evidence, Leaf, Said, Sink, Words};
use super::sides::{SidedStep, Sides, Spot};
use crate::model::{Body, Contracts, Field, Type, TypeKind};
use crate::payload::demands::TypeAt;
use crate::source::{Span, Spanned};

/// One object in both contracts, its fields paired by wire name.
pub(super) struct Objects<'a> {
    pub sides: Sides<'a>,
    /// `events.shop.OrderPlaced` or `types.shop.OrderLine`.
    pub base: String,
    pub old_place: Span,
    pub new_place: Span,
    pub old_reserved: &'a [Spanned<String>],
    pub new_reserved: &'a [Spanned<String>],
    pub old_order: Vec<&'a Field>,
    pub new_order: Vec<&'a Field>,
    pub pairs: Vec<(&'a Field, &'a Field)>,
    pub renamed: Vec<Rename<'a>>,
    pub removed: Vec<&'a Field>,
    pub added: Vec<&'a Field>,
    /// What old writers may send and new readers refuse, and the mirror.
    gaps: [Vec<Gap>; 2],
}

/// A field that went and one that came, taken for one.
pub(super) struct Rename<'a> {
    pub old: &'a Field,
    pub new: &'a Field,
    /// New readers accept the old name.
    pub aliased: bool,
    /// Old readers accept the new name.
    pub known: bool,
}

/// A type, its fields, its reserved names, and the place of its name.
type Side<'a> = (TypeAt<'a>, &'a Body, &'a [Spanned<String>], Span);

/// A field that one side must have and the other may leave out.
struct Missing<'a> {
    lack: Lack,
    /// The reader's field.
    needed: &'a Field,
    /// The writer's, if it has one.
    sent: Option<&'a Field>,
}

/// Reason why a writer may leave out a field that the reader requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// It has no such field.
    Field,
    /// The field is optional.
    Optional,
    /// The field has a default.
    Default,
}

impl<'a> Objects<'a> {
    pub fn new(sides: Sides<'a>, base: String, old: Side<'a>, new: Side<'a>) -> Self {
        let mut objects = Self {
            sides,
            base,
            gaps: [gaps(&old.0, &new.0), gaps(&new.0, &old.0)],
            old_place: old.3,
            new_place: new.3,
            old_reserved: old.2,
            new_reserved: new.2,
            old_order: old.1.fields().iter().collect(),
            new_order: new.1.fields().iter().collect(),
            pairs: Vec::new(),
            renamed: Vec::new(),
            removed: Vec::new(),
            added: Vec::new(),
        };
        objects.pair();
        objects
    }

    fn pair(&mut self) {
        let by_wire: HashMap<String, &Field> = self
            .old_order
            .iter()
            .map(|field| (field.wire(), *field))
            .collect();
        let mut kept = HashSet::new();
        let mut came = Vec::new();
        for new in &self.new_order {
            let wire = new.wire();
            match by_wire.get(&wire) {
                Some(old) => {
                    self.pairs.push((old, new));
                    kept.insert(wire);
                }
                None => came.push(*new),
            }
        }
        for old in &self.old_order {
            let wire = old.wire();
            if kept.contains(&wire) {
                continue;
            }
            match self.successor(old, &wire, &came) {
                Some(at) => {
                    let new = came.remove(at);
                    let aliased = is_alias(new, &wire);
                    let known = is_alias(old, &new.wire());
                    self.renamed.push(Rename {
                        old,
                        new,
                        aliased,
                        known,
                    });
                    if aliased || known {
                        self.pairs.push((old, new));
                    }
                }
                None => self.removed.push(old),
            }
        }
        self.added = came;
    }

    /// The new field that an old one became: the one with its name as alias, else one of equal type. Of several the one
    /// that kept its Rust name, else the first: whether it is a rename cannot be decided, and so it counts as one.
    fn successor(&self, old: &Field, wire: &str, came: &[&Field]) -> Option<usize> {
        let related = |new: &&Field| is_alias(new, wire) || is_alias(old, &new.wire());
        if let Some(at) = came.iter().position(related) {
            return Some(at);
        }
        if has(self.new_reserved, wire) {
            return None;
        }
        let fits = |new: &&Field| {
            !has(self.old_reserved, &new.wire()) && is_same_type(self.sides, old, new)
        };
        came.iter()
            .position(|new| new.name.value == old.name.value && fits(new))
            .or_else(|| came.iter().position(fits))
    }

    /// Adds a finding for each field that must be there and that a writer may leave out for this reason.
    pub fn tell(&self, lack: Lack, said: &Said, sink: &mut Sink<'_>) {
        for (direction, gaps) in [Backward, Forward].into_iter().zip(&self.gaps) {
            if !sink.is_about(direction) {
                continue;
            }
            let missing = gaps.iter().filter(|gap| gap.sort == Sort::Missing);
            let missing = missing.filter_map(|gap| self.missing(direction, &gap.value));
            for field in missing.filter(|field| field.lack == lack) {
                self.say(direction, &field, said, sink);
            }
        }
    }

    /// Returns why a field of the reader may be missing. A rename and a reserved name are rules of their own.
    fn missing(&self, direction: Direction, wire: &str) -> Option<Missing<'a>> {
        let (fields, alone) = match direction {
            Backward => (&self.new_order, &self.added),
            Forward => (&self.old_order, &self.removed),
        };
        let needed = *fields.iter().find(|field| field.wire() == wire)?;
        let is = |field: &Field| std::ptr::eq(field, needed);
        let sent = self.pairs.iter().find_map(|(old, new)| match direction {
            Backward => is(new).then_some(*old),
            Forward => is(old).then_some(*new),
        });
        let lack = match sent {
            None if alone.iter().all(|field| !is(field)) => return None,
            None if direction == Backward && has(self.old_reserved, wire) => return None,
            None => Lack::Field,
            Some(sent) if sent.required() => return None,
            Some(sent) if sent.optional => Lack::Optional,
            Some(_) => Lack::Default,
        };
        Some(Missing { lack, needed, sent })
    }

    fn say(&self, direction: Direction, field: &Missing<'a>, said: &Said, sink: &mut Sink<'_>) {
        let needed = field.needed;
        let sent = field.sent.unwrap_or(needed);
        let place = match direction {
            Backward => self.old_place,
            Forward => self.new_place,
        };
        let (writes, reads) = match field.lack {
            Lack::Field => (place, needed.name.span),
            Lack::Optional => (sent.ty.span, needed.ty.span),
            Lack::Default => {
                let default = sent.default.as_ref();
                (
                    default.map_or(place, |default| default.span),
                    needed.name.span,
                )
            }
        };
        let (old, new, spans) = match direction {
            Backward => (sent, needed, (writes, reads)),
            Forward => (needed, sent, (reads, writes)),
        };
        let (was, is) = (old.wire(), new.wire());
        let of = match direction {
            Backward => type_text(self.sides.new, &new.ty),
            Forward if has(self.new_reserved, &was) => String::new(),
            Forward => format!(". Also {}", self.reserve(&was)),
        };
        let spot = Spot {
            path: self.path_of(new),
            old: spans.0,
            new: spans.1,
        };
        let words = Words {
            of,
            value: is.clone(),
            ..Words::default()
        };
        let without = Leaf::Without(vec![was.clone(), is.clone()]);
        sink.say(&spot, said, &words)
            .at(&[SidedStep::Field { old: was, new: is }])
            .shown_by([Evidence::new(direction, &[], without)]);
    }

    /// Fields of both sides.
    pub fn pairs(&self) -> impl Iterator<Item = (&'a Field, &'a Field)> + '_ {
        self.pairs.iter().copied()
    }

    /// The field of the new side that an old one became.
    pub fn became(&self, old: &Field) -> Option<&'a Field> {
        let pair = self
            .pairs
            .iter()
            .find(|(before, _)| std::ptr::eq(*before, old));
        let renamed = self
            .renamed
            .iter()
            .find(|rename| std::ptr::eq(rename.old, old));
        pair.map(|pair| pair.1).or(renamed.map(|rename| rename.new))
    }

    pub fn path_of(&self, field: &Field) -> String {
        format!("{}.fields.{}", self.base, field.name.value)
    }

    pub fn reserve(&self, wire: &str) -> String {
        format!(
            "put \"{wire}\" into `reserved`, so that no later field takes its place with another meaning"
        )
    }
}

pub(super) fn is_alias(field: &Field, wire: &str) -> bool {
    field
        .alias
        .as_ref()
        .is_some_and(|alias| alias.value == wire)
}

pub(super) fn has(reserved: &[Spanned<String>], wire: &str) -> bool {
    reserved.iter().any(|name| name.value == wire)
}

/// Returns whether two types are the same but for constraints: the scalars behind names, and other names by full name.
fn equal_types(sides: Sides<'_>, old: &Type, new: &Type) -> bool {
    match (behind(sides.old, old), behind(sides.new, new)) {
        (Type::List(a), Type::List(b)) | (Type::Map(a), Type::Map(b)) => equal_types(sides, a, b),
        (Type::Named(a), Type::Named(b)) => {
            sides.old.type_name(&sides.old[*a]) == sides.new.type_name(&sides.new[*b])
        }
        (a, b) => a == b,
    }
}

/// Returns whether two fields hold the same scalar, constraints aside.
pub(super) fn is_same_type(sides: Sides<'_>, old: &Field, new: &Field) -> bool {
    old.as_text.is_some() == new.as_text.is_some() && equal_types(sides, &old.ty, &new.ty)
}

fn behind<'a>(contracts: &'a Contracts, mut ty: &'a Type) -> &'a Type {
    for _ in 0..=contracts.types.len() {
        let Type::Named(id) = ty else { break };
        let TypeKind::Scalar { ty: inner, .. } = &contracts[*id].body.kind else {
            break;
        };
        ty = &inner.value;
    }
    ty
}

/// A type as a contract writes it, for advice.
fn type_text(contracts: &Contracts, ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::String => "string".to_owned(),
        Type::I32 => "i32".to_owned(),
        Type::I64 => "i64".to_owned(),
        Type::U32 => "u32".to_owned(),
        Type::U64 => "u64".to_owned(),
        Type::F64 => "f64".to_owned(),
        Type::Decimal => "decimal".to_owned(),
        Type::Uuid => "uuid".to_owned(),
        Type::Timestamp => "timestamp".to_owned(),
        Type::Date => "date".to_owned(),
        Type::Duration => "duration".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Json | Type::Any => "json".to_owned(),
        Type::Null => "null".to_owned(),
        Type::I64OrText => "i64 or its text".to_owned(),
        Type::Tuple(items) => {
            let items = items.iter().map(|item| type_text(contracts, item));
            format!("({})", items.collect::<Vec<_>>().join(", "))
        }
        Type::Nullable(inner) => format!("{} or null", type_text(contracts, inner)),
        Type::Limited(limited) => type_text(contracts, &limited.0),
        Type::List(item) => format!("list<{}>", type_text(contracts, item)),
        Type::Map(item) => format!("map<{}>", type_text(contracts, item)),
        Type::Named(id) => contracts[*id].name.value.clone(),
        Type::Invalid => "?".to_owned(),
    }
}
