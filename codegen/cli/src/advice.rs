//! Commands that a message tells somebody to run: they name the contracts of this run, or they would be about others.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The folder when none is named.
pub(crate) const CONTRACTS: &str = "contracts";

/// Set once, from the arguments.
static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// Notes the contracts of this run.
pub(crate) fn about(contracts: &Path) {
    let _ = FOLDER.set(contracts.to_owned());
}

/// A command of this program as a shell takes it: `event-contracts streams apply --contracts orders`.
pub(crate) fn command(words: &str) -> String {
    let folder = FOLDER.get().map_or(Path::new(CONTRACTS), PathBuf::as_path);
    format!("event-contracts {words}{}", flag(folder))
}

/// The option that names a folder; nothing for the one that is taken without it.
pub(crate) fn flag(folder: &Path) -> String {
    if folder == Path::new(CONTRACTS) {
        return String::new();
    }
    format!(" --contracts {}", quoted(&folder.display().to_string()))
}

fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_word_of_a_shell() {
        assert_eq!(flag(Path::new("contracts")), "");
        assert_eq!(flag(Path::new("../a/b-c")), " --contracts ../a/b-c");
        assert_eq!(flag(Path::new("a b")), " --contracts 'a b'");
        assert_eq!(flag(Path::new("it's")), r" --contracts 'it'\''s'");
    }
}
