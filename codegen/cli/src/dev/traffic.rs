//! How many events of each kind pass, while `dev` runs. Listens beside everybody and takes nothing from anybody.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::Duration;

use event_codegen::check::Checked;
use event_runtime::{Bus, Shutdown};
use futures_util::stream::{BoxStream, SelectAll, StreamExt};
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::outcome::{self, Failure};
use crate::units::count;

/// How often it is shown.
const EVERY: Duration = Duration::from_secs(1);
/// The most lines that are drawn again and again: more than fit on a screen would roll away.
const LINES: usize = 16;

struct Kind {
    name: String,
    total: u64,
    /// Since it was shown.
    new: u64,
}

/// Everything that passes from now on.
pub(super) struct Traffic {
    kinds: Vec<Kind>,
    messages: SelectAll<BoxStream<'static, usize>>,
}

impl Traffic {
    /// Listens to the subjects of all events, and to the dead letters.
    pub(super) async fn listen(checked: &Checked, bus: &Bus) -> Result<Self, Failure> {
        let mut kinds = Vec::new();
        let mut messages = SelectAll::new();
        let events = checked
            .events
            .iter()
            .map(|event| (checked.event_name(event), event.subject.pattern()));
        let dead = [("dead letters".to_owned(), "dead_letters.>".to_owned())];
        for (at, (name, subject)) in events.chain(dead).enumerate() {
            let listening = bus.client().subscribe(subject).await;
            let listening =
                listening.map_err(|error| Failure::Outside(format!("cannot listen: {error}")))?;
            messages.push(listening.map(move |_| at).boxed());
            kinds.push(Kind {
                name,
                total: 0,
                new: 0,
            });
        }
        // The answer comes when the server has read all of these.
        bus.api::<Value>("INFO", &json!({})).await?;
        Ok(Self { kinds, messages })
    }
}

/// Shows what passes until the signal to stop.
pub(super) async fn show(traffic: Traffic, terminal: bool, stop: &Shutdown) -> Result<(), Failure> {
    let Traffic {
        mut kinds,
        mut messages,
    } = traffic;
    let mut tick = interval_at(Instant::now() + EVERY, EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut shown = Instant::now();
    let mut screen = Screen { lines: 0 };
    loop {
        tokio::select! {
            biased;
            () = stop.wait() => break,
            _ = tick.tick() => {
                let over = shown.elapsed();
                shown = Instant::now();
                if terminal {
                    screen.draw(&table(&kinds, over));
                } else {
                    lines(&kinds, over);
                }
                for kind in &mut kinds {
                    kind.new = 0;
                }
            }
            Some(at) = messages.next() => {
                if let Some(kind) = kinds.get_mut(at) {
                    kind.total += 1;
                    kind.new += 1;
                }
            }
        }
    }
    if terminal {
        screen.draw("");
    }
    let seen = kinds.iter().filter(|kind| kind.total > 0);
    let totals: Vec<String> = seen
        .map(|kind| format!("{} {}", count(kind.total), kind.name))
        .collect();
    outcome::say(&match totals.as_slice() {
        [] => "stopped; no event has passed".to_owned(),
        some => format!("stopped; passed: {}", some.join(", ")),
    });
    Ok(())
}

/// Events in a second, rounded.
fn rate(kind: &Kind, over: Duration) -> u64 {
    let millis = u64::try_from(over.as_millis()).unwrap_or(u64::MAX).max(1);
    (kind.new.saturating_mul(1_000) + millis / 2) / millis
}

/// A line for each kind that has passed since the last time.
fn lines(kinds: &[Kind], over: Duration) {
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
fn table(kinds: &[Kind], over: Duration) -> String {
    let seen: Vec<&Kind> = kinds.iter().filter(|kind| kind.total > 0).collect();
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
