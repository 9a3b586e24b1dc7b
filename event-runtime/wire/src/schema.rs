//! JSON Schema of events that are written by hand: `#[derive(Event, schemars::JsonSchema)]`. Behind the feature
//! `schemars`.
//!
//! The output of schemars is brought to the dialect of `event-contracts export json-schema`, so that validators and class generators of
//! other languages accept both. Nothing is validated against a schema at run time.

mod dialect;
mod types;
mod unions;

use std::io;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::event::Event;

/// Draft that a schema declares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Draft {
    /// Draft-07, which every tool reads.
    #[default]
    Draft07,
    /// 2020-12.
    Draft202012,
}

impl Draft {
    fn uri(self) -> &'static str {
        match self {
            Draft::Draft07 => "http://json-schema.org/draft-07/schema#",
            Draft::Draft202012 => "https://json-schema.org/draft/2020-12/schema",
        }
    }
}

/// Returns the schema of an event, with everything that it refers to.
///
/// Enums in serde's own (externally tagged) form and untagged enums keep the shape that schemars gives them: the contract
/// language has no such thing. Use `#[serde(tag = "…")]`.
#[must_use]
pub fn json_schema<E: Event + JsonSchema>(draft: Draft) -> Value {
    schema_of::<E>(E::NAME, draft)
}

/// Writes the draft-07 schema of an event to `<dir>/<event name>.json`, creates the folder if needed, and returns the path.
///
/// The file is replaced atomically, and not touched if its text is the same.
///
/// # Errors
/// Returns an error if the folder or the file cannot be written.
pub fn write_json_schema<E: Event + JsonSchema>(dir: impl AsRef<Path>) -> io::Result<PathBuf> {
    write(dir.as_ref(), E::NAME, &json_schema::<E>(Draft::Draft07))
}

fn schema_of<T: JsonSchema>(name: &str, draft: Draft) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.transforms.clear();
    let raw = settings.into_generator().into_root_schema_for::<T>();
    dialect::apply(raw.to_value(), name, draft)
}

fn write(dir: &Path, name: &str, schema: &Value) -> io::Result<PathBuf> {
    std::fs::create_dir_all(dir)?;
    let path = dir.join(format!("{name}.json"));
    let text = format!("{schema:#}\n");
    if std::fs::read_to_string(&path).is_ok_and(|old| old == text) {
        return Ok(path);
    }
    let temporary = dir.join(format!(".{name}.json.{}.tmp", std::process::id()));
    let written =
        std::fs::write(&temporary, text).and_then(|()| std::fs::rename(&temporary, &path));
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written.map(|()| path)
}

#[cfg(test)]
mod tests;
