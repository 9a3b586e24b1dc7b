//! `check`: every problem of a contracts folder at once.

use std::io::IsTerminal;
use std::path::Path;

use clap::ValueEnum;
use event_codegen::report;

use crate::folder;
use crate::outcome::{self, Failure};

/// Validates the contracts and reports every problem.
///
/// Exits with 1 when there are errors; warnings do not change the exit code.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts check
  event-contracts check --contracts services/contracts --format sarif > contracts.sarif")]
pub(crate) struct Args {
    /// Format of the report on standard output.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Human-readable, with annotated source lines.
    Human,
    /// JSON, for scripts.
    Json,
    /// GitHub Actions annotations.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

pub(crate) fn run(contracts: &Path, args: &Args) -> Result<(), Failure> {
    let folder = folder::read(contracts);
    let (diagnostics, sources) = (&folder.diagnostics, &folder.sources);
    outcome::print(&match args.format {
        Format::Human => {
            let colour = outcome::colour(std::io::stdout().is_terminal());
            report::human(diagnostics, sources, colour)
        }
        Format::Json => report::json(diagnostics, sources),
        Format::Github => report::github(diagnostics, sources),
        Format::Sarif => report::sarif(diagnostics, sources),
    })?;
    match folder.checked {
        Some(_) => Ok(()),
        None => Err(Failure::Findings),
    }
}
