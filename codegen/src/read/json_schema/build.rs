//! From leaves to shapes: gives every object, enum and choice a name, and remembers what it has made, so that a schema that
//! reaches itself becomes a type that does. Writes nothing.

use std::collections::{BTreeSet, HashMap};

use super::facts::{JsonKind, Leaf, Problem, Reader};
use super::list;
use super::names::Names;
use super::scalar;
use super::shape::{By, Count, Def, Kind, SchemaShape, Value, Variant, Whole};
use super::store::{Site, Store};
use super::text;
use crate::json::document::Value as Json;

/// Maximum nesting of shapes. Also bounds the recursion of everything that walks them.
const MAX_DEPTH: usize = 120;
/// The most named types of one import.
const MAX_TYPES: usize = 5_000;
/// The most texts of one enum; more of them is a list of data and no type.
const MAX_VALUES: usize = 2_000;
/// The longest tuple that serde and `Debug` know.
const MAX_TUPLE: usize = 12;

/// From here on numbers of files are those of events: each has a module of its own.
pub(super) const EVENTS: u32 = 1 << 31;

/// Name and role of an imported schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Name of the type of a whole payload: an identifier of Rust, in upper camel case.
    pub name: &'a str,
    /// `true` if it is an event's payload, which must be an object, and becomes a struct.
    pub event: bool,
}

/// Imports of the schemas of a folder.
#[derive(Debug)]
pub(super) struct Built {
    pub defs: Vec<Def>,
    /// One for each schema that was asked for, in that order.
    pub roots: Vec<Root>,
    /// Demands of all schemas that no type checks: the place, and the keyword.
    pub unchecked: BTreeSet<(Site, &'static str)>,
}

/// Result of one schema.
#[derive(Debug)]
pub(super) struct Root {
    /// The file.
    pub site: Site,
    /// The definition of the whole.
    pub def: usize,
    /// `true` for an event's payload.
    pub event: bool,
    pub problems: Vec<Problem>,
    /// Demands that no type checks, by place and keyword, without those of earlier schemas.
    pub unchecked: BTreeSet<(Site, &'static str)>,
}

/// Leaves, in order, and what part they have in a union; and the file whose module has the type.
pub(super) type Key = (Vec<Leaf>, Part, u32);

/// Role of an object in a union.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// Nothing but itself.
    Whole,
    /// A variant without this member, by which it is told.
    Tagged(String),
    /// A variant beside others with more members, which it keeps.
    Kept,
}

pub(super) enum State {
    /// Being made; has a definition when something inside has already referred to it.
    Open(Option<usize>),
    Done(SchemaShape),
}

#[derive(Clone)]
pub(super) struct Slot {
    /// Name in references.
    pub(super) name: String,
    pub(super) ident: String,
    pub(super) home: u32,
    pub(super) def: Option<Def>,
}

pub(super) struct Builder<'s, 'a> {
    pub(super) read: Reader<'s, 'a>,
    /// Names of types in references.
    pub(super) keys: Names,
    /// The identifiers of each module, by the number of its file.
    pub(super) names: HashMap<u32, Names>,
    pub(super) slots: Vec<Slot>,
    pub(super) made: HashMap<Key, State>,
    /// Names that the contracts give to the types of whole files, by their leaves.
    pub(super) owned: HashMap<Vec<Leaf>, String>,
    /// Types of whole files without one of their own, by the file and its nullability.
    pub(super) aliases: HashMap<(Site, bool), usize>,
    /// Number of types before the schema that is being built.
    pub(super) before: usize,
    depth: usize,
}

/// Builds the shapes of schemas. What two of them have in common is built once.
pub(super) fn build(store: &mut Store<'_>, wanted: &[(Site, Wanted<'_>)]) -> Built {
    let mut builder = Builder {
        read: Reader::new(store),
        keys: Names::default(),
        names: HashMap::new(),
        slots: Vec::new(),
        made: HashMap::new(),
        owned: HashMap::new(),
        aliases: HashMap::new(),
        before: 0,
        depth: 0,
    };
    let idents = builder.claim(wanted);
    let roots = wanted.iter().zip(idents).enumerate();
    let roots = roots.map(|(at, (root, ident))| builder.root(*root, ident.as_deref(), at));
    let roots: Vec<Root> = roots.collect();
    let defs = builder.slots.into_iter().map(|slot| match slot.def {
        Some(def) => Def {
            ident: slot.ident,
            ..def
        },
        None => Def {
            name: slot.name,
            ident: slot.ident,
            home: slot.home,
            doc: None,
            kind: Kind::Alias(SchemaShape::Any),
            whole: Whole::default(),
        },
    });
    Built {
        defs: defs.collect(),
        unchecked: roots
            .iter()
            .flat_map(|root| root.unchecked.iter().copied())
            .collect(),
        roots,
    }
}

