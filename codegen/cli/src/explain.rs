//! `explain`: what a code in a report means.

use event_codegen::code::{Code, Severity};
use event_codegen::diagnostic::closest;

use crate::outcome::{self, Failure};

/// Explains a code that stands in a report.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts explain subject-overlap
  event-contracts explain unknown-type | less")]
pub(crate) struct Args {
    /// The code, as in `error[subject-overlap]`.
    code: String,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    match Code::find(&args.code) {
        Some(code) => outcome::print(&page(code)),
        None => Err(Failure::Usage(unknown(&args.code))),
    }
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

fn unknown(written: &str) -> String {
    let mut text = format!("there is no code \"{written}\"");
    if let Some(best) = closest(written, Code::ALL.iter().map(|code| code.as_str())) {
        text.push_str(&format!("; did you mean \"{best}\"?"));
    }
    text.push_str("\n\nThe codes:\n");
    let width = Code::ALL
        .iter()
        .map(|code| code.as_str().len())
        .max()
        .unwrap_or(0);
    for code in Code::ALL {
        text.push_str(&format!("  {:width$}  {}\n", code.as_str(), code.summary()));
    }
    text.truncate(text.trim_end().len());
    text
}
