//! One load by one side, in a process of its own, so that its memory is its own: what `growth` runs for every point of a curve.
//!
//! `load URL ours|plain WORK EVENTS SIZE`, where WORK says what SIZE is: `publish` and `handle` (bytes of an event), `types` (of event
//! in one listener), `subscriptions`, `acknowledged` (publishers, each of which waits for its acknowledgement), `waiting` (handlers at
//! once, each of which waits for a millisecond). Prints `{"events":…,"seconds":…,"peak_rss_kib":…}`.

mod ours;
mod plain;

use event_bench::growth::{consumer, streams};
use event_runtime::{Bus, Config};
use serde::Serialize;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What is to be done.
struct Load {
    url: String,
    bus: Bus,
    events: u64,
    size: usize,
}

#[derive(Serialize)]
struct Done {
    events: u64,
    seconds: f64,
    peak_rss_kib: u64,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, side, work, events, size] = &arguments[..] else {
        return Err("usage: load URL ours|plain WORK EVENTS SIZE".into());
    };
    let load = Load {
        url: url.clone(),
        bus: Bus::connect(Config::new(url)?).await?,
        events: events.parse()?,
        size: size.parse()?,
    };
    let seconds = match (side.as_str(), work.as_str()) {
        ("ours", "publish") => ours::publish(&load).await?,
        ("plain", "publish") => plain::publish(&load).await?,
        ("ours", "acknowledged") => ours::acknowledged(&load).await?,
        ("plain", "acknowledged") => plain::acknowledged(&load).await?,
        ("ours", "handle") => ours::handle(&load).await?,
        ("plain", "handle") => plain::handle(&load).await?,
        ("ours", "waiting") => ours::waiting(&load).await?,
        ("plain", "waiting") => plain::waiting(&load).await?,
        ("ours", "types") => ours::types(&load).await?,
        ("plain", "types") => plain::types(&load).await?,
        ("ours", "subscriptions") => ours::subscriptions(&load).await?,
        ("plain", "subscriptions") => plain::subscriptions(&load).await?,
        _ => return Err(format!("no such load: {side} {work}").into()),
    };
    let done = Done {
        events: load.events,
        seconds,
        peak_rss_kib: peak_rss_kib()?,
    };
    println!("{}", serde_json::to_string(&done)?);
    Ok(())
}

impl Load {
    /// A connection for what is sent, where receiving is measured.
    async fn second(&self) -> Result<Bus, Failure> {
        Ok(Bus::connect(Config::new(&self.url)?).await?)
    }

    /// The durable, from the first event on, with these filters.
    async fn durable(&self, filters: &[&str]) -> Result<(), Failure> {
        let stream = self.bus.jetstream().get_stream_no_info("GROWTH").await?;
        // The first time there is none.
        let _ = stream.delete_consumer("growth").await;
        let _ = event_operate::ensure(&self.bus, &streams(&[consumer(filters)])).await?;
        Ok(())
    }
}

/// The most memory that this process has had.
fn peak_rss_kib() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let line = line.ok_or("the system does not say how much memory a process had")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
