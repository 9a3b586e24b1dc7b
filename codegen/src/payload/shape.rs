//! What goes over the wire at one place: a type with its constraints, names looked through. Compares nothing.

use std::collections::BTreeSet;

use crate::model::{Constraints, Contracts, Field, Number, Type, TypeId, TypeKind};
#[cfg(feature = "compat")]
use crate::source::Spanned;

/// Values that a place of a payload may hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape<'a> {
    Bool,
    /// A JSON number without a fraction, within these bounds.
    Integer(Range),
    /// Any finite JSON number within these bounds.
    Float(f64, f64),
    Text(Text),
    /// Anything.
    Json,
    List(&'a Type, Count),
    Map(&'a Type, Count),
    Struct(TypeId),
    Enum(TypeId),
    Union(TypeId),
    /// Something that only imported types are, or that could not be read.
    Invalid,
}

/// Inclusive bounds of integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub min: i128,
    pub max: i128,
}

/// Inclusive bounds of a length or a number of items; no `max` is no bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    pub min: u64,
    pub max: Option<u64>,
}

/// A JSON text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Text {
    pub format: Format,
    /// In code points.
    pub length: Count,
    /// All of them must match.
    pub patterns: BTreeSet<String>,
}

/// Format of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Plain,
    Uuid,
    Timestamp,
    Date,
    Duration,
    Decimal,
    Bytes,
    /// `encoding = "string"`.
    Integer(Range),
}

impl Range {
    pub fn contains(self, n: i128) -> bool {
        (self.min..=self.max).contains(&n)
    }

    #[cfg(feature = "compat")]
    /// The value nearest to zero.
    pub fn nearest_zero(self) -> i128 {
        0.clamp(self.min, self.max.max(self.min))
    }

    #[cfg(feature = "compat")]
    /// A value of it that is not in `other`: right outside it, so that a report is easy to read.
    pub fn outside(self, other: Self) -> Option<i128> {
        if self.max > other.max {
            Some((other.max + 1).max(self.min))
        } else if self.min < other.min {
            Some((other.min - 1).min(self.max))
        } else {
            None
        }
    }
}

impl Count {
    pub const ANY: Self = Self { min: 0, max: None };

    #[cfg(feature = "compat")]
    pub fn contains(self, n: u64) -> bool {
        self.min <= n && self.max.is_none_or(|max| n <= max)
    }

    #[cfg(feature = "compat")]
    pub fn includes(self, other: Self) -> bool {
        self.min <= other.min
            && match (self.max, other.max) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(a), Some(b)) => b <= a,
            }
    }

    #[cfg(feature = "compat")]
    /// A number of it that is not in `other`.
    pub fn outside(self, other: Self) -> Option<u64> {
        if let Some(max) = other.max
            && self.max.is_none_or(|own| own > max)
        {
            return Some(max.checked_add(1)?.max(self.min));
        }
        (self.min < other.min).then_some(self.min)
    }
}

impl Format {
    /// As a person calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "string",
            Self::Uuid => "uuid",
            Self::Timestamp => "timestamp",
            Self::Date => "date",
            Self::Duration => "duration",
            Self::Decimal => "decimal",
            Self::Bytes => "bytes",
            Self::Integer(_) => "integer sent as text",
        }
    }

    /// The same with its article.
    pub fn article(self) -> &'static str {
        match self {
            Self::Plain => "a text",
            Self::Uuid => "a text (uuid)",
            Self::Timestamp => "a text (timestamp)",
            Self::Date => "a text (date)",
            Self::Duration => "a text (duration)",
            Self::Decimal => "a text (decimal)",
            Self::Bytes => "a text (bytes)",
            Self::Integer(_) => "a text (integer sent as text)",
        }
    }

    #[cfg(feature = "compat")]
    /// Length of its texts.
    pub fn length(self) -> Count {
        let of = |min, max| Count { min, max };
        match self {
            Self::Plain => Count::ANY,
            Self::Uuid => of(36, Some(36)),
            Self::Timestamp => of(20, Some(35)),
            Self::Date => of(10, Some(10)),
            Self::Duration => of(3, None),
            Self::Decimal => of(1, Some(31)),
            Self::Bytes => of(0, None),
            Self::Integer(range) => {
                let digits = |n: i128| n.to_string().len() as u64;
                let shortest = digits(range.nearest_zero());
                of(shortest, Some(digits(range.min).max(digits(range.max))))
            }
        }
    }
}

