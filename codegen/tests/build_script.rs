//! `Codegen` as a build script uses it: what it writes, when it does not, and what it says when it cannot.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};
use std::{env, fs};

use event_codegen::Codegen;

const GOOD: &str = "[events.Seen]\nsubject = \"seen\"\n[events.Seen.fields]\nwho = \"string\"\n\
    [services.foobar]\npublishes = [\"Seen\"]\n";

/// A folder of its own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("event-build-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("contracts")).unwrap();
        Self(path)
    }

    fn contract(&self, file: &str, text: &str) -> &Self {
        fs::write(self.0.join("contracts").join(file), text).unwrap();
        self
    }

    fn codegen(&self) -> Codegen {
        Codegen::new(self.0.join("contracts")).out_file(self.out())
    }

    fn out(&self) -> PathBuf {
        self.0.join("contracts.rs")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Not a test by itself: the build script that the tests below run as a process of its own.
#[test]
fn child() {
    let Some(folder) = env::var_os("EVENT_BUILD_CHILD") else {
        return;
    };
    let mut codegen = Codegen::new(Path::new(&folder));
    if let Ok(service) = env::var("EVENT_BUILD_SERVICE") {
        codegen = codegen.service(service);
    }
    codegen.run();
}

/// Runs [`child`] in the folder, as Cargo runs a build script.
fn run(folder: &Folder, contracts: &str, more: &[(&str, &str)]) -> Output {
    Command::new(env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture", "--test-threads=1"])
        .current_dir(&folder.0)
        .env("EVENT_BUILD_CHILD", contracts)
        .env("CARGO_MANIFEST_DIR", &folder.0)
        .env("OUT_DIR", &folder.0)
        .env("RUST_BACKTRACE", "1")
        .envs(more.iter().copied())
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_second_run_rewrites_nothing() {
    let folder = Folder::new("again");
    folder.contract("a.toml", GOOD);
    folder.codegen().try_run().unwrap();
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    let file = fs::File::options().append(true).open(folder.out()).unwrap();
    file.set_modified(long_ago).unwrap();
    let time = || fs::metadata(folder.out()).unwrap().modified().unwrap();
    let before = time();
    folder.codegen().try_run().unwrap();
    assert_eq!(time(), before, "rewritten without a change");
    folder.contract("a.toml", &GOOD.replace("who", "what"));
    folder.codegen().try_run().unwrap();
    assert_ne!(time(), before, "not rewritten after a change");
    assert!(
        fs::read_to_string(folder.out())
            .unwrap()
            .contains("pub what:")
    );
    let left: Vec<_> = fs::read_dir(&folder.0)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "temporary files were left: {left:?}");
}

#[test]
fn cargo_is_told_what_to_watch() {
    let folder = Folder::new("watch");
    folder
        .contract("a.toml", GOOD)
        .contract("b.toml", "[types.T]\nenum = [\"x\"]\n");
    let output = run(&folder, "contracts", &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    let watched: Vec<&str> = text
        .lines()
        .filter_map(|line| {
            line.split_once("cargo:rerun-if-changed=")
                .map(|(_, path)| path)
        })
        .collect();
    // Cargo walks a folder: naming its files too would have it look at each twice.
    assert_eq!(watched, ["contracts"]);
    assert!(
        folder.out().exists(),
        "OUT_DIR/contracts.rs was not written"
    );
    // For `include_contracts!`.
    let include = format!(
        "cargo:rustc-env=EVENT_CONTRACTS_RS={}",
        folder.out().display()
    );
    assert!(text.lines().any(|line| line.ends_with(&include)), "{text}");
    // A folder beside the package, and a path that is not there.
    fs::create_dir_all(folder.0.join("service")).unwrap();
    let inside = folder.0.join("service");
    let output = Command::new(env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture"])
        .current_dir(&folder.0)
        .env("EVENT_BUILD_CHILD", "../contracts")
        .env("CARGO_MANIFEST_DIR", &inside)
        .env("OUT_DIR", &inside)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(inside.join("contracts.rs").exists());
    let output = run(&folder, "nowhere", &[]);
    assert!(
        !stdout(&output).contains("rerun-if-changed"),
        "{}",
        stdout(&output)
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn errors_are_a_report_and_no_panic() {
    let folder = Folder::new("errors");
    folder.contract("a.toml", &GOOD.replace("\"seen\"", "\"seen.{whom}\""));
    let output = run(&folder, "contracts", &[]);
    assert_eq!(output.status.code(), Some(1));
    let report = stderr(&output);
    assert!(
        report.contains("contracts/a.toml:2:") && report.contains("placeholder-field"),
        "{report}"
    );
    assert!(
        !report.contains("panicked") && !report.contains("backtrace"),
        "{report}"
    );
    assert!(!folder.out().exists(), "written in spite of errors");
}

#[test]
fn an_unknown_service_is_named_with_its_neighbour() {
    let folder = Folder::new("service");
    folder.contract("a.toml", GOOD);
    let output = run(&folder, "contracts", &[("EVENT_BUILD_SERVICE", "fobar")]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        stderr(&output).trim_end(),
        "error: the contracts have no service \"fobar\"\nhelp: did you mean \"foobar\"?"
    );
    let error = folder
        .codegen()
        .service("entirely-else")
        .try_run()
        .unwrap_err()
        .to_string();
    assert!(error.ends_with("help: the services are: foobar"), "{error}");
}

#[test]
fn warnings_are_cargos_and_stop_nothing() {
    let folder = Folder::new("warnings");
    folder.contract("a.toml", &format!("{GOOD}[streams.UNUSED]\n"));
    let output = run(&folder, "contracts", &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    let warnings: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("cargo:warning="))
        .collect();
    assert_eq!(warnings.len(), 1, "{text}");
    assert!(
        warnings[0].starts_with("contracts/a.toml:7:") && warnings[0].contains("UNUSED"),
        "{text}"
    );
}

#[test]
fn no_place_to_write_to_is_said() {
    let folder = Folder::new("nowhere");
    folder.contract("a.toml", GOOD);
    let output = Command::new(env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture"])
        .current_dir(&folder.0)
        .env("EVENT_BUILD_CHILD", "contracts")
        .env_remove("OUT_DIR")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("OUT_DIR is not set"),
        "{}",
        stderr(&output)
    );
    let error = folder
        .codegen()
        .out_file(folder.0.join("no/such/folder.rs"))
        .try_run()
        .unwrap_err();
    assert!(error.to_string().contains("cannot be written"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}
