//! The rules: what each is called, how much it matters, and the function that finds it. Their ids are an interface.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::choice::{self, Choices};
use super::constraint;
use super::declared;
use super::event::{self, EventPair};
use super::evidence::{self, Evidence};
use super::field::{self, FieldPair};
use super::fields;
use super::leaf::{self, Leaves};
use super::objects::Objects;
use super::sample::{Sampler, Side, Step};
use super::schema::{self, Schemas};
use super::server::{self, ServicePair, StreamPair};
use super::subscription;
use super::text;
use super::walk::{Sides, reached};
use super::{Finding, Place, Reached};
use crate::json::Json;
use crate::model::{Contracts, EventId, TypeDef};
use crate::source::Span;

/// What kind of harm a change does.
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

/// How much a finding matters.
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
    /// How much it matters, when a finding says nothing else.
    pub severity: Severity,
    /// The change in one sentence.
    pub summary: &'static str,
    /// The page of `explain`, Markdown: what, why, what to do, an example.
    pub page: &'static str,
    pub(super) checks: &'static [Check],
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Rule {
    /// The rule with this id.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Rule> {
        RULES.iter().find(|rule| rule.id == id)
    }
}

/// The function of a rule, by what it looks at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Check {
    Folder(fn(&Sides<'_>, &mut Sink<'_>)),
    Event(fn(&EventPair<'_>, &mut Sink<'_>)),
    Type(fn(&Sides<'_>, (&TypeDef, &TypeDef), &mut Sink<'_>)),
    Object(fn(&Objects<'_>, &mut Sink<'_>)),
    Field(fn(&FieldPair<'_>, &mut Sink<'_>)),
    Leaf(fn(&Leaves<'_>, &mut Sink<'_>)),
    Choice(fn(&Choices<'_>, &mut Sink<'_>)),
    Schema(fn(&Schemas<'_>, &mut Sink<'_>)),
    Stream(fn(&StreamPair<'_>, &mut Sink<'_>)),
    Service(fn(&ServicePair<'_>, &mut Sink<'_>)),
}

macro_rules! rules {
    ($( $id:literal, [$($category:ident),*], $severity:ident, $summary:literal, [$($kind:ident $function:path),*]; )*) => {
        /// Every rule, in the order of the table.
        pub const RULES: &[Rule] = &[$(Rule {
            id: $id,
            categories: &[$(Category::$category),*],
            severity: Severity::$severity,
            summary: $summary,
            page: include_str!(concat!("../../explain/rules/", $id, ".md")),
            checks: &[$(Check::$kind($function)),*],
        },)*];
    };
}

