//! Where the nats-server is. Finds one; installs none.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest server that the runtime works with.
const OLDEST: (u32, u32) = (2, 10);

/// A nats-server of 2.10 or newer: the one that `NATS_SERVER_BIN` names; else one on `PATH`; else
/// `.build/nats-server/bin/nats-server` in the folder of the package or of the process, or in one above.
///
/// # Errors
/// `NotFound` when there is none; another kind when `NATS_SERVER_BIN` names something else.
pub fn server_binary() -> io::Result<PathBuf> {
    if let Some(path) = std::env::var_os("NATS_SERVER_BIN").filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        if recent(&path) {
            return Ok(path);
        }
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "NATS_SERVER_BIN={} is no nats-server of 2.10 or newer; unset it, or let it name one",
                path.display()
            ),
        ));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let program = format!("nats-server{}", std::env::consts::EXE_SUFFIX);
    if let Some(found) = std::env::split_paths(&path)
        .map(|dir| dir.join(&program))
        .find(|path| recent(path))
    {
        return Ok(found);
    }
    let starts = [
        std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from),
        std::env::current_dir().ok(),
    ];
    for start in starts.into_iter().flatten() {
        if let Some(found) = start
            .ancestors()
            .map(|dir| dir.join(".build/nats-server/bin").join(&program))
            .find(|path| path.is_file())
        {
            return Ok(found);
        }
    }
    Err(io::Error::new(
        io::ErrorKind::NotFound,
        "no nats-server: set NATS_SERVER_BIN, or put one of 2.10 or newer on PATH or at .build/nats-server/bin/nats-server",
    ))
}

/// Whether it is there and new enough.
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
