//! Writing files: whole or not at all, and only when something changed.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::outcome::Failure;

/// Outcome of writing a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// It is new or has a new text.
    Changed,
    /// It had this text already and was not touched.
    Unchanged,
}

/// Makes sure that a file has this text, together with the folders above it. Readers see the old text or the new one,
/// never a part.
pub(crate) fn write(path: &Path, text: &str) -> Result<Written, Failure> {
    try_write(path, text).map_err(|error| cannot("write", path, &error))
}

fn try_write(path: &Path, text: &str) -> io::Result<Written> {
    // Through a link to what it names: renaming over it would replace the link.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            return Err(io::Error::new(
                io::ErrorKind::IsADirectory,
                "it is a folder",
            ));
        }
        // A pipe or a device (`--out /dev/stdout`) is written to; renaming a file over it would remove it.
        Ok(found) if !found.is_file() => {
            fs::OpenOptions::new()
                .write(true)
                .open(path)?
                .write_all(text.as_bytes())?;
            return Ok(Written::Changed);
        }
        Ok(_) if fs::read(path)? == text.as_bytes() => return Ok(Written::Unchanged),
        _ => {}
    }
    let folder = match path.parent() {
        Some(above) if !above.as_os_str().is_empty() => above,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    // In the same folder, because a rename cannot cross file systems.
    let mut temporary = tempfile::Builder::new();
    #[cfg(unix)]
    temporary.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temporary = temporary.tempfile_in(folder)?;
    temporary.write_all(text.as_bytes())?;
    // An existing file keeps its permissions.
    if let Ok(found) = fs::metadata(path) {
        fs::set_permissions(temporary.path(), found.permissions())?;
    }
    temporary.persist(path)?;
    Ok(Written::Changed)
}

/// Removes a file that is known to be there.
pub(crate) fn remove(path: &Path) -> Result<(), Failure> {
    fs::remove_file(path).map_err(|error| cannot("remove", path, &error))
}

/// Reads a file; `None` when there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot("read", path, &error)),
    }
}

/// The files of a folder that end in `.json`, by name; none when there is no folder.
pub(crate) fn json_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot("read", folder, &error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry
            .map_err(|error| cannot("read", folder, &error))?
            .path();
        if path.extension().is_some_and(|end| end == "json") && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn cannot(verb: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::Outside(format!("cannot {verb} {}: {error}", path.display()))
}
