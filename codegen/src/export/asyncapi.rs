//! AsyncAPI 3.0: which service sends and receives what, on which subject, with which payload, as one JSON document.
//!
//! Of the whole folder, or of one service: then only its operations, and the channels and schemas that they need. The
//! payloads' schemas are those of `json_schema`, hoisted to `components`. Where the servers are is
//! not in the contracts, so the document names none.

mod channel;
mod message;

use std::collections::BTreeSet;

use crate::check::Checked;
use crate::export::json_schema;
use crate::json::Json;
use crate::model::{EventId, ServiceId, TypeKind};
use crate::name;

/// Place where the document keeps its schemas.
const SCHEMAS: &str = "#/components/schemas/";

type Members = Vec<(String, Json)>;

/// Which way a service's events go, seen from it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Send,
    Receive,
}

impl Action {
    fn as_str(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Receive => "receive",
        }
    }
}

/// The document of all services, or of one. The same text on every run.
#[must_use]
pub fn asyncapi(contracts: &Checked, service: Option<ServiceId>) -> String {
    let (events, types) = json_schema::titles(contracts);
    let document = Document {
        contracts,
        events,
        types,
    };
    document.write(service).to_pretty()
}

struct Document<'a> {
    contracts: &'a Checked,
    /// The titles of events in schemas.
    events: Vec<String>,
    /// The titles of types in schemas.
    types: Vec<String>,
}

