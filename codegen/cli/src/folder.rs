//! Reading and checking the contracts folder, for every command that needs it.

use std::io::{self, IsTerminal};
use std::path::Path;

use event_codegen::check::{self, Checked};
use event_codegen::diagnostic::{Diagnostics, closest};
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
    let folder = read(contracts);
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
    if let Some(at) = full.iter().position(|known| known == name) {
        return Ok(EventId(at));
    }
    let same: Vec<usize> = (0..full.len())
        .filter(|at| checked.events[*at].name.value == name)
        .collect();
    let help = match same.as_slice() {
        [one] => return Ok(EventId(*one)),
        [] => {
            let short = checked.events.iter().map(|event| event.name.value.as_str());
            match closest(name, full.iter().map(String::as_str).chain(short)) {
                Some(best) => format!("did you mean \"{best}\"?"),
                None => few("the events are", &full),
            }
        }
        several => {
            let all: Vec<String> = several.iter().map(|at| full[*at].clone()).collect();
            few("it is one of", &all)
        }
    };
    Err(Failure::Usage(format!(
        "the contracts have no event \"{name}\"; {help}"
    )))
}

/// The stream of a name that was given as an argument.
pub(crate) fn stream(checked: &Checked, name: &str) -> Result<StreamId, Failure> {
    let names: Vec<String> = checked
        .streams
        .iter()
        .map(|s| s.name.value.clone())
        .collect();
    if let Some(at) = names.iter().position(|known| known == name) {
        return Ok(StreamId(at));
    }
    let help = match closest(name, names.iter().map(String::as_str)) {
        Some(best) => format!("did you mean \"{best}\"?"),
        None => few("the streams are", &names),
    };
    Err(Failure::Usage(format!(
        "the contracts have no stream \"{name}\"; {help}"
    )))
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

/// The service of a name that was given as an argument.
pub(crate) fn service(checked: &Checked, name: &str) -> Result<ServiceId, Failure> {
    let names = || {
        checked
            .services
            .iter()
            .map(|service| service.name.value.as_str())
    };
    if let Some(at) = names().position(|known| known == name) {
        return Ok(ServiceId(at));
    }
    let help = match closest(name, names()) {
        Some(best) => format!("did you mean \"{best}\"?"),
        None => format!(
            "the services are: {}",
            names().collect::<Vec<_>>().join(", ")
        ),
    };
    Err(Failure::Usage(format!(
        "the contracts have no service \"{name}\"; {help}"
    )))
}
