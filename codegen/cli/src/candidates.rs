//! Candidates for arguments that a shell completes: names of events, services, streams and subjects, from the contracts folder of the
//! command line that is being written.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use event_codegen::check::Checked;
use event_codegen::code::Code;
use event_codegen::compat::RULES;

use crate::folder;
use crate::reasons::REASONS;

/// The full names of events.
pub(crate) fn events() -> ArgValueCandidates {
    of_contracts(|contracts| {
        let events = contracts.events.iter();
        events
            .map(|event| candidate(contracts.event_name(event), event.doc.as_deref()))
            .collect()
    })
}

/// The names of services.
pub(crate) fn services() -> ArgValueCandidates {
    of_contracts(|contracts| {
        let services = contracts.services.iter();
        services
            .map(|service| candidate(service.name.value.clone(), service.doc.as_deref()))
            .collect()
    })
}

/// The names of streams.
pub(crate) fn streams() -> ArgValueCandidates {
    of_contracts(|contracts| {
        let streams = contracts.streams.iter();
        streams
            .map(|stream| candidate(stream.name.value.clone(), stream.doc.as_deref()))
            .collect()
    })
}

/// The subjects of events, as patterns.
pub(crate) fn subjects() -> ArgValueCandidates {
    of_contracts(|contracts| {
        let events = contracts.events.iter();
        events
            .map(|event| candidate(event.subject.pattern(), Some(&contracts.event_name(event))))
            .collect()
    })
}

/// The codes of `check` and the rules of `diff`.
pub(crate) fn codes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let codes = Code::ALL
            .iter()
            .map(|code| candidate(code.as_str().to_owned(), Some(code.summary())));
        let rules = RULES
            .iter()
            .map(|rule| candidate(rule.id.to_owned(), Some(rule.summary)));
        codes.chain(rules).collect()
    })
}

/// The reasons of dead letters.
pub(crate) fn reasons() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let reasons = REASONS.iter();
        reasons
            .map(|cause| candidate(cause.as_str().to_owned(), None))
            .collect()
    })
}

fn candidate(value: String, doc: Option<&str>) -> CompletionCandidate {
    let line = doc
        .and_then(|doc| doc.lines().next())
        .filter(|line| !line.is_empty());
    CompletionCandidate::new(value).help(line.map(|line| line.to_owned().into()))
}

/// Candidates of the contracts; none when they cannot be used: a shell is no place for a report.
fn of_contracts(
    names: impl Fn(&Checked) -> Vec<CompletionCandidate> + Send + Sync + 'static,
) -> ArgValueCandidates {
    ArgValueCandidates::new(move || {
        let words: Vec<OsString> = std::env::args_os().collect();
        let folder = folder::read(&folder_of(&words));
        folder
            .checked
            .map_or_else(Vec::new, |contracts| names(&contracts))
    })
}

/// The folder that a command line names.
fn folder_of(words: &[OsString]) -> PathBuf {
    let mut folder = PathBuf::from("contracts");
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        if let Some(path) = text.strip_prefix("--contracts=") {
            folder = PathBuf::from(path);
        } else if let (true, Some(next)) = (word == OsStr::new("--contracts"), words.peek()) {
            folder = PathBuf::from(next);
        }
    }
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_command_line() {
        let of = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            folder_of(&words).display().to_string()
        };
        assert_eq!(of("tail --event"), "contracts");
        assert_eq!(of("--contracts a/b tail"), "a/b");
        assert_eq!(of("tail --contracts=c --event"), "c");
        assert_eq!(of("tail --contracts"), "contracts");
    }
}
