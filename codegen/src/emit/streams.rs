//! `STREAMS`: the streams and durable consumers, for `event_operate::ensure` and for the check at the start of a listener.

use std::time::Duration;

use super::uses::Uses;
use super::writer::{Writer, literal};
use crate::durables::Durable;
use crate::model::{Contracts, Discard, Retention, Service, Start, Storage, Stream, StreamId};

/// The constant.
pub(super) fn constant(w: &mut Writer, contracts: &Contracts, uses: &Uses) {
    w.blank();
    w.doc("The streams and durable consumers of these contracts.");
    w.open("pub const STREAMS: event_runtime::Streams<'static> = event_runtime::Streams {");
    let streams = (0..contracts.streams.len()).map(StreamId);
    let streams: Vec<StreamId> = streams.filter(|id| uses.stream(*id)).collect();
    // One pass over the events, and not one for each stream.
    let mut subjects = vec![Vec::new(); contracts.streams.len()];
    for event in &contracts.events {
        if let Some(id) = event.stream.as_ref().and_then(|stream| stream.value) {
            subjects[id.0].push(literal(&event.subject.stream_pattern()));
        }
    }
    for (subjects, stream) in subjects.iter_mut().zip(&contracts.streams) {
        subjects.extend(stream.subjects.iter().map(|pattern| literal(&pattern.text)));
    }
    list(w, "streams", "StreamDef", &streams, |w, id| {
        stream(w, &contracts[*id], &subjects[id.0]);
    });
    let services = uses.services.iter().map(|id| &contracts[*id]);
    let consumers: Vec<(&Service, Durable)> = services
        .flat_map(|service| {
            contracts
                .durables(service)
                .into_iter()
                .map(move |d| (service, d))
        })
        .collect();
    list(
        w,
        "consumers",
        "ConsumerDef",
        &consumers,
        |w, (service, durable)| consumer(w, contracts, service, durable),
    );
    w.close("};");
}

/// A list of structs: rustfmt lets a single one share the line of its bracket.
fn list<T>(w: &mut Writer, field: &str, ty: &str, items: &[T], each: impl Fn(&mut Writer, &T)) {
    match items {
        [] => w.line(format_args!("{field}: &[],")),
        [one] => {
            w.open(format_args!("{field}: &[event_runtime::{ty} {{"));
            each(w, one);
            w.close("}],");
        }
        many => {
            w.open(format_args!("{field}: &["));
            for item in many {
                w.open(format_args!("event_runtime::{ty} {{"));
                each(w, item);
                w.close("},");
            }
            w.close("],");
        }
    }
}

fn stream(w: &mut Writer, stream: &Stream, subjects: &[String]) {
    w.line(format_args!("name: {},", literal(&stream.name)));
    w.array("subjects: &", subjects, ",");
    let age = stream.max_age.as_ref().map(|age| duration(age.value));
    w.line(format_args!("max_age: {},", option(age)));
    w.line(format_args!(
        "max_bytes: {},",
        option(stream.max_bytes.as_ref().map(|n| n.value))
    ));
    w.line(format_args!(
        "max_messages: {},",
        option(stream.max_messages.as_ref().map(|n| n.value))
    ));
    w.line(format_args!("replicas: {},", stream.replicas));
    w.line(format_args!(
        "storage: event_runtime::Storage::{},",
        match stream.storage {
            Storage::File => "File",
            Storage::Memory => "Memory",
        }
    ));
    w.line(format_args!(
        "retention: event_runtime::Retention::{},",
        match stream.retention.value {
            Retention::Limits => "Limits",
            Retention::Interest => "Interest",
            Retention::WorkQueue => "WorkQueue",
        }
    ));
    w.line(format_args!(
        "duplicate_window: {},",
        duration(stream.window())
    ));
    w.line(format_args!(
        "discard: event_runtime::Discard::{},",
        match stream.discard {
            Discard::New => "New",
            Discard::Old => "Old",
        }
    ));
    w.line(format_args!(
        "partitions: {},",
        option(stream.partitions.as_ref().map(|n| n.value))
    ));
}

fn consumer(w: &mut Writer, contracts: &Contracts, service: &Service, durable: &Durable) {
    w.line(format_args!("service: {},", literal(&service.name)));
    w.line(format_args!(
        "stream: {},",
        literal(&contracts[durable.stream].name)
    ));
    w.line(format_args!("durable: {},", literal(&durable.name)));
    let filters: Vec<String> = durable.filters.iter().map(|f| literal(f)).collect();
    w.array("filters: &", &filters, ",");
    w.line(format_args!("ack_wait: {},", duration(service.ack_wait)));
    w.line(format_args!(
        "max_delay: {},",
        duration(service.retry.max_delay)
    ));
    w.line(format_args!("max_in_flight: {},", durable.max_in_flight));
    w.line(format_args!("start: {},", start(&service.start.value)));
}

/// Returns the place where a durable begins.
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
