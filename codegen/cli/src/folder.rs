//! Reading and checking the contracts folder, for every command that needs it.

use std::io::{self, IsTerminal};
use std::path::Path;

use event_codegen::check::{self, Checked};
use event_codegen::diagnostic::{Diagnostics, closest, visible};
use event_codegen::model::{EventId, ServiceId, StreamId};
use event_codegen::source::Sources;
use event_codegen::{read, report};

use crate::outcome::{self, Failure};

/// What was read, and everything that was said about it.
pub(crate) struct Folder {
    /// The contracts, when they can be used.
    pub(crate) checked: Option<Checked>,
    /// The files, for reports.
    pub(crate) sources: Sources,
    /// Every problem, by place.
    pub(crate) diagnostics: Diagnostics,
}

/// Reads and checks a folder; never fails, because a missing folder is a finding like any other.
pub(crate) fn read(contracts: &Path) -> Folder {
    let mut diagnostics = Diagnostics::default();
    let model = read::read_folder(contracts, &mut diagnostics);
    match check::check(model, &mut diagnostics) {
        Ok(checked) => Folder {
            sources: checked.sources.clone(),
            checked: Some(checked),
            diagnostics,
        },
        Err(model) => Folder {
            checked: None,
            sources: model.sources,
            diagnostics,
        },
    }
}

/// The contracts of a folder for a command that writes something else than a report: problems go to stderr.
pub(crate) fn load(contracts: &Path) -> Result<Checked, Failure> {
    usable(read(contracts))
}

/// The same of a folder that was read.
pub(crate) fn usable(folder: Folder) -> Result<Checked, Failure> {
    if !folder.diagnostics.is_empty() {
        let colour = outcome::colour(io::stderr().is_terminal());
        let text = report::human(&folder.diagnostics, &folder.sources, colour);
        outcome::say(text.trim_end());
    }
    folder.checked.ok_or(Failure::Findings)
}

/// The event of a name that was given as an argument: `domain.Name`, or `Name` where only one domain has it.
pub(crate) fn event(checked: &Checked, name: &str) -> Result<EventId, Failure> {
    let full: Vec<String> = checked
        .events
        .iter()
        .map(|e| checked.event_name(e))
        .collect();
    match among(&full, name) {
        Among::One(at) => Ok(EventId(at)),
        Among::Several(failure) => Err(failure),
        Among::None => Err(unknown(
            "the contracts have no event",
            name,
            "events",
            &full,
        )),
    }
}

/// Which of some events a name means.
pub(crate) enum Among {
    One(usize),
    /// They have the same short name: the error that says so.
    Several(Failure),
    None,
}

/// Looks for an event by its full name, else by its short one.
pub(crate) fn among(full: &[String], name: &str) -> Among {
    if let Some(at) = full.iter().position(|known| known == name) {
        return Among::One(at);
    }
    let is = |full: &str| full.rsplit('.').next() == Some(name);
    let same: Vec<usize> = (0..full.len()).filter(|at| is(&full[*at])).collect();
    match same.as_slice() {
        [] => Among::None,
        [one] => Among::One(*one),
        several => {
            let all: Vec<String> = several.iter().map(|at| full[*at].clone()).collect();
            Among::Several(Failure::Usage(format!(
                "several events are named \"{name}\": give the full name; {}",
                few("it is one of", &all)
            )))
        }
    }
}

/// The stream of a name that was given as an argument.
pub(crate) fn stream(checked: &Checked, name: &str) -> Result<StreamId, Failure> {
    let streams = checked.streams.iter();
    let names: Vec<String> = streams.map(|stream| stream.name.value.clone()).collect();
    let missing = || unknown("the contracts have no stream", name, "streams", &names);
    let at = names.iter().position(|known| known == name);
    at.map(StreamId).ok_or_else(missing)
}

/// The service of a name that was given as an argument.
pub(crate) fn service(checked: &Checked, name: &str) -> Result<ServiceId, Failure> {
    let names = services(checked);
    let missing = || unknown("the contracts have no service", name, "services", &names);
    let at = names.iter().position(|known| known == name);
    at.map(ServiceId).ok_or_else(missing)
}

/// The names of all services.
pub(crate) fn services(checked: &Checked) -> Vec<String> {
    let services = checked.services.iter();
    services.map(|service| service.name.value.clone()).collect()
}

/// The error for a name that was given as an argument and that nobody has, as `the contracts have no service "x"; did you
/// mean "y"?`: with the nearest of the names that there are, or with all of them.
pub(crate) fn unknown(missing: &str, name: &str, all: &str, known: &[String]) -> Failure {
    // The last part of an event's full name is a name too.
    let short = known
        .iter()
        .filter_map(|full| Some(full.rsplit_once('.')?.1));
    let help = match closest(name, known.iter().map(String::as_str).chain(short)) {
        Some(best) => format!("did you mean \"{best}\"?"),
        None => few(&format!("the {all} are"), known),
    };
    let name: String = name.chars().map(visible).collect();
    Failure::Usage(format!("{missing} \"{name}\"; {help}"))
}

/// A list that stays on a line: twelve names at most.
fn few(what: &str, names: &[String]) -> String {
    let shown = names
        .iter()
        .take(12)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match names.len() {
        0 => "there is none".to_owned(),
        1..=12 => format!("{what}: {shown}"),
        more => format!("{what}: {shown} and {} more", more - 12),
    }
}
