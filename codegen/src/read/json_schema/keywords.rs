//! The keywords of JSON Schema, draft-04 to 2020-12: which hold schemas, which demand something, which only describe.
//! Says what stands where; never what follows from it.

use crate::json::document::{Document, NodeId, Value};

/// Keywords whose text names another schema.
pub(super) const REFERENCES: [&str; 3] = ["$ref", "$recursiveRef", "$dynamicRef"];

/// A draft, as far as drafts differ for an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Draft {
    /// Draft-04: the id is `id`.
    Four,
    /// Draft-06 and 07: everything beside `$ref` is ignored.
    Seven,
    /// 2019-09 and later, and what does not say: `$ref` is a keyword like any other.
    #[default]
    Newer,
}

impl Draft {
    /// The draft that a schema declares.
    pub fn of(document: &Document, schema: NodeId) -> Option<Self> {
        let Value::Text(uri) = document.value(document.get(schema, "$schema")?) else {
            return None;
        };
        Some(match uri.trim_end_matches('#') {
            "http://json-schema.org/draft-03/schema" | "http://json-schema.org/draft-04/schema" => {
                Self::Four
            }
            "http://json-schema.org/draft-06/schema" | "http://json-schema.org/draft-07/schema" => {
                Self::Seven
            }
            _ => Self::Newer,
        })
    }

    /// The keywords that give a schema its identity. Who declares no draft may mean either.
    pub fn id_keywords(self) -> &'static [&'static str] {
        match self {
            // Real draft-04 schemas write `$id` too.
            Self::Four => &["id", "$id"],
            Self::Seven | Self::Newer => &["$id"],
        }
    }

    pub fn ref_hides_siblings(self) -> bool {
        self != Self::Newer
    }
}

/// Keywords whose value is a schema.
const ONE: &[&str] = &[
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords whose value is a list of schemas.
const LIST: &[&str] = &["allOf", "anyOf", "items", "oneOf", "prefixItems"];
/// Keywords whose value is an object of schemas.
const NAMED: &[&str] = &[
    "$defs",
    "definitions",
    "dependencies",
    "dependentSchemas",
    "patternProperties",
    "properties",
];

/// The schemas that the value of a keyword holds.
pub(super) fn subschemas(document: &Document, keyword: &str, value: NodeId) -> Vec<NodeId> {
    match document.value(value) {
        Value::Object(_) if ONE.contains(&keyword) => vec![value],
        Value::Object(members) if NAMED.contains(&keyword) => {
            members.iter().map(|(_, id)| *id).collect()
        }
        Value::List(items) if LIST.contains(&keyword) => items.clone(),
        _ => Vec::new(),
    }
}

/// Keywords that demand something or bring properties. Whatever has none of them only describes.
pub(super) const SUBSTANCE: &[&str] = &[
    "type",
    "enum",
    "const",
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "minProperties",
    "maxProperties",
    "items",
    "prefixItems",
    "additionalItems",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "oneOf",
    "anyOf",
    "then",
    "else",
    "dependencies",
    "dependentSchemas",
    "dependentRequired",
    "not",
    "if",
    "contains",
    "minContains",
    "maxContains",
    "uniqueItems",
    "multipleOf",
    "propertyNames",
    "unevaluatedProperties",
    "unevaluatedItems",
    "contentEncoding",
    "contentMediaType",
];

/// Keywords that demand something of values of every kind.
pub(super) const ABOUT_ALL: &[&str] = &["enum", "const", "not", "if"];
/// Keywords that demand something of numbers, and nothing of other values.
pub(super) const ABOUT_NUMBERS: &[&str] = &[
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "format",
];
/// Keywords that demand something of texts only.
pub(super) const ABOUT_TEXTS: &[&str] = &[
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "contentEncoding",
    "contentMediaType",
];
/// Keywords that demand something of lists only.
pub(super) const ABOUT_LISTS: &[&str] = &[
    "items",
    "prefixItems",
    "additionalItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "minContains",
    "maxContains",
    "unevaluatedItems",
];
/// Keywords that demand something of objects only.
pub(super) const ABOUT_OBJECTS: &[&str] = &[
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "minProperties",
    "maxProperties",
    "propertyNames",
    "dependencies",
    "dependentSchemas",
    "dependentRequired",
    "unevaluatedProperties",
];
/// Keywords that say what an object is made of: a schema that has one and no `type` is about an object.
pub(super) const MAKE_OBJECTS: &[&str] = &[
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
];
/// Keywords that say what a list is made of: a schema that has one and no `type` is about a list.
pub(super) const MAKE_LISTS: &[&str] = &["items", "prefixItems"];

/// Formats of numbers. They demand nothing of a text.
pub(super) const NUMBER_FORMATS: &[&str] =
    &["int32", "int64", "uint32", "uint64", "float", "double"];
/// Formats of texts that have a Rust type of their own.
pub(super) const TEXT_FORMATS: &[&str] = &["uuid", "date-time", "date"];
/// Formats of texts that no type checks: those of JSON Schema, which demand nothing of a number.
pub(super) const UNCHECKED_FORMATS: &[&str] = &[
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
];
