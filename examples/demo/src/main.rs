//! Runs the whole example organisation on a real server, or on those of `NATS_URL`, and works out from what the
//! processes report whether anything was lost. With `--polyglot`, services in other languages take part as well.

event_runtime::include_contracts!();

mod polyglot;
mod process;
mod watch;

use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use event_runtime::{Bus, Config, StreamDef, Streams};
use event_testing::TestServer;
use process::{Ended, Process};
use tally::Report;

/// Bodies that a peer without contracts might send: each must end in the dead letters, and stop nobody.
const BROKEN: [&str; 3] = [
    "not JSON at all",
    r#"{"scheduleId":"not-a-uuid"}"#,
    r#"["an", "array"]"#,
];
const PAYMENTS: usize = 5;
const SCHEDULES_BY_HAND: usize = 20;
const PATIENCE: Duration = Duration::from_secs(180);

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("demo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<bool, Box<dyn std::error::Error>> {
    let (flags, numbers): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|argument| argument.starts_with('-'));
    let polyglot = match flags.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--polyglot"] => true,
        _ => return Err(format!("unknown flags: {}", flags.join(" ")).into()),
    };
    let argument = |at: usize, default: u32| {
        numbers.get(at).map_or(Ok(default), |text| {
            text.parse()
                .map_err(|_| format!("{text:?} is no number of events"))
        })
    };
    let (schedules, orders) = (argument(0, 2000)?, argument(1, 1000)?);

    let (urls, _server) = match std::env::var("NATS_URL") {
        Ok(urls) => (urls, None),
        Err(_) => {
            let server = TestServer::start().await?;
            (server.url(), Some(server))
        }
    };
    let bus = Bus::connect(Config::new(&urls)?.name("demo")).await?;
    let replicas = if urls.contains(',') { 3 } else { 1 };
    event_operate::ensure(&bus, &replicated(contracts::STREAMS, replicas)).await?;
    eprintln!(
        "demo: {} streams with {replicas} replicas on {urls}",
        contracts::STREAMS.streams.len()
    );

    let billing = free_address()?;
    let environment = [("NATS_URL", urls), ("BILLING_ADDRESS", billing.clone())];
    let start = |name: &str, arguments: &[String]| Process::start(name, arguments, &environment);
    // Those that take longest to start come first, so that they are there when the work is shared.
    let mut listeners = vec![start("gateway", &[])?];
    let mut django = None;
    if polyglot {
        listeners.extend(polyglot::listeners(&environment)?);
        let address = free_address()?;
        django = Some((polyglot::web(&address, &environment)?, address));
        watch::until_listening(&bus, &contracts::STREAMS, Duration::from_secs(60)).await?;
    }
    // Two replicas of the notifier: they share one queue group, and nobody hears of anything twice.
    for name in ["foobar", "notifier", "notifier", "billing"] {
        listeners.push(start(name, &[])?);
    }
    watch::until_listening(&bus, &contracts::STREAMS, Duration::from_secs(30)).await?;
    // With replicas in other languages, nothing says yet that the Rust ones are there too.
    until_reachable(&billing).await?;

    let mut publishers = vec![
        start("scheduler", &[schedules.to_string()])?,
        start("shop", &[orders.to_string()])?,
    ];
    if polyglot {
        publishers.extend(polyglot::speakers(&environment)?);
    }
    let mut dead = BROKEN.len();
    for body in BROKEN {
        watch::publish_raw(
            &bus,
            contracts::scheduling::subjects::USER_SCHEDULE_CREATED,
            body,
        )
        .await?;
    }
    for user in 1..=PAYMENTS {
        take_payment(&billing, user)?;
    }

    let started = Instant::now();
    let mut ended = Vec::new();
    let mut by_hand = 0;
    if let Some((_, address)) = &django {
        for (subject, count) in polyglot::BROKEN {
            for body in BROKEN.into_iter().cycle().take(count) {
                watch::publish_raw(&bus, subject, body).await?;
            }
            dead += count;
        }
        until_reachable(address).await?;
        by_hand = polyglot::make_schedules(address, SCHEDULES_BY_HAND)?;
        ended.push(polyglot::exchange(&bus).await?);
    }
    let publishers = watch::until_quiet(&bus, &contracts::STREAMS, publishers, PATIENCE).await?;
    for listener in &listeners {
        listener.terminate();
    }
    if let Some((web, _)) = django {
        web.terminate();
        web.wait()?;
    }
    for process in publishers.into_iter().chain(listeners) {
        ended.push(process.finish()?);
    }
    let missing = if polyglot {
        polyglot::check(&bus, dead, &ended).await?
    } else {
        Vec::new()
    };
    for what in &missing {
        eprintln!("demo: {what}");
    }
    let reports: Vec<Report> = ended
        .into_iter()
        .map(|Ended { report, .. }| report)
        .collect();
    Ok(conclude(&reports, by_hand, dead, started.elapsed()) && missing.is_empty())
}

