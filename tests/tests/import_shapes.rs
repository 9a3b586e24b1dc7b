//! Small schemas in every place where a schema can stand, under an old and a new draft (see `build/shapes.rs`): the generated
//! decoder, the decoder of the commands and the exported schemas judge each payload alike, and what is accepted comes back as
//! it was, through a service on a real server too. All on a small stack, in an unoptimised build as well.

#![deny(warnings)]
// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use event_codegen::check::{self, Checked};
use event_codegen::decode::Decoder;
use event_codegen::diagnostic::Diagnostics;
use event_codegen::export::json_schema::{Draft, Layout, json_schema};
use event_codegen::read;
use event_runtime::{Bus, DEAD_LETTERS, Delivery, Listener, Shutdown, Stored};
use event_testing::TestServer;
use jsonschema::Validator;
use serde_json::{Value, json};
use support::{Seen, connect, count, until};

#[allow(deprecated, dead_code, missing_docs, unused_imports, clippy::all)] // as `include_contracts!` has it
mod contracts {
    pub use event_runtime;
    include!(concat!(env!("OUT_DIR"), "/shapes.rs"));
}

/// What typify makes of the same schemas, where it makes anything of them.
#[allow(warnings)]
mod second {
    include!(concat!(env!("OUT_DIR"), "/second.rs"));
}

/// A payload as another generator's type reads and writes it.
fn second_opinion<T: serde::de::DeserializeOwned + serde::Serialize>(
    payload: &Value,
) -> Option<Value> {
    let read: T = serde_json::from_value(payload.clone()).ok()?;
    serde_json::to_value(&read).ok()
}

/// Whether everything of one value is in another; `null` says nothing.
fn keeps(theirs: &Value, ours: &Value) -> bool {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => theirs.iter().all(|(key, value)| {
            value.is_null() || ours.get(key).is_some_and(|ours| keeps(value, ours))
        }),
        (Value::Array(theirs), Value::Array(ours)) => {
            theirs.len() == ours.len() && theirs.iter().zip(ours).all(|(a, b)| keeps(a, b))
        }
        (theirs, ours) => same(theirs, ours),
    }
}

/// typify reads JSON Schema by rules of its own. Of what a schema accepts, nothing that its types read and keep is refused
/// or lost by ours.
#[test]
fn what_typify_keeps_is_kept() {
    let cases = cases();
    let (mut read, mut wrong) = (0, Vec::new());
    for sample in samples(&cases)
        .iter()
        .filter(|sample| sample.key == "accepts")
    {
        let name = sample.event.name;
        let types = second::SECOND.iter().find(|(of, _)| *of == name);
        let Some(theirs) = types.and_then(|(_, read)| read(&sample.payload)) else {
            continue;
        };
        read += 1;
        match (sample.event.decode)(&sample.payload.to_string()) {
            Ok(ours) if keeps(&theirs, &ours) => {}
            ours => wrong.push(format!("{name} {}: {theirs} and {ours:?}", sample.payload)),
        }
    }
    println!("{} schemas, {read} payloads", second::SECOND.len());
    assert!(second::SECOND.len() >= 60 && read >= 500, "{read}");
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

const EVENTS: &[Event] = include!(concat!(env!("OUT_DIR"), "/shapes_table.rs"));

struct Event {
    name: &'static str,
    /// The index of its case.
    case: usize,
    /// Whether the case's schema is the whole payload's.
    whole: bool,
    decode: fn(&str) -> Result<Value, String>,
    publish: for<'a> fn(&'a Bus, &str) -> Sending<'a>,
    handle: fn(Listening) -> Listening,
}

type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + 'a>>;
/// What is handled, as JSON again.
type Handled = Seen<(&'static str, Value)>;
type Listening = Listener<Handled>;

/// Publishes what a body is read as.
fn publish<'a, E: Stored>(bus: &'a Bus, body: &str) -> Sending<'a> {
    let event: E = serde_json::from_str(body).unwrap();
    Box::pin(async move {
        let sent = bus.publish(&event).await;
        sent.map(drop).map_err(|error| error.to_string())
    })
}

fn handle<E: Stored>(listener: Listening) -> Listening {
    listener.on(|seen: Arc<Handled>, delivery: Delivery<E>| async move {
        seen.push((E::NAME, serde_json::to_value(&delivery.event).unwrap()));
        Ok(())
    })
}

