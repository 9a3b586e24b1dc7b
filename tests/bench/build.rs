//! Generates the events that are sent here.

fn main() {
    event_codegen::Codegen::new("contracts").run();
}
