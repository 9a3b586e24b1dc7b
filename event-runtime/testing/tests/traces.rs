//! One trace over services, as OpenTelemetry's SDK exports it, with a real server between them.
//!
//! Each service is a thread with its own runtime, subscriber and exporter: what they share has gone over the wire.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use event_runtime::async_nats::HeaderMap;
use event_runtime::serde::{Deserialize, Serialize};
use event_runtime::{
    Bus, Config, ConsumerDef, Delivery, Discard, Event, Failure, Listener, Retention, Service,
    Shutdown, Start, Storage, StreamDef, Streams, Trace, serde_json,
};
use event_testing::TestServer;
use opentelemetry::trace::{SpanId, SpanKind, Status, TracerProvider};
use opentelemetry::{Key, Value};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use opentelemetry_semantic_conventions::attribute as semconv;
use tokio::time::sleep;
use tracing::Instrument;
use tracing_subscriber::layer::SubscriberExt;

/// What must not be seen in any span.
const SECRET: &str = "4111-1111";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Event)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
#[event(
    name = "shop.OrderPlaced",
    subject = "orders.{region}.placed",
    stream = "ORDERS",
    id = "order_id"
)]
struct OrderPlaced {
    order_id: u64,
    region: String,
    card: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Event)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
#[event(
    name = "shop.PaymentTaken",
    subject = "payments:taken",
    stream = "ORDERS",
    id = "order_id"
)]
struct PaymentTaken {
    order_id: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Event)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
#[event(
    name = "shop.StockMoved",
    subject = "stock.{partition}.moved",
    stream = "ORDERS",
    id = "item",
    key = "item",
    partitions = 2
)]
struct StockMoved {
    item: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Event)]
#[serde(crate = "event_runtime::serde", rename_all = "camelCase")]
#[event(name = "shop.PriceShown", subject = "prices.{item}.shown")]
struct PriceShown {
    item: u64,
}

const BILLING: Service = Service::new("billing")
    .queue_group("billing-workers")
    .retry(3, Duration::from_millis(20), Duration::from_millis(50));
const MAILER: Service = Service::new("mailer");
const STOCK: Service = Service::new("stock");

const fn durable(
    service: &'static str,
    durable: &'static str,
    filters: &'static [&'static str],
    max_in_flight: u32,
) -> ConsumerDef<'static> {
    ConsumerDef {
        service,
        stream: "ORDERS",
        durable,
        filters,
        ack_wait: Duration::from_secs(5),
        max_delay: Duration::from_secs(1),
        max_in_flight,
        start: Start::All,
    }
}

const STREAMS: Streams = Streams {
    streams: &[StreamDef {
        name: "ORDERS",
        subjects: &["orders.*.placed", "payments:taken", "stock.*.moved"],
        max_age: None,
        max_bytes: None,
        max_messages: None,
        replicas: 1,
        storage: Storage::Memory,
        retention: Retention::Limits,
        duplicate_window: Duration::from_secs(60),
        discard: Discard::New,
        partitions: Some(2),
    }],
    consumers: &[
        durable("billing", "billing-workers", &["orders.*.placed"], 16),
        durable("mailer", "mailer", &["payments:taken"], 16),
        durable("stock", "stock-p0", &["stock.0.moved"], 1),
        durable("stock", "stock-p1", &["stock.1.moved"], 1),
    ],
};

async fn server() -> (TestServer, Bus) {
    let server = TestServer::start().await.unwrap();
    let bus = connect(&server.url()).await;
    event_operate::ensure(&bus, &STREAMS).await.unwrap();
    (server, bus)
}

async fn connect(url: &str) -> Bus {
    Bus::connect(Config::new(url).unwrap()).await.unwrap()
}

fn order(order_id: u64) -> OrderPlaced {
    OrderPlaced {
        order_id,
        region: "eu".to_owned(),
        card: SECRET.to_owned(),
    }
}

/// A service as a process of its own would be. Joining it answers the spans that it has exported.
fn service<F>(work: impl FnOnce() -> F + Send + 'static) -> JoinHandle<Vec<SpanData>>
where
    F: Future<Output = ()>,
{
    std::thread::spawn(move || {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(exporter.clone())
            .build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("service"));
        let subscriber = tracing_subscriber::registry().with(layer);
        let listening = tracing::subscriber::set_default(subscriber);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(work());
        drop(runtime);
        drop(listening);
        exporter.get_finished_spans().unwrap()
    })
}

