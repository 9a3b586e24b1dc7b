//! One event: what it means, how it travels, who sends and handles it, its fields, a sample and its schema.

use std::fmt::Write;

use super::html::{content, inline, link, prose, text};
use super::index::Index;
use super::links::{event_link, service_link, title};
use super::{ids, json, types};
use crate::export::samples;
use crate::json::Json;
use crate::model::{Envelope, Event, EventId, ServiceId};
use crate::subject::Segment;

/// An event with its exported schema and the name of that file.
pub(super) fn article(out: &mut String, index: &Index<'_>, id: EventId, file: &str, schema: &str) {
    let contracts = index.contracts;
    let event = &contracts[id];
    let anchor = ids::event(index, id);
    let rows = event.body.fields().len();
    // What a browser assumes of an article that it has not laid out yet.
    let height = 520 + rows * 58;
    let _ = write!(
        out,
        "<article id=\"{0}\" tabindex=-1 data-kind=event data-n=\"{1}\" data-s=\"{2}\" style=\"--h:{height}px\">",
        text(&anchor),
        text(&event.name),
        text(&event.subject.text),
    );
    title(out, "Event", &anchor, &event.name, &badges(event));
    if let Some(instead) = &event.deprecated {
        let _ = write!(
            out,
            "<p class=warn><b>Deprecated.</b> {}</p>",
            inline(instead)
        );
    }
    let _ = write!(
        out,
        "<div class=doc>{}</div>",
        prose(event.doc.as_deref().unwrap_or_default())
    );
    flow(out, index, id);
    facts(out, index, id);
    out.push_str("<div class=split><div class=left>");
    types::body(out, index, event.domain, &anchor, &event.body);
    out.push_str("</div><div class=right>");
    for (name, sample) in payloads(index, id) {
        code(out, &name, &sample);
    }
    let _ = write!(
        out,
        "<details class=schema><summary>JSON Schema</summary><div class=\"tools js\">\
         <button type=button data-do=save data-file=\"{0}\">Download<span class=sr> {0}</span></button>\
         <button type=button data-do=copy>Copy<span class=sr> the schema of {1}</span></button></div>\
         <pre tabindex=0 role=region aria-label=\"JSON Schema of {1}\"><code>{2}</code></pre></details></div></div></article>",
        text(file),
        text(&event.name),
        content(schema.trim_end()),
    );
}

fn badges(event: &Event) -> String {
    let mut out = String::from("<p class=badges>");
    out.push_str(if event.stream.is_some() {
        "<span class=badge>stored</span>"
    } else {
        "<span class=\"badge loose\">at most once</span>"
    });
    if event.key.is_some() {
        out.push_str("<span class=badge>in order</span>");
    }
    if event.version != 1 {
        let _ = write!(out, "<span class=badge>version {}</span>", event.version);
    }
    if event.envelope == Envelope::CloudEvents {
        out.push_str("<span class=badge>CloudEvents</span>");
    }
    if event.deprecated.is_some() {
        out.push_str("<span class=\"badge bad\">deprecated</span>");
    }
    out.push_str("</p>");
    out
}

/// From whom to whom, as a line of links.
fn flow(out: &mut String, index: &Index<'_>, id: EventId) {
    let list = |services: &[ServiceId], handlers: bool| match services {
        [] => "<span class=none>nobody</span>".to_owned(),
        some => some
            .iter()
            .map(|service| match index.handled_as(*service, id) {
                Some(newer) if handlers => format!(
                    "{} as {}",
                    service_link(index, *service),
                    event_link(index, newer)
                ),
                _ => service_link(index, *service),
            })
            .collect::<Vec<_>>()
            .join(" "),
    };
    let _ = write!(
        out,
        "<div class=flow><div><h4>Published by</h4><p>{}</p></div><div class=mid><h4>Subject</h4><p>{}</p></div>\
         <div><h4>Handled by</h4><p>{}</p></div></div>",
        list(index.publishers(id), false),
        subject(&index.contracts[id]),
        list(index.subscribers(id), true),
    );
}