impl Document<'_> {
    fn write(&self, service: Option<ServiceId>) -> Json {
        let services: Vec<ServiceId> = match service {
            Some(one) => vec![one],
            None => (0..self.contracts.services.len()).map(ServiceId).collect(),
        };
        let operations: Vec<_> = services
            .iter()
            .flat_map(|id| self.operations(*id))
            .collect();
        let events: Vec<EventId> = match service {
            None => (0..self.contracts.events.len()).map(EventId).collect(),
            Some(_) => {
                let used: BTreeSet<_> = operations.iter().map(|(event, ..)| *event).collect();
                used.into_iter().collect()
            }
        };
        let channels = events
            .iter()
            .map(|id| (self.event_name(*id), self.channel(*id)));
        let messages = events
            .iter()
            .map(|id| (self.events[id.0].clone(), self.message(*id)));
        let components = [
            ("messages", Json::object(messages)),
            ("schemas", Json::object(self.schemas(&events))),
        ];
        Json::object([
            ("asyncapi", Json::text("3.0.0")),
            ("info", self.info(service)),
            ("defaultContentType", Json::text("application/json")),
            ("channels", Json::object(channels)),
            (
                "operations",
                Json::object(
                    operations
                        .into_iter()
                        .map(|(_, id, operation)| (id, operation)),
                ),
            ),
            ("components", Json::object(components)),
        ])
    }

    fn info(&self, service: Option<ServiceId>) -> Json {
        let mut out = Members::new();
        let (title, doc, tags) = match service {
            Some(id) => {
                let service = &self.contracts[id];
                (service.name.value.clone(), service.doc.clone(), Vec::new())
            }
            None => {
                let doc = "Every event of the contracts; the tag of an operation is the service that it is seen from.";
                let tags = self.contracts.services.iter().map(|service| {
                    let mut tag = Members::new();
                    put(&mut tag, "name", Json::text(service.name.value.as_str()));
                    put_some(
                        &mut tag,
                        "description",
                        service.doc.as_deref().map(Json::text),
                    );
                    Json::Object(tag)
                });
                (
                    "Event contracts".to_owned(),
                    Some(doc.to_owned()),
                    tags.collect(),
                )
            }
        };
        put(&mut out, "title", Json::text(title));
        // Demanded by AsyncAPI. Contracts have no version: an event whose shape breaks gets another subject.
        put(&mut out, "version", Json::text("1"));
        put_some(&mut out, "description", doc.map(Json::text));
        if !tags.is_empty() {
            put(&mut out, "tags", Json::List(tags));
        }
        let from = "generated from the contracts folder; do not edit";
        put(&mut out, "x-generated", Json::text(from));
        Json::Object(out)
    }

    /// What a service does: the event, the operation's id, and the operation.
    fn operations(&self, id: ServiceId) -> Vec<(EventId, String, Json)> {
        let service = &self.contracts[id];
        let sends = service.publishes.iter().filter_map(|event| event.value);
        let receives = self.contracts.delivered(service).into_iter();
        sends
            .map(|event| (Action::Send, event))
            .chain(receives.map(|delivered| (Action::Receive, delivered.event)))
            .map(|(action, event)| {
                let name = self.event_name(event);
                let key = format!("{}.{}.{name}", service.name.value, action.as_str());
                (event, key, self.operation(id, action, event))
            })
            .collect()
    }

    fn operation(&self, id: ServiceId, action: Action, event: EventId) -> Json {
        let service = &self.contracts[id];
        let name = self.event_name(event);
        let channel = format!("#/channels/{name}");
        let mut out = Members::new();
        put(&mut out, "action", Json::text(action.as_str()));
        put(&mut out, "channel", reference(&channel));
        let verb = match action {
            Action::Send => "publishes",
            Action::Receive => "handles",
        };
        let summary = format!("{} {verb} {name}.", service.name.value);
        put(&mut out, "summary", Json::text(summary));
        let tag = Json::object([("name", Json::text(service.name.value.as_str()))]);
        put(&mut out, "tags", Json::list([tag]));
        if action == Action::Receive {
            let queue = [
                ("queue", Json::text(service.group())),
                ("bindingVersion", Json::text("0.1.0")),
            ];
            put(
                &mut out,
                "bindings",
                Json::object([("nats", Json::object(queue))]),
            );
            put_some(&mut out, "x-jetstream", self.durables(id, event));
        }
        let message = format!("{channel}/messages/{}", self.events[event.0]);
        put(&mut out, "messages", Json::list([reference(&message)]));
        Json::Object(out)
    }

    /// Every schema that the events need. A union names its tag in the way that AsyncAPI has for it, and the tag of each
    /// variant has a title: generators of classes number what has none.
    fn schemas(&self, events: &[EventId]) -> Members {
        let mut all = json_schema::hoisted(self.contracts, SCHEMAS, events);
        let mut taken: BTreeSet<String> = self.events.iter().chain(&self.types).cloned().collect();
        taken.extend(all.iter().map(|(title, _)| title.clone()));
        for (ty, title) in self.contracts.types.iter().zip(&self.types) {
            let TypeKind::Union(union) = &ty.body.kind else {
                continue;
            };
            let tag = union.tag.value.as_str();
            let Some(members) = members_of(&mut all, title) else {
                continue;
            };
            put(members, "discriminator", Json::text(tag));
            for variant in union.variants.iter().filter_map(|variant| variant.ty.value) {
                let variant = &self.types[variant.0];
                let mut title = format!("{variant}{}", name::variant_ident(tag));
                while !taken.insert(title.clone()) {
                    title.push('_');
                }
                if let Some(members) = members_of(&mut all, variant) {
                    name_tag(members, tag, title);
                }
            }
        }
        let schema = |(title, members)| (title, Json::Object(members));
        all.into_iter().map(schema).collect()
    }

    fn event_name(&self, id: EventId) -> String {
        self.contracts.event_name(&self.contracts[id])
    }
}

/// The members of the schema of this title.
fn members_of<'s>(schemas: &'s mut [(String, Members)], title: &str) -> Option<&'s mut Members> {
    let found = schemas.iter_mut().find(|(name, _)| name == title);
    found.map(|(_, members)| members)
}

/// Gives the property that is a variant's tag a title.
fn name_tag(variant: &mut Members, tag: &str, title: String) {
    let properties = variant.iter_mut().find(|(key, _)| key == "properties");
    if let Some((_, Json::Object(properties))) = properties
        && let Some((_, Json::Object(schema))) = properties.iter_mut().find(|(key, _)| key == tag)
    {
        schema.insert(0, ("title".to_owned(), Json::text(title)));
    }
}

fn reference(to: &str) -> Json {
    Json::object([("$ref", Json::text(to))])
}

fn put(out: &mut Members, key: &str, value: Json) {
    out.push((key.to_owned(), value));
}

fn put_some(out: &mut Members, key: &str, value: Option<Json>) {
    if let Some(value) = value {
        put(out, key, value);
    }
}
