//! A receiver of messages in place of a server.

use std::fmt;
use std::sync::Arc;

use crate::error::Error;
use crate::outgoing::Outgoing;

/// Destination of the messages of a bus.
#[derive(Debug)]
pub(crate) enum Sink {
    /// To the server.
    Server,
    /// A test, in place of a server.
    Outbox(Arc<dyn Outbox>),
}

/// A receiver of a bus's messages in place of a server.
pub trait Outbox: fmt::Debug + Send + Sync {
    /// Stores a message, as its stream would.
    ///
    /// # Errors
    /// That it is not stored.
    fn stored(&self, message: &Outgoing) -> Result<Stored, Error>;

    /// Takes a message that no stream stores.
    fn sent(&self, message: &Outgoing);
}

/// The answer of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Place in the stream, from 1.
    pub sequence: u64,
    /// True if the stream deduplicated the message.
    pub duplicate: bool,
}
