//! One JSON document with the place of every value. Reads strictly (RFC 8259, no key twice) and within limits; knows no
//! keyword of JSON Schema.

use std::collections::HashMap;
use std::ops::Range;

/// Deepest nesting of values. Whoever walks a document may recurse this deep without a thought for the stack.
pub(crate) const MAX_DEPTH: usize = 200;
/// Maximum number of values of a document.
const MAX_NODES: usize = 2_000_000;
/// The longest number, in bytes.
const MAX_NUMBER: usize = 400;
/// Objects with more members have an index.
const LARGE: usize = 24;

/// Index of a [`Node`] in its [`Document`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub u32);

/// A value.
#[derive(Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// As it was written.
    Number(String),
    Text(String),
    List(Vec<NodeId>),
    /// In the order of the text.
    Object(Vec<(String, NodeId)>),
}

/// A value and its place.
#[derive(Debug)]
pub(crate) struct Node {
    pub value: Value,
    /// Bytes of the text.
    pub span: Range<usize>,
    /// The object or list that it stands in.
    pub parent: Option<NodeId>,
}

/// A document. The root is the last node.
#[derive(Debug)]
pub(crate) struct Document {
    nodes: Vec<Node>,
    /// Members of large objects by key: thousands of references into one `definitions` must not take quadratic time.
    large: HashMap<NodeId, HashMap<String, NodeId>>,
}

/// Error of a text that is no document, with its place.
#[derive(Debug)]
pub(crate) struct Malformed {
    pub reason: String,
    pub span: Range<usize>,
}

