//! Definitions to Rust items, through typify: it gets schemas that hold nothing but what it does well, and its tokens are
//! then given the wire names, docs and paths of this crate's other output.
//!
//! typify panics on what it does not know. It runs on a thread of its own with a large stack, its panics are caught, and it
//! has a time limit; none of that should ever be needed, because no keyword of a user's schema reaches it.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Once, mpsc};
use std::time::Duration;

use proc_macro2::{Group, Ident, Literal, Span, TokenStream, TokenTree};
use schemars08::schema::RootSchema;
use serde_json::{Map, Value as Json, json};
use syn::parse_quote;
use typify::{TypeSpace, TypeSpaceImpl, TypeSpaceSettings};

use super::boxes::Boxes;
use super::build::{Built, Wrapper};
use super::cycles;
use super::paths::Paths;
use super::shape::{By, Def, Field, Format, Kind, Shape, Value, Width};
use super::{checks, required};
use crate::name;

const STACK: usize = 256 << 20;
/// For each schema.
const TIME_LIMIT: Duration = Duration::from_secs(120);
/// The longest line of a call that is not broken.
const LINE: usize = 100;
/// Marks an event's place for attributes.
const ROOT: &str = "event_root";

/// Names that definitions must leave alone.
pub(super) const RESERVED: &[&str] = &[
    "ConversionError",
    "RuntimeUuid",
    "RuntimeTimestamp",
    "RuntimeDate",
    "RuntimeInt64",
    // What typify writes as they are: of an implementation of `TryFrom`, `FromStr` or `Deref`.
    "Error",
    "Err",
    "Target",
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

/// The items of one type as text, parted where attributes of it can stand.
#[derive(Debug, Default)]
pub(super) struct Code {
    pub before: String,
    pub after: String,
    /// The struct of its required members, for the module of those, and what makes the type of it.
    pub required: String,
    /// The types that it names: definitions by their number, and behind them wrappers.
    pub uses: BTreeSet<usize>,
}

/// The Rust items of all definitions, and behind them those of all wrappers. `modules` has the module of each file.
///
/// # Errors
/// What typify had to say, when it failed all the same.
pub(super) fn code(
    built: &Built,
    modules: &BTreeMap<u32, Vec<String>>,
) -> Result<Vec<Code>, String> {
    let types = Types {
        defs: built.defs.clone(),
        wrappers: built.wrappers.clone(),
        modules: modules.clone(),
        events: built
            .roots
            .iter()
            .filter(|root| root.event && root.wrapper.is_none())
            .map(|root| root.def)
            .collect(),
    };
    let schemas = u32::try_from(built.roots.len()).unwrap_or(u32::MAX);
    let limit = TIME_LIMIT.saturating_mul(schemas.max(1));
    guarded(limit, move || {
        let tokens = convert(&types.defs)?;
        types.finish(tokens)
    })
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs what may panic or need much stack.
fn guarded<T: Send + 'static>(
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

/// What is to be written.
struct Types {
    defs: Vec<Def>,
    wrappers: Vec<Wrapper>,
    modules: BTreeMap<u32, Vec<String>>,
    /// The definitions that are an event's own type.
    events: BTreeSet<usize>,
}

impl Types {
    /// Wire names, paths, docs and checks.
    fn finish(&self, tokens: TokenStream) -> Result<Vec<Code>, String> {
        let file: syn::File =
            syn::parse2(runtime_paths(tokens)).map_err(|error| error.to_string())?;
        let by_name: BTreeMap<&str, &Def> = self
            .defs
            .iter()
            .map(|def| (def.name.as_str(), def))
            .collect();
        let mut paths = Paths::new(&self.modules);
        for (at, def) in self.defs.iter().enumerate() {
            paths.add(&def.name, &def.ident, def.home, at);
        }
        for (at, wrapper) in self.wrappers.iter().enumerate() {
            let at = self.defs.len() + at;
            paths.add(&wrapper.name, &wrapper.ident, wrapper.home, at);
        }
        let checked = checks::checked(&self.defs);
        let is_checked = |at: usize| checked.get(at).copied().unwrap_or(false);
        let boxes = Boxes(cycles::boxed(&self.defs));
        let mut out = Vec::new();
        for (at, mut items) in self.parted(file.items, &mut paths).into_iter().enumerate() {
            let Some(def) = self.defs.get(at) else { break };
            if matches!(def.kind, Kind::Enum(_)) {
                items.retain(|item| matches!(item, syn::Item::Enum(_)));
            }
            boxes.apply(&def.name, &mut items);
            for item in &mut items {
                polish(item, &by_name, self.events.contains(&at))?;
            }
            let is_choice = matches!(def.kind, Kind::Union { by: By::Fit, .. });
            let choice = if is_choice {
                without_derives(&mut items, def);
                self.choice(&items, def, &checked, &paths)
            } else {
                String::new()
            };
            let required = required::companion(&mut items, def, &paths)?;
            if self.events.contains(&at) {
                mark(&mut items, def);
            }
            let checks = checks::text(def, is_checked(at), &checked);
            let mut code = paths.code(items, &checks, def.home)?;
            code.after.push_str(&wire_calls(def));
            code.after.push_str(&choice);
            code.required = required;
            out.push(code);
        }
        for wrapper in &self.wrappers {
            let Some(inner) = self.defs.get(wrapper.inner) else {
                break;
            };
            let items = vec![wrapped(&wrapper.name, &wrapper.ident, inner)];
            let checks = checks::around(&wrapper.name, is_checked(wrapper.inner));
            let mut code = paths.code(items, &checks, wrapper.home)?;
            let call = format!("event_runtime::wire_struct!({});\n", wrapper.ident);
            code.after.push_str(&call);
            out.push(code);
        }
        Ok(out)
    }

    /// What reads and writes a union of objects that no tag tells apart, instead of serde's derives.
    fn choice(
        &self,
        items: &[syn::Item],
        def: &Def,
        checked: &[bool],
        paths: &Paths<'_>,
    ) -> String {
        let Kind::Union { variants, .. } = &def.kind else {
            return String::new();
        };
        let own = items.iter().find_map(|item| match item {
            syn::Item::Enum(item) if item.ident == def.name => Some(item),
            _ => None,
        });
        let Some(own) = own else {
            return String::new();
        };
        let mut text = format!("event_runtime::wire_choice!({} {{\n", def.ident);
        for variant in &own.variants {
            let known = variants.iter().find(|known| variant.ident == known.ident);
            let Some(Shape::Named(at)) = known.map(|known| &known.shape) else {
                continue;
            };
            let required: Vec<String> = match self.defs.get(*at).map(|def| &def.kind) {
                Some(Kind::Struct { fields, .. }) => fields
                    .iter()
                    .filter(|field| field.required)
                    .map(|field| Literal::string(&field.wire).to_string())
                    .collect(),
                _ => Vec::new(),
            };
            let Some(field) = variant.fields.iter().next() else {
                continue;
            };
            let ty = paths.ty(&field.ty, def.home);
            let check = match checked.get(*at) {
                Some(true) => "checked",
                _ => "unchecked",
            };
            let (ident, required) = (&variant.ident, required.join(", "));
            text.push_str(&format!("    {ident}({ty}) = {check} [{required}],\n"));
        }
        text.push_str("});\n");
        text
    }

    /// The items of each definition: typify writes a type, and behind it what belongs to it.
    fn parted(&self, items: Vec<syn::Item>, paths: &mut Paths<'_>) -> Vec<Vec<syn::Item>> {
        let mut parts: Vec<Vec<syn::Item>> = self.defs.iter().map(|_| Vec::new()).collect();
        let mut at = 0;
        for item in items {
            let ident = match &item {
                syn::Item::Struct(item) => Some(item.ident.to_string()),
                syn::Item::Enum(item) => Some(item.ident.to_string()),
                // The error of what is read from a text, which the runtime has.
                syn::Item::Mod(_) => continue,
                _ => None,
            };
            if let Some(ident) = ident {
                match paths.find(&ident) {
                    Some(of) => at = of,
                    // What typify should make up of its own goes with what it stands behind.
                    None => {
                        let home = self.defs.get(at).map_or(0, |def| def.home);
                        paths.add(&ident, &ident, home, at);
                    }
                }
            }
            if let Some(part) = parts.get_mut(at) {
                part.push(item);
            }
        }
        parts
    }
}

/// The calls of the runtime's macros that stand behind a type.
fn wire_calls(def: &Def) -> String {
    let ident = &def.ident;
    match &def.kind {
        Kind::Struct { .. } => format!("event_runtime::wire_struct!({ident});\n"),
        Kind::Enum(values) => {
            let arm = |value: &Value| format!("{} = {}", value.ident, Literal::string(&value.wire));
            let arms: Vec<String> = values.iter().map(arm).collect();
            let open = format!("event_runtime::wire_enum!({ident}, closed {{");
            let line = format!("{open} {} }});\n", arms.join(", "));
            if line.len() <= LINE {
                return line;
            }
            format!("{open}\n    {},\n}});\n", arms.join(",\n    "))
        }
        Kind::Union {
            by: By::Tag(tag), ..
        } => {
            let tag = Literal::string(tag);
            format!("event_runtime::wire_struct!({ident}, tag = {tag});\n")
        }
        Kind::Union { .. } | Kind::Alias(_) => String::new(),
    }
}

/// Parts the text at the marker of an event's own type.
pub(super) fn cut(text: String, uses: BTreeSet<usize>) -> Code {
    let marker = format!("#[{ROOT}]\n");
    let mut places = text.match_indices(&marker).map(|(at, _)| at);
    let at = places.find(|at| *at == 0 || text[..*at].ends_with('\n'));
    let (before, after) = match at {
        Some(at) => (text[..at].to_owned(), text[at + marker.len()..].to_owned()),
        None => (text, String::new()),
    };
    Code {
        before,
        after,
        required: String::new(),
        uses,
    }
}

fn mark(items: &mut [syn::Item], def: &Def) {
    for item in items {
        if let syn::Item::Struct(item) = item
            && item.ident == def.name
        {
            let marker = Ident::new(ROOT, Span::call_site());
            item.attrs.push(parse_quote!(#[#marker]));
        }
    }
}

fn polish(item: &mut syn::Item, defs: &BTreeMap<&str, &Def>, event: bool) -> Result<(), String> {
    let kind = |ident: &Ident| defs.get(ident.to_string().as_str()).map(|def| &def.kind);
    match item {
        syn::Item::Struct(item) => {
            docs(&mut item.attrs);
            derives(&mut item.attrs);
            let kind = kind(&item.ident);
            let camel = match kind {
                Some(Kind::Struct { fields, .. }) => event || mostly_camel(fields),
                _ => false,
            };
            item.attrs.push(wire(kind, camel));
            if let Some(Kind::Struct { fields, extra }) = kind {
                members(item, fields, extra.is_some(), camel);
            }
        }
        syn::Item::Enum(item) => {
            docs(&mut item.attrs);
            derives(&mut item.attrs);
            let kind = kind(&item.ident);
            if let Some(Kind::Enum(_)) = kind {
                item.attrs.retain(|attribute| !is_serde_derive(attribute));
                for variant in &mut item.variants {
                    variant.attrs.clear();
                }
                return Ok(());
            }
            item.attrs.push(wire(kind, false));
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
        _ => {}
    }
    Ok(())
}

/// Serde's derives in a line of their own: their paths are long.
fn derives(attributes: &mut Vec<syn::Attribute>) {
    let mut kept = Vec::new();
    for attribute in attributes.drain(..) {
        let (mut serde, mut plain): (Vec<syn::Path>, Vec<syn::Path>) = (Vec::new(), Vec::new());
        if attribute.path().is_ident("derive") {
            let read = attribute.parse_nested_meta(|meta| {
                let list = if meta.path.segments.len() > 1 {
                    &mut serde
                } else {
                    &mut plain
                };
                list.push(meta.path);
                Ok(())
            });
            if read.is_ok() {
                for list in [plain, serde].iter().filter(|list| !list.is_empty()) {
                    kept.push(parse_quote!(#[derive(#(#list),*)]));
                }
                continue;
            }
        }
        kept.push(attribute);
    }
    *attributes = kept;
}

fn is_serde_derive(attribute: &syn::Attribute) -> bool {
    let mut serde = false;
    if attribute.path().is_ident("derive") {
        let _ = attribute.parse_nested_meta(|meta| {
            serde |= meta.path.segments.len() > 1;
            Ok(())
        });
    }
    serde
}

/// Whether most names of more than one word are in camel case on the wire.
fn mostly_camel(fields: &[Field]) -> bool {
    let words = fields.iter().filter(|field| field.ident.contains('_'));
    let (mut camel, mut snake) = (0, 0);
    for field in words {
        camel += usize::from(name::camel_case(&field.ident) == field.wire);
        snake += usize::from(field.ident == field.wire);
    }
    camel > snake
}

/// Where serde is, and how a type is told from JSON. A struct reads nothing but an object, which `wire_struct!` sees to.
fn wire(kind: Option<&Kind>, camel: bool) -> syn::Attribute {
    match kind {
        Some(Kind::Struct { .. }) if camel => {
            parse_quote!(#[serde(crate = "event_runtime::serde", remote = "Self", rename_all = "camelCase")])
        }
        Some(Kind::Struct { .. }) => {
            parse_quote!(#[serde(crate = "event_runtime::serde", remote = "Self")])
        }
        Some(Kind::Union {
            by: By::Tag(tag), ..
        }) => {
            parse_quote!(#[serde(crate = "event_runtime::serde", remote = "Self", tag = #tag)])
        }
        Some(Kind::Union { by: By::Kind, .. }) => {
            parse_quote!(#[serde(crate = "event_runtime::serde", untagged)])
        }
        _ => parse_quote!(#[serde(crate = "event_runtime::serde")]),
    }
}

/// Takes serde's derives from a union of objects that no tag tells apart: `wire_choice!` reads and writes it.
fn without_derives(items: &mut [syn::Item], def: &Def) {
    for item in items {
        if let syn::Item::Enum(item) = item
            && item.ident == def.name
        {
            let serde = |attribute: &syn::Attribute| {
                attribute.path().is_ident("derive") || attribute.path().is_ident("serde")
            };
            item.attrs.retain(|attribute| !serde(attribute));
            item.attrs
                .push(parse_quote!(#[derive(Clone, Debug, PartialEq)]));
        }
    }
}

/// The struct of an event whose payload is no struct itself.
fn wrapped(name: &str, ident: &str, inner: &Def) -> syn::Item {
    let marker = Ident::new(ROOT, Span::call_site());
    let outer = Ident::new(name, Span::call_site());
    let payload = Ident::new(&inner.name, Span::call_site());
    let mut item: syn::ItemStruct = parse_quote! {
        #[derive(Clone, Debug, PartialEq)]
        #[derive(event_runtime::serde::Serialize, event_runtime::serde::Deserialize)]
        #[serde(crate = "event_runtime::serde", remote = "Self", rename_all = "camelCase")]
        #[#marker]
        pub struct #outer {
            /// The whole payload.
            #[serde(flatten)]
            pub payload: #payload,
        }
    };
    let doc = inner.doc.clone().unwrap_or_else(|| format!("`{ident}`"));
    let mut attributes: Vec<syn::Attribute> = vec![parse_quote!(#[doc = #doc])];
    docs(&mut attributes);
    attributes.append(&mut item.attrs);
    item.attrs = attributes;
    syn::Item::Struct(item)
}

/// Whether tokens end with `self::error::`.
fn behind_self(tokens: &[TokenTree]) -> bool {
    let path = tokens.len().checked_sub(6).and_then(|at| tokens.get(at));
    matches!(path, Some(TokenTree::Ident(ident)) if ident == "self")
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
            // `self::error::ConversionError`, of which the runtime has one for all.
            TokenTree::Ident(ident) if ident == "ConversionError" && behind_self(&out) => {
                out.truncate(out.len() - 6);
                out.extend(quote::quote!(event_runtime::ParseTextError));
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

fn rename_variant(variant: &mut syn::Variant, wire: Option<&str>) {
    variant
        .attrs
        .retain(|attribute| !attribute.path().is_ident("serde"));
    docs(&mut variant.attrs);
    if let Some(wire) = wire.filter(|wire| variant.ident != wire) {
        variant.attrs.push(parse_quote!(#[serde(rename = #wire)]));
    }
}

fn members(item: &mut syn::ItemStruct, fields: &[Field], extra: bool, camel: bool) {
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
        // Told in full where the name is not the same in snake and camel case, below `rename_all`.
        let renamed = (*wire != ident || (camel && name::camel_case(&ident) != *wire))
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
