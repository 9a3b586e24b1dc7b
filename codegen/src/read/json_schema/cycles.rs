//! Which types hold themselves, and so stand in a box where one of them holds another. Decided by the types alone, and not
//! by the order in which they are met: another event changes no field of a type that it shares.

use super::shape::{Def, Kind, SchemaShape};

/// The circle of each definition; those that are in none have one of their own.
pub(super) fn circles(defs: &[Def]) -> Vec<usize> {
    let edges: Vec<Vec<usize>> = defs.iter().map(held).collect();
    let mut search = Search {
        order: vec![None; defs.len()],
        low: vec![0; defs.len()],
        circle: vec![None; defs.len()],
        path: Vec::new(),
        next: 0,
    };
    for start in 0..defs.len() {
        search.from(start, &edges);
    }
    let circles = search.circle.into_iter().enumerate();
    circles.map(|(at, circle)| circle.unwrap_or(at)).collect()
}

/// Returns the definitions that a value holds directly, with no list and no map in between.
fn held(def: &Def) -> Vec<usize> {
    fn add(shape: &SchemaShape, out: &mut Vec<usize>) {
        match shape {
            SchemaShape::Named(at) => out.push(*at),
            SchemaShape::Nullable(inner) => add(inner, out),
            SchemaShape::Tuple(items) => items.iter().for_each(|item| add(item, out)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    match &def.kind {
        Kind::Struct { fields, .. } => fields.iter().for_each(|field| add(&field.shape, &mut out)),
        Kind::Union { variants, .. } => variants.iter().for_each(|v| add(&v.shape, &mut out)),
        Kind::Alias(shape) => add(shape, &mut out),
        Kind::Enum(_) => {}
    }
    out
}

/// Tarjan's search for strongly connected components, without recursion: types may nest as deep as they like.
struct Search {
    order: Vec<Option<usize>>,
    low: Vec<usize>,
    circle: Vec<Option<usize>>,
    path: Vec<usize>,
    next: usize,
}

impl Search {
    fn from(&mut self, start: usize, edges: &[Vec<usize>]) {
        if self.known(start).is_some() {
            return;
        }
        let mut open = vec![(start, 0)];
        self.enter(start);
        while let Some((at, next)) = open.pop() {
            let target = edges.get(at).and_then(|targets| targets.get(next)).copied();
            let Some(to) = target else {
                self.leave(at);
                if let Some((above, _)) = open.last() {
                    self.lower(*above, self.low.get(at).copied());
                }
                continue;
            };
            open.push((at, next + 1));
            if self.known(to).is_none() {
                self.enter(to);
                open.push((to, 0));
            } else if self.circle.get(to).is_some_and(Option::is_none) {
                self.lower(at, self.known(to));
            }
        }
    }

    fn known(&self, at: usize) -> Option<usize> {
        self.order.get(at).copied().flatten()
    }

    fn enter(&mut self, at: usize) {
        if let (Some(order), Some(low)) = (self.order.get_mut(at), self.low.get_mut(at)) {
            *order = Some(self.next);
            *low = self.next;
        }
        self.next += 1;
        self.path.push(at);
    }

    fn lower(&mut self, at: usize, to: Option<usize>) {
        if let (Some(low), Some(to)) = (self.low.get_mut(at), to) {
            *low = (*low).min(to);
        }
    }

    fn leave(&mut self, at: usize) {
        if self.known(at) != self.low.get(at).copied() {
            return;
        }
        while let Some(member) = self.path.pop() {
            if let Some(circle) = self.circle.get_mut(member) {
                *circle = Some(at);
            }
            if member == at {
                return;
            }
        }
    }
}
