//! The name of a service as a `source`: a URI reference, whatever the name is.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Characters that are percent-encoded everywhere in a URI reference.
const NOWHERE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=');
const NOT_IN_USER: &AsciiSet = &NOWHERE.remove(b':');
/// The first segment of a path without a scheme.
const NOT_IN_FIRST: &AsciiSet = &NOWHERE.remove(b'@');
const NOT_IN_PATH: &AsciiSet = &NOT_IN_FIRST.remove(b':').remove(b'/').remove(b'?');

/// A name as a URI reference (RFC 3986). A name that is one already stays as it is; what cannot stand in one is
/// percent-encoded.
pub(crate) fn uri_reference(name: &str) -> String {
    let (name, fragment) = match name.split_once('#') {
        Some((name, fragment)) => (name, Some(fragment)),
        None => (name, None),
    };
    let (scheme, rest) = match scheme(name) {
        Some(length) => name.split_at(length),
        None => ("", name),
    };
    let (authority, rest) = match rest.strip_prefix("//") {
        Some(after) => {
            let end = after.find(['/', '?']).unwrap_or(after.len());
            let (authority, rest) = after.split_at(end);
            (Some(authority), rest)
        }
        None => (None, rest),
    };
    let mut out = scheme.to_owned();
    if let Some(authority) = authority {
        out.push_str("//");
        out.push_str(&self::authority(authority));
    }
    // Before any slash a colon would end a scheme, and this one has not the form of one.
    let first = match (scheme, authority) {
        ("", None) => rest.find(['/', '?']).unwrap_or(rest.len()),
        _ => 0,
    };
    let (first, rest) = rest.split_at(first);
    out.push_str(&encoded(first, NOT_IN_FIRST));
    out.push_str(&encoded(rest, NOT_IN_PATH));
    if let Some(fragment) = fragment {
        out.push('#');
        out.push_str(&encoded(fragment, NOT_IN_PATH));
    }
    out
}

/// The length of the scheme with its colon, if there is one.
fn scheme(name: &str) -> Option<usize> {
    let (scheme, rest) = name.split_once(':')?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    let good = scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.bytes().all(plain);
    (good && !rest.is_empty()).then_some(scheme.len() + 1)
}

fn authority(text: &str) -> String {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, Some(port)),
        _ => (text, None),
    };
    let (user, host) = match host.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, host),
    };
    let mut out = String::new();
    if let Some(user) = user {
        out.push_str(&encoded(user, NOT_IN_USER));
        out.push('@');
    }
    let literal = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .is_some_and(|ip| {
            ip.bytes()
                .all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'))
        });
    match literal {
        true => out.push_str(host),
        false => out.push_str(&encoded(host, NOWHERE)),
    }
    if let Some(port) = port {
        out.push(':');
        out.push_str(port);
    }
    out
}

/// Percent-encodes the characters in `not`; existing percent-encodings are kept.
fn encoded(text: &str, not: &'static AsciiSet) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let end = escape(rest).unwrap_or(rest.len());
        let (before, after) = rest.split_at(end);
        out.extend(utf8_percent_encode(before, not));
        let Some(escape) = after.get(..3) else {
            return out;
        };
        out.push_str(escape);
        rest = after.get(3..).unwrap_or_default();
    }
}

/// Returns the first percent-encoding, such as `%41`.
fn escape(text: &str) -> Option<usize> {
    text.match_indices('%')
        .map(|(at, _)| at)
        .find(|at| match text.as_bytes().get(at + 1..at + 3) {
            Some(digits) => digits.iter().all(u8::is_ascii_hexdigit),
            None => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_uri_reference_stays() {
        for name in [
            "billing",
            "/shop/billing",
            "https://shop.example/billing?eu=1",
            "https://u:p@shop.example:8080/a:b",
            "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
            "mailto:team@shop.example",
            "//shop.example/a",
            "b%C3%BCro/a:b",
            "http://[::1]:80/",
            "http://[::ffff:127.0.0.1]",
            "/shop#eu",
        ] {
            assert_eq!(uri_reference(name), name);
        }
    }

    #[test]
    fn what_is_none_is_encoded() {
        for (name, expected) in [
            ("B\u{fc}ro K\u{f6}ln", "B%C3%BCro%20K%C3%B6ln"),
            ("1a:b/c:d", "1a%3Ab/c:d"),
            ("a_b:c", "a_b%3Ac"),
            ("billing:", "billing%3A"),
            ("100%", "100%25"),
            ("a#b[c]#", "a#b%5Bc%5D%23"),
            ("http://[x]:80/", "http://%5Bx%5D:80/"),
            ("//a:b:c/", "//a%3Ab%3Ac/"),
            ("//a@b@c/", "//a%40b@c/"),
            ("a\r\nX: y", "a%0D%0AX%3A%20y"),
            ("%4\u{e9}", "%254%C3%A9"),
        ] {
            assert_eq!(uri_reference(name), expected);
        }
    }
}
