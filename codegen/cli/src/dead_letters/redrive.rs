//! `dead-letters redrive`: sends dead letters on their way to their service again, each once.

use std::collections::BTreeMap;

use event_codegen::json::Json;
use event_runtime::{Bus, Error, Shutdown};

use super::letter::Letter;
use super::readers::{Readers, RedriveReader};
use super::stored::read;
use super::which::Which;
use crate::connection::unless_stopped;
use crate::message::{self, visible};
use crate::outcome::{self, Failure};
use crate::terminal::Progress;
use crate::units::count;

/// Redrives dead letters: sends them to their service again, and to no other service.
///
/// Idempotent: a dead letter that was redriven before is left out, so the command can be interrupted and repeated. An
/// event that fails again becomes a new dead letter. The counts add up:
/// found = redriven + already redriven + skipped + failed (+ left, if interrupted). Warns, with --dry-run too, if a
/// service is paused or has no durable for redrives: they stay pending. Exit code 1: something was skipped or failed.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts dead-letters redrive --service notifier --reason attempts --dry-run
  event-contracts dead-letters redrive --event shop.orders.OrderPlaced")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(super) which: Which,
    /// Show what would be sent, and send nothing.
    #[arg(long)]
    dry_run: bool,
    /// Include dead letters that were redriven before.
    #[arg(long)]
    again: bool,
    /// Print the summary as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Outcomes of the letters.
#[derive(Default)]
struct Summary {
    found: u64,
    redriven: u64,
    already: u64,
    skipped: u64,
    failed: u64,
    /// Reason for which some were skipped or failed, with how many.
    reasons: BTreeMap<String, u64>,
    dry_run: bool,
}

pub(super) async fn run(
    bus: &Bus,
    reader: &message::MessageReader<'_>,
    args: &Args,
    stop: &Shutdown,
) -> Result<(), Failure> {
    let mut letters = read(bus, reader, stop).await?.into_letters();
    let which = args.which.resolved(reader, &letters)?;
    letters.retain(|letter| which.takes(letter));
    let mut summary = Summary {
        found: letters.len() as u64,
        dry_run: args.dry_run,
        ..Summary::default()
    };
    let mut readers = Readers::new(bus, reader.contracts());
    let end = all(bus, &letters, args, stop, &mut summary, &mut readers).await;
    summary.say(args.json, &readers)?;
    end?;
    match summary.skipped + summary.failed {
        0 => Ok(()),
        _ => Err(Failure::Findings),
    }
}

async fn all(
    bus: &Bus,
    letters: &[Letter],
    args: &Args,
    stop: &Shutdown,
    summary: &mut Summary,
    readers: &mut Readers<'_>,
) -> Result<(), Failure> {
    let mut progress = Progress::new();
    for (at, letter) in letters.iter().enumerate() {
        progress.show(|| {
            let (at, of) = (count(at as u64), count(letters.len() as u64));
            format!("redriving: {at} of {of}, {} sent", count(summary.redriven))
        });
        if stop.is_stopped() {
            return Err(Failure::Interrupted);
        }
        // Also of what was sent before: it may still wait.
        let reader = unless_stopped(stop, readers.of(&letter.service)).await??;
        if letter.redriven > 0 && !args.again {
            summary.already += 1;
            continue;
        }
        if letter.omitted {
            summary.skip(
                "its payload was too large to be stored: publish the original again".to_owned(),
            );
            continue;
        }
        if let RedriveReader::Missing(why) = reader {
            summary.skip(why.clone());
            continue;
        }
        if args.dry_run {
            summary.redriven += 1;
            continue;
        }
        // Sent whole or not at all: a signal in between would leave it unknown.
        match bus.redrive(letter.sequence, letter.redriven + 1).await {
            Ok(receipt) if receipt.duplicate => summary.already += 1,
            Ok(_) => summary.redriven += 1,
            // Nothing of what follows would fare better.
            Err(error) if is_lasting(&error) => {
                summary.fail(&error);
                progress.clear();
                return Err(error.into());
            }
            Err(error) => summary.fail(&error),
        }
    }
    Ok(())
}

/// Returns whether the next one would fail the same way.
fn is_lasting(error: &Error) -> bool {
    error.is_transient()
        || matches!(
            error,
            Error::Refused { .. } | Error::Closed | Error::NoStream { .. }
        )
}

impl Summary {
    fn skip(&mut self, reason: String) {
        self.skipped += 1;
        *self
            .reasons
            .entry(format!("skipped: {reason}"))
            .or_default() += 1;
    }

    fn fail(&mut self, error: &Error) {
        self.failed += 1;
        *self.reasons.entry(format!("failed: {error}")).or_default() += 1;
    }

    fn left(&self) -> u64 {
        self.found - self.redriven - self.already - self.skipped - self.failed
    }

    fn say(&self, as_json: bool, readers: &Readers<'_>) -> Result<(), Failure> {
        if as_json {
            let n = |number: u64| Json::integer(number);
            let reasons = self
                .reasons
                .iter()
                .map(|(reason, n)| (reason.as_str(), Json::integer(*n)));
            let object = Json::object([
                ("dryRun", Json::Bool(self.dry_run)),
                ("found", n(self.found)),
                ("redriven", n(self.redriven)),
                ("alreadyRedriven", n(self.already)),
                ("skipped", n(self.skipped)),
                ("failed", n(self.failed)),
                ("left", n(self.left())),
                ("reasons", Json::object(reasons)),
                ("nobodyReads", readers.json()),
            ]);
            return outcome::print(&object.to_pretty());
        }
        for (reason, n) in &self.reasons {
            outcome::say(&format!("{} {}", count(*n), visible(reason)));
        }
        for warning in readers.warnings() {
            outcome::say(&format!("warning: {warning}"));
        }
        let left = match self.left() {
            0 => String::new(),
            n => format!(", {} left: run it again", count(n)),
        };
        outcome::print(&format!(
            "{} found: {} {}, {} already redriven, {} skipped, {} failed{left}\n",
            count(self.found),
            count(self.redriven),
            if self.dry_run {
                "would be redriven"
            } else {
                "redriven"
            },
            count(self.already),
            count(self.skipped),
            count(self.failed)
        ))
    }
}
