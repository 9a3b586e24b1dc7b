//! Turns the contracts into Rust: only what `foobar` publishes and subscribes to.

fn main() {
    event_codegen::Codegen::new("../../contracts")
        .service("foobar")
        .run();
}
