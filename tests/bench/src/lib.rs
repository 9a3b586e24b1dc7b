//! What every benchmark here shares: pairs, what a run found, and the folder it is kept in.
//!
//! Machines differ by a third from one run to the next, so nothing absolute is compared: both sides take turns in one process, and
//! what counts is the ratio of neighbours.

pub mod chart;
pub mod pairs;
pub mod record;

pub use pairs::{Goal, Pairs, Ratio};
pub use record::{Figure, Point, record, record_point};
