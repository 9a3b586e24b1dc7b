//! The JSON Schema Test Suite through the import: valid data is read unless a documented normalisation says otherwise;
//! invalid data is refused, or the warning names a keyword of the schema.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Import, uri};

/// What becomes of a suite's groups and tests.
#[derive(Debug, Default)]
struct Count {
    groups: usize,
    not_imported: Vec<String>,
    valid_read: usize,
    valid_refused: Vec<String>,
    invalid_refused: usize,
    invalid_said: usize,
    invalid_taken: Vec<String>,
    /// What the page of `schema-unchecked` says is judged otherwise.
    documented: BTreeMap<&'static str, usize>,
}

pub fn run(tests: &Path) {
    let mut wrong = 0;
    for (folder, draft) in [
        ("draft4", "04"),
        ("draft7", "07"),
        ("draft2020-12", "2020-12"),
    ] {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(tests.join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "json")
            })
            .collect();
        paths.sort();
        let mut count = Count::default();
        for path in &paths {
            let groups: Value =
                serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            for group in groups.as_array().unwrap() {
                one(&mut count, draft, &name, group);
            }
        }
        println!(
            "{folder}: {} groups, {} not imported; valid: {} read, {} refused; invalid: {} refused, {} said, {} taken",
            count.groups,
            count.not_imported.len(),
            count.valid_read,
            count.valid_refused.len(),
            count.invalid_refused,
            count.invalid_said,
            count.invalid_taken.len()
        );
        for (why, times) in &count.documented {
            println!("  {times} documented: {why}");
        }
        for line in count
            .not_imported
            .iter()
            .chain(&count.valid_refused)
            .chain(&count.invalid_taken)
        {
            println!("  {line}");
        }
        wrong += count.valid_refused.len() + count.invalid_taken.len();
    }
    assert_eq!(wrong, 0, "see above");
}

fn one(count: &mut Count, draft: &str, file: &str, group: &Value) {
    count.groups += 1;
    let mut schema = group["schema"].clone();
    if schema.is_object() && schema.get("$schema").is_none() {
        schema["$schema"] = json!(uri(draft));
    }
    let import = Import::of(&schema);
    let title = format!("{file}: {}", group["description"].as_str().unwrap());
    if !import.imports() {
        count.not_imported.push(format!(
            "NOT IMPORTED {title} {} {}",
            group["schema"],
            import.said.lines().next().unwrap_or("")
        ));
        return;
    }
    for test in group["tests"].as_array().unwrap() {
        let data = test["data"].to_string();
        let fault = import.faults(&data);
        let valid = test["valid"] == json!(true);
        if let Some(why) = documented(
            draft,
            &group["schema"],
            &test["data"],
            valid,
            fault.as_deref(),
            &import,
        ) {
            *count.documented.entry(why).or_default() += 1;
            continue;
        }
        match (valid, fault) {
            (true, None) => count.valid_read += 1,
            (true, Some(fault)) => {
                count.valid_refused.push(format!(
                    "REFUSED {title} {}: {data}: {fault}",
                    group["schema"]
                ));
            }
            (false, Some(_)) => count.invalid_refused += 1,
            (false, None) if !import.unchecked.is_empty() => count.invalid_said += 1,
            (false, None) => count
                .invalid_taken
                .push(format!("TAKEN {title} {}: {data}", group["schema"])),
        }
    }
}

/// Why a test is judged otherwise than the suite says, where the documentation promises that.
fn documented(
    draft: &str,
    schema: &Value,
    data: &Value,
    valid: bool,
    fault: Option<&str>,
    import: &Import,
) -> Option<&'static str> {
    match (valid, fault) {
        (true, Some(fault))
            if fault.contains("expected an object, found")
                || fault.contains("expected a list, found") =>
        {
            let made = [
                "properties",
                "required",
                "additionalProperties",
                "patternProperties",
                "items",
                "prefixItems",
            ];
            let untyped =
                schema.get("type").is_none() && made.iter().any(|key| schema.get(key).is_some());
            untyped.then_some(
                "what an object or list is made of, without `type`, is about objects or lists",
            )
        }
        (true, Some(fault)) if fault.ends_with("is not an integer") => data
            .to_string()
            .ends_with(".0")
            .then_some("an integer cannot have a fraction, not even a zero"),
        (true, Some(_)) if data.is_null() => Some("a whole payload is not null"),
        (false, None) if !import.unchecked.is_empty() => None,
        (false, None) if schema.get("additionalProperties") == Some(&json!(false)) => {
            Some("`additionalProperties: false` is not demanded")
        }
        (false, None)
            if draft == "04"
                && data.is_string()
                && schema.get("type") == Some(&json!("integer")) =>
        {
            Some("a draft-04 integer is read from a text")
        }
        _ => None,
    }
}
