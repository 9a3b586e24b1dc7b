//! `streams backup`: a stream as one folder of files, in the form of the `nats` command line's `nats stream backup`.
//!
//! The server sends a compressed archive of the stream as it is at that moment, and goes on working with it. The folder
//! appears when all of it is there and on the disk, or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use event_runtime::async_nats::{Message, Subscriber};
use event_runtime::{Bus, Error, Shutdown};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::connection::unless_stopped;
use crate::folder::unknown;
use crate::jetstream::{self, STREAM_NOT_FOUND};
use crate::outcome::{self, Failure};
use crate::terminal::Progress;
use crate::units::count;

/// The archive: a tar, compressed as S2.
pub(super) const DATA: &str = "stream.tar.s2";
/// The configuration and the state of the stream.
pub(super) const ABOUT: &str = "backup.json";
/// The checksums of both, for `sha256sum --check` too.
pub(super) const SUMS: &str = "SHA256SUMS";

/// Bytes of a piece of the archive.
const PIECE: usize = 128 << 10;
/// The longest silence of a server that is sending an archive.
const SILENCE: Duration = Duration::from_secs(30);

/// How long another backup of the stream is waited for, and how long between two looks.
const BUSY: Duration = Duration::from_secs(15);
const BETWEEN: Duration = Duration::from_millis(250);

/// Backs up a stream with its durables and their positions to a new folder.
///
/// The stream stays in use; the backup is a snapshot of the moment when it starts. `nats stream restore` can restore
/// it as well. The folder appears when the backup is complete: an interrupted or failed command leaves nothing behind.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    event-contracts streams backup ORDERS --out backup/ORDERS\n  \
    NATS_CONTEXT=production event-contracts streams backup DEAD_LETTERS --out \"backup/$(date +%F)/DEAD_LETTERS\"")]
pub(crate) struct Args {
    /// Name of the stream.
    #[arg(value_name = "STREAM", add = crate::candidates::streams())]
    stream: String,
    /// Output folder; must not exist.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// What a server says of a stream that it is about to send, and what it wants to know when the stream comes back.
#[derive(Deserialize, Serialize)]
pub(super) struct About {
    pub(super) config: Value,
    pub(super) state: Value,
}

impl About {
    pub(super) fn number(&self, key: &str) -> u64 {
        self.state.get(key).and_then(Value::as_u64).unwrap_or(0)
    }
}

/// What is wrong with the arguments needs no server.
pub(super) fn check(args: &Args) -> Result<(), Failure> {
    let name = &args.stream;
    if is_name(name) {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "\"{name}\" is not a valid stream name"
    )))
}

pub(super) async fn run(bus: &Bus, args: &Args, stop: &Shutdown) -> Result<(), Failure> {
    let name = &args.stream;
    let mut folder = Unfinished::new(&args.out)?;
    let client = bus.client();
    let inbox = client.new_inbox();
    let pieces = client.subscribe(inbox.clone()).await;
    let mut pieces = pieces.map_err(|error| Failure::Outside(error.to_string()))?;
    let about = match unless_stopped(stop, begin(bus, name, &inbox)).await? {
        Err(Error::Server {
            code: STREAM_NOT_FOUND,
            ..
        }) => return Err(unless_stopped(stop, missing(bus, name)).await?),
        begun => begun?,
    };
    let mut data = folder.create(DATA)?;
    let bytes = receive(bus, &mut pieces, &mut data, stop).await?;
    folder.finish(data, DATA)?;
    let mut file = folder.create(ABOUT)?;
    file.write(format!("{:#}\n", json!(about)).as_bytes())?;
    folder.finish(file, ABOUT)?;
    folder.publish()?;
    outcome::print(&format!(
        "{name}: {} messages, {} durables, {} bytes compressed, in {}\n",
        count(about.number("messages")),
        count(about.number("consumer_count")),
        count(bytes),
        args.out.display()
    ))
}

/// The error for a stream that is not there, with the nearest of those that are.
async fn missing(bus: &Bus, name: &str) -> Failure {
    let there = match jetstream::streams(bus).await {
        Ok(there) => there,
        Err(error) => return error.into(),
    };
    let names: Vec<String> = there.iter().map(|s| s.name().to_owned()).collect();
    unknown("the server has no stream", name, "streams", &names)
}

/// Returns whether a stream can have this name.
pub(super) fn is_name(name: &str) -> bool {
    let bad = |c: char| c.is_whitespace() || c.is_control() || ".*>/\\".contains(c);
    !name.is_empty() && !name.contains(bad)
}

