//! The bar with the search, and the table of contents.

use std::fmt::Write;

use super::html::{link, text};
use super::ids;
use super::index::Index;
use crate::model::{DomainId, StreamId};

/// The bar that stays on top.
pub(super) fn bar(out: &mut String) {
    out.push_str(
        "<a class=skip href=\"#main\">Skip to content</a><header class=bar><button id=contents-toggle class=js type=button \
         aria-expanded=false aria-controls=contents><svg viewBox=\"0 0 20 20\" width=18 height=18 aria-hidden=true>\
         <path d=\"M3 5.5h14M3 10h14M3 14.5h14\"/></svg><span class=sr>Contents</span></button><a class=brand href=\"#the-overview\">\
         <svg viewBox=\"0 0 16 16\" width=22 height=22 aria-hidden=true><rect width=16 height=16 rx=4 />\
         <path d=\"M4 5h8M4 8h5M4 11h7\"/></svg>Event catalog</a>\
         <div class=\"search js\" role=search><input id=search-input type=search role=combobox autocomplete=off \
         spellcheck=false aria-label=\"Search events, fields, types, services and streams\" aria-autocomplete=list \
         aria-expanded=false aria-controls=search-results placeholder=\"Search events, fields, services …\">\
         <kbd aria-hidden=true>/</kbd>\
         <ul id=search-results role=listbox aria-label=\"Search results\" hidden></ul></div>\
         <p id=page-status class=sr role=status aria-live=polite></p>\
         <button id=theme-toggle class=js type=button aria-pressed=false title=\"Dark theme\">\
         <svg viewBox=\"0 0 20 20\" width=18 height=18 aria-hidden=true><circle cx=10 cy=10 r=7.2 />\
         <path d=\"M10 2.8a7.2 7.2 0 0 1 0 14.4z\"/></svg><span class=sr>Dark theme</span></button></header>",
    );
}

/// Links to everything, by domain.
pub(super) fn contents(out: &mut String, index: &Index<'_>) {
    let contracts = index.contracts;
    // With hundreds of lines only the headings are of use at first.
    let open = if contracts.events.len() > super::index::MANY {
        ""
    } else {
        " open"
    };
    out.push_str("<nav id=contents class=contents aria-label=Contents><div class=inner>");
    for at in 0..contracts.domains.len() {
        let domain = &contracts.domains[at];
        let _ = write!(
            out,
            "<details{open}><summary>{}</summary><ul><li><a href=\"{}\">Overview</a>",
            text(&domain.name),
            link(&domain.name)
        );
        for id in index
            .events()
            .filter(|id| contracts[*id].domain == DomainId(at))
        {
            let old = if contracts[id].deprecated.is_some() {
                " old"
            } else {
                ""
            };
            item(
                out,
                &format!("evt{old}"),
                &ids::event(index, id),
                &contracts[id].name,
            );
        }
        types(out, index, Some(DomainId(at)));
        out.push_str("</ul></details>");
    }
    if index.of_domain(None).next().is_some() {
        let _ = write!(out, "<details{open}><summary>JSON Schemas</summary><ul>");
        types(out, index, None);
        out.push_str("</ul></details>");
    }
    if !contracts.services.is_empty() {
        let _ = write!(out, "<details{open}><summary>Services</summary><ul>");
        for id in index.services() {
            item(out, "svc", &ids::service(index, id), &contracts[id].name);
        }
        out.push_str("</ul></details>");
    }
    if !contracts.streams.is_empty() {
        let _ = write!(out, "<details{open}><summary>Streams</summary><ul>");
        for id in (0..contracts.streams.len()).map(StreamId) {
            item(out, "str", &ids::stream(index, id), &contracts[id].name);
        }
        out.push_str("</ul></details>");
    }
    out.push_str("</div></nav>");
}

fn types(out: &mut String, index: &Index<'_>, domain: Option<DomainId>) {
    for id in index.of_domain(domain) {
        item(out, "typ", &ids::ty(index, id), &index.contracts[id].name);
    }
}

fn item(out: &mut String, class: &str, id: &str, name: &str) {
    let class = if class.contains(' ') {
        format!("\"{class}\"")
    } else {
        class.to_owned()
    };
    let _ = write!(
        out,
        "<li><a class={class} href=\"{}\">{}</a>",
        link(id),
        text(name)
    );
}
