//! JSON for reading: values of the contracts, and JSON text with its parts told apart.

use std::fmt::Write;

use super::html::content;
use crate::json::Json;
use crate::model::{Value, ValueKind};

/// A value of a contract as JSON.
pub(super) fn value(value: &Value) -> Json {
    match &value.kind {
        ValueKind::Bool(yes) => Json::Bool(*yes),
        ValueKind::Number(number) => Json::Number(number.to_string()),
        ValueKind::Text(text) => Json::text(text.as_str()),
        ValueKind::List(items) => Json::list(items.iter().map(self::value)),
        ValueKind::Object(members) => Json::object(
            members
                .iter()
                .map(|(key, member)| (key.value.as_str(), self::value(member))),
        ),
    }
}

/// JSON text as HTML: keys, texts and other values are marked up. Text that is no JSON comes out as it is.
pub(super) fn coloured(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '"' => string_len(rest),
            '-' | '0'..='9' | 'a'..='z' => word_len(rest),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(len);
        let class = match first {
            '"' if after.trim_start().starts_with(':') => "k",
            '"' => "s",
            '-' | '0'..='9' | 'a'..='z' => "v",
            _ => "",
        };
        let _ = match class {
            "" => write!(out, "{}", content(token)),
            class => write!(out, "<span class={class}>{}</span>", content(token)),
        };
        rest = after;
    }
    out
}

/// The bytes of a string that `text` begins with, quotes included; all of it when it is not closed.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn word_len(text: &str) -> usize {
    text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')))
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::coloured;

    #[test]
    fn parts_are_told_apart_and_escaped() {
        assert_eq!(
            coloured("{\"a\\\"\": \"<b>\", \"n\": [-1.5e+3, true]}"),
            "{<span class=k>\"a\\\"\"</span>: <span class=s>\"&lt;b&gt;\"</span>, \
             <span class=k>\"n\"</span>: [<span class=v>-1.5e+3</span>, <span class=v>true</span>]}"
        );
        assert_eq!(coloured("\"open é"), "<span class=s>\"open é</span>");
    }
}
