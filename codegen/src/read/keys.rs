//! Every table and key of the contract language, as data: the reader and the editor schema both go by it, so that
//! neither can know a key that the other does not. Reads nothing itself.

use crate::model::{Envelope, Type};

/// A table of the contract language.
#[derive(Debug)]
pub struct Table {
    /// Thing that it describes, with an article: `an event`.
    pub about: &'static str,
    /// Heading: `[events.Name]`.
    pub heading: &'static str,
    /// Its keys, in the order in which the documentation has them.
    pub keys: &'static [Key],
    /// The keys of which it must have exactly one; empty when there is no such choice.
    pub one_of: &'static [&'static str],
}

/// One key of a [`Table`].
#[derive(Debug)]
pub struct Key {
    /// The key.
    pub name: &'static str,
    /// Kind of its value.
    pub kind: Kind,
    /// True if the table must have it.
    pub required: bool,
    /// Keys of which one must be there too; empty when it stands alone.
    pub goes_with: &'static [&'static str],
    /// Keys that must all be there when it is.
    pub needs: &'static [&'static str],
    /// Documentation for people.
    pub doc: &'static str,
}

/// Kind of the value of a [`Key`].
#[derive(Debug)]
pub enum Kind {
    /// Any text.
    Text,
    /// A text of this form.
    Name(Form),
    /// A subject, with placeholders or without.
    Subject,
    /// A list of subjects, with wildcards or without.
    Patterns,
    /// `true` or `false`.
    Bool,
    /// An integer in this range, bounds included.
    Integer {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// An integer or a float.
    Number,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// A list of texts.
    Texts,
    /// A list of texts of this form.
    Names(Form),
    /// An integer and `ms`, `s`, `m`, `h` or `d`; the smallest allowed in milliseconds.
    Duration {
        /// Smallest, in milliseconds.
        min_ms: u64,
    },
    /// An integer and `B`, `KiB`, `MiB` or `GiB`.
    Size,
    /// `all`, `new` or an RFC 3339 point in time.
    Start,
    /// A calendar date.
    Date,
    /// A type expression; a final `?` makes it optional.
    Type,
    /// One of the [`SCALARS`] but `json`.
    Scalar,
    /// Any value.
    Value,
    /// A list of payloads.
    Payloads,
    /// One table.
    One(&'static Table),
    /// A table of tables, by names of this form.
    Named(Form, &'static Table),
    /// A list of tables.
    Many(&'static Table),
    /// Fields by name: each a type as text, or a [`FIELD`] table.
    Fields,
    /// Variants by tag value, each the name of a type.
    Variants,
    /// Names of variants in Rust, by value.
    Idents,
}

/// The form of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A field: [`is_field_name`](crate::name::is_field_name).
    Field,
    /// An event or a type where it is declared: [`is_type_name`](crate::name::is_type_name).
    Declared,
    /// An event or a type where it is used: the domain may stand before it.
    Used,
    /// A stream, a durable or a queue group: [`is_nats_name`](crate::name::is_nats_name).
    Nats,
    /// A service: a durable's name that can be a Rust module too.
    Service,
    /// A name on the wire: some text without control characters.
    Wire,
}

impl Form {
    /// The form as a regular expression that Rust, ECMA-262 with `u`, and TOML editors read alike.
    #[must_use]
    pub fn pattern(self) -> &'static str {
        match self {
            Form::Field => "^[a-z][a-z0-9_]*$",
            Form::Declared => "^[A-Z][A-Za-z0-9]*$",
            Form::Used => "^([a-z][a-z0-9_]*\\.)*[A-Z][A-Za-z0-9]*$",
            Form::Nats => "^[!-)+,\\-0-=?-\\[\\]-~]{1,255}$",
            Form::Service => "^[A-Za-z][A-Za-z0-9_\\-]{0,254}$",
            Form::Wire => "^\\P{Cc}+$",
        }
    }
}

/// The scalars of the language.
pub const SCALARS: &[(&str, Type)] = &[
    ("bool", Type::Bool),
    ("string", Type::String),
    ("i32", Type::I32),
    ("i64", Type::I64),
    ("u32", Type::U32),
    ("u64", Type::U64),
    ("f64", Type::F64),
    ("decimal", Type::Decimal),
    ("uuid", Type::Uuid),
    ("timestamp", Type::Timestamp),
    ("date", Type::Date),
    ("duration", Type::Duration),
    ("bytes", Type::Bytes),
    ("json", Type::Json),
];

/// The units of a duration, in milliseconds.
pub const DURATION_UNITS: &[(&str, u64)] = &[
    ("ms", 1),
    ("s", 1000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// The units of a size, in bytes.
pub const SIZE_UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

impl Table {
    /// The key of a name.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

const fn key(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        required: false,
        goes_with: &[],
        needs: &[],
        doc,
    }
}

const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key {
        required: true,
        ..key(name, kind, doc)
    }
}

const fn with(goes_with: &'static [&'static str], key: Key) -> Key {
    Key { goes_with, ..key }
}

const fn needing(needs: &'static [&'static str], key: Key) -> Key {
    Key { needs, ..key }
}

/// Lengths and counts: what a JSON reader in any language can hold.
const COUNT: Kind = Kind::Integer {
    min: 0,
    max: u32::MAX as u64,
};
const POSITIVE: Kind = Kind::Integer {
    min: 1,
    max: i32::MAX as u64,
};
/// Shortest age or window that nats-server takes.
const SERVER_MIN_MS: u64 = 100;

/// A contract file.
pub static FILE: Table = Table {
    about: "a contract file",
    heading: "the top of the file",
    keys: &[
        key("doc", Kind::Text, "What the domain is about."),
        key("owner", Kind::Text, "Who answers for the domain."),
        key(
            "events",
            Kind::Named(Form::Declared, &EVENT),
            "The events of the domain.",
        ),
        key(
            "types",
            Kind::Named(Form::Declared, &TYPE),
            "The types of the domain.",
        ),
        key(
            "streams",
            Kind::Named(Form::Nats, &STREAM),
            "JetStream streams. One name space with the services over all files.",
        ),
        key(
            "services",
            Kind::Named(Form::Service, &SERVICE),
            "Services: who publishes and who handles.",
        ),
        key(
            "accepted",
            Kind::Many(&ACCEPTED),
            "Breaks accepted on purpose, for `diff`.",
        ),
    ],
    one_of: &[],
};

/// `[events.Name]`.
pub static EVENT: Table = Table {
    about: "an event",
    heading: "[events.Name]",
    keys: &[
        required(
            "subject",
            Kind::Subject,
            "The NATS subject. `{field}` is a whole token filled from a field, `{partition}` comes from `key`.",
        ),
        key("doc", Kind::Text, "What happened, for people."),
        key(
            "stream",
            Kind::Name(Form::Nats),
            "The stream that stores it (JetStream). Without it: core NATS, at most once.",
        ),
        key(
            "id",
            Kind::Name(Form::Field),
            "The field that makes a re-publish the same event.",
        ),
        key(
            "key",
            Kind::Name(Form::Field),
            "The field whose value keeps events in order. Needs `{partition}` in the subject and `partitions` on the stream.",
        ),
        key(
            "version",
            POSITIVE,
            "A label for people and documents, never on the wire. Default: 1.",
        ),
        key("deprecated", Kind::Text, "What to use instead."),
        key(
            "supersedes",
            Kind::Name(Form::Used),
            "The event that this one replaces.",
        ),
        key(
            "envelope",
            Kind::Choice(Envelope::TEXTS),
            "How metadata travels: the message id alone, or the headers of CloudEvents. Default: \"plain\".",
        ),
        key(
            "fields",
            Kind::Fields,
            "What it carries: each field a type as text, or a table.",
        ),
        key(
            "json_schema",
            Kind::Text,
            "Another team's JSON Schema, a path below the contracts folder. Instead of `fields`.",
        ),
        key(
            "reserved",
            Kind::Texts,
            "Wire names that may never be used again.",
        ),
        key(
            "examples",
            Kind::Payloads,
            "Payloads in wire names, checked against the fields.",
        ),
    ],
    one_of: &["fields", "json_schema"],
};

/// One field as a table.
pub static FIELD: Table = Table {
    about: "a field",
    heading: "{ type = \"…\", … }",
    keys: &[
        required("type", Kind::Type, "The type. A final `?`: may be absent."),
        key("doc", Kind::Text, "For people."),
        key(
            "default",
            Kind::Value,
            "What a reader fills in when the field is absent.",
        ),
        key(
            "alias",
            Kind::Name(Form::Wire),
            "An older wire name still accepted on read.",
        ),
        key(
            "rename",
            Kind::Name(Form::Wire),
            "The wire name, when it is not the camelCase of the field's name.",
        ),
        key("min", Kind::Number, "Smallest number."),
        key("max", Kind::Number, "Largest number."),
        key("min_length", COUNT, "Fewest code points."),
        key("max_length", COUNT, "Most code points."),
        key(
            "pattern",
            Kind::Text,
            "An unanchored regular expression that the text must match.",
        ),
        key(
            "min_items",
            COUNT,
            "Fewest items of a list or entries of a map.",
        ),
        key(
            "max_items",
            COUNT,
            "Most items of a list or entries of a map.",
        ),
        key(
            "encoding",
            Kind::Choice(&["string"]),
            "Sends an i64 or u64 as text: JavaScript loses digits above 2^53 - 1.",
        ),
        key("deprecated", Kind::Text, "What to use instead."),
        key(
            "sensitive",
            Kind::Bool,
            "Never printed: not by Debug, an error, the command line or a dead letter's reason.",
        ),
    ],
    one_of: &[],
};

const SCALAR: &[&str] = &["type"];

/// `[types.Name]`: one of the keys in `one_of` says what it is.
pub static TYPE: Table = Table {
    about: "a type",
    heading: "[types.Name]",
    keys: &[
        key("doc", Kind::Text, "For people."),
        key(
            "reserved",
            Kind::Texts,
            "Wire names or values that may never be used again.",
        ),
        key(
            "fields",
            Kind::Fields,
            "An object: each field a type as text, or a table.",
        ),
        key(
            "enum",
            Kind::Texts,
            "One of these texts. A reader keeps one that it does not know, unless `closed`.",
        ),
        needing(
            &["tag"],
            key(
                "union",
                Kind::Variants,
                "One of some objects: the keys are the tag's values, each names a type with fields.",
            ),
        ),
        with(
            &["union"],
            key(
                "tag",
                Kind::Name(Form::Wire),
                "The wire name of the field that tells the variants apart.",
            ),
        ),
        with(
            &["enum", "union"],
            key(
                "closed",
                Kind::Bool,
                "Whether a reader refuses what it does not know.",
            ),
        ),
        with(
            &["enum", "union"],
            key(
                "names",
                Kind::Idents,
                "What values are called in Rust, by value, where what is made of their text is not good enough.",
            ),
        ),
        key(
            "type",
            Kind::Scalar,
            "A scalar with a name of its own, such as a currency.",
        ),
        with(SCALAR, key("min", Kind::Number, "Smallest number.")),
        with(SCALAR, key("max", Kind::Number, "Largest number.")),
        with(SCALAR, key("min_length", COUNT, "Fewest code points.")),
        with(SCALAR, key("max_length", COUNT, "Most code points.")),
        with(
            SCALAR,
            key(
                "pattern",
                Kind::Text,
                "An unanchored regular expression that the text must match.",
            ),
        ),
        with(
            SCALAR,
            key(
                "encoding",
                Kind::Choice(&["string"]),
                "Sends an i64 or u64 as text: JavaScript loses digits above 2^53 - 1.",
            ),
        ),
        key(
            "json_schema",
            Kind::Text,
            "Another team's JSON Schema, a path below the contracts folder.",
        ),
    ],
    one_of: &["fields", "enum", "union", "type", "json_schema"],
};

/// `[streams.NAME]`.
pub static STREAM: Table = Table {
    about: "a stream",
    heading: "[streams.NAME]",
    keys: &[
        key("doc", Kind::Text, "For people."),
        key(
            "max_age",
            Kind::Duration {
                min_ms: SERVER_MIN_MS,
            },
            "How long a message lives. Default: for ever.",
        ),
        key("max_bytes", Kind::Size, "Total size. Default: no limit."),
        key(
            "max_messages",
            Kind::Integer {
                min: 1,
                max: i64::MAX as u64,
            },
            "Total number of messages. Default: no limit.",
        ),
        key(
            "replicas",
            Kind::Integer { min: 1, max: 5 },
            "Copies over the servers of a cluster. Default: 1.",
        ),
        key(
            "storage",
            Kind::Choice(&["file", "memory"]),
            "Where messages are kept. Default: \"file\".",
        ),
        key(
            "retention",
            Kind::Choice(&["limits", "interest", "workqueue"]),
            "When messages go. Default: \"limits\".",
        ),
        key(
            "duplicate_window",
            Kind::Duration {
                min_ms: SERVER_MIN_MS,
            },
            "How long a message id is remembered. Default: \"2m\", or `max_age` if that is shorter.",
        ),
        key(
            "discard",
            Kind::Choice(&["new", "old"]),
            "What a full stream does: refuse the new message, or drop the oldest. Default: \"new\".",
        ),
        key(
            "partitions",
            Kind::Integer { min: 1, max: 1024 },
            "How many partitions keyed events are spread over.",
        ),
        key(
            "subjects",
            Kind::Patterns,
            "What it stores beside the events that name it, wildcards allowed: subjects of events that are written by hand.",
        ),
    ],
    one_of: &[],
};

/// `[services.name]`.
pub static SERVICE: Table = Table {
    about: "a service",
    heading: "[services.name]",
    keys: &[
        key("doc", Kind::Text, "For people."),
        key(
            "queue_group",
            Kind::Name(Form::Nats),
            "The queue group and the durable consumer's name. Default: the service's name.",
        ),
        key(
            "publishes",
            Kind::Names(Form::Used),
            "The events that it publishes.",
        ),
        key(
            "subscribes",
            Kind::Names(Form::Used),
            "The events that it handles.",
        ),
        key(
            "concurrency",
            Kind::Integer {
                min: 1,
                max: 100_000,
            },
            "Handlers that run at once in one process. Default: 1.",
        ),
        key(
            "max_in_flight",
            Kind::Integer {
                min: 1,
                max: 1_000_000,
            },
            "Deliveries that may be unacknowledged at once, over all replicas. Default: twice the concurrency, at least 16.",
        ),
        key(
            "ack_wait",
            Kind::Duration { min_ms: 1 },
            "How long the server waits for an acknowledgement. Default: \"30s\".",
        ),
        key("retry", Kind::One(&RETRY), "What happens after a failure."),
        key(
            "start",
            Kind::Start,
            "Where a new durable consumer begins: \"all\", \"new\" or a point in time. Default: \"all\".",
        ),
    ],
    one_of: &[],
};

/// `[services.name.retry]`.
pub static RETRY: Table = Table {
    about: "a retry rule",
    heading: "[services.name.retry]",
    keys: &[
        key(
            "max_attempts",
            POSITIVE,
            "Attempts before the dead letter. Default: 5.",
        ),
        key(
            "first_delay",
            Kind::Duration { min_ms: 0 },
            "Wait after the first failure; doubles with each. Default: \"1s\".",
        ),
        key(
            "max_delay",
            Kind::Duration { min_ms: 0 },
            "Longest wait. Default: \"5m\".",
        ),
    ],
    one_of: &[],
};

/// `[[accepted]]`.
pub static ACCEPTED: Table = Table {
    about: "an accepted break",
    heading: "[[accepted]]",
    keys: &[
        required("rule", Kind::Text, "The rule's id, as `diff` prints it."),
        required(
            "path",
            Kind::Text,
            "What it is about, such as `events.E.fields.a`.",
        ),
        required("reason", Kind::Text, "Why."),
        required("until", Kind::Date, "The last day on which it is accepted."),
    ],
    one_of: &[],
};
