//! What the fuzzers feed: one function per target, which panics when a promise is broken. `fuzz/` runs them under cargo-fuzz;
//! `tests/fuzz.rs` runs them over the kept corpus and some thousand mutations of it.

// A broken promise is a panic: that is what a fuzzer looks for.
#![allow(clippy::panic, clippy::expect_used, deprecated)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use event_codegen::check::{self, Checked};
use event_codegen::diagnostic::{Diagnostics, Severity};
use event_codegen::export::json_schema::{Draft, Layout, json_schema as export};
use event_codegen::model::TypeId;
use event_codegen::read::json_schema::{Files, Wanted, import};
use event_codegen::source::{Sources, Span, Spanned};
use event_codegen::subject::{Segment, Template};
use event_codegen::{emit, read, report};
use event_runtime::serde::{Serialize, de::DeserializeOwned};
use event_runtime::{Event, MessageId, SubjectWriter, serde_json};

use crate::generated::{all_constraints, all_names, all_recursion, all_types};

/// A target: its name, which is that of its corpus too, and what it does with one input.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("contract", contract),
    ("subject", subject),
    ("schema", schema),
    ("wire", wire),
];

/// Starts a further file in the inputs of [`contract`] and [`schema`]: `#:file shop/orders.toml` on a line of its own.
const FILE: &str = "#:file ";

/// The files of an input: the part before the first mark has the first name.
fn files(data: &[u8], first: &str) -> BTreeMap<PathBuf, String> {
    let text = String::from_utf8_lossy(data);
    let mut files = BTreeMap::new();
    let mut name = first;
    let mut content = String::new();
    for line in text.split_inclusive('\n') {
        match line.strip_prefix(FILE) {
            Some(next) if files.len() < 8 => {
                files.insert(PathBuf::from(name), std::mem::take(&mut content));
                name = next.trim();
            }
            _ => content.push_str(line),
        }
    }
    files.insert(PathBuf::from(name), content);
    files
}

/// Diagnostics can be shown, and point into files that there are.
fn reported(diagnostics: &Diagnostics, sources: &Sources) {
    for diagnostic in diagnostics.iter() {
        let places = diagnostic.related.iter().map(|label| label.span);
        for span in places.chain([diagnostic.span]) {
            let file = sources
                .get(span.file)
                .expect("a span in a file that is not there");
            assert!(
                file.text.get(span.range()).is_some(),
                "{diagnostic:?} is not in its file"
            );
        }
    }
    for text in [
        report::human(diagnostics, sources, false),
        report::github(diagnostics, sources),
        report::json(diagnostics, sources),
        report::sarif(diagnostics, sources),
    ] {
        let control = |c: char| c.is_control() && c != '\n';
        assert!(
            !text.contains(control),
            "a report that moves a cursor: {text:?}"
        );
    }
}

/// Contract files: read, checked, reported; and what has no error becomes Rust that parses and schemas that are JSON.
pub fn contract(data: &[u8]) {
    let files = files(data, "main.toml");
    let mut diagnostics = Diagnostics::default();
    let contracts = read::read_texts(Path::new("contracts"), files, &mut diagnostics);
    let sources = contracts.sources.clone();
    match check::check(contracts, &mut diagnostics) {
        Ok(checked) => {
            assert!(!diagnostics.has_errors());
            written(&checked);
        }
        Err(_) => assert!(diagnostics.has_errors(), "refused without a reason"),
    }
    reported(&diagnostics, &sources);
}

fn written(checked: &Checked) {
    let rust = emit::rust(checked, &[]);
    if let Err(error) = syn::parse_file(&rust) {
        panic!("no Rust: {error}\n{rust}");
    }
    for draft in [Draft::Draft07, Draft::Draft202012] {
        for layout in [Layout::Bundled, Layout::Refs, Layout::Catalog] {
            for (name, text) in export(checked, draft, layout) {
                if let Err(error) = serde_json::from_str::<serde_json::Value>(&text) {
                    panic!("{name} is no JSON: {error}\n{text}");
                }
            }
        }
    }
}

