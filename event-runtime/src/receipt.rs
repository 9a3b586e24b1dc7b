//! The answer of a stream to a publish: received, or still awaited.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use crate::error::Error;

/// Acknowledgement that the stream has persisted the event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// Name of the stream.
    pub stream: String,
    /// Sequence of the event in the stream, from 1.
    pub sequence: u64,
    /// True if the stream deduplicated this publish: it already had an event with this message id. False if only a retry
    /// inside this publish met its own earlier attempt, or may have.
    pub duplicate: bool,
}

/// A publish that was sent and whose acknowledgement is awaited in the background, retries included.
///
/// Await it for the outcome. If it is dropped, the publish goes on; a failure is logged and counted in
/// [`Stats::unseen_failures`](crate::Stats::unseen_failures).
///
/// # Cancel safety
/// Polling it through a mutable reference is cancel safe: the outcome is kept until it is read.
#[must_use = "a publish may fail: await it for the outcome"]
#[derive(Debug)]
pub struct Pending(pub(crate) oneshot::Receiver<Result<Receipt, Error>>);

impl Future for Pending {
    type Output = Result<Receipt, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Nobody answers only when the runtime of the connection has ended.
        Pin::new(&mut self.0)
            .poll(context)
            .map(|result| result.unwrap_or(Err(Error::Closed)))
    }
}
