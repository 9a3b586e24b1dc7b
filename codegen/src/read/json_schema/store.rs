//! The schema files of one import: reads them, knows their ids and anchors, and finds what a reference points to.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use super::document::{Document, NodeId, Value};
use super::files::{Files, MAX_FILE, MAX_TOTAL, Refusal, slashed};
use super::keywords::{self, Draft};
use super::number;
use super::uri;
use crate::source::{FileId, Sources, Span};

/// A value in one of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Site {
    doc: u32,
    node: NodeId,
}

/// A schema with an identity of its own: a file, or a part of one with an `$id`.
struct Resource {
    /// Absolute when an `$id` says so, else the path below the contracts folder.
    uri: String,
    root: NodeId,
    draft: Draft,
}

struct File {
    /// Below the contracts folder.
    path: PathBuf,
    source: FileId,
    document: Document,
    resources: Vec<Resource>,
    /// The resource of each node.
    owner: Vec<u32>,
}

/// The files of one import.
pub(super) struct Store<'a> {
    from: &'a Files<'a>,
    sources: &'a mut Sources,
    files: Vec<File>,
    by_path: BTreeMap<PathBuf, u32>,
    by_uri: BTreeMap<String, Site>,
    anchors: BTreeMap<(Site, String), Site>,
    dynamic: BTreeMap<String, usize>,
    total: u64,
    /// Files by `$id`, once something asked for one.
    ids: Option<BTreeMap<String, PathBuf>>,
}

impl<'a> Store<'a> {
    pub fn new(from: &'a Files<'a>, sources: &'a mut Sources) -> Self {
        Self {
            from,
            sources,
            files: Vec::new(),
            by_path: BTreeMap::new(),
            by_uri: BTreeMap::new(),
            anchors: BTreeMap::new(),
            dynamic: BTreeMap::new(),
            total: 0,
            ids: None,
        }
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

    /// Every file that was read, as a path that works from the current directory.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.files
            .iter()
            .map(|file| self.from.root().join(&file.path))
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

    /// Finds ids and anchors, where schemas can stand.
    fn index(&mut self, doc: u32, path: PathBuf, source: FileId, document: Document) {
        let mut file = File {
            resources: Vec::new(),
            owner: vec![0; document.len()],
            path,
            source,
            document,
        };
        let root = file.document.root();
        file.resources.push(Resource {
            uri: slashed(&file.path),
            root,
            draft: Draft::of(&file.document, root).unwrap_or_default(),
        });
        let mut anchors = Vec::new();
        let mut open = vec![(root, 0_u32)];
        while let Some((id, owner)) = open.pop() {
            let owner = file.identify(id, owner, &mut anchors);
            if let Value::Object(members) = file.document.value(id) {
                for (key, child) in members {
                    let nested = keywords::subschemas(&file.document, key, *child);
                    open.extend(nested.into_iter().map(|child| (child, owner)));
                }
            }
        }
        file.settle();
        for resource in &file.resources {
            let site = Site {
                doc,
                node: resource.root,
            };
            self.by_uri
                .entry(resource.uri.trim_end_matches('#').to_owned())
                .or_insert(site);
        }
        for anchor in anchors {
            let node = file
                .resources
                .get(file.owner_of(anchor.node))
                .map_or(root, |resource| resource.root);
            if anchor.dynamic {
                *self.dynamic.entry(anchor.name.clone()).or_default() += 1;
            }
            self.anchors
                .entry((Site { doc, node }, anchor.name))
                .or_insert(Site {
                    doc,
                    node: anchor.node,
                });
        }
        self.by_path.insert(file.path.clone(), doc);
        self.files.push(file);
    }

    /// What a reference at `from` points to.
    pub fn resolve(&mut self, from: Site, reference: &str) -> Result<Site, Refusal> {
        let (target, fragment) = uri::split(reference);
        let resource = if target.is_empty() {
            self.resource_root(from)
        } else {
            self.resource(from, target)?
        };
        if fragment.is_empty() {
            return Ok(resource);
        }
        let fragment = uri::decode(fragment);
        if fragment.starts_with('/') {
            return self.follow(resource, &fragment).ok_or_else(|| {
                Refusal::new(format!("the reference {reference:?} points to nothing"))
            });
        }
        self.anchors
            .get(&(resource, fragment))
            .copied()
            .ok_or_else(|| {
                Refusal::new(format!(
                    "the reference {reference:?} names an anchor that is not there"
                ))
            })
    }

    /// What a `$dynamicRef` points to. Where only one schema has the anchor, it is an ordinary reference.
    pub fn resolve_dynamic(&mut self, from: Site, reference: &str) -> Result<Site, Refusal> {
        let site = self.resolve(from, reference)?;
        let (_, name) = uri::split(reference);
        if self.dynamic.get(name).is_some_and(|count| *count > 1) {
            return Err(Refusal::new(format!(
                "the dynamic reference {reference:?} could mean several schemas"
            )));
        }
        Ok(site)
    }

    fn resource(&mut self, from: Site, target: &str) -> Result<Site, Refusal> {
        let base = self.base(from).to_owned();
        let absolute = uri::resolve(&base, target);
        if let Some(&site) = self.by_uri.get(&absolute) {
            return Ok(site);
        }
        if uri::scheme(&absolute).is_some()
            && let Some(path) = self.file_with_id(&absolute)
        {
            return self.open(&path);
        }
        if uri::scheme(target).is_some() || target.starts_with("//") {
            return Err(Refusal::new(format!(
                "the reference {target:?} leads out of the contracts folder: nothing is fetched, and no schema in the folder has this $id"
            )));
        }
        let here = self
            .files
            .get(from.doc as usize)
            .map_or_else(PathBuf::new, |file| file.path.clone());
        let folder = here.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        let relative = uri::decode(target.split('?').next().unwrap_or_default());
        self.open(&folder.join(relative.trim_start_matches("./")))
    }

    fn base(&self, site: Site) -> &str {
        let Some(file) = self.files.get(site.doc as usize) else {
            return "";
        };
        file.resources
            .get(file.owner_of(site.node))
            .map_or("", |resource| resource.uri.as_str())
    }

    fn resource_root(&self, site: Site) -> Site {
        let Some(file) = self.files.get(site.doc as usize) else {
            return site;
        };
        let node = file
            .resources
            .get(file.owner_of(site.node))
            .map_or(site.node, |resource| resource.root);
        Site {
            doc: site.doc,
            node,
        }
    }

    /// The draft that a place is written in.
    pub fn draft(&self, site: Site) -> Draft {
        let Some(file) = self.files.get(site.doc as usize) else {
            return Draft::default();
        };
        file.resources
            .get(file.owner_of(site.node))
            .map_or_else(Draft::default, |resource| resource.draft)
    }

    fn follow(&self, resource: Site, pointer: &str) -> Option<Site> {
        let document = &self.files.get(resource.doc as usize)?.document;
        let mut node = resource.node;
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            node = match document.value(node) {
                Value::List(items) => *items.get(step.parse::<usize>().ok()?)?,
                _ => document.get(node, &step)?,
            };
        }
        Some(Site {
            doc: resource.doc,
            node,
        })
    }

