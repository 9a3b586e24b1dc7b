//! Where schema files come from: a folder, or texts in memory. Reads only below the contracts folder; never the network.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::source::Span;

/// The largest schema file, in bytes.
pub(super) const MAX_FILE: u64 = 16 << 20;
/// Maximum total size of the files of one import.
pub(super) const MAX_TOTAL: u64 = 64 << 20;
/// Maximum number of files that the search for an `$id` reads.
const MAX_SEARCH: usize = 10_000;

/// Reason that stops a file or a reference, in one sentence without a full stop, with its place in a schema file.
#[derive(Debug)]
pub(super) struct Refusal {
    pub reason: String,
    pub place: Option<Span>,
}

impl Refusal {
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            place: None,
        }
    }
}

/// Source of schema files.
#[derive(Clone, Copy, Debug)]
pub enum Files<'a> {
    /// A contracts folder.
    Folder(&'a Path),
    /// Texts by path below a contracts folder, which `root` names in reports.
    Texts {
        /// The folder.
        root: &'a Path,
        /// Every file that there is.
        texts: &'a BTreeMap<PathBuf, String>,
    },
}

impl Files<'_> {
    pub(super) fn root(&self) -> &Path {
        match self {
            Self::Folder(root) | Self::Texts { root, .. } => root,
        }
    }

    /// A file's bytes, unless they are more than `limit`.
    pub(super) fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, Refusal> {
        let shown = slashed(path);
        let missing = || Refusal::new(format!("there is no file {shown} in the contracts folder"));
        let large = || {
            Refusal::new(format!(
                "{shown} is too large: all schema files of one import may have {} MiB",
                MAX_TOTAL >> 20
            ))
        };
        match self {
            Self::Texts { texts, .. } => {
                let bytes = texts.get(path).ok_or_else(missing)?.as_bytes();
                let small = u64::try_from(bytes.len()).is_ok_and(|size| size <= limit);
                if small {
                    Ok(bytes.to_vec())
                } else {
                    Err(large())
                }
            }
            Self::Folder(folder) => {
                let unreadable = |error: std::io::Error| match error.kind() {
                    std::io::ErrorKind::NotFound => missing(),
                    _ => Refusal::new(format!("{shown} cannot be read: {error}")),
                };
                let real = folder.join(path).canonicalize().map_err(unreadable)?;
                let folder = folder.canonicalize().map_err(unreadable)?;
                if !real.starts_with(&folder) {
                    return Err(Refusal::new(format!(
                        "{shown} leads out of the contracts folder"
                    )));
                }
                let meta = std::fs::metadata(&real).map_err(unreadable)?;
                // Reading a pipe would wait for ever.
                if !meta.is_file() {
                    return Err(Refusal::new(format!("{shown} is not a regular file")));
                }
                if meta.len() > limit {
                    return Err(large());
                }
                std::fs::read(&real).map_err(unreadable)
            }
        }
    }

    /// Returns `true` if there is something of this path.
    pub(super) fn has(&self, path: &Path) -> bool {
        match self {
            Self::Folder(folder) => folder.join(path).symlink_metadata().is_ok(),
            Self::Texts { texts, .. } => texts.contains_key(path),
        }
    }

    /// Every JSON file, sorted by path: the first ten thousand.
    pub(super) fn json(&self) -> Vec<PathBuf> {
        let mut paths = match self {
            Self::Folder(folder) => json_below(folder),
            Self::Texts { texts, .. } => texts.keys().cloned().collect(),
        };
        paths.truncate(MAX_SEARCH);
        paths
    }
}

/// Every JSON file below a folder, sorted. A folder that is a link is left out: it may lead back up.
fn json_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(relative) = open.pop() {
        let Ok(entries) = std::fs::read_dir(folder.join(&relative)) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = relative.join(entry.file_name());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(path),
                Ok(_)
                    if path
                        .extension()
                        .is_some_and(|extension| extension == "json") =>
                {
                    found.push(path);
                }
                _ => {}
            }
        }
    }
    found.sort();
    found
}

/// A path with `/` on every system.
pub(super) fn slashed(path: &Path) -> String {
    let parts = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    parts.collect::<Vec<_>>().join("/")
}
