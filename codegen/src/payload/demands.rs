//! What a type demands of a value, in the words of JSON Schema, names looked through. Compares nothing.

use crate::json::Json;
use crate::model::{
    Alternative, Body, Constraints, Contracts, Event, Field, Type, TypeId, TypeKind, Union,
    ValueKind, Whole,
};
use crate::payload::shape::{Count, Range, Shape, Slot, Text};

#[cfg(feature = "compat")]
/// One step into a payload.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Descent {
    Property(String),
    Item,
    Entry,
    /// Into a branch of a choice.
    Branch(usize),
}

#[cfg(feature = "compat")]
/// Limit of types that stand in one another: deeper ones are neither made nor read.
pub(crate) const DEEPEST: usize = 100;

/// A type at a place of a payload.
#[derive(Clone, Debug)]
pub(crate) struct TypeAt<'a> {
    contracts: &'a Contracts,
    what: What<'a>,
}

#[derive(Clone, Debug)]
enum What<'a> {
    #[cfg(feature = "compat")]
    Named(TypeId),
    Slot(Slot<'a>),
    /// The payload of an event.
    Event(&'a Body),
    /// A variant of a union, with its tag.
    Variant(&'a str, &'a str, TypeId),
    /// The only text that is allowed.
    Tag(&'a str),
    Null,
}

/// An event's payload, or a named type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    /// None for an event.
    pub id: Option<TypeId>,
    pub body: &'a Body,
}

/// The items of a list.
#[derive(Clone, Debug, Default)]
pub(crate) enum Items<'a> {
    #[default]
    None,
    Each(TypeAt<'a>),
    /// Of a tuple.
    All(Vec<TypeAt<'a>>),
}

/// A member that a type knows.
#[derive(Clone, Debug)]
pub(crate) struct Member<'a> {
    /// The name on the wire.
    pub name: String,
    pub of: TypeAt<'a>,
    /// The field; none for the tag of a union.
    pub field: Option<&'a Field>,
}

impl Member<'_> {
    /// Returns whether a reader takes a value for an absent member: `null`, unless it is one of the values of the field.
    pub fn is_absent(&self, value: &Json) -> bool {
        let field = self.field.filter(|field| field.optional);
        *value == Json::Null
            && field.is_some_and(|field| !matches!(field.ty.value, Type::Any | Type::Null))
    }
}

/// The demands of a type, names looked through.
#[derive(Clone, Debug)]
pub(crate) struct Demands<'a> {
    /// A kind of JSON Schema; none where there are branches, and where anything is taken.
    pub kind: Option<&'static str>,
    /// `true` if an integer may come as text, too.
    pub loose: bool,
    /// The only values that there are.
    pub values: Option<Vec<Json>>,
    /// `true` if that is one value by definition: a tag.
    pub fixed: bool,
    /// The object, enum, union or choice that it is.
    pub named: Option<Named<'a>>,
    pub branches: Vec<TypeAt<'a>>,
    /// The union whose variants are the branches.
    pub union: Option<&'a Union>,
    pub properties: Vec<Member<'a>>,
    pub required: Vec<String>,
    /// Values of all other members.
    pub extra: Option<TypeAt<'a>>,
    pub any_of: &'a [Vec<String>],
    /// Of items or members.
    pub count: Count,
    pub range: Range,
    pub step: i128,
    pub floats: (f64, f64),
    pub text: Text,
    pub items: Items<'a>,
}

impl<'a> Demands<'a> {
    fn of(kind: Option<&'static str>) -> Self {
        Self {
            kind,
            loose: false,
            values: None,
            fixed: false,
            named: None,
            branches: Vec::new(),
            union: None,
            properties: Vec::new(),
            required: Vec::new(),
            extra: None,
            any_of: &[],
            count: Count::ANY,
            range: Range {
                min: i64::MIN.into(),
                max: i64::MAX.into(),
            },
            step: 1,
            floats: (f64::MIN, f64::MAX),
            text: Text::any(),
            items: Items::None,
        }
    }

    #[cfg(feature = "compat")]
    /// Returns whether every value is taken.
    pub fn is_anything(&self) -> bool {
        self.kind.is_none() && self.branches.is_empty() && self.values.is_none()
    }

