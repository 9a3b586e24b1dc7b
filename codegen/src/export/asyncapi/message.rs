//! Messages: what an event's message has beside its payload, which is a reference.

use super::{Document, Members, SCHEMAS, put, put_some, reference};
use crate::json::Json;
use crate::model::{Envelope, Event, EventId};

impl Document<'_> {
    pub(super) fn message(&self, id: EventId) -> Json {
        let event = &self.contracts[id];
        let title = &self.events[id.0];
        let mut out = Members::new();
        put(&mut out, "name", Json::text(self.event_name(id)));
        put(&mut out, "title", Json::text(title.as_str()));
        let mut notes: Vec<String> = event.doc.iter().cloned().collect();
        notes.extend(
            event
                .deprecated
                .as_ref()
                .map(|instead| format!("Deprecated: {}", instead.value)),
        );
        if !notes.is_empty() {
            put(&mut out, "description", Json::text(notes.join("\n\n")));
        }
        put(&mut out, "contentType", Json::text("application/json"));
        put(&mut out, "headers", self.headers(id, event));
        put(&mut out, "payload", reference(&format!("{SCHEMAS}{title}")));
        if !event.examples.is_empty() {
            let examples = event.examples.iter();
            let examples = examples.map(|example| Json::object([("payload", Json::from(example))]));
            put(&mut out, "examples", Json::list(examples));
        }
        let domain = &self.contracts[event.domain];
        let mut about = Members::new();
        put(&mut about, "domain", Json::text(domain.name.as_str()));
        put_some(&mut about, "owner", domain.owner.as_deref().map(Json::text));
        put(&mut about, "version", Json::integer(event.version));
        let wire = |field: &Option<crate::source::Spanned<Option<usize>>>| {
            let field = event.body.fields().get(field.as_ref()?.value?)?;
            Some(Json::text(field.wire()))
        };
        put_some(&mut about, "id", wire(&event.id));
        put_some(&mut about, "key", wire(&event.key));
        put(&mut out, "x-event", Json::Object(about));
        Json::Object(out)
    }

    fn headers(&self, id: EventId, event: &Event) -> Json {
        let mut properties = Members::new();
        let name = self.event_name(id);
        let mut header = |name: &str, doc: String| {
            let schema = [
                ("type", Json::text("string")),
                ("description", Json::text(doc)),
            ];
            put(&mut properties, name, Json::object(schema));
        };
        if event.stream.is_some() {
            header(
                "Nats-Msg-Id",
                format!("`{name}:<id>`: what the stream knows a repeated message by."),
            );
        }
        header(
            "traceparent",
            "The trace that the message belongs to, as W3C Trace Context has it.".to_owned(),
        );
        header("tracestate", "What tracing systems add to it.".to_owned());
        if event.envelope == Envelope::CloudEvents {
            for (attribute, doc) in [
                (
                    "ce-specversion",
                    "The version of CloudEvents: `1.0`.".to_owned(),
                ),
                (
                    "ce-id",
                    format!("The message id, `{name}:<id>`; percent-encoded."),
                ),
                (
                    "ce-source",
                    "The service that publishes, a URI reference; percent-encoded.".to_owned(),
                ),
                ("ce-type", format!("`{name}`")),
                ("ce-time", "When it was published, RFC 3339.".to_owned()),
                ("ce-datacontenttype", "`application/json`".to_owned()),
            ] {
                header(attribute, doc);
            }
        }
        Json::object([
            ("type", Json::text("object")),
            ("properties", Json::Object(properties)),
        ])
    }
}
