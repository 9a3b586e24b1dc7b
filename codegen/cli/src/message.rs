//! Messages by the contracts: which event one is, whether it fits, and the texts that the fields of an event become.
//!
//! The judgement is codegen's decoder, the texts are written by the runtime's writers: this file only puts them together.

use event_codegen::check::Checked;
use event_codegen::decode::{Decoder, Fault, Identity};
use event_codegen::diagnostic;
use event_codegen::json::Json;
use event_codegen::model::{Envelope, EventId, Field};
use event_codegen::subject::{PARTITION, Segment};
use event_runtime::async_nats::HeaderMap;
use event_runtime::raw;
use event_runtime::{MessageId, Subject, SubjectWriter};

/// The header with the message id.
pub(crate) const MESSAGE_ID: &str = "Nats-Msg-Id";

/// Reads messages by a folder of contracts.
pub(crate) struct MessageReader<'a> {
    decoder: Decoder<'a>,
    names: Vec<String>,
}

/// Judgement of a message.
pub(crate) struct Judged {
    /// Nothing when no contract names it.
    pub(crate) event: Option<EventId>,
    /// What a service would refuse; nothing when it takes the event.
    pub(crate) problems: Vec<Violation>,
    /// The event in its normal form, sensitive values masked; nothing when it is no JSON.
    pub(crate) body: Option<Json>,
}

/// Something that breaks the contract.
pub(crate) struct Violation {
    /// Place where in the body; empty for the whole message.
    pub(crate) path: String,
    /// The same for all items of a list and all entries of a map: `lines[].quantity`.
    pub(crate) place: String,
    pub(crate) rule: &'static str,
    /// What else makes it the same problem in another message; never a value.
    pub(crate) cause: String,
    pub(crate) reason: String,
}

/// A value that cannot be part of a subject or an id.
pub(crate) struct BadText<'a> {
    /// The field.
    pub(crate) field: Option<&'a Field>,
    pub(crate) reason: String,
}

impl<'a> MessageReader<'a> {
    pub(crate) fn new(contracts: &'a Checked) -> Self {
        let names = contracts.events.iter();
        Self {
            decoder: Decoder::new(contracts),
            names: names.map(|event| contracts.event_name(event)).collect(),
        }
    }

    pub(crate) fn contracts(&self) -> &'a Checked {
        self.decoder.contracts()
    }

    /// The full names of all events.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The full name of an event.
    pub(crate) fn name(&self, event: EventId) -> &str {
        &self.names[event.0]
    }

    /// Which event a message is, and what of it breaks the contract, as a service's listener sees it.
    pub(crate) fn read(&self, subject: &str, headers: &HeaderMap, body: &[u8]) -> Judged {
        let id = headers.get(MESSAGE_ID).map(|id| id.as_str());
        match self.identity(subject, id, headers) {
            Identity::Event(event) => self.body(event, headers, body),
            Identity::Contradiction { event, named } => {
                let mut judged = self.body(event, headers, body);
                let reason = format!(
                    "the subject belongs to {}, and the message id names {named}",
                    self.name(event)
                );
                judged
                    .problems
                    .insert(0, Violation::whole("contradiction", "", reason));
                judged
            }
            Identity::Unknown => Judged {
                event: None,
                problems: vec![Violation::whole(
                    "unknown",
                    "",
                    "no event of the contracts has this subject",
                )],
                body: Json::parse(body).ok(),
            },
        }
    }

    /// The event of a message; nothing when no contract names it, or its message id contradicts its subject.
    pub(crate) fn event_of(&self, subject: &str, headers: &HeaderMap) -> Option<EventId> {
        let id = headers.get(MESSAGE_ID).map(|id| id.as_str());
        match self.identity(subject, id, headers) {
            Identity::Event(event) => Some(event),
            _ => None,
        }
    }

    fn identity(&self, subject: &str, id: Option<&str>, headers: &HeaderMap) -> Identity {
        match self.decoder.identify(subject, id) {
            // Without a name in an id the envelope may say it.
            Identity::Unknown if id.is_none() => {
                let named = raw::cloud_event_type(headers);
                let event = named.and_then(|name| self.decoder.named(&name));
                match event.filter(|event| self.has_envelope(*event)) {
                    Some(event) => Identity::Event(event),
                    None => Identity::Unknown,
                }
            }
            identity => identity,
        }
    }

    fn has_envelope(&self, event: EventId) -> bool {
        self.contracts()[event].envelope == Envelope::CloudEvents
    }

    /// A body as an event.
    pub(crate) fn body(&self, event: EventId, headers: &HeaderMap, body: &[u8]) -> Judged {
        let opened = match self.has_envelope(event) {
            true => raw::without_envelope(self.name(event), headers, body),
            false => Ok(body.into()),
        };
        match opened {
            Ok(body) => {
                let decoded = self.decoder.decode(event, &body);
                Judged {
                    event: Some(event),
                    problems: decoded.faults.iter().map(Violation::from).collect(),
                    body: decoded.shown,
                }
            }
            Err((cause, reason)) => Judged {
                event: Some(event),
                // Of envelopes nothing is quoted.
                problems: vec![Violation::whole(cause.as_str(), reason.clone(), reason)],
                body: None,
            },
        }
    }

    /// Returns whether the subject is that of the event.
    pub(crate) fn is_of(&self, event: EventId, subject: &str) -> bool {
        self.decoder.by_subject(subject) == Some(event)
    }

    /// The fields that tell one event from another, as `orderId=7`: those of its id and its key.
    pub(crate) fn label(&self, judged: &Judged) -> String {
        let (Some(event), Some(body)) = (judged.event, &judged.body) else {
            return String::new();
        };
        let event = &self.contracts()[event];
        let members = event.body.fields();
        let mut named: Vec<usize> = Vec::new();
        for field in [&event.id, &event.key].into_iter().flatten() {
            named.extend(field.value.filter(|at| !named.contains(at)));
        }
        let texts = named.into_iter().filter_map(|at| {
            let field = members.get(at)?;
            let value = self.decoder.token(field, body)?;
            Some(format!("{}={}", field.wire(), visible(&value)))
        });
        texts.collect::<Vec<_>>().join(" ")
    }

    /// The subject that an event's fields make, from its normal form.
    pub(crate) fn subject(&self, event: EventId, body: &Json) -> Result<Subject, BadText<'a>> {
        let contracts = self.contracts();
        let of = &contracts[event];
        let mut writer = SubjectWriter::new();
        for segment in &of.subject.segments {
            writer = match segment {
                Segment::Literal(text) => writer.literal(text),
                Segment::Placeholder(name) if name == PARTITION => {
                    let key = of.key.as_ref().and_then(|key| key.value);
                    let partitions = contracts.stream_of(of).and_then(|s| s.partitions.as_ref());
                    let field = key.and_then(|at| of.body.fields().get(at));
                    let key = self.token(field, body)?;
                    writer.partition(key.as_str(), partitions.map_or(1, |n| n.value))
                }
                Segment::Placeholder(name) => {
                    let members = of.body.fields();
                    let field = members.iter().find(|field| field.name.value == *name);
                    let value = self.token(field, body)?;
                    let alone = SubjectWriter::new().token(name, value.as_str());
                    alone.finish().map_err(|error| BadText {
                        field,
                        reason: error.to_string(),
                    })?;
                    writer.token(name, value.as_str())
                }
            };
        }
        writer.finish().map_err(|error| BadText {
            field: None,
            reason: error.to_string(),
        })
    }

    /// The message id of an event's id field; nothing when it has none.
    pub(crate) fn message_id(
        &self,
        event: EventId,
        body: &Json,
    ) -> Result<Option<MessageId>, BadText<'a>> {
        let of = &self.contracts()[event];
        let Some(at) = of.id.as_ref().and_then(|id| id.value) else {
            return Ok(None);
        };
        let field = of.body.fields().get(at);
        let value = self.token(field, body)?;
        match MessageId::new(self.name(event), value.as_str()) {
            Ok(id) => Ok(Some(id)),
            Err(error) => Err(BadText {
                field,
                reason: error.to_string(),
            }),
        }
    }

    pub(crate) fn token(
        &self,
        field: Option<&'a Field>,
        body: &Json,
    ) -> Result<String, BadText<'a>> {
        let text = field.and_then(|field| self.decoder.token(field, body));
        text.ok_or_else(|| BadText {
            field,
            reason: "it is part of the subject or the id, and is missing".to_owned(),
        })
    }
}

