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
        key("doc", Kind::Text, "Documentation of the domain."),
        key(
            "owner",
            Kind::Text,
            "Owner of the domain: a team or a person.",
        ),
        key(
            "events",
            Kind::Named(Form::Declared, &EVENT),
            "Events of the domain.",
        ),
        key(
            "types",
            Kind::Named(Form::Declared, &TYPE),
            "Types of the domain.",
        ),
        key(
            "streams",
            Kind::Named(Form::Nats, &STREAM),
            "JetStream streams. Names are unique over all files, streams and services together.",
        ),
        key(
            "services",
            Kind::Named(Form::Service, &SERVICE),
            "Services, with the events that they publish and handle.",
        ),
        key(
            "accepted",
            Kind::Many(&ACCEPTED),
            "Breaking changes that are accepted on purpose, for `diff`.",
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
            "NATS subject. The placeholder `{field}` is a whole token with the value of a field; `{partition}` is derived from `key`.",
        ),
        key("doc", Kind::Text, "Documentation."),
        key(
            "stream",
            Kind::Name(Form::Nats),
            "JetStream stream that stores the event. Without it: core NATS, at most once.",
        ),
        key(
            "id",
            Kind::Name(Form::Field),
            "Field that identifies the event: publishing it again is a duplicate.",
        ),
        key(
            "key",
            Kind::Name(Form::Field),
            "Ordering key: events with the same value of this field are handled in order. Needs `{partition}` in the subject and `partitions` on the stream.",
        ),
        key(
            "version",
            POSITIVE,
            "Version label for documentation, never on the wire. Default: 1.",
        ),
        key(
            "deprecated",
            Kind::Text,
            "Marks it as deprecated, with what to use instead.",
        ),
        key(
            "supersedes",
            Kind::Name(Form::Used),
            "Older event that this one replaces.",
        ),
        key(
            "envelope",
            Kind::Choice(Envelope::TEXTS),
            "Metadata on the wire: the message id alone, or CloudEvents headers. Default: \"plain\".",
        ),
        key(
            "fields",
            Kind::Fields,
            "Fields of the payload: each a type as text, or a table.",
        ),
        key(
            "json_schema",
            Kind::Text,
            "Imported JSON Schema, a path below the contracts folder. Instead of `fields`.",
        ),
        key(
            "reserved",
            Kind::Texts,
            "Wire names of removed fields, which may not be used again.",
        ),
        key(
            "examples",
            Kind::Payloads,
            "Example payloads in wire names, validated against the fields.",
        ),
    ],
    one_of: &["fields", "json_schema"],
};