    /// The kinds of values that are taken; none when every kind is.
    pub fn kinds(&self) -> Vec<&'static str> {
        let more = self.loose.then_some("string");
        self.kind.into_iter().chain(more).collect()
    }

    /// The name in the contract of the field with a name on the wire.
    pub fn field(&self, wire: &str) -> Option<&'a String> {
        let mut members = self.properties.iter();
        let member = members.find(|member| member.name == wire)?;
        member.field.map(|field| &field.name.value)
    }

    /// The kinds of values that are taken, in words.
    pub fn wanted(&self) -> impl Iterator<Item = &'static str> {
        let format = self.text.format;
        self.kinds().into_iter().map(move |kind| match kind {
            "boolean" => "true or false",
            "integer" => "an integer",
            "number" => "a number",
            "string" => format.article(),
            "array" => "a list",
            "object" => "an object",
            other => other,
        })
    }

    /// The variant of a tag, if it is a union.
    pub fn variant(&self, text: &str) -> Option<&TypeAt<'a>> {
        let mut branches = self.branches.iter();
        branches.find(|branch| matches!(branch.what, What::Variant(_, tag, _) if tag == text))
    }

    /// Returns whether a reader keeps what is none of the branches.
    #[cfg(feature = "compat")]
    pub fn is_open(&self) -> bool {
        self.union.is_some_and(|union| !union.closed)
    }

    #[cfg(feature = "compat")]
    pub fn property(&self, name: &str) -> Option<&TypeAt<'a>> {
        let found = self.properties.iter().find(|member| member.name == name);
        found.map(|member| &member.of)
    }

    #[cfg(feature = "compat")]
    /// The older name under which a reader takes a member, too.
    pub fn alias(&self, name: &str) -> Option<&'a str> {
        let found = self.properties.iter().find(|member| member.name == name);
        found?
            .field?
            .alias
            .as_ref()
            .map(|alias| alias.value.as_str())
    }

    #[cfg(feature = "compat")]
    pub fn requires(&self, name: &str) -> bool {
        self.required.iter().any(|known| known == name)
    }

    #[cfg(feature = "compat")]
    /// The integer nearest to zero.
    pub fn integer(&self) -> Option<i128> {
        let near = self.range.nearest_zero();
        let rest = near.rem_euclid(self.step);
        let mut candidates = [near, near - rest, near - rest + self.step].into_iter();
        candidates.find(|n| self.range.contains(*n) && n % self.step == 0)
    }

    /// The item at a position.
    pub fn item(&self, at: usize) -> Option<&TypeAt<'a>> {
        match &self.items {
            Items::None => None,
            Items::Each(each) => Some(each),
            Items::All(all) => all.get(at),
        }
    }

    fn object(&mut self, contracts: &'a Contracts, fields: &'a [Field], whole: &'a Whole) {
        for field in fields {
            let wire = field.wire();
            if field.required() {
                self.required.push(wire.clone());
            }
            let place = TypeAt::slot(contracts, Slot::field(field));
            self.properties.push(Member {
                name: wire,
                of: place,
                field: Some(field),
            });
        }
        let extra = whole.extra.as_ref().filter(|extra| **extra != Type::Any);
        self.extra = extra.map(|extra| TypeAt::bare(contracts, extra));
        self.any_of = &whole.any_of;
        self.count = Count {
            min: whole.min.unwrap_or(0),
            max: whole.max,
        };
    }
}

impl<'a> TypeAt<'a> {
    fn new(contracts: &'a Contracts, what: What<'a>) -> Self {
        Self { contracts, what }
    }

