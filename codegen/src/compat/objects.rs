//! One object in both contracts: which fields stay, come, go, and which one became which.

use std::collections::{HashMap, HashSet};

use super::sides::Sides;
use crate::model::{Contracts, Field, Type, TypeKind};
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

/// Fields, reserved names, and the place of the name.
type Side<'a> = (&'a [Field], &'a [Spanned<String>], Span);

impl<'a> Objects<'a> {
    pub fn new(sides: Sides<'a>, base: String, old: Side<'a>, new: Side<'a>) -> Self {
        let mut objects = Self {
            sides,
            base,
            old_place: old.2,
            new_place: new.2,
            old_reserved: old.1,
            new_reserved: new.1,
            old_order: old.0.iter().collect(),
            new_order: new.0.iter().collect(),
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
