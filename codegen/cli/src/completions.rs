//! `completions`: a script that makes a shell complete the commands.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::outcome::{self, Failure};

/// Prints a completion script for a shell.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts completions bash > ~/.local/share/bash-completion/completions/event-contracts
  event-contracts completions zsh > ~/.zfunc/_event-contracts")]
pub(crate) struct Args {
    /// The shell.
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mut command = crate::Cli::command();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "event-contracts", &mut script);
    outcome::print(&String::from_utf8_lossy(&script))
}
