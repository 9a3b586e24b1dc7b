//! Out of a message: the attributes of its CloudEvent, and the event's body.

use std::borrow::Cow;

use async_nats::{HeaderMap, HeaderValue, Message};
use chrono::{DateTime, Utc};
use event_wire::__runtime::reason;
use event_wire::DecodeError;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{CloudEvent, VERSION};
use crate::cause::Cause;

const PREFIX: &str = "ce-";
const CONTENT_TYPE: &str = "content-type";
/// Prefix of the content type of a CloudEvent in structured mode.
const STRUCTURED: &str = "application/cloudevents";

/// A message without its envelope.
#[derive(Debug)]
pub(crate) struct Opened<'a> {
    /// `None` when its publisher sent a plain event.
    pub(crate) cloud_event: Option<CloudEvent>,
    /// The body of the event.
    pub(crate) body: Cow<'a, [u8]>,
}

/// Reason for which an envelope cannot be opened.
pub(crate) struct EnvelopeProblem {
    pub(crate) cause: Cause,
    pub(crate) reason: String,
}

fn broken(reason: impl Into<String>) -> EnvelopeProblem {
    EnvelopeProblem {
        cause: Cause::Undecodable,
        reason: reason.into(),
    }
}

/// The attributes that somebody here looks at; extensions are the publisher's own.
#[derive(Debug, Default, PartialEq)]
struct Attributes {
    specversion: Option<String>,
    id: Option<String>,
    source: Option<String>,
    event_type: Option<String>,
    time: Option<String>,
    datacontenttype: Option<String>,
}

/// A CloudEvent in the JSON format.
#[derive(Deserialize)]
struct Structured<'a> {
    specversion: Option<String>,
    id: Option<String>,
    source: Option<String>,
    #[serde(rename = "type")]
    event_type: Option<String>,
    time: Option<String>,
    datacontenttype: Option<String>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    data_base64: Option<String>,
}

/// Opens the envelope of a message on the subject of `event`.
pub(crate) fn open<'a>(
    event: &'static str,
    message: &'a Message,
) -> Result<Opened<'a>, (Cause, DecodeError)> {
    opened(event, message.headers.as_ref(), &message.payload)
        .map_err(|problem| (problem.cause, DecodeError::new(event, problem.reason)))
}

/// The same for an event that is only known by name.
pub(crate) fn opened<'a>(
    event: &str,
    headers: Option<&HeaderMap>,
    payload: &'a [u8],
) -> Result<Opened<'a>, EnvelopeProblem> {
    let body = Cow::Borrowed(payload);
    let Some(headers) = headers else {
        return Ok(Opened {
            cloud_event: None,
            body,
        });
    };
    if let Some(format) = structured_format(headers) {
        let (attributes, body) = structured(&format, payload)?;
        return Ok(Opened {
            cloud_event: Some(attributes.cloud_event(event, "")?),
            body,
        });
    }
    let cloud_event = match binary(headers)? {
        Some(attributes) => Some(attributes.cloud_event(event, PREFIX)?),
        None => None,
    };
    Ok(Opened { cloud_event, body })
}

/// The full name in `ce-type`, for a message whose subject says nothing.
pub(crate) fn event_type(headers: &HeaderMap) -> Option<String> {
    binary(headers).ok().flatten()?.event_type
}

impl CloudEvent {
    /// Reads the attributes of a message in binary mode; `None` if it is no valid CloudEvent.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let attributes = binary(headers).ok().flatten()?;
        let event_type = attributes.event_type.clone()?;
        attributes.cloud_event(&event_type, PREFIX).ok()
    }
}

/// Returns true if a header is part of the envelope: a dead letter keeps it.
pub(crate) fn is_envelope(name: &str) -> bool {
    attribute_of(name).is_some() || name.eq_ignore_ascii_case(CONTENT_TYPE)
}

/// The attribute that a header is about. Names of headers are case-insensitive in the binding, and not in NATS.
fn attribute_of(name: &str) -> Option<&str> {
    let (prefix, attribute) = name.split_at_checked(PREFIX.len())?;
    prefix.eq_ignore_ascii_case(PREFIX).then_some(attribute)
}

/// The attributes in the headers; `None` where none is.
fn binary(headers: &HeaderMap) -> Result<Option<Attributes>, EnvelopeProblem> {
    let mut attributes = Attributes::default();
    for (name, values) in headers.iter() {
        let Some(attribute) = attribute_of(name.as_ref()) else {
            continue;
        };
        let Some((name, slot)) = attributes.slot(attribute) else {
            continue;
        };
        let value = match single(values) {
            Some(value) if slot.is_none() => value,
            _ => return Err(broken(format!("the header ce-{name} stands twice"))),
        };
        *slot =
            Some(unescaped(value).ok_or_else(|| {
                broken(format!("the header ce-{name} is not percent-encoded UTF-8"))
            })?);
    }
    if attributes == Attributes::default() {
        return Ok(None);
    }
    if attributes.datacontenttype.is_none() {
        // Where SDKs for HTTP have it.
        attributes.datacontenttype = content_type(headers).map(str::to_owned);
    }
    Ok(Some(attributes))
}

