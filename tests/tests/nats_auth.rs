//! The exported permissions on a real server: with them the example organisation does all of its work, and everything
//! else that a service tries directly is refused. Both ways to keep services apart.
//!
//! What is forbidden is worked out here from the model, and not taken from the exported text.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contracts::billing::{Money, PaymentCreated};
use contracts::notifications::SmsNotificationCreated;
use contracts::profiles::{Contact, PhoneContact, ProfileViewed, UserInfoAvailed};
use contracts::scheduling::{Channel, UserScheduleCreated};
use contracts::services::{billing, foobar, gateway, notifier};
use contracts::shop::orders::{CashPayment, OrderLine, OrderPlaced, PaymentMethod, Region};
use event_codegen::check::{self, Checked};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::export::nats_auth::{Separation, nats_auth};
use event_codegen::model::{Event, Service};
use event_codegen::read;
use event_runtime::async_nats::{self, Client, ConnectOptions};
use event_runtime::testing::TestServer;
use event_runtime::{Bus, Config, Delivery, Error, Failure, ListenReport, Shutdown, Uuid};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

event_runtime::include_contracts!();

/// What this schedule leads to is a dead letter, the first time.
const POISON: &str = "poison";

fn contracts() -> Checked {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts");
    let mut diagnostics = Diagnostics::default();
    let model = read::read_folder(&folder, &mut diagnostics);
    check::check(model, &mut diagnostics).unwrap()
}

/// A server with the exported configuration. The passwords stand before it: a variable of the configuration itself is
/// found before one of the environment.
async fn server(separation: Separation) -> TestServer {
    let contracts = contracts();
    let names = contracts
        .services
        .iter()
        .map(|service| service.name.value.as_str());
    let mut text = String::new();
    for name in names.chain(["operator"]) {
        text.push_str(&format!(
            "{}_PASSWORD: {:?}\n",
            name.to_uppercase(),
            password(name)
        ));
    }
    text.push_str(&nats_auth(&contracts, separation));
    TestServer::start_with(&text).await.unwrap()
}

fn password(user: &str) -> String {
    format!("secret of {user}")
}

/// A server, and how services are kept apart on it.
struct Place {
    server: TestServer,
    separation: Separation,
}

impl Place {
    async fn new(separation: Separation) -> Self {
        Self {
            server: server(separation).await,
            separation,
        }
    }

    async fn bus(&self, user: &str) -> Bus {
        let config = Config::new(&self.server.url()).unwrap();
        let config = config.user_and_password(user, password(user)).service(user);
        let elsewhere = self.separation == Separation::Accounts && user != "operator";
        let config = if elsewhere {
            config.js_domain("EVENTS")
        } else {
            config
        };
        Bus::connect(config).await.unwrap()
    }

    /// What requests to JetStream start with, for a service.
    fn api(&self) -> &'static str {
        match self.separation {
            Separation::Users => "$JS.API",
            Separation::Accounts => "$JS.EVENTS.API",
        }
    }
}

/// What the handlers of all services saw.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<BTreeSet<&'static str>>>);

impl Seen {
    fn add(&self, what: &'static str) {
        self.0.lock().unwrap().insert(what);
    }

    fn has(&self, what: &[&str]) -> bool {
        let seen = self.0.lock().unwrap();
        what.iter().all(|what| seen.contains(what))
    }
}

/// A service that does its part of the organisation's work.
struct Worker {
    bus: Bus,
    seen: Seen,
}

impl foobar::Handlers for Worker {
    async fn user_schedule_created(
        &self,
        delivery: Delivery<UserScheduleCreated>,
    ) -> Result<(), Failure> {
        let schedule = delivery.event;
        if schedule.note.as_deref() == Some(POISON) {
            if delivery.meta.redriven {
                self.seen.add("a redriven dead letter");
                return Ok(());
            }
            return Err(Failure::dead("poison"));
        }
        self.seen.add("a schedule");
        let viewed = ProfileViewed {
            user_id: schedule.user_id,
            viewed_at: schedule.starts_at,
        };
        viewed.emit(&self.bus).await?;
        let profile = UserInfoAvailed {
            schedule_id: schedule.schedule_id,
            user_id: schedule.user_id,
            display_name: "A user".to_owned(),
            contact: Contact::Phone(PhoneContact {
                number: "+4930123456".to_owned(),
            }),
        };
        profile.publish(&self.bus).await?;
        Ok(())
    }
}

impl notifier::Handlers for Worker {
    async fn user_info_availed(&self, delivery: Delivery<UserInfoAvailed>) -> Result<(), Failure> {
        self.seen.add("a profile");
        let sms = sms(delivery.event.schedule_id, delivery.event.user_id);
        sms.publish(&self.bus).await?;
        Ok(())
    }

    async fn payment_created(&self, delivery: Delivery<PaymentCreated>) -> Result<(), Failure> {
        self.seen.add("a payment");
        let sms = sms(delivery.event.payment_id, delivery.event.user_id);
        sms.publish(&self.bus).await?;
        Ok(())
    }
}

impl gateway::Handlers for Worker {
    async fn sms_notification_created(
        &self,
        _: Delivery<SmsNotificationCreated>,
    ) -> Result<(), Failure> {
        self.seen.add("a text message");
        Ok(())
    }

    async fn profile_viewed(&self, _: Delivery<ProfileViewed>) -> Result<(), Failure> {
        self.seen.add("an ephemeral event");
        Ok(())
    }
}

