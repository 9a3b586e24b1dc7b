//! Rules about services: queue groups, and who talks to whom.

use std::collections::HashMap;

use super::gaps::Gaps;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Contracts, EventId, Service};
use crate::source::Span;

/// More subjects than this on one service cost throughput: 299 filters were measured at a quarter of one.
const MANY: usize = 100;

/// `idle-service`: it neither publishes nor subscribes.
pub(super) fn idle(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let gaps = Gaps::new(contracts, diagnostics);
    for service in &contracts.services {
        let empty = service.publishes.is_empty() && service.subscribes.is_empty();
        if empty && !gaps.in_table(service.name.span) {
            diagnostics.push(
                Diagnostic::new(
                    Code::IdleService,
                    service.name.span,
                    format!(
                        "the service \"{}\" neither publishes nor subscribes",
                        service.name.value
                    ),
                )
                .help("add `publishes` or `subscribes`, or remove the service"),
            );
        }
    }
}

/// Returns the place where a service says its group.
fn group_place(service: &Service) -> Span {
    service
        .queue_group
        .as_ref()
        .map_or(service.name.span, |group| group.span)
}

/// How many partitions the keyed events of a service have at most.
fn partitions(contracts: &Contracts, service: &Service) -> u32 {
    contracts
        .delivered(service)
        .into_iter()
        .map(|delivered| &contracts[delivered.event])
        .filter(|event| event.key.is_some())
        .filter_map(|event| contracts.stream_of(event)?.partitions.as_ref())
        .map(|partitions| partitions.value)
        .max()
        .unwrap_or(0)
}

/// `queue-group-shared`: two services with one group, or with one durable consumer.
pub(super) fn queue_groups(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    let mut groups: HashMap<&str, &Service> = HashMap::new();
    for service in &contracts.services {
        let Some(first) = groups.get(service.group()) else {
            groups.insert(service.group(), service);
            continue;
        };
        if first.name.value == service.name.value {
            continue; // one service twice, which the front end has reported
        }
        diagnostics.push(
            Diagnostic::new(
                Code::QueueGroupShared,
                group_place(service),
                format!(
                    "the services \"{}\" and \"{}\" share the queue group \"{}\"",
                    first.name.value,
                    service.name.value,
                    service.group()
                ),
            )
            .label("each message would be delivered to only one of them")
            .related(group_place(first), "first used here")
            .help("give each service a queue group of its own; without `queue_group` it is the service's name"),
        );
    }
    // A group that is written like the durable of another one's partition.
    for service in &contracts.services {
        let Some((stem, number)) = service.group().rsplit_once("-p") else {
            continue;
        };
        let Some(other) = groups.get(stem) else {
            continue;
        };
        let Some(partition) = number
            .parse::<u32>()
            .ok()
            .filter(|n| n.to_string() == number)
        else {
            continue;
        };
        if partition < partitions(contracts, other) {
            diagnostics.push(
                Diagnostic::new(
                    Code::QueueGroupShared,
                    group_place(service),
                    format!(
                        "the queue group \"{}\" is the name of a durable consumer of \"{}\"",
                        service.group(),
                        other.name.value
                    ),
                )
                .label(format!("partition {partition} of its keyed events"))
                .related(
                    group_place(other),
                    "followed by `-p` and the number of the partition",
                )
                .help("give one of the services another queue group"),
            );
        }
    }
}

/// `many-subjects`: a service whose consumer has so many filters that it gets slow.
pub(super) fn many_subjects(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for service in &contracts.services {
        let count = contracts.delivered(service).len();
        if count > MANY {
            diagnostics.push(
                Diagnostic::new(
                    Code::ManySubjects,
                    service.name.span,
                    format!(
                        "the service \"{}\" subscribes to {count} events",
                        service.name.value
                    ),
                )
                .label(format!("more than {MANY} filter subjects slow down its consumer"))
                .help("split the service, or give events that belong together one subject with a placeholder"),
            );
        }
    }
}

/// `unpublished-event`: somebody waits for an event that nobody publishes.
pub(super) fn unpublished(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    if !Gaps::new(contracts, diagnostics).none() {
        return; // a service that publishes it may be lost
    }
    let mut published = vec![false; contracts.events.len()];
    for named in contracts
        .services
        .iter()
        .flat_map(|service| &service.publishes)
    {
        match named.value {
            Some(EventId(at)) => published[at] = true,
            // A misspelt name, reported as that, may mean any of them.
            None => return,
        }
    }
    for service in &contracts.services {
        for named in &service.subscribes {
            let Some(EventId(at)) = named.value else {
                continue;
            };
            // Said once an event, at its first subscriber.
            if !std::mem::replace(&mut published[at], true) {
                let event = &contracts.events[at];
                diagnostics.push(
                    Diagnostic::new(
                        Code::UnpublishedEvent,
                        named.span,
                        format!("no service publishes \"{}\"", event.name.value),
                    )
                    .label(format!("\"{}\" waits for it", service.name.value))
                    .related(event.name.span, "declared here")
                    .help("add it to the `publishes` of the service that does"),
                );
            }
        }
    }
}

/// `deprecated-event`: a service uses one.
pub(super) fn deprecated(contracts: &Contracts, diagnostics: &mut Diagnostics) {
    for service in &contracts.services {
        let uses = [
            ("publishes", &service.publishes),
            ("subscribes to", &service.subscribes),
        ];
        for (verb, named) in uses
            .iter()
            .flat_map(|(verb, list)| list.iter().map(move |n| (verb, n)))
        {
            let Some(id) = named.value else { continue };
            let event = &contracts[id];
            if let Some(instead) = &event.deprecated {
                diagnostics.push(
                    Diagnostic::new(
                        Code::DeprecatedEvent,
                        named.span,
                        format!(
                            "the service \"{}\" {verb} \"{}\", which is deprecated",
                            service.name.value, event.name.value
                        ),
                    )
                    .related(instead.span, "deprecated here")
                    .help(instead.value.clone()),
                );
            }
        }
    }
}
