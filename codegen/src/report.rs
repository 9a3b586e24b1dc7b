//! Reports: the same diagnostics for people, scripts, GitHub's annotations and code scanners. Renders what it is given in
//! that order; judges nothing and reads no files.

#[cfg(feature = "compat")]
pub mod diff;
mod github;
mod human;
mod json;
mod places;
mod sarif;

pub use github::github;
pub use human::human;
#[cfg(feature = "compat")]
pub(crate) use human::{Marked, marked};
pub use json::json;
pub use sarif::sarif;
