//! The language reference, `docs/language.md`: its tables are those of the reader, its example is a valid contract, and its types
//! are those of the generated code.

// Setting up a test may fail loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use event_codegen::check;
use event_codegen::code::{Code, Severity};
use event_codegen::diagnostic::Diagnostics;
use event_codegen::read;
use event_codegen::read::keys::{self, Kind, Table};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/language.md");

fn tables() -> [(&'static str, &'static Table); 8] {
    [
        ("file", &keys::FILE),
        ("event", &keys::EVENT),
        ("field", &keys::FIELD),
        ("type", &keys::TYPE),
        ("stream", &keys::STREAM),
        ("service", &keys::SERVICE),
        ("retry", &keys::RETRY),
        ("accepted", &keys::ACCEPTED),
    ]
}

/// Value of a key, as the page shows it.
fn value(kind: &Kind) -> String {
    let choices = |texts: &[&str]| {
        let quoted: Vec<String> = texts.iter().map(|text| format!("`\"{text}\"`")).collect();
        quoted.join(", ")
    };
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Scalar => "scalar but `json`".to_owned(),
        Kind::Name(form) => format!("{form:?}").to_lowercase() + " name",
        Kind::Subject => "subject".to_owned(),
        Kind::Patterns => "list of subjects".to_owned(),
        Kind::Bool => "`true`, `false`".to_owned(),
        Kind::Integer { min, max } => format!("integer from {min} to {max}"),
        Kind::Number => "number".to_owned(),
        Kind::Choice(texts) => choices(texts),
        Kind::Texts => "list of texts".to_owned(),
        Kind::Names(_) => "list of event names".to_owned(),
        Kind::Duration { min_ms: 0 } => "duration".to_owned(),
        Kind::Duration { min_ms } => format!("duration, at least {min_ms}ms"),
        Kind::Size => "size".to_owned(),
        Kind::Start => "`\"all\"`, `\"new\"` or a timestamp".to_owned(),
        Kind::Date => "date".to_owned(),
        Kind::Type => "type".to_owned(),
        Kind::Value => "any value of the type".to_owned(),
        Kind::Payloads => "list of payloads".to_owned(),
        Kind::One(table) | Kind::Named(_, table) | Kind::Many(table) => {
            format!("`{}`", table.heading)
        }
        Kind::Fields => "fields by name".to_owned(),
        Kind::Variants => "type names by tag value".to_owned(),
        Kind::Idents => "Rust names by value".to_owned(),
    }
}

fn keys_of(table: &Table) -> String {
    let mut out = "| key | value | |\n|---|---|---|\n".to_owned();
    for key in table.keys {
        let name = match key.required {
            true => format!("**`{}`**", key.name),
            false => format!("`{}`", key.name),
        };
        let mut about = key.doc.to_owned();
        let list = |keys: &[&str]| {
            let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
            keys.join(" or ")
        };
        if !key.needs.is_empty() {
            let _ = write!(about, " Requires {}.", list(key.needs));
        }
        if !key.goes_with.is_empty() {
            let _ = write!(about, " Only with {}.", list(key.goes_with));
        }
        let _ = writeln!(out, "| {name} | {} | {about} |", value(&key.kind));
    }
    if !table.one_of.is_empty() {
        let choices: Vec<String> = table.one_of.iter().map(|key| format!("`{key}`")).collect();
        let _ = write!(out, "\nExactly one of {}.\n", choices.join(", "));
    }
    out
}

fn codes() -> String {
    let mut out = "| code | | meaning |\n|---|---|---|\n".to_owned();
    for severity in [Severity::Error, Severity::Warning] {
        for code in Code::ALL.iter().filter(|code| code.severity() == severity) {
            let kind = match severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let _ = writeln!(out, "| `{}` | {kind} | {} |", code.as_str(), code.summary());
        }
    }
    out
}

/// The page with its generated parts replaced by what they are now.
fn generated(page: &str) -> String {
    let mut parts: Vec<(String, String)> = tables()
        .iter()
        .map(|(name, table)| (format!("<!-- keys: {name} -->\n"), keys_of(table)))
        .collect();
    parts.push(("<!-- codes -->\n".to_owned(), codes()));
    let mut page = page.to_owned();
    for (marker, text) in parts {
        let (before, rest) = page.split_once(&marker).expect(&marker);
        let (_, after) = rest.split_once("<!-- end -->").expect(&marker);
        page = format!("{before}{marker}{text}<!-- end -->{after}");
    }
    page
}

#[test]
fn tables_are_those_of_the_reader() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let now = generated(&page);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(PAGE, now).unwrap();
    } else {
        assert!(page == now, "docs/language.md is stale: UPDATE_EXPECT=1");
    }
}

/// Generates Rust code from a contract without errors.
fn rust(name: &str, text: &str) -> String {
    let mut diagnostics = Diagnostics::default();
    let files = [(PathBuf::from(name), text.to_owned())];
    let model = read::read_texts(Path::new("contracts"), files, &mut diagnostics);
    let sources = model.sources.clone();
    let checked = check::check(model, &mut diagnostics);
    let report = event_codegen::report::human(&diagnostics, &sources, false);
    event_codegen::emit::rust(&checked.unwrap_or_else(|_| panic!("{report}")), &[])
}

#[test]
fn the_example_is_a_contract() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (_, rest) = page
        .split_once("<!-- contract: scheduling.toml -->\n```toml\n")
        .unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    rust("scheduling.toml", text);
}

#[test]
fn every_scalar_has_its_rust_type() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (_, rows) = page.split_once("## Scalars").unwrap();
    let (rows, _) = rows.split_once("## Lists").unwrap();
    for (scalar, _) in keys::SCALARS {
        let row = rows
            .lines()
            .find(|line| line.starts_with(&format!("| `{scalar}` |")))
            .unwrap_or_else(|| panic!("{scalar} has no row"));
        let ty = row.split('|').nth(3).unwrap().trim().trim_matches('`');
        let field = match *scalar {
            "i64" | "u64" => format!("{{ type = \"{scalar}\", encoding = \"string\" }}"),
            _ => format!("\"{scalar}\""),
        };
        let text = format!("[events.A]\nsubject = \"a\"\n[events.A.fields]\nvalue = {field}\n");
        let code = rust("a.toml", &text);
        assert!(
            code.contains(&format!("pub value: {ty},")),
            "{scalar}: {ty}\n{code}"
        );
    }
}
