//! `services pause` and `services resume`: the server stops delivering to a service for a while.

use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use event_codegen::read;
use event_runtime::{Shutdown, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::present;
use crate::connection::{Server, Version, unless_stopped};
use crate::outcome::{self, Failure};
use crate::wanted::Wanted;

/// Since when consumers can be paused.
const PAUSES: Version = Version(2, 11);

/// Pauses delivery to a service for a limited time.
///
/// Handlers that are running finish, new events stay pending, and no process has to be stopped. A pause ends by
/// itself, or with `services resume`. Pausing again sets a new end. Requires nats-server 2.11.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    event-contracts services pause billing --for 15m\n  \
    NATS_CONTEXT=production event-contracts services pause notifier --for 2h")]
pub(crate) struct PauseArgs {
    /// Name of the service in the contracts.
    #[arg(value_name = "NAME", add = crate::candidates::services())]
    pub(super) name: String,
    /// Length of the pause, in ms, s, m, h or d, such as 15m.
    #[arg(long = "for", value_name = "DURATION", value_parser = length)]
    length: Duration,
}

/// Ends the pause of a service.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    event-contracts services resume billing\n  \
    NATS_CONTEXT=production event-contracts services resume notifier")]
pub(crate) struct ResumeArgs {
    /// Name of the service in the contracts.
    #[arg(value_name = "NAME", add = crate::candidates::services())]
    pub(super) name: String,
}

fn length(text: &str) -> Result<Duration, String> {
    match read::duration(text) {
        Some(length) if !length.is_zero() => Ok(length),
        Some(_) => Err("the pause is empty; `services resume` ends a pause".to_owned()),
        None => Err("write an integer and one of ms, s, m, h, d, such as 15m".to_owned()),
    }
}

#[derive(Deserialize)]
struct Paused {
    paused: bool,
}

pub(super) async fn pause(
    server: &Server,
    wanted: &Wanted,
    args: &PauseArgs,
    stop: &Shutdown,
) -> Result<(), Failure> {
    can_pause(server)?;
    let durables =
        unless_stopped(stop, present(&server.bus, wanted.durables_of(&args.name))).await??;
    let no_time = || Failure::Usage("--for: longer than a server supports".to_owned());
    let length = chrono::Duration::from_std(args.length).map_err(|_| no_time())?;
    for (durable, info) in durables {
        if stop.is_stopped() {
            return Err(Failure::Interrupted);
        }
        // By the server's clock, which is the one that ends it.
        let now = info.ts.unwrap_or_else(Utc::now);
        let until = now.checked_add_signed(length).ok_or_else(no_time)?;
        set(server, &durable.stream, &durable.name, Some(until)).await?;
        outcome::print(&format!(
            "{}: paused until {}{}\n",
            durable.full_name(),
            until.to_rfc3339_opts(SecondsFormat::Secs, true),
            match info.num_ack_pending {
                0 => String::new(),
                n => format!("; {n} in flight are not interrupted"),
            }
        ))?;
    }
    Ok(())
}

pub(super) async fn resume(
    server: &Server,
    wanted: &Wanted,
    args: &ResumeArgs,
    stop: &Shutdown,
) -> Result<(), Failure> {
    can_pause(server)?;
    let durables =
        unless_stopped(stop, present(&server.bus, wanted.durables_of(&args.name))).await??;
    for (durable, info) in durables {
        if stop.is_stopped() {
            return Err(Failure::Interrupted);
        }
        let what = if info.paused {
            set(server, &durable.stream, &durable.name, None).await?;
            format!("goes on with {} events", info.num_pending)
        } else {
            "was not paused".to_owned()
        };
        outcome::print(&format!("{}: {what}\n", durable.full_name()))?;
    }
    Ok(())
}

fn can_pause(server: &Server) -> Result<(), Failure> {
    if server.version.is_none_or(|version| version >= PAUSES) {
        return Ok(());
    }
    Err(Failure::Outside(format!(
        "the server at {} is nats-server {}, which cannot pause a consumer ({PAUSES} can): update it, or stop the \
         service's processes instead; what is published waits for them",
        server.at, server.version_text
    )))
}

async fn set(
    server: &Server,
    stream: &str,
    durable: &str,
    until: Option<Timestamp>,
) -> Result<(), Failure> {
    let request = match until {
        Some(until) => json!({ "pause_until": until.to_rfc3339_opts(SecondsFormat::AutoSi, true) }),
        None => json!({}),
    };
    let subject = format!("CONSUMER.PAUSE.{stream}.{durable}");
    let answer: Paused = server.bus.api(subject, &request).await?;
    if answer.paused == until.is_some() {
        return Ok(());
    }
    Err(Failure::Outside(format!(
        "{stream}/{durable}: the server accepted the request and did not pause; is its clock right?"
    )))
}
