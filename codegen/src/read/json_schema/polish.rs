//! What typify wrote, as the rest of this crate's output is: wire names, docs, derives and paths through the runtime.

use std::collections::BTreeMap;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use syn::parse_quote;

use super::rust::ROOT;
use super::shape::{By, Def, Field, Kind, Shape};
use crate::name;

pub(super) fn polish(
    item: &mut syn::Item,
    defs: &BTreeMap<&str, &Def>,
    event: bool,
) -> Result<(), String> {
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
pub(super) fn without_derives(items: &mut [syn::Item], def: &Def) {
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
pub(super) fn wrapped(name: &str, ident: &str, inner: &Def) -> syn::Item {
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
pub(super) fn runtime_paths(tokens: TokenStream) -> TokenStream {
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
