//! Generates the Rust of the example organisation, of a contract with every shape of the language, of imported schemas, of
//! every name that the language allows, of random contracts and random schemas, of both sides of the changes that `diff` shows
//! by a payload, and of a corpus of schemas when there is one.

#[path = "build/compat.rs"]
mod compat;
#[path = "build/imports.rs"]
mod imports;
#[path = "build/property.rs"]
mod property;
#[path = "build/second.rs"]
mod second;
#[path = "build/shapes.rs"]
mod shapes;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

fn main() -> io::Result<()> {
    event_codegen::Codegen::new("../contracts").run();
    let out = std::env::var_os("OUT_DIR").map(PathBuf::from);
    if let Some(out) = out {
        for (contracts, file) in [
            (
                "../codegen/tests/schema/everything/contracts",
                "everything.rs",
            ),
            (
                "../codegen/tests/schema/imported/contracts",
                "schema_imported.rs",
            ),
            ("../codegen/tests/schema/order/contracts", "order.rs"),
            (
                "../codegen/tests/schema/same_name/contracts",
                "same_name.rs",
            ),
            ("../codegen/tests/import", "imported.rs"),
            ("export-tools/alike/contracts", "alike.rs"),
            ("export-tools/odd/contracts", "odd.rs"),
            ("limits/contracts", "limits.rs"),
            ("names/contracts", "names.rs"),
            ("webhooks/contracts", "webhooks.rs"),
        ] {
            event_codegen::Codegen::new(contracts)
                .out_file(out.join(file))
                .run();
        }
        property::write(&out)?;
        compat::write(&out)?;
        shapes::write(&out)?;
        second::write(&out, &out.join("shapes"))?;
        imports::write(&out)?;
        corpus(&out)?;
    }
    Ok(())
}

/// `EVENT_SCHEMA_CORPUS` names a folder with `jsonschema/` and `testdata/`; a payload's path and name up to the first `-` are
/// those of its schema. Every schema with a payload becomes an event; without the variable there is none.
fn corpus(out: &Path) -> io::Result<()> {
    println!("cargo::rerun-if-env-changed=EVENT_SCHEMA_CORPUS");
    let folder = out.join("corpus");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let mut payloads = Vec::new();
    let corpus = std::env::var_os("EVENT_SCHEMA_CORPUS").map(PathBuf::from);
    if let Some(corpus) = &corpus {
        json_below(&corpus.join("testdata"), &mut payloads)?;
    }
    let (mut contract, mut table, mut schemas) = (String::new(), String::from("&["), Vec::new());
    for payload in &payloads {
        let Some(corpus) = &corpus else { continue };
        let below = payload
            .strip_prefix(corpus.join("testdata"))
            .map_err(io::Error::other)?;
        let stem = below
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let name = stem.split('-').next().unwrap_or_default();
        let schema = below.with_file_name(format!("{name}.json"));
        let at = schemas
            .iter()
            .position(|known| *known == schema)
            .unwrap_or(schemas.len());
        if at == schemas.len() {
            let copy = folder.join(&schema);
            fs::create_dir_all(copy.parent().unwrap_or(&folder))?;
            fs::copy(corpus.join("jsonschema").join(&schema), copy)?;
            let _ = writeln!(
                contract,
                "[events.Event{at}x]\nsubject = \"corpus.event{at}\"\njson_schema = {:?}",
                schema.display().to_string()
            );
            schemas.push(schema);
        }
        let _ = write!(
            table,
            "({payload:?}, super::round::<contracts::corpus::Event{at}x>),"
        );
    }
    table.push(']');
    fs::write(folder.join("corpus.toml"), contract)?;
    fs::write(out.join("corpus_table.rs"), table)?;
    event_codegen::Codegen::new(&folder)
        .out_file(out.join("corpus.rs"))
        .run();
    Ok(())
}

fn json_below(folder: &Path, out: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    for path in paths {
        if path.is_dir() {
            json_below(&path, out)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            out.push(path);
        }
    }
    Ok(())
}
