//! Turns the contracts into Rust: only what `scheduler` publishes and subscribes to.

fn main() {
    event_codegen::Codegen::new("../../contracts")
        .service("scheduler")
        .run();
}
