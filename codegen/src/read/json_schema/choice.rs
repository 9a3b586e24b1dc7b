//! Objects, alone or as one of several: told apart by a text, by what they demand, or not at all, and then one type has the
//! members of all of them, so that nothing of a payload gets lost.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Builder, Hint, Key, Part, State};
use super::facts::Leaf;
use super::names::Names;
use super::object::Object;
use super::shape::{By, Count, Field, Kind, SchemaShape, Variant, Whole};
use super::store::Site;

/// The most lists of members of which one must be there that a type checks.
const MAX_LISTS: usize = 50;

struct Tag {
    name: String,
    texts: Vec<String>,
}

impl Builder<'_, '_> {
    pub(super) fn objects(&mut self, leaves: &[Leaf], key: &Key, hint: &Hint) -> SchemaShape {
        let objects: Vec<Object> = leaves
            .iter()
            .map(|leaf| Object::of(&mut self.read, &leaf.sites))
            .collect();
        if let [object] = objects.as_slice()
            && object.fields.is_empty()
        {
            if let [leaf] = leaves {
                let counts = ["minProperties", "maxProperties"];
                let held: Vec<&str> = object.held().iter().copied().chain(counts).collect();
                self.read.account(leaf, &held);
            }
            return self.map(object, hint, key);
        }
        if objects.iter().any(|object| object.fields.is_empty()) {
            // Next to an object with any members, the members of the others say nothing.
            if !leaves.iter().any(|leaf| self.read.is_free(leaf)) {
                self.read.account_merged(leaves);
            }
            return SchemaShape::Map {
                value: Box::new(SchemaShape::Any),
                count: Count::default(),
            };
        }
        if objects.len() > 1 {
            if let Some(tag) = self.tag(&objects) {
                return self.tagged(leaves, &objects, &tag, key, hint);
            }
            if let Some(order) = told_apart(&objects) {
                return self.ordered(leaves, &objects, &order, key, hint);
            }
        }
        self.structure(leaves, &objects, key, hint)
    }