/// What a service is given, as JSON again, or why it is not.
fn decode<E: event_runtime::Event>(body: &str) -> Result<Value, String> {
    let event: E = serde_json::from_str(body).map_err(|error| error.to_string())?;
    event
        .validate()
        .map_err(|violations| violations.to_string())?;
    serde_json::to_value(&event).map_err(|error| error.to_string())
}

/// Equal, but for a number that is written with a fraction or without.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let within = |(key, a)| b.get(key).is_some_and(|b| same(a, b));
            a.len() == b.len() && a.iter().all(within)
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}

/// A value in every place of an event, with the payload that comes back.
fn payloads(event: &Event, value: &Value, keeps_null: bool) -> Vec<(Value, Value)> {
    if event.whole {
        return vec![(value.clone(), value.clone())];
    }
    let mut all = Vec::new();
    for place in ["inline", "reference", "composed"] {
        let payload = json!({place: value});
        // A reader takes `null` for an absent member, unless it is all that there can be.
        let back = if value.is_null() && !keeps_null {
            json!({})
        } else {
            payload.clone()
        };
        all.push((payload, back));
    }
    for payload in [
        json!({"list": [value, value]}),
        json!({"map": {"a": value}}),
        json!({"held": {"must": value}}),
    ] {
        all.push((payload.clone(), payload));
    }
    all
}

/// A payload of a case.
struct Sample {
    event: &'static Event,
    /// `accepts`, `refuses`, or `loosely`: the schema refuses it, and its types do not check that.
    key: &'static str,
    payload: Value,
    /// What is written of it.
    back: Value,
}

fn cases() -> Value {
    serde_json::from_str(include_str!("../shapes/cases.json")).unwrap()
}

fn samples(cases: &Value) -> Vec<Sample> {
    let mut all = Vec::new();
    for event in EVENTS {
        let case = &cases[event.case];
        for key in ["accepts", "loosely", "refuses"] {
            let values = case[key].as_array().into_iter().flatten();
            // An event is an object, whatever its schema says.
            for value in values.filter(|value| !event.whole || value.is_object()) {
                let payloads = payloads(event, value, case["keepsNull"] == true);
                all.extend(payloads.into_iter().map(|(payload, back)| Sample {
                    event,
                    key,
                    payload,
                    back,
                }));
            }
        }
    }
    all
}

struct Judges {
    contracts: &'static Checked,
    by_name: BTreeMap<String, [Validator; 3]>,
}

impl Judges {
    fn new() -> Self {
        let folder = Path::new(env!("OUT_DIR")).join("shapes");
        let mut diagnostics = Diagnostics::default();
        let model = read::read_folder(&folder, &mut diagnostics);
        let contracts: &Checked =
            Box::leak(Box::new(check::check(model, &mut diagnostics).unwrap()));
        let validator = |text: &str| {
            let schema: Value = serde_json::from_str(text).unwrap();
            jsonschema::validator_for(&schema).unwrap()
        };
        let mut exported = [Draft::Draft07, Draft::Draft202012]
            .map(|draft| json_schema(contracts, draft, Layout::Bundled).into_iter());
        let mut by_name = BTreeMap::new();
        while let [Some((file, old)), Some((_, new))] = exported.each_mut().map(Iterator::next) {
            let name = file.trim_start_matches("shapes.").trim_end_matches(".json");
            let own = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
            by_name.insert(
                name.to_owned(),
                [validator(&own), validator(&old), validator(&new)],
            );
        }
        Self { contracts, by_name }
    }

    /// What is wrong with how a payload is judged; `loose` is for what the schema refuses and its types do not check.
    fn wrong(
        &self,
        event: &Event,
        payload: &Value,
        back: Option<&Value>,
        loose: bool,
    ) -> Vec<String> {
        let text = payload.to_string();
        let mut wrong = Vec::new();
        match ((event.decode)(&text), back) {
            (Ok(written), Some(back)) if !same(&written, back) => {
                wrong.push(format!("comes back as {written}"));
            }
            (Ok(_), None) => wrong.push("is read".to_owned()),
            (Err(error), Some(_)) => wrong.push(format!("is not read: {error}")),
            _ => {}
        }
        let id = Decoder::new(self.contracts)
            .named(&format!("shapes.{}", event.name))
            .unwrap();
        let faults = Decoder::new(self.contracts)
            .decode(id, text.as_bytes())
            .faults;
        if faults.is_empty() != back.is_some() {
            wrong.push(format!("is decoded with {faults:?}"));
        }
        let schemas = &self.by_name[event.name];
        for (name, schema) in ["its own schema", "draft-07", "2020-12"]
            .iter()
            .zip(schemas)
        {
            let own = *name == "its own schema" && loose;
            if schema.is_valid(payload) != (back.is_some() && !own) {
                wrong.push(format!("by {name}: {:?}", schema.validate(payload)));
            }
        }
        wrong
    }
}