impl Document {
    /// Reads a text without a byte order mark.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut parser = Parser {
            text,
            at: 0,
            nodes: Vec::new(),
        };
        parser.space();
        let root = parser.value(0)?;
        parser.space();
        if parser.at < text.len() {
            return Err(parser.wrong("something follows the JSON value"));
        }
        debug_assert_eq!(root.0 as usize + 1, parser.nodes.len());
        let mut document = Self {
            nodes: parser.nodes,
            large: HashMap::new(),
        };
        document.link();
        document.index();
        Ok(document)
    }

    pub fn root(&self) -> NodeId {
        NodeId(u32::try_from(self.nodes.len().saturating_sub(1)).unwrap_or(u32::MAX))
    }

    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0 as usize)
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn value(&self, id: NodeId) -> &Value {
        self.node(id).map_or(&Value::Null, |node| &node.value)
    }

    /// A member of an object.
    pub fn get(&self, id: NodeId, key: &str) -> Option<NodeId> {
        match self.value(id) {
            Value::Object(members) if members.len() > LARGE => {
                self.large.get(&id)?.get(key).copied()
            }
            Value::Object(members) => members.iter().find(|(k, _)| k == key).map(|(_, id)| *id),
            _ => None,
        }
    }

    /// The JSON pointer of a node, as a URI fragment without the `#`; only `~` and `/` are escaped, for people.
    pub fn pointer(&self, id: NodeId) -> String {
        let mut steps = Vec::new();
        let mut at = id;
        while let Some(parent) = self.node(at).and_then(|node| node.parent) {
            steps.push(match self.value(parent) {
                Value::List(items) => items
                    .iter()
                    .position(|item| *item == at)
                    .unwrap_or(0)
                    .to_string(),
                Value::Object(members) => members
                    .iter()
                    .find(|(_, id)| *id == at)
                    .map_or_else(String::new, |(key, _)| {
                        key.replace('~', "~0").replace('/', "~1")
                    }),
                _ => String::new(),
            });
            at = parent;
        }
        steps.iter().rev().map(|step| format!("/{step}")).collect()
    }

    fn index(&mut self) {
        for (at, node) in self.nodes.iter().enumerate() {
            if let Value::Object(members) = &node.value
                && members.len() > LARGE
            {
                let id = NodeId(u32::try_from(at).unwrap_or(u32::MAX));
                self.large.insert(id, members.iter().cloned().collect());
            }
        }
    }

    fn link(&mut self) {
        for at in 0..self.nodes.len() {
            let children: Vec<NodeId> = match &self.nodes[at].value {
                Value::List(items) => items.clone(),
                Value::Object(members) => members.iter().map(|(_, id)| *id).collect(),
                _ => continue,
            };
            let parent = NodeId(u32::try_from(at).unwrap_or(u32::MAX));
            for child in children {
                if let Some(node) = self.nodes.get_mut(child.0 as usize) {
                    node.parent = Some(parent);
                }
            }
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    nodes: Vec<Node>,
}

impl Parser<'_> {
    fn wrong(&self, reason: impl Into<String>) -> Malformed {
        let start = self.at.min(self.text.len());
        let end = self.text[start..]
            .chars()
            .next()
            .map_or(start, |c| start + c.len_utf8());
        Malformed {
            reason: reason.into(),
            span: start..end,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<NodeId, Malformed> {
        if depth > MAX_DEPTH {
            return Err(self.wrong(format!("it is nested deeper than {MAX_DEPTH} levels")));
        }
        if self.nodes.len() >= MAX_NODES {
            return Err(self.wrong(format!("it has more than {MAX_NODES} values")));
        }
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Value::Text(self.text()?),
            Some(b'-' | b'0'..=b'9') => Value::Number(self.number()?),
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(_) => return Err(self.wrong("a JSON value was expected")),
            None => return Err(self.wrong("the text ends where a JSON value was expected")),
        };
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Node {
            value,
            span: start..self.at,
            parent: None,
        });
        Ok(id)
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Malformed> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(self.wrong("a JSON value was expected"))
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Malformed> {
        self.at += 1;
        let mut members = Vec::new();
        let mut seen = std::collections::HashSet::new();
        self.space();
        if self.eat(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.wrong("a key in quotes was expected"));
            }
            let start = self.at;
            let key = self.text()?;
            if !seen.insert(key.clone()) {
                let reason = format!("the key {key:?} stands twice in one object");
                return Err(Malformed {
                    reason,
                    span: start..self.at,
                });
            }
            self.space();
            if !self.eat(b':') {
                return Err(self.wrong("a `:` was expected after the key"));
            }
            self.space();
            let value = self.value(depth + 1)?;
            members.push((key, value));
            self.space();
            if self.eat(b'}') {
                return Ok(Value::Object(members));
            }
            if !self.eat(b',') {
                return Err(self.wrong("a `,` or `}` was expected"));
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, Malformed> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.eat(b']') {
            return Ok(Value::List(items));
        }
        loop {
            self.space();
            items.push(self.value(depth + 1)?);
            self.space();
            if self.eat(b']') {
                return Ok(Value::List(items));
            }
            if !self.eat(b',') {
                return Err(self.wrong("a `,` or `]` was expected"));
            }
        }
    }

    fn number(&mut self) -> Result<String, Malformed> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        if self.at - start > MAX_NUMBER {
            let reason = format!("a number of more than {MAX_NUMBER} digits");
            return Err(Malformed {
                reason,
                span: start..self.at,
            });
        }
        Ok(self.text[start..self.at].to_owned())
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            Err(self.wrong("a digit was expected"))
        } else {
            Ok(())
        }
    }

    /// A text in quotes, with its escapes resolved.
    fn text(&mut self) -> Result<String, Malformed> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(c) = rest.chars().next() else {
                return Err(self.wrong("a text is not closed"));
            };
            match c {
                '"' => {
                    self.at += 1;
                    return Ok(out);
                }
                '\\' => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                '\0'..='\u{1f}' => {
                    return Err(self.wrong("a control character in a text must be escaped"));
                }
                c => {
                    self.at += c.len_utf8();
                    out.push(c);
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, Malformed> {
        let Some(byte) = self.peek() else {
            return Err(self.wrong("a text is not closed"));
        };
        let plain = match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                return self.code_point();
            }
            _ => return Err(self.wrong("JSON has no such escape")),
        };
        self.at += 1;
        Ok(plain)
    }

    fn code_point(&mut self) -> Result<char, Malformed> {
        let first = self.unit()?;
        let code = match first {
            0xD800..=0xDBFF if self.text[self.at..].starts_with("\\u") => {
                self.at += 2;
                match self.unit()? {
                    second @ 0xDC00..=0xDFFF => {
                        0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
                    }
                    _ => first,
                }
            }
            _ => first,
        };
        char::from_u32(code).ok_or_else(|| self.wrong("half of a surrogate pair is no character"))
    }

    fn unit(&mut self) -> Result<u32, Malformed> {
        let digits = self
            .text
            .get(self.at..self.at + 4)
            .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(unit) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) else {
            return Err(self.wrong("four hexadecimal digits were expected"));
        };
        self.at += 4;
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_place() {
        let text = "{\"a/b\": [1, {\"~\": \"x\\u00e9\\ud83d\\ude00\"}], \"n\": -1.5e+3}";
        let document = Document::parse(text).unwrap();
        let list = document.get(document.root(), "a/b").unwrap();
        let Value::List(items) = document.value(list) else {
            panic!("{document:?}")
        };
        let inner = document.get(items[1], "~").unwrap();
        assert!(matches!(document.value(inner), Value::Text(t) if t == "xé😀"));
        assert_eq!(document.pointer(inner), "/a~1b/1/~0");
        assert_eq!(
            &text[document.node(inner).unwrap().span.clone()],
            "\"x\\u00e9\\ud83d\\ude00\""
        );
        let number = document.get(document.root(), "n").unwrap();
        assert!(matches!(document.value(number), Value::Number(n) if n == "-1.5e+3"));
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        for (text, reason, at) in [
            ("", "the text ends", 0),
            ("{\"a\":1,\"a\":2}", "the key \"a\" stands twice", 7),
            ("[1,]", "a JSON value was expected", 3),
            ("[01]", "a `,` or `]`", 2),
            ("{a:1}", "a key in quotes", 1),
            ("\"\\ud800\"", "half of a surrogate", 7),
            ("\"a\nb\"", "control character", 2),
            ("1 2", "something follows", 2),
            ("\"abc", "a text is not closed", 4),
            ("nul", "a JSON value", 0),
            ("-", "a digit", 1),
        ] {
            let error = Document::parse(text).unwrap_err();
            assert!(error.reason.contains(reason), "{text}: {error:?}");
            assert_eq!(error.span.start, at, "{text}: {error:?}");
        }
    }

    #[test]
    fn depth_is_limited() {
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(Document::parse(&deep(MAX_DEPTH)).is_ok());
        let error = Document::parse(&deep(10_000)).unwrap_err();
        assert!(error.reason.contains("nested deeper"), "{error:?}");
        assert!(Document::parse(&"[".repeat(1_000_000)).is_err());
        assert!(Document::parse(&format!("[{}]", "9".repeat(500))).is_err());
    }
}
