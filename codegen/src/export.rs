//! Writes documents for those who do not speak Rust. Checked contracts in, text out; writes no file and cannot fail.

pub mod asyncapi;
#[cfg(feature = "compat")]
pub mod catalog;
pub mod editor_schema;
pub mod json_schema;
pub mod nats_auth;
#[cfg(feature = "compat")]
pub mod samples;
