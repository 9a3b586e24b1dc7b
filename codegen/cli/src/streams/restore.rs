//! `streams restore`: a stream comes back from a backup, whole or not at all.
//!
//! The server makes the stream when it has the whole archive. So a restore that was stopped leaves nothing, and what is
//! there is never overwritten.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use event_runtime::async_nats::{Message, Request, RequestError, RequestErrorKind};
use event_runtime::{Bus, Error, Shutdown};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use super::backup::{ABOUT, About, DATA, SUMS, cannot, is_name};
use crate::connection::unless_stopped;
use crate::jetstream::{self, patience, patiently, text};
use crate::outcome::{self, Failure};
use crate::terminal::Progress;
use crate::units::count;

/// Bytes of a piece of the archive.
const PIECE: usize = 128 << 10;
/// The longest wait for the server to take a piece, and for the stream when it has all of them.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it takes at most until one server of a cluster knows what another one wants.
const KNOWN: Duration = Duration::from_secs(4);
/// The code for a stream that is there, or is being restored.
const IN_USE: u64 = 10_058;
/// How long the durables may take to follow their stream, and how long between two looks.
const SETTLE: Duration = Duration::from_secs(20);
const BETWEEN: Duration = Duration::from_millis(100);

/// Restores a stream with its durables and their positions from a backup.
///
/// Fails if the server has a stream of that name: nothing is overwritten. Verifies checksums before, and message and
/// consumer counts after. Also restores backups of `nats stream backup`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    event-contracts streams restore backup/ORDERS\n  \
    NATS_CONTEXT=spare event-contracts streams restore backup/2026-05-01/DEAD_LETTERS")]
pub(crate) struct Args {
    /// Folder of the backup.
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub(super) dir: PathBuf,
}

pub(super) async fn run(
    bus: &Bus,
    args: &Args,
    about: About,
    stop: &Shutdown,
) -> Result<(), Failure> {
    let name = text(&about.config, "name");
    if let Some(there) = unless_stopped(stop, jetstream::stream(bus, name)).await?? {
        return Err(Failure::Outside(format!(
            "the server already has a stream {name}, with {} messages, and a restore overwrites nothing: delete it first \
             (`nats stream rm {name}`) if it is not needed",
            count(there.state.messages)
        )));
    }
    let sums = check_sums(&args.dir)?;
    if !sums {
        outcome::say(&format!(
            "{} has no {SUMS} (the `nats` command line writes none): only the server checks it",
            args.dir.display()
        ));
    }
    let to = unless_stopped(stop, begin(bus, name, &about)).await??;
    if let Err(failure) = send(bus, &args.dir.join(DATA), &to, stop).await {
        if matches!(failure, Failure::Interrupted) {
            outcome::say(
                "interrupted: the stream is not restored, and the server has nothing of it",
            );
        }
        return Err(failure);
    }
    verify(bus, name, &about).await
}

/// What the backup says of itself.
pub(super) fn read(dir: &Path) -> Result<About, Failure> {
    let no_backup = |why: String| {
        Failure::Usage(format!(
            "{} is not a backup of a stream: {why}",
            dir.display()
        ))
    };
    let about = fs::read_to_string(dir.join(ABOUT))
        .map_err(|error| no_backup(format!("{ABOUT}: {error}")))?;
    let about: About =
        serde_json::from_str(&about).map_err(|error| no_backup(format!("{ABOUT}: {error}")))?;
    if !is_name(text(&about.config, "name")) {
        return Err(no_backup(format!("{ABOUT} names no stream")));
    }
    if !dir.join(DATA).is_file() {
        return Err(no_backup(format!("it has no {DATA}")));
    }
    Ok(about)
}

/// Returns whether there are checksums, and they are right.
fn check_sums(dir: &Path) -> Result<bool, Failure> {
    let path = dir.join(SUMS);
    let sums = match fs::read_to_string(&path) {
        Ok(sums) => sums,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(cannot("read", &path, &error)),
    };
    for name in [DATA, ABOUT] {
        let wanted = sums
            .lines()
            .find_map(|line| line.strip_suffix(name)?.split_whitespace().next());
        let path = dir.join(name);
        let mut sum = Sha256::new();
        let read = File::open(&path).and_then(|mut file| io::copy(&mut file, &mut sum));
        read.map_err(|error| cannot("read", &path, &error))?;
        if wanted != Some(format!("{:x}", sum.finalize()).as_str()) {
            return Err(Failure::Outside(format!(
                "{} is damaged: its checksum differs from {SUMS}; nothing was restored",
                path.display()
            )));
        }
    }
    Ok(true)
}

