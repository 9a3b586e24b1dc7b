//! The Rust of both sides of every change that `diff` shows by a payload, and a table of those payloads.

use std::fmt::Write;
use std::path::Path;
use std::{fs, io};

use event_codegen::check::{self, Checked};
use event_codegen::compat::{self, Direction, Mode, Outcome};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::{code::Code, emit, read, report};

use crate::property;

const FOLDER: &str = "../codegen/tests/compat";

/// One side of a change.
struct Side {
    contracts: Checked,
    /// Why there is no Rust of it, though it can be compared.
    unsupported: Option<String>,
}

/// Writes `compat.rs` into a folder.
///
/// # Errors
/// A file that cannot be written, or a contract that cannot be read.
pub fn write(out: &Path) -> io::Result<()> {
    println!("cargo::rerun-if-changed={FOLDER}");
    let mut folders: Vec<String> = fs::read_dir(FOLDER)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<_>>()?;
    folders.sort();
    let (mut modules, mut cases, mut left_out) = (String::new(), String::new(), String::new());
    for folder in folders {
        let old = side(&Path::new(FOLDER).join(&folder).join("old"))?;
        let new = side(&Path::new(FOLDER).join(&folder).join("new"))?;
        let findings = compat::compare(&old.contracts, &new.contracts, Mode::Full).findings;
        let mut examples = findings
            .iter()
            .flat_map(|finding| finding.counterexamples.iter().map(|c| (finding.rule.id, c)))
            .peekable();
        if examples.peek().is_none() {
            continue;
        }
        if let Some(why) = old.unsupported.as_ref().or(new.unsupported.as_ref()) {
            let _ = writeln!(left_out, "({folder:?}, {why:?}),");
            continue;
        }
        let module = folder.replace('-', "_");
        let _ = writeln!(modules, "pub mod {module} {{");
        for (name, side) in [("old", &old), ("new", &new)] {
            let rust = emit::rust(&side.contracts, &[]);
            let _ = writeln!(
                modules,
                "pub mod {name} {{\npub use ::event_runtime;\n{rust}\n}}"
            );
        }
        modules.push_str("}\n");
        for (rule, example) in examples {
            let (writer, reader) = match example.direction {
                Direction::Backward => (&old, &new),
                Direction::Forward => (&new, &old),
            };
            let function = |side: &str, contracts: &Checked| {
                let path = event(contracts, &example.event)?;
                Ok::<_, io::Error>(format!("decode::<{module}::{side}::{path}>"))
            };
            let _ = writeln!(
                cases,
                "Case {{ folder: {folder:?}, rule: {rule:?}, direction: {:?}, event: {:?}, payload: {:?}, refused: {}, \
                 writer: {}, reader: {} }},",
                example.direction.as_str(),
                example.event,
                example.payload,
                matches!(example.outcome, Outcome::Refused(_)),
                function(example.direction.writer(), &writer.contracts)?,
                function(example.direction.reader(), &reader.contracts)?,
            );
        }
    }
    let text = format!(
        "{modules}
/// Every counterexample of every folder that there is Rust of.
pub const CASES: &[Case] = &[{cases}];

/// The folders with counterexamples that there is no Rust of, and why.
pub const LEFT_OUT: &[(&str, &str)] = &[{left_out}];
"
    );
    fs::write(out.join("compat.rs"), text)
}

fn side(folder: &Path) -> io::Result<Side> {
    let mut diagnostics = Diagnostics::default();
    let contracts = read::read_folder(folder, &mut diagnostics);
    let unsupported = diagnostics
        .iter()
        .find(|d| d.code == Code::Unsupported)
        .map(|d| d.message.clone());
    // What this version reads and cannot generate is compared all the same.
    if unsupported.is_some() {
        diagnostics = Diagnostics::default();
    }
    let sources = contracts.sources.clone();
    let contracts = check::check(contracts, &mut diagnostics).map_err(|_| {
        let report = report::human(&diagnostics, &sources, false);
        io::Error::other(format!("{}: {report}", folder.display()))
    })?;
    Ok(Side {
        contracts,
        unsupported,
    })
}

fn event(contracts: &Checked, name: &str) -> io::Result<String> {
    contracts
        .events
        .iter()
        .find(|event| contracts.event_name(event) == name)
        .map(|event| property::path(contracts, event))
        .ok_or_else(|| io::Error::other(format!("one side has no event {name}")))
}