rules! {
    "required-field-added", [Backward], Breaks, "A required field without a default is new.", [Object fields::required_added];
    "defaulted-field-added", [Semantic], Warn, "A required field with a default is new.", [Object fields::defaulted_added];
    "optional-field-added", [], Info, "An optional field is new.", [Object fields::optional_added];
    "reserved-name-used", [Semantic], Breaks, "A new field or value bears a name that was reserved.", [Object fields::reserved_used, Choice choice::reserved_used];
    "reserved-name-released", [Semantic], Warn, "A name is no longer reserved.", [Object fields::reserved_released, Choice choice::reserved_released];
    "optional-field-removed", [Source], Breaks, "An optional field is gone.", [Object fields::optional_removed];
    "defaulted-field-removed", [Source], Breaks, "A field with a default is gone.", [Object fields::defaulted_removed];
    "required-field-removed", [Forward], Breaks, "A required field is gone.", [Object fields::required_removed];
    "field-renamed", [Backward, Forward], Breaks, "One field is gone and one of the same type is new.", [Object fields::renamed];
    "optional-field-renamed", [Semantic], Breaks, "One optional field is gone and one of the same type is new.", [Object fields::optional_renamed];
    "aliased-field-renamed", [Forward], Breaks, "A field has a new name and keeps the old one as its alias.", [Object fields::aliased_renamed];
    "renamed-to-alias", [Backward], Breaks, "A field is called by what was its alias.", [Object fields::renamed_to_alias];
    "alias-removed", [Backward], Breaks, "A field no longer accepts an older name.", [Field field::alias_removed];
    "rust-name-changed", [Source], Breaks, "A field or a value has another name in Rust and the same one on the wire.", [Field field::rust_name, Choice choice::rust_names];
    "field-became-required", [Backward], Breaks, "An optional field is required now.", [Field field::became_required];
    "field-became-optional", [Forward], Breaks, "A required field is optional now.", [Field field::became_optional];
    "default-added", [Forward], Breaks, "A required field has a default now.", [Field field::default_added];
    "default-removed", [Backward], Breaks, "A field has no default any more.", [Field field::default_removed];
    "default-changed", [Semantic], Warn, "A default has another value.", [Field field::default_changed];
    "absent-value-changed", [Semantic], Warn, "A field that may be absent means something else when it is.", [Field field::absent_value];
    "range-narrowed", [Backward], Breaks, "A number's range no longer has all its old values.", [Leaf leaf::range_narrowed];
    "range-widened", [Forward], Breaks, "A number's range has new values.", [Leaf leaf::range_widened];
    "integer-to-float", [Forward], Breaks, "An integer may have a fraction now.", [Leaf leaf::integer_to_float];
    "float-to-integer", [Backward], Breaks, "A number may have no fraction any more.", [Leaf leaf::float_to_integer];
    "number-text-changed", [Backward, Forward], Breaks, "A number is sent as text now, or the other way round.", [Leaf leaf::number_text];
    "text-narrowed", [Backward], Breaks, "A text must spell something now.", [Leaf leaf::text_narrowed];
    "text-widened", [Forward], Breaks, "A text that spelled something may be any now.", [Leaf leaf::text_widened];
    "json-to-type", [Backward], Breaks, "What could be anything has a type now.", [Leaf leaf::json_to_type];
    "type-to-json", [Forward], Breaks, "What had a type can be anything now.", [Leaf leaf::type_to_json];
    "string-open-enum", [Source], Info, "A string is an open enum now, or the other way round.", [Leaf leaf::string_open_enum];
    "string-to-closed-enum", [Backward], Breaks, "A string is a closed enum now.", [Leaf leaf::string_to_closed];
    "closed-enum-to-string", [Forward], Breaks, "A closed enum is a string now.", [Leaf leaf::closed_to_string];
    "type-changed", [Backward, Forward], Breaks, "A value has another type.", [Leaf leaf::type_changed];
    "constraint-tightened", [Backward], Breaks, "A constraint accepts less.", [Leaf constraint::constraint_tightened];
    "constraint-loosened", [Forward], Breaks, "A constraint accepts more.", [Leaf constraint::constraint_loosened];
    "pattern-changed", [Backward, Forward], Breaks, "A text must match another pattern.", [Leaf constraint::pattern_changed];
    "tag-changed", [Backward, Forward], Breaks, "A union is told apart by another field.", [Choice choice::tag_changed];
    "closed-value-added", [Forward], Breaks, "A closed enum or union has a new value.", [Choice choice::closed_added];
    "closed-value-removed", [Backward], Breaks, "A closed enum or union has lost a value.", [Choice choice::closed_removed];
    "open-value-added", [Source], Info, "An open enum or union has a new value.", [Choice choice::open_added];
    "open-value-removed", [Semantic], Warn, "An open enum or union has lost a value.", [Choice choice::open_removed];
    "closed-to-open", [Forward], Breaks, "A closed enum or union is open now.", [Choice choice::closed_to_open];
    "open-to-closed", [Backward], Breaks, "An open enum or union is closed now.", [Choice choice::open_to_closed];
    "schema-narrowed", [Backward], Breaks, "An imported schema refuses what it accepted.", [Schema schema::narrowed];
    "schema-widened", [Forward], Breaks, "An imported schema accepts what it refused.", [Schema schema::widened];
    "schema-undecided", [Backward, Forward], Breaks, "An imported schema changed in a way that is not understood.", [Schema schema::undecided, Leaf leaf::schema_undecided];
    "subject-changed", [Routing], Breaks, "An event has another subject.", [Event event::subject];
    "placeholder-renamed", [Source], Breaks, "A subject's placeholder has another name.", [Event event::placeholder];
    "stream-changed", [Routing], Breaks, "An event is stored in another stream.", [Event event::stream];
    "delivery-changed", [Routing], Breaks, "An event is stored now, or no longer.", [Event event::delivery];
    "partitions-changed", [Routing], Breaks, "A stream has another number of partitions.", [Stream server::partitions];
    "key-changed", [Semantic], Breaks, "Another field keeps an event's messages in order.", [Event event::key];
    "id-changed", [Semantic], Breaks, "Another field makes a re-publish the same event.", [Event event::id];
    "envelope-changed", [Routing], Breaks, "An event's metadata travels in another way.", [Event event::envelope];
    "supersedes-changed", [Routing], Breaks, "An event no longer takes over from another one.", [Event event::supersedes];
    "retention-changed", [Operations], Breaks, "A stream lets messages go for another reason.", [Stream server::retention];
    "stream-limit-reduced", [Operations], Warn, "A stream keeps less.", [Stream server::limits];
    "stream-setting-changed", [Operations], Warn, "A stream keeps messages in another way.", [Stream server::settings];
    "stream-subject-removed", [Routing], Breaks, "A stream no longer stores a subject that it declared.", [Folder declared::removed];
    "stream-removed", [Operations], Warn, "A stream is no longer declared.", [Folder server::stream_removed];
    "start-changed", [Operations], Warn, "A service begins elsewhere in the stream.", [Service server::start];
    "service-removed", [Operations], Warn, "A service is gone.", [Folder server::service_removed];
    "subscription-removed", [Operations], Warn, "A service no longer handles an event.", [Folder subscription::removed];
    "subscription-added", [Operations], Warn, "A service handles an event more.", [Folder subscription::added];
    "publisher-removed", [Routing], Breaks, "A service stops publishing an event that still has subscribers.", [Folder server::publisher_removed];
    "queue-group-changed", [Routing], Breaks, "A service has another queue group.", [Service server::queue_group];
    "event-removed", [Routing], Breaks, "An event is gone.", [Folder event::removed];
    "event-moved", [Source], Breaks, "An ephemeral event is declared in another file.", [Folder event::moved];
    "event-added", [], Info, "An event is new.", [Folder event::added];
    "sensitive-changed", [Semantic], Warn, "A field is printed now, or no longer.", [Field field::sensitive];
    "annotation-changed", [], Info, "Something for people changed: a text, an owner, an example, a version, an order.", [Event event::annotations, Field field::annotations, Type choice::type_annotations, Choice choice::reordered, Object fields::reordered];
    "type-renamed", [Source], Breaks, "A type has another name or is in another file.", [Type choice::type_renamed];
    "accepted-unused", [Operations], Warn, "An accepted break that nothing matches.", [];
    "accepted-expired", [Operations], Warn, "An accepted break whose time is over.", [];
}

