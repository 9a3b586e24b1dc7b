//! `#[derive(Event)]`: a shell around event-codegen's Rust front end and emitter.
