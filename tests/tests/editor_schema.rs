//! The editor schema and the reader judge alike: every key of every table with values of every kind, and every form of
//! name against the function that the reader asks.
//!
//! What the schema cannot say and leaves to the reader is listed in [`READER_ONLY`].

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use event_codegen::check;
use event_codegen::code::{Code, Severity};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::export::editor_schema::{FILE_NAME, editor_schema};
use event_codegen::model::Contracts;
use event_codegen::name;
use event_codegen::read::keys::{self, Form, Table};
use event_codegen::read::{read_folder, read_texts};
use event_codegen::subject::{Template, TemplateErrorKind};
use jsonschema::Validator;
use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

/// Texts that fit their pattern and mean nothing all the same: the key, the text, why.
const READER_ONLY: &[(&str, &str, &str)] = &[
    ("max_age", "99ms", "the server's smallest age"),
    ("duplicate_window", "99ms", "the server's smallest window"),
    ("type", "list<string", "brackets do not pair"),
    ("type", "string>", "brackets do not pair"),
    ("until", "2026-02-30", "no such day"),
    ("start", "2026-02-30T08:00:00Z", "no such day"),
    ("start", "2026-01-31T08:00:00", "no offset"),
];

/// What is about other parts of a contract, and not about the value itself.
const ELSEWHERE: &[Code] = &[
    Code::UnknownEvent,
    Code::UnknownField,
    Code::UnknownStream,
    Code::UnknownType,
    Code::SchemaFile,
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn schema() -> Value {
    serde_json::from_str(&editor_schema()).unwrap()
}

fn validator() -> Validator {
    jsonschema::draft7::options()
        .should_validate_formats(true)
        .build(&schema())
        .unwrap()
}

/// TOML as an editor hands it to a validator: dates and times are texts.
fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).unwrap().into(),
        DeValue::Float(n) => n.as_str().parse::<f64>().unwrap().into(),
        DeValue::Boolean(yes) => Value::from(*yes),
        DeValue::Datetime(moment) => Value::from(moment.to_string()),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => object(table),
    }
}

fn object(table: &DeTable<'_>) -> Value {
    let members = table
        .iter()
        .map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref())));
    Value::Object(members.collect::<Map<_, _>>())
}

fn parse(text: &str) -> Value {
    object(DeTable::parse(text).unwrap().get_ref())
}

/// The codes of the errors that the reader finds in one file.
fn read(text: &str) -> (Contracts, Diagnostics, BTreeSet<Code>) {
    let mut diagnostics = Diagnostics::default();
    let files = [(PathBuf::from("a.toml"), text.to_owned())];
    let contracts = read_texts(Path::new("contracts"), files, &mut diagnostics);
    let errors = diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code)
        .filter(|code| code.severity() == Severity::Error)
        .collect();
    (contracts, diagnostics, errors)
}

/// A table to try keys in: what stands before its keys, and the keys that it must have.
struct Place {
    about: &'static Table,
    before: &'static str,
    base: &'static [(&'static str, &'static str)],
}

/// Every table; types once for each thing that a type can be.
const PLACES: &[Place] = &[
    Place {
        about: &keys::FILE,
        before: "",
        base: &[],
    },
    Place {
        about: &keys::EVENT,
        before: "[events.E]",
        base: &[("subject", "\"a.b\""), ("fields", "{ a = \"string\" }")],
    },
    Place {
        about: &keys::EVENT,
        before: "[events.E]",
        base: &[("subject", "\"a.b\""), ("json_schema", "\"a.json\"")],
    },
    Place {
        about: &keys::FIELD,
        before: "[types.T.fields.a]",
        base: &[("type", "\"string\"")],
    },
    Place {
        about: &keys::TYPE,
        before: "[types.T]",
        base: &[("fields", "{ a = \"string\" }")],
    },
    Place {
        about: &keys::TYPE,
        before: "[types.T]",
        base: &[("enum", "[\"a\"]")],
    },
    Place {
        about: &keys::TYPE,
        before: "[types.T]",
        base: &[("tag", "\"kind\""), ("union", "{ a = \"U\" }")],
    },
    Place {
        about: &keys::TYPE,
        before: "[types.T]",
        base: &[("type", "\"string\"")],
    },
    Place {
        about: &keys::TYPE,
        before: "[types.T]",
        base: &[],
    },
    Place {
        about: &keys::STREAM,
        before: "[streams.S]",
        base: &[],
    },
    Place {
        about: &keys::SERVICE,
        before: "[services.s]",
        base: &[],
    },
    Place {
        about: &keys::RETRY,
        before: "[services.s.retry]",
        base: &[],
    },
    Place {
        about: &keys::ACCEPTED,
        before: "[[accepted]]",
        base: &[
            ("rule", "\"r\""),
            ("path", "\"p\""),
            ("reason", "\"r\""),
            ("until", "\"2026-01-31\""),
        ],
    },
];

