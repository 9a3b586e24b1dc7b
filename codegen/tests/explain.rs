//! The pages of `explain`: each has a contract that is wrong and one that is right, and both are what they claim.

use std::path::{Path, PathBuf};

use event_codegen::check;
use event_codegen::code::Code;
use event_codegen::diagnostic::Diagnostics;
use event_codegen::read;

/// What a file in memory cannot show: no folder at all, other bytes than UTF-8, a JSON Schema beside it; and with the
/// feature `import` nothing in a contract is left out.
fn is_elsewhere(code: Code) -> bool {
    matches!(code, Code::NoContracts | Code::UnreadableFile)
        || is_schema(code)
        || (code == Code::Unsupported && cfg!(feature = "import"))
}

/// Codes about what another team wrote, in JSON.
fn is_schema(code: Code) -> bool {
    code.as_str().starts_with("schema-")
}

/// The TOML on a page, in its order.
fn snippets(page: &str) -> Vec<String> {
    page.split("\n```toml\n")
        .skip(1)
        .map(|rest| rest.split("\n```").next().unwrap_or_default().to_owned())
        .collect()
}

/// What is said about a contract, by code.
fn codes(contract: &str) -> Vec<Code> {
    let mut text = format!("{contract}\n");
    if contract.contains("are declared below") {
        // A hundred events would be no page for people.
        for n in 1..=101 {
            text.push_str(&format!(
                "[events.E{n}]\nsubject = \"e.e{n}\"\nfields = {{}}\n"
            ));
        }
    }
    let mut diagnostics = Diagnostics::default();
    let files = [(PathBuf::from("shop.toml"), text)];
    let contracts = read::read_texts(Path::new("contracts"), files, &mut diagnostics);
    let _ = check::check(contracts, &mut diagnostics);
    diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code)
        .collect()
}

#[test]
fn every_page_has_text_and_two_contracts() {
    for code in Code::ALL {
        let page = code.page();
        assert!(page.starts_with(&format!("# {code}\n\n")), "{code}");
        if !is_schema(*code) {
            assert_eq!(snippets(page).len(), 2, "{code}");
        }
        let words = page.split("\nWrong:\n").next().unwrap_or_default();
        assert!(words.split_whitespace().count() > 15, "{code} says little");
        let long = page.lines().find(|line| line.chars().count() > 240);
        assert_eq!(long, None, "{code}");
    }
}

#[test]
fn the_first_contract_is_wrong_and_the_second_is_right() {
    let mut wrong = Vec::new();
    for &code in Code::ALL {
        if is_elsewhere(code) {
            continue;
        }
        let snippets = snippets(code.page());
        let first = codes(&snippets[0]);
        if !first.contains(&code) {
            wrong.push(format!("{code}: the first contract has {first:?}"));
        }
        let second = codes(&snippets[1]);
        if !second.is_empty() {
            wrong.push(format!("{code}: the second contract has {second:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
