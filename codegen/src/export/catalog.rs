//! The catalog: one HTML page of all domains, events, types, services and streams, for people.
//!
//! The page stands alone: style and script are inside, nothing is loaded from anywhere, and its content is there
//! without the script too, which adds search, downloads and the highlights of the graph. Every text of a contract is
//! escaped (see `html`). The same contracts give the same bytes.

mod draw;
mod event;
mod fields;
mod graph;
mod html;
mod ids;
mod index;
mod json;
mod layout;
mod links;
mod navigation;
mod overview;
mod service;
mod stream;
mod types;

use std::fmt::Write;

use self::html::{count, link, prose, text};
use self::index::{Index, MANY};
use super::json_schema::{Draft, Layout, json_schema};
use crate::check::Checked;
use crate::model::{DomainId, EventId};

const CSS: &str = include_str!("catalog/page.css");
const JS: &str = include_str!("catalog/page.js");

/// Events from which on the picture of a domain is so tall that it is shown only to who asks for it.
const TALL: usize = 16;

/// The page of a contracts folder.
#[must_use]
pub fn catalog(contracts: &Checked) -> String {
    let index = Index::new(contracts);
    let schemas = json_schema(contracts, Draft::Draft07, Layout::Bundled);
    let mut out = String::with_capacity(64 * 1024);
    head(&mut out, &index);
    navigation::bar(&mut out);
    out.push_str("<div class=columns>");
    navigation::contents(&mut out, &index);
    out.push_str("<main id=main tabindex=-1>");
    let whole = graph::fits(&index);
    overview::section(&mut out, &index, whole);
    overview::deprecations(&mut out, &index);
    let mut schemas = schemas.into_iter();
    for domain in (0..contracts.domains.len()).map(DomainId) {
        let events: Vec<EventId> = index
            .events()
            .filter(|id| contracts[*id].domain == domain)
            .collect();
        domain_head(&mut out, &index, domain, events.len());
        // In small contracts the picture at the top has shown it already.
        if !whole {
            domain_picture(&mut out, &index, domain, events.len());
        }
        // The model has events by domain: their schemas come in the same order.
        for id in events {
            let (file, schema) = schemas.next().unwrap_or_default();
            event::article(&mut out, &index, id, &file, &schema);
        }
        types::of_domain(&mut out, &index, Some(domain));
        out.push_str("</section>");
    }
    types::imported(&mut out, &index);
    service::section(&mut out, &index);
    stream::section(&mut out, &index);
    out.push_str("</main></div>");
    let _ = writeln!(out, "<script>{JS}</script></body></html>");
    out
}

fn head(out: &mut String, index: &Index<'_>) {
    let many = if index.contracts.events.len() > MANY {
        " class=many"
    } else {
        ""
    };
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>\
         <meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\
         <meta name=color-scheme content=\"light dark\"><title>Event catalog</title>\
         <link rel=icon href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E\
         %3Crect width='16' height='16' rx='4' fill='%234338ca'/%3E%3Cpath d='M4 5h8M4 8h5M4 11h7' stroke='white' \
         stroke-width='1.6' stroke-linecap='round'/%3E%3C/svg%3E\">\
         <style>{CSS}</style></head><body{many}>"
    );
}

fn domain_head(out: &mut String, index: &Index<'_>, id: DomainId, events: usize) {
    let domain = &index.contracts[id];
    let types = index
        .contracts
        .types
        .iter()
        .filter(|ty| ty.domain == id)
        .count();
    let name = text(&domain.name);
    let _ = write!(
        out,
        "<section class=domain aria-labelledby=\"{name}\"><header data-kind=domain data-n=\"{name}\">\
         <p class=kind>Domain</p><h2 id=\"{name}\" tabindex=-1>{}<a class=hash href=\"{}\" aria-label=\"Link to {name}\">#</a></h2><div class=doc>{}</div><p class=quiet>",
        fields::breakable(&domain.name),
        link(&domain.name),
        prose(domain.doc.as_deref().unwrap_or_default()),
    );
    if let Some(owner) = &domain.owner {
        let _ = write!(out, "Owner: <b>{}</b> · ", text(owner));
    }
    let _ = write!(
        out,
        "{} · {} · <code>{}.toml</code></p></header>",
        count(events, "event", "events"),
        count(types, "type", "types"),
        text(&domain.name.replace('.', "/")),
    );
}

fn domain_picture(out: &mut String, index: &Index<'_>, id: DomainId, events: usize) {
    if let Some(picture) = graph::of_domain(index, id) {
        let open = if events > TALL { "" } else { " open" };
        let _ = write!(
            out,
            "<details class=picture{open}><summary>Who talks to whom in {}</summary>{picture}</details>",
            text(&index.contracts[id].name)
        );
    }
}

#[cfg(test)]
mod tests;
