//! `export asyncapi`: who sends and receives what, as an AsyncAPI document.

use std::path::{Path, PathBuf};

use event_codegen::export::asyncapi;

use super::output;
use crate::folder;
use crate::outcome::Failure;

/// Exports an AsyncAPI 3.0 document (JSON) of all services, or of one service from its point of view.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts export asyncapi --out asyncapi.json
  event-contracts export asyncapi --service warehouse --out warehouse.asyncapi.json --check    # exit 1 when stale")]
pub(crate) struct Args {
    /// Output file, or - for standard output.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Include only what this service sends and receives.
    #[arg(long, value_name = "NAME", add = crate::candidates::services())]
    service: Option<String>,
    /// Write nothing; exit with 1 if the file is stale.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(contracts: &Path, args: &Args) -> Result<(), Failure> {
    let checked = folder::load(contracts)?;
    let service = args.service.as_deref();
    let service = service
        .map(|name| folder::service(&checked, name))
        .transpose()?;
    output::file(
        &args.out,
        &asyncapi::asyncapi(&checked, service),
        args.check,
    )
}
