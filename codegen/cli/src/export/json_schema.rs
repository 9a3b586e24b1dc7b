//! `export json-schema`: one schema per event, in a folder that may hold other files too.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use event_codegen::export::json_schema::{self, Draft, Layout};

use super::output::Folder;
use crate::files;
use crate::folder;
use crate::outcome::Failure;

/// Exports a JSON Schema for every event.
///
/// Files of a previous export that are no longer needed are removed; files that this command did not write are never
/// touched.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts export json-schema --out schemas
  event-contracts export json-schema --out schemas --check    # in CI: exit 1 when the folder is stale")]
pub(crate) struct Args {
    /// Output folder.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// JSON Schema draft.
    #[arg(long, value_name = "DRAFT", default_value = "07")]
    draft: DraftName,
    /// Layout of the output files.
    #[arg(long, value_name = "LAYOUT", default_value = "bundled")]
    layout: LayoutName,
    /// Write nothing; exit with 1 if the folder is stale.
    #[arg(long)]
    check: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum DraftName {
    /// Draft-07, supported by every tool.
    #[value(name = "07")]
    Draft07,
    /// Draft 2020-12.
    #[value(name = "2020-12")]
    Draft202012,
}

#[derive(Clone, Copy, ValueEnum)]
enum LayoutName {
    /// One self-contained file per event.
    Bundled,
    /// One file per event and type, with relative references.
    Refs,
    /// One file with everything.
    Catalog,
}

pub(crate) fn run(contracts: &Path, args: &Args) -> Result<(), Failure> {
    let draft = match args.draft {
        DraftName::Draft07 => Draft::Draft07,
        DraftName::Draft202012 => Draft::Draft202012,
    };
    let layout = match args.layout {
        LayoutName::Bundled => Layout::Bundled,
        LayoutName::Refs => Layout::Refs,
        LayoutName::Catalog => Layout::Catalog,
    };
    let checked = folder::load(contracts)?;
    let wanted: Vec<(PathBuf, String)> = json_schema::json_schema(&checked, draft, layout)
        .into_iter()
        .map(|(name, text)| (args.out.join(name), text))
        .collect();
    let leftover = leftover(&args.out, &wanted)?;
    let folder = Folder {
        path: &args.out,
        one: "schema",
        many: "schemas",
    };
    folder.put(&wanted, &leftover, args.check)
}

/// Files in the folder that an export wrote and this one does not.
fn leftover(out: &Path, wanted: &[(PathBuf, String)]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in files::json_files(out)? {
        if wanted.iter().any(|(name, _)| *name == path) {
            continue;
        }
        let bytes = files::read(&path)?.unwrap_or_default();
        if std::str::from_utf8(&bytes).is_ok_and(json_schema::is_generated) {
            found.push(path);
        }
    }
    Ok(found)
}
