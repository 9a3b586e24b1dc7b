//! Generates the Rust of the example organisation, and of a contract with every shape of the language.

fn main() {
    event_codegen::Codegen::new("../contracts").run();
    let out = std::env::var_os("OUT_DIR").map(std::path::PathBuf::from);
    if let Some(out) = out {
        event_codegen::Codegen::new("../codegen/tests/schema/everything/contracts")
            .out_file(out.join("everything.rs"))
            .run();
    }
}
