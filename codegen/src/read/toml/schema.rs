//! Events and types from a JSON Schema: which file they name, and what their `id` and `key` name in it.

use super::table::{Table, TableReader};
#[cfg(not(feature = "import"))]
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Spanned;

impl<'a> TableReader<'a> {
    /// The path of a JSON Schema.
    pub(super) fn schema(&mut self, table: &Table<'a>) -> Option<Spanned<String>> {
        let schema = self.text(table, "json_schema")?;
        #[cfg(not(feature = "import"))]
        self.report(
            Diagnostic::new(Code::Unsupported, schema.span, "`json_schema` needs the feature `import` of event-codegen")
                .help("in Cargo.toml: event-codegen = { …, features = [\"import\"] } under [build-dependencies]; or write the shape as `fields`"),
        );
        Some(schema)
    }
}

#[cfg(all(test, not(feature = "import")))]
mod tests {
    use std::path::{Path, PathBuf};

    use crate::diagnostic::{Code, Diagnostics};

    #[test]
    fn without_the_feature_the_report_says_which_one_to_turn_on() {
        let text = "[types.Invoice]\njson_schema = \"invoice.schema.json\"\n".to_owned();
        let mut diagnostics = Diagnostics::default();
        crate::read::read_texts(
            Path::new("contracts"),
            [(PathBuf::from("billing.toml"), text)],
            &mut diagnostics,
        );
        let all: Vec<_> = diagnostics.iter().collect();
        assert_eq!(all.len(), 1, "{all:?}");
        assert_eq!(all[0].code, Code::Unsupported);
        assert!(all[0].message.contains("`import`"), "{all:?}");
        assert!(
            all[0]
                .help
                .as_ref()
                .is_some_and(|help| help.contains("features = [\"import\"]")),
            "{all:?}"
        );
    }
}

#[cfg(feature = "import")]
pub(super) use with_import::import;

#[cfg(feature = "import")]
mod with_import {
    use super::super::table::Pending;
    use crate::diagnostic::{Code, Diagnostic, Diagnostics};
    use crate::model::{Body, Contracts, Field, FieldRef, TypeId, TypeKind};
    use crate::name;
    use crate::read::json_schema::{self, Files, Wanted};
    use crate::source::{Sources, Spanned};

    /// Imports every schema that the contracts name, and finds what ids and keys name in them.
    pub fn import(
        files: &Files<'_>,
        pending: &[Pending],
        contracts: &mut Contracts,
        sources: &mut Sources,
        diagnostics: &mut Diagnostics,
    ) {
        let events = contracts
            .events
            .iter()
            .filter_map(|event| match &event.body {
                Body::Schema(schema) => Some((event.name.value.as_str(), true, schema)),
                Body::Fields(_) => None,
            });
        let types = contracts.types.iter().filter_map(|ty| match &ty.kind {
            TypeKind::Schema(schema) => Some((ty.name.value.as_str(), false, schema)),
            _ => None,
        });
        let named: Vec<_> = events
            .chain(types)
            .map(|(name, event, schema)| (name::type_ident(name), event, schema))
            .collect();
        let wanted: Vec<_> = named
            .iter()
            .map(|(name, event, schema)| {
                let event = *event;
                (*schema, Wanted { name, event })
            })
            .collect();
        let first = TypeId(contracts.types.len());
        let found = json_schema::import(files, &wanted, first, sources, diagnostics);
        contracts.imports = found.imports;
        contracts.imported = found.types;
        for event in &mut contracts.events {
            let Body::Schema(schema) = &event.body else {
                continue;
            };
            let Some(import) = contracts.imports.get(&schema.span) else {
                continue;
            };
            let Some(pending) = pending.iter().find(|pending| pending.schema == schema.span) else {
                continue;
            };
            let mut find = |written: &Spanned<String>| member(written, &import.fields, diagnostics);
            event.id = pending.id.as_ref().map(&mut find);
            event.key = pending.key.as_ref().map(&mut find);
        }
    }

    fn member(
        written: &Spanned<String>,
        fields: &[Field],
        diagnostics: &mut Diagnostics,
    ) -> Spanned<FieldRef> {
        let found = fields
            .iter()
            .position(|field| field.name.value == written.value);
        if found.is_none() {
            let diagnostic = Diagnostic::new(
                Code::UnknownField,
                written.span,
                format!(
                    "the schema has no property that is called \"{}\" in Rust",
                    written.value
                ),
            );
            diagnostics.push(
                match fields.iter().find(|field| field.wire() == written.value) {
                    Some(field) => {
                        diagnostic.help(format!("did you mean \"{}\"?", field.name.value))
                    }
                    None => diagnostic.suggest(
                        &written.value,
                        fields.iter().map(|field| field.name.value.as_str()),
                    ),
                },
            );
        }
        Spanned::new(found, written.span)
    }
}