/// What a rule has seen, before it is known which events it reaches.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub(super) rule: &'static Rule,
    pub(super) severity: Severity,
    path: String,
    message: String,
    old: Option<Place>,
    new: Option<Place>,
    /// Where in the node's payload.
    at: Vec<Step>,
    pub(super) evidence: Vec<Evidence>,
    stranded: Vec<String>,
    help: String,
    /// Pairs of events, for a rule that is about no node.
    events: Vec<(Option<EventId>, Option<EventId>)>,
    /// Services, for a rule that knows better than who publishes and subscribes.
    services: Option<Vec<String>>,
    pub(super) undecided: Option<String>,
}

/// Takes what one rule finds.
pub(super) struct Sink<'s> {
    pub rule: &'static Rule,
    pub raws: &'s mut Vec<Raw>,
}

impl Sink<'_> {
    /// Adds a finding; the rest of it is said on what comes back.
    pub fn add(&mut self, path: impl Into<String>, message: impl Into<String>) -> &mut Raw {
        let at = self.raws.len();
        self.raws.push(Raw {
            rule: self.rule,
            severity: self.rule.severity,
            path: path.into(),
            message: message.into(),
            old: None,
            new: None,
            at: Vec::new(),
            evidence: Vec::new(),
            stranded: Vec::new(),
            help: String::new(),
            events: Vec::new(),
            services: None,
            undecided: None,
        });
        &mut self.raws[at]
    }
}

impl Raw {
    pub fn was(&mut self, span: Span, label: impl Into<String>) -> &mut Self {
        self.old = Some(Place {
            span,
            label: label.into(),
        });
        self
    }

    pub fn is(&mut self, span: Span, label: impl Into<String>) -> &mut Self {
        self.new = Some(Place {
            span,
            label: label.into(),
        });
        self
    }

