//! Looks at the server while the organisation works: who listens, what waits, and when all is quiet.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use event_runtime::async_nats::jetstream::consumer::Info;
use event_runtime::{Bus, Streams};

use crate::process::Process;

type Failure = Box<dyn std::error::Error>;

/// Publishes a body as a peer would that knows nothing of contracts.
pub async fn publish_raw(
    bus: &Bus,
    subject: &'static str,
    body: &'static str,
) -> Result<(), Failure> {
    bus.jetstream().publish(subject, body.into()).await?.await?;
    Ok(())
}

/// Waits until every durable consumer has somebody who pulls.
pub async fn until_listening(
    bus: &Bus,
    streams: &Streams<'_>,
    patience: Duration,
) -> Result<(), Failure> {
    let deadline = Instant::now() + patience;
    loop {
        let idle: Vec<String> = consumers(bus, streams)
            .await?
            .into_iter()
            .filter(|info| info.num_waiting == 0)
            .map(|info| info.name)
            .collect();
        if idle.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!("nobody pulls from {}", idle.join(", ")).into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Shows one live line until the publishers have ended and nothing waits for a handler any more.
pub async fn until_quiet(
    bus: &Bus,
    streams: &Streams<'_>,
    mut publishers: Vec<Process>,
    patience: Duration,
) -> Result<Vec<Process>, Failure> {
    let deadline = Instant::now() + patience;
    let live = std::io::stderr().is_terminal();
    let mut quiet_since = None;
    let mut shown = Instant::now();
    loop {
        let (stored, waiting, in_hand) = state(bus, streams).await?;
        let line = format!("demo: stored {stored}, waiting {waiting}, in hand {in_hand}");
        if live {
            eprint!("\r\x1b[2K{line}");
            let _ = std::io::stderr().flush();
        } else if shown.elapsed() > Duration::from_secs(2) {
            eprintln!("{line}");
            shown = Instant::now();
        }
        // A handler publishes before its delivery is acknowledged, so nothing new can come once two looks in a row
        // find the same number of messages and nobody at work.
        let idle = publishers.iter_mut().all(Process::ended) && waiting == 0 && in_hand == 0;
        if idle && quiet_since == Some(stored) {
            if live {
                eprintln!();
            }
            return Ok(publishers);
        }
        quiet_since = idle.then_some(stored);
        if Instant::now() > deadline {
            return Err(format!("not finished in time: {line}").into());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Messages in all streams, messages that wait for a handler, and messages that a handler has.
async fn state(bus: &Bus, streams: &Streams<'_>) -> Result<(u64, u64, u64), Failure> {
    let mut stored = 0;
    for stream in streams.streams {
        stored += bus
            .jetstream()
            .get_stream(stream.name)
            .await?
            .cached_info()
            .state
            .messages;
    }
    let infos = consumers(bus, streams).await?;
    Ok((
        stored,
        infos.iter().map(|info| info.num_pending).sum(),
        infos.iter().map(|info| info.num_ack_pending as u64).sum(),
    ))
}

async fn consumers(bus: &Bus, streams: &Streams<'_>) -> Result<Vec<Info>, Failure> {
    let mut infos = Vec::new();
    for consumer in streams.consumers {
        let stream = bus.jetstream().get_stream_no_info(consumer.stream).await?;
        infos.push(stream.consumer_info(consumer.durable).await?);
    }
    Ok(infos)
}
