//! The type of a whole payload: always one with a name, for an event a struct, and never one that has no value.
//!
//! An event's struct is its own, and never that of a file which others may refer to: so the types of a file do not depend
//! on the events that there are. A type of a contract is that of the file, and gives it its name.

use super::build::{Builder, EVENTS, Hint, Root, Slot, Wanted};
use super::facts::{JsonKind, Leaf};
use super::shape::{Count, Kind, SchemaShape};
use super::store::Site;

impl Builder<'_, '_> {
    /// The identifiers of types whose file says all of them and is no other type's: decided before anything is built, so
    /// that the order means nothing.
    pub(super) fn claim(&mut self, wanted: &[(Site, Wanted<'_>)]) -> Vec<Option<String>> {
        let mut idents = vec![None; wanted.len()];
        for ((site, wanted), ident) in wanted.iter().zip(&mut idents) {
            let whole = if wanted.event {
                None
            } else {
                self.whole_file(*site)
            };
            if let Some(leaves) = whole.filter(|leaves| !self.owned.contains_key(leaves)) {
                let own = self.names.entry(site.doc).or_default().ty(wanted.name);
                self.owned.insert(leaves, own.clone());
                *ident = Some(own);
            }
        }
        idents
    }

    /// The leaves of a whole file that says all of them itself.
    fn whole_file(&mut self, root: Site) -> Option<Vec<Leaf>> {
        let leaves = self.read.look(root);
        // What may be `null` as well is another type than the rest of it.
        if leaves.iter().any(|leaf| leaf.kind == JsonKind::Null) {
            return None;
        }
        let here = leaves.iter().all(|leaf| {
            leaf.kind != JsonKind::Any && leaf.sites.iter().all(|site| site.doc == root.doc)
        });
        (here && !leaves.is_empty()).then_some(leaves)
    }

    /// Builds what one schema is about; `at` is its number.
    pub(super) fn root(
        &mut self,
        (site, wanted): (Site, Wanted<'_>),
        ident: Option<&str>,
        at: usize,
    ) -> Root {
        self.before = self.slots.len();
        self.read.begin();
        let stem = || self.read.store.name(site);
        let named = if wanted.event { stem() } else { None };
        let name = ident.map(str::to_owned).or(named);
        let hint = Hint {
            name: name.unwrap_or_else(|| wanted.name.to_owned()),
            home: site.doc,
            placed: false,
        };
        let shape = self.shape(&[vec![site]], &hint, site);
        // A whole payload is never `null`; a value of a type that a contract names may be.
        let shape = match shape {
            SchemaShape::Nullable(inner) if wanted.event => *inner,
            other => other,
        };
        let mut def = self.named_root(shape, ident, &hint.name, site);
        self.endless(site);
        self.read.dynamic(site);
        if wanted.event {
            def = self.any_object(def, site, &hint.name);
            if self.is_struct(def) {
                def = self.copy(def, wanted, at);
            } else {
                self.expect_object(def, site);
            }
        }
        let (problems, unchecked) = self.read.end();
        Root {
            site,
            def,
            event: wanted.event,
            problems,
            unchecked,
        }
    }

    /// The root as a definition.
    fn named_root(
        &mut self,
        shape: SchemaShape,
        ident: Option<&str>,
        wanted: &str,
        site: Site,
    ) -> usize {
        match shape {
            SchemaShape::Named(slot) => slot,
            other => {
                let place = (site, matches!(other, SchemaShape::Nullable(_)));
                if let Some(slot) = self.aliases.get(&place) {
                    return *slot;
                }
                let ident = match ident {
                    Some(ident) => ident.to_owned(),
                    None => self.names.entry(site.doc).or_default().ty(wanted),
                };
                let slot = self.push(ident, site.doc);
                self.fill(slot, None, Kind::Alias(other));
                self.aliases.insert(place, slot);
                slot
            }
        }
    }

    fn is_struct(&self, slot: usize) -> bool {
        let def = self.slots.get(slot).and_then(|slot| slot.def.as_ref());
        def.is_some_and(|def| matches!(def.kind, Kind::Struct { .. }))
    }

    /// The struct of an event, in a module of its own, with all that the type of its file has.
    fn copy(&mut self, def: usize, wanted: Wanted<'_>, at: usize) -> usize {
        let home = EVENTS.saturating_add(u32::try_from(at).unwrap_or(u32::MAX));
        let own = self.push(wanted.name.to_owned(), home);
        let shared = self.slots.get(def).and_then(|slot| slot.def.clone());
        if let Some(shared) = shared {
            self.fill(own, shared.doc, shared.kind);
            self.demand(own, shared.whole);
        }
        own
    }

    /// Turns any value into any object, for an event's payload: a definition of its own.
    fn any_object(&mut self, def: usize, site: Site, name: &str) -> usize {
        let kind = self.slots.get(def).and_then(|slot| slot.def.as_ref());
        let is_any = kind.is_some_and(|def| def.kind == Kind::Alias(SchemaShape::Any));
        if !is_any || !self.read.problems.is_empty() {
            return def;
        }
        let wanted = format!("{name} payload");
        let ident = self.names.entry(site.doc).or_default().ty(&wanted);
        let slot = self.push(ident, site.doc);
        let map = SchemaShape::Map {
            value: Box::new(SchemaShape::Any),
            count: Count::default(),
        };
        self.fill(slot, None, Kind::Alias(map));
        slot
    }

    /// Refuses an event's payload that is no struct and no other kind of object either.
    fn expect_object(&mut self, root: usize, at: Site) {
        let slot = self.slots.get(root);
        let is_object = match slot.and_then(|slot| slot.def.as_ref()).map(|def| &def.kind) {
            Some(Kind::Alias(SchemaShape::Map { .. })) | None => true,
            Some(Kind::Union { variants, .. }) => {
                let mut variants = variants.iter();
                variants.all(|variant| self.is_object(&variant.shape))
            }
            Some(Kind::Alias(SchemaShape::Any)) => !self.read.problems.is_empty(),
            Some(_) => false,
        };
        if !is_object {
            let reason =
                "the payload of an event must be an object, and this schema is about another value";
            self.read.problem(at, reason);
        }
    }

    fn is_object(&self, shape: &SchemaShape) -> bool {
        match shape {
            SchemaShape::Map { .. } => true,
            SchemaShape::Named(slot) => self.is_struct(*slot),
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
            let Some(slot) = least(&self.slots, self.before, holds)
                .into_iter()
                .position(|holds| !holds)
            else {
                continue;
            };
            let name = self.slots.get(slot).map_or("", |slot| slot.ident.as_str());
            let reason = format!("the type {name} {wrong}");
            return self.read.problem(at, reason);
        }
    }
}

/// Rule for a kind, given the definitions for which it holds.
type Rule = fn(&Kind, &[bool]) -> bool;

/// The definitions for which a rule holds because of what they consist of, and not because it holds for themselves. For those
/// before `new` it is known to hold.
fn least(slots: &[Slot], new: usize, rule: Rule) -> Vec<bool> {
    let mut known: Vec<bool> = (0..slots.len()).map(|at| at < new).collect();
    loop {
        let mut more = false;
        for (at, slot) in slots.iter().enumerate().skip(new) {
            let holds = slot.def.as_ref().is_none_or(|def| rule(&def.kind, &known));
            if let Some(known) = known.get_mut(at).filter(|known| holds && !**known) {
                (*known, more) = (true, true);
            }
        }
        if !more {
            return known;
        }
    }
}

/// Returns `true` if there is a value that ends.
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

fn ends(shape: &SchemaShape, known: &[bool]) -> bool {
    match shape {
        SchemaShape::Named(at) => known.get(*at).copied().unwrap_or(false),
        SchemaShape::Tuple(items) => items.iter().all(|item| ends(item, known)),
        SchemaShape::List { item: inner, count }
        | SchemaShape::Map {
            value: inner,
            count,
        } => count.min.is_none() || ends(inner, known),
        _ => true,
    }
}

/// Returns `true` if a reader who goes from a name to what it stands for arrives somewhere.
fn is_grounded(kind: &Kind, known: &[bool]) -> bool {
    let shape = |shape: &SchemaShape| match shape {
        SchemaShape::Named(at) => known.get(*at).copied().unwrap_or(false),
        SchemaShape::Nullable(inner) => match **inner {
            SchemaShape::Named(at) => known.get(at).copied().unwrap_or(false),
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
