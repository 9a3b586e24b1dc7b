//! `dead-letters`: what services could not handle: a list, one of them whole, and sending them on their way again.
//!
//! What a dead letter is and how it is sent again is the runtime's; here it is read, chosen and counted.

mod letter;
mod list;
mod readers;
mod redrive;
mod show;
mod which;

use std::path::Path;

use event_runtime::{Bus, DEAD_LETTERS, Shutdown};

use crate::advice::command;
use crate::connection::{unless_stopped, with_server};
use crate::folder;
use crate::jetstream;
use crate::message::Reader;
use crate::outcome::Failure;
use crate::scan::scan;
use crate::terminal::Progress;
use letter::Letters;
pub(crate) use which::REASONS;
use which::Which;

/// Dead letters: what services could not handle, and sending it on its way again.
///
/// The server: NATS_URL and the other NATS_… variables, else the context of the `nats` command line that NATS_CONTEXT
/// names, else the selected one, else nats://localhost:4222.
#[derive(clap::Subcommand)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) enum DeadLetters {
    List(list::Args),
    Show(show::Args),
    Redrive(redrive::Args),
}

pub(crate) fn run(contracts: &Path, command: &DeadLetters) -> Result<(), Failure> {
    let checked = folder::load(contracts)?;
    let reader = Reader::new(&checked);
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

/// All dead letters that there are, with how often each was sent on its way again.
async fn read(bus: &Bus, reader: &Reader<'_>, stop: &Shutdown) -> Result<Letters, Failure> {
    let stream = unless_stopped(stop, jetstream::stream(bus, DEAD_LETTERS)).await??;
    let stream = stream.ok_or_else(missing)?;
    let mut progress = Progress::new();
    let mut all = Letters::default();
    let of = stream.state.messages;
    let mut read = 0_u64;
    scan(bus, &stream, &[], stop, |message| {
        read += 1;
        progress.show(|| format!("reading {DEAD_LETTERS}: {read} of {of}"));
        all.add(reader, &message);
    })
    .await?;
    Ok(all)
}

fn missing() -> Failure {
    Failure::Outside(format!(
        "the stream {DEAD_LETTERS} is not on the server; `{}` creates it",
        command("streams apply")
    ))
}
