//! The schema files of one import: reads them, and what stands where in them. What a reference points to is found in
//! `resolve`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use super::files::{Files, MAX_FILE, MAX_TOTAL, Refusal, slashed};
use super::ids::Ids;
use super::keywords::Draft;
use super::number;
use super::resource::{Resource, Resources};
use crate::json::document::{Document, NodeId, Value};
use crate::source::{FileId, Sources, Span};

/// A value in one of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Site {
    pub(super) doc: u32,
    pub(super) node: NodeId,
}

pub(super) struct File {
    /// Below the contracts folder.
    pub path: PathBuf,
    source: FileId,
    pub document: Document,
    pub resources: Resources,
}

/// The files of one import.
pub(super) struct Store<'a> {
    pub(super) from: &'a Files<'a>,
    sources: &'a mut Sources,
    pub(super) files: Vec<File>,
    by_path: BTreeMap<PathBuf, u32>,
    pub(super) anchors: BTreeMap<(Site, String), Site>,
    /// The files that each refers to, itself among them.
    pub(super) edges: BTreeMap<u32, BTreeSet<u32>>,
    /// Every `$dynamicRef` to a `$dynamicAnchor`, and its name.
    pub(super) dynamic: BTreeSet<(Site, String)>,
    total: u64,
    /// The ids of the folder, once something asked for one.
    pub(super) ids: Option<Ids>,
}

impl<'a> Store<'a> {
    pub fn new(from: &'a Files<'a>, sources: &'a mut Sources) -> Self {
        Self {
            from,
            sources,
            files: Vec::new(),
            by_path: BTreeMap::new(),
            anchors: BTreeMap::new(),
            edges: BTreeMap::new(),
            dynamic: BTreeSet::new(),
            total: 0,
            ids: None,
        }
    }

    /// Begins with another schema, whose files have a limit of their own.
    pub fn begin(&mut self) {
        self.total = 0;
    }

    /// The root of a file, by its path below the contracts folder.
    pub fn open(&mut self, path: &Path) -> Result<Site, Refusal> {
        let path = inside(path).ok_or_else(|| {
            Refusal::new(format!(
                "{} is outside of the contracts folder",
                path.display()
            ))
        })?;
        if let Some(&doc) = self.by_path.get(&path) {
            return Ok(self.root(doc));
        }
        let full = self.from.root().join(&path);
        let text = self.read(&path, &full)?;
        let source = self.sources.add(&full, text);
        let text = self
            .sources
            .get(source)
            .map_or("", |file| file.text.as_str());
        let document = Document::parse(text).map_err(|error| Refusal {
            reason: format!("{} is not JSON: {}", slashed(&path), error.reason),
            place: Some(Span::new(source, error.span)),
        })?;
        let doc = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        self.index(doc, path, source, document);
        Ok(self.root(doc))
    }

    /// The files that a file leads to, itself the first; as far as references were followed.
    pub fn reach(&self, root: Site) -> Vec<u32> {
        let mut found = vec![root.doc];
        let mut next = 0;
        while let Some(doc) = found.get(next) {
            let targets = self.edges.get(doc).into_iter().flatten();
            let new: Vec<u32> = targets
                .filter(|doc| !found.contains(doc))
                .copied()
                .collect();
            found.extend(new);
            next += 1;
        }
        found
    }

    /// A file's path below the contracts folder.
    pub fn path(&self, doc: u32) -> &Path {
        self.files
            .get(doc as usize)
            .map_or(Path::new(""), |file| &file.path)
    }

    /// Every file that a file leads to, as a path that works from the current directory.
    pub fn paths(&self, root: Site) -> Vec<PathBuf> {
        let docs = self.reach(root).into_iter();
        docs.map(|doc| self.from.root().join(self.path(doc)))
            .collect()
    }

    fn root(&self, doc: u32) -> Site {
        let node = self
            .files
            .get(doc as usize)
            .map_or(NodeId(0), |file| file.document.root());
        Site { doc, node }
    }

