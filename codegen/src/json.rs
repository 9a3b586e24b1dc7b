//! JSON text: a small value and a writer. Knows no schema.
//!
//! Its own, because a serializer framework would be the heaviest thing in every user's build script. Reading is for tools:
//! messages as services read them (`parse`), and files with the place of every value (`document`).

#[cfg(any(feature = "compat", feature = "import"))]
// `decode` asks for places only; the import reads all of it.
#[cfg_attr(not(feature = "import"), allow(dead_code))]
pub(crate) mod document;
#[cfg(feature = "compat")]
mod parse;

use std::fmt::Write;

/// A JSON value whose objects keep their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as its JSON text; whoever builds it sees to it that it is one.
    Number(String),
    /// Text, unescaped.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object, written in this order.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// An integer.
    pub fn integer(number: impl Into<i128>) -> Self {
        Self::Number(number.into().to_string())
    }

    /// An object from pairs, in their order.
    pub fn object<K: Into<String>>(members: impl IntoIterator<Item = (K, Json)>) -> Self {
        Self::Object(members.into_iter().map(|(k, v)| (k.into(), v)).collect())
    }

    /// A list.
    pub fn list(items: impl IntoIterator<Item = Json>) -> Self {
        Self::List(items.into_iter().collect())
    }

    /// One line without spaces.
    #[must_use]
    pub fn to_compact(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, None);
        out
    }

    /// Two spaces a level, a final line end; an empty list or object stays on its line.
    #[must_use]
    pub fn to_pretty(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, Some(0));
        out.push('\n');
        out
    }

    /// `level` is the depth of the line that the value begins on; without one everything is on one line.
    fn write(&self, out: &mut String, level: Option<usize>) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => write_text(out, text),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    separate(out, at, level);
                    item.write(out, level.map(|level| level + 1));
                }
                close(out, items.is_empty(), level, ']');
            }
            Self::Object(members) => {
                out.push('{');
                for (at, (key, value)) in members.iter().enumerate() {
                    separate(out, at, level);
                    write_text(out, key);
                    out.push_str(if level.is_some() { ": " } else { ":" });
                    value.write(out, level.map(|level| level + 1));
                }
                close(out, members.is_empty(), level, '}');
            }
        }
    }
}

fn separate(out: &mut String, at: usize, level: Option<usize>) {
    if at > 0 {
        out.push(',');
    }
    if let Some(level) = level {
        new_line(out, level + 1);
    }
}

fn close(out: &mut String, empty: bool, level: Option<usize>, bracket: char) {
    if let (Some(level), false) = (level, empty) {
        new_line(out, level);
    }
    out.push(bracket);
}

fn new_line(out: &mut String, level: usize) {
    out.push('\n');
    for _ in 0..level {
        out.push_str("  ");
    }
}

/// Quotes and escapes; everything that JSON allows raw stays as it is, so that umlauts are readable.
fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            // DEL and the two line separators are legal, but break terminals and JavaScript sources.
            '\0'..='\u{1f}' | '\u{7f}' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Json {
        Json::object([
            (
                "z",
                Json::list([Json::integer(1), Json::Null, Json::Bool(true)]),
            ),
            ("a", Json::text("\"\\\n\u{1}ü\u{2028}/")),
            ("empty", Json::list([])),
            ("none", Json::object::<String>([])),
        ])
    }

    #[test]
    fn compact_is_one_line_in_the_given_order() {
        assert_eq!(
            sample().to_compact(),
            "{\"z\":[1,null,true],\"a\":\"\\\"\\\\\\n\\u0001ü\\u2028/\",\"empty\":[],\"none\":{}}"
        );
    }

    #[test]
    fn pretty_has_two_spaces_a_level() {
        assert_eq!(
            Json::object([("a", Json::list([Json::object([("b", Json::Null)])]))]).to_pretty(),
            "{\n  \"a\": [\n    {\n      \"b\": null\n    }\n  ]\n}\n"
        );
        assert_eq!(Json::list([]).to_pretty(), "[]\n");
    }
}
