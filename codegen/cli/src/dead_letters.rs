//! `dead-letters`: what services could not handle: a list, one of them whole, and sending them on their way again.
//!
//! What a dead letter is and how it is sent again is the runtime's; here it is read, chosen and counted.

mod letter;
mod list;
mod readers;
mod redrive;
mod show;
mod stored;
mod which;

use std::path::Path;

use crate::connection::with_server;
use crate::folder;
use crate::message::MessageReader;
use crate::outcome::Failure;

/// Dead letters: list, inspect and redrive the events that services could not handle.
///
/// Connects to NATS_URL with the other NATS_… variables; else to the context of the `nats` command line in
/// NATS_CONTEXT; else to the selected context; else to nats://localhost:4222.
#[derive(clap::Subcommand)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) enum DeadLetters {
    List(list::Args),
    Show(show::Args),
    Redrive(redrive::Args),
}

pub(crate) fn run(contracts: &Path, command: &DeadLetters) -> Result<(), Failure> {
    let checked = folder::load(contracts)?;
    let reader = MessageReader::new(&checked);
    match command {
        DeadLetters::List(args) => {
            with_server(async |server, stop| list::run(&server.bus, &reader, args, &stop).await)
        }
        DeadLetters::Show(args) => {
            with_server(async |server, stop| show::run(&server.bus, &reader, args, &stop).await)
        }
        DeadLetters::Redrive(args) => {
            with_server(async |server, stop| redrive::run(&server.bus, &reader, args, &stop).await)
        }
    }
}
