//! A rule's finding before it is known which events it reaches, and the payloads that should show it. Data alone.

use super::finding::{Direction, Finding, Place, Rule, Severity};
use super::sides::{SidedStep, Spot};
use crate::json::Json;
use crate::model::EventId;
use crate::payload::text;
use crate::source::Span;

/// End of a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Leaf {
    /// A value that both take.
    Common,
    /// A value that both take, or the reader alone: a payload that shows nothing of this place.
    Control,
    /// The writer's smallest value, whatever the reader takes.
    Smallest,
    /// This value.
    Value(Json),
    /// A list or map of so many entries that both take.
    Count(u64),
    /// An object without these members, though one side may need them.
    Without(Vec<String>),
    /// An object with the writer's field, whether or not it must be there, and without the reader's.
    Instead { field: String, of: String },
    /// An object with this field of it under another name.
    Renamed { field: String, to: String },
    /// A union's object with the writer's tag only.
    OneTag,
}

impl Leaf {
    /// Returns whether an object leaves a member out that the reader needs.
    pub fn lacks(&self, wire: &str) -> bool {
        match self {
            Self::Without(names) => names.iter().any(|name| name == wire),
            Self::Instead { of, .. } => of == wire,
            _ => false,
        }
    }
}

/// A payload that should show a break: `leaf` at the end of the path, and everywhere else what both sides take.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    pub direction: Direction,
    /// From the node on.
    pub at: Vec<SidedStep>,
    pub leaf: Leaf,
    /// The wire names of a field that the writer means and the reader overlooks, writer's first.
    pub overlooked: Option<(String, String)>,
}

impl Evidence {
    pub fn new(direction: Direction, at: &[SidedStep], leaf: Leaf) -> Self {
        Self {
            direction,
            at: at.to_vec(),
            leaf,
            overlooked: None,
        }
    }
}

/// Finding of a rule, before it is known which events it reaches.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    /// What is known of it: neither its events nor a payload. `undecided` is only said where no payload shows it.
    pub finding: Finding,
    /// Place in the node's payload.
    pub at: Vec<SidedStep>,
    pub evidence: Vec<Evidence>,
    /// Pairs of events, for a rule that is about no node.
    pub events: Vec<(Option<EventId>, Option<EventId>)>,
    /// Services, for a rule that knows better than who publishes and subscribes.
    pub services: Option<Vec<String>>,
}

/// Texts of a rule about values: of its findings, and of the places in both contracts. In braces stand a [`Words`]' parts; with
/// `a` before it, a part has its article.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub message: &'static str,
    pub was: &'static str,
    pub is: &'static str,
    pub help: &'static str,
}

/// Parts of a text about one difference.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// What the difference is about: a kind of type and its name, a place.
    pub of: String,
    /// The value that shows it.
    pub value: String,
    pub was: String,
    pub is: String,
}

impl Words {
    fn fill(&self, text: &str) -> String {
        let parts = [
            ("of", &self.of),
            ("value", &self.value),
            ("was", &self.was),
            ("is", &self.is),
        ];
        parts.iter().fold(text.to_owned(), |text, (name, part)| {
            text.replace(&format!("{{{name}}}"), part).replace(
                &format!("{{a {name}}}"),
                &format!("{} {part}", article(part)),
            )
        })
    }
}

fn article(what: &str) -> &'static str {
    if what.starts_with(['a', 'e', 'i', 'o', 'u']) && !what.starts_with("uuid") {
        "an"
    } else {
        "a"
    }
}

/// Takes what one rule finds.
pub(super) struct Sink<'s> {
    pub rule: &'static Rule,
    pub raws: &'s mut Vec<Raw>,
}

impl Sink<'_> {
    /// Returns whether the rule is about a direction.
    pub fn is_about(&self, direction: Direction) -> bool {
        self.rule.categories.contains(&direction.category())
    }

    /// Adds a finding of a row with texts.
    pub fn say(&mut self, spot: &Spot, said: &Said, words: &Words) -> &mut Raw {
        self.add(&*spot.path, words.fill(said.message))
            .was(spot.old, words.fill(said.was))
            .is(spot.new, words.fill(said.is))
            .help(words.fill(said.help))
    }

    /// Adds a finding; the rest of it is said on what comes back.
    pub fn add(&mut self, path: impl Into<String>, message: impl Into<String>) -> &mut Raw {
        let at = self.raws.len();
        self.raws.push(Raw {
            finding: Finding::new(self.rule, path.into(), message.into()),
            at: Vec::new(),
            evidence: Vec::new(),
            events: Vec::new(),
            services: None,
        });
        &mut self.raws[at]
    }
}

impl Raw {
    pub fn was(&mut self, span: Span, label: impl Into<String>) -> &mut Self {
        self.finding.old = Some(Place {
            span,
            label: label.into(),
        });
        self
    }

    pub fn is(&mut self, span: Span, label: impl Into<String>) -> &mut Self {
        self.finding.new = Some(Place {
            span,
            label: label.into(),
        });
        self
    }

    pub fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.finding.help = text.into();
        self
    }

    pub fn at(&mut self, steps: &[SidedStep]) -> &mut Self {
        self.at = steps.to_vec();
        self
    }

    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.finding.severity = severity;
        self
    }

    pub fn shown_by(&mut self, evidence: impl IntoIterator<Item = Evidence>) -> &mut Self {
        self.evidence.extend(evidence);
        self
    }

    pub fn stranded(&mut self, what: impl IntoIterator<Item = String>) -> &mut Self {
        self.finding.stranded.extend(what);
        self
    }

    pub fn about(
        &mut self,
        events: impl IntoIterator<Item = (Option<EventId>, Option<EventId>)>,
    ) -> &mut Self {
        self.events.extend(events);
        self
    }

    pub fn hits(&mut self, services: impl IntoIterator<Item = String>) -> &mut Self {
        self.services = Some(services.into_iter().collect());
        self
    }

    pub fn undecided(&mut self, why: impl Into<String>) -> &mut Self {
        self.finding.undecided = Some(why.into());
        self
    }
}

/// A JSON value in a sentence.
pub(super) fn quoted(value: &Json) -> String {
    format!("`{}`", text::shortened(&value.to_compact()))
}
