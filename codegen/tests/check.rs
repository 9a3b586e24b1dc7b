//! The rules over what the TOML reader makes of a folder: one mistake gives one message, and nothing makes a rule panic.

use std::path::{Path, PathBuf};

use event_codegen::check;
use event_codegen::diagnostic::Diagnostics;
use event_codegen::read;

fn check_text(text: &str) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    let files = [(PathBuf::from("shop.toml"), text.to_owned())];
    let contracts = read::read_texts(Path::new("contracts"), files, &mut diagnostics);
    let _ = check::check(contracts, &mut diagnostics);
    diagnostics
}

fn codes(text: &str) -> Vec<&'static str> {
    let diagnostics = check_text(text);
    diagnostics.iter().map(|d| d.code.as_str()).collect()
}

#[test]
fn a_line_that_was_not_read_has_no_consequences() {
    let event = "[events.A]\nsubject = \"a.b\"\nfields = {}\n";
    for (text, expected) in [
        ("[services.s]\nsubscibes = []\n".to_owned(), vec!["unknown-key"]),
        ("[services.s]\npublishes = \"A\"\n".to_owned(), vec!["wrong-value"]),
        ("[types.E]\nenum = [1]\n".to_owned(), vec!["wrong-value"]),
        ("[types.N]\ntype = \"i64\"\nmin = \"0\"\nmax = 9\n".to_owned(), vec!["wrong-value"]),
        (
            "[types.S.fields]\nn = { type = \"i64\", min = 0, mx = 9 }\nm = \"i64\"\n".to_owned(),
            vec!["unknown-key", "wide-integer"],
        ),
        (
            "[events.A]\nsubject = \"a.{b}.c\"\n[events.A.fields]\nb = = \"uuid\"\n".to_owned(),
            vec!["toml-syntax"],
        ),
        (
            "[events.A]\nsubject = \"a.{partition}.c\"\nstrem = \"S\"\nkey = \"b\"\nfields = { b = \"uuid\" }\n[streams.S]\npartitions = 2\n".to_owned(),
            vec!["unknown-key"],
        ),
        (
            "[events.A]\nsubject = \"a.{partition}.c\"\nstream = \"S\"\nkey = \"b\"\nfields = { b = \"uuid\" }\n[streams.S]\npartitions = 0\n".to_owned(),
            vec!["bad-number"],
        ),
        (format!("{event}[events.B]\nsubject = \"a.b\"\nstream = 1\nfields = {{}}\n[events.C]\nsubject = \"a\"\nfields = {{}}\n"), vec!["subject-overlap", "wrong-value"]),
        (
            "[events.A]\nsubject = \"a.b\"\nfields = { b = \"uuid\", c = 1 }\nexamples = [{ b = \"67e55044-10b1-426f-9247-bb680e5fe0c8\", c = true }]\n".to_owned(),
            vec!["wrong-value"],
        ),
        (
            "[events.A]\nsubject = \"a.b\"\nfields = { b = \"Mony\", t = \"T\" }\n[types.T]\ntag = \"k\"\nunion = { a = \"Mony\" }\n".to_owned(),
            vec!["unknown-type", "unknown-type"],
        ),
        (format!("{event}[services.s]\nsubscribes = [\"A\"]\n[services.t]\npublishes = [\"B\"]\n"), vec!["unknown-event"]),
        (format!("{event}[streams.S]\n[events.B]\nsubject = \"b\"\nstream = \"T\"\nfields = {{}}\n"), vec!["unknown-stream"]),
    ] {
        assert_eq!(codes(&text), expected, "{text}");
    }
}

/// Every case of the folder of diagnostics, with one byte or one line changed in every way that a small seed picks.
#[test]
fn broken_contracts_never_panic() {
    let mut texts = Vec::new();
    for case in std::fs::read_dir("tests/diagnostics").unwrap() {
        let contracts = case.unwrap().path().join("contracts");
        for file in std::fs::read_dir(contracts).into_iter().flatten() {
            texts.extend(std::fs::read_to_string(file.unwrap().path()).ok());
        }
    }
    texts.sort();
    assert!(texts.len() > 30);
    let mut seed = 0x9e37_79b9_u64;
    let mut next = |limit: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % 1_000_003).unwrap() % limit.max(1)
    };
    let pieces = [
        "", "{", "}", "\"", "?", "1", "-1", "i64", "list<", "\\", "=", "[", "]", "\n", "é",
        "fields",
    ];
    for text in texts.iter().filter(|text| text.len() < 3_000) {
        for _ in 0..15 {
            let mut lines: Vec<&str> = text.lines().collect();
            let (from, to) = (next(lines.len()), next(lines.len()));
            let mutated = match next(3) {
                0 => {
                    lines.swap(from, to);
                    lines.join("\n")
                }
                1 => {
                    lines.remove(from);
                    lines.join("\n")
                }
                _ => {
                    let mut at = next(text.len());
                    while !text.is_char_boundary(at) {
                        at -= 1;
                    }
                    let (left, right) = text.split_at(at);
                    let skipped = right.chars().skip(next(3)).collect::<String>();
                    format!("{left}{}{skipped}", pieces[next(pieces.len())])
                }
            };
            // Sorted, and the same on every run.
            assert_eq!(check_text(&mutated), check_text(&mutated), "{mutated}");
        }
    }
}