/// The subject with its placeholders told apart; it may be broken after dots.
fn subject(event: &Event) -> String {
    let tokens = event.subject.segments.iter().map(|segment| match segment {
        Segment::Literal(literal) => text(literal).to_string(),
        Segment::Placeholder(name) => format!("<var>{{{}}}</var>", text(name)),
    });
    format!(
        "<code class=subject>{}</code>",
        tokens.collect::<Vec<_>>().join(".<wbr>")
    )
}

fn facts(out: &mut String, index: &Index<'_>, id: EventId) {
    let contracts = index.contracts;
    let event = &contracts[id];
    let mut facts: Vec<(&str, String)> = Vec::new();
    let stream = event.stream.as_ref().and_then(|stream| stream.value);
    if let Some(stream) = stream {
        let name = text(&contracts[stream].name).to_string();
        facts.push((
            "Stream",
            format!(
                "<a class=str href=\"{}\">{name}</a>",
                link(&ids::stream(index, stream))
            ),
        ));
    }
    let member = |at: Option<usize>| at.and_then(|at| event.body.fields().get(at));
    if let Some(field) = event.id.as_ref().and_then(|field| member(field.value)) {
        let name = text(&contracts.event_name(event)).to_string();
        facts.push((
            "Message id",
            format!(
                "<code>{}:<var>{{{}}}</var></code>",
                name.replace('.', ".<wbr>"),
                text(&field.wire())
            ),
        ));
    }
    if let Some(field) = event.key.as_ref().and_then(|field| member(field.value)) {
        let partitions = stream.and_then(|stream| contracts[stream].partitions.as_ref());
        let over = partitions
            .map(|n| format!(", over {} partitions", n.value))
            .unwrap_or_default();
        facts.push((
            "Order",
            format!("by <code>{}</code>{over}", text(&field.wire())),
        ));
    }
    if let Some(old) = event.supersedes.as_ref().and_then(|old| old.value) {
        facts.push((
            "Replaces",
            format!(
                "{}, which its subscribers receive too",
                event_link(index, old)
            ),
        ));
    }
    let successors: Vec<String> = index
        .successors(id)
        .iter()
        .map(|id| event_link(index, *id))
        .collect();
    if !successors.is_empty() {
        facts.push(("Replaced by", successors.join(", ")));
    }
    if !event.reserved.is_empty() {
        let names = event
            .reserved
            .iter()
            .map(|name| format!("<code>{}</code>", text(name)));
        facts.push(("Never again", names.collect::<Vec<_>>().join(" ")));
    }
    list(out, &facts);
}

/// Facts by name; values are HTML already.
pub(super) fn list(out: &mut String, facts: &[(&str, String)]) {
    if facts.is_empty() {
        return;
    }
    out.push_str("<dl class=facts>");
    for (name, value) in facts {
        // A long list has a line of its own.
        let wide = if value.len() > 600 { " class=wide" } else { "" };
        let _ = write!(out, "<div{wide}><dt>{name}<dd>{value}</div>");
    }
    out.push_str("</dl>");
}

/// The contract's own examples, or else a payload that was made up.
fn payloads(index: &Index<'_>, id: EventId) -> Vec<(String, Json)> {
    let examples = &index.contracts[id].examples;
    if examples.is_empty() {
        let made = samples::sample(index.contracts, id);
        return made
            .map(|payload| ("Sample".to_owned(), payload))
            .into_iter()
            .collect();
    }
    let several = examples.len() > 1;
    let name = |at: usize| {
        if several {
            format!("Example {}", at + 1)
        } else {
            "Example".to_owned()
        }
    };
    examples
        .iter()
        .enumerate()
        .map(|(at, example)| (name(at), json::value(example)))
        .collect()
}

fn code(out: &mut String, name: &str, payload: &Json) {
    let _ = write!(
        out,
        "<figure class=code><figcaption>{name}<button type=button class=js data-do=copy>Copy<span class=sr> {name}</span></button></figcaption>\
         <pre tabindex=0><code>{}</code></pre></figure>",
        json::coloured(payload.to_pretty().trim_end())
    );
}