/// Fallback name of a type, and the file whose module has it.
#[derive(Clone, Default)]
pub(super) struct Hint {
    pub(super) name: String,
    /// The file that speaks of the type, by its number in the store.
    pub(super) home: u32,
    /// `true` if the name is that of its place in a file, and not of where it was met.
    pub(super) placed: bool,
}

impl Hint {
    pub(super) fn inside(&self, part: &str) -> Self {
        Self {
            name: format!("{} {part}", self.name),
            home: self.home,
            placed: false,
        }
    }
}

impl Builder<'_, '_> {
    /// The shape of a value to which one of `alternatives` applies: all schemas of one of the lists. `at` is where
    /// problems are reported.
    pub(super) fn shape(
        &mut self,
        alternatives: &[Vec<Site>],
        hint: &Hint,
        at: Site,
    ) -> SchemaShape {
        let mut leaves = Vec::new();
        for schemas in alternatives {
            self.read.leaves(schemas, &mut leaves);
        }
        if leaves.is_empty() {
            if !self.read.given_up() && self.read.problems.is_empty() {
                self.read.problem(at, "no value can fulfil this schema");
            }
            return SchemaShape::Any;
        }
        let mut seen = BTreeSet::new();
        leaves.retain(|leaf| seen.insert(leaf.clone()));
        let hint = self.called(alternatives, &leaves, hint);
        self.of_leaves(leaves, Part::Whole, &hint, at)
    }

    /// A hint with the name of the definition behind a reference, or with a choice's own title.
    fn called(&mut self, alternatives: &[Vec<Site>], leaves: &[Leaf], hint: &Hint) -> Hint {
        let name = match alternatives {
            [schemas] => match schemas.as_slice() {
                [site] => self.read.called(*site, leaves.len() > 1),
                _ => None,
            },
            _ => None,
        };
        let Some(name) = name else {
            return hint.clone();
        };
        let mut sites = leaves.iter().flat_map(|leaf| &leaf.sites);
        let home = match sites.next() {
            Some(first) if sites.all(|site| site.doc == first.doc) => first.doc,
            _ => hint.home,
        };
        Hint {
            name,
            home,
            placed: true,
        }
    }

    pub(super) fn of_leaves(
        &mut self,
        leaves: Vec<Leaf>,
        part: Part,
        hint: &Hint,
        at: Site,
    ) -> SchemaShape {
        // What may also be `null` has no name of its own: the name is that of the rest, so that no type can hold itself
        // as what it is when it is not `null`.
        if leaves.iter().any(|leaf| leaf.kind == JsonKind::Null) {
            for leaf in leaves.iter().filter(|leaf| leaf.kind == JsonKind::Null) {
                self.read.account(leaf, &["enum", "const"]);
            }
            let rest: Vec<Leaf> = leaves
                .into_iter()
                .filter(|leaf| leaf.kind != JsonKind::Null)
                .collect();
            if rest.is_empty() {
                return SchemaShape::Null;
            }
            return self.of_leaves(rest, part, hint, at).or_null();
        }
        let key = self.key(leaves, part, hint);
        match self.made.get(&key) {
            Some(State::Done(shape)) => return shape.clone(),
            Some(State::Open(_)) => return SchemaShape::Named(self.slot(&key, hint)),
            None => {}
        }
        if self.depth >= MAX_DEPTH {
            self.read
                .problem(at, format!("types nest deeper than {MAX_DEPTH} levels"));
            return SchemaShape::Any;
        }
        if self.read.given_up() {
            return SchemaShape::Any;
        }
        self.made.insert(key.clone(), State::Open(None));
        self.depth += 1;
        let shape = self.combine(&key, hint, at);
        self.depth -= 1;
        let shape = match self.made.get(&key) {
            Some(State::Open(Some(slot))) if shape != SchemaShape::Named(*slot) => {
                let slot = *slot;
                self.fill(slot, None, Kind::Alias(shape));
                SchemaShape::Named(slot)
            }
            _ => shape,
        };
        self.made.insert(key, State::Done(shape.clone()));
        shape
    }

    /// The definition of what is being made.
    pub(super) fn slot(&mut self, key: &Key, hint: &Hint) -> usize {
        if let Some(State::Open(Some(slot))) = self.made.get(key) {
            return *slot;
        }
        if self.slots.len() == self.before + MAX_TYPES
            && let Some(site) = key.0.iter().flat_map(|leaf| &leaf.sites).next()
        {
            self.read.problem(
                *site,
                format!("more than {MAX_TYPES} types come from this schema"),
            );
        }
        let slot = match self.owned.get(&key.0).filter(|_| key.1 == Part::Whole) {
            Some(ident) => self.push(ident.clone(), key.2),
            None => {
                let wanted = self.wanted(key, hint);
                let ident = self.names.entry(key.2).or_default().ty(&wanted);
                self.push(ident, key.2)
            }
        };
        self.made.insert(key.clone(), State::Open(Some(slot)));
        slot
    }