/// One field as a table.
pub static FIELD: Table = Table {
    about: "a field",
    heading: "{ type = \"…\", … }",
    keys: &[
        required(
            "type",
            Kind::Type,
            "Type. A final `?` makes the field optional.",
        ),
        key("doc", Kind::Text, "Documentation."),
        key(
            "default",
            Kind::Value,
            "Value that readers fill in if the field is absent.",
        ),
        key(
            "alias",
            Kind::Name(Form::Wire),
            "Older wire name that readers still accept.",
        ),
        key(
            "rename",
            Kind::Name(Form::Wire),
            "Wire name, if it is not the camelCase of the field's name.",
        ),
        key("min", Kind::Number, "Minimum, inclusive."),
        key("max", Kind::Number, "Maximum, inclusive."),
        key("min_length", COUNT, "Minimum number of code points."),
        key("max_length", COUNT, "Maximum number of code points."),
        key(
            "pattern",
            Kind::Text,
            "Regular expression that the text must match, unanchored.",
        ),
        key(
            "min_items",
            COUNT,
            "Minimum number of items of a list or entries of a map.",
        ),
        key(
            "max_items",
            COUNT,
            "Maximum number of items of a list or entries of a map.",
        ),
        key(
            "encoding",
            Kind::Choice(&["string"]),
            "Encodes an i64 or u64 as text: JavaScript loses precision above 2^53 - 1.",
        ),
        key(
            "deprecated",
            Kind::Text,
            "Marks it as deprecated, with what to use instead.",
        ),
        key(
            "sensitive",
            Kind::Bool,
            "Masks the value in Debug, errors, the command line and the reason of a dead letter.",
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
        key("doc", Kind::Text, "Documentation."),
        key(
            "reserved",
            Kind::Texts,
            "Wire names or values that were removed and may not be used again.",
        ),
        key(
            "fields",
            Kind::Fields,
            "Object: each field a type as text, or a table.",
        ),
        key(
            "enum",
            Kind::Texts,
            "Enum of texts. Readers keep a value that they do not know, unless `closed`.",
        ),
        needing(
            &["tag"],
            key(
                "union",
                Kind::Variants,
                "Tagged union of objects: each key is a value of the tag and names a type with fields.",
            ),
        ),
        with(
            &["union"],
            key(
                "tag",
                Kind::Name(Form::Wire),
                "Wire name of the field that selects the variant.",
            ),
        ),
        with(
            &["enum", "union"],
            key(
                "closed",
                Kind::Bool,
                "Makes readers reject unknown values or variants. Default: false.",
            ),
        ),
        with(
            &["enum", "union"],
            key(
                "names",
                Kind::Idents,
                "Names of variants in Rust by value, where the derived name does not fit.",
            ),
        ),
        key("type", Kind::Scalar, "Named scalar, such as a currency."),
        with(SCALAR, key("min", Kind::Number, "Minimum, inclusive.")),
        with(SCALAR, key("max", Kind::Number, "Maximum, inclusive.")),
        with(
            SCALAR,
            key("min_length", COUNT, "Minimum number of code points."),
        ),
        with(
            SCALAR,
            key("max_length", COUNT, "Maximum number of code points."),
        ),
        with(
            SCALAR,
            key(
                "pattern",
                Kind::Text,
                "Regular expression that the text must match, unanchored.",
            ),
        ),
        with(
            SCALAR,
            key(
                "encoding",
                Kind::Choice(&["string"]),
                "Encodes an i64 or u64 as text: JavaScript loses precision above 2^53 - 1.",
            ),
        ),
        key(
            "json_schema",
            Kind::Text,
            "Imported JSON Schema, a path below the contracts folder.",
        ),
    ],
    one_of: &["fields", "enum", "union", "type", "json_schema"],
};

/// `[streams.NAME]`.
pub static STREAM: Table = Table {
    about: "a stream",
    heading: "[streams.NAME]",
    keys: &[
        key("doc", Kind::Text, "Documentation."),
        key(
            "max_age",
            Kind::Duration {
                min_ms: SERVER_MIN_MS,
            },
            "Maximum age of a message. Default: unlimited.",
        ),
        key(
            "max_bytes",
            Kind::Size,
            "Maximum total size. Default: unlimited.",
        ),
        key(
            "max_messages",
            Kind::Integer {
                min: 1,
                max: i64::MAX as u64,
            },
            "Maximum number of messages. Default: unlimited.",
        ),
        key(
            "replicas",
            Kind::Integer { min: 1, max: 5 },
            "Number of replicas in a cluster. Default: 1.",
        ),
        key(
            "storage",
            Kind::Choice(&["file", "memory"]),
            "Storage of messages. Default: \"file\".",
        ),
        key(
            "retention",
            Kind::Choice(&["limits", "interest", "workqueue"]),
            "Retention policy. Default: \"limits\".",
        ),
        key(
            "duplicate_window",
            Kind::Duration {
                min_ms: SERVER_MIN_MS,
            },
            "Window in which the server deduplicates by message id. Default: \"2m\", or `max_age` if that is shorter.",
        ),
        key(
            "discard",
            Kind::Choice(&["new", "old"]),
            "Discard policy of a full stream: reject the new message, or delete the oldest. Default: \"new\".",
        ),
        key(
            "partitions",
            Kind::Integer { min: 1, max: 1024 },
            "Number of partitions for events with a `key`.",
        ),
        key(
            "subjects",
            Kind::Patterns,
            "Additional subjects, wildcards allowed: those of hand-written events.",
        ),
    ],
    one_of: &[],
};

/// `[services.name]`.
pub static SERVICE: Table = Table {
    about: "a service",
    heading: "[services.name]",
    keys: &[
        key("doc", Kind::Text, "Documentation."),
        key(
            "queue_group",
            Kind::Name(Form::Nats),
            "Name of the queue group and the durable consumer. Default: the service's name.",
        ),
        key(
            "publishes",
            Kind::Names(Form::Used),
            "Events that the service publishes.",
        ),
        key(
            "subscribes",
            Kind::Names(Form::Used),
            "Events that the service handles.",
        ),
        key(
            "concurrency",
            Kind::Integer {
                min: 1,
                max: 100_000,
            },
            "Maximum number of handlers that run concurrently in one process. Default: 1.",
        ),
        key(
            "max_in_flight",
            Kind::Integer {
                min: 1,
                max: 1_000_000,
            },
            "Maximum number of unacknowledged deliveries over all replicas. Default: twice the concurrency, at least 16.",
        ),
        key(
            "ack_wait",
            Kind::Duration { min_ms: 1 },
            "Time until the server redelivers an event that is not acknowledged. Default: \"30s\".",
        ),
        key("retry", Kind::One(&RETRY), "Retries of a failed handler."),
        key(
            "start",
            Kind::Start,
            "Start position of a new durable consumer: \"all\", \"new\" or a timestamp. Default: \"all\".",
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
            "Attempts before the event is dead-lettered. Default: 5.",
        ),
        key(
            "first_delay",
            Kind::Duration { min_ms: 0 },
            "Delay after the first failure; doubles with each attempt. Default: \"1s\".",
        ),
        key(
            "max_delay",
            Kind::Duration { min_ms: 0 },
            "Maximum delay. Default: \"5m\".",
        ),
    ],
    one_of: &[],
};

/// `[[accepted]]`.
pub static ACCEPTED: Table = Table {
    about: "an accepted break",
    heading: "[[accepted]]",
    keys: &[
        required("rule", Kind::Text, "Rule, as `diff` prints it."),
        required(
            "path",
            Kind::Text,
            "Path of the change, such as `events.E.fields.a`.",
        ),
        required("reason", Kind::Text, "Reason."),
        required(
            "until",
            Kind::Date,
            "Last day on which the change is accepted.",
        ),
    ],
    one_of: &[],
};
