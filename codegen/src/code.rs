//! The stable codes of everything that can be said about a contract. Their texts are an interface: never rename one.

/// How much a diagnostic matters. Only errors change an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The contract cannot be used.
    Error,
    /// The contract can be used, and somebody should look.
    Warning,
}

macro_rules! codes {
    ($( $variant:ident = $text:literal, $severity:ident, $summary:literal; )*) => {
        /// A stable code. `event-contracts explain CODE` shows its page.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $( #[doc = $summary] $variant, )* }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The code as people and scripts see it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }

            /// Returns whether it is an error or a warning.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Code::$variant => Severity::$severity,)* }
            }

            /// The meaning in one sentence.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $(Code::$variant => $summary,)* }
            }

            /// Its `explain` page (Markdown): why the rule is there, a contract that breaks it, one that does not.
            #[must_use]
            pub fn page(self) -> &'static str {
                match self { $(Code::$variant => include_str!(concat!("../explain/", $text, ".md")),)* }
            }
        }
    };
}

codes! {
    NoContracts = "no-contracts", Error, "The contracts folder is missing, cannot be read, or has no TOML file.";
    UnreadableFile = "unreadable-file", Error, "A file of the contracts folder cannot be read as UTF-8 text.";
    TomlSyntax = "toml-syntax", Error, "A file is not valid TOML.";
    UnknownKey = "unknown-key", Error, "A table has a key that the contract language does not know.";
    MissingKey = "missing-key", Error, "A table lacks a key that it must have.";
    WrongValue = "wrong-value", Error, "A key has a value of the wrong kind.";
    Unsupported = "unsupported", Error, "A contract needs a part that this build leaves out, or `#[derive(Event)]` stands on what cannot be an event.";
    BadName = "bad-name", Error, "A name does not have the form that its kind of thing must have.";
    DuplicateName = "duplicate-name", Error, "Two things have one name in one name space.";
    NameCollision = "name-collision", Error, "Two names become the same name in Rust or on the wire.";
    ReservedName = "reserved-name", Error, "A name that the product itself uses.";
    ReservedField = "reserved-field", Error, "A field uses a wire name that `reserved` forbids.";
    BadSubject = "bad-subject", Error, "A subject that NATS rejects, or that is no literal subject.";
    ReservedSubject = "reserved-subject", Error, "A subject below a root that NATS or the product uses.";
    PlaceholderSyntax = "placeholder-syntax", Error, "A placeholder is not closed, is empty, or is not a whole token.";
    PlaceholderField = "placeholder-field", Error, "A placeholder names no field, or a field that cannot be a subject token.";
    SubjectOverlap = "subject-overlap", Error, "Subjects of two events, or of an event and a stream, can match the same message.";
    EphemeralUnderStream = "ephemeral-under-stream", Error, "An ephemeral event's subject falls under a stream's subjects.";
    UnknownStream = "unknown-stream", Error, "A name of a stream that is not declared.";
    UnknownEvent = "unknown-event", Error, "A name of an event that is not declared.";
    UnknownType = "unknown-type", Error, "A name of a type that is not declared.";
    UnknownField = "unknown-field", Error, "A name of a field that the event does not have.";
    BadType = "bad-type", Error, "A type expression that does not parse.";
    BadId = "bad-id", Error, "The field that `id` names cannot be an id.";
    BadKey = "bad-key", Error, "`key`, `{partition}` and `partitions` do not fit together, or the field cannot be a key.";
    BadDuration = "bad-duration", Error, "A duration that is not an integer and one of ms, s, m, h, d.";
    BadSize = "bad-size", Error, "A size that is not an integer and one of B, KiB, MiB, GiB.";
    BadTimestamp = "bad-timestamp", Error, "A point in time that is not RFC 3339.";
    BadNumber = "bad-number", Error, "A number outside the range that its key allows.";
    WindowOverAge = "window-over-age", Error, "A stream's duplicate window is longer than its messages live.";
    BadBounds = "bad-bounds", Error, "A lower bound above its upper bound.";
    MisplacedConstraint = "misplaced-constraint", Error, "A constraint on a type that has no such thing.";
    WideInteger = "wide-integer", Error, "An i64 or u64 that JavaScript could not read exactly.";
    BadDefault = "bad-default", Error, "A default that its own field refuses, or on an optional field.";
    BadExample = "bad-example", Error, "An example payload that its own event refuses.";
    BadPattern = "bad-pattern", Error, "A pattern that does not parse, or that Rust and JavaScript read differently.";
    EmptyEnum = "empty-enum", Error, "An enum or a union without values.";
    DuplicateValue = "duplicate-value", Error, "A value stands twice in a list that must not repeat.";
    BadVariant = "bad-variant", Error, "A union's variant is no type with fields, or is used elsewhere too.";
    TagField = "tag-field", Error, "A union's variant has a field named like the union's tag.";
    InfiniteType = "infinite-type", Error, "A type that contains itself with no list, map or optional in between.";
    QueueGroupShared = "queue-group-shared", Error, "Two services with one queue group would share each other's messages.";
    WorkqueueShared = "workqueue-shared", Error, "A work-queue stream cannot serve these consumers.";
    BadSupersedes = "bad-supersedes", Error, "`supersedes` in a circle, twice for one event, or between a stored and an ephemeral one.";
    IdleService = "idle-service", Error, "A service that neither publishes nor subscribes.";
    SchemaFile = "schema-file", Error, "A JSON Schema file that is missing, outside the folder, not JSON, or refers to the network.";
    SchemaUnsupported = "schema-unsupported", Error, "A JSON Schema that has no Rust type, or contradicts itself.";
    SchemaUnchecked = "schema-unchecked", Warning, "A JSON Schema demands what the generated types do not check.";
    UnpublishedEvent = "unpublished-event", Warning, "An event that somebody subscribes to and nobody publishes.";
    UnusedStream = "unused-stream", Warning, "A stream without subjects, its own or an event's; it is not created.";
    ManySubjects = "many-subjects", Warning, "A service with more than 100 subjects on one durable consumer.";
    InterestRetention = "interest-retention", Warning, "Interest retention drops what no durable consumer waits for.";
    DeprecatedEvent = "deprecated-event", Warning, "A service uses a deprecated event.";
}

impl Code {
    /// The code with this text.
    #[must_use]
    pub fn find(text: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
