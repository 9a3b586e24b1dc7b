//! `explain`: what a code of `check` or a rule of `diff` means.

use std::fmt::Write;

use event_codegen::code::{Code, Severity};
use event_codegen::compat::{self, RULES, Rule};
use event_codegen::diagnostic::{closest, visible};

use crate::outcome::{self, Failure};

/// Explains a code or rule of a report; without an argument, lists all of them.
///
/// Lists the codes of `check`, errors before warnings, and the rules of `diff`, by severity.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts explain subject-overlap
  event-contracts explain | grep partition")]
pub(crate) struct Args {
    /// Code or rule, as in `error[subject-overlap]`.
    #[arg(add = crate::candidates::codes())]
    code: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let Some(name) = &args.code else {
        return outcome::print(&list());
    };
    match (Code::find(name), Rule::find(name)) {
        (Some(code), _) => outcome::print(&page(code)),
        (None, Some(rule)) => outcome::print(&rule_page(rule)),
        (None, None) => Err(Failure::Usage(unknown(name))),
    }
}

fn rule_page(rule: &Rule) -> String {
    let categories: Vec<&str> = rule.categories.iter().map(|c| c.as_str()).collect();
    let categories = match categories.as_slice() {
        [] => String::new(),
        all => format!(" ({})", all.join(" and ")),
    };
    format!(
        "{}{categories}: {}\n\n{}\n",
        rule.severity.as_str(),
        rule.summary,
        rule.page.trim()
    )
}

fn page(code: Code) -> String {
    let severity = match code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let head = format!("{severity}[{code}]: {}\n", code.summary());
    match code.page().trim() {
        "" => head,
        page => format!("{head}\n{page}\n"),
    }
}

fn known() -> impl Iterator<Item = &'static str> {
    let codes = Code::ALL.iter().map(|code| code.as_str());
    codes.chain(RULES.iter().map(|rule| rule.id))
}

/// Every code and rule, each on a line of its own.
fn list() -> String {
    let mut text = String::new();
    let width = known().map(str::len).max().unwrap_or(0);
    let mut group = |title: &str, lines: Vec<(&str, &str)>| {
        if lines.is_empty() {
            return;
        }
        let _ = writeln!(text, "{}{title}", if text.is_empty() { "" } else { "\n" });
        for (name, summary) in lines {
            let _ = writeln!(text, "  {name:width$}  {summary}");
        }
    };
    for (title, severity) in [
        ("Errors of `check`:", Severity::Error),
        ("Warnings of `check`:", Severity::Warning),
    ] {
        let codes = Code::ALL.iter().filter(|code| code.severity() == severity);
        group(
            title,
            codes.map(|code| (code.as_str(), code.summary())).collect(),
        );
    }
    for (title, severity) in [
        ("Rules of `diff` that break:", compat::Severity::Breaks),
        ("Rules of `diff` that warn:", compat::Severity::Warn),
        ("Rules of `diff` for information:", compat::Severity::Info),
    ] {
        let rules = RULES.iter().filter(|rule| rule.severity == severity);
        group(title, rules.map(|rule| (rule.id, rule.summary)).collect());
    }
    text
}

fn unknown(written: &str) -> String {
    let name: String = written.chars().map(visible).collect();
    let help = match closest(written, known()) {
        Some(best) => format!("; did you mean \"{best}\"?"),
        None => String::new(),
    };
    format!(
        "there is no code or rule \"{name}\"{help}\n\n{}",
        list().trim_end()
    )
}
