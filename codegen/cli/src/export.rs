//! `export`: documents for those who do not speak Rust.

mod editor_schema;
mod json_schema;

use std::path::Path;

use crate::outcome::Failure;

/// Writes documents for other languages and tools.
#[derive(clap::Subcommand)]
pub(crate) enum Export {
    JsonSchema(json_schema::Args),
    EditorSchema(editor_schema::Args),
}

pub(crate) fn run(contracts: &Path, export: &Export) -> Result<(), Failure> {
    match export {
        Export::JsonSchema(args) => json_schema::run(contracts, args),
        Export::EditorSchema(args) => editor_schema::run(args),
    }
}
