//! Schemas with an identity of their own in one file: the file, and every part of it that has an `$id`; and anchors.
//! Looks at one document, and never at another file.

use std::collections::BTreeMap;
use std::path::Path;

use super::keywords::{self, Draft};
use super::uri;
use crate::json::document::{Document, NodeId, Value};

/// A schema with an identity.
pub(super) struct Resource {
    /// After the drafts: the `$id`, resolved against the path of the file. Without an `$id` that path.
    pub uri: String,
    /// The `$id` among relative ones: resolved against the ids around it and nothing else, as validators do that know no
    /// files. Empty without an `$id`.
    pub relative: String,
    pub root: NodeId,
    pub draft: Draft,
}

impl Resource {
    /// Returns `true` if an `$id` says what the base of its references is.
    pub fn identified(&self) -> bool {
        !self.relative.is_empty()
    }
}

/// The resources of one document. The first is the whole.
pub(super) struct Resources {
    all: Vec<Resource>,
    /// The resource of each node.
    owner: Vec<u32>,
    pub anchors: Vec<Anchor>,
}

/// A name for a place.
pub(super) struct Anchor {
    pub name: String,
    pub node: NodeId,
    pub dynamic: bool,
}

impl Resources {
    /// Finds ids and anchors, where schemas can stand. `path` is that of the file below the contracts folder.
    pub fn of(document: &Document, path: &Path) -> Self {
        let root = document.root();
        let mut found = Self {
            all: vec![Resource {
                uri: uri::of_path(path),
                relative: String::new(),
                root,
                draft: Draft::of(document, root).unwrap_or_default(),
            }],
            owner: vec![0; document.len()],
            anchors: Vec::new(),
        };
        let mut open = vec![(root, 0_u32)];
        while let Some((id, owner)) = open.pop() {
            let owner = found.identify(document, id, owner);
            if let Value::Object(members) = document.value(id) {
                for (key, child) in members {
                    let nested = keywords::subschemas(document, key, *child);
                    open.extend(nested.into_iter().map(|child| (child, owner)));
                }
            }
        }
        found.settle(document);
        found
    }

    pub fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.all.iter()
    }

    /// The resource that a node belongs to.
    pub fn owner(&self, node: NodeId) -> Option<&Resource> {
        let owner = self.owner.get(node.0 as usize).copied().unwrap_or(0);
        self.all.get(owner as usize)
    }

    /// The resource that is called so: after the drafts, or among relative ids.
    pub fn named(&self, uri: &str) -> Option<&Resource> {
        let after_drafts = self.all.iter().find(|resource| resource.uri == uri);
        after_drafts.or_else(|| {
            let mut identified = self.all.iter().filter(|resource| resource.identified());
            identified.find(|resource| resource.relative == uri)
        })
    }

    /// Takes note of the id and the anchors of a schema; says which resource it belongs to.
    fn identify(&mut self, document: &Document, id: NodeId, owner: u32) -> u32 {
        let text = |key: &str| match document.get(id, key).map(|node| document.value(node)) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let anchors = [("$anchor", false), ("$dynamicAnchor", true)];
        let anchors = anchors.into_iter().filter_map(|(keyword, dynamic)| {
            Some(Anchor {
                name: text(keyword)?,
                node: id,
                dynamic,
            })
        });
        self.anchors.extend(anchors);
        let Some(around) = self.all.get(owner as usize) else {
            return owner;
        };
        let draft = Draft::of(document, id).unwrap_or(around.draft);
        let Some(own) = own_id(document, id, draft, text) else {
            return owner;
        };
        let (name, fragment) = uri::split(&own);
        if !fragment.is_empty() && !fragment.starts_with('/') {
            self.anchors.push(Anchor {
                name: uri::decode(fragment),
                node: id,
                dynamic: false,
            });
        }
        if name.is_empty() {
            return owner;
        }
        let resource = Resource {
            uri: uri::normal(&uri::resolve(&around.uri, name)),
            relative: uri::normal(&uri::resolve(&around.relative, name)),
            root: id,
            draft,
        };
        if id == document.root() {
            self.all = vec![resource];
            return 0;
        }
        self.all.push(resource);
        u32::try_from(self.all.len() - 1).unwrap_or(0)
    }

    /// Assigns everything below a resource's root to it.
    fn settle(&mut self, document: &Document) {
        let roots: BTreeMap<NodeId, u32> = self
            .all
            .iter()
            .enumerate()
            .map(|(at, resource)| (resource.root, u32::try_from(at).unwrap_or(0)))
            .collect();
        // Parents come after their children, the root is last.
        for at in (0..self.owner.len()).rev() {
            let id = NodeId(u32::try_from(at).unwrap_or(u32::MAX));
            let parent = document.node(id).and_then(|node| node.parent);
            let inherited = parent.map_or(0, |parent| {
                self.owner.get(parent.0 as usize).copied().unwrap_or(0)
            });
            if let Some(slot) = self.owner.get_mut(at) {
                *slot = roots.get(&id).copied().unwrap_or(inherited);
            }
        }
    }
}

/// Returns the id that a schema gives itself.
fn own_id(
    document: &Document,
    id: NodeId,
    draft: Draft,
    text: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let is_root = id == document.root();
    // In the older drafts a `$ref` hides everything beside it.
    if !is_root && draft.ref_hides_siblings() && document.get(id, "$ref").is_some() {
        return None;
    }
    let own = draft.id_keywords().iter().find_map(|key| text(key));
    own.or_else(|| {
        // Who declares no draft may mean either; and no other `id` of a whole file looks like an absolute URI.
        let undeclared = || document.get(id, "$schema").is_none();
        text("id").filter(|id| is_root && (uri::scheme(id).is_some() || undeclared()))
    })
}
