//! Finds a nats-server; installs none.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest server that the runtime works with.
const OLDEST: (u32, u32) = (2, 10);

/// Version of the nats-server that `event-contracts dev` installs where it finds none.
pub const VERSION: &str = "2.15.1";

/// Finds a nats-server of 2.10 or newer: the one that `NATS_SERVER_BIN` names; else one on `PATH`; else
/// `.build/nats-server/bin/nats-server` in the folder of the package or of the process, or in one above; else the one that
/// `event-contracts dev` has installed for this user ([`installed_at`]).
///
/// # Errors
/// Returns `NotFound` with what to do if there is none; another kind if `NATS_SERVER_BIN` names something else.
pub fn find() -> io::Result<PathBuf> {
    if let Some(path) = std::env::var_os("NATS_SERVER_BIN").filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        if recent(&path) {
            return Ok(path);
        }
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "NATS_SERVER_BIN={} is not a nats-server of 2.10 or newer; unset it, or let it name one",
                path.display()
            ),
        ));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let program = program();
    let on_path = std::env::split_paths(&path).map(|dir| dir.join(&program));
    let (found, old): (Vec<_>, Vec<_>) = on_path
        .filter(|path| path.is_file())
        .partition(|path| recent(path));
    let starts = [
        std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from),
        std::env::current_dir().ok(),
    ];
    let above = starts.iter().flatten().flat_map(|start| start.ancestors());
    let built = above.map(|dir| dir.join(".build/nats-server/bin").join(&program));
    found
        .into_iter()
        .chain(built.filter(|path| path.is_file()))
        .chain(installed_at().filter(|path| recent(path)))
        .next()
        .ok_or_else(|| none(&old))
}

/// Returns the path at which `event-contracts dev` installs the nats-server that it fetches, which may not have happened: in the folder
/// `event-contracts` of this user's caches. `None` if this user has no home.
#[must_use]
pub fn installed_at() -> Option<PathBuf> {
    let set = |variable: &str| {
        std::env::var_os(variable)
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
    };
    let cache = set("XDG_CACHE_HOME")
        .or_else(|| set("LOCALAPPDATA"))
        .or_else(|| Some(std::env::home_dir()?.join(".cache")))?;
    let folder = format!("nats-server-{VERSION}");
    Some(cache.join("event-contracts").join(folder).join(program()))
}

fn program() -> String {
    format!("nats-server{}", std::env::consts::EXE_SUFFIX)
}

/// The error where there is none, with what to do.
fn none(old: &[PathBuf]) -> io::Error {
    let mut text = "no nats-server of 2.10 or newer was found: run `event-contracts dev` once, which installs one for this user, or set \
                    NATS_SERVER_BIN, or put one on PATH or at .build/nats-server/bin/nats-server"
        .to_owned();
    if let Some(path) = installed_at() {
        text.push_str(&format!("; `dev` would install it at {}", path.display()));
    }
    if let Some(path) = old.first() {
        text.push_str(&format!("; {} is too old", path.display()));
    }
    io::Error::new(io::ErrorKind::NotFound, text)
}

/// Returns whether it is there and new enough.
fn recent(path: &Path) -> bool {
    if !path.is_file() {
        return false;
    }
    let Ok(output) = Command::new(path).arg("--version").output() else {
        return false;
    };
    version(&String::from_utf8_lossy(&output.stdout)).is_some_and(|version| version >= OLDEST)
}

/// The version in the server's own words: `nats-server: v2.15.1`.
fn version(text: &str) -> Option<(u32, u32)> {
    let (_, version) = text.rsplit_once('v')?;
    let mut numbers = version.trim().split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions() {
        assert_eq!(version("nats-server: v2.15.1\n"), Some((2, 15)));
        assert_eq!(version("nats-server: v2.9.10\n"), Some((2, 9)));
        assert_eq!(version("nats-server: v2.12.0-RC.1\n"), Some((2, 12)));
        assert_eq!(version("something else"), None);
        assert_eq!(version(""), None);
        assert!(version("nats-server: v2.9.10") < Some(super::OLDEST));
    }
}
