//! The README's service by hand, with what it is relied on for: a connection from the same variables of the environment, a check of
//! its durables, leases that are kept, retries with a growing pause, dead letters and their redrive, bounded work at once, a publish
//! that is tried again under its id, and a stop that finishes what has begun and gives back the rest.

use std::time::Duration;
use std::{env, error};

use async_nats::jetstream::{self, AckKind, Context, Message, consumer::PullConsumer};
use async_nats::{Client, ConnectOptions, HeaderMap, header::NATS_MESSAGE_ID};
use futures_util::{FutureExt as _, StreamExt as _};
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};

type Error = Box<dyn error::Error + Send + Sync>;

const SERVICE: &str = "foobar";
const GROUP: &str = "foobar-service";
const STREAM: &str = "SCHEDULING";
const CREATED: &str = "userschedule:created";
const ACK_WAIT: Duration = Duration::from_secs(30);
const MAX_ATTEMPTS: i64 = 5;
const AT_ONCE: usize = 16;
const GRACE: Duration = Duration::from_secs(20);
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserScheduleCreated {
    schedule_id: uuid::Uuid,
    #[serde(rename = "userId")]
    _user_id: uuid::Uuid,
    note: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UserInfoAvailed {
    schedule_id: uuid::Uuid,
    name: String,
}

/// What to do about a message that was not handled.
enum Failure {
    Retry(String),
    Dead(String),
}

fn variable(name: &str) -> Result<Option<String>, Error> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(error) => Err(format!("{name}: {error}").into()),
    }
}

async fn connect() -> Result<Client, Error> {
    let mut options = ConnectOptions::new()
        .name(variable("NATS_NAME")?.unwrap_or_else(|| SERVICE.to_owned()))
        .event_callback(|event| async move { eprintln!("{event}") });
    if let Some(prefix) = variable("NATS_INBOX_PREFIX")? {
        options = options.custom_inbox_prefix(prefix);
    }
    if let Some(path) = variable("NATS_CREDS")? {
        options = options.credentials_file(path).await?;
    } else if let Some(seed) = variable("NATS_NKEY_SEED")? {
        options = options.nkey(seed);
    } else if let Some(token) = variable("NATS_TOKEN")? {
        options = options.token(token);
    } else if let Some(user) = variable("NATS_USER")? {
        let password =
            variable("NATS_PASSWORD")?.ok_or("NATS_USER is set, NATS_PASSWORD is not")?;
        options = options.user_and_password(user, password);
    }
    if let Some(ca) = variable("NATS_TLS_CA")? {
        options = options.add_root_certificates(ca.into()).require_tls(true);
    }
    if let Some(certificate) = variable("NATS_TLS_CERT")? {
        let key = variable("NATS_TLS_KEY")?.ok_or("NATS_TLS_CERT is set, NATS_TLS_KEY is not")?;
        options = options.add_client_certificate(certificate.into(), key.into());
    }
    let urls = variable("NATS_URL")?.unwrap_or_else(|| "nats://localhost:4222".to_owned());
    let servers: Vec<_> = urls.split(',').map(str::trim).collect();
    Ok(options.connect(servers).await?)
}

/// Publishes an event under its id, again where the server did not answer.
async fn publish(jetstream: &Context, event: &UserInfoAvailed) -> Result<(), Error> {
    let mut headers = HeaderMap::new();
    headers.insert(
        NATS_MESSAGE_ID,
        format!("scheduling.UserInfoAvailed:{}", event.schedule_id),
    );
    store(
        jetstream,
        "user:availed",
        headers,
        serde_json::to_vec(event)?.into(),
    )
    .await
}

async fn store(
    jetstream: &Context,
    subject: &str,
    headers: HeaderMap,
    payload: bytes::Bytes,
) -> Result<(), Error> {
    let mut pause = Duration::from_millis(100);
    loop {
        let sent = async {
            let acknowledged = jetstream.publish_with_headers(
                subject.to_owned(),
                headers.clone(),
                payload.clone(),
            );
            acknowledged.await?.await
        };
        match timeout(PUBLISH_TIMEOUT, sent).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) if pause > Duration::from_secs(2) => return Err(error.into()),
            Err(_) if pause > Duration::from_secs(2) => {
                return Err("the server did not answer".into());
            }
            _ => sleep(pause).await,
        }
        pause *= 2;
    }
}

fn decode(payload: &[u8]) -> Result<UserScheduleCreated, String> {
    let event: UserScheduleCreated =
        serde_json::from_slice(payload).map_err(|error| error.to_string())?;
    match &event.note {
        Some(note) if note.chars().count() > 500 => {
            Err("note: longer than 500 characters".to_owned())
        }
        _ => Ok(event),
    }
}

/// What the service is for.
async fn handle(jetstream: Context, created: UserScheduleCreated) -> Result<(), Failure> {
    let answer = UserInfoAvailed {
        schedule_id: created.schedule_id,
        name: "Ada".to_owned(),
    };
    publish(&jetstream, &answer)
        .await
        .map_err(|error| Failure::Retry(error.to_string()))
}

