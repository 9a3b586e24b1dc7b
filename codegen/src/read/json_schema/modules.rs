//! The module of each schema file: named after the file, below modules that are named after its folders.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Built, EVENTS};
use super::names::{self, Names};
use super::store::Store;

/// The folder that schemas are kept in by custom: the module around all of them is called so already.
const CUSTOM: &str = "schemas";

/// The module of each file that has a type, by the number of the file.
pub(super) fn modules(store: &Store<'_>, built: &Built) -> BTreeMap<u32, Vec<String>> {
    let homes = built.defs.iter().map(|def| def.home);
    let homes: BTreeSet<u32> = homes.filter(|home| *home < EVENTS).collect();
    // By path, so that nothing depends on the order in which files were met.
    let files: BTreeMap<_, u32> = homes.iter().map(|doc| (store.path(*doc), *doc)).collect();
    let mut taken: BTreeMap<Vec<String>, Names> = BTreeMap::new();
    let mut modules = BTreeMap::new();
    for (path, doc) in files {
        let folders = path.parent().into_iter().flat_map(|folder| folder.iter());
        let folders = folders.map(|name| names::module(&name.to_string_lossy()));
        let mut module: Vec<String> = folders.collect();
        if module.first().is_some_and(|first| first == CUSTOM) {
            module.remove(0);
        }
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let stem = file.trim_end_matches(".json").trim_end_matches(".schema");
        let name = taken.entry(module.clone()).or_default().module(stem);
        module.push(name);
        modules.insert(doc, module);
    }
    modules
}