    #[cfg(feature = "compat")]
    /// The contracts that the type is of.
    pub fn contracts(&self) -> &'a Contracts {
        self.contracts
    }

    /// A place of a payload.
    pub fn slot(contracts: &'a Contracts, slot: Slot<'a>) -> Self {
        Self::new(contracts, What::Slot(slot))
    }

    fn bare(contracts: &'a Contracts, ty: &'a Type) -> Self {
        Self::slot(contracts, Slot::bare(ty))
    }

    /// The payload of an event.
    pub fn event(contracts: &'a Contracts, event: &'a Event) -> Self {
        Self::new(contracts, What::Event(&event.body))
    }

    #[cfg(feature = "compat")]
    /// A type of the contracts.
    pub fn ty(contracts: &'a Contracts, id: TypeId) -> Self {
        Self::new(contracts, What::Named(id))
    }

    #[cfg(feature = "compat")]
    /// The named type, if nothing else binds the place.
    pub fn name(&self) -> Option<TypeId> {
        match &self.what {
            What::Named(id) => Some(*id),
            What::Slot(slot) if slot.is_bare() => slot.name(),
            _ => None,
        }
    }

    /// The constraints of the place: of its field, and of the names on the way to the type.
    pub fn constraints(&self) -> Vec<&'a Constraints> {
        let (mut all, mut ty) = match &self.what {
            What::Slot(slot) => (slot.constraints.clone(), slot.ty),
            _ => return Vec::new(),
        };
        // A checked model has no circles of names.
        while all.len() <= self.contracts.types.len() + self.contracts.imported.len() + 2 {
            let own = match ty {
                Type::Limited(limited) => (&limited.0, &limited.1),
                Type::Named(id) => match &self.contracts[*id].body.kind {
                    TypeKind::Scalar {
                        ty, constraints, ..
                    } => (&ty.value, constraints),
                    TypeKind::Alias { ty, constraints } => (ty, constraints),
                    _ => break,
                },
                _ => break,
            };
            ty = own.0;
            all.push(own.1);
        }
        all
    }

    /// Returns whether the place has one value by definition.
    pub fn is_fixed(&self) -> bool {
        match &self.what {
            What::Tag(_) => true,
            What::Slot(slot) => match slot.ty {
                Type::Bool => self.demands().fixed,
                Type::Named(id) => match self.contracts[*id].body.kind {
                    TypeKind::Alias { .. } => self.demands().fixed,
                    _ => false,
                },
                _ => false,
            },
            _ => false,
        }
    }

    /// The demands of the type. In a box: what reads and makes values calls itself, with some of them on each level.
    pub fn demands(&self) -> Box<Demands<'a>> {
        Box::new(self.look())
    }

    fn look(&self) -> Demands<'a> {
        let contracts = self.contracts;
        match &self.what {
            What::Null => Demands::of(Some("null")),
            What::Tag(text) => Demands {
                values: Some(vec![Json::text(*text)]),
                fixed: true,
                ..Demands::of(Some("string"))
            },
            What::Event(body) => {
                let named = Named { id: None, body };
                self.named(named, Vec::new(), false)
            }
            What::Variant(tag, text, id) => {
                let mut demands = Demands::of(Some("object"));
                demands.required.push((*tag).to_owned());
                demands.properties.push(Member {
                    name: (*tag).to_owned(),
                    of: Self::new(contracts, What::Tag(text)),
                    field: None,
                });
                let body = &contracts[*id].body;
                demands.object(contracts, body.fields(), &body.whole);
                demands.named = Some(Named {
                    id: Some(*id),
                    body,
                });
                demands
            }
            #[cfg(feature = "compat")]
            What::Named(id) => self.type_def(*id, Vec::new(), false),
            What::Slot(slot) => self.typed(slot.ty, slot.constraints.clone(), slot.as_text),
        }
    }

    fn typed(
        &self,
        ty: &'a Type,
        mut constraints: Vec<&'a Constraints>,
        as_text: bool,
    ) -> Demands<'a> {
        let contracts = self.contracts;
        match ty {
            Type::Named(id) => self.type_def(*id, constraints, as_text),
            Type::Limited(limited) => {
                constraints.push(&limited.1);
                self.typed(&limited.0, constraints, as_text)
            }
            Type::Null => Demands::of(Some("null")),
            Type::Nullable(inner) => Demands {
                branches: vec![
                    Self::slot(contracts, Slot::with(inner, constraints)),
                    Self::new(contracts, What::Null),
                ],
                ..Demands::of(None)
            },
            Type::Tuple(items) => Demands {
                items: Items::All(items.iter().map(|ty| Self::bare(contracts, ty)).collect()),
                count: Count {
                    min: items.len() as u64,
                    max: Some(items.len() as u64),
                },
                ..Demands::of(Some("array"))
            },
            Type::I64OrText => Demands {
                loose: true,
                ..Demands::of(Some("integer"))
            },
            ty => self.plain(Slot {
                ty,
                constraints,
                as_text,
            }),
        }
    }

    fn type_def(
        &self,
        id: TypeId,
        constraints: Vec<&'a Constraints>,
        as_text: bool,
    ) -> Demands<'a> {
        let named = Named {
            id: Some(id),
            body: &self.contracts[id].body,
        };
        self.named(named, constraints, as_text)
    }

    fn named(
        &self,
        named: Named<'a>,
        mut constraints: Vec<&'a Constraints>,
        as_text: bool,
    ) -> Demands<'a> {
        let contracts = self.contracts;
        let demands = |kind| Demands {
            named: Some(named),
            ..Demands::of(kind)
        };
        match &named.body.kind {
            TypeKind::Struct(fields) => {
                let mut demands = demands(Some("object"));
                demands.object(contracts, fields, &named.body.whole);
                demands
            }
            TypeKind::Enum(choice) => {
                let values = choice.values.iter();
                let values = values.map(|value| Json::text(value.value.as_str()));
                Demands {
                    values: choice.closed.then(|| values.collect()),
                    ..demands(Some("string"))
                }
            }
            TypeKind::Union(union) => Demands {
                branches: self.variants(union),
                union: Some(union),
                ..demands(None)
            },
            TypeKind::Choice(choice) => {
                let branch = |of: &'a Alternative| {
                    Self::slot(contracts, Slot::with(&of.ty, vec![&of.constraints]))
                };
                Demands {
                    branches: choice.alternatives.iter().map(branch).collect(),
                    ..demands(None)
                }
            }
            // A checked model has no circles of names; a chain longer than there are types is one.
            _ if constraints.len() > contracts.types.len() + contracts.imported.len() + 2 => {
                Demands::of(None)
            }
            TypeKind::Alias {
                ty,
                constraints: own,
            } => {
                constraints.push(own);
                self.typed(ty, constraints, as_text)
            }
            TypeKind::Scalar {
                ty,
                constraints: own,
                as_text: text,
            } => {
                constraints.push(own);
                self.typed(&ty.value, constraints, as_text || text.is_some())
            }
            TypeKind::Invalid => Demands::of(None),
        }
    }

    fn variants(&self, union: &'a Union) -> Vec<Self> {
        let variants = union.variants.iter().filter_map(|variant| {
            let what = What::Variant(&union.tag.value, &variant.tag.value, variant.ty.value?);
            Some(Self::new(self.contracts, what))
        });
        variants.collect()
    }

    /// A type without a name.
    fn plain(&self, slot: Slot<'a>) -> Demands<'a> {
        let contracts = self.contracts;
        let mut demands = match slot.shape(contracts) {
            Shape::Bool => Demands::of(Some("boolean")),
            Shape::Integer(range) => Demands {
                range,
                ..Demands::of(Some("integer"))
            },
            Shape::Float(min, max) => Demands {
                floats: (min, max),
                ..Demands::of(Some("number"))
            },
            Shape::Text(text) => Demands {
                text,
                ..Demands::of(Some("string"))
            },
            Shape::List(item, count) => Demands {
                items: Items::Each(Self::bare(contracts, item)),
                count,
                ..Demands::of(Some("array"))
            },
            Shape::Map(item, count) => Demands {
                extra: (*item != Type::Any).then(|| Self::bare(contracts, item)),
                count,
                ..Demands::of(Some("object"))
            },
            _ => Demands::of(None),
        };
        for constraints in &slot.constraints {
            if let Some(step) = constraints.multiple_of.filter(|step| *step > 0) {
                demands.step = step;
            }
            if let Some(only) = &constraints.only {
                let values = only.iter().map(written);
                demands.fixed = demands.kind == Some("boolean");
                demands.values = Some(values.collect());
            }
        }
        demands
    }
}

/// A value that constraints list.
fn written(kind: &ValueKind) -> Json {
    match kind {
        ValueKind::Bool(yes) => Json::Bool(*yes),
        ValueKind::Number(number) => Json::Number(number.to_string()),
        ValueKind::Text(text) => Json::text(text.as_str()),
        ValueKind::List(_) | ValueKind::Object(_) => Json::Null,
    }
}
