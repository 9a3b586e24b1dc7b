//! `streams`: what the server's streams and durables lack against the contracts, and bringing them there.
//!
//! [`plan`] compares and counts what would be lost, [`apply`] writes; this file talks to people.

pub(crate) mod apply;
mod loss;
pub(crate) mod plan;
mod report;
pub(crate) mod setting;
mod subjects;

use std::path::Path;

use event_runtime::Shutdown;

use crate::connection::{Server, unless_stopped, with_server};
use crate::folder;
use crate::outcome::{self, Failure};
use crate::terminal::{self, Style};
use crate::wanted::Wanted;
use apply::{Applied, End};
use plan::Plan;

/// Streams and durable consumers on a server: what they lack against the contracts.
///
/// The server: NATS_URL and the other NATS_… variables, else the context of the `nats` command line that NATS_CONTEXT
/// names, else the selected one, else nats://localhost:4222.
#[derive(clap::Subcommand)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) enum Streams {
    Plan(PlanArgs),
    Apply(ApplyArgs),
}

/// Shows what `streams apply` would do, and does nothing.
///
/// Compares every stream and durable consumer of the contracts, `DEAD_LETTERS` and the redrive durables included, with the
/// server. What the contracts do not say (compression, placement) is the operator's and no difference, and so is where a
/// durable that exists has started. Exit code 0: in sync; 1: something differs.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    NATS_URL=nats://localhost:4222 event-contracts streams plan\n  \
    NATS_CONTEXT=production event-contracts streams plan --json | jq '.items[] | select(.action != \"keep\")'")]
pub(crate) struct PlanArgs {
    /// Write JSON instead of text.
    #[arg(long)]
    json: bool,
}

/// Brings the server's streams and durable consumers to the contracts.
///
/// Creates and widens at once. What loses something (a shorter age, a stream or durable that is no longer in the contracts,
/// fewer subjects) it asks about first; where nobody can be asked, nothing is done without --yes. It may be repeated, and
/// run twice at once. Touches only streams that the contracts name or that it made for them. Exit code 1: nothing was done
/// for want of a yes, somebody else changed the server meanwhile, or the server cannot change something.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    event-contracts streams apply\n  \
    NATS_CONTEXT=production event-contracts --contracts ./contracts streams apply --yes")]
pub(crate) struct ApplyArgs {
    /// Lose what the plan says is lost, without being asked.
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(contracts: &Path, streams: &Streams) -> Result<(), Failure> {
    let checked = folder::load(contracts)?;
    let wanted = Wanted::of(&checked)?;
    with_server(async |server, stop| match streams {
        Streams::Plan(args) => show(server, &wanted, args, &stop).await,
        Streams::Apply(args) => write(server, &wanted, args, &stop).await,
    })
}

async fn show(
    server: &Server,
    wanted: &Wanted,
    args: &PlanArgs,
    stop: &Shutdown,
) -> Result<(), Failure> {
    let plan = unless_stopped(stop, Plan::make(&server.bus, wanted)).await??;
    let text = if args.json {
        format!("{:#}\n", report::json(&plan, server))
    } else {
        report::human(&plan, wanted, server, Style::stdout())
    };
    outcome::print(&text)?;
    if plan.in_sync() {
        Ok(())
    } else {
        Err(Failure::Findings)
    }
}

async fn write(
    server: &Server,
    wanted: &Wanted,
    args: &ApplyArgs,
    stop: &Shutdown,
) -> Result<(), Failure> {
    let plan = unless_stopped(stop, Plan::make(&server.bus, wanted)).await??;
    outcome::print(&report::human(&plan, wanted, server, Style::stdout()))?;
    if plan.in_sync() {
        return Ok(());
    }
    if plan.needs_yes() > 0 && !args.yes {
        if !terminal::can_ask() {
            outcome::say(
                "nothing was applied: what the plan loses wants a yes; read it, and run again with --yes",
            );
            return Err(Failure::Findings);
        }
        let question = format!("{} of these changes lose something.", plan.needs_yes());
        if !unless_stopped(stop, terminal::ask(&question)).await?? {
            outcome::say("nothing was applied");
            return Err(Failure::Findings);
        }
    }
    outcome::print("\n")?;
    let say = |what: &str| {
        // Where nobody reads any more, the work still is to be done.
        let _ = outcome::print(&format!("{what}\n"));
    };
    let applied = apply::apply(&server.bus, &plan.items, stop, say).await;
    finish(applied, &plan)
}

/// The last words of an apply, and its exit code.
fn finish(applied: Applied, plan: &Plan) -> Result<(), Failure> {
    let progress = format!("{} of {} changes are made", applied.done.len(), applied.of);
    match applied.end {
        End::Done => {
            let stuck = plan.items.iter().filter(|item| item.is_stuck()).count();
            outcome::print(&format!("{progress}\n"))?;
            if stuck == 0 {
                return Ok(());
            }
            outcome::say(&format!("{stuck} cannot be done: see the plan above"));
            Err(Failure::Findings)
        }
        End::Stopped => {
            outcome::say(&format!("stopped: {progress}; run it again to go on"));
            Err(Failure::Interrupted)
        }
        End::Contended(seen) => {
            outcome::say(&format!(
                "somebody else writes at the same time: {seen}; {progress}. Run `streams plan` to see what is left, and \
                 agree on one who applies"
            ));
            Err(Failure::Findings)
        }
        End::Failed { what, error } => {
            outcome::say(&format!("{what} failed: {progress}; run it again to go on"));
            Err(error.into())
        }
    }
}
