//! typify, which turns a normal form of the definitions into tokens. It panics on what it does not know: it runs on a thread of
//! its own with a large stack, its panics are caught, and it has a time limit; none of that should ever be needed, because no
//! keyword of a user's schema reaches it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Once, mpsc};
use std::time::Duration;

use ::typify::{TypeSpace, TypeSpaceImpl, TypeSpaceSettings};
use proc_macro2::TokenStream;
use schemars08::schema::RootSchema;
use serde_json::{Map, Value as Json, json};

use super::shape::{Def, Field, Format, Kind, Shape, Width};

const STACK: usize = 256 << 20;
/// The definition that stands for the runtime's integer of either form.
const LOOSE: &str = "RuntimeInt64";
/// Definitions that stand for types of the runtime.
const FORMATS: &[(Format, &str, &str)] = &[
    (Format::Uuid, "RuntimeUuid", "event_runtime::Uuid"),
    (
        Format::Timestamp,
        "RuntimeTimestamp",
        "event_runtime::Timestamp",
    ),
    (Format::Date, "RuntimeDate", "event_runtime::Date"),
];

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs what may panic or need much stack.
pub(super) fn guarded<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    static HOOK: Once = Once::new();
    // Set once and for all, and silent on these threads only: other threads' panics are reported as before.
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.try_with(Cell::get).unwrap_or(false) {
                before(info);
            }
        }));
    });
    let (send, receive) = mpsc::channel();
    let run = move || {
        QUIET.with(|quiet| quiet.set(true));
        let result =
            catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(said(&*panic)));
        let _ = send.send(result);
    };
    let thread = std::thread::Builder::new()
        .name("json-schema".to_owned())
        .stack_size(STACK);
    thread
        .spawn(run)
        .map_err(|error| format!("no thread could be started: {error}"))?;
    receive
        .recv_timeout(limit)
        .unwrap_or_else(|_| Err(format!("it takes longer than {} s", limit.as_secs())))
}

/// The first line of a panic's message.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    let line = text
        .and_then(|text| text.lines().next())
        .unwrap_or("no message");
    line.chars().take(200).collect()
}

pub(super) fn convert(defs: &[Def]) -> Result<TokenStream, String> {
    let mut settings = TypeSpaceSettings::default();
    settings.with_derive("PartialEq".to_owned());
    settings.with_map_type("::std::collections::BTreeMap".to_owned());
    let mut definitions = Map::new();
    let formats = FORMATS.iter().map(|(_, name, path)| (*name, *path));
    for (name, path) in formats.chain([(LOOSE, "event_runtime::Int64")]) {
        settings.with_replacement(
            name,
            path,
            [TypeSpaceImpl::Display, TypeSpaceImpl::FromStr].into_iter(),
        );
        definitions.insert(name.to_owned(), json!({"type": "string"}));
    }
    for def in defs {
        definitions.insert(def.name.clone(), definition(def, defs));
    }
    let schema: RootSchema = serde_json::from_value(json!({ "definitions": definitions }))
        .map_err(|error| error.to_string())?;
    let mut space = TypeSpace::new(&settings);
    space
        .add_root_schema(schema)
        .map_err(|error| error.to_string())?;
    Ok(space.to_stream())
}

fn definition(def: &Def, defs: &[Def]) -> Json {
    let mut out = match &def.kind {
        Kind::Struct { fields, extra } => {
            let properties: Map<String, Json> = fields
                .iter()
                .map(|field| (field.ident.clone(), property(field, defs)))
                .collect();
            let required: Vec<&str> = fields
                .iter()
                .filter(|field| field.required)
                .map(|field| field.ident.as_str())
                .collect();
            let mut out = json!({"type": "object", "properties": properties, "required": required});
            if let (Some(extra), Some(out)) = (extra, out.as_object_mut()) {
                // `true` would mean: ignore them.
                let schema = if *extra == Shape::Any {
                    json!({})
                } else {
                    schema(extra, defs)
                };
                out.insert("additionalProperties".to_owned(), schema);
            }
            out
        }
        Kind::Enum(values) => {
            let idents: Vec<&str> = values.iter().map(|value| value.ident.as_str()).collect();
            json!({"type": "string", "enum": idents})
        }
        Kind::Union { variants, .. } => {
            // In the form of an externally tagged enum: so the variants have the names that we give.
            let variants = variants.iter().map(|variant| {
                json!({
                    "type": "object",
                    "properties": {variant.ident.as_str(): schema(&variant.shape, defs)},
                    "required": [variant.ident],
                })
            });
            json!({"oneOf": variants.collect::<Vec<_>>()})
        }
        Kind::Alias(shape) => schema(shape, defs),
    };
    let doc = def
        .doc
        .clone()
        .unwrap_or_else(|| format!("`{}`", def.ident));
    if let Some(out) = out.as_object_mut() {
        out.insert("description".to_owned(), json!(doc));
    }
    out
}

fn property(field: &Field, defs: &[Def]) -> Json {
    let schema = schema(&field.shape, defs);
    // An optional list is absent or there, and an empty one is there.
    let mut out = match &field.shape {
        Shape::List { .. } | Shape::Map { .. } if !field.required => {
            json!({"oneOf": [schema, {"type": "null"}]})
        }
        _ => schema,
    };
    if let Some(doc) = &field.doc {
        match &mut out {
            Json::Object(out) => {
                out.insert("description".to_owned(), json!(doc));
            }
            any => *any = json!({"description": doc}),
        }
    }
    out
}

fn schema(shape: &Shape, defs: &[Def]) -> Json {
    match shape {
        Shape::Any | Shape::Null => json!(true),
        Shape::Bool { .. } => json!({"type": "boolean"}),
        Shape::Integer(integer) if integer.width == Width::Loose => {
            json!({"$ref": format!("#/definitions/{LOOSE}")})
        }
        Shape::Integer(integer) => {
            let format = match integer.width {
                Width::I32 => "int32",
                Width::U32 => "uint32",
                Width::I64 | Width::Loose => "int64",
                Width::U64 => "uint64",
            };
            json!({"type": "integer", "format": format})
        }
        Shape::Number(_) => json!({"type": "number"}),
        Shape::Text(text) => match FORMATS
            .iter()
            .find(|(format, _, _)| text.format == Some(*format))
        {
            Some((_, name, _)) => json!({"$ref": format!("#/definitions/{name}")}),
            None => json!({"type": "string"}),
        },
        Shape::List { item, .. } => json!({"type": "array", "items": schema(item, defs)}),
        Shape::Tuple(items) => {
            let items: Vec<Json> = items.iter().map(|item| schema(item, defs)).collect();
            json!({"type": "array", "minItems": items.len(), "maxItems": items.len(), "items": items})
        }
        Shape::Map { value, .. } => {
            json!({"type": "object", "additionalProperties": schema(value, defs)})
        }
        Shape::Nullable(inner) => match schema(inner, defs) {
            // `null` is one of any values.
            Json::Bool(_) => json!(true),
            inner => json!({"oneOf": [inner, {"type": "null"}]}),
        },
        Shape::Named(at) => {
            let name = defs.get(*at).map_or("", |def| def.name.as_str());
            json!({"$ref": format!("#/definitions/{name}")})
        }
    }
}
