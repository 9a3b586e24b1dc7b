//! Publishing, ours against plain async-nats that does the same work: the same bytes, headers and window.

fn main() {}
