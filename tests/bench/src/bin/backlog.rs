//! Handles a backlog and says what that takes: `backlog EVENTS` prints `{"messages":…,"seconds":…,"peak_rss_kib":…}`.
//!
//! The stream is filled by a process of its own, so that the peak is that of the listener.

use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs, io};

use event_bench::deliveries::{CONCURRENCY, Side, Stage, Work};

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [events] => handle(events.parse()?).await,
        ["stage", events] => stage(events.parse()?).await,
        _ => Err("backlog EVENTS".into()),
    }
}

/// A server with so many events, until whoever started this closes the pipe.
async fn stage(events: u64) -> Result<(), Error> {
    let stage = Stage::prepare(events, 0).await?;
    println!("{}", stage.url());
    tokio::task::spawn_blocking(|| io::read_to_string(io::stdin())).await??;
    Ok(())
}

async fn handle(events: u64) -> Result<(), Error> {
    let mut stage = Command::new(env::current_exe()?)
        .args(["stage", &events.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut url = String::new();
    let said = stage.stdout.take().ok_or("no pipe")?;
    io::BufRead::read_line(&mut io::BufReader::new(said), &mut url)?;
    let side = Side::connect(url.trim()).await?;
    let rate = side.listen(events, CONCURRENCY, Work::Nothing).await?;
    let took = Duration::from_secs_f64(events as f64 / rate);
    let line = serde_json::json!({
        "messages": events,
        "seconds": took.as_secs_f64(),
        "peak_rss_kib": peak()?,
    });
    println!("{line}");
    drop(stage.stdin.take());
    stage.wait()?;
    Ok(())
}

/// The most memory that this process has had, in KiB, as Linux counts it.
fn peak() -> Result<u64, Error> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let line = line.ok_or("/proc/self/status has no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
