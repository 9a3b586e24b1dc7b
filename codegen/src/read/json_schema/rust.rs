//! Definitions to Rust items, through typify: it gets schemas that hold nothing but what it does well, and its tokens are
//! then given the wire names, docs and paths of this crate's other output.
//!
//! typify panics on what it does not know. It runs on a thread of its own with a large stack, its panics are caught, and it
//! has a time limit; none of that should ever be needed, because no keyword of a user's schema reaches it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Once, mpsc};
use std::time::Duration;

use proc_macro2::{Group, Ident, Literal, Spacing, Span, TokenStream, TokenTree};
use schemars08::schema::RootSchema;
use serde_json::{Map, Value as Json, json};
use syn::parse_quote;
use typify::{TypeSpace, TypeSpaceImpl, TypeSpaceSettings};

use super::build::Built;
use super::shape::{By, Def, Field, Format, Kind, Shape, Value, Width};
use super::{checks, required};
use crate::name;

const STACK: usize = 256 << 20;
const TIME_LIMIT: Duration = Duration::from_secs(120);
/// Marks the root type's place for attributes.
const ROOT: &str = "event_root";

/// Names that definitions must leave alone.
pub(super) const RESERVED: &[&str] = &[
    "ConversionError",
    "RuntimeUuid",
    "RuntimeTimestamp",
    "RuntimeDate",
    "RuntimeInt64",
];
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

/// The items as text, parted where attributes of the root type can stand.
#[derive(Debug)]
pub(super) struct Code {
    pub before: String,
    pub after: String,
}

