//! Writes Rust.
