//! The JSON Schema front end: another team's schema file becomes types of the model. Draft-04 to 2020-12; references are resolved
//! in the contracts folder, and nothing is ever fetched.
//!
//! A schema of JSON Schema says which values are good; a type says how a value is held. So a schema is first brought down
//! to shapes (`shape`) that say only what a type can hold and a check can tell, by way of:
//! files with places (`document`, `store`) → what applies where (`facts`) → shapes with names (`build`) → types (`types`),
//! each with its JSON Schema in the dialect of the export (`normal`). No keyword of the user's file gets further than
//! `build`, and every walk over it is limited: whatever a schema says, an import ends, with types or with diagnostics.

mod build;
mod called;
mod choice;
mod cycles;
mod demand;
mod facts;
mod files;
mod ids;
mod keywords;
mod limits;
mod list;
mod modules;
mod names;
mod normal;
mod number;
mod object;
mod resolve;
mod resource;
mod root;
mod scalar;
mod shape;
mod store;
mod text;
mod types;
mod uri;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Body, SchemaFile, TypeDef, TypeId, Unchecked};
use crate::source::{Sources, Span, Spanned};
use build::{Built, Root};
use demand::Referred;
use store::Store;
use types::Types;

pub use build::Wanted;
pub use files::Files;

/// Maximum number of unchecked places that a warning shows.
const MAX_SHOWN: usize = 20;

/// Imports of the schemas of a folder.
#[derive(Clone, Debug, Default)]
pub struct Imports {
    /// By the place in a contract that names the schema; nothing for those that were refused.
    pub imports: BTreeMap<Span, Import>,
    /// The types of all of them, sorted by the names of their definitions.
    pub types: Vec<TypeDef>,
}

/// Import of one schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// Description, for people.
    pub doc: Option<String>,
    /// The values: an event's own, or the name of an imported type.
    pub body: Body,
    /// The file.
    pub file: SchemaFile,
}

/// Imports schema files of a contracts folder; the first type gets the id `first`. What several of them refer to becomes one set of types, which all share.
///
/// Each is named by its path below the folder, as the contract has it. Files that were read are added to `sources`. What is
/// wrong is said in `diagnostics`, at the place of the path and with the place in the schema file as a second one; where
/// several have the same fault, at the first of them.
pub fn import(
    files: &Files<'_>,
    wanted: &[(&Spanned<String>, Wanted<'_>)],
    first: TypeId,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Imports {
    let mut store = Store::new(files, sources);
    let mut roots = Vec::new();
    let mut named = Vec::new();
    for (schema, wanted) in wanted {
        store.begin();
        match store.open(Path::new(&schema.value)) {
            Ok(root) => {
                roots.push((root, *wanted));
                named.push(*schema);
            }
            Err(refusal) => {
                let refused = Diagnostic::new(Code::SchemaFile, schema.span, refusal.reason);
                diagnostics.push(second_place(refused, refusal.place, "here"));
            }
        }
    }
    let built = build::build(&mut store, &roots);
    for (root, schema) in built.roots.iter().zip(&named) {
        for problem in &root.problems {
            let place = store.span(problem.site);
            let shown = format!("here: {}", store.shown(problem.site));
            let reason = problem.reason.reason.as_str();
            let diagnostic = Diagnostic::new(problem.code, schema.span, reason);
            let diagnostic = second_place(diagnostic, problem.reason.place, "in this file");
            diagnostics.push(second_place(diagnostic, place, &shown));
        }
    }
    for (root, schema) in built.roots.iter().zip(&named) {
        warn(&store, root, schema, diagnostics);
    }
    // Parts of good schemas may be what was refused in others: there will be no types.
    if built.roots.iter().all(|root| root.problems.is_empty()) {
        imported(&mut store, &built, &named, first)
    } else {
        Imports::default()
    }
}

fn second_place(diagnostic: Diagnostic, place: Option<Span>, text: &str) -> Diagnostic {
    match place {
        Some(place) => diagnostic.related(place, text),
        None => diagnostic,
    }
}

/// Says what the schema demands and no type checks.
fn warn(store: &Store<'_>, root: &Root, schema: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let mut keywords: Vec<&str> = root.unchecked.iter().map(|(_, keyword)| *keyword).collect();
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
    let (mut places, again): (Vec<_>, Vec<_>) = root
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

fn imported(
    store: &mut Store<'_>,
    built: &Built,
    named: &[&Spanned<String>],
    first: TypeId,
) -> Imports {
    let Some(at) = named.first().map(|schema| schema.span) else {
        return Imports::default();
    };
    // The files first: what only a demand refers to, which no type checks, is none of them.
    let files = built.roots.iter().map(|root| {
        let docs: BTreeSet<u32> = store.reach(root.site).into_iter().collect();
        (store.paths(root.site), docs)
    });
    let files: Vec<_> = files.collect();
    let unchecked = unchecked(store, built);
    let modules = modules::modules(store, built);
    let types = Types::of(built, first, at, |home| {
        let module = modules.get(&home).cloned().unwrap_or_default();
        (files::slashed(store.path(home)), module)
    });
    let roots = built.roots.iter().zip(named).zip(files);
    let imports = roots.filter_map(|((root, schema), (files, docs))| {
        let (doc, body) = types.body(root, schema)?;
        let inside = unchecked.iter().filter(|(doc, _)| docs.contains(doc));
        let file = SchemaFile {
            files,
            unchecked: inside.map(|(_, demand)| demand.clone()).collect(),
        };
        Some((schema.span, Import { doc, body, file }))
    });
    Imports {
        imports: imports.collect(),
        types: types.types,
    }
}

/// Returns the demands that no type checks, each with the file that it is in.
fn unchecked(store: &mut Store<'_>, built: &Built) -> Vec<(u32, Unchecked)> {
    let mut referred = Referred::default();
    let all = built.unchecked.iter().map(|(site, keyword)| {
        let shown = store.shown(*site);
        let (file, pointer) = shown.split_once('#').unwrap_or((&shown, ""));
        let unchecked = Unchecked {
            file: file.to_owned(),
            pointer: pointer.to_owned(),
            keyword,
            value: referred.demand(store, *site, keyword),
        };
        (site.doc, unchecked)
    });
    all.collect()
}
