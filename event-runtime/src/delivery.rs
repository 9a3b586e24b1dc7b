//! What a handler gets.
//!
//! Reads what the server says about a delivery; decides nothing.

use async_nats::header::NATS_MESSAGE_ID;
use async_nats::{Message, Subject};
use chrono::{DateTime, Utc};

use crate::cloudevents::CloudEvent;
use crate::trace::Trace;

/// An event as it was delivered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivery<E> {
    /// The event.
    pub event: E,
    /// Metadata of the delivery.
    pub meta: Meta,
}

impl<E> Delivery<E> {
    /// Creates a delivery. For tests of handlers.
    #[must_use]
    pub fn new(event: E, meta: Meta) -> Self {
        Self { event, meta }
    }

    /// Converts the event and keeps the metadata: an older event becomes the one that supersedes it.
    ///
    /// # Errors
    /// Returns the error of `change`.
    pub fn try_map<F, Error>(
        self,
        change: impl FnOnce(E) -> Result<F, Error>,
    ) -> Result<Delivery<F>, Error> {
        Ok(Delivery {
            event: change(self.event)?,
            meta: self.meta,
        })
    }
}

/// Metadata of a delivery.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Meta {
    /// The message id (`<full event name>:<id>`); `None` for an ephemeral event, or when the publisher sent none.
    pub id: Option<String>,
    /// The subject on which the event was published.
    pub subject: Subject,
    /// The stream that stores it; `None` for an ephemeral event.
    pub stream: Option<&'static str>,
    /// Its place in the stream, from 1.
    pub sequence: Option<u64>,
    /// Number of the delivery to this consumer, from 1. Deliveries NAKed at shutdown count too.
    pub attempt: u64,
    /// Time at which the stream stored it.
    pub time: Option<DateTime<Utc>>,
    /// Attributes set by its publisher, for an event with the envelope `cloudevents`; `None` for any other, and if the
    /// publisher sent the event without an envelope.
    pub cloud_event: Option<CloudEvent>,
    /// The trace that it belongs to. Events published while handling it carry the trace on.
    pub trace: Option<Trace>,
    /// True if it is the redrive of a dead letter.
    pub redriven: bool,
}

impl Meta {
    /// Creates metadata with a subject only. For tests of handlers.
    #[must_use]
    pub fn new(subject: impl Into<Subject>) -> Self {
        Self {
            id: None,
            subject: subject.into(),
            stream: None,
            sequence: None,
            attempt: 1,
            time: None,
            cloud_event: None,
            trace: None,
            redriven: false,
        }
    }

    /// Of a message, and of its place in a stream.
    #[inline]
    pub(crate) fn of(message: &Message, stored: Option<(&'static str, &AckSubject)>) -> Self {
        let mut meta = Self::new(message.subject.clone());
        if let Some((stream, info)) = stored {
            meta.stream = Some(stream);
            meta.sequence = Some(info.sequence);
            meta.attempt = info.attempt;
            meta.time = info.time;
        }
        if let Some(headers) = &message.headers {
            let mut all = headers.iter();
            // There are few: looking at each takes less than hashing a name.
            meta.id = all
                .find(|(name, _)| **name == NATS_MESSAGE_ID)
                .and_then(|(_, values)| values.first())
                .map(|id| id.as_str().to_owned());
            // Mostly the id is all there is.
            if headers.len() > usize::from(meta.id.is_some()) {
                meta.trace = Trace::from_headers(headers);
            }
        }
        meta
    }
}

/// The subject to which a delivery is acknowledged: it says where the delivery comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AckSubject {
    pub(crate) attempt: u64,
    pub(crate) sequence: u64,
    pub(crate) consumer_sequence: u64,
    pub(crate) time: Option<DateTime<Utc>>,
    /// Number of messages that the consumer has behind this one.
    pub(crate) pending: u64,
}

