//! Shapes to types of the model, each with its place in a schema. Decides nothing: what a type is called, where it is and what
//! it accepts is known here.

use std::collections::BTreeMap;

use super::build::{Built, EVENTS, Root};
use super::shape::{self, Count, Def, Format, Integer, Kind, SchemaShape, Width};
use super::{cycles, normal};
use crate::json::Json;
use crate::model::{
    Alternative, Body, By, Choice, Constraints, DomainId, Enum, Field, Number, Origin, Type,
    TypeDef, TypeId, TypeKind, Union, ValueKind, Variant, Whole,
};
use crate::source::{Span, Spanned};

/// The types of a folder's schemas, sorted by the names of their definitions.
pub(super) struct Types<'a, P> {
    pub types: Vec<TypeDef>,
    ids: Vec<TypeId>,
    circles: Vec<usize>,
    schemas: Vec<(String, Json)>,
    built: &'a Built,
    /// The file and the module of a home.
    place: P,
}

impl<'a, P: Fn(u32) -> (String, Vec<String>)> Types<'a, P> {
    /// Makes types of all definitions but those that are an event's own; the first gets the id `first`. What is said of a type
    /// is said at `at`.
    pub fn of(built: &'a Built, first: TypeId, at: Span, place: P) -> Self {
        let named = built.defs.iter().enumerate();
        let named = named.filter(|(_, def)| def.home < EVENTS);
        let ranks: BTreeMap<&String, usize> = named.map(|(at, def)| (&def.name, at)).collect();
        let mut ids = vec![first; built.defs.len()];
        for (rank, at) in ranks.values().enumerate() {
            if let Some(id) = ids.get_mut(*at) {
                *id = TypeId(first.0 + rank);
            }
        }
        let mut types = Self {
            types: Vec::new(),
            ids,
            circles: cycles::circles(&built.defs),
            schemas: normal::definitions(&built.defs),
            built,
            place,
        };
        let made = ranks.values().filter_map(|def| types.definition(*def, at));
        types.types = made.collect();
        types
    }

    fn definition(&self, at: usize, place: Span) -> Option<TypeDef> {
        let def = self.built.defs.get(at)?;
        let (file, module) = (self.place)(def.home);
        Some(TypeDef {
            name: Spanned::new(def.ident.clone(), place),
            domain: DomainId(0),
            doc: def.doc.clone(),
            reserved: Vec::new(),
            body: self.values(at, self.origin(at, file, module)?, place)?,
        })
    }

    fn origin(&self, at: usize, file: String, module: Vec<String>) -> Option<Origin> {
        let (definition, schema) = self.schemas.get(at)?.clone();
        Some(Origin {
            definition,
            file,
            module,
            circle: self.circles.get(at).copied()?,
            schema,
        })
    }

    fn values(&self, at: usize, origin: Origin, place: Span) -> Option<Body> {
        let ids = &self.ids;
        let mut body = Maker { at: place, ids }.body(self.built.defs.get(at)?);
        body.origin = Some(origin);
        Some(body)
    }

    /// The description and the values of what a contract names: an event has its own, a type those of an imported type.
    pub fn body(&self, root: &Root, schema: &Spanned<String>) -> Option<(Option<String>, Body)> {
        let def = self.built.defs.get(root.def)?;
        let own = self.origin(root.def, schema.value.clone(), Vec::new())?;
        let mut body = if def.home >= EVENTS {
            self.values(root.def, own, schema.span)?
        } else {
            let mut body = Body::from(TypeKind::Alias {
                ty: Type::Named(self.ids.get(root.def).copied()?),
                constraints: Constraints::default(),
            });
            body.origin = root.event.then_some(own);
            body
        };
        body.source = Some(schema.clone());
        Some((def.doc.clone(), body))
    }
}

struct Maker<'a> {
    at: Span,
    ids: &'a [TypeId],
}

