//! Findings of a comparison: direction, category, severity, what shows it, and the order of upgrades. Data alone.

use crate::source::{Sources, Span};

/// Kind of harm that a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    /// New readers refuse or misunderstand old messages.
    Backward,
    /// Old readers refuse or misunderstand new messages.
    Forward,
    /// Messages no longer meet their readers.
    Routing,
    /// Everything is read, and means something else.
    Semantic,
    /// Services must be changed to compile; nothing on the wire.
    Source,
    /// The server loses or refuses something.
    Operations,
}

impl Category {
    /// In lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backward => "backward",
            Self::Forward => "forward",
            Self::Routing => "routing",
            Self::Semantic => "semantic",
            Self::Source => "source",
            Self::Operations => "operations",
        }
    }
}

/// Severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Fails a run whose mode looks at the category.
    Breaks,
    /// Somebody should look.
    Warn,
    /// For the record.
    Info,
}

impl Severity {
    /// `breaks`, `warn` or `info`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Breaks => "breaks",
            Self::Warn => "warn",
            Self::Info => "info",
        }
    }
}

/// One row of the table of `docs/compatibility.md`.
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case; stable.
    pub id: &'static str,
    /// One, or backward and forward for a change that breaks both. None: it harms nobody, and is said for the record.
    pub categories: &'static [Category],
    /// Severity of its findings, unless a finding says otherwise.
    pub severity: Severity,
    /// The change in one sentence.
    pub summary: &'static str,
    /// The page of `explain`, Markdown: what, why, what to do, an example.
    pub page: &'static str,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// Selection of findings that fail a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// All that break anything.
    #[default]
    Full,
    /// New readers must understand old messages.
    Backward,
    /// Old readers must understand new messages.
    Forward,
}

impl Mode {
    /// Returns whether a category of finding fails in this mode.
    #[must_use]
    pub fn fails(self, category: Category) -> bool {
        match category {
            Category::Backward => self != Self::Forward,
            Category::Forward => self != Self::Backward,
            Category::Routing | Category::Semantic | Category::Operations => true,
            Category::Source => self == Self::Full,
        }
    }

    /// As the command line writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Backward => "backward",
            Self::Forward => "forward",
        }
    }
}

/// A direction in which messages travel between versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// Old writer, new reader.
    Backward,
    /// New writer, old reader.
    Forward,
}

impl Direction {
    /// `backward` or `forward`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backward => "backward",
            Self::Forward => "forward",
        }
    }

    /// Returns the category of a break in this direction.
    #[must_use]
    pub fn category(self) -> Category {
        match self {
            Self::Backward => Category::Backward,
            Self::Forward => Category::Forward,
        }
    }

    /// Returns the version that writes: `old` or `new`.
    #[must_use]
    pub fn writer(self) -> &'static str {
        match self {
            Self::Backward => "old",
            Self::Forward => "new",
        }
    }

    /// Returns the version that reads: `new` or `old`.
    #[must_use]
    pub fn reader(self) -> &'static str {
        match self {
            Self::Backward => "new",
            Self::Forward => "old",
        }
    }
}

/// A place in one of the two contracts and what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Span in the sources of its side.
    pub span: Span,
    /// Description of what is there.
    pub label: String,
}

/// An event that a finding reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Its full name in the new contract, or in the old one when it is gone.
    pub event: String,
    /// The shortest path inside its payload, `lines[].quantity`; empty when it is about the event itself.
    pub path: String,
}

/// Outcome of reading a payload that the writer may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It refuses it, for this reason.
    Refused(String),
    /// It accepts it, and takes it for something else than was written.
    Misread(String),
}

/// A payload that one side writes and the other does not understand, checked by reading it with both models.
#[derive(Clone, Debug, PartialEq)]
pub struct Counterexample {
    /// Direction of the payload: from writer to reader.
    pub direction: Direction,
    /// The event whose payload it is.
    pub event: String,
    /// One line of JSON.
    pub payload: String,
    /// Outcome of reading it.
    pub outcome: Outcome,
}

/// One change, judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// Severity; mostly the rule's own.
    pub severity: Severity,
    /// Path of the thing it is about, as `[[accepted]]` names it: `events.shop.OrderPlaced.fields.total`, with the full name.
    pub path: String,
    /// The change, in one sentence without a full stop.
    pub message: String,
    /// Place in the old contract.
    pub old: Option<Place>,
    /// Place in the new contract, or the place where it is missed.
    pub new: Option<Place>,
    /// Events that it reaches, in the order of the contract.
    pub events: Vec<Reached>,
    /// Services that are hit, by name.
    pub services: Vec<String>,
    /// Payloads that show it; for every direction that the rule says is broken, unless `undecided` says why not.
    pub counterexamples: Vec<Counterexample>,
    /// Messages and durable consumers that are left behind.
    pub stranded: Vec<String>,
    /// Reason why it counts as breaking although nothing shows it.
    pub undecided: Option<String>,
    /// Advice: an alternative to the change.
    pub help: String,
    /// The reason of the `[[accepted]]` entry that silences it.
    pub accepted: Option<String>,
}

impl Finding {
    /// A finding of which nothing more is known.
    pub(super) fn new(rule: &'static Rule, path: String, message: String) -> Self {
        Self {
            rule,
            severity: rule.severity,
            path,
            message,
            old: None,
            new: None,
            events: Vec::new(),
            services: Vec::new(),
            counterexamples: Vec::new(),
            stranded: Vec::new(),
            undecided: None,
            help: String::new(),
            accepted: None,
        }
    }

    /// Returns whether it fails a run.
    #[must_use]
    pub fn fails(&self, mode: Mode) -> bool {
        self.accepted.is_none()
            && self.severity == Severity::Breaks
            && self.rule.categories.iter().any(|c| mode.fails(*c))
    }

    /// Returns whether it says that one direction is broken. Routing and meaning are broken both ways.
    #[must_use]
    pub fn breaks(&self, direction: Direction) -> bool {
        self.severity == Severity::Breaks
            && self.rule.categories.iter().any(|category| match category {
                Category::Backward => direction == Direction::Backward,
                Category::Forward => direction == Direction::Forward,
                Category::Routing | Category::Semantic => true,
                Category::Source | Category::Operations => false,
            })
    }
}

/// Everything that changed from one contract to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Mode of the run.
    pub mode: Mode,
    /// By severity, then in the order of the new contract.
    pub findings: Vec<Finding>,
    /// In which order services can be upgraded.
    pub plan: Plan,
    /// The files of the old contract.
    pub old: Sources,
    /// The files of the new contract.
    pub new: Sources,
}

impl Report {
    /// Returns whether a finding fails the run.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.findings.iter().any(|finding| finding.fails(self.mode))
    }

    /// Counts the findings of one severity that nobody accepted.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == severity && finding.accepted.is_none())
            .count()
    }
}

/// Steps that bring a change into production.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Services to upgrade, in this order; the services of one step in any order. Empty when every order is safe.
    pub steps: Vec<RolloutStep>,
    /// Changes for which there is no order.
    pub blocked: Vec<Blocked>,
}

/// One step of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolloutStep {
    /// Services to upgrade.
    pub services: Vec<String>,
    /// Conditions to wait for afterwards, one sentence each.
    pub wait: Vec<String>,
}

/// A change that no order of upgrades makes safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// Its events, by full name.
    pub events: Vec<String>,
    /// Reason why there is no order.
    pub reason: String,
    /// Advice: an alternative to the change.
    pub advice: String,
}
