//! Brings the running server to the contracts: when it starts, and when they have changed.
//!
//! What would lose something is never done here, but said: a store may be kept, and somebody may look at what is in it.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal};

use event_codegen::check::Checked;
use event_codegen::diagnostic::Severity;
use event_codegen::report;
use event_runtime::streams::covers;
use event_runtime::{Bus, Shutdown};
use serde_json::{Value, json};

use crate::advice::command;
use crate::connection::unless_stopped;
use crate::folder::Folder;
use crate::jetstream::text;
use crate::outcome::{self, Failure};
use crate::streams::apply::{End, apply};
use crate::streams::plan::{Action, Item, ItemKind, Plan};
use crate::streams::subjects::overlap;
use crate::wanted::{Wanted, subjects_of};

/// The server as the contracts want it, as far as that is free.
pub(super) struct Follow<'a> {
    bus: &'a Bus,
    url: String,
    /// True if changed contracts are applied; else it is only said that they differ.
    applies: bool,
    /// What was said to be left as it is.
    said: BTreeSet<String>,
}

/// The items of a plan, by whether they are done here.
struct Split {
    free: Vec<Item>,
    /// What is left, each with why.
    left: Vec<String>,
}

impl<'a> Follow<'a> {
    pub(super) fn new(bus: &'a Bus, url: String, applies: bool) -> Self {
        Self {
            bus,
            url,
            applies,
            said: BTreeSet::new(),
        }
    }

    /// Makes what the contracts want, before anybody uses the server.
    pub(super) async fn start(
        &mut self,
        contracts: &Checked,
        stop: &Shutdown,
    ) -> Result<(), Failure> {
        let (wanted, fewer) = wanted(contracts)?;
        let plan = unless_stopped(stop, Plan::make(self.bus, &wanted)).await??;
        let is_theirs = |item: &&Item| item.action != Action::Foreign;
        let all = plan.items.iter().filter(is_theirs).count();
        let split = Split::of(plan);
        let (done, end) = self.apply(&split.free, stop).await;
        end?;
        outcome::say(&format!(
            "{all} streams and durables of the contracts, {} of them created or updated",
            done.len()
        ));
        if fewer > 0 {
            outcome::say(&format!(
                "{fewer} of the streams have 1 replica here, because there is one server"
            ));
        }
        self.leave(split.left);
        Ok(())
    }

    /// Takes contracts that have changed, or says what is wrong with them. The contracts, when they can be used.
    pub(super) async fn change(
        &mut self,
        folder: Folder,
        stop: &Shutdown,
    ) -> Result<Option<Checked>, Failure> {
        let (text, errors) = reported(&folder);
        let Some(contracts) = folder.checked else {
            let errors = match errors {
                1 => "1 error".to_owned(),
                n => format!("{n} errors"),
            };
            outcome::say(&match self.applies {
                true => format!(
                    "{text}\ncontracts changed, with {errors}: the server keeps the previous ones"
                ),
                false => format!(
                    "contracts changed, with {errors} (`{}` shows them): the server keeps the previous ones",
                    command("check")
                ),
            });
            return Ok(None);
        };
        if self.applies && !text.is_empty() {
            outcome::say(&text);
        }
        match self.compare(&contracts, stop).await {
            // The next change, or `streams apply`, tries again; what runs is not to end with it.
            Err(Failure::Outside(why) | Failure::Usage(why)) => {
                let what = match self.applies {
                    true => "and not applied as a whole",
                    false => "and not compared with the server",
                };
                outcome::say(&format!("contracts changed, {what}: {why}"));
            }
            done => done?,
        }
        Ok(Some(contracts))
    }

    async fn compare(&mut self, contracts: &Checked, stop: &Shutdown) -> Result<(), Failure> {
        let (wanted, _) = wanted(contracts)?;
        let plan = unless_stopped(stop, Plan::make(self.bus, &wanted)).await??;
        if !self.applies {
            self.differs(&plan);
            return Ok(());
        }
        let split = Split::of(plan);
        let (done, end) = self.apply(&split.free, stop).await;
        match done.as_slice() {
            [] if end.is_err() => {}
            [] => outcome::say("contracts changed: the server is in sync"),
            some => outcome::say(&format!(
                "contracts changed, and applied:\n  {}",
                some.join("\n  ")
            )),
        }
        self.leave(split.left);
        end
    }

    /// Says what `streams apply` would do.
    fn differs(&self, plan: &Plan) {
        let is_open = |item: &&Item| item.is_change() || item.is_stuck();
        let open: Vec<String> = plan
            .items
            .iter()
            .filter(is_open)
            .map(|item| {
                let what = match item.action {
                    Action::Create => "is not on the server",
                    Action::Remove => "is no longer in the contracts",
                    _ => "differs",
                };
                format!("  {} {what}", full_name(item))
            })
            .collect();
        if open.is_empty() {
            return;
        }
        outcome::say(&format!(
            "contracts changed, and the server has the previous ones:\n{}\n\
             `NATS_URL={} {}` applies them; `dev --watch` does so on every change",
            open.join("\n"),
            self.url,
            command("streams apply")
        ));
    }

    /// Writes it: what was done, and how it ended.
    async fn apply(&self, items: &[Item], stop: &Shutdown) -> (Vec<String>, Result<(), Failure>) {
        let applied = apply(self.bus, items, stop, |_| {}).await;
        let end = match applied.end {
            End::Done => Ok(()),
            End::Stopped => Err(Failure::Interrupted),
            End::Contended(seen) => Err(Failure::Outside(seen)),
            End::Failed { what, error } => {
                outcome::say(&format!("{what} failed"));
                Err(error.into())
            }
        };
        (applied.done, end)
    }

