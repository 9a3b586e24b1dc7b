//! The types that typify makes of the schemas of a folder, as a second opinion of what the import makes of them: a module for
//! each schema that it takes, and a table of them.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::panic::catch_unwind;
use std::path::Path;
use std::{fs, io};

use schemars08::schema::RootSchema;
use serde_json::{Value, json};
use typify::{TypeSpace, TypeSpaceSettings};

/// Writes `second.rs` into a folder, of the schemas below `schemas`.
///
/// # Errors
/// Returns an error if a file cannot be read or written.
pub fn write(out: &Path, schemas: &Path) -> io::Result<()> {
    let mut files: Vec<_> = fs::read_dir(schemas)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    let (mut modules, mut table) = (String::new(), String::new());
    for (at, path) in files.iter().enumerate() {
        let schema: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
        // It panics on what it does not know.
        let Ok(Some(types)) = catch_unwind(|| types(schema)) else {
            continue;
        };
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let _ = writeln!(modules, "pub mod s{at} {{\n{types}\n}}");
        let _ = write!(table, "({name:?}, super::second_opinion::<s{at}::Whole>),");
    }
    let text = format!(
        "{modules}\npub const SECOND: &[(&str, fn(&super::Value) -> Option<super::Value>)] = &[{table}];\n"
    );
    fs::write(out.join("second.rs"), text)
}

fn types(mut schema: Value) -> Option<String> {
    plain(&mut schema);
    schema["title"] = json!("Root");
    let root: RootSchema = serde_json::from_value(schema).ok()?;
    let mut space = TypeSpace::new(&TypeSpaceSettings::default());
    let id = space.add_root_schema(root).ok()??;
    let name = space.get_type(&id).ok()?.name();
    let text = space.to_stream().to_string();
    compiles(&text).then(|| format!("{text}\npub type Whole = {name};"))
}

/// Whether no type is there twice: a value that may be `null` as a whole becomes two of one name.
fn compiles(text: &str) -> bool {
    let mut names = BTreeSet::new();
    let types = ["pub struct ", "pub enum "].into_iter();
    types
        .flat_map(|item| text.split(item).skip(1))
        .filter_map(|rest| rest.split_whitespace().next())
        .all(|name| names.insert(name))
}

/// Without patterns and formats: for texts with these typify's types need crates of their own.
fn plain(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.retain(|key, value| {
                !(matches!(key.as_str(), "pattern" | "format") && value.is_string())
            });
            members.values_mut().for_each(plain);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}
