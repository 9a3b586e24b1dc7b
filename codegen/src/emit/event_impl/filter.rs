//! The filter of an event whose subject has placeholders.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;

use super::{Emit, distinct};
use crate::name;

impl Emit<'_> {
    /// Returns the name of the filter; `None` for a constant subject.
    pub(super) fn filter_ident(&self) -> Option<Ident> {
        self.event.subject.placeholders().next()?;
        let ident = name::filter_ident(&self.input.ident.unraw().to_string());
        Some(format_ident!("{ident}", span = self.input.ident.span()))
    }

    /// Writes the struct that narrows a subscription to values of the subject's fields; nothing for a constant subject.
    pub(super) fn filter(&self) -> TokenStream {
        let Some(filter) = self.filter_ident() else {
            return TokenStream::new();
        };
        let (ident, vis, runtime) = (&self.input.ident, &self.input.vis, self.runtime);
        let key = if self.event.subject.has_partition() {
            self.key()
        } else {
            None
        };
        let set = distinct(self.placeholders().chain(key));
        let fields = set.iter().map(|field| {
            let (ident, ty) = (field.ident, &field.field.ty);
            quote!(#ident: ::core::option::Option<#ty>)
        });
        let setters = set.iter().map(|field| {
            let (ident, ty, vis) = (field.ident, &field.field.ty, &field.field.vis);
            let doc = format!("Selects events with this `{}`.", ident.unraw());
            quote! {
                #[doc = #doc]
                #[must_use]
                #vis fn #ident(mut self, value: impl ::core::convert::Into<#ty>) -> Self {
                    self.#ident = ::core::option::Option::Some(value.into());
                    self
                }
            }
        });
        let event = ident;
        let tokens = self.tokens(
            |name, field| {
                let (ident, function) = (field.ident, field.function());
                quote!(.token_or_any(#name, self.#ident.as_ref().map(#event::#function)))
            },
            |key, partitions| {
                let (ident, function) = (key.ident, key.function());
                quote!(.partition_or_any(self.#ident.as_ref().map(#event::#function), #partitions))
            },
        );
        let doc = format!(
            "Selection of [`{0}`]s for a subscription; see [`{0}::filter`].",
            ident.unraw()
        );
        quote! {
            #[doc = #doc]
            #[allow(dead_code, deprecated, non_snake_case)]
            #[derive(::core::default::Default)]
            #[must_use]
            #vis struct #filter {
                #(#fields,)*
            }

            #[allow(dead_code, deprecated, non_snake_case)]
            impl #filter {
                #(#setters)*

                /// Returns the filter of the subscription: `*` for each field that is not set.
                ///
                /// # Errors
                /// Returns an error if a value cannot be a token of a subject.
                pub fn pattern(&self) -> ::core::result::Result<#runtime::Filter<#ident>, #runtime::SubjectError> {
                    #runtime::SubjectWriter::new() #tokens .finish_filter::<#ident>()
                }
            }
        }
    }
}
