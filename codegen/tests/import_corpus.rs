//! The import on a corpus of real schemas, when `EVENT_SCHEMA_CORPUS` names one: a folder with `jsonschema/` (every `*.json`
//! below is imported). Without the variable there is nothing to do.

#![cfg(feature = "import")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may fail anywhere"
)]

use std::path::{Path, PathBuf};

use event_codegen::diagnostic::{Diagnostics, Severity};
use event_codegen::model::TypeId;
use event_codegen::read::json_schema::{Files, Wanted, import};
use event_codegen::source::{FileId, Sources, Span, Spanned};

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, out);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            out.push(path);
        }
    }
}

#[test]
fn every_schema_of_the_corpus_imports() {
    let Some(corpus) = std::env::var_os("EVENT_SCHEMA_CORPUS").map(PathBuf::from) else {
        return;
    };
    let folder = corpus.join("jsonschema");
    let mut all = Vec::new();
    files(&folder, &mut all);
    let mut refused = Vec::new();
    for path in &all {
        let below = path
            .strip_prefix(&folder)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let mut sources = Sources::default();
        let contract = sources.add("contract.toml", "");
        let mut diagnostics = Diagnostics::default();
        let place = Spanned::new(below.clone(), Span::new(contract, 0..0));
        let wanted = Wanted {
            name: "Payload",
            event: false,
        };
        let imported = import(
            &Files::Folder(&folder),
            &[(&place, wanted)],
            TypeId(0),
            &mut sources,
            &mut diagnostics,
        );
        assert_eq!(
            imported.imports.is_empty(),
            diagnostics.count(Severity::Error) > 0,
            "{below}"
        );
        for diagnostic in diagnostics.iter() {
            let place = diagnostic
                .related
                .first()
                .map(|label| (sources.position(label.span), label.text.clone()));
            println!(
                "{below}: {} {} {place:?}",
                diagnostic.code, diagnostic.message
            );
        }
        if imported.imports.is_empty() {
            refused.push(below);
        }
        assert_eq!(contract, FileId(0));
    }
    println!(
        "{} of {} schemas import",
        all.len() - refused.len(),
        all.len()
    );
    assert!(refused.is_empty(), "{refused:#?}");
}
