//! Titles of articles, and links to them.

use std::fmt::Write;

use super::html::{link, text};
use super::ids;
use super::index::Index;
use crate::model::{EventId, ServiceId};

/// Writes the head of an article: its kind, its name, its link and its badges.
pub(super) fn title(out: &mut String, kind: &str, id: &str, name: &str, badges: &str) {
    let _ = write!(
        out,
        "<p class=kind>{kind}</p><h3>{}<a class=hash href=\"{}\" aria-label=\"Link to {}\">#</a></h3>{badges}",
        text(name),
        link(id),
        text(name),
    );
}

pub(super) fn event_link(index: &Index<'_>, id: EventId) -> String {
    let event = &index.contracts[id];
    let old = if event.deprecated.is_some() {
        " old"
    } else {
        ""
    };
    format!(
        "<a class=\"evt{old}\" href=\"{}\">{}</a>",
        link(&ids::event(index, id)),
        text(&event.name)
    )
}

pub(super) fn service_link(index: &Index<'_>, id: ServiceId) -> String {
    format!(
        "<a class=svc href=\"{}\">{}</a>",
        link(&ids::service(index, id)),
        text(&index.contracts[id].name)
    )
}

/// Services by name, for a sentence.
pub(super) fn names(index: &Index<'_>, services: &[ServiceId]) -> String {
    if services.is_empty() {
        return "nobody".to_owned();
    }
    let names = services
        .iter()
        .map(|id| index.contracts[*id].name.value.as_str());
    names.collect::<Vec<_>>().join(", ")
}
