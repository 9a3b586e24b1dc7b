//! Every exported sample, judged by all that judge payloads: the generated Rust with its constraints, the JSON Schemas of
//! both drafts, the model of `diff`, and the decoder of the commands. They agree with the sample and so with each other.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, deprecated)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use event_codegen::check::{self, Checked};
use event_codegen::compat::payload;
use event_codegen::decode::{Decoder as Dynamic, MASK};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::export::json_schema::{Draft, Layout, json_schema};
use event_codegen::export::samples::{Kind, Sample, samples};
use event_codegen::json::Json;
use event_codegen::model::EventId;
use event_codegen::read;
use jsonschema::Validator;
use serde_json::{Value, json};

#[path = "samples/cases.rs"]
mod cases;

use cases::{Decoder, cases};

fn contracts_at(folder: &str) -> Checked {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut diagnostics = Diagnostics::default();
    let model = read::read_folder(&folder, &mut diagnostics);
    check::check(model, &mut diagnostics).unwrap()
}

fn validators(contracts: &Checked, draft: Draft) -> BTreeMap<String, Validator> {
    let schemas = json_schema(contracts, draft, Layout::Bundled).into_iter();
    let build = |(file, text): (String, String)| {
        let schema: Value = serde_json::from_str(&text).unwrap();
        // Draft-07 does not define the format, so its validators look at it only when they are told how.
        let options = jsonschema::options()
            .should_validate_formats(true)
            .with_format("uuid", is_uuid);
        let event = file.trim_end_matches(".json").to_owned();
        (event, options.build(&schema).unwrap())
    };
    schemas.map(build).collect()
}

fn is_uuid(text: &str) -> bool {
    event_runtime::Uuid::parse_str(text).is_ok() && text.len() == 36
}

/// What each judge says of a sample: nothing when it takes it, and else why not.
fn verdicts(judges: &Judges<'_>, sample: &Sample, text: &str) -> [Option<String>; 5] {
    let value: Value = serde_json::from_str(text).unwrap();
    let by_schema = |validator: &Validator| {
        validator
            .iter_errors(&value)
            .next()
            .map(|error| error.to_string())
    };
    let decoded = judges.decoders[sample.event.as_str()](text.as_bytes());
    let lost = match &decoded {
        Ok(written) if !contains(written, &value) => Some(format!("written back as {written}")),
        Ok(_) => None,
        Err(error) => Some(error.clone()),
    };
    let model = payload::read(
        judges.contracts,
        judges.events[&sample.event],
        &sample.payload,
    );
    let read = by_decoder(judges, sample, text, decoded.ok());
    [
        lost,
        by_schema(&judges.draft_07[&sample.event]),
        by_schema(&judges.draft_2020[&sample.event]),
        model.err().map(|refusal| refusal.to_string()),
        read,
    ]
}

/// What the decoder of the commands says: of a bad sample it must name the place and the rule of the sample, and of a good
/// one show what Rust writes back.
fn by_decoder(
    judges: &Judges<'_>,
    sample: &Sample,
    text: &str,
    written: Option<Value>,
) -> Option<String> {
    let event = judges.events[&sample.event];
    let decoded = Dynamic::new(judges.contracts).decode(event, text.as_bytes());
    let shown: Value = serde_json::from_str(&decoded.shown?.to_compact()).unwrap();
    if let (Some(written), true) = (written, decoded.faults.is_empty()) {
        let as_written = masks(&shown, &written) && contains_back(&written, &shown);
        return (!as_written).then(|| format!("shown as {shown}, and Rust writes {written}"));
    }
    // What is missing is missing in its object, and a tag is a part of its object.
    let whole = |path: &str| path.replace("[\"", ".").replace("\"]", "");
    let named = decoded.faults.iter().any(|fault| {
        let path = whole(&fault.path());
        Some(fault.rule) == sample.keyword && sample.path.starts_with(&path)
    });
    // Accepted is what a bad sample that is refused for another reason counts as.
    named.then(|| decoded.faults[0].to_string())
}

