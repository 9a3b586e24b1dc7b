//! Random contracts of the whole type language, compiled; random values of them.
//!
//! What the encoder writes, the decoder reads as the same, and the exported schemas of both drafts accept. And a payload
//! with one thing changed is judged alike by the decoder (with the constraints) and by the schemas, but for the differences
//! that [`property::difference`] lists, each with its reason. The contracts come from `build.rs`; the same on every run.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod property {
    pub mod difference;
    pub mod mutation;
    pub mod values;
}

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use event_codegen::check::{self, Checked};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::export::json_schema::{Draft, Layout, json_schema};
use event_codegen::model::Event as EventModel;
use event_codegen::read;
use event_runtime::Event;
use event_runtime::serde_json::{self, Value};
use jsonschema::Validator;
use property::values::Values;
use property::{difference, mutation};

/// What codegen makes of the random contracts, with lints as errors that a user may have on.
#[deny(warnings, missing_docs, unused_qualifications)]
#[allow(deprecated, dead_code, missing_docs, clippy::all)] // as `include_contracts!` has it
mod random {
    use super::{Case, judge};
    include!(concat!(env!("OUT_DIR"), "/random.rs"));
}

/// One event of a random folder.
pub struct Case {
    folder: usize,
    event: &'static str,
    judge: fn(&str) -> Result<String, String>,
}

/// Reads a payload and holds it against its constraints. What is good is written again, and read again as the same.
fn judge<E: Event + PartialEq>(body: &str) -> Result<String, String> {
    let event: E = serde_json::from_str(body).map_err(|error| error.to_string())?;
    event
        .validate()
        .map_err(|violations| violations.to_string())?;
    let written = serde_json::to_string(&event).unwrap();
    let again: E = serde_json::from_str(&written)
        .unwrap_or_else(|error| panic!("{}: {error}: {body} became {written}", E::NAME));
    assert!(again == event, "{}: {body} became {written}", E::NAME);
    assert!(again.validate().is_ok(), "{}: {written}", E::NAME);
    assert_eq!(serde_json::to_string(&again).unwrap(), written);
    Ok(written)
}

fn contracts(folder: usize) -> Checked {
    let files = random::FOLDERS[folder]
        .iter()
        .map(|(path, text)| (PathBuf::from(path), (*text).to_owned()));
    let mut diagnostics = Diagnostics::default();
    let contracts = read::read_texts(Path::new(""), files, &mut diagnostics);
    check::check(contracts, &mut diagnostics).unwrap()
}

/// An event with everything that judges it.
struct Subject<'a> {
    case: &'a Case,
    contracts: &'a Checked,
    model: &'a EventModel,
    validators: Vec<Validator>,
}

impl Subject<'_> {
    /// Whether the schema of each draft accepts a payload.
    fn schemas(&self, payload: &Value) -> [bool; 2] {
        [0, 1].map(|draft: usize| self.validators[draft].is_valid(payload))
    }

    fn name(&self) -> String {
        format!("folder {}, {}", self.case.folder, self.case.event)
    }
}

/// The schema files of one draft, by name.
type Files = BTreeMap<String, String>;

/// The validator asserts the formats of texts only, and `uuid` only from draft 2019-09 on. Others (ajv-formats, networknt)
/// assert `int32` and `uuid` in every draft; so does this one, with this and [`is_uuid`].
fn assert_int32(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(assert_int32),
        Value::Object(members) => {
            members.values_mut().for_each(assert_int32);
            if members.get("format").and_then(Value::as_str) == Some("int32") {
                members.entry("minimum").or_insert(i32::MIN.into());
                members.entry("maximum").or_insert(i32::MAX.into());
            }
        }
        _ => {}
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && event_runtime::Uuid::try_parse(text).is_ok()
}