/// Two subjects, each on a line: what parses has the form that NATS takes, and overlap is what matching says. The text as a
/// value never changes the tokens of a subject that it is put into.
pub fn subject(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (first, second) = text.split_once('\n').unwrap_or((&text, "a.{b}"));
    let parsed = [parsed(first), parsed(second)];
    if let [Some(a), Some(b)] = &parsed {
        assert!(a.overlaps(a) && b.overlaps(b));
        assert_eq!(a.overlaps(b), b.overlaps(a));
        let meet = a.segments.len() == b.segments.len()
            && a.segments
                .iter()
                .zip(&b.segments)
                .all(|(a, b)| match (a, b) {
                    (Segment::Literal(a), Segment::Literal(b)) => a == b,
                    _ => true,
                });
        assert_eq!(a.overlaps(b), meet);
    }
    value(&text);
}

fn parsed(text: &str) -> Option<Template> {
    match Template::parse(text) {
        Ok(template) => {
            let pattern = template.pattern();
            assert_eq!(pattern.split('.').count(), template.segments.len());
            assert!(
                !pattern
                    .chars()
                    .any(|c| c.is_whitespace() || c.is_control() || c == '>')
            );
            assert!(!pattern.starts_with('*') && pattern.split('.').all(|token| !token.is_empty()));
            Some(template)
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(text.get(error.range.clone()).is_some(), "{error:?}");
            }
            None
        }
    }
}

fn value(text: &str) {
    let subject = SubjectWriter::new()
        .literal("a")
        .token("x", text)
        .literal("b")
        .finish();
    if let Ok(subject) = subject {
        let tokens: Vec<&str> = subject.split('.').collect();
        assert_eq!(tokens, ["a", text, "b"]);
        assert!(!text.is_empty() && text != "*" && text != ">");
        assert!(!text.chars().any(|c| c.is_whitespace() || c.is_control()));
    }
    if let Ok(id) = MessageId::new("a.B", text) {
        assert!(!id.as_str().chars().any(char::is_control));
    }
}

/// A JSON Schema with the files that it refers to: imported or refused with a reason, as an event and as a type.
pub fn schema(data: &[u8]) {
    let texts = files(data, "main.json");
    for event in [true, false] {
        let mut sources = Sources::default();
        let contract = sources.add("contract.toml", "");
        let mut diagnostics = Diagnostics::default();
        let path = Spanned::new("main.json".to_owned(), Span::new(contract, 0..0));
        let imported = import(
            &Files::Texts {
                root: Path::new("contracts"),
                texts: &texts,
            },
            &[(
                &path,
                Wanted {
                    name: "Payload",
                    event,
                },
            )],
            TypeId(0),
            &mut sources,
            &mut diagnostics,
        );
        assert_eq!(
            imported.imports.is_empty(),
            diagnostics.count(Severity::Error) > 0
        );
        reported(&diagnostics, &sources);
    }
}

/// A payload, after one byte that says of what: what is read is written, and read again as the same.
pub fn wire(data: &[u8]) {
    let Some((what, body)) = data.split_first() else {
        return;
    };
    match what % 8 {
        0 => held::<all_types::types::Shape>(body),
        1 => held::<all_types::types::Closed>(body),
        2 => held::<all_names::names::Result>(body),
        3 => held::<all_names::names::Self_>(body),
        4 => held::<all_recursion::recursion::Expr>(body),
        5 => held::<all_constraints::constraints::Contact>(body),
        6 => event::<all_types::types::Everything>(body),
        _ => event::<all_names::names::Event>(body),
    }
}

fn held<T: Serialize + DeserializeOwned + PartialEq>(body: &[u8]) {
    match serde_json::from_slice::<T>(body) {
        Ok(value) => {
            let written = serde_json::to_string(&value).expect("what is read can be written");
            match serde_json::from_str::<T>(&written) {
                Ok(again) => assert!(again == value, "became {written}"),
                Err(error) => panic!("{error}: {written}"),
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn event<E: Event + PartialEq>(body: &[u8]) {
    held::<E>(body);
    if let Ok(event) = serde_json::from_slice::<E>(body) {
        if let Err(violations) = event.validate() {
            assert!(violations.iter().count() > 0);
        }
        if let Ok(subject) = event.subject() {
            assert_eq!(subject.split('.').count(), E::SUBJECT.split('.').count());
        }
    }
}
