//! Typed event contracts: reads a folder of TOML contracts, checks it, and writes what services need.
//!
//! Data flows one way: [`read`] → [`check`] → [`Checked`](check::Checked) → [`emit`] or [`export`].
//!
//! For a service this crate is a build dependency, and `build.rs` is one line:
//!
//! ```no_run
//! event_codegen::Codegen::new("contracts").service("foobar").run();
//! ```
//!
//! `event_runtime::include_contracts!()` then brings what was written into the crate.

#[cfg(feature = "toml")]
mod cargo;
pub mod check;
pub mod code;
#[cfg(feature = "compat")]
pub mod compat;
#[cfg(feature = "compat")]
pub mod decode;
pub mod diagnostic;
pub mod durables;
mod ecma;
pub mod emit;
pub mod export;
mod formats;
pub mod json;
pub mod model;
pub mod name;
#[cfg(feature = "compat")]
mod payload;
pub mod read;
#[cfg(feature = "toml")]
pub mod report;
pub mod source;
pub mod subject;

#[cfg(feature = "toml")]
pub use self::cargo::Error;

#[cfg(feature = "toml")]
use std::path::PathBuf;

/// Turns a folder of contracts into the Rust of one crate.
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