impl AckSubject {
    /// Of a delivery of the durable whose acknowledgements' subjects begin with `acks`, and of any other.
    pub(crate) fn of(acks: &str, reply: &str) -> Option<Self> {
        // Every delivery comes by here, and nearly all of them have this form.
        let numbers = reply.strip_prefix(acks);
        let read = numbers.and_then(|numbers| Self::numbers(numbers.as_bytes()));
        read.or_else(|| Self::parse(reply))
    }

    /// `$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>.<consumer sequence>.<nanoseconds>.<pending>`, with a domain
    /// and an account after `ACK` when there are more tokens.
    pub(crate) fn parse(reply: &str) -> Option<Self> {
        let tokens = reply.strip_prefix("$JS.ACK.")?;
        let names = match tokens.bytes().filter(|b| *b == b'.').count() {
            6 => 2,
            8.. => 4,
            _ => return None,
        };
        Self::numbers(tokens.splitn(names + 1, '.').last()?.as_bytes())
    }

    fn numbers(mut rest: &[u8]) -> Option<Self> {
        Some(Self {
            attempt: number(&mut rest)?,
            sequence: number(&mut rest)?,
            consumer_sequence: number(&mut rest)?,
            time: i64::try_from(number(&mut rest)?)
                .ok()
                .map(DateTime::from_timestamp_nanos),
            pending: number(&mut rest)?,
        })
    }
}

/// Takes the digits up to the next dot, and the dot. No number here has more than 19 of them.
fn number(text: &mut &[u8]) -> Option<u64> {
    let (mut number, mut digits) = (0_u64, 0);
    let mut rest = text.iter();
    for b in rest.by_ref() {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 {
            if *b == b'.' {
                break;
            }
            return None;
        }
        number = number.wrapping_mul(10).wrapping_add(digit.into());
        digits += 1;
    }
    *text = rest.as_slice();
    (1..=19).contains(&digits).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ack_subjects_of_both_forms() {
        for reply in [
            "$JS.ACK.S.c.3.10.12.1700000000000000000.4",
            "$JS.ACK._.acc.S.c.3.10.12.1700000000000000000.4.rnd",
        ] {
            let info = AckSubject::parse(reply).unwrap();
            // Whether or not it is known what to expect.
            for acks in ["$JS.ACK.S.c.", "$JS.ACK.S.other."] {
                let of = AckSubject::of(acks, reply).unwrap();
                assert_eq!(format!("{of:?}"), format!("{info:?}"));
            }
            assert_eq!(
                (info.attempt, info.sequence, info.consumer_sequence),
                (3, 10, 12)
            );
            assert_eq!(info.pending, 4);
            assert_eq!(info.time.unwrap().timestamp(), 1_700_000_000);
        }
        for bad in [
            "",
            "_INBOX.a",
            "$JS.ACK.S.c.3",
            "$JS.ACK.S.c.x.10.12.1.4",
            "$JS.ACK.S.c..10.12.1.4",
            "$JS.ACK.S.c.18446744073709551616.10.12.1.4",
            "$JS.ACK.acc.S.c.3.10.12.1.4",
        ] {
            assert!(AckSubject::parse(bad).is_none(), "{bad}");
            assert!(AckSubject::of("$JS.ACK.S.c.", bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn numbers_of_any_length() {
        for digits in 1..=19 {
            let text = &"1234567890123456789"[..digits];
            for behind in ["", ".", ".7", ".12345678"] {
                let all = format!("{text}{behind}");
                let mut rest = all.as_bytes();
                assert_eq!(number(&mut rest), text.parse().ok(), "{all}");
                assert_eq!(rest, behind.strip_prefix('.').unwrap_or("").as_bytes());
            }
        }
        for byte in (0..=u8::MAX).filter(|byte| !byte.is_ascii_digit() && *byte != b'.') {
            for place in 0..12 {
                let mut text = *b"123456789012";
                text[place] = byte;
                assert_eq!(number(&mut &text[..]), None, "{byte} at {place}");
            }
        }
        assert_eq!(number(&mut &b"12345678901234567890"[..]), None);
    }
}
