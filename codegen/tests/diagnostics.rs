//! One folder per diagnostic code: `diagnostics/<code>/contracts` beside the report that people get for it.
//!
//! `UPDATE_EXPECT=1 cargo test -p event-codegen --test diagnostics` writes the reports anew; look at the difference.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use event_codegen::check;
use event_codegen::code::Code;
use event_codegen::diagnostic::Diagnostics;
use event_codegen::read;
use event_codegen::report;

const FOLDER: &str = "tests/diagnostics";

/// What only the feature `import` can say.
const IMPORT: &[Code] = &[
    Code::SchemaFile,
    Code::SchemaUnsupported,
    Code::SchemaUnchecked,
];

/// Whether no contract shows the code in this build: without `import` no schema is read, and with it nothing in a contract
/// is left out.
fn is_elsewhere(code: Code) -> bool {
    match cfg!(feature = "import") {
        true => code == Code::Unsupported,
        false => IMPORT.contains(&code),
    }
}

/// The folders below `tests/diagnostics`, by name.
fn cases() -> Vec<String> {
    let mut cases: Vec<String> = fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|case| Code::find(case).is_none_or(|code| !is_elsewhere(code)))
        .collect();
    cases.sort();
    cases
}

/// What `check` prints for a case, with paths from the case's folder on.
fn report(case: &str) -> (String, Diagnostics) {
    let folder = Path::new(FOLDER).join(case);
    let mut diagnostics = Diagnostics::default();
    let contracts = read::read_folder(&folder.join("contracts"), &mut diagnostics);
    let sources = contracts.sources.clone();
    let _ = check::check(contracts, &mut diagnostics);
    let report = report::human(&diagnostics, &sources, false);
    (
        report.replace(&format!("{}/", folder.display()), ""),
        diagnostics,
    )
}

#[test]
fn reports_are_as_expected() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let (report, _) = report(&case);
        let path: PathBuf = [FOLDER, &case, "report.txt"].iter().collect();
        if update {
            fs::write(&path, &report).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != report {
            wrong.push(format!(
                "{} differs; it would be:\n{report}",
                path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_has_a_case_that_shows_it() {
    let cases: BTreeSet<String> = cases().into_iter().collect();
    let mut wrong = Vec::new();
    for code in Code::ALL {
        if is_elsewhere(*code) {
            continue;
        } else if !cases.contains(code.as_str()) {
            wrong.push(format!("{code} has no folder"));
        } else if !report(code.as_str())
            .1
            .iter()
            .any(|diagnostic| diagnostic.code == *code)
        {
            wrong.push(format!("the folder {code} does not show {code}"));
        }
    }
    wrong.extend(
        cases
            .iter()
            .filter(|case| Code::find(case).is_none())
            .map(|case| format!("{case} is no code")),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A case is about one code: what else it says would make the example hard to read.
#[test]
fn a_case_shows_nothing_but_its_code() {
    let mut wrong = Vec::new();
    for case in cases() {
        let (text, diagnostics) = report(&case);
        if diagnostics
            .iter()
            .any(|diagnostic| diagnostic.code.as_str() != case)
        {
            wrong.push(text);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
