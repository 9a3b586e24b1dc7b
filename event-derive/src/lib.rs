//! `#[derive(Event)]`: a shell around event-codegen's Rust front end, rules and emitter. Knows no rule itself.

use event_codegen::check::check;
use event_codegen::diagnostic::{Diagnostic, Diagnostics};
use event_codegen::emit::event_impl;
use event_codegen::model::Contracts;
use event_codegen::read::rust::{self, Tokens};
use event_codegen::source::Span;
use proc_macro::TokenStream;
use quote::quote_spanned;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct an event. `event_runtime::Event` and `event_wire::Event` re-export it beside the trait of that name.
///
/// | argument of `#[event(…)]` | meaning |
/// |---|---|
/// | `subject = "…"` | subject template; `{field}` is that field's value, `{partition}` comes from `key`. Required |
/// | `stream = "…"` | stream that stores it; without it: core NATS, at most once |
/// | `id = "…"` | field by which a re-publish is deduplicated; without it each publish is another event |
/// | `key = "…"`, `partitions = 8` | ordering key, and the number of partitions |
/// | `name = "…"` | full name in message ids; default: the struct's |
/// | `envelope = "cloudevents"` | its metadata travels as the headers of CloudEvents; default: `"plain"`, the message id alone |
/// | `publish = false` | no functions that publish it |
/// | `not_published_by = "…"` | the same, and calling them is an error that names these services; so it is in generated code |
/// | `deprecated = "…"` | publishing it is a warning with this text; handling it is not |
/// | `validate` | the struct implements `Validate`, and every event is checked before it is published and before a handler sees it |
/// | `wire_struct` | serde's impls come from [`wire_struct!`](https://docs.rs/event-runtime/latest/event_runtime/macro.wire_struct.html), not from serde's derive; so it is in generated code |
/// | `crate = "…"` | path of event-runtime, if it is not `::event_runtime`, or of event-wire, for an event without a connection |
///
/// The struct must implement serde's traits with camelCase names, and leave absent fields out. serde's attributes are checked for that,
/// unless `wire_struct` is there.
#[proc_macro_derive(Event, attributes(event))]
pub fn derive_event(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let mut diagnostics = Diagnostics::default();
    let mut derived = rust::read(&input, &mut diagnostics);
    let contracts = std::mem::take(&mut derived.contracts);
    let tokens = match check(contracts, &mut diagnostics) {
        Ok(checked) => event_impl::expand(&input, &derived, &checked),
        Err(contracts) => {
            let mut tokens = event_impl::fallback(&input, &derived);
            tokens.extend(errors(&diagnostics, &contracts, &derived.tokens));
            tokens
        }
    };
    tokens.into()
}

/// Writes one `compile_error!` per mistake. A field that cannot be what the attribute makes it is the place of its error, and has one
/// error, whatever else the attribute makes of it.
fn errors(
    diagnostics: &Diagnostics,
    contracts: &Contracts,
    tokens: &Tokens,
) -> proc_macro2::TokenStream {
    let types: Vec<Span> = contracts
        .events
        .iter()
        .flat_map(|event| event.body.fields())
        .map(|field| field.ty.span)
        .collect();
    let mut shown: Vec<Span> = Vec::new();
    let mut errors = proc_macro2::TokenStream::new();
    for diagnostic in diagnostics.iter() {
        let field = diagnostic
            .related
            .first()
            .map(|related| related.span)
            .filter(|span| types.contains(span));
        if let Some(field) = field {
            if shown.contains(&field) {
                continue;
            }
            shown.push(field);
        }
        let place = tokens.get(field.unwrap_or(diagnostic.span));
        let text = text(diagnostic);
        errors.extend(quote_spanned!(place=> ::core::compile_error!(#text);));
    }
    errors
}

fn text(diagnostic: &Diagnostic) -> String {
    let mut text = diagnostic.message.clone();
    if !diagnostic.label.is_empty() {
        text = format!("{text}: {}", diagnostic.label);
    }
    if let Some(help) = &diagnostic.help {
        text = format!("{text}\nhelp: {help}");
    }
    text
}
