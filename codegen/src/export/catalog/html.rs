//! Text into HTML. The only place that escapes: whatever a contract says goes through here, so that no text of a
//! contract becomes markup or script.

use std::fmt::{self, Display};

/// Text as it stands inside an element or a quoted attribute.
pub(super) struct Text<'a> {
    value: &'a str,
    quotes: bool,
}

/// Escapes a text.
pub(super) fn text(value: &str) -> Text<'_> {
    let quotes = true;
    Text { value, quotes }
}

/// Escapes a text that never stands in an attribute: its quotes stay, which are every third character of JSON.
pub(super) fn content(value: &str) -> Text<'_> {
    let quotes = false;
    Text { value, quotes }
}

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut from = 0;
        for (at, c) in self.value.char_indices() {
            let entity = match c {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' if self.quotes => "&quot;",
                '\'' if self.quotes => "&#39;",
                '\n' | '\t' => continue,
                // Control characters are no HTML.
                c if c.is_control() => "\u{fffd}",
                _ => continue,
            };
            f.write_str(&self.value[from..at])?;
            f.write_str(entity)?;
            from = at + c.len_utf8();
        }
        f.write_str(&self.value[from..])
    }
}

/// The link to an element of the page, for an `href`: `#` and the id, percent-encoded.
pub(super) fn link(id: &str) -> String {
    let mut out = String::with_capacity(id.len() + 1);
    out.push('#');
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'/') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// What a contract says for people: paragraphs at empty lines, code between backticks, nothing else.
pub(super) fn prose(doc: &str) -> String {
    let doc = doc.replace('\r', "");
    let mut out = String::new();
    let mut paragraph = String::new();
    for line in doc.lines().chain(std::iter::once("")) {
        if !line.trim().is_empty() {
            if !paragraph.is_empty() {
                paragraph.push('\n');
            }
            paragraph.push_str(line.trim());
        } else if !paragraph.is_empty() {
            out.push_str(&format!("<p>{}</p>", inline(&paragraph)));
            paragraph.clear();
        }
    }
    out
}

/// One run of text with code between backticks; a backtick without a partner stands as it is.
pub(super) fn inline(doc: &str) -> String {
    let mut out = String::new();
    let mut rest = doc.trim();
    while let Some((before, code, after)) = code_span(rest) {
        out.push_str(&format!("{}<code>{}</code>", text(before), text(code)));
        rest = after;
    }
    out.push_str(&text(rest).to_string());
    out
}

fn code_span(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('`')?;
    let (code, after) = rest.split_once('`')?;
    (!code.is_empty()).then_some((before, code, after))
}

/// `1 event`, `2 events`.
pub(super) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_becomes_markup() {
        assert_eq!(
            text("</script><b a=\"x\" b='y'>&\u{0}é😀").to_string(),
            "&lt;/script&gt;&lt;b a=&quot;x&quot; b=&#39;y&#39;&gt;&amp;\u{fffd}é😀"
        );
    }

    #[test]
    fn content_keeps_quotes_only() {
        assert_eq!(content("<\"'&").to_string(), "&lt;\"'&amp;");
    }

    #[test]
    fn prose_knows_paragraphs_and_code() {
        assert_eq!(
            prose("  one\ntwo `a<b`\n\n\nthree ` four"),
            "<p>one\ntwo <code>a&lt;b</code></p><p>three ` four</p>"
        );
        assert_eq!(prose("``"), "<p>``</p>");
        assert_eq!(prose(" \n"), "");
    }

    #[test]
    fn links_are_ascii() {
        assert_eq!(link("shop.orders.Order"), "#shop.orders.Order");
        assert_eq!(link("service/a#\"é"), "#service/a%23%22%C3%A9");
    }
}
