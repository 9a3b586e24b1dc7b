//! Random schemas through the import, and random payloads through all that judges them: the schema as it was written, the
//! reader of `decode`, and the schema as it is exported again. The compiled decoders are held to these in the tests of the
//! workspace (`tests/tests/import_property.rs`), and here on request.
//!
//! A generator of our own and not proptest's: the same generator writes the schemas that a build script compiles, where no
//! test runs that could shrink; and what is shrunk is the JSON itself, so that a schema of a corpus, which no generator made,
//! becomes as small as a random one.
//!
//! ```console
//! cargo test -p event-codegen --features compat,import --test import_property                # 2,000 schemas of seed 1
//! SEED=7 SCHEMAS=5000 cargo test … judges_agree                                           # others, and more of them
//! SEED=7 SCHEMA=4711 cargo test … one_schema -- --ignored --nocapture                     # one of them, and its smallest failures
//! SEED=7 SCHEMA=4711 cargo test … shrink_compiled -- --ignored --nocapture                # the same for its compiled decoder
//! EVENT_SCHEMA_CORPUS=… cargo test … corpus -- --exact --ignored --nocapture              # every schema of a corpus
//! EVENT_SCHEMA_CORPUS=… CHUNK=20 PART=0/10 cargo test … corpus_compiled -- --ignored --nocapture
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail anywhere"
)]

#[path = "compat_property/random.rs"]
mod random;
mod import_property {
    pub mod answer;
    pub mod compiled;
    pub mod corpus;
    pub mod deep;
    pub mod judge;
    pub mod payload;
    #[allow(dead_code, reason = "shared with the tests of the workspace")]
    pub mod round;
    pub mod said;
    pub mod schema;
    pub mod shrink;
    use super::random;
}

use std::collections::BTreeMap;
use std::time::Duration;

use import_property::compiled::Workshop;
use import_property::judge::{Differs, Judge, Refused, accepts};
use import_property::payload::Payloads;
use import_property::said::LISTED;
use import_property::{corpus, deep, schema, shrink};
use random::Random;
use serde_json::Value;

/// A number from the environment.
fn number(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| text.parse().expect(name))
}

/// The schema of a number, and payloads for it: every second one with something changed.
fn case(seed: u64, number: u64, payloads: usize) -> (Value, Vec<Value>) {
    let mut random = Random::new(seed * 1_000_003 + number);
    let schema = schema::schema(&mut random, 2);
    let made = payloads_of(&mut random, &schema, payloads);
    (schema, made)
}

fn payloads_of(random: &mut Random, schema: &Value, count: usize) -> Vec<Value> {
    let mut payloads = Payloads::new(random, schema);
    let one = |at: usize| {
        let mut payload = payloads.payload();
        if at % 2 == 1 {
            payloads.change(&mut payload);
        }
        payload
    };
    (0..count).map(one).collect()
}

/// A failure and its verdicts, on a few lines.
fn shown(kind: &str, place: &str, schema: &Value, payload: &Value) -> String {
    let said = Judge::new(schema).map_or_else(
        |refused| format!("{refused:?}"),
        |judge| judge.said(payload),
    );
    format!("{kind} ({place})\n  schema:  {schema}\n  payload: {payload}\n  {said}\n")
}

/// The smallest schema and payload that fail in the same way.
fn smallest(kind: &'static str, schema: &Value, payload: &Value) -> (Value, Value) {
    // The cheap question first: an import takes a thousand times as long.
    let wanted = match kind {
        "decode-refuses-valid" | "export-refuses-valid" | "satisfiable-refused" => Some(true),
        "accepts-invalid" => Some(false),
        _ => None,
    };
    let refused = match Judge::new(schema) {
        Err(Refused::Import(_, why)) => Some(why),
        _ => None,
    };
    let patience = Duration::from_secs(number("PATIENCE", 15));
    shrink::pair(
        schema.clone(),
        payload.clone(),
        patience,
        |schema, payload| {
            wanted.is_none_or(|wanted| accepts(schema, payload) == Some(wanted))
                && match (Judge::new(schema), kind) {
                    (Err(Refused::Import(_, why)), "satisfiable-refused") => Some(why) == refused,
                    (Err(Refused::Broken(_)), "broken") => true,
                    (Ok(judge), kind) => judge.differs(payload) == Some(Differs::Wrong(kind)),
                    _ => false,
                }
        },
    )
}

