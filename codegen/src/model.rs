//! The model: what a contracts folder says, as plain data. Reads nothing, checks nothing, writes nothing.
//!
//! Two front ends build it ([`crate::read`]), [`crate::check`] judges it, and only a [`Checked`](crate::check::Checked)
//! model reaches an emitter. What could not be read stands as a poison ([`Type::Invalid`], [`TypeKind::Invalid`], a
//! [`Template`] without segments), so that the rest is still checked and one mistake gives one message.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::json::Json;
use crate::name;
use crate::source::{FileId, Sources, Span, Spanned};
use crate::subject::{Pattern, Template};

/// Everything below a contracts folder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contracts {
    /// Every file that was read.
    pub sources: Sources,
    /// One per contract file, sorted by name.
    pub domains: Vec<Domain>,
    /// Events of all domains; by domain, then in the order of the file.
    pub events: Vec<Event>,
    /// Types of all domains; by domain, then in the order of the file.
    pub types: Vec<TypeDef>,
    /// Streams of all files, in the order of reading.
    pub streams: Vec<Stream>,
    /// Services of all files, in the order of reading.
    pub services: Vec<Service>,
    /// Breaks accepted on purpose, for `diff`.
    pub accepted: Vec<Accepted>,
    /// JSON Schema files that events and types name, by their paths below the folder.
    pub schemas: BTreeMap<String, SchemaFile>,
    /// Types of those files, each with an [`Origin`], sorted by the names of their definitions. Their ids follow those of
    /// the [declared types](Contracts::types): rules judge what a contract declares, and the import has judged these.
    pub imported: Vec<TypeDef>,
}

macro_rules! index {
    ($($(#[$doc:meta])* $id:ident, $field:ident, $item:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $id(pub usize);

        impl std::ops::Index<$id> for Contracts {
            type Output = $item;
            fn index(&self, id: $id) -> &$item {
                &self.$field[id.0]
            }
        }
    )*};
}

index! {
    /// Index of a domain in its [`Contracts`].
    DomainId, domains, Domain;
    /// Index of an event in its [`Contracts`].
    EventId, events, Event;
    /// Index of a stream in its [`Contracts`].
    StreamId, streams, Stream;
    /// Index of a service in its [`Contracts`].
    ServiceId, services, Service;
}

/// Index of a type in its [`Contracts`]: of a declared one, or behind those of an imported one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub usize);

impl std::ops::Index<TypeId> for Contracts {
    type Output = TypeDef;
    fn index(&self, id: TypeId) -> &TypeDef {
        match id.0.checked_sub(self.types.len()) {
            None => &self.types[id.0],
            Some(at) => &self.imported[at],
        }
    }
}

/// One contract file.
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    /// The dotted name, from the file's path: `shop/orders.toml` is `shop.orders`.
    pub name: String,
    /// The file.
    pub file: FileId,
    /// Subject of the domain, for people.
    pub doc: Option<String>,
    /// Team that owns it.
    pub owner: Option<String>,
}

/// An event: a payload with a subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The name inside its domain.
    pub name: Spanned<String>,
    /// Its domain.
    pub domain: DomainId,
    /// Description, for people.
    pub doc: Option<String>,
    /// Subject template. No segments when it could not be read.
    pub subject: Spanned<Template>,
    /// The stream that stores it; `None` is core NATS, at most once.
    pub stream: Option<Spanned<StreamRef>>,
    /// The field that makes a re-publish the same event.
    pub id: Option<Spanned<FieldRef>>,
    /// The field whose value keeps events in order.
    pub key: Option<Spanned<FieldRef>>,
    /// A label for people and documents; never on the wire.
    pub version: u32,
    /// Deprecation note, with the replacement.
    pub deprecated: Option<Spanned<String>>,
    /// The event that this one replaces.
    pub supersedes: Option<Spanned<Option<EventId>>>,
    /// Form of the metadata.
    pub envelope: Envelope,
    /// Payload.
    pub body: Body,
    /// Wire names that may never be used again.
    pub reserved: Vec<Spanned<String>>,
    /// Example payloads in wire names.
    pub examples: Vec<Value>,
}

/// A stream by name; `None` when there is none of that name (reported by the reader).
pub type StreamRef = Option<StreamId>;

/// A field by its position in the event's fields; `None` when there is none of that name (reported by the reader).
pub type FieldRef = Option<usize>;

