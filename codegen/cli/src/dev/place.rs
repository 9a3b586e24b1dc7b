//! Where a server of `dev` lives: its folder, which only one may have at a time, and its port.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, process};

use serde_json::{Value, json};

use crate::outcome::Failure;

/// What the name of a server of `dev` starts with; then come the process and the user.
const NAME: &str = "event-contracts-dev";

/// A folder with the store, the configuration and the log of one server.
pub(super) struct ServerFolder {
    pub(super) folder: PathBuf,
    /// True if it goes with the server.
    pub(super) temporary: bool,
    /// Locked until the last process of this server has ended: each of them has it open.
    pub(super) lock: File,
}

impl ServerFolder {
    /// The folder that is kept, or a new one that goes away.
    pub(super) fn take(store: Option<&Path>) -> Result<Self, Failure> {
        let folder = match store {
            Some(folder) => folder.to_owned(),
            None => env::temp_dir().join(unique()),
        };
        let failed = |what: &str, error: io::Error| {
            Failure::Outside(format!("cannot {what} {}: {error}", folder.display()))
        };
        private(&folder).map_err(|error| failed("make the folder", error))?;
        // nats-server wants the path of its store to hold wherever it runs.
        let folder = fs::canonicalize(&folder).map_err(|error| failed("find", error))?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("lock"))
            .map_err(|error| failed("write to", error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                folder,
                temporary: store.is_none(),
                lock,
            }),
            Err(TryLockError::WouldBlock) => Err(Failure::Outside(in_use(&folder))),
            Err(TryLockError::Error(error)) => Err(failed("lock", error)),
        }
    }

    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    pub(super) fn pid_file(&self) -> PathBuf {
        self.folder.join("pid")
    }

    /// Writes the server's configuration.
    pub(super) fn configure(&self, port: u16) -> Result<PathBuf, Failure> {
        let path = self.folder.join("nats.conf");
        let user: String = user()
            .chars()
            .filter(|c| c.is_ascii_alphanumeric())
            .collect();
        let text = format!(
            "listen: \"127.0.0.1:{port}\"\nserver_name: {:?}\npid_file: {:?}\nlog_file: {:?}\njetstream {{ store_dir: {:?} }}\n",
            format!("{NAME}-{}-{user}", process::id()),
            self.pid_file(),
            self.log(),
            self.folder.join("store")
        );
        match fs::write(&path, text) {
            Ok(()) => Ok(path),
            Err(error) => Err(Failure::Outside(format!(
                "cannot write {}: {error}",
                path.display()
            ))),
        }
    }

    /// Leaves a note for the next one who wants this folder.
    pub(super) fn says(&self, url: &str) -> Result<(), Failure> {
        let note = json!({ "pid": process::id(), "user": user(), "url": url });
        fs::write(self.folder.join("running.json"), note.to_string()).map_err(|error| {
            Failure::Outside(format!(
                "cannot write to {}: {error}",
                self.folder.display()
            ))
        })
    }
}

impl Drop for ServerFolder {
    fn drop(&mut self) {
        // The supervisor has done it, unless none was started or it was killed.
        if self.temporary {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// A name that nobody else has.
fn unique() -> String {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    format!("{NAME}-{}-{}", process::id(), since.as_nanos())
}

fn user() -> String {
    ["USER", "USERNAME", "LOGNAME"]
        .iter()
        .find_map(|variable| env::var(variable).ok().filter(|user| !user.is_empty()))
        .unwrap_or_else(|| "somebody".to_owned())
}

/// Makes a folder that only this user reads, when there is none.
fn private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn in_use(folder: &Path) -> String {
    let note = fs::read_to_string(folder.join("running.json")).unwrap_or_default();
    let note: Value = serde_json::from_str(&note).unwrap_or_default();
    let who = match (
        note["pid"].as_u64(),
        note["user"].as_str(),
        note["url"].as_str(),
    ) {
        (Some(pid), Some(user), Some(url)) => {
            format!(" (pid {pid} of {user}): it is at {url}; use it with `export NATS_URL={url}`")
        }
        _ => String::from(", which is starting or stopping"),
    };
    format!(
        "the store {} belongs to another `event-contracts dev`{who}, stop it, or take another --store",
        folder.display()
    )
}

/// A port that is free now.
pub(super) fn free_port() -> Result<u16, Failure> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| Failure::Outside(format!("no free port: {error}")))
}

/// An error that says who has the port, unless it is free.
pub(super) fn free(port: u16) -> Result<(), Failure> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            Err(Failure::Outside(taken(port)))
        }
        Err(error) => Err(Failure::Outside(format!(
            "cannot listen on port {port}: {error}"
        ))),
    }
}

fn taken(port: u16) -> String {
    let url = format!("nats://127.0.0.1:{port}");
    let use_it = format!(
        "use it with `export NATS_URL={url}`, stop it, or take another --port (0: a free one)"
    );
    let Some(info) = info(port) else {
        return format!(
            "port {port} is in use by a program that is not a NATS server; take another --port (0: a free one)"
        );
    };
    let version = info["version"].as_str().unwrap_or("of an unknown version");
    let name = info["server_name"].as_str().unwrap_or_default();
    match name
        .strip_prefix(NAME)
        .and_then(|rest| rest.strip_prefix('-')?.split_once('-'))
    {
        Some((pid, user)) => format!(
            "another `event-contracts dev` (pid {pid} of {user}, nats-server {version}) is at {url}: {use_it}"
        ),
        None => format!("a nats-server {version} (\"{name}\") is at {url} already: {use_it}"),
    }
}

/// What a NATS server says first.
fn info(port: u16) -> Option<Value> {
    let patience = Duration::from_secs(1);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = TcpStream::connect_timeout(&address, patience).ok()?;
    stream.set_read_timeout(Some(patience)).ok()?;
    let mut line = String::new();
    // Something else may talk without end.
    BufReader::new(io::Read::take(stream, 65_536))
        .read_line(&mut line)
        .ok()?;
    serde_json::from_str(line.trim().strip_prefix("INFO ")?).ok()
}
