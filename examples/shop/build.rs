//! Turns the contracts into Rust: only what `shop` publishes and subscribes to.

fn main() {
    event_codegen::Codegen::new("../../contracts")
        .service("shop")
        .run();
}
