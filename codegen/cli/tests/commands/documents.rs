//! `export samples`, `export asyncapi` and `export nats-auth`: files, stale files, wrong use.

use super::{BAD, Folder, GOOD, modified};

const SAMPLES: [&str; 4] = ["export", "samples", "--out", "samples"];
const CHECK_SAMPLES: [&str; 5] = ["export", "samples", "--out", "samples", "--check"];

#[test]
fn samples_are_files_and_a_list_of_them() {
    let folder = Folder::with(GOOD);
    let run = folder.ok(&SAMPLES);
    assert_eq!(run.out, "");
    let files = folder.files("samples");
    let said = format!("samples: {0} files, {0} written, 0 removed\n", files.len());
    assert_eq!(run.err, said);
    for file in [
        "samples/billing.Paid/valid/full.json",
        "samples/billing.Paid/unknown/field.json",
        "samples/billing.Paid/invalid/amount.cents.missing.json",
        "samples/billing.Paid/invalid/amount.cents.above-maximum.json",
    ] {
        assert!(files.iter().any(|name| name == file), "{file} of {files:?}");
    }
    let index: serde_json::Value =
        serde_json::from_str(&folder.read("samples/index.json")).unwrap();
    let listed = index["samples"].as_array().unwrap();
    assert_eq!(listed.len() + 1, files.len());
    let missing = listed
        .iter()
        .find(|entry| entry["file"] == "billing.Paid/invalid/amount.cents.missing.json")
        .unwrap();
    assert_eq!(missing["event"], "billing.Paid");
    assert_eq!(missing["valid"], false);
    assert_eq!(missing["path"], "amount.cents");
    assert_eq!(missing["keyword"], "required");
    assert_eq!(missing["reason"], "the field `cents` is missing");
}

#[test]
fn samples_that_no_longer_belong_are_removed_and_nothing_else() {
    let folder = Folder::with(GOOD);
    folder.ok(&SAMPLES);
    let full = folder.at("samples/billing.Paid/valid/full.json");
    let before = modified(&full);
    folder.write("samples/billing.Paid/valid/mine.json", "{}");
    folder.write("precious.json", "{}");
    // A list that somebody has edited removes nothing outside of the folder.
    let index = folder.read("samples/index.json");
    let edited = index.replacen("billing.Paid/valid/full.json", "../../precious.json", 1);
    folder.write("samples/index.json", &edited);
    folder.write("contracts/billing.toml", &GOOD.replace("u32", "string"));
    let run = folder.ok(&SAMPLES);
    assert!(!run.err.contains(" 0 removed"), "{}", run.err);
    let files = folder.files("samples");
    let has = |file: &str| files.iter().any(|name| name == file);
    assert!(has("samples/billing.Paid/valid/mine.json"));
    assert!(!has(
        "samples/billing.Paid/invalid/amount.cents.above-maximum.json"
    ));
    assert_eq!(folder.read("precious.json"), "{}");
    assert_ne!(modified(&full), before);
    let again = folder.ok(&SAMPLES);
    assert!(again.err.contains("0 written, 0 removed"), "{}", again.err);
}

#[test]
fn check_of_samples_says_what_is_stale_and_writes_nothing() {
    let folder = Folder::with(GOOD);
    let missing = folder.run(&CHECK_SAMPLES);
    assert_eq!(missing.code, 1);
    assert!(missing.out.contains("missing: samples/index.json\n"));
    assert!(!folder.at("samples").exists());
    folder.ok(&SAMPLES);
    folder.ok(&CHECK_SAMPLES);
    folder.write("contracts/billing.toml", &GOOD.replace("u32", "bool"));
    let stale = folder.run(&CHECK_SAMPLES);
    assert_eq!(stale.code, 1);
    for line in [
        "differs: samples/billing.Paid/valid/full.json\n",
        "leftover: samples/billing.Paid/invalid/amount.cents.above-maximum.json\n",
        "missing: samples/billing.Paid/valid/amount.cents.false.json\n",
    ] {
        assert!(stale.out.contains(line), "{line}{}", stale.out);
    }
}

