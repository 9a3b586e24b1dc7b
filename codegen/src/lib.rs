//! Typed event contracts at build time: reads a folder of TOML contracts, checks it, and writes the Rust of a service.
//!
//! This crate is a build dependency, and `build.rs` is one line:
//!
//! ```no_run
//! event_codegen::Codegen::new("contracts").service("foobar").run();
//! ```
//!
//! `event_runtime::include_contracts!()` then brings what was written into the crate. Contracts with errors fail the build with a
//! report that names file, line and column.
//!
//! The interface is [`Codegen`], [`Generated`] and [`Error`]. The modules are those of the derive and of the commands, which have the
//! same version as this crate: read → check → emit or export.
//!
//! # Feature flags
//!
//! - `toml` (default): the front end of contracts. A build script needs nothing else.
//! - `import`: `json_schema = "…"`, types from another team's JSON Schema.
//! - `derive`, `export`, `compat`: parts of `#[derive(Event)]` and of the commands.

#[cfg(feature = "toml")]
mod cargo;
#[doc(hidden)]
pub mod check;
#[doc(hidden)]
pub mod code;
#[cfg(feature = "compat")]
#[doc(hidden)]
pub mod compat;
#[cfg(feature = "compat")]
#[doc(hidden)]
pub mod decode;
#[doc(hidden)]
pub mod diagnostic;
#[doc(hidden)]
pub mod durables;
mod ecma;
#[doc(hidden)]
pub mod emit;
#[cfg(feature = "export")]
#[doc(hidden)]
pub mod export;
#[cfg(feature = "toml")]
mod formats;
#[doc(hidden)]
pub mod json;
#[doc(hidden)]
pub mod model;
#[doc(hidden)]
pub mod name;
#[cfg(feature = "toml")]
mod payload;
#[doc(hidden)]
pub mod read;
#[cfg(feature = "toml")]
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod source;
#[doc(hidden)]
pub mod subject;

#[cfg(feature = "toml")]
pub use self::cargo::Error;

#[cfg(feature = "toml")]
use std::path::PathBuf;

/// Turns a folder of contracts into the Rust of one crate.
///
/// # Examples
///
/// ```no_run
/// // build.rs: what the service `foobar` publishes, handles and reaches.
/// event_codegen::Codegen::new("contracts").service("foobar").run();
/// ```
///
/// Anywhere else, without a build script:
///
/// ```no_run
/// let generated = event_codegen::Codegen::new("contracts").generate()?;
/// println!("{} lines from {} files", generated.text.lines().count(), generated.files.len());
/// # Ok::<(), event_codegen::Error>(())
/// ```
#[cfg(feature = "toml")]
#[derive(Clone, Debug)]
pub struct Codegen {
    folder: PathBuf,
    services: Vec<String>,
    types_only: bool,
    out_file: Option<PathBuf>,
}

/// Result of [`Codegen::generate`].
#[cfg(feature = "toml")]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Generated {
    /// The Rust text.
    pub text: String,
    /// Every file that was read.
    pub files: Vec<PathBuf>,
    /// Warnings, each on one line with its place.
    pub warnings: Vec<String>,
}

#[cfg(feature = "toml")]
impl Codegen {
    /// Contracts in `folder`. Relative to the package whose build script runs, `../contracts` included; elsewhere relative to
    /// the current directory.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            services: Vec::new(),
            types_only: false,
            out_file: None,
        }
    }

    /// Only what this service publishes, handles and reaches. May be repeated; without it everything comes out.
    #[must_use]
    pub fn service(mut self, name: impl Into<String>) -> Self {
        self.services.push(name.into());
        self
    }

    /// Leaves out what a service does: its settings, its `Handlers` and `listen`. Events, types and streams remain, for a crate that
    /// depends on `event-wire` alone and says `event_wire::include_contracts!()`.
    #[must_use]
    pub fn types_only(mut self) -> Self {
        self.types_only = true;
        self
    }

    /// Another file than `OUT_DIR/contracts.rs`. `include_contracts!` does not know of it: `include!` it.
    #[must_use]
    pub fn out_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.out_file = Some(path.into());
        self
    }

    /// The whole of a `build.rs`: writes the file if its text has changed, and tells Cargo when to run again.
    ///
    /// When the contracts have errors, their report goes to standard error and the process ends with code 1, so that
    /// Cargo shows the report and nothing else. Anywhere but in a build script use [`Codegen::try_run`].
    pub fn run(self) {
        if let Err(error) = self.try_run() {
            eprintln!("{error}");
            std::process::exit(1);
        }
    }

    /// [`Codegen::run`] without the end of the process.
    ///
    /// # Errors
    /// Contracts with errors, an unknown service, no `OUT_DIR` and no [`out_file`](Codegen::out_file), or a file that cannot
    /// be written.
    pub fn try_run(&self) -> Result<(), Error> {
        let out_file = cargo::out_file(self.out_file.as_deref())?;
        let folder = cargo::folder(&self.folder);
        cargo::rerun_if_changed([&folder]);
        let generated = self.generate()?;
        // Cargo walks the folder, links included: what it finds there need not be looked at twice with each build.
        let elsewhere = |file: &&PathBuf| !file.starts_with(&folder);
        cargo::rerun_if_changed(generated.files.iter().filter(elsewhere));
        for warning in &generated.warnings {
            cargo::warn(warning);
        }
        cargo::write_if_changed(&out_file, &generated.text)?;
        if self.out_file.is_none() {
            cargo::include(&out_file);
        }
        Ok(())
    }

    /// Reads, checks and emits; writes nothing and prints nothing.
    ///
    /// # Errors
    /// Contracts with errors, or an unknown service.
    pub fn generate(&self) -> Result<Generated, Error> {
        let mut diagnostics = diagnostic::Diagnostics::default();
        let contracts = read::read_folder(&cargo::folder(&self.folder), &mut diagnostics);
        let checked = check::check(contracts, &mut diagnostics)
            .map_err(|contracts| Error::contracts(&diagnostics, &contracts.sources))?;
        let services = cargo::services(&checked, &self.services)?;
        Ok(Generated {
            text: match self.types_only {
                true => emit::types(&checked, &services),
                false => emit::rust(&checked, &services),
            },
            files: checked
                .sources
                .iter()
                .map(|(_, file)| file.path.clone())
                .collect(),
            warnings: cargo::warnings(&diagnostics, &checked.sources),
        })
    }
}
