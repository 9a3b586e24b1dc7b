//! The envelope `cloudevents`: an event's metadata in `ce-…` headers, as the NATS binding of CloudEvents 1.0 has it.
//!
//! Written in binary mode only: the body stays the event. Read in binary and in structured mode, and a message without any
//! of it is a plain peer's. Knows no event and decides nothing about a delivery; never quotes a value.

mod message;
mod source;

use async_nats::{HeaderMap, HeaderName};
use chrono::{DateTime, SecondsFormat, Utc};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

pub(crate) use message::{event_type, is_envelope, open, opened};
pub(crate) use source::uri_reference;

/// Characters that the binding percent-encodes in the value of a header.
const NOT_IN_A_HEADER: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');
/// The version of CloudEvents that is written and read.
const VERSION: &str = "1.0";

/// The attributes of a CloudEvent, as its publisher sent them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloudEvent {
    /// `id`: with the source it tells this event from every other. From a service with this runtime it is the message id;
    /// other publishers choose their own.
    pub id: String,
    /// `source`: who published it, a URI reference.
    pub source: String,
    /// `type`: the event's full name.
    pub event_type: String,
    /// `time`: when it happened, as the publisher says. When the stream stored it is [`Meta::time`](crate::Meta::time).
    pub time: Option<DateTime<Utc>>,
}

impl CloudEvent {
    /// The attributes that every CloudEvent has. For tests of handlers.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        source: impl Into<String>,
        event_type: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            source: source.into(),
            event_type: event_type.into(),
            time: None,
        }
    }
}

/// A text as the value of a header: every character that the binding names is percent-encoded, so no text can end a line.
pub(crate) fn header_value(text: &str) -> String {
    utf8_percent_encode(text, NOT_IN_A_HEADER).to_string()
}

/// Writes the headers of an event that happens now. `source` is a [`header_value`] already: it is the same for all events
/// of a connection.
pub(crate) fn write(headers: &mut HeaderMap, event_type: &str, id: &str, source: &str) {
    let name = HeaderName::from_static;
    headers.insert(name("ce-specversion"), VERSION);
    headers.insert(name("ce-id"), header_value(id));
    headers.insert(name("ce-source"), source);
    headers.insert(name("ce-type"), header_value(event_type));
    // Microseconds: what every SDK's type for a moment can hold.
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
    headers.insert(name("ce-time"), now);
    headers.insert(name("ce-datacontenttype"), "application/json");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values_are_those_of_the_binding() {
        // The example of the binding's section 3.1.3.2.
        assert_eq!(
            header_value("Euro \u{20ac} \u{1f600}"),
            "Euro%20%E2%82%AC%20%F0%9F%98%80"
        );
        assert_eq!(
            header_value("100% \"a\"\r\nX: y\u{7f}~!"),
            "100%25%20%22a%22%0D%0AX:%20y%7F~!"
        );
    }

    #[test]
    fn six_headers_are_written() {
        let mut headers = HeaderMap::new();
        write(
            &mut headers,
            "shop.Placed",
            "shop.Placed:\u{e9} 1",
            "billing",
        );
        let get = |name| headers.get(name).map(|value| value.as_str());
        assert_eq!(headers.len(), 6);
        assert_eq!(get("ce-specversion"), Some("1.0"));
        assert_eq!(get("ce-id"), Some("shop.Placed:%C3%A9%201"));
        assert_eq!(get("ce-source"), Some("billing"));
        assert_eq!(get("ce-type"), Some("shop.Placed"));
        assert_eq!(get("ce-datacontenttype"), Some("application/json"));
        let time = get("ce-time").unwrap();
        assert!(time.ends_with('Z') && time.len() == 27, "{time}");
        assert!(DateTime::parse_from_rfc3339(time).is_ok());
    }
}
