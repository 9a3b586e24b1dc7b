//! The commands of typed event contracts.
fn main() {}
