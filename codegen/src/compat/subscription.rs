//! Rules about what a service is delivered: events that it no longer handles, and events that a durable consumer which is
//! already there is to deliver from now on.

use std::collections::HashMap;

use super::raw::Sink;
use super::sides::{Sides, named};
use crate::durables::Durable;
use crate::model::{Contracts, Event, EventId, Service, Start};

/// The services of both contracts, by name.
fn pairs<'a>(sides: &Sides<'a>) -> Vec<(&'a Service, &'a Service)> {
    let now: HashMap<&str, &Service> = sides
        .new
        .services
        .iter()
        .map(|service| (service.name.value.as_str(), service))
        .collect();
    let old = sides.old.services.iter();
    old.filter_map(|old| Some((old, *now.get(old.name.value.as_str())?)))
        .collect()
}

/// Returns whether a service is delivered an event, by its full name.
fn handles(contracts: &Contracts, service: &Service, name: &str) -> bool {
    contracts
        .delivered(service)
        .iter()
        .any(|delivered| contracts.event_name(&contracts[delivered.event]) == name)
}

pub(super) fn removed(sides: &Sides<'_>, sink: &mut Sink<'_>) {
    let all = named(sides.new);
    for (old, new) in pairs(sides) {
        let service = &old.name.value;
        for event in &old.subscribes {
            let Some(id) = event.value else { continue };
            let name = sides.old.event_name(&sides.old[id]);
            if !all.contains_key(&name) || handles(sides.new, new, &name) {
                continue;
            }
            sink.add(
                format!("services.{service}.subscribes.{name}"),
                format!("`{service}` no longer handles `{name}`"),
            )
            .was(event.span, "handled")
            .is(new.name.span, "not here")
            .hits([service.clone()])
            .help("messages that are still stored for it are never handled");
        }
    }
}

pub(super) fn added(sides: &Sides<'_>, sink: &mut Sink<'_>) {
    let before = named(sides.old);
    // Durables are called after the group: another group begins anew, and a service of another name does not.
    let groups: HashMap<&str, &Service> = sides
        .old
        .services
        .iter()
        .map(|service| (service.group(), service))
        .collect();
    for new in &sides.new.services {
        let Some(old) = groups.get(new.group()) else {
            continue;
        };
        // Who starts with what is new wants nothing older.
        if new.start.value == Start::New {
            continue;
        }
        let there = sides.old.durables(old);
        for delivered in sides.new.delivered(new) {
            let event = &sides.new[delivered.event];
            let name = sides.new.event_name(event);
            let known = before.get(&name).map(|at| EventId(*at));
            let Some(was) = known.filter(|_| !handles(sides.old, old, &name)) else {
                continue;
            };
            let Some(durable) = kept(sides, &there, &sides.old[was], event) else {
                continue;
            };
            let service = &new.name.value;
            let how = match delivered.newer {
                Some(newer) => format!(
                    "`{service}` is delivered `{name}` too, through `{}`",
                    sides.new.event_name(&sides.new[newer])
                ),
                None => format!("`{service}` handles `{name}` too"),
            };
            let stream = &sides.old[durable.stream].name.value;
            sink.add(format!("services.{service}.subscribes.{name}"), how)
                .was(
                    old.name.span,
                    "its durable consumer has a position, and goes on from there",
                )
                .is(delivered.span, "what is stored of it and lies behind that position is not delivered")
                .about([(Some(was), Some(delivered.event))])
                .hits([service.clone()])
                .stranded([format!(
                    "messages of `{}` that are stored in {stream} and lie behind the position of durable consumer `{}`{}",
                    sides.old[was].subject.value.text,
                    new.group(),
                    if durable.partition.is_some() { " (one for each partition)" } else { "" },
                )])
                .help(format!(
                    "`event-contracts streams plan` counts what lies behind; to have it handled, apply and then `event-contracts \
                     services reset {service} --to all --stream {stream}`, which delivers the other events of the stream again as well"
                ));
        }
    }
}

/// The durable consumer that is there already and is to deliver the event from now on. One that begins with the event
/// is delivered all of it.
fn kept<'d>(
    sides: &Sides<'_>,
    there: &'d [Durable],
    was: &Event,
    is: &Event,
) -> Option<&'d Durable> {
    let (before, now) = (sides.old.stream_of(was)?, sides.new.stream_of(is)?);
    // Stored elsewhere before, or nowhere: none of it is in this stream.
    if before.name.value != now.name.value {
        return None;
    }
    there.iter().find(|durable| {
        sides.old[durable.stream].name.value == now.name.value
            && durable.partition.is_some() == is.key.is_some()
    })
}
