//! What is varied to see how cost grows: a parcel of any size, a thousand types of event, and the streams that hold them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use event_runtime::{ConsumerDef, Discard, Event, Retention, Start, Storage, StreamDef, Streams};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// An event of any size.
#[derive(Clone, Debug, Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(
    name = "growth.Parcel",
    subject = "growth.parcel",
    stream = "GROWTH",
    id = "parcel_id"
)]
pub struct Parcel {
    /// Names it.
    pub parcel_id: String,
    /// Makes it as big as it is to be.
    pub body: String,
}

impl Parcel {
    /// What a parcel is beside its body: names, quotes, id.
    const AROUND: usize = 50;

    /// One of some `bytes` of JSON.
    #[must_use]
    pub fn of(bytes: usize) -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        Self {
            parcel_id: format!("{:08x}-{number:016}", std::process::id()),
            body: "x".repeat(bytes.saturating_sub(Self::AROUND)),
        }
    }
}

/// An event that nobody stores, on a subject of its recipient.
#[derive(Clone, Debug, Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(name = "growth.Call", subject = "growth.call.{recipient}")]
pub struct Call {
    /// Whom it is for.
    pub recipient: u32,
    /// What is said.
    pub text: String,
}

impl Call {
    /// The subject of a recipient's.
    #[must_use]
    pub fn subject_of(recipient: usize) -> String {
        format!("growth.call.{recipient}")
    }

    /// One of some hundred bytes.
    #[must_use]
    pub fn to(recipient: usize) -> Self {
        Self {
            recipient: u32::try_from(recipient).unwrap_or(u32::MAX),
            text: "Are you there? Please call back as soon as you can.".to_owned(),
        }
    }
}

/// The subjects of everything that is stored here.
pub const SUBJECTS: &[&str] = &["growth.parcel", "growth.many.*"];

/// The stream, and the durable of a service `growth` that gets `filters`.
#[must_use]
pub fn consumer<'a>(filters: &'a [&'a str]) -> ConsumerDef<'a> {
    ConsumerDef {
        service: "growth",
        stream: "GROWTH",
        durable: "growth",
        filters,
        ack_wait: Duration::from_secs(30),
        max_delay: Duration::from_secs(60),
        max_in_flight: 1_000,
        start: Start::All,
    }
}

/// What is on the server.
#[must_use]
pub fn streams<'a>(consumers: &'a [ConsumerDef<'a>]) -> Streams<'a> {
    const STREAMS: &[StreamDef<'static>] = &[StreamDef {
        name: "GROWTH",
        subjects: SUBJECTS,
        max_age: None,
        max_bytes: None,
        max_messages: None,
        replicas: 1,
        storage: Storage::File,
        retention: Retention::Limits,
        duplicate_window: Duration::from_secs(120),
        discard: Discard::New,
        partitions: None,
    }];
    Streams {
        streams: STREAMS,
        consumers,
    }
}

/// Counts events, and takes the time from the first to the last.
#[derive(Debug)]
pub struct Counter {
    wanted: u64,
    seen: AtomicU64,
    began: OnceLock<Instant>,
    took: OnceLock<Duration>,
    done: Notify,
}

impl Counter {
    /// Of so many events.
    #[must_use]
    pub fn new(wanted: u64) -> Self {
        Self {
            wanted,
            seen: AtomicU64::new(0),
            began: OnceLock::new(),
            took: OnceLock::new(),
            done: Notify::new(),
        }
    }

    /// One of them is here.
    pub fn count<E>(&self, event: E) {
        let began = *self.began.get_or_init(Instant::now);
        std::hint::black_box(event);
        if self.seen.fetch_add(1, Ordering::Relaxed) + 1 == self.wanted {
            let _ = self.took.set(began.elapsed());
            self.done.notify_one();
        }
    }

    /// How many are here.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    /// Waits until no more than a thousand of `sent` are on their way: a subscriber drops what it has no place for.
    pub async fn catch_up(&self, sent: u64) {
        while sent > self.seen() + 1_000 {
            tokio::task::yield_now().await;
        }
    }

    /// Seconds from the first to the last, once it is there.
    pub async fn seconds(&self) -> f64 {
        self.done.notified().await;
        self.took
            .get()
            .map(Duration::as_secs_f64)
            .unwrap_or_default()
    }
}

/// The handlers of a service that only counts.
#[derive(Debug)]
pub struct Counting(pub Arc<Counter>);

/// The exponent of a power law through these points, by least squares in the logarithms: 1 is linear, 0 is flat. The steeper one of
/// all points and of their upper half, where what is constant weighs less.
#[must_use]
pub fn exponent(points: impl Iterator<Item = (f64, f64)>) -> f64 {
    let points: Vec<(f64, f64)> = points.map(|(at, value)| (at.ln(), value.ln())).collect();
    let upper = &points[points.len() / 2..];
    let upper = if upper.len() < 2 { &points[..] } else { upper };
    slope(&points).max(slope(upper))
}

fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| {
        (x + point.0 / n, y + point.1 / n)
    });
    let above: f64 = points
        .iter()
        .map(|point| (point.0 - x) * (point.1 - y))
        .sum();
    let below: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    above / below
}

#[cfg(test)]
mod tests {
    use super::{Parcel, exponent};

    #[test]
    fn exponents_are_those_of_power_laws() {
        let law =
            |exponent: f64| [1.0_f64, 10.0, 100.0, 1_000.0].map(|at| (at, 3.0 * at.powf(exponent)));
        for expected in [-1.0, 0.0, 1.0, 2.0] {
            assert!((exponent(law(expected).into_iter()) - expected).abs() < 1e-9);
        }
        // Flat, and then quadratic: the upper half says so.
        let bent = [(1.0, 1.0), (10.0, 1.0), (100.0, 1.0), (1_000.0, 100.0)];
        assert!(exponent(bent.into_iter()) > 1.9);
    }

    #[test]
    fn a_parcel_is_as_big_as_it_is_to_be() {
        for bytes in [100, 512_000] {
            assert_eq!(serde_json::to_vec(&Parcel::of(bytes)).unwrap().len(), bytes);
        }
    }
}
