//! Turns the contracts into Rust: only what `billing` publishes and subscribes to.

fn main() {
    event_codegen::Codegen::new("../../contracts")
        .service("billing")
        .run();
}
