//! What every example service counts, and how it says so at the end: one line of JSON on standard output, from which
//! the demo works out whether anything was lost.
//!
//! Not part of the product: a real service counts with its own metrics, or with `bus.stats()`.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use event_runtime::{CloseReport, Delivery, Event, ListenReport};
use serde::{Deserialize, Serialize};

/// Counts of one process. Cloning shares them.
#[derive(Clone, Default)]
pub struct Tally(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    published: BTreeMap<String, u64>,
    handled: BTreeMap<String, HashSet<String>>,
    repeated: u64,
    out_of_order: u64,
    newest: BTreeMap<String, u64>,
}

/// What one process says when it ends.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The service.
    pub service: String,
    /// Events published, by full name.
    pub published: BTreeMap<String, u64>,
    /// Different events handled, by full name.
    pub handled: BTreeMap<String, u64>,
    /// Deliveries of an event that this process had handled before.
    pub repeated: u64,
    /// Deliveries that went to the dead letters.
    pub dead_lettered: u64,
    /// Deliveries that failed and were tried again.
    pub retried: u64,
    /// What had not come to an end when the process left.
    pub abandoned: u64,
    /// Deliveries that came before an older one of the same key.
    pub out_of_order: u64,
}

impl Tally {
    /// Counts events as published.
    pub fn published<E: Event>(&self, count: usize) {
        let mut counts = self.counts();
        *counts.published.entry(E::NAME.to_owned()).or_default() += count as u64;
    }

    /// Counts an event as handled; the same one again counts as repeated.
    pub fn handled<E: Event>(&self, delivery: &Delivery<E>, identity: impl ToString) {
        let mut counts = self.counts();
        let seen = counts.handled.entry(E::NAME.to_owned()).or_default();
        if !seen.insert(identity.to_string()) {
            counts.repeated += u64::from(delivery.meta.stream.is_some());
        }
    }

    /// Notes the place of an event among those of its key.
    pub fn in_order(&self, key: impl ToString, sequence: u64) {
        let mut counts = self.counts();
        let newest = counts.newest.entry(key.to_string()).or_default();
        if *newest > sequence {
            counts.out_of_order += 1;
        } else {
            *newest = sequence;
        }
    }

    /// Says everything, in one line.
    pub fn report(&self, service: &str, listened: Option<&ListenReport>, closed: &CloseReport) {
        let counts = self.counts();
        let report = Report {
            service: service.to_owned(),
            published: counts.published.clone(),
            handled: counts
                .handled
                .iter()
                .map(|(name, seen)| (name.clone(), seen.len() as u64))
                .collect(),
            repeated: counts.repeated,
            dead_lettered: listened.map_or(0, |report| report.dead_lettered),
            retried: listened.map_or(0, |report| report.retried),
            abandoned: closed.abandoned + u64::from(!closed.flushed),
            out_of_order: counts.out_of_order,
        };
        match serde_json::to_string(&report) {
            Ok(line) => println!("{line}"),
            Err(error) => eprintln!("{service}: the report could not be written: {error}"),
        }
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
