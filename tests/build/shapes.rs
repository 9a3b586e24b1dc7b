//! Small schemas of `shapes/cases.json`, each in every place where a schema can stand and under an old and a new draft, as
//! events of one service; and a table of them.

use std::fmt::Write;
use std::path::Path;
use std::{fs, io};

use serde_json::{Value, json};

const CASES: &str = "shapes/cases.json";

/// The drafts, as names and as `$schema` has them.
const DRAFTS: [(&str, &str, &str); 2] = [
    (
        "Old",
        "http://json-schema.org/draft-04/schema#",
        "definitions",
    ),
    (
        "New",
        "https://json-schema.org/draft/2020-12/schema",
        "$defs",
    ),
];

/// Writes contracts, `shapes.rs` and `shapes_table.rs` into a folder.
///
/// # Errors
/// A file that cannot be read or written.
pub fn write(out: &Path) -> io::Result<()> {
    println!("cargo::rerun-if-changed={CASES}");
    let cases: Value = serde_json::from_str(&fs::read_to_string(CASES)?)?;
    let folder = out.join("shapes");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let (mut contract, mut table) = (String::new(), String::from("&["));
    let mut names = Vec::new();
    let mut event = |name: &str, case: usize, whole: bool, schema: &Value| {
        let _ = writeln!(
            contract,
            "[events.{name}]\nsubject = \"shapes.{name}\"\nstream = \"SHAPES\"\njson_schema = \"{name}.json\"\n"
        );
        names.push(name.to_owned());
        let _ = write!(
            table,
            "Event {{ name: {name:?}, case: {case}, whole: {whole}, decode: decode::<contracts::shapes::{name}>, publish: publish::<contracts::shapes::{name}>, handle: handle::<contracts::shapes::{name}> }},"
        );
        fs::write(folder.join(format!("{name}.json")), format!("{schema:#}"))
    };
    for (at, case) in cases.as_array().into_iter().flatten().enumerate() {
        let name = case["name"].as_str().unwrap_or_default();
        for (draft, uri, definitions) in DRAFTS {
            if case["draft"].as_str().is_some_and(|only| only != draft) {
                continue;
            }
            let case: Value = serde_json::from_str(
                &case
                    .to_string()
                    .replace("DEFINITIONS", &format!("#/{definitions}")),
            )?;
            if case["whole"] == true {
                let mut schema = case["schema"].clone();
                schema["$schema"] = json!(uri);
                if !case["definitions"].is_null() {
                    schema[definitions] = case["definitions"].clone();
                }
                event(&format!("{name}{draft}Whole"), at, true, &schema)?;
            }
            let reference = json!({"$ref": format!("#/{definitions}/it")});
            let mut more = json!({"it": case["schema"]});
            for (key, schema) in case["definitions"].as_object().into_iter().flatten() {
                more[key] = schema.clone();
            }
            let mut schema = json!({
                "$schema": uri,
                "type": "object",
                "properties": {
                    "inline": case["schema"],
                    "reference": reference,
                    "composed": {"allOf": [reference]},
                    "list": {"type": "array", "items": case["schema"]},
                    "map": {"type": "object", "additionalProperties": reference},
                    "held": {"type": "object", "properties": {"must": case["schema"]}, "required": ["must"]},
                },
            });
            schema[definitions] = more;
            event(&format!("{name}{draft}"), at, false, &schema)?;
        }
    }
    let _ = writeln!(
        contract,
        "[streams.SHAPES]\n[services.judge]\npublishes = {names:?}\nsubscribes = {names:?}"
    );
    table.push(']');
    fs::write(folder.join("shapes.toml"), contract)?;
    fs::write(out.join("shapes_table.rs"), table)?;
    event_codegen::Codegen::new(&folder)
        .out_file(out.join("shapes.rs"))
        .run();
    Ok(())
}
