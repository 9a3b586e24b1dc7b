//! The dead letters of a server.

use event_runtime::{Bus, DEAD_LETTERS, Shutdown};

use super::letter::Letters;
use crate::advice::command;
use crate::connection::unless_stopped;
use crate::jetstream;
use crate::message::MessageReader;
use crate::outcome::Failure;
use crate::scan::scan;
use crate::terminal::Progress;

/// Reads all dead letters, with the number of redrives of each.
pub(super) async fn read(
    bus: &Bus,
    reader: &MessageReader<'_>,
    stop: &Shutdown,
) -> Result<Letters, Failure> {
    let stream = unless_stopped(stop, jetstream::stream(bus, DEAD_LETTERS)).await??;
    let stream = stream.ok_or_else(missing)?;
    let mut progress = Progress::new();
    let mut all = Letters::default();
    let of = stream.state.messages;
    let mut read = 0_u64;
    scan(bus, &stream, &[], stop, |message| {
        read += 1;
        progress.show(|| format!("reading {DEAD_LETTERS}: {read} of {of}"));
        all.add(reader, &message);
    })
    .await?;
    Ok(all)
}

/// The error for a server without the stream of dead letters.
pub(super) fn missing() -> Failure {
    Failure::Outside(format!(
        "the stream {DEAD_LETTERS} is not on the server; `{}` creates it",
        command("streams apply")
    ))
}
