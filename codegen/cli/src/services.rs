//! `services`: how far the services are, and moving, pausing and resuming them.
//!
//! A service is here what its durables on the server are; whether a process of it runs is only seen by its requests.

mod list;
mod pause;
mod reset;

use std::path::Path;

use event_codegen::check::Checked;
use event_runtime::Bus;

use crate::advice::command;
use crate::connection::with_server;
use crate::folder;
use crate::jetstream::{self, ConsumerInfo};
use crate::outcome::{self, Failure};
use crate::wanted::{Wanted, WantedDurable};

/// Services: lag, replay and pause.
///
/// Connects to NATS_URL with the other NATS_… variables; else to the context of the `nats` command line in
/// NATS_CONTEXT; else to the selected context; else to nats://localhost:4222.
#[derive(clap::Subcommand)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) enum Services {
    List(list::Args),
    Reset(reset::Args),
    Pause(pause::PauseArgs),
    Resume(pause::ResumeArgs),
}

pub(crate) fn run(contracts: &Path, services: &Services) -> Result<(), Failure> {
    let checked = folder::load(contracts)?;
    let wanted = Wanted::of(&checked)?;
    match services {
        Services::List(args) => with_server(async |server, stop| {
            list::run(server, &checked, &wanted, args, &stop).await
        }),
        Services::Reset(args) => {
            let start = reset::check(args, &checked, &wanted)?;
            with_server(async |server, stop| reset::run(server, &wanted, args, start, &stop).await)
        }
        Services::Pause(args) => {
            named(&checked, &wanted, &args.name)?;
            with_server(async |server, stop| pause::pause(server, &wanted, args, &stop).await)
        }
        Services::Resume(args) => {
            named(&checked, &wanted, &args.name)?;
            with_server(async |server, stop| pause::resume(server, &wanted, args, &stop).await)
        }
    }
}

/// An error unless there is such a service and it has durables.
fn named(checked: &Checked, wanted: &Wanted, name: &str) -> Result<(), Failure> {
    folder::service(checked, name)?;
    if wanted.durables_of(name).next().is_none() {
        return Err(Failure::Usage(format!(
            "the service \"{name}\" subscribes to no stored event: it has no durable consumer"
        )));
    }
    Ok(())
}

/// The durables of a service with what the server says of them. One that is missing is a finding, and nothing is done.
async fn present<'a>(
    bus: &Bus,
    durables: impl Iterator<Item = &'a WantedDurable>,
) -> Result<Vec<(&'a WantedDurable, ConsumerInfo)>, Failure> {
    let mut all = Vec::new();
    let mut missing = Vec::new();
    for durable in durables {
        match jetstream::consumer(bus, &durable.stream, &durable.name).await? {
            Some(info) => all.push((durable, info)),
            None => missing.push(durable.full_name()),
        }
    }
    if missing.is_empty() {
        return Ok(all);
    }
    outcome::say(&format!(
        "error: not on the server: {}; `{}` shows what is missing, `{}` makes it",
        missing.join(", "),
        command("streams plan"),
        command("streams apply")
    ));
    Err(Failure::Findings)
}