/// Its spans, once it has ended.
async fn spans(service: JoinHandle<Vec<SpanData>>) -> Vec<SpanData> {
    let spans = tokio::task::spawn_blocking(|| service.join().unwrap());
    let spans = spans.await.unwrap();
    let everything = format!("{spans:?}");
    assert!(!everything.contains(SECRET), "{everything}");
    spans
}

fn named<'a>(spans: &'a [SpanData], name: &str) -> Vec<&'a SpanData> {
    spans.iter().filter(|span| span.name == name).collect()
}

fn one<'a>(spans: &'a [SpanData], name: &str) -> &'a SpanData {
    let all: Vec<_> = spans.iter().map(|span| &span.name).collect();
    let [span] = *named(spans, name) else {
        panic!("not exactly one {name:?} in {all:?}");
    };
    span
}

/// The attributes of ours: not those of the bridge, which say where in the code the span begins.
fn attributes(span: &SpanData) -> BTreeMap<&str, String> {
    let ours = |key: &Key| {
        let key = key.as_str();
        key.starts_with("messaging.") || key.starts_with("error.")
    };
    let pairs = span.attributes.iter().filter(|pair| ours(&pair.key));
    pairs
        .map(|pair| (pair.key.as_str(), pair.value.to_string()))
        .collect()
}

fn attribute(span: &SpanData, name: &str) -> Option<String> {
    attributes(span).remove(name)
}

fn is_child(span: &SpanData, parent: &SpanData) {
    let names = (&span.name, &parent.name);
    assert_eq!(
        span.parent_span_id,
        parent.span_context.span_id(),
        "{names:?}"
    );
    assert_eq!(
        span.span_context.trace_id(),
        parent.span_context.trace_id(),
        "{names:?}"
    );
}

async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while !so() {
            sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "in vain: {what}");
}

/// B: takes the payment of an order, in a span of its own, and publishes that it has.
async fn billing(url: String, stop: Shutdown) {
    let bus = connect(&url).await;
    let listener = Listener::new(&bus, BILLING, bus.clone()).on(
        |bus: Arc<Bus>, delivery: Delivery<OrderPlaced>| async move {
            tracing::info!("charging");
            let order_id = delivery.event.order_id;
            let charge = async { PaymentTaken { order_id }.publish(&bus).await };
            charge.instrument(tracing::info_span!("charge")).await?;
            Ok(())
        },
    );
    listener.run(stop).await.unwrap();
}

/// C: sends a mail for each payment.
async fn mailer(url: String, stop: Shutdown, mails: Arc<AtomicU64>, state: Option<&'static str>) {
    let bus = connect(&url).await;
    let listener = Listener::new(&bus, MAILER, mails).on(
        move |mails: Arc<Arc<AtomicU64>>, delivery: Delivery<PaymentTaken>| async move {
            let trace = delivery.meta.trace.unwrap();
            assert_eq!(trace.state(), state);
            mails.fetch_add(1, Ordering::SeqCst);
            Ok(())
        },
    );
    listener.run(stop).await.unwrap();
}

