//! The real binary, in folders of its own: what it writes, where, and how it exits.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod backup;
mod behind;
mod catalog;
mod check;
mod connect;
mod dead_letters;
mod decode;
mod dev;
mod diff;
mod documents;
mod export;
mod generate;
mod live;
mod new;
mod partitions;
mod publish;
mod rights;
mod services;
mod streams;
mod tail;
mod verify;
mod watch;
mod words;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A contract that passes every rule without a warning.
const GOOD: &str = r#"
[events.Paid]
doc     = "Money came in."
subject = "billing.paid"
[events.Paid.fields]
amount = "Money"

[types.Money.fields]
cents = "u32"

[services.bank]
publishes = ["Paid"]
"#;

/// The same with a type that nobody declares: an error at 6:10.
const BAD: &str = r#"
[events.Paid]
doc     = "Money came in."
subject = "billing.paid"
[events.Paid.fields]
amount = "Mony"

[types.Money.fields]
cents = "u32"

[services.bank]
publishes = ["Paid"]
"#;

/// A stream that no event names: a warning.
const WARNED: &str = r#"
[events.Paid]
subject = "billing.paid"
[events.Paid.fields]
cents = "u32"

[streams.BILLING]
max_age = "1d"

[services.bank]
publishes = ["Paid"]
"#;

/// A folder that goes away with the test.
struct Folder {
    path: PathBuf,
}

/// What a run of the binary left behind.
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("event-contracts-{}-{next}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self { path }
    }

    /// A folder with `contracts/billing.toml`.
    fn with(contract: &str) -> Self {
        let folder = Self::new();
        folder.write("contracts/billing.toml", contract);
        folder
    }

    fn at(&self, path: &str) -> PathBuf {
        self.path.join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }

    /// Every file below a folder, temporary ones included, by path.
    fn files(&self, path: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut waiting = vec![self.at(path)];
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    waiting.push(path);
                } else {
                    let below = path.strip_prefix(&self.path).unwrap();
                    found.push(below.to_string_lossy().replace('\\', "/"));
                }
            }
        }
        found.sort();
        found
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_event-contracts"));
        command
            .args(args)
            .current_dir(&self.path)
            .env_remove("NO_COLOR")
            // Contexts of the `nats` command line that whoever runs the tests has are no part of them.
            .env("XDG_CONFIG_HOME", self.at("config"));
        for (name, _) in std::env::vars_os() {
            if name != "NATS_SERVER_BIN" && name.to_string_lossy().starts_with("NATS_") {
                command.env_remove(name);
            }
        }
        command
    }

    fn run(&self, args: &[&str]) -> Run {
        Run::of(&mut self.command(args))
    }

    /// Runs and demands success with nothing but data on stdout.
    fn ok(&self, args: &[&str]) -> Run {
        let run = self.run(args);
        assert_eq!(run.code, 0, "{args:?}: {}{}", run.out, run.err);
        run
    }
}

impl Run {
    fn of(command: &mut Command) -> Self {
        command.stdin(Stdio::null());
        Self::from(command.output().unwrap())
    }

    fn from(output: std::process::Output) -> Self {
        Self {
            code: output.status.code().expect("ended by a signal"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn modified(path: &Path) -> std::time::SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}
