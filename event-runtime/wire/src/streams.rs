//! Streams, durable consumers and services of the contracts as constant data, which generated code writes and event-runtime reads.
//!
//! No behaviour beyond names.

use core::time::Duration;

use chrono::{DateTime, Utc};

/// Name of the stream of dead letters and redrives.
pub const DEAD_LETTERS: &str = "DEAD_LETTERS";

/// Streams and durable consumers of the contracts.
///
/// Generated code has them as a constant; a tool that reads a folder of contracts borrows them from its model.
#[derive(Clone, Copy, Debug)]
pub struct Streams<'a> {
    /// Streams.
    pub streams: &'a [StreamDef<'a>],
    /// Durable consumers of the services.
    pub consumers: &'a [ConsumerDef<'a>],
}

/// Definition of a stream.
#[derive(Clone, Copy, Debug)]
pub struct StreamDef<'a> {
    /// Name.
    pub name: &'a str,
    /// Subjects of its events, with `*` for each placeholder. `{partition}` stands for each partition.
    pub subjects: &'a [&'a str],
    /// Maximum age of an event; `None`: unlimited.
    pub max_age: Option<Duration>,
    /// Maximum size in bytes; `None`: unlimited.
    pub max_bytes: Option<u64>,
    /// Maximum number of events; `None`: unlimited.
    pub max_messages: Option<u64>,
    /// Number of replicas.
    pub replicas: u8,
    /// Storage: on disk or in memory.
    pub storage: Storage,
    /// Retention policy.
    pub retention: Retention,
    /// Duplicate window: the time within which a message id is deduplicated.
    pub duplicate_window: Duration,
    /// Discard policy of a full stream.
    pub discard: Discard,
    /// Number of partitions of its keyed events.
    pub partitions: Option<u32>,
}

/// Definition of a durable consumer.
#[derive(Clone, Copy, Debug)]
pub struct ConsumerDef<'a> {
    /// Service that it belongs to.
    pub service: &'a str,
    /// Stream that it reads.
    pub stream: &'a str,
    /// Name: `<queue group>`, or `<queue group>-p<N>` for a partition.
    pub durable: &'a str,
    /// Wildcard filters of its subjects, with `*` for each placeholder.
    pub filters: &'a [&'a str],
    /// Time that the server waits for an acknowledgement before it redelivers.
    pub ack_wait: Duration,
    /// Longest delay of a retry.
    pub max_delay: Duration,
    /// Maximum number of unacknowledged deliveries, over all replicas of the service.
    pub max_in_flight: u32,
    /// Position in the stream at which it starts when it is created.
    pub start: Start,
}

/// Storage of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// On disk.
    File,
    /// In memory: lost when the server stops.
    Memory,
}

/// Retention policy of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// Keeps events up to the stream's limits.
    Limits,
    /// Removes an event once every durable has acknowledged it. An event without a durable is not stored at all.
    Interest,
    /// Removes an event once its one durable has acknowledged it.
    WorkQueue,
}

/// Discard policy of a full stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discard {
    /// Rejects new events.
    New,
    /// Discards its oldest events.
    Old,
}

/// Position in a stream at which to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The oldest event that is still stored.
    All,
    /// The next event.
    New,
    /// The event with this sequence of the stream.
    Sequence(u64),
    /// The first event stored at or after this time: RFC 3339, as in contracts.
    At(&'static str),
    /// The first event stored at or after this time, in milliseconds since 1970-01-01T00:00:00Z.
    AtUnixMillis(i64),
}

impl Start {
    /// Returns the position of the first event stored at or after `time`.
    #[must_use]
    pub fn at(time: DateTime<Utc>) -> Self {
        Self::AtUnixMillis(time.timestamp_millis())
    }
}

/// Settings of a service that listens. Generated code builds them at compile time.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Service {
    /// Name.
    pub name: &'static str,
    /// Queue group, whose members share the events.
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
    /// True if quick handlers run inline, in the task that receives their events.
    pub inline: bool,
}

impl Service {
    /// Creates a service with the defaults of the contract language; its queue group is its name.
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
            inline: true,
        }
    }

    /// Sets the queue group, whose members share the events.
    #[must_use]
    pub const fn queue_group(mut self, queue_group: &'static str) -> Self {
        self.queue_group = queue_group;
        self
    }

    /// Sets the maximum number of handlers that run at once in one process.
    #[must_use]
    pub const fn concurrency(mut self, concurrency: u32) -> Self {
        self.concurrency = if concurrency == 0 { 1 } else { concurrency };
        self
    }

    /// Sets the maximum number of unacknowledged deliveries, over all replicas.
    #[must_use]
    pub const fn max_in_flight(mut self, max_in_flight: u32) -> Self {
        self.max_in_flight = if max_in_flight == 0 { 1 } else { max_in_flight };
        self
    }

    /// Sets the time that the server waits for an acknowledgement before it redelivers.
    #[must_use]
    pub const fn ack_wait(mut self, ack_wait: Duration) -> Self {
        self.ack_wait = ack_wait;
        self
    }

    /// Sets the maximum number of attempts and the backoff between them: the first delay, doubled each time up to the longest.
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

    /// Sets the position in the stream at which its durables start when they are created.
    #[must_use]
    pub const fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Switches inline execution on or off. On by default.
    ///
    /// With inline execution, handlers that have proved to be quick are polled once in the task that receives their events, which saves
    /// a task per delivery. Without it, each delivery has a task of its own: for handlers that sometimes block or compute for long.
    #[must_use]
    pub const fn inline(mut self, inline: bool) -> Self {
        self.inline = inline;
        self
    }

    /// Returns the name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// Maximum number of subjects of a stream; beyond it a wildcard stands for the partition. A server compares each subject with each,
/// which takes a second for so many.
const MOST_SUBJECTS: usize = 4_096;

impl StreamDef<'_> {
    /// Returns its subjects on a server. A subject with a partition becomes one for each partition, so that the server rejects an event
    /// in one that nobody reads.
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

/// Returns the name of the durable of [`DEAD_LETTERS`] that delivers a service's redrives.
#[must_use]
pub fn redrive_durable(service: &str) -> String {
    format!("redrive-{service}")
}

/// Returns the filter of a service's redrive durable.
#[must_use]
pub fn redrive_filter(service: &str) -> String {
    format!("redrive.{service}.>")
}

/// Token of the partition in a template.
const PARTITION: &str = "{partition}";

/// Returns a subject template as a wildcard filter: `*` for each placeholder, and the partition if it is given.
#[must_use]
pub fn pattern_of(template: &str, partition: Option<u32>) -> String {
    let token = |token: &str| match (token, partition) {
        (PARTITION, Some(partition)) => partition.to_string(),
        (token, _) if token.starts_with('{') && token.ends_with('}') => "*".to_owned(),
        (token, _) => token.to_owned(),
    };
    template.split('.').map(token).collect::<Vec<_>>().join(".")
}

/// Checks if `wide` matches every subject that `narrow` matches. A subject without wildcards is a filter too.
#[must_use]
#[inline]
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
