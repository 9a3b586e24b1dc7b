//! `generate`: the Rust that a service's build.rs would write.

use std::path::{Path, PathBuf};

use event_codegen::emit;

use crate::files::{self, Written};
use crate::folder;
use crate::outcome::{self, Failure};

/// Generates the Rust code that a service's build.rs generates.
///
/// The file is not touched if its content is up to date.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts generate --service warehouse --out src/contracts.rs
  event-contracts generate --out - | less")]
pub(crate) struct Args {
    /// Generate only what this service publishes, handles and refers to; may be repeated. Without it, everything.
    #[arg(long, value_name = "NAME", add = crate::candidates::services())]
    service: Vec<String>,
    /// Output file, or - for standard output.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(crate) fn run(contracts: &Path, args: &Args) -> Result<(), Failure> {
    let checked = folder::load(contracts)?;
    let services = args
        .service
        .iter()
        .map(|name| folder::service(&checked, name))
        .collect::<Result<Vec<_>, _>>()?;
    let text = emit::rust(&checked, &services);
    if args.out == Path::new("-") {
        return outcome::print(&text);
    }
    let what = match files::write(&args.out, &text)? {
        Written::Changed => "written",
        Written::Unchanged => "up to date",
    };
    outcome::say(&format!("{}: {what}", args.out.display()));
    Ok(())
}
