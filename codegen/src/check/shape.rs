//! What a type is once the names of scalars are looked through. Judges nothing.

use crate::model::{Constraints, Contracts, Field, Type, TypeDef, TypeId, TypeKind};

/// What stands behind a type expression.
#[derive(Clone, Copy, Debug)]
pub(super) enum TypeForm<'a> {
    /// A scalar of the language, `json` included.
    Scalar(&'a Type),
    /// A list.
    List,
    /// A map with string keys.
    Map,
    /// An object.
    Struct(&'a TypeDef),
    /// One of some texts.
    Enum(&'a TypeDef),
    /// One of some objects.
    Union(&'a TypeDef),
    /// Another team's schema.
    Schema,
    /// Could not be read, or never ends; reported elsewhere.
    Poison,
}

/// A type with everything that its names add.
#[derive(Clone, Debug)]
pub(super) struct Resolved<'a> {
    /// What it is.
    pub shape: TypeForm<'a>,
    /// What the named scalars on the way demand, outermost first.
    pub named: Vec<(&'a TypeDef, &'a Constraints)>,
    /// True if one of them is sent as text.
    pub as_text: bool,
}

/// Looks through the names of scalars.
pub(super) fn resolve<'a>(contracts: &'a Contracts, ty: &'a Type) -> Resolved<'a> {
    let mut named = Vec::new();
    let mut as_text = false;
    let mut ty = ty;
    let shape = loop {
        match ty {
            Type::Invalid => break TypeForm::Poison,
            Type::List(_) => break TypeForm::List,
            Type::Map(_) => break TypeForm::Map,
            Type::Named(id) => {
                let def = &contracts[*id];
                match &def.body.kind {
                    TypeKind::Struct(_) => break TypeForm::Struct(def),
                    TypeKind::Enum(_) => break TypeForm::Enum(def),
                    TypeKind::Union(_) => break TypeForm::Union(def),
                    TypeKind::Choice(_) | TypeKind::Alias { .. } => {
                        break TypeForm::Schema;
                    }
                    TypeKind::Invalid => break TypeForm::Poison,
                    // A chain longer than there are types is a circle.
                    TypeKind::Scalar { .. } if named.len() > contracts.types.len() => {
                        break TypeForm::Poison;
                    }
                    TypeKind::Scalar {
                        ty: inner,
                        constraints,
                        as_text: text,
                    } => {
                        named.push((def, constraints));
                        as_text |= text.is_some();
                        ty = &inner.value;
                    }
                }
            }
            scalar => break TypeForm::Scalar(scalar),
        }
    };
    Resolved {
        shape,
        named,
        as_text,
    }
}

impl TypeForm<'_> {
    /// With its article, for `is …`.
    pub fn describe(&self) -> String {
        match self {
            Self::Scalar(ty) => scalar_name(ty).to_owned(),
            Self::List => "a list".to_owned(),
            Self::Map => "a map".to_owned(),
            Self::Struct(def) => format!("the object `{}`", def.name.value),
            Self::Enum(def) => format!("the enum `{}`", def.name.value),
            Self::Union(def) => format!("the union `{}`", def.name.value),
            Self::Schema => "a type from a JSON Schema".to_owned(),
            Self::Poison => "unreadable".to_owned(),
        }
    }
}

/// A scalar with its article.
fn scalar_name(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "a bool",
        Type::String => "a string",
        Type::I32 => "an i32",
        Type::I64 => "an i64",
        Type::U32 => "a u32",
        Type::U64 => "a u64",
        Type::F64 => "an f64",
        Type::Decimal => "a decimal",
        Type::Uuid => "a uuid",
        Type::Timestamp => "a timestamp",
        Type::Date => "a date",
        Type::Duration => "a duration",
        Type::Bytes => "bytes",
        Type::Json | Type::Any => "json",
        Type::Null => "null",
        Type::I64OrText => "an i64, as a number or as text",
        Type::Nullable(_) => "a value or null",
        Type::Limited(limited) => scalar_name(&limited.0),
        Type::List(_) | Type::Tuple(_) => "a list",
        Type::Map(_) => "a map",
        Type::Named(_) => "a named type",
        Type::Invalid => "unreadable",
    }
}

/// Returns whether it is one of the four integers.
pub(super) fn is_integer(ty: &Type) -> bool {
    matches!(ty, Type::I32 | Type::I64 | Type::U32 | Type::U64)
}

/// The innermost type of lists and maps, and whether there was one around it.
pub(super) fn element(ty: &Type) -> (&Type, bool) {
    let mut inner = ty;
    while let Type::List(item) | Type::Map(item) = inner {
        inner = item;
    }
    (inner, !std::ptr::eq(inner, ty))
}

/// The named type at the heart of a type expression.
pub(super) fn named(ty: &Type) -> Option<TypeId> {
    match element(ty).0 {
        Type::Named(id) => Some(*id),
        _ => None,
    }
}

/// Every list of fields of the model, events' before types'.
pub(super) fn field_lists(contracts: &Contracts) -> impl Iterator<Item = &[Field]> {
    let events = contracts.events.iter().map(|event| event.body.declared());
    let types = contracts
        .types
        .iter()
        .filter_map(|def| match &def.body.kind {
            TypeKind::Struct(fields) => Some(fields.as_slice()),
            _ => None,
        });
    events.chain(types)
}
