//! Rules about streams: what the server would refuse, and what would lose messages without a word.

use std::collections::HashMap;

use super::gaps::Gaps;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Contracts, EventId, Retention, ServiceId, Start, StreamId};
use crate::source::Span;

/// `window-over-age`: message ids cannot be remembered longer than their messages.
pub(super) fn window(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for stream in &contracts.streams {
        if let (Some(window), Some(age)) = (&stream.duplicate_window, &stream.max_age)
            && window.value > age.value
        {
            diagnostics.push(
                Diagnostic::new(
                    Code::WindowOverAge,
                    window.span,
                    format!(
                        "`duplicate_window` of the stream {} is longer than `max_age`",
                        stream.name.value
                    ),
                )
                .label("the server rejects such a stream")
                .related(age.span, "messages live this long")
                .help("make `duplicate_window` at most as long as `max_age`, or leave it out"),
            );
        }
    }
}

/// `unused-stream`: no event names it.
pub(super) fn unused(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    if !Gaps::new(contracts, diagnostics).none() {
        return; // an event that names it may be lost
    }
    let mut used = vec![false; contracts.streams.len()];
    for named in contracts
        .events
        .iter()
        .filter_map(|event| event.stream.as_ref())
    {
        match named.value {
            Some(StreamId(at)) => used[at] = true,
            // A misspelt name, reported as that, may mean any of them.
            None => return,
        }
    }
    let streams = contracts.streams.iter().zip(used);
    for (stream, _) in streams.filter(|(stream, used)| !used && stream.subjects.is_empty()) {
        diagnostics.push(
            Diagnostic::new(
                Code::UnusedStream,
                stream.name.span,
                format!("no event uses the stream {}", stream.name.value),
            )
            .label("it is not created, because a stream's subjects are those of its events")
            .help(format!(
                "add `stream = \"{}\"` to an event, or `subjects` for events that are written by hand, or remove the stream",
                stream.name.value
            )),
        );
    }
}

/// Which services are delivered each event: as they say, and through `supersedes` the older ones too. In the order of the
/// services; each with the place that says so.
fn consumers(contracts: &Contracts) -> HashMap<EventId, Vec<(ServiceId, Span)>> {
    let mut consumers: HashMap<EventId, Vec<(ServiceId, Span)>> = HashMap::new();
    for (at, service) in contracts.services.iter().enumerate() {
        for delivered in contracts.delivered(service) {
            let list = consumers.entry(delivered.event).or_default();
            list.push((ServiceId(at), delivered.span));
        }
    }
    consumers
}

/// `workqueue-shared`: a work queue gives each message to one consumer only, and a new one must begin at the start.
pub(super) fn workqueue(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let queues: Vec<bool> = contracts
        .streams
        .iter()
        .map(|stream| stream.retention.value == Retention::WorkQueue)
        .collect();
    let consumers = consumers(contracts);
    let mut late: HashMap<ServiceId, StreamId> = HashMap::new();
    for (at, event) in contracts.events.iter().enumerate() {
        let Some(id) = event.stream.as_ref().and_then(|named| named.value) else {
            continue;
        };
        if !queues[id.0] {
            continue;
        }
        let stream = &contracts[id];
        let services = consumers.get(&EventId(at)).map_or(&[][..], Vec::as_slice);
        for (service, _) in services {
            if contracts[*service].start.value != Start::All {
                late.entry(*service).or_insert(id);
            }
        }
        let Some(((first, first_place), others)) = services.split_first() else {
            continue;
        };
        for (other, place) in others {
            diagnostics.push(
                Diagnostic::new(
                    Code::WorkqueueShared,
                    *place,
                    format!(
                        "the services \"{}\" and \"{}\" both handle \"{}\" from the work queue {}",
                        contracts[*first].name.value,
                        contracts[*other].name.value,
                        event.name.value,
                        stream.name.value
                    ),
                )
                .label("each message would be delivered to only one of them")
                .related(*first_place, "first used here")
                .related(
                    stream.retention.span,
                    "a message is deleted when one consumer has acknowledged it",
                )
                .help("use `retention = \"limits\"`, or let one service handle the event"),
            );
        }
    }
    let mut late: Vec<(ServiceId, StreamId)> = late.into_iter().collect();
    late.sort_unstable();
    for (service, id) in late {
        let (service, stream) = (&contracts[service], &contracts[id]);
        diagnostics.push(
            Diagnostic::new(
                Code::WorkqueueShared,
                service.start.span,
                format!(
                    "the service \"{}\" cannot begin in the middle of the work queue {}",
                    service.name.value, stream.name.value
                ),
            )
            .label("skipped messages would stay in the queue")
            .related(
                stream.retention.span,
                "a message is deleted when one consumer has acknowledged it",
            )
            .help("remove `start`: on a work queue only \"all\" is possible"),
        );
    }
}

/// `interest-retention`: messages go as soon as every durable consumer there is has them, be there none at all.
pub(super) fn interest(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let interested: Vec<bool> = contracts
        .streams
        .iter()
        .map(|stream| stream.retention.value == Retention::Interest)
        .collect();
    if !interested.contains(&true) {
        return;
    }
    let consumers = consumers(contracts);
    let mut services: HashMap<StreamId, Vec<ServiceId>> = HashMap::new();
    for (at, event) in contracts.events.iter().enumerate() {
        let Some(id) = event.stream.as_ref().and_then(|named| named.value) else {
            continue;
        };
        if interested[id.0] {
            let list = services.entry(id).or_default();
            list.extend(
                consumers
                    .get(&EventId(at))
                    .into_iter()
                    .flatten()
                    .map(|(id, _)| *id),
            );
        }
    }
    for (at, stream) in contracts.streams.iter().enumerate() {
        let by_hand = interested[at] && !stream.subjects.is_empty();
        if by_hand {
            services.entry(StreamId(at)).or_default();
        }
        let Some(list) = services.get_mut(&StreamId(at)) else {
            continue; // unused: it is not created
        };
        list.sort_unstable();
        list.dedup();
        let diagnostic = Diagnostic::new(
            Code::InterestRetention,
            stream.retention.span,
            format!(
                "the stream {} discards messages without a durable consumer",
                stream.name.value
            ),
        )
        .help("use `retention = \"limits\"` with a `max_age`, unless messages without a consumer are not needed");
        let diagnostic = match list.as_slice() {
            [] => diagnostic.label("no service handles its events: every message is discarded"),
            _ => diagnostic.label("messages published before a service's durable exists, or after it is removed, are lost"),
        };
        diagnostics.push(list.iter().take(3).fold(diagnostic, |diagnostic, id| {
            diagnostic.related(contracts[*id].name.span, "handles events of this stream")
        }));
    }
}