/// A value of every kind, and texts that one key or another takes.
const VALUES: &[&str] = &[
    "true",
    "false",
    "0",
    "1",
    "-1",
    "5",
    "6",
    "1024",
    "1025",
    "100000",
    "100001",
    "1000000",
    "1000001",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "0.5",
    "1.0",
    "-2.5",
    "2026-01-31",
    "2026-01-31T08:00:00Z",
    "08:00:00",
    "[]",
    "[\"a\"]",
    "[\"A\"]",
    "[\"x.A\"]",
    "[\"A\", 1]",
    "[1]",
    "[[]]",
    "[{}]",
    "[{ a = 1 }]",
    "[\"\"]",
    "[\"a b\"]",
    "{}",
    "{ a = \"string\" }",
    "{ A = \"string\" }",
    "{ a = 1 }",
    "{ a = { type = \"string\" } }",
    "{ a = { typ = \"string\" } }",
    "{ a = { type = \"string\", doc = 1 } }",
    "{ a = {} }",
    "{ A = {} }",
    "{ a = [] }",
    "{ \"a b\" = \"A\" }",
    "{ \"\" = \"x.A\" }",
    "{ A = { enum = [\"a\"] } }",
    "{ A = { subject = \"a\", fields = {} } }",
    "{ A = { subject = \"a\" } }",
    "{ a = { publishes = [] } }",
    "{ max_attempts = 3 }",
    "{ \"a-b\" = {} }",
    "{ \"1\" = {} }",
    "{ \"a.b\" = {} }",
    "\"\"",
    "\"a\"",
    "\"A\"",
    "\"a b\"",
    "\"a.b\"",
    "\"a..b\"",
    "\"a.\"",
    "\"a.{b}.c\"",
    "\"{a}.b\"",
    "\"a.{b\"",
    "\"a.x{b}\"",
    "\"a.*\"",
    "\"a.>\"",
    "\"x.A\"",
    "\"x.y.A\"",
    "\"X.A\"",
    "\"x.A.\"",
    "\"user:created\"",
    "\"string\"",
    "\"string?\"",
    "\"json\"",
    "\"list<string>\"",
    "\"list<string>?\"",
    "\"list<A?>\"",
    "\"map<list<x.A>>\"",
    "\"map<string, string>\"",
    "\"list<>\"",
    "\"int\"",
    "\"?\"",
    "\"list<string\"",
    "\"string>\"",
    "\"30s\"",
    "\"0s\"",
    "\"00ms\"",
    "\"99ms\"",
    "\"100ms\"",
    "\"30\"",
    "\"1.5h\"",
    "\"5m\"",
    "\"1d\"",
    "\"5MiB\"",
    "\"0B\"",
    "\"1B\"",
    "\"5MB\"",
    "\"1GiB\"",
    "\"all\"",
    "\"new\"",
    "\"file\"",
    "\"memory\"",
    "\"limits\"",
    "\"interest\"",
    "\"workqueue\"",
    "\"old\"",
    "\"plain\"",
    "\"cloudevents\"",
    "\"2026-01-31\"",
    "\"2026-02-30\"",
    "\"26-01-31\"",
    "\"2026-01-31T08:00:00Z\"",
    "\"2026-01-31T08:00:00\"",
    "\"2026-02-30T08:00:00Z\"",
    "\"é\"",
    "\"a\\u0001\"",
    "\"a\\tb\"",
    "\"a/b\"",
    "\"a-b_c\"",
    "\"2a\"",
    "\"_INBOX.a\"",
];

