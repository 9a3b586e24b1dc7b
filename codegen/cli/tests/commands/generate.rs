//! `generate`.

use std::io::Read;
use std::process::Stdio;

use super::{BAD, Folder, GOOD, modified};

#[test]
fn writes_the_file_once() {
    let folder = Folder::with(GOOD);
    let run = folder.ok(&["generate", "--out", "src/contracts.rs"]);
    assert_eq!(run.out, "");
    assert_eq!(run.err, "src/contracts.rs: written\n");
    assert_eq!(folder.files("src"), ["src/contracts.rs"]);
    assert!(folder.read("src/contracts.rs").contains("pub struct Paid"));
    let before = modified(&folder.at("src/contracts.rs"));
    let run = folder.ok(&["generate", "--out", "src/contracts.rs"]);
    assert_eq!(run.err, "src/contracts.rs: up to date\n");
    assert_eq!(modified(&folder.at("src/contracts.rs")), before);
}

#[test]
fn a_dash_is_stdout() {
    let folder = Folder::with(GOOD);
    folder.ok(&["generate", "--out", "file.rs"]);
    let run = folder.ok(&["generate", "--out", "-"]);
    assert_eq!(run.out, folder.read("file.rs"));
    assert_eq!(run.err, "");
    assert!(!folder.at("-").exists());
}

#[test]
fn only_what_the_services_use() {
    let folder = Folder::with(GOOD);
    folder.write(
        "contracts/other.toml",
        "[events.Seen]\nsubject = \"seen\"\n[events.Seen.fields]\nn = \"u32\"\n\
         [services.eye]\npublishes = [\"Seen\"]\n",
    );
    let one = folder
        .ok(&["generate", "--service", "bank", "--out", "-"])
        .out;
    assert!(
        one.contains("pub struct Paid") && !one.contains("pub struct Seen"),
        "{one}"
    );
    let both = [
        "generate",
        "--service",
        "bank",
        "--service",
        "eye",
        "--out",
        "-",
    ];
    let both = folder.ok(&both).out;
    assert!(
        both.contains("pub struct Paid") && both.contains("pub struct Seen"),
        "{both}"
    );
}

#[test]
fn an_unknown_service_is_wrong_use() {
    let folder = Folder::with(GOOD);
    let run = folder.run(&["generate", "--service", "bnak", "--out", "x.rs"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("did you mean \"bank\"?"), "{}", run.err);
    let run = folder.run(&["generate", "--service", "warehouse", "--out", "x.rs"]);
    assert!(run.err.contains("the services are: bank"), "{}", run.err);
    assert!(!folder.at("x.rs").exists());
    let run = folder.run(&["generate"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("--out"), "{}", run.err);
}

#[test]
fn bad_contracts_leave_the_file_alone() {
    let folder = Folder::with(BAD);
    folder.write("x.rs", "as it was");
    let run = folder.run(&["generate", "--out", "x.rs"]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("error[unknown-type]"), "{}", run.err);
    assert_eq!(folder.read("x.rs"), "as it was");
}

#[test]
fn a_file_that_cannot_be_written_is_the_outside_world() {
    let folder = Folder::with(GOOD);
    let run = folder.run(&["generate", "--out", "contracts/billing.toml/x.rs"]);
    assert_eq!(run.code, 3);
    assert!(
        run.err.contains("contracts/billing.toml/x.rs"),
        "{}",
        run.err
    );
    let run = folder.run(&["generate", "--out", "contracts"]);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("it is a folder"), "{}", run.err);
}

#[test]
#[cfg(unix)]
fn links_and_devices_stay_what_they_are() {
    let folder = Folder::with(GOOD);
    folder.write("real.rs", "old");
    std::os::unix::fs::symlink("real.rs", folder.at("link.rs")).unwrap();
    folder.ok(&["generate", "--out", "link.rs"]);
    assert!(folder.at("link.rs").is_symlink());
    assert!(folder.read("real.rs").contains("pub struct Paid"));
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o640);
    std::fs::set_permissions(folder.at("real.rs"), permissions).unwrap();
    folder.write("contracts/billing.toml", &GOOD.replace("cents", "pence"));
    folder.ok(&["generate", "--out", "link.rs"]);
    let mode = std::fs::metadata(folder.at("real.rs"))
        .unwrap()
        .permissions();
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777,
        0o640
    );
    folder.ok(&["generate", "--out", "/dev/null"]);
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
}

/// `event-contracts generate --out - | head -c 1`: the reader goes away, and nothing is said about it.
#[test]
fn a_broken_pipe_is_no_failure() {
    let folder = Folder::new();
    let mut text = GOOD.to_owned();
    for n in 0..3_000 {
        text.push_str(&format!("[types.T{n}.fields]\na = \"string\"\n"));
    }
    folder.write("contracts/billing.toml", &text);
    let mut child = folder
        .command(&["generate", "--out", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}