fn single(values: &[HeaderValue]) -> Option<&str> {
    match values {
        [value] => Some(value.as_str()),
        _ => None,
    }
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers
        .iter()
        .find(|(name, _)| {
            let name: &str = name.as_ref();
            name.eq_ignore_ascii_case(CONTENT_TYPE)
        })
        .and_then(|(_, values)| values.first())
        .map(|value| value.as_str().trim())
}

/// A media type without its parameters, in lower case.
fn essence(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// Returns the format of the CloudEvent in the body; `None` in binary mode.
fn structured_format(headers: &HeaderMap) -> Option<String> {
    let essence = essence(content_type(headers)?);
    essence.strip_prefix(STRUCTURED).map(str::to_owned)
}

fn structured<'a>(
    format: &str,
    payload: &'a [u8],
) -> Result<(Attributes, Cow<'a, [u8]>), EnvelopeProblem> {
    match format {
        "" | "+json" => {}
        batch if batch.starts_with("-batch") => {
            return Err(broken(
                "the message is a batch of CloudEvents, and only one is read from a message",
            ));
        }
        _ => {
            return Err(broken(
                "the message is a CloudEvent in structured mode, and only its JSON format is read",
            ));
        }
    }
    // serde would read a struct from an array too.
    if payload.iter().find(|b| !b.is_ascii_whitespace()) != Some(&b'{') {
        return Err(broken("the CloudEvent in the body is not a JSON object"));
    }
    let event: Structured<'a> = serde_json::from_slice(payload)
        .map_err(|error| broken(format!("the CloudEvent in the body: {}", reason(&error))))?;
    let body = match (event.data, event.data_base64) {
        (Some(data), None) => Cow::Borrowed(data.get().as_bytes()),
        (None, Some(data)) => event_wire::__runtime::base64(&data)
            .map(Cow::Owned)
            .ok_or_else(|| broken("the CloudEvent's data_base64 is not valid base64"))?,
        (None, None) => return Err(broken("the CloudEvent in the body has no data")),
        (Some(_), Some(_)) => {
            return Err(broken(
                "the CloudEvent in the body has data and data_base64",
            ));
        }
    };
    let attributes = Attributes {
        specversion: event.specversion,
        id: event.id,
        source: event.source,
        event_type: event.event_type,
        time: event.time,
        datacontenttype: event.datacontenttype,
    };
    Ok((attributes, body))
}

/// A header's value as the text that was meant: without the double quotes of older publishers, percent-decoded once. A `%`
/// without two digits stands for itself: some SDKs encode nothing.
fn unescaped(value: &str) -> Option<String> {
    let value = value.trim();
    let quoted = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    let Some(quoted) = quoted else {
        return decoded(value);
    };
    let mut text = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    decoded(&text)
}

fn decoded(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    Some(text.into_owned())
}

impl Attributes {
    fn slot(&mut self, attribute: &str) -> Option<(&'static str, &mut Option<String>)> {
        let slots = [
            ("specversion", &mut self.specversion),
            ("id", &mut self.id),
            ("source", &mut self.source),
            ("type", &mut self.event_type),
            ("time", &mut self.time),
            ("datacontenttype", &mut self.datacontenttype),
        ];
        slots
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(attribute))
    }

    /// The CloudEvent, if it is one and is the `event`. Reasons call an attribute by its name after `prefix`.
    fn cloud_event(self, event: &str, prefix: &str) -> Result<CloudEvent, EnvelopeProblem> {
        let needed = |name: &str, value: Option<String>| {
            value
                .filter(|value| !value.is_empty())
                .ok_or_else(|| broken(format!("{prefix}{name} is missing")))
        };
        if needed("specversion", self.specversion)? != VERSION {
            return Err(broken(format!("{prefix}specversion is not {VERSION}")));
        }
        let event_type = needed("type", self.event_type)?;
        if event_type != event {
            return Err(EnvelopeProblem {
                cause: Cause::Contradiction,
                reason: format!("{prefix}type names another event than the subject does"),
            });
        }
        if !self.datacontenttype.as_deref().is_none_or(is_json) {
            return Err(broken(format!(
                "{prefix}datacontenttype is not JSON (application/json)"
            )));
        }
        Ok(CloudEvent {
            id: needed("id", self.id)?,
            source: needed("source", self.source)?,
            event_type,
            time: self
                .time
                .map(|time| moment(&time))
                .transpose()
                .map_err(|()| broken(format!("{prefix}time is no RFC 3339 timestamp")))?,
        })
    }
}

fn moment(text: &str) -> Result<DateTime<Utc>, ()> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .map_err(|_| ())
}

/// Returns true if data of this media type is JSON according to CloudEvents: the subtype is `json` or ends with `+json`.
fn is_json(media_type: &str) -> bool {
    let essence = essence(media_type);
    let subtype = essence.split_once('/').map(|(_, subtype)| subtype);
    subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}

#[cfg(test)]
mod tests;
