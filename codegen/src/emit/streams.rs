//! `STREAMS`: the streams and durable consumers, for `Bus::ensure` and for the check at the start of a listener.

use std::time::Duration;

use super::uses::Uses;
use super::writer::{Writer, literal};
use crate::model::{
    Contracts, Discard, Event, Retention, Service, Start, Storage, Stream, StreamId,
};

/// The constant.
pub(super) fn constant(w: &mut Writer, contracts: &Contracts, uses: &Uses) {
    w.blank();
    w.doc("The streams and durable consumers of these contracts.");
    w.open("pub const STREAMS: event_runtime::Streams = event_runtime::Streams {");
    let streams = (0..contracts.streams.len()).map(StreamId);
    let streams: Vec<StreamId> = streams.filter(|id| uses.stream(*id)).collect();
    list(w, "streams", "StreamDef", &streams, |w, id| {
        stream(w, contracts, *id)
    });
    let consumers: Vec<Consumer> = uses
        .services
        .iter()
        .flat_map(|id| consumers(contracts, &contracts[*id]))
        .collect();
    list(w, "consumers", "ConsumerDef", &consumers, consumer);
    w.close("};");
}

/// A list of structs: rustfmt lets a single one share the line of its bracket.
fn list<T>(w: &mut Writer, field: &str, ty: &str, items: &[T], each: impl Fn(&mut Writer, &T)) {
    match items {
        [] => w.line(format!("{field}: &[],")),
        [one] => {
            w.open(format!("{field}: &[event_runtime::{ty} {{"));
            each(w, one);
            w.close("}],");
        }
        many => {
            w.open(format!("{field}: &["));
            for item in many {
                w.open(format!("event_runtime::{ty} {{"));
                each(w, item);
                w.close("},");
            }
            w.close("],");
        }
    }
}

fn stream(w: &mut Writer, contracts: &Contracts, id: StreamId) {
    let stream: &Stream = &contracts[id];
    w.line(format!("name: {},", literal(&stream.name)));
    let subjects: Vec<String> = contracts
        .events_of(id)
        .map(|event| literal(&event.subject.pattern()))
        .collect();
    w.array("subjects: &", &subjects, ",");
    let age = stream.max_age.as_ref().map(|age| duration(age.value));
    w.line(format!("max_age: {},", option(age)));
    w.line(format!(
        "max_bytes: {},",
        option(stream.max_bytes.as_ref().map(|n| n.value))
    ));
    w.line(format!(
        "max_messages: {},",
        option(stream.max_messages.as_ref().map(|n| n.value))
    ));
    w.line(format!("replicas: {},", stream.replicas));
    w.line(format!(
        "storage: event_runtime::Storage::{},",
        match stream.storage {
            Storage::File => "File",
            Storage::Memory => "Memory",
        }
    ));
    w.line(format!(
        "retention: event_runtime::Retention::{},",
        match stream.retention.value {
            Retention::Limits => "Limits",
            Retention::Interest => "Interest",
            Retention::WorkQueue => "WorkQueue",
        }
    ));
    w.line(format!("duplicate_window: {},", duration(stream.window())));
    w.line(format!(
        "discard: event_runtime::Discard::{},",
        match stream.discard {
            Discard::New => "New",
            Discard::Old => "Old",
        }
    ));
    w.line(format!(
        "partitions: {},",
        option(stream.partitions.as_ref().map(|n| n.value))
    ));
}

/// One durable consumer.
struct Consumer {
    service: String,
    stream: String,
    durable: String,
    filters: Vec<String>,
    ack_wait: Duration,
    max_delay: Duration,
    max_in_flight: u32,
    start: Start,
}

/// The durables of a service: per stream one for all events without a key, and one per partition for those with one.
fn consumers(contracts: &Contracts, service: &Service) -> Vec<Consumer> {
    let mut all = Vec::new();
    let delivered = contracts.delivered(service);
    for (at, stream) in contracts.streams.iter().enumerate() {
        let handled: Vec<&Event> = delivered
            .iter()
            .map(|delivered| &contracts[delivered.event])
            .filter(|event| {
                event
                    .stream
                    .as_ref()
                    .is_some_and(|s| s.value == Some(StreamId(at)))
            })
            .collect();
        let (keyed, free): (Vec<&Event>, Vec<&Event>) =
            handled.into_iter().partition(|event| event.key.is_some());
        let consumer = |durable: String, filters: Vec<String>, max_in_flight: u32| Consumer {
            service: service.name.value.clone(),
            stream: stream.name.value.clone(),
            durable,
            filters,
            ack_wait: service.ack_wait,
            max_delay: service.retry.max_delay,
            max_in_flight,
            start: service.start.value.clone(),
        };
        if !free.is_empty() {
            let filters = free.iter().map(|event| event.subject.pattern()).collect();
            all.push(consumer(
                service.group().to_owned(),
                filters,
                service.in_flight(),
            ));
        }
        let partitions = stream.partitions.as_ref().map_or(0, |n| n.value);
        for partition in 0..if keyed.is_empty() { 0 } else { partitions } {
            let filters = keyed
                .iter()
                .map(|event| event.subject.partition_pattern(partition));
            let durable = format!("{}-p{partition}", service.group());
            all.push(consumer(durable, filters.collect(), 1));
        }
    }
    all
}

fn consumer(w: &mut Writer, consumer: &Consumer) {
    w.line(format!("service: {},", literal(&consumer.service)));
    w.line(format!("stream: {},", literal(&consumer.stream)));
    w.line(format!("durable: {},", literal(&consumer.durable)));
    let filters: Vec<String> = consumer
        .filters
        .iter()
        .map(|filter| literal(filter))
        .collect();
    w.array("filters: &", &filters, ",");
    w.line(format!("ack_wait: {},", duration(consumer.ack_wait)));
    w.line(format!("max_delay: {},", duration(consumer.max_delay)));
    w.line(format!("max_in_flight: {},", consumer.max_in_flight));
    w.line(format!("start: {},", start(&consumer.start)));
}

/// Where a durable begins.
pub(super) fn start(start: &Start) -> String {
    match start {
        Start::All => "event_runtime::Start::All".to_owned(),
        Start::New => "event_runtime::Start::New".to_owned(),
        Start::At(time) => format!("event_runtime::Start::At({})", literal(time)),
    }
}

/// A duration in the largest unit that std has a constructor for.
pub(super) fn duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis.is_multiple_of(1000) {
        format!("::core::time::Duration::from_secs({})", millis / 1000)
    } else {
        format!("::core::time::Duration::from_millis({millis})")
    }
}

fn option(value: Option<impl std::fmt::Display>) -> String {
    value.map_or_else(|| "None".to_owned(), |value| format!("Some({value})"))
}
