//! Publishing, subscribing and the wire, against a real server.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::type_complexity
)]

mod ensuring;
mod pipelined;
mod refusals;
mod subscribing;
#[path = "../support/mod.rs"]
mod support;
mod wire;
