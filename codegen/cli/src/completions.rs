//! `completions`: a script that makes a shell complete the commands, and the answers that the script asks for.
//!
//! The script calls this binary, which answers with the [candidates](crate::candidates) of arguments.

use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, Shell};

use crate::outcome::{self, Failure};

/// The variable by which a script asks.
const ASKED: &str = "EVENT_CONTRACTS_COMPLETE";
const NAME: &str = "event-contracts";

/// Prints a completion script for a shell.
///
/// The script calls this command for candidates, so names of events, services, streams and subjects are completed as
/// well: those of the contracts folder of the command line, or of `contracts`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts completions bash > ~/.local/share/bash-completion/completions/event-contracts
  event-contracts completions zsh > ~/.zfunc/_event-contracts")]
pub(crate) struct Args {
    /// Shell.
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let unknown = || Failure::Usage(format!("no completion script for {}", args.shell));
    let shell = Shells::builtins();
    let shell = shell
        .completer(&args.shell.to_string())
        .ok_or_else(unknown)?;
    let mut script = Vec::new();
    shell
        .write_registration(ASKED, NAME, NAME, NAME, &mut script)
        .map_err(|error| Failure::Outside(error.to_string()))?;
    outcome::print(&String::from_utf8_lossy(&script))
}

/// Answers a script, if a script asks. `commands` makes the commands that it completes.
pub(crate) fn answer(commands: impl Fn() -> clap::Command) {
    CompleteEnv::with_factory(commands)
        .var(ASKED)
        .bin(NAME)
        .complete();
}