    pub fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.help = text.into();
        self
    }

    pub fn at(&mut self, steps: &[Step]) -> &mut Self {
        self.at = steps.to_vec();
        self
    }

    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = severity;
        self
    }

    pub fn shown_by(&mut self, evidence: impl IntoIterator<Item = Evidence>) -> &mut Self {
        self.evidence.extend(evidence);
        self
    }

    pub fn stranded(&mut self, what: impl IntoIterator<Item = String>) -> &mut Self {
        self.stranded.extend(what);
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
        self.undecided = Some(why.into());
        self
    }
}

pub(super) type Reach = BTreeMap<(EventId, EventId), Vec<Step>>;

impl Raw {
    /// Adds what only the whole walk knows.
    pub fn finish(
        &self,
        sides: Sides<'_>,
        reach: &Reach,
        samplers: &(Sampler<'_>, Sampler<'_>),
        users: &Users,
    ) -> Finding {
        // Something that is gone is called what the old contract calls it.
        let side = if self.new.is_none() {
            Side::Old
        } else {
            Side::New
        };
        let mut events = reached(sides, reach, &self.at, side);
        let mut pairs: Vec<(Option<EventId>, Option<EventId>)> = reach
            .keys()
            .map(|(old, new)| (Some(*old), Some(*new)))
            .collect();
        for (old, new) in &self.events {
            let event = match (new, old) {
                (Some(id), _) => sides.new.event_name(&sides.new[*id]),
                (None, Some(id)) => sides.old.event_name(&sides.old[*id]),
                (None, None) => continue,
            };
            events.push(Reached {
                event,
                path: String::new(),
            });
            pairs.push((*old, *new));
        }
        let services = match &self.services {
            Some(services) => services.clone(),
            None => users.hit(&pairs, self.rule),
        };
        let (counterexamples, undecided) = evidence::show(self, sides, reach, samplers);
        Finding {
            rule: self.rule,
            severity: self.severity,
            path: self.path.clone(),
            message: self.message.clone(),
            old: self.old.clone(),
            new: self.new.clone(),
            events,
            services,
            counterexamples,
            stranded: self.stranded.clone(),
            undecided,
            help: self.help.clone(),
            accepted: None,
        }
    }
}

/// Who uses which event, in either contract.
pub(super) struct Users {
    old: HashMap<EventId, Vec<User>>,
    new: HashMap<EventId, Vec<User>>,
}

struct User {
    service: String,
    subscribes: bool,
}

impl Users {
    pub fn of(sides: Sides<'_>) -> Self {
        let index = |contracts: &Contracts| {
            let mut all: HashMap<EventId, Vec<User>> = HashMap::new();
            for service in &contracts.services {
                // An older event that a newer one supersedes is delivered as well.
                let delivered = contracts.delivered(service).into_iter();
                let published = service.publishes.iter().filter_map(|event| event.value);
                let uses = delivered
                    .map(|delivered| (delivered.event, true))
                    .chain(published.map(|event| (event, false)));
                for (event, subscribes) in uses {
                    let service = service.name.value.clone();
                    all.entry(event).or_default().push(User {
                        service,
                        subscribes,
                    });
                }
            }
            all
        };
        Self {
            old: index(sides.old),
            new: index(sides.new),
        }
    }

    /// Who is hit: new readers of old messages, old readers of new ones, and everybody who compiles against the contract.
    fn hit(&self, pairs: &[(Option<EventId>, Option<EventId>)], rule: &Rule) -> Vec<String> {
        let publishers = rule.categories.contains(&Category::Source)
            || rule.categories.contains(&Category::Operations);
        let old = pairs.iter().filter_map(|pair| self.old.get(&pair.0?));
        let new = pairs.iter().filter_map(|pair| self.new.get(&pair.1?));
        let all: BTreeSet<&String> = old
            .chain(new)
            .flatten()
            .filter(|user| user.subscribes || publishers)
            .filter(|_| !rule.categories.is_empty())
            .map(|user| &user.service)
            .collect();
        all.into_iter().cloned().collect()
    }
}

/// A JSON value in a sentence.
pub(super) fn quoted(value: &Json) -> String {
    format!("`{}`", text::shortened(&value.to_compact()))
}
