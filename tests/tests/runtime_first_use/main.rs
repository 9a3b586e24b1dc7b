//! What somebody meets who uses the runtime for the first time: errors, logs, a server that lacks everything.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::type_complexity
)]

mod connecting;
mod failures;
mod logging;
mod provisioning;
mod server;
#[path = "../support/mod.rs"]
mod support;

use std::process::Command;

/// Runs a test of this binary as a process of its own, with only these variables beside `PATH`, and gives what it printed.
fn process(test: &str, variables: &[(&str, &str)]) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env_clear()
        .current_dir("/")
        .env(CHILD, "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let mut text = String::from_utf8(output.stdout).unwrap();
    text.push_str(&String::from_utf8(output.stderr).unwrap());
    text
}

/// Set for those processes.
const CHILD: &str = "FIRST_USE_TEST";

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}
