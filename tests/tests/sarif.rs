//! What code scanners get is SARIF 2.1.0: the report of every diagnostic code, and of none, against the published schema.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use event_codegen::check;
use event_codegen::code::Code;
use event_codegen::diagnostic::Diagnostics;
use event_codegen::{read, report};
use jsonschema::Validator;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn validator() -> Validator {
    let script = root().join("tests/sarif-schema.sh");
    let done = Command::new(script).output().unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let path = String::from_utf8(done.stdout).unwrap();
    let schema: Value = serde_json::from_str(&fs::read_to_string(path.trim()).unwrap()).unwrap();
    assert!(
        schema["id"]
            .as_str()
            .unwrap()
            .contains("sarif-schema-2.1.0")
    );
    jsonschema::draft4::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

fn sarif(folder: &Path) -> (Value, BTreeSet<Code>) {
    let mut diagnostics = Diagnostics::default();
    let contracts = read::read_folder(folder, &mut diagnostics);
    let sources = contracts.sources.clone();
    let _ = check::check(contracts, &mut diagnostics);
    let text = report::sarif(&diagnostics, &sources);
    let codes = diagnostics.iter().map(|diagnostic| diagnostic.code);
    (serde_json::from_str(&text).unwrap(), codes.collect())
}

#[test]
fn every_report_is_sarif() {
    let validator = validator();
    let cases = root().join("codegen/tests/diagnostics");
    let mut folders: Vec<PathBuf> = fs::read_dir(cases)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("contracts"))
        .collect();
    folders.extend([
        root().join("contracts"),
        root().join("tests/editor-schema/bad"),
        root().join("there is none/ü"),
    ]);
    let mut seen = BTreeSet::new();
    for folder in folders {
        let (report, codes) = sarif(&folder);
        let errors: Vec<String> = validator
            .iter_errors(&report)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", folder.display());
        let results = report["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.is_empty(), codes.is_empty());
        seen.extend(codes);
    }
    assert!(seen.len() > 30, "{seen:?}");
}

/// The schema is one that can say no.
#[test]
fn what_is_no_sarif_is_refused() {
    let validator = validator();
    let (report, _) = sarif(&root().join("tests/editor-schema/bad"));
    for (pointer, wrong) in [
        ("/version", Value::from("2.2.0")),
        ("/runs/0/results/0/level", Value::from("fatal")),
        ("/runs/0/results/0/ruleIndex", Value::from("first")),
        ("/runs/0/columnKind", Value::from("bytes")),
        (
            "/runs/0/results/0/locations/0/physicalLocation/region/startLine",
            Value::from(0),
        ),
    ] {
        let mut changed = report.clone();
        *changed.pointer_mut(pointer).unwrap() = wrong;
        assert!(!validator.is_valid(&changed), "{pointer}");
    }
}
