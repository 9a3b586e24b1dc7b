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

    /// Refuses types that hold themselves in a member which must be there: nobody can build such a value.
    pub(super) fn endless(&mut self, at: Site) {
        let holds = |slot: &Slot| -> Vec<usize> {
            match slot.def.as_ref().map(|def| &def.kind) {
                Some(Kind::Struct { fields, .. }) => {
                    let required = fields.iter().filter(|field| field.required);
                    required
                        .filter_map(|field| {
                            if let Shape::Named(slot) = field.shape {
                                Some(slot)
                            } else {
                                None
                            }
                        })
                        .collect()
                }
                Some(Kind::Alias(Shape::Named(slot))) => vec![*slot],
                _ => Vec::new(),
            }
        };
        let edges: Vec<Vec<usize>> = self.slots.iter().map(holds).collect();
        // 0: not seen, 1: on the way, 2: done.
        let mut state = vec![0_u8; edges.len()];
        for start in 0..edges.len() {
            let mut open = vec![(start, 0)];
            while let Some((slot, next)) = open.pop() {
                let Some(mark) = state.get_mut(slot) else {
                    continue;
                };
                if next == 0 && *mark != 0 {
                    if *mark == 1 {
                        let name = self
                            .slots
                            .get(slot)
                            .map_or("", |slot| slot.name.as_str())
                            .to_owned();
                        self.read.problem(at, format!("the type {name} holds itself in members that must be there: it has no value"));
                        return;
                    }
                    continue;
                }
                *mark = 1;
                match edges.get(slot).and_then(|targets| targets.get(next)) {
                    Some(target) => {
                        open.push((slot, next + 1));
                        open.push((*target, 0));
                    }
                    None => *mark = 2,
                }
            }
        }
    }
}
