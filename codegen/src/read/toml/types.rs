//! Named types: objects, enums, unions and scalars.

use super::document::{Entry, entries};
use super::table::{Table, TableReader};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Body, Enum, Names, TypeDef, TypeKind, Union, Variant};
use crate::name;
use crate::read::keys;
use crate::source::Spanned;
use ::toml::de::DeValue;

impl<'a> TableReader<'a> {
    pub(super) fn type_def(&mut self, entry: &Entry<'a>) -> TypeDef {
        self.check_type_name("a type", &entry.name());
        let mut ty = TypeDef {
            name: entry.name(),
            domain: self.document.domain,
            doc: None,
            reserved: Vec::new(),
            body: TypeKind::Invalid.into(),
        };
        if let Some(inner) = self.as_table(entry) {
            let table = self.table(&keys::TYPE, entry.key_span, inner);
            ty.doc = self.plain(&table, "doc");
            ty.reserved = self.texts(&table, "reserved");
            ty.body = self.type_body(&table);
        }
        ty
    }

    fn type_body(&mut self, table: &Table<'a>) -> Body {
        let Some(first) = table.first_of(keys::TYPE.one_of) else {
            self.report(
                Diagnostic::new(Code::MissingKey, table.at, "nothing says what the type is")
                    .help(format!("add one of: {}", keys::TYPE.one_of.join(", "))),
            );
            return TypeKind::Invalid.into();
        };
        for other in keys::TYPE
            .one_of
            .iter()
            .filter(|other| **other != first.key)
        {
            if let Some(second) = table.get(other) {
                self.report(
                    Diagnostic::new(
                        Code::WrongValue,
                        second.key_span,
                        format!(
                            "a type is one thing: it has `{}` and cannot have `{other}` too",
                            first.key
                        ),
                    )
                    .related(first.key_span, "this says what the type is"),
                );
            }
        }
        let kind = match first.key {
            "fields" => TypeKind::Struct(self.fields(&first)),
            "enum" => self.values(&first, table),
            "union" => self
                .union(&first, table)
                .map_or(TypeKind::Invalid, TypeKind::Union),
            "type" => match self.text(table, "type") {
                Some(text) => TypeKind::Scalar {
                    ty: self.scalar_type(&text),
                    constraints: self.constraints(table),
                    as_text: self.as_text(table),
                },
                None => TypeKind::Invalid,
            },
            _ => return self.schema(table),
        };
        kind.into()
    }

    fn values(&mut self, entry: &Entry<'a>, table: &Table<'a>) -> TypeKind {
        let values = self.texts(table, "enum");
        let names = self.variant_names(table);
        let closed = self.flag(table, "closed").is_some();
        match entry.value {
            DeValue::Array(items) if items.is_empty() || !values.is_empty() => {
                TypeKind::Enum(Enum {
                    values,
                    names,
                    closed,
                })
            }
            _ => TypeKind::Invalid,
        }
    }

    fn union(&mut self, entry: &Entry<'a>, table: &Table<'a>) -> Option<Union> {
        let tag = self.wire_name(table, "tag");
        let closed = self.flag(table, "closed").is_some();
        let names = self.variant_names(table);
        let inner = self.as_table(entry)?;
        let mut variants = Vec::new();
        for variant in entries(self.document, inner) {
            let DeValue::String(text) = variant.value else {
                self.wrong(&variant, "the name of a type");
                variants.push(Variant {
                    tag: variant.name(),
                    ty: Spanned::new(None, variant.span),
                });
                continue;
            };
            let text = Spanned::new(text.to_string(), variant.span);
            variants.push(Variant {
                tag: variant.name(),
                ty: self.variant_type(text),
            });
        }
        Some(Union {
            tag: tag?,
            variants,
            names,
            closed,
        })
    }

    /// Reads the names of values in Rust.
    fn variant_names(&mut self, table: &Table<'a>) -> Names {
        let entry = table.get("names");
        let inner = entry.and_then(|entry| self.as_table(&entry));
        let mut names = Names::new();
        for entry in inner
            .into_iter()
            .flat_map(|inner| entries(self.document, inner))
        {
            let DeValue::String(text) = entry.value else {
                self.wrong(&entry, "the name of a variant");
                continue;
            };
            let name = Spanned::new(text.to_string(), entry.span);
            if name::is_type_name(&name.value) {
                names.push((entry.name(), name));
            } else {
                self.check_type_name("a variant", &name);
            }
        }
        names
    }

    fn variant_type(&mut self, text: Spanned<String>) -> Spanned<Option<crate::model::TypeId>> {
        if Self::is_scalar(&text.value) || text.value.contains(['<', '?']) {
            self.report(
                Diagnostic::new(Code::BadVariant, text.span, format!("a variant must be a type with fields, not {}", text.value))
                    .help("the tag stands among the variant's fields, so it must be an object: declare [types.Name.fields]"),
            );
            return Spanned::new(None, text.span);
        }
        Spanned::new(self.named_type(&text), text.span)
    }
}
