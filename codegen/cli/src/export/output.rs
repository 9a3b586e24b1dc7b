//! What an export leaves behind: a folder of files, or one file. Written, or only compared for `--check`.

use std::path::{Path, PathBuf};

use crate::files::{self, Written};
use crate::outcome::{self, Failure};

/// A folder that an export writes files into, beside those of others.
pub(super) struct Folder<'a> {
    pub(super) path: &'a Path,
    /// What one file is called.
    pub(super) one: &'static str,
    /// What several are called.
    pub(super) many: &'static str,
}

impl Folder<'_> {
    /// Writes the files and removes what an earlier export has left over; or compares, and writes nothing.
    pub(super) fn put(
        &self,
        wanted: &[(PathBuf, String)],
        leftover: &[PathBuf],
        check: bool,
    ) -> Result<(), Failure> {
        if check {
            self.compare(wanted, leftover)
        } else {
            self.write(wanted, leftover)
        }
    }

    fn compare(&self, wanted: &[(PathBuf, String)], leftover: &[PathBuf]) -> Result<(), Failure> {
        let mut stale = String::new();
        for (path, text) in wanted {
            stale.push_str(&difference(path, text)?);
        }
        for path in leftover {
            stale.push_str(&format!("leftover: {}\n", path.display()));
        }
        let count = self.count(wanted.len());
        verdict(self.path, &stale, &format!("{count} is up to date"))
    }

    fn write(&self, wanted: &[(PathBuf, String)], leftover: &[PathBuf]) -> Result<(), Failure> {
        let mut changed = 0;
        for (path, text) in wanted {
            changed += usize::from(files::write(path, text)? == Written::Changed);
        }
        // Only when everything new is there: a failure must not leave less than there was.
        for path in leftover {
            files::remove(path)?;
        }
        outcome::say(&format!(
            "{}: {}, {changed} written, {} removed",
            self.path.display(),
            self.count(wanted.len()),
            leftover.len()
        ));
        Ok(())
    }

    fn count(&self, files: usize) -> String {
        let name = if files == 1 { self.one } else { self.many };
        format!("{files} {name}")
    }
}

/// Writes one file, or prints it when its name is `-`; or compares, and writes nothing.
pub(super) fn file(path: &Path, text: &str, check: bool) -> Result<(), Failure> {
    if path == Path::new("-") {
        return outcome::print(text);
    }
    if check {
        return verdict(path, &difference(path, text)?, "up to date");
    }
    let what = match files::write(path, text)? {
        Written::Changed => "written",
        Written::Unchanged => "up to date",
    };
    outcome::say(&format!("{}: {what}", path.display()));
    Ok(())
}

/// A line about a file that is not what would be written.
fn difference(path: &Path, text: &str) -> Result<String, Failure> {
    Ok(match files::read(path)? {
        None => format!("missing: {}\n", path.display()),
        Some(bytes) if bytes != text.as_bytes() => format!("differs: {}\n", path.display()),
        Some(_) => String::new(),
    })
}

fn verdict(path: &Path, stale: &str, fresh: &str) -> Result<(), Failure> {
    if stale.is_empty() {
        outcome::say(&format!("{}: {fresh}", path.display()));
        return Ok(());
    }
    outcome::print(stale)?;
    outcome::say(&format!(
        "{} is stale; run the same command without --check to update it",
        path.display()
    ));
    Err(Failure::Findings)
}