#[test]
fn the_reader_and_the_schema_judge_every_key_alike() {
    let validator = validator();
    let (mut tried, mut taken, mut wrong) = (0, BTreeSet::new(), Vec::new());
    for place in PLACES {
        let unknown = ["docs", "Type", ""];
        for key in place.about.keys.iter().map(|key| key.name).chain(unknown) {
            for value in VALUES {
                let mut text = format!("{}\n", place.before);
                for (other, default) in place.base.iter().filter(|(other, _)| *other != key) {
                    text.push_str(&format!("{other} = {default}\n"));
                }
                text.push_str(&format!("\"{key}\" = {value}\n"));
                tried += 1;
                let (contracts, mut diagnostics, errors) = read(&text);
                let _ = check::check(contracts, &mut diagnostics);
                let refused = diagnostics.has_errors();
                let valid = validator.is_valid(&parse(&text));
                let own: Vec<&Code> = errors
                    .iter()
                    .filter(|code| !ELSEWHERE.contains(code))
                    .collect();
                // TOML's dates and times have no quotes; to a schema they are texts like others.
                let moment =
                    value.starts_with(|c: char| c.is_ascii_digit()) && value.contains(['-', ':']);
                // So is 1.0 an integer.
                let listed = moment
                    || *value == "1.0"
                    || READER_ONLY
                        .iter()
                        .any(|(name, known, _)| *name == key && format!("\"{known}\"") == *value);
                if valid && errors.is_empty() {
                    taken.insert((place.about.heading, key));
                }
                if valid == own.is_empty() && !listed || !valid && refused || valid && listed {
                    continue;
                }
                wrong.push(format!(
                    "{text}schema: {valid}, reader: {:?}\n",
                    diagnostics.iter().map(|d| &d.message).collect::<Vec<_>>()
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {tried}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    // Each key has some value that both take; those that lead to another file or part have theirs in `good/`.
    let all: BTreeSet<(&str, &str)> = PLACES
        .iter()
        .flat_map(|place| {
            place
                .about
                .keys
                .iter()
                .map(|key| (place.about.heading, key.name))
        })
        .collect();
    let elsewhere = ["json_schema", "stream", "supersedes", "tag", "union"];
    let never: Vec<_> = all
        .difference(&taken)
        .filter(|(_, key)| !elsewhere.contains(key))
        .collect();
    assert!(never.is_empty(), "{never:?}");
}

/// Of every table the definition has exactly the reader's keys.
#[test]
fn the_schema_has_every_key_of_the_reader() {
    let schema = schema();
    let mut seen = BTreeSet::new();
    for place in PLACES {
        let definition = if std::ptr::eq(place.about, &keys::FILE) {
            &schema
        } else {
            let name = place
                .about
                .about
                .split_once(' ')
                .unwrap()
                .1
                .replace(' ', "-");
            &schema["definitions"][name]
        };
        let keys: Vec<&String> = definition["properties"]
            .as_object()
            .unwrap()
            .keys()
            .collect();
        let known: Vec<&str> = place.about.keys.iter().map(|key| key.name).collect();
        let sorted: BTreeSet<&str> = known.iter().copied().collect();
        assert_eq!(
            keys.iter().map(|key| key.as_str()).collect::<BTreeSet<_>>(),
            sorted
        );
        for key in place.about.keys {
            assert_eq!(definition["properties"][key.name]["description"], key.doc);
        }
        seen.insert(place.about.heading);
    }
    assert_eq!(
        seen.len(),
        1 + schema["definitions"].as_object().unwrap().len()
    );
}

/// Every text of up to four of these pieces.
fn texts() -> Vec<String> {
    let pieces = [
        "a", "Z", "0", "_", "-", ".", "..", "{", "}", "{a}", "*", ">", " ", "/", "\\", "é",
        "\u{1}", "$", ":",
    ];
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..4 {
        last = last
            .iter()
            .flat_map(|text| pieces.iter().map(move |piece| format!("{text}{piece}")))
            .collect();
        all.extend(last.iter().cloned());
    }
    all.extend(["a".repeat(255), "a".repeat(256)]);
    all
}

/// What the reader asks about a name.
type Question = fn(&str) -> bool;

#[test]
fn forms_of_names_are_what_the_reader_asks_for() {
    let pairs: [(Form, Question); 4] = [
        (Form::Field, name::is_field_name),
        (Form::Declared, name::is_type_name),
        (Form::Nats, name::is_nats_name),
        (Form::Wire, |text| {
            !text.is_empty() && !text.chars().any(char::is_control)
        }),
    ];
    for (form, is) in pairs {
        let pattern = regex::Regex::new(form.pattern()).unwrap();
        for text in texts() {
            assert_eq!(pattern.is_match(&text), is(&text), "{form:?} {text:?}");
        }
    }
    let subject = schema()["definitions"]["event"]["properties"]["subject"]["pattern"].clone();
    let pattern = regex::Regex::new(subject.as_str().unwrap()).unwrap();
    for text in texts() {
        let errors = Template::parse(&text).err().unwrap_or_default();
        // That a name stands twice is more than a pattern can say.
        let twice = |kind: TemplateErrorKind| kind == TemplateErrorKind::PlaceholderTwice;
        let right = errors.iter().all(|error| twice(error.kind));
        assert_eq!(pattern.is_match(&text), right, "{text:?} {errors:?}");
    }
}

#[test]
fn a_good_folder_has_every_key_and_is_taken_by_both() {
    let folder = root().join("tests/editor-schema/good");
    let mut diagnostics = Diagnostics::default();
    let contracts = read_folder(&folder, &mut diagnostics);
    let _ = check::check(contracts, &mut diagnostics);
    let errors: Vec<_> = diagnostics
        .iter()
        .filter(|d| d.code.severity() == Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:?}");

    let all = parse(&fs::read_to_string(folder.join("all.toml")).unwrap());
    let validator = validator();
    let errors: Vec<String> = validator
        .iter_errors(&all)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    let mut used = BTreeSet::new();
    keys_of(&all, &mut used);
    for table in PLACES.iter().map(|place| place.about) {
        for key in table.keys {
            assert!(used.contains(key.name), "{} {}", table.heading, key.name);
        }
    }
}

fn keys_of(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                used.insert(key.clone());
                keys_of(value, used);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys_of(item, used)),
        _ => {}
    }
}

/// The lines that the editors' tools complain about (`tests/editor-schema.sh`) are those that the reader complains about.
#[test]
fn the_reader_finds_the_marked_lines() {
    let text = fs::read_to_string(root().join("tests/editor-schema/bad/bad.toml")).unwrap();
    let (contracts, diagnostics, _) = read(&text);
    let found: BTreeSet<usize> = diagnostics
        .iter()
        .filter(|diagnostic| !ELSEWHERE.contains(&diagnostic.code))
        .map(|diagnostic| contracts.sources.position(diagnostic.span).line)
        .collect();
    let marked: BTreeSet<usize> = (1..)
        .zip(text.lines())
        .filter(|(_, line)| line.ends_with("#!"))
        .map(|(at, _)| at)
        .collect();
    // Which names a stream may have is for the rules.
    let by_rule: BTreeSet<usize> = (1..)
        .zip(text.lines())
        .filter(|(_, line)| line.starts_with("[streams.\"A.B\"]"))
        .map(|(at, _)| at)
        .collect();
    let marked: BTreeSet<usize> = marked.difference(&by_rule).copied().collect();
    assert_eq!(found, marked);
}

#[test]
fn the_schema_beside_the_contracts_is_not_stale() {
    let folder = root().join("contracts");
    assert_eq!(
        fs::read_to_string(folder.join(FILE_NAME)).unwrap(),
        editor_schema(),
        "cargo contracts export editor-schema --out contracts/{FILE_NAME}"
    );
    let mut diagnostics = Diagnostics::default();
    let contracts = read_folder(&folder, &mut diagnostics);
    assert!(contracts.sources.iter().count() > 4);
    for (_, file) in contracts.sources.iter() {
        let first = file.text.lines().next().unwrap();
        let named = first
            .strip_prefix("#:schema ")
            .expect("the first line names no schema");
        let named = file.path.parent().unwrap().join(named);
        assert!(named.canonicalize().unwrap() == folder.join(FILE_NAME).canonicalize().unwrap());
    }
}
