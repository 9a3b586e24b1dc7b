//! What serde's attributes must say, so that a hand-written struct has the same wire as a generated one: camelCase names,
//! absent fields left out, unknown fields ignored.

use syn::spanned::Spanned as _;
use syn::{Attribute, DeriveInput, GenericArgument, LitStr, PathArguments, Type};

use super::Tokens;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::Spanned;

/// The attributes of the struct.
pub(super) fn container(
    input: &DeriveInput,
    fields: bool,
    tokens: &mut Tokens,
    diagnostics: &mut Diagnostics,
) {
    let mut renamed = false;
    for word in words(&input.attrs) {
        if word.path == "deny_unknown_fields" {
            let place = tokens.add(word.span);
            diagnostics.push(
                Diagnostic::new(
                    Code::WrongValue,
                    place,
                    "an event must ignore fields that it does not know",
                )
                .help("remove `deny_unknown_fields`: a newer publisher may send more"),
            );
        }
        if word.path != "rename_all" {
            continue;
        }
        renamed = true;
        for value in word
            .values
            .iter()
            .filter(|value| value.value() != "camelCase")
        {
            let place = tokens.add(value.span());
            diagnostics.push(
                Diagnostic::new(
                    Code::WrongValue,
                    place,
                    "the fields of an event are camelCase on the wire",
                )
                .help("write #[serde(rename_all = \"camelCase\")]"),
            );
        }
    }
    if fields && !renamed {
        let place = tokens.add(input.ident.span());
        diagnostics.push(
            Diagnostic::new(
                Code::MissingKey,
                place,
                "the fields of an event are camelCase on the wire",
            )
            .help("add #[serde(rename_all = \"camelCase\")]"),
        );
    }
}

/// The attributes of the fields.
pub(super) fn fields(fields: &[&syn::Field], tokens: &mut Tokens, diagnostics: &mut Diagnostics) {
    for field in fields.iter().filter(|field| is_option(&field.ty)) {
        let words = words(&field.attrs);
        let has = |path: &str| words.iter().any(|word| word.path == path);
        let left_out = ["skip_serializing_if", "skip", "skip_serializing", "flatten"];
        // Without a default, serde demands what a function of its own reads: such a field is never absent, and may be null.
        let demanded = has("deserialize_with") && !has("default");
        if !demanded && !left_out.into_iter().any(has) {
            let place = tokens.add(field.ty.span());
            diagnostics.push(
                Diagnostic::new(
                    Code::MissingKey,
                    place,
                    "an absent field is left out of an event, never null",
                )
                .help("add #[serde(default, skip_serializing_if = \"Option::is_none\")]"),
            );
        }
    }
}

/// The wire name that `#[serde(rename = "…")]` gives a field; for one whose members stand beside the others (`flatten`), a text
/// that is no other field's.
pub(super) fn renamed(field: &syn::Field, tokens: &mut Tokens) -> Option<Spanned<String>> {
    let words = words(&field.attrs);
    if let (Some(word), Some(ident)) = (
        words.iter().find(|word| word.path == "flatten"),
        &field.ident,
    ) {
        let members = format!("the members of {ident}");
        return Some(Spanned::new(members, tokens.add(word.span)));
    }
    let value = words
        .iter()
        .find(|word| word.path == "rename")?
        .values
        .first()?;
    Some(Spanned::new(value.value(), tokens.add(value.span())))
}

/// Returns whether a type is written as an `Option`.
pub(super) fn is_option(ty: &Type) -> bool {
    match ty {
        Type::Group(group) => is_option(&group.elem),
        Type::Paren(paren) => is_option(&paren.elem),
        Type::Path(path) if path.qself.is_none() => path.path.segments.last().is_some_and(|last| {
            let one = match &last.arguments {
                PathArguments::AngleBracketed(list) => {
                    list.args.len() == 1
                        && matches!(list.args.first(), Some(GenericArgument::Type(_)))
                }
                _ => false,
            };
            last.ident == "Option" && one
        }),
        _ => false,
    }
}

/// One word of a `#[serde(…)]` with its text values: `rename_all = "…"` has one, `rename_all(serialize = "…", …)` more.
struct Word {
    path: String,
    span: proc_macro2::Span,
    values: Vec<LitStr>,
}

/// Every word of every `#[serde(…)]`. What is not serde's syntax is left to serde to report.
fn words(attributes: &[Attribute]) -> Vec<Word> {
    let mut words = Vec::new();
    for attribute in attributes.iter().filter(|a| a.path().is_ident("serde")) {
        // An error ends the reading of this attribute: serde's derive says it better.
        let _ = attribute.parse_nested_meta(|meta| {
            let mut values = Vec::new();
            if meta.input.peek(syn::Token![=]) {
                let value = meta.value()?;
                if value.peek(LitStr) {
                    values.push(value.parse()?);
                } else {
                    value.parse::<syn::Expr>()?;
                }
            } else if meta.input.peek(syn::token::Paren) {
                meta.parse_nested_meta(|inner| {
                    if inner.input.peek(syn::Token![=]) {
                        values.push(inner.value()?.parse()?);
                    }
                    Ok(())
                })?;
            }
            words.push(Word {
                path: meta
                    .path
                    .get_ident()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                span: meta.path.span(),
                values,
            });
            Ok(())
        });
    }
    words
}