    fn read(&mut self, path: &Path, full: &Path) -> Result<String, Refusal> {
        let bytes = self
            .from
            .read(path, MAX_FILE.min(MAX_TOTAL.saturating_sub(self.total)))?;
        self.total = self
            .total
            .saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let bytes = bytes
            .strip_prefix(b"\xEF\xBB\xBF")
            .map_or(bytes.clone(), <[u8]>::to_vec);
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let source = self.sources.add(full, text);
            Refusal {
                reason: format!("{} is not UTF-8", slashed(path)),
                place: Some(Span::new(source, at..at + 1)),
            }
        })
    }

    fn index(&mut self, doc: u32, path: PathBuf, source: FileId, document: Document) {
        let resources = Resources::of(&document, &path);
        for anchor in &resources.anchors {
            let owner = resources.owner(anchor.node);
            let node = owner.map_or(document.root(), |resource| resource.root);
            let named = Site {
                doc,
                node: anchor.node,
            };
            self.anchors
                .entry((Site { doc, node }, anchor.name.clone()))
                .or_insert(named);
        }
        self.by_path.insert(path.clone(), doc);
        self.files.push(File {
            path,
            source,
            document,
            resources,
        });
    }

    /// The draft that a place is written in.
    pub fn draft(&self, site: Site) -> Draft {
        self.resource_of(site)
            .map_or_else(Draft::default, |resource| resource.draft)
    }

    /// The schema with an identity that a place belongs to.
    pub(super) fn resource_of(&self, site: Site) -> Option<&Resource> {
        let file = self.files.get(site.doc as usize)?;
        file.resources.owner(site.node)
    }

    // Reading what is at a site.

    pub fn value(&self, site: Site) -> &Value {
        self.files
            .get(site.doc as usize)
            .map_or(&Value::Null, |file| file.document.value(site.node))
    }

    pub fn get(&self, site: Site, key: &str) -> Option<Site> {
        let file = self.files.get(site.doc as usize)?;
        file.document.get(site.node, key).map(|node| Site {
            doc: site.doc,
            node,
        })
    }

    pub fn items(&self, site: Site) -> Vec<Site> {
        match self.value(site) {
            Value::List(items) => items
                .iter()
                .map(|node| Site {
                    doc: site.doc,
                    node: *node,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    pub fn members(&self, site: Site) -> Vec<(String, Site)> {
        match self.value(site) {
            Value::Object(members) => members
                .iter()
                .map(|(key, node)| {
                    (
                        key.clone(),
                        Site {
                            doc: site.doc,
                            node: *node,
                        },
                    )
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    pub fn text(&self, site: Site, key: &str) -> Option<&str> {
        match self.value(self.get(site, key)?) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A value as text, the same for equal values.
    pub fn canonical(&self, site: Site) -> String {
        match self.value(site) {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Number(text) => match (number::integer(text), number::float(text)) {
                (Some(whole), _) => whole.to_string(),
                (None, Some(float)) => float.to_string(),
                (None, None) => text.clone(),
            },
            Value::Text(text) => format!("{text:?}"),
            Value::List(_) => {
                let items: Vec<String> = self
                    .items(site)
                    .into_iter()
                    .map(|item| self.canonical(item))
                    .collect();
                format!("[{}]", items.join(","))
            }
            Value::Object(_) => {
                let members = self.members(site).into_iter();
                let mut members: Vec<String> = members
                    .map(|(key, value)| format!("{key:?}:{}", self.canonical(value)))
                    .collect();
                members.sort();
                format!("{{{}}}", members.join(","))
            }
        }
    }

    /// Returns the span of a value in its file.
    pub fn span(&self, site: Site) -> Option<Span> {
        let file = self.files.get(site.doc as usize)?;
        let mut range: Range<usize> = file.document.node(site.node)?.span.clone();
        // An object is a screen of text: its first line is enough of a place.
        let text = self
            .sources
            .get(file.source)
            .map_or("", |source| source.text.as_str());
        let line = text.get(range.clone()).and_then(|text| text.find('\n'));
        range.end = line
            .map_or(range.end, |line| range.start + line)
            .max(range.start + 1);
        Some(Span::new(file.source, range))
    }

    /// `schemas/x.schema.json#/properties/a`.
    pub fn shown(&self, site: Site) -> String {
        let Some(file) = self.files.get(site.doc as usize) else {
            return String::new();
        };
        format!(
            "{}#{}",
            slashed(&file.path),
            file.document.pointer(site.node)
        )
    }

    /// The schema that holds a schema, and what the place is called there, if anything.
    pub fn step(&self, site: Site) -> Option<(Site, Option<String>)> {
        let document = &self.files.get(site.doc as usize)?.document;
        let above = |node: NodeId| document.node(node)?.parent;
        let parent = above(site.node)?;
        let key = |holder: NodeId, held: NodeId| match document.value(holder) {
            Value::Object(members) => members.iter().find(|(_, id)| *id == held),
            _ => None,
        };
        let at = |node| Site {
            doc: site.doc,
            node,
        };
        // `items` holds a schema, `properties` holds an object of them, `oneOf` a list.
        let own = key(parent, site.node).map(|(key, _)| key.as_str());
        match own {
            Some("items" | "additionalItems") => Some((at(parent), Some("item".to_owned()))),
            Some("additionalProperties") => Some((at(parent), Some("value".to_owned()))),
            _ => {
                let holder = above(parent).unwrap_or(parent);
                Some((at(holder), own.map(str::to_owned)))
            }
        }
    }

    /// The key under which a site stands in `definitions` or `$defs`, or the stem of its file.
    pub fn name(&self, site: Site) -> Option<String> {
        let file = self.files.get(site.doc as usize)?;
        if site.node == file.document.root() {
            let name = file.path.file_name()?.to_str()?;
            return Some(
                name.trim_end_matches(".json")
                    .trim_end_matches(".schema")
                    .to_owned(),
            );
        }
        let parent = file.document.node(site.node)?.parent?;
        let grand = file.document.node(parent)?.parent?;
        let held = ["definitions", "$defs", "schemas"]
            .iter()
            .any(|key| file.document.get(grand, key) == Some(parent));
        match file.document.value(parent) {
            Value::Object(members) if held => members
                .iter()
                .find(|(_, id)| *id == site.node)
                .map(|(key, _)| key.clone()),
            _ => None,
        }
    }
}

/// A path without `.` and `..`; `None` when it leads out.
pub(super) fn inside(path: &Path) -> Option<PathBuf> {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => out.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !out.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(out)
}