/// The streams with as many replicas. A real organisation says it in its contracts; these run on one server as well.
fn replicated(streams: Streams, replicas: u8) -> Streams {
    let copies: Vec<StreamDef> = streams
        .streams
        .iter()
        .map(|stream| StreamDef {
            replicas,
            ..*stream
        })
        .collect();
    Streams {
        streams: copies.leak(),
        ..streams
    }
}

/// Adds the reports up. Every stored event of this organisation has one subscriber, so each is due exactly once.
/// `by_hand` events are in no report; `broken` bodies must be in the dead letters.
fn conclude(reports: &[Report], by_hand: u64, broken: usize, elapsed: Duration) -> bool {
    let ephemeral = "profiles.ProfileViewed";
    let sum = |of: fn(&Report) -> &std::collections::BTreeMap<String, u64>| -> i64 {
        let counts = reports.iter().flat_map(of);
        let stored = counts.filter(|(name, _)| *name != ephemeral);
        stored.map(|(_, count)| *count as i64).sum()
    };
    for report in reports {
        eprintln!(
            "demo: {:12} published {:?} handled {:?}{}",
            report.service,
            report.published,
            report.handled,
            [
                ("retried", report.retried),
                ("dead-lettered", report.dead_lettered)
            ]
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(what, count)| format!(" {what} {count}"))
            .collect::<String>()
        );
    }
    let published = sum(|report| &report.published) + by_hand as i64 + broken as i64;
    let handled = sum(|report| &report.handled);
    let dead: i64 = reports
        .iter()
        .map(|report| report.dead_lettered as i64)
        .sum();
    let lost = published - handled - dead;
    let out_of_order: u64 = reports.iter().map(|report| report.out_of_order).sum();
    let repeated: u64 = reports.iter().map(|report| report.repeated).sum();
    eprintln!(
        "demo: {:.1} s; out of order {out_of_order}; handled more than once {repeated}",
        elapsed.as_secs_f64()
    );
    println!("demo: published {published}, handled {handled}, dead-lettered {dead}, lost {lost}");
    let abandoned: u64 = reports.iter().map(|report| report.abandoned).sum();
    if abandoned > 0 {
        eprintln!("demo: {abandoned} publishes or listeners did not come to an end in time");
    }
    lost == 0 && abandoned == 0 && out_of_order == 0 && dead == broken as i64
}

fn free_address() -> std::io::Result<String> {
    let socket = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(socket.local_addr()?.to_string())
}

/// Waits for a web server.
async fn until_reachable(address: &str) -> Result<(), String> {
    for _ in 0..300 {
        if std::net::TcpStream::connect(address).is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(format!("nobody answers at {address}"))
}

/// Pays through billing's web server: the event leaves from a request, not from a handler.
fn take_payment(address: &str, user: usize) -> Result<(), Box<dyn std::error::Error>> {
    let mut connection = std::net::TcpStream::connect(address)?;
    write!(
        connection,
        "POST /payments/{} HTTP/1.1\r\nHost: billing\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        event_runtime::Uuid::from_u128(user as u128)
    )?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 201") {
        Ok(())
    } else {
        Err(format!(
            "billing answered {:?}",
            answer.lines().next().unwrap_or_default()
        )
        .into())
    }
}
