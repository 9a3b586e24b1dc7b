//! How many events of each kind pass, while `dev` runs. Listens beside everybody and takes nothing from anybody.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::time::Duration;

use event_codegen::check::Checked;
use event_runtime::{Bus, Shutdown};
use futures_util::stream::{BoxStream, SelectAll, StreamExt};
use serde_json::{Value, json};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::outcome::{self, Failure};
use crate::units::count;

/// Interval at which it is shown.
const EVERY: Duration = Duration::from_secs(1);
/// The most lines that are drawn again and again: more than fit on a screen would roll away.
const LINES: usize = 16;

struct EventTraffic {
    name: String,
    /// What is listened to; empty when it is not.
    subject: String,
    total: u64,
    /// Since it was shown.
    new: u64,
}

/// Everything that passes from now on.
pub(super) struct Traffic {
    kinds: Vec<EventTraffic>,
    messages: SelectAll<BoxStream<'static, usize>>,
    tick: Interval,
    shown: Instant,
    terminal: bool,
    screen: Screen,
}

impl Traffic {
    /// Listens to the subjects of all events, and to the dead letters.
    pub(super) async fn listen(checked: &Checked, bus: &Bus) -> Result<Self, Failure> {
        let mut tick = interval_at(Instant::now() + EVERY, EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut traffic = Self {
            kinds: Vec::new(),
            messages: SelectAll::new(),
            tick,
            shown: Instant::now(),
            terminal: io::stderr().is_terminal(),
            screen: Screen { lines: 0 },
        };
        traffic.follow(checked, bus).await?;
        Ok(traffic)
    }

    /// Listens to what is new in the contracts too; what is gone may still come, and is counted.
    pub(super) async fn follow(&mut self, checked: &Checked, bus: &Bus) -> Result<(), Failure> {
        let events = checked.events.iter();
        let mut wanted: Vec<(String, String)> = events
            .map(|event| (checked.event_name(event), event.subject.pattern()))
            .collect();
        wanted.push(("dead letters".to_owned(), "dead_letters.>".to_owned()));
        let moved = |kind: &EventTraffic| {
            let mut wanted = wanted.iter();
            wanted.any(|(name, subject)| *name == kind.name && *subject != kind.subject)
        };
        // Its old subject may match the same messages as the new one.
        if self.kinds.iter().any(moved) {
            self.messages.clear();
            for kind in &mut self.kinds {
                kind.subject.clear();
            }
        }
        for (name, subject) in wanted {
            let at = self.place(name);
            if self.kinds[at].subject == subject {
                continue;
            }
            let listening = bus.client().subscribe(subject.clone()).await;
            let listening =
                listening.map_err(|error| Failure::Outside(format!("cannot listen: {error}")))?;
            self.messages.push(listening.map(move |_| at).boxed());
            self.kinds[at].subject = subject;
        }
        // The answer comes when the server has read all of these.
        bus.api::<Value>("INFO", &json!({})).await?;
        Ok(())
    }

    /// The place of an event among the kinds, a new one at the end.
    fn place(&mut self, name: String) -> usize {
        if let Some(at) = self.kinds.iter().position(|kind| kind.name == name) {
            return at;
        }
        self.kinds.push(EventTraffic {
            name,
            subject: String::new(),
            total: 0,
            new: 0,
        });
        self.kinds.len() - 1
    }

    /// Shows what passes until the signal to stop. May be dropped and called again.
    pub(super) async fn show(&mut self, stop: &Shutdown) -> Result<(), Failure> {
        loop {
            tokio::select! {
                biased;
                () = stop.wait() => break,
                _ = self.tick.tick() => self.draw(),
                Some(at) = self.messages.next() => {
                    if let Some(kind) = self.kinds.get_mut(at) {
                        kind.total += 1;
                        kind.new += 1;
                    }
                }
            }
        }
        self.clear();
        let seen = self.kinds.iter().filter(|kind| kind.total > 0);
        let totals: Vec<String> = seen
            .map(|kind| format!("{} {}", count(kind.total), kind.name))
            .collect();
        outcome::say(&match totals.as_slice() {
            [] => "stopped; no events".to_owned(),
            some => format!("stopped; passed: {}", some.join(", ")),
        });
        Ok(())
    }

    fn draw(&mut self) {
        let over = self.shown.elapsed();
        self.shown = Instant::now();
        if self.terminal {
            self.screen.draw(&table(&self.kinds, over));
        } else {
            lines(&self.kinds, over);
        }
        for kind in &mut self.kinds {
            kind.new = 0;
        }
    }

    /// Takes away what is drawn: before anything else is said.
    pub(super) fn clear(&mut self) {
        if self.terminal {
            self.screen.draw("");
        }
    }
}

/// Events in a second, rounded.
fn rate(kind: &EventTraffic, over: Duration) -> u64 {
    let millis = u64::try_from(over.as_millis()).unwrap_or(u64::MAX).max(1);
    (kind.new.saturating_mul(1_000) + millis / 2) / millis
}

/// A line for each kind that has passed since the last time.
fn lines(kinds: &[EventTraffic], over: Duration) {
    for kind in kinds.iter().filter(|kind| kind.new > 0) {
        let rate = count(rate(kind, over));
        outcome::say(&format!(
            "{}: {rate}/s, {} in all",
            kind.name,
            count(kind.total)
        ));
    }
}

/// Everything that has passed at all.
fn table(kinds: &[EventTraffic], over: Duration) -> String {
    let seen: Vec<&EventTraffic> = kinds.iter().filter(|kind| kind.total > 0).collect();
    if seen.is_empty() {
        return "no event yet\n".to_owned();
    }
    let width = seen
        .iter()
        .take(LINES)
        .map(|kind| kind.name.chars().count())
        .max()
        .unwrap_or(0);
    let mut out = format!("{:width$}  {:>9}  {:>12}\n", "EVENT", "PER S", "IN ALL");
    for kind in seen.iter().take(LINES) {
        let (rate, total) = (count(rate(kind, over)), count(kind.total));
        let _ = writeln!(out, "{:width$}  {rate:>9}  {total:>12}", kind.name);
    }
    if seen.len() > LINES {
        let _ = writeln!(out, "… and {} more", seen.len() - LINES);
    }
    out
}

/// The lines at the end of the terminal that are drawn anew each time.
struct Screen {
    lines: usize,
}

impl Screen {
    fn draw(&mut self, text: &str) {
        let mut out = String::new();
        if self.lines > 0 {
            let _ = write!(out, "\x1b[{}A\r\x1b[J", self.lines);
        }
        // Without wrapping: a line that is too long must stay one line.
        let _ = write!(out, "\x1b[?7l{text}\x1b[?7h");
        self.lines = text.lines().count();
        let mut err = io::stderr().lock();
        let _ = err.write_all(out.as_bytes()).and_then(|()| err.flush());
    }
}