/// A JSON Schema file that a contract names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SchemaFile {
    /// Every schema file that this one leads to, itself the first.
    pub files: Vec<PathBuf>,
    /// Demands of the schema that the types do not check.
    pub unchecked: Vec<Unchecked>,
}

/// A demand of a JSON Schema that the types made of it do not check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchecked {
    /// The schema file, below the contracts folder.
    pub file: String,
    /// The JSON pointer of the keyword's value in that file.
    pub pointer: String,
    /// The keyword.
    pub keyword: &'static str,
    /// The keyword's value, the same text for equal values.
    pub value: String,
}

/// Form in which metadata travels with an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Envelope {
    /// The body is the event; the message id is the only header.
    #[default]
    Plain,
    /// CloudEvents in binary mode.
    CloudEvents,
}

impl Envelope {
    /// Texts of all envelopes in contracts and in `#[event(…)]`.
    pub const TEXTS: &'static [&'static str] = &["plain", "cloudevents"];

    /// The one that is written so.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        match text {
            "plain" => Some(Self::Plain),
            "cloudevents" => Some(Self::CloudEvents),
            _ => None,
        }
    }

    /// Text in contracts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::CloudEvents => "cloudevents",
        }
    }
}

/// One field of an event or a type.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The name in the contract, snake_case.
    pub name: Spanned<String>,
    /// The explicit wire name, when it is not the camelCase of the name.
    pub rename: Option<Spanned<String>>,
    /// Its type without the final `?`.
    pub ty: Spanned<Type>,
    /// `true` if it is optional.
    pub optional: bool,
    /// For people.
    pub doc: Option<String>,
    /// Value that a reader fills in when it is absent.
    pub default: Option<Value>,
    /// An older wire name still accepted on read.
    pub alias: Option<Spanned<String>>,
    /// Constraints of its value.
    pub constraints: Constraints,
    /// An integer that is sent as text (`encoding = "string"`), with the place that says so.
    pub as_text: Option<Span>,
    /// Deprecation note, with the replacement.
    pub deprecated: Option<Spanned<String>>,
    /// Never printed, with the place that says so.
    pub sensitive: Option<Span>,
}

impl Field {
    /// The name on the wire.
    #[must_use]
    pub fn wire(&self) -> String {
        match &self.rename {
            Some(name) => name.value.clone(),
            None => name::camel_case(&self.name),
        }
    }

    /// Returns `true` if a payload without it is refused: neither optional nor defaulted.
    #[must_use]
    pub fn required(&self) -> bool {
        !self.optional && self.default.is_none()
    }
}

/// A type expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// Unicode text.
    String,
    /// 32 bits, signed.
    I32,
    /// 64 bits, signed.
    I64,
    /// 32 bits, unsigned.
    U32,
    /// 64 bits, unsigned.
    U64,
    /// A finite 64-bit float.
    F64,
    /// A decimal of at most 28 digits, sent as text.
    Decimal,
    /// A UUID, sent as text.
    Uuid,
    /// RFC 3339.
    Timestamp,
    /// A calendar date.
    Date,
    /// ISO 8601 without years and months.
    Duration,
    /// Octets, sent as base64.
    Bytes,
    /// Any JSON value; in an optional field `null` means that it is absent.
    Json,
    /// Any JSON value, `null` among them wherever it stands. Of imported types only.
    Any,
    /// Nothing but `null`. Of imported types only.
    Null,
    /// 64 bits, signed, as a number or as text; written in the form in which it came. Of imported types only.
    I64OrText,
    /// A list.
    List(Box<Type>),
    /// A list of a fixed length. Of imported types only.
    Tuple(Vec<Type>),
    /// A map with string keys.
    Map(Box<Type>),
    /// A value or `null`. Of imported types only.
    Nullable(Box<Type>),
    /// A value with constraints of its own, inside of another type. Of imported types only.
    Limited(Box<(Type, Constraints)>),
    /// A type of the contracts.
    Named(TypeId),
    /// Could not be read; already reported.
    Invalid,
}

impl Type {
    /// Adds the types that it names.
    pub fn held(&self, found: &mut Vec<TypeId>) {
        let mut ty = self;
        loop {
            match ty {
                Self::List(item) | Self::Map(item) | Self::Nullable(item) => ty = item,
                Self::Limited(limited) => ty = &limited.0,
                Self::Tuple(items) => return items.iter().for_each(|item| item.held(found)),
                Self::Named(id) => return found.push(*id),
                _ => return,
            }
        }
    }
}

