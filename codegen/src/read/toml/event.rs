//! Events: subject, stream, id, key and what they carry.

use super::document::Entry;
use super::names::Sort;
use super::table::Pending;
use super::table::{Table, TableReader};
use crate::diagnostic::{Code, Diagnostic, closest};
use crate::model::{Body, Envelope, Event, EventId, Field, FieldRef, StreamRef, TypeKind};
use crate::read::keys;
use crate::source::Spanned;
use crate::subject::Template;

/// So many mistakes of one subject are shown at most; nobody writes more, and each is a look through the text.
const MISTAKES: usize = 16;

impl<'a> TableReader<'a> {
    pub(super) fn event(&mut self, entry: &Entry<'a>) -> Event {
        self.check_type_name("an event", &entry.name());
        let mut event = Event {
            name: entry.name(),
            domain: self.document.domain,
            doc: None,
            subject: Spanned::new(Template::default(), entry.key_span),
            stream: None,
            id: None,
            key: None,
            version: 1,
            deprecated: None,
            supersedes: None,
            envelope: Envelope::Plain,
            body: TypeKind::Struct(Vec::new()).into(),
            reserved: Vec::new(),
            examples: Vec::new(),
        };
        if let Some(inner) = self.as_table(entry) {
            let table = self.table(&keys::EVENT, entry.key_span, inner);
            self.event_table(&table, &mut event);
        }
        event
    }

    fn event_table(&mut self, table: &Table<'a>, event: &mut Event) {
        event.doc = self.plain(table, "doc");
        if let Some(subject) = self.text(table, "subject") {
            event.subject = self.subject(subject);
        }
        event.stream = self
            .text(table, "stream")
            .map(|name| self.stream_ref(&name));
        let has_fields = table.get("fields").is_some();
        event.body = self.body(table);
        let id = self.text(table, "id");
        let key = self.text(table, "key");
        match &event.body.source {
            None if has_fields => {
                let fields = event.body.fields();
                event.id = id.map(|name| self.field_ref(&name, fields));
                event.key = key.map(|name| self.field_ref(&name, fields));
            }
            None => {}
            // What they mean in a schema is known once that has been read.
            Some(schema) => self.pending.push(Pending {
                schema: schema.span,
                id,
                key,
            }),
        }
        if let Some(version) = self.small(table, "version") {
            event.version = version.value;
        }
        event.deprecated = self.text(table, "deprecated");
        event.supersedes = self
            .text(table, "supersedes")
            .map(|name| self.event_ref(&name));
        if let Some(envelope) = self.choice(table, "envelope") {
            event.envelope = Envelope::find(envelope.value).unwrap_or_default();
        }
        event.reserved = self.texts(table, "reserved");
        event.examples = self.payloads(table, "examples");
    }

    fn body(&mut self, table: &Table<'a>) -> Body {
        let schema = self.schema(table);
        let Some(entry) = table.get("fields") else {
            if schema.source.is_some() {
                return schema;
            }
            if table.get("json_schema").is_none() {
                self.missing(table, &["fields"]);
            }
            return TypeKind::Struct(Vec::new()).into();
        };
        if let Some(schema) = schema.source {
            self.report(
                Diagnostic::new(
                    Code::WrongValue,
                    schema.span,
                    "an event has `fields` or `json_schema`, not both",
                )
                .related(entry.key_span, "its fields are here"),
            );
        }
        TypeKind::Struct(self.fields(&entry)).into()
    }

    /// Parses a subject and points at each mistake inside of it.
    fn subject(&mut self, text: Spanned<String>) -> Spanned<Template> {
        match Template::parse(&text.value) {
            Ok(template) => Spanned::new(template, text.span),
            Err(errors) => {
                for error in errors.into_iter().take(MISTAKES) {
                    let at = self.inside(&text, error.range);
                    self.report(error.kind.diagnostic(at));
                }
                Spanned::new(
                    Template {
                        text: text.value,
                        segments: Vec::new(),
                    },
                    text.span,
                )
            }
        }
    }

    fn stream_ref(&mut self, written: &Spanned<String>) -> Spanned<StreamRef> {
        let found = self.names.stream(&written.value);
        if found.is_none() && !self.names.stream_may_be_lost(&written.value) {
            let near = if self.names.may_suggest() {
                closest(&written.value, self.names.streams())
            } else {
                None
            };
            let help = match near {
                Some(name) => format!("did you mean \"{name}\"?"),
                None => "declare it with [streams.NAME] in any file of the folder".to_owned(),
            };
            let message = format!("there is no stream \"{}\"", written.value);
            self.unknown(Code::UnknownStream, written.span, message, Some(help));
        }
        Spanned::new(found, written.span)
    }

    fn field_ref(&mut self, written: &Spanned<String>, fields: &[Field]) -> Spanned<FieldRef> {
        let found = fields
            .iter()
            .position(|field| field.name.value == written.value);
        if found.is_none() && !self.is_lost(&written.value) {
            let names = || fields.iter().map(|field| field.name.value.as_str());
            let mut diagnostic = Diagnostic::new(
                Code::UnknownField,
                written.span,
                format!("the event has no field \"{}\"", written.value),
            );
            // The wire name is what people see in payloads.
            diagnostic = match fields.iter().find(|field| field.wire() == written.value) {
                Some(field) => diagnostic.help(format!("did you mean \"{}\"?", field.name.value)),
                None => diagnostic.suggest(&written.value, names()),
            };
            self.report(diagnostic);
        }
        Spanned::new(found, written.span)
    }

    /// The event of a name; reports when there is none.
    pub(super) fn event_ref(&mut self, written: &Spanned<String>) -> Spanned<Option<EventId>> {
        let here = self.document.domain;
        let found = self.names.event(here, &written.value);
        if found.is_none() && !self.names.may_be_lost(here, &written.value) {
            let help = if self.names.ty(here, &written.value).is_some() {
                Some("that is a type; only events are published and handled".to_owned())
            } else {
                self.near_name(Sort::Event, &written.value)
            };
            let message = format!("there is no event \"{}\"", written.value);
            self.unknown(Code::UnknownEvent, written.span, message, help);
        }
        Spanned::new(found, written.span)
    }
}