    /// Says what is left as it is, each once.
    fn leave(&mut self, left: Vec<String>) {
        let left: BTreeSet<String> = left.into_iter().collect();
        let mut new = left.difference(&self.said).peekable();
        let any = new.peek().is_some();
        new.for_each(|text| outcome::say(text));
        if any {
            outcome::say(&format!(
                "`NATS_URL={} {}` shows what was not applied, and `streams apply` asks for confirmation",
                self.url,
                command("streams plan")
            ));
        }
        self.said = left;
    }
}

/// What contracts want of one server: it has one copy of everything. Also how many streams want more.
fn wanted(contracts: &Checked) -> Result<(Wanted, usize), Failure> {
    let mut wanted = Wanted::of(contracts)?;
    let more = |config: &Value| config["num_replicas"].as_u64() > Some(1);
    let mut fewer = 0;
    for stream in &mut wanted.streams {
        if more(&stream.config) {
            stream.config["num_replicas"] = json!(1);
            fewer += 1;
        }
    }
    Ok((wanted, fewer))
}

/// The report of `check`, and how many errors it has.
fn reported(folder: &Folder) -> (String, usize) {
    if folder.diagnostics.is_empty() {
        return (String::new(), 0);
    }
    let colour = outcome::colour(io::stderr().is_terminal());
    let text = report::human(&folder.diagnostics, &folder.sources, colour);
    let errors = folder.diagnostics.iter();
    let errors = errors.filter(|one| one.code.severity() == Severity::Error);
    (text.trim_end().to_owned(), errors.count())
}

fn full_name(item: &Item) -> String {
    let kind = match item.kind {
        ItemKind::Stream => "stream",
        ItemKind::Durable => "durable",
    };
    format!("{kind} {}", item.name())
}

impl Split {
    fn of(plan: Plan) -> Self {
        let (lossy, free): (Vec<Item>, Vec<Item>) = plan
            .items
            .into_iter()
            .partition(|item| !item.losses.is_empty());
        let mut left: Vec<String> = lossy
            .iter()
            .map(|item| {
                let losses = item
                    .losses
                    .iter()
                    .map(|loss| format!("\n    loses: {loss}"));
                format!(
                    "not applied, because it would lose data: {}{}",
                    item.name(),
                    losses.collect::<String>()
                )
            })
            .collect();
        let foreign = free.iter().filter(|item| item.action == Action::Foreign);
        left.extend(foreign.map(|item| format!("{}: {}", full_name(item), item.notes.join("; "))));
        let stuck = free.iter().filter(|item| item.is_stuck());
        left.extend(stuck.map(|item| {
            format!(
                "cannot be provisioned as the contracts say: {}",
                item.name()
            )
        }));
        let (free, waiting) = without_waiting(free, &lossy);
        left.extend(waiting.into_iter().map(|(item, reason)| {
            format!("waits for a change that was not applied: {item}{reason}")
        }));
        Self { free, left }
    }
}

/// The items that can be done while these stay as they are, and the names of the others, each with why.
fn without_waiting(items: Vec<Item>, staying: &[Item]) -> (Vec<Item>, Vec<(String, String)>) {
    let is_queue = |item: &&Item| {
        let wanted = item.wanted.as_ref();
        wanted.is_some_and(|wanted| text(wanted, "retention") == "workqueue")
    };
    let queues = items.iter().chain(staying).filter(is_queue);
    let queues: BTreeSet<String> = queues.map(|item| item.stream.clone()).collect();
    let mut waiting: Vec<(String, String)> = Vec::new();
    let mut streams: BTreeSet<String> = BTreeSet::new();
    let mut free = Vec::new();
    // Streams come before their durables.
    for item in items {
        let blocked = staying
            .iter()
            .find_map(|other| blocked(&item, other, &queues));
        let follows = item.kind == ItemKind::Durable && streams.contains(&item.stream);
        let reason = match blocked {
            _ if !item.is_change() => None,
            None if follows => Some(String::new()),
            blocked => blocked,
        };
        match reason {
            None => free.push(item),
            Some(reason) => {
                if item.kind == ItemKind::Stream {
                    streams.insert(item.stream.clone());
                }
                waiting.push((item.name(), reason));
            }
        }
    }
    (free, waiting)
}

/// Why an item cannot be done while another one stays.
fn blocked(item: &Item, stays: &Item, queues: &BTreeSet<String>) -> Option<String> {
    let of = |config: &Option<Value>| config.as_ref().map(subjects_of).unwrap_or_default();
    let (wanted, there) = (of(&item.wanted), of(&stays.there));
    let meet = || {
        let mut wanted = wanted.iter();
        wanted.any(|own| there.iter().any(|theirs| overlap(own, theirs)))
    };
    let takes = |own: &String| there.iter().any(|theirs| covers(theirs, own));
    let name = stays.name();
    match (stays.kind, item.kind, stays.stream == item.stream) {
        (ItemKind::Stream, ItemKind::Stream, _) if meet() => {
            Some(format!(", whose subjects are in {name}"))
        }
        (ItemKind::Stream, ItemKind::Durable, true) if !wanted.iter().all(takes) => {
            Some(format!(", whose subjects are not in {name} yet"))
        }
        (ItemKind::Durable, ItemKind::Durable, true) if queues.contains(&item.stream) && meet() => {
            Some(format!(", for {name} takes its events from the work queue"))
        }
        _ => None,
    }
}
