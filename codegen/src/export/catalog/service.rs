//! The services: what each handles and publishes, drawn and listed, and how it runs.

use std::fmt::Write;

use super::html::{prose, text};
use super::index::Index;
use super::links::{event_link, title};
use super::stream::span;
use super::{event, graph, ids};
use crate::model::{EventId, Service, ServiceId, Start};

/// Every service.
pub(super) fn section(out: &mut String, index: &Index<'_>) {
    if index.contracts.services.is_empty() {
        return;
    }
    out.push_str("<section class=domain aria-labelledby=all-services><header><h2 id=all-services tabindex=-1>Services</h2></header>");
    for id in index.services() {
        article(out, index, id);
    }
    out.push_str("</section>");
}

fn article(out: &mut String, index: &Index<'_>, id: ServiceId) {
    let service = &index.contracts[id];
    let anchor = ids::service(index, id);
    let _ = write!(
        out,
        "<article class=sv id=\"{}\" tabindex=-1 data-kind=service data-n=\"{}\" style=\"--h:480px\">",
        text(&anchor),
        text(&service.name),
    );
    title(out, "Service", &anchor, &service.name, "");
    let _ = write!(
        out,
        "<div class=doc>{}</div>",
        prose(service.doc.as_deref().unwrap_or_default())
    );
    out.push_str(&graph::of_service(index, id).unwrap_or_default());
    let mut facts = vec![
        ("Handles", events(index, id, &index.subscribes(id))),
        ("Publishes", events(index, id, &index.publishes(id))),
    ];
    if !service.subscribes.is_empty() {
        facts.extend(running(service));
    }
    event::list(out, &facts);
    out.push_str("</article>");
}

fn events(index: &Index<'_>, service: ServiceId, events: &[EventId]) -> String {
    match events {
        [] => "<span class=none>nothing</span>".to_owned(),
        some => some
            .iter()
            .map(|id| match index.handled_as(service, *id) {
                Some(newer) => {
                    format!("{} as {}", event_link(index, *id), event_link(index, newer))
                }
                None => event_link(index, *id),
            })
            .collect::<Vec<_>>()
            .join(" "),
    }
}

/// How a service that handles events runs.
fn running(service: &Service) -> Vec<(&'static str, String)> {
    let retry = &service.retry;
    let retries = match retry.max_attempts {
        1 => "one attempt".to_owned(),
        n => format!(
            "{n} attempts, {} to {} apart",
            span(retry.first_delay),
            span(retry.max_delay)
        ),
    };
    let start = match &service.start.value {
        Start::All => "at the first message of a stream".to_owned(),
        Start::New => "at the next message".to_owned(),
        Start::At(time) => format!("at <code>{}</code>", text(time)),
    };
    vec![
        (
            "Queue group",
            format!("<code>{}</code>", text(service.group())),
        ),
        (
            "At once",
            format!(
                "{} per process, {} in flight",
                service.concurrency,
                service.in_flight()
            ),
        ),
        ("Time to handle", span(service.ack_wait)),
        ("On failure", retries),
        ("Begins", start),
    ]
}