/// The Rust items of definitions.
///
/// # Errors
/// What typify had to say, when it failed all the same.
pub(super) fn code(built: &Built) -> Result<Code, String> {
    let (defs, root, wrapper) = (built.defs.clone(), built.root, built.wrapper.clone());
    guarded(move || {
        let tokens = convert(&defs)?;
        finish(tokens, &defs, root, wrapper.as_deref())
    })
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs what may panic or need much stack.
fn guarded<T: Send + 'static>(
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
        .recv_timeout(TIME_LIMIT)
        .unwrap_or_else(|_| Err(format!("it takes longer than {} s", TIME_LIMIT.as_secs())))
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

fn convert(defs: &[Def]) -> Result<TokenStream, String> {
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
    if let (Some(doc), Some(out)) = (&def.doc, out.as_object_mut()) {
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

/// Wire names, paths, docs and checks.
fn finish(
    tokens: TokenStream,
    defs: &[Def],
    root: usize,
    wrapper: Option<&str>,
) -> Result<Code, String> {
    let mut file: syn::File =
        syn::parse2(boxed_inside(runtime_paths(tokens))).map_err(|error| error.to_string())?;
    let by_name: BTreeMap<&str, &Def> = defs.iter().map(|def| (def.name.as_str(), def)).collect();
    let enums = defs.iter().any(|def| matches!(def.kind, Kind::Enum(_)));
    file.items
        .retain(|item| enums || !matches!(item, syn::Item::Mod(module) if module.ident == "error"));
    for item in &mut file.items {
        polish(item, &by_name)?;
    }
    let checked = checks::checked(defs);
    let choices: Vec<syn::Item> = file
        .items
        .iter_mut()
        .filter_map(|item| choice(item, defs, &by_name, &checked))
        .collect();
    file.items.extend(choices);
    let required = required::module(&mut file.items, defs)?;
    if wrapper.is_none() {
        mark(&mut file.items, defs.get(root));
    }
    for def in defs
        .iter()
        .filter(|def| matches!(def.kind, Kind::Struct { .. }))
    {
        let ident = Ident::new(&def.name, Span::call_site());
        file.items
            .push(parse_quote!(event_runtime::wire_struct!(#ident);));
    }
    for def in defs {
        if let Kind::Union {
            by: By::Tag(tag), ..
        } = &def.kind
        {
            let ident = Ident::new(&def.name, Span::call_site());
            file.items
                .push(parse_quote!(event_runtime::wire_struct!(#ident, tag = #tag);));
        }
    }
    if let (Some(wrapper), Some(inner)) = (wrapper, defs.get(root)) {
        file.items.extend(wrapped(wrapper, inner));
    }
    let checks = checks::text(defs, wrapper.map(|name| (name, root)));
    let checks: syn::File = syn::parse_str(&checks).map_err(|error| error.to_string())?;
    file.items.extend(checks.items);
    file.items.extend(required);
    cut(&prettyplease::unparse(&file))
}

/// Parts the text at the root's marker.
fn cut(text: &str) -> Result<Code, String> {
    let marker = format!("#[{ROOT}]\n");
    let mut places = text.match_indices(&marker).map(|(at, _)| at);
    let at = places
        .find(|at| *at == 0 || text[..*at].ends_with('\n'))
        .ok_or("the root type is missing")?;
    Ok(Code {
        before: text[..at].to_owned(),
        after: text[at + marker.len()..].to_owned(),
    })
}

fn mark(items: &mut [syn::Item], root: Option<&Def>) {
    for item in items {
        let (ident, attributes) = match item {
            syn::Item::Struct(item) => (&item.ident, &mut item.attrs),
            syn::Item::Enum(item) => (&item.ident, &mut item.attrs),
            _ => continue,
        };
        if root.is_some_and(|def| ident == &def.name) {
            let marker = Ident::new(ROOT, Span::call_site());
            attributes.push(parse_quote!(#[#marker]));
        }
    }
}

fn polish(item: &mut syn::Item, defs: &BTreeMap<&str, &Def>) -> Result<(), String> {
    let kind = |ident: &Ident| defs.get(ident.to_string().as_str()).map(|def| &def.kind);
    match item {
        syn::Item::Struct(item) => {
            docs(&mut item.attrs);
            let kind = kind(&item.ident);
            item.attrs.push(wire(kind));
            if let Some(Kind::Struct { fields, extra }) = kind {
                members(item, fields, extra.is_some());
            }
        }
        syn::Item::Enum(item) => {
            docs(&mut item.attrs);
            let kind = kind(&item.ident);
            item.attrs.push(wire(kind));
            for variant in &mut item.variants {
                let text = match kind {
                    Some(Kind::Enum(values)) => {
                        let value = values.iter().find(|value| variant.ident == value.ident);
                        value.map(|value| value.wire.as_str())
                    }
                    Some(Kind::Union { variants, .. }) => {
                        let known = variants.iter().find(|known| variant.ident == known.ident);
                        known.and_then(|known| known.wire.as_deref())
                    }
                    _ => None,
                };
                rename_variant(variant, text);
            }
        }
        syn::Item::Impl(item) => {
            let syn::Type::Path(path) = &*item.self_ty else {
                return Ok(());
            };
            if let Some(Kind::Enum(values)) = path.path.get_ident().and_then(kind) {
                let texts: BTreeMap<&str, &Value> = values
                    .iter()
                    .map(|value| (value.ident.as_str(), value))
                    .collect();
                for inner in &mut item.items {
                    let tokens = wire_texts(quote::quote!(#inner), &texts);
                    *inner = syn::parse2(tokens).map_err(|error| error.to_string())?;
                }
            }
        }
        _ => {}
    }
    Ok(())
}

/// Where serde is, and how a type is told from JSON. A struct reads nothing but an object, which `wire_struct!` sees to.
fn wire(kind: Option<&Kind>) -> syn::Attribute {
    match kind {
        Some(Kind::Struct { .. }) => {
            parse_quote!(#[serde(crate = "event_runtime::serde", remote = "Self", rename_all = "camelCase")])
        }
        Some(Kind::Union {
            by: By::Tag(tag), ..
        }) => {
            parse_quote!(#[serde(crate = "event_runtime::serde", remote = "Self", tag = #tag)])
        }
        Some(Kind::Union { by: By::Kind, .. }) => {
            parse_quote!(#[serde(crate = "event_runtime::serde", untagged)])
        }
        // Of a text only: serde reads `{"a": null}` as the variant `a`, too.
        Some(Kind::Enum(_)) => {
            parse_quote!(#[serde(crate = "event_runtime::serde", try_from = "::std::string::String")])
        }
        _ => parse_quote!(#[serde(crate = "event_runtime::serde")]),
    }
}

/// What reads and writes a union of objects that no tag tells apart, instead of serde's derives.
fn choice(
    item: &mut syn::Item,
    defs: &[Def],
    by_name: &BTreeMap<&str, &Def>,
    checked: &[bool],
) -> Option<syn::Item> {
    let syn::Item::Enum(item) = item else {
        return None;
    };
    let ident = &item.ident;
    let Kind::Union {
        by: By::Fit,
        variants,
    } = &by_name.get(ident.to_string().as_str())?.kind
    else {
        return None;
    };
    item.attrs.retain(|attribute| {
        !attribute.path().is_ident("derive") && !attribute.path().is_ident("serde")
    });
    item.attrs
        .push(parse_quote!(#[derive(Clone, Debug, PartialEq)]));
    let arms = item.variants.iter().filter_map(|variant| {
        let known = variants.iter().find(|known| variant.ident == known.ident)?;
        let Shape::Named(at) = known.shape else {
            return None;
        };
        let required: Vec<&str> = match &defs.get(at)?.kind {
            Kind::Struct { fields, .. } => fields
                .iter()
                .filter(|field| field.required)
                .map(|field| field.wire.as_str())
                .collect(),
            _ => Vec::new(),
        };
        let (ident, ty) = (&variant.ident, &variant.fields.iter().next()?.ty);
        let check = match checked.get(at) {
            Some(true) => quote::quote!(checked),
            _ => quote::quote!(unchecked),
        };
        Some(quote::quote!(#ident(#ty) = #check [#(#required),*]))
    });
    let arms: Vec<TokenStream> = arms.collect();
    Some(parse_quote!(event_runtime::wire_choice!(#ident { #(#arms),* });))
}

/// The struct of an event whose payload is no struct itself.
fn wrapped(outer: &str, inner: &Def) -> Vec<syn::Item> {
    let marker = Ident::new(ROOT, Span::call_site());
    let outer = Ident::new(outer, Span::call_site());
    let name = Ident::new(&inner.name, Span::call_site());
    let mut item: syn::ItemStruct = parse_quote! {
        #[derive(Clone, Debug, PartialEq, event_runtime::serde::Serialize, event_runtime::serde::Deserialize)]
        #[serde(crate = "event_runtime::serde", remote = "Self", rename_all = "camelCase")]
        #[#marker]
        pub struct #outer {
            /// The whole payload.
            #[serde(flatten)]
            pub payload: #name,
        }
    };
    let doc = inner.doc.clone().unwrap_or_else(|| format!("`{outer}`"));
    let mut attributes: Vec<syn::Attribute> = vec![parse_quote!(#[doc = #doc])];
    docs(&mut attributes);
    attributes.append(&mut item.attrs);
    item.attrs = attributes;
    vec![
        syn::Item::Struct(item),
        parse_quote!(event_runtime::wire_struct!(#outer);),
    ]
}

/// `::serde` and the like, seen through the runtime.
fn runtime_paths(tokens: TokenStream) -> TokenStream {
    let mut out: Vec<TokenTree> = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), runtime_paths(group.stream()));
                inner.set_span(group.span());
                out.push(TokenTree::Group(inner));
            }
            TokenTree::Ident(ident) if ident == "serde" || ident == "serde_json" => {
                let colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
                let length = out.len();
                let path = length >= 2 && colon(out.last()) && colon(out.get(length - 2));
                if path {
                    // `::serde` becomes `event_runtime::serde`.
                    out.insert(
                        length - 2,
                        TokenTree::Ident(Ident::new("event_runtime", ident.span())),
                    );
                }
                out.push(TokenTree::Ident(ident));
            }
            other => out.push(other),
        }
    }
    out.into_iter().collect()
}

/// `Box<Option<T>>`, as typify writes some members of types that hold themselves, as `Option<Box<T>>`: so that serde and the
/// checks see that it is an option.
fn boxed_inside(tokens: TokenStream) -> TokenStream {
    const NESTED: &str = "boxed : : Box < : : std : : option : : Option <";
    let mut out: Vec<TokenTree> = Vec::new();
    for token in tokens {
        out.push(match token {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), boxed_inside(group.stream()));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            other => other,
        });
    }
    let names: Vec<&str> = NESTED.split(' ').collect();
    let words = [("boxed", "option"), ("Box", "Option")];
    for at in 0..out.len().saturating_sub(names.len() - 1) {
        let Some(window) = out.get_mut(at..at + names.len()) else {
            break;
        };
        let is = |(token, name): (&TokenTree, &&str)| token.to_string() == **name;
        if !matches!(window.first(), Some(TokenTree::Ident(_)))
            || !window.iter().zip(&names).all(is)
        {
            continue;
        }
        for token in window {
            let TokenTree::Ident(ident) = token else {
                continue;
            };
            for (a, b) in words {
                if *ident == a {
                    *ident = Ident::new(b, ident.span());
                } else if *ident == b {
                    *ident = Ident::new(a, ident.span());
                }
            }
        }
    }
    out.into_iter().collect()
}

/// The texts of an enum instead of the identifiers that typify took for them.
fn wire_texts(tokens: TokenStream, texts: &BTreeMap<&str, &Value>) -> TokenStream {
    let one = |token: TokenTree| match token {
        TokenTree::Group(group) => TokenTree::Group(Group::new(
            group.delimiter(),
            wire_texts(group.stream(), texts),
        )),
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            let value = text
                .strip_prefix('"')
                .and_then(|text| text.strip_suffix('"'))
                .and_then(|text| texts.get(text));
            TokenTree::Literal(value.map_or(literal, |value| Literal::string(&value.wire)))
        }
        TokenTree::Punct(punct) if punct.spacing() == Spacing::Joint => TokenTree::Punct(punct),
        other => other,
    };
    tokens.into_iter().map(one).collect()
}

fn rename_variant(variant: &mut syn::Variant, wire: Option<&str>) {
    variant
        .attrs
        .retain(|attribute| !attribute.path().is_ident("serde"));
    docs(&mut variant.attrs);
    if let Some(wire) = wire.filter(|wire| variant.ident != wire) {
        variant.attrs.push(parse_quote!(#[serde(rename = #wire)]));
    }
}

fn members(item: &mut syn::ItemStruct, fields: &[Field], extra: bool) {
    for member in &mut item.fields {
        member
            .attrs
            .retain(|attribute| !attribute.path().is_ident("serde"));
        docs(&mut member.attrs);
        let Some(ident) = member.ident.as_ref().map(ToString::to_string) else {
            continue;
        };
        let Some(field) = fields.iter().find(|field| field.ident == ident) else {
            if extra {
                member
                    .attrs
                    .push(parse_quote!(#[doc = " What has no field of its own."]));
                member.attrs.push(parse_quote!(#[serde(flatten)]));
            }
            continue;
        };
        let wire = &field.wire;
        // Told in full where the name is not the same in snake and camel case: an event's struct has `rename_all`.
        let renamed = (*wire != ident || name::camel_case(&ident) != *wire)
            .then(|| quote::quote!(rename = #wire));
        let option = matches!(&member.ty, syn::Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"));
        let presence = match (field.required, option) {
            (true, true) => Some(quote::quote!(
                deserialize_with = "event_runtime::serde::Deserialize::deserialize"
            )),
            (true, false) => None,
            // Of any values, `null` is one.
            (false, true) if matches!(field.shape, Shape::Any | Shape::Null) => {
                Some(quote::quote!(
                    default,
                    deserialize_with = "event_runtime::private::present",
                    skip_serializing_if = "::core::option::Option::is_none"
                ))
            }
            (false, _) => Some(quote::quote!(
                default,
                skip_serializing_if = "::core::option::Option::is_none"
            )),
        };
        let parts: Vec<TokenStream> = renamed.into_iter().chain(presence).collect();
        if !parts.is_empty() {
            member.attrs.push(parse_quote!(#[serde(#(#parts),*)]));
        }
    }
}

/// One attribute a line, and nothing that rustdoc would take for a program.
fn docs(attributes: &mut Vec<syn::Attribute>) {
    let mut out = Vec::new();
    for attribute in attributes.drain(..) {
        let text = match &attribute.meta {
            syn::Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
                syn::Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Str(text),
                    ..
                }) => text.value(),
                _ => continue,
            },
            _ => {
                out.push(attribute);
                continue;
            }
        };
        for line in super::doc::lines(&text) {
            let line = if line.is_empty() {
                line
            } else {
                format!(" {line}")
            };
            out.push(parse_quote!(#[doc = #line]));
        }
    }
    *attributes = out;
}
