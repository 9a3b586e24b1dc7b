//! Reading what a stream has stored, as it is: for operators' tools. Decodes nothing and acknowledges nothing.

use std::borrow::Cow;
use std::str::FromStr;

use async_nats::{HeaderMap, HeaderName, HeaderValue, Message, Subject, Subscriber};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use event_wire::streams::Start;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::bus::Bus;
use crate::cause::Cause;
use crate::cloudevents;
use crate::delivery::AckSubject;
use crate::error::Error;
use crate::ordered::{Ordered, Place};

/// The server's code for a message that is not there.
const NO_MESSAGE: u64 = 10_037;
/// Maximum number of messages that wait for the reader of a stream.
const WAITING: usize = 256;

/// A message as a stream has it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoredMessage {
    /// Its subject.
    pub subject: Subject,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// Its place in the stream, from 1.
    pub sequence: u64,
    /// Time at which the stream stored it.
    pub time: Option<DateTime<Utc>>,
    /// Number of messages that follow it, as far as the one who reads asked for them.
    pub pending: u64,
}

impl StoredMessage {
    /// The first value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(HeaderValue::as_str)
    }

    /// A message of a subscription without a stream: it has no place, and its sequence is 0.
    #[must_use]
    pub fn unstored(subject: Subject, headers: HeaderMap, body: Bytes) -> Self {
        Self {
            subject,
            headers,
            body,
            sequence: 0,
            time: None,
            pending: 0,
        }
    }

    fn of(message: Message, info: &AckSubject) -> Self {
        Self {
            subject: message.subject,
            headers: message.headers.unwrap_or_default(),
            body: message.payload,
            sequence: info.sequence,
            time: info.time,
            pending: info.pending,
        }
    }
}

/// The messages of a stream in their order. Goes on through reconnects and lost consumers, and never ends by itself.
#[derive(Debug)]
pub struct StreamReader {
    places: mpsc::Receiver<Result<Place, Error>>,
    found: u64,
}

impl StreamReader {
    /// Returns the number of messages that there were to be read when it began.
    #[must_use]
    pub fn found(&self) -> u64 {
        self.found
    }

    /// The next message; `None` once the bus is closed. After an error that reading cannot go on from, too.
    pub async fn next(&mut self) -> Option<Result<StoredMessage, Error>> {
        let place = self.places.recv().await?;
        Some(place.map(|(message, info)| StoredMessage::of(message, &info)))
    }
}

#[derive(Deserialize)]
struct Answer {
    message: Raw,
}

#[derive(Deserialize)]
struct Raw {
    subject: String,
    seq: u64,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
    #[serde(default)]
    time: Option<DateTime<Utc>>,
}

impl Raw {
    fn read(self) -> Option<StoredMessage> {
        Some(StoredMessage {
            headers: headers(&event_wire::__runtime::base64(&self.hdrs)?),
            body: event_wire::__runtime::base64(&self.data)?.into(),
            subject: self.subject.into(),
            sequence: self.seq,
            time: self.time,
            pending: 0,
        })
    }
}

/// The headers of their block: `NATS/1.0`, then `Name: value` on each line. What is no header is left out.
fn headers(block: &[u8]) -> HeaderMap {
    let text = String::from_utf8_lossy(block);
    let mut headers = HeaderMap::new();
    let pairs = text.lines().skip(1).filter_map(|line| line.split_once(':'));
    for (name, value) in pairs {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_str(name),
            HeaderValue::from_str(value.trim()),
        ) {
            headers.append(name, value);
        }
    }
    headers
}

/// The body of a message of an event whose envelope is CloudEvents, in any of the forms that services read.
///
/// # Errors
/// What a dead letter would say, and its cause.
pub fn without_envelope<'a>(
    event: &str,
    headers: &HeaderMap,
    body: &'a [u8],
) -> Result<Cow<'a, [u8]>, (Cause, String)> {
    match cloudevents::opened(event, Some(headers), body) {
        Ok(opened) => Ok(opened.body),
        Err(problem) => Err((problem.cause, problem.reason)),
    }
}

/// The full name of an event in the header `ce-type`: what tells it where neither subject nor message id does.
#[must_use]
pub fn cloud_event_type(headers: &HeaderMap) -> Option<String> {
    cloudevents::event_type(headers)
}

impl Bus {
    /// Reads a stream from a place on. Without patterns it is all of its subjects.
    ///
    /// # Errors
    /// Those of [`api`](Bus::api); a work queue does not let itself be read beside its consumer.
    pub async fn read_stream(
        &self,
        stream: &str,
        patterns: &[String],
        start: Start,
    ) -> Result<StreamReader, Error> {
        self.open()?;
        let ordered = Ordered::open(self, stream, patterns.to_vec(), start).await?;
        let found = ordered.found;
        let (sender, places) = mpsc::channel(WAITING);
        tokio::spawn(ordered.run(sender));
        Ok(StreamReader { places, found })
    }

    /// Listens to subjects as whoever subscribes without a stream does: from now on, and slowly read it drops the newest
    /// messages ([`Stats::dropped`](crate::Stats::dropped)). What is published after this has returned is heard.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Closed`].
    pub async fn overhear(&self, pattern: &str) -> Result<Subscriber, Error> {
        self.open()?;
        self.subscribe_core(pattern, None).await
    }

    /// One message of a stream; nothing when there is none at this place.
    ///
    /// # Errors
    /// Those of [`api`](Bus::api).
    pub async fn stored(
        &self,
        stream: &str,
        sequence: u64,
    ) -> Result<Option<StoredMessage>, Error> {
        self.get(stream, json!({ "seq": sequence })).await
    }

    /// The first message of a stream at this place or behind it whose subject matches; nothing when there is none.
    ///
    /// # Errors
    /// Those of [`api`](Bus::api).
    pub async fn stored_from(
        &self,
        stream: &str,
        sequence: u64,
        pattern: &str,
    ) -> Result<Option<StoredMessage>, Error> {
        let request = json!({ "seq": sequence, "next_by_subj": pattern });
        self.get(stream, request).await
    }

    async fn get(&self, stream: &str, request: Value) -> Result<Option<StoredMessage>, Error> {
        let what = format!("STREAM.MSG.GET.{stream}");
        match self.api::<Answer>(what.clone(), &request).await {
            Ok(answer) => answer
                .message
                .read()
                .map(Some)
                .ok_or_else(|| Error::Server {
                    what,
                    code: 0,
                    description: "a message that cannot be read".to_owned(),
                }),
            Err(Error::Server {
                code: NO_MESSAGE, ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_out_of_their_block() {
        let block = b"NATS/1.0\r\nNats-Msg-Id: a:b: c\r\nX:1\r\nX: 2\r\nno header\r\n\r\n";
        let headers = headers(block);
        let get = |name: &str| headers.get(name).map(|value| value.as_str().to_owned());
        assert_eq!(get("Nats-Msg-Id").as_deref(), Some("a:b: c"));
        assert_eq!(get("X").as_deref(), Some("1"));
        assert_eq!(headers.get_all("X").count(), 2);
        assert_eq!(headers.len(), 2);
    }
}
