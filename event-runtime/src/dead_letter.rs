//! Dead letters: events that could not be handled, stored with their reason, and redriven by [`Bus::redrive`].
//!
//! A dead letter is stored and acknowledged before the original is terminated. Its reason never quotes a payload.

use std::str::FromStr;
use std::time::Duration;

use async_nats::{HeaderMap, HeaderValue, Message};
use event_wire::streams::DEAD_LETTERS;
use serde_json::json;
use tokio::time::Instant;
use tracing::Span;

use crate::bus::Bus;
pub use crate::cause::Cause;
use crate::cloudevents;
use crate::delivery::Meta;
use crate::error::Error;
use crate::outgoing::Outgoing;
use crate::receipt::Receipt;

/// Reason: one of [`Cause`]'s words.
pub const REASON: &str = "Dead-Letter-Reason";
/// Reason in a sentence, on one line.
pub const DETAIL: &str = "Dead-Letter-Detail";
/// Stream of the original.
pub const STREAM: &str = "Dead-Letter-Stream";
/// Durable that delivered it.
pub const CONSUMER: &str = "Dead-Letter-Consumer";
/// Sequence of the original in its stream.
pub const SEQUENCE: &str = "Dead-Letter-Sequence";
/// Number of its deliveries.
pub const ATTEMPTS: &str = "Dead-Letter-Attempts";
/// Time at which the original was stored, RFC 3339.
pub const TIME: &str = "Dead-Letter-Time";
/// Message id of the original, on a dead letter and on a redrive.
pub const MESSAGE_ID: &str = "Dead-Letter-Msg-Id";
/// Set to `omitted` when the original's body did not fit beside the headers; the body is its stream and sequence then.
pub const BODY: &str = "Dead-Letter-Body";

/// The most that a stream takes as headers, in bytes. An envelope can be as large, and a dead letter that cannot be stored
/// helps nobody: then it goes without the envelope.
const MAX_HEADERS: usize = 65_535;
/// The longest detail, in bytes.
const MAX_DETAIL: usize = 512;

/// A message to dead-letter, and the reason.
#[derive(Debug)]
pub(crate) struct Burial<'a> {
    pub(crate) service: &'a str,
    pub(crate) durable: &'a str,
    /// Time at which the durable was created.
    pub(crate) created: &'a str,
    pub(crate) message: &'a Message,
    /// Its subject here is the event's own, also for a redrive.
    pub(crate) meta: &'a Meta,
    pub(crate) cause: Cause,
    pub(crate) detail: &'a str,
}

/// One line that a header can carry.
fn line(text: &str) -> String {
    let mut line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if line.len() > MAX_DETAIL {
        let end = (0..=MAX_DETAIL)
            .rev()
            .find(|at| line.is_char_boundary(*at))
            .unwrap_or_default();
        line.truncate(end);
    }
    line.trim().to_owned()
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    // Values are made of one line; what still cannot be a header is left out.
    if let Ok(value) = HeaderValue::from_str(&line(value)) {
        headers.insert(name, value);
    }
}

