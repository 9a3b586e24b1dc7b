//! A message that is about to be sent, and its size on the wire.

use std::time::Duration;

use async_nats::{HeaderMap, Subject};
use bytes::Bytes;

use crate::error::Error;
use crate::trace::Trace;

/// A message that is about to be sent.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Subject.
    pub subject: Subject,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub payload: Bytes,
    /// Stream that stores it; empty for an ephemeral event.
    pub stream: &'static str,
}

impl Outgoing {
    pub(crate) fn not_connected(&self, after: Duration) -> Error {
        Error::NotConnected {
            subject: self.subject.to_string(),
            after,
        }
    }

    /// Size that the server counts, in bytes: headers and payload.
    pub(crate) fn size(&self) -> usize {
        self.header_size() + self.payload.len()
    }

    /// Size of the headers, in bytes.
    pub(crate) fn header_size(&self) -> usize {
        if self.headers.is_empty() {
            return 0;
        }
        let lines = self.headers.iter().flat_map(|(name, values)| {
            let name: &str = name.as_ref();
            values
                .iter()
                .map(move |value| name.len() + value.as_str().len() + 4)
        });
        "NATS/1.0\r\n\r\n".len() + lines.sum::<usize>()
    }

    /// Writes the current trace into its headers.
    pub(crate) fn trace(&mut self) {
        if let Some(trace) = Trace::current() {
            trace.to_headers(&mut self.headers);
        }
    }
}
