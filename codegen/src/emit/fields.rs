//! What structs, their required members and their checks all ask of fields. Decides; never writes more than an attribute.

use super::writer::Writer;
use crate::model::{Event, Field, Type, TypeDef, TypeKind, Whole};

/// Longest struct literal on one line: `struct_lit_width` of rustfmt.
pub(super) const LITERAL_WIDTH: usize = 18;

/// Rust form of an event.
pub(super) enum Payload<'a> {
    /// A struct with these fields.
    Fields(&'a [Field], &'a Whole),
    /// A struct around a value of another type, which is an object too.
    Other(&'a Type),
}

/// Returns the Rust form of an event's payload.
pub(super) fn payload(event: &Event) -> Payload<'_> {
    match &event.body.kind {
        TypeKind::Alias { ty, .. } => Payload::Other(ty),
        _ => Payload::Fields(event.body.fields(), &event.body.whole),
    }
}

/// Origin of a struct's `Default`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Default {
    /// Nowhere: a field is required.
    None,
    /// The derive: every field may be absent.
    Derived,
    /// An implementation in words.
    Written,
}

/// Returns the origin of the `Default` of a struct with these fields.
pub(super) fn default(fields: &[Field]) -> Default {
    if fields.iter().any(Field::required) {
        Default::None
    } else if fields.iter().all(|field| field.default.is_none()) {
        Default::Derived
    } else {
        Default::Written
    }
}

/// Returns `true` if a type has a struct of its required fields.
pub(super) fn has(ty: &TypeDef) -> bool {
    matches!(&ty.body.kind, TypeKind::Struct(fields) if default(fields) == Default::None)
}

/// The contract's own code is not what a deprecation warns of.
pub(super) fn allow_deprecated(w: &mut Writer, fields: &[Field]) {
    if fields.iter().any(|field| field.deprecated.is_some()) {
        w.line("#[allow(deprecated)]");
    }
}

/// Returns `true` if a field's name is one that the contract language takes and rustc's style lint does not: `two__bars`.
pub(super) fn has_odd_name(fields: &[Field]) -> bool {
    fields
        .iter()
        .any(|field| field.name.trim_matches('_').contains("__"))
}
