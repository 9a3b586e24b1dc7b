//! The services that are not written in Rust, and what the languages say to each other.
//!
//! Starts processes, speaks for Rust, and says what is missing; sums are the demo's business.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use event_runtime::async_nats::HeaderMap;
use event_runtime::{Bus, Event, Stored, Timestamp, Uuid, serde_json};
use serde_json::{Value, json};
use tally::Report;

use crate::contracts::billing::Money;
use crate::contracts::profiles::ProfileViewed;
use crate::contracts::scheduling::{Channel, UserScheduleCreated};
use crate::contracts::shop::orders::{CashPayment, OrderLine, OrderPlaced, PaymentMethod, Region};
use crate::process::{Ended, Process};

type Failure = Box<dyn std::error::Error>;

/// The languages, and whose user ids their events have.
const LANGUAGES: [(&str, u128); 4] = [
    ("rust", 1001),
    ("python", 1002),
    ("javascript", 1003),
    ("java", 1004),
];
const RUST: Uuid = Uuid::from_u128(LANGUAGES[0].1);
/// What each language says, of each kind of event.
const TIMES: u32 = 5;
/// A way to reach a user that no contract knows.
const NEWER: &str = "carrier-pigeon";
/// When the exchanged views are from; those of the services are from the future.
const LONG_AGO: u64 = 978_307_200;
const PATIENCE: Duration = Duration::from_secs(60);

/// The table of partitions that every language checks.
const VECTORS: &str = "examples/partition-vectors.json";
const JAVA_CLASSES: &str =
    "examples/java-billing/target/classes:examples/java-billing/target/dependency/*";

/// Where each event has a handler in more than one language: the reports' names and the event.
const SHARED: [(&str, &str); 8] = [
    ("foobar", "scheduling.UserScheduleCreated"),
    ("django", "scheduling.UserScheduleCreated"),
    ("notifier", "profiles.UserInfoAvailed"),
    ("js", "profiles.UserInfoAvailed"),
    ("notifier", "billing.PaymentCreated"),
    ("js", "billing.PaymentCreated"),
    ("billing", "shop.orders.OrderPlaced"),
    ("java-billing", "shop.orders.OrderPlaced"),
];

/// Bodies that are no events, for every listener that is not written in Rust: subject and number.
pub const BROKEN: [(&str, usize); 4] = [
    ("userschedule:created", 10),
    ("user:availed", 10),
    ("payment:created", 10),
    ("orders.0.eu.none.placed", 10),
];

/// Who heard how many of whose events, by kind.
pub type Heard = BTreeMap<String, BTreeMap<String, u32>>;

/// The replicas beside the Rust ones.
pub fn listeners(environment: &[(&str, String)]) -> Result<Vec<Process>, String> {
    let mut node = Command::new("node");
    node.arg("examples/js-notifier/dist/main.js");
    Ok(vec![
        Process::spawn("django", django("listen"), environment)?,
        Process::spawn("js", node, environment)?,
        Process::spawn("java-billing", java("Main"), environment)?,
    ])
}

/// The web server of the Django project.
pub fn web(address: &str, environment: &[(&str, String)]) -> Result<Process, String> {
    let mut gunicorn = Command::new("examples/django-scheduler/.venv/bin/gunicorn");
    gunicorn.args(["--chdir", "examples/django-scheduler", "--bind", address]);
    gunicorn.args(["--log-level", "warning", "calendar_site.wsgi"]);
    Process::spawn("django-web", gunicorn, environment)
}

/// The other languages' parts of the exchange; each checks the table of partitions first.
pub fn speakers(environment: &[(&str, String)]) -> Result<Vec<Process>, String> {
    let vectors = std::fs::canonicalize(VECTORS).map_err(|error| format!("{VECTORS}: {error}"))?;
    let mut environment = environment.to_vec();
    environment.push(("PARTITION_VECTORS", vectors.display().to_string()));
    let mut node = Command::new("node");
    node.arg("examples/js-notifier/dist/exchange.js");
    Ok(vec![
        Process::spawn("python", django("exchange"), &environment)?,
        Process::spawn("javascript", node, &environment)?,
        Process::spawn("java", java("Exchange"), &environment)?,
    ])
}

