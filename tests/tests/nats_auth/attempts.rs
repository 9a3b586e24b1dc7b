//! Everything that a service has no business with, tried on a connection without the runtime.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use event_codegen::check::Checked;
use event_codegen::model::{Event, Service};
use event_runtime::Bus;
use event_runtime::async_nats::{self, Client, ConnectOptions};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{sleep, timeout};

use crate::{Place, contracts, password};

/// A connection without the runtime, and what the server says to it on the side.
async fn direct(place: &Place, user: &str) -> (Client, UnboundedReceiver<String>) {
    let (sender, receiver) = unbounded_channel();
    let options = ConnectOptions::with_user_and_password(user.to_owned(), password(user))
        .custom_inbox_prefix(format!("_INBOX_{user}"))
        .event_callback(move |event| {
            let sender = sender.clone();
            async move {
                if let async_nats::Event::ServerError(error) = event {
                    let _ = sender.send(error.to_string());
                }
            }
        });
    (options.connect(place.server.url()).await.unwrap(), receiver)
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Attempt {
    Publish(String),
    Subscribe(String),
    Queue(String, &'static str),
}

/// A subject of an event, as a publisher has it.
fn subject(event: &Event) -> String {
    event.subject.pattern().replace('*', "0")
}

fn stream(contracts: &Checked, event: &Event) -> String {
    contracts.stream_of(event).unwrap().name.value.clone()
}

/// The durables of a service, straight from the contract: the stream and the name.
fn durables(contracts: &Checked, service: &Service) -> BTreeSet<(String, String)> {
    let events = service
        .subscribes
        .iter()
        .map(|id| &contracts[id.value.unwrap()]);
    let stored = events.filter(|event| event.stream.is_some());
    let mut all: BTreeSet<_> = stored
        .flat_map(|event| {
            let group = service.group();
            let names = match event.key {
                Some(_) => (0..4).map(|n| format!("{group}-p{n}")).collect(),
                None => vec![group.to_owned()],
            };
            names
                .into_iter()
                .map(|name| (stream(contracts, event), name))
        })
        .collect();
    if !all.is_empty() {
        all.insert((
            "DEAD_LETTERS".to_owned(),
            format!("redrive-{}", service.name.value),
        ));
    }
    all
}

/// What a service has no business with.
fn forbidden(contracts: &Checked, service: &Service) -> BTreeSet<Attempt> {
    let name = service.name.value.as_str();
    let mut all = BTreeSet::new();
    let mut publish = |subject: String| all.insert(Attempt::Publish(subject));
    for (at, event) in contracts.events.iter().enumerate() {
        let id = event_codegen::model::EventId(at);
        if service
            .publishes
            .iter()
            .all(|named| named.value != Some(id))
        {
            publish(subject(event));
        }
    }
    for other in contracts
        .services
        .iter()
        .filter(|other| other.name.value != name)
    {
        for (stream, durable) in durables(contracts, other) {
            publish(format!("$JS.API.CONSUMER.INFO.{stream}.{durable}"));
            publish(format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"));
            publish(format!("$JS.ACK.{stream}.{durable}.1.1.1.1.0"));
        }
        let other = &other.name.value;
        publish(format!("dead_letters.{other}.x"));
        publish(format!("redrive.{other}.x"));
        publish(format!("_INBOX_{other}.x"));
    }
    publish(format!("redrive.{name}.x"));
    for (stream, durable) in durables(contracts, service) {
        for request in [
            "CONSUMER.DURABLE.CREATE",
            "CONSUMER.CREATE",
            "CONSUMER.DELETE",
            "CONSUMER.PAUSE",
        ] {
            publish(format!("$JS.API.{request}.{stream}.{durable}"));
        }
    }
    for stream in [
        "SCHEDULING",
        "BILLING",
        "NOTIFICATIONS",
        "ORDERS",
        "DEAD_LETTERS",
        "NEW",
    ] {
        for request in [
            "STREAM.CREATE",
            "STREAM.UPDATE",
            "STREAM.DELETE",
            "STREAM.PURGE",
            "STREAM.INFO",
            "STREAM.MSG.GET",
            "STREAM.MSG.DELETE",
            "DIRECT.GET",
            "CONSUMER.CREATE",
            "CONSUMER.NAMES",
            "CONSUMER.LIST",
        ] {
            publish(format!("$JS.API.{request}.{stream}"));
        }
        publish(format!("$JS.API.CONSUMER.CREATE.{stream}.mine"));
        publish(format!(
            "$JS.API.CONSUMER.CREATE.{stream}.mine.payment:created"
        ));
        publish(format!("$JS.API.CONSUMER.DURABLE.CREATE.{stream}.mine"));
    }
    for other in [
        "$JS.API.INFO",
        "$JS.API.STREAM.NAMES",
        "$SYS.REQ.SERVER.PING",
        "$SYS.REQ.ACCOUNT.PING.CONNZ",
        "$KV.a.b",
        "_INBOX.x",
        "anything",
    ] {
        publish(other.to_owned());
    }
    // The same requests as a client makes them whose JetStream is in the account of the streams.
    let elsewhere = |attempt: &Attempt| match attempt {
        Attempt::Publish(subject) => subject
            .strip_prefix("$JS.API.")
            .map(|rest| Attempt::Publish(format!("$JS.EVENTS.API.{rest}"))),
        Attempt::Subscribe(_) | Attempt::Queue(..) => None,
    };
    let more: Vec<Attempt> = all.iter().filter_map(elsewhere).collect();
    all.extend(more);
    for event in &contracts.events {
        all.insert(Attempt::Subscribe(event.subject.pattern()));
        all.insert(Attempt::Queue(event.subject.pattern(), "another-group"));
    }
    for pattern in [
        ">",
        "*",
        "_INBOX.>",
        "$JS.>",
        "$SYS.>",
        "dead_letters.>",
        "redrive.>",
        "_R_.>",
    ] {
        all.insert(Attempt::Subscribe(pattern.to_owned()));
    }
    for other in contracts
        .services
        .iter()
        .filter(|other| other.name.value != name)
    {
        all.insert(Attempt::Subscribe(format!("_INBOX_{}.>", other.name.value)));
    }
    all
}

/// What the server says to an attempt, which is that it is refused.
async fn refusal(
    client: &Client,
    said: &mut UnboundedReceiver<String>,
    attempt: &Attempt,
) -> String {
    while said.try_recv().is_ok() {}
    let (subject, subscription) = match attempt {
        Attempt::Publish(subject) => {
            client.publish(subject.clone(), "{}".into()).await.unwrap();
            (subject, None)
        }
        Attempt::Subscribe(subject) => (
            subject,
            Some(client.subscribe(subject.clone()).await.unwrap()),
        ),
        Attempt::Queue(subject, group) => {
            let made = client
                .queue_subscribe(subject.clone(), (*group).to_owned())
                .await;
            (subject, Some(made.unwrap()))
        }
    };
    client.flush().await.unwrap();
    let text = timeout(Duration::from_secs(5), said.recv()).await;
    let text = text
        .unwrap_or_else(|_| panic!("{attempt:?} was not refused"))
        .unwrap();
    drop(subscription);
    let lower = text.to_lowercase();
    assert!(
        lower.contains("permissions violation"),
        "{attempt:?}: {text}"
    );
    assert!(
        text.contains(&format!("\"{subject}\"")),
        "{attempt:?}: {text}"
    );
    text
}

pub async fn everything_else_is_refused(place: &Place) {
    let contracts = contracts();
    let operator = place.bus("operator").await;
    let before = stored(&operator).await;
    for service in &contracts.services {
        let name = service.name.value.as_str();
        let (client, mut said) = direct(place, name).await;
        let attempts = forbidden(&contracts, service);
        assert!(attempts.len() > 100, "{name}: {}", attempts.len());
        let mut shown: BTreeMap<&str, String> = BTreeMap::new();
        for attempt in &attempts {
            let text = refusal(&client, &mut said, attempt).await;
            let sort = match attempt {
                Attempt::Publish(subject) if subject.starts_with("$JS.API.CONSUMER.CREATE") => {
                    "create a consumer"
                }
                Attempt::Publish(subject) if subject.starts_with("$JS.API.STREAM.CREATE") => {
                    "create a stream"
                }
                Attempt::Publish(subject) if subject.contains("MSG.NEXT") => {
                    "read another's durable"
                }
                Attempt::Publish(subject) if subject.starts_with('$') => continue,
                Attempt::Publish(_) => "publish",
                Attempt::Subscribe(_) | Attempt::Queue(..) => "subscribe",
            };
            shown.entry(sort).or_insert(text);
        }
        println!("{name}: {} attempts refused", attempts.len());
        for (sort, text) in shown {
            println!("  {sort}: {text}");
        }
    }
    assert_eq!(
        stored(&operator).await,
        before,
        "an attempt has left something"
    );
}

/// How many messages there are, and how many consumers, by stream.
async fn stored(operator: &Bus) -> BTreeMap<String, (u64, usize)> {
    let mut all = BTreeMap::new();
    for name in [
        "SCHEDULING",
        "BILLING",
        "NOTIFICATIONS",
        "ORDERS",
        "DEAD_LETTERS",
    ] {
        let mut stream = operator.jetstream().get_stream(name).await.unwrap();
        let state = &stream.info().await.unwrap().state;
        all.insert(name.to_owned(), (state.messages, state.consumer_count));
    }
    all
}

/// Whether a service can make the server's answer to a request of its own arrive at a subject that it may not publish to.
pub async fn an_answer_reaches_another_subject(place: &Place) -> bool {
    let operator = place.bus("operator").await;
    let before = stored(&operator).await["BILLING"].0;
    let (client, _said) = direct(place, "foobar").await;
    let request = format!("{}.CONSUMER.INFO.SCHEDULING.foobar-service", place.api());
    client
        .publish_with_reply(request.clone(), "payment:created", "".into())
        .await
        .unwrap();
    // What was asked before this has been answered by then.
    let answer = client.request(request, "".into()).await.unwrap();
    assert!(String::from_utf8_lossy(&answer.payload).contains("foobar-service"));
    sleep(Duration::from_millis(200)).await;
    stored(&operator).await["BILLING"].0 > before
}
