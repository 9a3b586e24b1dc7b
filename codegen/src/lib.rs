//! Typed event contracts: reads a folder of TOML contracts, checks it, and writes what services need.
//!
//! Data flows one way: [`read`] → [`check`] → [`Checked`](check::Checked) → [`emit`] or [`export`].

pub mod check;
pub mod code;
pub mod diagnostic;
pub mod emit;
pub mod export;
pub mod json;
pub mod model;
pub mod name;
pub mod read;
#[cfg(feature = "toml")]
pub mod report;
pub mod source;
pub mod subject;