/// Asks for the place that the archive is to be sent to. A cluster that is choosing a leader for the stream may not answer;
/// it forgets the restore then, and is asked again.
async fn begin(bus: &Bus, name: &str, about: &About) -> Result<String, Error> {
    let request = json!({ "config": about.config, "state": about.state });
    let started = Instant::now();
    let deadline = started + PATIENCE;
    let mut asked_before = false;
    loop {
        let asked = bus.api::<Value>(format!("STREAM.RESTORE.{name}"), &request);
        match asked.await {
            Ok(answer) => return Ok(text(&answer, "deliver_subject").to_owned()),
            Err(Error::NoAnswer { .. }) if Instant::now() < deadline => asked_before = true,
            Err(Error::Server { code: IN_USE, .. })
                if asked_before && Instant::now() < deadline => {}
            // A refusal has begun nothing.
            Err(error @ Error::Server { .. }) if started.elapsed() < patience(&error) => {}
            Err(error) => return Err(error),
        }
        sleep(BETWEEN).await;
    }
}

/// Sends the archive, piece by piece; each is answered when the server has it.
async fn send(bus: &Bus, path: &Path, to: &str, stop: &Shutdown) -> Result<(), Failure> {
    let unreadable = |error: io::Error| cannot("read", path, &error);
    let mut file = File::open(path).map_err(unreadable)?;
    let all = file.metadata().map_err(unreadable)?.len();
    let most = bus.client().server_info().max_payload.clamp(1, PIECE);
    let mut progress = Progress::new();
    let (mut piece, mut sent) = (vec![0; most], 0_u64);
    loop {
        let length = file.read(&mut piece).map_err(unreadable)?;
        let answer = unless_stopped(stop, hand_over(bus, to, &piece[..length])).await?;
        let answer = answer.map_err(|error| {
            let what = "the stream is not restored: the server rejected the archive";
            Failure::Outside(format!("{what}: {error}"))
        })?;
        refused(to, &answer.payload)?;
        if length == 0 {
            return Ok(());
        }
        sent += length as u64;
        progress.show(|| format!("{} of {} bytes", count(sent), count(all)));
    }
}

/// Sends a piece. That another server of the cluster wants it is not known here at once, and nobody takes it until then.
async fn hand_over(bus: &Bus, to: &str, piece: &[u8]) -> Result<Message, RequestError> {
    let known = Instant::now() + KNOWN;
    loop {
        let request = Request::new().payload(piece.to_vec().into());
        let request = request.timeout(Some(PATIENCE));
        match bus.client().send_request(to.to_owned(), request).await {
            Err(error)
                if error.kind() == RequestErrorKind::NoResponders && Instant::now() < known =>
            {
                sleep(BETWEEN).await;
            }
            answer => return answer,
        }
    }
}

/// The error that an answer has instead of nothing, or of the stream.
fn refused(what: &str, answer: &[u8]) -> Result<(), Failure> {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let Some(error) = answer.get("error") else {
        return Ok(());
    };
    let words = text(error, "description");
    Err(Error::Server {
        what: what.to_owned(),
        code: error.get("err_code").and_then(Value::as_u64).unwrap_or(0),
        description: format!("the stream is not restored: {words}"),
    }
    .into())
}

/// Returns whether messages of the backup may have expired since, so that the server removes it at once: the oldest one by the
/// maximum age of the stream, or any by a lifetime of its own.
fn may_have_expired(about: &About) -> bool {
    if about.config.get("allow_msg_ttl") == Some(&Value::Bool(true)) {
        return true;
    }
    let max_age = about.config.get("max_age").and_then(Value::as_i64);
    let first = DateTime::parse_from_rfc3339(text(&about.state, "first_ts"));
    match (max_age, first) {
        (Some(max_age @ 1..), Ok(first)) => {
            Utc::now().signed_duration_since(first) >= TimeDelta::nanoseconds(max_age)
        }
        _ => false,
    }
}

/// Compares what the server has now with the backup.
async fn verify(bus: &Bus, name: &str, about: &About) -> Result<(), Failure> {
    let deadline = Instant::now() + SETTLE;
    let there = loop {
        let info = async || bus.api(format!("STREAM.INFO.{name}"), &json!({})).await;
        let there: About = patiently(info).await?;
        // In a cluster the durables follow the stream, and the list of them its own count.
        let wanted = about.number("consumer_count");
        let listed = jetstream::consumers(bus, name).await?.len();
        let complete = there.number("consumer_count") == wanted && listed as u64 == wanted;
        if complete || Instant::now() > deadline {
            break there;
        }
        sleep(BETWEEN).await;
    };
    let same = |key: &str| there.number(key) == about.number(key);
    let (messages, of) = (there.number("messages"), about.number("messages"));
    let aged = messages < of && may_have_expired(about);
    if !(same("last_seq") && same("consumer_count") && (messages == of || aged)) {
        let shown = |about: &About| {
            let [messages, last, durables] =
                ["messages", "last_seq", "consumer_count"].map(|key| count(about.number(key)));
            format!("{messages} messages up to {last}, {durables} durables")
        };
        return Err(Failure::Outside(format!(
            "{name} is restored and is not as it was: the backup has {}, the server {}; delete it (`nats stream rm {name}`) \
             and restore it again, with nothing else restoring it",
            shown(about),
            shown(&there)
        )));
    }
    outcome::print(&format!(
        "{name}: {} messages, {} durables\n",
        count(messages),
        count(there.number("consumer_count"))
    ))
}
