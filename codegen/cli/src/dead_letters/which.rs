//! Which dead letters a command is about, and whether there can be any such.

use std::collections::BTreeSet;

use clap::builder::NonEmptyStringValueParser;

use super::letter::Letter;
use crate::folder::{self, Among, among, unknown};
use crate::message::{MessageReader, visible};
use crate::outcome::Failure;
use crate::reasons::REASONS;

/// Selection of dead letters.
#[derive(clap::Args)]
pub(super) struct Which {
    /// Only dead letters of this service.
    #[arg(long, value_name = "NAME", add = crate::candidates::services())]
    service: Option<String>,
    /// Only dead letters of this event.
    #[arg(long, value_name = "NAME", add = crate::candidates::events())]
    event: Option<String>,
    /// Only dead letters with this reason (undecodable, invalid, contradiction, unknown, attempts, panic, dead,
    /// no-outcome); any other text is searched in their details.
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new(), add = crate::candidates::reasons())]
    reason: Option<String>,
}

/// The same, with names that exist.
pub(super) struct Filter {
    service: Option<String>,
    /// The full name.
    event: Option<String>,
    reason: Option<Reason>,
}

enum Reason {
    Word(String),
    /// A part of the details.
    Text(String),
}

impl Which {
    /// Looks the names up, in the contracts and then in the dead letters: a service or an event may be gone from the
    /// contracts, and its dead letters are not.
    pub(super) fn resolved(
        &self,
        reader: &MessageReader<'_>,
        letters: &[Letter],
    ) -> Result<Filter, Failure> {
        let service = self.service.as_deref();
        let event = self.event.as_deref();
        let reason = self.reason.as_deref();
        Ok(Filter {
            service: service
                .map(|name| named_service(reader, letters, name))
                .transpose()?,
            event: event
                .map(|name| named_event(reader, letters, name))
                .transpose()?,
            reason: reason.map(|text| Reason::of(letters, text)).transpose()?,
        })
    }
}

/// The names of the contracts, and then those that only dead letters have.
fn with_letters<'a>(
    mut known: Vec<String>,
    letters: &'a [Letter],
    of: impl Fn(&'a Letter) -> Option<&'a str>,
) -> Vec<String> {
    let there: BTreeSet<&str> = letters.iter().filter_map(of).collect();
    let is_new = |name: &&str| !known.iter().any(|known| known == name);
    let new: Vec<String> = there.into_iter().filter(is_new).map(visible).collect();
    known.extend(new);
    known
}

fn named_service(
    reader: &MessageReader<'_>,
    letters: &[Letter],
    name: &str,
) -> Result<String, Failure> {
    let known = folder::services(reader.contracts());
    let known = with_letters(known, letters, |letter| Some(letter.service.as_str()));
    if known.iter().any(|known| known == name) {
        return Ok(name.to_owned());
    }
    let missing = "neither the contracts nor the dead letters on the server have a service";
    Err(unknown(missing, name, "services", &known))
}

fn named_event(
    reader: &MessageReader<'_>,
    letters: &[Letter],
    name: &str,
) -> Result<String, Failure> {
    match among(reader.names(), name) {
        Among::One(at) => return Ok(reader.names()[at].clone()),
        Among::Several(failure) => return Err(failure),
        Among::None => {}
    }
    let known = reader.names().to_vec();
    let known = with_letters(known, letters, |letter| letter.event.as_deref());
    match among(&known, name) {
        Among::One(at) => Ok(known[at].clone()),
        Among::Several(failure) => Err(failure),
        Among::None => {
            let missing = "neither the contracts nor the dead letters on the server have an event";
            Err(unknown(missing, name, "events", &known))
        }
    }
}

impl Reason {
    /// A word that some letter has as its reason, or that is one of ours; else a text that details may have. What looks
    /// like a word and is nowhere is a slip of the keyboard.
    fn of(letters: &[Letter], text: &str) -> Result<Self, Failure> {
        let known = REASONS.map(|cause| cause.as_str().to_owned()).to_vec();
        let known = with_letters(known, letters, |letter| Some(letter.reason.as_str()));
        if known.iter().any(|known| known == text) {
            return Ok(Self::Word(text.to_owned()));
        }
        let there = letters.iter().any(|letter| letter.detail.contains(text));
        if there || text.contains(char::is_whitespace) {
            return Ok(Self::Text(text.to_owned()));
        }
        let missing = "no dead letter has this reason or detail";
        Err(unknown(missing, text, "reasons", &known))
    }

    fn is_of(&self, letter: &Letter) -> bool {
        match self {
            Self::Word(word) => letter.reason == *word,
            Self::Text(text) => letter.detail.contains(text.as_str()),
        }
    }
}

impl Filter {
    pub(super) fn takes(&self, letter: &Letter) -> bool {
        let is = |wanted: &Option<String>, own: Option<&str>| {
            wanted.is_none() || wanted.as_deref() == own
        };
        is(&self.service, Some(&letter.service))
            && is(&self.event, letter.event.as_deref())
            && self
                .reason
                .as_ref()
                .is_none_or(|reason| reason.is_of(letter))
    }
}
