//! A receiver of messages in place of a server.

use std::fmt;

use crate::error::Error;
use crate::outgoing::Outgoing;

/// A receiver of a bus's messages in place of a server.
pub trait Outbox: fmt::Debug + Send + Sync {
    /// Stores a message, as its stream would.
    ///
    /// # Errors
    /// That it is not stored.
    fn store(&self, message: &Outgoing) -> Result<Stored, Error>;

    /// Takes a message that no stream stores.
    fn emit(&self, message: &Outgoing);
}

/// The answer of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Place in the stream, from 1.
    pub sequence: u64,
    /// Whether the stream had a message of this id already.
    pub duplicate: bool,
}
