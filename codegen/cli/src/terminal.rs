//! What is different on a terminal: colour, a line of progress that goes away again, a question.
//!
//! Where stderr is no terminal, nothing is drawn and nobody is asked.

use std::io::{self, BufRead, IsTerminal, Write};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::outcome::{self, Failure};

/// How often the line of progress is drawn again.
const EVERY: Duration = Duration::from_millis(100);

/// Colours of what is written, or none.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    colour: bool,
}

impl Style {
    /// For what goes to stdout.
    pub(crate) fn stdout() -> Self {
        Self {
            colour: outcome::colour(io::stdout().is_terminal()),
        }
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(crate) fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// How long ago that was, in its largest unit: `17s`, `3d`. A clock that is behind gives `0s`.
pub(crate) fn ago(time: DateTime<Utc>) -> String {
    let seconds = (Utc::now() - time).num_seconds().max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// One line on stderr that says how far a long command is. It is gone when this is dropped.
pub(crate) struct Progress {
    on: bool,
    drawn: Option<Instant>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            on: io::stderr().is_terminal() && !dumb,
            drawn: None,
        }
    }

    /// Draws it, unless that was a moment ago. `text` is only made when it is.
    pub(crate) fn show(&mut self, text: impl FnOnce() -> String) {
        if !self.on || self.drawn.is_some_and(|at| at.elapsed() < EVERY) {
            return;
        }
        self.drawn = Some(Instant::now());
        let mut err = io::stderr().lock();
        let _ = write!(err, "\r\x1b[2K{}", text()).and_then(|()| err.flush());
    }

    /// Takes it away: before anything else is written.
    pub(crate) fn clear(&mut self) {
        if self.drawn.take().is_some() {
            let mut err = io::stderr().lock();
            let _ = write!(err, "\r\x1b[2K").and_then(|()| err.flush());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Returns whether somebody is there to be asked.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks, and takes only `yes` for yes. Waits on a thread of its own, so that Ctrl-C is still heard.
pub(crate) async fn ask(question: &str) -> Result<bool, Failure> {
    {
        let mut err = io::stderr().lock();
        let _ = write!(err, "{question} Only `yes` is taken for yes: ").and_then(|()| err.flush());
    }
    let (answer, answered) = tokio::sync::oneshot::channel();
    // Not one of tokio's: those are waited for, and this one sits in `read` until somebody presses Enter.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line).map(|_| line);
        let _ = answer.send(read);
    });
    match answered.await {
        Ok(Ok(line)) => Ok(line.trim() == "yes"),
        Ok(Err(error)) => Err(Failure::Outside(format!("cannot read the answer: {error}"))),
        Err(_) => Ok(false),
    }
}
