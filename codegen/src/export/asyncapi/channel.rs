//! Channels: one per event, with its subject, the placeholders in it, and the stream behind it.

use super::{Document, Members, put, put_some, reference};
use crate::json::Json;
use crate::model::{
    Discard, Event, EventId, Retention, ServiceId, Storage, Stream, Type, TypeKind,
};
use crate::subject::PARTITION;

impl Document<'_> {
    pub(super) fn channel(&self, id: EventId) -> Json {
        let event = &self.contracts[id];
        let title = &self.events[id.0];
        let mut out = Members::new();
        put(&mut out, "address", Json::text(event.subject.text.as_str()));
        put_some(
            &mut out,
            "description",
            event.doc.as_deref().map(Json::text),
        );
        let message = reference(&format!("#/components/messages/{title}"));
        put(
            &mut out,
            "messages",
            Json::object([(title.as_str(), message)]),
        );
        let parameters: Members = event
            .subject
            .placeholders()
            .map(|name| (name.to_owned(), self.parameter(event, name)))
            .collect();
        if !parameters.is_empty() {
            put(&mut out, "parameters", Json::Object(parameters));
        }
        let stream = self.contracts.stream_of(event);
        put_some(&mut out, "x-jetstream", stream.map(settings));
        Json::Object(out)
    }

    fn parameter(&self, event: &Event, name: &str) -> Json {
        let mut out = Members::new();
        let fields = event.body.fields();
        if name == PARTITION {
            let key = event.key.as_ref().and_then(|key| fields.get(key.value?));
            let partitions = self
                .contracts
                .stream_of(event)
                .and_then(|s| s.partitions.as_ref());
            let text = format!(
                "FNV-1a (32 bits) of the text of `{}`, modulo {}: events of one key stay in order. The stream takes no other.",
                key.map(crate::model::Field::wire).unwrap_or_default(),
                partitions.map_or(1, |n| n.value)
            );
            put(&mut out, "description", Json::text(text));
            return Json::Object(out);
        }
        if let Some(field) = fields.iter().find(|field| field.name.value == name) {
            let doc = field.doc.clone();
            let doc = doc.unwrap_or_else(|| format!("The payload's `{}`.", field.wire()));
            put(&mut out, "description", Json::text(doc));
            if let Type::Named(id) = &field.ty.value
                && let TypeKind::Enum(choice) = &self.contracts[*id].body.kind
            {
                let values = choice.values.iter().map(|v| Json::text(v.value.as_str()));
                let keyword = if choice.closed { "enum" } else { "examples" };
                put(&mut out, keyword, Json::list(values));
            }
            let pointer = field.wire().replace('~', "~0").replace('/', "~1");
            put(
                &mut out,
                "location",
                Json::text(format!("$message.payload#/{pointer}")),
            );
        }
        Json::Object(out)
    }

    /// The durable consumers through which a service gets a stored event.
    pub(super) fn durables(&self, id: ServiceId, event: EventId) -> Option<Json> {
        let service = &self.contracts[id];
        let stream = self.contracts.stream_of(&self.contracts[event])?;
        let durables = self.contracts.durables(service).into_iter();
        let names = durables
            .filter(|durable| durable.events.contains(&event))
            .map(|durable| durable.name);
        let wait = service.ack_wait.as_millis().to_string();
        Some(Json::object([
            ("stream", Json::text(stream.name.value.as_str())),
            ("durables", Json::list(names.map(Json::text))),
            ("ackWaitMs", Json::Number(wait)),
            ("maxAttempts", Json::integer(service.retry.max_attempts)),
        ]))
    }
}

/// A stream's settings.
fn settings(stream: &Stream) -> Json {
    let mut out = Members::new();
    let millis = |d: std::time::Duration| Json::Number(d.as_millis().to_string());
    put(&mut out, "stream", Json::text(stream.name.value.as_str()));
    put_some(
        &mut out,
        "maxAgeMs",
        stream.max_age.as_ref().map(|age| millis(age.value)),
    );
    put_some(
        &mut out,
        "maxBytes",
        stream.max_bytes.as_ref().map(|n| Json::integer(n.value)),
    );
    put_some(
        &mut out,
        "maxMessages",
        stream.max_messages.as_ref().map(|n| Json::integer(n.value)),
    );
    put(&mut out, "replicas", Json::integer(stream.replicas));
    let storage = match stream.storage {
        Storage::File => "file",
        Storage::Memory => "memory",
    };
    put(&mut out, "storage", Json::text(storage));
    let retention = match stream.retention.value {
        Retention::Limits => "limits",
        Retention::Interest => "interest",
        Retention::WorkQueue => "workqueue",
    };
    put(&mut out, "retention", Json::text(retention));
    put(&mut out, "duplicateWindowMs", millis(stream.window()));
    let discard = match stream.discard {
        Discard::New => "new",
        Discard::Old => "old",
    };
    put(&mut out, "discard", Json::text(discard));
    put_some(
        &mut out,
        "partitions",
        stream.partitions.as_ref().map(|n| Json::integer(n.value)),
    );
    Json::Object(out)
}
