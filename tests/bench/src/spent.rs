//! What a command costs: time on the clock, and time of processors in it and in all that it starts.

use std::process::{Command, Output, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// What a command cost.
#[derive(Debug)]
pub struct Spent {
    /// Seconds on the clock.
    pub wall: f64,
    /// Seconds of processors, its children's among them. Less noise comes in here than on the clock.
    pub cpu: f64,
    /// What it wrote.
    pub stdout: String,
}

/// Runs a command that has to succeed; a benchmark without its other side has failed, and says so.
pub fn spent(command: &mut Command) -> Spent {
    let before = of_children();
    let started = Instant::now();
    let output = command.stdin(Stdio::null()).output();
    let wall = started.elapsed().as_secs_f64();
    let cpu = of_children() - before;
    match output {
        Ok(Output { status, stdout, .. }) if status.success() => Spent {
            wall,
            cpu,
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
        },
        Ok(Output {
            status,
            stdout,
            stderr,
        }) => {
            let text = [stdout, stderr].concat();
            eprintln!(
                "{command:?} ended with {status}:\n{}",
                String::from_utf8_lossy(&text)
            );
            std::process::exit(1);
        }
        Err(error) => {
            eprintln!("{command:?} cannot be run: {error}");
            std::process::exit(1);
        }
    }
}

/// Seconds of processors in all children that have ended, and in theirs.
pub fn of_children() -> f64 {
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    match getrusage(UsageWho::RUSAGE_CHILDREN) {
        Ok(usage) => seconds(usage.user_time()) + seconds(usage.system_time()),
        Err(error) => {
            eprintln!("the time of processors cannot be read: {error}");
            std::process::exit(1);
        }
    }
}
