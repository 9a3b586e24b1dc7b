//! Turns the contracts into Rust: only what `notifier` publishes and subscribes to.

fn main() {
    event_codegen::Codegen::new("../../contracts")
        .service("notifier")
        .run();
}
