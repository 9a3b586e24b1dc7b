//! `export samples`: payloads for other languages' tests, a file each, and the list of all.

use std::path::{Path, PathBuf};

use event_codegen::export::samples;
use serde_json::Value;

use super::output::Folder;
use crate::files;
use crate::folder;
use crate::outcome::{self, Failure};

/// Exports sample payloads of every event for tests in other languages: valid, from newer versions, and invalid with
/// the reason.
///
/// Writes one file per sample to `<domain>.<Event>/{valid,unknown,invalid}/`, and `index.json` with all of them. Files
/// of a previous export that are listed there and no longer needed are removed; other files are never touched.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts export samples --out samples
  event-contracts export samples --out samples --check    # in CI: exit 1 when the folder is stale")]
pub(crate) struct Args {
    /// Output folder.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write nothing; exit with 1 if the folder is stale.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(contracts: &Path, args: &Args) -> Result<(), Failure> {
    let checked = folder::load(contracts)?;
    let samples = samples::samples(&checked);
    for event in &samples.without {
        outcome::say(&format!("no valid payload of {event} could be generated"));
    }
    let wanted: Vec<(PathBuf, String)> = samples
        .files()
        .into_iter()
        .map(|(name, text)| (args.out.join(name), text))
        .collect();
    let leftover = leftover(&args.out, &wanted)?;
    let folder = Folder {
        path: &args.out,
        one: "file",
        many: "files",
    };
    folder.put(&wanted, &leftover, args.check)
}

/// Files that the list of an earlier export names and that are not wanted any more.
fn leftover(out: &Path, wanted: &[(PathBuf, String)]) -> Result<Vec<PathBuf>, Failure> {
    let text = files::read(&out.join(samples::INDEX))?.unwrap_or_default();
    let Ok(index) = serde_json::from_slice::<Value>(&text) else {
        return Ok(Vec::new());
    };
    let entries = index["samples"].as_array().into_iter().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| entry["file"].as_str())
        .filter(|file| is_sample(file))
        .map(|file| out.join(file))
        .filter(|path| wanted.iter().all(|(name, _)| name != path) && path.is_file())
        .collect();
    found.sort();
    found.dedup();
    Ok(found)
}

/// Returns whether it is a name that this export gives: the list may have been edited, and names a file to be removed.
fn is_sample(file: &str) -> bool {
    let parts: Vec<&str> = file.split('/').collect();
    let [event, kind, name] = parts[..] else {
        return false;
    };
    let plain = |text: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        !text.starts_with('.') && !text.is_empty() && text.chars().all(allowed)
    };
    let ends = Path::new(name).extension().is_some_and(|end| end == "json");
    plain(event) && plain(name) && ends && ["valid", "unknown", "invalid"].contains(&kind)
}