/// A named type.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeDef {
    /// The name inside its domain.
    pub name: Spanned<String>,
    /// Its domain; of an imported type, which is in none, the first of the folder.
    pub domain: DomainId,
    /// For people.
    pub doc: Option<String>,
    /// Wire names (fields) or values (enum, union) that may never be used again.
    pub reserved: Vec<Spanned<String>>,
    /// Values.
    pub body: Body,
}

/// Values of an event or a named type.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// Kind. An event is a struct, or an alias of another object.
    pub kind: TypeKind,
    /// Constraints and extra members of the whole object. Of imported types only.
    pub whole: Whole,
    /// The definition of a JSON Schema that it is; none for what a contract declares.
    pub origin: Option<Origin>,
    /// The path of the JSON Schema that the contract names instead of declaring it.
    pub source: Option<Spanned<String>>,
}

impl From<TypeKind> for Body {
    fn from(kind: TypeKind) -> Self {
        Self {
            kind,
            whole: Whole::default(),
            origin: None,
            source: None,
        }
    }
}

impl Body {
    /// Returns the fields of a struct: what placeholders, `id` and `key` of an event can name.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        match &self.kind {
            TypeKind::Struct(fields) => fields,
            _ => &[],
        }
    }

    /// Adds the types that it names.
    pub fn held(&self, found: &mut Vec<TypeId>) {
        match &self.kind {
            TypeKind::Struct(fields) => {
                fields.iter().for_each(|field| field.ty.held(found));
                self.whole.extra.iter().for_each(|extra| extra.held(found));
            }
            TypeKind::Union(union) => {
                found.extend(union.variants.iter().filter_map(|variant| variant.ty.value));
            }
            TypeKind::Choice(choice) => {
                let alternatives = choice.alternatives.iter();
                alternatives.for_each(|alternative| alternative.ty.held(found));
            }
            TypeKind::Alias { ty, .. } => ty.held(found),
            TypeKind::Scalar { ty, .. } => ty.held(found),
            TypeKind::Enum(_) | TypeKind::Invalid => {}
        }
    }

    /// Returns the fields of a struct that a contract declares: those that the rules judge.
    #[must_use]
    pub fn declared(&self) -> &[Field] {
        match self.origin {
            Some(_) => &[],
            None => self.fields(),
        }
    }
}

/// Constraints and extra members of a whole object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Whole {
    /// Values under all other names, which are kept.
    pub extra: Option<Type>,
    /// Fewest members, those of `extra` among them.
    pub min: Option<u64>,
    /// Most members, those of `extra` among them.
    pub max: Option<u64>,
    /// Wire names of which all of at least one list must be there. Empty when nothing is demanded.
    pub any_of: Vec<Vec<String>>,
    /// The tag of the union that it is a variant of: a member that no field holds.
    pub tag: Option<String>,
}

/// The place of an imported type in its JSON Schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// The name that references in normalised schemas have, unique among all of a folder.
    pub definition: String,
    /// The file, below the contracts folder.
    pub file: String,
    /// The module of the file, below that of all schemas; none for an event, which is in its domain.
    pub module: Vec<String>,
    /// Number of the circle of types that hold each other. What holds another type of its circle has it in a box.
    pub circle: usize,
    /// The values that the type accepts, as JSON Schema; references are `#/definitions/<definition>`.
    pub schema: Json,
}

/// Kind of a named type.
// One value per named type of a folder: a box would save nothing, and every reader would see through it.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// An object with fields.
    Struct(Vec<Field>),
    /// One of some texts.
    Enum(Enum),
    /// One of some objects, told apart by a tag.
    Union(Union),
    /// A scalar with a name and constraints.
    Scalar {
        /// The scalar.
        ty: Spanned<Type>,
        /// Constraints of each value.
        constraints: Constraints,
        /// An integer that is sent as text.
        as_text: Option<Span>,
    },
    /// One of some values that no tag tells apart. Of imported types only.
    Choice(Choice),
    /// Another type under a name of its own. Of imported types only.
    Alias {
        /// The type.
        ty: Type,
        /// Constraints of each value.
        constraints: Constraints,
    },
    /// Could not be read; already reported.
    Invalid,
}

