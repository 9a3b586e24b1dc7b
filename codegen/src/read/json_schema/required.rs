//! How imported structs are made without naming every member: what the emitter's `mod required` is for a contract's own.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::parse_quote;

use super::paths::Paths;
use super::shape::{Def, Kind};

/// Derives `Default` for a struct without a required member; of any other, gives the struct of its required members and what
/// makes the whole of it, for the module `required` inside its own.
///
/// # Errors
/// Tokens that are no Rust, which do not come up.
pub(super) fn companion(
    items: &mut [syn::Item],
    def: &Def,
    paths: &Paths<'_>,
) -> Result<String, String> {
    let Kind::Struct { fields, .. } = &def.kind else {
        return Ok(String::new());
    };
    let own = items.iter_mut().find_map(|item| match item {
        syn::Item::Struct(item) if item.ident == def.name => Some(item),
        _ => None,
    });
    let Some(item) = own else {
        return Ok(String::new());
    };
    if !fields.iter().any(|field| field.required) {
        item.attrs.push(parse_quote!(#[derive(Default)]));
        return Ok(String::new());
    }
    let mut members = TokenStream::new();
    let mut values = TokenStream::new();
    for member in &item.fields {
        let Some(ident) = &member.ident else {
            continue;
        };
        if fields.iter().any(|f| f.required && ident == &f.ident) {
            let docs = member.attrs.iter().filter(|a| a.path().is_ident("doc"));
            let ty = paths.inside(&member.ty, def.home);
            members.extend(quote!(#(#docs)* pub #ident: #ty,));
            values.extend(quote!(#ident: required.#ident,));
        } else {
            values.extend(quote!(#ident: ::core::default::Default::default(),));
        }
    }
    let name = Ident::new(&def.ident, Span::call_site());
    let doc = format!(" The required members of [`{name}`](super::{name}).");
    let items = quote! {
        #[doc = #doc]
        pub struct #name { #members }
        impl ::core::convert::From<#name> for super::#name {
            fn from(required: #name) -> Self {
                Self { #values }
            }
        }
    };
    let file: syn::File = syn::parse2(items).map_err(|error| error.to_string())?;
    Ok(prettyplease::unparse(&file))
}