#[test]
fn all_judges_agree_and_nothing_is_lost() {
    let cases = cases();
    let judge = move || {
        let judges = Judges::new();
        let mut wrong = Vec::new();
        for Sample {
            event,
            key,
            payload,
            back,
        } in samples(&cases)
        {
            let back = (key != "refuses").then_some(&back);
            for what in judges.wrong(event, &payload, back, key == "loosely") {
                wrong.push(format!("{}: {payload} {what}", event.name));
            }
        }
        wrong
    };
    let thread = std::thread::Builder::new().stack_size(512 << 10);
    let wrong = thread.spawn(judge).unwrap().join().unwrap();
    assert!(
        wrong.is_empty(),
        "{} faults:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Text of what holds itself as often as a JSON reader goes on.
fn nested(open: &str, end: &str, close: &str, times: usize) -> String {
    format!("{}{end}{}", open.repeat(times), close.repeat(times))
}

#[test]
fn what_holds_itself_is_read_on_a_small_stack() {
    let event = |name: &str| EVENTS.iter().find(|event| event.name == name).unwrap();
    let read = move || {
        let tree = event("TreeOrNullNew");
        let forest = event("ForestNewWhole");
        for times in [1, 40, 110] {
            let trees = nested("{\"left\":", "null", "}", times);
            let text = format!("{{\"inline\":{trees}}}");
            let written = (tree.decode)(&text).unwrap();
            assert_eq!(written.to_string(), text);
            let text = nested("{\"leaf\":\"l\",\"next\":", "{\"nodes\":[]}", "}", times);
            let written = (forest.decode)(&text).unwrap();
            assert_eq!(written, serde_json::from_str::<Value>(&text).unwrap());
        }
        // Each level could be tried as either; that ends in an error, and soon.
        let text = nested("{\"leaf\":\"l\",\"nodes\":[],\"next\":", "{}", "}", 110);
        (forest.decode)(&text).unwrap_err();
    };
    let thread = std::thread::Builder::new().stack_size(512 << 10);
    thread.spawn(read).unwrap().join().unwrap();
}

/// Everything that is accepted is published and handled as it was; what peers send and the schema refuses is a dead letter.
#[tokio::test]
async fn a_service_handles_what_the_schema_means() {
    let server = TestServer::start().await.unwrap();
    let bus = connect(&server).await;
    event_operate::ensure(&bus, &contracts::STREAMS)
        .await
        .unwrap();
    let (mut wanted, mut refused) = (Vec::new(), 0);
    for sample in samples(&cases()) {
        let event = sample.event;
        let body = sample.payload.to_string();
        // Each in one place is enough here.
        if !event.whole && sample.payload.get("held").is_none() {
            continue;
        }
        if sample.key != "refuses" {
            (event.publish)(&bus, &body).await.unwrap();
            wanted.push((format!("shapes.{}", event.name), sample.back));
            continue;
        }
        let subject = format!("shapes.{}", event.name);
        let sent = bus.jetstream().publish(subject, body.into()).await;
        sent.unwrap().await.unwrap();
        refused += 1;
    }
    assert!(
        wanted.len() > 200 && refused > 200,
        "{} {refused}",
        wanted.len()
    );
    let (shutdown, seen) = (Shutdown::new(), Handled::default());
    let service = contracts::services::judge::SERVICE;
    let listener = EVENTS.iter().fold(
        Listener::new(&bus, service, seen.clone()),
        |listener, event| (event.handle)(listener),
    );
    let running = tokio::spawn(listener.run(shutdown.clone()));
    until("all are handled or dead-lettered", async || {
        seen.len() == wanted.len() && count(&bus, DEAD_LETTERS).await == refused
    })
    .await;
    shutdown.stop();
    running.await.unwrap().unwrap();
    let mut seen = seen.all();
    for (name, payload) in wanted {
        let at = seen
            .iter()
            .position(|(other, event)| *other == name && same(event, &payload));
        seen.swap_remove(at.unwrap_or_else(|| panic!("{name} {payload} was not handled")));
    }
}