/// One of some values that no tag tells apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Rule by which a reader finds the alternative.
    pub by: By,
    /// The alternatives, in the order in which they are tried.
    pub alternatives: Vec<Alternative>,
}

/// Rule by which a reader finds the alternative of a [`Choice`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// By the kind of the value: no two alternatives are of one.
    Kind,
    /// The first that takes the object, with all that is demanded of it.
    Fit,
}

/// One alternative of a [`Choice`].
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// Its Rust identifier.
    pub ident: String,
    /// Its type.
    pub ty: Type,
    /// Constraints of its value.
    pub constraints: Constraints,
}

/// An enum's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enum {
    /// The wire texts, in the order of the contract.
    pub values: Vec<Spanned<String>>,
    /// Rust names that the contract gives to some of them, by text.
    pub names: Names,
    /// `true` if a reader refuses what it does not know.
    pub closed: bool,
}

/// Names of variants that the contract gives: the text on the wire, and the name.
pub type Names = Vec<(Spanned<String>, Spanned<String>)>;

fn idents<'a>(texts: impl Iterator<Item = &'a str>, names: &'a Names) -> Vec<String> {
    name::variant_idents(texts, |text| {
        let mut given = names.iter();
        let found = given.find(|(named, _)| named.value == text);
        found.map(|(_, name)| name.value.as_str())
    })
}

impl Enum {
    /// The variants in Rust, in the order of the values.
    #[must_use]
    pub fn idents(&self) -> Vec<String> {
        idents(self.values.iter().map(|v| v.value.as_str()), &self.names)
    }
}

impl Union {
    /// The variants in Rust, in their order.
    #[must_use]
    pub fn idents(&self) -> Vec<String> {
        let tags = self.variants.iter().map(|v| v.tag.value.as_str());
        idents(tags, &self.names)
    }
}

/// A tagged union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Union {
    /// The wire name of the tag.
    pub tag: Spanned<String>,
    /// The variants, in the order of the contract.
    pub variants: Vec<Variant>,
    /// Rust names that the contract gives to some of them, by tag.
    pub names: Names,
    /// `true` if a reader refuses what it does not know.
    pub closed: bool,
}

/// One variant of a union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The tag's value.
    pub tag: Spanned<String>,
    /// The type that carries it; `None` when there is none of that name (reported by the reader).
    pub ty: Spanned<Option<TypeId>>,
}

/// Constraints of a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Constraints {
    /// Smallest number.
    pub min: Option<Spanned<Number>>,
    /// Largest number.
    pub max: Option<Spanned<Number>>,
    /// Fewest code points.
    pub min_length: Option<Spanned<u64>>,
    /// Most code points.
    pub max_length: Option<Spanned<u64>>,
    /// An unanchored pattern in the subset that Rust and ECMA-262 read alike.
    pub pattern: Option<Spanned<String>>,
    /// Fewest items of a list or entries of a map.
    pub min_items: Option<Spanned<u64>>,
    /// Most items of a list or entries of a map.
    pub max_items: Option<Spanned<u64>>,
    /// A number that is too small. Of imported types only, as all that follows.
    pub above: Option<Number>,
    /// A number that is too large.
    pub below: Option<Number>,
    /// An integer of which the value is a multiple.
    pub multiple_of: Option<i128>,
    /// The only values that are allowed: truth values or numbers.
    pub only: Option<Vec<ValueKind>>,
    /// Unanchored patterns in the syntax of ECMA-262; each must be found.
    pub ecma: Vec<String>,
}

impl Constraints {
    /// Returns `true` if nothing is demanded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A number of a contract: exact where it was written without a fraction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Written without fraction or exponent. Holds every i64 and every u64.
    Integer(i128),
    /// Written with one.
    Float(f64),
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Number::Integer(n) => write!(f, "{n}"),
            Number::Float(n) => write!(f, "{n:?}"),
        }
    }
}

/// A value that a contract writes down (a default, an example), as JSON sees it, each part with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Kind.
    pub kind: ValueKind,
    /// Place in the contract.
    pub span: Span,
}

/// Kind of a [`Value`].
#[derive(Clone, Debug, PartialEq)]
pub enum ValueKind {
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text; a TOML date or time is its text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// An object, in the order of the contract.
    Object(Vec<(Spanned<String>, Value)>),
}

