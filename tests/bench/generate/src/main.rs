//! One generator, run once: `event-bench-generate ours|prost|typify FOLDER OUT`. A process of its own, because it is built twice:
//! optimised, and as Cargo builds build scripts. What it reads is written by `event_bench::shapes`.
//!
//! Its last line is the most memory that it held, in KiB.

use std::path::Path;
use std::{env, fs};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [tool, folder, out] = args.as_slice() else {
        return Err("usage: event-bench-generate ours|prost|typify FOLDER OUT".into());
    };
    let (folder, out) = (Path::new(folder), Path::new(out));
    match tool.as_str() {
        "ours" => ours(folder, out, &[])?,
        "prost" => prost(folder, out)?,
        "typify" => typify(folder, out)?,
        service => ours(folder, out, &[service])?,
    }
    println!("{}", peak()?);
    Ok(())
}

/// As the README's build.rs does it.
fn ours(folder: &Path, out: &Path, services: &[&str]) -> Result<()> {
    let mut codegen = event_codegen::Codegen::new(folder.join("contracts")).out_file(out);
    for service in services {
        codegen = codegen.service(*service);
    }
    Ok(codegen.try_run()?)
}

/// As prost-build's documentation has it: protoc, then its own generator, formatted by prettyplease. It writes a file a package;
/// `OUT` is a module of these.
fn prost(folder: &Path, out: &Path) -> Result<()> {
    let root = folder.join("proto");
    let files = fs::read_dir(&root)?
        .map(|entry| Ok(entry?.path().join("v1/events.proto")))
        .filter(|path: &Result<_>| path.as_ref().is_ok_and(|path| path.exists()))
        .collect::<Result<Vec<_>>>()?;
    let generated = out.with_extension("d");
    fs::create_dir_all(&generated)?;
    prost_build::Config::new()
        .protoc_executable(protoc_bin_vendored::protoc_bin_path()?)
        .out_dir(&generated)
        .include_file("all.rs")
        .compile_protos(&files, &[root])?;
    fs::copy(generated.join("all.rs"), out)?;
    Ok(())
}

/// As typify's documentation has it.
fn typify(folder: &Path, out: &Path) -> Result<()> {
    let text = fs::read_to_string(folder.join("schema.json"))?;
    let schema: schemars::schema::RootSchema = serde_json::from_str(&text)?;
    let mut space = typify::TypeSpace::new(&typify::TypeSpaceSettings::default());
    space.add_root_schema(schema)?;
    let file = syn::parse2::<syn::File>(space.to_stream())?;
    fs::write(out, prettyplease::unparse(&file))?;
    Ok(())
}

/// The most memory this process held, in KiB. Only Linux tells.
fn peak() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("no VmHWM in /proc/self/status")?.parse()?)
}
