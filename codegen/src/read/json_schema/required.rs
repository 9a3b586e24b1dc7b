//! How imported structs are made without naming every member: what the emitter's `mod required` is for a contract's own.

use std::collections::BTreeSet;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::parse_quote;

use super::shape::{Def, Field, Kind};

/// Derives `Default` for structs without a required member, and gives the module with the required members of all others.
///
/// # Errors
/// Tokens that are no Rust, which do not come up.
pub(super) fn module(items: &mut [syn::Item], defs: &[Def]) -> Result<Option<syn::Item>, String> {
    let names: BTreeSet<&str> = defs.iter().map(|def| def.name.as_str()).collect();
    let mut inner = TokenStream::new();
    for item in items {
        let syn::Item::Struct(item) = item else {
            continue;
        };
        let def = defs.iter().find(|def| item.ident == def.name);
        let Some(Kind::Struct { fields, .. }) = def.map(|def| &def.kind) else {
            continue;
        };
        if fields.iter().any(|field| field.required) {
            inner.extend(companion(item, fields, &names));
        } else {
            item.attrs.push(parse_quote!(#[derive(Default)]));
        }
    }
    if inner.is_empty() {
        return Ok(None);
    }
    let module = quote! {
        /// The required members of these structs, to make them from.
        pub mod required {
            use super::event_runtime;
            #inner
        }
    };
    let module = syn::parse2(module).map_err(|error| error.to_string())?;
    Ok(Some(module))
}

fn companion(item: &syn::ItemStruct, fields: &[Field], names: &BTreeSet<&str>) -> TokenStream {
    let name = &item.ident;
    let mut members = TokenStream::new();
    let mut values = TokenStream::new();
    for member in &item.fields {
        let Some(ident) = &member.ident else {
            continue;
        };
        if fields.iter().any(|f| f.required && ident == &f.ident) {
            let docs = member.attrs.iter().filter(|a| a.path().is_ident("doc"));
            let ty = &member.ty;
            let ty = one_up(quote!(#ty), names);
            members.extend(quote!(#(#docs)* pub #ident: #ty,));
            values.extend(quote!(#ident: required.#ident,));
        } else {
            values.extend(quote!(#ident: ::core::default::Default::default(),));
        }
    }
    let doc = format!(" The required members of [`{name}`](super::{name}).");
    quote! {
        #[doc = #doc]
        pub struct #name { #members }
        impl ::core::convert::From<#name> for super::#name {
            fn from(required: #name) -> Self {
                Self { #values }
            }
        }
    }
}

/// A type as the module inside sees it.
fn one_up(tokens: TokenStream, names: &BTreeSet<&str>) -> TokenStream {
    let mut out = TokenStream::new();
    let mut in_path = false;
    for token in tokens {
        let after_colon = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ':');
        match token {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), one_up(group.stream(), names));
                inner.set_span(group.span());
                out.extend([TokenTree::Group(inner)]);
            }
            TokenTree::Ident(ident) if !in_path && names.contains(ident.to_string().as_str()) => {
                let up = Ident::new("super", Span::call_site());
                out.extend(quote_spanned!(ident.span()=> #up::#ident));
            }
            other => out.extend([other]),
        }
        in_path = after_colon;
    }
    out
}
