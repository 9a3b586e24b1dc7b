//! `catalog`: one HTML page of all domains, events, services and who talks to whom.

use std::path::{Path, PathBuf};

use event_codegen::export;

use crate::files::{self, Written};
use crate::folder;
use crate::outcome::{self, Failure};

/// Generates a catalog: one HTML page with all domains, events, services and the flow between them.
///
/// The page is self-contained: it loads nothing and can be opened from disk, attached to a mail or published as it is.
/// The file is not touched if its content is up to date.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts catalog --out catalog.html
  event-contracts catalog --contracts services/contracts --out public/index.html")]
pub(crate) struct Args {
    /// Output file, or - for standard output.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(crate) fn run(contracts: &Path, args: &Args) -> Result<(), Failure> {
    let checked = folder::load(contracts)?;
    let page = export::catalog::catalog(&checked);
    if args.out == Path::new("-") {
        return outcome::print(&page);
    }
    let what = match files::write(&args.out, &page)? {
        Written::Changed => "written",
        Written::Unchanged => "up to date",
    };
    outcome::say(&format!("{}: {what}", args.out.display()));
    Ok(())
}
