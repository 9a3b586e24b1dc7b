//! The rules of the JSON Schema dialect, each held by every schema of every case, draft and layout. What another team's schema
//! says is theirs: only the rules about form hold for imports too.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::Path;

use event_codegen::check;
use event_codegen::diagnostic::Diagnostics;
use event_codegen::export::json_schema::{Draft, Layout, json_schema};
use event_codegen::read;
use serde_json::{Map, Value};

/// Cases with own shapes only.
const OWN: &[&str] = &[
    "schema/everything",
    "schema/order",
    "schema/same_name",
    "golden/types",
    "golden/constraints",
    "golden/defaults",
    "golden/names",
    "golden/recursion",
    "golden/services",
];
/// And with imported ones.
#[cfg(feature = "import")]
const IMPORTED: &[&str] = &["schema/imported", "import"];
#[cfg(not(feature = "import"))]
const IMPORTED: &[&str] = &[];

/// Every file of some cases: its name, its draft and its schema.
fn files(cases: &[&str]) -> Vec<(String, Draft, Value)> {
    let mut all = Vec::new();
    for case in cases {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests")
            .join(case);
        let contracts = folder.join("contracts");
        let folder = if contracts.is_dir() {
            contracts
        } else {
            folder
        };
        let mut diagnostics = Diagnostics::default();
        let model = read::read_folder(&folder, &mut diagnostics);
        let checked = check::check(model, &mut diagnostics).unwrap();
        for draft in [Draft::Draft07, Draft::Draft202012] {
            for layout in [Layout::Bundled, Layout::Refs, Layout::Catalog] {
                let written = json_schema(&checked, draft, layout);
                assert_eq!(
                    written,
                    json_schema(&checked, draft, layout),
                    "the same on every run"
                );
                all.extend(written.into_iter().map(|(name, text)| {
                    let schema = serde_json::from_str(&text).unwrap();
                    (format!("{case}: {name} ({layout:?})"), draft, schema)
                }));
            }
        }
    }
    all
}

fn all() -> Vec<(String, Draft, Value)> {
    files(&[OWN, IMPORTED].concat())
}

type Object = Map<String, Value>;

/// Calls `look` with every schema in a schema, and with whether it is the root or a definition; returns how often.
fn every(schema: &Value, named: bool, look: &mut impl FnMut(&Object, bool)) -> usize {
    let Some(members) = schema.as_object() else {
        panic!("{schema} is no schema");
    };
    look(members, named);
    let mut seen = 1;
    for (key, value) in members {
        seen += match (key.as_str(), value) {
            ("properties", Value::Object(of)) => of.values().map(|s| every(s, false, look)).sum(),
            ("definitions" | "$defs", Value::Object(of)) => {
                of.values().map(|s| every(s, true, look)).sum()
            }
            ("oneOf" | "anyOf" | "allOf" | "prefixItems", Value::Array(of)) => {
                of.iter().map(|s| every(s, false, look)).sum()
            }
            ("items", Value::Array(of)) => of.iter().map(|s| every(s, false, look)).sum(),
            ("items" | "additionalProperties" | "not", of) => every(of, false, look),
            _ => 0,
        };
    }
    seen
}

/// Looks at every schema of these files, of which some must be of the kind that the rule is about.
fn hold(files: &[(String, Draft, Value)], mut rule: impl FnMut(&str, &Object, bool) -> bool) {
    let mut about = 0;
    for (file, _, schema) in files {
        every(schema, true, &mut |members, named| {
            about += usize::from(rule(file, members, named))
        });
    }
    assert!(about > 0, "no schema is what the rule is about");
}

fn text<'a>(members: &'a Object, key: &str) -> Option<&'a str> {
    members.get(key).and_then(Value::as_str)
}

#[test]
fn rule_1_the_root_says_its_draft_and_keeps_to_its_words() {
    for (file, draft, schema) in all() {
        assert_eq!(schema["$schema"], draft.uri(), "{file}");
        let other = if draft == Draft::Draft07 {
            "$defs"
        } else {
            "definitions"
        };
        every(&schema, true, &mut |members, _| {
            assert!(!members.contains_key(other), "{file}")
        });
    }
}

#[test]
fn rule_2_titles_on_the_root_and_on_every_definition() {
    for (file, draft, schema) in all() {
        assert!(
            schema.get("$ref").is_none(),
            "{file}: the root is a reference"
        );
        let mut titles = BTreeSet::new();
        every(&schema, true, &mut |members, named| {
            let title = text(members, "title");
            assert!(!named || title.is_some(), "{file}: no title in {members:?}");
            let Some(title) = title else { return };
            assert!(titles.insert(title.to_owned()), "{file}: {title} twice");
            let first = title.chars().next().unwrap();
            assert!(
                first.is_ascii_uppercase() && title.chars().all(char::is_alphanumeric),
                "{file}: {title}"
            );
        });
        let definitions = schema.get(draft.definitions()).and_then(Value::as_object);
        for (name, definition) in definitions.into_iter().flatten() {
            assert_eq!(definition["title"], name.as_str(), "{file}");
        }
    }
}

#[test]
fn rule_3_a_reference_stands_by_itself() {
    hold(&all(), |file, members, _| {
        let wrapped = members
            .get("allOf")
            .is_some_and(|of| of.to_string().contains("\"$ref\""));
        assert!(!wrapped, "{file}: {members:?}");
        let beside = ["$ref", "description", "default", "deprecated"];
        let reference = members.contains_key("$ref");
        assert!(
            !reference || members.keys().all(|key| beside.contains(&key.as_str())),
            "{file}: {members:?}"
        );
        reference
    });
}

