//! The way to a server, for every command that needs one: who to connect to, as whom, and what it means when that fails.
//!
//! Where: the environment, else a context of the `nats` command line ([`context`]). A failure says what is wrong and what
//! to do about it, and never a secret.

mod context;
mod version;

use std::future::Future;
use std::time::Duration;

use event_runtime::{Bus, Error, Shutdown};

use crate::outcome::Failure;
pub(crate) use version::Version;

/// The oldest server that the runtime works with: consumers with several filters, and metadata.
const OLDEST: Version = Version(2, 10);

/// Codes of JetStream's API that say that there is no JetStream: for the account, on the server, and nobody who answers.
const NO_JETSTREAM: [u64; 3] = [10_039, 10_076, 503];
/// The code for more replicas than the server, or cluster, has places for.
const NO_REPLICAS: [u64; 2] = [10_074, 10_005];
/// The codes for a limit of the account or of the disk.
const NO_ROOM: [u64; 4] = [10_002, 10_023, 10_028, 10_047];

/// Runs the part of a command that talks to a server. `stop` stops at Ctrl-C and SIGTERM: the work then finishes what must
/// not be left half done, says what was done, and ends with [`Failure::Interrupted`]. Who signals twice does not wait.
pub(crate) fn run(work: impl AsyncFnOnce(Shutdown) -> Result<(), Failure>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Outside(format!("cannot start: {error}")))?;
    let done = runtime.block_on(async {
        let stop = Shutdown::on_signals();
        let again = async {
            stop.wait().await;
            Shutdown::on_signals().wait().await;
        };
        tokio::select! {
            done = work(stop.clone()) => done,
            () = again => Err(Failure::Interrupted),
        }
    });
    // A lookup of a name can still be under way on another thread: nobody waits for it.
    runtime.shutdown_background();
    done
}

/// The same with a connection to the server that the environment or a context names.
pub(crate) fn with_server(
    work: impl AsyncFnOnce(&Server, Shutdown) -> Result<(), Failure>,
) -> Result<(), Failure> {
    with_server_as(None, work)
}

/// The same as this service: with its inboxes, unless the environment or the context names others.
pub(crate) fn with_server_as(
    service: Option<&str>,
    work: impl AsyncFnOnce(&Server, Shutdown) -> Result<(), Failure>,
) -> Result<(), Failure> {
    run(async |stop| {
        let server = connect(service, &stop).await?;
        let done = work(&server, stop).await;
        // Nothing of ours waits on it any more.
        let _ = server.bus.close(Duration::from_secs(1)).await;
        done
    })
}

/// What `future` answers, unless the signal to stop comes first.
pub(crate) async fn unless_stopped<T>(
    stop: &Shutdown,
    future: impl Future<Output = T>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        () = stop.wait() => Err(Failure::Interrupted),
        done = future => Ok(done),
    }
}

/// A server to work with.
pub(crate) struct Server {
    /// The connection.
    pub(crate) bus: Bus,
    /// Where, for people: `127.0.0.1:4222`.
    pub(crate) at: String,
    /// Its version; nothing when it says none that can be read.
    pub(crate) version: Option<Version>,
    /// The same in its own words.
    pub(crate) version_text: String,
}

/// Connects to the server that the environment or a context names.
async fn connect(service: Option<&str>, stop: &Shutdown) -> Result<Server, Failure> {
    let mut chosen = context::chosen()?;
    if let Some(service) = service {
        chosen.config = chosen.config.service(service);
    }
    let at = chosen.config.servers_shown();
    let bus = match unless_stopped(stop, Bus::connect(chosen.config.clone())).await? {
        Err(Error::Config(wrong)) => return Err(Failure::Usage(chosen.blame(&wrong))),
        connected => connected?,
    };
    let info = bus.client().server_info();
    let version = Version::parse(&info.version);
    if version.is_some_and(|version| version < OLDEST) {
        return Err(Failure::Outside(format!(
            "the server at {at} is nats-server {}, and the oldest supported version is {OLDEST}: update it \
             (`event-contracts dev` starts a current one)",
            info.version
        )));
    }
    Ok(Server {
        bus,
        at,
        version,
        version_text: info.version,
    })
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let advice = match &error {
            // A value of the environment: that is how the command was used.
            Error::Config(wrong) => return Failure::Usage(context::blame(wrong)),
            Error::Connect { .. } => {
                "; is a server running there? `event-contracts dev` starts one; to use another, set NATS_URL or a context of the `nats` command line (NATS_CONTEXT)"
            }
            Error::Login { .. } => {
                "; credentials are read from NATS_CREDS, NATS_NKEY_SEED, NATS_USER with NATS_PASSWORD, NATS_TOKEN or NATS_URL, or \
                 from the context of the `nats` command line"
            }
            Error::Refused { .. } => {
                "; operators need more than a service has: see the user `operator` of `event-contracts export nats-auth`"
            }
            Error::Server { code, .. } if NO_JETSTREAM.contains(code) => {
                "; start the server with JetStream (`nats-server -js`, or `jetstream {}` in its configuration), turn it on \
                 for this account, or set NATS_JS_DOMAIN when it is behind a leaf node"
            }
            Error::Server { code, .. } if NO_REPLICAS.contains(code) => {
                "; `replicas` in the contract exceeds the number of servers"
            }
            Error::Server { code, .. } if NO_ROOM.contains(code) => {
                "; the account's or the server's JetStream limits are exhausted (`nats account info`)"
            }
            _ => "",
        };
        Failure::Outside(format!("{error}{advice}"))
    }
}