fn each_event(mut act: impl FnMut(&Subject<'_>)) {
    let mut last: Option<(usize, Checked, [Files; 2])> = None;
    for case in random::CASES {
        if last
            .as_ref()
            .is_none_or(|(folder, ..)| *folder != case.folder)
        {
            let contracts = contracts(case.folder);
            let schemas = [Draft::Draft07, Draft::Draft202012].map(|draft| {
                json_schema(&contracts, draft, Layout::Bundled)
                    .into_iter()
                    .collect()
            });
            last = Some((case.folder, contracts, schemas));
        }
        let (_, contracts, schemas) = last.as_ref().unwrap();
        let validators = schemas
            .iter()
            .map(|files| {
                let mut schema: Value =
                    serde_json::from_str(&files[&format!("{}.json", case.event)]).unwrap();
                assert!(jsonschema::meta::is_valid(&schema), "{}", case.event);
                assert_int32(&mut schema);
                let options = jsonschema::options()
                    .should_validate_formats(true)
                    .with_format("uuid", is_uuid);
                options.build(&schema).unwrap()
            })
            .collect();
        let model = contracts
            .events
            .iter()
            .find(|event| contracts.event_name(event) == case.event);
        act(&Subject {
            case,
            contracts,
            model: model.unwrap(),
            validators,
        });
    }
}

#[test]
fn what_is_written_is_read_and_accepted() {
    let (mut tried, mut wrong) = (0, Vec::new());
    each_event(|subject| {
        let mut values = Values::new(subject.contracts, tried);
        for _ in 0..40 {
            tried += 1;
            let payload = values.payload(subject.model.body.fields());
            match (subject.case.judge)(&payload.to_string()) {
                Err(error) => {
                    wrong.push(format!("{}: not read: {error}: {payload}", subject.name()))
                }
                Ok(written) => {
                    let written: Value = serde_json::from_str(&written).unwrap();
                    if written != payload {
                        wrong.push(format!("{}: {payload} became {written}", subject.name()));
                    }
                    if subject.schemas(&written) != [true, true] {
                        wrong.push(format!("{}: no schema for {written}", subject.name()));
                    }
                }
            }
        }
    });
    println!(
        "{tried} values of {} events in {} folders",
        random::CASES.len(),
        random::FOLDERS.len()
    );
    assert!(
        wrong.is_empty(),
        "{} of {tried}:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
}

#[test]
fn decoder_and_schemas_judge_alike() {
    let (mut tried, mut good) = (0, 0);
    // One of each kind is enough to see what is wrong.
    let mut wrong: BTreeMap<String, String> = BTreeMap::new();
    let mut listed: BTreeMap<&str, usize> = BTreeMap::new();
    each_event(|subject| {
        let mut values = Values::new(subject.contracts, !tried);
        for _ in 0..250 {
            let fields = subject.model.body.fields();
            let mut payload = values.payload(fields);
            let Some(change) = mutation::change(&mut values, fields, &mut payload) else {
                continue;
            };
            tried += 1;
            let read = (subject.case.judge)(&payload.to_string());
            let accepted = subject.schemas(&payload);
            good += u64::from(read.is_ok());
            if let Ok(written) = &read
                && subject.schemas(&serde_json::from_str(written).unwrap()) != [true, true]
            {
                let kind = format!("{} {:?} is written again", change.kind(), change.act);
                wrong.insert(kind, format!("{}: {written}", subject.name()));
            }
            for (draft, accepted) in [Draft::Draft07, Draft::Draft202012]
                .into_iter()
                .zip(accepted)
            {
                if read.is_ok() == accepted {
                    continue;
                }
                match difference::known(&change, read.is_ok()) {
                    Some(known) => *listed.entry(known).or_default() += 1,
                    None => {
                        let kind =
                            format!("{} {:?}, {draft:?}: {accepted}", change.kind(), change.act);
                        let more = format!(
                            "{}, {}: {read:?}: {payload}",
                            subject.name(),
                            change.pointer
                        );
                        wrong.insert(kind, more);
                    }
                }
            }
        }
    });
    println!("{tried} changed payloads, {good} still good, differences: {listed:#?}");
    let report: Vec<String> = wrong
        .iter()
        .map(|(kind, more)| format!("{kind}: {more}"))
        .collect();
    assert!(
        report.is_empty(),
        "{} kinds of {tried}:\n{}",
        report.len(),
        report.join("\n")
    );
    // Each kind of difference that is listed is there: the list is not longer than it has to be.
    let unseen: Vec<&&str> = difference::REFUSED
        .iter()
        .chain(difference::TOLERATED)
        .filter(|known| !listed.contains_key(**known))
        .collect();
    assert!(unseen.is_empty(), "{unseen:?}");
    assert!(good > tried / 10, "{good} of {tried}");
}
