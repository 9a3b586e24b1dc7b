//! Turns the contracts into Rust: only what `gateway` publishes and subscribes to.

fn main() {
    event_codegen::Codegen::new("../../contracts")
        .service("gateway")
        .run();
}