/// A type as one side writes it at a place.
#[derive(Clone, Debug)]
pub(crate) struct Slot<'a> {
    pub ty: &'a Type,
    /// The constraints of the field and of the named scalars on the way, outermost first.
    pub constraints: Vec<&'a Constraints>,
    pub as_text: bool,
}

impl<'a> Slot<'a> {
    /// A type expression that nothing constrains: an element.
    pub fn bare(ty: &'a Type) -> Self {
        Self {
            ty,
            constraints: Vec::new(),
            as_text: false,
        }
    }

    /// A type with constraints.
    pub fn with(ty: &'a Type, constraints: Vec<&'a Constraints>) -> Self {
        Self {
            ty,
            constraints,
            as_text: false,
        }
    }

    /// A field's type.
    pub fn field(field: &'a Field) -> Self {
        Self {
            ty: &field.ty.value,
            constraints: vec![&field.constraints],
            as_text: field.as_text.is_some(),
        }
    }

    #[cfg(feature = "compat")]
    /// The scalar behind a name.
    pub fn scalar(ty: &'a Type, constraints: &'a Constraints, as_text: bool) -> Self {
        Self {
            ty,
            constraints: vec![constraints],
            as_text,
        }
    }

    #[cfg(feature = "compat")]
    /// The named type, if it is one.
    pub fn name(&self) -> Option<TypeId> {
        match self.ty {
            Type::Named(id) => Some(*id),
            _ => None,
        }
    }

    #[cfg(feature = "compat")]
    /// Returns whether the name alone says everything: no constraint of its own and no encoding.
    pub fn is_bare(&self) -> bool {
        !self.as_text && self.constraints.iter().all(|c| c.is_empty())
    }

    #[cfg(feature = "compat")]
    /// The path of the JSON Schema that the named type is, if it is one.
    pub fn source(&self, contracts: &'a Contracts) -> Option<&'a Spanned<String>> {
        contracts[self.name()?].body.source.as_ref()
    }

    /// Looks through names to the values that go over the wire.
    pub fn shape(&self, contracts: &'a Contracts) -> Shape<'a> {
        let mut constraints = self.constraints.clone();
        let mut as_text = self.as_text;
        let mut ty = self.ty;
        while let Type::Named(id) = ty {
            // A checked model has no circles of names; a chain longer than there are types is one.
            if constraints.len() > contracts.types.len() + contracts.imported.len() + 1 {
                return Shape::Invalid;
            }
            match &contracts[*id].body.kind {
                TypeKind::Struct(_) => return Shape::Struct(*id),
                TypeKind::Enum(_) => return Shape::Enum(*id),
                TypeKind::Union(_) => return Shape::Union(*id),
                TypeKind::Choice(_) | TypeKind::Invalid => return Shape::Invalid,
                TypeKind::Alias {
                    ty: inner,
                    constraints: own,
                } => {
                    constraints.push(own);
                    ty = inner;
                }
                TypeKind::Scalar {
                    ty: inner,
                    constraints: own,
                    as_text: text,
                } => {
                    constraints.push(own);
                    as_text |= text.is_some();
                    ty = &inner.value;
                }
            }
        }
        scalar(ty, &constraints, as_text)
    }
}

fn scalar<'a>(ty: &'a Type, constraints: &[&Constraints], as_text: bool) -> Shape<'a> {
    let text = |format| Shape::Text(Text::of(format, constraints));
    let integer = |min: i128, max: i128| {
        let whole = Range { min, max };
        if as_text {
            text(Format::Integer(whole))
        } else {
            Shape::Integer(bounds(whole, constraints))
        }
    };
    match ty {
        Type::Bool => Shape::Bool,
        Type::String => text(Format::Plain),
        Type::I32 => integer(i32::MIN.into(), i32::MAX.into()),
        Type::I64 => integer(i64::MIN.into(), i64::MAX.into()),
        Type::U32 => integer(0, u32::MAX.into()),
        Type::U64 => integer(0, u64::MAX.into()),
        Type::F64 => float(constraints),
        Type::Decimal => text(Format::Decimal),
        Type::Uuid => text(Format::Uuid),
        Type::Timestamp => text(Format::Timestamp),
        Type::Date => text(Format::Date),
        Type::Duration => text(Format::Duration),
        Type::Bytes => text(Format::Bytes),
        Type::Json => Shape::Json,
        Type::List(item) => Shape::List(item, items(constraints)),
        Type::Map(item) => Shape::Map(item, items(constraints)),
        Type::Any => Shape::Json,
        Type::Named(_)
        | Type::Null
        | Type::I64OrText
        | Type::Tuple(_)
        | Type::Nullable(_)
        | Type::Limited(_)
        | Type::Invalid => Shape::Invalid,
    }
}

