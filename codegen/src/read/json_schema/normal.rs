//! Definitions as JSON Schema in the export's dialect: what an import means, for `export` and for `diff`. Says exactly what
//! the generated types accept and check, and nothing more.

use super::shape::{By, Count, Def, Format, Kind, SchemaShape, Variant, Width};
use crate::json::Json;

type Members = Vec<(String, Json)>;

/// Each definition by its name; references are `#/definitions/<name>`.
pub(super) fn definitions(defs: &[Def]) -> Vec<(String, Json)> {
    defs.iter()
        .map(|def| (def.name.clone(), definition(def, defs)))
        .collect()
}

fn definition(def: &Def, defs: &[Def]) -> Json {
    let mut out = vec![("title".to_owned(), Json::text(def.name.as_str()))];
    if let Some(doc) = &def.doc {
        put(&mut out, "description", text(doc));
    }
    match &def.kind {
        Kind::Struct { fields, extra } => {
            put(&mut out, "type", Json::text("object"));
            let properties = fields.iter().map(|field| {
                let mut members = members(&field.shape, defs);
                if let Some(doc) = &field.doc {
                    members.insert(0, ("description".to_owned(), text(doc)));
                }
                (field.wire.clone(), Json::Object(members))
            });
            put(&mut out, "properties", Json::Object(properties.collect()));
            let required = fields.iter().filter(|field| field.required);
            let required: Vec<Json> = required
                .map(|field| Json::text(field.wire.as_str()))
                .collect();
            if !required.is_empty() {
                put(&mut out, "required", Json::List(required));
            }
            if let Some(extra) = extra.as_ref().filter(|extra| **extra != SchemaShape::Any) {
                put(
                    &mut out,
                    "additionalProperties",
                    Json::Object(members(extra, defs)),
                );
            }
            counts(&mut out, def.whole.count, "minProperties", "maxProperties");
            if !def.whole.any_of.is_empty() {
                let lists = def.whole.any_of.iter().map(|names| {
                    let names = names.iter().map(|name| Json::text(name.as_str()));
                    Json::object([("required", Json::list(names))])
                });
                put(&mut out, "anyOf", Json::list(lists));
            }
        }
        Kind::Enum(values) => {
            put(&mut out, "type", Json::text("string"));
            put(
                &mut out,
                "enum",
                Json::list(values.iter().map(|value| Json::text(value.wire.as_str()))),
            );
        }
        Kind::Union { by, variants } => {
            let branches = variants.iter().map(|variant| match (by, &variant.wire) {
                (By::Tag(tag), Some(wire)) => tagged(tag, wire, &variant.shape, defs),
                _ => Json::Object(members(&variant.shape, defs)),
            });
            let keyword = if is_exclusive(by, variants) {
                "oneOf"
            } else {
                "anyOf"
            };
            put(&mut out, keyword, Json::list(branches));
        }
        Kind::Alias(shape) => out.extend(members(shape, defs)),
    }
    Json::Object(out)
}

/// Returns `true` if no value is one of two variants.
fn is_exclusive(by: &By, variants: &[Variant]) -> bool {
    let is = |test: fn(&SchemaShape) -> bool| variants.iter().any(|variant| test(&variant.shape));
    match by {
        By::Tag(_) => true,
        // An integer that may come as text is also a text.
        By::Kind => {
            !is(
                |shape| matches!(shape, SchemaShape::Integer(integer) if integer.width == Width::Loose),
            ) || !is(|shape| matches!(shape, SchemaShape::Text(_) | SchemaShape::Named(_)))
        }
        By::Fit => false,
    }
}

/// A variant with its tag, which the Rust struct does not have: inline, for the definition is without it.
fn tagged(tag: &str, wire: &str, shape: &SchemaShape, defs: &[Def]) -> Json {
    let fixed = Json::object([("type", Json::text("string")), ("const", Json::text(wire))]);
    let def = match shape {
        SchemaShape::Named(at) => defs.get(*at),
        _ => None,
    };
    let Some(Json::Object(mut out)) = def.map(|def| definition(def, defs)) else {
        return Json::object([("type", Json::text("object"))]);
    };
    let mut required = vec![Json::text(tag)];
    for (key, value) in &mut out {
        match (key.as_str(), value) {
            ("properties", Json::Object(properties)) => {
                properties.insert(0, (tag.to_owned(), fixed.clone()))
            }
            ("required", Json::List(names)) => required.append(names),
            _ => {}
        }
    }
    out.retain(|(key, _)| key != "required");
    put(&mut out, "required", Json::List(required));
    Json::Object(out)
}

fn put(out: &mut Members, key: &str, value: Json) {
    out.push((key.to_owned(), value));
}

/// `*/` ends a comment in the classes that others generate.
fn text(doc: &str) -> Json {
    Json::text(doc.trim().replace("*/", "* /"))
}

