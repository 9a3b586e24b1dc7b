//! Fields: a type as text, or a table with constraints. Shared by events and types.

use ::toml::de::DeValue;

use super::document::{Entry, entries};
use super::table::{Table, TableReader};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Constraints, Field, Type};
use crate::name;
use crate::read::keys;
use crate::source::{Span, Spanned};

impl<'a> TableReader<'a> {
    /// The `fields` of a table, in the order of the file.
    pub(super) fn fields(&mut self, entry: &Entry<'a>) -> Vec<Field> {
        let Some(table) = self.as_table(entry) else {
            return Vec::new();
        };
        entries(self.document, table)
            .iter()
            .map(|entry| self.field(entry))
            .collect()
    }

    fn field(&mut self, entry: &Entry<'a>) -> Field {
        if !name::is_field_name(entry.key) {
            self.report(
                Diagnostic::new(Code::BadName, entry.key_span, format!("\"{}\" cannot be the name of a field", entry.key))
                    .help("lower-case letters, digits and _, beginning with a letter, such as user_id; the wire has camelCase"),
            );
        }
        let mut field = Field {
            name: entry.name(),
            rename: None,
            ty: Spanned::new(Type::Invalid, entry.span),
            optional: false,
            doc: None,
            default: None,
            alias: None,
            constraints: Constraints::default(),
            as_text: None,
            deprecated: None,
            sensitive: None,
        };
        match entry.value {
            DeValue::String(text) => {
                let text = Spanned::new(text.to_string(), entry.span);
                (field.ty, field.optional) = self.field_type(&text);
            }
            DeValue::Table(table) => {
                let table = self.table(&keys::FIELD, entry.key_span, table);
                self.field_table(&table, &mut field);
            }
            _ => self.wrong(entry, "a type as text, or a table with `type`"),
        }
        field
    }

    fn field_table(&mut self, table: &Table<'a>, field: &mut Field) {
        if let Some(text) = self.text(table, "type") {
            (field.ty, field.optional) = self.field_type(&text);
        }
        field.doc = self.plain(table, "doc");
        field.default = self.value(table, "default");
        field.alias = self.wire_name(table, "alias");
        field.rename = self.wire_name(table, "rename");
        field.constraints = self.constraints(table);
        field.as_text = self.as_text(table);
        field.deprecated = self.text(table, "deprecated");
        field.sensitive = self.flag(table, "sensitive");
    }

    /// The constraints of a field or a named scalar.
    pub(super) fn constraints(&mut self, table: &Table<'a>) -> Constraints {
        Constraints {
            min: self.number(table, "min"),
            max: self.number(table, "max"),
            min_length: self.integer(table, "min_length"),
            max_length: self.integer(table, "max_length"),
            pattern: self.text(table, "pattern"),
            min_items: self.integer(table, "min_items"),
            max_items: self.integer(table, "max_items"),
            ..Constraints::default()
        }
    }

    /// The place of `encoding = "string"`.
    pub(super) fn as_text(&mut self, table: &Table<'a>) -> Option<Span> {
        self.choice(table, "encoding").map(|encoding| encoding.span)
    }

    /// A name as it stands on the wire: any text that people can read.
    pub(super) fn wire_name(&mut self, table: &Table<'a>, key: &str) -> Option<Spanned<String>> {
        let name = self.text(table, key)?;
        if name.value.is_empty() || name.value.chars().any(char::is_control) {
            self.report(Diagnostic::new(
                Code::BadName,
                name.span,
                format!("`{key}` must be a name without control characters"),
            ));
            return None;
        }
        Some(name)
    }
}
