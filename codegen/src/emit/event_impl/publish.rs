//! The functions that need a connection: one call of a macro of the crate that the derive names. event-runtime expands it to them, and
//! event-wire, which has no connection, to nothing.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Emit, FORMAT};

impl Emit<'_> {
    /// Writes the call: functions that publish the event, if the contract lets this code do so, and that subscribe to it.
    pub(super) fn connected(&self) -> TokenStream {
        let (ident, runtime) = (&self.input.ident, self.runtime);
        let filter = self.filter_ident();
        let (kind, about) = match &self.derived.not_published_by {
            Some(services) => self.elsewhere(services),
            None if !self.derived.publish => (quote!(subscribed), TokenStream::new()),
            None => self.published(),
        };
        let format = proc_macro2::Literal::u32_unsuffixed(FORMAT);
        quote!(#runtime::__event_functions! { #format #kind #ident [#about] #filter })
    }

    fn published(&self) -> (TokenStream, TokenStream) {
        let deprecated = self.event.deprecated.as_ref().map(|note| {
            let note = &note.value;
            quote!(#[deprecated(note = #note)])
        });
        let kind = match self.stream {
            Some(_) => quote!(stored),
            None => quote!(ephemeral),
        };
        (kind, quote!(#deprecated))
    }

    /// Returns the arguments of functions that nobody can call, and whose error names the change in the contract.
    fn elsewhere(&self, services: &str) -> (TokenStream, TokenStream) {
        let event = &self.event.name.value;
        // A brace would be taken for a parameter; no name has one.
        let message = format!("the contract does not let `{services}` publish `{event}`");
        let label = format!("not in `publishes` of `{services}`");
        let note = format!("add \"{event}\" to `publishes` of the service in its contract");
        let kind = match self.stream {
            Some(_) => quote!(stored_elsewhere),
            None => quote!(ephemeral_elsewhere),
        };
        (kind, quote!(#message #label #note))
    }
}