    /// A new definition of this identifier.
    pub(super) fn push(&mut self, ident: String, home: u32) -> usize {
        self.slots.push(Slot {
            name: self.keys.ty(&ident),
            ident,
            home,
            def: None,
        });
        self.slots.len() - 1
    }

    /// A type stands in the module of the file that says all of it, or else of the file that brings its parts together.
    pub(super) fn key(&self, leaves: Vec<Leaf>, part: Part, hint: &Hint) -> Key {
        let mut sites = leaves.iter().flat_map(|leaf| &leaf.sites);
        let home = match sites.next() {
            Some(first) if sites.all(|site| site.doc == first.doc) => first.doc,
            _ => hint.home,
        };
        (leaves, part, home)
    }

    /// The name of a type: that of its place, and not of where it was met first.
    fn wanted(&self, (leaves, _, home): &Key, hint: &Hint) -> String {
        let hinted = |site: Option<&Site>| match site {
            Some(site) if hint.home != *home && !hint.placed => self.place_name(*site),
            _ => hint.name.clone(),
        };
        let [leaf] = leaves.as_slice() else {
            return hinted(leaves.first().and_then(|leaf| leaf.sites.first()));
        };
        // Several schemas that hold together are none of them alone.
        let [site] = leaf.sites.as_slice() else {
            return hinted(leaf.sites.first());
        };
        let named = self.read.store.name(*site);
        named
            .or_else(|| self.read.title(*site))
            .unwrap_or_else(|| hinted(Some(site)))
    }

    /// Returns the name of a type without one that is reached from another file: the way to it in its own.
    fn place_name(&self, site: Site) -> String {
        let mut steps = Vec::new();
        let mut at = Some(site);
        while let Some(site) = at {
            let named = self.read.store.name(site);
            if let Some(name) = named.or_else(|| self.read.title(site)) {
                steps.push(name);
                break;
            }
            let step = self.read.store.step(site);
            at = step.as_ref().map(|(parent, _)| *parent);
            steps.extend(step.and_then(|(_, step)| step));
        }
        steps.reverse();
        steps.join(" ")
    }

    pub(super) fn fill(&mut self, slot: usize, doc: Option<String>, kind: Kind) {
        if let Some(slot) = self.slots.get_mut(slot) {
            slot.def = Some(Def {
                name: slot.name.clone(),
                ident: slot.ident.clone(),
                home: slot.home,
                doc,
                kind,
                whole: Whole::default(),
            });
        }
    }

    /// Adds what a struct's members must be together.
    pub(super) fn demand(&mut self, slot: usize, whole: Whole) {
        if let Some(def) = self.slots.get_mut(slot).and_then(|slot| slot.def.as_mut()) {
            def.whole = whole;
        }
    }

    /// One shape out of all leaves.
    fn combine(&mut self, key: &Key, hint: &Hint, at: Site) -> SchemaShape {
        let leaves = &key.0;
        if let Some(leaf) = leaves.iter().find(|leaf| leaf.kind == JsonKind::Any) {
            // What this one refuses is all that is refused.
            self.read.account(leaf, &[]);
            return SchemaShape::Any;
        }
        let of = |kinds: &[JsonKind]| -> Vec<Leaf> {
            leaves
                .iter()
                .filter(|leaf| kinds.contains(&leaf.kind))
                .cloned()
                .collect()
        };
        let groups = [
            ("Boolean", of(&[JsonKind::Bool])),
            ("Number", of(&[JsonKind::Integer, JsonKind::Number])),
            ("Text", of(&[JsonKind::Text])),
            ("List", of(&[JsonKind::List])),
            ("Object", of(&[JsonKind::Object])),
        ];
        let groups: Vec<_> = groups
            .into_iter()
            .filter(|(_, leaves)| !leaves.is_empty())
            .collect();
        if let [(_, group)] = groups.as_slice() {
            return self.one_kind(group, key, hint, at);
        }
        let slot = self.slot(key, hint);
        let variants = groups.iter().map(|(name, group)| {
            let shape = self.of_leaves(group.clone(), Part::Whole, &hint.inside(name), at);
            Variant {
                wire: None,
                ident: (*name).to_owned(),
                shape,
            }
        });
        let variants = variants.collect();
        self.fill(
            slot,
            self.doc(leaves),
            Kind::Union {
                by: By::Kind,
                variants,
            },
        );
        SchemaShape::Named(slot)
    }

