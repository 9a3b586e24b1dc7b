//! Random contracts for the property tests: their texts, the Rust that codegen makes of them, and a table of their events.

mod patterns;
mod random;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

use event_codegen::check::{self, Checked};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::{emit, name, read, report};

const FOLDERS: usize = 60;
const SEED: u64 = 20_260_131;

/// Writes `random.rs` into a folder.
///
/// # Errors
/// A file that cannot be written, or a contract with errors: then the generator does not know the language.
pub fn write(out: &Path) -> io::Result<()> {
    let mut random = random::Random(SEED);
    let (mut modules, mut texts, mut cases) = (String::new(), String::new(), String::new());
    for number in 0..FOLDERS {
        let files = random::folder(&mut random, number);
        let contracts = checked(number, &files)?;
        let rust = emit::rust(&contracts, &[]);
        let _ = writeln!(
            modules,
            "pub mod c{number} {{\npub use ::event_runtime;\n{rust}\n}}"
        );
        let _ = writeln!(texts, "&{files:?},");
        for event in &contracts.events {
            let path = path(&contracts, event);
            let full = contracts.event_name(event);
            let _ = writeln!(
                cases,
                "Case {{ folder: {number}, event: {full:?}, judge: judge::<c{number}::{path}> }},"
            );
        }
    }
    let text = format!(
        "{modules}
/// The contract files of each folder: path and text.
pub const FOLDERS: &[&[(&str, &str)]] = &[{texts}];

/// Every event of every folder.
pub const CASES: &[Case] = &[{cases}];
"
    );
    fs::write(out.join("random.rs"), text)
}

fn checked(number: usize, files: &[(String, String)]) -> io::Result<Checked> {
    let texts = files
        .iter()
        .map(|(path, text)| (PathBuf::from(path), text.clone()));
    let mut diagnostics = Diagnostics::default();
    let contracts = read::read_texts(Path::new(""), texts, &mut diagnostics);
    let sources = contracts.sources.clone();
    check::check(contracts, &mut diagnostics).map_err(|_| {
        let report = report::human(&diagnostics, &sources, false);
        io::Error::other(format!("the random folder {number} has errors: {report}"))
    })
}

/// What the emitter calls an event, below the module of its contracts.
pub fn path(contracts: &Checked, event: &event_codegen::model::Event) -> String {
    let domain = contracts[event.domain]
        .name
        .split('.')
        .map(name::module_ident);
    let mut parts: Vec<String> = domain.collect();
    parts.push(name::type_ident(&event.name));
    parts.join("::")
}