fn members(shape: &SchemaShape, defs: &[Def]) -> Members {
    let mut out = Members::new();
    let kind = |out: &mut Members, kind: &str| put(out, "type", Json::text(kind));
    match shape {
        SchemaShape::Any => {}
        SchemaShape::Null => kind(&mut out, "null"),
        SchemaShape::Bool { only } => {
            kind(&mut out, "boolean");
            if let Some(only) = only {
                put(&mut out, "const", Json::Bool(*only));
            }
        }
        SchemaShape::Integer(integer) => {
            if integer.width == Width::Loose {
                put(
                    &mut out,
                    "type",
                    Json::list([Json::text("integer"), Json::text("string")]),
                );
                put(&mut out, "pattern", Json::text("^(0|-?[1-9][0-9]{0,18})$"));
                return out;
            }
            kind(&mut out, "integer");
            let (least, most) = integer.width.range();
            let wide = integer.width == Width::U32 || integer.width == Width::U64;
            put(
                &mut out,
                "format",
                Json::text(if integer.width == Width::I32 {
                    "int32"
                } else {
                    "int64"
                }),
            );
            if let Some(min) = integer.min.or(wide.then_some(least)) {
                put(&mut out, "minimum", Json::integer(min));
            }
            if let Some(max) = integer.max.or(wide.then_some(most)) {
                put(&mut out, "maximum", Json::integer(max));
            }
            if let Some(step) = integer.step {
                put(&mut out, "multipleOf", Json::integer(step));
            }
            if let Some(only) = &integer.only {
                put(
                    &mut out,
                    "enum",
                    Json::list(only.iter().map(|value| Json::integer(*value))),
                );
            }
        }
        SchemaShape::Number(number) => {
            kind(&mut out, "number");
            let bounds = [
                ("minimum", number.min),
                ("maximum", number.max),
                ("exclusiveMinimum", number.above),
                ("exclusiveMaximum", number.below),
            ];
            for (key, bound) in bounds {
                if let Some(bound) = bound {
                    put(&mut out, key, Json::Number(format!("{bound:?}")));
                }
            }
            if let Some(only) = &number.only {
                let values = only.iter().map(|value| Json::Number(format!("{value:?}")));
                put(&mut out, "enum", Json::list(values));
            }
        }
        SchemaShape::Text(text) => {
            kind(&mut out, "string");
            let format = text.format.map(|format| match format {
                Format::Uuid => "uuid",
                Format::Timestamp => "date-time",
                Format::Date => "date",
            });
            if let Some(format) = format {
                put(&mut out, "format", Json::text(format));
            }
            for (key, bound) in [("minLength", text.min), ("maxLength", text.max)] {
                if let Some(bound) = bound {
                    put(&mut out, key, Json::integer(bound));
                }
            }
            match text.patterns.as_slice() {
                [] => {}
                [pattern] => put(&mut out, "pattern", Json::text(pattern.as_str())),
                patterns => {
                    let all = patterns
                        .iter()
                        .map(|pattern| Json::object([("pattern", Json::text(pattern.as_str()))]));
                    put(&mut out, "allOf", Json::list(all));
                }
            }
        }
        SchemaShape::List { item, count } => {
            kind(&mut out, "array");
            put(&mut out, "items", Json::Object(members(item, defs)));
            counts(&mut out, *count, "minItems", "maxItems");
        }
        SchemaShape::Tuple(items) => {
            kind(&mut out, "array");
            let length = u64::try_from(items.len()).unwrap_or(u64::MAX);
            put(
                &mut out,
                "items",
                Json::list(items.iter().map(|item| Json::Object(members(item, defs)))),
            );
            counts(
                &mut out,
                Count {
                    min: Some(length),
                    max: Some(length),
                },
                "minItems",
                "maxItems",
            );
        }
        SchemaShape::Map { value, count } => {
            kind(&mut out, "object");
            if **value != SchemaShape::Any {
                put(
                    &mut out,
                    "additionalProperties",
                    Json::Object(members(value, defs)),
                );
            }
            counts(&mut out, *count, "minProperties", "maxProperties");
        }
        SchemaShape::Nullable(inner) => {
            let null = Json::object([("type", Json::text("null"))]);
            put(
                &mut out,
                "oneOf",
                Json::list([Json::Object(members(inner, defs)), null]),
            );
        }
        SchemaShape::Named(at) => {
            let name = defs.get(*at).map_or("", |def| def.name.as_str());
            put(
                &mut out,
                "$ref",
                Json::text(format!("#/definitions/{name}")),
            );
        }
    }
    out
}

fn counts(out: &mut Members, count: Count, min: &str, max: &str) {
    for (key, bound) in [(min, count.min), (max, count.max)] {
        if let Some(bound) = bound {
            put(out, key, Json::integer(bound));
        }
    }
}
