//! The functions that publish an event; or, where the contract lets no service of this code do so, functions that nobody can
//! call and whose error says what to change in the contract.

use proc_macro2::TokenStream;
use quote::quote;

use super::Emit;

impl Emit<'_> {
    /// The functions of an event that may be published; nothing for another one.
    pub(super) fn publish(&self) -> TokenStream {
        let runtime = self.runtime;
        if !self.derived.publish || self.derived.not_published_by.is_some() {
            return TokenStream::new();
        }
        let deprecated = self.event.deprecated.as_ref().map(|note| {
            let note = &note.value;
            quote!(#[deprecated(note = #note)])
        });
        if self.stream.is_none() {
            return quote! {
                /// Sends this event to whoever listens now.
                ///
                /// # Errors
                /// When it cannot be sent.
                #deprecated
                pub fn emit<'a>(
                    &'a self,
                    bus: &'a #runtime::Bus,
                ) -> impl ::core::future::Future<Output = ::core::result::Result<(), #runtime::Error>> + use<'a> {
                    bus.emit(self)
                }
            };
        }
        quote! {
            /// Publishes this event; it is stored when this returns.
            ///
            /// # Errors
            /// When it cannot be published or was not stored; publishing it again is safe if it has an id.
            #deprecated
            pub fn publish<'a>(
                &'a self,
                bus: &'a #runtime::Bus,
            ) -> impl ::core::future::Future<Output = ::core::result::Result<#runtime::Receipt, #runtime::Error>> + use<'a> {
                bus.publish(self)
            }

            /// Publishes this event without waiting until it is stored: await the [`Pending`](#runtime::Pending) for that.
            ///
            /// # Errors
            /// When it cannot be published.
            #deprecated
            pub fn enqueue<'a>(
                &'a self,
                bus: &'a #runtime::Bus,
            ) -> impl ::core::future::Future<Output = ::core::result::Result<#runtime::Pending, #runtime::Error>> + use<'a> {
                bus.enqueue(self)
            }
        }
    }

    /// The functions of an event that the contract lets none of these services publish. Their bound is on a trait that nothing
    /// implements, with a lifetime of the call: so it is looked at where somebody calls them, and not here.
    pub(super) fn refused(&self) -> TokenStream {
        let (ident, runtime) = (&self.input.ident, self.runtime);
        let Some(services) = &self.derived.not_published_by else {
            return TokenStream::new();
        };
        let event = &self.event.name.value;
        let message = format!("the contract does not let `{services}` publish `{event}`");
        let label = format!("not in `publishes` of `{services}`");
        let note = format!("add \"{event}\" to `publishes` of the service in its contract");
        // A brace would be taken for a parameter; no name has one.
        let functions: &[(&str, TokenStream)] = match self.stream {
            Some(_) => &[
                ("publish", quote!(#runtime::Receipt)),
                ("enqueue", quote!(#runtime::Pending)),
            ],
            None => &[("emit", quote!(()))],
        };
        let functions = functions.iter().map(|(function, output)| {
            let function = quote::format_ident!("{function}");
            quote! {
                #[doc(hidden)]
                pub fn #function<'a>(
                    &'a self,
                    _: &'a #runtime::Bus,
                ) -> ::core::future::Ready<::core::result::Result<#output, #runtime::Error>>
                where
                    Self: __Published<'a>,
                {
                    __Published::never(self)
                }
            }
        });
        quote! {
            const _: () = {
                #[doc(hidden)]
                #[diagnostic::on_unimplemented(message = #message, label = #label, note = #note)]
                pub trait __Published<'a> {
                    fn never<T>(&'a self) -> ::core::future::Ready<::core::result::Result<T, #runtime::Error>>;
                }
                #[allow(dead_code, private_bounds, missing_docs)]
                impl #ident {
                    #(#functions)*
                }
            };
        }
    }
}
