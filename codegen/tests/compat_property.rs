//! The verdicts of `diff` against the principle: random contracts, one random change each.
//!
//! Where a direction is said to hold, random payloads of the writer are read by the reader with the same meaning; where it
//! is said to break, the counterexample is written by one side and refused or misread by the other. Payloads are made here
//! and not by the code under test. `PAIRS=50000 cargo test … --release` runs more of them.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod compat_property {
    pub mod contract;
    pub mod mutate;
    pub mod payload;
    pub mod random;
}

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use compat_property::contract::Contract;
use compat_property::mutate::{MUTATIONS, Mutation};
use compat_property::payload::{parse, random_payload};
use compat_property::random::Random;
use event_codegen::check::{self, Checked};
use event_codegen::compat::{
    self, Category, Direction, Finding, Mode, Outcome, RULES, Report, Severity,
};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::model::EventId;
use event_codegen::{read, report};

/// Rules that no change of this test reaches, each with the reason.
const ELSEWHERE: &[&str] = &[
    // Imported schemas are files of their own: `compat/schema-*`.
    "schema-narrowed",
    "schema-widened",
    "schema-undecided",
    // No event has a subject that a stream declares: `compat/stream-subject-removed`.
    "stream-subject-removed",
    // About the contract and not about a change.
    "accepted-unused",
    "accepted-expired",
];

fn checked(contract: &Contract) -> Result<Checked, String> {
    let mut diagnostics = Diagnostics::default();
    let model = read::read_texts(Path::new("c"), contract.files(), &mut diagnostics);
    let sources = model.sources.clone();
    check::check(model, &mut diagnostics).map_err(|_| report::human(&diagnostics, &sources, false))
}

/// A contract and the same with one change, both without errors.
fn pair(random: &mut Random) -> (&'static Mutation, Checked, Checked) {
    loop {
        let mut old = Contract::random(random);
        let mut new = old.clone();
        let mutation = &MUTATIONS[random.below(MUTATIONS.len())];
        if !(mutation.apply)(&mut old, &mut new, random) {
            continue;
        }
        // The direction is as random as the rest.
        if mutation.both_ways && random.chance(50) {
            std::mem::swap(&mut old, &mut new);
        }
        match (checked(&old), checked(&new)) {
            (Ok(old), Ok(new)) => return (mutation, old, new),
            (Err(why), _) | (_, Err(why)) => {
                // A change may make a contract that `check` refuses; a random contract may not.
                assert!(checked(&Contract::random(random)).is_ok(), "{why}");
            }
        }
    }
}

fn claims(finding: &Finding, direction: Direction) -> bool {
    let category = match direction {
        Direction::Backward => Category::Backward,
        Direction::Forward => Category::Forward,
    };
    finding.severity == Severity::Breaks && finding.rule.categories.contains(&category)
}

struct Run {
    reached: BTreeSet<&'static str>,
    wrong: Vec<String>,
    payloads: usize,
    counterexamples: usize,
    undecided: usize,
    silent: usize,
    by_mutation: BTreeMap<&'static str, usize>,
}

