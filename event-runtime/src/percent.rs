//! Percent-encoding: of names into URIs and headers, and back.
//!
//! Knows no header and no URL; says what may stand as it is.

/// The text with every byte that may not stand as it is written as `%41`.
pub(crate) fn encode(text: &str, may_stand: impl Fn(u8) -> bool) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii() && may_stand(byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from(DIGITS[usize::from(digit)]));
            }
        }
    }
    out
}

/// What to do with a `%` that no two digits follow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lone {
    /// It is a mistake.
    Refused,
    /// It stands for itself.
    Kept,
}

/// What `%41` stands for; `None` when that is no UTF-8, or for a mistake.
pub(crate) fn decode(text: &str, lone: Lone) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let digits = after
            .get(..2)
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        rest = match digits {
            Some(byte) => {
                bytes.push(byte);
                after.get(2..)?
            }
            None if lone == Lone::Kept => {
                bytes.push(b'%');
                after
            }
            None => return None,
        };
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        let text = "a%41 \u{20ac}\u{1f600}\r\n\"";
        let encoded = encode(text, |b| b.is_ascii_alphanumeric());
        assert_eq!(encoded, "a%2541%20%E2%82%AC%F0%9F%98%80%0D%0A%22");
        assert_eq!(decode(&encoded, Lone::Refused).as_deref(), Some(text));
        assert_eq!(
            decode(&encoded.to_lowercase(), Lone::Refused).as_deref(),
            Some(text)
        );
    }

    #[test]
    fn a_percent_sign_without_digits() {
        for text in ["50%", "%4", "%zz", "%+1", "%\u{20ac}"] {
            assert_eq!(decode(text, Lone::Kept).as_deref(), Some(text));
            assert_eq!(decode(text, Lone::Refused), None, "{text}");
        }
        // An overlong space, and a byte that begins nothing.
        for text in ["%C0%A0", "%ff"] {
            assert_eq!(decode(text, Lone::Kept), None, "{text}");
        }
    }
}
