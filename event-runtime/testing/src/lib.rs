//! Test kit of typed event contracts: nats-servers that fail on demand, and handlers without a server.
//!
//! - [`TestServer`] is one nats-server, [`TestCluster`] three of them: killed, stopped, frozen, cut off and restarted at
//!   will. No process outlives its value. They run the server that [`event_server::find`] finds.
//! - [`Recorder`] delivers an event to a handler, and shows the outcome and what the handler published.
//!
//! For dev-dependencies: a service never links this crate.

mod cluster;
mod link;
mod recorder;
mod records;
mod server;

pub use cluster::TestCluster;
pub use recorder::{Delivered, Delivering, Outcome, Recorder};
pub use records::Recorded;
pub use server::TestServer;

/// The examples of the documents, compiled.
#[cfg(all(doctest, feature = "opentelemetry"))]
#[doc = include_str!("../../../docs/delivery.md")]
struct Documents;