/// Handles one message to its end, keeping its lease for as long as that takes.
async fn settle(
    jetstream: Context,
    message: Message,
    stop: watch::Receiver<bool>,
) -> Result<(), Error> {
    let attempt = message.info().map_err(|error| error.to_string())?.delivered;
    if *stop.borrow() {
        return ack(&message, AckKind::Nak(None)).await;
    }
    let known = message.subject.as_str() == CREATED
        || message.subject.as_str() == format!("redrive.{SERVICE}.{CREATED}");
    let outcome = match decode(&message.payload) {
        _ if !known => Err(Failure::Dead("no event of this service".to_owned())),
        Err(reason) => Err(Failure::Dead(reason)),
        Ok(created) => {
            // In a task of its own, so that a panic ends no more than this attempt.
            let mut handling = tokio::spawn(handle(jetstream.clone(), created));
            let mut lease = interval(ACK_WAIT / 3);
            lease.tick().await;
            loop {
                tokio::select! {
                    done = &mut handling => break done.unwrap_or_else(|panic| Err(Failure::Retry(panic.to_string()))),
                    _ = lease.tick() => ack(&message, AckKind::Progress).await?,
                }
            }
        }
    };
    match outcome {
        Ok(()) => ack(&message, AckKind::Ack).await,
        Err(Failure::Retry(reason)) if attempt < MAX_ATTEMPTS => {
            let pause = Duration::from_secs(1) * 2_u32.pow(attempt.clamp(1, 8) as u32 - 1);
            eprintln!("{}: {reason}; again in {pause:?}", message.subject);
            ack(&message, AckKind::Nak(Some(pause))).await
        }
        Err(Failure::Retry(reason) | Failure::Dead(reason)) => {
            bury(&jetstream, &message, &reason).await
        }
    }
}

/// Puts a message that cannot be handled aside, with where it came from and why.
async fn bury(jetstream: &Context, message: &Message, reason: &str) -> Result<(), Error> {
    let info = message.info().map_err(|error| error.to_string())?;
    let (stream, sequence, attempt) =
        (info.stream.to_owned(), info.stream_sequence, info.delivered);
    let mut headers = message.headers.clone().unwrap_or_default();
    headers.insert(
        NATS_MESSAGE_ID,
        format!("dead:{SERVICE}:{stream}:{sequence}"),
    );
    headers.insert("Dead-Letter-Reason", reason.replace(['\r', '\n'], " "));
    headers.insert("Dead-Letter-Stream", stream);
    headers.insert("Dead-Letter-Sequence", sequence.to_string());
    headers.insert("Dead-Letter-Attempts", attempt.to_string());
    let subject = format!("dead_letters.{SERVICE}.{}", message.subject);
    eprintln!("{}: dead: {reason}", message.subject);
    match store(jetstream, &subject, headers, message.payload.clone()).await {
        Ok(()) => ack(message, AckKind::Term).await,
        // Nothing is lost: it comes again.
        Err(error) => {
            eprintln!("{subject}: {error}");
            ack(message, AckKind::Nak(Some(Duration::from_secs(30)))).await
        }
    }
}

async fn ack(message: &Message, kind: AckKind) -> Result<(), Error> {
    message.ack_with(kind).await
}

/// Pulls from one durable until the stop, and then waits for what has begun.
async fn listen(
    jetstream: Context,
    stream: &str,
    durable: &str,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Error> {
    let consumer: PullConsumer = jetstream
        .get_consumer_from_stream(durable, stream)
        .await
        .map_err(|error| format!("{durable} of {stream}: {error}; has the operator made it?"))?;
    let config = &consumer.cached_info().config;
    if config.ack_wait != ACK_WAIT || (0..MAX_ATTEMPTS).contains(&config.max_deliver) {
        return Err(
            format!("{durable} of {stream} has other settings than this service expects").into(),
        );
    }
    let mut messages = consumer
        .stream()
        .max_messages_per_batch(AT_ONCE)
        .messages()
        .await?;
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = stop.changed() => break,
            Some(done) = tasks.join_next() => report(done),
            message = messages.next(), if tasks.len() < AT_ONCE => match message {
                Some(Ok(message)) => {
                    tasks.spawn(settle(jetstream.clone(), message, stop.clone()));
                }
                Some(Err(error)) => eprintln!("{durable}: {error}"),
                None => return Err(format!("{durable} is gone").into()),
            },
        }
    }
    while let Some(Some(Ok(message))) = messages.next().now_or_never() {
        ack(&message, AckKind::Nak(None)).await?;
    }
    drop(messages);
    let finish = async {
        while let Some(done) = tasks.join_next().await {
            report(done);
        }
    };
    if timeout(GRACE, finish).await.is_err() {
        eprintln!("{durable}: what was not finished in {GRACE:?} comes again");
    }
    Ok(())
}

fn report(done: Result<Result<(), Error>, tokio::task::JoinError>) {
    match done {
        Ok(Ok(())) => {}
        Ok(Err(error)) => eprintln!("{error}"),
        Err(error) => eprintln!("{error}"),
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let client = connect().await?;
    let jetstream = match variable("NATS_JS_DOMAIN")? {
        Some(domain) => jetstream::with_domain(client.clone(), domain),
        None => jetstream::new(client.clone()),
    };
    let (stop, stopped) = watch::channel(false);
    let mut listeners = JoinSet::new();
    listeners.spawn(listen(jetstream.clone(), STREAM, GROUP, stopped.clone()));
    listeners.spawn(listen(jetstream, "DEAD_LETTERS", "redrive-foobar", stopped));
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let ended = tokio::select! {
        _ = terminated.recv() => Ok(()),
        _ = interrupted.recv() => Ok(()),
        Some(ended) = listeners.join_next() => ended?,
    };
    let _ = stop.send(true);
    while let Some(other) = listeners.join_next().await {
        other??;
    }
    // Draining only asks for it: what was acknowledged last has to be on its way before this process is gone.
    client.flush().await?;
    client.drain().await?;
    ended
}
