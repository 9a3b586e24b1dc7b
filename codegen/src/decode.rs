//! Messages as services read them, by contracts that are only known at run time: which event a message is, what is wrong
//! with its body, and the body in the contract's order and names with what is sensitive masked.
//!
//! For tools that look at a server (`event-contracts tail`, `verify`, `publish`). Judges exactly as the generated decoders
//! do; connects to nothing.

mod written;

use std::collections::HashMap;

use crate::check::Checked;
use crate::json::Json;
use crate::model::{EventId, Field, Type};
use crate::payload::{read, write};
use crate::subject::Segment;

pub use crate::payload::fault::{Fault, PathStep};
pub use crate::payload::write::MASK;
pub use written::{Finding, place, report, written};

/// Event of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// This one.
    Event(EventId),
    /// The subject is that of one event, and the message id names another: services take it for neither.
    Contradiction {
        /// The one of the subject.
        event: EventId,
        /// Event that the message id names.
        named: String,
    },
    /// None of these contracts.
    Unknown,
}

/// Reads messages by a folder of contracts.
#[derive(Debug)]
pub struct Decoder<'a> {
    contracts: &'a Checked,
    /// By the first token of their subjects, which is never a placeholder.
    by_root: HashMap<&'a str, Vec<EventId>>,
    by_name: HashMap<String, EventId>,
}

/// The body of a message as an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// Everything that a service's decoder refuses; nothing when it takes the event.
    pub faults: Vec<Fault>,
    /// The body in the contract's order and names, with defaults filled in, absent fields left out, what the contract does
    /// not know at the end, and [`MASK`] for what is sensitive. Nothing when it is no JSON. A body with faults is shown as
    /// far as it is understood.
    pub shown: Option<Json>,
}

/// Strips ` at line 1 column 7` from the parser's message.
fn without_place(reason: &str) -> &str {
    reason
        .rsplit_once(" at line ")
        .map_or(reason, |(what, _)| what)
}

impl<'a> Decoder<'a> {
    /// A decoder of these contracts' events.
    #[must_use]
    pub fn new(contracts: &'a Checked) -> Self {
        let mut by_root: HashMap<&str, Vec<EventId>> = HashMap::new();
        let mut by_name = HashMap::new();
        for (at, event) in contracts.events.iter().enumerate() {
            if let Some(Segment::Literal(root)) = event.subject.segments.first() {
                by_root.entry(root).or_default().push(EventId(at));
            }
            by_name.insert(contracts.event_name(event), EventId(at));
        }
        Self {
            contracts,
            by_root,
            by_name,
        }
    }

    /// The contracts.
    #[must_use]
    pub fn contracts(&self) -> &'a Checked {
        self.contracts
    }

    /// The event of a full name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<EventId> {
        self.by_name.get(name).copied()
    }

    /// Identifies the event of a message: by its subject, or by the name in its id (`Nats-Msg-Id`) where a mirror has changed the
    /// subject. A superseded event is itself, as on the server.
    #[must_use]
    pub fn identify(&self, subject: &str, message_id: Option<&str>) -> Identity {
        let named = message_id.and_then(|id| Some(id.split_once(':')?.0));
        match (self.by_subject(subject), named) {
            (Some(event), Some(name)) if self.named(name) != Some(event) => {
                Identity::Contradiction {
                    event,
                    named: name.to_owned(),
                }
            }
            (Some(event), _) => Identity::Event(event),
            (None, Some(name)) => self.named(name).map_or(Identity::Unknown, Identity::Event),
            (None, None) => Identity::Unknown,
        }
    }

    /// The event of a subject. No two of checked contracts can have the same one.
    #[must_use]
    pub fn by_subject(&self, subject: &str) -> Option<EventId> {
        let root = subject.split('.').next().unwrap_or_default();
        let of_root = self.by_root.get(root)?;
        let is = |id: &&EventId| {
            let mut tokens = subject.split('.');
            let segments = &self.contracts[**id].subject.segments;
            let fits = segments
                .iter()
                .all(|segment| match (segment, tokens.next()) {
                    (Segment::Literal(text), Some(token)) => text == token,
                    (Segment::Placeholder(_), Some(token)) => !token.is_empty(),
                    (_, None) => false,
                });
            fits && tokens.next().is_none()
        };
        of_root.iter().find(is).copied()
    }

    /// Reads a body as an event.
    #[must_use]
    pub fn decode(&self, event: EventId, body: &[u8]) -> Decoded {
        match Json::parse(body) {
            Ok(json) => Decoded {
                faults: read::faults(self.contracts, event, &json),
                shown: Some(write::masked(self.contracts, event, &json)),
            },
            Err(reason) => Decoded {
                faults: vec![Fault {
                    at: Vec::new(),
                    rule: "json",
                    cause: without_place(&reason).to_owned(),
                    reason: format!("the body is not JSON: {reason}"),
                }],
                shown: None,
            },
        }
    }

    /// The text of a field as a token of a subject, an id or a key, from a body in its normal form ([`written`],
    /// [`Decoded::shown`]). Nothing when it is not there or has no such text.
    #[must_use]
    pub fn token(&self, field: &Field, body: &Json) -> Option<String> {
        let Json::Object(members) = body else {
            return None;
        };
        let wire = field.wire();
        match &members.iter().find(|(name, _)| *name == wire)?.1 {
            Json::Text(text) if field.ty.value == Type::Uuid => Some(text.to_ascii_lowercase()),
            Json::Text(text) => Some(text.clone()),
            Json::Number(digits) => Some(digits.clone()),
            Json::Bool(yes) => Some(yes.to_string()),
            _ => None,
        }
    }
}