impl Run {
    fn direction(
        &mut self,
        report: &Report,
        sides: (&Checked, &Checked),
        direction: Direction,
        random: &mut Random,
    ) -> Result<(), String> {
        let (writer, reader) = match direction {
            Direction::Backward => sides,
            Direction::Forward => (sides.1, sides.0),
        };
        let events: Vec<(EventId, EventId)> = writer
            .events
            .iter()
            .enumerate()
            .filter_map(|(at, event)| {
                let name = writer.event_name(event);
                let there = reader
                    .events
                    .iter()
                    .position(|e| reader.event_name(e) == name)?;
                Some((EventId(at), EventId(there)))
            })
            .collect();
        let broken = report.findings.iter().any(|f| claims(f, direction));
        // A lost value or a new meaning is no matter of one payload.
        let meaning = report.findings.iter().any(|f| {
            f.severity == Severity::Breaks && f.rule.categories.contains(&Category::Semantic)
        });
        if !broken && !meaning {
            for (w, r) in &events {
                for _ in 0..4 {
                    let payload = random_payload(writer, *w, random);
                    self.payloads += 1;
                    let meant = compat::payload::read(writer, *w, &payload).map_err(|why| {
                        format!("the writer refuses its own {}: {why}", payload.to_compact())
                    })?;
                    let got = compat::payload::read(reader, *r, &payload).map_err(|why| {
                        format!(
                            "said to hold {}, but {} is refused: {why}",
                            direction.as_str(),
                            payload.to_compact()
                        )
                    })?;
                    if !compat::payload::same(&meant, &got) {
                        return Err(format!(
                            "said to hold {}, but {} is misread",
                            direction.as_str(),
                            payload.to_compact()
                        ));
                    }
                }
            }
        }
        for finding in report.findings.iter().filter(|f| claims(f, direction)) {
            let shown = finding
                .counterexamples
                .iter()
                .find(|c| c.direction == direction);
            let Some(example) = shown else {
                // Only where a pattern cannot be decided.
                let pattern = matches!(
                    finding.rule.id,
                    "pattern-changed" | "constraint-tightened" | "constraint-loosened"
                );
                if !pattern || finding.undecided.is_none() {
                    return Err(format!(
                        "{} is not shown {}",
                        finding.rule.id,
                        direction.as_str()
                    ));
                }
                self.undecided += 1;
                continue;
            };
            self.counterexamples += 1;
            let (w, r) = *events
                .iter()
                .find(|(w, _)| writer.event_name(&writer[*w]) == example.event)
                .ok_or("a counterexample of no event")?;
            let payload = parse(&example.payload);
            let meant = compat::payload::read(writer, w, &payload).map_err(|why| {
                format!(
                    "{}: the writer refuses {}: {why}",
                    finding.rule.id, example.payload
                )
            })?;
            let fails = match (compat::payload::read(reader, r, &payload), &example.outcome) {
                (Err(_), Outcome::Refused(_)) => true,
                (Ok(got), Outcome::Misread(_)) => {
                    !compat::payload::same(&meant, &got)
                        || finding.rule.id.contains("rename")
                        || finding.rule.id == "alias-removed"
                }
                _ => false,
            };
            if !fails {
                return Err(format!(
                    "{}: {} does not fail {}",
                    finding.rule.id,
                    example.payload,
                    direction.as_str()
                ));
            }
        }
        Ok(())
    }
}

#[test]
fn verdicts_agree_with_readers() {
    let pairs: usize = std::env::var("PAIRS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(2_500);
    let seed: u64 = std::env::var("SEED")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(1);
    let mut random = Random::new(seed);
    let mut run = Run {
        reached: BTreeSet::new(),
        wrong: Vec::new(),
        payloads: 0,
        counterexamples: 0,
        undecided: 0,
        silent: 0,
        by_mutation: BTreeMap::new(),
    };
    for n in 0..pairs {
        let (mutation, old, new) = pair(&mut random);
        *run.by_mutation.entry(mutation.name).or_default() += 1;
        let report = compat::compare(&old, &new, Mode::Full);
        run.reached
            .extend(report.findings.iter().map(|f| f.rule.id));
        // A type that no event reaches is on no wire, and more room in a stream harms nobody.
        run.silent += usize::from(report.findings.is_empty());
        for direction in [Direction::Backward, Direction::Forward] {
            if let Err(why) = run.direction(&report, (&old, &new), direction, &mut random) {
                run.wrong.push(format!(
                    "pair {n}, {}: {why}\n{}",
                    mutation.name,
                    compat::render::human(&report, false)
                ));
            }
        }
    }
    println!(
        "{pairs} pairs: {} payloads agreed, {} counterexamples failed as they should, {} undecided, {} pairs without a finding, {} of {} rules reached, {} disagreements",
        run.payloads,
        run.counterexamples,
        run.undecided,
        run.silent,
        run.reached.len(),
        RULES.len(),
        run.wrong.len()
    );
    let first: Vec<&String> = run.wrong.iter().take(5).collect();
    assert!(
        run.wrong.is_empty(),
        "{} wrong, the first of them:\n{first:#?}",
        run.wrong.len()
    );
    let missed: Vec<&str> = RULES
        .iter()
        .map(|rule| rule.id)
        .filter(|id| !run.reached.contains(id) && !ELSEWHERE.contains(id))
        .collect();
    assert_eq!(missed, Vec::<&str>::new(), "rules that no pair reached");
}
