//! How a command ends, and where its words go.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

/// Reason for which a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Findings: a bad contract, stale files. The report has been written already.
    Findings,
    /// The command was used wrongly.
    Usage(String),
    /// The outside world failed: a folder that cannot be written, a server that is not there.
    Outside(String),
    /// Stopped by Ctrl-C or SIGTERM. What was done until then has been said already.
    Interrupted,
}

impl Failure {
    /// The exit code; scripts rely on it.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Failure::Findings => 1,
            Failure::Usage(_) => 2,
            Failure::Outside(_) => 3,
            Failure::Interrupted => 130,
        }
    }

    /// What is still to be said.
    pub(crate) fn message(&self) -> Option<&str> {
        match self {
            Failure::Findings | Failure::Interrupted => None,
            Failure::Usage(message) | Failure::Outside(message) => Some(message),
        }
    }
}

/// Writes data to stdout. A reader that has gone away (`… | head`) has got what it wanted: that is no failure.
pub(crate) fn print(data: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(data.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Outside(format!(
            "cannot write to standard output: {error}"
        ))),
        _ => Ok(()),
    }
}

/// Standard output for many lines: written when asked to, or when much has gathered.
pub(crate) struct Sink {
    out: io::BufWriter<io::StdoutLock<'static>>,
}

impl Sink {
    pub(crate) fn stdout() -> Self {
        Self {
            out: io::BufWriter::with_capacity(64 << 10, io::stdout().lock()),
        }
    }

    /// `false` when nobody reads any more: there is no point in going on.
    pub(crate) fn write(&mut self, data: &str) -> Result<bool, Failure> {
        let written = self.out.write_all(data.as_bytes());
        still_read(written)
    }

    /// As [`write`](Sink::write).
    pub(crate) fn flush(&mut self) -> Result<bool, Failure> {
        let written = self.out.flush();
        still_read(written)
    }
}

/// Standard output behind a thread of its own: a reader that takes its time keeps nobody else from their work.
pub(crate) struct Writer {
    texts: mpsc::Sender<(String, u64)>,
    /// Things in the texts that are written.
    written: Arc<AtomicU64>,
    ended: oneshot::Receiver<Result<(), Failure>>,
}

impl Writer {
    pub(crate) fn start() -> Self {
        // One text is being written while the next one is made; whoever makes them waits.
        let (texts, mut waiting) = mpsc::channel::<(String, u64)>(1);
        let written = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&written);
        let (end, ended) = oneshot::channel();
        std::thread::spawn(move || {
            let mut out = io::stdout().lock();
            let mut done = Ok(());
            while let Some((text, things)) = waiting.blocking_recv() {
                let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
                match still_read(written) {
                    Ok(true) => _ = counter.fetch_add(things, Ordering::Relaxed),
                    Ok(false) => break,
                    Err(failure) => {
                        done = Err(failure);
                        break;
                    }
                }
            }
            let _ = end.send(done);
        });
        Self {
            texts,
            written,
            ended,
        }
    }

    /// Waits until the text, about so many things, can be taken. `false` when nothing can be written any more: [`finish`](Writer::finish) says why.
    pub(crate) async fn write(&self, text: String, things: u64) -> bool {
        self.texts.send((text, things)).await.is_ok()
    }

    /// Waits a moment for what is still to be written: about how many things it is then. A reader that has gone is no
    /// failure.
    pub(crate) async fn finish(self) -> Result<u64, Failure> {
        drop(self.texts);
        match tokio::time::timeout(Duration::from_secs(1), self.ended).await {
            Ok(Ok(Err(failure))) => Err(failure),
            // Where nobody takes it, it is left.
            _ => Ok(self.written.load(Ordering::Relaxed)),
        }
    }
}

/// Waits until nobody reads standard output any more, as `… | head` does when it has seen enough. Only a pipe tells; with
/// anything else this waits for ever.
#[cfg(unix)]
pub(crate) async fn reader_gone() {
    use std::os::fd::AsFd;

    use tokio::io::Interest;
    use tokio::net::unix::pipe::Sender;
    // Unchecked, because the check makes it non-blocking, for everybody who has this pipe. Nothing is written through it. A
    // file cannot be waited for.
    let out = io::stdout().as_fd().try_clone_to_owned();
    if let Ok(out) = out.and_then(Sender::from_owned_fd_unchecked)
        && out.ready(Interest::ERROR).await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

/// As on Unix, where it can be told.
#[cfg(not(unix))]
pub(crate) async fn reader_gone() {
    std::future::pending().await
}

fn still_read(written: io::Result<()>) -> Result<bool, Failure> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::Outside(format!(
            "cannot write to standard output: {error}"
        ))),
    }
}

/// Says something to whoever watches. Where stderr is closed nobody does.
pub(crate) fn say(message: &str) {
    let _ = writeln!(io::stderr().lock(), "{message}");
}

/// Returns whether to write colour to a stream: on a terminal that has it, and unless `NO_COLOR` says anything.
pub(crate) fn colour(is_terminal: bool) -> bool {
    let variable = |name: &str| std::env::var_os(name).unwrap_or_default();
    is_terminal && wants_colour(&variable("NO_COLOR"), &variable("TERM"))
}

fn wants_colour(no_color: &OsStr, term: &OsStr) -> bool {
    no_color.is_empty() && term != "dumb"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_counts_when_it_says_anything() {
        let wants = |no_color: &str, term: &str| wants_colour(no_color.as_ref(), term.as_ref());
        assert!(wants("", "xterm"));
        assert!(wants("", ""));
        assert!(!wants("1", "xterm"));
        assert!(!wants("0", "xterm"));
        assert!(!wants("", "dumb"));
        assert!(!colour(false));
    }
}
