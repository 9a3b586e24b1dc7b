//! The impls of `#[derive(Event)]`: subject, message id, and the macro that adds the functions that publish and subscribe.
//!
//! They are tokens, because a derive's errors must point at the tokens of the struct. [`crate::read::rust`] and the rules have decided
//! everything before.

mod fallback;
mod filter;
mod publish;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::DeriveInput;
use syn::ext::IdentExt;
use syn::spanned::Spanned as _;

use super::FORMAT;
use crate::check::Checked;
use crate::model::{Envelope, Event, EventId, Stream};
use crate::read::rust::Derived;
use crate::subject::Segment;

pub use fallback::fallback;

/// Expands the derive for a struct that passed the rules.
#[must_use]
pub fn expand(input: &DeriveInput, derived: &Derived<'_>, checked: &Checked) -> TokenStream {
    let event = &checked[EventId(0)];
    let emit = Emit {
        input,
        derived,
        event,
        stream: checked.stream_of(event),
        runtime: &derived.runtime,
    };
    let traits = emit.traits();
    let functions = emit.functions();
    let connected = emit.connected();
    let filter = emit.filter();
    quote! { #traits #functions #filter #connected }
}

struct Emit<'a> {
    input: &'a DeriveInput,
    derived: &'a Derived<'a>,
    event: &'a Event,
    stream: Option<&'a Stream>,
    runtime: &'a syn::Path,
}

