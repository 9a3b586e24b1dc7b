//! What an imported schema demands: the generated types, the reader of `decode`, `publish` and `verify`, and the exported
//! schema judge every payload alike; a service refuses to publish what its contract forbids, and dead-letters it when another
//! peer has sent it.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail anywhere"
)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use event_codegen::check::{self, Checked};
use event_codegen::decode::Decoder;
use event_codegen::diagnostic::Diagnostics;
use event_codegen::export::json_schema::{Draft, Layout, json_schema};
use event_codegen::read;
use event_runtime::dead_letter::{DETAIL, REASON};
use event_runtime::{DEAD_LETTERS, Delivery, Error, Event, Listener, Shutdown, serde_json};
use event_testing::TestServer;
use jsonschema::Validator;
use serde_json::Value;
use support::{Seen, connect, count, message, until};

/// What `tests/limits` becomes.
#[allow(deprecated, dead_code, unused_imports, clippy::all, clippy::pedantic)]
mod contracts {
    pub use event_runtime;
    include!(concat!(env!("OUT_DIR"), "/limits.rs"));
}

use contracts::limits::{Limited, Numbered, Told};

/// Payloads that all judges take.
const GOOD: &[(&str, &str)] = &[
    (
        "Numbered",
        r#"{"id":7,"all":[1,"2"],"by":{"a":-5,"b":"-5"},"open":1}"#,
    ),
    ("Numbered", r#"{"id":"9223372036854775807"}"#),
    ("Limited", r#"{"any":5}"#),
    (
        "Limited",
        r#"{"any":"text","state":"new","digits":"12","rate":1,"step":9}"#,
    ),
    (
        "Limited",
        r#"{"any":[null,{"a":1}],"rate":2.5,"nothing":null}"#,
    ),
    (
        "Limited",
        r#"{"year":"2024-02-29","at":"2016-12-31T23:59:60Z"}"#,
    ),
    ("Limited", r#"{"at":"2017-01-01T00:59:60+01:00"}"#),
    (
        "Limited",
        r#"{"big":18446744073709551614,"huge":-9223372036854775808}"#,
    ),
    (
        "Limited",
        r#"{"named":{"name":null,"more":[1]},"typed":{"name":true,"more":false}}"#,
    ),
    ("Limited", r#"{"counted":{"a":"x","z":1}}"#),
    ("Limited", r#"{"counted":{"z":1}}"#),
    ("Limited", r#"{"loose":{"v":null,"n":null}}"#),
    ("Limited", r#"{"fives":10}"#),
    ("Limited", r#"{"contact":{"email":"e"}}"#),
    ("Limited", r#"{"contact":{"phone":"p","name":"n"}}"#),
    (
        "Limited",
        r#"{"pair":["a",true],"empty":[],"map":{"a":1,"b":2}}"#,
    ),
    (
        "Limited",
        r#"{"wide":{"a":"x","b":"y"},"left":{"x":"a","z":1},"choice":"xyz"}"#,
    ),
    ("Limited", r#"{"unknown":{"to":["everybody"]}}"#),
    ("Told", r#"{"kind":"a","n":1}"#),
    ("Told", r#"{"kind":"b","at":{"is":"x","x":1}}"#),
    ("Told", r#"{"kind":"b","at":{"is":"y","y":"1"}}"#),
];

/// Payloads that all judges refuse.
const BAD: &[(&str, &str)] = &[
    ("Numbered", r#"{"id":"x"}"#),
    ("Numbered", r#"{"id":1.5}"#),
    ("Numbered", r#"{"id":true}"#),
    ("Numbered", r#"{"id":"+7"}"#),
    ("Numbered", r#"{"id":"-0"}"#),
    ("Numbered", r#"{"id":[]}"#),
    ("Numbered", r#"{"all":[1,"x"]}"#),
    ("Numbered", r#"{"all":[null]}"#),
    ("Numbered", r#"{"by":{"a":1.5}}"#),
    ("Numbered", r#"{"open":0}"#),
    ("Numbered", r#"{"open":"1"}"#),
    ("Limited", r#"[]"#),
    ("Limited", r#"{"nothing":0}"#),
    ("Limited", r#"{"state":"ancient"}"#),
    ("Limited", r#"{"state":{"new":null}}"#),
    ("Limited", r#"{"state":0}"#),
    ("Limited", r#"{"digits":"1a"}"#),
    ("Limited", "{\"digits\":\"\u{663}\"}"),
    ("Limited", r#"{"digits":12}"#),
    ("Limited", r#"{"rate":1.5}"#),
    ("Limited", r#"{"step":1}"#),
    ("Limited", r#"{"step":4}"#),
    ("Limited", r#"{"year":"2023-02-28"}"#),
    ("Limited", r#"{"year":"2024-02-30"}"#),
    ("Limited", r#"{"at":"yesterday"}"#),
    ("Limited", r#"{"big":18446744073709551615}"#),
    ("Limited", r#"{"big":-1}"#),
    ("Limited", r#"{"huge":1.5}"#),
    ("Limited", r#"{"named":{}}"#),
    ("Limited", r#"{"typed":{"name":1}}"#),
    ("Limited", r#"{"typed":{"name":true,"more":1}}"#),
    ("Limited", r#"{"counted":{}}"#),
    ("Limited", r#"{"counted":{"a":"x","b":"y","z":1}}"#),
    ("Limited", r#"{"fives":11}"#),
    ("Limited", r#"{"loose":{"v":null}}"#),
    ("Limited", r#"{"loose":{"v":1,"n":1}}"#),
    ("Limited", r#"{"contact":{}}"#),
    ("Limited", r#"{"contact":{"phone":"p"}}"#),
    ("Limited", r#"{"pair":["a"]}"#),
    ("Limited", r#"{"pair":[true,"a"]}"#),
    ("Limited", r#"{"empty":[1]}"#),
    ("Limited", r#"{"map":{"a":0}}"#),
    ("Limited", r#"{"map":{"a":1,"b":1,"c":1}}"#),
    ("Limited", r#"{"wide":{"a":"xy"}}"#),
    ("Limited", r#"{"wide":{"b":1}}"#),
    ("Told", r#"{"kind":"a","n":0}"#),
    ("Told", r#"{"kind":"a"}"#),
    ("Told", r#"{"kind":0,"n":1}"#),
    ("Told", r#"{"kind":"c"}"#),
    ("Told", r#"{}"#),
    ("Told", r#"{"kind":"b","at":{"is":0}}"#),
    ("Told", r#"{"kind":"b","at":["x"]}"#),
];

/// Payloads that the schema refuses and the types take: their keywords are in the warning.
const SAID: &[(&str, &str, &str)] = &[
    ("Limited", r#"{"any":4}"#, "minimum"),
    ("Limited", r#"{"left":{"x":1}}"#, "patternProperties"),
    ("Limited", r#"{"choice":"abc"}"#, "anyOf"),
];

/// Payloads that decoders read by their own rules, which no schema says: the readers of both languages agree.
const BY_READERS: &[(&str, &str, bool)] = &[
    // `null` is an absent member.
    ("Limited", r#"{"digits":null}"#, true),
    ("Limited", r#"{"counted":{"a":null}}"#, false),
    ("Limited", r#"{"contact":{"email":null}}"#, false),
    // Which of two is meant?
    ("Limited", r#"{"digits":"1","digits":"2"}"#, false),
    ("Told", r#"{"kind":"b","kind":"b"}"#, false),
    // Of a map, the last value is kept.
    ("Limited", r#"{"map":{"a":0,"a":1}}"#, true),
    ("Limited", r#"{"map":{"a":"x","a":1}}"#, false),
    ("Limited", r#"{"map":{"a":1,"b":1,"a":1}}"#, true),
    // An integer has no fraction and no exponent.
    ("Limited", r#"{"big":1.0}"#, false),
    ("Limited", r#"{"big":1e2}"#, false),
    ("Limited", r#"{"huge":-0}"#, false),
    ("Numbered", r#"{"id":"9223372036854775808"}"#, false),
    // 64 bits.
    ("Limited", r#"{"huge":9223372036854775808}"#, false),
    // A leap second is the last one of a day.
    ("Limited", r#"{"at":"2024-01-01T12:00:60Z"}"#, false),
    ("Limited", r#"{"at":"0000-01-01T00:00:00+01:00"}"#, false),
];

/// Reads a payload and checks it, as a service does.
fn read_as<E: Event>(payload: &str) -> Result<String, String> {
    let event: E = serde_json::from_str(payload).map_err(|error| error.to_string())?;
    event.validate().map_err(|error| error.to_string())?;
    serde_json::to_string(&event).map_err(|error| error.to_string())
}

struct Judges {
    contracts: Checked,
    /// Of draft-07 and of 2020-12.
    schemas: [BTreeMap<String, Validator>; 2],
    unchecked: String,
}

impl Judges {
    fn new() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("limits/contracts");
        let mut diagnostics = Diagnostics::default();
        let model = read::read_folder(&folder, &mut diagnostics);
        let contracts = check::check(model, &mut diagnostics).unwrap();
        let schemas = [Draft::Draft07, Draft::Draft202012].map(|draft| {
            let files = json_schema(&contracts, draft, Layout::Bundled).into_iter();
            let validators = files.filter_map(|(name, text)| {
                let schema: Value = serde_json::from_str(&text).unwrap();
                assert!(jsonschema::meta::is_valid(&schema), "{name}");
                let name = name.strip_prefix("limits.")?.strip_suffix(".json")?;
                let options = jsonschema::options().should_validate_formats(true);
                Some((name.to_owned(), options.build(&schema).unwrap()))
            });
            validators.collect()
        });
        let unchecked = diagnostics.iter().map(|d| d.message.clone()).collect();
        Self {
            schemas,
            contracts,
            unchecked,
        }
    }

    /// What the generated type and the reader of the commands say.
    fn readers(&self, event: &str, payload: &str) -> [Result<(), String>; 2] {
        let decoded = match event {
            "Numbered" => read_as::<Numbered>(payload),
            "Limited" => read_as::<Limited>(payload),
            "Told" => read_as::<Told>(payload),
            other => panic!("{other}"),
        };
        let decoder = Decoder::new(&self.contracts);
        let id = decoder.named(&format!("limits.{event}")).unwrap();
        let faults = decoder.decode(id, payload.as_bytes()).faults;
        let judged = faults
            .first()
            .map_or(Ok(()), |fault| Err(fault.to_string()));
        [decoded.map(drop), judged]
    }

    fn schemas(&self, event: &str, payload: &str) -> [Result<(), String>; 2] {
        let payload: Value = serde_json::from_str(payload).unwrap();
        let judged = |schemas: &BTreeMap<String, Validator>| {
            let valid = schemas[event].validate(&payload);
            valid.map_err(|error| error.to_string())
        };
        self.schemas.each_ref().map(judged)
    }
}

#[test]
fn all_judges_judge_alike() {
    let judges = Judges::new();
    let mut wrong = Vec::new();
    let all = GOOD.iter().map(|case| (case, true));
    for ((event, payload), good) in all.chain(BAD.iter().map(|case| (case, false))) {
        let [decoder, judge] = judges.readers(event, payload);
        let [old, new] = judges.schemas(event, payload);
        for (who, says) in [
            ("the type", decoder),
            ("decode", judge),
            ("draft-07", old),
            ("2020-12", new),
        ] {
            if says.is_ok() != good {
                wrong.push(format!("{event} {payload}: {who} says {says:?}"));
            }
        }
    }
    for (event, payload, keyword) in SAID {
        assert!(
            judges.unchecked.contains(&format!("`{keyword}`")),
            "{keyword}: {}",
            judges.unchecked
        );
        for says in judges.readers(event, payload) {
            assert_eq!(says, Ok(()), "{payload}");
        }
        assert_eq!(
            judges.schemas(event, payload),
            [Ok(()), Ok(())],
            "{payload}"
        );
    }
    for (event, payload, good) in BY_READERS {
        for (who, says) in ["the type", "decode"]
            .iter()
            .zip(judges.readers(event, payload))
        {
            if says.is_ok() != *good {
                wrong.push(format!("{event} {payload}: {who} says {says:?}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn what_is_taken_is_written_again() {
    for (event, payload) in GOOD {
        let written = match *event {
            "Numbered" => read_as::<Numbered>(payload),
            "Limited" => read_as::<Limited>(payload),
            _ => read_as::<Told>(payload),
        };
        let (mut was, is): (Value, Value) = (
            serde_json::from_str(payload).unwrap(),
            serde_json::from_str(&written.unwrap()).unwrap(),
        );
        // A member that the schema does not know is ignored, a moment is written in UTC, and 1 is 1.0.
        let members = was.as_object_mut().unwrap();
        members.remove("unknown");
        members.remove("at").filter(|at| at.is_string());
        let rate = members.remove("rate");
        let mut is = is;
        let out = is.as_object_mut().unwrap();
        assert_eq!(
            out.remove("rate").and_then(|rate| rate.as_f64()),
            rate.and_then(|rate| rate.as_f64())
        );
        if event == &"Limited" {
            out.remove("at");
        } else if let Some(at) = serde_json::from_str::<Value>(payload).unwrap().get("at") {
            members.insert("at".to_owned(), at.clone());
            if let Some(x) = out.get_mut("at").and_then(|at| at.get_mut("x")) {
                assert_eq!(x.as_f64(), Some(1.0));
                *x = serde_json::json!(1);
            }
        }
        assert_eq!(is, was, "{payload}");
    }
}

#[tokio::test]
async fn a_service_neither_sends_nor_handles_what_the_contract_forbids() {
    let server = TestServer::start().await.unwrap();
    let bus = connect(&server).await;
    event_operate::ensure(&bus, &contracts::STREAMS)
        .await
        .unwrap();

    // What can be built and is forbidden is refused before it is sent.
    let mut counted: Limited = serde_json::from_str(r#"{"counted":{"a":"x"}}"#).unwrap();
    bus.publish(&counted).await.unwrap();
    if let Some(members) = &mut counted.counted {
        members.a = None;
    }
    let nobody: Limited = serde_json::from_str(r#"{"contact":{"phone":"p"}}"#).unwrap();
    let empty: Limited = serde_json::from_str(r#"{"nothing":5}"#).unwrap();
    let step: Limited = serde_json::from_str(r#"{"step":4}"#).unwrap();
    for (event, says) in [
        (&counted, "counted"),
        (&nobody, "contact"),
        (&empty, "nothing"),
        (&step, "step"),
    ] {
        match bus.publish(event).await {
            Err(Error::Invalid { .. }) => {}
            other => panic!("{says}: {other:?}"),
        }
    }
    assert_eq!(count(&bus, "LIMITS").await, 1);

    // What others have sent all the same is dead-lettered at once, with the reason; what is allowed is handled.
    for (event, payload) in BAD {
        let subject = format!("limits.{}", event.to_lowercase());
        let sent = bus
            .jetstream()
            .publish(subject, payload.to_string().into())
            .await;
        sent.unwrap().await.unwrap();
    }
    for (event, payload) in GOOD {
        let subject = format!("limits.{}", event.to_lowercase());
        let sent = bus
            .jetstream()
            .publish(subject, payload.to_string().into())
            .await;
        sent.unwrap().await.unwrap();
    }
    let (shutdown, seen) = (Shutdown::new(), Seen::<String>::default());
    let listener = Listener::new(&bus, contracts::services::judge::SERVICE, seen.clone())
        .on(
            |seen: Arc<Seen<String>>, delivery: Delivery<Numbered>| async move {
                seen.push(serde_json::to_string(&delivery.event).unwrap());
                Ok(())
            },
        )
        .on(
            |seen: Arc<Seen<String>>, delivery: Delivery<Limited>| async move {
                seen.push(serde_json::to_string(&delivery.event).unwrap());
                Ok(())
            },
        )
        .on(
            |seen: Arc<Seen<String>>, delivery: Delivery<Told>| async move {
                seen.push(serde_json::to_string(&delivery.event).unwrap());
                Ok(())
            },
        );
    let running = tokio::spawn(listener.run(shutdown.clone()));
    let wanted = BAD.len() as u64;
    until("all are handled or dead-lettered", async || {
        seen.len() == GOOD.len() + 1 && count(&bus, DEAD_LETTERS).await == wanted
    })
    .await;
    let first = message(&bus, DEAD_LETTERS, 1).await;
    assert_eq!(&*first.payload, BAD[0].1.as_bytes());
    let reason = first
        .headers
        .get(REASON)
        .map(|reason| reason.as_str().to_owned());
    assert!(reason.is_some_and(|reason| !reason.is_empty()));
    assert!(first.headers.get(DETAIL).is_some());
    shutdown.stop();
    running.await.unwrap().unwrap();
}
