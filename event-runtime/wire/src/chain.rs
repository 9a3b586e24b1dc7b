//! Errors with their sources: in order, and as one text.

use std::error::Error as StdError;
use std::fmt;
use std::iter::successors;

use serde_json::error::Category;

use crate::problem::reason;

/// Maximum number of sources that are followed: an error that is its own source has no end.
const MOST: usize = 32;

/// Iterates over an error and its sources, the outermost first.
pub fn sources<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    successors(Some(error), |&error: &&'a (dyn StdError + 'static)| {
        error.source()
    })
    .take(MOST)
}

/// Displays an error followed by its sources, on one line if they are on one. A source that the text before it ends with already is not
/// repeated.
#[derive(Debug)]
pub struct Chain<'a>(pub &'a (dyn StdError + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for error in sources(self.0) {
            let link = link(error);
            if text.ends_with(&link) {
                continue;
            }
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&link);
        }
        f.write_str(&text)
    }
}

/// Returns the text of one error. serde quotes values, which may be sensitive.
fn link(error: &(dyn StdError + 'static)) -> String {
    match error.downcast_ref::<serde_json::Error>() {
        Some(json) if json.classify() == Category::Data => format!(
            "{} at line {} column {}",
            reason(json),
            json.line(),
            json.column()
        ),
        _ => error.to_string(),
    }
}

/// Implements `Debug` by the text of the error and of its sources, because that is what `main` shows of the error that it returns. `{:#?}`
/// shows the fields.
#[doc(hidden)]
#[macro_export]
macro_rules! __debug_by_text {
    ($error:ident { $($field:ident),* }) => {
        impl ::std::fmt::Debug for $error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                if f.alternate() {
                    let mut fields = f.debug_struct(stringify!($error));
                    $(fields.field(stringify!($field), &self.$field);)*
                    fields.finish()
                } else {
                    ::std::fmt::Display::fmt(&$crate::__runtime::Chain(self), f)
                }
            }
        }
    };
}
