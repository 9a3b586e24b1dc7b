//! Compiled decoders of random JSON Schemas: 20,000 payloads, and payloads that nest as deep as JSON may, each on a thread of
//! 512 KiB, judged as `decode` and the exported schema judge them, and written again as they were sent.
//!
//! The generator, the judges and the differences that are wanted are those of `codegen/tests/import_property.rs`, which tries
//! many more schemas without a compiler and makes failures small; its head says how. The decoders run in a process of their
//! own (`decoders`), so that a stack overflow is a failure with a name.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail anywhere"
)]

#[allow(dead_code, reason = "shared with the tests of codegen")]
#[path = "../../codegen/tests/import_property/answer.rs"]
mod answer;
#[allow(dead_code, reason = "shared with the tests of codegen")]
#[path = "../../codegen/tests/import_property/deep.rs"]
mod deep;
#[allow(dead_code, reason = "shared with the tests of codegen")]
#[path = "../../codegen/tests/import_property/judge.rs"]
mod judge;
#[allow(dead_code, reason = "shared with the tests of codegen")]
#[path = "../../codegen/tests/import_property/payload.rs"]
mod payload;
#[allow(dead_code, reason = "shared with the tests of codegen")]
#[path = "../../codegen/tests/compat_property/random.rs"]
mod random;
#[allow(dead_code, reason = "shared with the tests of codegen")]
#[path = "../../codegen/tests/import_property/reader.rs"]
mod reader;
#[allow(dead_code, reason = "shared with the tests of codegen")]
#[path = "../../codegen/tests/import_property/round.rs"]
mod round;
#[allow(dead_code, reason = "shared with the tests of codegen")]
#[path = "../../codegen/tests/import_property/said.rs"]
mod said;
#[allow(dead_code, reason = "shared with the tests of codegen")]
#[path = "../../codegen/tests/import_property/schema.rs"]
mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use answer::Answer;
use judge::{Differs, Judge};
use payload::Payloads;
use random::Random;
use serde_json::Value;

/// What codegen makes of the schemas, with lints as errors that a user may have on.
#[deny(warnings, missing_docs, unused_qualifications)]
#[allow(deprecated, dead_code, missing_docs, unused_imports, clippy::all)] // as `include_contracts!` has it
mod generated {
    use super::{Case, reader};
    include!(concat!(env!("OUT_DIR"), "/imports.rs"));
}

/// One schema with its compiled decoder.
pub struct Case {
    number: usize,
    schema: &'static str,
    judge: fn(&str) -> String,
}

/// How many payloads there are for each schema: 20,000 in all.
const EACH: usize = 140;

fn payloads(case: &Case, schema: &Value) -> Vec<Value> {
    let mut random = Random::new(case.number as u64 + 1);
    if let Some(at) = case.number.checked_sub(generated::DEEP) {
        let (_, around, end) = &deep::schemas()[at];
        let all = 0..=deep::most(around);
        return all.map(|times| deep::nested(around, end, times)).collect();
    }
    let mut payloads = Payloads::new(&mut random, schema);
    let one = |at: usize| {
        let mut payload = payloads.payload();
        if at % 2 == 1 {
            payloads.change(&mut payload);
        }
        payload
    };
    (0..EACH).map(one).collect()
}

/// The other process: reads the position of a schema and a payload from each line, and answers with one.
#[test]
#[ignore = "is started by the other test"]
fn decoders() {
    let mut out = std::io::stdout();
    // The harness has begun a line of its own.
    writeln!(out).unwrap();
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let Some((at, body)) = line.split_once(' ') else {
            return;
        };
        let judge = generated::CASES[at.parse::<usize>().unwrap()].judge;
        writeln!(out, "> {}", reader::on_small_stack(judge, body)).unwrap();
        out.flush().unwrap();
    }
}

/// Asks the other process, and another one when it dies.
fn answers(asked: &[(usize, &Value)]) -> Vec<Answer> {
    let mut answers = Vec::new();
    while answers.len() < asked.len() {
        let rest = &asked[answers.len()..];
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "decoders", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines: String = rest
            .iter()
            .map(|(at, body)| format!("{at} {body}\n"))
            .collect();
        let mut input = child.stdin.take().unwrap();
        // Ends early when the other process dies.
        let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).is_ok());
        let before = answers.len();
        let output = BufReader::new(child.stdout.take().unwrap());
        answers.extend(
            output
                .lines()
                .filter_map(|line| Some(Answer::of(line.ok()?.strip_prefix("> ")?))),
        );
        writer.join().unwrap();
        child.wait().unwrap();
        if answers.len() - before < rest.len() {
            answers.push(Answer::Aborted);
        }
    }
    answers
}

#[test]
fn compiled_decoders_judge_as_decode_and_the_exported_schema_do() {
    let schemas: Vec<Value> = generated::CASES
        .iter()
        .map(|case| serde_json::from_str(case.schema).unwrap())
        .collect();
    let judges: Vec<Judge> = schemas
        .iter()
        .map(|schema| Judge::new(schema).unwrap_or_else(|why| panic!("{why:?}")))
        .collect();
    let made: Vec<Vec<Value>> = generated::CASES
        .iter()
        .zip(&schemas)
        .map(|(case, schema)| payloads(case, schema))
        .collect();
    let asked: Vec<(usize, &Value)> = made
        .iter()
        .enumerate()
        .flat_map(|(at, all)| all.iter().map(move |payload| (at, payload)))
        .collect();
    let (mut wrong, mut listed): (BTreeMap<String, (usize, String)>, BTreeSet<&str>) =
        Default::default();
    let mut read = 0;
    for ((at, payload), answer) in asked.iter().zip(answers(&asked)) {
        read += usize::from(matches!(answer, Answer::Written(_)));
        let judge = &judges[*at];
        let mut fail = |kind: &str, why: &str| {
            let more = || {
                format!(
                    "{why}\n  schema {}: {}\n  payload: {payload}\n  {}",
                    generated::CASES[*at].number,
                    schemas[*at],
                    judge.said(payload)
                )
            };
            wrong
                .entry(kind.to_owned())
                .or_insert_with(|| (0, more()))
                .0 += 1;
        };
        if let Some((kind, why)) = answer.differs(judge, payload, &mut |kind| {
            listed.insert(kind);
        }) {
            fail(kind, &why);
        }
        if let Some(Differs::Wrong(kind)) = judge.differs(payload) {
            fail(kind, "without a compiler");
        }
    }
    println!(
        "{} payloads of {} schemas, {read} read; listed: {listed:?}",
        asked.len(),
        judges.len()
    );
    let report: Vec<String> = wrong
        .iter()
        .map(|(kind, (times, first))| format!("{kind}, {times} payloads: {first}"))
        .collect();
    assert!(report.is_empty(), "{}", report.join("\n"));
    assert!(
        asked.len() >= 20_000 && judges.len() >= 150,
        "{} payloads of {} schemas",
        asked.len(),
        judges.len()
    );
    assert!(read * 3 > asked.len(), "{read} read of {}", asked.len());
    let unseen: Vec<&str> = round::LISTED
        .iter()
        .map(|(kind, _)| *kind)
        .filter(|kind| !listed.contains(kind))
        .collect();
    assert!(unseen.is_empty(), "nothing shows {unseen:?}");
}
