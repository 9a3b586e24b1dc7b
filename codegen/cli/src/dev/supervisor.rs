//! The process between `dev` and its server: when `dev` is gone, however that came, the server goes too.
//!
//! `dev` holds one end of a pipe, the supervisor reads the other. The system closes the pipe with `dev`, SIGKILL included;
//! then the supervisor stops the server and takes a temporary folder away. It is in a process group of its own, so that
//! Ctrl-C in the terminal reaches `dev` alone, which stops the server in order.

use std::cell::RefCell;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::place::ServerFolder;
use crate::outcome::Failure;

/// Interval between two looks whether a process has ended.
const LOOK: Duration = Duration::from_millis(20);
/// Longest wait for a server to stop; then it is killed.
const STOP: Duration = Duration::from_secs(10);

/// A server and its supervisor.
pub(super) struct Running {
    supervisor: RefCell<Child>,
    port: u16,
    folder: PathBuf,
    temporary: bool,
    log: PathBuf,
    pid_file: PathBuf,
}

impl Running {
    pub(super) fn spawn(binary: &Path, place: &ServerFolder, port: u16) -> Result<Self, Failure> {
        let configuration = place.configure(port)?;
        let failed =
            |error: io::Error| Failure::Outside(format!("cannot start the server: {error}"));
        // Of the server before, in a folder that was kept.
        for old in [place.log(), place.pid_file()] {
            let _ = fs::remove_file(old);
        }
        let itself = std::env::current_exe().map_err(failed)?;
        let mut command = Command::new(itself);
        command
            .arg("dev-server")
            .arg(binary)
            .arg(configuration)
            .args(place.temporary.then_some("--temporary"))
            .stdin(Stdio::piped())
            // Nothing is written there: it keeps the folder's lock for as long as the server runs.
            .stdout(place.lock.try_clone().map_err(failed)?)
            .stderr(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Ok(Self {
            supervisor: RefCell::new(command.spawn().map_err(failed)?),
            port,
            folder: place.folder.clone(),
            temporary: place.temporary,
            log: place.log(),
            pid_file: place.pid_file(),
        })
    }

    pub(super) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Returns the place where its store is, and how long.
    pub(super) fn store(&self) -> String {
        let kept = if self.temporary {
            "which was deleted with it"
        } else {
            "which is kept"
        };
        format!("store {}, {kept}", self.folder.display())
    }

    /// The last lines of its log.
    pub(super) fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let mut last: Vec<&str> = log.lines().rev().take(3).collect();
        last.reverse();
        last.join(" | ")
    }

    /// What it said at last, when it has ended.
    pub(super) fn ended(&self) -> Result<Option<String>, Failure> {
        match self.supervisor.borrow_mut().try_wait() {
            Ok(None) => Ok(None),
            Ok(Some(_)) => {
                // When the supervisor was killed, the server is still there.
                if let Some(pid) = fs::read_to_string(&self.pid_file)
                    .ok()
                    .and_then(|pid| pid.trim().parse().ok())
                {
                    terminate(pid);
                }
                let words = self.last_words();
                Ok(Some(format!("the server exited: {words}")))
            }
            Err(error) => Err(Failure::Outside(format!(
                "lost the server process: {error}"
            ))),
        }
    }

    /// Waits until it has ended, and says what it said.
    pub(super) async fn gone(&self) -> Result<String, Failure> {
        loop {
            if let Some(ended) = self.ended()? {
                return Ok(ended);
            }
            tokio::time::sleep(LOOK * 10).await;
        }
    }

    /// Stops it and waits until it is gone.
    pub(super) async fn stop(self) -> Result<(), Failure> {
        let mut supervisor = self.supervisor.into_inner();
        // The end of the pipe is the signal.
        drop(supervisor.stdin.take());
        let deadline = Instant::now() + STOP + Duration::from_secs(5);
        let lost = |error: io::Error| Failure::Outside(format!("lost the server process: {error}"));
        while Instant::now() < deadline {
            if supervisor.try_wait().map_err(lost)?.is_some() {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        supervisor
            .kill()
            .and_then(|()| supervisor.wait())
            .map_err(lost)?;
        Err(Failure::Outside(format!(
            "the server does not stop; its log: {}",
            self.log.display()
        )))
    }
}

/// Not for people: what `dev` starts itself as.
#[derive(clap::Args)]
#[command(hide = true)]
pub(crate) struct Args {
    binary: PathBuf,
    configuration: PathBuf,
    #[arg(long)]
    temporary: bool,
}

/// Runs the server until it ends or stdin does.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::Outside(format!("{}: {error}", args.binary.display()));
    let mut server = Command::new(&args.binary)
        .arg("-c")
        .arg(&args.configuration)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let (gone, parent_gone) = channel();
    std::thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        let mut buffer = [0; 64];
        while !matches!(stdin.read(&mut buffer), Ok(0) | Err(_)) {}
        let _ = gone.send(());
    });
    let ended = loop {
        if let Some(status) = server.try_wait().map_err(failed)? {
            break status.success();
        }
        match parent_gone.recv_timeout(LOOK) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {
                stop(&mut server).map_err(failed)?;
                break true;
            }
        }
    };
    if args.temporary
        && let Some(folder) = args.configuration.parent()
    {
        let _ = fs::remove_dir_all(folder);
    }
    if ended {
        Ok(())
    } else {
        Err(Failure::Findings)
    }
}

/// Stops a server in order; kills it when it does not.
fn stop(server: &mut Child) -> io::Result<()> {
    if terminate(server.id()) {
        let deadline = Instant::now() + STOP;
        while Instant::now() < deadline {
            if server.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(LOOK);
        }
    }
    server.kill()?;
    server.wait().map(drop)
}

/// Asks a process to end. Std has no such signal; the system's own command has.
fn terminate(pid: u32) -> bool {
    let kill = Command::new("kill")
        .args(["-TERM", &pid.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    kill.is_ok_and(|status| status.success())
}
