//! The type of a whole payload: always one with a name, for an event a struct, and never one that has no value.

use super::build::{Builder, Slot};
use super::shape::{Count, Kind, Shape};
use super::store::Site;

impl Builder<'_, '_> {
    /// The root as a definition; a root that may be `null` is what it is otherwise.
    pub(super) fn named_root(&mut self, shape: Shape, name: &str) -> usize {
        match shape {
            Shape::Named(slot) => slot,
            Shape::Nullable(inner) => self.named_root(*inner, name),
            other => {
                let name = self.names.ty(name);
                self.slots.push(Slot { name, def: None });
                self.fill(self.slots.len() - 1, None, Kind::Alias(other));
                self.slots.len() - 1
            }
        }
    }

    /// An event is a struct and its payload an object: what is another object gets a struct around it.
    pub(super) fn wrapper(&mut self, root: usize, at: Site) -> Option<String> {
        let kind = self
            .slots
            .get(root)
            .and_then(|slot| slot.def.as_ref())
            .map(|def| &def.kind)?;
        match kind {
            Kind::Struct { .. } => return None,
            Kind::Alias(Shape::Map { .. }) => {}
            Kind::Union { variants, .. }
                if variants
                    .iter()
                    .all(|variant| self.is_object(&variant.shape)) => {}
            Kind::Alias(Shape::Any) if !self.read.problems.is_empty() => return None,
            // It may be any value, and of an event it is an object.
            Kind::Alias(Shape::Any) => {
                let map = Shape::Map {
                    value: Box::new(Shape::Any),
                    count: Count::default(),
                };
                self.fill(root, None, Kind::Alias(map));
            }
            _ => {
                self.read.problem(at, "the payload of an event must be an object, and this schema is about another value");
                return None;
            }
        }
        let slot = self.slots.get_mut(root)?;
        let outer = slot.name.clone();
        let inner = self.names.ty(&format!("{outer} payload"));
        slot.name.clone_from(&inner);
        if let Some(def) = &mut slot.def {
            def.name = inner;
        }
        Some(outer)
    }

    fn is_object(&self, shape: &Shape) -> bool {
        match shape {
            Shape::Map { .. } => true,
            Shape::Named(slot) => {
                let def = self.slots.get(*slot).and_then(|slot| slot.def.as_ref());
                def.is_some_and(|def| matches!(def.kind, Kind::Struct { .. }))
            }
            _ => false,
        }
    }

    /// Refuses types that nobody can build, for they hold themselves in a member which must be there, or can read, for they
    /// are themselves.
    pub(super) fn endless(&mut self, at: Site) {
        for (holds, wrong) in [
            (
                has_value as Rule,
                "holds itself in members that must be there: it has no value",
            ),
            (
                is_grounded,
                "is one of the choices that it stands for: no value would ever fulfil it",
            ),
        ] {
            let Some(slot) = least(&self.slots, holds)
                .into_iter()
                .position(|holds| !holds)
            else {
                continue;
            };
            let name = self.slots.get(slot).map_or("", |slot| slot.name.as_str());
            let reason = format!("the type {name} {wrong}");
            return self.read.problem(at, reason);
        }
    }
}

/// What holds for a kind if it holds for definitions.
type Rule = fn(&Kind, &[bool]) -> bool;

/// The definitions for which a rule holds because of what they consist of, and not because it holds for themselves.
fn least(slots: &[Slot], rule: Rule) -> Vec<bool> {
    let mut known = vec![false; slots.len()];
    loop {
        let next = slots
            .iter()
            .map(|slot| slot.def.as_ref().is_none_or(|def| rule(&def.kind, &known)));
        let next: Vec<bool> = next.collect();
        if next == known {
            return known;
        }
        known = next;
    }
}

/// Whether there is a value that ends.
fn has_value(kind: &Kind, known: &[bool]) -> bool {
    match kind {
        Kind::Struct { fields, .. } => fields
            .iter()
            .all(|field| !field.required || ends(&field.shape, known)),
        Kind::Enum(_) => true,
        Kind::Union { variants, .. } => variants.iter().any(|variant| ends(&variant.shape, known)),
        Kind::Alias(shape) => ends(shape, known),
    }
}

fn ends(shape: &Shape, known: &[bool]) -> bool {
    match shape {
        Shape::Named(at) => known.get(*at).copied().unwrap_or(false),
        Shape::Tuple(items) => items.iter().all(|item| ends(item, known)),
        Shape::List { item: inner, count }
        | Shape::Map {
            value: inner,
            count,
        } => count.min.is_none() || ends(inner, known),
        _ => true,
    }
}

/// Whether a reader who goes from a name to what it stands for arrives somewhere.
fn is_grounded(kind: &Kind, known: &[bool]) -> bool {
    let shape = |shape: &Shape| match shape {
        Shape::Named(at) => known.get(*at).copied().unwrap_or(false),
        Shape::Nullable(inner) => match **inner {
            Shape::Named(at) => known.get(at).copied().unwrap_or(false),
            _ => true,
        },
        _ => true,
    };
    match kind {
        Kind::Struct { .. } | Kind::Enum(_) => true,
        Kind::Union { variants, .. } => variants.iter().all(|variant| shape(&variant.shape)),
        Kind::Alias(of) => shape(of),
    }
}
