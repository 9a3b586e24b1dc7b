//! `decode`: messages from other tools' pipes, read as an event of the contracts.

mod frames;

use std::io;
use std::path::Path;

use event_codegen::check::Checked;
use event_codegen::decode::Decoder;
use event_codegen::diagnostic::closest;
use event_codegen::json::Json;
use event_codegen::model::EventId;
use event_runtime::streams::covers;

use crate::advice::command;
use crate::folder;
use crate::groups::Groups;
use crate::message::{Violation, visible};
use crate::outcome::{self, Failure, Sink};
use crate::units::count;
use frames::Frames;

/// Decodes and validates messages from standard input as an event of the contracts.
///
/// Input is one JSON payload per line, or JSON documents over several lines. Valid messages go to standard output in
/// the contract's order and names, with defaults filled in and sensitive values masked; violations go to standard
/// error with line, path and rule, and are summarized at the end for each path, rule and cause. Exit code 1: there are
/// violations.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  event-contracts decode --subject userschedule:created < schedule.json
  nats sub --raw 'orders.*.*.placed' | event-contracts decode --subject 'orders.*.*.placed' --json")]
pub(crate) struct Args {
    /// Subject of the messages; * matches any token.
    #[arg(long, value_name = "SUBJECT", add = crate::candidates::subjects())]
    subject: String,
    /// Print one JSON object per message and line: line number, event, payload, and violations.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(contracts: &Path, args: &Args) -> Result<(), Failure> {
    let checked = folder::load(contracts)?;
    let decoder = Decoder::new(&checked);
    let event = named(&decoder, &args.subject)?;
    let name = checked.event_name(&checked[event]);
    let mut out = Sink::stdout();
    let (mut read, mut broken) = (0_u64, 0_u64);
    let mut groups = Groups::default();
    let mut frames = Frames::new(io::stdin().lock());
    while let Some(frame) = frames.next()? {
        read += 1;
        let decoded = decoder.decode(event, &frame.text);
        broken += u64::from(!decoded.faults.is_empty());
        let problems: Vec<Violation> = decoded.faults.iter().map(Violation::from).collect();
        groups.add(frame.line, &problems);
        let line = if args.json {
            Some(json_line(&name, frame.line, decoded.shown, &problems))
        } else {
            for problem in &problems {
                outcome::say(&format!("line {}: {name}: {}", frame.line, problem.line()));
            }
            let fits = problems.is_empty();
            decoded.shown.filter(|_| fits).map(|body| body.to_pretty())
        };
        if let Some(line) = line
            && !out.write(&line)?
        {
            return Ok(());
        }
        // A slow pipe shall see each message when it comes.
        if frames.is_waiting() && !out.flush()? {
            return Ok(());
        }
    }
    out.flush()?;
    if broken > 0 {
        outcome::say(&format!(
            "{broken} of {read} messages violate the contract of {name}:"
        ));
        for group in groups.iter() {
            let n = count(group.messages);
            outcome::say(&format!(
                "{n:>9} x {} (first on line {})",
                group.example, group.first
            ));
        }
        return Err(Failure::Findings);
    }
    Ok(())
}

fn json_line(name: &str, line: u64, body: Option<Json>, problems: &[Violation]) -> String {
    let faults = problems.iter().map(Violation::json);
    let faults: Vec<Json> = faults.collect();
    let object = Json::object([
        ("line", Json::integer(line)),
        ("event", Json::text(name)),
        ("valid", Json::Bool(faults.is_empty())),
        ("body", body.unwrap_or(Json::Null)),
        ("faults", Json::List(faults)),
    ]);
    format!("{}\n", object.to_compact())
}

/// The one event of a subject, or of a pattern of subjects.
fn named(decoder: &Decoder<'_>, subject: &str) -> Result<EventId, Failure> {
    if let Some(event) = decoder.by_subject(subject) {
        return Ok(event);
    }
    let contracts: &Checked = decoder.contracts();
    let patterns: Vec<String> = contracts
        .events
        .iter()
        .map(|e| e.subject.pattern())
        .collect();
    let covered: Vec<usize> = (0..patterns.len())
        .filter(|at| covers(subject, &patterns[*at]))
        .collect();
    let help = match covered.as_slice() {
        [one] => return Ok(EventId(*one)),
        [] => match closest(subject, patterns.iter().map(String::as_str)) {
            Some(best) => format!("no event has it; did you mean \"{best}\"?"),
            None => format!(
                "no event of the contracts has it (`{}` shows them all)",
                command("catalog --out FILE")
            ),
        },
        several => {
            let names = several.iter().take(12);
            let names = names.map(|at| contracts.event_name(&contracts.events[*at]));
            let names = names.collect::<Vec<_>>().join(", ");
            format!("it matches several events ({names}), and the payload does not tell which")
        }
    };
    let subject = visible(subject);
    Err(Failure::Usage(format!("--subject {subject}: {help}")))
}
