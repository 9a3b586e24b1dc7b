//! What a reference points to. A file can be meant by its `$id` and by its path, and either can be relative to an `$id` or
//! to a path: the readings are tried in one order, and who refers to nothing is told all of them.
//!
//! 1. As the drafts say: the base is the `$id`, itself resolved against the path of the file. The schema with that `$id`,
//!    or else the file of that path.
//! 2. Relative `$id`s against each other, and no paths: as validators do that are given schemas and no files.
//! 3. The path from the file that refers.
//!
//! Where no `$id` says what the base is, the file of the path comes first, and the folder is not searched.

use std::path::{Path, PathBuf};

use super::files::{Refusal, slashed};
use super::ids::Ids;
use super::store::{Site, Store, inside};
use super::uri;
use crate::json::document::Value;

/// Target of a reference without a fragment.
struct Readings {
    /// The URI after the drafts; nothing for a relative one that leads out of the contracts folder.
    drafts: Option<String>,
    /// The file of that URI.
    file: Option<PathBuf>,
    /// The relative `$id`, or a URI whose base is absolute.
    relative: String,
    /// The path from the file that refers, as it is written, and when it is inside of the contracts folder.
    beside: PathBuf,
    beside_inside: Option<PathBuf>,
}

impl Store<'_> {
    /// Returns the target of a reference at `from`.
    pub fn resolve(&mut self, from: Site, reference: &str) -> Result<Site, Refusal> {
        let (target, fragment) = uri::split(reference);
        let resource = if target.is_empty() {
            self.resource_root(from)
        } else {
            self.resource(from, target)?
        };
        self.edges.entry(from.doc).or_default().insert(resource.doc);
        if fragment.is_empty() {
            return Ok(resource);
        }
        let fragment = uri::decode(fragment);
        let nothing = |what: &str| {
            let file = self.files.get(resource.doc as usize);
            let place = match file {
                Some(file) if resource.doc != from.doc => format!(" in {}", slashed(&file.path)),
                _ => String::new(),
            };
            Refusal::new(format!("the reference {reference:?} {what}{place}"))
        };
        if fragment.starts_with('/') {
            let found = self.follow(resource, &fragment);
            return found.ok_or_else(|| nothing("points to nothing"));
        }
        let anchor = self.anchors.get(&(resource, fragment)).copied();
        anchor.ok_or_else(|| nothing("names an anchor that is not there"))
    }

    /// Returns the target of a `$dynamicRef`, if only one schema has the anchor. Further ones are found when all files
    /// are known.
    pub fn resolve_dynamic(&mut self, from: Site, reference: &str) -> Result<Site, Refusal> {
        let site = self.resolve(from, reference)?;
        self.dynamic.insert((from, reference.to_owned()));
        Ok(site)
    }

    /// The dynamic references of a schema that could mean several places in its files, and why.
    pub fn ambiguous(&self, root: Site) -> Vec<(Site, String)> {
        if self.dynamic.is_empty() {
            return Vec::new();
        }
        let docs = self.reach(root);
        let files: Vec<_> = docs
            .iter()
            .filter_map(|doc| self.files.get(*doc as usize))
            .collect();
        let several = |name: &str| {
            let anchors = files.iter().flat_map(|file| &file.resources.anchors);
            anchors.filter(|a| a.dynamic && a.name == name).count() > 1
        };
        let reached = self.dynamic.iter().filter(|(from, reference)| {
            docs.contains(&from.doc) && several(uri::split(reference).1)
        });
        reached
            .map(|(from, reference)| {
                let reason =
                    format!("the dynamic reference {reference:?} could mean several schemas");
                (*from, reason)
            })
            .collect()
    }

    fn resource(&mut self, from: Site, target: &str) -> Result<Site, Refusal> {
        let (readings, identified) = self.readings(from, target);
        if let Some(site) = self.in_same_file(from, &readings) {
            return Ok(site);
        }
        if let Some(path) = readings.file.as_ref().filter(|_| !identified)
            && self.from.has(path)
        {
            return self.open(path);
        }
        let ids = self.ids.get_or_insert_with(|| Ids::of(self.from));
        if let Some(uri) = &readings.drafts {
            let claims = ids.after_drafts(uri);
            if let Some(path) = readings.one_of(claims, uri)? {
                return self.open_named(&path, uri);
            }
        }
        if let Some(path) = readings.file.as_ref().filter(|path| self.from.has(path)) {
            return self.open(path);
        }
        let claims = ids.among_relative(&readings.relative);
        if let Some(path) = readings.one_of(claims, &readings.relative)? {
            return self.open_named(&path, &readings.relative);
        }
        let beside = readings.beside_inside.as_ref();
        match beside.filter(|path| !is_absolute(target) && self.from.has(path)) {
            Some(path) => self.open(path),
            None => Err(readings.refusal(target)),
        }
    }

    fn readings(&self, from: Site, target: &str) -> (Readings, bool) {
        let here = self.files.get(from.doc as usize);
        let here = here.map_or(Path::new(""), |file| &file.path);
        let resource = self.resource_of(from);
        let (base, around) = resource.map_or(("", ""), |resource| {
            (resource.uri.as_str(), resource.relative.as_str())
        });
        let path_of = |base: &Path| {
            let path = uri::decode(target.split('?').next().unwrap_or_default());
            base.parent().unwrap_or(base).join(path)
        };
        let absolute = uri::scheme(base).is_some() || is_absolute(target);
        let file = (!absolute)
            .then(|| inside(&path_of(Path::new(&uri::decode(base)))))
            .flatten();
        let known = absolute || target.starts_with('/') || file.is_some();
        let beside = path_of(here);
        let readings = Readings {
            drafts: known.then(|| uri::normal(&uri::resolve(base, target))),
            file,
            relative: uri::normal(&uri::resolve(around, target)),
            beside_inside: inside(&beside),
            beside,
        };
        let identified = resource.is_some_and(super::resource::Resource::identified);
        (readings, identified)
    }

    fn in_same_file(&self, from: Site, readings: &Readings) -> Option<Site> {
        let file = self.files.get(from.doc as usize)?;
        let drafts = readings.drafts.iter();
        let mut names = drafts.chain(std::iter::once(&readings.relative));
        let resource = names.find_map(|name| file.resources.named(name))?;
        Some(Site {
            doc: from.doc,
            node: resource.root,
        })
    }

    /// The schema of this URI in a file that has it.
    fn open_named(&mut self, path: &Path, uri: &str) -> Result<Site, Refusal> {
        let whole = self.open(path)?;
        let file = self.files.get(whole.doc as usize);
        let named = file.and_then(|file| file.resources.named(uri));
        Ok(named.map_or(whole, |resource| Site {
            doc: whole.doc,
            node: resource.root,
        }))
    }

    fn resource_root(&self, site: Site) -> Site {
        let node = self
            .resource_of(site)
            .map_or(site.node, |resource| resource.root);
        Site {
            doc: site.doc,
            node,
        }
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
}