#[test]
fn judges_agree() {
    let (seed, count) = (number("SEED", 1), number("SCHEMAS", 2_000));
    let (mut tried, mut valid, mut judged) = (0_usize, 0_usize, 0_usize);
    let mut listed: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong: BTreeMap<&str, (usize, Vec<String>)> = BTreeMap::new();
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    for at in 0..count {
        let (schema, payloads) = case(seed, at, 30);
        let judge = Judge::new(&schema);
        let mut fail = |kind: &'static str, payload: &Value| {
            let (times, examples) = wrong.entry(kind).or_default();
            *times += 1;
            if examples.len() < 3 {
                let (schema, payload) = smallest(kind, &schema, payload);
                examples.push(shown(
                    kind,
                    &format!("SEED={seed} SCHEMA={at}"),
                    &schema,
                    &payload,
                ));
            }
        };
        let judge = match judge {
            Ok(judge) => judge,
            Err(Refused::NoSchema(why)) => panic!("the generator made no schema: {why}: {schema}"),
            Err(Refused::Import(code, message)) => {
                // Some random schemas have parts that nothing fulfils, and it is right to say so.
                *refused
                    .entry(format!(
                        "{code}: {}",
                        message.replace(|c: char| c.is_ascii_digit() || c == '-', "")
                    ))
                    .or_default() += 1;
                continue;
            }
            Err(Refused::Broken(_)) => {
                fail("broken", &payloads[0]);
                continue;
            }
        };
        judged += 1;
        let mut seen = Vec::new();
        for payload in &payloads {
            tried += 1;
            valid += usize::from(judge.original.is_valid(payload));
            match judge.differs(payload) {
                Some(Differs::Listed(kind)) => *listed.entry(kind).or_default() += 1,
                Some(Differs::Wrong(kind)) if !seen.contains(&kind) => {
                    seen.push(kind);
                    fail(kind, payload);
                }
                _ => {}
            }
        }
    }
    println!(
        "{judged} of {count} schemas, {tried} payloads, {valid} valid\nlisted: {listed:#?}\nrefused: {refused:#?}"
    );
    let report: Vec<String> = wrong
        .iter()
        .map(|(kind, (times, examples))| {
            format!("{kind}: {times} schemas\n{}", examples.join("\n"))
        })
        .collect();
    assert!(report.is_empty(), "{}", report.join("\n"));
    assert!(
        valid * 3 > tried && valid * 4 < tried * 3,
        "{valid} of {tried}: one kind of payload is missing"
    );
    assert!(
        judged as u64 * 10 > count * 7,
        "{judged} of {count}: {refused:#?}"
    );
    if count >= 1_000 {
        let unseen: Vec<&str> = LISTED
            .iter()
            .map(|(kind, _)| *kind)
            .filter(|kind| !listed.contains_key(kind))
            .collect();
        assert!(unseen.is_empty(), "nothing shows {unseen:?}");
    }
}

/// The smallest failures of one schema, each kind once.
#[test]
#[ignore = "for a seed that failed"]
fn one_schema() {
    let (seed, at) = (number("SEED", 1), number("SCHEMA", 0));
    let (schema, payloads) = case(seed, at, 300);
    println!("{schema:#}");
    match Judge::new(&schema) {
        Err(refused) => {
            println!("{refused:?}");
            // Refused, though there are payloads: a part of it that may be absent can have none.
            if let Some(payload) = payloads
                .iter()
                .find(|payload| accepts(&schema, payload) == Some(true))
            {
                let (schema, payload) = smallest("satisfiable-refused", &schema, payload);
                println!("{}", shown("refused", "", &schema, &payload));
            }
        }
        Ok(judge) => {
            let mut seen = Vec::new();
            for payload in &payloads {
                if let Some(Differs::Wrong(kind)) = judge.differs(payload)
                    && !seen.contains(&kind)
                {
                    seen.push(kind);
                    let (schema, payload) = smallest(kind, &schema, payload);
                    println!("{}", shown(kind, "", &schema, &payload));
                }
            }
        }
    }
}