/// Whether everything that was written is shown, or masked.
fn masks(shown: &Value, written: &Value) -> bool {
    match (shown, written) {
        (Value::String(mask), _) if mask == MASK => true,
        // Rust writes a moment in UTC; it is shown with the offset that it came with.
        (Value::String(a), Value::String(b)) if a != b => {
            let moment = |text: &str| text.parse::<event_runtime::Timestamp>();
            matches!((moment(a), moment(b)), (Ok(a), Ok(b)) if a == b)
        }
        (Value::Object(shown), Value::Object(written)) => written
            .iter()
            .all(|(name, value)| shown.get(name).is_some_and(|own| masks(own, value))),
        (Value::Array(shown), Value::Array(written)) => {
            shown.len() == written.len() && shown.iter().zip(written).all(|(a, b)| masks(a, b))
        }
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}

/// Whether nothing is shown that was not written, but for fields that nobody knows.
fn contains_back(written: &Value, shown: &Value) -> bool {
    match (written, shown) {
        (Value::Object(written), Value::Object(shown)) => shown
            .iter()
            .filter(|(name, _)| !name.starts_with("fieldOfANewerPublisher"))
            .all(|(name, value)| {
                written
                    .get(name)
                    .is_some_and(|own| contains_back(own, value))
            }),
        (Value::Array(written), Value::Array(shown)) => written
            .iter()
            .zip(shown)
            .all(|(written, shown)| contains_back(written, shown)),
        _ => true,
    }
}

const JUDGES: [&str; 5] = ["rust", "draft-07", "2020-12", "model", "decode"];

struct Judges<'a> {
    contracts: &'a Checked,
    events: BTreeMap<String, EventId>,
    decoders: BTreeMap<&'static str, Decoder>,
    draft_07: BTreeMap<String, Validator>,
    draft_2020: BTreeMap<String, Validator>,
}

/// Whether everything of the sample was written back; only fields that nobody knows may be gone, and the offset of a
/// timestamp.
fn contains(written: &Value, sample: &Value) -> bool {
    match (written, sample) {
        (Value::Object(written), Value::Object(sample)) => sample
            .iter()
            .filter(|(name, _)| !name.starts_with("fieldOfANewerPublisher"))
            .all(|(name, value)| written.get(name).is_some_and(|own| contains(own, value))),
        (Value::Array(written), Value::Array(sample)) => {
            written.len() == sample.len()
                && written
                    .iter()
                    .zip(sample)
                    .all(|(own, value)| contains(own, value))
        }
        (Value::Number(written), Value::Number(sample)) => {
            written == sample || written.as_f64() == sample.as_f64()
        }
        (Value::String(written), Value::String(sample)) if written != sample => {
            let time = |text: &str| text.parse::<event_runtime::Timestamp>().ok();
            time(written).is_some() && time(written) == time(sample)
        }
        (written, sample) => written == sample,
    }
}

/// Prints the table of agreement, and fails on any disagreement. `SAMPLE_VERDICTS` names a file that all verdicts go to.
#[test]
fn rust_and_the_schemas_agree_on_every_sample() {
    let mut disagreements = Vec::new();
    let mut said = String::new();
    println!(
        "{:<46} {:>7} {:>7} {:>7}   {}",
        "event",
        "valid",
        "unknown",
        "invalid",
        JUDGES.join(" / ")
    );
    let mut total = 0;
    for case in cases() {
        let contracts = contracts_at(case.contracts);
        let made = samples(&contracts);
        assert_eq!(made.without, Vec::<String>::new(), "{}", case.name);
        let judges = Judges {
            contracts: &contracts,
            events: (0..contracts.events.len())
                .map(|at| (contracts.event_name(&contracts.events[at]), EventId(at)))
                .collect(),
            decoders: case.decoders.into_iter().collect(),
            draft_07: validators(&contracts, Draft::Draft07),
            draft_2020: validators(&contracts, Draft::Draft202012),
        };
        for event in judges.events.keys() {
            let of_event = made.samples.iter().filter(|sample| sample.event == *event);
            let mut count = BTreeMap::new();
            let mut agreed = [0; JUDGES.len()];
            let mut all = 0;
            for sample in of_event {
                *count.entry(sample.kind).or_insert(0) += 1;
                all += 1;
                let text = sample.payload.to_pretty();
                let wanted = sample.kind != Kind::Invalid;
                let verdicts = verdicts(&judges, sample, &text);
                said.push_str(&line(case.contracts, sample, &verdicts));
                for (at, (judge, verdict)) in JUDGES.iter().zip(verdicts).enumerate() {
                    if verdict.is_none() == wanted {
                        agreed[at] += 1;
                    } else {
                        let said = verdict.as_deref().unwrap_or("accepted").to_owned();
                        disagreements.push(format!(
                            "{}: {} ({}): {judge} says: {said}\n{text}",
                            case.name,
                            sample.file(),
                            sample.reason
                        ));
                    }
                }
            }
            let of = |kind| count.get(&kind).copied().unwrap_or(0);
            println!(
                "{event:<46} {:>7} {:>7} {:>7}   {}",
                of(Kind::Valid),
                of(Kind::Unknown),
                of(Kind::Invalid),
                agreed.map(|n| format!("{n} of {all}")).join(" / ")
            );
            total += all;
        }
    }
    println!(
        "{total} samples, {} judges, {} disagreements",
        JUDGES.len(),
        disagreements.len()
    );
    if let Some(file) = std::env::var_os("SAMPLE_VERDICTS") {
        std::fs::write(file, said).unwrap();
    }
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
}

