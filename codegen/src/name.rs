//! The only place where names of a contract become identifiers, and field names become wire names.

mod variants;

use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};

pub(crate) use self::variants::is_each_another;
pub use self::variants::variant_idents;

/// The camelCase of a snake_case field name, as serde's `rename_all = "camelCase"` makes it: `user_id` is `userId`.
///
/// serde's algorithm, not a nicer one: hand-written structs go through serde, and the wire must not differ.
#[must_use]
pub fn camel_case(field: &str) -> String {
    if !field.contains('_') {
        return field.to_owned();
    }
    let mut out = String::with_capacity(field.len());
    let mut upper = false;
    for c in field.chars() {
        if c == '_' {
            upper = !out.is_empty();
        } else if upper {
            out.push(c.to_ascii_uppercase());
            upper = false;
        } else {
            out.push(c);
        }
    }
    out
}

/// `[a-z][a-z0-9_]*`: fields, domains' path segments, services' Rust modules.
#[must_use]
pub fn is_field_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// `[A-Z][A-Za-z0-9]*`: events and types.
#[must_use]
pub fn is_type_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
}

/// Returns whether NATS takes this as the name of a stream or durable consumer: no white space, `.`, `*`, `>`, path separators or
/// unprintable characters; at most 255 bytes.
#[must_use]
pub fn is_nats_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 255
        && name
            .chars()
            .all(|c| c.is_ascii_graphic() && !matches!(c, '.' | '*' | '>' | '/' | '\\'))
}

/// A field's identifier: keywords get `r#`, the four that cannot be raw get a `_`.
#[must_use]
pub fn field_ident(field: &str) -> String {
    match field {
        "self" | "super" | "crate" => format!("{field}_"),
        _ if is_keyword(field) => format!("r#{field}"),
        _ => field.to_owned(),
    }
}

/// A module's identifier, from one segment of a domain's name or from a service's name.
#[must_use]
pub fn module_ident(segment: &str) -> String {
    field_ident(&segment.to_snake_case())
}

/// A type's or event's identifier. `Self` is the only one that Rust refuses.
#[must_use]
pub fn type_ident(name: &str) -> String {
    if name == "Self" {
        "Self_".to_owned()
    } else {
        name.to_owned()
    }
}

/// The identifier of one text, as of an enum value that has no neighbours ([`variant_idents`]): UpperCamelCase, a leading digit gets `V`, nothing is `Empty`, `Self`
/// is `Self_`.
#[must_use]
pub fn variant_ident(wire: &str) -> String {
    // Most values are one lower-case word, and build scripts run unoptimised.
    if !wire.is_empty() && wire.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return type_ident(&[wire[..1].to_ascii_uppercase().as_str(), &wire[1..]].concat());
    }
    // Only XID characters may stand in an identifier; heck keeps every alphanumeric, some of which (like ²) are not.
    let clean: String = wire
        .chars()
        .map(|c| if is_ident_char(c) { c } else { ' ' })
        .collect();
    let camel = clean.to_upper_camel_case();
    match camel.chars().next() {
        None => "Empty".to_owned(),
        Some(first) if !is_ident_start(first) => format!("V{camel}"),
        Some(_) => type_ident(&camel),
    }
}

/// The identifier of an open enum's or union's fallback: `Unknown`, or `Unknown_` when a value has taken it.
#[must_use]
pub fn unknown_ident(idents: &[String]) -> &'static str {
    if idents.iter().any(|ident| ident == "Unknown") {
        "Unknown_"
    } else {
        "Unknown"
    }
}

/// The constant of an event in `subjects`, without a raw prefix: constants are never keywords.
#[must_use]
pub fn constant_ident(event: &str) -> String {
    event.to_shouty_snake_case()
}

/// The method of an event in `Handlers`.
#[must_use]
pub fn method_ident(event: &str) -> String {
    field_ident(&event.to_snake_case())
}

/// The subscription filter of an event whose subject has placeholders: of its name, or of the identifier that stands for
/// it. Behind `Self_` the bar is no longer needed, and rustc would warn of it.
#[must_use]
pub fn filter_ident(event: &str) -> String {
    let event = if event == "Self_" { "Self" } else { event };
    format!("{event}Filter")
}

/// The methods of the events that one service handles, each given as domain and name: the event's own, with its domain in
/// front where two would share one.
#[must_use]
pub fn handler_methods(events: &[(&str, &str)]) -> Vec<String> {
    let short: Vec<String> = events
        .iter()
        .map(|(_, event)| method_ident(event))
        .collect();
    let mut count = std::collections::HashMap::new();
    for method in &short {
        *count.entry(method).or_insert(0_usize) += 1;
    }
    let long =
        |domain: &str, event: &str| method_ident(&format!("{}_{event}", domain.replace('.', "_")));
    events
        .iter()
        .zip(&short)
        .map(|((domain, event), method)| match count.get(method) {
            Some(1) => method.clone(),
            _ => long(domain, event),
        })
        .collect()
}

/// The method that turns an older event, which `handler_methods` named so, into the one that replaces it.
#[must_use]
pub fn upcast_method(method: &str) -> String {
    format!("upcast_{}", method.trim_start_matches("r#"))
}

fn is_ident_start(c: char) -> bool {
    unicode_ident::is_xid_start(c)
}

/// Alphabetic alone is not enough: Rust refuses letters such as Ⓐ.
fn is_ident_char(c: char) -> bool {
    unicode_ident::is_xid_continue(c) && c != '_'
}

/// Strict and reserved keywords of edition 2024.
fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "as" | "async"
            | "await"
            | "break"
            | "const"
            | "continue"
            | "dyn"
            | "else"
            | "enum"
            | "extern"
            | "false"
            | "fn"
            | "for"
            | "gen"
            | "if"
            | "impl"
            | "in"
            | "let"
            | "loop"
            | "match"
            | "mod"
            | "move"
            | "mut"
            | "pub"
            | "ref"
            | "return"
            | "static"
            | "struct"
            | "trait"
            | "true"
            | "type"
            | "unsafe"
            | "use"
            | "where"
            | "while"
            | "abstract"
            | "become"
            | "box"
            | "do"
            | "final"
            | "macro"
            | "override"
            | "priv"
            | "try"
            | "typeof"
            | "unsized"
            | "virtual"
            | "yield"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_names_are_serdes() {
        for (field, wire) in [
            ("user_id", "userId"),
            ("a", "a"),
            ("line_2_text", "line2Text"),
            ("trailing_", "trailing"),
            ("two__bars", "twoBars"),
        ] {
            assert_eq!(camel_case(field), wire);
        }
    }

    #[test]
    fn variants_follow_the_language() {
        for (wire, ident) in [
            ("sms", "Sms"),
            ("in_transit", "InTransit"),
            ("42", "V42"),
            ("", "Empty"),
            ("self", "Self_"),
            ("a b", "AB"),
            ("Ünï", "Ünï"),
            ("²", "Empty"),
            ("Ⓐ-1", "V1"),
        ] {
            assert_eq!(variant_ident(wire), ident);
        }
        assert_eq!(unknown_ident(&["Unknown".to_owned()]), "Unknown_");
        assert_eq!(unknown_ident(&["X".to_owned()]), "Unknown");
    }

    #[test]
    fn keywords_are_raw_or_get_a_bar() {
        assert_eq!(field_ident("type"), "r#type");
        assert_eq!(field_ident("self"), "self_");
        assert_eq!(field_ident("amount"), "amount");
    }
}
