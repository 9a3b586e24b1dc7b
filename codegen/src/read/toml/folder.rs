//! Finds and reads contract files. Knows paths and bytes; nothing of TOML.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

/// No contract is this long; a build script should not hold more by accident.
const LONGEST_FILE: u64 = 64 << 20;

/// Content of a file.
pub(super) enum Content {
    /// UTF-8 text.
    Text(String),
    /// Nothing that can be used.
    Unreadable {
        /// Text that can be shown of it.
        text: String,
        /// Place where it goes wrong.
        at: Range<usize>,
        /// Reason for which it cannot be read.
        reason: String,
    },
}

/// Every contract file below a folder, by path below it. Files and folders that begin with a dot are left out.
///
/// # Errors
/// Why the folder itself cannot be listed.
pub(super) fn walk(dir: &Path) -> Result<Vec<(PathBuf, Content)>, String> {
    let mut files = Vec::new();
    // Links may lead back up: a folder is visited once, by whatever name it was reached first.
    let mut visited = BTreeSet::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(below) = waiting.pop() {
        let folder = if below.as_os_str().is_empty() {
            dir.to_owned()
        } else {
            dir.join(&below)
        };
        let listed = folder.canonicalize().and_then(|real| {
            if visited.insert(real) {
                list(&folder)
            } else {
                Ok(Vec::new())
            }
        });
        match listed {
            Ok(names) => {
                // The last one in comes out first: sorted, whatever the file system's order.
                for (name, is_dir) in names.into_iter().rev() {
                    let path = below.join(name);
                    if is_dir {
                        waiting.push(path);
                    } else if is_contract(&path) {
                        files.push((path.clone(), content(&dir.join(&path))));
                    }
                }
            }
            Err(error) if below.as_os_str().is_empty() => return Err(error.to_string()),
            Err(error) => files.push((
                below,
                unreadable(format!("the folder cannot be listed: {error}")),
            )),
        }
    }
    Ok(files)
}

fn list(folder: &Path) -> std::io::Result<Vec<(std::ffi::OsString, bool)>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.to_string_lossy().starts_with('.') {
            // Follows links; a broken one counts as a file, and reading it says what is wrong.
            names.push((name, entry.path().is_dir()));
        }
    }
    names.sort();
    Ok(names)
}

fn content(path: &Path) -> Content {
    match fs::metadata(path) {
        // Reading a pipe would wait for ever.
        Ok(meta) if !meta.is_file() => {
            return unreadable("the file is not a regular file".to_owned());
        }
        Ok(meta) if meta.len() > LONGEST_FILE => {
            return unreadable("the file is longer than 64 MiB".to_owned());
        }
        _ => {}
    }
    match fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map_or_else(|error| not_text(&error), Content::Text),
        Err(error) => unreadable(format!("the file cannot be read: {error}")),
    }
}

fn unreadable(reason: String) -> Content {
    Content::Unreadable {
        text: String::new(),
        at: 0..0,
        reason,
    }
}

fn not_text(error: &std::string::FromUtf8Error) -> Content {
    let start = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
    let bad = text[start..].chars().next().map_or(0, char::len_utf8);
    Content::Unreadable {
        at: start..start + bad,
        text,
        reason: format!("the file is not UTF-8 text: byte {} is wrong", start + 1),
    }
}

/// Returns whether a path below the contracts folder is a contract file.
pub(super) fn is_contract(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "toml")
        && segments(path).all(|segment| !segment.starts_with('.'))
}

/// `shop/orders.toml` is `shop.orders`.
pub(super) fn domain_name(path: &Path) -> String {
    segments(&path.with_extension(""))
        .collect::<Vec<_>>()
        .join(".")
}

/// Without the byte order mark that some editors write: it is no part of TOML and would shift the first column.
pub(super) fn without_mark(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

fn segments(path: &Path) -> impl Iterator<Item = std::borrow::Cow<'_, str>> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    })
}
