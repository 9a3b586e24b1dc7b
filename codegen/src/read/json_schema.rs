//! The JSON Schema front end: another team's schema file becomes Rust items. Draft-04 to 2020-12; references are resolved
//! in the contracts folder, and nothing is ever fetched.
//!
//! A schema of JSON Schema says which values are good; a type says how a value is held. So a schema is first brought down
//! to shapes (`shape`) that say only what a type can hold and a check can tell, by way of:
//! files with places (`document`, `store`) → what applies where (`facts`) → shapes with names (`build`) → Rust
//! (`rust`) and JSON Schema in the dialect of the export (`normal`). No keyword of the user's file gets further than
//! `build`, and every walk over it is limited: whatever a schema says, an import ends, with types or with diagnostics.

mod build;
mod called;
mod checks;
mod choice;
mod doc;
mod facts;
mod files;
mod ids;
mod keywords;
mod limits;
mod list;
mod names;
mod normal;
mod number;
mod object;
mod required;
mod resolve;
mod resource;
mod root;
mod rust;
mod scalar;
mod shape;
mod store;
mod text;
mod uri;

use std::collections::BTreeSet;
use std::path::Path;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::json::document;
use crate::model::{Constraints, Field, Imported, Type, Unchecked};
use crate::source::{Sources, Span, Spanned};
use build::Built;
use shape::{Format, Kind, Shape, Width};
use store::Store;

pub use files::Files;

/// How many unchecked places a warning shows.
const MAX_SHOWN: usize = 20;

/// What a schema is imported as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// What the type of a whole payload is called: an identifier of Rust, in upper camel case.
    pub name: &'a str,
    /// Whether it is an event's payload, which must be an object, and becomes a struct.
    pub event: bool,
}

/// Imports a schema file of a contracts folder.
///
/// `schema` is its path below the folder, as the contract has it. Files that were read are added to `sources`. What is wrong
/// is said in `diagnostics`, at `schema`'s place and with the place in the schema file as a second one.
pub fn import(
    files: &Files<'_>,
    schema: &Spanned<String>,
    wanted: Wanted<'_>,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Imported> {
    let refused = |reason: String| Diagnostic::new(Code::SchemaFile, schema.span, reason);
    let mut store = Store::new(files, sources);
    let root = match store.open(Path::new(&schema.value)) {
        Ok(root) => root,
        Err(refusal) => {
            diagnostics.push(second_place(refused(refusal.reason), refusal.place, "here"));
            return None;
        }
    };
    let built = build::build(&mut store, root, wanted);
    if !built.problems.is_empty() {
        for problem in built.problems {
            let place = store.span(problem.site);
            let shown = format!("here: {}", store.shown(problem.site));
            let diagnostic = Diagnostic::new(problem.code, schema.span, problem.reason.reason);
            let diagnostic = second_place(diagnostic, problem.reason.place, "in this file");
            diagnostics.push(second_place(diagnostic, place, &shown));
        }
        return None;
    }
    warn(&store, &built, schema, diagnostics);
    match rust::code(&built) {
        Ok(code) => Some(imported(&store, &built, code, schema.span)),
        Err(reason) => {
            let message = format!("no Rust types could be made of this schema: {reason}");
            diagnostics.push(second_place(
                Diagnostic::new(Code::SchemaUnsupported, schema.span, message)
                    .help("please report this, with the schema"),
                store.span(root),
                "this schema",
            ));
            None
        }
    }
}

fn second_place(diagnostic: Diagnostic, place: Option<Span>, text: &str) -> Diagnostic {
    match place {
        Some(place) => diagnostic.related(place, text),
        None => diagnostic,
    }
}