impl From<&Fault> for Violation {
    fn from(fault: &Fault) -> Self {
        Self {
            path: fault.path(),
            place: fault.place(),
            rule: fault.rule,
            cause: fault.cause.clone(),
            reason: fault.reason.clone(),
        }
    }
}

impl Violation {
    /// One of the whole message.
    pub(crate) fn whole(
        rule: &'static str,
        cause: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            path: String::new(),
            place: String::new(),
            rule,
            cause: cause.into(),
            reason: reason.into(),
        }
    }

    /// `lines[0].quantity: … [minimum]`. A terminal may have it.
    pub(crate) fn line(&self) -> String {
        let reason = visible(&self.reason);
        match self.path.as_str() {
            "" => format!("{reason} [{}]", self.rule),
            path => format!("{}: {reason} [{}]", visible(path), self.rule),
        }
    }

    pub(crate) fn json(&self) -> Json {
        Json::object([
            ("path", Json::text(self.path.as_str())),
            ("rule", Json::text(self.rule)),
            ("reason", Json::text(self.reason.as_str())),
        ])
    }
}

/// The subjects that match both patterns, as a pattern; nothing when none does.
pub(crate) fn intersection(a: &str, b: &str) -> Option<String> {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    let mut tokens: Vec<&str> = Vec::new();
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Some(tokens.join(".")),
            (Some(">"), Some(rest)) => {
                tokens.push(rest);
                tokens.extend(b);
                return Some(tokens.join("."));
            }
            (Some(rest), Some(">")) => {
                tokens.push(rest);
                tokens.extend(a);
                return Some(tokens.join("."));
            }
            (Some(x), Some(y)) if x == y || y == "*" => tokens.push(x),
            (Some("*"), Some(y)) => tokens.push(y),
            _ => return None,
        }
    }
}

/// A text of somebody else's for a terminal: control characters become pictures.
pub(crate) fn visible(text: &str) -> String {
    text.chars().map(diagnostic::visible).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_patterns_share() {
        for (a, b, both) in [
            ("orders.*.placed", "orders.eu.>", Some("orders.eu.placed")),
            ("orders.eu.>", "orders.*.placed", Some("orders.eu.placed")),
            (">", "a.*", Some("a.*")),
            ("a.>", "a.>", Some("a.>")),
            ("a.*", "*.b", Some("a.b")),
            ("a", "a", Some("a")),
            ("a.>", "a", None),
            ("a.b", "a.c", None),
            ("a", "a.b", None),
        ] {
            assert_eq!(intersection(a, b).as_deref(), both, "{a} {b}");
        }
    }

    #[test]
    fn nothing_moves_a_cursor() {
        assert_eq!(visible("a\u{1b}[2Jü\n\u{9b}"), "a␛[2Jü␊\u{fffd}");
    }
}