impl Burial<'_> {
    fn outgoing(&self, limit: usize) -> Outgoing {
        let stream = self.meta.stream.unwrap_or_default();
        let sequence = self.meta.sequence.unwrap_or_default();
        let mut headers = HeaderMap::new();
        let id = format!("dead:{stream}:{}:{}:{sequence}", self.durable, self.created);
        put(&mut headers, "Nats-Msg-Id", &id);
        put(&mut headers, REASON, self.cause.as_str());
        put(&mut headers, DETAIL, self.detail);
        put(&mut headers, STREAM, stream);
        put(&mut headers, CONSUMER, self.durable);
        put(&mut headers, SEQUENCE, &sequence.to_string());
        put(&mut headers, ATTEMPTS, &self.meta.attempt.to_string());
        if let Some(time) = self.meta.time {
            put(
                &mut headers,
                TIME,
                &time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
            );
        }
        if let Some(id) = &self.meta.id {
            put(&mut headers, MESSAGE_ID, id);
        }
        if let Some(trace) = &self.meta.trace {
            trace.to_headers(&mut headers);
        }
        let own = self.message.headers.iter().flat_map(HeaderMap::iter);
        for (name, values) in own.filter(|(name, _)| cloudevents::is_envelope(name.as_ref())) {
            if let Some(value) = values.first() {
                headers.insert(name.clone(), value.clone());
            }
        }
        let subject = format!("dead_letters.{}.{}", self.service, self.meta.subject);
        let mut outgoing = Outgoing {
            subject: subject.into(),
            headers,
            payload: self.message.payload.clone(),
            stream: DEAD_LETTERS,
        };
        if outgoing.header_size() > MAX_HEADERS.min(limit / 2) {
            let kept = outgoing.headers.iter();
            let kept = kept.filter(|(name, _)| !cloudevents::is_envelope(name.as_ref()));
            outgoing.headers = kept
                .filter_map(|(name, values)| Some((name.clone(), values.first()?.clone())))
                .collect();
        }
        if outgoing.size() > limit {
            put(&mut outgoing.headers, BODY, "omitted");
            outgoing.payload = json!({ "stream": stream, "sequence": sequence })
                .to_string()
                .into();
        }
        outgoing
    }
}

impl Bus {
    /// Stores a dead letter. Once per message and window, however often it is called.
    pub(crate) async fn bury(&self, burial: &Burial<'_>) -> Result<Receipt, Error> {
        let outgoing = burial.outgoing(self.max_payload());
        let deadline = self.publish_deadline();
        let pending = self.store(outgoing, deadline, None, Span::none()).await?;
        pending.await
    }

    /// Redrives a dead letter, by its sequence in `DEAD_LETTERS`: only its service receives it again. The dead letter itself is
    /// kept. `attempt` (from 1) distinguishes the redrives of one dead letter: the same number within the stream's duplicate
    /// window is deduplicated.
    ///
    /// # Errors
    /// Returns [`Error::Server`] if there is no such dead letter or if its body was too large to be kept, and the errors of
    /// [`publish`](Bus::publish).
    ///
    /// # Cancel safety
    /// Dropped before it completes, the redrive may be stored or not; calling it again with the same `attempt` is safe.
    pub async fn redrive(&self, sequence: u64, attempt: u32) -> Result<Receipt, Error> {
        self.open()?;
        let refuse = |description: &str| Error::Server {
            what: format!("redriving message {sequence} of {DEAD_LETTERS}"),
            code: 0,
            description: description.to_owned(),
        };
        let letter = self.stored(DEAD_LETTERS, sequence).await?;
        let letter = letter.ok_or_else(|| refuse("it is not there"))?;
        let target = letter
            .subject
            .strip_prefix("dead_letters.")
            .ok_or_else(|| refuse("it is not a dead letter"))?;
        if letter.header(BODY).is_some() {
            return Err(refuse(
                "its body was too large to be kept; publish the original again",
            ));
        }
        let mut headers = HeaderMap::new();
        put(
            &mut headers,
            "Nats-Msg-Id",
            &format!("redrive:{sequence}:{attempt}"),
        );
        for kept in [MESSAGE_ID, "traceparent", "tracestate"] {
            if let Some(value) = letter.header(kept) {
                put(&mut headers, kept, value);
            }
        }
        let envelope = letter.headers.iter();
        for (name, values) in envelope.filter(|(name, _)| cloudevents::is_envelope(name.as_ref())) {
            if let Some(value) = values.first() {
                headers.insert(name.clone(), value.clone());
            }
        }
        let subject = format!("redrive.{target}");
        let outgoing = Outgoing {
            subject: subject.into(),
            headers,
            payload: letter.body,
            stream: DEAD_LETTERS,
        };
        let timeout = self.inner.config.publish_timeout;
        let deadline = Instant::now() + timeout.max(Duration::from_secs(1));
        let pending = self.store(outgoing, deadline, None, Span::none()).await?;
        pending.await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_one_short_line() {
        assert_eq!(line(" a\r\nNats-Msg-Id: x\0 "), "a  Nats-Msg-Id: x");
        assert_eq!(line(&"\u{e9}".repeat(1_000)).len(), 512);
    }
}