impl billing::Handlers for Worker {
    async fn order_placed(&self, delivery: Delivery<OrderPlaced>) -> Result<(), Failure> {
        self.seen.add("an order");
        let order = delivery.event;
        let payment = PaymentCreated {
            payment_id: order.order_id,
            user_id: order.customer_id,
            amount: money(),
            paid_at: order.placed_at,
            order_id: Some(order.order_id),
        };
        payment.publish(&self.bus).await?;
        Ok(())
    }
}

fn money() -> Money {
    Money {
        currency: "EUR".to_owned(),
        amount_minor: 100,
    }
}

fn sms(about: Uuid, user_id: Uuid) -> SmsNotificationCreated {
    SmsNotificationCreated {
        notification_id: about.to_string(),
        user_id,
        to: None,
        text: "Hello".to_owned(),
    }
}

fn schedule(note: Option<&str>) -> UserScheduleCreated {
    UserScheduleCreated {
        schedule_id: Uuid::now_v7(),
        user_id: Uuid::now_v7(),
        starts_at: "2024-02-29T12:30:00Z".parse().unwrap(),
        channels: vec![Channel::Sms],
        note: note.map(str::to_owned),
    }
}

fn order() -> OrderPlaced {
    OrderPlaced {
        order_id: Uuid::now_v7(),
        customer_id: Uuid::now_v7(),
        region: Region::Eu,
        sequence: 1,
        placed_at: "2024-02-29T12:30:00Z".parse().unwrap(),
        lines: vec![OrderLine {
            sku: "a".to_owned(),
            quantity: 1,
            price: money(),
        }],
        tax_by_region: BTreeMap::new(),
        payment: PaymentMethod::Cash(CashPayment {
            change_for_minor: None,
        }),
    }
}

type Listening = JoinHandle<Result<ListenReport, Error>>;

/// All services at work, each with its own user, until every kind of event has reached every handler.
async fn the_organisation_works(place: &Place) {
    let operator = place.bus("operator").await;
    operator.ensure(&contracts::STREAMS).await.unwrap();
    let (seen, stop) = (Seen::default(), Shutdown::new());
    let mut buses = BTreeMap::new();
    for name in [
        "scheduler",
        "foobar",
        "notifier",
        "gateway",
        "billing",
        "shop",
    ] {
        buses.insert(name, place.bus(name).await);
    }
    let worker = |name: &str| Worker {
        bus: buses[name].clone(),
        seen: seen.clone(),
    };
    let mut listening: Vec<Listening> = Vec::new();
    macro_rules! listen {
        ($($service:ident),*) => {$({
            let name = stringify!($service);
            let (bus, worker, stop) = (buses[name].clone(), worker(name), stop.clone());
            listening.push(tokio::spawn(async move { $service::listen(&bus, worker, stop).await }));
        })*};
    }
    listen!(foobar, notifier, gateway, billing);
    schedule(Some(POISON))
        .publish(&buses["scheduler"])
        .await
        .unwrap();
    let wanted = [
        "a schedule",
        "a profile",
        "a payment",
        "a text message",
        "an ephemeral event",
        "an order",
        "a redriven dead letter",
    ];
    let all = timeout(Duration::from_secs(30), async {
        let mut redriven = false;
        while !seen.has(&wanted) {
            schedule(None).publish(&buses["scheduler"]).await.unwrap();
            order().publish(&buses["shop"]).await.unwrap();
            // The dead letter is the first message of its stream, as soon as it is there.
            redriven = redriven || operator.redrive(1, 1).await.is_ok();
            sleep(Duration::from_millis(100)).await;
        }
    });
    assert!(all.await.is_ok(), "only {:?}", seen.0.lock().unwrap());
    stop.stop();
    for listener in listening {
        let report = listener.await.unwrap().unwrap();
        assert_eq!(report.failed, 0, "{report:?}");
    }
    for (name, bus) in buses {
        assert_eq!(
            bus.stats().refused,
            0,
            "{name} was refused something that it needs"
        );
        assert_eq!(
            bus.clone().close(Duration::from_secs(5)).await.abandoned,
            0,
            "{name}"
        );
        assert_eq!(
            bus.stats().refused,
            0,
            "{name} was refused something at its end"
        );
    }
}

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

async fn everything_else_is_refused(place: &Place) {
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
async fn an_answer_reaches_another_subject(place: &Place) -> bool {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users() {
    let place = Place::new(Separation::Users).await;
    the_organisation_works(&place).await;
    everything_else_is_refused(&place).await;
    // The limit of permissions within one account, as docs/export.md says it: the server's answers go where their
    // request says. The body is the server's and no event, so its readers bury it.
    assert!(an_answer_reaches_another_subject(&place).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts() {
    let place = Place::new(Separation::Accounts).await;
    the_organisation_works(&place).await;
    everything_else_is_refused(&place).await;
    assert!(!an_answer_reaches_another_subject(&place).await);
}

/// A service needs its password, and has no other service's.
#[tokio::test]
async fn nobody_comes_in_without_a_password() {
    for separation in [Separation::Users, Separation::Accounts] {
        let server = server(separation).await;
        assert!(async_nats::connect(server.url()).await.is_err());
        let wrong = ConnectOptions::with_user_and_password("foobar".into(), password("billing"));
        assert!(wrong.connect(server.url()).await.is_err());
    }
}
