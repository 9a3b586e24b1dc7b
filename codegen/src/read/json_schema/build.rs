//! From leaves to shapes: gives every object, enum and choice a name, and remembers what it has made, so that a schema that
//! reaches itself becomes a type that does. Writes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Wanted;
use super::document::Value as Json;
use super::facts::{JsonKind, Leaf, Problem, Reader};
use super::names::Names;
use super::rust;
use super::scalar;
use super::shape::{Count, Def, Field, Kind, Shape, Value, Variant};
use super::store::{Site, Store};
use crate::name;

/// How deep shapes may nest in one another. Also bounds the recursion of everything that walks them.
const MAX_DEPTH: usize = 120;
/// The most named types of one import.
const MAX_TYPES: usize = 5_000;
/// The most texts of one enum; more of them is a list of data and no type.
const MAX_VALUES: usize = 2_000;
/// The longest tuple that serde and `Debug` know.
const MAX_TUPLE: usize = 12;

/// What became of a schema.
#[derive(Debug)]
pub(super) struct Built {
    /// The definition of the whole.
    pub root: usize,
    pub defs: Vec<Def>,
    pub problems: Vec<Problem>,
    /// For an event whose payload is no struct: the name of the struct around it.
    pub wrapper: Option<String>,
    /// What the types will not check: the place, and the keyword.
    pub unchecked: BTreeSet<(Site, &'static str)>,
}

impl Built {
    /// The Rust identifier of a whole payload's type.
    pub fn name(&self) -> &str {
        let root = self.defs.get(self.root).map_or("", |def| def.name.as_str());
        self.wrapper.as_deref().unwrap_or(root)
    }
}

/// Leaves, in order, and the tag that a union has taken from them.
type Key = (Vec<Leaf>, Option<String>);

enum State {
    /// Being made; has a definition when something inside has already referred to it.
    Open(Option<usize>),
    Done(Shape),
}

struct Slot {
    name: String,
    def: Option<Def>,
}

struct Builder<'s, 'a> {
    read: Reader<'s, 'a>,
    names: Names,
    slots: Vec<Slot>,
    made: HashMap<Key, State>,
    depth: usize,
}

/// Builds the shape of a schema; `name` is what its type is called.
pub(super) fn build(store: &mut Store<'_>, root: Site, wanted: Wanted<'_>) -> Built {
    let name = wanted.name;
    let mut builder = Builder {
        read: Reader::new(store),
        names: Names::default(),
        slots: Vec::new(),
        made: HashMap::new(),
        depth: 0,
    };
    // The derive makes it for an event with placeholders.
    builder.names.reserve(&name::filter_ident(name));
    for name in rust::RESERVED {
        builder.names.reserve(name);
    }
    let shape = builder.shape(
        &[vec![root]],
        &Hint {
            name: name.to_owned(),
            fixed: true,
        },
        root,
    );
    let root_index = builder.named_root(shape, name);
    builder.endless(root);
    let wrapper = wanted
        .event
        .then(|| builder.wrapper(root_index, root))
        .flatten();
    let defs = builder.slots.into_iter().map(|slot| match slot.def {
        Some(def) => def,
        None => Def {
            name: slot.name,
            doc: None,
            kind: Kind::Alias(Shape::Any),
        },
    });
    let defs = defs.collect();
    Built {
        root: root_index,
        wrapper,
        defs,
        problems: builder.read.problems,
        unchecked: builder.read.unchecked,
    }
}

/// What a type is called if nothing better is known.
#[derive(Clone)]
struct Hint {
    name: String,
    /// Whether it must be called so.
    fixed: bool,
}

impl Hint {
    fn inside(&self, part: &str) -> Self {
        Self {
            name: format!("{} {part}", self.name),
            fixed: false,
        }
    }
}

impl Builder<'_, '_> {
    /// The root as a definition; a root that may be `null` is what it is otherwise.
    fn named_root(&mut self, shape: Shape, name: &str) -> usize {
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
    fn wrapper(&mut self, root: usize, at: Site) -> Option<String> {
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
    fn endless(&mut self, at: Site) {
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

    /// The shape of a value to which one of `alternatives` applies: all schemas of one of the lists. `at` is where
    /// problems are reported.
    fn shape(&mut self, alternatives: &[Vec<Site>], hint: &Hint, at: Site) -> Shape {
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

    fn of_leaves(
        &mut self,
        leaves: Vec<Leaf>,
        strip: Option<String>,
        hint: &Hint,
        at: Site,
    ) -> Shape {
        let key = (leaves, strip);
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
    fn slot(&mut self, key: &Key, hint: &Hint) -> usize {
        if let Some(State::Open(Some(slot))) = self.made.get(key) {
            return *slot;
        }
        if self.slots.len() == MAX_TYPES
            && let Some(site) = key.0.iter().flat_map(|leaf| &leaf.sites).next()
        {
            self.read.problem(
                *site,
                format!("more than {MAX_TYPES} types come from this schema"),
            );
        }
        let wanted = self.wanted(key, hint);
        let name = self.names.ty(&wanted);
        self.slots.push(Slot { name, def: None });
        let slot = self.slots.len() - 1;
        self.made.insert(key.clone(), State::Open(Some(slot)));
        slot
    }

    fn wanted(&self, (leaves, _): &Key, hint: &Hint) -> String {
        if hint.fixed {
            return hint.name.clone();
        }
        let [leaf] = leaves.as_slice() else {
            return hint.name.clone();
        };
        let named = leaf
            .sites
            .iter()
            .find_map(|site| self.read.store.name(*site));
        let titled = || {
            let title = leaf
                .sites
                .iter()
                .find_map(|site| self.read.store.text(*site, "title"));
            title
                .filter(|title| title.len() <= 40 && title.is_ascii())
                .map(str::to_owned)
        };
        // Several schemas that hold together are none of them alone.
        let whole = leaf.sites.len() == 1;
        named
            .filter(|_| whole)
            .or_else(|| titled().filter(|_| whole))
            .unwrap_or_else(|| hint.name.clone())
    }

    fn fill(&mut self, slot: usize, doc: Option<String>, kind: Kind) {
        if let Some(slot) = self.slots.get_mut(slot) {
            slot.def = Some(Def {
                name: slot.name.clone(),
                doc,
                kind,
            });
        }
    }

    /// One shape out of all leaves.
    fn combine(&mut self, key: &Key, hint: &Hint, at: Site) -> Shape {
        let (leaves, strip) = key;
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
            [(_, group)] => self.of_leaves(group.clone(), strip.clone(), &self.inner(hint), at),
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

    /// A root that may be `null` gives its name to what it is otherwise.
    fn inner(&self, hint: &Hint) -> Hint {
        hint.clone()
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

    fn objects(&mut self, leaves: &[Leaf], key: &Key, hint: &Hint) -> Shape {
        let objects: Vec<Object> = leaves
            .iter()
            .map(|leaf| Object::of(&mut self.read, &leaf.sites))
            .collect();
        if let [object] = objects.as_slice()
            && object.fields.is_empty()
        {
            return self.map(object, hint, key);
        }
        if objects.iter().any(|object| object.fields.is_empty()) {
            // Next to an object with any members, the members of the others say nothing.
            return Shape::Map {
                value: Box::new(Shape::Any),
                count: Count::default(),
            };
        }
        if objects.len() > 1 {
            if let Some(tag) = self.tag(&objects) {
                return self.tagged(leaves, &objects, &tag, key, hint);
            }
            if self.told_apart(&objects) {
                return self.ordered(leaves, key, hint);
            }
        }
        self.structure(leaves, &objects, key, hint)
    }

    fn map(&mut self, object: &Object, hint: &Hint, key: &Key) -> Shape {
        let at = key.0.first().and_then(|leaf| leaf.sites.first()).copied();
        let value = match (object.extra.as_slice(), at) {
            ([], _) | (_, None) => Shape::Any,
            (extra, Some(at)) => self.shape(extra, &hint.inside("value"), at),
        };
        Shape::Map {
            value: Box::new(value),
            count: object.count,
        }
    }

    /// The member that has another fixed text in each object.
    fn tag(&mut self, objects: &[Object]) -> Option<Tag> {
        let first = objects.first()?;
        let candidates = first.fields.iter().map(|(name, _)| name.clone());
        'names: for name in candidates.collect::<Vec<_>>() {
            let mut texts = Vec::new();
            for object in objects {
                match object.fixed(&mut self.read, &name) {
                    Some(text) if !texts.contains(&text) => texts.push(text),
                    _ => continue 'names,
                }
            }
            return Some(Tag { name, texts });
        }
        None
    }

    fn tagged(
        &mut self,
        leaves: &[Leaf],
        objects: &[Object],
        tag: &Tag,
        key: &Key,
        hint: &Hint,
    ) -> Shape {
        let slot = self.slot(key, hint);
        let mut names = Names::default();
        let mut variants = Vec::new();
        for ((leaf, object), text) in leaves.iter().zip(objects).zip(&tag.texts) {
            let Some(at) = leaf.sites.first().copied() else {
                continue;
            };
            let hint = hint.inside(text);
            let shape = if object.fields.len() == 1 && object.extra.is_empty() && !object.open {
                // Nothing but the tag: still an object.
                let key = (vec![leaf.clone()], Some(tag.name.clone()));
                self.made.insert(key.clone(), State::Open(None));
                let slot = self.slot(&key, &hint);
                self.fill(
                    slot,
                    self.doc(std::slice::from_ref(leaf)),
                    Kind::Struct {
                        fields: Vec::new(),
                        extra: None,
                    },
                );
                self.made.insert(key, State::Done(Shape::Named(slot)));
                Shape::Named(slot)
            } else {
                self.of_leaves(vec![leaf.clone()], Some(tag.name.clone()), &hint, at)
            };
            variants.push(Variant {
                wire: Some(text.clone()),
                ident: names.variant(text),
                shape,
            });
        }
        self.fill(
            slot,
            self.doc(leaves),
            Kind::Union {
                tag: Some(tag.name.clone()),
                variants,
            },
        );
        Shape::Named(slot)
    }

    /// Whether a reader that tries one object after the other, and ignores members that it does not know, finds the
    /// right one: each must demand what none of the later ones has.
    fn told_apart(&mut self, objects: &[Object]) -> bool {
        objects.iter().enumerate().all(|(at, object)| {
            objects.iter().skip(at + 1).all(|later| {
                let mut demands = object.required.iter();
                later.extra.is_empty()
                    && demands.any(|name| !later.fields.iter().any(|(field, _)| field == name))
            })
        })
    }

    fn ordered(&mut self, leaves: &[Leaf], key: &Key, hint: &Hint) -> Shape {
        let slot = self.slot(key, hint);
        let mut names = Names::default();
        let mut variants = Vec::new();
        for (index, leaf) in leaves.iter().enumerate() {
            let Some(at) = leaf.sites.first().copied() else {
                continue;
            };
            let shape = self.of_leaves(
                vec![leaf.clone()],
                None,
                &hint.inside(&format!("variant {}", index + 1)),
                at,
            );
            let wanted = match &shape {
                Shape::Named(slot) => self.slots.get(*slot).map(|slot| slot.name.clone()),
                _ => None,
            };
            let ident = names.variant(&wanted.unwrap_or_else(|| format!("variant {}", index + 1)));
            variants.push(Variant {
                wire: None,
                ident,
                shape,
            });
        }
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

    /// One type with the members of all objects; more than one when they cannot be told apart.
    fn structure(&mut self, leaves: &[Leaf], objects: &[Object], key: &Key, hint: &Hint) -> Shape {
        let slot = self.slot(key, hint);
        let own = Hint {
            name: self
                .slots
                .get(slot)
                .map_or_else(String::new, |slot| slot.name.clone()),
            fixed: false,
        };
        let mut members: Vec<(String, Vec<Vec<Site>>)> = Vec::new();
        let mut at: BTreeMap<String, usize> = BTreeMap::new();
        for object in objects {
            for (name, schemas) in &object.fields {
                let index = *at.entry(name.clone()).or_insert_with(|| {
                    members.push((name.clone(), Vec::new()));
                    members.len() - 1
                });
                if let Some((_, alternatives)) = members.get_mut(index)
                    && !alternatives.contains(schemas)
                {
                    alternatives.push(schemas.clone());
                }
            }
        }
        let mut names = Names::default();
        let typed = objects
            .iter()
            .find(|object| !object.extra.is_empty())
            .map(|object| object.extra.clone());
        let open = objects.iter().any(|object| object.open);
        let extra = typed.or_else(|| open.then(Vec::new));
        if extra.is_some() {
            names.reserve("extra");
        }
        let mut fields = Vec::new();
        for (wire, alternatives) in members {
            if key.1.as_ref() == Some(&wire) {
                continue;
            }
            let required = objects.iter().all(|object| object.required.contains(&wire));
            let sites: Vec<Site> = alternatives.iter().flatten().copied().collect();
            let shape = match sites.first() {
                Some(first) if alternatives.iter().all(|schemas| !schemas.is_empty()) => {
                    self.shape(&alternatives, &own.inside(&wire), *first)
                }
                _ => Shape::Any,
            };
            let doc = sites.iter().find_map(|site| self.described(*site));
            fields.push(Field {
                ident: names.field(&wire),
                wire,
                doc,
                required,
                shape,
            });
        }
        let extra = extra.map(|extra| {
            let at = extra.iter().flatten().next().copied();
            at.map_or(Shape::Any, |at| {
                if objects.len() > 1 {
                    Shape::Any
                } else {
                    self.shape(&extra, &own.inside("extra"), at)
                }
            })
        });
        self.fill(slot, self.doc(leaves), Kind::Struct { fields, extra });
        Shape::Named(slot)
    }

    fn doc(&self, leaves: &[Leaf]) -> Option<String> {
        let [leaf] = leaves else { return None };
        leaf.sites.iter().find_map(|site| {
            self.described(*site)
                .or_else(|| self.read.store.text(*site, "title").map(str::to_owned))
        })
    }

    fn described(&self, site: Site) -> Option<String> {
        self.read
            .store
            .text(site, "description")
            .filter(|text| !text.trim().is_empty())
            .map(str::to_owned)
    }
}

struct Tag {
    name: String,
    texts: Vec<String>,
}

/// What several schemas together say about an object's members.
struct Object {
    /// In the order of the schemas; the schemas of one member all hold.
    fields: Vec<(String, Vec<Site>)>,
    required: BTreeSet<String>,
    /// Schemas of all other members; empty when they may be anything.
    extra: Vec<Vec<Site>>,
    /// Whether the schema says in so many words that there may be others.
    open: bool,
    count: Count,
}

impl Object {
    fn of(read: &mut Reader<'_, '_>, sites: &[Site]) -> Self {
        let mut object = Self {
            fields: Vec::new(),
            required: BTreeSet::new(),
            extra: Vec::new(),
            open: false,
            count: Count::default(),
        };
        let mut forbidden = BTreeSet::new();
        for site in sites {
            object.properties(read, *site, &mut forbidden, true);
            object.requirements(read, *site);
            object.count =
                object
                    .count
                    .and(scalar::count(read, *site, "minProperties", "maxProperties"));
        }
        // What only some objects have is still a member that must not get lost.
        for site in sites {
            let mut parts: Vec<Site> = ["then", "else"]
                .iter()
                .filter_map(|key| read.store.get(*site, key))
                .collect();
            for key in ["dependentSchemas", "dependencies"] {
                let schemas = read
                    .store
                    .get(*site, key)
                    .map(|value| read.store.members(value));
                parts.extend(
                    schemas
                        .unwrap_or_default()
                        .into_iter()
                        .map(|(_, value)| value),
                );
            }
            for part in parts {
                object.properties(read, part, &mut forbidden, false);
            }
        }
        object.others(read, sites);
        object.fields.retain(|(name, _)| !forbidden.contains(name));
        object.required.retain(|name| !forbidden.contains(name));
        let known: BTreeSet<String> = object.fields.iter().map(|(name, _)| name.clone()).collect();
        if !object.fields.is_empty() {
            object.fields.extend(
                object
                    .required
                    .iter()
                    .filter(|name| !known.contains(*name))
                    .map(|name| (name.clone(), Vec::new())),
            );
        }
        object
    }

    fn properties(
        &mut self,
        read: &mut Reader<'_, '_>,
        site: Site,
        forbidden: &mut BTreeSet<String>,
        firm: bool,
    ) {
        let Some(properties) = read.store.get(site, "properties") else {
            return;
        };
        if !matches!(read.store.value(properties), Json::Object(_)) {
            read.problem(properties, "`properties` must be an object");
            return;
        }
        let index: BTreeMap<String, usize> = self
            .fields
            .iter()
            .enumerate()
            .map(|(at, (name, _))| (name.clone(), at))
            .collect();
        for (name, schema) in read.store.members(properties) {
            if matches!(read.store.value(schema), Json::Bool(false)) {
                if firm {
                    forbidden.insert(name);
                }
                continue;
            }
            if firm
                && read
                    .store
                    .get(schema, "required")
                    .is_some_and(|value| matches!(read.store.value(value), Json::Bool(true)))
            {
                self.required.insert(name.clone());
            }
            match index.get(&name).and_then(|at| self.fields.get_mut(*at)) {
                Some((_, schemas)) if firm && !schemas.contains(&schema) => schemas.push(schema),
                Some(_) => {}
                None => self.fields.push((name, vec![schema])),
            }
        }
    }

    fn requirements(&mut self, read: &mut Reader<'_, '_>, site: Site) {
        let Some(required) = read.store.get(site, "required") else {
            return;
        };
        match read.store.value(required) {
            // Draft-03 has it on the member.
            Json::Bool(_) => return,
            Json::List(_) => {}
            _ => return read.problem(required, "`required` must be a list of names"),
        }
        for name in read.store.items(required) {
            match read.store.value(name) {
                Json::Text(text) => {
                    self.required.insert(text.clone());
                }
                _ => read.problem(name, "`required` must be a list of names"),
            }
        }
    }

    fn others(&mut self, read: &mut Reader<'_, '_>, sites: &[Site]) {
        let (mut said, mut all) = (false, true);
        let mut together = Vec::new();
        for site in sites {
            if let Some(patterns) = read.store.get(*site, "patternProperties") {
                if !matches!(read.store.value(patterns), Json::Object(_)) {
                    read.problem(patterns, "`patternProperties` must be an object");
                    continue;
                }
                self.extra.extend(
                    read.store
                        .members(patterns)
                        .into_iter()
                        .map(|(_, schema)| vec![schema]),
                );
            }
            let Some(additional) = read.store.get(*site, "additionalProperties") else {
                continue;
            };
            match read.store.value(additional) {
                Json::Bool(allowed) => {
                    said = true;
                    all &= *allowed;
                }
                Json::Object(members) if members.is_empty() => said = true,
                Json::Object(_) => together.push(additional),
                _ => read.problem(additional, "`additionalProperties` must be a schema"),
            }
        }
        self.open = said && all && together.is_empty();
        if !together.is_empty() {
            self.extra.push(together);
        }
        // Beside patterns, what no pattern matches may be anything unless it is closed.
        let patterned = sites
            .iter()
            .any(|site| read.store.get(*site, "patternProperties").is_some());
        let closed = sites
            .iter()
            .filter_map(|site| read.store.get(*site, "additionalProperties"))
            .any(|value| !matches!(read.store.value(value), Json::Bool(true)));
        if patterned && !closed && !self.extra.is_empty() {
            self.extra = vec![Vec::new()];
        }
    }

    /// The only text that a required member may have.
    fn fixed(&self, read: &mut Reader<'_, '_>, name: &str) -> Option<String> {
        if !self.required.contains(name) {
            return None;
        }
        let (_, schemas) = self.fields.iter().find(|(field, _)| field == name)?;
        let mut leaves = Vec::new();
        read.leaves(schemas, &mut leaves);
        let [leaf] = leaves.as_slice() else {
            return None;
        };
        match read.values(&leaf.sites)?.as_slice() {
            [only] => match read.store.value(*only) {
                Json::Text(text) => Some(text.clone()),
                _ => None,
            },
            _ => None,
        }
    }
}
