//! The Rust of both sides of every change that `diff` shows by a payload, and a table of those payloads.

use std::fmt::Write;
use std::path::Path;
use std::{fs, io};

use event_codegen::check::{self, Checked};
use event_codegen::compat::{self, Direction, Mode, Outcome};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::{emit, read, report};

use crate::property;

const FOLDER: &str = "../codegen/tests/compat";

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
    let (mut modules, mut cases) = (String::new(), String::new());
    for folder in folders {
        let old = side(&Path::new(FOLDER).join(&folder).join("old"))?;
        let new = side(&Path::new(FOLDER).join(&folder).join("new"))?;
        let findings = compat::compare(&old, &new, Mode::Full).findings;
        let mut examples = findings
            .iter()
            .flat_map(|finding| finding.counterexamples.iter().map(|c| (finding.rule.id, c)))
            .peekable();
        if examples.peek().is_none() {
            continue;
        }
        let module = folder.replace('-', "_");
        let _ = writeln!(modules, "pub mod {module} {{");
        for (name, side) in [("old", &old), ("new", &new)] {
            let rust = emit::rust(side, &[]);
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
                function(example.direction.writer(), writer)?,
                function(example.direction.reader(), reader)?,
            );
        }
    }
    let text = format!(
        "{modules}
/// Every counterexample of every folder.
pub const CASES: &[Case] = &[{cases}];
"
    );
    fs::write(out.join("compat.rs"), text)
}

fn side(folder: &Path) -> io::Result<Checked> {
    let mut diagnostics = Diagnostics::default();
    let contracts = read::read_folder(folder, &mut diagnostics);
    let sources = contracts.sources.clone();
    check::check(contracts, &mut diagnostics).map_err(|_| {
        let report = report::human(&diagnostics, &sources, false);
        io::Error::other(format!("{}: {report}", folder.display()))
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