impl Maker<'_> {
    fn here<T>(&self, value: T) -> Spanned<T> {
        Spanned::new(value, self.at)
    }

    fn body(&self, def: &Def) -> Body {
        let mut whole = Whole::default();
        let kind = match &def.kind {
            Kind::Struct { fields, extra } => {
                whole = Whole {
                    extra: extra.as_ref().map(|extra| self.nested(extra)),
                    min: def.whole.count.min,
                    max: def.whole.count.max,
                    any_of: def.whole.any_of.clone(),
                    tag: def.whole.tag.clone(),
                };
                TypeKind::Struct(fields.iter().map(|field| self.field(field)).collect())
            }
            Kind::Enum(values) => TypeKind::Enum(Enum {
                values: values.iter().map(|v| self.here(v.wire.clone())).collect(),
                names: self.names(values.iter().map(|v| (v.wire.as_str(), v.ident.as_str()))),
                closed: true,
            }),
            Kind::Union {
                by: shape::By::Tag(tag),
                variants,
            } => TypeKind::Union(self.union(tag, variants)),
            Kind::Union { by, variants } => TypeKind::Choice(Choice {
                by: match by {
                    shape::By::Kind => By::Kind,
                    _ => By::Fit,
                },
                alternatives: variants.iter().map(|v| self.alternative(v)).collect(),
            }),
            Kind::Alias(shape) => {
                let (ty, constraints) = self.value(shape);
                TypeKind::Alias { ty, constraints }
            }
        };
        Body {
            whole,
            ..Body::from(kind)
        }
    }

    fn names<'a>(
        &self,
        names: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Vec<(Spanned<String>, Spanned<String>)> {
        let names =
            names.map(|(text, ident)| (self.here(text.to_owned()), self.here(ident.to_owned())));
        names.collect()
    }

    fn union(&self, tag: &str, variants: &[shape::Variant]) -> Union {
        let wire = |variant: &shape::Variant| variant.wire.clone().unwrap_or_default();
        let tags: Vec<String> = variants.iter().map(wire).collect();
        let idents = variants.iter().map(|variant| variant.ident.as_str());
        Union {
            tag: self.here(tag.to_owned()),
            names: self.names(tags.iter().map(String::as_str).zip(idents)),
            variants: variants
                .iter()
                .zip(&tags)
                .map(|(variant, tag)| Variant {
                    tag: self.here(tag.clone()),
                    ty: self.here(match &variant.shape {
                        SchemaShape::Named(at) => self.ids.get(*at).copied(),
                        _ => None,
                    }),
                })
                .collect(),
            closed: true,
        }
    }

    fn alternative(&self, variant: &shape::Variant) -> Alternative {
        let (ty, constraints) = self.value(&variant.shape);
        Alternative {
            ident: variant.ident.clone(),
            ty,
            constraints,
        }
    }

    fn field(&self, field: &shape::Field) -> Field {
        let shape = match &field.shape {
            // A reader takes `null` for an absent member.
            SchemaShape::Nullable(inner) if !field.required => inner,
            shape => shape,
        };
        let (ty, constraints) = self.value(shape);
        Field {
            name: self.here(field.ident.clone()),
            rename: Some(self.here(field.wire.clone())),
            ty: self.here(ty),
            optional: !field.required,
            doc: field.doc.clone(),
            default: None,
            alias: None,
            constraints,
            as_text: None,
            deprecated: None,
            sensitive: None,
        }
    }

    fn named(&self, def: usize) -> Type {
        self.ids.get(def).map_or(Type::Any, |id| Type::Named(*id))
    }

    /// A type inside of another one.
    fn nested(&self, shape: &SchemaShape) -> Type {
        let (ty, constraints) = self.value(shape);
        if constraints.is_empty() {
            ty
        } else {
            Type::Limited(Box::new((ty, constraints)))
        }
    }

    /// A type, and what each value must fulfil.
    fn value(&self, shape: &SchemaShape) -> (Type, Constraints) {
        let mut c = Constraints::default();
        let ty = match shape {
            SchemaShape::Any => Type::Any,
            SchemaShape::Null => Type::Null,
            SchemaShape::Bool { only } => {
                c.only = only.map(|only| vec![ValueKind::Bool(only)]);
                Type::Bool
            }
            SchemaShape::Integer(integer) => {
                self.integer(&mut c, integer);
                match integer.width {
                    Width::I32 => Type::I32,
                    Width::U32 => Type::U32,
                    Width::I64 => Type::I64,
                    Width::U64 => Type::U64,
                    Width::Loose => Type::I64OrText,
                }
            }
            SchemaShape::Number(number) => {
                c.min = number.min.map(|min| self.here(Number::Float(min)));
                c.max = number.max.map(|max| self.here(Number::Float(max)));
                c.above = number.above.map(Number::Float);
                c.below = number.below.map(Number::Float);
                let only = number.only.as_ref();
                let value = |value: &f64| ValueKind::Number(Number::Float(*value));
                c.only = only.map(|only| only.iter().map(value).collect());
                Type::F64
            }
            SchemaShape::Text(text) => {
                c.min_length = text.min.map(|min| self.here(min));
                c.max_length = text.max.map(|max| self.here(max));
                c.ecma.clone_from(&text.patterns);
                match text.format {
                    None => Type::String,
                    Some(Format::Uuid) => Type::Uuid,
                    Some(Format::Timestamp) => Type::Timestamp,
                    Some(Format::Date) => Type::Date,
                }
            }
            SchemaShape::List { item, count } => {
                self.count(&mut c, *count);
                Type::List(Box::new(self.nested(item)))
            }
            SchemaShape::Tuple(items) => {
                Type::Tuple(items.iter().map(|i| self.nested(i)).collect())
            }
            SchemaShape::Map { value, count } => {
                self.count(&mut c, *count);
                Type::Map(Box::new(self.nested(value)))
            }
            SchemaShape::Nullable(inner) => Type::Nullable(Box::new(self.nested(inner))),
            SchemaShape::Named(at) => self.named(*at),
        };
        (ty, c)
    }

    fn integer(&self, c: &mut Constraints, integer: &Integer) {
        let number = |n: i128| self.here(Number::Integer(n));
        c.min = integer.min.map(number);
        c.max = integer.max.map(number);
        c.multiple_of = integer.step;
        let value = |value: &i128| ValueKind::Number(Number::Integer(*value));
        let only = integer.only.as_ref();
        c.only = only.map(|only| only.iter().map(value).collect());
    }

    fn count(&self, c: &mut Constraints, count: Count) {
        c.min_items = count.min.map(|min| self.here(min));
        c.max_items = count.max.map(|max| self.here(max));
    }
}
