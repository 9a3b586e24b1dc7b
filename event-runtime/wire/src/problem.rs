//! The place and the reason of a body that cannot be read, without the value.

use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// Start of the text of an error inside a union's variant, by which such a text is known to quote no value.
pub(crate) const IN_VARIANT: &str = "in variant `";

/// Place and reason of a failure.
pub(crate) struct Problem {
    pub(crate) path: String,
    pub(crate) reason: String,
}

/// Reads a body once more, more slowly, to find the place where it fails.
pub(crate) fn problem<T: DeserializeOwned>(body: &[u8]) -> Problem {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let (path, error) = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Ok(_) => (String::new(), reader.end().err()),
        Err(error) => (error.path().to_string(), Some(error.into_inner())),
    };
    let path = if path == "." { String::new() } else { path };
    let reason = error.map_or_else(|| "cannot be read".to_owned(), |error| reason(&error));
    Problem { path, reason }
}

/// Returns the error's text without anything that could come from the body.
pub fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(text, _)| text);
    match error.classify() {
        // Syntax errors name what the grammar wants.
        Category::Syntax | Category::Eof | Category::Io => {
            format!("the body is not JSON: {}", error)
        }
        Category::Data if text.starts_with("missing field `") || text.starts_with(IN_VARIANT) => {
            text.to_owned()
        }
        Category::Data => match text.rsplit_once(", expected ") {
            Some((_, expected)) if text.starts_with("invalid ") || text.starts_with("unknown ") => {
                format!("expected {expected}")
            }
            _ if text.starts_with("duplicate field `") => text.to_owned(),
            _ if text.starts_with("UUID parsing failed") => "expected a UUID".to_owned(),
            _ => "the value is not one of the field's type".to_owned(),
        },
    }
}
