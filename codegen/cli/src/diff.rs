//! `diff`: what changed since another version of the contracts, whom it breaks, and how to bring it out.

mod git;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::ValueEnum;
use event_codegen::check::Checked;
use event_codegen::compat::{self, Date, Mode, Report, render};
use event_codegen::report;
use event_codegen::source::Sources;

use crate::folder::{self, Folder};
use crate::outcome::{self, Failure};

/// Compares the contracts with older versions and reports breaking changes.
///
/// Reports for every change which services it breaks, with a payload as a counterexample, and the order in which
/// services can be upgraded. Exits with 1 if there is a breaking change, or if one of the contracts has errors.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts diff --against git:origin/main
  event-contracts diff --against git:v1.4.0 --against git:v1.3.0 --mode backward --format sarif")]
pub(crate) struct Args {
    /// Version to compare with: a folder, `git:REF` for the folder at a commit, or `git:REF:PATH` if it has another
    /// path there.
    #[arg(long, value_name = "DIR|git:REF", required = true)]
    against: Vec<String>,
    /// Compatibility that is required.
    #[arg(long, value_name = "MODE", default_value = "full")]
    mode: DiffMode,
    /// Format of the report on standard output.
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum DiffMode {
    /// Backward and forward.
    Full,
    /// New services must understand old messages.
    Backward,
    /// Old services must understand new messages.
    Forward,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Human-readable, with the lines of both contracts.
    Human,
    /// JSON, for scripts.
    Json,
    /// GitHub Actions annotations.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

/// An older version of the contracts.
struct Old {
    /// As the command line names it.
    name: String,
    /// Nothing when there was no folder then.
    checked: Option<Checked>,
    sources: Sources,
}

pub(crate) fn run(contracts: &Path, args: &Args) -> Result<(), Failure> {
    let new = folder::load(contracts)?;
    let mut olds = Vec::new();
    for against in &args.against {
        olds.push(read(contracts, against)?);
    }
    let mode = match args.mode {
        DiffMode::Full => Mode::Full,
        DiffMode::Backward => Mode::Backward,
        DiffMode::Forward => Mode::Forward,
    };
    let mut names = Vec::new();
    let mut reports = Vec::new();
    for old in olds {
        let Some(checked) = &old.checked else {
            continue;
        };
        let mut report = compat::compare(checked, &new, mode);
        report.old = old.sources;
        names.push(old.name);
        reports.push(report);
    }
    compat::apply_accepted(&mut reports, &new, today());
    let reports: Vec<(String, Report)> = names.into_iter().zip(reports).collect();
    outcome::print(&match args.format {
        Format::Human => human(&reports),
        Format::Json => render::json(&reports, mode),
        Format::Github => render::github(&reports),
        Format::Sarif => render::sarif(&reports),
    })?;
    if reports.iter().any(|(_, report)| report.fails()) {
        return Err(Failure::Findings);
    }
    Ok(())
}

fn human(reports: &[(String, Report)]) -> String {
    let colour = outcome::colour(io::stdout().is_terminal());
    let several = reports.len() > 1;
    let mut out = String::new();
    for (name, report) in reports {
        if several {
            out.push_str(&format!("against {name}:\n\n"));
        }
        out.push_str(&render::human(report, colour));
        if several {
            out.push('\n');
        }
    }
    out
}

/// Reads and checks one older version.
fn read(contracts: &Path, against: &str) -> Result<Old, Failure> {
    let Some(reference) = against.strip_prefix("git:") else {
        let dir = Path::new(against);
        if !dir.is_dir() {
            return Err(Failure::Usage(format!(
                "--against {against}: there is no such folder; a commit is written git:{against}"
            )));
        }
        return usable(against, folder::read(dir));
    };
    match git::read(contracts, reference)? {
        git::Found::Folder { files, shown } => {
            let mut folder = folder::read(files.path());
            folder.sources = renamed(&folder.sources, files.path(), &shown);
            usable(against, folder)
        }
        git::Found::Nothing { note } => {
            outcome::say(&format!("note: {note}"));
            Ok(Old {
                name: against.to_owned(),
                checked: None,
                sources: Sources::default(),
            })
        }
    }
}

/// A contract with errors cannot be compared: half of what it means is unknown.
fn usable(against: &str, folder: Folder) -> Result<Old, Failure> {
    match folder.checked {
        Some(checked) => Ok(Old {
            name: against.to_owned(),
            checked: Some(checked),
            sources: folder.sources,
        }),
        None => {
            let colour = outcome::colour(io::stderr().is_terminal());
            let text = report::human(&folder.diagnostics, &folder.sources, colour);
            outcome::say(text.trim_end());
            outcome::say(&format!(
                "error: the contracts of --against {against} have errors and cannot be compared; use a version that `check` accepts"
            ));
            Err(Failure::Findings)
        }
    }
}

/// The same files under the names that a person knows.
fn renamed(sources: &Sources, from: &Path, to: &str) -> Sources {
    let mut out = Sources::default();
    for (_, file) in sources.iter() {
        let path = match file.path.strip_prefix(from) {
            Ok(below) if below.as_os_str().is_empty() => PathBuf::from(to),
            Ok(below) => PathBuf::from(to).join(below),
            Err(_) => file.path.clone(),
        };
        out.add(path, file.text.as_str());
    }
    out
}

fn today() -> Date {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    Date::from_days(i64::try_from(seconds / 86_400).unwrap_or(0))
}
