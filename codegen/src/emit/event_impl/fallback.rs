//! The impls of a struct that has mistakes. They never run, and keep every use of the struct from being reported as well.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::DeriveInput;
use syn::ext::IdentExt;

use super::FORMAT;
use crate::name;
use crate::read::rust::Derived;

/// Expands the derive for a struct with mistakes.
#[must_use]
pub fn fallback(input: &DeriveInput, derived: &Derived<'_>) -> TokenStream {
    let (ident, runtime) = (&input.ident, &derived.runtime);
    let (generics, arguments, _) = input.generics.split_for_impl();
    let bounds = if input.generics.params.is_empty() {
        TokenStream::new()
    } else {
        quote! {
            where Self: #runtime::serde::Serialize + #runtime::serde::de::DeserializeOwned
                + ::core::marker::Send + ::core::marker::Sync + 'static
        }
    };
    let functions = functions(input, derived);
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #generics #runtime::__format1::Derived for #ident #arguments #bounds {}
        #[automatically_derived]
        #[allow(deprecated)]
        impl #generics #runtime::Event for #ident #arguments #bounds {
            const NAME: &'static str = "";
            const SUBJECT: &'static str = "";
            const STREAM: ::core::option::Option<&'static str> = ::core::option::Option::None;
            const PARTITIONS: ::core::option::Option<u32> = ::core::option::Option::None;
            fn subject(&self) -> ::core::result::Result<#runtime::Subject, #runtime::SubjectError> {
                ::core::unreachable!()
            }
            fn validate(&self) -> ::core::result::Result<(), #runtime::Violations> {
                ::core::unreachable!()
            }
        }
        #[automatically_derived]
        #[allow(deprecated)]
        impl #generics #runtime::Stored for #ident #arguments #bounds {
            fn message_id(&self) -> ::core::result::Result<#runtime::MessageId, #runtime::SubjectError> {
                ::core::unreachable!()
            }
        }
        #[automatically_derived]
        #[allow(deprecated)]
        impl #generics #runtime::Ephemeral for #ident #arguments #bounds {}
        #functions
    }
}

/// Writes the functions of stored and ephemeral events, and a filter with every field. A generic struct has none of them: each use of it
/// is wrong anyway.
fn functions(input: &DeriveInput, derived: &Derived<'_>) -> TokenStream {
    if !input.generics.params.is_empty() {
        return TokenStream::new();
    }
    let (ident, vis, runtime) = (&input.ident, &input.vis, &derived.runtime);
    let format = proc_macro2::Literal::u32_unsuffixed(FORMAT);
    let filter = name::filter_ident(&ident.unraw().to_string());
    let filter = format_ident!("{filter}", span = ident.span());
    let setters = derived.fields.iter().filter_map(|field| {
        let (name, ty) = (field.ident.as_ref()?, &field.ty);
        let own = ["pattern", "subscribe"].contains(&name.to_string().as_str());
        (!own).then(|| {
            quote! {
                pub fn #name(self, _: impl ::core::convert::Into<#ty>) -> Self {
                    self
                }
            }
        })
    });
    quote! {
        #[allow(dead_code, deprecated, missing_docs, clippy::all)]
        impl #ident {
            pub fn filter() -> #filter {
                #filter
            }
        }

        #[allow(dead_code, deprecated, missing_docs, private_interfaces)]
        #vis struct #filter;

        #[allow(dead_code, deprecated, missing_docs, private_interfaces, private_bounds, clippy::all)]
        impl #filter {
            #(#setters)*
            pub fn pattern(&self) -> ::core::result::Result<#runtime::Filter<#ident>, #runtime::SubjectError> {
                ::core::unreachable!()
            }
        }

        #runtime::__event_functions! { #format refused #ident [] #filter }
    }
}
