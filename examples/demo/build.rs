//! Turns all contracts into Rust: the demo sets the whole organisation up.

fn main() {
    event_codegen::Codegen::new("../../contracts").run();
}