    fn one_kind(&mut self, leaves: &[Leaf], key: &Key, hint: &Hint, at: Site) -> SchemaShape {
        match leaves.first().map(|leaf| leaf.kind) {
            Some(JsonKind::Bool) => scalar::boolean(&mut self.read, leaves),
            Some(JsonKind::Integer | JsonKind::Number) => scalar::number(&mut self.read, leaves),
            Some(JsonKind::Text) => self.text(leaves, key, hint),
            Some(JsonKind::List) => self.list(leaves, hint, at),
            Some(JsonKind::Object) => self.objects(leaves, key, hint),
            _ => SchemaShape::Any,
        }
    }

    fn text(&mut self, leaves: &[Leaf], key: &Key, hint: &Hint) -> SchemaShape {
        let mut texts: Vec<(String, Site)> = Vec::new();
        for leaf in leaves {
            let Some(values) = self.read.values(&leaf.sites) else {
                return text::text(&mut self.read, leaves);
            };
            let mut own: Vec<(String, Site)> = Vec::new();
            for site in values {
                if let Json::Text(text) = self.read.store.value(site) {
                    own.push((text.clone(), site));
                }
            }
            text::fitting(&mut self.read, leaf, &mut own);
            texts.append(&mut own);
        }
        if let (true, Some(site)) = (
            texts.is_empty(),
            leaves.iter().flat_map(|leaf| &leaf.sites).next(),
        ) {
            self.read.problem(
                *site,
                "none of the listed texts is allowed by what else is demanded",
            );
        }
        if texts.len() > MAX_VALUES {
            for leaf in leaves {
                self.read.account(leaf, &[]);
            }
            return SchemaShape::Text(super::shape::Text::default());
        }
        let slot = self.slot(key, hint);
        let mut seen = BTreeSet::new();
        let texts = texts.into_iter().map(|(text, _)| text);
        let texts: Vec<String> = texts.filter(|text| seen.insert(text.clone())).collect();
        let idents = Names::variants(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let values = texts.into_iter().zip(idents);
        let values = values.map(|(wire, ident)| Value { wire, ident }).collect();
        self.fill(slot, self.doc(leaves), Kind::Enum(values));
        SchemaShape::Named(slot)
    }

    fn list(&mut self, leaves: &[Leaf], hint: &Hint, at: Site) -> SchemaShape {
        let lists: Vec<_> = leaves
            .iter()
            .map(|leaf| list::list(&mut self.read, &leaf.sites))
            .collect();
        if let ([list], [leaf]) = (lists.as_slice(), leaves) {
            if let Some(tuple) = list.tuple().filter(|tuple| tuple.len() <= MAX_TUPLE) {
                let held = [
                    "items",
                    "prefixItems",
                    "additionalItems",
                    "minItems",
                    "maxItems",
                ];
                self.read.account(leaf, &held);
                return self.tuple(&tuple, hint, at);
            }
            self.read.account(leaf, list.held());
        } else if !leaves.iter().any(|leaf| self.read.is_free(leaf)) {
            self.read.account_merged(leaves);
        }
        let mut counts = lists.iter().map(|list| list.count);
        let first = counts.next().unwrap_or_default();
        let count = if counts.all(|count| count == first) {
            first
        } else {
            Count::default()
        };
        let items: Vec<Vec<Site>> = lists.iter().flat_map(|list| list.items.clone()).collect();
        let item = if items.is_empty() || lists.iter().any(|list| list.any) {
            SchemaShape::Any
        } else {
            self.shape(&items, &hint.inside("item"), at)
        };
        SchemaShape::List {
            item: Box::new(item),
            count,
        }
    }

    fn tuple(&mut self, items: &[Vec<Site>], hint: &Hint, at: Site) -> SchemaShape {
        let shapes = items.iter().enumerate().map(|(index, schema)| {
            let hint = hint.inside(&format!("item {index}"));
            self.shape(std::slice::from_ref(schema), &hint, at)
        });
        SchemaShape::Tuple(shapes.collect())
    }

    pub(super) fn doc(&self, leaves: &[Leaf]) -> Option<String> {
        let [leaf] = leaves else { return None };
        leaf.sites.iter().find_map(|site| {
            self.described(*site)
                .or_else(|| self.read.store.text(*site, "title").map(str::to_owned))
        })
    }

    pub(super) fn described(&self, site: Site) -> Option<String> {
        self.read
            .store
            .text(site, "description")
            .filter(|text| !text.trim().is_empty())
            .map(str::to_owned)
    }
}
