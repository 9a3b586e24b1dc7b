//! The top of the page: what there is, who talks to whom, and what is on its way out.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::html::{count, inline, link, prose, text};
use super::index::Index;
use super::links::{event_link, service_link};
use super::{fields, graph, ids};
use crate::model::{DomainId, Field, ServiceId};

/// What there is, counted and drawn.
pub(super) fn section(out: &mut String, index: &Index<'_>, whole: bool) {
    let contracts = index.contracts;
    let _ = write!(
        out,
        "<section class=top id=the-overview><h1>Event catalog</h1><p class=lead>{}, {} and {} in {}.</p>",
        count(contracts.events.len(), "event", "events"),
        count(contracts.services.len(), "service", "services"),
        count(contracts.streams.len(), "stream", "streams"),
        count(contracts.domains.len(), "domain", "domains"),
    );
    if let Some(picture) = graph::overview(index) {
        out.push_str("<h2 id=the-graph tabindex=-1>Who talks to whom</h2>");
        if whole {
            out.push_str(
                "<div class=legend aria-hidden=true><span class=svc>service</span><span class=evt>stored event</span>\
                 <span class=\"evt loose\">event sent at most once</span></div>",
            );
        }
        out.push_str(&picture);
    }
    if !whole {
        domains(out, index);
    }
    let quiet = index
        .events()
        .filter(|id| index.publishers(*id).is_empty() && index.subscribers(*id).is_empty());
    let quiet: Vec<String> = quiet.map(|id| event_link(index, id)).collect();
    if !quiet.is_empty() && quiet.len() < contracts.events.len() && quiet.len() <= 20 {
        let _ = write!(
            out,
            "<p class=note>Without any service: {}.</p>",
            quiet.join(", ")
        );
    }
    out.push_str("</section>");
}

/// A card for each domain: what it holds, and with which other domains it has to do.
fn domains(out: &mut String, index: &Index<'_>) {
    let contracts = index.contracts;
    out.push_str("<h2 id=all-domains tabindex=-1>Domains</h2><ul class=domains>");
    for (at, (to, from)) in graph::neighbours(index).iter().enumerate() {
        let id = DomainId(at);
        let domain = &contracts[id];
        let events = contracts.events.iter().filter(|event| event.domain == id);
        let services = contracts.services.iter().filter(|s| s.domain == id);
        let doc = domain.doc.as_deref().unwrap_or_default();
        let _ = write!(
            out,
            "<li><a href=\"{}\">{}</a>{}<p class=quiet>{} · {}</p>",
            link(&domain.name),
            fields::breakable(&domain.name),
            prose(doc.split("\n\n").next().unwrap_or_default()),
            count(events.count(), "event", "events"),
            count(services.count(), "service", "services"),
        );
        for (says, others) in [("Handled by", to), ("Handles", from)] {
            let link = |id: &DomainId| {
                let name = &contracts[*id].name;
                format!("<a href=\"{}\">{}</a>", link(name), text(name))
            };
            let links: Vec<String> = others.iter().map(link).collect();
            if !links.is_empty() {
                let _ = write!(out, "<p class=quiet>{says}: {}</p>", links.join(", "));
            }
        }
    }
    out.push_str("</ul>");
}

/// What is on its way out, and who still holds on to it.
pub(super) fn deprecations(out: &mut String, index: &Index<'_>) {
    let contracts = index.contracts;
    let mut items = Vec::new();
    for id in index.events() {
        let event = &contracts[id];
        if let Some(instead) = &event.deprecated {
            let users = index.publishers(id).iter().chain(index.subscribers(id));
            let users: BTreeSet<ServiceId> = users.copied().collect();
            let users: Vec<String> = users
                .into_iter()
                .map(|id| service_link(index, id))
                .collect();
            let used = if users.is_empty() {
                "Nobody uses it any more.".to_owned()
            } else {
                format!("Still used by {}.", users.join(", "))
            };
            items.push(format!(
                "{} <span>{}</span> <span class=quiet>{used}</span>",
                event_link(index, id),
                inline(instead)
            ));
        }
        deprecated_fields(&mut items, &ids::event(index, id), event.body.fields());
    }
    for id in index.types() {
        deprecated_fields(&mut items, &ids::ty(index, id), index.body(id).fields());
    }
    if !items.is_empty() {
        out.push_str("<section class=top aria-labelledby=all-deprecations><h2 id=all-deprecations tabindex=-1>Deprecated</h2><ul class=deprecated>");
        for item in items {
            let _ = write!(out, "<li>{item}");
        }
        out.push_str("</ul></section>");
    }
}

fn deprecated_fields(items: &mut Vec<String>, owner: &str, fields: &[Field]) {
    for field in fields {
        if let Some(instead) = &field.deprecated {
            let id = format!("{owner}.{}", field.name.value);
            items.push(format!(
                "<a class=fld href=\"{}\">{}.{}</a> <span>{}</span>",
                link(&id),
                text(owner),
                text(&field.wire()),
                inline(instead)
            ));
        }
    }
}
