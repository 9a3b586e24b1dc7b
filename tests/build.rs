//! Generates the Rust of the example organisation, of a contract with every shape of the language, and of imported schemas.

fn main() {
    event_codegen::Codegen::new("../contracts").run();
    let out = std::env::var_os("OUT_DIR").map(std::path::PathBuf::from);
    if let Some(out) = out {
        event_codegen::Codegen::new("../codegen/tests/schema/everything/contracts")
            .out_file(out.join("everything.rs"))
            .run();
        event_codegen::Codegen::new("../codegen/tests/import")
            .out_file(out.join("imported.rs"))
            .run();
    }
}