#[tokio::test]
async fn a_trace_goes_on_over_services() {
    let (server, _bus) = server().await;
    let (stop, mails) = (Shutdown::new(), Arc::new(AtomicU64::new(0)));
    let b = service({
        let (url, stop) = (server.url(), stop.clone());
        move || billing(url, stop)
    });
    let c = service({
        let (url, stop, mails) = (server.url(), stop.clone(), Arc::clone(&mails));
        move || mailer(url, stop, mails, Some("vendor=1"))
    });
    let url = server.url();
    let a = service(move || async move {
        let bus = connect(&url).await;
        // As a web server would that was called with these headers.
        let caller = Trace::new(CALLER, Some("vendor=1")).unwrap();
        let checkout = async { order(7).publish(&bus).await.unwrap() };
        let spanned = async { checkout.instrument(tracing::info_span!("checkout")).await };
        caller.scope(spanned).await;
    });
    let a = spans(a).await;
    until("a mail is sent", || mails.load(Ordering::SeqCst) == 1).await;
    stop.stop();
    let (b, c) = (spans(b).await, spans(c).await);

    let checkout = one(&a, "checkout");
    let placed = one(&a, "publish orders.{region}.placed");
    let billed = one(&b, "process orders.{region}.placed");
    let charge = one(&b, "charge");
    let taken = one(&b, "publish payments:taken");
    let mailed = one(&c, "process payments:taken");
    assert_eq!(checkout.span_context.trace_id().to_string(), CALLER[3..35]);
    assert_eq!(checkout.parent_span_id.to_string(), CALLER[36..52]);
    is_child(placed, checkout);
    is_child(billed, placed);
    is_child(charge, billed);
    is_child(taken, charge);
    is_child(mailed, taken);
    assert!(billed.parent_span_is_remote && mailed.parent_span_is_remote);
    for (span, kind) in [
        (placed, SpanKind::Producer),
        (taken, SpanKind::Producer),
        (billed, SpanKind::Consumer),
        (mailed, SpanKind::Consumer),
    ] {
        assert_eq!((&span.span_kind, &span.status), (&kind, &Status::Unset));
    }
    // What the handler logs stands in its delivery's span.
    assert!(billed.events.iter().any(|event| event.name == "charging"));
    has_attributes(placed, billed, mailed);
}

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// By the names of the conventions' own crate; those under `messaging.nats` are ours.
fn has_attributes(placed: &SpanData, billed: &SpanData, mailed: &SpanData) {
    let body = order(7);
    let size = serde_json::to_vec(&body).unwrap().len();
    let size = size.to_string();
    let message = [
        (semconv::MESSAGING_SYSTEM, "nats"),
        (semconv::MESSAGING_DESTINATION_NAME, "orders.eu.placed"),
        (
            semconv::MESSAGING_DESTINATION_TEMPLATE,
            "orders.{region}.placed",
        ),
        (semconv::MESSAGING_MESSAGE_ID, "shop.OrderPlaced:7"),
        (semconv::MESSAGING_MESSAGE_BODY_SIZE, &*size),
        ("messaging.nats.stream", "ORDERS"),
        ("messaging.nats.stream_sequence", "1"),
    ];
    let and = |more: &[(&'static str, &str)]| {
        let pairs = message.iter().chain(more);
        pairs
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect::<BTreeMap<_, _>>()
    };
    let sent = and(&[
        (semconv::MESSAGING_OPERATION_NAME, "publish"),
        (semconv::MESSAGING_OPERATION_TYPE, "send"),
    ]);
    let processed = and(&[
        (semconv::MESSAGING_OPERATION_NAME, "process"),
        (semconv::MESSAGING_OPERATION_TYPE, "process"),
        (semconv::MESSAGING_CONSUMER_GROUP_NAME, "billing-workers"),
        (
            semconv::MESSAGING_DESTINATION_SUBSCRIPTION_NAME,
            "billing-workers",
        ),
        ("messaging.nats.delivery_attempt", "1"),
        ("messaging.nats.outcome", "acknowledged"),
    ]);
    assert_eq!(attributes(placed), sent);
    assert_eq!(attributes(billed), processed);
    // A subject without placeholders is its own template.
    let mailed = attributes(mailed);
    assert_eq!(
        mailed[semconv::MESSAGING_DESTINATION_NAME],
        "payments:taken"
    );
    assert!(!mailed.contains_key(semconv::MESSAGING_DESTINATION_TEMPLATE));
}

/// A listener of orders that does with each what `handle` says, by its number and attempt.
async fn orders(url: String, stop: Shutdown, handle: fn(u64, u64) -> Result<(), Failure>) {
    let bus = connect(&url).await;
    let listener = Listener::new(&bus, BILLING, ()).on(
        move |_: Arc<()>, delivery: Delivery<OrderPlaced>| async move {
            handle(delivery.event.order_id, delivery.meta.attempt)
        },
    );
    listener.run(stop).await.unwrap();
}

#[tokio::test]
async fn failures_are_errors_and_every_attempt_is_a_child_of_the_publish() {
    let (server, bus) = server().await;
    let stop = Shutdown::new();
    let b = service({
        let (url, stop) = (server.url(), stop.clone());
        move || {
            orders(url, stop, |order, attempt| match (order, attempt) {
                (1, 1) => Err(Failure::retry("the bank does not answer")),
                (1, _) => Ok(()),
                (2, _) => Err(Failure::dead("no such customer")),
                _ => panic!("on purpose"),
            })
        }
    });
    let url = server.url();
    let a = service(move || async move {
        let bus = connect(&url).await;
        for id in 1..4 {
            bus.publish(&order(id)).await.unwrap();
        }
        // Not sent at all, and not what the field held.
        let mut bad = order(4);
        bad.region = format!("{SECRET}.x");
        bus.publish(&bad).await.unwrap_err();
        drop(bus.enqueue(&bad).await.unwrap_err());
    });
    let a = spans(a).await;
    // Of another publisher: no event, and the trace is none.
    let mut headers = HeaderMap::new();
    headers.insert("traceparent", "00-zz-01");
    let broken = format!("{{\"orderId\":\"{SECRET}\"}}");
    bus.client()
        .publish_with_headers("orders.eu.placed", headers, broken.into())
        .await
        .unwrap();
    let buried = || async {
        let stream = bus.jetstream().get_stream("DEAD_LETTERS").await.unwrap();
        stream.cached_info().state.messages
    };
    while buried().await < 3 {
        sleep(Duration::from_millis(20)).await;
    }
    stop.stop();
    let b = spans(b).await;

    let sent = named(&a, "publish orders.{region}.placed");
    let of = |order: u64| {
        let id = Some(format!("shop.OrderPlaced:{order}"));
        let of_id = move |span: &&SpanData| attribute(span, semconv::MESSAGING_MESSAGE_ID) == id;
        let publish = sent.iter().copied().find(&of_id).unwrap();
        let mut attempts: Vec<_> = b.iter().filter(of_id).collect();
        attempts.sort_by_key(|span| attribute(span, "messaging.nats.delivery_attempt"));
        for span in &attempts {
            is_child(span, publish);
        }
        attempts
    };
    let ended = |span: &SpanData| {
        let get = |name| attribute(span, name).unwrap_or_default();
        (
            get(semconv::ERROR_TYPE),
            get("messaging.nats.outcome"),
            span.status.clone(),
        )
    };
    let says =
        |kind: &str, outcome: &str, status: Status| (kind.to_owned(), outcome.to_owned(), status);
    let [first, second] = *of(1) else {
        panic!("two attempts")
    };
    let reason = Status::error("the bank does not answer");
    assert_eq!(ended(first), says("failed", "retried", reason));
    assert_eq!(ended(second), says("", "acknowledged", Status::Unset));
    let [dead] = *of(2) else {
        panic!("one attempt")
    };
    let reason = Status::error("no such customer");
    assert_eq!(ended(dead), says("dead", "dead-lettered", reason));
    let panics = of(3);
    let reason = || Status::error("panicked: on purpose");
    assert_eq!(ended(panics[0]), says("panic", "retried", reason()));
    assert_eq!(ended(panics[2]), says("panic", "dead-lettered", reason()));
    assert_eq!(panics.len(), 3);

    let unreadable: Vec<_> = b
        .iter()
        .filter(|span| attribute(span, semconv::ERROR_TYPE).as_deref() == Some("undecodable"))
        .collect();
    let [unreadable] = *unreadable else {
        panic!("one message is no event: {unreadable:?}")
    };
    assert_eq!(unreadable.name, "process orders.{region}.placed");
    assert_eq!(unreadable.parent_span_id, SpanId::INVALID);

    let refused: Vec<_> = sent
        .iter()
        .filter(|span| attribute(span, semconv::ERROR_TYPE).as_deref() == Some("subject"))
        .collect();
    assert_eq!(refused.len(), 2);
    for span in refused {
        assert!(matches!(span.status, Status::Error { .. }));
        assert_eq!(attribute(span, semconv::MESSAGING_DESTINATION_NAME), None);
    }
}

#[tokio::test]
async fn a_redrive_stays_in_the_trace_of_its_event() {
    let (server, bus) = server().await;
    let stop = Shutdown::new();
    let b = service({
        let (url, stop) = (server.url(), stop.clone());
        move || orders(url, stop, |_, _| Err(Failure::dead("closed today")))
    });
    let trace = Trace::new(CALLER, None).unwrap();
    trace
        .scope(async { bus.publish(&order(1)).await.unwrap() })
        .await;
    let dead = |count: u64| {
        let bus = &bus;
        async move {
            loop {
                let stream = bus.jetstream().get_stream("DEAD_LETTERS").await.unwrap();
                if stream.cached_info().state.last_sequence >= count {
                    break;
                }
                sleep(Duration::from_millis(20)).await;
            }
        }
    };
    dead(1).await;
    bus.redrive(1, 1).await.unwrap();
    // The redrive itself, and the dead letter that it becomes again.
    dead(3).await;
    stop.stop();
    let b = spans(b).await;
    let attempts = named(&b, "process orders.{region}.placed");
    assert_eq!(attempts.len(), 2);
    for span in &attempts {
        assert_eq!(span.span_context.trace_id().to_string(), CALLER[3..35]);
        assert_eq!(span.parent_span_id.to_string(), CALLER[36..52]);
        let name = attribute(span, semconv::MESSAGING_DESTINATION_NAME);
        assert_eq!(name.as_deref(), Some("orders.eu.placed"));
    }
    let subscriptions: Vec<_> = attempts
        .iter()
        .filter_map(|span| attribute(span, semconv::MESSAGING_DESTINATION_SUBSCRIPTION_NAME))
        .collect();
    assert_eq!(subscriptions, ["billing-workers", "redrive-billing"]);
}

#[tokio::test]
async fn each_event_of_a_batch_is_where_its_delivery_comes_from() {
    let (server, _bus) = server().await;
    let (stop, seen) = (Shutdown::new(), Arc::new(AtomicU64::new(0)));
    let url = server.url();
    let a = service(move || async move {
        let bus = connect(&url).await;
        let moved = |item: &str| StockMoved {
            item: item.to_owned(),
        };
        let batch = ["tea", "cocoa", "not\u{0}this", "milk"].map(moved);
        let report = bus.publish_all(batch).await;
        assert_eq!((report.stored, report.failed.len()), (3, 1));
        assert_eq!(bus.publish_all(Vec::<StockMoved>::new()).await.stored, 0);
        // Without a batch around it.
        let pending = bus.enqueue(&moved("salt")).await.unwrap();
        pending.await.unwrap();
    });
    let a = spans(a).await;
    let b = service({
        let (url, stop, seen) = (server.url(), stop.clone(), Arc::clone(&seen));
        move || async move {
            let bus = connect(&url).await;
            let listener = Listener::new(&bus, STOCK, seen).on(
                |seen: Arc<Arc<AtomicU64>>, _: Delivery<StockMoved>| async move {
                    seen.fetch_add(1, Ordering::SeqCst);
                    Ok(())
                },
            );
            listener.run(stop).await.unwrap();
        }
    });
    until("all are handled", || seen.load(Ordering::SeqCst) == 4).await;
    stop.stop();
    let b = spans(b).await;

    let mut batches = named(&a, "publish stock.{partition}.moved");
    // The one event that was enqueued has a span of its own, which its delivery refers to.
    let alone = batches
        .iter()
        .position(|span| span.span_kind == SpanKind::Producer);
    let alone = batches.remove(alone.unwrap());
    let [batch, empty] = *batches else {
        panic!("two batches: {batches:?}")
    };
    let count = |span| attribute(span, semconv::MESSAGING_BATCH_MESSAGE_COUNT);
    assert_eq!(count(batch).as_deref(), Some("4"));
    assert_eq!(count(empty).as_deref(), Some("0"));
    assert_eq!(
        (&batch.span_kind, &empty.status),
        (&SpanKind::Client, &Status::Unset)
    );
    assert_eq!(
        attribute(batch, semconv::ERROR_TYPE).as_deref(),
        Some("subject")
    );
    let created = named(&a, "create stock.{partition}.moved");
    assert_eq!(created.len(), 4);
    for span in &created {
        is_child(span, batch);
        assert_eq!(span.span_kind, SpanKind::Producer);
        let kind = attribute(span, semconv::MESSAGING_OPERATION_TYPE);
        assert_eq!(kind.as_deref(), Some("create"));
    }
    let processed = named(&b, "process stock.{partition}.moved");
    assert_eq!(processed.len(), 4);
    for span in processed {
        let id = attribute(span, semconv::MESSAGING_MESSAGE_ID);
        let mut sources = created.iter().chain([&alone]);
        let source = sources.find(|it| attribute(it, semconv::MESSAGING_MESSAGE_ID) == id);
        is_child(span, source.unwrap());
        let partition = attribute(span, semconv::MESSAGING_DESTINATION_PARTITION_ID).unwrap();
        let item = id
            .as_deref()
            .and_then(|id| id.strip_prefix("shop.StockMoved:"));
        let expected = event_runtime::partition(item.unwrap(), 2).to_string();
        assert_eq!(partition, expected);
        assert_eq!(
            attribute(span, semconv::MESSAGING_DESTINATION_SUBSCRIPTION_NAME),
            Some(format!("stock-p{partition}"))
        );
    }
}

#[tokio::test]
async fn ephemeral_events_carry_the_trace_too() {
    let (server, _bus) = server().await;
    let (stop, seen) = (Shutdown::new(), Arc::new(AtomicU64::new(0)));
    let b = service({
        let (url, stop, seen) = (server.url(), stop.clone(), Arc::clone(&seen));
        move || async move {
            let bus = connect(&url).await;
            let listener = Listener::new(&bus, BILLING, seen).on(
                |seen: Arc<Arc<AtomicU64>>, shown: Delivery<PriceShown>| async move {
                    seen.fetch_add(1, Ordering::SeqCst);
                    match shown.event.item {
                        1 => Ok(()),
                        _ => Err(Failure::retry("sold out")),
                    }
                },
            );
            listener.run(stop).await.unwrap();
        }
    });
    let (url, done) = (server.url(), Arc::clone(&seen));
    let a = service(move || async move {
        let bus = connect(&url).await;
        for item in [1, 2] {
            // Nobody may listen yet.
            let before = done.load(Ordering::SeqCst);
            while done.load(Ordering::SeqCst) == before {
                bus.emit(&PriceShown { item }).await.unwrap();
                sleep(Duration::from_millis(50)).await;
            }
        }
    });
    let a = spans(a).await;
    stop.stop();
    let b = spans(b).await;
    let processed = named(&b, "process prices.{item}.shown");
    for (item, error) in [(1, None), (2, Some("failed"))] {
        let subject = Some(format!("prices.{item}.shown"));
        let about =
            |span: &SpanData| attribute(span, semconv::MESSAGING_DESTINATION_NAME) == subject;
        let span = processed.iter().find(|span| about(span)).unwrap();
        let parent = a.iter().find(|publish| {
            publish.span_context.span_id() == span.parent_span_id && about(publish)
        });
        is_child(span, parent.unwrap());
        assert_eq!(attribute(span, semconv::ERROR_TYPE).as_deref(), error);
        assert_eq!(attribute(span, semconv::MESSAGING_MESSAGE_ID), None);
        let group = attribute(span, semconv::MESSAGING_CONSUMER_GROUP_NAME);
        assert_eq!(group.as_deref(), Some("billing-workers"));
    }
}

/// Whether nobody listens to spans, or the spans are filtered out: the caller's trace is passed on as it is.
#[tokio::test]
async fn without_spans_traces_are_passed_on() {
    let (server, bus) = server().await;
    let (stop, mails) = (Shutdown::new(), Arc::new(AtomicU64::new(0)));
    let b = tokio::spawn(billing(server.url(), stop.clone()));
    let c = tokio::spawn(mailer(server.url(), stop.clone(), Arc::clone(&mails), None));
    let trace = Trace::new(CALLER, None).unwrap();
    trace
        .scope(async { bus.publish(&order(1)).await.unwrap() })
        .await;
    until("a mail is sent", || mails.load(Ordering::SeqCst) == 1).await;
    let stream = bus.jetstream().get_stream("ORDERS").await.unwrap();
    for sequence in [1, 2] {
        let message = stream.get_raw_message(sequence).await.unwrap();
        let trace = message
            .headers
            .get("traceparent")
            .map(|value| value.as_str());
        assert_eq!(trace, Some(CALLER), "{sequence}");
    }
    // And nothing is made up where there is none.
    bus.publish(&StockMoved {
        item: "tea".to_owned(),
    })
    .await
    .unwrap();
    let message = stream.get_raw_message(3).await.unwrap();
    assert!(message.headers.get("traceparent").is_none());
    stop.stop();
    b.await.unwrap();
    c.await.unwrap();
}

/// The bridge counts as a number what is a number: backends compare and add it.
#[tokio::test]
async fn numbers_are_numbers() {
    let (server, _bus) = server().await;
    let url = server.url();
    let a = service(move || async move {
        let report = connect(&url).await.publish_all([order(1)]).await;
        assert_eq!(report.stored, 1);
    });
    let a = spans(a).await;
    let value = |name: &str| {
        let mut pairs = a.iter().flat_map(|span| &span.attributes);
        pairs.find(|pair| pair.key.as_str() == name).unwrap()
    };
    for name in [
        semconv::MESSAGING_MESSAGE_BODY_SIZE,
        "messaging.nats.stream_sequence",
        semconv::MESSAGING_BATCH_MESSAGE_COUNT,
    ] {
        let pair = value(name);
        assert!(matches!(pair.value, Value::I64(_)), "{pair:?}");
    }
}
