//! A folder with a thousand events: generated in a moment, as rustfmt leaves it, and (ignored by default, for it takes a
//! minute) compiled by a service's own build without a warning.
//!
//! `cargo test -p event-tests --test large -- --ignored`
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs};

use event_codegen::Codegen;

const DOMAINS: usize = 20;
const EVENTS: usize = 50;

/// Names of many lengths, so that every way to break a line comes up.
fn word(seed: usize) -> String {
    const PARTS: &[&str] = &[
        "order",
        "a",
        "shipment",
        "of",
        "consolidated",
        "x",
        "reconciliation",
        "tax",
    ];
    let count = 1 + seed % 6;
    let parts: Vec<&str> = (0..count)
        .map(|at| PARTS[(seed * 7 + at * 3) % PARTS.len()])
        .collect();
    format!("{}_{seed}", parts.join("_"))
}

fn camel(snake: &str) -> String {
    snake
        .split('_')
        .map(|part| part[..1].to_uppercase() + &part[1..])
        .collect()
}

const TYPES: &[&str] = &[
    "string",
    "uuid",
    "timestamp",
    "i32?",
    "f64",
    "list<string>",
    "map<list<uuid>>",
    "State",
    "State?",
    "Shape",
    "Tree?",
    "json?",
    "list<Shape>",
    "bytes",
    "duration",
    "date?",
    "bool",
];

fn domain(at: usize) -> String {
    let mut text = format!("doc = \"Domain {at}.\"\n[streams.S{at}]\npartitions = 2\n");
    let long = "v".repeat(at * 2);
    let _ = write!(
        text,
        "[types.State]\nenum = [\"open\", \"closed_{long}\", \"{at}\"]\nclosed = {}\n\
         [types.Shape]\ntag = \"kind\"\nclosed = {}\n[types.Shape.union]\ndot = \"Dot\"\n\"line {long}\" = \"Line\"\n\
         [types.Dot.fields]\nsize = {{ type = \"u32\", max = {} }}\n\
         [types.Line.fields]\nname_{long}_x = {{ type = \"string?\", pattern = \"^[a-z]{{1,{}}}{long}$\" }}\n\
         [types.Tree.fields]\nleft = \"Tree?\"\nstate = {{ type = \"State\", default = \"open\" }}\n",
        at.is_multiple_of(2),
        at.is_multiple_of(3),
        at + 1,
        at + 1,
    );
    for event in 0..EVENTS {
        let seed = at * EVENTS + event;
        let name = camel(&word(seed));
        let stored = match seed % 4 {
            0 => format!("subject = \"d{at}.e{event}\"\n"),
            1 => format!(
                "subject = \"d{at}.e{event}.{}\"\nstream = \"S{at}\"\nid = \"id\"\n",
                "t.".repeat(event % 20) + "z"
            ),
            2 => format!("subject = \"d{at}.{{id}}.e{event}\"\nstream = \"S{at}\"\n"),
            _ => format!(
                "subject = \"d{at}.{{partition}}.e{event}.{{id}}\"\nstream = \"S{at}\"\nkey = \"id\"\n"
            ),
        };
        let _ = write!(
            text,
            "[events.{name}]\n{stored}[events.{name}.fields]\nid = \"uuid\"\n"
        );
        for field in 0..seed % 12 {
            let ty = TYPES[(seed + field) % TYPES.len()];
            let _ = writeln!(text, "{}_{field} = \"{ty}\"", word(seed + field));
        }
    }
    text
}

fn services() -> String {
    let all = |step: usize| {
        let names = (0..DOMAINS * EVENTS)
            .step_by(step)
            .map(|seed| format!("\"d{}.{}\"", seed / EVENTS, camel(&word(seed))));
        names.collect::<Vec<_>>().join(", ")
    };
    format!(
        "[services.publisher]\npublishes = [{}]\n[services.reader]\nsubscribes = [{}]\n",
        all(1),
        all(3)
    )
}

/// A package with the contracts; made anew.
fn package(name: &str) -> PathBuf {
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&package);
    fs::create_dir_all(package.join("contracts")).unwrap();
    fs::create_dir_all(package.join("src")).unwrap();
    for at in 0..DOMAINS {
        fs::write(package.join(format!("contracts/d{at}.toml")), domain(at)).unwrap();
    }
    fs::write(package.join("contracts/services_of_all.toml"), services()).unwrap();
    package
}

#[test]
fn a_thousand_events_are_generated_at_once_and_as_rustfmt_leaves_them() {
    let package = package("large-text");
    let started = Instant::now();
    let generated = Codegen::new(package.join("contracts"))
        .generate()
        .unwrap_or_else(|error| panic!("{error}"));
    let took = started.elapsed();
    // Unoptimised, as in a build script. Far more than it takes, and far less than anything quadratic would.
    assert!(took < Duration::from_secs(20), "took {took:?}");
    assert_eq!(
        generated.text.matches("event_runtime::Event").count(),
        DOMAINS * EVENTS
    );
    let file = package.join("contracts.rs");
    fs::write(&file, &generated.text).unwrap();
    let checked = Command::new("rustfmt")
        .args(["--check", "--edition", "2024"])
        .arg(&file)
        .output()
        .unwrap();
    let diff = String::from_utf8_lossy(&checked.stdout);
    let start: String = diff.chars().take(4000).collect();
    assert!(checked.status.success(), "{start}");
}

#[test]
#[ignore = "a minute: cargo test -p event-tests --test large -- --ignored"]
fn a_thousand_events_compile_in_a_services_own_build() {
    let package = package("large-build");
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let path = |name: &str| {
        workspace
            .join(name)
            .display()
            .to_string()
            .replace('\\', "/")
    };
    let manifest = format!(
        "[package]\nname = \"large\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nevent-runtime = {{ path = {:?} }}\n\n[build-dependencies]\nevent-codegen = {{ path = {:?} }}\n",
        path("event-runtime"),
        path("codegen"),
    );
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    fs::copy(workspace.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    fs::write(
        package.join("build.rs"),
        "fn main() {\n    event_codegen::Codegen::new(\"contracts\").run();\n}\n",
    )
    .unwrap();
    let source = "//! A thousand events.\n#![deny(warnings, missing_docs)]\nevent_runtime::include_contracts!();\n";
    fs::write(package.join("src/lib.rs"), source).unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--offline"])
        .current_dir(&package)
        .env("CARGO_TARGET_DIR", target)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let start: String = errors.chars().take(4000).collect();
    assert!(output.status.success(), "{start}");
}
