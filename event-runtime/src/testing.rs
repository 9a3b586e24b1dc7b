//! What tests of services need: real servers that fail on demand, and handlers without any server.
//!
//! - [`TestServer`] is one nats-server, [`TestCluster`] three of them: killed, stopped, frozen, cut off and restarted at
//!   will. No process outlives its value.
//! - [`Recorder`] gives a handler an event, and shows the outcome and what the handler published.
//!
//! For tests only: a service never builds this feature.

mod binary;
mod cluster;
mod link;
mod recorder;
mod records;
mod server;

pub use binary::{FETCHED_VERSION, fetched_server, server_binary};
pub use cluster::TestCluster;
pub use recorder::{Delivered, Delivering, Outcome, Recorder};
pub use records::Recorded;
pub(crate) use records::Records;
pub use server::TestServer;
