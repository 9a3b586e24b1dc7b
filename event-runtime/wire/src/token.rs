//! Values that have one text in every language: they can be placeholders, ids and keys.

use std::fmt::{self, Write};

use uuid::Uuid;

/// Value that can be a placeholder, an id or a key: it has one text, the same in every language.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a placeholder, an id or a key",
    note = "these are strings, uuids, integers, booleans and the enums of contracts; never optional"
)]
pub trait Token {
    /// Writes the text.
    ///
    /// # Errors
    /// Returns the error of `out`.
    fn write_token(&self, out: &mut dyn Write) -> fmt::Result;
}

macro_rules! token_by_display {
    ($($type:ty),*) => {$(
        impl Token for $type {
            fn write_token(&self, out: &mut dyn Write) -> fmt::Result {
                write!(out, "{self}")
            }
        }
    )*};
}
token_by_display!(bool, i32, i64, u32, u64, Uuid);

impl Token for str {
    fn write_token(&self, out: &mut dyn Write) -> fmt::Result {
        out.write_str(self)
    }
}

impl Token for String {
    fn write_token(&self, out: &mut dyn Write) -> fmt::Result {
        out.write_str(self)
    }
}

impl<T: Token + ?Sized> Token for &T {
    fn write_token(&self, out: &mut dyn Write) -> fmt::Result {
        (**self).write_token(out)
    }
}
