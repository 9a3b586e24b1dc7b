//! `event-contracts`: the commands of typed event contracts.
//!
//! One file per command; each turns its arguments into calls of `event-codegen` and never knows a rule of its own.
//! Data goes to stdout, everything else to stderr, and the exit code says what happened: see [`outcome`].

mod advice;
mod behind;
mod candidates;
mod catalog;
mod check;
mod completions;
mod connection;
mod dead_letters;
mod decode;
mod dev;
mod diff;
mod explain;
mod export;
mod files;
mod folder;
mod generate;
mod groups;
mod jetstream;
mod message;
mod new;
mod outcome;
#[cfg(test)]
mod pages;
mod publish;
mod reasons;
mod scan;
mod services;
mod streams;
mod tail;
mod terminal;
mod units;
mod verify;
mod wanted;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// Typed event contracts: validates a folder of contracts and generates what services need.
///
/// Exit codes: 0 success (warnings included), 1 errors in the contracts, stale files or drift, 2 invalid usage, 3 the
/// environment failed (a folder is not writable, a server is not reachable), 130 interrupted by Ctrl-C or SIGTERM.
#[derive(Parser)]
#[command(
    name = "event-contracts",
    version,
    propagate_version = true,
    subcommand_required = true
)]
#[command(arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    /// Folder of contract files.
    #[arg(long, global = true, value_name = "DIR", default_value = advice::CONTRACTS)]
    contracts: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    New(new::Args),
    Check(check::Args),
    Diff(diff::Args),
    Generate(generate::Args),
    #[command(subcommand)]
    Export(export::Export),
    Explain(explain::Args),
    Catalog(catalog::Args),
    Dev(dev::Args),
    DevServer(dev::supervisor::Args),
    #[command(subcommand)]
    Services(services::Services),
    #[command(subcommand)]
    Streams(streams::Streams),
    Tail(tail::Args),
    Verify(verify::Args),
    Publish(publish::Args),
    #[command(subcommand)]
    DeadLetters(dead_letters::DeadLetters),
    Decode(decode::Args),
    Completions(completions::Args),
}

fn main() -> ExitCode {
    // Before anything else: a shell that asks wants an answer and nothing more.
    completions::answer(Cli::command);
    // On wrong use clap says so on stderr and exits with 2; for `--help` and `--version` with 0.
    let cli = Cli::parse();
    advice::about(&cli.contracts);
    let done = match cli.command {
        Command::New(args) => new::run(&cli.contracts, &args),
        Command::Check(args) => check::run(&cli.contracts, &args),
        Command::Diff(args) => diff::run(&cli.contracts, &args),
        Command::Generate(args) => generate::run(&cli.contracts, &args),
        Command::Export(export) => export::run(&cli.contracts, &export),
        Command::Explain(args) => explain::run(&args),
        Command::Catalog(args) => catalog::run(&cli.contracts, &args),
        Command::Dev(args) => dev::run(&cli.contracts, &args),
        Command::DevServer(args) => dev::supervisor::run(&args),
        Command::Services(services) => services::run(&cli.contracts, &services),
        Command::Streams(streams) => streams::run(&cli.contracts, &streams),
        Command::Tail(args) => tail::run(&cli.contracts, &args),
        Command::Verify(args) => verify::run(&cli.contracts, &args),
        Command::DeadLetters(command) => dead_letters::run(&cli.contracts, &command),
        Command::Publish(args) => publish::run(&cli.contracts, &args),
        Command::Decode(args) => decode::run(&cli.contracts, &args),
        Command::Completions(args) => completions::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(message) = failure.message() {
                outcome::say(&format!("error: {message}"));
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    /// clap's own checks of the arguments run only when they are used.
    #[test]
    fn arguments_are_well_formed() {
        super::Cli::command().debug_assert();
    }
}
