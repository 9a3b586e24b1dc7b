//! `new`: starts a contracts folder with an example that passes `check`, and the schema with which editors check it.

use std::path::{Path, PathBuf};

use event_codegen::export::editor_schema;

use crate::advice::flag;
use crate::files;
use crate::outcome::{self, Failure};

const EXAMPLE: &str = include_str!("new/orders.toml");
const FILE: &str = "orders.toml";

/// Creates a contracts folder with a commented example and the schema for completion and validation in editors.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts new
  event-contracts new ../shop/contracts && event-contracts check --contracts ../shop/contracts")]
pub(crate) struct Args {
    /// Folder, created if missing; defaults to that of --contracts.
    dir: Option<PathBuf>,
}

pub(crate) fn run(contracts: &Path, args: &Args) -> Result<(), Failure> {
    let dir = args.dir.as_deref().unwrap_or(contracts);
    if let Some(there) = contract_below(dir) {
        return Err(Failure::Usage(format!(
            "there are contracts in {} already: {}",
            dir.display(),
            there.display()
        )));
    }
    let path = dir.join(FILE);
    // The schema first: whoever sees the example has what its first line names.
    files::write(
        &dir.join(editor_schema::FILE_NAME),
        &editor_schema::editor_schema(),
    )?;
    files::write(&path, EXAMPLE)?;
    outcome::print(&format!("{}\n", path.display()))?;
    outcome::say(&next_steps(dir));
    Ok(())
}

/// Some contract file in a folder, the example's own name first.
fn contract_below(dir: &Path) -> Option<PathBuf> {
    let example = dir.join(FILE);
    if example.symlink_metadata().is_ok() {
        return Some(example);
    }
    let entries = std::fs::read_dir(dir).ok()?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    found.sort();
    found.into_iter().next()
}

fn next_steps(dir: &Path) -> String {
    let flag = flag(dir);
    format!(
        "
Next:
  1. edit {FILE}: one file is one domain, and its comments say what each line does
  2. event-contracts check{flag}
  3. in the service's build.rs: event_codegen::Codegen::new(\"{}\").service(\"warehouse\").run()
  4. for other languages: event-contracts export json-schema --out schemas{flag}",
        dir.display()
    )
}