/// The commands that write one file.
const FILES: [&[&str]; 3] = [
    &["export", "asyncapi"],
    &["export", "nats-auth"],
    &["export", "nats-auth", "--accounts"],
];

#[test]
fn one_file_is_written_printed_and_compared() {
    for command in FILES {
        let folder = Folder::with(GOOD);
        let with = |more: &[&'static str]| [command, more].concat();
        let stale = folder.run(&with(&["--out", "deep/file", "--check"]));
        assert_eq!(
            (stale.code, stale.out.as_str()),
            (1, "missing: deep/file\n")
        );
        let run = folder.ok(&with(&["--out", "deep/file"]));
        assert_eq!(
            (run.out.as_str(), run.err.as_str()),
            ("", "deep/file: written\n")
        );
        assert_eq!(folder.files("deep"), ["deep/file"]);
        let before = modified(&folder.at("deep/file"));
        assert_eq!(
            folder.ok(&with(&["--out", "deep/file"])).err,
            "deep/file: up to date\n"
        );
        assert_eq!(modified(&folder.at("deep/file")), before);
        folder.ok(&with(&["--out", "deep/file", "--check"]));
        assert_eq!(
            folder.ok(&with(&["--out", "-"])).out,
            folder.read("deep/file")
        );
        folder.write(
            "contracts/billing.toml",
            &GOOD.replace("billing.paid", "billing.got"),
        );
        let stale = folder.run(&with(&["--out", "deep/file", "--check"]));
        assert_eq!(
            (stale.code, stale.out.as_str()),
            (1, "differs: deep/file\n")
        );
        assert!(stale.err.contains("without --check"), "{}", stale.err);
    }
}

#[test]
fn bad_contracts_and_bad_places() {
    let samples: &[&str] = &["export", "samples"];
    for command in FILES.into_iter().chain([samples]) {
        let folder = Folder::with(BAD);
        folder.write("file", "in the way");
        let run = folder.run(&[command, &["--out", "out"]].concat());
        assert_eq!((run.code, run.out.as_str()), (1, ""));
        assert!(run.err.contains("error[unknown-type]"), "{}", run.err);
        assert!(!folder.at("out").exists());
        folder.write("contracts/billing.toml", GOOD);
        let run = folder.run(&[command, &["--out", "file/out"]].concat());
        assert_eq!(run.code, 3, "{}", run.err);
        assert_eq!(folder.run(command).code, 2);
    }
}

#[test]
fn asyncapi_of_one_service() {
    let folder = Folder::with(GOOD);
    let args = ["export", "asyncapi", "--service", "bank", "--out", "-"];
    let document: serde_json::Value = serde_json::from_str(&folder.ok(&args).out).unwrap();
    assert_eq!(document["asyncapi"], "3.0.0");
    assert_eq!(document["info"]["title"], "bank");
    assert_eq!(
        document["channels"]["billing.Paid"]["address"],
        "billing.paid"
    );
    let wrong = ["export", "asyncapi", "--service", "bnak", "--out", "-"];
    let run = folder.run(&wrong);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(run.err.contains("did you mean \"bank\"?"), "{}", run.err);
}

#[test]
fn permissions_have_placeholders_for_passwords() {
    let folder = Folder::with(GOOD);
    let users = folder.ok(&["export", "nats-auth", "--out", "-"]).out;
    assert!(
        users.contains("user: \"bank\", password: $BANK_PASSWORD"),
        "{users}"
    );
    assert!(users.contains("\"billing.paid\""), "{users}");
    let accounts = folder
        .ok(&["export", "nats-auth", "--accounts", "--out", "-"])
        .out;
    assert!(accounts.contains("  \"bank\": {"), "{accounts}");
}
