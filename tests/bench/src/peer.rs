//! A peer in a process of its own: it stays from one measurement to the next, so that its start and its compiler's warming up are
//! no part of any, and says itself how long its work took.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde::Deserialize;

/// A peer that says nothing for so long will not say anything any more.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running peer. Killed when dropped.
#[derive(Debug)]
pub struct Peer {
    name: &'static str,
    child: Child,
    input: ChildStdin,
    answers: Receiver<String>,
}

/// What a peer says of its work.
#[derive(Deserialize)]
struct Answer {
    events: f64,
    seconds: f64,
    processor: f64,
}

/// How quick some work was, and what it cost the client.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// Events per second.
    pub rate: f64,
    /// Time of processors per event, in microseconds.
    pub processor: f64,
}

impl Work {
    /// Of so many events in so many seconds, with so many seconds of processors.
    #[must_use]
    pub fn of(events: f64, seconds: f64, processor: f64) -> Self {
        Self {
            rate: events / seconds,
            processor: processor * 1e6 / events,
        }
    }
}

impl Peer {
    /// Starts the command that stands in `variable`, connected to `url`.
    ///
    /// # Panics
    /// When there is none, or it does not come up. What it has to say goes to this process's error output.
    pub fn start(name: &'static str, variable: &str, url: &str) -> Self {
        let command = std::env::var(variable).unwrap_or_default();
        let mut words = command.lines(); // a word a line: paths have spaces
        let Some(program) = words.next() else {
            panic!(
                "{variable} does not say how to start {name}: run `tests/bench.sh peers`, which installs it and says so"
            );
        };
        let spawned = Command::new(program)
            .args(words)
            .arg(url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = spawned.unwrap_or_else(|error| panic!("{name} ({command}): {error}"));
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            unreachable!("both are piped");
        };
        // A thread that reads is the only way to read with a limit.
        let (answer, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if answer.send(line).is_err() {
                    break;
                }
            }
        });
        let peer = Self {
            name,
            child,
            input,
            answers,
        };
        peer.answer();
        peer
    }

    /// Has it do a line of work.
    ///
    /// # Panics
    /// When it fails, or takes more than a minute.
    pub fn ask(&mut self, work: &str) -> Work {
        if let Err(error) = writeln!(self.input, "{work}") {
            panic!("{} has ended ({error}); its reason stands above", self.name);
        }
        let line = self.answer();
        let answer: Answer = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("{} said {line:?}: {error}", self.name));
        Work::of(answer.events, answer.seconds, answer.processor)
    }

    fn answer(&self) -> String {
        match self.answers.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => panic!("{} is silent after {PATIENCE:?}", self.name),
            Err(RecvTimeoutError::Disconnected) => {
                panic!("{} has ended; its reason stands above", self.name)
            }
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
