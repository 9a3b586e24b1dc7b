//! The streams, durables and services of the contracts as constant data: what generated code says and the runtime reads.
//!
//! No behaviour beyond names; what a server makes of them is in `operate`, what is done with them in `ensure` and `listener`.

use core::time::Duration;

use chrono::{DateTime, Utc};

/// The stream of dead letters and redrives.
pub const DEAD_LETTERS: &str = "DEAD_LETTERS";

/// The streams and durable consumers of the contracts. Generated code has them as a constant; a tool that reads a folder
/// of contracts borrows them from what it has read.
#[derive(Clone, Copy, Debug)]
pub struct Streams<'a> {
    /// The streams.
    pub streams: &'a [StreamDef<'a>],
    /// The durable consumers of the services.
    pub consumers: &'a [ConsumerDef<'a>],
}

/// One stream.
#[derive(Clone, Copy, Debug)]
pub struct StreamDef<'a> {
    /// Its name.
    pub name: &'a str,
    /// The subjects of the events that name it, `*` for each placeholder; `{partition}` stays, and is every partition that
    /// there is.
    pub subjects: &'a [&'a str],
    /// How long an event is kept; `None`: for ever.
    pub max_age: Option<Duration>,
    /// How many bytes it may hold; `None`: any.
    pub max_bytes: Option<u64>,
    /// How many events it may hold; `None`: any.
    pub max_messages: Option<u64>,
    /// On how many servers.
    pub replicas: u8,
    /// On disk or in memory.
    pub storage: Storage,
    /// When an event may go before its age.
    pub retention: Retention,
    /// How long an id is remembered.
    pub duplicate_window: Duration,
    /// What goes when it is full.
    pub discard: Discard,
    /// How many partitions its keyed events have.
    pub partitions: Option<u32>,
}

/// One durable consumer.
#[derive(Clone, Copy, Debug)]
pub struct ConsumerDef<'a> {
    /// The service that it belongs to.
    pub service: &'a str,
    /// The stream.
    pub stream: &'a str,
    /// Its name: `<queue group>`, or `<queue group>-p<N>` for a partition.
    pub durable: &'a str,
    /// The subjects that it delivers, `*` for each placeholder.
    pub filters: &'a [&'a str],
    /// How long the server waits for an acknowledgement before it delivers again.
    pub ack_wait: Duration,
    /// The longest delay of a retry.
    pub max_delay: Duration,
    /// How many deliveries may be unacknowledged, over all replicas of the service.
    pub max_in_flight: u32,
    /// Where it starts when it is created.
    pub start: Start,
}

/// Where a stream keeps its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// On disk.
    File,
    /// In memory: gone when the server stops.
    Memory,
}

/// When a stream may drop an event before its limits say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// Never.
    Limits,
    /// Once every durable has handled it. What no durable wants is not kept at all.
    Interest,
    /// Once the one durable has handled it.
    WorkQueue,
}

/// What a full stream does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discard {
    /// Refuses new events.
    New,
    /// Drops its oldest.
    Old,
}

/// Where in a stream to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the oldest event that is still there.
    All,
    /// With the next event.
    New,
    /// With this sequence of the stream.
    Sequence(u64),
    /// With the first event stored at or after this time: RFC 3339, as contracts write it.
    At(&'static str),
    /// With the first event stored at or after this time, in milliseconds since 1970-01-01T00:00:00Z.
    AtUnixMillis(i64),
}

impl Start {
    /// With the first event stored at or after `time`.
    #[must_use]
    pub fn at(time: DateTime<Utc>) -> Self {
        Self::AtUnixMillis(time.timestamp_millis())
    }
}

/// A service: how it listens. Built at compile time by generated code.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Service {
    /// Its name.
    pub name: &'static str,
    /// The group whose members share the events.
    pub queue_group: &'static str,
    /// Maximum number of handlers that run at once in one process.
    pub concurrency: u32,
    /// Maximum number of unacknowledged deliveries, over all replicas.
    pub max_in_flight: u32,
    /// Time that the server waits for an acknowledgement before it redelivers.
    pub ack_wait: Duration,
    /// Maximum number of attempts of a delivery.
    pub max_attempts: u32,
    /// Delay before the first retry; doubled for each further one.
    pub first_delay: Duration,
    /// Longest delay between two attempts.
    pub max_delay: Duration,
    /// Position in the stream at which new durables start.
    pub start: Start,
}

impl Service {
    /// A service with the defaults of the contract language; its queue group is its name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            queue_group: name,
            concurrency: 1,
            max_in_flight: 16,
            ack_wait: Duration::from_secs(30),
            max_attempts: 5,
            first_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(300),
            start: Start::All,
        }
    }

    /// The group whose members share the events.
    #[must_use]
    pub const fn queue_group(mut self, queue_group: &'static str) -> Self {
        self.queue_group = queue_group;
        self
    }

    /// How many handlers run at once in one process.
    #[must_use]
    pub const fn concurrency(mut self, concurrency: u32) -> Self {
        self.concurrency = if concurrency == 0 { 1 } else { concurrency };
        self
    }

    /// How many deliveries may be unacknowledged, over all replicas.
    #[must_use]
    pub const fn max_in_flight(mut self, max_in_flight: u32) -> Self {
        self.max_in_flight = if max_in_flight == 0 { 1 } else { max_in_flight };
        self
    }

    /// How long the server waits for an acknowledgement before it delivers again.
    #[must_use]
    pub const fn ack_wait(mut self, ack_wait: Duration) -> Self {
        self.ack_wait = ack_wait;
        self
    }

    /// How often a delivery is tried, and how long between two attempts: the first delay, doubled each time up to the
    /// longest.
    #[must_use]
    pub const fn retry(
        mut self,
        max_attempts: u32,
        first_delay: Duration,
        max_delay: Duration,
    ) -> Self {
        self.max_attempts = if max_attempts == 0 { 1 } else { max_attempts };
        self.first_delay = first_delay;
        self.max_delay = max_delay;
        self
    }

    /// Where its durables start when they are created.
    #[must_use]
    pub const fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// How many subjects a stream takes at most before it takes any partition: a server compares each with each, which is a
