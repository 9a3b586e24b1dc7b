//! The four reports over one small folder, and what must not break them.
#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::path::{Path, PathBuf};

use event_codegen::diagnostic::Diagnostics;
use event_codegen::source::Sources;
use event_codegen::{read, report};

fn read_files(files: &[(&str, &str)]) -> (Sources, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let files = files
        .iter()
        .map(|(path, text)| (PathBuf::from(path), (*text).to_owned()));
    let contracts = read::read_texts(Path::new("my contracts"), files, &mut diagnostics);
    diagnostics.sort();
    (contracts.sources, diagnostics)
}

fn sample() -> (Sources, Diagnostics) {
    read_files(&[
        ("a.toml", "[streams.ORDERS]\n"),
        (
            "b.toml",
            "# 100% größe\n[streams.ORDERS] # 🎉\nmax_age = \"1 day\"\n",
        ),
    ])
}

#[test]
fn people_see_both_places() {
    let (sources, diagnostics) = sample();
    assert_eq!(
        report::human(&diagnostics, &sources, false),
        r#"error[duplicate-name]: "ORDERS" is the name of two streams or services
 --> my contracts/b.toml:2:10
  |
2 | [streams.ORDERS] # 🎉
  |          ^^^^^^
  |
 ::: my contracts/a.toml:1:10
  |
1 | [streams.ORDERS]
  |          ------ first defined here

error[bad-duration]: "1 day" is not a valid duration
 --> my contracts/b.toml:3:11
  |
3 | max_age = "1 day"
  |           ^^^^^^^
  |
  = help: write an integer and one of ms, s, m, h, d, such as "30s"

2 errors in 1 file
"#
    );
    let color = report::human(&diagnostics, &sources, true);
    assert!(color.contains("\u{1b}["), "{color}");
}

#[test]
fn scripts_see_one_object() {
    let (sources, diagnostics) = sample();
    let json = report::json(&diagnostics, &sources);
    assert!(
        json.starts_with("{\n  \"version\": 1,\n  \"diagnostics\": [\n"),
        "{json}"
    );
    let second = json.split("\"code\"").nth(2).unwrap();
    assert_eq!(
        second.split_whitespace().collect::<Vec<_>>().join(" "),
        concat!(
            r#": "bad-duration", "severity": "error", "message": "\"1 day\" is not a valid duration", "#,
            r#""path": "my contracts/b.toml", "line": 3, "column": 11, "end_line": 3, "end_column": 18, "#,
            r#""label": null, "related": [], "#,
            r#""help": "write an integer and one of ms, s, m, h, d, such as \"30s\"" } ], "#,
            r#""counts": { "errors": 2, "warnings": 0, "files": 2 } }"#
        )
    );
}

#[test]
fn github_sees_one_command_a_line() {
    let (sources, diagnostics) = sample();
    assert_eq!(
        report::github(&diagnostics, &sources),
        concat!(
            "::error file=my contracts/b.toml,line=2,col=10,endLine=2,endColumn=16,title=duplicate-name::",
            "\"ORDERS\" is the name of two streams or services%0Amy contracts/a.toml:1:10: first defined here\n",
            "::error file=my contracts/b.toml,line=3,col=11,endLine=3,endColumn=18,title=bad-duration::",
            "\"1 day\" is not a valid duration%0Ahelp: write an integer and one of ms, s, m, h, d, such as \"30s\"\n",
        )
    );
}

#[test]
fn scanners_see_a_rule_a_code_and_a_region_a_place() {
    let (sources, diagnostics) = sample();
    let sarif = report::sarif(&diagnostics, &sources);
    for part in [
        "\"version\": \"2.1.0\"",
        "\"columnKind\": \"unicodeCodePoints\"",
        "\"id\": \"duplicate-name\"",
        "\"ruleId\": \"duplicate-name\"",
        "\"uri\": \"my%20contracts/b.toml\"",
        "\"relatedLocations\": [",
    ] {
        assert!(sarif.contains(part), "{part} is missing");
    }
}

#[test]
fn nothing_to_say_is_said() {
    let (sources, diagnostics) = read_files(&[("a.toml", ""), ("b.toml", "")]);
    assert_eq!(
        report::human(&diagnostics, &sources, false),
        "no problems in 2 files\n"
    );
    assert_eq!(report::github(&diagnostics, &sources), "");
}

/// A contract comes from anywhere: it must not write to the terminal of whoever checks it.
#[test]
fn control_characters_do_not_reach_a_terminal() {
    let (sources, diagnostics) = read_files(&[(
        "a.toml",
        "\"k\\u001b[31m\\u0007\" = 1\ndoc = \"\u{1b}[2J\"\n",
    )]);
    let human = report::human(&diagnostics, &sources, false);
    assert!(human.contains("[31m"), "{human}");
    assert!(
        !human.chars().any(|c| c.is_control() && c != '\n'),
        "{human:?}"
    );
}

/// The lines between are left out, and an endless line is cut around the place.
#[test]
fn far_places_and_long_lines_stay_readable() {
    let far = format!(
        "[events.A]\nsubject = \"a\"\nfields = {{}}\n{}[types.A]\nenum = [\"x\"]\n",
        "# nothing\n".repeat(5000)
    );
    let (sources, diagnostics) = read_files(&[("a.toml", &far)]);
    let human = report::human(&diagnostics, &sources, false);
    assert!(human.lines().count() < 20, "{human}");
    assert!(
        human.contains("a.toml:5004:8") && human.contains("a.toml:1:9"),
        "{human}"
    );

    let long = format!(
        "[events.A]\nsubject = \"a.{}.*\"\nfields = {{}}\n",
        "b".repeat(100_000)
    );
    let (sources, diagnostics) = read_files(&[("a.toml", &long)]);
    let human = report::human(&diagnostics, &sources, false);
    assert!(human.contains("a.toml:2:100015"), "{human}");
    assert!(human.len() < 1000 && human.contains(".*\""), "{human}");
}
