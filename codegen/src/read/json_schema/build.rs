//! From leaves to shapes: gives every object, enum and choice a name, and remembers what it has made, so that a schema that
//! reaches itself becomes a type that does. Writes nothing.

use std::collections::{BTreeSet, HashMap};

use super::Wanted;
use super::document::Value as Json;
use super::facts::{JsonKind, Leaf, Problem, Reader};
use super::names::Names;
use super::rust;
use super::scalar;
use super::shape::{Count, Def, Kind, Shape, Value, Variant};
use super::store::{Site, Store};

/// How deep shapes may nest in one another. Also bounds the recursion of everything that walks them.
const MAX_DEPTH: usize = 120;
/// The most named types of one import.
const MAX_TYPES: usize = 5_000;
/// The most texts of one enum; more of them is a list of data and no type.
const MAX_VALUES: usize = 2_000;
/// The longest tuple that serde and `Debug` know.
const MAX_TUPLE: usize = 12;

/// From here on numbers of files are those of events: each has a module of its own.
pub(super) const EVENTS: u32 = 1 << 31;

/// What became of the schemas of a folder.
#[derive(Debug)]
pub(super) struct Built {
    pub defs: Vec<Def>,
    pub wrappers: Vec<Wrapper>,
    /// One for each schema that was asked for, in that order.
    pub roots: Vec<Root>,
}

/// What became of one schema.
#[derive(Debug)]
pub(super) struct Root {
    /// The file.
    pub site: Site,
    /// Whether it is an event's payload.
    pub event: bool,
    /// The definition of the whole.
    pub def: usize,
    /// For an event whose payload is no struct: the struct around it.
    pub wrapper: Option<usize>,
    pub problems: Vec<Problem>,
    /// What the types will not check, the place and the keyword: what an earlier schema said already is not here.
    pub unchecked: BTreeSet<(Site, &'static str)>,
}

/// A struct around an event's payload that is none.
#[derive(Clone, Debug)]
pub(super) struct Wrapper {
    pub name: String,
    pub ident: String,
    pub home: u32,
    /// The payload.
    pub inner: usize,
}

/// Leaves, in order, and the tag that a union has taken from them; and the file whose module has the type.
pub(super) type Key = (Vec<Leaf>, Option<String>, u32);

pub(super) enum State {
    /// Being made; has a definition when something inside has already referred to it.
    Open(Option<usize>),
    Done(Shape),
}

#[derive(Clone)]
pub(super) struct Slot {
    /// What references call it.
    pub(super) name: String,
    pub(super) ident: String,
    pub(super) home: u32,
    pub(super) def: Option<Def>,
}

pub(super) struct Builder<'s, 'a> {
    pub(super) read: Reader<'s, 'a>,
    /// What references call types.
    pub(super) keys: Names,
    /// The identifiers of each module, by the number of its file.
    pub(super) names: HashMap<u32, Names>,
    pub(super) slots: Vec<Slot>,
    pub(super) wrappers: Vec<Wrapper>,
    pub(super) made: HashMap<Key, State>,
    /// What the contracts call the type of a whole file, by its leaves.
    pub(super) owned: HashMap<Vec<Leaf>, String>,
    /// What whole files are that have no type of their own, by the file.
    pub(super) aliases: HashMap<Site, usize>,
    /// How many types there were before the schema that is being built.
    pub(super) before: usize,
    /// How far `endless` is with each slot.
    pub(super) walked: Vec<u8>,
    depth: usize,
}

/// Builds the shapes of schemas. What two of them have in common is built once.
pub(super) fn build(store: &mut Store<'_>, wanted: &[(Site, Wanted<'_>)]) -> Built {
    let mut builder = Builder {
        read: Reader::new(store),
        keys: Names::default(),
        names: HashMap::new(),
        slots: Vec::new(),
        wrappers: Vec::new(),
        made: HashMap::new(),
        owned: HashMap::new(),
        aliases: HashMap::new(),
        before: 0,
        walked: Vec::new(),
        depth: 0,
    };
    for name in rust::RESERVED {
        builder.keys.reserve(name);
    }
    let idents = builder.claim(wanted);
    let roots = wanted.iter().zip(idents).enumerate();
    let roots = roots.map(|(at, (root, ident))| builder.root(*root, ident.as_deref(), at));
    let roots = roots.collect();
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
            kind: Kind::Alias(Shape::Any),
        },
    });
    Built {
        defs: defs.collect(),
        wrappers: builder.wrappers,
        roots,
    }
}