fn is_absolute(target: &str) -> bool {
    uri::scheme(target).is_some() || target.starts_with("//")
}

impl Readings {
    /// The one file with an `$id`. Of several the one that the path means, too.
    fn one_of(&self, claims: &[PathBuf], id: &str) -> Result<Option<PathBuf>, Refusal> {
        let [first, second, ..] = claims else {
            return Ok(claims.first().cloned());
        };
        let mut paths = self.file.iter().chain(&self.beside_inside);
        match paths.find(|path| claims.contains(path)) {
            Some(path) => Ok(Some(path.clone())),
            None => Err(Refusal::new(format!(
                "{} files have the $id {id:?}, {} and {} among them, and the reference could mean each",
                claims.len(),
                slashed(first),
                slashed(second)
            ))),
        }
    }

    /// Everything that was tried.
    fn refusal(&self, target: &str) -> Refusal {
        if is_absolute(target) {
            return Refusal::new(format!(
                "the reference {target:?} leads out of the contracts folder: nothing is fetched, and no schema in the folder has this $id"
            ));
        }
        let mut ids: Vec<String> = Vec::new();
        for id in self.drafts.iter().chain(std::iter::once(&self.relative)) {
            let shown = format!("{id:?}");
            if !ids.contains(&shown) {
                ids.push(shown);
            }
        }
        let mut files: Vec<String> = self.file.iter().map(|path| slashed(path)).collect();
        let outside = self.beside_inside.is_none();
        if let Some(path) = self.beside_inside.as_deref().map(slashed)
            && !files.contains(&path)
        {
            files.push(path);
        }
        let mut reasons = Vec::new();
        if outside {
            let path = self.beside.display();
            reasons.push(format!("{path} is outside of the contracts folder"));
        }
        if !files.is_empty() {
            let files = files.join(" or ");
            reasons.push(format!("there is no file {files} in the contracts folder"));
        }
        let ids = ids.join(" or ");
        reasons.push(format!("no schema in the folder has the $id {ids}"));
        Refusal::new(format!(
            "the reference {target:?} leads nowhere: {}",
            reasons.join(", and ")
        ))
    }
}