#[test]
fn rule_4_defaulted_is_optional_and_nothing_is_nullable() {
    hold(&files(OWN), |file, members, _| {
        assert!(
            members
                .get("type")
                .is_none_or(|kind| kind.is_string() && kind != "null"),
            "{file}: {members:?}"
        );
        assert!(!members.contains_key("nullable"), "{file}");
        let required = members.get("required").and_then(Value::as_array);
        let required: BTreeSet<&str> = required
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let fields = members.get("properties").and_then(Value::as_object);
        let mut defaulted = fields
            .into_iter()
            .flatten()
            .filter(|(_, field)| field.get("default").is_some());
        let about = defaulted.clone().next().is_some();
        assert!(
            defaulted.all(|(name, _)| !required.contains(name.as_str())),
            "{file}: {members:?}"
        );
        about
    });
}

#[test]
fn rule_5_closed_enums_list_and_open_ones_show() {
    let (mut open, mut closed) = (0, 0);
    hold(&files(OWN), |file, members, _| {
        // In `not`, which the fallback of a union has, a list has no type.
        let listed = members.contains_key("enum") && members.len() > 1;
        let shown = members.contains_key("examples");
        if listed || shown {
            assert_eq!(text(members, "type"), Some("string"), "{file}: {members:?}");
            assert!(!(listed && shown), "{file}: {members:?}");
        }
        open += usize::from(shown);
        closed += usize::from(listed);
        listed || shown
    });
    assert!(open > 0 && closed > 0);
}

#[test]
fn rule_6_integers_have_their_size_and_numbers_in_texts_a_pattern() {
    hold(&all(), |file, members, _| {
        let format = text(members, "format");
        let known = ["int32", "int64", "uuid", "date-time", "date"];
        assert!(
            format.is_none_or(|format| known.contains(&format)),
            "{file}: {format:?}"
        );
        let integer = text(members, "type") == Some("integer");
        assert_eq!(
            integer,
            matches!(format, Some("int32" | "int64")),
            "{file}: {members:?}"
        );
        integer
    });
    let (_, _, everything) = files(&["schema/everything"]).remove(0);
    let fields = &everything["properties"];
    for field in ["price", "wideSigned", "wide", "narrow", "pause", "data"] {
        assert!(
            fields[field]["type"] == "string" && fields[field]["pattern"].is_string(),
            "{field}"
        );
    }
    assert!(fields["count"]["maximum"] == u32::MAX && fields["count"]["minimum"] == 0);
}

#[test]
fn rule_7_unions_are_references_to_objects_with_a_constant_tag() {
    let files = files(OWN);
    hold(&files, |file, members, _| {
        let branches = members.get("oneOf").and_then(Value::as_array);
        for branch in branches.into_iter().flatten() {
            let keys: Vec<&String> = branch.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["$ref"], "{file}: {branch}");
        }
        branches.is_some()
    });
    let mut fallbacks = 0;
    hold(&files, |file, members, _| {
        let fields = members.get("properties").and_then(Value::as_object);
        let mut about = false;
        for (name, field) in fields.into_iter().flatten() {
            let constant = field.get("const").is_some();
            let fallback = field.get("not").is_some();
            if constant || fallback {
                assert_eq!(field["type"], "string", "{file}: {field}");
                assert!(
                    members["required"]
                        .as_array()
                        .unwrap()
                        .contains(&name.as_str().into()),
                    "{file}: {name}"
                );
            }
            if fallback {
                assert!(
                    field["not"]["enum"]
                        .as_array()
                        .is_some_and(|known| !known.is_empty()),
                    "{file}: {field}"
                );
                fallbacks += 1;
            }
            about |= constant;
        }
        about
    });
    assert!(fallbacks > 0);
}

#[test]
fn rule_8_nothing_that_only_some_tools_know() {
    hold(&all(), |file, members, _| {
        for key in members.keys() {
            let own = key.starts_with("x-")
                || ["$id", "id", "discriminator", "nullable"].contains(&key.as_str());
            assert!(!own, "{file}: {key}");
        }
        let default = members.get("default");
        assert!(
            default.is_none_or(|value| !value.is_array() && !value.is_object()),
            "{file}: {default:?}"
        );
        default.is_some()
    });
    hold(&files(OWN), |file, members, named| {
        assert!(
            members.get("items").is_none_or(Value::is_object),
            "{file}: a tuple"
        );
        assert!(!members.contains_key("prefixItems"), "{file}: a tuple");
        named && text(members, "$comment").is_some_and(|from| !from.contains("/tests/"))
    });
}

#[test]
fn rule_9_objects_are_left_open_and_comments_stay_comments() {
    hold(&all(), |file, members, _| {
        let more = members.get("additionalProperties");
        assert!(more.is_none_or(Value::is_object), "{file}: {more:?}");
        let description = text(members, "description");
        assert!(
            description.is_none_or(|text| !text.contains("*/")),
            "{file}: {description:?}"
        );
        description.is_some_and(|text| text.contains("* /"))
    });
}

#[test]
fn rule_10_where_the_layouts_put_things() {
    for (file, _, schema) in all() {
        let mut targets = Vec::new();
        every(&schema, true, &mut |members, _| {
            targets.extend(text(members, "$ref").map(str::to_owned))
        });
        for target in targets {
            // `#` is an imported type inside itself.
            let local = target.starts_with('#');
            let apart = file.contains("(Refs)");
            let name = !target.contains('/') && target.ends_with(".json");
            assert!(if apart { name } else { local }, "{file}: {target}");
        }
    }
}
