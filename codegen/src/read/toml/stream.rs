//! JetStream streams. Which names the server takes is for the rules.

use super::document::Entry;
use super::table::TableReader;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Discard, Retention, Storage, Stream};
use crate::read::keys;
use crate::source::Spanned;
use crate::subject::Pattern;

impl<'a> TableReader<'a> {
    pub(super) fn stream(&mut self, entry: &Entry<'a>) -> Stream {
        let mut stream = Stream {
            name: entry.name(),
            domain: self.document.domain,
            doc: None,
            max_age: None,
            max_bytes: None,
            max_messages: None,
            replicas: 1,
            storage: Storage::File,
            retention: Spanned::new(Retention::Limits, entry.key_span),
            duplicate_window: None,
            discard: Discard::New,
            partitions: None,
            subjects: Vec::new(),
        };
        let Some(inner) = self.as_table(entry) else {
            return stream;
        };
        let table = self.table(&keys::STREAM, entry.key_span, inner);
        stream.doc = self.plain(&table, "doc");
        stream.max_age = self.duration(&table, "max_age");
        stream.max_bytes = self.size(&table, "max_bytes");
        stream.max_messages = self.integer(&table, "max_messages");
        if let Some(replicas) = self.integer(&table, "replicas") {
            stream.replicas = u8::try_from(replicas.value).unwrap_or(1);
        }
        if self
            .choice(&table, "storage")
            .is_some_and(|storage| storage.value == "memory")
        {
            stream.storage = Storage::Memory;
        }
        if let Some(retention) = self.choice(&table, "retention") {
            stream.retention = retention.map(|retention| match retention {
                "interest" => Retention::Interest,
                "workqueue" => Retention::WorkQueue,
                _ => Retention::Limits,
            });
        }
        stream.duplicate_window = self.duration(&table, "duplicate_window");
        if self
            .choice(&table, "discard")
            .is_some_and(|discard| discard.value == "old")
        {
            stream.discard = Discard::Old;
        }
        stream.partitions = self.small(&table, "partitions");
        for text in self.texts(&table, "subjects") {
            let pattern = Pattern::parse(&text.value).unwrap_or_else(|why| {
                self.report(
                    Diagnostic::new(
                        Code::BadSubject,
                        text.span,
                        format!("the subject \"{}\" {why}", text.value),
                    )
                    .help("tokens between dots; `*` stands for one token, and `>` at the end for all that follow: baskets.*.abandoned"),
                );
                Pattern::default()
            });
            stream.subjects.push(Spanned::new(pattern, text.span));
        }
        stream
    }
}
