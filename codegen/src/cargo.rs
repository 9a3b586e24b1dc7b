//! The edges of a build script: where files are, what Cargo is told, what can go wrong. Knows nothing of contracts.

use std::fmt;
use std::path::{Path, PathBuf};
use std::{env, fs, io, process};

use crate::check::Checked;
use crate::diagnostic::{Diagnostics, Severity, closest};
use crate::model::ServiceId;
use crate::report;
use crate::source::Sources;

/// Reason for which nothing was generated. Its text is meant for people and may have many lines.
#[derive(Debug)]
pub struct Error(Problem);

#[derive(Debug)]
enum Problem {
    /// The report of contracts with errors.
    Contracts(String),
    /// A service that the contracts do not have, and what to do.
    Service(String, String),
    /// Nowhere to write to.
    NoOutDir,
    /// The file cannot be written.
    Write(PathBuf, io::Error),
}

impl Error {
    /// Contracts with errors.
    pub(crate) fn contracts(diagnostics: &Diagnostics, sources: &Sources) -> Self {
        Self(Problem::Contracts(report::human(
            diagnostics,
            sources,
            false,
        )))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Problem::Contracts(report) => f.write_str(report.trim_end()),
            Problem::Service(name, help) => {
                write!(
                    f,
                    "error: the contracts have no service {name:?}\nhelp: {help}"
                )
            }
            Problem::NoOutDir => f.write_str(
                "error: OUT_DIR is not set, so there is nowhere to write to\n\
                 help: call `run` in build.rs, or name a file with `out_file`",
            ),
            Problem::Write(path, error) => {
                write!(f, "error: {} cannot be written: {error}", path.display())
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Problem::Write(_, error) => Some(error),
            _ => None,
        }
    }
}

/// The contracts folder as it can be opened. Cargo runs a build script in its package's folder, and then the path stays as
/// it was given, so that reports show what the contract's author would type.
pub(crate) fn folder(given: &Path) -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    match package {
        Some(package)
            if given.is_relative() && env::current_dir().ok().as_ref() != Some(&package) =>
        {
            package.join(given)
        }
        _ => given.to_owned(),
    }
}

/// Returns the place where the text goes.
pub(crate) fn out_file(given: Option<&Path>) -> Result<PathBuf, Error> {
    match (given, env::var_os("OUT_DIR")) {
        (Some(path), _) => Ok(path.to_owned()),
        (None, Some(folder)) => Ok(PathBuf::from(folder).join("contracts.rs")),
        (None, None) => Err(Error(Problem::NoOutDir)),
    }
}

/// Tells Cargo to run again when one of these changes, or anything below one that is a folder. A path that is not there
/// would make Cargo run every time.
pub(crate) fn rerun_if_changed<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) {
    for path in paths.into_iter().filter(|path| path.exists()) {
        println!("cargo:rerun-if-changed={}", path.display());
    }
}

/// Tells `include_contracts!` where the text is. Without it the macro says that no build script has run.
pub(crate) fn include(path: &Path) {
    println!("cargo:rustc-env=EVENT_CONTRACTS_RS={}", path.display());
}

/// Shows a warning, on one line as Cargo wants it.
pub(crate) fn warn(text: &str) {
    println!("cargo:warning={}", text.replace(['\r', '\n'], " "));
}

/// The warnings, each with its place.
pub(crate) fn warnings(diagnostics: &Diagnostics, sources: &Sources) -> Vec<String> {
    diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.code.severity() == Severity::Warning)
        .map(|diagnostic| {
            let at = sources.position(diagnostic.span);
            let path = sources.path(diagnostic.span.file).display();
            let help = diagnostic
                .help
                .as_ref()
                .map(|help| format!(" ({help})"))
                .unwrap_or_default();
            format!(
                "{path}:{}:{}: {}{help}",
                at.line, at.column, diagnostic.message
            )
        })
        .collect()
}

/// The services of these names.
pub(crate) fn services(checked: &Checked, names: &[String]) -> Result<Vec<ServiceId>, Error> {
    let known = || {
        checked
            .services
            .iter()
            .map(|service| service.name.value.as_str())
    };
    let find = |name: &String| {
        known()
            .position(|known| known == name)
            .map(ServiceId)
            .ok_or_else(|| {
                let help = match closest(name, known()) {
                    Some(best) => format!("did you mean {best:?}?"),
                    None if checked.services.is_empty() => {
                        "declare it with [services.NAME]".to_owned()
                    }
                    None => format!(
                        "the services are: {}",
                        known().collect::<Vec<_>>().join(", ")
                    ),
                };
                Error(Problem::Service(name.clone(), help))
            })
    };
    names.iter().map(find).collect()
}

/// Writes a file if it has another text: what depends on it is rebuilt only then. A reader never sees half of it.
pub(crate) fn write_if_changed(path: &Path, text: &str) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", process::id()));
    let temporary = path.with_file_name(name);
    fs::write(&temporary, text)
        .and_then(|()| fs::rename(&temporary, path))
        .map_err(|error| {
            // What is left of the attempt is of no use; the first error is the one to report.
            let _ = fs::remove_file(&temporary);
            Error(Problem::Write(path.to_owned(), error))
        })
}
