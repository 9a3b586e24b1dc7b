//! How long `diff` takes for contracts of a thousand events and more, every one of them changed.
//!
//! `cargo run --release -p event-codegen --features compat --example diff_scale`

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use event_codegen::check::{self, Checked};
use event_codegen::compat::{self, Mode};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::read;

/// Events in files of a hundred, with types that all of them share; `after` changes each event and each shared type.
fn contract(events: usize, after: bool) -> Option<Checked> {
    let mut files = Vec::new();
    for file in 0..events.div_ceil(100) {
        let mut text = String::new();
        for n in file * 100..events.min(file * 100 + 100) {
            let ty = if after {
                "i64\", min = 0, max = 4294967296"
            } else {
                "i32\""
            };
            let _ = write!(
                text,
                "[events.Event{n}]\nsubject = \"scale.e{n}\"\nstream = \"SCALE\"\n[events.Event{n}.fields]\nid = \"uuid\"\ntotal = {{ type = \"{ty} }}\nlines = \"list<d0.Line>\"\nstate = \"d0.State\"\n"
            );
        }
        if file == 0 {
            let more = if after { "note = \"string\"\n" } else { "" };
            let value = if after { ", \"void\"" } else { "" };
            let _ = write!(
                text,
                "[types.Line.fields]\nsku = \"string\"\nprice = \"Money\"\n{more}[types.Money.fields]\nminor = \"i32\"\n[types.State]\nenum = [\"open\", \"paid\"{value}]\nclosed = true\n[streams.SCALE]\nmax_age = \"7d\"\n"
            );
        }
        let all: Vec<String> = (file * 100..events.min(file * 100 + 100))
            .map(|n| format!("\"Event{n}\""))
            .collect();
        let all = all.join(", ");
        let _ = write!(
            text,
            "[services.out{file}]\npublishes = [{all}]\n[services.in{file}]\nsubscribes = [{all}]\n"
        );
        files.push((PathBuf::from(format!("d{file}.toml")), text));
    }
    let mut diagnostics = Diagnostics::default();
    let model = read::read_texts(Path::new("scale"), files, &mut diagnostics);
    check::check(model, &mut diagnostics).ok()
}

fn main() {
    println!(
        "{:>7} {:>9} {:>12} {:>14}",
        "events", "findings", "compare", "an event"
    );
    for events in [250, 500, 1_000, 2_000, 4_000, 8_000] {
        let (Some(old), Some(new)) = (contract(events, false), contract(events, true)) else {
            println!("the contract of {events} events is not accepted");
            return;
        };
        let mut best = f64::MAX;
        let mut findings = 0;
        for _ in 0..5 {
            let started = Instant::now();
            let report = compat::compare(&old, &new, Mode::Full);
            best = best.min(started.elapsed().as_secs_f64());
            findings = report.findings.len();
        }
        println!(
            "{events:>7} {findings:>9} {:>9.2} ms {:>11.2} µs",
            best * 1e3,
            best * 1e6 / events as f64
        );
    }
}