/// What every judge made of a sample as a line of JSON, for the tables of tests/export-tools.sh.
fn line(contracts: &str, sample: &Sample, verdicts: &[Option<String>; JUDGES.len()]) -> String {
    let folder = contracts
        .strip_prefix("../")
        .map_or(format!("tests/{contracts}"), str::to_owned);
    let accepted: serde_json::Map<String, Value> = JUDGES
        .iter()
        .zip(verdicts)
        .map(|(judge, verdict)| ((*judge).to_owned(), verdict.is_none().into()))
        .collect();
    let kind = sample.kind.as_str();
    format!(
        "{}\n",
        json!({"folder": folder, "file": sample.file(), "kind": kind, "accepted": accepted})
    )
}

/// At least one bad sample for each required field, each constraint and each type of a contract that has all of them.
#[test]
fn everything_that_can_be_wrong_is_wrong_once() {
    let contracts = contracts_at("../codegen/tests/schema/everything/contracts");
    let made = samples(&contracts);
    let bad = made
        .samples
        .iter()
        .filter(|sample| sample.kind == Kind::Invalid);
    let seen: BTreeSet<(String, &str)> = bad
        .map(|sample| (sample.path.clone(), sample.keyword.unwrap()))
        .collect();
    let fields = contracts.events[0].body.fields();
    for field in fields {
        let wire = field.wire();
        let has = |keyword| seen.contains(&(wire.clone(), keyword));
        assert!(
            !field.required() || has("required"),
            "{wire} is nowhere missing"
        );
        let anything = matches!(field.ty.value, event_codegen::model::Type::Json);
        assert!(anything || has("type"), "{wire} has its type everywhere");
        let constraints = &field.constraints;
        for (keyword, there) in [
            ("minimum", constraints.min.is_some()),
            ("maximum", constraints.max.is_some()),
            ("minLength", constraints.min_length.is_some()),
            ("maxLength", constraints.max_length.is_some()),
            ("pattern", constraints.pattern.is_some()),
        ] {
            assert!(!there || has(keyword), "{wire} keeps {keyword} everywhere");
        }
    }
    for (path, keyword) in [
        ("grid", "minItems"),
        ("grid", "maxItems"),
        ("grid[0][0]", "type"),
        ("labels", "minProperties"),
        ("labels", "maxProperties"),
        ("currency", "pattern"),
        ("id", "format"),
        ("at", "format"),
        ("day", "format"),
        ("pause", "pattern"),
        ("data", "pattern"),
        ("price", "pattern"),
        ("wide", "pattern"),
        ("shape.kind", "required"),
        ("shape.radius", "required"),
        ("shape.side", "required"),
        ("tree.branches[0].leaf", "required"),
    ] {
        let there = seen.contains(&(path.to_owned(), keyword));
        // A tree's fields are varied at the first place where they stand.
        let there = there
            || (path.starts_with("tree") && seen.contains(&("tree.leaf".to_owned(), keyword)));
        assert!(there, "{path}: {keyword}");
    }
}

#[test]
fn the_same_samples_on_every_run_and_one_file_each() {
    let contracts = contracts_at("../contracts");
    let files = samples(&contracts).files();
    assert_eq!(files, samples(&contracts).files());
    let names: BTreeSet<String> = files
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    assert_eq!(names.len(), files.len());
    let (name, index) = files.last().unwrap();
    assert_eq!(name, "index.json");
    let index: Value = serde_json::from_str(index).unwrap();
    let listed = index["samples"].as_array().unwrap();
    assert_eq!(listed.len() + 1, files.len());
    for (entry, (file, text)) in listed.iter().zip(&files) {
        assert_eq!(entry["file"], Value::from(file.as_str()));
        assert!(serde_json::from_str::<Value>(text).is_ok(), "{file}");
        assert_eq!(entry["valid"] == false, entry.get("keyword").is_some());
        assert_ne!(entry["reason"], "");
    }
}

/// What nobody agrees on is in no sample.
#[test]
fn known_differences_are_left_out() {
    fn numbers(json: &Json, found: &mut Vec<String>) {
        match json {
            Json::Number(text) => found.push(text.clone()),
            Json::List(items) => items.iter().for_each(|item| numbers(item, found)),
            Json::Object(members) => members.iter().for_each(|(_, value)| numbers(value, found)),
            Json::Null | Json::Bool(_) | Json::Text(_) => {}
        }
    }
    let contracts = contracts_at("../codegen/tests/golden/constraints/contracts");
    for sample in samples(&contracts).samples {
        let mut found = Vec::new();
        numbers(&sample.payload, &mut found);
        let count = match &sample.payload {
            Json::Object(members) => members.iter().find(|(name, _)| name == "count"),
            _ => None,
        };
        assert_ne!(
            count.map(|(_, value)| value),
            Some(&Json::Null),
            "{}",
            sample.file()
        );
        if let Some((_, Json::Number(text))) = count {
            assert!(!text.ends_with(".0"), "{}: {text}", sample.file());
        }
    }
}