/// Makes what a compiled decoder does wrong small: one build for each step.
fn compiled_smallest(kind: &str, schema: &Value, payload: &Value) -> String {
    let workshop = Workshop::new("import-shrink");
    let mut why = String::new();
    let patience = Duration::from_secs(number("PATIENCE", 300));
    let (schema, payload) = shrink::pair(
        schema.clone(),
        payload.clone(),
        patience,
        |schema, payload| {
            let Ok(judge) = Judge::new(schema) else {
                return false;
            };
            let answer = workshop
                .answers(&[&judge.checked], &[(0, payload.to_string())])
                .remove(0);
            match answer.differs(&judge, payload, &mut |_| {}) {
                Some((now, because)) if now == kind => {
                    why = because;
                    true
                }
                _ => false,
            }
        },
    );
    format!("{}  {why}\n", shown(kind, "", &schema, &payload))
}

/// Builds the decoders of some schemas and compares them with `decode`: what differs, one example of each kind and schema.
fn compiled_failures(
    name: &str,
    schemas: &[(String, Value, Judge)],
    asked: &[(usize, Value)],
) -> Vec<(usize, &'static str, Value, String)> {
    let texts: Vec<(usize, String)> = asked
        .iter()
        .map(|(case, payload)| (*case, payload.to_string()))
        .collect();
    let all: Vec<_> = schemas.iter().map(|(_, _, judge)| &judge.checked).collect();
    let answers = Workshop::new(name).answers(&all, &texts);
    let mut out: Vec<(usize, &'static str, Value, String)> = Vec::new();
    for ((case, payload), answer) in asked.iter().zip(&answers) {
        if let Some((kind, why)) = answer.differs(&schemas[*case].2, payload, &mut |_| {})
            && !out
                .iter()
                .any(|(other, known, ..)| other == case && *known == kind)
        {
            out.push((*case, kind, payload.clone(), why));
        }
    }
    out
}

/// The compiled decoder of one schema, or of `SCHEMAS` from there on; with `SHRINK=1` the failures are made small.
#[test]
#[ignore = "builds a crate for each step"]
fn shrink_compiled() {
    let (seed, from, count) = (number("SEED", 1), number("SCHEMA", 0), number("SCHEMAS", 1));
    let (mut schemas, mut asked) = (Vec::new(), Vec::new());
    for at in from..from + count {
        let (schema, payloads) = case(seed, at, 60);
        let Ok(judge) = Judge::new(&schema) else {
            continue;
        };
        asked.extend(payloads.into_iter().map(|payload| (schemas.len(), payload)));
        schemas.push((format!("SEED={seed} SCHEMA={at}"), schema, judge));
    }
    for (case, kind, payload, why) in compiled_failures("import-compiled", &schemas, &asked) {
        let (name, schema, _) = &schemas[case];
        println!("{kind} ({name}): {why}");
        if number("SHRINK", u64::from(count == 1)) == 1 {
            println!("{}", compiled_smallest(kind, schema, &payload));
        }
    }
    println!("{} schemas, {} payloads", schemas.len(), asked.len());
}

/// Every schema of a corpus without a compiler: who is refused, and where judges differ.
#[test]
#[ignore = "needs EVENT_SCHEMA_CORPUS"]
fn corpus() {
    let (mut imported, mut payloads) = (0_usize, 0_usize);
    let (mut refused, mut listed, mut wrong) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let all = corpus::schemas();
    for entry in &all {
        let judge = match Judge::new(&entry.schema) {
            Ok(judge) => judge,
            Err(refusal) => {
                let (code, why) = match refusal {
                    Refused::NoSchema(why) => ("no validator takes it", why),
                    Refused::Import(code, why) => (code, why),
                    Refused::Broken(why) => ("BROKEN", why),
                };
                println!(
                    "refused: {}: {code}: {}",
                    entry.name,
                    why.chars().take(200).collect::<String>()
                );
                *refused.entry(code).or_insert(0_usize) += 1;
                continue;
            }
        };
        imported += 1;
        let mut seen = Vec::new();
        for payload in entry.payloads(20) {
            payloads += 1;
            match judge.differs(&payload) {
                Some(Differs::Listed(kind)) => *listed.entry(kind).or_insert(0_usize) += 1,
                Some(Differs::Wrong(kind)) if !seen.contains(&kind) => {
                    seen.push(kind);
                    let known = wrong.entry(kind).or_insert(0_usize);
                    *known += 1;
                    let (schema, payload) = if *known <= 10 {
                        smallest(kind, &entry.schema, &payload)
                    } else {
                        continue;
                    };
                    println!("{}", shown(kind, &entry.name, &schema, &payload));
                }
                _ => {}
            }
        }
    }
    println!(
        "{imported} of {} schemas imported, refused: {refused:#?}\n{payloads} payloads, listed: {listed:#?}, wrong (schemas): {wrong:#?}",
        all.len()
    );
}

/// The schemas of a part of a corpus, `CHUNK` at a time, with their compiled decoders.
#[test]
#[ignore = "needs EVENT_SCHEMA_CORPUS, and takes hours for all of it"]
fn corpus_compiled() {
    let part = std::env::var("PART").unwrap_or_else(|_| "0/1".to_owned());
    let (part, parts) = part.split_once('/').expect("PART is like 3/10");
    let (part, parts): (usize, usize) = (part.parse().unwrap(), parts.parse().unwrap());
    let chunk = usize::try_from(number("CHUNK", 20)).unwrap();
    let (mut kinds, mut schemas_tried, mut payloads_tried) = (BTreeMap::new(), 0, 0);
    let all: Vec<corpus::Entry> = corpus::schemas()
        .into_iter()
        .skip(part)
        .step_by(parts)
        .collect();
    for entries in all.chunks(chunk) {
        let (mut schemas, mut asked) = (Vec::new(), Vec::new());
        for entry in entries {
            let Ok(judge) = Judge::new(&entry.schema) else {
                continue;
            };
            asked.extend(
                entry
                    .payloads(20)
                    .into_iter()
                    .map(|payload| (schemas.len(), payload)),
            );
            schemas.push((entry.name.clone(), entry.schema.clone(), judge));
        }
        schemas_tried += schemas.len();
        payloads_tried += asked.len();
        for (case, kind, payload, why) in compiled_failures("import-corpus", &schemas, &asked) {
            println!("{kind}: {}: {why}\n  payload: {payload}", schemas[case].0);
            *kinds.entry(kind).or_insert(0_usize) += 1;
        }
    }
    println!("{schemas_tried} schemas, {payloads_tried} payloads, wrong (schemas): {kinds:#?}");
}

/// Payloads of schemas that hold themselves, as deep as serde_json reads, on a thread with a quarter of the usual stack.
#[test]
fn deep_payloads_are_read() {
    let mut wrong = Vec::new();
    for (at, (schema, around, end)) in deep::schemas().into_iter().enumerate() {
        let judge = Judge::new(&schema).unwrap_or_else(|refused| panic!("{refused:?}: {schema}"));
        let small = std::thread::Builder::new().stack_size(512 << 10);
        let read = move || {
            let depths = 0..=deep::most(&around);
            let refused = depths.filter_map(|times| {
                let payload = deep::nested(&around, &end, times);
                assert!(judge.original.is_valid(&payload), "{payload}");
                let why = judge.decode(&payload.to_string()).err()?;
                Some(format!(
                    "nested {times} times: {}",
                    why.chars().take(80).collect::<String>()
                ))
            });
            refused.collect::<Vec<_>>()
        };
        let refused = small.spawn(read).unwrap().join().unwrap();
        if let Some(first) = refused.first() {
            wrong.push(format!(
                "schema {at}: {} depths: {first}\n  {schema}",
                refused.len()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
