//! The fuzzers' targets on every test run: the kept corpus, and mutations of it that are the same on every run.
//!
//! How to fuzz for real: `fuzz/Cargo.toml`. What is found there comes into the corpus, so that it is tried here too.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use event_tests::fuzz::TARGETS;

/// How many mutations of a corpus are tried; a tenth where one input is a whole folder.
const MUTATIONS: usize = 6_000;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        usize::try_from(z % n.max(1) as u64).unwrap()
    }
}

/// Pieces of what the targets read.
const PIECES: &[&str] = &[
    "\n",
    "\"",
    "'",
    "\"\"\"",
    "[",
    "]",
    "[[",
    "{",
    "}",
    "=",
    ".",
    ",",
    "#",
    "?",
    "<",
    ">",
    "list<",
    "map<",
    "string",
    "u64",
    "json",
    "[events.A]\n",
    "[types.T]\n",
    "[types.T.fields]\n",
    "subject = \"a.b\"\n",
    "fields = {}\n",
    "enum = [\"a\"]\n",
    "default = 1",
    "min = 5",
    "\\u0000",
    "\\",
    "é",
    "\u{feff}",
    "\u{1F600}",
    "{partition}",
    "{a}",
    "*",
    "$ref",
    "\"$ref\": \"#\"",
    "\"type\": \"object\"",
    "properties",
    "allOf",
    "oneOf",
    "null",
    "true",
    "-1",
    "1e400",
    "18446744073709551616",
    "\"kind\":",
    "\"type\":\"circle\"",
    "{\"",
    "\":",
    "#:file a.toml\n",
    "#:file b.json\n",
    "\0",
    "\u{7f}",
    "  ",
];

fn mutate(random: &mut Random, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut data = corpus[random.below(corpus.len())].clone();
    for _ in 0..1 + random.below(4) {
        let at = random.below(data.len() + 1);
        let end = (at + 1 + random.below(16)).min(data.len());
        match random.below(7) {
            0 if at < data.len() => data[at] ^= 1 << random.below(8),
            1 => drop(data.drain(at..end)),
            2 => {
                let part = data[at..end].to_vec();
                let to = random.below(data.len() + 1);
                data.splice(to..to, part);
            }
            3 => {
                let other = &corpus[random.below(corpus.len())];
                let from = random.below(other.len() + 1);
                let until = (from + 1 + random.below(64)).min(other.len());
                data.splice(at..end, other[from..until].iter().copied());
            }
            4 => data.truncate(at),
            _ => {
                let piece = PIECES[random.below(PIECES.len())];
                data.splice(at..at, piece.bytes());
            }
        }
    }
    data
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

#[test]
fn no_target_breaks_its_promise() {
    let mut broken = Vec::new();
    for (name, target) in TARGETS {
        let corpus = corpus(name);
        assert!(!corpus.is_empty(), "{name} has no corpus");
        let mut random = Random(20_260_131);
        let count = if matches!(*name, "contract" | "schema") {
            MUTATIONS / 10
        } else {
            MUTATIONS
        };
        let mutations: Vec<Vec<u8>> = (0..count).map(|_| mutate(&mut random, &corpus)).collect();
        for data in corpus.iter().chain(&mutations) {
            if catch_unwind(AssertUnwindSafe(|| target(data))).is_err() {
                broken.push(format!("{name}: {:?}", String::from_utf8_lossy(data)));
            }
        }
        println!(
            "{name}: {} kept inputs, {} mutations",
            corpus.len(),
            mutations.len()
        );
    }
    assert!(
        broken.is_empty(),
        "{} inputs:\n{}",
        broken.len(),
        broken[..broken.len().min(5)].join("\n")
    );
}
