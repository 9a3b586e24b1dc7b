//! Values that a contract writes down: defaults, examples, bounds. Turns TOML into the model's JSON-like values; whether
//! a value fits its field is for the rules.

use ::toml::de::{DeInteger, DeTable, DeValue};

use super::document::{Entry, entries};
use super::table::{Table, TableReader};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Number, Value, ValueKind};
use crate::source::{Span, Spanned};

impl<'a> TableReader<'a> {
    /// A number without a place, for `min` and `max`.
    pub(super) fn number(&mut self, table: &Table<'a>, key: &str) -> Option<Spanned<Number>> {
        let entry = table.get(key)?;
        let number = match entry.value {
            DeValue::Integer(written) => self.exact(written, entry.span)?,
            DeValue::Float(written) => self.finite(written.as_str(), entry.span)?,
            _ => {
                self.wrong(&entry, "a number");
                return None;
            }
        };
        Some(Spanned::new(number, entry.span))
    }

    /// Any value.
    pub(super) fn value(&mut self, table: &Table<'a>, key: &str) -> Option<Value> {
        let entry = table.get(key)?;
        self.convert(entry.value, entry.span)
    }

    /// Example payloads: a list of tables.
    pub(super) fn payloads(&mut self, table: &Table<'a>, key: &str) -> Vec<Value> {
        self.tables(table, key)
            .into_iter()
            .filter_map(|(payload, span)| self.object(payload, span))
            .collect()
    }

    /// The parser bounds how deep values nest, so this may recurse.
    fn convert(&mut self, value: &'a DeValue<'a>, span: Span) -> Option<Value> {
        let kind = match value {
            DeValue::Boolean(value) => ValueKind::Bool(*value),
            DeValue::Integer(written) => ValueKind::Number(self.exact(written, span)?),
            DeValue::Float(written) => ValueKind::Number(self.finite(written.as_str(), span)?),
            DeValue::String(text) => ValueKind::Text(text.to_string()),
            DeValue::Datetime(time) => ValueKind::Text(time.to_string()),
            DeValue::Array(items) => {
                let mut list = Vec::new();
                for item in items.iter() {
                    let at = self.span(item.span());
                    list.push(self.convert(item.get_ref(), at)?);
                }
                ValueKind::List(list)
            }
            DeValue::Table(table) => return self.object(table, span),
        };
        Some(Value { kind, span })
    }

    fn object(&mut self, table: &'a DeTable<'a>, span: Span) -> Option<Value> {
        let mut members = Vec::new();
        for entry in entries(self.document, table) {
            members.push((entry.name(), self.member(&entry)?));
        }
        Some(Value {
            kind: ValueKind::Object(members),
            span,
        })
    }

    fn member(&mut self, entry: &Entry<'a>) -> Option<Value> {
        self.convert(entry.value, entry.span)
    }

    fn exact(&mut self, written: &DeInteger<'_>, span: Span) -> Option<Number> {
        let number = i128::from_str_radix(written.as_str(), written.radix()).ok();
        if number.is_none() {
            self.report(Diagnostic::new(
                Code::BadNumber,
                span,
                "the integer is too large",
            ));
        }
        number.map(Number::Integer)
    }

    fn finite(&mut self, written: &str, span: Span) -> Option<Number> {
        let number = written
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite());
        if number.is_none() {
            self.report(
                Diagnostic::new(Code::BadNumber, span, "the number must be finite")
                    .help("JSON has neither infinity nor nan"),
            );
        }
        number.map(Number::Float)
    }
}