    fn map(&mut self, object: &Object, hint: &Hint, key: &Key) -> SchemaShape {
        let at = key.0.first().and_then(|leaf| leaf.sites.first()).copied();
        let value = match (object.extra.as_slice(), at) {
            ([], _) | (_, None) => SchemaShape::Any,
            (extra, Some(at)) => self.shape(extra, &hint.inside("value"), at),
        };
        SchemaShape::Map {
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
    ) -> SchemaShape {
        let slot = self.slot(key, hint);
        let mut variants = Vec::new();
        for ((leaf, object), text) in leaves.iter().zip(objects).zip(&tag.texts) {
            let Some(at) = leaf.sites.first().copied() else {
                continue;
            };
            let hint = hint.inside(text);
            let shape = if object.fields.len() == 1
                && object.extra.is_empty()
                && !object.open
                && object.count == Count::default()
            {
                self.read.account(leaf, object.held());
                // Nothing but the tag: still an object.
                let key = self.key(vec![leaf.clone()], Part::Tagged(tag.name.clone()), &hint);
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
                let whole = Whole {
                    tag: Some(tag.name.clone()),
                    ..Whole::default()
                };
                self.demand(slot, whole);
                self.made.insert(key, State::Done(SchemaShape::Named(slot)));
                SchemaShape::Named(slot)
            } else {
                self.of_leaves(
                    vec![leaf.clone()],
                    Part::Tagged(tag.name.clone()),
                    &hint,
                    at,
                )
            };
            variants.push(Variant {
                wire: Some(text.clone()),
                ident: String::new(),
                shape,
            });
        }
        let texts: Vec<&str> = variants.iter().filter_map(|v| v.wire.as_deref()).collect();
        let idents = Names::variants(&texts);
        for (variant, ident) in variants.iter_mut().zip(idents) {
            variant.ident = ident;
        }
        self.fill(
            slot,
            self.doc(leaves),
            Kind::Union {
                by: By::Tag(tag.name.clone()),
                variants,
            },
        );
        SchemaShape::Named(slot)
    }

    /// A union of objects in the order in which a reader tries them.
    fn ordered(
        &mut self,
        leaves: &[Leaf],
        objects: &[Object],
        order: &[usize],
        key: &Key,
        hint: &Hint,
    ) -> SchemaShape {
        let slot = self.slot(key, hint);
        let mut names = Names::default();
        let mut variants = Vec::new();
        for index in order {
            let (Some(leaf), Some(object)) = (leaves.get(*index), objects.get(*index)) else {
                continue;
            };
            let Some(at) = leaf.sites.first().copied() else {
                continue;
            };
            let known = |other: &Object| other.fields.iter().all(|(name, _)| object.has(name));
            // Where all are sealed, an object with the members of another one is none of this.
            let sealed = objects.iter().all(|object| object.sealed);
            let part = if sealed || objects.iter().all(known) {
                Part::Whole
            } else {
                Part::Kept
            };
            let called = self.read.branch_called(leaf);
            let called = called.unwrap_or_else(|| format!("variant {}", index + 1));
            let shape = self.of_leaves(vec![leaf.clone()], part, &hint.inside(&called), at);
            variants.push(Variant {
                wire: None,
                ident: names.variant(&called),
                shape,
            });
        }
        self.fill(
            slot,
            self.doc(leaves),
            Kind::Union {
                by: By::Fit,
                variants,
            },
        );
        SchemaShape::Named(slot)
    }

    /// One type with the members of all objects; more than one when they cannot be told apart.
    fn structure(
        &mut self,
        leaves: &[Leaf],
        objects: &[Object],
        key: &Key,
        hint: &Hint,
    ) -> SchemaShape {
        let slot = self.slot(key, hint);
        let own = self
            .slots
            .get(slot)
            .map_or_else(Hint::default, |slot| Hint {
                name: slot.ident.clone(),
                home: slot.home,
                placed: false,
            });
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
        for (name, alternatives) in &mut members {
            // Without the objects that know it, it is what the others say of any member.
            let others = objects.iter().filter(|object| !object.has(name));
            for said in others.filter_map(Object::unnamed).flatten() {
                if !alternatives.contains(&said) {
                    alternatives.push(said);
                }
            }
        }
        let mut names = Names::default();
        let typed = objects
            .iter()
            .find(|object| !object.extra.is_empty())
            .map(|object| object.extra.clone());
        // Members are counted, so all of them are kept.
        let counted = matches!(objects, [object] if object.count != Count::default());
        let open = key.1 == Part::Kept || counted || objects.iter().any(|object| object.open);
        let extra = typed.or_else(|| open.then(Vec::new));
        if extra.is_some() {
            names.reserve("extra");
        }
        let mut fields = Vec::new();
        for (wire, alternatives) in members {
            if key.1 == Part::Tagged(wire.clone()) {
                continue;
            }
            let required = objects.iter().all(|object| object.required.contains(&wire));
            let sites: Vec<Site> = alternatives.iter().flatten().copied().collect();
            let shape = match sites.first() {
                Some(first) if alternatives.iter().all(|schemas| !schemas.is_empty()) => {
                    self.shape(&alternatives, &own.inside(&wire), *first)
                }
                _ => SchemaShape::Any,
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
            at.map_or(SchemaShape::Any, |at| {
                if objects.len() > 1 {
                    SchemaShape::Any
                } else {
                    self.shape(&extra, &own.inside("extra"), at)
                }
            })
        });
        let mut whole = self.whole(leaves, objects, &fields);
        whole.tag = match &key.1 {
            Part::Tagged(tag) => Some(tag.clone()),
            _ => None,
        };
        self.fill(slot, self.doc(leaves), Kind::Struct { fields, extra });
        self.demand(slot, whole);
        SchemaShape::Named(slot)
    }

    /// Returns the constraints on the members of a struct together, and notes those that it leaves out.
    fn whole(&mut self, leaves: &[Leaf], objects: &[Object], fields: &[Field]) -> Whole {
        // Of these, `null` is a value and is read as if it were absent: whether they are there is not known.
        let unsure: BTreeSet<&str> = fields
            .iter()
            .filter(|field| !field.required && self.may_be_null(&field.shape))
            .map(|field| field.wire.as_str())
            .collect();
        if let ([object], [leaf]) = (objects, leaves) {
            let counts: &[&str] = match unsure.is_empty() {
                true => &["minProperties", "maxProperties"],
                false => &[],
            };
            let held: Vec<&str> = object.held().iter().chain(counts).copied().collect();
            self.read.account(leaf, &held);
            let count = if unsure.is_empty() {
                object.count
            } else {
                Count::default()
            };
            return Whole {
                count,
                any_of: Vec::new(),
                tag: None,
            };
        }
        let mut any_of: Vec<Vec<String>> = Vec::new();
        for object in objects {
            let more = fields
                .iter()
                .filter(|field| !field.required && object.required.contains(&field.wire));
            let names: Vec<String> = more.map(|field| field.wire.clone()).collect();
            if !any_of.contains(&names) {
                any_of.push(names);
            }
        }
        let known = any_of
            .iter()
            .flatten()
            .all(|name| !unsure.contains(name.as_str()));
        let vacuous = any_of.iter().any(Vec::is_empty);
        // Where all else is the same, one of the lists is all that is demanded.
        let alike = objects
            .windows(2)
            .all(|two| matches!(two, [a, b] if a.is_like(b)));
        let exact = alike && (known || vacuous) && any_of.len() <= MAX_LISTS;
        for (leaf, object) in leaves.iter().zip(objects) {
            if !exact {
                self.read.account_choice(leaf);
            }
            // What other members are is not held of several.
            let held = object.held().iter().copied();
            let held: Vec<&str> = held.filter(|key| *key != "additionalProperties").collect();
            self.read.account(leaf, &held);
        }
        if vacuous || !known || any_of.len() > MAX_LISTS {
            any_of.clear();
        }
        Whole {
            any_of,
            ..Whole::default()
        }
    }

    /// Returns `true` if a value may be `null` as well as something else.
    fn may_be_null(&self, shape: &SchemaShape) -> bool {
        match shape {
            SchemaShape::Nullable(_) => true,
            SchemaShape::Named(slot) => {
                let def = self.slots.get(*slot).and_then(|slot| slot.def.as_ref());
                def.is_none_or(|def| match &def.kind {
                    Kind::Alias(shape) => self.may_be_null(shape),
                    Kind::Union { variants, .. } => {
                        let mut shapes = variants.iter().map(|variant| &variant.shape);
                        shapes.any(|shape| *shape == SchemaShape::Null)
                    }
                    _ => false,
                })
            }
            _ => false,
        }
    }
}

/// The order in which each object demands what none of the later ones has: so a reader finds the one that is meant. That of
/// the schema if it is one; else those that demand more come first.
fn told_apart(objects: &[Object]) -> Option<Vec<usize>> {
    let mut order: Vec<usize> = (0..objects.len()).collect();
    if is_told(objects, &order) {
        return Some(order);
    }
    order.sort_by_key(|at| {
        let demands = objects.get(*at).map_or(0, |object| object.required.len());
        std::cmp::Reverse(demands)
    });
    is_told(objects, &order).then_some(order)
}

fn is_told(objects: &[Object], order: &[usize]) -> bool {
    let ordered: Vec<&Object> = order.iter().filter_map(|at| objects.get(*at)).collect();
    ordered.iter().enumerate().all(|(at, object)| {
        ordered.iter().skip(at + 1).all(|later| {
            let mut demands = object.required.iter();
            demands.any(|name| !later.has(name))
        })
    })
}