    /// The file below the contracts folder that has this `$id`.
    fn file_with_id(&mut self, wanted: &str) -> Option<PathBuf> {
        if self.ids.is_none() {
            self.ids = Some(self.from.ids());
        }
        self.ids.as_ref()?.get(wanted).cloned()
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

    /// Where a value stands in its file.
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

struct Anchor {
    name: String,
    node: NodeId,
    dynamic: bool,
}

impl File {
    fn owner_of(&self, node: NodeId) -> usize {
        self.owner
            .get(node.0 as usize)
            .map_or(0, |owner| *owner as usize)
    }

    /// Takes note of the id and the anchors of a schema; says which resource it belongs to.
    fn identify(&mut self, id: NodeId, owner: u32, anchors: &mut Vec<Anchor>) -> u32 {
        let draft = self
            .resources
            .get(owner as usize)
            .map_or_else(Draft::default, |resource| resource.draft);
        let draft = Draft::of(&self.document, id).unwrap_or(draft);
        let mut owner = owner;
        // In the older drafts a `$ref` hides everything beside it.
        let hidden = draft.ref_hides_siblings() && self.document.get(id, "$ref").is_some();
        let text = |key: &str| match self
            .document
            .get(id, key)
            .map(|node| self.document.value(node))
        {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let is_root = id == self.document.root();
        let own = draft
            .id_keywords()
            .iter()
            .find_map(|key| text(key))
            .filter(|_| !hidden || is_root);
        let (anchor, dynamic) = (text("$anchor"), text("$dynamicAnchor"));
        if let Some(own) = own {
            let (resource, fragment) = uri::split(&own);
            if !resource.is_empty() {
                let base = self
                    .resources
                    .get(owner as usize)
                    .map_or("", |resource| resource.uri.as_str());
                let uri = uri::resolve(base, resource);
                if is_root {
                    // References by path still find the file: `Store::resource` tries the path after the id.
                    if let Some(first) = self.resources.first_mut() {
                        first.uri = uri;
                    }
                } else {
                    self.resources.push(Resource {
                        uri,
                        root: id,
                        draft,
                    });
                    owner = u32::try_from(self.resources.len() - 1).unwrap_or(0);
                }
            }
            if !fragment.is_empty() && !fragment.starts_with('/') {
                anchors.push(Anchor {
                    name: uri::decode(fragment),
                    node: id,
                    dynamic: false,
                });
            }
        }
        anchors.extend(anchor.map(|name| Anchor {
            name,
            node: id,
            dynamic: false,
        }));
        anchors.extend(dynamic.map(|name| Anchor {
            name,
            node: id,
            dynamic: true,
        }));
        owner
    }

    /// What stands below a resource's root belongs to it.
    fn settle(&mut self) {
        let roots: BTreeMap<NodeId, u32> = self
            .resources
            .iter()
            .enumerate()
            .map(|(at, resource)| (resource.root, u32::try_from(at).unwrap_or(0)))
            .collect();
        // Parents come after their children, the root is last.
        for at in (0..self.owner.len()).rev() {
            let id = NodeId(u32::try_from(at).unwrap_or(u32::MAX));
            let parent = self.document.node(id).and_then(|node| node.parent);
            let inherited = parent.map_or(0, |parent| {
                self.owner.get(parent.0 as usize).copied().unwrap_or(0)
            });
            if let Some(slot) = self.owner.get_mut(at) {
                *slot = roots.get(&id).copied().unwrap_or(inherited);
            }
        }
    }
}

/// A path without `.` and `..`; `None` when it leads out.
fn inside(path: &Path) -> Option<PathBuf> {
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
