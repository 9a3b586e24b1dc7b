//! `export json-schema`: files, drafts, layouts, stale folders.

use std::fs;

use super::{BAD, Folder, GOOD, modified};

const EXPORT: [&str; 4] = ["export", "json-schema", "--out", "schemas"];
const CHECK: [&str; 5] = ["export", "json-schema", "--out", "schemas", "--check"];

#[test]
fn one_file_per_event() {
    let folder = Folder::with(GOOD);
    let run = folder.ok(&EXPORT);
    assert_eq!(run.out, "");
    assert!(
        run.err.contains("schemas: 1 schema, 1 written, 0 removed"),
        "{}",
        run.err
    );
    assert_eq!(folder.files("schemas"), ["schemas/billing.Paid.json"]);
    let text = folder.read("schemas/billing.Paid.json");
    assert!(text.contains("http://json-schema.org/draft-07/schema#"));
    assert!(text.contains("generated from billing.toml; do not edit"));
}

#[test]
fn drafts_and_layouts() {
    let folder = Folder::with(GOOD);
    for (layout, files) in [
        ("bundled", &["out/billing.Paid.json"][..]),
        ("refs", &["out/billing.Money.json", "out/billing.Paid.json"]),
        ("catalog", &["out/catalog.json"]),
    ] {
        for (draft, uri) in [("07", "draft-07"), ("2020-12", "draft/2020-12")] {
            let args = [
                "export",
                "json-schema",
                "--out",
                "out",
                "--draft",
                draft,
                "--layout",
                layout,
            ];
            folder.ok(&args);
            // Files of the layout before are gone.
            assert_eq!(folder.files("out"), files);
            for file in files {
                assert!(folder.read(file).contains(uri), "{file} {draft}");
            }
        }
    }
    let run = folder.run(&["export", "json-schema", "--out", "out", "--draft", "04"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("07, 2020-12"), "{}", run.err);
}

#[test]
fn the_second_run_touches_nothing() {
    let folder = Folder::with(GOOD);
    folder.ok(&EXPORT);
    let file = folder.at("schemas/billing.Paid.json");
    let before = modified(&file);
    let run = folder.ok(&EXPORT);
    assert!(run.err.contains("0 written, 0 removed"), "{}", run.err);
    assert_eq!(modified(&file), before);
}

#[test]
fn check_says_what_is_stale_and_writes_nothing() {
    let folder = Folder::with(GOOD);
    let missing = folder.run(&CHECK);
    assert_eq!(missing.code, 1);
    assert_eq!(missing.out, "missing: schemas/billing.Paid.json\n");
    assert!(!folder.at("schemas").exists());

    folder.ok(&EXPORT);
    let fresh = folder.ok(&CHECK);
    assert_eq!(fresh.out, "");

    folder.write("contracts/billing.toml", &GOOD.replace("cents", "pence"));
    folder.write(
        "schemas/old.Event.json",
        &folder.read("schemas/billing.Paid.json"),
    );
    folder.write("schemas/mine.json", "{}");
    let before = folder.read("schemas/billing.Paid.json");
    let stale = folder.run(&CHECK);
    assert_eq!(stale.code, 1);
    assert_eq!(
        stale.out,
        "differs: schemas/billing.Paid.json\nleftover: schemas/old.Event.json\n"
    );
    assert!(stale.err.contains("without --check"), "{}", stale.err);
    assert_eq!(folder.read("schemas/billing.Paid.json"), before);
}

#[test]
fn only_generated_files_are_removed() {
    let folder = Folder::with(GOOD);
    folder.ok(&EXPORT);
    folder.write(
        "schemas/mine.json",
        "{\"$comment\": \"generated from nothing; do not edit\"}",
    );
    folder.write("schemas/README.md", "what these are");
    folder.write("contracts/billing.toml", &GOOD.replace("Paid", "Received"));
    let run = folder.ok(&EXPORT);
    assert!(run.err.contains("1 written, 1 removed"), "{}", run.err);
    assert_eq!(
        folder.files("schemas"),
        [
            "schemas/README.md",
            "schemas/billing.Received.json",
            "schemas/mine.json"
        ]
    );
}

#[test]
fn bad_contracts_leave_the_folder_alone() {
    let folder = Folder::with(GOOD);
    folder.ok(&EXPORT);
    folder.write("contracts/billing.toml", BAD);
    let before = folder.read("schemas/billing.Paid.json");
    let run = folder.run(&EXPORT);
    assert_eq!(run.code, 1);
    assert_eq!(run.out, "");
    assert!(run.err.contains("error[unknown-type]"), "{}", run.err);
    assert_eq!(folder.read("schemas/billing.Paid.json"), before);
}

#[test]
fn a_folder_that_cannot_be_written_is_the_outside_world() {
    let folder = Folder::with(GOOD);
    folder.write("file", "in the way");
    let run = folder.run(&["export", "json-schema", "--out", "file/schemas"]);
    assert_eq!(run.code, 3);
    assert_eq!(run.out, "");
    assert!(run.err.contains("file/schemas"), "{}", run.err);
    assert!(run.err.contains("Not a directory"), "{}", run.err);
    assert_eq!(folder.read("file"), "in the way");
}

#[test]
fn a_file_that_cannot_be_replaced_leaves_no_half() {
    let folder = Folder::with(GOOD);
    fs::create_dir_all(folder.at("schemas/billing.Paid.json/x")).unwrap();
    let run = folder.run(&EXPORT);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("schemas/billing.Paid.json"), "{}", run.err);
    assert_eq!(folder.files("schemas"), Vec::<String>::new());
}

/// Nobody may write there, not even root.
#[test]
#[cfg(target_os = "linux")]
fn a_read_only_folder_is_the_outside_world() {
    let folder = Folder::with(GOOD);
    let run = folder.run(&["export", "json-schema", "--out", "/proc/self"]);
    assert_eq!(run.code, 3);
    assert!(
        run.err
            .contains("error: cannot write /proc/self/billing.Paid.json: "),
        "{}",
        run.err
    );
    assert!(!run.err.contains("panicked"), "{}", run.err);
}

#[test]
fn the_editor_schema_needs_no_contracts() {
    let folder = Folder::new();
    let printed = folder.ok(&["export", "editor-schema"]);
    assert!(printed.out.contains("draft-07/schema#"));
    let run = folder.ok(&["export", "editor-schema", "--out", "deep/schema.json"]);
    assert_eq!(
        (run.out.as_str(), run.err.as_str()),
        ("", "deep/schema.json: written\n")
    );
    assert_eq!(folder.read("deep/schema.json"), printed.out);
    let run = folder.ok(&["export", "editor-schema", "--out", "deep/schema.json"]);
    assert_eq!(run.err, "deep/schema.json: up to date\n");
    folder.write("file", "in the way");
    assert_eq!(
        folder
            .run(&["export", "editor-schema", "--out", "file/schema.json"])
            .code,
        3
    );
}
