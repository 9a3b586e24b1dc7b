//! Which schema of the contracts folder has which `$id`. Reads every JSON file once, and only when a reference asks.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::files::{Files, MAX_FILE};
use super::resource::Resources;
use super::uri;
use crate::json::document::Document;

/// The files that have an `$id`, by the `$id`. Two may have the same: who refers to it is told.
#[derive(Default)]
pub(super) struct Ids {
    /// Resolved against the path of the file, as the drafts say.
    drafts: BTreeMap<String, Vec<PathBuf>>,
    /// Relative ones, resolved against each other.
    relative: BTreeMap<String, Vec<PathBuf>>,
}

impl Ids {
    /// Looks through a contracts folder. What cannot be read has no `$id`.
    pub fn of(files: &Files<'_>) -> Self {
        let mut ids = Self::default();
        for path in files.json() {
            let Some(document) = files
                .read(&path, MAX_FILE)
                .ok()
                .and_then(|bytes| identified(&bytes))
            else {
                continue;
            };
            let resources = Resources::of(&document, &path);
            for resource in resources.iter().filter(|resource| resource.identified()) {
                add(&mut ids.drafts, &resource.uri, &path);
                if uri::scheme(&resource.relative).is_none() {
                    add(&mut ids.relative, &resource.relative, &path);
                }
            }
        }
        ids
    }

    /// The files with a schema of this URI after the drafts.
    pub fn after_drafts(&self, uri: &str) -> &[PathBuf] {
        self.drafts.get(uri).map_or(&[], Vec::as_slice)
    }

    /// The files with a schema of this relative `$id`.
    pub fn among_relative(&self, id: &str) -> &[PathBuf] {
        self.relative.get(id).map_or(&[], Vec::as_slice)
    }
}

fn add(ids: &mut BTreeMap<String, Vec<PathBuf>>, id: &str, path: &PathBuf) {
    let paths = ids.entry(id.to_owned()).or_default();
    if !paths.contains(path) {
        paths.push(path.clone());
    }
}

/// The document, if it looks as if something in it had an id.
fn identified(bytes: &[u8]) -> Option<Document> {
    let text = std::str::from_utf8(bytes).ok()?;
    // Most files have none: a look at the text is much cheaper than reading it as JSON.
    let has = |key: &str| {
        text.match_indices(key).any(|(at, _)| {
            let value = text.get(at + key.len()..).unwrap_or_default().trim_start();
            let value = value.strip_prefix(':').unwrap_or_default();
            value.trim_start().starts_with('"')
        })
    };
    if !has("\"$id\"") && !has("\"id\"") {
        return None;
    }
    Document::parse(text.trim_start_matches('\u{feff}')).ok()
}
