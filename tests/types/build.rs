//! Generates the types of the example organisation, without its services.

fn main() {
    event_codegen::Codegen::new("../../contracts")
        .types_only()
        .run();
}
