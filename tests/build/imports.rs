//! Random JSON Schemas and the Rust that codegen makes of them, for `tests/import_property.rs`. Many and small: what is
//! found in a large one is found in a small one too, and rustc pays for each type.

#[allow(dead_code, reason = "the tests need the rest")]
#[path = "../../codegen/tests/import_property/deep.rs"]
mod deep;
#[allow(dead_code, reason = "the tests need the rest")]
#[path = "../../codegen/tests/compat_property/random.rs"]
mod random;
#[allow(dead_code, reason = "the tests need the rest")]
#[path = "../../codegen/tests/import_property/schema.rs"]
mod schema;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

use event_codegen::diagnostic::Diagnostics;
use event_codegen::{check, emit, read};

const SCHEMAS: u64 = 170;
const SEED: u64 = 20_261_201;

/// Writes `imports.rs` into a folder: a module for each schema, and a table of them.
///
/// # Errors
/// A file that cannot be written.
pub fn write(out: &Path) -> io::Result<()> {
    for file in ["import_property/schema.rs", "import_property/deep.rs"] {
        println!("cargo::rerun-if-changed=../codegen/tests/{file}");
    }
    let mut schemas: Vec<String> = (0..SCHEMAS)
        .map(|at| schema::schema(&mut random::Random::new(SEED * 1_000_003 + at), 1).to_string())
        .collect();
    schemas.extend(
        deep::schemas()
            .into_iter()
            .map(|(schema, ..)| schema.to_string()),
    );
    let (mut modules, mut cases) = (String::new(), String::new());
    for (at, schema) in schemas.iter().enumerate() {
        // What is refused, and whether rightly, is for the tests without a compiler.
        let Some(rust) = import(schema) else { continue };
        let _ = writeln!(
            modules,
            "pub mod c{at} {{\npub use ::event_runtime;\n{rust}\n}}"
        );
        let _ = writeln!(
            cases,
            "Case {{ number: {at}, schema: {schema:?}, judge: reader::judge::<c{at}::held::Held> }},"
        );
    }
    let text = format!(
        "{modules}\n/// Every schema.\npub const CASES: &[Case] = &[{cases}];\n\
         /// Where those begin that hold themselves.\npub const DEEP: usize = {SCHEMAS};\n"
    );
    fs::write(out.join("imports.rs"), text)
}

fn import(schema: &str) -> Option<String> {
    let contract = "[events.Held]\nsubject = \"held\"\njson_schema = \"s.json\"\n";
    let files = [("held.toml", contract), ("s.json", schema)];
    let files = files.map(|(path, text)| (PathBuf::from(path), text.to_owned()));
    let mut diagnostics = Diagnostics::default();
    let contracts = read::read_texts(Path::new(""), files, &mut diagnostics);
    let checked = check::check(contracts, &mut diagnostics).ok()?;
    Some(emit::rust(&checked, &[]))
}