/// second's work for so many.
const MOST_SUBJECTS: usize = 4_096;

impl StreamDef<'_> {
    /// What it takes on a server. A subject with a partition is one for each that there is, so that the server refuses an
    /// event in one that nobody reads.
    #[must_use]
    pub fn taken(&self) -> Vec<String> {
        let partitions = self.partitions.unwrap_or(0);
        let keyed = |subject: &&&str| subject.split('.').any(|token| token == PARTITION);
        let many = self.subjects.iter().filter(keyed).count();
        let whole = many.saturating_mul(partitions as usize) + self.subjects.len() - many;
        let any = partitions == 0 || whole > MOST_SUBJECTS;
        self.subjects
            .iter()
            .flat_map(|subject| {
                let each = match keyed(&subject) {
                    true if !any => 0..partitions,
                    _ => 0..1,
                };
                each.map(move |partition| pattern_of(subject, (!any).then_some(partition)))
            })
            .collect()
    }
}

/// The durable of [`DEAD_LETTERS`] through which a service gets its redrives.
#[must_use]
pub fn redrive_durable(service: &str) -> String {
    format!("redrive-{service}")
}

/// What a service's redrive durable delivers.
#[must_use]
pub fn redrive_filter(service: &str) -> String {
    format!("redrive.{service}.>")
}

/// The partition's token in a template.
const PARTITION: &str = "{partition}";

/// A subject template as a pattern: `*` for each placeholder, and the partition where it is given.
#[must_use]
pub fn pattern_of(template: &str, partition: Option<u32>) -> String {
    let token = |token: &str| match (token, partition) {
        (PARTITION, Some(partition)) => partition.to_string(),
        (token, _) if token.starts_with('{') && token.ends_with('}') => "*".to_owned(),
        (token, _) => token.to_owned(),
    };
    template.split('.').map(token).collect::<Vec<_>>().join(".")
}

/// Whether every subject that `narrow` matches is matched by `wide` too. A subject without wildcards is a pattern too.
#[must_use]
pub fn covers(wide: &str, narrow: &str) -> bool {
    // Bytes: every delivery comes by here, and a search for characters costs several times as much.
    let is_dot = |b: &u8| *b == b'.';
    let (mut wide, mut narrow) = (
        wide.as_bytes().split(is_dot),
        narrow.as_bytes().split(is_dot),
    );
    loop {
        match (wide.next(), narrow.next()) {
            (Some(b">"), Some(_)) | (None, None) => return true,
            (Some(b"*"), Some(token)) if token != b">" => {}
            (Some(a), Some(b)) if a == b && b != b"*" => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert_eq!(
            pattern_of("user.{partition}.{user_id}.moved", None),
            "user.*.*.moved"
        );
        assert_eq!(
            pattern_of("user.{partition}.{user_id}.moved", Some(3)),
            "user.3.*.moved"
        );
        assert_eq!(
            pattern_of("userschedule:created", Some(3)),
            "userschedule:created"
        );
    }

    #[test]
    fn a_stream_takes_the_partitions_that_there_are() {
        let taken = |subjects: &[&str], partitions| {
            let stream = StreamDef {
                name: "A",
                subjects,
                max_age: None,
                max_bytes: None,
                max_messages: None,
                replicas: 1,
                storage: Storage::File,
                retention: Retention::Limits,
                duplicate_window: Duration::from_secs(120),
                discard: Discard::New,
                partitions,
            };
            stream.taken()
        };
        let keyed = ["a.placed", "a.{partition}.*.moved"];
        assert_eq!(
            taken(&keyed, Some(2)),
            ["a.placed", "a.0.*.moved", "a.1.*.moved"]
        );
        // Hand-written definitions, and more than a server compares in time.
        assert_eq!(taken(&["a.*.moved"], Some(2)), ["a.*.moved"]);
        assert_eq!(taken(&keyed, None), ["a.placed", "a.*.*.moved"]);
        assert_eq!(taken(&keyed[1..], Some(4_096)).len(), 4_096);
        assert_eq!(taken(&keyed, Some(4_096)), ["a.placed", "a.*.*.moved"]);
    }

    #[test]
    fn covering() {
        for (wide, narrow) in [
            ("a.>", "a.b.c"),
            ("a.*", "a.b"),
            ("a.*", "a.*"),
            ("a.b", "a.b"),
            ("a.>", "a.>"),
            ("a.>", "a.*"),
            (">", "a"),
        ] {
            assert!(covers(wide, narrow), "{wide} {narrow}");
        }
        for (wide, narrow) in [
            ("a.b", "a.*"),
            ("a.*", "a.>"),
            ("a.>", "a"),
            ("a.*", "a.b.c"),
            ("a.b.c", "a.b"),
            ("b", "a"),
        ] {
            assert!(!covers(wide, narrow), "{wide} {narrow}");
        }
    }
}
