//! The schemas of a folder, each with the payloads that belong to it: `EVENT_SCHEMA_CORPUS` names the folder. Three layouts
//! are known: `jsonschema/` with `testdata/` (a payload's path and name up to the first `-` are those of its schema),
//! `src/schemas/json/NAME.json` with `src/test/NAME/`, and the official test suite (`tests/DRAFT/*.json`). Every other JSON
//! file that declares `$schema` is a schema without payloads.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::payload::Payloads;
use super::random::Random;

pub struct Entry {
    pub name: String,
    pub schema: Value,
    /// Payloads that came with it.
    real: Vec<Value>,
}

impl Entry {
    /// Its payloads, each with some changed copies, and some that are made up.
    pub fn payloads(&self, count: usize) -> Vec<Value> {
        let seed = self.name.bytes().fold(7_u64, |seed, byte| {
            seed.wrapping_mul(31).wrapping_add(byte.into())
        });
        let mut random = Random::new(seed);
        let mut payloads = Payloads::new(&mut random, &self.schema);
        let mut out = self.real.clone();
        for real in &self.real {
            for _ in 0..3 {
                let mut changed = real.clone();
                payloads.change(&mut changed);
                out.push(changed);
            }
        }
        for at in 0..count {
            let mut payload = payloads.payload();
            if at % 2 == 1 {
                payloads.change(&mut payload);
            }
            out.push(payload);
        }
        out.retain(|payload| payload.is_object());
        out
    }
}

fn json(path: &Path) -> Option<Value> {
    let text = std::fs::read_to_string(path).ok()?;
    serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()
}

fn below(folder: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            below(&path, out);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            out.push(path);
        }
    }
}

/// Every schema of the corpus.
pub fn schemas() -> Vec<Entry> {
    let corpus = PathBuf::from(
        std::env::var_os("EVENT_SCHEMA_CORPUS").expect("EVENT_SCHEMA_CORPUS names a folder"),
    );
    let mut files = Vec::new();
    below(&corpus, &mut files);
    let mut out = Vec::new();
    for path in &files {
        let name = path.strip_prefix(&corpus).unwrap().display().to_string();
        if name.contains("/remotes/") || name.contains("/testdata/") || name.contains("src/test/") {
            continue;
        }
        let Some(value) = json(path) else { continue };
        if name.contains("test-suite") {
            suite(&name, &value, &mut out);
        } else if value.get("$schema").is_some()
            || name.contains("jsonschema/")
            || name.contains("src/schemas/json/")
        {
            out.push(Entry {
                real: real(path, &files),
                name,
                schema: value,
            });
        }
    }
    out
}

/// The payloads of a schema file.
fn real(schema: &Path, files: &[PathBuf]) -> Vec<Value> {
    let text = schema.display().to_string();
    let stem = schema
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let folder = schema.parent().unwrap().display().to_string();
    let own = |path: &&PathBuf| {
        let other = path.parent().unwrap().display().to_string();
        if text.contains("/jsonschema/") {
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            other == folder.replace("/jsonschema/", "/testdata/")
                && name.split('-').next() == Some(stem.as_str())
        } else {
            other == folder.replace("src/schemas/json", "src/test") + "/" + &stem
        }
    };
    files
        .iter()
        .filter(own)
        .filter_map(|path| json(path))
        .collect()
}

/// The cases of the official suite. What is tested is no object, and the payload of an event is one: it becomes a member.
fn suite(name: &str, groups: &Value, out: &mut Vec<Entry>) {
    let uri = match name {
        _ if name.contains("draft4") => "http://json-schema.org/draft-04/schema#",
        _ if name.contains("draft7") => "http://json-schema.org/draft-07/schema#",
        _ => "https://json-schema.org/draft/2020-12/schema",
    };
    for group in groups.as_array().into_iter().flatten() {
        let schema = &group["schema"];
        // References are from the top, and identifiers move what is relative to them.
        let text = schema.to_string();
        if !schema.is_object()
            || text.contains("\"$ref\"")
            || text.contains("id\"")
            || text.contains("amic")
            || text.contains("$schema\":\"http://localhost")
        {
            continue;
        }
        let mut inner = schema.clone();
        if let Value::Object(members) = &mut inner {
            members.remove("$schema");
        }
        let real = group["tests"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|test| json!({"held": test["data"]}));
        out.push(Entry {
            name: format!("{name}: {}", group["description"].as_str().unwrap_or_default()),
            schema: json!({"$schema": uri, "type": "object", "properties": {"held": inner}, "required": ["held"]}),
            real: real.collect(),
        });
    }
}
