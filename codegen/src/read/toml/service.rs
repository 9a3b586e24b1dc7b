//! Services: who publishes and who handles.

use std::time::Duration;

use super::table::{Entry, Reader, Table};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Retry, Service, Start};
use crate::name;
use crate::read::keys;
use crate::source::Spanned;

impl<'a> Reader<'a> {
    pub(super) fn service(&mut self, entry: &Entry<'a>) -> Service {
        if !is_service_name(entry.key) {
            self.report(
                Diagnostic::new(Code::BadName, entry.key_span, format!("\"{}\" cannot be the name of a service", entry.key))
                    .help("letters, digits, _ and -, beginning with a letter: it names a durable consumer and a Rust module"),
            );
        }
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
        if let Some(group) = &service.queue_group
            && !name::is_nats_name(group)
        {
            self.bad_nats_name("a queue group", group);
        }
        let publishes = self.texts(table, "publishes");
        service.publishes = publishes.iter().map(|name| self.event_ref(name)).collect();
        let subscribes = self.texts(table, "subscribes");
        service.subscribes = subscribes.iter().map(|name| self.event_ref(name)).collect();
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

/// What NATS takes as a durable's name and Rust as a module's.
fn is_service_name(name: &str) -> bool {
    name::is_nats_name(name)
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}
