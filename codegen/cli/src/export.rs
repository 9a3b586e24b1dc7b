//! `export`: documents for those who do not speak Rust.

mod asyncapi;
mod editor_schema;
mod json_schema;
mod nats_auth;
mod output;
mod samples;

use std::path::Path;

use crate::outcome::Failure;

/// Exports documents for other languages and tools.
#[derive(clap::Subcommand)]
pub(crate) enum Export {
    JsonSchema(json_schema::Args),
    Asyncapi(asyncapi::Args),
    Samples(samples::Args),
    NatsAuth(nats_auth::Args),
    EditorSchema(editor_schema::Args),
}

pub(crate) fn run(contracts: &Path, export: &Export) -> Result<(), Failure> {
    match export {
        Export::JsonSchema(args) => json_schema::run(contracts, args),
        Export::Asyncapi(args) => asyncapi::run(contracts, args),
        Export::Samples(args) => samples::run(contracts, args),
        Export::NatsAuth(args) => nats_auth::run(contracts, args),
        Export::EditorSchema(args) => editor_schema::run(args),
    }
}
