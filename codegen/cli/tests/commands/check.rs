//! `check`, and `--contracts` before and after it.

use super::{BAD, Folder, GOOD, WARNED};

#[test]
fn good_contracts_exit_with_0() {
    let run = Folder::with(GOOD).ok(&["check"]);
    assert!(run.out.contains("no problems in 1 file"), "{}", run.out);
    assert_eq!(run.err, "");
}

#[test]
fn warnings_exit_with_0_and_are_said() {
    let run = Folder::with(WARNED).ok(&["check"]);
    assert!(run.out.contains("unused-stream"), "{}", run.out);
    assert!(run.out.contains("contracts/billing.toml:7:"), "{}", run.out);
}

#[test]
fn errors_exit_with_1_and_say_where() {
    let run = Folder::with(BAD).run(&["check"]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("error[unknown-type]"), "{}", run.out);
    assert!(run.out.contains("contracts/billing.toml:6:"), "{}", run.out);
    assert!(run.out.contains("did you mean \"Money\"?"), "{}", run.out);
    assert!(!run.out.contains('\u{1b}'), "colour without a terminal");
    assert_eq!(run.err, "");
}

#[test]
fn every_format_is_data_on_stdout() {
    let folder = Folder::with(BAD);
    for (format, sign) in [
        ("human", "error[unknown-type]"),
        ("json", "\"code\": \"unknown-type\""),
        ("github", "::error "),
        ("sarif", "\"version\": \"2.1.0\""),
    ] {
        let run = folder.run(&["check", "--format", format]);
        assert_eq!(run.code, 1, "{format}");
        assert!(run.out.contains(sign), "{format}: {}", run.out);
        assert_eq!(run.err, "", "{format}");
    }
    for format in ["json", "sarif"] {
        let text = folder.run(&["check", "--format", format]).out;
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
    }
}

#[test]
fn a_format_that_is_none_is_wrong_use() {
    let run = Folder::with(GOOD).run(&["check", "--format", "xml"]);
    assert_eq!(run.code, 2);
    assert_eq!(run.out, "");
    assert!(
        run.err.contains("human, json, github, sarif"),
        "{}",
        run.err
    );
}

#[test]
fn the_folder_is_named_before_or_after_the_command() {
    let folder = Folder::new();
    folder.write("elsewhere/a.toml", GOOD);
    folder.ok(&["--contracts", "elsewhere", "check"]);
    folder.ok(&["check", "--contracts", "elsewhere"]);
    folder.ok(&["check", "--contracts=elsewhere", "--format", "json"]);
    folder.ok(&[
        "export",
        "json-schema",
        "--contracts",
        "elsewhere",
        "--out",
        "a",
    ]);
    folder.ok(&[
        "export",
        "--contracts",
        "elsewhere",
        "json-schema",
        "--out",
        "b",
    ]);
    folder.ok(&[
        "--contracts",
        "elsewhere",
        "export",
        "json-schema",
        "--out",
        "c",
    ]);
    assert_eq!(folder.files("c"), ["c/a.Paid.json"]);
}

#[test]
fn a_missing_folder_is_a_finding_that_says_what_to_do() {
    let run = Folder::new().run(&["check"]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("no-contracts"), "{}", run.out);
    assert!(run.out.contains("event-contracts new"), "{}", run.out);
    assert!(run.out.contains("--contracts DIR"), "{}", run.out);
}
