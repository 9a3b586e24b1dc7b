//! `new`: a folder that passes `check` at once, and never at somebody's cost.

use super::{Folder, GOOD};

#[test]
fn the_example_passes_without_a_warning() {
    let folder = Folder::new();
    let run = folder.ok(&["new", "contracts"]);
    assert_eq!(run.out, "contracts/orders.toml\n");
    assert!(run.err.contains("event-contracts check\n"), "{}", run.err);
    assert_eq!(
        folder.files("contracts"),
        ["contracts/.contract.schema.json", "contracts/orders.toml"]
    );
    assert!(folder.read("contracts/orders.toml").contains("# "));
    // What the example's first line names is what `export editor-schema` writes.
    assert!(
        folder
            .read("contracts/orders.toml")
            .starts_with("#:schema ./.contract.schema.json\n")
    );
    let exported = folder.ok(&["export", "editor-schema"]);
    assert_eq!(folder.read("contracts/.contract.schema.json"), exported.out);
    let check = folder.ok(&["check"]);
    assert!(check.out.contains("no problems in 1 file"), "{}", check.out);
    folder.ok(&[
        "generate",
        "--service",
        "warehouse",
        "--out",
        "contracts.rs",
    ]);
    folder.ok(&["export", "json-schema", "--out", "schemas"]);
    assert_eq!(
        folder.files("schemas"),
        [
            "schemas/orders.OrderPlaced.json",
            "schemas/orders.OrderViewed.json"
        ]
    );
}

#[test]
fn the_next_steps_name_the_folder() {
    let folder = Folder::new();
    let run = folder.ok(&["new", "deep/below"]);
    assert!(
        run.err
            .contains("event-contracts check --contracts deep/below\n"),
        "{}",
        run.err
    );
    folder.ok(&["check", "--contracts", "deep/below"]);
}

#[test]
fn without_a_folder_it_is_the_one_that_every_command_reads() {
    let folder = Folder::new();
    let run = folder.ok(&["new"]);
    assert_eq!(run.out, "contracts/orders.toml\n");
    assert!(run.err.contains("event-contracts check\n"), "{}", run.err);
    folder.ok(&["check"]);
    let run = folder.run(&["new"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("contracts/orders.toml"), "{}", run.err);
    let run = folder.ok(&["--contracts", "events", "new"]);
    assert_eq!(run.out, "events/orders.toml\n");
    folder.ok(&["check", "--contracts", "events"]);
}

#[test]
fn contracts_that_are_there_stay() {
    let folder = Folder::with(GOOD);
    let run = folder.run(&["new", "contracts"]);
    assert_eq!(run.code, 2);
    assert_eq!(run.out, "");
    assert!(run.err.contains("contracts/billing.toml"), "{}", run.err);
    assert_eq!(folder.files("contracts"), ["contracts/billing.toml"]);

    folder.ok(&["new", "other"]);
    folder.write("other/orders.toml", "mine");
    assert_eq!(folder.run(&["new", "other"]).code, 2);
    assert_eq!(folder.read("other/orders.toml"), "mine");
}

#[test]
fn a_folder_with_other_files_is_fine() {
    let folder = Folder::new();
    folder.write("contracts/README.md", "soon");
    folder.ok(&["new", "contracts"]);
    assert_eq!(
        folder.files("contracts"),
        [
            "contracts/.contract.schema.json",
            "contracts/README.md",
            "contracts/orders.toml"
        ]
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_the_outside_world() {
    let folder = Folder::new();
    folder.write("file", "in the way");
    let run = folder.run(&["new", "file"]);
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(run.err.contains("cannot write file/"), "{}", run.err);
}