fn django(command: &str) -> Command {
    let mut python = Command::new("examples/django-scheduler/.venv/bin/python");
    python.args(["examples/django-scheduler/manage.py", command]);
    python
}

fn java(class: &str) -> Command {
    let mut java = Command::new("java");
    java.args(["-Xmx256m", "-cp", JAVA_CLASSES]);
    java.arg(format!("org.example.billing.{class}"));
    java
}

/// Rust's part of the exchange: gives the others their cue, says the same as they, and listens to them.
pub async fn exchange(bus: &Bus) -> Result<Ended, Failure> {
    check_vectors()?;
    let mut schedules = UserScheduleCreated::subscribe(bus).await?;
    let mut views = ProfileViewed::subscribe(bus).await?;
    // Everybody listens before anybody speaks.
    for cue in ["ready", "go"] {
        for (language, _) in &LANGUAGES[1..] {
            give_cue(bus, language, cue).await?;
        }
    }
    for number in 1..=TIMES {
        speak(bus, number).await?;
    }

    let mut heard = Heard::from([
        ("stored".to_owned(), BTreeMap::new()),
        ("ephemeral".to_owned(), BTreeMap::new()),
    ]);
    let deadline = Instant::now() + PATIENCE;
    while !complete(&heard) && Instant::now() < deadline {
        let (kind, user) = tokio::select! {
            schedule = schedules.next() => match schedule {
                Some(Ok(schedule)) if schedule.event.channels.contains(&Channel::from(NEWER)) => {
                    ("stored", schedule.event.user_id)
                }
                Some(_) => continue,
                None => break,
            },
            view = views.next() => match view.transpose()? {
                Some(view) if view.event.viewed_at.timestamp() < LONG_AGO as i64 + 60 => {
                    ("ephemeral", view.event.user_id)
                }
                Some(_) => continue,
                None => break,
            },
            () = tokio::time::sleep(Duration::from_millis(100)) => continue,
        };
        for (language, number) in LANGUAGES {
            if user.as_u128() == number {
                let of = heard.entry(kind.to_owned()).or_default();
                *of.entry(language.to_owned()).or_default() += 1;
            }
        }
    }
    let published = |name: &str| (name.to_owned(), u64::from(TIMES));
    let report = Report {
        service: "rust".to_owned(),
        published: [
            published(UserScheduleCreated::NAME),
            published(OrderPlaced::NAME),
        ]
        .into(),
        ..Report::default()
    };
    Ok(Ended {
        report,
        heard: Some(heard),
    })
}

