//! `streams`: what the server's streams and durables lack against the contracts, and bringing them there.
//!
//! [`plan`] compares and counts what would be lost, [`rights`] knows who may do what, [`apply`] writes; this file talks to
//! people.

pub(crate) mod apply;
mod backup;
mod leftover;
mod loss;
pub(crate) mod plan;
mod report;
pub(crate) mod reset;
mod restore;
mod rights;
pub(crate) mod setting;
mod step;
pub(crate) mod subjects;

use std::path::Path;

use event_codegen::export::nats_auth;
use event_runtime::Shutdown;

use crate::connection::{Server, unless_stopped, with_server, with_server_as};
use crate::folder;
use crate::outcome::{self, Failure};
use crate::terminal::{self, Style};
use crate::wanted::Wanted;
use apply::{Applied, End};
use plan::Plan;
use rights::{Rights, Verb};

/// Streams and durable consumers: compare, provision, back up and restore.
///
/// Connects to NATS_URL with the other NATS_… variables; else to the context of the `nats` command line in
/// NATS_CONTEXT; else to the selected context; else to nats://localhost:4222.
#[derive(clap::Subcommand)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) enum Streams {
    Plan(PlanArgs),
    Apply(ApplyArgs),
    Backup(backup::Args),
    Restore(restore::Args),
}

/// Shows the changes that `streams apply` would make, without making any.
///
/// Compares every stream and durable consumer of the contracts with the server, including `DEAD_LETTERS` and the
/// redrive durables. Settings that contracts do not have (compression, placement) belong to the operator and are not
/// drift, nor is the start position of an existing durable. If an event is added to an existing durable, the plan
/// counts its stored messages before the durable's position, which will not be delivered, and names the `services
/// reset` that replays them. The permissions of the connected user are compared with the requests of an apply, one
/// line for each missing subject. With --service they are compared with those that `export nats-auth` grants to that
/// service; connect with the credentials of the service. Exit code 0: in sync; 1: drift, or a permission is missing.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    NATS_CONTEXT=production event-contracts streams plan --json | jq '.items[] | select(.action != \"keep\")'\n  \
    NATS_CONTEXT=billing event-contracts streams plan --service billing")]
pub(crate) struct PlanArgs {
    /// Plan for this service: its missing permissions and durables.
    #[arg(long, value_name = "NAME", add = crate::candidates::services())]
    service: Option<String>,
    /// Print JSON instead of text.
    #[arg(long)]
    json: bool,
}

/// Provisions the server: creates and updates the streams and durable consumers of the contracts.
///
/// Creates and widens without asking. Changes that lose data (a shorter age, fewer subjects, a stream or durable that
/// is no longer in the contracts) require confirmation; without a terminal, --yes is required. Idempotent, and safe to
/// run concurrently. Touches only streams that the contracts name or that it created for them. Exit code 1:
/// confirmation was required and not given, the server was changed by someone else in the meantime, or a setting
/// cannot be changed.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    event-contracts streams apply\n  \
    NATS_CONTEXT=production event-contracts --contracts ./contracts streams apply --yes")]
