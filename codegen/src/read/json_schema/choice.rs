//! Objects, alone or as one of several: told apart by a text, by what they demand, or not at all, and then one type has the
//! members of all of them, so that nothing of a payload gets lost.

use std::collections::BTreeMap;

use super::build::{Builder, Hint, Key, State};
use super::facts::Leaf;
use super::names::Names;
use super::object::Object;
use super::shape::{Count, Field, Kind, Shape, Variant};
use super::store::Site;

struct Tag {
    name: String,
    texts: Vec<String>,
}

impl Builder<'_, '_> {
    pub(super) fn objects(&mut self, leaves: &[Leaf], key: &Key, hint: &Hint) -> Shape {
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
                let key = self.key(vec![leaf.clone()], Some(tag.name.clone()), &hint);
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
                Shape::Named(slot) => self.slots.get(*slot).map(|slot| slot.ident.clone()),
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
        let own = self
            .slots
            .get(slot)
            .map_or_else(Hint::default, |slot| Hint {
                name: slot.ident.clone(),
                home: slot.home,
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
}
