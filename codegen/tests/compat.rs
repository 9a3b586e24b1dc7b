//! One folder per rule of `diff`: `compat/<rule>/{old,new}` beside the report that people get for the change.
//!
//! `UPDATE_EXPECT=1 cargo test -p event-codegen --features compat --test compat` writes the reports anew; look at the
//! difference.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use event_codegen::check::{self, Checked};
use event_codegen::compat::{self, Category, Date, Direction, Mode, RULES, Report, Rule, Severity};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::{read, report};

const FOLDER: &str = "tests/compat";

fn cases() -> BTreeSet<String> {
    fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn contracts(folder: &Path) -> Checked {
    let mut diagnostics = Diagnostics::default();
    let model = read::read_folder(folder, &mut diagnostics);
    let sources = model.sources.clone();
    check::check(model, &mut diagnostics).unwrap_or_else(|_| {
        panic!(
            "{}: {}",
            folder.display(),
            report::human(&diagnostics, &sources, false)
        )
    })
}

fn compare(case: &str) -> Report {
    let folder = Path::new(FOLDER).join(case);
    let new = contracts(&folder.join("new"));
    let report = compat::compare(&contracts(&folder.join("old")), &new, Mode::Full);
    let mut reports = [report];
    compat::apply_accepted(&mut reports, &new, Date::parse("2026-01-01").unwrap());
    let [report] = reports;
    report
}

#[test]
fn reports_are_as_expected() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let folder = Path::new(FOLDER).join(&case);
        let said = compat::render::human(&compare(&case), false)
            .replace(&format!("{}/", folder.display()), "");
        let path = folder.join("report.txt");
        if update {
            fs::write(&path, &said).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != said {
            wrong.push(format!("{} differs; it would be:\n{said}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_case_that_shows_it_and_a_page() {
    let cases = cases();
    let mut wrong = Vec::new();
    for rule in RULES {
        let Rule { id, page, .. } = rule;
        if !page.starts_with(&format!("# {id}\n\n")) || page.lines().count() < 10 {
            wrong.push(format!("{id} has no page"));
        }
        if !cases.contains(*id) {
            wrong.push(format!("{id} has no folder"));
        } else if !compare(id)
            .findings
            .iter()
            .any(|finding| finding.rule.id == *id)
        {
            wrong.push(format!("the folder {id} does not show {id}"));
        }
    }
    wrong.extend(
        cases
            .iter()
            .filter(|case| Rule::find(case).is_none())
            .map(|case| format!("{case} is no rule")),
    );
    let pages = fs::read_dir("explain/rules").unwrap().count();
    if pages != RULES.len() {
        wrong.push(format!("{pages} pages for {} rules", RULES.len()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A page must not promise what the rule does not do: its example is the test folder's contract, but for the frame.
#[test]
fn every_break_of_a_payload_is_shown_by_one() {
    let mut wrong = Vec::new();
    for case in cases() {
        for finding in compare(&case).findings {
            for direction in [Direction::Backward, Direction::Forward] {
                let claims = finding.severity == Severity::Breaks
                    && finding.rule.categories.contains(&match direction {
                        Direction::Backward => Category::Backward,
                        Direction::Forward => Category::Forward,
                    });
                let shown = finding
                    .counterexamples
                    .iter()
                    .any(|c| c.direction == direction);
                if claims && !shown && finding.rule.id != "schema-undecided" {
                    wrong.push(format!(
                        "{case}: {} is not shown {}",
                        finding.rule.id,
                        direction.as_str()
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The order of services, in the folders that have one.
#[test]
fn nothing_changes_between_a_contract_and_itself() {
    for case in cases() {
        let folder = Path::new(FOLDER).join(&case).join("new");
        let same = contracts(&folder);
        let report = compat::compare(&same, &same, Mode::Full);
        assert_eq!(report.findings, [], "{case}");
    }
}