pub(crate) struct ApplyArgs {
    /// Apply changes that lose data without asking for confirmation.
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(contracts: &Path, streams: &Streams) -> Result<(), Failure> {
    match streams {
        Streams::Plan(args) => compare(contracts, args),
        Streams::Apply(args) => {
            let wanted = Wanted::of(&folder::load(contracts)?)?;
            with_server(async |server, stop| write(server, &wanted, args, &stop).await)
        }
        // These know nothing of contracts.
        Streams::Backup(args) => {
            backup::check(args)?;
            with_server(async |server, stop| backup::run(&server.bus, args, &stop).await)
        }
        Streams::Restore(args) => {
            let about = restore::read(&args.dir)?;
            with_server(async |server, stop| restore::run(&server.bus, args, about, &stop).await)
        }
    }
}

fn compare(contracts: &Path, args: &PlanArgs) -> Result<(), Failure> {
    let checked = folder::load(contracts)?;
    let wanted = Wanted::of(&checked)?;
    let Some(service) = &args.service else {
        return with_server(async |server, stop| {
            let found = look(server, &wanted, &stop).await?;
            show(&found, &wanted.empty, server, args.json)
        });
    };
    let id = folder::service(&checked, service)?;
    with_server_as(Some(service), async |server, stop| {
        let needed = nats_auth::permissions(&checked, id, &server.bus.api_prefix());
        let found = as_service(server, &wanted, service, &needed);
        let found = unless_stopped(&stop, found).await??;
        show(&found, &[], server, args.json)
    })
}

/// Who has all permissions.
const SEE: &str = "see the user `operator` of `event-contracts export nats-auth`";

/// What is to be done, and whether the user may do it.
struct Findings {
    plan: Plan,
    rights: Rights,
}

async fn look(server: &Server, wanted: &Wanted, stop: &Shutdown) -> Result<Findings, Failure> {
    let bus = &server.bus;
    let mut rights = unless_stopped(stop, Rights::ask(bus, server.version)).await??;
    let lists = wanted.streams.iter();
    let lists = lists.map(|stream| format!("CONSUMER.LIST.{}", stream.name));
    rights.need(
        bus,
        "the plan",
        ["STREAM.LIST".to_owned()].into_iter().chain(lists),
    );
    if !rights.missing.is_empty() {
        let lines = rights
            .missing
            .iter()
            .map(|missing| format!("\n  {missing}"));
        return Err(Failure::Outside(format!(
            "the connected user lacks the permissions for a plan; {SEE}{}",
            lines.collect::<String>()
        )));
    }
    let plan = unless_stopped(stop, Plan::make(bus, wanted)).await??;
    for (by, requests) in step::requests(&plan.items) {
        rights.need(bus, &by, requests);
    }
    Ok(Findings { plan, rights })
}

async fn as_service(
    server: &Server,
    wanted: &Wanted,
    service: &str,
    needed: &nats_auth::Permissions,
) -> Result<Findings, Failure> {
    let mut rights = Rights::ask(&server.bus, server.version).await?;
    rights.compare(service, needed);
    let (plan, refused) = Plan::of_service(&server.bus, wanted, service).await?;
    for subject in refused {
        rights.lacks(Verb::Publish, &subject, &format!("service {service}"));
    }
    Ok(Findings { plan, rights })
}

fn show(found: &Findings, empty: &[String], server: &Server, json: bool) -> Result<(), Failure> {
    let Findings { plan, rights } = found;
    let text = if json {
        format!("{:#}\n", report::json(plan, rights, server))
    } else {
        report::human(plan, rights, empty, server, Style::stdout())
    };
    outcome::print(&text)?;
    if plan.in_sync() && rights.missing.is_empty() {
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
    let Findings { plan, rights } = look(server, wanted, stop).await?;
    let style = Style::stdout();
    outcome::print(&report::human(&plan, &rights, &wanted.empty, server, style))?;
    if !rights.missing.is_empty() {
        return Err(Failure::Outside(format!(
            "nothing was applied: {} permissions are missing, as the plan says; {SEE}",
            rights.missing.len()
        )));
    }
    if plan.in_sync() {
        return Ok(());
    }
    if plan.needs_yes() > 0 && !args.yes {
        if !terminal::can_ask() {
            outcome::say(
                "nothing was applied: the plan loses data; review it and run again with --yes",
            );
            return Err(Failure::Findings);
        }
        let question = format!("{} of these changes lose data.", plan.needs_yes());
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
            outcome::print(&report::resets(&plan.resets, "to deliver them too"))?;
            if stuck == 0 {
                return Ok(());
            }
            outcome::say(&format!("{stuck} cannot be applied: see the plan above"));
            Err(Failure::Findings)
        }
        End::Stopped => {
            outcome::say(&format!("stopped: {progress}; run it again to continue"));
            Err(Failure::Interrupted)
        }
        End::Contended(seen) => {
            outcome::say(&format!(
                "the server is being changed by someone else: {seen}; {progress}. Run `streams plan` to see what is left, and let one process apply at a time"
            ));
            Err(Failure::Findings)
        }
        End::Failed { what, error } => {
            outcome::say(&format!(
                "{what} failed: {progress}; run it again to continue"
            ));
            Err(error.into())
        }
    }
}
