//! Notices that the contracts on disk have changed. Looks every half a second: the folder is small, and no file system tells
//! everything (editors rename, links lead elsewhere, network drives say nothing).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use tokio::task::spawn_blocking;

use crate::folder::{self, Folder};
use crate::outcome::Failure;

/// Interval between two looks.
const EVERY: Duration = Duration::from_millis(500);
/// A folder that takes long to look through is looked at less often: this many times as long is waited.
const REST: u32 = 20;

/// The files of a contracts folder, each with when it was written and how long it is.
type Files = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// A contracts folder.
pub(super) struct Watch {
    dir: PathBuf,
    /// The files that were read, wherever they are.
    read: Vec<PathBuf>,
    /// As it was when it was read.
    known: Files,
    /// As it was when it was looked at last; `None` when that was as it is known.
    changing: Option<Files>,
}

impl Watch {
    /// Reads a folder, and knows it from then on.
    pub(super) fn start(dir: &Path) -> (Self, Folder) {
        // Before it is read: what changes meanwhile is seen later.
        let known = files(dir, &[]);
        let folder = folder::read(dir);
        let mut watch = Self {
            dir: dir.to_owned(),
            read: Vec::new(),
            known,
            changing: None,
        };
        watch.has_read(&folder);
        (watch, folder)
    }

    /// Files that lie outside are known as they are now.
    fn has_read(&mut self, folder: &Folder) {
        self.read = folder
            .sources
            .iter()
            .map(|(_, file)| file.path.clone())
            .collect();
        for path in &self.read {
            if !self.known.contains_key(path) {
                self.known
                    .extend(stamp(path).map(|stamp| (path.clone(), stamp)));
            }
        }
    }

    /// Waits until the folder has changed and has been at rest since it was looked at last, and reads it.
    pub(super) async fn changed(&mut self) -> Result<Folder, Failure> {
        let failed = |error: tokio::task::JoinError| Failure::Outside(error.to_string());
        let mut pause = EVERY;
        loop {
            tokio::time::sleep(pause).await;
            let (dir, read) = (self.dir.clone(), self.read.clone());
            let begun = Instant::now();
            let looked = spawn_blocking(move || files(&dir, &read)).await;
            let there = looked.map_err(failed)?;
            pause = EVERY.max(begun.elapsed() * REST);
            if there == self.known {
                self.changing = None;
                continue;
            }
            if self.changing.as_ref() != Some(&there) {
                self.changing = Some(there);
                continue;
            }
            let dir = self.dir.clone();
            let folder = spawn_blocking(move || folder::read(&dir)).await;
            let folder = folder.map_err(failed)?;
            (self.known, self.changing) = (there, None);
            self.has_read(&folder);
            return Ok(folder);
        }
    }
}

/// Every file below a folder that contracts may be read from, and these.
fn files(dir: &Path, more: &[PathBuf]) -> Files {
    let mut found = Files::new();
    // Links may lead back up.
    let mut visited = BTreeSet::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(folder) = waiting.pop() {
        let is_new = |real: PathBuf| visited.insert(real);
        if !folder.canonicalize().is_ok_and(is_new) {
            continue;
        }
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            if path.is_dir() {
                waiting.push(path);
            } else if path
                .extension()
                .is_some_and(|end| end == "toml" || end == "json")
            {
                found.extend(stamp(&path).map(|stamp| (path, stamp)));
            }
        }
    }
    for path in more {
        found.extend(stamp(path).map(|stamp| (path.clone(), stamp)));
    }
    found
}

fn stamp(path: &Path) -> Option<(Option<SystemTime>, u64)> {
    let meta = fs::metadata(path).ok()?;
    // A folder that is named because it has no contracts changes with everything in it.
    meta.is_file().then(|| (meta.modified().ok(), meta.len()))
}
