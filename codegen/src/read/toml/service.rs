//! Services: who publishes and who handles.

use std::time::Duration;

use ::toml::de::DeValue;

use super::document::Entry;
use super::table::{Table, TableReader};
use crate::model::{EventId, Retry, Service, Start};
use crate::read::keys;
use crate::source::Spanned;

impl<'a> TableReader<'a> {
    pub(super) fn service(&mut self, entry: &Entry<'a>) -> Service {
        let mut service = Service {
            name: entry.name(),
            domain: self.document.domain,
            doc: None,
            queue_group: None,
            publishes: Vec::new(),
            subscribes: Vec::new(),
            concurrency: 1,
            max_in_flight: None,
            ack_wait: Duration::from_secs(30),
            retry: Retry::default(),
            start: Spanned::new(Start::All, entry.key_span),
        };
        if let Some(inner) = self.as_table(entry) {
            let table = self.table(&keys::SERVICE, entry.key_span, inner);
            self.service_table(&table, &mut service);
        }
        service
    }

    fn service_table(&mut self, table: &Table<'a>, service: &mut Service) {
        service.doc = self.plain(table, "doc");
        service.queue_group = self.text(table, "queue_group");
        service.publishes = self.event_refs(table, "publishes");
        service.subscribes = self.event_refs(table, "subscribes");
        if let Some(concurrency) = self.small(table, "concurrency") {
            service.concurrency = concurrency.value;
        }
        service.max_in_flight = self.small(table, "max_in_flight");
        if let Some(wait) = self.duration(table, "ack_wait") {
            service.ack_wait = wait.value;
        }
        if let Some(entry) = table.get("retry")
            && let Some(inner) = self.as_table(&entry)
        {
            let table = self.table(&keys::RETRY, entry.key_span, inner);
            service.retry = self.retry(&table);
        }
        if let Some(start) = self.start(table, "start") {
            service.start = start;
        }
    }

    /// The events of a list. One that cannot be read stands as an event that was not found.
    fn event_refs(&mut self, table: &Table<'a>, key: &str) -> Vec<Spanned<Option<EventId>>> {
        let Some(entry) = table.get(key) else {
            return Vec::new();
        };
        let names = self.texts(table, key);
        let written = match entry.value {
            DeValue::Array(items) => items.len(),
            _ => 1,
        };
        let mut events: Vec<_> = names.iter().map(|name| self.event_ref(name)).collect();
        events.resize(written, Spanned::new(None, entry.span));
        events
    }

    fn retry(&mut self, table: &Table<'a>) -> Retry {
        let standard = Retry::default();
        Retry {
            max_attempts: self
                .small(table, "max_attempts")
                .map_or(standard.max_attempts, |n| n.value),
            first_delay: self
                .duration(table, "first_delay")
                .map_or(standard.first_delay, |d| d.value),
            max_delay: self
                .duration(table, "max_delay")
                .map_or(standard.max_delay, |d| d.value),
        }
    }
}
