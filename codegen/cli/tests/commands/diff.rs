//! `diff`: against folders and against commits of scratch repositories.

use std::process::Command;

use super::{BAD, Folder, GOOD, Run};

/// `GOOD` with a required field more: old messages lack it.
fn broken() -> String {
    GOOD.replace(
        "amount = \"Money\"",
        "amount = \"Money\"\nbook   = \"string\"",
    )
}

/// A repository whose first commit, tagged `v1`, has `contracts/billing.toml`.
fn repository(contract: &str) -> Folder {
    let folder = Folder::with(contract);
    git(&folder, &["init", "--quiet", "--initial-branch=main"]);
    commit(&folder);
    git(&folder, &["tag", "v1"]);
    folder
}

fn git(folder: &Folder, args: &[&str]) -> String {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=test",
            "-c",
            "user.email=test@example.invalid",
            "-c",
            "protocol.file.allow=always",
        ])
        .args(args)
        .current_dir(&folder.path)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn commit(folder: &Folder) {
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message", "contracts"]);
}

fn diff(folder: &Folder, args: &[&str]) -> Run {
    folder.run(&[&["diff", "--against"], args].concat())
}

#[test]
fn a_break_exits_with_1_and_shows_both_places() {
    let folder = Folder::with(&broken());
    folder.write("released/billing.toml", GOOD);
    let run = diff(&folder, &["released"]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(
        run.out.contains("error[required-field-added]"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("contracts/billing.toml:7:1"),
        "{}",
        run.out
    );
    assert!(run.out.contains("released/billing.toml:2:9"), "{}", run.out);
    assert!(run.out.contains(r#"{"amount":{"cents":0}}"#), "{}", run.out);
    assert_eq!(run.err, "");
}

#[test]
fn the_mode_decides_what_fails() {
    let folder = Folder::with(&broken());
    folder.write("released/billing.toml", GOOD);
    for (mode, code) in [("full", 1), ("backward", 1), ("forward", 0)] {
        let run = diff(&folder, &["released", "--mode", mode]);
        assert_eq!(run.code, code, "{mode}: {}", run.out);
    }
}

#[test]
fn nothing_changed_exits_with_0() {
    let folder = repository(GOOD);
    let run = diff(&folder, &["git:v1"]);
    assert_eq!(
        (run.code, run.out.as_str(), run.err.as_str()),
        (0, "nothing has changed\n", "")
    );
}

#[test]
fn a_commit_is_read_without_touching_anything() {
    let folder = repository(GOOD);
    folder.write("contracts/billing.toml", &broken());
    let before = (
        git(&folder, &["status", "--porcelain=v2"]),
        folder.files("."),
    );
    let run = diff(&folder, &["git:HEAD"]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(
        run.out.contains("HEAD:contracts/billing.toml:2:9"),
        "{}",
        run.out
    );
    assert_eq!(
        before,
        (
            git(&folder, &["status", "--porcelain=v2"]),
            folder.files(".")
        )
    );
    let left = std::fs::read_dir(std::env::temp_dir())
        .unwrap()
        .flatten()
        .any(|entry| {
            let name = entry.file_name().into_string().unwrap_or_default();
            name.starts_with("event-contracts-git-")
                && std::fs::read_dir(entry.path()).is_ok_and(|mut d| d.next().is_none())
        });
    assert!(!left, "the temporary folder is still there");
}

#[test]
fn every_version_is_compared_with_the_working_folder() {
    let folder = repository(GOOD);
    folder.write("contracts/billing.toml", &broken());
    commit(&folder);
    let run = diff(&folder, &["git:HEAD", "--against", "git:v1"]);
    assert_eq!(run.code, 1, "{}", run.err);
    let (head, v1) = run
        .out
        .split_once("against git:v1:")
        .expect("no second part");
    assert!(head.contains("nothing has changed"), "{head}");
    assert!(v1.contains("error[required-field-added]"), "{v1}");
}

#[test]
fn every_format_is_data_on_stdout() {
    let folder = repository(GOOD);
    folder.write("contracts/billing.toml", &broken());
    for (format, sign) in [
        ("human", "error[required-field-added]"),
        ("json", "\"rule\": \"required-field-added\""),
        (
            "github",
            "::error file=contracts/billing.toml,line=7,col=1,",
        ),
        ("sarif", "\"ruleId\": \"required-field-added\""),
    ] {
        let run = diff(&folder, &["git:v1", "--format", format]);
        assert_eq!(run.code, 1, "{format}");
        assert!(run.out.contains(sign), "{format}: {}", run.out);
        assert_eq!(run.err, "", "{format}");
    }
    for format in ["json", "sarif"] {
        let text = diff(&folder, &["git:v1", "--format", format]).out;
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
    }
}

#[test]
fn an_accepted_break_passes_until_its_day() {
    let accepted = |until: &str| {
        let entry = format!(
            "\n[[accepted]]\nrule = \"required-field-added\"\npath = \"events.Paid.fields.book\"\nreason = \"nobody reads it yet\"\nuntil = \"{until}\"\n"
        );
        broken() + &entry
    };
    let folder = repository(GOOD);
    folder.write("contracts/billing.toml", &accepted("2999-12-31"));
    let run = diff(&folder, &["git:v1"]);
    assert_eq!(run.code, 0, "{}", run.out);
    assert!(
        run.out.contains("(accepted: nobody reads it yet)"),
        "{}",
        run.out
    );
    folder.write("contracts/billing.toml", &accepted("2020-12-31"));
    let run = diff(&folder, &["git:v1"]);
    assert_eq!(run.code, 1, "{}", run.out);
    assert!(run.out.contains("accepted-expired"), "{}", run.out);
}

#[test]
fn a_renamed_folder_is_found_and_can_be_named() {
    let folder = repository(GOOD);
    git(&folder, &["mv", "contracts", "events"]);
    commit(&folder);
    let against =
        |reference: &str| folder.run(&["diff", "--contracts", "events", "--against", reference]);
    let run = against("git:v1");
    assert_eq!(run.code, 2, "{}", run.out);
    assert!(
        run.err
            .contains("it was renamed; compare with --against git:v1:contracts"),
        "{}",
        run.err
    );
    assert_eq!(against("git:v1:contracts").code, 0);
    let run = against("git:v1:elsewhere");
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("at v1 there is no folder `elsewhere`"),
        "{}",
        run.err
    );
}

#[test]
fn before_the_first_contract_everything_is_new() {
    let folder = Folder::new();
    git(&folder, &["init", "--quiet", "--initial-branch=main"]);
    folder.write("README", "no contracts yet\n");
    commit(&folder);
    folder.write("contracts/billing.toml", GOOD);
    let run = diff(&folder, &["git:main"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.err.contains("everything is new"), "{}", run.err);
}

#[test]
fn a_broken_old_contract_is_said_to_be_that() {
    let folder = repository(BAD);
    folder.write("contracts/billing.toml", GOOD);
    let run = diff(&folder, &["git:v1"]);
    assert_eq!(run.code, 1);
    assert_eq!(run.out, "");
    assert!(
        run.err.contains("v1:contracts/billing.toml:6:"),
        "{}",
        run.err
    );
    assert!(
        run.err.contains("--against git:v1 have errors"),
        "{}",
        run.err
    );
}

#[test]
fn a_broken_new_contract_is_a_finding() {
    let folder = repository(GOOD);
    folder.write("contracts/billing.toml", BAD);
    let run = diff(&folder, &["git:v1"]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.contains("error[unknown-type]"), "{}", run.err);
}

#[test]
fn an_unknown_commit_is_the_outside_world() {
    let folder = repository(GOOD);
    for reference in ["git:v2", "git:--all", "git:HEAD~7"] {
        let run = diff(&folder, &[reference]);
        assert_eq!(run.code, 3, "{reference}: {}", run.err);
        assert!(run.err.contains("git finds no commit"), "{}", run.err);
    }
    assert_eq!(diff(&folder, &["git:"]).code, 2);
}

#[test]
fn a_shallow_clone_says_how_to_get_the_rest() {
    let origin = repository(GOOD);
    origin.write("contracts/billing.toml", &broken());
    commit(&origin);
    let clone = Folder::new();
    let url = format!("file://{}", origin.path.display());
    git(
        &clone,
        &["clone", "--quiet", "--depth=1", "--no-tags", &url, "work"],
    );
    let run = clone.run(&[
        "diff",
        "--contracts",
        "work/contracts",
        "--against",
        "git:v1",
    ]);
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(run.err.contains("shallow clone"), "{}", run.err);
    assert!(run.err.contains("fetch-depth: 0"), "{}", run.err);
}

#[test]
fn no_repository_and_no_git_are_said() {
    let folder = Folder::with(GOOD);
    let run = diff(&folder, &["git:v1"]);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("not a git repository"), "{}", run.err);
    let output = folder
        .command(&["diff", "--against", "git:v1"])
        .env("PATH", "/nonexistent")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("needs the command `git`"), "{said}");
}

#[test]
fn a_folder_that_is_none_is_wrong_use() {
    let folder = Folder::with(GOOD);
    let run = diff(&folder, &["v1"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("git:v1"), "{}", run.err);
    assert_eq!(folder.run(&["diff"]).code, 2);
}

#[cfg(unix)]
#[test]
fn links_are_followed_inside_the_folder_only() {
    let folder = repository(GOOD);
    folder.write("types.txt", "[types.Other]\nenum = [\"a\"]\n");
    std::os::unix::fs::symlink("../types.txt", folder.at("contracts/other.toml")).unwrap();
    commit(&folder);
    std::fs::remove_file(folder.at("contracts/other.toml")).unwrap();
    let run = diff(&folder, &["git:HEAD"]);
    assert_eq!(run.code, 3, "{}", run.out);
    assert!(run.err.contains("other.toml is a link"), "{}", run.err);
    folder.write(
        "contracts/deep/types.txt",
        "[types.Other]\nenum = [\"a\"]\n",
    );
    std::os::unix::fs::symlink("deep/types.txt", folder.at("contracts/other.toml")).unwrap();
    commit(&folder);
    assert_eq!(diff(&folder, &["git:HEAD"]).code, 0);
}

#[test]
fn odd_names_and_bytes_are_no_trouble() {
    let folder = repository(GOOD);
    folder.write("contracts/sub folder/\u{fc}ber.txt", "\u{0}\n\n");
    folder.write("contracts/big.bin", &"x".repeat(300_000));
    commit(&folder);
    assert_eq!(diff(&folder, &["git:HEAD"]).code, 0);
}

#[test]
fn a_rule_is_explained() {
    let run = Folder::new().ok(&["explain", "required-field-added"]);
    assert!(
        run.out.starts_with("breaks (backward): A required field"),
        "{}",
        run.out
    );
    assert!(run.out.contains("Old:"), "{}", run.out);
    let run = Folder::new().run(&["explain", "required-field-addd"]);
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("did you mean \"required-field-added\"?"),
        "{}",
        run.err
    );
}

/// The snippet of the documentation, as it stands there.
#[test]
fn the_documented_ci_snippet_works() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/compatibility.md");
    let page = std::fs::read_to_string(page).unwrap();
    let snippet = page
        .split("```sh\n#!/bin/sh")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("no snippet");
    let origin = repository(GOOD);
    let clone = Folder::new();
    let url = format!("file://{}", origin.path.display());
    git(&clone, &["clone", "--quiet", &url, "."]);
    clone.write("ci.sh", &format!("#!/bin/sh{snippet}"));
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_event-contracts"))
        .parent()
        .unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let run = |clone: &Folder| {
        let output = Command::new("sh")
            .arg("ci.sh")
            .current_dir(&clone.path)
            .env("PATH", &path)
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    };
    assert_eq!(run(&clone).0, Some(0));
    clone.write("contracts/billing.toml", &broken());
    let (code, said) = run(&clone);
    assert_eq!(code, Some(1));
    assert!(said.contains("error[required-field-added]"), "{said}");
}