/// What a type is called if nothing better is known, and whose module has it.
#[derive(Clone, Default)]
pub(super) struct Hint {
    pub(super) name: String,
    /// The file that speaks of the type, by its number in the store.
    pub(super) home: u32,
}

impl Hint {
    pub(super) fn inside(&self, part: &str) -> Self {
        Self {
            name: format!("{} {part}", self.name),
            home: self.home,
        }
    }
}

impl Builder<'_, '_> {
    /// The shape of a value to which one of `alternatives` applies: all schemas of one of the lists. `at` is where
    /// problems are reported.
    pub(super) fn shape(&mut self, alternatives: &[Vec<Site>], hint: &Hint, at: Site) -> Shape {
        let mut leaves = Vec::new();
        for schemas in alternatives {
            self.read.leaves(schemas, &mut leaves);
        }
        if leaves.is_empty() {
            if !self.read.given_up() && self.read.problems.is_empty() {
                self.read.problem(at, "no value can fulfil this schema");
            }
            return Shape::Any;
        }
        let mut seen = BTreeSet::new();
        leaves.retain(|leaf| seen.insert(leaf.clone()));
        self.of_leaves(leaves, None, hint, at)
    }

    pub(super) fn of_leaves(
        &mut self,
        leaves: Vec<Leaf>,
        strip: Option<String>,
        hint: &Hint,
        at: Site,
    ) -> Shape {
        let key = self.key(leaves, strip, hint);
        match self.made.get(&key) {
            Some(State::Done(shape)) => return shape.clone(),
            Some(State::Open(_)) => return Shape::Named(self.slot(&key, hint)),
            None => {}
        }
        if self.depth >= MAX_DEPTH {
            self.read
                .problem(at, format!("types nest deeper than {MAX_DEPTH} levels"));
            return Shape::Any;
        }
        if self.read.given_up() {
            return Shape::Any;
        }
        self.made.insert(key.clone(), State::Open(None));
        self.depth += 1;
        let shape = self.combine(&key, hint, at);
        self.depth -= 1;
        let shape = match self.made.get(&key) {
            Some(State::Open(Some(slot))) if shape != Shape::Named(*slot) => {
                let slot = *slot;
                self.fill(slot, None, Kind::Alias(shape));
                Shape::Named(slot)
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
        let slot = match self.owned.get(&key.0).filter(|_| key.1.is_none()) {
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
    pub(super) fn key(&self, leaves: Vec<Leaf>, strip: Option<String>, hint: &Hint) -> Key {
        let mut sites = leaves.iter().flat_map(|leaf| &leaf.sites);
        let home = match sites.next() {
            Some(first) if sites.all(|site| site.doc == first.doc) => first.doc,
            _ => hint.home,
        };
        (leaves, strip, home)
    }

    /// The name of a type: that of its place, and not of where it was met first.
    fn wanted(&self, (leaves, _, home): &Key, hint: &Hint) -> String {
        let hinted = |site: Option<&Site>| match site {
            Some(site) if hint.home != *home => self.place_name(*site),
            _ => hint.name.clone(),
        };
        let [leaf] = leaves.as_slice() else {
            return hinted(leaves.first().and_then(|leaf| leaf.sites.first()));
        };
        let named = leaf
            .sites
            .iter()
            .find_map(|site| self.read.store.name(*site));
        let titled = || leaf.sites.iter().find_map(|site| self.titled(*site));
        // Several schemas that hold together are none of them alone.
        let whole = leaf.sites.len() == 1;
        named
            .filter(|_| whole)
            .or_else(|| titled().filter(|_| whole))
            .unwrap_or_else(|| hinted(leaf.sites.first()))
    }

    fn titled(&self, site: Site) -> Option<String> {
        let title = self.read.store.text(site, "title");
        title
            .filter(|title| title.len() <= 40 && title.is_ascii())
            .map(str::to_owned)
    }

    /// What a type without a name is called that is reached from another file: by the way to it in its own.
    fn place_name(&self, site: Site) -> String {
        let mut steps = Vec::new();
        let mut at = Some(site);
        while let Some(site) = at {
            let named = self.read.store.name(site);
            if let Some(name) = named.or_else(|| self.titled(site)) {
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
            });
        }
    }

    /// One shape out of all leaves.
    fn combine(&mut self, key: &Key, hint: &Hint, at: Site) -> Shape {
        let (leaves, strip, _) = key;
        if leaves.iter().any(|leaf| leaf.kind == JsonKind::Any) {
            return Shape::Any;
        }
        let nullable = leaves.iter().any(|leaf| leaf.kind == JsonKind::Null);
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
        let shape = match groups.as_slice() {
            [] => return Shape::Null,
            [(_, group)] if !nullable => self.one_kind(group, key, hint, at),
            [(_, group)] => self.of_leaves(group.clone(), strip.clone(), hint, at),
            _ => {
                let slot = self.slot(key, hint);
                let variants = groups.iter().map(|(name, group)| {
                    let shape = self.of_leaves(group.clone(), None, &hint.inside(name), at);
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
                        tag: None,
                        variants,
                    },
                );
                Shape::Named(slot)
            }
        };
        if nullable {
            Shape::Nullable(Box::new(shape))
        } else {
            shape
        }
    }

    fn one_kind(&mut self, leaves: &[Leaf], key: &Key, hint: &Hint, at: Site) -> Shape {
        match leaves.first().map(|leaf| leaf.kind) {
            Some(JsonKind::Bool) => scalar::boolean(&mut self.read, leaves),
            Some(JsonKind::Integer | JsonKind::Number) => scalar::number(&mut self.read, leaves),
            Some(JsonKind::Text) => self.text(leaves, key, hint),
            Some(JsonKind::List) => self.list(leaves, hint, at),
            Some(JsonKind::Object) => self.objects(leaves, key, hint),
            _ => Shape::Any,
        }
    }

    fn text(&mut self, leaves: &[Leaf], key: &Key, hint: &Hint) -> Shape {
        let mut texts: Vec<(String, Site)> = Vec::new();
        for leaf in leaves {
            let Some(values) = self.read.values(&leaf.sites) else {
                return scalar::text(&mut self.read, leaves);
            };
            for site in values {
                if let Json::Text(text) = self.read.store.value(site) {
                    texts.push((text.clone(), site));
                }
            }
        }
        if texts.len() > MAX_VALUES {
            if let Some((_, site)) = texts.first() {
                self.read.unchecked.insert((*site, "enum"));
            }
            return Shape::Text(super::shape::Text::default());
        }
        let slot = self.slot(key, hint);
        let mut names = Names::default();
        let mut seen = BTreeSet::new();
        let values = texts
            .into_iter()
            .filter(|(text, _)| seen.insert(text.clone()))
            .map(|(wire, _)| {
                let ident = names.variant(&wire);
                Value { wire, ident }
            });
        let values = values.collect();
        self.fill(slot, self.doc(leaves), Kind::Enum(values));
        Shape::Named(slot)
    }

    fn list(&mut self, leaves: &[Leaf], hint: &Hint, at: Site) -> Shape {
        let mut items: Vec<Vec<Site>> = Vec::new();
        let mut any = false;
        let mut count = None;
        let mut tuple = None;
        for leaf in leaves {
            let list = scalar::list(&mut self.read, &leaf.sites);
            any |= list.any;
            count = Some(if count.is_none_or(|count| count == list.count) {
                list.count
            } else {
                Count::default()
            });
            tuple = list.tuple().filter(|tuple| tuple.len() <= MAX_TUPLE);
            items.extend(list.items);
        }
        let count = count.unwrap_or_default();
        if let (Some(tuple), [_]) = (tuple, leaves) {
            let shapes = tuple.iter().enumerate();
            let shapes = shapes.map(|(index, schema)| {
                self.shape(
                    std::slice::from_ref(schema),
                    &hint.inside(&format!("item {index}")),
                    at,
                )
            });
            return Shape::Tuple(shapes.collect());
        }
        let item = if any || items.is_empty() {
            Shape::Any
        } else {
            self.shape(&items, &hint.inside("item"), at)
        };
        Shape::List {
            item: Box::new(item),
            count,
        }
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
