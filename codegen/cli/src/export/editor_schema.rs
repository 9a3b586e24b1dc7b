//! `export editor-schema`: the JSON Schema with which editors complete and check contract files.

use std::path::PathBuf;

use event_codegen::export::editor_schema;

use crate::files::{self, Written};
use crate::outcome::{self, Failure};

/// Exports the JSON Schema of the contract language, for editors.
///
/// Editors with taplo or tombi (VS Code, Zed, Neovim, Helix) complete and validate a contract whose first line is
/// `#:schema ./.contract.schema.json`. Needs no contracts.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts export editor-schema --out contracts/.contract.schema.json
  event-contracts export editor-schema | jq .definitions.event")]
pub(crate) struct Args {
    /// Output file. Default: standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let schema = editor_schema::editor_schema();
    let Some(path) = &args.out else {
        return outcome::print(&schema);
    };
    let done = match files::write(path, &schema)? {
        Written::Changed => "written",
        Written::Unchanged => "up to date",
    };
    outcome::say(&format!("{}: {done}", path.display()));
    Ok(())
}