async fn give_cue(bus: &Bus, language: &str, cue: &'static str) -> Result<(), Failure> {
    let deadline = Instant::now() + PATIENCE;
    let subject = format!("polyglot.{language}");
    while let Err(error) = bus.client().request(subject.clone(), cue.into()).await {
        if Instant::now() > deadline {
            return Err(format!("{language} does not take part: {error}").into());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

async fn speak(bus: &Bus, number: u32) -> Result<(), Failure> {
    let moment = |seconds: u64| {
        Timestamp::UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_secs(number.into())
    };
    let schedule = UserScheduleCreated {
        schedule_id: Uuid::now_v7(),
        user_id: RUST,
        starts_at: moment(1_800_000_000),
        channels: vec![Channel::Sms, Channel::from(NEWER)],
        note: Some("From Rust".to_owned()),
    };
    // The same one twice: stored once.
    if store(bus, &schedule).await? || !store(bus, &schedule).await? {
        return Err("a message id was not recognised".into());
    }
    let view = ProfileViewed {
        user_id: RUST,
        viewed_at: moment(LONG_AGO),
    };
    let body = newer(&view)?;
    bus.client()
        .publish(String::from(view.subject()?), body.into())
        .await?;

    let price = Money {
        currency: "EUR".to_owned(),
        amount_minor: 1999,
    };
    let order = OrderPlaced {
        order_id: Uuid::now_v7(),
        customer_id: RUST,
        region: Region::Eu,
        sequence: number,
        placed_at: moment(1_800_000_000),
        lines: vec![OrderLine {
            sku: "SKU-RUST".to_owned(),
            quantity: 1,
            price: price.clone(),
        }],
        tax_by_region: BTreeMap::from([("eu".to_owned(), price)]),
        payment: PaymentMethod::Cash(CashPayment {
            change_for_minor: None,
        }),
    };
    store(bus, &order).await?;
    Ok(())
}

/// Stores an event as a newer build would; whether it was there already.
async fn store<E: Stored>(bus: &Bus, event: &E) -> Result<bool, Failure> {
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Msg-Id", event.message_id()?.to_string());
    let publish = bus.jetstream().publish_with_headers(
        String::from(event.subject()?),
        headers,
        newer(event)?.into(),
    );
    Ok(publish.await?.await?.duplicate)
}

/// The body with a field of a newer contract.
fn newer<E: Event>(event: &E) -> Result<Vec<u8>, Failure> {
    let mut body = serde_json::to_value(event)?;
    body["addedLater"] = json!({ "by": "rust" });
    Ok(serde_json::to_vec(&body)?)
}

/// The partition of an `OrderPlaced` is a token of its subject; the table has other numbers of partitions too.
fn check_vectors() -> Result<(), Failure> {
    let table: Vec<Value> = serde_json::from_slice(&std::fs::read(VECTORS)?)?;
    for row in &table {
        let (key, partitions) = (row["key"].as_str(), row["partitions"].as_u64());
        let (Some(key), Some(partitions)) = (key, partitions) else {
            return Err(format!("{VECTORS}: {row} is no row").into());
        };
        let subject = event_runtime::SubjectWriter::new()
            .literal("table")
            .partition(key, u32::try_from(partitions)?)
            .finish()?;
        if subject.as_str() != format!("table.{}", row["partition"]) {
            return Err(format!("{VECTORS}: {row}: computed {subject}").into());
        }
    }
    Ok(())
}

fn complete(heard: &Heard) -> bool {
    heard.values().all(|of| {
        LANGUAGES
            .iter()
            .all(|(language, _)| of.get(*language) == Some(&TIMES))
    })
}

/// Makes schedules through the Django view, each twice. How many were made.
pub fn make_schedules(address: &str, count: usize) -> Result<u64, Failure> {
    for number in 1..=count {
        let body = json!({
            "scheduleId": Uuid::now_v7(),
            "userId": Uuid::from_u128(number as u128),
            "startsAt": "2027-01-15T09:00:00+01:00",
            "channels": ["email"],
        });
        for expected in ["HTTP/1.1 201", "HTTP/1.1 200"] {
            post(address, &body.to_string(), expected)?;
        }
    }
    post(address, r#"{"scheduleId":"not-a-uuid"}"#, "HTTP/1.1 422")?;
    Ok(count as u64)
}

fn post(address: &str, body: &str, expected: &str) -> Result<(), Failure> {
    let mut connection = TcpStream::connect(address)?;
    write!(
        connection,
        "POST /schedules HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    if answer.starts_with(expected) {
        return Ok(());
    }
    let line = answer.lines().next().unwrap_or_default();
    Err(format!("Django answered {line:?} instead of {expected}").into())
}

/// Prints who heard whom and who shared which work. What should have been and was not.
pub async fn check(bus: &Bus, dead: usize, ended: &[Ended]) -> Result<Vec<String>, Failure> {
    let mut missing = Vec::new();
    let mut letters = bus.jetstream().get_stream("DEAD_LETTERS").await?;
    let stored = letters.info().await?.state.messages;
    if stored != dead as u64 {
        missing.push(format!("{stored} dead letters are stored, not {dead}"));
    }
    for (listener, _) in LANGUAGES {
        let heard = ended
            .iter()
            .filter(|ended| ended.report.service == listener)
            .find_map(|ended| ended.heard.as_ref());
        match heard {
            Some(heard) => {
                eprintln!("demo: {listener:10} heard {heard:?}");
                if !complete(heard) {
                    missing.push(format!("{listener} did not hear everybody"));
                }
            }
            None => missing.push(format!("{listener} did not say whom it heard")),
        }
    }
    for (service, event) in SHARED {
        let handled: u64 = ended
            .iter()
            .filter(|ended| ended.report.service == service)
            .filter_map(|ended| ended.report.handled.get(event))
            .sum();
        if handled == 0 {
            missing.push(format!("{service} got no share of {event}"));
        }
    }
    Ok(missing)
}
