//! One server process: its own ports, its own folder, stopped and killed at will.
//!
//! Knows nothing of clusters: a node of one is a server with more lines of configuration.

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// Longest wait for a healthy server; in a cluster it elects a leader first.
const START: Duration = Duration::from_secs(30);

/// A nats-server with JetStream on the loopback interface. Killed when dropped, with its folder.
#[derive(Debug)]
pub struct TestServer {
    binary: PathBuf,
    folder: PathBuf,
    name: String,
    port: u16,
    monitor: u16,
    child: Option<Child>,
}

static STARTED: AtomicU64 = AtomicU64::new(0);

impl TestServer {
    /// Starts a server and waits until it is healthy.
    ///
    /// The binary is the one that [`event_server::find`] finds. `event-contracts dev` installs one where there is none, once for all projects.
    ///
    /// # Errors
    /// Returns an error that says what to do if there is no binary, or the last words of one that does not become healthy.
    pub async fn start() -> io::Result<Self> {
        Self::start_with("").await
    }

    /// The same with more lines of configuration: accounts, permissions, limits.
    ///
    /// # Errors
    /// As [`start`](TestServer::start).
    pub async fn start_with(configuration: &str) -> io::Result<Self> {
        // Another process may take a free port before the server does: then with other ones.
        let mut problem = io::Error::other("no free port");
        for _ in 0..5 {
            let mut server = Self::prepare(configuration)?;
            match server.restart().await {
                Ok(()) => return Ok(server),
                Err(error) => problem = error,
            }
        }
        Err(problem)
    }

    /// A server that does not run yet: its folder, its ports and its configuration.
    pub(crate) fn prepare(configuration: &str) -> io::Result<Self> {
        let binary = event_server::find()?;
        let nanos = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.subsec_nanos());
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let name = format!("test-{}-{number}-{nanos}", std::process::id());
        let folder = std::env::temp_dir().join(format!("nats-{name}"));
        std::fs::create_dir_all(&folder)?;
        let server = Self {
            binary,
            folder,
            name,
            port: free_port()?,
            monitor: free_port()?,
            child: None,
        };
        let text = format!(
            "listen: \"127.0.0.1:{}\"\nhttp: \"127.0.0.1:{}\"\nserver_name: {:?}\n\
             jetstream {{ store_dir: {:?} }}\n{configuration}\n",
            server.port,
            server.monitor,
            server.name,
            server.folder.join("store")
        );
        std::fs::write(server.folder.join("nats.conf"), text)?;
        Ok(server)
    }

    /// Returns the address for clients: `nats://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Its name, as the server itself says it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its folder: store, configuration and log.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its process, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Kills it (SIGKILL): nothing is written any more. Its store stays.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Stops it in order (SIGTERM) and waits until it has ended.
    ///
    /// # Errors
    /// When it cannot be signalled, or has not ended after 10 s; then it was killed.
    pub async fn stop(&mut self) -> io::Result<()> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        let signalled = signal(&child, "-TERM");
        let deadline = Instant::now() + Duration::from_secs(10);
        while signalled.is_ok() && Instant::now() < deadline {
            if child.try_wait()?.is_some() {
                return Ok(());
            }
            sleep(Duration::from_millis(10)).await;
        }
        child.kill()?;
        child.wait()?;
        signalled.and(Err(io::Error::other(
            "the server did not stop and was killed",
        )))
    }

    /// Starts it again, on the same port and with the same store, and waits until it is healthy. Kills it first when
    /// it still runs.
    ///
    /// # Errors
    /// When it does not become healthy.
    pub async fn restart(&mut self) -> io::Result<()> {
        self.spawn()?;
        self.healthy_soon().await
    }

    /// Starts its process; kills the one before.
    pub(crate) fn spawn(&mut self) -> io::Result<()> {
        self.kill();
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("log"))?;
        let child = Command::new(&self.binary)
            .arg("-c")
            .arg(self.folder.join("nats.conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.child = Some(child);
        Ok(())
    }

    /// Waits until it is healthy.
    pub(crate) async fn healthy_soon(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            if let Some(status) = self
                .child
                .as_mut()
                .map(Child::try_wait)
                .transpose()?
                .flatten()
            {
                return Err(io::Error::other(format!(
                    "the server ended with {status}: {}",
                    self.last_words()
                )));
            }
            if timeout(Duration::from_secs(1), self.healthy())
                .await
                .unwrap_or(false)
            {
                return Ok(());
            }
            sleep(Duration::from_millis(10)).await;
        }
        Err(io::Error::other(format!(
            "the server is not healthy after {START:?}: {}",
            self.last_words()
        )))
    }

    /// Freezes it (SIGSTOP): connections stay open and nothing answers.
    ///
    /// # Errors
    /// When it does not run or cannot be signalled.
    pub fn pause(&self) -> io::Result<()> {
        self.signalled("-STOP")
    }

    /// Lets it go on (SIGCONT).
    ///
    /// # Errors
    /// When it does not run or cannot be signalled.
    pub fn resume(&self) -> io::Result<()> {
        self.signalled("-CONT")
    }

    fn signalled(&self, name: &str) -> io::Result<()> {
        signal(
            self.child
                .as_ref()
                .ok_or_else(|| io::Error::other("the server does not run"))?,
            name,
        )
    }

    async fn healthy(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.monitor)).await else {
            return false;
        };
        let request = "GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n";
        if stream.write_all(request.as_bytes()).await.is_err() {
            return false;
        }
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer)
            .lines()
            .next()
            .is_some_and(|line| line.contains(" 200 "))
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The signals that std cannot send go through the system's own command.
fn signal(child: &Child, name: &str) -> io::Result<()> {
    let status = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("kill {name} failed: {status}")))
    }
}

pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
