//! `generate`: the Rust that a service's build.rs would write.

use std::path::{Path, PathBuf};

use event_codegen::check::Checked;
use event_codegen::diagnostic::closest;
use event_codegen::emit;
use event_codegen::model::ServiceId;

use crate::files::{self, Written};
use crate::folder;
use crate::outcome::{self, Failure};

/// Writes the Rust that a service's build.rs would write.
///
/// The file is not touched when it has this text already.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts generate --service warehouse --out src/contracts.rs
  event-contracts generate --out - | less")]
pub(crate) struct Args {
    /// Only what this service publishes, handles and reaches; may be repeated. Without it: everything.
    #[arg(long, value_name = "NAME")]
    service: Vec<String>,
    /// The file, or - for standard output.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(crate) fn run(contracts: &Path, args: &Args) -> Result<(), Failure> {
    let checked = folder::load(contracts)?;
    let services = args
        .service
        .iter()
        .map(|name| service(&checked, name))
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

fn service(checked: &Checked, name: &str) -> Result<ServiceId, Failure> {
    let names = || {
        checked
            .services
            .iter()
            .map(|service| service.name.value.as_str())
    };
    if let Some(at) = names().position(|known| known == name) {
        return Ok(ServiceId(at));
    }
    let help = match closest(name, names()) {
        Some(best) => format!("did you mean \"{best}\"?"),
        None => format!(
            "the services are: {}",
            names().collect::<Vec<_>>().join(", ")
        ),
    };
    Err(Failure::Usage(format!(
        "the contracts have no service \"{name}\"; {help}"
    )))
}
