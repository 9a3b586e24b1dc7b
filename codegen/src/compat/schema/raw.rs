//! Keywords of schema files that no generated type checks: compared as they are written.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::Contracts;
use crate::source::Spanned;

/// Keywords that demand something and are left to the writer.
const UNCHECKED: &[&str] = &[
    "not",
    "if",
    "then",
    "else",
    "dependencies",
    "dependentSchemas",
    "dependentRequired",
    "patternProperties",
    "propertyNames",
    "contains",
    "minContains",
    "maxContains",
    "uniqueItems",
    "multipleOf",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentEncoding",
    "contentMediaType",
];

/// Formats that a type checks.
const CHECKED: &[&str] = &[
    "uuid",
    "date-time",
    "date",
    "int32",
    "int64",
    "float",
    "double",
];

/// Finds each place where such a keyword came, went or changed: file and JSON pointer, and the keyword.
pub(super) fn differences(
    old: (&Contracts, Option<&Spanned<String>>),
    new: (&Contracts, Option<&Spanned<String>>),
) -> Vec<(String, String)> {
    let (old, new) = (keywords(old), keywords(new));
    let mut all: Vec<(String, String)> = old
        .iter()
        .filter(|(at, value)| new.get(*at) != Some(value))
        .chain(new.iter().filter(|(at, _)| !old.contains_key(*at)))
        .map(|((pointer, keyword), _)| (pointer.clone(), keyword.clone()))
        .collect();
    all.sort();
    all.dedup();
    all
}

type Keywords = BTreeMap<(String, String), Value>;

fn keywords((contracts, source): (&Contracts, Option<&Spanned<String>>)) -> Keywords {
    let mut all = Keywords::new();
    let Some(schema) = source.and_then(|source| contracts.schemas.get(&source.value)) else {
        return all;
    };
    let several = schema.files.len() > 1;
    for path in &schema.files {
        let file = contracts
            .sources
            .iter()
            .find(|(_, file)| file.path.ends_with(path));
        let Some(value) = file.and_then(|(_, file)| serde_json::from_str(&file.text).ok()) else {
            continue;
        };
        let mut at = if several {
            format!("{}#", path.display())
        } else {
            "#".to_owned()
        };
        collect(&value, &mut at, &mut all);
    }
    // What types check elsewhere, and not at these places.
    for unchecked in &schema.unchecked {
        if UNCHECKED.contains(&unchecked.keyword) || unchecked.keyword == "format" {
            continue;
        }
        let parent = unchecked
            .pointer
            .rsplit_once('/')
            .map_or("", |(parent, _)| parent);
        let file = if several { unchecked.file.as_str() } else { "" };
        let at = format!("{file}#{parent}");
        let value = Value::String(unchecked.value.clone());
        all.insert((at, unchecked.keyword.to_owned()), value);
    }
    all
}

/// serde_json bounds how deep a text nests, so this may recurse.
fn collect(schema: &Value, at: &mut String, all: &mut Keywords) {
    match schema {
        Value::Object(members) => {
            for (key, value) in members {
                let format = key == "format"
                    && value
                        .as_str()
                        .is_some_and(|format| !CHECKED.contains(&format));
                if UNCHECKED.contains(&key.as_str()) || format {
                    all.insert((at.clone(), key.clone()), value.clone());
                    continue;
                }
                // Values that are not schemas.
                if matches!(
                    key.as_str(),
                    "enum" | "const" | "default" | "example" | "examples"
                ) {
                    continue;
                }
                let length = at.len();
                at.push('/');
                at.push_str(&key.replace('~', "~0").replace('/', "~1"));
                collect(value, at, all);
                at.truncate(length);
            }
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                let length = at.len();
                at.push_str(&format!("/{n}"));
                collect(item, at, all);
                at.truncate(length);
            }
        }
        _ => {}
    }
}