/// A scalar as it is written; what holds others is told by its kind.
impl std::fmt::Display for ValueKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(yes) => write!(f, "{yes}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::List(_) => f.write_str("a list"),
            Self::Object(_) => f.write_str("an object"),
        }
    }
}

impl From<&Value> for Json {
    fn from(value: &Value) -> Self {
        match &value.kind {
            ValueKind::Bool(yes) => Self::Bool(*yes),
            ValueKind::Number(n) => Self::Number(n.to_string()),
            ValueKind::Text(text) => Self::text(text.as_str()),
            ValueKind::List(items) => Self::list(items.iter().map(Self::from)),
            ValueKind::Object(members) => {
                let members = members.iter();
                Self::object(members.map(|(key, value)| (key.value.as_str(), Self::from(value))))
            }
        }
    }
}

/// A JetStream stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// Its name on the server.
    pub name: Spanned<String>,
    /// The domain whose file declares it.
    pub domain: DomainId,
    /// For people.
    pub doc: Option<String>,
    /// Maximum age of a message.
    pub max_age: Option<Spanned<Duration>>,
    /// Total size in bytes.
    pub max_bytes: Option<Spanned<u64>>,
    /// Total number of messages.
    pub max_messages: Option<Spanned<u64>>,
    /// Copies, 1 to 5.
    pub replicas: u8,
    /// Storage of the messages.
    pub storage: Storage,
    /// Retention policy.
    pub retention: Spanned<Retention>,
    /// Duplicate window; the default is two minutes, or `max_age` if that is shorter.
    pub duplicate_window: Option<Spanned<Duration>>,
    /// Discard policy.
    pub discard: Discard,
    /// Number of partitions of keyed events.
    pub partitions: Option<Spanned<u32>>,
    /// Additional subjects, of events that are written by hand.
    pub subjects: Vec<Spanned<Pattern>>,
}

impl Stream {
    /// Returns the duplicate window.
    #[must_use]
    pub fn window(&self) -> Duration {
        let standard = Duration::from_secs(120);
        match (&self.duplicate_window, &self.max_age) {
            (Some(window), _) => window.value,
            (None, Some(age)) => standard.min(age.value),
            (None, None) => standard,
        }
    }
}

/// Storage of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// On disk.
    #[default]
    File,
    /// In memory: gone with the server.
    Memory,
}

/// Retention policy of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retention {
    /// At the stream's limits.
    #[default]
    Limits,
    /// Until every consumer has acknowledged it.
    Interest,
    /// Until one consumer has acknowledged it.
    WorkQueue,
}

/// Discard policy of a full stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Discard {
    /// Refuses the new message: the publisher knows.
    #[default]
    New,
    /// Drops the oldest.
    Old,
}

/// A service: who publishes and who handles.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its name.
    pub name: Spanned<String>,
    /// The domain whose file declares it.
    pub domain: DomainId,
    /// For people.
    pub doc: Option<String>,
    /// The queue group and durable consumer, when it is not the service's name.
    pub queue_group: Option<Spanned<String>>,
    /// Published events; `None` entries were not found (reported by the reader).
    pub publishes: Vec<Spanned<Option<EventId>>>,
    /// Handled events; `None` entries were not found (reported by the reader).
    pub subscribes: Vec<Spanned<Option<EventId>>>,
    /// Handlers that run at once in one process.
    pub concurrency: u32,
    /// Deliveries that may be unacknowledged at once, over all replicas.
    pub max_in_flight: Option<Spanned<u32>>,
    /// Ack wait.
    pub ack_wait: Duration,
    /// Retry policy.
    pub retry: Retry,
    /// Start position of a new durable.
    pub start: Spanned<Start>,
}

impl Service {
    /// The queue group, which is the durable consumer's name too.
    #[must_use]
    pub fn group(&self) -> &str {
        self.queue_group
            .as_ref()
            .map_or(&self.name.value, |group| &group.value)
    }

    /// Deliveries that may be unacknowledged at once: as written, or twice the concurrency and at least 16.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.max_in_flight
            .as_ref()
            .map_or(self.concurrency.saturating_mul(2).max(16), |n| n.value)
    }
}

/// An event that a service is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The event.
    pub event: EventId,
    /// The event that replaces it, to which the service turns it; `None` for an event that it handles as it is.
    pub newer: Option<EventId>,
    /// The place in `subscribes` that asks for it.
    pub span: Span,
}

