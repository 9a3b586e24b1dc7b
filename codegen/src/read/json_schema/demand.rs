//! The text of a demand that no type checks, for those who compare two versions of a schema: the keyword's value, and all that it
//! refers to. Judges nothing.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::keywords::REFERENCES;
use super::store::{Site, Store};
use crate::json::document::Value;

/// What schemas refer to, each looked at once.
#[derive(Default)]
pub(super) struct Referred {
    known: HashMap<Site, Known>,
}

struct Known {
    /// Hash of the schema's text.
    text: u64,
    /// Schemas that it refers to.
    targets: Vec<Site>,
}

impl Referred {
    /// Returns the text of a keyword's value, of `if` with what it makes a demand of. It is the same for equal demands, and another one
    /// when something changes that the demand refers to, however far away.
    pub fn demand(&mut self, store: &mut Store<'_>, site: Site, keyword: &str) -> String {
        let mut text = store.canonical(site);
        let mut open = targets(store, site);
        if keyword == "if" {
            let schema = parent(store, site).unwrap_or(site);
            for part in ["then", "else"] {
                let part = store.get(schema, part);
                text += " ";
                if let Some(part) = part {
                    text += &store.canonical(part);
                    open.extend(targets(store, part));
                }
            }
        }
        // In the order of their hashes: files may name their members in any order.
        let (mut seen, mut texts) = (BTreeSet::new(), BTreeSet::new());
        while let Some(target) = open.pop() {
            if !seen.insert(target) {
                continue;
            }
            let known = self.known.entry(target).or_insert_with(|| Known {
                text: hash(&store.canonical(target)),
                targets: targets(store, target),
            });
            texts.insert(known.text);
            open.extend(&known.targets);
        }
        for text_of_target in texts {
            text += &format!(" {text_of_target:016x}");
        }
        text
    }
}

fn parent(store: &Store<'_>, site: Site) -> Option<Site> {
    let document = &store.files.get(site.doc as usize)?.document;
    let node = document.node(site.node)?.parent?;
    Some(Site { node, ..site })
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Returns the schemas that a value refers to. A reference to nothing is compared as it is written.
fn targets(store: &mut Store<'_>, site: Site) -> Vec<Site> {
    let (mut all, mut open) = (Vec::new(), vec![site]);
    while let Some(site) = open.pop() {
        for (key, value) in store.members(site) {
            let reference = match store.value(value) {
                Value::Text(text) if REFERENCES.contains(&key.as_str()) => text.clone(),
                _ => {
                    open.push(value);
                    continue;
                }
            };
            all.extend(store.resolve(site, &reference).ok());
        }
        open.extend(store.items(site));
    }
    all
}
