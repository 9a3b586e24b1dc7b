//! `explain`: what a code of `check` or a rule of `diff` means.

use event_codegen::code::{Code, Severity};
use event_codegen::compat::{RULES, Rule};
use event_codegen::diagnostic::closest;

use crate::outcome::{self, Failure};

/// Explains a code or a rule that stands in a report.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts explain subject-overlap
  event-contracts explain unknown-type | less")]
pub(crate) struct Args {
    /// The code or rule, as in `error[subject-overlap]`.
    #[arg(add = crate::completions::codes())]
    code: String,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    match Code::find(&args.code) {
        Some(code) => outcome::print(&page(code)),
        None => match Rule::find(&args.code) {
            Some(rule) => outcome::print(&rule_page(rule)),
            None => Err(Failure::Usage(unknown(&args.code))),
        },
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

fn unknown(written: &str) -> String {
    let mut text = format!("there is no code \"{written}\"");
    if let Some(best) = closest(written, known()) {
        text.push_str(&format!("; did you mean \"{best}\"?"));
    }
    let width = known().map(str::len).max().unwrap_or(0);
    text.push_str("\n\nThe codes of `check`:\n");
    for code in Code::ALL {
        text.push_str(&format!("  {:width$}  {}\n", code.as_str(), code.summary()));
    }
    text.push_str("\nThe rules of `diff`:\n");
    for rule in RULES {
        text.push_str(&format!("  {:width$}  {}\n", rule.id, rule.summary));
    }
    text.truncate(text.trim_end().len());
    text
}