impl Emit<'_> {
    /// Writes `Event`, and `Stored` or `Ephemeral`.
    fn traits(&self) -> TokenStream {
        let (ident, runtime) = (&self.input.ident, self.runtime);
        let (name, template) = (&self.event.name.value, &self.event.subject.text);
        let stream = option(self.stream.map(|stream| {
            let name = &stream.name.value;
            quote!(#name)
        }));
        let partitions = option(self.partitions().map(|n| quote!(#n)));
        let subject = self.subject();
        let validate = if self.derived.validate {
            quote!(#runtime::Checker::run(self))
        } else {
            quote!(::core::result::Result::Ok(()))
        };
        let envelope = match self.event.envelope {
            Envelope::Plain => TokenStream::new(),
            Envelope::CloudEvents => {
                quote!(const ENVELOPE: #runtime::Envelope = #runtime::Envelope::CloudEvents;)
            }
        };
        let delivery = self.delivery();
        quote! {
            #[automatically_derived]
            #[allow(deprecated)]
            impl #runtime::__format1::Derived for #ident {}
            #[automatically_derived]
            #[allow(deprecated)]
            impl #runtime::Event for #ident {
                const NAME: &'static str = #name;
                const SUBJECT: &'static str = #template;
                const STREAM: ::core::option::Option<&'static str> = #stream;
                const PARTITIONS: ::core::option::Option<u32> = #partitions;
                #envelope
                fn subject(&self) -> ::core::result::Result<#runtime::Subject, #runtime::SubjectError> {
                    #subject
                }
                fn validate(&self) -> ::core::result::Result<(), #runtime::Violations> {
                    #validate
                }
            }
            #delivery
        }
    }

    fn delivery(&self) -> TokenStream {
        let (ident, runtime) = (&self.input.ident, self.runtime);
        if self.stream.is_none() {
            return quote! {
                #[automatically_derived]
                #[allow(deprecated)]
                impl #runtime::Ephemeral for #ident {}
            };
        }
        let name = quote!(<Self as #runtime::Event>::NAME);
        let id = match self.referred(self.event.id.as_ref().and_then(|id| id.value)) {
            Some(field) => {
                let value = field.value();
                quote!(#runtime::MessageId::new(#name, #value))
            }
            None => quote!(::core::result::Result::Ok(#runtime::MessageId::random(#name))),
        };
        quote! {
            #[automatically_derived]
            #[allow(deprecated)]
            impl #runtime::Stored for #ident {
                fn message_id(&self) -> ::core::result::Result<#runtime::MessageId, #runtime::SubjectError> {
                    #id
                }
            }
        }
    }

    /// Writes the expression of one event's subject.
    fn subject(&self) -> TokenStream {
        let runtime = self.runtime;
        if self.event.subject.placeholders().next().is_none() {
            let text = &self.event.subject.text;
            return quote!(::core::result::Result::Ok(#runtime::Subject::from_static(#text)));
        }
        let tokens = self.tokens(
            |name, field| {
                let value = field.value();
                quote!(.token(#name, #value))
            },
            |key, partitions| {
                let value = key.value();
                quote!(.partition(#value, #partitions))
            },
        );
        quote!(#runtime::SubjectWriter::new() #tokens .finish())
    }

    /// Writes the calls that build a subject; neighbouring literals are one call.
    fn tokens(
        &self,
        token: impl Fn(&str, &Referred<'_>) -> TokenStream,
        partition: impl Fn(&Referred<'_>, u32) -> TokenStream,
    ) -> TokenStream {
        let mut calls = TokenStream::new();
        let mut literal = String::new();
        for segment in &self.event.subject.segments {
            if let Segment::Literal(text) = segment {
                if !literal.is_empty() {
                    literal.push('.');
                }
                literal.push_str(text);
                continue;
            }
            if !literal.is_empty() {
                calls.extend(quote!(.literal(#literal)));
                literal.clear();
            }
            let name = segment.placeholder().unwrap_or_default();
            if let Some(field) = self.placeholder(name) {
                calls.extend(token(name, &field));
            } else if let (Some(key), Some(partitions)) = (self.key(), self.partitions()) {
                calls.extend(partition(&key, partitions));
            }
        }
        if !literal.is_empty() {
            calls.extend(quote!(.literal(#literal)));
        }
        calls
    }

    /// Writes the functions of an event that need no connection.
    fn functions(&self) -> TokenStream {
        let (ident, runtime) = (&self.input.ident, self.runtime);
        let filter = self.filter_ident().map(|filter| {
            quote! {
                /// Creates a filter of these events: all, until a field of the subject is set.
                #[must_use]
                pub fn filter() -> #filter {
                    ::core::default::Default::default()
                }
            }
        });
        let tokens = self.all_referred().into_iter().map(|field| {
            let (function, ty) = (field.function(), &field.field.ty);
            // At the place of the field's type: there the compiler says that it is no `Token`.
            let value = quote_spanned!(ty.span()=> value);
            quote! {
                #[doc(hidden)]
                fn #function(value: &#ty) -> &dyn #runtime::Token {
                    #value
                }
            }
        });
        quote! {
            #[allow(dead_code, deprecated, non_snake_case)]
            impl #ident {
                #(#tokens)*

                #filter
            }
        }
    }

    /// Iterates over the fields that the subject names.
    fn placeholders(&self) -> impl Iterator<Item = Referred<'_>> {
        let names = self.event.subject.field_placeholders();
        names.filter_map(|name| self.placeholder(name))
    }

    /// Returns every field that the subject, the id or the key names.
    fn all_referred(&self) -> Vec<Referred<'_>> {
        let id = self.referred(self.event.id.as_ref().and_then(|id| id.value));
        distinct(self.placeholders().chain(id).chain(self.key()))
    }

    /// Returns the number of partitions of an event with a key.
    fn partitions(&self) -> Option<u32> {
        self.event.key.as_ref()?;
        Some(self.stream?.partitions.as_ref()?.value)
    }

    fn key(&self) -> Option<Referred<'_>> {
        self.referred(self.event.key.as_ref().and_then(|key| key.value))
    }

    fn placeholder(&self, name: &str) -> Option<Referred<'_>> {
        if name == crate::subject::PARTITION {
            return None;
        }
        let mut fields = self.event.body.fields().iter();
        self.referred(fields.position(|field| field.name.value == name))
    }

    fn referred(&self, at: Option<usize>) -> Option<Referred<'_>> {
        let field = *self.derived.fields.get(at?)?;
        Some(Referred {
            field,
            ident: field.ident.as_ref()?,
        })
    }
}

/// Field that the subject, the id or the key names.
struct Referred<'a> {
    field: &'a syn::Field,
    ident: &'a Ident,
}

impl Referred<'_> {
    /// Returns the name of the function that converts this field to a token: the one place where its type has to be a `Token`, so that a
    /// type that is none is reported once.
    fn function(&self) -> Ident {
        format_ident!("__token_{}", self.ident.unraw())
    }

    /// Writes the field of `self` as a token.
    fn value(&self) -> TokenStream {
        let (ident, function) = (self.ident, self.function());
        quote!(Self::#function(&self.#ident))
    }
}

/// Returns each field once.
fn distinct<'a>(fields: impl Iterator<Item = Referred<'a>>) -> Vec<Referred<'a>> {
    let mut set: Vec<Referred<'a>> = Vec::new();
    for field in fields {
        if set.iter().all(|known| known.ident != field.ident) {
            set.push(field);
        }
    }
    set
}

fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}
