//! How imported structs are made without naming every member: what the emitter's `mod required` is for a contract's own.

use proc_macro2::Ident;
use quote::quote;
use syn::parse_quote;

use super::paths::Paths;
use super::shape::{Def, Kind};

/// The longest line of a call.
const LINE: usize = 120;

/// Derives `Default` for a struct without a required member; of any other, gives the call of `required_members!`
/// for the module `required` inside its own.
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
        // typify has derived it where it saw that nothing is required.
        let derives = |attribute: &syn::Attribute| {
            let words = quote!(#attribute).to_string();
            attribute.path().is_ident("derive") && words.contains("Default")
        };
        if !item.attrs.iter().any(derives) {
            item.attrs.push(parse_quote!(#[derive(Default)]));
        }
        return Ok(String::new());
    }
    let required = |ident: &Ident| fields.iter().any(|f| f.required && ident == &f.ident);
    let (mut members, mut absent) = (Vec::new(), Vec::new());
    for member in &item.fields {
        match &member.ident {
            Some(ident) if required(ident) => {
                let ty = paths.ty(&member.ty, def.home, true)?;
                members.push(format!("{ident}: {ty}"));
            }
            Some(ident) => absent.push(ident.to_string()),
            None => {}
        }
    }
    let mut text = format!("event_runtime::required_members!({} {{", def.ident);
    fill(&mut text, &members);
    text.push_str("} {");
    fill(&mut text, &absent);
    text.push_str("});\n");
    Ok(text)
}

/// Writes items one after the other, as many as a line holds.
fn fill(text: &mut String, items: &[String]) {
    let mut length = text.len() - text.rfind('\n').map_or(0, |at| at + 1);
    for (at, item) in items.iter().enumerate() {
        let comma = if at + 1 < items.len() { "," } else { " " };
        if length + item.len() + 2 > LINE {
            text.push_str("\n    ");
            length = 4;
        } else {
            text.push(' ');
            length += 1;
        }
        text.push_str(item);
        text.push_str(comma);
        length += item.len() + comma.len();
    }
}