/// Retry policy of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Attempts before the dead letter, at least 1.
    pub max_attempts: u32,
    /// Wait after the first failure; doubles with each.
    pub first_delay: Duration,
    /// Longest wait.
    pub max_delay: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            first_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(300),
        }
    }
}

/// Start position of a new durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// At the first message of the stream.
    #[default]
    All,
    /// At the first message after its creation.
    New,
    /// At a point in time, RFC 3339.
    At(String),
}

/// A break accepted on purpose, for `diff`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The rule's id.
    pub rule: Spanned<String>,
    /// Path of the accepted change: `events.E.fields.a`.
    pub path: Spanned<String>,
    /// Reason.
    pub reason: Spanned<String>,
    /// The last day on which it is accepted.
    pub until: Spanned<String>,
}

impl Contracts {
    /// `domain.Name` of an event: what stands in message ids.
    #[must_use]
    pub fn event_name(&self, event: &Event) -> String {
        format!("{}.{}", self[event.domain].name, event.name.value)
    }

    /// `domain.Name` of a type.
    #[must_use]
    pub fn type_name(&self, ty: &TypeDef) -> String {
        format!("{}.{}", self[ty.domain].name, ty.name.value)
    }

    /// The stream that stores an event, with its settings.
    #[must_use]
    pub fn stream_of(&self, event: &Event) -> Option<&Stream> {
        event
            .stream
            .as_ref()
            .and_then(|stream| stream.value)
            .map(|id| &self[id])
    }

    /// The events that a stream stores, in the order of the model.
    pub fn events_of(&self, stream: StreamId) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(move |event| {
            event
                .stream
                .as_ref()
                .is_some_and(|named| named.value == Some(stream))
        })
    }

    /// Returns the imported type to which a declared one gives a name.
    #[must_use]
    pub fn renamed(&self, body: &Body) -> Option<TypeId> {
        match &body.kind {
            TypeKind::Alias {
                ty: Type::Named(id),
                ..
            } if body.origin.is_none() => Some(*id),
            _ => None,
        }
    }

    /// The first declared type that gives a name to each imported one.
    #[must_use]
    pub fn owners(&self) -> BTreeMap<TypeId, TypeId> {
        let types = self.types.iter().enumerate().rev();
        let owned = types.filter_map(|(at, ty)| Some((self.renamed(&ty.body)?, TypeId(at))));
        owned.collect()
    }

    /// Returns the definition of a JSON Schema that a body is or gives a name to.
    #[must_use]
    pub fn origin<'a>(&'a self, body: &'a Body) -> Option<&'a Origin> {
        let behind = || self[self.renamed(body)?].body.origin.as_ref();
        body.origin.as_ref().or_else(behind)
    }

    /// The imported type of a definition.
    #[must_use]
    pub fn definition(&self, name: &str) -> Option<TypeId> {
        let of = |ty: &TypeDef| {
            let origin = ty.body.origin.as_ref();
            origin.map_or("", |origin| &origin.definition).cmp(name)
        };
        let at = self.imported.binary_search_by(of).ok()?;
        Some(TypeId(self.types.len() + at))
    }

    /// The normalised JSON Schema of a definition.
    #[must_use]
    pub fn schema(&self, definition: &str) -> Option<&Json> {
        let origin = self[self.definition(definition)?].body.origin.as_ref();
        origin.map(|origin| &origin.schema)
    }

    /// Returns the events that a service is delivered: each that it subscribes to, and behind it, newest first, the older ones that it
    /// replaces, up to one that the service subscribes to by name. Each event once.
    #[must_use]
    pub fn delivered(&self, service: &Service) -> Vec<Delivered> {
        let named = |id| service.subscribes.iter().any(|e| e.value == Some(id));
        let mut all: Vec<Delivered> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for subscribed in &service.subscribes {
            let (mut next, mut newer) = (subscribed.value, None);
            while let Some(event) = next {
                let again = newer.is_some() && named(event);
                if again || !seen.insert(event) {
                    break;
                }
                all.push(Delivered {
                    event,
                    newer,
                    span: subscribed.span,
                });
                newer = Some(event);
                next = self[event].supersedes.as_ref().and_then(|old| old.value);
            }
        }
        all
    }

    /// The service of a name.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|s| s.name.value == name)
    }
}