/// Asks for the archive. A server makes one at a time of each stream, and takes some seconds to notice that nobody wants the
/// last one any more.
async fn begin(bus: &Bus, name: &str, inbox: &str) -> Result<About, Error> {
    let request = json!({ "deliver_subject": inbox, "chunk_size": PIECE, "no_consumers": false });
    let deadline = Instant::now() + BUSY;
    loop {
        let asked = bus.api(format!("STREAM.SNAPSHOT.{name}"), &request);
        match asked.await {
            Err(Error::Server { description, .. })
                if description.contains("in progress") && Instant::now() < deadline =>
            {
                sleep(BETWEEN).await;
            }
            answer => return answer,
        }
    }
}

/// Writes the pieces in their order until the last one. How many bytes they had.
async fn receive(
    bus: &Bus,
    pieces: &mut Subscriber,
    data: &mut Summed,
    stop: &Shutdown,
) -> Result<u64, Failure> {
    let broken = |why: &str| Failure::Outside(format!("the backup is not complete: {why}"));
    let (mut bytes, mut number) = (0, 0);
    let (mut progress, started) = (Progress::new(), Instant::now());
    loop {
        let piece = unless_stopped(stop, timeout(SILENCE, pieces.next())).await?;
        let piece = piece.map_err(|_| broken("the server stopped sending"))?;
        let piece = piece.ok_or_else(|| broken("the connection is closed"))?;
        if piece.payload.is_empty() {
            return match refusal(&piece) {
                Some(why) => Err(broken(&why)),
                None if bytes == 0 => Err(broken("the server has sent nothing")),
                None => Ok(bytes),
            };
        }
        // Every full piece has its number in the subject of its acknowledgement, and waits for that.
        if let Some(ack) = &piece.reply {
            number += 1;
            if ack.rsplit('.').next() != Some(number.to_string().as_str()) {
                return Err(broken(&format!("piece {number} is missing")));
            }
            let sent = bus.client().publish(ack.clone(), "".into()).await;
            sent.map_err(|error| broken(&error.to_string()))?;
        }
        data.write(&piece.payload)?;
        bytes += piece.payload.len() as u64;
        progress.show(|| {
            let rate = bytes as f64 / started.elapsed().as_secs_f64();
            format!("{} bytes, {} bytes/s", count(bytes), count(rate as u64))
        });
    }
}

/// What the server says instead of the end.
fn refusal(last: &Message) -> Option<String> {
    let status = last.status.filter(|status| status.as_u16() != 204)?;
    Some(format!(
        "{status} {}",
        last.description.as_deref().unwrap_or_default()
    ))
}

/// A folder that is given its name when it is complete, and goes away when it never is.
struct Unfinished {
    at: TempDir,
    to: PathBuf,
    sums: String,
}

impl Unfinished {
    fn new(to: &Path) -> Result<Self, Failure> {
        if to.exists() {
            return Err(Failure::Usage(format!(
                "{} already exists, and a backup overwrites nothing",
                to.display()
            )));
        }
        let name = to.file_name().ok_or_else(|| {
            Failure::Usage(format!("{} is not a valid folder name", to.display()))
        })?;
        let above = match to.parent() {
            Some(above) if !above.as_os_str().is_empty() => above,
            _ => Path::new("."),
        };
        // For its owner alone: what is stored may be confidential.
        let at = fs::create_dir_all(above)
            .and_then(|()| {
                tempfile::Builder::new()
                    .prefix(&format!(".{}.", name.to_string_lossy()))
                    .suffix(".tmp")
                    .tempdir_in(above)
            })
            .map_err(|error| cannot("make", to, &error))?;
        Ok(Self {
            at,
            to: to.to_owned(),
            sums: String::new(),
        })
    }

    fn create(&self, name: &str) -> Result<Summed, Failure> {
        let path = self.at.path().join(name);
        match File::create_new(&path) {
            Ok(file) => Ok(Summed {
                file,
                sum: Sha256::new(),
                path,
            }),
            Err(error) => Err(cannot("write", &path, &error)),
        }
    }

    /// Notes the checksum of a file that is complete.
    fn finish(&mut self, file: Summed, name: &str) -> Result<(), Failure> {
        let synced = file.file.sync_all();
        synced.map_err(|error| cannot("write", &file.path, &error))?;
        self.sums += &format!("{:x}  {name}\n", file.sum.finalize());
        Ok(())
    }

    fn publish(mut self) -> Result<(), Failure> {
        let mut sums = self.create(SUMS)?;
        sums.write(self.sums.clone().as_bytes())?;
        self.finish(sums, SUMS)?;
        // A folder that came meanwhile has files in it, and is not replaced.
        fs::rename(self.at.path(), &self.to).map_err(|error| cannot("make", &self.to, &error))
    }
}

/// A file and the checksum of what was written to it.
struct Summed {
    file: File,
    sum: Sha256,
    path: PathBuf,
}

impl Summed {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.sum.update(bytes);
        let written = self.file.write_all(bytes);
        written.map_err(|error| cannot("write", &self.path, &error))
    }
}

pub(super) fn cannot(verb: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::Outside(format!("cannot {verb} {}: {error}", path.display()))
}
