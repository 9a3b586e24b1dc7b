//! Values that are strings on the wire: the visitor that their readers share.

use std::fmt;

use serde::de::{self, Unexpected, Visitor};

/// Visitor that turns a string into a value. Its errors never quote the string.
pub(crate) struct TextVisitor<F> {
    pub(crate) expected: &'static str,
    pub(crate) read: F,
}

impl<T, F: FnOnce(&str) -> Option<T>> Visitor<'_> for TextVisitor<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text)
            .ok_or_else(|| E::invalid_value(Unexpected::Other("another text"), &self.expected))
    }
}
