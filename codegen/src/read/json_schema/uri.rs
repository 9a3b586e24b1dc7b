//! References between schemas: URI references after RFC 3986, and fragments. Fetches nothing.

use std::path::Path;

/// Splits a reference into what names a resource and the fragment behind `#`.
pub(super) fn split(reference: &str) -> (&str, &str) {
    reference.split_once('#').unwrap_or((reference, ""))
}

/// The scheme of an absolute URI.
pub(super) fn scheme(uri: &str) -> Option<&str> {
    let (scheme, _) = uri.split_once(':')?;
    let mut chars = scheme.chars();
    let legal = chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    legal.then_some(scheme)
}

/// A reference without a fragment, seen from a base without one.
pub(super) fn resolve(base: &str, reference: &str) -> String {
    if reference.is_empty() {
        return base.to_owned();
    }
    if scheme(reference).is_some() {
        return reference.to_owned();
    }
    let (prefix, rest) = match scheme(base) {
        Some(scheme) => base.split_at(scheme.len() + 1),
        None => ("", base),
    };
    if reference.starts_with("//") {
        return format!("{prefix}{reference}");
    }
    let (authority, path) = match rest.strip_prefix("//") {
        Some(after) => rest.split_at(2 + after.find('/').unwrap_or(after.len())),
        None => ("", rest),
    };
    let path = path.split('?').next().unwrap_or_default();
    let merged = if reference.starts_with('/') {
        reference.to_owned()
    } else if reference.starts_with('?') {
        format!("{path}{reference}")
    } else {
        let folder = path.rfind('/').map_or("", |at| &path[..=at]);
        let slash = if folder.is_empty() && !authority.is_empty() {
            "/"
        } else {
            ""
        };
        format!("{slash}{folder}{reference}")
    };
    format!("{prefix}{authority}{}", without_dots(&merged))
}

fn without_dots(path: &str) -> String {
    let (path, query) = path
        .split_once('?')
        .map_or((path, None), |(path, query)| (path, Some(query)));
    let mut out: Vec<&str> = Vec::new();
    let last = path.split('/').count().saturating_sub(1);
    for (at, segment) in path.split('/').enumerate() {
        match segment {
            "." | ".." => {
                if segment == ".." && out.len() > usize::from(path.starts_with('/')) {
                    out.pop();
                }
                if at == last {
                    out.push("");
                }
            }
            _ => out.push(segment),
        }
    }
    let path = out.join("/");
    query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"))
}

/// `%41` as `A`. What is no legal escape stays as it is.
pub(super) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let after = bytes.get(at + 1..).unwrap_or_default();
        match (byte == b'%').then(|| escape(after)).flatten() {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The one spelling of a URI: escapes of what needs none are undone, and the others written in capitals.
pub(super) fn normal(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'%').then(|| escape(after)).flatten();
        match escaped {
            Some(decoded) if !DELIMITERS.contains(&decoded) => out.push(decoded),
            Some(decoded) => out.extend(format!("%{decoded:02X}").into_bytes()),
            None => out.push(byte),
        }
        rest = after
            .get(if escaped.is_some() { 2 } else { 0 }..)
            .unwrap_or_default();
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// Delimiters of a URI, which mean another thing when they are escaped.
const DELIMITERS: &[u8] = b"%/?#:";

/// A path as a relative URI, in its one spelling.
pub(super) fn of_path(path: &Path) -> String {
    let mut out = String::new();
    for c in super::files::slashed(path).chars() {
        match c {
            '%' | '?' | '#' | ':' => out.push_str(&format!("%{:02X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// The byte that two hexadecimal digits stand for.
fn escape(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*digits.get(at)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_resolve_as_the_rfc_says() {
        for (base, reference, expected) in [
            (
                "https://a.example/s/order.json",
                "money.json",
                "https://a.example/s/money.json",
            ),
            (
                "https://a.example/s/order.json",
                "../x/money.json",
                "https://a.example/x/money.json",
            ),
            (
                "https://a.example/s/order.json",
                "/money.json",
                "https://a.example/money.json",
            ),
            (
                "https://a.example",
                "money.json",
                "https://a.example/money.json",
            ),
            (
                "https://a.example/s/order.json",
                "//b.example/m",
                "https://b.example/m",
            ),
            ("https://a.example/s/o", "urn:x:y", "urn:x:y"),
            ("https://a.example/s/o?v=1", "", "https://a.example/s/o?v=1"),
            (
                "https://a.example/s/o",
                "../../../../m",
                "https://a.example/m",
            ),
            (
                "file:/schemas/a.json",
                "./b/../c.json",
                "file:/schemas/c.json",
            ),
            ("schemas/a.json", "c.json", "schemas/c.json"),
        ] {
            assert_eq!(resolve(base, reference), expected, "{base} + {reference}");
        }
        assert_eq!(split("a#/b"), ("a", "/b"));
        assert_eq!(scheme("C:\\x"), Some("C"));
        assert_eq!(scheme("a/b:c"), None);
        assert_eq!(decode("a%20b%zz%"), "a b%zz%");
        assert_eq!(decode("%é"), "%é");
    }

    #[test]
    fn a_uri_has_one_spelling() {
        assert_eq!(normal("check%5frun%24done"), "check_run$done");
        assert_eq!(normal("a%2fb%3a%25%zz%2"), "a%2Fb%3A%25%zz%2");
        assert_eq!(normal("%c3%bc %C3%BC ü"), "ü ü ü");
        assert_eq!(normal("%ff"), "%ff");
        let odd = Path::new("a:b/c%20d?#.json");
        assert_eq!(of_path(odd), "a%3Ab/c%2520d%3F%23.json");
        assert_eq!(normal(&of_path(odd)), of_path(odd));
        assert_eq!(decode(&of_path(odd)), "a:b/c%20d?#.json");
    }
}
