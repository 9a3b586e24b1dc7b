//! What every benchmark here shares: pairs, what a run found, the folder it is kept in, and the events that are sent.
//!
//! Machines differ by a third from one run to the next, so nothing absolute is compared: both sides take turns in one process, and
//! what counts is the ratio of neighbours.

pub mod by_hand;
pub mod chart;
pub mod compiler;
pub mod deliveries;
pub mod events;
pub mod growth;
pub mod many;
pub mod packages;
pub mod page;
pub mod pairs;
pub mod peer;
pub mod processor;
pub mod record;
pub mod server;
pub mod shapes;
pub mod socket;
pub mod spent;

pub use pairs::{Goal, Pairs, Ratio};
pub use record::{Figure, Point, record, record_point};
pub use spent::{Spent, spent};

event_runtime::include_contracts!();