/// Says what the schema demands and no type checks.
fn warn(store: &Store<'_>, built: &Built, schema: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let mut keywords: Vec<&str> = built
        .unchecked
        .iter()
        .map(|(_, keyword)| *keyword)
        .collect();
    keywords.sort_unstable();
    keywords.dedup();
    if keywords.is_empty() {
        return;
    }
    let list: Vec<String> = keywords
        .iter()
        .map(|keyword| format!("`{keyword}`"))
        .collect();
    let mut diagnostic = Diagnostic::new(
        Code::SchemaUnchecked,
        schema.span,
        format!(
            "the schema demands what the generated types do not check: {}",
            list.join(", ")
        ),
    );
    // Each keyword is shown once before any is shown again.
    let mut seen = BTreeSet::new();
    let (mut places, again): (Vec<_>, Vec<_>) = built
        .unchecked
        .iter()
        .partition(|(_, keyword)| seen.insert(*keyword));
    let shown = places.len().max(MAX_SHOWN);
    places.extend(again);
    let more = places.len().saturating_sub(shown);
    places.truncate(shown);
    places.sort_unstable();
    for (site, _) in places {
        let text = format!("not checked: {}", store.shown(site));
        diagnostic = second_place(diagnostic, store.span(site), &text);
    }
    if more > 0 {
        diagnostic = diagnostic.help(format!(
            "{more} more places of these keywords are not shown"
        ));
    }
    diagnostics.push(diagnostic);
}

fn imported(store: &Store<'_>, built: &Built, code: rust::Code, place: Span) -> Imported {
    let root = built.defs.get(built.root);
    let fields = match root.map(|def| &def.kind) {
        Some(Kind::Struct { fields, .. }) if built.wrapper.is_none() => fields
            .iter()
            .map(|field| member(field, built, place))
            .collect(),
        _ => Vec::new(),
    };
    let checked = checks::checked(&built.defs);
    Imported {
        name: built.name().to_owned(),
        definition: root.map_or_else(String::new, |def| def.name.clone()),
        before: code.before,
        after: code.after,
        checks: checked.get(built.root).copied().unwrap_or(false),
        fields,
        definitions: normal::definitions(&built.defs),
        files: store.paths(),
        unchecked: unchecked(store, built),
    }
}

fn unchecked(store: &Store<'_>, built: &Built) -> Vec<Unchecked> {
    let all = built.unchecked.iter().map(|(site, keyword)| {
        let shown = store.shown(*site);
        let (file, pointer) = shown.split_once('#').unwrap_or((&shown, ""));
        Unchecked {
            file: file.to_owned(),
            pointer: pointer.to_owned(),
            keyword,
            value: store.canonical(*site),
        }
    });
    all.collect()
}

fn member(field: &shape::Field, built: &Built, place: Span) -> Field {
    Field {
        name: Spanned::new(field.ident.clone(), place),
        rename: Some(Spanned::new(field.wire.clone(), place)),
        ty: Spanned::new(scalar_type(&field.shape, built), place),
        optional: !field.required,
        doc: field.doc.clone(),
        default: None,
        alias: None,
        constraints: Constraints::default(),
        as_text: None,
        deprecated: None,
        sensitive: None,
    }
}

/// The type of a contract's field that is sent alike; `json` for what cannot stand in a subject.
fn scalar_type(shape: &Shape, built: &Built) -> Type {
    match shape {
        Shape::Bool { .. } => Type::Bool,
        Shape::Integer(integer) => match integer.width {
            Width::I32 => Type::I32,
            Width::U32 => Type::U32,
            Width::I64 | Width::Loose => Type::I64,
            Width::U64 => Type::U64,
        },
        Shape::Text(text) => match text.format {
            None => Type::String,
            Some(Format::Uuid) => Type::Uuid,
            Some(Format::Timestamp) => Type::Timestamp,
            Some(Format::Date) => Type::Date,
        },
        Shape::Named(at) => match built.defs.get(*at).map(|def| &def.kind) {
            Some(Kind::Enum(_)) => Type::String,
            _ => Type::Json,
        },
        _ => Type::Json,
    }
}
