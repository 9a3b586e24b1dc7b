//! Helpers shared by the tests that cross crates.

pub mod fuzz;
pub mod generated;
