//! Events and types from a JSON Schema: which file they name, and what their `id` and `key` name in it.

use super::table::{Table, TableReader};
#[cfg(not(feature = "import"))]
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Body, TypeKind};

impl<'a> TableReader<'a> {
    /// What a JSON Schema says, once it has been imported.
    pub(super) fn schema(&mut self, table: &Table<'a>) -> Body {
        let mut body = Body::from(TypeKind::Invalid);
        body.source = self.text(table, "json_schema");
        #[cfg(not(feature = "import"))]
        if let Some(schema) = &body.source {
            self.report(
            Diagnostic::new(Code::Unsupported, schema.span, "`json_schema` needs the feature `import` of event-codegen")
                .help("in Cargo.toml: event-codegen = { …, features = [\"import\"] } under [build-dependencies]; or write the shape as `fields`"),
            );
        }
        body
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
    use std::collections::BTreeMap;

    use super::super::table::Pending;
    use crate::diagnostic::{Code, Diagnostic, Diagnostics};
    use crate::model::{Body, Contracts, Field, FieldRef, SchemaFile, TypeId};
    use crate::name;
    use crate::read::json_schema::{self, Files, Import, Wanted};
    use crate::source::{Sources, Span, Spanned};

    /// Imports every schema that the contracts name, and finds what ids and keys name in them.
    pub fn import(
        files: &Files<'_>,
        pending: &[Pending],
        contracts: &mut Contracts,
        sources: &mut Sources,
        diagnostics: &mut Diagnostics,
    ) {
        let events = contracts.events.iter();
        let events = events.map(|event| (&event.name, true, &event.body));
        let types = contracts.types.iter();
        let types = types.map(|ty| (&ty.name, false, &ty.body));
        let named = events.chain(types).filter_map(|(name, event, body)| {
            Some((name::type_ident(name), event, body.source.clone()?))
        });
        let named: Vec<_> = named.collect();
        let wanted = named.iter().map(|(name, event, schema)| {
            let event = *event;
            (schema, Wanted { name, event })
        });
        let wanted: Vec<_> = wanted.collect();
        let first = TypeId(contracts.types.len());
        let mut found = json_schema::import(files, &wanted, first, sources, diagnostics);
        contracts.imported = found.types;
        for event in &mut contracts.events {
            let Some(import) = take(&event.body, &mut found.imports, &mut contracts.schemas) else {
                continue;
            };
            event.body = import.body;
            event.doc = event.doc.take().or(import.doc);
            let at = event.body.source.as_ref().map(|schema| schema.span);
            let Some(pending) = pending.iter().find(|pending| Some(pending.schema) == at) else {
                continue;
            };
            let fields = event.body.fields();
            let mut find = |written: &Spanned<String>| member(written, fields, diagnostics);
            event.id = pending.id.as_ref().map(&mut find);
            event.key = pending.key.as_ref().map(&mut find);
        }
        for ty in &mut contracts.types {
            if let Some(import) = take(&ty.body, &mut found.imports, &mut contracts.schemas) {
                ty.body = import.body;
            }
        }
    }

    /// Takes the import of the schema that a body names, and keeps its file.
    fn take(
        body: &Body,
        imports: &mut BTreeMap<Span, Import>,
        schemas: &mut BTreeMap<String, SchemaFile>,
    ) -> Option<Import> {
        let schema = body.source.as_ref()?;
        let import = imports.remove(&schema.span)?;
        schemas.insert(schema.value.clone(), import.file.clone());
        Some(import)
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