impl Text {
    fn of(format: Format, constraints: &[&Constraints]) -> Self {
        let mut length = Count::ANY;
        let mut patterns = BTreeSet::new();
        for c in constraints {
            narrow(
                &mut length,
                c.min_length.as_deref(),
                c.max_length.as_deref(),
            );
            patterns.extend(c.pattern.as_ref().map(|p| p.value.clone()));
            patterns.extend(c.ecma.iter().cloned());
        }
        Self {
            format,
            length,
            patterns,
        }
    }

    /// Any text.
    pub fn any() -> Self {
        Self::of(Format::Plain, &[])
    }

    #[cfg(feature = "compat")]
    /// Returns whether nothing but the format binds it.
    pub fn is_free(&self) -> bool {
        self.length == Count::ANY && self.patterns.is_empty()
    }
}

fn narrow(count: &mut Count, min: Option<&u64>, max: Option<&u64>) {
    count.min = count.min.max(min.copied().unwrap_or(0));
    if let Some(max) = max {
        count.max = Some(count.max.map_or(*max, |own| own.min(*max)));
    }
}

fn items(constraints: &[&Constraints]) -> Count {
    let mut count = Count::ANY;
    for c in constraints {
        narrow(&mut count, c.min_items.as_deref(), c.max_items.as_deref());
    }
    count
}

/// The type's range cut by `min` and `max`; a bound with a fraction cuts to the next integer inside.
fn bounds(mut range: Range, constraints: &[&Constraints]) -> Range {
    for c in constraints {
        if let Some(min) = &c.min {
            range.min = range.min.max(match min.value {
                Number::Integer(n) => n,
                Number::Float(n) => n.ceil() as i128,
            });
        }
        if let Some(max) = &c.max {
            range.max = range.max.min(match max.value {
                Number::Integer(n) => n,
                Number::Float(n) => n.floor() as i128,
            });
        }
    }
    range
}

fn float<'a>(constraints: &[&Constraints]) -> Shape<'a> {
    let value = |n: &Number| match n {
        Number::Integer(n) => *n as f64,
        Number::Float(n) => *n,
    };
    let (mut min, mut max) = (f64::MIN, f64::MAX);
    for c in constraints {
        min = c.min.as_ref().map_or(min, |n| min.max(value(&n.value)));
        max = c.max.as_ref().map_or(max, |n| max.min(value(&n.value)));
        min = c
            .above
            .as_ref()
            .map_or(min, |n| min.max(value(n).next_up()));
        max = c
            .below
            .as_ref()
            .map_or(max, |n| max.min(value(n).next_down()));
    }
    Shape::Float(min, max)
}

#[cfg(feature = "compat")]
/// The fields of a type that is an object.
pub(crate) fn struct_fields(contracts: &Contracts, id: TypeId) -> &[Field] {
    match &contracts[id].body.kind {
        TypeKind::Struct(fields) => fields,
        _ => &[],
    }
}
