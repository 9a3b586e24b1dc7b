//! The spans of publishes and deliveries, by OpenTelemetry's conventions for messaging.
//!
//! A span says where an event goes and what became of it, and never a word of what is in it: its subject and its id
//! only, which the contract rules keep free of sensitive fields. While nobody listens nothing is built.

use std::fmt::Display;
use std::pin::Pin;

use async_nats::header::NATS_MESSAGE_ID;
use event_wire::Event;
use tracing::field::Empty;
use tracing::{Instrument, Span, debug_span};

use crate::delivery::Meta;
use crate::error::Error;
use crate::outgoing::Outgoing;
use crate::receipt::Receipt;
use crate::trace::Trace;

/// What is done with the events of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// One event is sent. Its delivery's span is a child of this one.
    Publish,
    /// One event of a batch: the same, and the sending itself is the batch's.
    Create,
}

impl Operation {
    const fn name(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Create => "create",
        }
    }

    /// The conventions' word.
    const fn kind(self) -> &'static str {
        match self {
            Self::Publish => "send",
            Self::Create => "create",
        }
    }
}

/// Begins the publish of an event: its span, and in its message the trace that goes on from there.
pub(crate) fn publish<E: Event>(
    operation: Operation,
    message: &mut Result<Outgoing, Error>,
) -> Span {
    let span = sending(operation, E::SUBJECT, message.as_ref().ok());
    if let Ok(message) = message {
        span.in_scope(|| message.trace());
    }
    span
}

fn sending(operation: Operation, template: &'static str, message: Option<&Outgoing>) -> Span {
    debug_span!(
        target: "event_runtime::publish",
        "publish",
        "otel.name" = format_args!("{} {template}", operation.name()),
        "otel.kind" = "producer",
        "otel.status_code" = Empty,
        "otel.status_description" = Empty,
        "error.type" = Empty,
        "messaging.system" = "nats",
        "messaging.operation.name" = operation.name(),
        "messaging.operation.type" = operation.kind(),
        "messaging.destination.name" = message.map(|message| message.subject.as_str()),
        "messaging.destination.template" = templated(template),
        "messaging.destination.partition.id" =
            message.and_then(|message| partition(template, &message.subject)),
        "messaging.message.id" = message
            .and_then(|message| message.headers.get(NATS_MESSAGE_ID))
            .map(|id| id.as_str()),
        "messaging.message.body.size" = message.map(|message| number(message.payload.len())),
        "messaging.nats.stream" = message
            .map(|message| message.stream)
            .filter(|stream| !stream.is_empty()),
        "messaging.nats.stream_sequence" = Empty,
    )
}

/// The span around a batch: that of each of its events is a child of it.
pub(crate) fn batch<E: Event>() -> Span {
    debug_span!(
        target: "event_runtime::publish",
        "publish batch",
        "otel.name" = format_args!("publish {}", E::SUBJECT),
        // What the consumers' spans refer to are those of the events.
        "otel.kind" = "client",
        "otel.status_code" = Empty,
        "otel.status_description" = Empty,
        "error.type" = Empty,
        "messaging.system" = "nats",
        "messaging.operation.name" = "publish",
        "messaging.operation.type" = "send",
        "messaging.batch.message_count" = Empty,
        "messaging.destination.name" = templated(E::SUBJECT).is_none().then_some(E::SUBJECT),
        "messaging.destination.template" = templated(E::SUBJECT),
        "messaging.nats.stream" = E::STREAM,
    )
}

/// The span of one delivery, as a child of the event's publish; the handler and everything that follows from it is inside.
///
/// `template` is that of the event, where the subject is known; `subscription` the durable.
pub(crate) fn process(
    template: Option<&'static str>,
    meta: &Meta,
    size: usize,
    group: &'static str,
    subscription: Option<&str>,
) -> Span {
    let begin = || {
        debug_span!(
            target: "event_runtime::process",
            "process",
            "otel.name" = format_args!(
                "process{}{}",
                if template.is_some() { " " } else { "" },
                template.unwrap_or_default()
            ),
            "otel.kind" = "consumer",
            "otel.status_code" = Empty,
            "otel.status_description" = Empty,
            "error.type" = Empty,
            "messaging.system" = "nats",
            "messaging.operation.name" = "process",
            "messaging.operation.type" = "process",
            "messaging.destination.name" = meta.subject.as_str(),
            "messaging.destination.template" = template.and_then(templated),
            "messaging.destination.partition.id" =
                template.and_then(|template| partition(template, &meta.subject)),
            "messaging.destination.subscription.name" = subscription,
            "messaging.consumer.group.name" = group,
            "messaging.message.id" = meta.id.as_deref(),
            "messaging.message.body.size" = number(size),
            "messaging.nats.stream" = meta.stream,
            "messaging.nats.stream_sequence" = meta.sequence.map(number),
            "messaging.nats.delivery_attempt" = number(meta.attempt),
            "messaging.nats.outcome" = Empty,
        )
    };
    match &meta.trace {
        Some(trace) => trace.within(begin),
        None => begin(),
    }
}

/// Works inside a delivery's span and, around it, inside the delivery's trace: that one is there too when nobody listens to
/// spans.
pub(crate) async fn traced<F: Future>(
    trace: Option<Trace>,
    span: &Span,
    work: Pin<&mut F>,
) -> F::Output {
    let work = work.instrument(span.clone());
    match trace {
        Some(trace) => trace.scope(work).await,
        None => work.await,
    }
}

/// Works inside a publish's span. Pinned by the caller: futures are large, and moving them is most of what this would cost.
pub(crate) async fn inside<F: Future>(span: &Span, work: Pin<&mut F>) -> F::Output {
    if span.is_disabled() {
        work.await
    } else {
        work.instrument(span.clone()).await
    }
}

/// Like `traced`, for work that does not wait.
pub(crate) fn entered<T>(trace: Option<&Trace>, span: &Span, work: impl FnOnce() -> T) -> T {
    match trace {
        Some(trace) => trace.within(|| span.in_scope(work)),
        None => span.in_scope(work),
    }
}

/// Notes how a publish ended.
pub(crate) fn published(span: &Span, result: &Result<Receipt, Error>) {
    match result {
        Ok(receipt) => {
            span.record("messaging.nats.stream_sequence", number(receipt.sequence));
        }
        Err(error) => failed(span, error.kind(), error),
    }
}

/// Notes that it failed: the kind is one of a few words, the description a sentence.
pub(crate) fn failed(span: &Span, kind: &str, description: &dyn Display) {
    span.record("error.type", kind);
    span.record("otel.status_code", "error");
    span.record(
        "otel.status_description",
        tracing::field::display(description),
    );
}

/// A number as OpenTelemetry has it, which knows signed ones only: others would become texts.
pub(crate) fn number<N: TryInto<i64>>(number: N) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// A subject with placeholders; the others need no template beside their name.
fn templated(template: &'static str) -> Option<&'static str> {
    template.contains('{').then_some(template)
}

/// The partition in a subject.
fn partition<'a>(template: &str, subject: &'a str) -> Option<&'a str> {
    template
        .split('.')
        .zip(subject.split('.'))
        .find_map(|(token, value)| (token == "{partition}").then_some(value))
}
