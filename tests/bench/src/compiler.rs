//! Stands in for the compiler: runs it, and writes down what it spent. Cargo's own time and that of dependencies stay out of it.

use std::path::Path;
use std::process::{Command, exit};
use std::{env, fs};

use crate::spent;

/// Set where cargo calls a program in the compiler's place: the file that gets the times.
const TIMES: &str = "BENCH_COMPILER_TIMES";

/// Does not return where cargo has called this program in the compiler's place.
pub fn stand_in() {
    if let Some(times) = env::var_os(TIMES) {
        run(Path::new(&times));
    }
}

fn run(times: &Path) -> ! {
    let mut args = env::args_os().skip(1);
    let rustc = args.next().unwrap_or_default();
    let args: Vec<_> = args.collect();
    // Cargo also asks which compiler it is and what it can do.
    let compiles = args
        .iter()
        .any(|arg| arg.to_string_lossy().starts_with("--emit"));
    let before = spent::of_children();
    let status = Command::new(rustc).args(args).status();
    let time = spent::of_children() - before;
    match status {
        Ok(status) if status.success() => {
            if compiles && let Err(error) = fs::write(times, time.to_string()) {
                eprintln!("{}: {error}", times.display());
                exit(1);
            }
            exit(0)
        }
        Ok(status) => exit(status.code().unwrap_or(1)),
        Err(error) => {
            eprintln!("the compiler cannot be run: {error}");
            exit(1)
        }
    }
}

/// Seconds of processors that the compiler spends for the one package of a workspace that a cargo command builds.
///
/// # Errors
/// It had nothing to build.
pub fn spent_in(cargo: &mut Command, times: &Path) -> Result<f64, Box<dyn std::error::Error>> {
    if times.exists() {
        fs::remove_file(times)?;
    }
    cargo
        .env("RUSTC_WORKSPACE_WRAPPER", env::current_exe()?)
        .env(TIMES, times);
    spent::spent(cargo);
    let time = fs::read_to_string(times)
        .map_err(|error| format!("{cargo:?} has compiled nothing: {error}"))?;
    Ok(time.parse()?)
}
